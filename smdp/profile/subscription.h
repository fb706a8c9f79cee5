/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a profile template the profile of one subscriber. k, opc, the codes and the OTA keys
 * are secrets: no formatter, never in an error text, wiped by subscription_wipe. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"

/* A PIN, PUK or ADM code as EF content: ASCII digits, F padded (TS 102 221 9.5.1); ADM may be hex.
 */
struct code8 {
    bool set;
    uint8_t v[8];
};

/* n is 16, 24 or 32 (AES); 0 = not given. */
struct ota_secret {
    uint8_t n;
    uint8_t v[32];
};

struct subscription {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn; /* empty: not known yet */
    uint8_t k[16], opc[16];
    bool has_acc; /* else one class from the last digit of the IMSI (TS 22.011 4.2) */
    uint8_t acc[2];
    uint8_t mnc_len;    /* 2 or 3; 0: from the operator's PLMNs or the template */
    struct msisdn smsc; /* service centre of EF-SMSP and connectivityParameters */
    struct code8 pin1, puk1, pin2, puk2, adm1;
    uint8_t ota_kvn; /* SCP80 key set of the MNO-SD, 01..0F; 0 = no keys given */
    struct ota_secret ota_kic, ota_kid, ota_dek;
    bool has_pol1;
    uint8_t pol1;          /* bits 01, 02, 04 (sgp02 4.2) */
    char profile_type[64]; /* empty: the template's stays */
};

void subscription_wipe(struct subscription *s);
