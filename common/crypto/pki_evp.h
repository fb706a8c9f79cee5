/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of pki_issue: private keys as the library wants them for X.509 and PEM. */
#pragma once

#include "common/crypto/crypto.h"

struct evp_pkey_st;

/* The handle as a library key (the caller frees it), or NULL. Exports the key's octets. */
struct evp_pkey_st *pki_evp_from_key(const struct key *k);
/* The other way round; ERR_UNSUPPORTED for anything but an EC key on a named curve of ours. */
MUST_CHECK int pki_evp_to_key(struct crypto *c, struct evp_pkey_st *evp, struct key **ret);
enum curve pki_evp_curve(const struct key *k);   /* of an EC private key */
