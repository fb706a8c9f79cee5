/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly of concatenated TP-UDs into secured packets, both ends. Pure: time is passed in.
 * Bounded table; parts of two sends of the same bytes may be mixed because their reference is the
 * same. */
#pragma once

#include "common/codec/packet.h"
#include "common/codec/sms.h"

struct sms_rx;
/* At most max_open unfinished messages and per_source of one source, each kept hold_ms. One more pushes the oldest out,
 * of the source or of all: a table that refuses is shut for hold_ms by whoever fills it. */
struct sms_rx *sms_rx_new(size_t max_open, size_t per_source, int64_t hold_ms);
void sms_rx_free(struct sms_rx *rx);

struct sms_packet {
    enum sms_kind kind;
    size_t n;
    uint8_t b[PACKET_MAX];
};
/* source: the sender's digits (and on the card side the empty string). ERR_AGAIN: more parts are
 * missing; ERR_FORMAT: not an OTA TP-UD; ERR_NOMEM. ERR_OK: *ret holds a whole packet. */
MUST_CHECK int sms_rx_part(struct sms_rx *rx, const char *source, struct span tp_ud, int64_t now_ms,
                           struct sms_packet *ret);
size_t sms_rx_open_count(const struct sms_rx *rx);
uint64_t sms_rx_pushed_out(const struct sms_rx *rx);     /* messages, since it is there */
