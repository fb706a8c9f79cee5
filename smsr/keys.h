/* SPDX-License-Identifier: Apache-2.0 */
/* Opened keys of cards, bounded: unsealing is a lookup in journal.db and one AES-GCM (design law
 * 9). */
#pragma once

#include "common/journal/journal.h"
#include "smsr/api/isdr_secret.h"

struct keys;
/* NULL: out of memory. Borrows both. At most max cards are held open. */
struct keys *keys_new(struct journal *j, struct keystore *ks, unsigned max);
void keys_free(struct keys *k);
/* The card's keys, valid until the next call. ERR_NOT_FOUND: none are stored; ERR_AUTH: sealed
 * under another KEK, or for another card. */
MUST_CHECK int keys_get(struct keys *k, uint32_t tenant, const struct eid *eid,
                        const struct isdr_secret **ret);
