/* SPDX-License-Identifier: Apache-2.0 */
/* Armed packets out (TS 23.040, TS 31.115; design law 3, 3.5): the bytes of the record, cut into
 * TP-UDs, to the numbers the named profiles have at this moment. */
#include <stdio.h>
#include <stdlib.h>

#include "common/codec/sms.h"
#include "smsr/channel/channel_int.h"

#define VP_GRID_MIN_S 300           /* the shortest period TP-VP can say (TS 23.040 9.2.3.12.1) */

/* One TP-UD to one number, until the carrier said what became of it. */
struct sms_unit {
    struct due due;
    uint64_t tag;
    struct eid eid;
    uint64_t counter;
    char network[32];
    char from[17];
    struct msisdn to;
    int64_t deadline;               /* monotonic: sent no more afterwards */
    unsigned tries;
    uint8_t n;
    uint8_t ud[SMS_UD_MAX];
};

static const int64_t BACKOFF_MS[SMS_BACKOFFS] = {1000, 2000, 5000, 10000, 20000, 40000};

struct sms_unit *sms_unit_of(struct list *in)
{
    return LIST_ENTRY(in, struct sms_unit, due.in);
}

static struct span tag_key(const uint64_t *tag)
{
    return span_of(tag, sizeof *tag);
}

static void unit_free(struct channel *ch, struct sms_unit *u)
{
    (void)map_del(ch->units, tag_key(&u->tag));
    due_clear(&u->due);
    free(u);
}

/* A hint for the mailbox: this way is closed. */
static void refused(struct channel *ch, const struct eid *eid, uint64_t counter, const char *why)
{
    struct input in = {.kind = IN_CARRIER};

    in.u.carrier.counter = counter;
    in.u.carrier.text = span_str(why);
    channel_post(ch, eid, &in);
}

static void unit_refused(struct channel *ch, struct sms_unit *u, const char *why)
{
    struct eid eid = u->eid;
    uint64_t counter = u->counter;

    ch->n.sms_refused++;
    unit_free(ch, u);
    refused(ch, &eid, counter, why);
}

static void unit_later(struct channel *ch, struct sms_unit *u)
{
    unsigned step = u->tries < SMS_BACKOFFS ? u->tries : SMS_BACKOFFS - 1;
    int64_t wait = timer_scaled(BACKOFF_MS[step], ch->env->time_scale);

    u->tries++;
    due_set(ch, (enum due_kind)(DUE_SMS + step), &u->due, wait);
}

/* TP-VP in seconds: what its octet can say, never beyond the validity that is left. */
static int64_t validity_s(const struct channel *ch, const struct sms_unit *u)
{
    int64_t s = (u->deadline - channel_now(ch)) / 1000;

    if (s >= VP_GRID_MIN_S)
        return sms_vp_seconds(sms_vp_from_seconds(s));
    return s > 0 ? s : 1;
}

static void unit_send(struct channel *ch, struct sms_unit *u)
{
    bool again = u->tries > 0;
    int err = ch->carrier.sms_mt(ch->carrier.ctx, u->network, &u->to, u->from, SMS_PID_SIM_DATA,
                                 SMS_DCS_CLASS2, validity_s(ch, u), span_of(u->ud, u->n), u->tag);

    if (err == ERR_OK) {            /* a result that came at once has freed the unit */
        ch->n.sms_sent++;
        ch->n.sms_retried += again;
    } else if (err == ERR_FULL) {
        unit_later(ch, u);
    } else {
        unit_refused(ch, u, "the network cannot be reached");
    }
}

void sms_unit_due(struct channel *ch, struct sms_unit *u)
{
    if (channel_now(ch) < u->deadline) {
        unit_send(ch, u);
        return;
    }
    ch->n.sms_expired++;
    unit_free(ch, u);
}

void channel_sms_result(struct channel *ch, uint64_t tag, enum carrier_result r)
{
    struct sms_unit *u = map_get(ch->units, tag_key(&tag));

    if (!u)
        return;
    switch (r) {
    case CARRIER_ACCEPTED:
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
        unit_refused(ch, u, "the network knows no such subscriber");
        break;
    case CARRIER_REFUSED:
        unit_refused(ch, u, "the network refused the message");
        break;
    }
}

/* --- a packet to its addresses --- */

struct address {
    const struct route *route;
    struct msisdn to;
};

static void address_add(const struct channel *ch, const struct euicc *e, const struct iccid *iccid,
                        struct address *list, unsigned *n)
{
    const struct euicc_profile *p = iccid->s[0] ? euicc_profile_by_iccid(e, iccid) : NULL;
    const struct route *r = p ? env_route(ch->env, &p->mno, p->profile_type) : NULL;

    if (!r || !p->msisdn.s[0] || !r->sms)
        return;
    for (unsigned i = 0; i < *n; i++)
        if (list[i].route == r && msisdn_eq(&list[i].to, &p->msisdn))
            return;
    list[*n].route = r;
    list[*n].to = p->msisdn;
    (*n)++;
}

static int unit_new(struct channel *ch, const struct out_sms *o, uint64_t counter,
                    const struct address *a, struct sms_unit **ret)
{
    struct sms_unit *u = calloc(1, sizeof *u);
    int err;

    if (!u)
        return ERR_NOMEM;
    due_init(&u->due);
    u->tag = ++ch->next_tag;
    u->eid = o->eid;
    u->counter = counter;
    u->to = a->to;
    u->deadline = channel_now(ch) + o->validity_ms;
    (void)snprintf(u->network, sizeof u->network, "%s", a->route->network);
    (void)snprintf(u->from, sizeof u->from, "%s", a->route->source);
    err = map_put(ch->units, tag_key(&u->tag), u);
    if (err)
        free(u);
    else
        *ret = u;
    return err;
}

static int packet_send(struct channel *ch, const struct out_sms *o, uint64_t counter,
                       struct span packet, const struct address *a)
{
    unsigned parts = sms_parts(packet.n);

    for (unsigned i = 1; i <= parts; i++) {
        struct sms_unit *u = NULL;
        struct writer w;
        int err = unit_new(ch, o, counter, a, &u);

        if (err == ERR_FULL) {
            ch->n.sms_overflow += parts - i + 1;
            return ERR_OK;          /* as lost on the way: the procedure repeats the bytes */
        }
        if (err)
            return err;
        w = wr_init(u->ud, sizeof u->ud);
        /* The low octet of the counter: two sends of one packet have the same parts (R2). */
        err = sms_part_put(&w, SMS_COMMAND, packet, (uint8_t)counter, i);
        if (err) {
            unit_free(ch, u);
            return err;
        }
        u->n = (uint8_t)w.len;
        unit_send(ch, u);
    }
    return parts ? ERR_OK : ERR_INVAL;
}

static int packet_of(struct channel *ch, const struct out_sms *o, struct buf *b)
{
    int err = ERR_OK;

    if (o->armed)
        buf_add_span(b, o->armed->data);
    else
        err = ch->port.packet(ch->port.ctx, o->lsn, b);
    if (!err && b->failed)
        err = ERR_NOMEM;
    return !err && b->n == 0 ? ERR_INVAL : err;
}

int channel_sms(struct channel *ch, const struct out_sms *o)
{
    uint64_t counter = o->armed ? o->armed->counter : o->counter;
    const struct euicc *e = ch->port.euicc(ch->port.ctx, &o->eid);
    struct address to[2];
    unsigned n = 0;
    struct buf packet;
    int err;

    for (unsigned i = 0; e && i < 2; i++)
        address_add(ch, e, &o->to[i], to, &n);
    if (!n) {
        ch->n.sms_unroutable++;
        refused(ch, &o->eid, counter, "no subscription address with a route");
        return ERR_OK;
    }
    buf_init(&packet, PACKET_MAX);
    err = packet_of(ch, o, &packet);
    for (unsigned i = 0; !err && i < n; i++)
        err = packet_send(ch, o, counter, buf_span(&packet), &to[i]);
    buf_wipe(&packet);
    buf_fini(&packet);
    return err;
}

void sms_out_fini(struct channel *ch)
{
    void *at = NULL, *u = NULL;

    while (ch->units && map_next(ch->units, &at, NULL, &u))
        free(u);
    map_free(ch->units);
}
