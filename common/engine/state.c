/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's own tables in state.db: how far it is, who must still hear what, which calls were
 * made. All of it is a projection and can be rebuilt from journal.db. */
#include "common/engine/engine_int.h"

#include "common/base/mutant.h"

#include <stdlib.h>

const char *const ENGINE_MIGRATIONS[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('applied_lsn', 0);"
    "CREATE TABLE party(oid TEXT PRIMARY KEY, next_no INTEGER NOT NULL, acked_no INTEGER NOT NULL,"
    " CHECK(acked_no < next_no)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE delivery(oid TEXT NOT NULL, number INTEGER NOT NULL, lsn INTEGER NOT NULL,"
    " position INTEGER NOT NULL, PRIMARY KEY(oid, number)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE peer(oid TEXT PRIMARY KEY, handled_no INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE call(key BLOB PRIMARY KEY CHECK(length(key) = 16),"
    " digest BLOB NOT NULL CHECK(length(digest) = 32), op BLOB NOT NULL CHECK(length(op) = 16),"
    " answer_lsn INTEGER NOT NULL, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
};
const unsigned ENGINE_MIGRATION_COUNT = sizeof ENGINE_MIGRATIONS / sizeof *ENGINE_MIGRATIONS;

const char *const ENGINE_SQL[ES_COUNT] = {
    [ES_META_GET] = "SELECT value FROM meta WHERE key = 'applied_lsn'",
    [ES_META_SET] = "UPDATE meta SET value = ?1 WHERE key = 'applied_lsn'",
    [ES_PARTY_ALL] = "SELECT oid, next_no, acked_no FROM party ORDER BY oid",
    [ES_PARTY_PUT] = "INSERT OR REPLACE INTO party VALUES(?1, ?2, ?3)",
    [ES_DELIVERY_PAGE] =
        ("SELECT number, lsn, position FROM delivery WHERE oid = ?1 AND number >= ?2"
         " ORDER BY number LIMIT ?3"),
    [ES_DELIVERY_PUT] = "INSERT INTO delivery VALUES(?1, ?2, ?3, ?4)",
    [ES_DELIVERY_DEL] = "DELETE FROM delivery WHERE oid = ?1 AND number <= ?2",
    [ES_PEER_ALL] = "SELECT oid, handled_no FROM peer ORDER BY oid",
    [ES_PEER_PUT] = "INSERT OR REPLACE INTO peer VALUES(?1, ?2)",
    [ES_IDEM_GET] = "SELECT digest, op, answer_lsn, at_ms FROM call WHERE key = ?1",
    [ES_IDEM_PUT] = "INSERT OR REPLACE INTO call VALUES(?1, ?2, ?3, ?4, ?5)",
    [ES_CLOCK_GET] = "SELECT b.value, m.value, a.value FROM meta b, meta m, meta a"
                     " WHERE b.key = 'clock_boot' AND m.key = 'clock_mono_ms' AND a.key = 'clock_at_ms'",
    [ES_CLOCK_PUT] = "INSERT OR REPLACE INTO meta VALUES('clock_boot', ?1), ('clock_mono_ms', ?2),"
                     " ('clock_at_ms', ?3)",
};

static int migrate(struct engine *e, struct errmsg *why)
{
    unsigned n = ENGINE_MIGRATION_COUNT + e->app.n_migrations;
    const char **steps = malloc(n * sizeof *steps);
    int err;

    if (!steps)
        return ERR_NOMEM;
    for (unsigned i = 0; i < ENGINE_MIGRATION_COUNT; i++)
        steps[i] = ENGINE_MIGRATIONS[i];
    for (unsigned i = 0; i < e->app.n_migrations; i++)
        steps[ENGINE_MIGRATION_COUNT + i] = e->app.migrations[i];
    err = db_migrate(e->state, steps, n, why);
    free((void *)steps);
    return err;
}

int state_open(struct engine *e, struct errmsg *why)
{
    struct db_options o = {.vfs = e->cfg.vfs, .application_id = e->app.application_id,
                           .sync = DB_SYNC_NORMAL, .read_only = e->cfg.read_only,
                           .busy_ms = 5000, .hold_reads = true, .autocheckpoint = 2000};
    struct stmt *st;
    int err = db_open(e->cfg.state_path, &o, &e->state, why);

    if (!err)
        err = migrate(e, why);
    if (!err)
        err = stmt_set_new(e->state, ENGINE_SQL, ES_COUNT, &e->stmts, why);
    if (!err)
        err = e->app.open(e->app.ctx, e->state, why);
    if (err)
        return err;
    st = stmt_at(e->stmts, ES_META_GET);
    err = stmt_row(st);
    if (!err)
        e->applied_lsn = stmt_u64(st, 0);
    err = stmt_end(st, err);
    return err ? err : deliveries_load(e);
}

/* --- the clock: the one thing here that no record tells; lost, the wall clock is believed --- */
static int put_mark(struct engine *e)
{
    struct steady_mark m = steady_clock_mark(&e->steady);
    struct stmt *st = stmt_at(e->stmts, ES_CLOCK_PUT);

    stmt_bind_i64(st, 1, (int64_t)m.boot);
    stmt_bind_i64(st, 2, m.mono_ms);
    stmt_bind_i64(st, 3, m.at_ms);
    return stmt_run(st);
}

static int read_mark(struct engine *e, struct steady_mark *ret)
{
    struct stmt *st = stmt_at(e->stmts, ES_CLOCK_GET);
    int err = stmt_row(st);

    *ret = (struct steady_mark){0};
    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (!err)
        *ret = (struct steady_mark){(uint64_t)stmt_i64(st, 0), stmt_i64(st, 1), stmt_i64(st, 2)};
    return stmt_end(st, err);
}

/* The mark of this start is written at once: what dies before its first flush is followed as well. */
int state_clock(struct engine *e, const struct clock *under, struct errmsg *why)
{
    struct steady_mark mark;
    int64_t last_ms;
    int err = journal_last_at(e->journal, &last_ms);

    if (!err)
        err = read_mark(e, &mark);
    if (err)
        return errmsg_set(why, err, "%s or %s: the time of the last record cannot be read: %s",
                          e->cfg.journal_path, e->cfg.state_path, err_text(err));
    steady_clock_init(&e->steady, under, last_ms, mutant("CLOCK_WITHOUT_MARK") ? (struct steady_mark){0} : mark);
    e->clock = &e->steady.port;
    if (e->cfg.read_only || !e->steady.boot)
        return ERR_OK;
    err = db_begin(e->state);
    if (!err)
        err = put_mark(e);
    if (!err)
        err = db_commit(e->state);
    return err ? errmsg_set(why, err, "%s cannot be written: %s", e->cfg.state_path, err_text(err))
               : ERR_OK;
}

static int save_all(struct engine *e)
{
    struct stmt *st = stmt_at(e->stmts, ES_META_SET);
    int err = e->app.save_rest ? e->app.save_rest(e->app.ctx, e->state) : ERR_OK;

    if (!err && e->steady.boot)
        err = put_mark(e);
    if (err)
        return err;
    LIST_EACH (it, &e->dirty) {
        struct agg *a = LIST_ENTRY(it, struct agg, dirty_link);
        err = e->app.save(e->app.ctx, e->state, &a->key, a->obj);
        if (err)
            return err;
    }
    err = deliveries_save(e);
    if (!err)
        err = idem_save(e);
    if (err)
        return err;
    stmt_bind_u64(st, 1, e->last_lsn);
    return stmt_run(st);
}

/* Rows and applied_lsn in one transaction, and only what is durable in the journal (law 2). A
 * uniqueness violation here is an internal fault: the view had already decided otherwise. */
int engine_flush(struct engine *e)
{
    int err;

    if (e->failed)
        return ERR_IO;
    if ((e->cfg.read_only && strcmp(e->cfg.state_path, ":memory:") != 0) || e->in_tx ||
        e->last_lsn == e->applied_lsn)
        return ERR_OK;
    if (journal_durable_lsn(e->journal) < e->last_lsn)
        return ERR_AGAIN;
    err = db_begin(e->state);
    if (!err && mutant("APPLIED_BEFORE_ROWS")) {
        struct stmt *st = stmt_at(e->stmts, ES_META_SET);
        stmt_bind_u64(st, 1, e->last_lsn);
        err = stmt_run(st);
        err = err ? err : db_commit(e->state);
        err = err ? err : db_begin(e->state);
    }
    if (!err)
        err = save_all(e);
    if (!err)
        engine_witness_at(e, ENGINE_FLUSHING);
    if (!err)
        err = db_commit(e->state);
    if (err)
        return engine_fail(e, err, "state.db cannot be written behind the journal: %s",
                           err_text(err));
    e->applied_lsn = e->last_lsn;
    LIST_EACH_SAFE (it, tmp, &e->dirty) {
        LIST_ENTRY(it, struct agg, dirty_link)->dirty = false;
        list_del(it);
    }
    e->n_dirty = 0;
    e->count.flushes++;
    engine_witness_at(e, ENGINE_FLUSHED);
    e->app.flushed(e->app.ctx, e->applied_lsn);
    return ERR_OK;
}
