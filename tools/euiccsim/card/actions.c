/* SPDX-License-Identifier: Apache-2.0 */
/* What a card asks of its device; bytes are copied into the list's arena. */
#include "tools/euiccsim/card/card_int.h"

static int action_add(struct card_actions *out, const struct card_action *a)
{
    if (out->n >= sizeof(out->a) / sizeof(out->a[0]))
        return ERR_FULL;
    out->a[out->n] = *a;
    if (a->bytes.n > 0) {
        uint8_t *copy = arena_dup(out->arena, a->bytes.p, a->bytes.n);

        if (!copy)
            return ERR_NOMEM;
        out->a[out->n].bytes.p = copy;
    }
    out->n++;
    return ERR_OK;
}

int action_plain(struct card_actions *out, enum card_action_kind kind)
{
    return action_add(out, &(struct card_action){.kind = kind});
}

int action_open(struct card_actions *out, const uint8_t ipv4[4], uint16_t port)
{
    struct card_action a = {.kind = CARD_OPEN_STREAM, .port = port};

    memcpy(a.ipv4, ipv4, sizeof(a.ipv4));
    return action_add(out, &a);
}

int action_open_udp(struct card_actions *out, const uint8_t ipv4[4], uint16_t port)
{
    struct card_action a = {.kind = CARD_OPEN_UDP, .port = port};

    memcpy(a.ipv4, ipv4, sizeof(a.ipv4));
    return action_add(out, &a);
}

int action_datagram(struct card_actions *out, struct span bytes)
{
    return action_add(out, &(struct card_action){.kind = CARD_DATAGRAM, .bytes = bytes});
}

int action_send(struct card_actions *out, struct span bytes)
{
    return action_add(out, &(struct card_action){.kind = CARD_STREAM_SEND, .bytes = bytes});
}

int action_sms(struct card_actions *out, const struct msisdn *to, enum sms_kind kind,
               struct span packet, uint8_t ref)
{
    unsigned total = sms_parts(packet.n);

    for (unsigned i = 1; i <= total; i++) {
        uint8_t ud[SMS_UD_MAX];
        struct writer w = wr_init(ud, sizeof(ud));
        struct card_action a = {.kind = CARD_SEND_SMS, .to = *to};
        int rc = sms_part_put(&w, kind, packet, ref, i);

        if (rc != ERR_OK)
            return rc;
        a.bytes = wr_view(&w);
        rc = action_add(out, &a);
        if (rc != ERR_OK)
            return rc;
    }
    return total > 0 ? ERR_OK : ERR_TOO_LARGE;
}
