/* SPDX-License-Identifier: Apache-2.0 */
/* The algorithms of the house, fetched once from OpenSSL and passed down, and keys as handles: a
 * key has no formatter and its bytes leave this folder only sealed. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/rng.h"

struct crypto;
/* rng feeds challenges, IVs, salts; NULL takes OpenSSL's RAND_bytes. One object per thread. */
struct crypto *crypto_new(struct rng *rng);
void crypto_free(struct crypto *c);
void crypto_random(struct crypto *c, void *dst, size_t n);

enum key_type { KEY_AES, KEY_DES, KEY_PSK, KEY_RAW, KEY_EC_PRIVATE };
enum curve { CURVE_P256 = 0x00, CURVE_BRAINPOOLP256R1 = 0x03, CURVE_FRP256V1 = 0x40 };

struct key;
/* Copies 1..64 octets into a handle; AES 16/24/32, DES 8/16/24, PSK >= 16. */
MUST_CHECK int key_new(enum key_type type, struct span bytes, struct key **ret);
MUST_CHECK int key_random(struct crypto *c, enum key_type type, size_t n, struct key **ret);
struct key *key_ref(struct key *k);               /* handles are shared by reference count */
void key_free(struct key *k);                     /* wipes at the last reference; NULL allowed */
enum key_type key_get_type(const struct key *k);
size_t key_size(const struct key *k);
/* KCV: AES first 3 octets of AES-ECB(key, 01 x16); DES of DES-ECB(key, 00 x8); PSK of
 * SHA-1(key). */
MUST_CHECK int key_kcv(struct crypto *c, const struct key *k, uint8_t ret_kcv[3]);
/* Writes the raw octets for a TLS PSK callback, a card image or sealing. Name of shame: every
 * caller is listed in the lint test. */
MUST_CHECK int key_export_raw(const struct key *k, uint8_t *dst, size_t cap, size_t *ret_n);

void sha256(struct crypto *c, const struct span *parts, size_t n_parts, uint8_t ret[32]);
void sha1(struct crypto *c, struct span s, uint8_t ret[20]);

MUST_CHECK int aes_ecb_block(struct crypto *c, const struct key *k, const uint8_t in[16],
                             uint8_t out[16]);
/* CBC without padding, n a multiple of the block (AES 16, DES 8); in and out may be the same. */
MUST_CHECK int cbc_encrypt(struct crypto *c, const struct key *k, const uint8_t *iv,
                           const uint8_t *in, size_t n, uint8_t *out);
MUST_CHECK int cbc_decrypt(struct crypto *c, const struct key *k, const uint8_t *iv,
                           const uint8_t *in, size_t n, uint8_t *out);
/* AES-128-ECB PKCS#7 as ES1 transport uses it (SGP.02 2.8): unwrap gives a key handle. */
MUST_CHECK int ecb_wrap_key(struct crypto *c, const struct key *transport, const struct key *k,
                            struct writer *w);
MUST_CHECK int ecb_unwrap_key(struct crypto *c, const struct key *transport, enum key_type type,
                              struct span wrapped, struct key **ret);
/* PUT KEY (GP Card Specification 11.8.2.3): CBC under the DEK, IV 0; the key's octets are whole blocks, else
 * ERR_INVAL. */
MUST_CHECK int cbc_wrap_key(struct crypto *c, const struct key *dek, const struct key *k,
                            struct writer *w);
/* AES-256-GCM, 12-octet nonce in front, 16-octet tag behind: n + 28 octets. */
MUST_CHECK int gcm_seal(struct crypto *c, const struct key *k, struct span aad, struct span plain,
                        struct writer *w);
MUST_CHECK int gcm_open(struct crypto *c, const struct key *k, struct span aad, struct span sealed,
                        struct writer *w);
