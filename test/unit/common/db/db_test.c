/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/db_int.h"
#include "common/db/stmt.h"
#include "test/support/memvfs.h"
#include "test/support/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define APP 0x52454D54u

static const char *const STEPS[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB UNIQUE) STRICT",
    "CREATE TABLE u(id INTEGER PRIMARY KEY, t INTEGER REFERENCES t(id)) STRICT;"
    "CREATE TRIGGER t_keep BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'kept'); END",
};

struct fix {
    struct memvfs *m;
    struct db_options o;
    struct db *db;
    struct errmsg why;
};

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof(*f));

    f->m = memvfs_register("dbtest", 7);
    f->o = (struct db_options){
        .vfs = "dbtest", .application_id = APP, .sync = DB_SYNC_FULL, .busy_ms = 0};
    *state = f;
    return f->m == NULL;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    db_close(f->db);
    memvfs_free(f->m);
    free(f);
    return 0;
}

static void open_ok(struct fix *f, uint32_t steps)
{
    int err = db_open("/t.db", &f->o, &f->db, &f->why);

    if (err != ERR_OK)
        fail_msg("%s", f->why.text);
    assert_int_equal(db_migrate(f->db, STEPS, steps, &f->why), ERR_OK);
}

static void again(struct fix *f)
{
    db_close(f->db);
    f->db = NULL;
}

static void pragmas_hold(void **state)
{
    static const struct {
        const char *name, *want;
    } row[] = {
        {"journal_mode", "wal"},   {"synchronous", "2"},        {"foreign_keys", "1"},
        {"trusted_schema", "0"},   {"cell_size_check", "1"},    {"recursive_triggers", "1"},
        {"secure_delete", "1"},    {"mmap_size", "0"},          {"wal_autocheckpoint", "0"},
        {"busy_timeout", "0"},     {"locking_mode", "normal"},  {"temp_store", "2"},
        {"cache_size", "-65536"},  {"journal_size_limit", "67108864"}};
    struct fix *f = *state;

    open_ok(f, 0);
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        assert_int_equal(db_pragma(f->db, row[i].name, NULL, row[i].want, NULL), ERR_OK);
}

static void synchronous_and_locking_follow_the_options(void **state)
{
    struct fix *f = *state;

    f->o.sync = DB_SYNC_NORMAL;
    f->o.exclusive = true;
    f->o.busy_ms = 1234;
    open_ok(f, 1);
    assert_int_equal(db_pragma(f->db, "synchronous", NULL, "1", NULL), ERR_OK);
    assert_int_equal(db_pragma(f->db, "locking_mode", NULL, "exclusive", NULL), ERR_OK);
    assert_int_equal(db_pragma(f->db, "busy_timeout", NULL, "1234", NULL), ERR_OK);
}

/* SQLite answers OK to a pragma it does not know. */
static void misspelt_pragma_is_named(void **state)
{
    struct fix *f = *state;

    open_ok(f, 0);
    assert_int_equal(db_pragma(f->db, "synchronuos", "2", "2", &f->why), ERR_UNSUPPORTED);
    assert_non_null(strstr(f->why.text, "synchronuos"));
    assert_int_equal(db_pragma(f->db, "synchronous", "1", "2", &f->why), ERR_UNSUPPORTED);
    assert_non_null(strstr(f->why.text, "PRAGMA synchronous is 1, not 2"));
}

/* A file system without shared memory silently keeps the old journal mode. */
static void refused_journal_mode_is_named(void **state)
{
    struct fix *f = *state;

    memvfs_set_shm(f->m, false);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_UNSUPPORTED);
    assert_null(f->db);
    assert_non_null(strstr(f->why.text, "journal_mode"));
    f->o.exclusive = true;
    open_ok(f, 1);
}

static void options_out_of_range(void **state)
{
    struct fix *f = *state;

    f->o.application_id = 0;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_INVAL);
    f->o.application_id = 0x80000000u;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_INVAL);
    f->o.application_id = APP;
    f->o.sync = (enum db_sync)0;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, NULL), ERR_INVAL);
    f->o.sync = DB_SYNC_FULL;
    f->o.vfs = "nowhere";
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_CONFIG);
}

static void migration_goes_step_by_step(void **state)
{
    struct fix *f = *state;
    uint32_t v = 9;

    open_ok(f, 0);
    assert_int_equal(db_version(f->db, &v), ERR_OK);
    assert_int_equal(v, 0);
    assert_int_equal(db_migrate(f->db, STEPS, 1, &f->why), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    again(f);
    open_ok(f, 2);
    assert_int_equal(db_version(f->db, &v), ERR_OK);
    assert_int_equal(v, 2);
    assert_int_equal(db_exec(f->db, "INSERT INTO u VALUES(1, 1)"), ERR_OK);
    assert_int_equal(db_check(f->db, true, &f->why), ERR_OK);
}

static void failing_step_leaves_the_version(void **state)
{
    static const char *const broken[] = {"CREATE TABLE a(x INTEGER) STRICT",
                                         "CREATE TABLE b(x INTEGER) STRICT; CREATE TABLE a(x)"};
    struct fix *f = *state;
    uint32_t v = 9;

    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, broken, 2, &f->why), ERR_INTERNAL);
    assert_non_null(strstr(f->why.text, "schema step 2"));
    assert_false(db_in_tx(f->db));
    assert_int_equal(db_version(f->db, &v), ERR_OK);
    assert_int_equal(v, 1);
    assert_int_equal(db_exec(f->db, "SELECT * FROM b"), ERR_INTERNAL);
}

static void newer_schema_is_refused(void **state)
{
    struct fix *f = *state;

    open_ok(f, 2);
    again(f);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, STEPS, 1, &f->why), ERR_SCHEMA);
    assert_non_null(strstr(f->why.text, "schema version 2"));
    assert_non_null(strstr(f->why.text, "up to 1"));
    assert_non_null(strstr(f->why.text, "restore a backup"));
}

static void foreign_file_is_refused_untouched(void **state)
{
    struct fix *f = *state;
    uint64_t before;

    open_ok(f, 1);
    again(f);
    before = memvfs_hash(f->m);
    f->o.application_id = APP + 1;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_SCHEMA);
    assert_non_null(strstr(f->why.text, "another program"));
    assert_true(memvfs_hash(f->m) == before);
}

/* Tables but no id: somebody else's database without an application id. */
static void unmarked_file_is_refused(void **state)
{
    struct fix *f = *state;

    open_ok(f, 0);
    assert_int_equal(db_exec(f->db, "CREATE TABLE x(a)"), ERR_OK);
    again(f);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_SCHEMA);
}

static void noise_is_no_database(void **state)
{
    struct fix *f = *state;

    open_ok(f, 1);
    again(f);
    assert_true(memvfs_flip(f->m, "/t.db", 3, 0x55));
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_CORRUPT);
}

static void read_only_writes_nothing(void **state)
{
    struct fix *f = *state;
    uint64_t before;

    f->o.read_only = true;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_NOT_FOUND);
    f->o.read_only = false;
    open_ok(f, 1);
    again(f);
    before = memvfs_hash(f->m);
    f->o.read_only = true;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, STEPS, 2, &f->why), ERR_SCHEMA);
    assert_int_equal(db_migrate(f->db, STEPS, 1, &f->why), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_STATE);
    assert_int_equal(db_checkpoint(f->db, true), ERR_STATE);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_STATE);
    again(f);
    assert_int_equal(memvfs_size(f->m, "/t.db-wal"), 0);
    f->o.read_only = false;
    open_ok(f, 1);
    again(f);
    assert_true(memvfs_hash(f->m) == before);
}

static void memory_database_needs_no_disk(void **state)
{
    struct fix *f = *state;

    f->o.read_only = true;
    assert_int_equal(db_open(":memory:", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, STEPS, 2, &f->why), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(memvfs_used(f->m) == 0);
}

static void transactions_do_not_nest(void **state)
{
    struct fix *f = *state;

    open_ok(f, 1);
    assert_int_equal(db_commit(f->db), ERR_STATE);
    assert_int_equal(db_rollback(f->db), ERR_STATE);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_true(db_in_tx(f->db));
    assert_int_equal(db_begin(f->db), ERR_STATE);
    assert_int_equal(db_checkpoint(f->db, false), ERR_STATE);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_int_equal(db_rollback(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_false(db_failed(f->db));
}

static void second_writer_is_told_at_begin(void **state)
{
    struct fix *f = *state;
    struct db *other = NULL;

    open_ok(f, 1);
    assert_int_equal(db_open("/t.db", &f->o, &other, &f->why), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_begin(other), ERR_BUSY);
    assert_false(db_failed(other));
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(db_begin(other), ERR_OK);
    assert_int_equal(db_rollback(other), ERR_OK);
    db_close(other);
}

static void failed_sync_is_never_tried_again(void **state)
{
    struct fix *f = *state;
    uint64_t syncs;

    open_ok(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    memvfs_fail(f->m, MEMVFS_SYNC, 1);
    assert_int_equal(db_commit(f->db), ERR_IO);
    assert_true(db_failed(f->db));
    syncs = memvfs_count(f->m, MEMVFS_SYNC);
    assert_int_equal(db_begin(f->db), ERR_IO);
    assert_int_equal(db_checkpoint(f->db, true), ERR_IO);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, x'02')"), ERR_IO);
    again(f);
    assert_true(memvfs_count(f->m, MEMVFS_SYNC) == syncs);
}

static void full_disk_fails_the_connection(void **state)
{
    struct fix *f = *state;

    open_ok(f, 1);
    memvfs_set_limit(f->m, memvfs_used(f->m) + 100);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(20000))"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_IO);
    assert_int_equal(db_begin(f->db), ERR_IO);
    again(f);
    memvfs_set_limit(f->m, 0);
    open_ok(f, 1);
    assert_int_equal(db_check(f->db, true, &f->why), ERR_OK);
}

static void checkpoint_empties_the_log(void **state)
{
    struct fix *f = *state;

    open_ok(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(20000))"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(db_wal_pages(f->db) > 4);
    assert_true(memvfs_size(f->m, "/t.db-wal") > 20000);
    assert_int_equal(db_checkpoint(f->db, false), ERR_OK);
    assert_int_equal(db_wal_pages(f->db), 0);
    assert_true(memvfs_size(f->m, "/t.db-wal") > 20000);
    assert_int_equal(db_checkpoint(f->db, true), ERR_OK);
    assert_int_equal(memvfs_size(f->m, "/t.db-wal"), 0);
}

static void commit_checkpoints_by_itself_when_asked(void **state)
{
    struct fix *f = *state;

    f->o.autocheckpoint = 3;
    open_ok(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(40000))"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(db_wal_pages(f->db), 0);
    assert_true(memvfs_size(f->m, "/t.db") > 40000);
}

/* The commit stands, but nothing more is done on a disk that refused a sync. */
static void io_error_in_the_own_checkpoint_shows(void **state)
{
    struct fix *f = *state;

    f->o.autocheckpoint = 3;
    open_ok(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(40000))"), ERR_OK);
    memvfs_fail(f->m, MEMVFS_SYNC, 3); /* log, log again before the copy, database */
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(db_failed(f->db));
    assert_int_equal(db_begin(f->db), ERR_IO);
}

static void reader_holds_the_log(void **state)
{
    static const char *const sql[] = {"SELECT id FROM t"};
    struct fix *f = *state;
    struct stmt_set *set = NULL;
    struct db *reader = NULL;

    open_ok(f, 1);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_int_equal(db_open("/t.db", &f->o, &reader, &f->why), ERR_OK);
    assert_int_equal(stmt_set_new(reader, sql, 1, &set, &f->why), ERR_OK);
    assert_int_equal(stmt_row(stmt_at(set, 0)), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, x'02')"), ERR_OK);
    assert_int_equal(db_checkpoint(f->db, true), ERR_BUSY);
    assert_int_equal(stmt_end(stmt_at(set, 0), ERR_OK), ERR_OK);
    assert_int_equal(db_checkpoint(f->db, true), ERR_OK);
    stmt_set_free(set);
    db_close(reader);
}

/* Reads of one turn see one state, and what is written ends them. */
static void held_reads_see_one_state(void **state)
{
    static const char *const sql[] = {"SELECT count(*) FROM t"};
    struct fix *f = *state;
    struct stmt_set *set = NULL;
    struct db *other = NULL;

    open_ok(f, 1);
    f->o.hold_reads = true;
    again(f);
    open_ok(f, 1);
    assert_int_equal(db_open("/t.db", &f->o, &other, &f->why), ERR_OK);
    assert_int_equal(stmt_set_new(f->db, sql, 1, &set, &f->why), ERR_OK);
    const int64_t seen[] = {0, 0, 1, 2};
    for (int i = 0; i < 4; i++) {
        struct stmt *st = stmt_at(set, 0);
        if (i == 2)
            assert_int_equal(db_read_end(f->db), ERR_OK);
        if (i == 3) {
            assert_int_equal(db_begin(f->db), ERR_OK);
            assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, x'02')"), ERR_OK);
            assert_int_equal(db_commit(f->db), ERR_OK);
        }
        assert_int_equal(stmt_row(st), ERR_OK);
        assert_int_equal(stmt_i64(st, 0), seen[i]);
        assert_int_equal(stmt_end(st, ERR_OK), ERR_OK);
        if (i == 0)
            assert_int_equal(db_exec(other, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    }
    assert_int_equal(db_checkpoint(f->db, true), ERR_OK);
    assert_int_equal(db_read_end(f->db), ERR_OK);
    stmt_set_free(set);
    db_close(other);
}

static void errors_are_mapped(void **state)
{
    struct fix *f = *state;

    open_ok(f, 2);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'02')"), ERR_EXISTS);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, x'01')"), ERR_EXISTS);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, 'text')"), ERR_INVAL);
    assert_int_equal(db_exec(f->db, "INSERT INTO u VALUES(1, 99)"), ERR_INVAL);
    assert_int_equal(db_exec(f->db, "DELETE FROM t"), ERR_DENIED);
    assert_int_equal(db_exec(f->db, "INSERT OR REPLACE INTO t VALUES(1, x'05')"), ERR_DENIED);
    assert_int_equal(db_exec(f->db, "SELECT \"no such column\""), ERR_INTERNAL);
    assert_int_equal(db_err_map(SQLITE_FULL), ERR_IO);
    assert_int_equal(db_err_map(SQLITE_IOERR_FSYNC), ERR_IO);
    assert_int_equal(db_err_map(SQLITE_CORRUPT_INDEX), ERR_CORRUPT);
    assert_int_equal(db_err_map(SQLITE_NOTADB), ERR_CORRUPT);
    assert_int_equal(db_err_map(SQLITE_BUSY_SNAPSHOT), ERR_BUSY);
    assert_int_equal(db_err_map(SQLITE_NOMEM), ERR_NOMEM);
    assert_int_equal(db_err_map(SQLITE_DONE), ERR_OK);
    assert_false(db_failed(f->db));
}

static void defence_is_on(void **state)
{
    struct fix *f = *state;

    open_ok(f, 2);
    assert_int_not_equal(db_exec(f->db, "SELECT load_extension('x')"), ERR_OK);
    /* Defensive mode ignores this pragma, so the schema table stays closed. */
    assert_int_equal(db_exec(f->db, "PRAGMA writable_schema=1"), ERR_OK);
    assert_int_not_equal(db_exec(f->db, "DELETE FROM sqlite_schema"), ERR_OK);
    assert_int_equal(db_pragma(f->db, "journal_mode", "off", "wal", &f->why), ERR_OK);
}

static void check_finds_a_broken_page(void **state)
{
    struct fix *f = *state;

    open_ok(f, 1);
    for (int i = 0; i < 200; i++)
        assert_int_equal(db_exec(f->db, "INSERT INTO t(v) VALUES(randomblob(100))"), ERR_OK);
    again(f);
    for (uint64_t o = 4096 + 8; o < 4096 + 200; o += 7)
        assert_true(memvfs_flip(f->m, "/t.db", o, 0xFF));
    if (db_open("/t.db", &f->o, &f->db, &f->why) == ERR_OK)
        assert_int_equal(db_check(f->db, true, &f->why), ERR_CORRUPT);
}

static void created_file_is_private(void **state)
{
    struct db_options o = {.application_id = APP, .sync = DB_SYNC_FULL};
    struct tmpdir dir;
    struct stat st;
    struct db *db = NULL;
    struct errmsg why;
    char path[320], wal[330];

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "s.db", path, sizeof(path));
    assert_int_equal(db_open(path, &o, &db, &why), ERR_OK);
    assert_int_equal(db_migrate(db, STEPS, 2, &why), ERR_OK);
    snprintf(wal, sizeof(wal), "%s-wal", path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    db_close(db);
    tmpdir_fini(&dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(pragmas_hold),
        T(synchronous_and_locking_follow_the_options),
        T(misspelt_pragma_is_named),
        T(refused_journal_mode_is_named),
        T(options_out_of_range),
        T(migration_goes_step_by_step),
        T(failing_step_leaves_the_version),
        T(newer_schema_is_refused),
        T(foreign_file_is_refused_untouched),
        T(unmarked_file_is_refused),
        T(noise_is_no_database),
        T(read_only_writes_nothing),
        T(memory_database_needs_no_disk),
        T(transactions_do_not_nest),
        T(second_writer_is_told_at_begin),
        T(failed_sync_is_never_tried_again),
        T(full_disk_fails_the_connection),
        T(checkpoint_empties_the_log),
        T(commit_checkpoints_by_itself_when_asked),
        T(io_error_in_the_own_checkpoint_shows),
        T(reader_holds_the_log),
        T(held_reads_see_one_state),
        T(errors_are_mapped),
        T(defence_is_on),
        T(check_finds_a_broken_page),
        cmocka_unit_test(created_file_is_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
