/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of crypto: what its source files share. No OpenSSL type is named here, each part keeps its
 * library objects to its own file. Nobody outside this folder includes it. */
#pragma once

#include "common/crypto/crypto.h"

#define KEY_MAX 64u
#define AES_BLOCK 16u
#define DES_BLOCK 8u

struct ciphers;     /* aes.c: CBC and GCM contexts, re-keyed for each call */
struct macs;        /* cmac.c: one CMAC context for each AES key length */
struct digests;     /* crypto.c */
struct curves;      /* ec.c: domains and the bounded cache of parsed public keys */

struct crypto {
    struct rng *rng;
    struct ciphers *ciphers;
    struct macs *macs;
    struct digests *digests;
    struct curves *curves;
};

struct ec_pair;     /* ec.c: the private key as the library holds it */

struct key {
    size_t refs;
    enum key_type type;
    size_t n;
    uint8_t b[KEY_MAX];
    enum curve curve;       /* KEY_EC_PRIVATE only */
    struct ec_pair *pair;
};

struct ciphers *ciphers_new(void);
void ciphers_free(struct ciphers *c);
struct macs *macs_new(void);
void macs_free(struct macs *m);
struct curves *curves_new(void);
void curves_free(struct curves *c);
void ec_pair_free(struct ec_pair *p);

/* A handle over one EC private key; takes over pair, also on failure. */
MUST_CHECK int key_new_ec(enum curve curve, const uint8_t d[32], struct ec_pair *pair,
                          struct key **ret);
/* 8 octets by DES or 3DES in ECB. */
MUST_CHECK int des_ecb_block(struct crypto *c, const struct key *k, const uint8_t in[DES_BLOCK],
                             uint8_t out[DES_BLOCK]);
static inline size_t key_block(const struct key *k)
{
    return k->type == KEY_DES ? DES_BLOCK : AES_BLOCK;
}
