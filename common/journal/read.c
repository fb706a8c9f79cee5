/* SPDX-License-Identifier: Apache-2.0 */
/* Reading records by pages of keys, so no statement stays open across them. */
#include "common/journal/journal_int.h"

#define PAGE 256

/* Delivers up to n records from the next expected one; *ret_n were there. */
static int read_page(struct journal *j, struct walk *w, uint64_t n, journal_row_fn fn, void *ctx,
                     uint64_t *ret_n)
{
    struct stmt *st = stmt_at(j->sql, SQL_PAGE);
    struct journal_row row;
    int err;

    *ret_n = 0;
    stmt_bind_u64(st, 1, w->next_lsn);
    stmt_bind_u64(st, 2, n);
    while ((err = stmt_row(st)) == ERR_OK) {
        err = row_load(st, &row);
        if (err == ERR_OK)
            err = walk_row(w, &row);
        if (err == ERR_OK)
            err = fn(ctx, &row);
        if (err != ERR_OK)
            return stmt_end(st, err);
        ++*ret_n;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

int journal_read_rows(struct journal *j, uint64_t from_lsn, uint64_t limit, journal_row_fn fn,
                      void *ctx)
{
    struct walk w = {.crypto = j->crypto, .sql = j->sql};
    uint64_t left = limit == 0 ? UINT64_MAX : limit, want, got;
    int err = j->reading ? ERR_STATE : ERR_OK;

    if (err != ERR_OK)
        return err;
    j->reading = true;
    w.next_lsn = from_lsn == 0 ? 1 : from_lsn;
    do {
        want = left < PAGE ? left : PAGE;
        err = read_page(j, &w, want, fn, ctx, &got);
        left -= got;
    } while (err == ERR_OK && got == want && left > 0);
    j->reading = false;
    walk_fini(&w);
    return err;
}

struct records {
    journal_read_fn fn;
    void *ctx;
};

static int one_record(void *ctx, const struct journal_row *row)
{
    const struct records *r = ctx;
    return r->fn(r->ctx, &row->rec);
}

int journal_read(struct journal *j, uint64_t from_lsn, uint64_t limit, journal_read_fn fn,
                 void *ctx)
{
    struct records r = {fn, ctx};
    return journal_read_rows(j, from_lsn, limit, one_record, &r);
}

int journal_get(struct journal *j, uint64_t lsn, struct journal_record *ret_rec,
                struct buf *ret_body)
{
    struct stmt *st = stmt_at(j->sql, SQL_ONE);
    struct journal_row row;
    uint8_t hash[32];
    int err;

    stmt_bind_u64(st, 1, lsn);
    err = stmt_row(st);
    if (err != ERR_OK)
        return err;
    err = row_load(st, &row);
    if (err == ERR_OK && row.rec.body.p == NULL)
        err = ERR_EXPIRED;
    if (err == ERR_OK) {
        chain_body_hash(j->crypto, row.salt.p, row.rec.body, hash);
        if (memcmp(hash, row.body_hash, sizeof(hash)) != 0)
            err = ERR_CORRUPT;
    }
    if (err == ERR_OK) {
        buf_add_span(ret_body, row.rec.body);
        if (ret_body->failed)
            err = ERR_NOMEM;
    }
    if (err == ERR_OK && ret_rec != NULL) {
        *ret_rec = row.rec;
        ret_rec->body = (struct span){NULL, 0};
    }
    return stmt_end(st, err);
}

int journal_last_at(struct journal *j, int64_t *ret_ms)
{
    struct stmt *st = stmt_at(j->sql, SQL_ONE);
    struct journal_row row;
    int err;

    *ret_ms = 0;
    stmt_bind_u64(st, 1, journal_last_lsn(j));
    err = stmt_row(st);
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err == ERR_OK)
        err = row_load(st, &row);
    if (err == ERR_OK)
        *ret_ms = row.rec.at_ms;
    return stmt_end(st, err);
}

int journal_head(const struct journal *j, uint32_t stream, struct journal_head *ret)
{
    const struct journal_head *head = streams_get(&j->streams, stream);

    if (head == NULL || head->seq == 0)
        return ERR_NOT_FOUND;
    *ret = *head;
    return ERR_OK;
}

int journal_heads(const struct journal *j, journal_head_fn fn, void *ctx)
{
    int err = ERR_OK;

    for (size_t i = 0; i < j->streams.n && err == ERR_OK; i++)
        err = fn(ctx, &j->streams.v[i]);
    return err;
}
