/* SPDX-License-Identifier: Apache-2.0 */
/* X9.63 KDF with SHA-256 (counter from 00000001) and the SP 800-108 CMAC counter KDF of SCP03. */
#pragma once

#include "common/crypto/crypto.h"

MUST_CHECK int kdf_x963(struct crypto *c, struct span z, struct span shared_info, uint8_t *dst,
                        size_t n);
/* block_i = CMAC(k, before || i(1) || after); output cut to n octets (n <= 64). */
MUST_CHECK int kdf_sp800_108(struct crypto *c, const struct key *k, struct span before,
                             struct span after, uint8_t *dst, size_t n);
/* GP Amendment D 4.1.5: before = 00 x11 || constant || 00 || L(bits, 2), after = context. */
MUST_CHECK int kdf_scp03(struct crypto *c, const struct key *k, uint8_t constant, unsigned bits,
                         struct span context, uint8_t *dst);
