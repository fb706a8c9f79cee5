/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of an ISD-R as one sealed secret per EID (design law 9). Clear layout, which never
 * leaves memory unsealed: 02 | number of SCP80 sets, of each KVN, n KIc, n KID, n DEK | number of SCP81 sets, of
 * each KVN, KID, n PSK, n DEK; n is one length octet and the key, 0 where there is none. Version 01 had one of
 * each, without numbers and without the DEK of SCP81. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/base/ids.h"

#define ISDR_SECRET_ID 48                   /* "isdr/" and 32 digits */
#define ISDR_SECRET_PURPOSE "isdr-keys"

#define ISDR_SETS_MAX 4u                    /* of SCP80 */
#define ISDR_PSKS_MAX 3u
struct isdr_set {
    uint8_t kvn;
    struct key *kic, *kid, *dek;            /* dek may be NULL */
};
struct isdr_psk {
    uint8_t kvn, kid;
    struct key *psk, *dek;                  /* dek may be NULL */
};
struct isdr_secret {
    struct isdr_set set[ISDR_SETS_MAX];
    unsigned n_sets;
    struct isdr_psk psk[ISDR_PSKS_MAX];
    unsigned n_psks;
};
void isdr_secret_fini(struct isdr_secret *s);
/* A copy that shares the keys; the caller's to fini. */
struct isdr_secret isdr_secret_copy(const struct isdr_secret *s);
/* NULL: there is none. */
const struct isdr_set *isdr_secret_set(const struct isdr_secret *s, uint8_t kvn);
const struct isdr_psk *isdr_secret_psk(const struct isdr_secret *s, uint8_t kvn);
/* Random keys: three for a version of SCP80, PSK and DEK with key identifiers 01 and 02 for one of SCP81.
 * ERR_FULL, ERR_EXISTS. */
MUST_CHECK int isdr_secret_grow(struct isdr_secret *s, struct crypto *c, uint8_t kvn);
/* The set of this version goes; there need be none. */
void isdr_secret_drop(struct isdr_secret *s, uint8_t kvn);
/* Id of the row that holds it. */
void isdr_secret_id(const struct eid *eid, char dst[ISDR_SECRET_ID]);
/* Appends the sealed octets. */
MUST_CHECK int isdr_secret_seal(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                                const struct isdr_secret *s, struct buf *out);
/* ERR_AUTH: other KEK, tenant or EID; ERR_CORRUPT. */
MUST_CHECK int isdr_secret_open(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                                struct span sealed, struct isdr_secret *ret);
