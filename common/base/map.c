/* SPDX-License-Identifier: Apache-2.0 */
/* Chained hash table whose entries also hang on one list, so iteration follows insertion and never
 * addresses or hashes (design law 6: runs repeat bit by bit although the seed differs). */
#include "common/base/map.h"

#include "common/base/list.h"
#include "common/base/rng.h"

#include <stdlib.h>

#define MAP_BUCKETS_MIN 16

struct map_entry {
    struct list order;
    struct map_entry *chain;
    void *value;
    uint64_t hash;
    uint8_t n;
    uint8_t key[MAP_KEY_MAX];
};

struct map {
    struct list order;
    struct map_entry **buckets;
    size_t mask;
    size_t count;
    size_t max;
    uint64_t seed;
};

static uint64_t map_hash(const struct map *m, struct span key)
{
    uint64_t h = m->seed ^ key.n;
    for (size_t i = 0; i < key.n; i += 8) {
        size_t n = key.n - i < 8 ? key.n - i : 8;
        uint64_t w = 0;
        memcpy(&w, key.p + i, n);
        h = (h ^ w) * 0x9FB21C651E98DF25U;
        h ^= h >> 28;
    }
    h *= 0x9FB21C651E98DF25U;
    return h ^ h >> 32;
}

struct map *map_new(size_t max_entries)
{
    struct map *m = calloc(1, sizeof(*m));
    if (!m)
        return NULL;
    m->buckets = calloc(MAP_BUCKETS_MIN, sizeof(*m->buckets));
    if (!m->buckets) {
        free(m);
        return NULL;
    }
    struct rng rng;
    rng_init_system(&rng);
    m->seed = rng_u64(&rng);
    m->mask = MAP_BUCKETS_MIN - 1;
    m->max = max_entries;
    list_init(&m->order);
    return m;
}

void map_free(struct map *m)
{
    if (!m)
        return;
    map_clear(m);
    free(m->buckets);
    free(m);
}

size_t map_count(const struct map *m)
{
    return m->count;
}

/* The link that points to the entry, or to the NULL where it would hang. */
static struct map_entry **map_link(const struct map *m, struct span key, uint64_t hash)
{
    struct map_entry **link = &m->buckets[hash & m->mask];
    while (*link && !((*link)->hash == hash && span_eq(span_of((*link)->key, (*link)->n), key)))
        link = &(*link)->chain;
    return link;
}

void *map_get(const struct map *m, struct span key)
{
    const struct map_entry *e = *map_link(m, key, map_hash(m, key));
    return e ? e->value : NULL;
}

/* Without memory for a larger table the present one goes on, only slower. */
static void map_widen(struct map *m)
{
    size_t n = 2 * (m->mask + 1);
    struct map_entry **buckets = calloc(n, sizeof(struct map_entry *));
    if (!buckets)
        return;
    LIST_EACH (it, &m->order) {
        struct map_entry *e = LIST_ENTRY(it, struct map_entry, order);
        e->chain = buckets[e->hash & (n - 1)];
        buckets[e->hash & (n - 1)] = e;
    }
    free(m->buckets);
    m->buckets = buckets;
    m->mask = n - 1;
}

int map_put(struct map *m, struct span key, void *value)
{
    if (key.n > MAP_KEY_MAX || !value)
        return ERR_INVAL;
    uint64_t hash = map_hash(m, key);
    if (*map_link(m, key, hash))
        return ERR_EXISTS;
    if (m->max && m->count >= m->max)
        return ERR_FULL;
    struct map_entry *e = calloc(1, sizeof(*e));
    if (!e)
        return ERR_NOMEM;
    e->value = value;
    e->hash = hash;
    e->n = (uint8_t)key.n;
    if (key.n)
        memcpy(e->key, key.p, key.n);
    if (m->count > m->mask)
        map_widen(m);
    e->chain = m->buckets[hash & m->mask];
    m->buckets[hash & m->mask] = e;
    list_push(&m->order, &e->order);
    m->count++;
    return ERR_OK;
}

void *map_del(struct map *m, struct span key)
{
    struct map_entry **link = map_link(m, key, map_hash(m, key));
    struct map_entry *e = *link;
    if (!e)
        return NULL;
    void *value = e->value;
    *link = e->chain;
    list_del(&e->order);
    free(e);
    m->count--;
    return value;
}

void map_clear(struct map *m)
{
    if (!m)
        return;
    for (struct list *it = list_pop(&m->order); it; it = list_pop(&m->order))
        free(LIST_ENTRY(it, struct map_entry, order));
    memset(m->buckets, 0, (m->mask + 1) * sizeof(struct map_entry *));
    m->count = 0;
}

/* The cursor is the link after the entry just returned (the head at the end), which is why that
 * entry may go and its successor may not. */
bool map_next(const struct map *m, void **cursor, struct span *ret_key, void **ret_value)
{
    struct list *it;

    if (!m)
        return false;
    it = *cursor ? *cursor : m->order.next;
    if (it == &m->order) {
        *cursor = it;
        return false;
    }
    *cursor = it->next;
    struct map_entry *e = LIST_ENTRY(it, struct map_entry, order);
    if (ret_key)
        *ret_key = span_of(e->key, e->n);
    if (ret_value)
        *ret_value = e->value;
    return true;
}
