/* SPDX-License-Identifier: Apache-2.0 */
/* Least recently used cards give their place. */
#include "smsr/keys.h"

#include "common/base/list.h"
#include "common/base/map.h"

#include <stdlib.h>

struct entry {
    struct list lru;
    struct eid eid;
    struct isdr_secret keys;
};
struct keys {
    struct journal *journal;
    struct keystore *keystore;
    struct map *map;
    struct list lru;               /* oldest first */
    unsigned max;
};

static struct span key_of(const struct eid *eid)
{
    return span_of(eid->b, sizeof eid->b);
}

struct keys *keys_new(struct journal *j, struct keystore *ks, unsigned max)
{
    struct keys *k = calloc(1, sizeof *k);

    if (!k)
        return NULL;
    k->journal = j;
    k->keystore = ks;
    k->max = max ? max : 1;
    list_init(&k->lru);
    k->map = map_new(0);
    if (k->map)
        return k;
    free(k);
    return NULL;
}

static void drop(struct keys *k, struct entry *e)
{
    (void)map_del(k->map, key_of(&e->eid));
    list_del(&e->lru);
    isdr_secret_fini(&e->keys);
    free(e);
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    while (!list_empty(&k->lru))
        drop(k, LIST_ENTRY(k->lru.next, struct entry, lru));
    map_free(k->map);
    free(k);
}

static int open_secret(struct keys *k, uint32_t tenant, const struct eid *eid,
                       struct isdr_secret *ret)
{
    char id[ISDR_SECRET_ID];
    struct buf sealed;
    int err;

    isdr_secret_id(eid, id);
    buf_init(&sealed, 0);
    err = journal_secret_get(k->journal, span_str(id), NULL, &sealed);
    if (!err)
        err = isdr_secret_open(k->keystore, tenant, eid, buf_span(&sealed), ret);
    buf_fini(&sealed);
    return err;
}

int keys_get(struct keys *k, uint32_t tenant, const struct eid *eid, const struct isdr_secret **ret)
{
    struct entry *e = map_get(k->map, key_of(eid));
    int err;

    if (e) {
        list_del(&e->lru);
        list_push(&k->lru, &e->lru);
        *ret = &e->keys;
        return ERR_OK;
    }
    if (map_count(k->map) >= k->max)
        drop(k, LIST_ENTRY(k->lru.next, struct entry, lru));
    e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->eid = *eid;
    list_init(&e->lru);
    err = open_secret(k, tenant, eid, &e->keys);
    if (!err)
        err = map_put(k->map, key_of(eid), e);
    if (err) {
        isdr_secret_fini(&e->keys);
        free(e);
        return err;
    }
    list_push(&k->lru, &e->lru);
    *ret = &e->keys;
    return ERR_OK;
}
