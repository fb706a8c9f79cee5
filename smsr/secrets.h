/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates that the configuration names as files. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/crypto/pki.h"
#include "smsr/api/api.h"
#include "smsr/conf.h"

struct secrets {
    struct crypto *crypto;
    struct keystore *keystore;
    struct pki *pki;
    struct transport_key *transport;
    unsigned n_transport;
};
/* ERR_CONFIG and one sentence that names the file. now_ms: dates of our own certificate. */
MUST_CHECK int secrets_open(const struct conf *c, int64_t now_ms, struct secrets *ret,
                            struct errmsg *why);
void secrets_close(struct secrets *s);
/* The first line of a file of the owner's alone, at most cap - 1 characters; may be empty. ERR_CONFIG. */
MUST_CHECK int secrets_password(const char *file, char *dst, size_t cap, struct errmsg *why);
/* A transport key as components of 32 hexadecimal digits, one a line, that are combined by XOR:
 * nobody who holds one of them knows the key. ERR_FORMAT. */
MUST_CHECK int transport_key_parse(struct span text, struct key **ret);
