/* SPDX-License-Identifier: Apache-2.0 */
/* The port between the SM-SR's bearers and what carries them: CoAP to the simulated network, an
 * SMPP bind, UDP and TCP sockets, memory in the simulator (design 6). Only TP-UDs, stream bytes and
 * datagrams pass; a carrier's acknowledgement is never evidence. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/msg/event.h"

struct carrier {
    /* Hands one MT SMS to the SMSC of a network. vp_s: validity in seconds. The result comes later
     * as channel_sms_result with the same tag; ERR_FULL: not taken, try later. */
    int (*sms_mt)(void *ctx, const char *network, const struct msisdn *to, const char *from,
                  uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag);
    /* Bytes of an open stream, in order, delivered or the stream is cut. ERR_FULL: more than 64 KiB
     * wait. */
    int (*stream_send)(void *ctx, uint64_t conn, struct span bytes);
    void (*stream_close)(void *ctx, uint64_t conn);
    /* One CAT_TP PDU of at most 1,024 octets to where datagrams of this number come from. It may be
     * lost, whatever the result. */
    int (*datagram)(void *ctx, uint64_t conn, struct span pdu);
    void (*datagram_end)(void *ctx, uint64_t conn);      /* nothing goes there any more */
    void *ctx;
};

enum carrier_result { CARRIER_ACCEPTED, CARRIER_THROTTLED, CARRIER_QUEUE_FULL,
                      CARRIER_NO_SUBSCRIBER, CARRIER_REFUSED, CARRIER_SILENT };

/* What the carrier tells the channel (implemented by smsr/channel). */
struct channel;
void channel_sms_result(struct channel *ch, uint64_t tag, enum carrier_result r);
/* Where reports were asked for: how the network names this message, said just before CARRIER_ACCEPTED. */
void channel_sms_named(struct channel *ch, uint64_t tag, const char *id);
/* What it says of a message so named; error: the network's own, may be empty. A hint. false: no message of
 * this name waits for a report. */
bool channel_sms_report(struct channel *ch, const char *network, const char *id, enum message_report r,
                        const char *error);
/* One does: for a carrier whose network may write the name in another way than before. */
bool channel_sms_awaited(const struct channel *ch, const char *network, const char *id);
void channel_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud);
void channel_stream_open(struct channel *ch, uint64_t conn);
void channel_stream_bytes(struct channel *ch, uint64_t conn, struct span bytes);
void channel_stream_closed(struct channel *ch, uint64_t conn);
/* conn: where it came from, a number of the carrier's. true: the carrier keeps the number until
 * datagram_end; false: it may forget it now. */
bool channel_datagram(struct channel *ch, uint64_t conn, struct span pdu);
