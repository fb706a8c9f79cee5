/* SPDX-License-Identifier: Apache-2.0 */
/* A carrier that has some of the units itself and hands the others on: its first member. Each of
 * its functions that is not replaced, and each call below, goes to the carrier behind it. */
#pragma once

#include "smsr/channel/carrier.h"

struct carrier_pass {
    struct carrier port;           /* ctx: the whole carrier */
    const struct carrier *others;
};
void carrier_pass_init(struct carrier_pass *p, const struct carrier *others);
int carrier_pass_sms_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                        uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag);
int carrier_pass_stream_send(void *ctx, uint64_t conn, struct span bytes);
void carrier_pass_stream_close(void *ctx, uint64_t conn);
int carrier_pass_datagram(void *ctx, uint64_t conn, struct span pdu);
void carrier_pass_datagram_end(void *ctx, uint64_t conn);
