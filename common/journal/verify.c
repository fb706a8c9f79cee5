/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of a whole journal from outside the daemon (smctl log verify). */
#include "common/journal/journal_int.h"

#include <stdio.h>

#define PAGE 1024

struct verify {
    struct db *db;
    struct stmt_set *sql;
    struct walk walk;
    struct journal_report *report;
};

static int blame(struct verify *v, uint64_t lsn, int err, const char *why)
{
    v->report->first_bad_lsn = lsn;
    return errmsg_set(&v->report->why, err, "%s", why);
}

static int check_row(struct verify *v, struct stmt *st)
{
    struct journal_row row;
    uint64_t expected = v->walk.next_lsn;
    int err = row_load(st, &row);

    if (err != ERR_OK)
        return blame(v, expected, err, "a column does not have its form");
    err = walk_row(&v->walk, &row);
    if (err == ERR_CORRUPT)
        return blame(v, row.rec.lsn > expected ? expected : row.rec.lsn, err, v->walk.why);
    if (err != ERR_OK)
        return blame(v, row.rec.lsn, err, err_text(err));
    v->report->records++;
    v->report->last_lsn = row.rec.lsn;
    v->report->epoch = row.rec.epoch;
    v->report->erased += row.rec.body.p == NULL;
    return ERR_OK;
}

static int check_page(struct verify *v, uint64_t from, size_t *ret_n)
{
    struct stmt *st = stmt_at(v->sql, SQL_PAGE);
    int err;

    *ret_n = 0;
    stmt_bind_u64(st, 1, from);
    stmt_bind_u64(st, 2, PAGE);
    while ((err = stmt_row(st)) == ERR_OK) {
        err = check_row(v, st);
        if (err != ERR_OK)
            return stmt_end(st, err);
        ++*ret_n;
    }
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    return blame(v, v->walk.next_lsn, err, "the file cannot be read from here");
}

static int check_records(struct verify *v)
{
    size_t n = PAGE;
    int err = ERR_OK;

    v->walk.next_lsn = 1;
    while (err == ERR_OK && n == PAGE)
        err = check_page(v, v->walk.next_lsn, &n);
    v->report->streams = (uint32_t)v->walk.streams.n;
    return err;
}

/* A head kept elsewhere must stand where it stood: this is what shows a tail cut off and
 * rewritten. */
static int check_heads(struct verify *v, const struct journal_head *heads, size_t n)
{
    struct stmt *st = stmt_at(v->sql, SQL_BEFORE);
    char text[128];
    int err = ERR_OK;

    for (size_t i = 0; i < n && err == ERR_OK; i++) {
        uint8_t hash[32] = {0};

        stmt_bind_u64(st, 1, heads[i].stream);
        stmt_bind_u64(st, 2, heads[i].seq);
        err = stmt_row(st);
        if (err == ERR_OK) {
            stmt_copy(st, 1, hash, sizeof(hash));
            err = stmt_end(st, ERR_OK);
        }
        if (err == ERR_NOT_FOUND || (err == ERR_OK && memcmp(hash, heads[i].hash, 32) != 0)) {
            snprintf(text, sizeof(text), "head %llu of stream %u does not stand in this journal",
                     (unsigned long long)heads[i].seq, heads[i].stream);
            err = blame(v, heads[i].lsn, ERR_CORRUPT, text);
        }
    }
    return err;
}

static int run(struct verify *v, const struct journal_head *heads, size_t n_heads)
{
    struct errmsg why = {""};
    int err = stmt_set_new(v->db, JOURNAL_SQL, SQL_COUNT, &v->sql, &why);

    /* A table that is gone shows here first: a journal that was altered, no fault of ours. */
    if (err == ERR_INTERNAL)
        err = ERR_CORRUPT;
    if (err == ERR_OK)
        err = journal_schema_check(v->sql, &why);
    if (err != ERR_OK)
        return blame(v, 0, err, why.text);
    err = check_records(v);
    if (err == ERR_OK)
        err = check_heads(v, heads, n_heads);
    if (err != ERR_OK)
        return err;
    err = db_check(v->db, true, &why);
    return err == ERR_OK ? ERR_OK : blame(v, 0, err, why.text);
}

int journal_verify(const char *path, const char *vfs, struct crypto *crypto,
                   const struct journal_head *heads, size_t n_heads,
                   struct journal_report *ret_report)
{
    const struct db_options o = {
        .vfs = vfs,
        .application_id = JOURNAL_APPLICATION_ID,
        .sync = DB_SYNC_FULL,
        .read_only = true,
        .busy_ms = 5000,
    };
    struct verify v = {.report = ret_report, .walk = {.crypto = crypto}};
    struct errmsg why = {""};
    int err;

    *ret_report = (struct journal_report){0};
    err = db_open(path, &o, &v.db, &why);
    if (err == ERR_OK)
        err = db_migrate(v.db, JOURNAL_STEPS, JOURNAL_N_STEPS, &why);
    if (err != ERR_OK)
        blame(&v, 0, err, why.text);
    else
        err = run(&v, heads, n_heads);
    stmt_set_free(v.sql);
    walk_fini(&v.walk);
    db_close(v.db);
    return err;
}
