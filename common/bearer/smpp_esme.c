/* SPDX-License-Identifier: Apache-2.0 */
#include "common/bearer/smpp_esme.h"

#include "common/base/mem.h"

#include <stdlib.h>

#define WINDOW_MAX 256u
#define WRITE_MAX  512u            /* a submit_sm of 254 octets and all its texts */

enum state { DOWN, BINDING, BOUND, UNBINDING, BROKEN };

struct asked {
    uint32_t sequence;             /* 0: free */
    uint64_t tag;
    int64_t until_ms;
};

struct smpp_esme {
    struct smpp_esme_config cfg;
    struct smpp_esme_port port;
    enum state state;
    uint32_t next;                 /* sequence numbers: 1 to 7FFFFFFF */
    uint32_t session;              /* of handles: counts connections */
    struct asked *asked;
    unsigned n_asked;
    struct buf in;
    int64_t heard_ms;              /* the last octet that came */
    int64_t control_until_ms;      /* bind, enquire_link or unbind wants an answer; 0: none */
    int64_t throttled_until_ms, throttle_ms;
};

struct smpp_esme_config smpp_esme_config_default(void)
{
    return (struct smpp_esme_config){.window = 32, .answer_ms = 10000, .enquire_ms = 30000,
                                     .throttle_least_ms = 1000, .throttle_most_ms = 60000};
}

struct smpp_esme *smpp_esme_new(const struct smpp_esme_config *cfg,
                                const struct smpp_esme_port *port)
{
    struct smpp_esme *e;

    if (!cfg->window || cfg->window > WINDOW_MAX)
        return NULL;
    e = calloc(1, sizeof *e);
    if (!e)
        return NULL;
    e->cfg = *cfg;
    e->port = *port;
    e->next = 1;
    buf_init(&e->in, 2 * SMPP_PDU_MAX);
    e->asked = calloc(cfg->window, sizeof *e->asked);
    if (e->asked)
        return e;
    smpp_esme_free(e);
    return NULL;
}

void smpp_esme_free(struct smpp_esme *e)
{
    if (!e)
        return;
    buf_fini(&e->in);
    mem_wipe(&e->cfg.bind, sizeof e->cfg.bind);
    free(e->asked);
    free(e);
}

bool smpp_esme_is_bound(const struct smpp_esme *e)
{
    return e->state == BOUND;
}

static bool alive(const struct smpp_esme *e)
{
    return e->state != DOWN && e->state != BROKEN;
}

static void broken(struct smpp_esme *e, const char *why)
{
    if (!alive(e))
        return;
    e->state = BROKEN;
    e->port.broken(e->port.ctx, why);
}

static uint32_t sequence(struct smpp_esme *e)
{
    uint32_t n = e->next;

    e->next = n == 0x7FFFFFFF ? 1 : n + 1;
    return n;
}

static void say(struct smpp_esme *e, uint32_t id, uint32_t status, uint32_t seq)
{
    uint8_t room[32];
    struct writer w = wr_init(room, sizeof room);

    smpp_put_short(&w, id, status, seq);
    e->port.write(e->port.ctx, wr_view(&w));
}

/* --- the session --- */
void smpp_esme_opened(struct smpp_esme *e, int64_t now_ms)
{
    uint8_t room[128];
    struct writer w = wr_init(room, sizeof room);

    if (e->state != DOWN)
        return;
    e->state = BINDING;
    e->session++;
    e->heard_ms = now_ms;
    e->control_until_ms = now_ms + e->cfg.answer_ms;
    e->throttled_until_ms = 0;
    e->throttle_ms = 0;
    smpp_put_bind(&w, sequence(e), &e->cfg.bind);
    if (w.failed)
        broken(e, "system id, password or system type is too long for a bind");
    else
        e->port.write(e->port.ctx, wr_view(&w));
    mem_wipe(room, sizeof room);
}

static void done(struct smpp_esme *e, struct asked *a, enum smpp_result r, const char *id)
{
    uint64_t tag = a->tag;

    a->sequence = 0;
    e->n_asked--;
    e->port.result(e->port.ctx, tag, r, id);
}

void smpp_esme_closed(struct smpp_esme *e)
{
    e->state = DOWN;
    buf_reset(&e->in);
    e->control_until_ms = 0;
    for (unsigned i = 0; i < e->cfg.window; i++)
        if (e->asked[i].sequence)
            done(e, &e->asked[i], SMPP_LOST, "");
}

void smpp_esme_unbind(struct smpp_esme *e, int64_t now_ms)
{
    if (e->state != BOUND) {
        broken(e, "stopped");
        return;
    }
    e->state = UNBINDING;
    e->control_until_ms = now_ms + e->cfg.answer_ms;
    say(e, SMPP_UNBIND, 0, sequence(e));
}

int smpp_esme_submit(struct smpp_esme *e, const struct smpp_message *m, uint64_t tag,
                     int64_t now_ms)
{
    uint8_t room[WRITE_MAX];
    struct writer w = wr_init(room, sizeof room);
    struct asked *a = e->asked;

    if (e->state != BOUND)
        return ERR_STATE;
    if (e->n_asked == e->cfg.window || now_ms < e->throttled_until_ms)
        return ERR_FULL;
    while (a->sequence)
        a++;
    smpp_put_submit(&w, e->next, m);
    if (w.failed)
        return ERR_INVAL;
    *a = (struct asked){sequence(e), tag, now_ms + e->cfg.answer_ms};
    e->n_asked++;
    e->port.write(e->port.ctx, wr_view(&w));
    return ERR_OK;
}

void smpp_esme_mo_answer(struct smpp_esme *e, uint64_t handle, bool taken)
{
    bool data = handle >> 63;
    uint32_t id = (data ? (uint32_t)SMPP_DATA_SM : (uint32_t)SMPP_DELIVER_SM) | SMPP_RESP;

    if (!alive(e) || (uint32_t)(handle >> 32 & 0x7FFFFFFF) != (e->session & 0x7FFFFFFF))
        return;
    say(e, id, taken ? SMPP_OK : SMPP_TEMPORARY, (uint32_t)handle);
}

/* --- what comes --- */
static enum smpp_result result_of(uint32_t status)
{
    switch (status) {
    case SMPP_OK:
        return SMPP_TAKEN;
    case SMPP_THROTTLED:
        return SMPP_SLOWER;
    case SMPP_QUEUE_FULL:
    case SMPP_SYSTEM_ERROR:
    case SMPP_TEMPORARY:
        return SMPP_FULL;
    case SMPP_BAD_DEST:
        return SMPP_NOBODY;
    default:
        return SMPP_REFUSED;
    }
}

static void pace(struct smpp_esme *e, enum smpp_result r, int64_t now_ms)
{
    if (r == SMPP_TAKEN && now_ms >= e->throttled_until_ms)
        e->throttle_ms /= 2;
    if (r != SMPP_SLOWER || now_ms < e->throttled_until_ms)
        return;
    e->throttle_ms = e->throttle_ms ? 2 * e->throttle_ms : e->cfg.throttle_least_ms;
    if (e->throttle_ms < e->cfg.throttle_least_ms)
        e->throttle_ms = e->cfg.throttle_least_ms;
    if (e->throttle_ms > e->cfg.throttle_most_ms)
        e->throttle_ms = e->cfg.throttle_most_ms;
    e->throttled_until_ms = now_ms + e->throttle_ms;
}

/* An answer to nothing that is open came too late, or to nobody. */
static void submit_answered(struct smpp_esme *e, const struct smpp_pdu *p, enum smpp_result r,
                            int64_t now_ms)
{
    for (unsigned i = 0; i < e->cfg.window; i++) {
        if (!e->asked[i].sequence || e->asked[i].sequence != p->sequence)
            continue;
        pace(e, r, now_ms);
        done(e, &e->asked[i], r, r == SMPP_TAKEN ? p->message_id : "");
        return;
    }
}

static void bind_answered(struct smpp_esme *e, const struct smpp_pdu *p)
{
    if (e->state != BINDING)
        return;
    if (p->status) {
        broken(e, p->status == SMPP_BAD_PASSWORD ? "the SMSC refuses the password"
                                                 : "the SMSC refuses the bind");
        return;
    }
    e->control_until_ms = 0;
    e->state = BOUND;
    e->port.bound(e->port.ctx);
}

static void message_came(struct smpp_esme *e, const struct smpp_pdu *p, int err)
{
    uint64_t data = p->id == SMPP_DATA_SM;

    if (err) {
        say(e, p->id | SMPP_RESP, SMPP_BAD_LENGTH, p->sequence);
        return;
    }
    /* Bits 5 to 2 of esm_class: the type of the message. */
    if ((p->message.esm_class & 0x3Cu) == SMPP_RECEIPT) {
        struct smpp_receipt r;
        say(e, p->id | SMPP_RESP, SMPP_OK, p->sequence);
        e->port.receipt(e->port.ctx, smpp_receipt_read(&p->message, &r) ? NULL : &r);
        return;
    }
    e->port.mo(e->port.ctx,
               data << 63 | (uint64_t)(e->session & 0x7FFFFFFF) << 32 | p->sequence, &p->message);
}

static void taken(struct smpp_esme *e, struct span pdu, int64_t now_ms)
{
    struct smpp_pdu p;
    int err = smpp_parse(pdu, &p);

    if (e->port.heard)
        e->port.heard(e->port.ctx, pdu);
    switch (p.id) {
    case SMPP_BIND_TRANSCEIVER | SMPP_RESP:
        bind_answered(e, &p);
        return;
    case SMPP_SUBMIT_SM | SMPP_RESP:
        submit_answered(e, &p, result_of(p.status), now_ms);
        return;
    case SMPP_GENERIC_NACK:
        submit_answered(e, &p, SMPP_REFUSED, now_ms);
        return;
    case SMPP_DELIVER_SM:
    case SMPP_DATA_SM:
        message_came(e, &p, err);
        return;
    case SMPP_ENQUIRE_LINK:
        say(e, SMPP_ENQUIRE_LINK | SMPP_RESP, SMPP_OK, p.sequence);
        return;
    case SMPP_ENQUIRE_LINK | SMPP_RESP:
        e->control_until_ms = 0;
        return;
    case SMPP_UNBIND:
        say(e, SMPP_UNBIND | SMPP_RESP, SMPP_OK, p.sequence);
        broken(e, "the SMSC unbinds");
        return;
    case SMPP_UNBIND | SMPP_RESP:
        broken(e, "unbound");
        return;
    default:
        if (!(p.id & SMPP_RESP))
            say(e, SMPP_GENERIC_NACK, SMPP_BAD_COMMAND, p.sequence);
        return;
    }
}

void smpp_esme_input(struct smpp_esme *e, struct span bytes, int64_t now_ms)
{
    size_t n = 0;
    int err = ERR_OK;

    if (!alive(e))
        return;
    e->heard_ms = now_ms;
    while (bytes.n && alive(e) && !err) {
        size_t room = 2 * SMPP_PDU_MAX - e->in.n, some = bytes.n < room ? bytes.n : room;
        size_t at = 0;
        buf_add(&e->in, bytes.p, some);
        bytes = span_of(bytes.p + some, bytes.n - some);
        if (e->in.failed) {
            broken(e, "no memory for what the SMSC sends");
            return;
        }
        while (alive(e) &&
               !(err = smpp_length(span_of(e->in.p + at, e->in.n - at), &n)) && n &&
               n <= e->in.n - at) {
            taken(e, span_of(e->in.p + at, n), now_ms);
            at += n;
        }
        if (alive(e))
            buf_drain(&e->in, at);
    }
    if (err)
        broken(e, "the SMSC sends what is no SMPP");
}

/* --- time --- */
static int64_t sooner(int64_t due, int64_t at)
{
    return at && (!due || at < due) ? at : due;
}

int64_t smpp_esme_due(const struct smpp_esme *e)
{
    int64_t due = 0;

    if (!alive(e))
        return 0;
    due = sooner(due, e->control_until_ms);
    if (e->state == BOUND && !e->control_until_ms)
        due = sooner(due, e->heard_ms + e->cfg.enquire_ms);
    for (unsigned i = 0; i < e->cfg.window; i++)
        if (e->asked[i].sequence)
            due = sooner(due, e->asked[i].until_ms);
    return due;
}

void smpp_esme_timer(struct smpp_esme *e, int64_t now_ms)
{
    if (!alive(e))
        return;
    if (e->control_until_ms && now_ms >= e->control_until_ms) {
        broken(e, e->state == BINDING     ? "no answer to the bind"
                  : e->state == UNBINDING ? "no answer to the unbind"
                                          : "no answer to enquire_link");
        return;
    }
    for (unsigned i = 0; i < e->cfg.window; i++)
        if (e->asked[i].sequence && now_ms >= e->asked[i].until_ms)
            done(e, &e->asked[i], SMPP_LOST, "");
    if (e->state == BOUND && !e->control_until_ms && now_ms >= e->heard_ms + e->cfg.enquire_ms) {
        e->control_until_ms = now_ms + e->cfg.answer_ms;
        say(e, SMPP_ENQUIRE_LINK, 0, sequence(e));
    }
}
