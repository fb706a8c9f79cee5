/* SPDX-License-Identifier: Apache-2.0 */
/* GlobalPlatform certificate 7F21 (GP Amendment E; facts: ota section 6.4):
 * 7F21 { 93 serial | 42 CA id | 5F20 subject | 95 usage | [5F25 from] | 5F24 to |
 *        73 { C8 01 01=SM-DP 02=SM-SR, [C9 authority key id] } | 7F49 { B0 41 04XY, F0 01 curve } |
 *        5F37 64-octet r||s over 93..7F49 }.
 * Usage 82 is written, 82 and 88 are accepted for signatures; ECASD 00 80 or 80. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

enum gpcert_role { GPCERT_ROLE_NONE = 0, GPCERT_ROLE_SMDP = 1, GPCERT_ROLE_SMSR = 2 };

struct gpcert {
    struct span serial, ca_id, subject;
    uint32_t usage;               /* one or two octets, big-endian */
    uint32_t from_date, to_date;  /* BCD YYYYMMDD as number 20450101; from 0 = absent */
    enum gpcert_role role;
    struct span authority_key_id; /* absent = empty */
    struct span point;            /* 04 || X || Y */
    uint8_t curve;                /* key parameter reference, 00 P-256 03 brainpoolP256r1 */
    struct span tbs;              /* 93..7F49 as sent */
    struct span signature;        /* r||s */
};
/* Borrows from the input. Elements in the order above, none unknown; ERR_FORMAT otherwise. */
MUST_CHECK int gpcert_parse(struct span cert_7f21, struct gpcert *ret);
/* Writes the to-be-signed TLVs 93..7F49 from the fields; then the whole 7F21 around tbs and sig. */
void gpcert_tbs_put(struct writer *w, const struct gpcert *c);
void gpcert_put(struct writer *w, struct span tbs, struct span signature);

/* Key usage 82 or 88 may sign (SM-DP, SM-SR); 80 or 00 80 may agree on keys (ECASD). */
bool gpcert_usage_signs(uint32_t usage);
bool gpcert_usage_agrees(uint32_t usage);

/* Value of 7F49. Ephemeral keys come in two encodings, a capability of the card: bare 04 || X || Y
 * (*ret_curve is 0 then, the curve is known from the certificate), or B0 41 point, F0 01 curve. */
MUST_CHECK int gpcert_key_parse(struct span value, struct span *ret_point, uint8_t *ret_curve,
                                bool *ret_bare);
void gpcert_key_put(struct writer *w, struct span point, uint8_t curve, bool bare); /* with 7F49 */
