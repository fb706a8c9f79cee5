/* SPDX-License-Identifier: Apache-2.0 */
/* Armed packets out (TS 23.040, TS 31.115; design law 3, 3.5): the bytes of the record, cut into
 * TP-UDs, to the numbers the named profiles have at this moment. */
#include "common/base/hex.h"
#include "common/base/log.h"
#include "common/base/mutant.h"
#include "common/codec/sms.h"
#include "smsr/channel/channel_int.h"

struct address {
    const struct route *route;
    struct iccid profile;
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
    list[*n].profile = p->iccid;
    list[*n].to = p->msisdn;
    (*n)++;
}

static void part_sent(const struct channel *ch)
{
    if (ch->port.part_sent)
        ch->port.part_sent(ch->port.ctx);
}

static int packet_send(struct channel *ch, const struct out_sms *o, uint64_t counter,
                       struct span packet, const struct address *a)
{
    unsigned parts = sms_parts(packet.n);
    struct sms_order order = {.eid = &o->eid, .counter = counter,
                              .profile = &a->profile, .to = &a->to,
                              .network = a->route->network, .from = a->route->source,
                              .validity_ms = o->validity_ms};

    for (unsigned i = 1; i <= parts; i++) {
        uint8_t ud[SMS_UD_MAX];
        struct writer w = wr_init(ud, sizeof ud);
        /* The low octet of the counter: two sends of one packet have the same parts (R2). */
        int err = sms_part_put(&w, SMS_COMMAND, packet, (uint8_t)counter, i);

        if (i > 1)
            part_sent(ch);
        if (!err)
            err = sms_queue(ch, &order, span_of(ud, w.len));
        if (err == ERR_FULL) {
            ch->n.sms_overflow += parts - i + 1;
            return ERR_OK;          /* as lost on the way: the procedure repeats the bytes */
        }
        if (err)
            return err;
    }
    return parts ? ERR_OK : ERR_INVAL;
}

/* A mistake only (T-NJ-4): packets have no business in a log. */
static void tell_packet(struct span packet)
{
    char hex[2 * PACKET_MAX + 1];

    if (mutant("PACKETS_LOGGED") && !hex_encode(packet, hex, sizeof hex))
        log_info("sms", "packet %s", hex);
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
        report_post(ch, &(struct report){o->eid, counter, o->to[0]}, REPORTED_REFUSED,
                    "no subscription address with a route");
        return ERR_OK;
    }
    if (e->cattp && e->n_ops)
        guard_pushed(ch, &o->eid);
    buf_init(&packet, PACKET_MAX);
    err = packet_of(ch, o, &packet);
    tell_packet(buf_span(&packet));
    if (!err)
        tap_command(ch, &o->eid, PACKET_SMS, buf_span(&packet));
    for (unsigned i = 0; !err && i < n; i++) {
        if (i > 0)
            part_sent(ch);
        err = packet_send(ch, o, counter, buf_span(&packet), &to[i]);
    }
    buf_wipe(&packet);
    buf_fini(&packet);
    return err;
}
