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
/* They are others now: the next look is a new one. */
void keys_forget(struct keys *k, const struct eid *eid);
/* Of a handshake: the PSK of this version and index, valid until the next call; NULL: none such. eid
 * NULL: nobody here has that EID. Past the cache, and what is not there is made good by an opening that
 * leads nowhere: whoever is asked for, one row is read and one secret opened. */
struct key *keys_psk(struct keys *k, uint32_t tenant, const struct eid *eid, uint8_t kid,
                     uint8_t kvn);
/* What was done so far, for who compares it. */
struct keys_work {
    uint64_t rows_read, opened;
};
struct keys_work keys_work(const struct keys *k);
