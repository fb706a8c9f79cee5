/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages from cards (TS 31.115; SGP.02 2.4.3, 3.15.1): whose it is, nobody says. The
 * sender's number names candidates, the checksum names the card (design 5 step 6). What does not
 * verify gets no answer and leaves nothing but a count. */
#include "common/codec/packet.h"
#include "common/crypto/scp80.h"
#include "smsr/channel/channel_int.h"
#include "smsr/domain/notification.h"

#define TAR_ISD_R 0x000001u

/* A message on its way to a mailbox, tried with one candidate after the other. */
struct incoming {
    const struct msisdn *from;
    struct eid eid[CHANNEL_CANDIDATES_MAX];
    unsigned n;                     /* of these: cards whose number it is */
    struct span packet;
    bool tried;                     /* some candidate had keys and a reason to send */
};

/* --- command packets of the card: notifications --- */

static void notification_post(struct channel *ch, const struct eid *eid, const struct incoming *m,
                              struct span data)
{
    struct input in = {.kind = IN_NOTIFICATION};
    struct notification n;

    if (notification_parse(data, &n) != ERR_OK) {
        ch->n.notification_format++;
        return;
    }
    if (!eid_eq(&n.eid, eid)) {
        ch->n.notification_foreign++;
        return;
    }
    in.u.notification.sequence = n.sequence;
    in.u.notification.kind = n.kind;
    in.u.notification.aid = n.aid;
    in.u.notification.imei = n.imei;
    in.u.notification.bearer = BEARER_SMS;
    in.u.notification.from = *m->from;
    ch->n.notification_accepted++;
    channel_post(ch, eid, &in);
}

/* SPI1 02 or 06 (facts: README item 14): a checksum always, no counter; the sequence number inside
 * is what tells old from new. */
static bool notification_level(struct span packet)
{
    struct packet_cmd c;

    if (packet_cmd_split(packet, PACKET_SMS, &c) != ERR_OK)
        return false;
    return (c.head.spi1 == SPI1_CC || c.head.spi1 == (SPI1_CC | SPI1_CIPHER)) &&
           c.head.tar == TAR_ISD_R;
}

/* true: it is this candidate's, under the key set that the packet names. */
static bool notification_try(struct channel *ch, const struct eid *eid, struct incoming *m)
{
    struct scp80_command cmd;
    struct scp80_keys keys;
    struct isdr_keys k;
    bool mine = false;

    for (unsigned at = 0; !mine && scp80_keys_at(ch, eid, at, &k); at++) {
        m->tried = true;
        keys = scp80_keys_from(&k);
        mine = scp80_unwrap(ch->crypto, &keys, PACKET_SMS, m->packet, &cmd) == ERR_OK &&
               packet_kvn(cmd.head.kid) == k.scp80_kvn;
    }
    if (!mine)
        return false;
    tap_notification(ch, eid, m->packet, &cmd);
    notification_post(ch, eid, m, span_of(cmd.data, cmd.data_len));
    mem_wipe(&cmd, sizeof cmd);
    return true;
}

/* --- responses --- */

static bool response_try(struct channel *ch, const struct eid *eid, struct incoming *m)
{
    enum por_fate fate = por_take(ch, eid, PACKET_SMS, m->packet, m->from);

    m->tried = m->tried || fate != POR_UNTRIED;
    return fate >= POR_UNPROVEN;
}

/* --- from the carrier --- */

static bool candidates_try(struct channel *ch, enum sms_kind kind, struct incoming *m)
{
    for (unsigned i = 0; i < m->n; i++)
        if (kind == SMS_RESPONSE ? response_try(ch, &m->eid[i], m)
                                 : notification_try(ch, &m->eid[i], m)) {
            stranger_known(ch, m->from);
            return true;
        }
    if (m->tried)
        ch->n.mo_bad_cc++;
    else
        ch->n.mo_no_key++;
    return false;
}

/* A number of no card: it is listed, and takes neither the attention nor the room that cards have for
 * theirs. Its parts are not put together, since no key could tell what they are. */
static void stranger_says(struct channel *ch, const struct msisdn *from, struct span tp_ud)
{
    struct sms_ud ud;

    if (sms_ud_parse(tp_ud, &ud) != ERR_OK || !(ud.has_kind || ud.has_concat)) {
        ch->n.mo_format++;
        return;
    }
    ch->n.mo_unknown_source++;
    stranger_heard(ch, from, ud.has_kind && ud.kind == SMS_COMMAND &&
                                 (ud.has_concat || notification_level(ud.data)));
}

void channel_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud)
{
    struct incoming m = {.from = from};
    uint64_t pushed_out;
    struct sms_packet p;
    int err;

    ch->n.mo_received++;
    tap_sms_mo(ch, from, tp_ud);
    m.n = ch->port.candidates(ch->port.ctx, from, m.eid, CHANNEL_CANDIDATES_MAX);
    if (m.n == 0) {
        stranger_says(ch, from, tp_ud);
        return;
    }
    if (!guard_open(ch, from)) {
        ch->n.mo_throttled++;
        return;
    }
    pushed_out = sms_rx_pushed_out(ch->rx);
    err = sms_rx_part(ch->rx, from->s, tp_ud, channel_now(ch), &p);
    pushed_out = sms_rx_pushed_out(ch->rx) - pushed_out;
    ch->n.mo_overflow += pushed_out + (err == ERR_NOMEM);
    ch->n.mo_part += err == ERR_AGAIN;
    ch->n.mo_format += err == ERR_FORMAT;
    if (err == ERR_FORMAT || pushed_out)
        guard_unproven(ch, from);
    if (err)
        return;
    m.packet = span_of(p.b, p.n);
    if (p.kind == SMS_COMMAND && !notification_level(m.packet)) {
        ch->n.notification_level++;
        guard_unproven(ch, from);
    } else if (!candidates_try(ch, p.kind, &m)) {
        guard_unproven(ch, from);
    }
}
