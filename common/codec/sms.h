/* SPDX-License-Identifier: Apache-2.0 */
/* SMS of TS 23.040 as OTA uses it: user-data headers, concatenation, DELIVER and SUBMIT TPDUs, the
 * ENVELOPE to the card. Facts: ota section 1.6.
 *   single:      02 70 00 packet
 *   first of n:  07 00 03 ref n 01 70 00 packet part
 *   k-th of n:   05 00 03 ref n k packet part
 * Any order of the elements and the 16-bit reference (08 04 refhi reflo n k) are read. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"

#define SMS_UD_MAX 140u
#define SMS_PARTS_MAX 30u
#define SMS_PID_SIM_DATA 0x7Fu
#define SMS_DCS_CLASS2 0xF6u

enum sms_kind { SMS_COMMAND = 0x70, SMS_RESPONSE = 0x71 };

struct sms_ud {                 /* one TP-UD taken apart */
    bool has_concat;
    uint16_t ref;
    uint8_t total, index;       /* index from 1 */
    bool has_kind;              /* the 70/71 element stands in the only or first part */
    enum sms_kind kind;
    struct span data;
};
/* ERR_TRUNCATED, ERR_FORMAT; ERR_TOO_LARGE beyond 140 octets or SMS_PARTS_MAX parts. */
MUST_CHECK int sms_ud_parse(struct span tp_ud, struct sms_ud *ret);

/* Number of TP-UDs for a packet of n octets; 0 when more than SMS_PARTS_MAX or nothing at all. */
unsigned sms_parts(size_t n);
/* Writes TP-UD number index (1..sms_parts) of the packet; at most 140 octets. ERR_INVAL,
 * ERR_TOO_LARGE. */
MUST_CHECK int sms_part_put(struct writer *w, enum sms_kind kind, struct span packet, uint8_t ref,
                            unsigned index);

struct sms_deliver {            /* SMS-DELIVER: network to card */
    struct msisdn oa;
    uint8_t pid, dcs;
    uint8_t scts[7];
    struct span ud;
};
struct sms_submit {             /* SMS-SUBMIT: card to network */
    uint8_t mr;
    struct msisdn da;
    uint8_t pid, dcs;
    struct span ud;
};
/* Parsing gives ERR_UNSUPPORTED for what cannot carry a packet: no UDHI, 7-bit data, a sender in
 * letters. Written is 40 / 41: MMS bit clear, no validity period inside. */
void sms_deliver_put(struct writer *w, const struct sms_deliver *d);
MUST_CHECK int sms_deliver_parse(struct span tpdu, struct sms_deliver *ret);
void sms_submit_put(struct writer *w, const struct sms_submit *s);
MUST_CHECK int sms_submit_parse(struct span tpdu, struct sms_submit *ret);

/* ENVELOPE (SMS-PP download): D1 { 82 02 83 81 | 06 L SC address | 8B L TPDU }; sc NULL or empty
 * leaves 06 out. */
void sms_envelope_put(struct writer *w, const struct msisdn *sc, struct span tpdu);
MUST_CHECK int sms_envelope_parse(struct span ber, struct span *ret_tpdu);

/* TP-VP relative octet for a period in seconds, the largest that does not exceed it (TS 23.040
 * 9.2.3.12.1, believed); and back. */
uint8_t sms_vp_from_seconds(int64_t s);
int64_t sms_vp_seconds(uint8_t vp);

/* Address digits in swapped BCD: count in digits, TON/NPI, digits. Written with 91 (international),
 * short codes (under seven digits, or starting 0) with 81; read with any TON but letters. */
void sms_address_put(struct writer *w, const struct msisdn *m);
MUST_CHECK int sms_address_get(struct reader *r, struct msisdn *ret);
