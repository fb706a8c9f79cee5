/* SPDX-License-Identifier: Apache-2.0 */
/* SAIP (TCA interoperable profile package): a sequence of DER profile elements, walked and edited by
 * tag path only; no ASN.1 schema. Field tags are listed in saip.c with the element they stand in. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/base/mem.h"

/* Profile element choice tags [0]..: header 0, mf 16, cd.., end 10, ... the whole list in saip.c. */
struct saip_pe {
    uint32_t tag;              /* choice number, 0 = header */
    const char *name;          /* "header", "usim", "akaParameter", "end"; "unknown" */
    struct span raw;           /* whole element */
    struct span value;
    uint32_t identification;   /* PE header identification; 0 when the element has none */
};
MUST_CHECK int saip_next(struct reader *r, struct saip_pe *ret);   /* ERR_NOT_FOUND at the end */
/* Elements in order header..end, exactly one header first and one end last. */
MUST_CHECK int saip_check(struct span package, unsigned *ret_elements, struct errmsg *why);

/* What a card keeps of a package, and what personalisation sets. Zero-length / empty = not there. */
struct saip_pin { uint8_t key_ref; uint8_t value[8]; uint8_t unblock_ref; };
struct saip_puk { uint8_t key_ref; uint8_t value[8]; };
struct saip_ota_key { uint8_t kvn; uint8_t kid; uint8_t type; uint8_t n; uint8_t value[32]; };
struct saip_profile {
    uint8_t version_major, version_minor;
    char profile_type[64];
    struct iccid iccid_header, iccid_ef;
    uint8_t pol;                      /* POL1, ProfileHeader field pol [4]; 0 when absent */
    bool has_pol;
    uint8_t connectivity[64];         /* ProfileHeader connectivityParameters as carried */
    size_t connectivity_len;
    struct imsi imsi;
    uint8_t acc[2];
    bool has_acc;
    uint8_t ad[8];
    size_t ad_len;                    /* EF-AD content; octet 4 is the MNC length */
    uint8_t smsp[64];
    size_t smsp_len;
    struct msisdn msisdn;
    uint8_t k[16], opc[16];           /* secrets: wipe after use */
    bool has_k, has_opc;
    uint8_t algorithm;                /* 1 Milenage, 2 TUAK, 3 usim-test */
    struct saip_pin pin[8];
    unsigned n_pin;
    struct saip_puk puk[8];
    unsigned n_puk;
    struct saip_ota_key ota[16];
    unsigned n_ota;
    uint8_t min_msl;                  /* lowest minimumSecurityLevel met; FF when none */
    unsigned n_des_keys;
    unsigned n_elements;
};
/* Walks the whole package; recursion and counts bounded. why names the element that is wrong. */
MUST_CHECK int saip_read(struct span package, struct saip_profile *ret, struct errmsg *why);
