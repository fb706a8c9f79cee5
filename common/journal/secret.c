/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed secrets beside the records that need them: one commit makes both durable (design section
 * 3.2). What is inside is known to crypto/keystore alone. */
#include "common/journal/journal_int.h"

#define PAGE 64

static bool id_ok(struct span id)
{
    return id.p != NULL && id.n >= 1 && id.n <= JOURNAL_SECRET_ID_MAX;
}

static int write_secret(struct journal *j, enum journal_sql which, struct span id,
                        uint32_t kek_version, struct span sealed)
{
    struct stmt *st = stmt_at(j->sql, which);
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    if (!id_ok(id) || sealed.p == NULL || sealed.n == 0 || sealed.n > JOURNAL_SEALED_MAX)
        return ERR_INVAL;
    stmt_bind_blob(st, 1, id);
    stmt_bind_u64(st, 2, kek_version);
    stmt_bind_blob(st, 3, sealed);
    err = journal_fail(j, stmt_run(st));
    return err == ERR_OK && db_changes(j->db) == 0 ? ERR_NOT_FOUND : err;
}

int journal_secret_put(struct journal *j, struct span id, uint32_t kek_version, struct span sealed)
{
    return write_secret(j, SQL_SECRET_PUT, id, kek_version, sealed);
}

int journal_secret_rewrap(struct journal *j, struct span id, uint32_t kek_version,
                          struct span sealed)
{
    return write_secret(j, SQL_SECRET_REWRAP, id, kek_version, sealed);
}

int journal_secret_del(struct journal *j, struct span id)
{
    struct stmt *st = stmt_at(j->sql, SQL_SECRET_DEL);
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    if (!id_ok(id))
        return ERR_INVAL;
    stmt_bind_blob(st, 1, id);
    err = journal_fail(j, stmt_run(st));
    return err == ERR_OK && db_changes(j->db) == 0 ? ERR_NOT_FOUND : err;
}

int journal_secret_get(struct journal *j, struct span id, uint32_t *ret_kek_version,
                       struct buf *ret_sealed)
{
    struct stmt *st = stmt_at(j->sql, SQL_SECRET_GET);
    uint32_t version;
    int err;

    if (!id_ok(id))
        return ERR_INVAL;
    stmt_bind_blob(st, 1, id);
    err = stmt_row(st);
    if (err != ERR_OK)
        return err;
    version = stmt_u32(st, 0);
    buf_add_span(ret_sealed, stmt_blob(st, 1));
    err = stmt_end(st, ret_sealed->failed ? ERR_NOMEM : ERR_OK);
    if (err == ERR_OK && ret_kek_version != NULL)
        *ret_kek_version = version;
    return err;
}

struct page {
    journal_secret_fn fn;
    void *ctx;
    uint8_t last[JOURNAL_SECRET_ID_MAX];
    size_t last_n;
    size_t n;
};

static bool id_follows(struct span id, const struct page *page)
{
    size_t n = id.n < page->last_n ? id.n : page->last_n;
    int order = memcmp(id.p, page->last, n);

    return order > 0 || (order == 0 && id.n > page->last_n);
}

static int on_secret(void *ctx, struct stmt *st)
{
    struct page *page = ctx;
    struct span id = stmt_blob(st, 0);

    /* A corrupt index would lead back to what was listed already. */
    if (!id_ok(id) || !id_follows(id, page))
        return ERR_CORRUPT;
    memcpy(page->last, id.p, id.n);
    page->last_n = id.n;
    page->n++;
    return page->fn(page->ctx, id, stmt_u32(st, 1));
}

int journal_secret_each(struct journal *j, journal_secret_fn fn, void *ctx)
{
    struct stmt *st = stmt_at(j->sql, SQL_SECRET_PAGE);
    struct page page = {.fn = fn, .ctx = ctx};
    uint8_t from[JOURNAL_SECRET_ID_MAX];
    int err = j->reading ? ERR_STATE : ERR_OK;

    if (err != ERR_OK)
        return err;
    j->reading = true;
    do {
        memcpy(from, page.last, page.last_n);
        page.n = 0;
        stmt_bind_blob(st, 1, span_of(from, page.last_n));
        stmt_bind_u64(st, 2, PAGE);
        err = stmt_each(st, on_secret, &page);
    } while (err == ERR_OK && page.n == PAGE);
    j->reading = false;
    return err;
}
