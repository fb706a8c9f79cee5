/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/smpp_carrier.h"

#include "common/base/log.h"
#include "common/base/mem.h"
#include "common/net/tcp.h"
#include "smsr/channel/carrier_pass.h"

#include <stdio.h>
#include <stdlib.h>

#define NETWORKS_MAX  32u
#define ANSWERS_MAX   512u         /* messages of one turn; the SMSC keeps what is beyond */
#define PATIENCE_MS   10000
#define REDIAL_LEAST  1000
#define REDIAL_MOST   60000
#define SHORT_CODE    7u           /* fewer digits than any international number */

enum { TON_INTERNATIONAL = 1, TON_NETWORK = 3, NPI_UNKNOWN = 0, NPI_ISDN = 1 };

struct smsc {
    struct smpp_carrier *sc;
    char id[32], address[300];
    struct smpp_esme *session;
    struct tcp *tcp;               /* NULL: between two connections */
    int64_t redial_at, redial_ms;
    bool bound, receipts;
};

struct answer {
    struct smsc *smsc;
    uint64_t handle;
};

struct smpp_carrier {
    struct carrier_pass pass;
    struct loop *loop;
    struct rng *rng;
    struct channel *ch;
    struct smsc smsc[NETWORKS_MAX];
    unsigned n;
    struct loop_timer *timer;
    struct loop_task answering;
    struct answer answer[ANSWERS_MAX];
    unsigned n_answers;
    struct smpp_carrier_counters count;
    smpp_seen seen;                /* NULL: nobody looks on */
    void *seen_ctx;
};

static int64_t now(void)
{
    return clock_mono_ms(&CLOCK_SYSTEM);
}

/* --- time --- */
static void rearm(struct smpp_carrier *sc)
{
    int64_t due = 0;

    for (unsigned i = 0; i < sc->n; i++) {
        int64_t at = sc->smsc[i].tcp ? smpp_esme_due(sc->smsc[i].session) : sc->smsc[i].redial_at;
        if (at && (!due || at < due))
            due = at;
    }
    loop_timer_at(sc->timer, due ? due : -1);
}

/* Doubling, a quarter of it by chance: an SMSC that starts again is not met by all at once. */
static void redial_later(struct smsc *s)
{
    int64_t wait = s->redial_ms;

    s->redial_ms = wait * 2 < REDIAL_MOST ? wait * 2 : REDIAL_MOST;
    s->redial_at = now() + wait * 3 / 4 + (int64_t)rng_below(s->sc->rng, (uint64_t)wait / 2 + 1);
}

/* --- the connection --- */
static void on_opened(void *ctx)
{
    struct smsc *s = ctx;

    smpp_esme_opened(s->session, now());
    rearm(s->sc);
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct smsc *s = ctx;

    smpp_esme_input(s->session, bytes, now());
    rearm(s->sc);
}

static void hang_up(struct smsc *s, const char *why)
{
    if (!s->tcp)
        return;
    log_notice("smsc", "network=%s address=%s %s: %s", s->id, s->address,
               s->bound ? "disconnected" : "not connected", why);
    tcp_close(s->tcp);
    s->tcp = NULL;
    s->sc->count.ends += s->bound;
    if (!s->bound)
        redial_later(s);
    else
        s->redial_at = now() + REDIAL_LEAST;
    s->bound = false;
    smpp_esme_closed(s->session);
    rearm(s->sc);
}

static void on_closed(void *ctx, const char *why)
{
    hang_up(ctx, why);
}

static void dial(struct smsc *s)
{
    const struct tcp_events ev = {on_opened, on_bytes, on_closed, s};
    struct errmsg why = {{0}};

    s->redial_at = 0;
    if (tcp_dial(s->sc->loop, s->address, PATIENCE_MS, &ev, &s->tcp, &why) == ERR_OK)
        return;
    log_notice("smsc", "network=%s %s", s->id, why.text);
    redial_later(s);
}

static void on_timer(void *ctx)
{
    struct smpp_carrier *sc = ctx;

    for (unsigned i = 0; i < sc->n; i++) {
        struct smsc *s = &sc->smsc[i];
        if (s->tcp)
            smpp_esme_timer(s->session, now());
        else if (s->redial_at && now() >= s->redial_at)
            dial(s);
    }
    rearm(sc);
}

/* --- the session --- */
static void see(const struct smsc *s, bool out, struct span pdu)
{
    if (s->sc->seen)
        s->sc->seen(s->sc->seen_ctx, (unsigned)(s - s->sc->smsc), out, pdu);
}

static void on_heard(void *ctx, struct span pdu)
{
    see(ctx, false, pdu);
}

static void on_write(void *ctx, struct span bytes)
{
    struct smsc *s = ctx;

    see(s, true, bytes);
    if (s->tcp && tcp_send(s->tcp, bytes))
        hang_up(s, "it does not read what is sent");
}

static void on_bound(void *ctx)
{
    struct smsc *s = ctx;

    s->bound = true;
    s->redial_ms = REDIAL_LEAST;
    s->sc->count.binds++;
    log_notice("smsc", "network=%s address=%s bound", s->id, s->address);
}

static void on_result(void *ctx, uint64_t tag, enum smpp_result r, const char *id)
{
    static const enum carrier_result RESULT[] = {
        [SMPP_TAKEN] = CARRIER_ACCEPTED, [SMPP_SLOWER] = CARRIER_THROTTLED,
        [SMPP_FULL] = CARRIER_QUEUE_FULL, [SMPP_NOBODY] = CARRIER_NO_SUBSCRIBER,
        [SMPP_REFUSED] = CARRIER_REFUSED, [SMPP_LOST] = CARRIER_SILENT};
    struct smsc *s = ctx;

    s->sc->count.mt_accepted += r == SMPP_TAKEN;
    s->sc->count.mt_throttled += r == SMPP_SLOWER;
    if (s->sc->ch && s->receipts && r == SMPP_TAKEN)
        channel_sms_named(s->sc->ch, tag, id);
    if (s->sc->ch)
        channel_sms_result(s->sc->ch, tag, RESULT[r]);
}

/* Behind the commit of the turn; a turn that failed has taken the channel away. */
static void answer_all(void *ctx)
{
    struct smpp_carrier *sc = ctx;

    for (unsigned i = 0; i < sc->n_answers; i++)
        smpp_esme_mo_answer(sc->answer[i].smsc->session, sc->answer[i].handle, sc->ch != NULL);
    sc->n_answers = 0;
}

/* Without a user data header it is no packet: somebody's text, which nobody here reads. */
static void on_mo(void *ctx, uint64_t handle, const struct smpp_message *m)
{
    struct smsc *s = ctx;
    struct smpp_carrier *sc = s->sc;
    struct msisdn from;

    if (!sc->ch || sc->n_answers == ANSWERS_MAX) {
        sc->count.mo_left++;
        smpp_esme_mo_answer(s->session, handle, false);
        return;
    }
    if (!(m->esm_class & SMPP_UDHI) || m->ud.n > 140 ||
        msisdn_parse(span_str(m->source.digits), &from)) {
        sc->count.not_ota++;
        smpp_esme_mo_answer(s->session, handle, true);
        return;
    }
    sc->count.mo_received++;
    sc->answer[sc->n_answers++] = (struct answer){s, handle};
    loop_defer(sc->loop, &sc->answering);
    channel_sms_mo(sc->ch, &from, m->ud);
}

/* Some SMSCs name a message in hexadecimal when they take it and in decimal when they report. */
static bool in_hexadecimal(const char *id, bool capitals, char dst[20])
{
    unsigned long long v;
    size_t n = strlen(id);

    if (!n || n > 19 || strspn(id, "0123456789") != n)
        return false;
    v = strtoull(id, NULL, 10);
    (void)snprintf(dst, 20, capitals ? "%llX" : "%llx", v);
    return true;
}

static const char *name_of(const struct smsc *s, const char *id, char hex[20])
{
    const struct channel *ch = s->sc->ch;

    for (int capitals = 0; !channel_sms_awaited(ch, s->id, id) && capitals < 2; capitals++)
        if (in_hexadecimal(id, capitals, hex) && channel_sms_awaited(ch, s->id, hex))
            return hex;
    return id;
}

/* Not asked for, it means nothing here. */
static void on_receipt(void *ctx, const struct smpp_receipt *r)
{
    static const enum message_report REPORT[] = {
        [SMPP_STATE_NONE] = REPORTED_NOTHING,
        [SMPP_STATE_ENROUTE] = REPORTED_NOTHING,
        [SMPP_STATE_DELIVERED] = REPORTED_DELIVERED,
        [SMPP_STATE_EXPIRED] = REPORTED_EXPIRED,
        [SMPP_STATE_DELETED] = REPORTED_DELETED,
        [SMPP_STATE_UNDELIVERABLE] = REPORTED_UNDELIVERABLE,
        [SMPP_STATE_ACCEPTED] = REPORTED_NOTHING, /* by somebody on behalf of the subscriber */
        [SMPP_STATE_UNKNOWN] = REPORTED_UNKNOWN,
        [SMPP_STATE_REJECTED] = REPORTED_REJECTED};
    struct smsc *s = ctx;
    struct channel *ch = s->sc->ch;
    char hex[20];

    s->sc->count.receipts++;
    s->sc->count.receipts_wrong += !r;
    if (r && ch && s->receipts)
        (void)channel_sms_report(ch, s->id, name_of(s, r->id, hex), REPORT[r->state], r->error);
}

static void on_broken(void *ctx, const char *why)
{
    hang_up(ctx, why);
}

/* --- the port --- */
static struct smsc *smsc_of(struct smpp_carrier *sc, const char *id)
{
    for (unsigned i = 0; i < sc->n; i++)
        if (!strcmp(sc->smsc[i].id, id))
            return &sc->smsc[i];
    return NULL;
}

static struct smpp_address address(const char *digits)
{
    bool code = strlen(digits) < SHORT_CODE;
    struct smpp_address a = {.ton = code ? TON_NETWORK : TON_INTERNATIONAL,
                             .npi = code ? NPI_UNKNOWN : NPI_ISDN};

    (void)snprintf(a.digits, sizeof a.digits, "%s", digits);
    return a;
}

static int sms_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                  uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    struct smpp_carrier *sc = ctx;
    struct smsc *s = smsc_of(sc, network);
    struct smpp_message m = {.source = address(from), .dest = address(to->s),
                             .esm_class = SMPP_UDHI, .protocol_id = pid, .data_coding = dcs,
                             .validity_s = vp_s, .ud = tp_ud};
    int err;

    m.registered_delivery = s && s->receipts;
    if (!s)
        return carrier_pass_sms_mt(ctx, network, to, from, pid, dcs, vp_s, tp_ud, tag);
    err = smpp_esme_submit(s->session, &m, tag, now());
    if (err == ERR_STATE)
        return ERR_FULL;           /* until it is bound again */
    sc->count.mt_sent += err == ERR_OK;
    rearm(sc);
    return err;
}

/* --- life --- */
static int smsc_add(struct smpp_carrier *sc, const struct smpp_network *net, struct errmsg *why)
{
    struct smsc *s = &sc->smsc[sc->n];
    struct smpp_esme_config cfg = smpp_esme_config_default();
    const struct smpp_esme_port port = {on_write,   on_bound,  on_result, on_mo,
                                        on_receipt, on_broken, s,
                                        on_heard};

    cfg.bind = net->bind;
    if (net->window)
        cfg.window = net->window;
    s->sc = sc;
    s->redial_ms = REDIAL_LEAST;
    s->redial_at = now();
    s->receipts = net->receipts;
    (void)snprintf(s->id, sizeof s->id, "%s", net->id);
    (void)snprintf(s->address, sizeof s->address, "%s", net->address);
    s->session = smpp_esme_new(&cfg, &port);
    mem_wipe(&cfg.bind, sizeof cfg.bind);
    if (!s->session)
        return errmsg_set(why, ERR_NOMEM, "no memory for the SMSC of network %s", net->id);
    sc->n++;
    return ERR_OK;
}

int smpp_carrier_open(struct loop *l, const struct smpp_network *nets, unsigned n,
                      const struct carrier *others, struct rng *rng, struct smpp_carrier **ret,
                      struct errmsg *why)
{
    struct smpp_carrier *sc;
    int err = ERR_OK;

    *ret = NULL;
    if (n > NETWORKS_MAX)
        return errmsg_set(why, ERR_CONFIG, "networks: %u SMSCs, there is room for %u", n, NETWORKS_MAX);
    sc = calloc(1, sizeof *sc);
    if (!sc)
        return errmsg_set(why, ERR_NOMEM, "no memory for the SMSCs");
    sc->loop = l;
    sc->rng = rng;
    carrier_pass_init(&sc->pass, others);
    sc->pass.port.sms_mt = sms_mt;
    loop_task_init(&sc->answering, answer_all, sc);
    sc->timer = loop_timer_new(l, on_timer, sc);
    if (!sc->timer)
        err = errmsg_set(why, ERR_NOMEM, "no memory for the SMSCs");
    for (unsigned i = 0; !err && i < n; i++)
        err = smsc_add(sc, &nets[i], why);
    if (err) {
        smpp_carrier_close(sc);
        return err;
    }
    rearm(sc);
    *ret = sc;
    return ERR_OK;
}

const struct carrier *smpp_carrier_port(const struct smpp_carrier *sc)
{
    return &sc->pass.port;
}

void smpp_carrier_attach(struct smpp_carrier *sc, struct channel *ch)
{
    sc->ch = ch;
}

void smpp_carrier_set_seen(struct smpp_carrier *sc, smpp_seen seen, void *ctx)
{
    sc->seen = seen;
    sc->seen_ctx = ctx;
}

void smpp_carrier_close(struct smpp_carrier *sc)
{
    if (!sc)
        return;
    sc->ch = NULL;
    loop_undefer(&sc->answering);
    for (unsigned i = 0; i < sc->n; i++) {
        tcp_close(sc->smsc[i].tcp);
        smpp_esme_free(sc->smsc[i].session);
    }
    loop_timer_free(sc->timer);
    free(sc);
}

void smpp_carrier_get_counters(const struct smpp_carrier *sc, struct smpp_carrier_counters *ret)
{
    *ret = sc->count;
}
