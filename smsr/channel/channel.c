/* SPDX-License-Identifier: Apache-2.0 */
/* The channel as a whole: its parts, its timers, its counters. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

/* --- timers --- */

int64_t channel_now(const struct channel *ch)
{
    return clock_mono_ms(ch->clock);
}

void due_init(struct due *d)
{
    list_init(&d->in);
    d->at = 0;
}

void due_set(struct channel *ch, enum due_kind kind, struct due *d, int64_t after_ms)
{
    list_del(&d->in);
    d->at = channel_now(ch) + after_ms;
    list_push(&ch->due[kind], &d->in);
}

void due_clear(struct due *d)
{
    list_del(&d->in);
}

int64_t channel_due(const struct channel *ch)
{
    int64_t at = -1;

    for (int k = 0; k < DUE_KINDS; k++) {
        const struct due *d = LIST_ENTRY(ch->due[k].next, struct due, in);
        if (!list_empty(&ch->due[k]) && (at < 0 || d->at < at))
            at = d->at;
    }
    return at;
}

static void run(struct channel *ch, int kind, struct list *in)
{
    switch (kind) {
    case DUE_FIRST:
        stream_first_due(ch, LIST_ENTRY(in, struct stream, first.in));
        break;
    case DUE_STUCK:
        (void)stream_flush(ch, LIST_ENTRY(in, struct stream, stuck.in));
        break;
    case DUE_HOLD:
        session_hold_due(ch, LIST_ENTRY(in, struct session, timer.in));
        break;
    case DUE_IDLE:
        session_idle_due(ch, LIST_ENTRY(in, struct session, timer.in));
        break;
    case DUE_FULL:
        sms_network_due(ch, in);
        break;
    case DUE_LINK_HOLD:
        link_hold_due(ch, in);
        break;
    case DUE_TURN:
        turn_network_due(ch, in);
        break;
    default:
        if (kind >= DUE_LINK)
            link_wait_due(ch, in);
        else
            sms_unit_due(ch, sms_unit_of(in));
    }
}

/* What is armed again while this runs is due later than now, so each list comes to an end. */
void channel_timer(struct channel *ch)
{
    int64_t now = channel_now(ch);

    for (int k = 0; k < DUE_KINDS; k++)
        while (!list_empty(&ch->due[k])) {
            struct list *in = ch->due[k].next;
            if (LIST_ENTRY(in, struct due, in)->at > now)
                break;
            list_del(in);
            run(ch, k, in);
        }
}

/* --- inputs --- */

void channel_post(struct channel *ch, const struct eid *eid, struct input *in)
{
    in->to.kind = MBOX_EUICC;
    memcpy(in->to.id, eid->b, sizeof eid->b);
    if (ch->port.post(ch->port.ctx, in) != ERR_OK)
        ch->n.post_failed++;
}

/* --- counters --- */

const struct channel_counters *channel_get_counters(const struct channel *ch)
{
    return &ch->n;
}

bool channel_counter(const struct channel *ch, unsigned i, const char **ret_name,
                     uint64_t *ret_value)
{
    static const struct {
        const char *name;
        size_t at;
    } TABLE[] = {
#define X(name, what) {#name, offsetof(struct channel_counters, name)},
        CHANNEL_COUNTERS(X)
#undef X
    };

    if (i >= sizeof TABLE / sizeof *TABLE)
        return false;
    *ret_name = TABLE[i].name;
    memcpy(ret_value, (const char *)&ch->n + TABLE[i].at, sizeof *ret_value);
    return true;
}

size_t channel_streams(const struct channel *ch)
{
    return map_count(ch->streams);
}

size_t channel_sessions(const struct channel *ch)
{
    return map_count(ch->sessions);
}

size_t channel_links(const struct channel *ch)
{
    return map_count(ch->links_by_id);
}

/* --- life --- */

static void random_fill(struct rng *r, uint8_t *dst, size_t n)
{
    struct channel *ch = LIST_ENTRY(r, struct channel, rng);

    crypto_random(ch->crypto, dst, n);
}

static struct key *psk_of(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    struct channel *ch = ctx;
    struct isdr_keys k = {0};

    if (ch->port.psk)
        return ch->port.psk(ch->port.ctx, eid, kid, kvn);
    if (ch->port.keys(ch->port.ctx, eid, &k) != ERR_OK)
        return NULL;
    return k.psk && k.psk_kid == kid && k.psk_kvn == kvn ? k.psk : NULL;
}

static bool parts_new(struct channel *ch)
{
    ch->tls = scp81_server_ctx(ch->crypto, psk_of, ch);
    ch->streams = map_new(STREAMS_MAX);
    ch->sessions = map_new(SESSIONS_MAX);
    ch->by_eid = map_new(SESSIONS_MAX);
    ch->units = map_new(SMS_OUT_MAX);
    ch->unit_bytes = map_new(SMS_OUT_MAX);
    ch->awaited = map_new(REPORTS_MAX);
    list_init(&ch->awaiting);
    ch->links = map_new(LINKS_MAX);
    ch->links_by_id = map_new(LINKS_MAX);
    ch->links_by_eid = map_new(LINKS_MAX);
    ch->strangers = map_new(STRANGERS_MAX);
    ch->turns = map_new(0);
    ch->data = map_new(0);
    ch->turn_counts = map_new(0);
    ch->rx = sms_rx_new(SMS_RX_OPEN, SMS_RX_PER_SOURCE,
                        clock_scaled(SMS_RX_HOLD_MS, ch->env->time_scale));
    return ch->tls && ch->streams && ch->sessions && ch->by_eid && ch->units && ch->unit_bytes && ch->awaited &&
           ch->links && ch->links_by_id && ch->links_by_eid && ch->strangers && ch->turns && ch->data &&
           ch->turn_counts && ch->rx;
}

struct channel *channel_new(const struct channel_port *port, const struct carrier *carrier,
                            struct crypto *c, const struct clock *clock, const struct env *env)
{
    struct channel *ch = calloc(1, sizeof *ch);

    if (!ch)
        return NULL;
    ch->port = *port;
    ch->carrier = *carrier;
    ch->crypto = c;
    ch->clock = clock;
    ch->env = env;
    ch->rng.fill = random_fill;
    for (int k = 0; k < DUE_KINDS; k++)
        list_init(&ch->due[k]);
    list_init(&ch->heard);
    list_init(&ch->turns_granted);
    for (size_t i = 0; i < GUARD_BUCKETS; i++)
        ch->guard[i].tokens = GUARD_BURST;
    ch->guard_links.tokens = GUARD_BURST;
    if (!parts_new(ch)) {
        channel_free(ch);
        return NULL;
    }
    return ch;
}

void channel_free(struct channel *ch)
{
    if (!ch)
        return;
    ch->turns_held = true;
    session_fini(ch);
    stream_fini(ch);
    sms_queue_fini(ch);
    report_fini(ch);
    link_fini(ch);
    stranger_fini(ch);
    turn_fini(ch);
    data_fini(ch);
    sms_rx_free(ch->rx);
    scp81_ctx_free(ch->tls);
    free(ch);
}

void channel_set_tap(struct channel *ch, const struct channel_tap *tap)
{
    ch->tap = tap;
}
