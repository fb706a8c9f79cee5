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
    struct buf nobodys;            /* a sealed secret of no card */
    struct isdr_secret asked;      /* what the last handshake opened */
    struct keys_work work;
};
/* No card has it: its digits are none. */
static const struct eid NOBODY = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0xFF, 0xFF}};

static struct span key_of(const struct eid *eid)
{
    return span_of(eid->b, sizeof eid->b);
}

/* As large as that of a card with all its keys; none of these is ever used. */
static int seal_nobodys(struct keys *k)
{
    static const uint8_t ANY[16] = {0};
    const struct span any = span_of(ANY, sizeof ANY);
    struct isdr_secret s = {.n_sets = 1, .n_psks = 1};
    int err = key_new(KEY_AES, any, &s.set[0].kic);

    s.set[0].kvn = 1;
    s.psk[0].kvn = 0x40;
    s.psk[0].kid = 1;
    if (!err)
        err = key_new(KEY_AES, any, &s.set[0].kid);
    if (!err)
        err = key_new(KEY_AES, any, &s.set[0].dek);
    if (!err)
        err = key_new(KEY_PSK, any, &s.psk[0].psk);
    if (!err)
        err = isdr_secret_seal(k->keystore, 0, &NOBODY, &s, &k->nobodys);
    isdr_secret_fini(&s);
    return err;
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
    buf_init(&k->nobodys, 0);
    k->map = map_new(0);
    if (k->map && seal_nobodys(k) == ERR_OK)
        return k;
    keys_free(k);
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
    isdr_secret_fini(&k->asked);
    buf_fini(&k->nobodys);
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
    k->work.rows_read++;
    err = journal_secret_get(k->journal, span_str(id), NULL, &sealed);
    k->work.opened += !err;
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

struct key *keys_psk(struct keys *k, uint32_t tenant, const struct eid *eid, uint8_t kid,
                     uint8_t kvn)
{
    struct isdr_secret *s = &k->asked;
    const struct isdr_psk *p;
    int err;

    isdr_secret_fini(s);
    memset(s, 0, sizeof *s);
    err = open_secret(k, tenant, eid ? eid : &NOBODY, s);
    if (err == ERR_NOT_FOUND) {
        k->work.opened++;
        if (isdr_secret_open(k->keystore, 0, &NOBODY, buf_span(&k->nobodys), s) != ERR_OK)
            return NULL;
    }
    p = err ? NULL : isdr_secret_psk(s, kvn);
    return p && p->kid == kid ? p->psk : NULL;
}

void keys_forget(struct keys *k, const struct eid *eid)
{
    struct entry *e = map_get(k->map, key_of(eid));

    if (e)
        drop(k, e);
}

struct keys_work keys_work(const struct keys *k)
{
    return k->work;
}
