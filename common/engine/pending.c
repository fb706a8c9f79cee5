/* SPDX-License-Identifier: Apache-2.0 */
/* Where the deliveries of a party stand until they are acknowledged. Numbers have no gap, so a number
 * is a place: those that state.db does not have yet, and the newest ones behind them, are in a ring;
 * the older ones of a party that stays away are read back in pages when it comes (design law 10). */
#include "common/engine/engine_int.h"

#include <stdlib.h>

static struct pending_delivery *at(const struct party_box *b, size_t i)
{
    return &b->ring[(b->head + i) % b->cap];
}

/* The number of the first entry in the ring; of the next delivery when it is empty. */
static uint64_t first_no(const struct party_box *b)
{
    return b->n ? at(b, 0)->number : b->next_no;
}

static int resize(struct party_box *b, size_t cap)
{
    struct pending_delivery *r = malloc(cap * sizeof *r);

    if (!r)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->n; i++)
        r[i] = *at(b, i);
    free(b->ring);
    b->ring = r;
    b->cap = cap;
    b->head = 0;
    return ERR_OK;
}

int pending_push(struct engine *e, struct party_box *b, const struct pending_delivery *d)
{
    int err = b->n == b->cap ? resize(b, b->cap ? b->cap * 2 : 64) : ERR_OK;

    if (err)
        return err;
    b->ring[(b->head + b->n++) % b->cap] = *d;
    e->n_unsaved++;
    return ERR_OK;
}

static void drop_first(struct engine *e, struct party_box *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        e->n_unsaved -= at(b, i)->number > b->saved_no;
    b->head = (b->head + n) % b->cap;
    b->n -= n;
}

void pending_acked(struct engine *e, struct party_box *b, uint64_t up_to)
{
    size_t n = 0;

    while (n < b->n && at(b, n)->number <= up_to)
        n++;
    if (n)
        drop_first(e, b, n);
}

static int page_row(void *ctx, struct stmt *st)
{
    struct party_box *b = ctx;

    if (b->n_page && stmt_u64(st, 0) != b->page[b->n_page - 1].number + 1)
        return ERR_CORRUPT;
    b->page[b->n_page++] =
        (struct pending_delivery){stmt_u64(st, 0), stmt_u64(st, 1), stmt_u32(st, 2), 0, NULL};
    return ERR_OK;
}

static int read_page(struct engine *e, struct party_box *b, uint64_t number)
{
    struct stmt *st = stmt_at(e->stmts, ES_DELIVERY_PAGE);

    b->n_page = 0;
    stmt_bind_text(st, 1, span_str(b->party.s));
    stmt_bind_u64(st, 2, number);
    stmt_bind_u64(st, 3, ENGINE_DELIVERY_WINDOW);
    return stmt_each(st, page_row, b);
}

int pending_find(struct engine *e, struct party_box *b, uint64_t number,
                 const struct pending_delivery **ret)
{
    uint64_t first = first_no(b);
    int err = ERR_OK;

    if (number >= first) {
        *ret = number - first < b->n ? at(b, (size_t)(number - first)) : NULL;
        return *ret ? ERR_OK : ERR_CORRUPT;
    }
    if (!b->n_page || number < b->page[0].number || number - b->page[0].number >= b->n_page)
        err = read_page(e, b, number);
    if (err)
        return err;
    /* The page may begin behind it: then it is not there. */
    *ret = b->n_page && b->page[0].number <= number ? &b->page[number - b->page[0].number] : NULL;
    return *ret ? ERR_OK : ERR_CORRUPT;
}

int pending_save(struct engine *e, struct party_box *b)
{
    struct stmt *st = stmt_at(e->stmts, ES_DELIVERY_PUT);
    uint64_t first = first_no(b);
    size_t from = b->saved_no >= first ? (size_t)(b->saved_no + 1 - first) : 0;
    int err = ERR_OK;

    for (size_t i = from; !err && i < b->n; i++) {
        const struct pending_delivery *d = at(b, i);
        stmt_bind_text(st, 1, span_str(b->party.s));
        stmt_bind_u64(st, 2, d->number);
        stmt_bind_u64(st, 3, d->lsn);
        stmt_bind_u64(st, 4, d->index);
        err = stmt_run(st);
    }
    if (err)
        return err;
    if (from < b->n)
        e->n_unsaved -= b->n - from;
    b->saved_no = b->next_no - 1;
    if (b->n > ENGINE_RING_KEEP)
        drop_first(e, b, b->n - ENGINE_RING_KEEP);
    return b->cap > 4 * ENGINE_RING_KEEP ? resize(b, 2 * ENGINE_RING_KEEP) : ERR_OK;
}
