/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates 7F21: the envelope is written back the same from what was read (GP Amendment E). */
#include "common/codec/gpcert.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size);
    struct gpcert c, again;
    struct span point;
    uint8_t curve, room[1024], whole[1024];
    bool bare;
    (void)!gpcert_key_parse(s, &point, &curve, &bare);
    if (gpcert_parse(s, &c) != ERR_OK || size > 512) {
        return 0;
    }
    struct writer w = wr_init(whole, sizeof whole);
    gpcert_put(&w, c.tbs, c.signature);
    if (!span_eq(wr_view(&w), s)) {
        abort();
    }
    struct writer t = wr_init(room, sizeof room);
    gpcert_tbs_put(&t, &c);
    w = wr_init(whole, sizeof whole);
    gpcert_put(&w, wr_view(&t), c.signature);
    if (gpcert_parse(wr_view(&w), &again) != ERR_OK || again.usage != c.usage ||
        again.to_date != c.to_date || again.role != c.role || !span_eq(again.point, c.point) ||
        !span_eq(again.subject, c.subject)) {
        abort();
    }
    return 0;
}
