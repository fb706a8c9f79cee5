/* SPDX-License-Identifier: Apache-2.0 */
/* TLV and DGI walks: what is read writes back to the same octets (X.690 8.1, minimal form only). */
#include "common/codec/tlv.h"

#include <stdlib.h>

static void tlv_walk(struct span s, uint8_t *room, size_t cap, unsigned depth)
{
    struct reader r = rd_init(s);
    struct tlv t;
    while (tlv_next(&r, &t) == ERR_OK) {
        struct writer w = wr_init(room, cap);
        tlv_put(&w, t.tag, t.value);
        if (!span_eq(wr_view(&w), t.raw)) {
            abort();
        }
        if (depth > 0) {
            tlv_walk(t.value, room, cap, depth - 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *room = malloc(size + 16);
    struct span s = span_of(data, size);
    struct reader r = rd_init(s);
    struct dgi d;
    struct tlv t;
    if (room == NULL) {
        return 0;
    }
    tlv_walk(s, room, size + 16, 3);
    (void)!tlv_find(s, 0x7F21, &t);
    while (dgi_next(&r, &d) == ERR_OK) {
        struct writer w = wr_init(room, size + 16);
        dgi_put(&w, d.tag, d.value);
        if (w.failed || !span_eq(span_of(r.p - w.len, w.len), wr_view(&w))) {
            abort();
        }
    }
    free(room);
    return 0;
}
