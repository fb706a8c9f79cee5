/* SPDX-License-Identifier: Apache-2.0 */
/* The stock by type and by card: how much is left of a type, which ones ran low, and what a card has
 * or had. */
#include "smdp/store/store_int.h"

static int low_row(void *ctx, struct stmt *st)
{
    struct kind *k;
    int err = dp_kind_row(ctx, st, &k);

    if (!err)
        k->below = stmt_u32(st, 2);
    return err;
}

int dp_low_open(struct dp_store *s)
{
    return stmt_each(stmt_at(s->stmts, DS_LOW_ALL), low_row, s);
}

/* --- types that ran low: told once, until they are filled up again --- */
int dp_low_apply(struct dp_store *s, const struct event *ev)
{
    struct kind *k;
    int err = ev->counter && ev->counter <= UINT32_MAX
                  ? dp_kind_get(s, &ev->mno, ev->profile_type, &k)
                  : ERR_CORRUPT;

    if (err)
        return err;
    k->below = (uint32_t)ev->counter;
    k->below_dirty = true;
    return ERR_OK;
}

void dp_low_filled(struct kind *k)
{
    if (!k->below || k->available < k->below)
        return;
    k->below = 0;
    k->below_dirty = true;
}

int dp_low_save(struct dp_store *s)
{
    int err = ERR_OK;

    for (size_t i = 0; !err && i < s->n_kinds; i++) {
        struct kind *k = &s->kinds[i];
        struct stmt *st = stmt_at(s->stmts, k->below ? DS_LOW_PUT : DS_LOW_DEL);
        if (!k->below_dirty)
            continue;
        stmt_bind_text(st, 1, span_str(k->mno.s));
        stmt_bind_text(st, 2, span_str(k->profile_type));
        if (k->below)
            stmt_bind_u64(st, 3, k->below);
        err = stmt_run(st);
        k->below_dirty = err != ERR_OK;
    }
    return err;
}

void dp_store_level(const struct dp_store *s, const struct oid *mno, const char *profile_type,
                    uint64_t *ret_available, uint32_t *ret_below)
{
    const struct kind *k = dp_kind_find(s, mno, span_str(profile_type));

    *ret_available = k ? k->available : 0;
    *ret_below = k ? k->below : 0;
}

int dp_store_kinds(const struct dp_store *s, dp_level_fn fn, void *ctx)
{
    int err = ERR_OK;

    for (size_t i = 0; !err && i < s->n_kinds; i++) {
        struct dp_level l = {.mno = s->kinds[i].mno, .below = s->kinds[i].below};
        memcpy(l.profile_type, s->kinds[i].profile_type, sizeof l.profile_type);
        l.state[STOCK_AVAILABLE] = s->kinds[i].available;
        err = fn(ctx, &l);
    }
    return err;
}

/* --- a card's items --- */
struct of_card {
    struct dp_store *s;
    const struct dp_scope *scope;
    dp_stock_fn fn;
    void *ctx;
};

static int of_card_row(void *ctx, struct stmt *st)
{
    struct of_card *c = ctx;
    struct stock_item i;
    int err = dp_item_row(st, &i);

    if (err || map_get(c->s->items, span_str(i.iccid.s)) ||
        (!c->scope->all && !oid_eq(&i.mno, &c->scope->mno)))
        return err;
    return c->fn(c->ctx, &i);
}

int dp_store_of_card(struct dp_store *s, const struct dp_scope *scope, const struct eid *eid,
                     dp_stock_fn fn, void *ctx)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_CARD);
    struct of_card c = {s, scope, fn, ctx};
    void *cursor = NULL, *value;
    int err;

    stmt_bind_blob(st, 1, span_of(eid->b, 16));
    err = stmt_each(st, of_card_row, &c);
    while (!err && map_next(s->items, &cursor, NULL, &value)) {
        const struct stock_item *i = value;
        if (eid_eq(&i->eid, eid) && (scope->all || oid_eq(&i->mno, &scope->mno)))
            err = fn(ctx, i);
    }
    return err;
}

struct leveller {
    const struct dp_store *s;
    dp_level_fn fn;
    void *ctx;
};

static int level_row(void *ctx, struct stmt *st)
{
    struct leveller *v = ctx;
    struct dp_level l = {.below = 0};
    uint64_t available;
    struct span type = stmt_text(st, 1);
    int err = oid_parse(stmt_text(st, 0), &l.mno);

    if (type.n >= sizeof l.profile_type)
        err = ERR_CORRUPT;
    else if (type.n)
        memcpy(l.profile_type, type.p, type.n);
    for (int i = STOCK_AVAILABLE; i <= STOCK_LOST; i++)
        l.state[i] = stmt_u64(st, i + 1);
    dp_store_level(v->s, &l.mno, l.profile_type, &available, &l.below);
    return err ? err : v->fn(v->ctx, &l);
}

int dp_store_levels(struct dp_store *s, const struct dp_scope *scope, struct span type,
                    dp_level_fn fn, void *ctx)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_COUNTS);
    struct leveller v = {s, fn, ctx};

    if (!scope->all && !scope->mno.s[0])
        return ERR_OK;
    stmt_bind_text(st, 1, span_str(scope->all ? "" : scope->mno.s));
    stmt_bind_text(st, 2, type.n ? type : span_of("", 0));
    return stmt_each(st, level_row, &v);
}
