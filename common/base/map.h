/* SPDX-License-Identifier: Apache-2.0 */
/* Hash map from short byte keys (at most 48 octets) to pointers, with insertion-ordered iteration.
 * Keys are copied. SipHash-free on purpose: keys of ours are ids, the seed is per map. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

#define MAP_KEY_MAX 48

struct map;
struct map *map_new(size_t max_entries);        /* 0 = unbounded; NULL when out of memory */
void map_free(struct map *m);                   /* values are the caller's */
size_t map_count(const struct map *m);
void *map_get(const struct map *m, struct span key);
/* The value must not be NULL (it means absent). ERR_EXISTS when the key is there (value unchanged),
 * ERR_FULL at max_entries, ERR_NOMEM, ERR_INVAL for a longer key or a NULL value. */
MUST_CHECK int map_put(struct map *m, struct span key, void *value);
void *map_del(struct map *m, struct span key);  /* the removed value, or NULL */
void map_clear(struct map *m);                                      /* NULL: nothing */
/* Iteration: start with *cursor = NULL; returns false at the end. Deleting the entry just returned
 * is allowed. ret_key and ret_value may be NULL. */
bool map_next(const struct map *m, void **cursor, struct span *ret_key, void **ret_value);
