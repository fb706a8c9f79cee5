/* SPDX-License-Identifier: Apache-2.0 */
/* The identifiers of the field as value types (facts: sgp02 section 5, design section 3). All are
 * plain values: zero-initialised means absent, compare with the _eq functions, no pointers. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

/* EID: 32 digits, packed BCD, not swapped; the whole number mod 97 is 1 (SGP.02 Annex J). */
struct eid {
    uint8_t b[16];
};
#define EID_TEXT 33
/* ERR_FORMAT: not 32 digits or not starting 89; ERR_INVAL: check digits fail mod 97. */
MUST_CHECK int eid_parse(const char *s, struct eid *ret);
MUST_CHECK int eid_from_bytes(struct span s, struct eid *ret);   /* 16 BCD octets, mod 97 checked */
bool eid_check(const struct eid *e);                             /* digits and mod 97 */
void eid_text(const struct eid *e, char dst[EID_TEXT]);
bool eid_eq(const struct eid *a, const struct eid *b);
bool eid_is_zero(const struct eid *e);
/* Completes 30 digits by the two check digits: 98 - (N*100 mod 97). */
MUST_CHECK int eid_make(const char digits30[30], struct eid *ret);

/* ICCID: 18 to 20 digits starting 89, as a plain string off-card; nibble-swapped and F-padded to 10
 * octets inside EF-ICCID and the SAIP header. */
struct iccid {
    char s[21];
};
/* Digits; the F padding of a copied EF-ICCID (19 digits and F, 18 and FF) is dropped. */
MUST_CHECK int iccid_parse(struct span s, struct iccid *ret);
bool iccid_luhn_ok(const struct iccid *i);                       /* a failing digit only warns */
bool iccid_eq(const struct iccid *a, const struct iccid *b);
void iccid_swapped(const struct iccid *i, uint8_t dst[10]);      /* EF-ICCID form */
MUST_CHECK int iccid_from_swapped(struct span s, struct iccid *ret);

/* AID 5..16 octets. */
struct aid {
    uint8_t n;
    uint8_t b[16];
};
#define AID_TEXT 33
MUST_CHECK int aid_from_bytes(struct span s, struct aid *ret);
bool aid_eq(const struct aid *a, const struct aid *b);
void aid_text(const struct aid *a, char dst[AID_TEXT]);
struct span aid_span(const struct aid *a);
/* Octets 13..15 (SGP.02 Annex H); a shorter AID has no TAR of its own: UINT32_MAX. */
uint32_t aid_tar(const struct aid *a);
/* SGP.02 Annex H. ISD-P instances are A0000005591010FFFFFFFF8900xxxx00, xxxx 0010..FFFF. */
extern const struct aid AID_ISD_R, AID_ECASD, AID_ISD_P_PACKAGE, AID_ISD_P_MODULE;
MUST_CHECK int aid_isd_p(uint16_t number, struct aid *ret);      /* ERR_INVAL below 0010 */
bool aid_is_isd_p(const struct aid *a, uint16_t *ret_number);    /* ret_number may be NULL */

struct msisdn {
    char s[17];    /* 3..15 digits, international, no plus */
};
struct imsi {
    char s[16];    /* 6..15 digits */
};
struct plmn {
    char s[7];     /* MCC MNC, 5 or 6 digits: 310-26 and 310-260 differ */
};
struct oid {
    char s[64];    /* dotted decimal: the GSMA entity id of a party */
};
MUST_CHECK int msisdn_parse(struct span s, struct msisdn *ret);  /* a leading + is dropped */
MUST_CHECK int imsi_parse(struct span s, struct imsi *ret);
MUST_CHECK int plmn_parse(struct span s, struct plmn *ret);
MUST_CHECK int oid_parse(struct span s, struct oid *ret);
bool msisdn_eq(const struct msisdn *a, const struct msisdn *b);
bool imsi_eq(const struct imsi *a, const struct imsi *b);
bool oid_eq(const struct oid *a, const struct oid *b);

/* Operation, order and session ids: UUIDv7 (time-ordered), 16 octets. */
struct uuid {
    uint8_t b[16];
};
#define UUID_TEXT 37
struct rng;
void uuid_v7(struct uuid *ret, int64_t unix_ms, struct rng *rng);
void uuid_text(const struct uuid *u, char dst[UUID_TEXT]);       /* 8-4-4-4-12 lower case */
MUST_CHECK int uuid_parse(struct span s, struct uuid *ret);
bool uuid_eq(const struct uuid *a, const struct uuid *b);
bool uuid_is_zero(const struct uuid *u);
