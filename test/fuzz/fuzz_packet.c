/* SPDX-License-Identifier: Apache-2.0 */
/* Packet heads in both dialects: what splits is written back the same (TS 102 225 5). */
#include "common/codec/packet.h"

#include <stdlib.h>

static void same(const struct writer *w, struct span head, struct span body, struct span s)
{
    if (!span_eq(wr_view(w), head) || head.n + body.n != s.n) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size);
    for (int i = 0; i < 2; i++) {
        enum packet_dialect d = i == 0 ? PACKET_SMS : PACKET_CATTP;
        uint8_t room[64];
        struct writer w = wr_init(room, sizeof room);
        struct packet_cmd c;
        struct packet_rsp r;
        if (packet_cmd_split(s, d, &c) == ERR_OK) {
            packet_cmd_head_put(&w, &c.head, c.cc_len, c.body.n, d);
            same(&w, c.head_raw, c.body, s);
            (void)packet_kic_alg(c.head.kic);
            (void)packet_kid_alg(c.head.kid, c.head.spi1);
        }
        if (packet_rsp_split(s, d, &r) == ERR_OK) {
            w = wr_init(room, sizeof room);
            packet_rsp_head_put(&w, r.tar, r.cc_len, r.body.n, d);
            same(&w, r.head_raw, r.body, s);
        }
    }
    (void)packet_crc16(s);
    (void)packet_crc32(s);
    return 0;
}
