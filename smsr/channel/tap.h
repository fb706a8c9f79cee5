/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on: told of every unit that a carrier took or brought, and of what was opened of it
 * with keys the channel has anyway. It changes nothing and answers nothing. */
#pragma once

#include "common/base/ids.h"
#include "common/codec/packet.h"
#include "common/msg/event.h"

struct tap_sms {
    bool out;
    const struct msisdn *card;
    const char *own;               /* number of the SM-SR; "": the carrier did not say */
    struct span tp_ud;
};
struct tap_packet {                /* SCP80, whole */
    bool out;                      /* else a response, or a notification that is a command packet */
    bool response;
    struct eid eid;
    enum packet_dialect dialect;
    struct span packet;
    bool opened;                   /* counter, status and content are what was inside */
    uint64_t counter;
    uint8_t status;
    struct span content;
};
struct tap_step {                  /* SCP81: one POST or the response to it */
    bool out;
    struct eid eid;
    struct uuid session;
    const char *uri;               /* of the POST; out: Next-URI, "" for none */
    int code;                      /* out */
    struct aid target;             /* out */
    struct span body;
};
struct channel_tap {
    void (*sms)(void *ctx, const struct tap_sms *s);
    void (*datagram)(void *ctx, bool out, uint64_t conn, struct span pdu);
    void (*packet)(void *ctx, const struct tap_packet *p);
    void (*step)(void *ctx, const struct tap_step *s);
    void *ctx;
};
