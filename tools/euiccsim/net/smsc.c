/* SPDX-License-Identifier: Apache-2.0 */
/* The SMSC of each operator: number plan, a queue per subscriber with one message in flight,
 * validity (TS 23.040), and MO towards the SM-SR. Faults are drawn when a message was accepted. */
#include "tools/euiccsim/net/simnet_int.h"

#include <stdlib.h>

#define QUEUE_MAX 32u                 /* messages an SMSC keeps for one handset */
#define DEFAULT_VALIDITY_S 259200     /* 72 h, when none is asked for */
#define WINDOW_MS 1000
#define RETRY_MS 20                   /* the SM-SR's side took no more */

static int mt_add(struct simnet *n, unsigned op, struct subscriber *s, const struct mt *like,
                  int64_t after_ms)
{
    struct mt *m = malloc(sizeof(*m));

    if (!m)
        return ERR_NOMEM;
    *m = *like;
    if (net_struck(n, n->cfg.faults.corrupt, "SMS corrupted")) {
        fault_flip(&n->rng, m->ud, m->n);
        n->stats.mt_corrupted++;
    }
    m->lost = net_struck(n, n->cfg.faults.loss_mt, "SMS to a card lost");
    return net_plan(n, after_ms, (struct happening){.kind = HAP_MT_ENTER, .who = s->index,
                                                    .op = (uint16_t)op, .unit = m});
}

static int64_t reordered(struct simnet *n, uint64_t *count)
{
    int64_t most = net_scaled(n, n->cfg.faults.reorder_ms);
    int64_t ms = (int64_t)rng_below(&n->rng, (uint64_t)(most > 0 ? most : 0) + 1);

    if (!net_struck(n, n->cfg.faults.reorder, "SMS held back"))
        return 0;
    (*count)++;
    return ms;
}

#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)

/* No device: an index beyond them all. */
static uint32_t device_of(const struct subscriber *s)
{
    return s->device - 1;
}

static uint64_t hash_of(const struct mt *m)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (unsigned i = 0; i < m->n; i++)
        h = (h ^ m->ud[i]) * UINT64_C(0x100000001B3);
    return h;
}

/* An SMSC that takes octets it had before for a mistake of the sender. */
static int swallows(struct simnet *n, struct subscriber *s, const struct mt *m, bool *ret)
{
    struct device *d = s->device ? &n->devices[device_of(s)] : NULL;
    uint64_t hash = hash_of(m);

    *ret = false;
    if (!d || !(d->quirks & NETQ_SWALLOW))
        return ERR_OK;
    if (!d->seen)
        d->seen = calloc(SEEN_MAX, sizeof(*d->seen));
    if (!d->seen)
        return ERR_NOMEM;
    for (unsigned i = 0; i < SEEN_MAX && i < d->n_seen; i++)
        if (d->seen[i] == hash && net_quirk(n, device_of(s), NETQ_SWALLOW, 1, "SMS swallowed")) {
            *ret = true;
            return ERR_OK;
        }
    d->seen[d->n_seen++ % SEEN_MAX] = hash;
    return ERR_OK;
}

static bool is_part(const struct mt *m)
{
    struct sms_ud ud;

    return sms_ud_parse(span_of(m->ud, m->n), &ud) == ERR_OK && ud.has_concat && ud.total > 1;
}

/* Faults of an accepted MT SMS, then the message, or two of it, on its way into the queue. */
static int mt_accept(struct simnet *n, unsigned op, struct subscriber *s, struct mt *m,
                     int64_t validity_ms)
{
    int64_t delay = reordered(n, &n->stats.mt_delayed);
    bool twice = net_struck(n, n->cfg.faults.duplicate, "SMS doubled"), gone;
    int rc = swallows(n, s, m, &gone);

    if (rc != ERR_OK || gone) {
        n->stats.mt_swallowed += gone;
        n->stats.mt_accepted += gone;
        return rc;
    }
    m->late = net_struck(n, n->cfg.faults.late, "SMS to a card late");
    m->expires_ms = n->now_ms + validity_ms;
    if (m->late) {
        delay = validity_ms + 1 + (int64_t)rng_below(&n->rng, (uint64_t)validity_ms + 1);
        m->expires_ms = 0;
        n->stats.mt_late++;
    } else if (is_part(m) && net_quirk(n, device_of(s), NETQ_PART_LATE, 4, "part hours late")) {
        delay = net_quirk_ms(n, 2 * HOUR_MS, 8 * HOUR_MS);
        m->expires_ms = 0;
        n->stats.mt_part_late++;
    }
    rc = mt_add(n, op, s, m, delay);
    if (rc == ERR_OK && twice) {
        n->stats.mt_duplicated++;
        rc = mt_add(n, op, s, m, delay + reordered(n, &n->stats.mt_delayed));
    }
    if (rc == ERR_OK && m->expires_ms)
        rc = net_plan(n, validity_ms, (struct happening){.kind = HAP_MT_EXPIRE, .who = s->index,
                                                         .op = (uint16_t)op});
    n->stats.mt_accepted++;
    return rc;
}

static bool out_of_order(const struct simnet *n, unsigned op)
{
    return n->ops[op].outage_ms > n->now_ms;
}

static bool throttled(struct simnet *n, struct operator *o)
{
    if (o->sms_per_s == 0)
        return false;
    if (n->now_ms - o->window_ms >= WINDOW_MS) {
        o->window_ms = n->now_ms;
        o->taken = 0;
    }
    if (o->taken >= o->sms_per_s)
        return true;
    o->taken++;
    return false;
}

int simnet_sms_mt(struct simnet *n, const struct msisdn *to, const struct msisdn *from, uint8_t pid,
                  uint8_t dcs, int64_t vp_s, struct span tp_ud, int64_t now_ms,
                  enum simnet_result *ret, uint64_t *ret_message)
{
    unsigned op = net_operator_of(n, to->s, true);
    struct subscriber *s = op == NO_OPERATOR ? NULL : hss_by_msisdn(n->ops[op].hss, to);
    struct mt m = {.from = *from, .n = (uint8_t)tp_ud.n};

    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    n->stats.mt_refused++;
    if (tp_ud.n == 0 || tp_ud.n > SMS_UD_MAX || vp_s < 0 || vp_s > INT32_MAX)
        *ret = SIMNET_REFUSED;
    else if (!s || s->status == SUB_NOT_PROVISIONED)
        *ret = SIMNET_NO_SUBSCRIBER;
    else if (s->queued >= QUEUE_MAX || (out_of_order(n, op) && n->ops[op].refuses))
        *ret = SIMNET_QUEUE_FULL;
    else
        *ret = throttled(n, &n->ops[op]) ? SIMNET_THROTTLED : SIMNET_ACCEPTED;
    n->stats.mt_outage += s && out_of_order(n, op);
    if (*ret == SIMNET_THROTTLED)
        n->stats.mt_throttled++;
    if (*ret != SIMNET_ACCEPTED || !s)
        return ERR_OK;
    n->stats.mt_refused--;
    n->stats.mt_octets += tp_ud.n;
    memcpy(m.ud, tp_ud.p, tp_ud.n);
    m.id = *ret_message = ++n->next_mt;
    if (pid != SMS_PID_SIM_DATA || dcs != SMS_DCS_CLASS2) {
        n->stats.mt_not_ota++;        /* for the handset's inbox, no card ever sees it */
        n->stats.mt_accepted++;
        return ERR_OK;
    }
    return mt_accept(n, op, s, &m, vp_s ? vp_s * 1000
                                        : net_scaled(n, DEFAULT_VALIDITY_S * INT64_C(1000)));
}

static void report(struct simnet *n, uint64_t id, enum report_state state)
{
    if (n->port.sms_report)
        n->port.sms_report(n->port.ctx, id, state);
}

/* Sends the first message of a subscriber on its way, when there is one and a device to take it. */
static int kick(struct simnet *n, unsigned op, struct subscriber *s)
{
    if (s->busy || list_empty(&s->mt) || s->device == 0 || out_of_order(n, op) ||
        !device_sms_works(n, s->device - 1) || !device_awake(n, s->device - 1))
        return ERR_OK;
    s->busy = true;
    return net_plan(n, net_latency(n, LAT_SMS_MT, 0),
                    (struct happening){.kind = HAP_MT_DELIVER, .who = s->index,
                                       .op = (uint16_t)op});
}

int smsc_enter(struct simnet *n, unsigned op, uint32_t sub, struct mt *m)
{
    struct subscriber *s = net_subscriber(n, op, sub);

    list_push(&s->mt, &m->item);
    s->queued++;
    n->stats.mt_stored += s->device != 0 && !device_awake(n, s->device - 1);
    smsc_expire(n, op, sub);
    return kick(n, op, s);
}

void smsc_expire(struct simnet *n, unsigned op, uint32_t sub)
{
    struct subscriber *s = net_subscriber(n, op, sub);

    LIST_EACH_SAFE(it, next, &s->mt) {
        struct mt *m = LIST_ENTRY(it, struct mt, item);

        if (m->expires_ms == 0 || m->expires_ms > n->now_ms)
            continue;
        list_del(it);
        s->queued--;
        n->stats.mt_expired++;
        report(n, m->id, REPORT_EXPIRED);
        free(m);
    }
}

int smsc_wake(struct simnet *n, unsigned op, uint32_t sub)
{
    smsc_expire(n, op, sub);
    return kick(n, op, net_subscriber(n, op, sub));
}

int smsc_back(struct simnet *n, unsigned op)
{
    int rc = ERR_OK;

    if (out_of_order(n, op))
        return ERR_OK;                /* it was prolonged */
    for (size_t i = 0; rc == ERR_OK && i < hss_count(n->ops[op].hss); i++)
        rc = smsc_wake(n, op, (uint32_t)i);
    return rc;
}

/* Its memory of what it delivered came back with its restart. */
static int replay(struct simnet *n, unsigned op, struct subscriber *s, const struct mt *m)
{
    struct mt *again;

    if (m->again || !net_quirk(n, device_of(s), NETQ_REPLAY, 8, "SMS replayed"))
        return ERR_OK;
    again = malloc(sizeof(*again));
    if (!again)
        return ERR_NOMEM;
    *again = *m;
    again->again = true;
    again->lost = false;
    again->expires_ms = 0;
    n->stats.mt_replayed++;
    return net_plan(n, net_quirk_ms(n, HOUR_MS, 6 * HOUR_MS),
                    (struct happening){.kind = HAP_MT_ENTER, .who = s->index, .op = (uint16_t)op,
                                       .unit = again});
}

/* 9300: the device refuses the message, which stays the first in its queue. */
static bool toolkit_busy(struct simnet *n, unsigned op, struct subscriber *s, int *ret)
{
    *ret = ERR_OK;
    if (list_empty(&s->mt) || !net_quirk(n, device_of(s), NETQ_TOOLKIT_BUSY, 3, "toolkit busy"))
        return false;
    n->stats.mt_busy++;
    s->busy = true;
    *ret = net_plan(n, net_quirk_ms(n, MINUTE_MS / 2, 5 * MINUTE_MS),
                    (struct happening){.kind = HAP_MT_DELIVER, .who = s->index,
                                       .op = (uint16_t)op});
    return true;
}

int smsc_deliver(struct simnet *n, unsigned op, uint32_t sub)
{
    struct subscriber *s = net_subscriber(n, op, sub);
    struct list *item;
    struct mt *m;
    int rc = ERR_OK;

    s->busy = false;
    smsc_expire(n, op, sub);
    if (s->device == 0 || out_of_order(n, op) || !device_sms_works(n, s->device - 1) ||
        !device_awake(n, s->device - 1))
        return ERR_OK;                /* it waits for the next attach, or until the device wakes */
    if (toolkit_busy(n, op, s, &rc))
        return rc;
    item = list_pop(&s->mt);
    if (!item)
        return ERR_OK;
    m = LIST_ENTRY(item, struct mt, item);
    s->queued--;
    report(n, m->id, REPORT_DELIVERED);
    rc = replay(n, op, s, m);
    if (net_quirk(n, device_of(s), NETQ_REPORT_LIES, 3, "delivered by the report alone")) {
        n->stats.mt_lied++;
    } else if (m->lost) {
        n->stats.mt_lost++;           /* the device acknowledged, the card never saw it */
    } else if (rc == ERR_OK) {
        n->stats.mt_delivered++;
        rc = device_sms(n, s->device - 1, &m->from, span_of(m->ud, m->n));
    }
    free(m);
    return rc == ERR_OK ? kick(n, op, s) : rc;
}

/* --- mobile originated --- */
static int mo_add(struct simnet *n, const struct msisdn *from, struct span ud, int64_t after_ms)
{
    struct mo *m = malloc(sizeof(*m));

    if (!m)
        return ERR_NOMEM;
    m->from = *from;
    m->n = (uint8_t)ud.n;
    memcpy(m->ud, ud.p, ud.n);
    if (net_struck(n, n->cfg.faults.corrupt, "SMS corrupted")) {
        fault_flip(&n->rng, m->ud, m->n);
        n->stats.mo_corrupted++;
    }
    m->id = ++n->next_mo;
    return net_plan(n, after_ms, (struct happening){.kind = HAP_MO, .unit = m});
}

static int mo_accept(struct simnet *n, const struct msisdn *from, struct span ud)
{
    struct sms_ud parsed;
    bool response = sms_ud_parse(ud, &parsed) == ERR_OK && parsed.has_kind &&
                    parsed.kind == SMS_RESPONSE;
    bool lost = net_struck(n, n->cfg.faults.loss_mo, "SMS from a card lost");
    bool por_lost = fault_hits(&n->rng, n->cfg.faults.por_loss) && response &&
                    net_strikes(n, "PoR lost");
    bool twice = net_struck(n, n->cfg.faults.duplicate, "SMS doubled");
    int64_t after = net_latency(n, LAT_SMS_MO, 0) + reordered(n, &n->stats.mo_delayed);
    int rc;

    if (lost || por_lost) {
        n->stats.mo_lost += lost;
        n->stats.por_lost += por_lost && !lost;
        return ERR_OK;
    }
    rc = mo_add(n, from, ud, after);
    if (rc == ERR_OK && twice) {
        n->stats.mo_duplicated++;
        rc = mo_add(n, from, ud, after + reordered(n, &n->stats.mo_delayed));
    }
    return rc;
}

/* The number is nobody's in this network: its SMSC took the message all the same. */
static bool unrouted(const struct simnet *n, unsigned op, struct span ud)
{
    struct sms_ud parsed;

    return n->ops[op].unrouted_ms > n->now_ms &&
           (n->ops[op].answers_too || sms_ud_parse(ud, &parsed) != ERR_OK || !parsed.has_kind ||
            parsed.kind != SMS_RESPONSE);
}

int smsc_submit(struct simnet *n, uint32_t dev, const struct msisdn *to, struct span ud)
{
    const struct device *d = &n->devices[dev];
    const struct subscriber *s = d->power == DEV_ATTACHED ? net_subscriber(n, d->op, d->sub) : NULL;
    bool outage = s && out_of_order(n, d->op);
    bool ok = s && s->msisdn.s[0] && !outage && device_sms_works(n, dev) && ud.n > 0 &&
              ud.n <= SMS_UD_MAX;
    int rc = ERR_OK;

    n->stats.mo_sent += ok;
    n->stats.mo_octets += ok ? ud.n : 0;
    n->stats.mo_failed += !ok;
    n->stats.mo_outage += outage;
    if (ok && unrouted(n, d->op, ud))
        n->stats.mo_unrouted++;
    else if (ok && msisdn_eq(to, &n->cfg.smsr))
        rc = mo_accept(n, &s->msisdn, ud);
    else if (ok)
        n->stats.mo_misdialled++;
    if (rc != ERR_OK)
        return rc;
    return net_plan(n, ok ? 0 : net_latency(n, LAT_SMS_MO, 0),
                    (struct happening){.kind = HAP_SMS_SENT, .who = dev, .arg = ok});
}

static int forward(struct simnet *n, const struct mo *m)
{
    int rc = n->port.sms_mo(n->port.ctx, &m->from, span_of(m->ud, m->n), m->id);

    n->stats.mo_delivered += rc == ERR_OK;
    return rc;
}

/* One happening tries all that is kept: one for each message would be all that happens under load. */
static int gateway_later(struct simnet *n)
{
    return net_plan(n, RETRY_MS, (struct happening){.kind = HAP_MO_GATEWAY});
}

int smsc_forward(struct simnet *n, struct mo *m)
{
    int rc = n->mo_first ? ERR_FULL : forward(n, m);

    if (rc != ERR_FULL) {
        free(m);
        return rc;
    }
    m->next = NULL;
    if (n->mo_first) {
        n->mo_last->next = m;
        n->mo_last = m;
        return ERR_OK;
    }
    n->mo_first = n->mo_last = m;
    return gateway_later(n);
}

int smsc_gateway(struct simnet *n)
{
    int rc = ERR_OK;

    while (n->mo_first && rc == ERR_OK) {
        struct mo *m = n->mo_first;
        rc = forward(n, m);
        if (rc == ERR_FULL)
            return gateway_later(n);
        n->mo_first = m->next;
        free(m);
    }
    return rc;
}

void smsc_gateway_fini(struct simnet *n)
{
    while (n->mo_first) {
        struct mo *m = n->mo_first;
        n->mo_first = m->next;
        free(m);
    }
}
