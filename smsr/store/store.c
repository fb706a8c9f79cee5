/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, and the cards themselves. */
#include "smsr/store/store_int.h"

#include <stdio.h>
#include <stdlib.h>

struct store *store_new(void)
{
    struct store *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->blob = malloc(EUICC_BLOB_MAX);
    s->iccids = map_new(0);
    s->numbers = map_new(0);
    s->changed = map_new(0);
    s->batches = map_new(0);
    s->ops = map_new(0);
    s->tenants = map_new(0);
    if (s->blob && s->iccids && s->numbers && s->changed && s->batches && s->ops && s->tenants)
        return s;
    store_free(s);
    return NULL;
}

static void tenants_clear(struct store *s)
{
    void *cursor = NULL;
    void *value;

    while (map_next(s->tenants, &cursor, NULL, &value))
        free(value);
    map_clear(s->tenants);
    s->last_tenant = 0;
}

void store_free(struct store *s)
{
    if (!s)
        return;
    if (s->iccids && s->numbers && s->changed)
        index_clear(s);
    if (s->batches)
        batches_clear(s);
    if (s->ops)
        ops_clear(s);
    if (s->tenants)
        tenants_clear(s);
    map_free(s->iccids);
    map_free(s->numbers);
    map_free(s->changed);
    map_free(s->batches);
    map_free(s->ops);
    map_free(s->tenants);
    free(s->blob);
    free(s);
}

static int tenant_add(struct store *s, struct span id, uint32_t number, bool dirty)
{
    struct tenant_row *t;
    int err;

    if (!id.n || id.n >= sizeof t->id || !number)
        return ERR_CORRUPT;
    if (map_get(s->tenants, id))
        return ERR_CORRUPT;
    t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    memcpy(t->id, id.p, id.n);
    t->number = number;
    t->dirty = dirty;
    err = map_put(s->tenants, id, t);
    if (err) {
        free(t);
        return err;
    }
    if (number > s->last_tenant)
        s->last_tenant = number;
    return ERR_OK;
}

static int load_tenant(void *ctx, struct stmt *st)
{
    return tenant_add(ctx, stmt_text(st, 1), stmt_u32(st, 0), false);
}

int store_open(struct store *s, struct db *state, struct errmsg *why)
{
    int err = stmt_set_new(state, STORE_SQL, SQ_COUNT, &s->sql, why);

    if (!err)
        err = stmt_each(stmt_at(s->sql, SQ_TENANT_ALL), load_tenant, s);
    return err;
}

void store_close(struct store *s)
{
    stmt_set_free(s->sql);
    s->sql = NULL;
    index_clear(s);
    batches_clear(s);
    ops_clear(s);
    tenants_clear(s);
}

int store_apply_house(struct store *s, const struct event *ev)
{
    if (ev->type != EV_ADMIN_TENANT_ADDED)
        return ERR_OK;
    if (ev->number != s->last_tenant + 1u)
        return ERR_CORRUPT;
    return tenant_add(s, ev->text, (uint32_t)ev->number, true);
}

int store_tenant(struct store *s, const char *id, uint32_t *ret)
{
    const struct tenant_row *t = map_get(s->tenants, span_str(id));

    if (!t)
        return ERR_NOT_FOUND;
    *ret = t->number;
    return ERR_OK;
}

uint32_t store_next_tenant(const struct store *s)
{
    return s->last_tenant + 1;
}

int store_load(struct store *s, const struct eid *eid, struct euicc **ret)
{
    struct stmt *st = stmt_at(s->sql, SQ_CARD_GET);
    int err;

    stmt_bind_blob(st, 1, span_of(eid->b, sizeof eid->b));
    err = stmt_row(st);
    if (!err)
        err = euicc_blob_get(stmt_blob(st, 0), ret);
    err = stmt_end(st, err);
    if (!err && !eid_eq(&(*ret)->eid, eid)) {
        euicc_free(*ret);
        return ERR_CORRUPT;
    }
    return err;
}

int store_save(struct store *s, const struct eid *eid, const struct euicc *e)
{
    struct stmt *st = stmt_at(s->sql, SQ_CARD_PUT);
    struct writer w = wr_init(s->blob, EUICC_BLOB_MAX);
    int err;

    euicc_blob_put(&w, e);
    if (w.failed)
        return ERR_INTERNAL;
    stmt_bind_blob(st, 1, span_of(eid->b, sizeof eid->b));
    stmt_bind_u64(st, 2, e->tenant);
    stmt_bind_i64(st, 3, euicc_due(e));
    stmt_bind_u64(st, 4, e->n_ops);
    stmt_bind_blob(st, 5, wr_view(&w));
    stmt_bind_u64(st, 6, (uint64_t)e->life);
    if (e->has_batch)
        stmt_bind_blob(st, 7, span_of(e->batch, sizeof e->batch));
    else
        stmt_bind_null(st, 7);
    err = stmt_run(st);
    return err ? err : index_save(s, eid, e);
}

int store_save_rest(struct store *s)
{
    struct stmt *st = stmt_at(s->sql, SQ_TENANT_PUT);
    void *cursor = NULL;
    void *value;
    int err = ops_save(s);

    if (!err)
        err = batches_save(s);
    while (!err && map_next(s->tenants, &cursor, NULL, &value)) {
        const struct tenant_row *t = value;
        if (!t->dirty)
            continue;
        stmt_bind_u64(st, 1, t->number);
        stmt_bind_text(st, 2, span_str(t->id));
        err = stmt_run(st);
    }
    return err;
}

struct scan {
    int (*cb)(void *ctx, const struct eid *eid, int64_t due_ms);
    void *ctx;
};

static int scan_row(void *ctx, struct stmt *st)
{
    const struct scan *sc = ctx;
    struct eid eid;

    stmt_copy(st, 0, eid.b, sizeof eid.b);
    return sc->cb(sc->ctx, &eid, stmt_i64(st, 1));
}

int store_scan(struct store *s, int (*cb)(void *ctx, const struct eid *eid, int64_t due_ms),
               void *ctx)
{
    struct scan sc = {cb, ctx};
    return stmt_each(stmt_at(s->sql, SQ_CARD_SCAN), scan_row, &sc);
}

void store_flushed(struct store *s)
{
    void *cursor = NULL;
    void *value;

    index_clear(s);
    batches_clear(s);
    ops_clear(s);
    while (map_next(s->tenants, &cursor, NULL, &value))
        ((struct tenant_row *)value)->dirty = false;
}

int store_apply(struct store *s, const struct journal_record *rec, const struct euicc_record *r,
                struct euicc **e)
{
    struct index_state before, after;
    int err;

    index_read(*e, &before);
    err = euicc_apply(e, r);
    if (err)
        return err;
    index_read(*e, &after);
    if (memcmp(&before, &after, sizeof before) != 0) {
        err = index_change(s, &r->ev->eid, &before, &after);
        if (err)
            return err;
    }
    return ops_apply(s, rec, r->ev);
}

int store_counts(struct store *s, uint64_t *ret_cards, uint64_t *ret_live)
{
    struct stmt *st = stmt_at(s->sql, SQ_CARD_COUNT);
    int err = stmt_row(st);

    if (!err) {
        *ret_cards = stmt_u64(st, 0);
        *ret_live = stmt_u64(st, 1);
    }
    return stmt_end(st, err);
}
