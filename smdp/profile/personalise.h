/* SPDX-License-Identifier: Apache-2.0 */
/* Turns a profile template into the package of one subscription (SGP.02 3.1.3: the SM-DP
 * personalises before it encrypts). Pure: bytes in, bytes out; a personalised package exists in
 * memory only. */
#pragma once

#include "common/codec/saip.h"
#include "smdp/profile/subscription.h"

/* What a run set, or left as the template has it. */
enum profile_item {
    PROFILE_ICCID = 1 << 0,
    PROFILE_IMSI = 1 << 1,
    PROFILE_AKA = 1 << 2,
    PROFILE_ACC = 1 << 3,
    PROFILE_AD = 1 << 4,
    PROFILE_SMSP = 1 << 5,
    PROFILE_MSISDN = 1 << 6,
    PROFILE_PIN1 = 1 << 7,
    PROFILE_PUK1 = 1 << 8,
    PROFILE_PIN2 = 1 << 9,
    PROFILE_PUK2 = 1 << 10,
    PROFILE_ADM1 = 1 << 11,
    PROFILE_OTA = 1 << 12,
    PROFILE_POL1 = 1 << 13,
    PROFILE_CONNECTIVITY = 1 << 14,
    PROFILE_TYPE = 1 << 15,
};

struct profile_options {
    /* Cards of a test range: secrets of the template that every card would share, and the usim-test
     * algorithm, are let through. */
    bool test;
    const struct iccid *iccid; /* the order's; NULL: any */
    const struct plmn *plmn;   /* networks of the operator; n_plmn 0: any */
    size_t n_plmn;
    /* Whole connectivityParameters (sgp02 7.4) from the operator's route; absent: the template's,
     * with the subscription's service centre. */
    struct span connectivity;
};

struct profile_report {
    uint32_t set;  /* enum profile_item */
    uint32_t kept; /* there, but left as the template has it */
    uint8_t mnc_len;
    size_t size;     /* octets of the package */
    uint32_t memory; /* estimate of saip_map: bound of requiredMemory (trust A3) */
    uint32_t services;         /* bits of the mandatory services of its header */
    unsigned services_unknown; /* and how many more */
};

/* Appends the package to out and reads it back: what it holds is what the subscription says.
 * options may be NULL. The caller wipes out (buf_wipe). ERR_NOT_FOUND: the template lacks an
 * element the subscription has a value for; ERR_CONFIG: two inputs contradict each other;
 * ERR_UNSUPPORTED: algorithm or key type; ERR_FORMAT: not a profile package. why names item and
 * cure, never a value. out is unchanged on failure. */
MUST_CHECK int profile_personalise(struct span template, const struct subscription *s,
                                   const struct profile_options *options, struct buf *out,
                                   struct profile_report *ret, struct errmsg *why);
