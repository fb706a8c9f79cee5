/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_db */
/* Opening: pragmas read back, options, defence, and what errors mean. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/db_int.h"
#include "common/db/stmt.h"
#include "test/support/db_file.h"
#include "test/support/path.h"

#include <stdio.h>
#include <sys/stat.h>

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
    struct dbf *f = *state;

    dbf_open(f, 0);
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
        assert_int_equal(db_pragma(f->db, row[i].name, NULL, row[i].want, NULL), ERR_OK);
}

static void synchronous_and_locking_follow_the_options(void **state)
{
    struct dbf *f = *state;

    f->o.sync = DB_SYNC_NORMAL;
    f->o.exclusive = true;
    f->o.busy_ms = 1234;
    dbf_open(f, 1);
    assert_int_equal(db_pragma(f->db, "synchronous", NULL, "1", NULL), ERR_OK);
    assert_int_equal(db_pragma(f->db, "locking_mode", NULL, "exclusive", NULL), ERR_OK);
    assert_int_equal(db_pragma(f->db, "busy_timeout", NULL, "1234", NULL), ERR_OK);
}

/* SQLite answers OK to a pragma it does not know. */
static void misspelt_pragma_is_named(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 0);
    assert_int_equal(db_pragma(f->db, "synchronuos", "2", "2", &f->why), ERR_UNSUPPORTED);
    assert_non_null(strstr(f->why.text, "synchronuos"));
    assert_int_equal(db_pragma(f->db, "synchronous", "1", "2", &f->why), ERR_UNSUPPORTED);
    assert_non_null(strstr(f->why.text, "PRAGMA synchronous is 1, not 2"));
}

/* A file system without shared memory silently keeps the old journal mode. */
static void refused_journal_mode_is_named(void **state)
{
    struct dbf *f = *state;

    memvfs_set_shm(f->m, false);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_UNSUPPORTED);
    assert_null(f->db);
    assert_non_null(strstr(f->why.text, "journal_mode"));
    f->o.exclusive = true;
    dbf_open(f, 1);
}

static void options_out_of_range(void **state)
{
    struct dbf *f = *state;

    f->o.application_id = 0;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_INVAL);
    f->o.application_id = 0x80000000u;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_INVAL);
    f->o.application_id = DBF_APP;
    f->o.sync = (enum db_sync)0;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, NULL), ERR_INVAL);
    f->o.sync = DB_SYNC_FULL;
    f->o.vfs = "nowhere";
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_CONFIG);
}

static void read_only_writes_nothing(void **state)
{
    struct dbf *f = *state;
    uint64_t before;

    f->o.read_only = true;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_NOT_FOUND);
    f->o.read_only = false;
    dbf_open(f, 1);
    dbf_close(f);
    before = memvfs_hash(f->m);
    f->o.read_only = true;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, 2, &f->why), ERR_SCHEMA);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, 1, &f->why), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_STATE);
    assert_int_equal(db_checkpoint(f->db, true), ERR_STATE);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_STATE);
    dbf_close(f);
    assert_int_equal(memvfs_size(f->m, "/t.db-wal"), 0);
    f->o.read_only = false;
    dbf_open(f, 1);
    dbf_close(f);
    assert_true(memvfs_hash(f->m) == before);
}

static void memory_database_needs_no_disk(void **state)
{
    struct dbf *f = *state;

    f->o.read_only = true;
    assert_int_equal(db_open(":memory:", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, 2, &f->why), ERR_OK);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(memvfs_used(f->m) == 0);
}

static void errors_are_mapped(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 2);
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
    struct dbf *f = *state;

    dbf_open(f, 2);
    assert_int_not_equal(db_exec(f->db, "SELECT load_extension('x')"), ERR_OK);
    /* Defensive mode ignores this pragma, so the schema table stays closed. */
    assert_int_equal(db_exec(f->db, "PRAGMA writable_schema=1"), ERR_OK);
    assert_int_not_equal(db_exec(f->db, "DELETE FROM sqlite_schema"), ERR_OK);
    assert_int_equal(db_pragma(f->db, "journal_mode", "off", "wal", &f->why), ERR_OK);
}

static void check_finds_a_broken_page(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 1);
    for (int i = 0; i < 200; i++)
        assert_int_equal(db_exec(f->db, "INSERT INTO t(v) VALUES(randomblob(100))"), ERR_OK);
    dbf_close(f);
    for (uint64_t o = 4096 + 8; o < 4096 + 200; o += 7)
        assert_true(memvfs_flip(f->m, "/t.db", o, 0xFF));
    if (db_open("/t.db", &f->o, &f->db, &f->why) == ERR_OK)
        assert_int_equal(db_check(f->db, true, &f->why), ERR_CORRUPT);
}

static void created_file_is_private(void **state)
{
    struct db_options o = {.application_id = DBF_APP, .sync = DB_SYNC_FULL};
    struct tmpdir dir;
    struct stat st;
    struct db *db = NULL;
    struct errmsg why;
    char path[320], wal[330];

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "s.db", path, sizeof(path));
    assert_int_equal(db_open(path, &o, &db, &why), ERR_OK);
    assert_int_equal(db_migrate(db, DBF_STEPS, 2, &why), ERR_OK);
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
#define T(name) cmocka_unit_test_setup_teardown(name, dbf_setup, dbf_teardown)
    const struct CMUnitTest tests[] = {
        T(pragmas_hold),
        T(synchronous_and_locking_follow_the_options),
        T(misspelt_pragma_is_named),
        T(refused_journal_mode_is_named),
        T(options_out_of_range),
        T(read_only_writes_nothing),
        T(memory_database_needs_no_disk),
        T(errors_are_mapped),
        T(defence_is_on),
        T(check_finds_a_broken_page),
        cmocka_unit_test(created_file_is_private),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
