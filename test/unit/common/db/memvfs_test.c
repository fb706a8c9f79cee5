/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/stmt.h"
#include "test/support/memvfs.h"

#include <stdlib.h>

static const char *const STEPS[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB) STRICT"};

static struct db *open_db(const char *vfs, const char *path, enum db_sync sync)
{
    const struct db_options o = {.vfs = vfs, .application_id = 5, .sync = sync};
    struct errmsg why;
    struct db *db = NULL;

    if (db_open(path, &o, &db, &why) != ERR_OK || db_migrate(db, STEPS, 1, &why) != ERR_OK)
        fail_msg("%s", why.text);
    return db;
}

static void insert(struct db *db, const char *sql)
{
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, sql), ERR_OK);
    assert_int_equal(db_commit(db), ERR_OK);
}

static uint64_t count(struct db *db)
{
    static const char *const sql[] = {"SELECT count(*) FROM t"};
    struct stmt_set *set = NULL;
    uint64_t n;

    assert_int_equal(stmt_set_new(db, sql, 1, &set, NULL), ERR_OK);
    assert_int_equal(stmt_row(stmt_at(set, 0)), ERR_OK);
    n = stmt_u64(stmt_at(set, 0), 0);
    stmt_set_free(set);
    return n;
}

static uint64_t world(uint64_t seed)
{
    struct memvfs *m = memvfs_register("world", seed);
    struct db *a = open_db("world", "/a/t.db", DB_SYNC_FULL);
    struct db *b = open_db("world", "/b/t.db", DB_SYNC_NORMAL);
    uint64_t hash;

    for (int i = 0; i < 20; i++) {
        insert(a, "INSERT INTO t(v) VALUES(randomblob(300))");
        insert(b, "INSERT INTO t(v) VALUES(randomblob(30))");
    }
    memvfs_crash(m, MEMVFS_ANY, "/b");
    db_close(b);
    hash = memvfs_hash(m);
    db_close(a);
    memvfs_free(m);
    return hash;
}

/* Log salts and random() come from the seed, so the same world is the same octets. */
static void same_seed_same_octets(void **state)
{
    (void)state;
    assert_true(world(1) == world(1));
    assert_true(world(1) != world(2));
}

static int64_t at_noon(void *ctx)
{
    return *(int64_t *)ctx;
}

static void time_is_the_worlds(void **state)
{
    static const char *const sql[] = {"SELECT strftime('%s','now')"};
    struct memvfs *m = memvfs_register("clock", 1);
    struct db *db = open_db("clock", "/t.db", DB_SYNC_FULL);
    struct stmt_set *set = NULL;
    int64_t now = 1750000000000;

    (void)state;
    memvfs_set_clock(m, at_noon, &now);
    assert_int_equal(stmt_set_new(db, sql, 1, &set, NULL), ERR_OK);
    assert_int_equal(stmt_row(stmt_at(set, 0)), ERR_OK);
    assert_true(span_eq(stmt_text(stmt_at(set, 0), 0), span_str("1750000000")));
    stmt_set_free(set);
    db_close(db);
    memvfs_free(m);
}

static void name_is_taken_once(void **state)
{
    struct memvfs *m = memvfs_register("one", 1);

    (void)state;
    assert_null(memvfs_register("one", 2));
    memvfs_free(m);
    m = memvfs_register("one", 2);
    assert_non_null(m);
    memvfs_free(m);
}

static uint64_t rows_after(enum memvfs_crash_mode mode, enum db_sync sync, bool lying)
{
    struct memvfs *m = memvfs_register("rows", 3);
    struct db *db = open_db("rows", "/t.db", sync);
    uint64_t n;

    assert_int_equal(db_checkpoint(db, true), ERR_OK);
    memvfs_set_lying_sync(m, lying);
    for (int i = 0; i < 10; i++)
        insert(db, "INSERT INTO t(v) VALUES(zeroblob(100))");
    memvfs_crash(m, mode, NULL);
    db_close(db);
    memvfs_set_lying_sync(m, false);
    db = open_db("rows", "/t.db", sync);
    n = count(db);
    db_close(db);
    memvfs_free(m);
    return n;
}

static void what_was_synced_survives_and_the_rest_as_told(void **state)
{
    (void)state;
    for (int mode = MEMVFS_DROP; mode <= MEMVFS_ANY; mode++)
        assert_int_equal(rows_after((enum memvfs_crash_mode)mode, DB_SYNC_FULL, false), 10);
    assert_true(rows_after(MEMVFS_KEEP, DB_SYNC_NORMAL, false) == 10);
    assert_true(rows_after(MEMVFS_DROP, DB_SYNC_NORMAL, false) < 10);
    assert_true(rows_after(MEMVFS_DROP, DB_SYNC_FULL, true) == 0);
}

static void crash_of_one_directory_leaves_the_other(void **state)
{
    struct memvfs *m = memvfs_register("two", 3);
    struct db *a = open_db("two", "/a/t.db", DB_SYNC_FULL);
    struct db *b = open_db("two", "/b/t.db", DB_SYNC_FULL);

    (void)state;
    memvfs_crash(m, MEMVFS_DROP, "/a/");
    assert_int_equal(db_begin(a), ERR_IO);
    insert(b, "INSERT INTO t(v) VALUES(x'00')");
    db_close(a);
    a = open_db("two", "/a/t.db", DB_SYNC_FULL);
    insert(a, "INSERT INTO t(v) VALUES(x'00')");
    assert_true(count(a) == 1);
    db_close(a);
    db_close(b);
    memvfs_free(m);
}

static void each_operation_fails_once_where_told(void **state)
{
    struct memvfs *m = memvfs_register("fail", 3);
    struct db *db = open_db("fail", "/t.db", DB_SYNC_FULL);

    (void)state;
    memvfs_fail(m, MEMVFS_WRITE, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES(1, x'00')"), ERR_OK);
    assert_int_equal(db_commit(db), ERR_IO);
    db_close(db);
    db = open_db("fail", "/t.db", DB_SYNC_FULL);
    assert_true(count(db) == 0);
    insert(db, "INSERT INTO t VALUES(1, x'00')");
    assert_true(count(db) == 1);
    db_close(db);
    memvfs_free(m);
}

/* The reason why nobody may sync again: the second one succeeds and saves nothing. */
static void failed_sync_forgets(void **state)
{
    struct memvfs *m = memvfs_register("forget", 3);
    struct db *db = open_db("forget", "/t.db", DB_SYNC_FULL);

    (void)state;
    memvfs_fail(m, MEMVFS_SYNC, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES(1, x'00')"), ERR_OK);
    assert_int_equal(db_commit(db), ERR_IO);
    memvfs_crash(m, MEMVFS_SUBSET, NULL);
    db_close(db);
    db = open_db("forget", "/t.db", DB_SYNC_FULL);
    assert_true(count(db) == 0);
    db_close(db);
    memvfs_free(m);
}

static void cut_ends_everything_until_the_crash(void **state)
{
    struct memvfs *m = memvfs_register("cut", 3);
    struct db *db = open_db("cut", "/t.db", DB_SYNC_FULL);

    (void)state;
    memvfs_cut_after(m, 1);
    assert_int_equal(db_begin(db), ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES(1, x'00')"), ERR_OK);
    assert_false(memvfs_is_cut(m));
    assert_int_equal(db_commit(db), ERR_IO);
    assert_true(memvfs_is_cut(m));
    db_close(db);
    memvfs_crash(m, MEMVFS_DROP, NULL);
    assert_false(memvfs_is_cut(m));
    db = open_db("cut", "/t.db", DB_SYNC_FULL);
    assert_true(count(db) == 0);
    db_close(db);
    memvfs_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_octets),
        cmocka_unit_test(time_is_the_worlds),
        cmocka_unit_test(name_is_taken_once),
        cmocka_unit_test(what_was_synced_survives_and_the_rest_as_told),
        cmocka_unit_test(crash_of_one_directory_leaves_the_other),
        cmocka_unit_test(each_operation_fails_once_where_told),
        cmocka_unit_test(failed_sync_forgets),
        cmocka_unit_test(cut_ends_everything_until_the_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
