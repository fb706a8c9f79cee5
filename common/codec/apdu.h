/* SPDX-License-Identifier: Apache-2.0 */
/* ISO 7816-4 command and response APDUs in their short form (Lc and Le one octet). */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

struct apdu_cmd {
    uint8_t cla, ins, p1, p2;
    struct span data;     /* at most 255 octets */
    bool has_le;
    uint8_t le;           /* 00 means 256 */
};
struct apdu_rsp {
    struct span data;
    uint16_t sw;
};

/* Cases 1..4 by length: 4 octets; 4+Le; 4+Lc+data; 4+Lc+data+Le. ERR_FORMAT, ERR_TRUNCATED. */
MUST_CHECK int apdu_cmd_parse(struct span s, struct apdu_cmd *ret);
void apdu_cmd_put(struct writer *w, const struct apdu_cmd *c);
MUST_CHECK int apdu_rsp_parse(struct span s, struct apdu_rsp *ret);  /* at least SW1 SW2 */
void apdu_rsp_put(struct writer *w, struct span data, uint16_t sw);

/* 9000, 61xx, 62xx, 63xx, 91xx: the script goes on (TS 102 226, believed). */
bool sw_is_ok(uint16_t sw);
const char *sw_text(uint16_t sw);    /* "6985 conditions of use not satisfied" without the number */
