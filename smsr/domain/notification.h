/* SPDX-License-Identifier: Apache-2.0 */
/* The default notification of a card (SGP.02 4.1.1.10; facts: sgp02 section 6.9):
 * E1 L { 4C 10 EID | 4D 01 type | 4E 02 sequence | 2F 10 AID now enabled | [14 IMEI] [6D MEID] };
 * 4F and AF stand for 2F, 94 for 14, ED for 6D on some cards. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"

enum notification_kind { NOTIFICATION_FIRST_ATTACH = 1, NOTIFICATION_CHANGED = 2,
                         NOTIFICATION_ROLLED_BACK = 3, NOTIFICATION_FALLEN_BACK = 5 };

struct notification {
    struct eid eid;
    uint8_t kind;
    uint16_t sequence;
    struct aid aid;
    struct span imei;              /* as coded by the card; absent = empty */
};
MUST_CHECK int notification_parse(struct span e1, struct notification *ret);
/* An IMEI as a person reads it; what is not coded so (TS 102 223 8.20) in hexadecimal. At most 16 octets. */
#define IMEI_TEXT 36
void imei_text(struct span imei, char dst[IMEI_TEXT]);
/* RFC 1982 order of 16-bit sequence numbers: a comes after b. 32768 apart is neither. */
bool sequence_newer(uint16_t a, uint16_t b);
