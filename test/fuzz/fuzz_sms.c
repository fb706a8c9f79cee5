/* SPDX-License-Identifier: Apache-2.0 */
/* TP-UDs, TPDUs, envelopes and addresses; segmentation of any packet joins again (TS 23.040 9.2).
 */
#include "common/codec/sms.h"

#include <stdlib.h>

static void parts_join(struct span packet)
{
    unsigned total = sms_parts(packet.n);
    size_t at = 0;
    for (unsigned k = 1; k <= total; k++) {
        uint8_t room[SMS_UD_MAX];
        struct writer w = wr_init(room, sizeof room);
        struct sms_ud ud;
        if (sms_part_put(&w, SMS_RESPONSE, packet, 7, k) != ERR_OK ||
            sms_ud_parse(wr_view(&w), &ud) != ERR_OK || ud.data.n > packet.n - at ||
            memcmp(packet.p + at, ud.data.p, ud.data.n) != 0) {
            abort();
        }
        at += ud.data.n;
    }
    if (total > 0 && at != packet.n) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span s = span_of(data, size);
    struct reader r = rd_init(s);
    struct sms_ud ud;
    struct sms_deliver d, d2;
    struct sms_submit u, u2;
    struct msisdn m;
    struct span tpdu;
    uint8_t room[256];
    parts_join(s);
    (void)!sms_ud_parse(s, &ud);
    (void)!sms_address_get(&r, &m);
    (void)!sms_envelope_parse(s, &tpdu);
    if (sms_deliver_parse(s, &d) == ERR_OK) {
        struct writer w = wr_init(room, sizeof room);
        sms_deliver_put(&w, &d);
        if (sms_deliver_parse(wr_view(&w), &d2) != ERR_OK || !span_eq(d.ud, d2.ud)) {
            abort();
        }
    }
    if (sms_submit_parse(s, &u) == ERR_OK) {
        struct writer w = wr_init(room, sizeof room);
        sms_submit_put(&w, &u);
        if (sms_submit_parse(wr_view(&w), &u2) != ERR_OK || !span_eq(u.ud, u2.ud) ||
            !msisdn_eq(&u.da, &u2.da)) {
            abort();
        }
    }
    return 0;
}
