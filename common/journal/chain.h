/* SPDX-License-Identifier: Apache-2.0 */
/* The hashes of the journal (design section 3.2). All integers big-endian:
 *   body_hash = SHA-256(salt16 || body)
 *   leaf      = SHA-256(00 || u32 stream || u64 seq || u64 lsn || u32 epoch || i64 at_ms
 *                       || u8 class || u8 len || type || 16-byte eid or zeros
 *                       || 16-byte op or zeros || body_hash)
 *   hash      = SHA-256(01 || previous hash of the stream || leaf)
 * The record before the first of a stream has the hash of 32 zero octets. */
#pragma once

#include "common/journal/journal.h"

#define JOURNAL_SALT 16

extern const uint8_t CHAIN_GENESIS[32];

void chain_body_hash(struct crypto *c, const uint8_t salt[JOURNAL_SALT], struct span body,
                     uint8_t ret[32]);
void chain_leaf(struct crypto *c, const struct journal_record *r, const uint8_t body_hash[32],
                uint8_t ret[32]);
void chain_link(struct crypto *c, const uint8_t previous[32], const uint8_t leaf[32],
                uint8_t ret[32]);
