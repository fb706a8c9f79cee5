/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements: sticky binds and columns, always reset. */
#include "common/db/stmt.h"
#include "common/db/db_int.h"

#include <stdlib.h>

struct stmt {
    sqlite3_stmt *s;
    struct db *db;
    int err;       /* kept by a bind or a column until the statement ends */
    bool on_row;
};

struct stmt_set {
    size_t n;
    struct stmt st[];
};

int stmt_set_new(struct db *db, const char *const *sql, size_t n, struct stmt_set **ret,
                 struct errmsg *why)
{
    struct stmt_set *set = calloc(1, sizeof(*set) + n * sizeof(set->st[0]));
    int err = ERR_OK;

    if (set == NULL)
        return ERR_NOMEM;
    set->n = n;
    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        set->st[i].db = db;
        err = db_result(db, sqlite3_prepare_v3(db->h, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                               &set->st[i].s, NULL));
        if (err != ERR_OK)
            errmsg_set(why, err, "%s: statement %zu does not compile: %s", db->path, i,
                       sqlite3_errmsg(db->h));
    }
    if (err != ERR_OK) {
        stmt_set_free(set);
        return err;
    }
    *ret = set;
    return ERR_OK;
}

void stmt_set_free(struct stmt_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->n; i++)
        sqlite3_finalize(set->st[i].s);
    free(set);
}

struct stmt *stmt_at(struct stmt_set *set, size_t id)
{
    return &set->st[id];
}

static void keep(struct stmt *st, int err)
{
    if (st->err == ERR_OK)
        st->err = err;
}

/* A statement that still delivers rows belongs to whoever steps it. */
static bool may_bind(struct stmt *st)
{
    if (st->on_row)
        keep(st, ERR_STATE);
    return !st->on_row;
}

void stmt_bind_i64(struct stmt *st, int i, int64_t v)
{
    if (may_bind(st))
        keep(st, db_err_map(sqlite3_bind_int64(st->s, i, v)));
}

void stmt_bind_u64(struct stmt *st, int i, uint64_t v)
{
    if (v > INT64_MAX)
        keep(st, ERR_INVAL);
    else
        stmt_bind_i64(st, i, (int64_t)v);
}

void stmt_bind_blob(struct stmt *st, int i, struct span s)
{
    if (may_bind(st))
        keep(st, db_err_map(sqlite3_bind_blob64(st->s, i, s.p, s.n, SQLITE_STATIC)));
}

void stmt_bind_text(struct stmt *st, int i, struct span s)
{
    if (may_bind(st))
        keep(st, db_err_map(sqlite3_bind_text64(st->s, i, (const char *)s.p, s.n, SQLITE_STATIC,
                                                SQLITE_UTF8)));
}

void stmt_bind_null(struct stmt *st, int i)
{
    if (may_bind(st))
        keep(st, db_err_map(sqlite3_bind_null(st->s, i)));
}

int stmt_kept(const struct stmt *st)
{
    return st->err;
}

int stmt_end(struct stmt *st, int err)
{
    if (err == ERR_OK)
        err = st->err;
    sqlite3_reset(st->s);
    sqlite3_clear_bindings(st->s); /* they are borrowed and may die now */
    st->err = ERR_OK;
    st->on_row = false;
    return err;
}

int stmt_row(struct stmt *st)
{
    int rc;

    if (st->db->failed)
        return stmt_end(st, ERR_IO);
    if (st->err != ERR_OK)
        return stmt_end(st, st->err);
    if (!st->on_row && sqlite3_stmt_readonly(st->s)) {
        int err = db_read_begin(st->db);
        if (err != ERR_OK)
            return stmt_end(st, err);
    }
    rc = sqlite3_step(st->s);
    st->on_row = rc == SQLITE_ROW;
    if (st->on_row)
        return ERR_OK;
    return stmt_end(st, rc == SQLITE_DONE ? ERR_NOT_FOUND : db_result(st->db, rc));
}

int stmt_run(struct stmt *st)
{
    int err;

    /* The row loop that owns the statement finds the kept error at its next step. */
    if (st->on_row) {
        keep(st, ERR_STATE);
        return ERR_STATE;
    }
    err = stmt_row(st);
    if (err == ERR_OK)
        return stmt_end(st, ERR_INTERNAL);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

int stmt_each(struct stmt *st, stmt_row_fn fn, void *ctx)
{
    int err = st->on_row ? ERR_STATE : ERR_OK;

    if (err != ERR_OK)
        return err;
    while ((err = stmt_row(st)) == ERR_OK) {
        err = fn(ctx, st);
        /* fn ended our statement: stepping again would start it over. */
        if (!st->on_row)
            return err != ERR_OK ? err : ERR_STATE;
        if (err != ERR_OK)
            return stmt_end(st, err);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

int64_t stmt_i64(struct stmt *st, int col)
{
    if (!st->on_row) {
        keep(st, ERR_STATE);
        return 0;
    }
    return sqlite3_column_int64(st->s, col);
}

uint64_t stmt_u64(struct stmt *st, int col)
{
    int64_t v = stmt_i64(st, col);

    if (v < 0) {
        keep(st, ERR_CORRUPT);
        return 0;
    }
    return (uint64_t)v;
}

uint32_t stmt_u32(struct stmt *st, int col)
{
    uint64_t v = stmt_u64(st, col);

    if (v > UINT32_MAX) {
        keep(st, ERR_CORRUPT);
        return 0;
    }
    return (uint32_t)v;
}

bool stmt_is_null(struct stmt *st, int col)
{
    return !st->on_row || sqlite3_column_type(st->s, col) == SQLITE_NULL;
}

struct span stmt_blob(struct stmt *st, int col)
{
    const void *p;
    int n;

    if (stmt_is_null(st, col))
        return (struct span){NULL, 0};
    p = sqlite3_column_blob(st->s, col);
    n = sqlite3_column_bytes(st->s, col);
    if (n > 0 && p == NULL)
        keep(st, ERR_NOMEM);
    if (p == NULL)
        return (struct span){(const uint8_t *)"", 0}; /* SQLite has no address for an empty blob */
    return span_of(p, (size_t)n);
}

struct span stmt_text(struct stmt *st, int col)
{
    return stmt_blob(st, col);
}

void stmt_copy(struct stmt *st, int col, void *dst, size_t n)
{
    struct span s = stmt_blob(st, col);

    if (s.p == NULL || s.n != n) {
        keep(st, ERR_CORRUPT);
        memset(dst, 0, n);
        return;
    }
    memcpy(dst, s.p, n);
}
