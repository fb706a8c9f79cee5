/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, orders, and what the engine asks of the store. */
#include "smdp/store/store_int.h"

#include <stdlib.h>

struct dp_store *dp_store_new(void)
{
    struct dp_store *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->items = map_new(0);
    s->imsis = map_new(0);
    s->msisdns = map_new(0);
    s->live = map_new(0);
    s->cards = map_new(0);
    if (!s->items || !s->imsis || !s->msisdns || !s->live || !s->cards) {
        dp_store_free(s);
        return NULL;
    }
    return s;
}

void dp_store_free(struct dp_store *s)
{
    if (!s)
        return;
    dp_store_close(s);
    dp_stock_free(s);
    dp_live_free(s);
    dp_names_free(s);
    free(s);
}

int dp_store_open(struct dp_store *s, struct db *state, struct errmsg *why)
{
    int err = stmt_set_new(state, DP_STORE_SQL, DS_COUNT, &s->stmts, why);

    s->db = state;
    if (!err)
        err = dp_stock_open(s);
    if (!err)
        err = dp_names_open(s);
    return err;
}

void dp_store_close(struct dp_store *s)
{
    stmt_set_free(s->stmts);
    s->stmts = NULL;
    s->db = NULL;
}

int dp_store_load(struct dp_store *s, const struct mbox *key, struct order **ret)
{
    struct stmt *st = stmt_at(s->stmts, DS_ORDER_GET);
    int err;

    *ret = NULL;
    if (key->kind != MBOX_ORDER)
        return ERR_NOT_FOUND;
    stmt_bind_blob(st, 1, span_of(key->id, 16));
    err = stmt_row(st);
    if (!err)
        err = dp_order_unpack(stmt_blob(st, 0), ret);
    err = stmt_end(st, err);
    if (err && *ret) {
        free(*ret);
        *ret = NULL;
    }
    return err;
}

int dp_store_save(struct dp_store *s, const struct order *o)
{
    struct stmt *st = stmt_at(s->stmts, DS_ORDER_PUT);
    uint8_t blob[DP_ORDER_BLOB_MAX];
    struct writer w = wr_init(blob, sizeof blob);
    int err = dp_order_pack(o, &w);

    if (err)
        return err;
    stmt_bind_blob(st, 1, span_of(o->id.b, 16));
    stmt_bind_blob(st, 2, span_of(o->eid.b, 16));
    stmt_bind_u64(st, 3, o->function);
    stmt_bind_text(st, 4, span_str(o->mno.s));
    stmt_bind_text(st, 5, span_str(o->iccid.s));
    stmt_bind_u64(st, 6, o->state);
    stmt_bind_i64(st, 7, o->due_ms);
    stmt_bind_u64(st, 8, o->verdict);
    stmt_bind_u64(st, 9, order_live(o));
    stmt_bind_blob(st, 10, wr_view(&w));
    return stmt_run(st);
}

int dp_store_save_rest(struct dp_store *s)
{
    int err = dp_stock_save(s);
    return err ? err : dp_names_save(s);
}

void dp_store_flushed(struct dp_store *s)
{
    dp_stock_flushed(s);
}

struct scanner {
    struct dp_store *s;
    int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms);
    void *cb_ctx;
};

static int scan_row(void *ctx, struct stmt *st)
{
    struct scanner *sc = ctx;
    struct uuid id;
    struct eid eid;
    struct mbox key;
    int err;

    stmt_copy(st, 0, id.b, 16);
    stmt_copy(st, 2, eid.b, 16);
    err = stmt_kept(st);
    if (!err && order_installs((enum function)stmt_u32(st, 4)))
        err = dp_live_set(sc->s, &id, &eid, stmt_u32(st, 3) == ORDER_WAITING);
    else if (!err)
        err = dp_live_set(sc->s, &id, NULL, false);
    if (err)
        return err;
    order_mbox(&id, &key);
    return sc->cb(sc->cb_ctx, &key, stmt_i64(st, 1));
}

int dp_store_scan(struct dp_store *s,
                  int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms), void *cb_ctx)
{
    struct scanner sc = {s, cb, cb_ctx};
    return stmt_each(stmt_at(s->stmts, DS_ORDER_LIVE), scan_row, &sc);
}

int dp_store_apply(struct dp_store *s, uint64_t lsn, const struct event *ev)
{
    switch (ev->type) {
    case EV_ORDER_ACCEPTED:
        return order_installs(ev->function) ? dp_stock_apply(s, ev) : ERR_OK;
    case EV_STOCK_RAN_LOW:
        return dp_low_apply(s, ev);
    case EV_ADDRESS_CHANGED:
    case EV_LOSS_DECLARED:
    case EV_NUMBER_MOVED:
    case EV_PROFILE_IMPORTED:
    case EV_PROFILE_INSTALLED:
    case EV_PROFILE_RELEASED:
    case EV_PROFILE_ENABLED:
    case EV_PROFILE_DISABLED:
    case EV_PROFILE_DELETED:
        return dp_stock_apply(s, ev);
    case EV_TEMPLATE_ADDED:
    case EV_ADMIN_TENANT_ADDED:
        return dp_names_apply(s, lsn, ev);
    default:
        return ERR_OK;
    }
}

int dp_store_order(struct dp_store *s, const struct order *o)
{
    const struct eid *card = order_installs(o->function) ? &o->eid : NULL;

    if (order_live(o))
        return dp_live_set(s, &o->id, card, o->state == ORDER_WAITING);
    dp_live_drop(s, &o->id, card);
    return ERR_OK;
}

struct lister {
    dp_order_fn fn;
    void *ctx;
};

static int list_row(void *ctx, struct stmt *st)
{
    struct lister *l = ctx;
    struct order *o;
    int err = dp_order_unpack(stmt_blob(st, 0), &o);

    if (err)
        return err;
    err = l->fn(l->ctx, o);
    free(o);
    return err;
}

int dp_store_orders(struct dp_store *s, const struct dp_scope *scope,
                    const struct dp_order_filter *f, dp_order_fn fn, void *ctx)
{
    struct stmt *st = stmt_at(s->stmts, DS_ORDER_LIST);
    struct lister l = {fn, ctx};

    if (!scope->all && !scope->mno.s[0])
        return ERR_OK;
    stmt_bind_blob(st, 1, span_of(f->after.b, 16));
    stmt_bind_text(st, 2, scope->all ? span_of("", 0) : span_str(scope->mno.s));
    if (eid_is_zero(&f->eid))
        stmt_bind_null(st, 3);
    else
        stmt_bind_blob(st, 3, span_of(f->eid.b, 16));
    stmt_bind_u64(st, 4, f->verdict);
    stmt_bind_u64(st, 5, f->live_only);
    stmt_bind_u64(st, 6, f->limit);
    return stmt_each(st, list_row, &l);
}
