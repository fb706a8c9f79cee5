/* SPDX-License-Identifier: Apache-2.0 */
/* What the channel tells who looks on. */
#include "common/crypto/scp80.h"
#include "smsr/channel/channel_int.h"

void tap_sms_mt(struct channel *ch, const struct msisdn *to, const char *from, struct span tp_ud)
{
    const struct tap_sms s = {true, to, from, tp_ud};

    if (ch->tap)
        ch->tap->sms(ch->tap->ctx, &s);
}

void tap_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud)
{
    const struct tap_sms s = {false, from, "", tp_ud};

    if (ch->tap)
        ch->tap->sms(ch->tap->ctx, &s);
}

void tap_datagram(struct channel *ch, bool out, uint64_t conn, struct span pdu)
{
    if (ch->tap)
        ch->tap->datagram(ch->tap->ctx, out, conn, pdu);
}

void tap_command(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                 struct span packet)
{
    struct tap_packet p = {.out = true, .eid = *eid, .dialect = d, .packet = packet};
    struct scp80_command cmd;
    struct scp80_keys keys;
    struct isdr_keys k;

    if (!ch->tap)
        return;
    for (unsigned at = 0; !p.opened && scp80_keys_at(ch, eid, at, &k); at++) {
        keys = scp80_keys_from(&k);
        p.opened = scp80_unwrap(ch->crypto, &keys, d, packet, &cmd) == ERR_OK;
    }
    if (p.opened) {
        p.counter = cmd.cntr;
        p.content = span_of(cmd.data, cmd.data_len);
    }
    ch->tap->packet(ch->tap->ctx, &p);
    if (p.opened)
        mem_wipe(&cmd, sizeof cmd);
}

void tap_notification(struct channel *ch, const struct eid *eid, struct span packet,
                      const struct scp80_command *cmd)
{
    const struct tap_packet p = {.eid = *eid, .dialect = PACKET_SMS, .packet = packet,
                                 .opened = true, .counter = cmd->cntr,
                                 .content = span_of(cmd->data, cmd->data_len)};

    if (ch->tap)
        ch->tap->packet(ch->tap->ctx, &p);
}

void tap_response(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                  struct span packet, const struct scp80_response *por)
{
    const struct tap_packet p = {.response = true, .eid = *eid, .dialect = d, .packet = packet,
                                 .opened = true, .counter = por->cntr, .status = por->status,
                                 .content = span_of(por->data, por->data_len)};

    if (ch->tap)
        ch->tap->packet(ch->tap->ctx, &p);
}

void tap_post(struct channel *ch, const struct eid *eid, const struct uuid *session,
              const struct admin_request *r)
{
    const struct tap_step s = {.eid = *eid, .session = *session, .uri = r->uri, .body = r->body};

    if (ch->tap)
        ch->tap->step(ch->tap->ctx, &s);
}

void tap_answer(struct channel *ch, const struct session *se, const struct admin_response *r)
{
    const struct tap_step s = {true, se->eid, se->id, r->next_uri, r->code, r->target, r->body};

    if (ch->tap)
        ch->tap->step(ch->tap->ctx, &s);
}
