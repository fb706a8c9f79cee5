/* SPDX-License-Identifier: Apache-2.0 */
/* The stock: rows of state.db with what later records changed on top of them. */
#include "smdp/store/store_int.h"

#include <stdlib.h>

/* --- kinds: what an operator has of a type --- */
struct kind *dp_kind_find(const struct dp_store *s, const struct oid *mno, struct span type)
{
    for (size_t i = 0; i < s->n_kinds; i++)
        if (oid_eq(&s->kinds[i].mno, mno) && span_eq(span_str(s->kinds[i].profile_type), type))
            return &s->kinds[i];
    return NULL;
}

int dp_kind_get(struct dp_store *s, const struct oid *mno, struct span type, struct kind **ret)
{
    struct kind *k = dp_kind_find(s, mno, type);

    *ret = k;
    if (k)
        return ERR_OK;
    if (type.n >= sizeof k->profile_type)
        return ERR_CORRUPT;
    if (s->n_kinds == KINDS_MAX)
        return ERR_FULL;
    k = realloc(s->kinds, (s->n_kinds + 1) * sizeof *k);
    if (!k)
        return ERR_NOMEM;
    s->kinds = k;
    k = &k[s->n_kinds++];
    memset(k, 0, sizeof *k);
    k->mno = *mno;
    memcpy(k->profile_type, type.p, type.n);
    *ret = k;
    return ERR_OK;
}

int dp_kind_row(struct dp_store *s, struct stmt *st, struct kind **ret)
{
    struct oid mno;
    int err = oid_parse(stmt_text(st, 0), &mno);

    return err ? err : dp_kind_get(s, &mno, stmt_text(st, 1), ret);
}

static int kind_row(void *ctx, struct stmt *st)
{
    struct kind *k;
    int err = dp_kind_row(ctx, st, &k);

    if (!err)
        k->available = stmt_u64(st, 2);
    return err;
}

int dp_stock_open(struct dp_store *s)
{
    int err = stmt_each(stmt_at(s->stmts, DS_STOCK_KINDS), kind_row, s);

    return err ? err : dp_low_open(s);
}

/* --- rows --- */
static void copy_text(struct stmt *st, int col, char *dst, size_t cap, int *err)
{
    struct span v = stmt_text(st, col);

    if (v.n >= cap)
        *err = ERR_CORRUPT;
    else if (v.n)
        memcpy(dst, v.p, v.n);
}

int dp_item_row(struct stmt *st, struct stock_item *ret)
{
    uint32_t state = stmt_u32(st, 5);
    int err = ERR_OK, kept;

    memset(ret, 0, sizeof *ret);
    copy_text(st, 0, ret->iccid.s, sizeof ret->iccid.s, &err);
    copy_text(st, 1, ret->imsi.s, sizeof ret->imsi.s, &err);
    copy_text(st, 2, ret->msisdn.s, sizeof ret->msisdn.s, &err);
    copy_text(st, 3, ret->mno.s, sizeof ret->mno.s, &err);
    copy_text(st, 4, ret->profile_type, sizeof ret->profile_type, &err);
    ret->enabled = stmt_u32(st, 6) != 0;
    stmt_copy(st, 7, ret->eid.b, 16);
    stmt_copy(st, 8, ret->order.b, 16);
    ret->told_ms = stmt_i64(st, 9);
    copy_text(st, 10, ret->declared_by.s, sizeof ret->declared_by.s, &err);
    stmt_copy(st, 11, ret->successor.b, 16);
    copy_text(st, 12, ret->replaced_by.s, sizeof ret->replaced_by.s, &err);
    if (state < STOCK_AVAILABLE || state > STOCK_LOST)
        err = ERR_CORRUPT;
    ret->state = (enum stock_state)state;
    kept = stmt_kept(st);
    return err ? err : kept;
}

static struct span iccid_key(const struct iccid *i)
{
    return span_str(i->s);
}

/* The item as the view sees it. */
static int item_get(struct dp_store *s, const struct iccid *iccid, struct stock_item *ret)
{
    const struct stock_item *held = map_get(s->items, iccid_key(iccid));
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_GET);
    int err;

    if (held) {
        *ret = *held;
        return ERR_OK;
    }
    stmt_bind_text(st, 1, iccid_key(iccid));
    err = stmt_row(st);
    if (!err)
        err = dp_item_row(st, ret);
    return stmt_end(st, err);
}

/* The newest profile of a number; one that was deleted or lost it since makes room. */
static int number_hold(struct dp_store *s, struct stock_item *held)
{
    if (!held->msisdn.s[0])
        return ERR_OK;
    (void)map_del(s->msisdns, span_str(held->msisdn.s));
    return map_put(s->msisdns, span_str(held->msisdn.s), held);
}

/* moved: its number is another one than before. */
static int item_hold(struct dp_store *s, const struct stock_item *i, bool fresh, bool moved)
{
    struct stock_item *held = map_get(s->items, iccid_key(&i->iccid));
    int err;

    if (held) {
        *held = *i;
        return moved ? number_hold(s, held) : ERR_OK;
    }
    held = malloc(sizeof *held);
    if (!held)
        return ERR_NOMEM;
    *held = *i;
    err = map_put(s->items, iccid_key(&held->iccid), held);
    if (!err && fresh)
        err = map_put(s->imsis, span_str(held->imsi.s), held);
    if (!err && (fresh || moved))
        err = number_hold(s, held);
    /* A second IMSI of a log that was checked before it was written: stop. */
    return err == ERR_EXISTS ? ERR_CORRUPT : err;
}

/* The profile whose number this one takes over. */
static int previous_apply(struct dp_store *s, const struct event *ev)
{
    struct stock_item i;
    int err;

    if (!(ev->type == EV_ORDER_ACCEPTED && ev->function == FN_REPLACE_PROFILE) &&
        ev->type != EV_NUMBER_MOVED)
        return ERR_OK;
    err = item_get(s, &ev->previous, &i);
    if (!err)
        err = stock_apply_previous(&i, ev);
    if (!err)
        err = item_hold(s, &i, false, false);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

int dp_stock_apply(struct dp_store *s, const struct event *ev)
{
    struct stock_item i = {0};
    struct msisdn number;
    struct kind *k;
    bool was, fresh = ev->type == EV_PROFILE_IMPORTED;
    int err = item_get(s, &ev->iccid, &i);

    if (err == ERR_NOT_FOUND &&
        (fresh || ev->type == EV_PROFILE_ENABLED || ev->type == EV_PROFILE_DISABLED ||
         ev->type == EV_PROFILE_DELETED || ev->type == EV_ADDRESS_CHANGED)) {
        if (!fresh)
            return ERR_OK; /* told about a profile that is not of this stock */
        err = ERR_OK;
    }
    if (err)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    was = i.state == STOCK_AVAILABLE;
    number = i.msisdn;
    err = stock_apply(&i, ev);
    if (!err)
        err = dp_kind_get(s, &i.mno, span_str(i.profile_type), &k);
    if (!err)
        err = item_hold(s, &i, fresh, !msisdn_eq(&number, &i.msisdn));
    if (err)
        return err;
    if (was && i.state != STOCK_AVAILABLE)
        k->available--;
    else if (!was && i.state == STOCK_AVAILABLE)
        k->available++;
    dp_low_filled(k);
    return previous_apply(s, ev);
}

static void bind_item(struct stmt *st, const struct stock_item *i)
{
    stmt_bind_text(st, 1, span_str(i->iccid.s));
    stmt_bind_text(st, 2, span_str(i->imsi.s));
    stmt_bind_text(st, 3, span_str(i->msisdn.s));
    stmt_bind_text(st, 4, span_str(i->mno.s));
    stmt_bind_text(st, 5, span_str(i->profile_type));
    stmt_bind_u64(st, 6, i->state);
    stmt_bind_u64(st, 7, i->enabled);
    stmt_bind_blob(st, 8, span_of(i->eid.b, 16));
    stmt_bind_blob(st, 9, span_of(i->order.b, 16));
    stmt_bind_i64(st, 10, i->told_ms);
    stmt_bind_text(st, 11, span_str(i->declared_by.s));
    stmt_bind_blob(st, 12, span_of(i->successor.b, 16));
    stmt_bind_text(st, 13, span_str(i->replaced_by.s));
}

int dp_stock_save(struct dp_store *s)
{
    void *cursor = NULL, *value;
    int err = ERR_OK;

    while (!err && map_next(s->items, &cursor, NULL, &value)) {
        struct stmt *st = stmt_at(s->stmts, DS_STOCK_PUT);
        bind_item(st, value);
        err = stmt_run(st);
    }
    return err ? err : dp_low_save(s);
}

void dp_stock_flushed(struct dp_store *s)
{
    void *cursor = NULL, *value;

    while (map_next(s->items, &cursor, NULL, &value))
        free(value);
    map_clear(s->items);
    map_clear(s->imsis);
    map_clear(s->msisdns);
}

void dp_stock_free(struct dp_store *s)
{
    if (s->items)
        dp_stock_flushed(s);
    map_free(s->items);
    map_free(s->imsis);
    map_free(s->msisdns);
    free(s->kinds);
    s->items = s->imsis = s->msisdns = NULL;
    s->kinds = NULL;
}

size_t dp_store_unflushed(const struct dp_store *s)
{
    return map_count(s->items);
}

/* --- reads --- */
int dp_store_stock(struct dp_store *s, const struct dp_scope *scope, const struct iccid *iccid,
                   struct stock_item *ret)
{
    int err = iccid->s[0] ? item_get(s, iccid, ret) : ERR_NOT_FOUND;

    if (!err && !scope->all && !oid_eq(&ret->mno, &scope->mno)) {
        memset(ret, 0, sizeof *ret);
        err = ERR_NOT_FOUND;
    }
    return err;
}

static int pick_row(struct dp_store *s, struct kind *k, struct stock_item *ret)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_PICK);
    int err;

    stmt_bind_text(st, 1, span_str(k->mno.s));
    stmt_bind_text(st, 2, span_str(k->profile_type));
    stmt_bind_text(st, 3, span_str(k->cursor.s));
    while ((err = stmt_row(st)) == ERR_OK) {
        err = dp_item_row(st, ret);
        if (err || !map_get(s->items, iccid_key(&ret->iccid)))
            break;
    }
    return stmt_end(st, err);
}

/* Fresh imports and releases stand in memory until they are written. */
static int pick_held(struct dp_store *s, const struct kind *k, struct stock_item *ret)
{
    const struct stock_item *best = NULL;
    void *cursor = NULL, *value;

    while (map_next(s->items, &cursor, NULL, &value)) {
        const struct stock_item *i = value;
        if (i->state == STOCK_AVAILABLE && oid_eq(&i->mno, &k->mno) &&
            strcmp(i->profile_type, k->profile_type) == 0 &&
            (!best || strcmp(i->iccid.s, best->iccid.s) < 0))
            best = i;
    }
    if (!best)
        return ERR_NOT_FOUND;
    *ret = *best;
    return ERR_OK;
}

int dp_store_pick(struct dp_store *s, const struct oid *mno, struct span profile_type,
                  struct stock_item *ret)
{
    struct kind *k = dp_kind_find(s, mno, profile_type);
    int err = ERR_NOT_FOUND;

    if (!k)
        return ERR_NOT_FOUND;
    if (k->available == 0)
        return ERR_FULL;
    err = pick_row(s, k, ret);
    if (err == ERR_NOT_FOUND && k->cursor.s[0]) {
        k->cursor.s[0] = '\0';
        err = pick_row(s, k, ret);
    }
    if (!err)
        k->cursor = ret->iccid;
    else if (err == ERR_NOT_FOUND)
        err = pick_held(s, k, ret);
    return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
}

static int imsi_taken(struct dp_store *s, const struct imsi *imsi, bool *ret)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_IMSI);
    int err;

    *ret = map_get(s->imsis, span_str(imsi->s)) != NULL;
    if (*ret)
        return ERR_OK;
    stmt_bind_text(st, 1, span_str(imsi->s));
    err = stmt_end(st, stmt_row(st));
    *ret = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct number {
    const struct dp_store *s;
    bool stands;
};

/* What memory holds of a row is newer than the row. */
static int number_row(void *ctx, struct stmt *st)
{
    struct number *n = ctx;
    const struct stock_item *held;
    struct stock_item i;
    int err = dp_item_row(st, &i);

    if (err)
        return err;
    held = map_get(n->s->items, iccid_key(&i.iccid));
    n->stands = n->stands || !held || held->state != STOCK_DELETED;
    return ERR_OK;
}

static int msisdn_taken(struct dp_store *s, const struct msisdn *msisdn, bool *ret)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_MSISDN);
    const struct stock_item *fresh = map_get(s->msisdns, span_str(msisdn->s));
    struct number n = {s, fresh && fresh->state != STOCK_DELETED &&
                              msisdn_eq(&fresh->msisdn, msisdn)};
    int err = ERR_OK;

    if (!n.stands && msisdn->s[0]) {
        stmt_bind_text(st, 1, span_str(msisdn->s));
        err = stmt_each(st, number_row, &n);
    }
    *ret = n.stands;
    return err;
}

int dp_store_taken(struct dp_store *s, const struct iccid *iccid, const struct imsi *imsi,
                   const struct msisdn *msisdn, struct dp_taken *ret)
{
    struct stock_item i;
    int err = item_get(s, iccid, &i);

    memset(ret, 0, sizeof *ret);
    ret->iccid = err == ERR_OK;
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    if (!err)
        err = imsi_taken(s, imsi, &ret->imsi);
    if (!err)
        err = msisdn_taken(s, msisdn, &ret->msisdn);
    return err;
}

struct lister {
    dp_stock_fn fn;
    void *ctx;
};

static int list_row(void *ctx, struct stmt *st)
{
    struct lister *l = ctx;
    struct stock_item i;
    int err = dp_item_row(st, &i);
    return err ? err : l->fn(l->ctx, &i);
}

int dp_store_stock_list(struct dp_store *s, const struct dp_scope *scope,
                        const struct dp_stock_filter *f, dp_stock_fn fn, void *ctx)
{
    struct stmt *st = stmt_at(s->stmts, DS_STOCK_LIST);
    struct lister l = {fn, ctx};

    if (!scope->all && !scope->mno.s[0])
        return ERR_OK;
    stmt_bind_text(st, 1, span_str(f->after.s));
    stmt_bind_text(st, 2, span_str(scope->mno.s));
    stmt_bind_text(st, 3, f->profile_type.n ? f->profile_type : span_of("", 0));
    stmt_bind_u64(st, 4, f->state);
    stmt_bind_u64(st, 5, f->limit);
    return stmt_each(st, list_row, &l);
}
