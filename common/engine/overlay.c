/* SPDX-License-Identifier: Apache-2.0 */
/* The overlay: aggregates as the view sees them. Clean ones that have nothing running may go, dirty
 * ones are pinned until state.db has them (design law 2). */
#include "common/engine/engine_int.h"

#include <stdlib.h>

struct span mbox_span(const struct mbox *m)
{
    return span_of(m, sizeof *m);
}

/* Keys are compared as bytes: padding must not differ. */
static struct mbox clean_key(const struct mbox *key)
{
    struct mbox m;
    memset(&m, 0, sizeof m);
    m.kind = key->kind;
    memcpy(m.id, key->id, sizeof m.id);
    return m;
}

int overlay_insert(struct engine *e, const struct mbox *key, struct agg **ret)
{
    struct agg *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return ERR_NOMEM;
    a->key = clean_key(key);
    list_init(&a->lru);
    list_init(&a->dirty_link);
    err = map_put(e->aggs, mbox_span(&a->key), a);
    if (err) {
        free(a);
        return err;
    }
    list_push(&e->lru, &a->lru);
    *ret = a;
    return ERR_OK;
}

int overlay_find(struct engine *e, const struct mbox *key, struct agg **ret)
{
    struct mbox k = clean_key(key);
    struct agg *a = map_get(e->aggs, mbox_span(&k));
    void *obj = NULL;
    int err;

    *ret = NULL;
    if (a) {
        list_del(&a->lru);
        list_push(&e->lru, &a->lru);
        *ret = a;
        return ERR_OK;
    }
    e->count.loads++;
    err = e->app.load(e->app.ctx, e->state, &k, &obj);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err)
        return err;
    err = overlay_insert(e, &k, &a);
    if (err) {
        e->app.drop(e->app.ctx, obj);
        return err;
    }
    a->obj = obj;
    a->due = e->app.due(e->app.ctx, obj);
    a->last_lsn = e->applied_lsn;
    *ret = a;
    return ERR_OK;
}

void overlay_touch(struct engine *e, struct agg *a, uint64_t lsn)
{
    a->last_lsn = lsn;
    if (a->dirty)
        return;
    a->dirty = true;
    list_push(&e->dirty, &a->dirty_link);
    e->n_dirty++;
}

static void agg_free(struct engine *e, struct agg *a)
{
    map_del(e->aggs, mbox_span(&a->key));
    list_del(&a->lru);
    list_del(&a->dirty_link);
    if (a->obj)
        e->app.drop(e->app.ctx, a->obj);
    free(a);
}

void overlay_trim(struct engine *e)
{
    size_t target = e->cfg.overlay_max - e->cfg.overlay_max / 8;

    if (map_count(e->aggs) <= e->cfg.overlay_max)
        return;
    LIST_EACH_SAFE (it, tmp, &e->lru) {
        struct agg *a = LIST_ENTRY(it, struct agg, lru);
        if (map_count(e->aggs) <= target)
            break;
        /* What runs stays: it may hold what no record has (a payload, a moved timer). */
        if (!a->dirty && !a->due && !a->volatile_due)
            agg_free(e, a);
    }
}

void overlay_free(struct engine *e)
{
    if (!e->aggs)
        return;
    LIST_EACH_SAFE (it, tmp, &e->lru)
        agg_free(e, LIST_ENTRY(it, struct agg, lru));
    map_free(e->aggs);
    e->aggs = NULL;
}
