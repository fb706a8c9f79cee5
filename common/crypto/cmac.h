/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CMAC (RFC 4493, SP 800-38B), AES-128/192/256; and the DES CBC-MAC of TS 102 225. */
#pragma once

#include "common/crypto/crypto.h"

MUST_CHECK int cmac(struct crypto *c, const struct key *k, const struct span *parts, size_t n_parts,
                    uint8_t ret[16]);
/* DES/3DES CBC-MAC: IV 0, zero padding, the last 8 octets (old cards and vectors only). */
MUST_CHECK int des_cbc_mac(struct crypto *c, const struct key *k, const struct span *parts,
                           size_t n_parts, uint8_t ret[8]);
