/* SPDX-License-Identifier: Apache-2.0 */
/* TP-UDs on their way to a carrier: one queue a network, in order, so that a network that takes
 * nothing holds up no other. What is here already is not queued a second time: to repeat bytes
 * that have not left the house would only make the queue longer. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/log.h"
#include "common/codec/sms.h"
#include "smsr/channel/channel_int.h"

#define VP_GRID_MIN_S 300           /* the shortest period TP-VP can say (TS 23.040 9.2.3.12.1) */
#define KEY_UD 30u                  /* octets of a TP-UD that tell it from others, nearly always */

/* One TP-UD to one number, until the carrier said what became of it. */
struct sms_unit {
    struct due due;                 /* its pause, or its place in the queue of the network */
    struct sms_network *net;
    uint64_t tag;
    struct eid eid;
    uint64_t counter;
    char from[17];
    struct iccid profile;           /* whose number it is ... */
    struct msisdn to;
    int64_t addressed_at;           /* ... and when that was looked at */
    int64_t deadline;               /* monotonic: sent no more afterwards */
    unsigned tries;
    bool waits;                     /* in the queue of the network */
    uint8_t n;
    uint8_t ud[SMS_UD_MAX];
};

struct unit_key {
    uint8_t b[sizeof(struct msisdn) + KEY_UD];
};

/* A subscriber whose queue at the SMSC stays full may be away for days. */
static const int64_t BACKOFF_MS[SMS_BACKOFFS] = {1000, 2000, 5000, 10000, 20000, 40000, 120000, 300000};

struct sms_unit *sms_unit_of(struct list *in)
{
    return LIST_ENTRY(in, struct sms_unit, due.in);
}

/* --- by tag, by bytes --- */

static struct span tag_key(const uint64_t *tag)
{
    return span_of(tag, sizeof *tag);
}

static struct span bytes_key(const struct msisdn *to, struct span ud, struct unit_key *room)
{
    *room = (struct unit_key){{0}};
    (void)snprintf((char *)room->b, sizeof to->s, "%s", to->s);
    memcpy(room->b + sizeof to->s, ud.p, ud.n < KEY_UD ? ud.n : KEY_UD);
    return span_of(room->b, sizeof room->b);
}

static void bytes_forget(struct channel *ch, struct sms_unit *u)
{
    struct unit_key room;
    struct span key = bytes_key(&u->to, span_of(u->ud, u->n), &room);

    if (map_get(ch->unit_bytes, key) == u)
        (void)map_del(ch->unit_bytes, key);
}

/* Others that begin alike may be there: this one is its own then. */
static int bytes_know(struct channel *ch, struct sms_unit *u)
{
    struct unit_key room;
    int err = map_put(ch->unit_bytes, bytes_key(&u->to, span_of(u->ud, u->n), &room), u);

    return err == ERR_EXISTS ? ERR_OK : err;
}

static void unit_waits(struct sms_unit *u, bool waits)
{
    u->net->n_waiting += waits;
    u->net->n_waiting -= u->waits;
    u->waits = waits;
}

static void unit_free(struct channel *ch, struct sms_unit *u)
{
    unit_waits(u, false);
    (void)map_del(ch->units, tag_key(&u->tag));
    bytes_forget(ch, u);
    due_clear(&u->due);
    free(u);
}

/* The same bytes to the same number, when they have not left yet. */
static struct sms_unit *unit_same(const struct channel *ch, const struct msisdn *to,
                                  const char *network, struct span ud)
{
    struct unit_key room;
    struct sms_unit *u = map_get(ch->unit_bytes, bytes_key(to, ud, &room));

    return u && span_eq(span_of(u->ud, u->n), ud) && !strcmp(u->net->id, network) ? u : NULL;
}

struct sms_network *sms_network_of(struct channel *ch, const char *id)
{
    struct sms_network *net;

    for (unsigned i = 0; i < ch->n_networks; i++)
        if (!strcmp(ch->network[i].id, id))
            return &ch->network[i];
    if (ch->n_networks == SMS_NETWORKS_MAX)
        return NULL;
    net = &ch->network[ch->n_networks++];
    (void)snprintf(net->id, sizeof net->id, "%s", id);
    list_init(&net->waiting);
    due_init(&net->full);
    due_init(&net->turn);
    list_init(&net->lanes);
    pace_init(ch, net);
    return net;
}

static int unit_new(struct channel *ch, const struct sms_order *o, struct span ud,
                    struct sms_unit **ret)
{
    struct sms_network *net = sms_network_of(ch, o->network);
    struct sms_unit *u = net ? calloc(1, sizeof *u) : NULL;
    int err;

    if (!u)
        return net ? ERR_NOMEM : ERR_FULL;
    due_init(&u->due);
    u->net = net;
    u->tag = ++ch->next_tag;
    u->eid = *o->eid;
    u->counter = o->counter;
    u->profile = *o->profile;
    u->to = *o->to;
    u->addressed_at = channel_now(ch);
    u->deadline = u->addressed_at + o->validity_ms;
    (void)snprintf(u->from, sizeof u->from, "%s", o->from);
    u->n = (uint8_t)ud.n;
    memcpy(u->ud, ud.p, ud.n);
    err = map_put(ch->units, tag_key(&u->tag), u);
    if (err) {
        free(u);
        return err;
    }
    err = bytes_know(ch, u);
    if (err) {
        unit_free(ch, u);
        return err;
    }
    *ret = u;
    return ERR_OK;
}

/* --- what became of it --- */

static struct report about(const struct sms_unit *u)
{
    return (struct report){u->eid, u->counter, u->profile};
}

static void unit_refused(struct channel *ch, struct sms_unit *u, const char *why)
{
    struct report whose = about(u);
    char text[80];

    (void)snprintf(text, sizeof text, "network %s: %s", u->net->id, why);
    ch->n.sms_refused++;
    unit_free(ch, u);
    report_post(ch, &whose, REPORTED_REFUSED, text);
}

/* The network has no room at this moment. */
static void unit_later(struct channel *ch, struct sms_unit *u)
{
    unsigned step = u->tries < SMS_BACKOFFS ? u->tries : SMS_BACKOFFS - 1;
    int64_t wait = clock_scaled(BACKOFF_MS[step], ch->env->time_scale);

    u->tries++;
    unit_waits(u, false);
    due_set(ch, (enum due_kind)(DUE_SMS + step), &u->due, wait);
}

/* --- to the carrier --- */

/* TP-VP in seconds: what its octet can say, never beyond the validity that is left. */
static int64_t validity_s(const struct channel *ch, const struct sms_unit *u)
{
    int64_t s = (u->deadline - channel_now(ch)) / 1000;

    if (s >= VP_GRID_MIN_S)
        return sms_vp_seconds(sms_vp_from_seconds(s));
    return s > 0 ? s : 1;
}

/* The number its profile has at this moment (design 3.5). false: the same bytes wait for that one
 * already, and this unit is gone. */
static bool unit_address(struct channel *ch, struct sms_unit *u)
{
    const struct euicc *e = ch->port.euicc(ch->port.ctx, &u->eid);
    const struct euicc_profile *p = e ? euicc_profile_by_iccid(e, &u->profile) : NULL;
    struct sms_unit *same;

    u->addressed_at = channel_now(ch);
    if (!p || !p->msisdn.s[0] || msisdn_eq(&p->msisdn, &u->to))
        return true;
    same = unit_same(ch, &p->msisdn, u->net->id, span_of(u->ud, u->n));
    if (same) {
        ch->n.sms_joined++;
        if (same->deadline < u->deadline)
            same->deadline = u->deadline;
        unit_free(ch, u);
        return false;
    }
    bytes_forget(ch, u);
    u->to = p->msisdn;
    if (bytes_know(ch, u))
        log_debug("sms", "no memory: a part may be queued twice");
    return true;
}

/* false: the carrier is full or has had its rate, and the unit is as it was. */
static bool unit_send(struct channel *ch, struct sms_unit *u)
{
    bool again = u->tries > 0;
    struct sms_unit copy;
    int err;

    if (channel_now(ch) >= u->deadline) {
        ch->n.sms_expired++;
        unit_free(ch, u);
        return true;
    }
    if (u->addressed_at != channel_now(ch) && !unit_address(ch, u))
        return true;
    if (u->net->part_us && !pace_part(ch, u->net))
        return false;
    copy = *u;                      /* a result that comes at once frees the unit */
    err = ch->carrier.sms_mt(ch->carrier.ctx, u->net->id, &u->to, u->from, SMS_PID_SIM_DATA,
                             SMS_DCS_CLASS2, validity_s(ch, u), span_of(u->ud, u->n), u->tag);
    if (err)
        pace_back(u->net);
    if (err == ERR_FULL)
        return false;
    if (err) {
        unit_refused(ch, u, "it cannot be reached");
        return true;
    }
    ch->n.sms_sent++;
    ch->n.sms_retried += again;
    tap_sms_mt(ch, &copy.to, copy.from, span_of(copy.ud, copy.n));
    return true;
}

/* Sends what waits for this carrier until it is full; then it is asked again when it said what
 * became of a message, at the latest after STUCK_MS. That is time of this machine: not scaled. */
static void network_push(struct channel *ch, struct sms_network *net)
{
    if (net->pushing)               /* a result came at once: the loop outside goes on */
        return;
    net->pushing = true;
    while (!list_empty(&net->waiting)) {
        struct sms_unit *u = sms_unit_of(net->waiting.next);

        list_del(&u->due.in);
        unit_waits(u, false);
        if (!unit_send(ch, u)) {
            list_push(net->waiting.next, &u->due.in); /* before the first */
            unit_waits(u, true);
            due_set(ch, DUE_FULL, &net->full, STUCK_MS);
            break;
        }
    }
    net->pushing = false;
    if (list_empty(&net->waiting))
        due_clear(&net->full);
}

static void unit_queue(struct channel *ch, struct sms_unit *u)
{
    struct sms_network *net = u->net;
    bool first = list_empty(&net->waiting);

    list_del(&u->due.in);
    list_push(&net->waiting, &u->due.in);
    unit_waits(u, true);
    if (first)                      /* else the carrier is full, and says when it is not */
        network_push(ch, net);
}

void sms_unit_due(struct channel *ch, struct sms_unit *u)
{
    unit_queue(ch, u);
}

void sms_network_due(struct channel *ch, struct list *in)
{
    network_push(ch, LIST_ENTRY(in, struct sms_network, full.in));
}

int sms_queue(struct channel *ch, const struct sms_order *o, struct span ud)
{
    struct sms_unit *u = unit_same(ch, o->to, o->network, ud);
    int64_t deadline = channel_now(ch) + o->validity_ms;
    int err;

    if (u) {
        ch->n.sms_joined++;
        if (u->deadline < deadline)
            u->deadline = deadline;
        return ERR_OK;
    }
    err = unit_new(ch, o, ud, &u);
    if (!err)
        unit_queue(ch, u);
    return err;
}

void channel_sms_named(struct channel *ch, uint64_t tag, const char *id)
{
    const struct sms_unit *u = map_get(ch->units, tag_key(&tag));
    struct report whose;

    if (!u)
        return;
    whose = about(u);
    report_await(ch, u->net->id, id, &whose);
}

void channel_sms_result(struct channel *ch, uint64_t tag, enum carrier_result r)
{
    struct sms_unit *u = map_get(ch->units, tag_key(&tag));
    struct sms_network *net = u ? u->net : NULL;

    if (!u)
        return;
    switch (r) {
    case CARRIER_ACCEPTED:
        if (ch->port.smsc_took)
            ch->port.smsc_took(ch->port.ctx);
        unit_free(ch, u);
        break;
    case CARRIER_THROTTLED:
    case CARRIER_QUEUE_FULL:
        unit_later(ch, u);
        break;
    case CARRIER_SILENT:            /* it may have been taken: the procedure repeats the bytes */
        ch->n.sms_silent++;
        unit_free(ch, u);
        break;
    case CARRIER_NO_SUBSCRIBER:
        unit_refused(ch, u, "it knows no such subscriber");
        break;
    case CARRIER_REFUSED:
        unit_refused(ch, u, "it refuses the message");
        break;
    }
    network_push(ch, net);
}

void sms_queue_fini(struct channel *ch)
{
    void *at = NULL, *u = NULL;

    while (ch->units && map_next(ch->units, &at, NULL, &u))
        free(u);
    map_free(ch->units);
    map_free(ch->unit_bytes);
}
