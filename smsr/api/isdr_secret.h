/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an ISD-R as one sealed secret per EID (design law 9). Clear layout, which never
 * leaves memory unsealed: 01 | SCP80 KVN, n KIc, n KID, n DEK | PSK KVN, KID, n PSK; n is one
 * length octet and the key, 0 where there is none. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/base/ids.h"

#define ISDR_SECRET_ID 48                   /* "isdr/" and 32 digits */
#define ISDR_SECRET_PURPOSE "isdr-keys"

struct isdr_secret {
    uint8_t scp80_kvn;
    struct key *kic, *kid, *dek;            /* dek may be NULL */
    uint8_t psk_kvn, psk_kid;
    struct key *psk;                        /* NULL: no SCP81 */
};
void isdr_secret_fini(struct isdr_secret *s);
/* Id of the row that holds it. */
void isdr_secret_id(const struct eid *eid, char dst[ISDR_SECRET_ID]);
/* Appends the sealed octets. */
MUST_CHECK int isdr_secret_seal(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                                const struct isdr_secret *s, struct buf *out);
/* ERR_AUTH: other KEK, tenant or EID; ERR_CORRUPT. */
MUST_CHECK int isdr_secret_open(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                                struct span sealed, struct isdr_secret *ret);
