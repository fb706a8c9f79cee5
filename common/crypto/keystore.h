/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing of secrets at rest and the port behind which an HSM or key process comes later (design
 * law 9). Hierarchy: KEK file -> tenant KEK = HKDF-SHA256(KEK, "remora/tenant" || tenant) -> record
 * key = HKDF(tenant KEK, "remora/record" || purpose || id) -> AES-256-GCM with aad = all of these,
 * so a sealed blob copied to another row, tenant or purpose does not open. */
#pragma once

#include "common/base/mem.h"
#include "common/crypto/crypto.h"

struct keystore;
/* kek: exactly 32 octets. Version is stored beside every sealed row. */
MUST_CHECK int keystore_new(struct crypto *c, struct span kek, uint32_t kek_version,
                            struct keystore **ret);
/* Reads a kek.bin of 32 octets, mode 0600 or stricter; why names the cure. */
MUST_CHECK int keystore_load(struct crypto *c, const char *path, struct keystore **ret,
                             struct errmsg *why);
void keystore_free(struct keystore *ks);
uint32_t keystore_version(const struct keystore *ks);

/* Where a sealed secret belongs; all of it is authenticated. */
struct secret_place {
    uint32_t tenant;
    char purpose[16];        /* "isdr-keys", "transport", "esk", "isdp-keys", "subscription" */
    uint8_t id[16];          /* EID, order id, ... */
};
MUST_CHECK int keystore_seal(struct keystore *ks, const struct secret_place *at, struct span plain,
                             struct buf *out);
MUST_CHECK int keystore_open(struct keystore *ks, const struct secret_place *at, struct span sealed,
                             struct buf *out);     /* out is wiped by the caller (buf_wipe) */

#define KEYSTORE_KEYS_MAX 8u
/* A list of 1..KEYSTORE_KEYS_MAX handles (symmetric, PSK or EC private) as one secret. ERR_INVAL: no
 * or too many keys, or a NULL among them. */
MUST_CHECK int keystore_seal_keys(struct keystore *ks, const struct secret_place *at,
                                  const struct key *const *keys, unsigned n, struct buf *out);
/* Exactly n handles, the caller's to free; all NULL after an error. ERR_AUTH: not what was sealed for
 * this place; ERR_CORRUPT: another list. */
MUST_CHECK int keystore_open_keys(struct keystore *ks, const struct secret_place *at,
                                  struct span sealed, struct crypto *c, unsigned n,
                                  struct key **ret);
