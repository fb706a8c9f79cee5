/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_db */
/* Transactions, the log and its checkpoints, and disks that fail under them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/db_int.h"
#include "common/db/stmt.h"
#include "test/support/db_file.h"

static void transactions_do_not_nest(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 1);
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
    struct dbf *f = *state;
    struct db *other = NULL;

    dbf_open(f, 1);
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
    struct dbf *f = *state;
    uint64_t syncs;

    dbf_open(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    memvfs_fail(f->m, MEMVFS_SYNC, 1);
    assert_int_equal(db_commit(f->db), ERR_IO);
    assert_true(db_failed(f->db));
    syncs = memvfs_count(f->m, MEMVFS_SYNC);
    assert_int_equal(db_begin(f->db), ERR_IO);
    assert_int_equal(db_checkpoint(f->db, true), ERR_IO);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(2, x'02')"), ERR_IO);
    dbf_close(f);
    assert_true(memvfs_count(f->m, MEMVFS_SYNC) == syncs);
}

static void full_disk_fails_the_connection(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 1);
    memvfs_set_limit(f->m, memvfs_used(f->m) + 100);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(20000))"), ERR_OK);
    assert_int_equal(db_commit(f->db), ERR_IO);
    assert_int_equal(db_begin(f->db), ERR_IO);
    dbf_close(f);
    memvfs_set_limit(f->m, 0);
    dbf_open(f, 1);
    assert_int_equal(db_check(f->db, true, &f->why), ERR_OK);
}

static void checkpoint_empties_the_log(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 1);
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

/* A commit of this checkpoints by itself. */
static void begin_more_than_three_pages(struct dbf *f)
{
    f->o.autocheckpoint = 3;
    dbf_open(f, 1);
    assert_int_equal(db_begin(f->db), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, zeroblob(40000))"), ERR_OK);
}

static void commit_checkpoints_by_itself_when_asked(void **state)
{
    struct dbf *f = *state;

    begin_more_than_three_pages(f);
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_int_equal(db_wal_pages(f->db), 0);
    assert_true(memvfs_size(f->m, "/t.db") > 40000);
}

/* The commit stands, but nothing more is done on a disk that refused a sync. */
static void io_error_in_the_own_checkpoint_shows(void **state)
{
    struct dbf *f = *state;

    begin_more_than_three_pages(f);
    memvfs_fail(f->m, MEMVFS_SYNC, 3); /* log, log again before the copy, database */
    assert_int_equal(db_commit(f->db), ERR_OK);
    assert_true(db_failed(f->db));
    assert_int_equal(db_begin(f->db), ERR_IO);
}

static void reader_holds_the_log(void **state)
{
    static const char *const sql[] = {"SELECT id FROM t"};
    struct dbf *f = *state;
    struct stmt_set *set = NULL;
    struct db *reader = NULL;

    dbf_open(f, 1);
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
    struct dbf *f = *state;
    struct stmt_set *set = NULL;
    struct db *other = NULL;

    dbf_open(f, 1);
    f->o.hold_reads = true;
    dbf_close(f);
    dbf_open(f, 1);
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dbf_setup, dbf_teardown)
    const struct CMUnitTest tests[] = {
        T(transactions_do_not_nest),
        T(second_writer_is_told_at_begin),
        T(failed_sync_is_never_tried_again),
        T(full_disk_fails_the_connection),
        T(checkpoint_empties_the_log),
        T(commit_checkpoints_by_itself_when_asked),
        T(io_error_in_the_own_checkpoint_shows),
        T(reader_holds_the_log),
        T(held_reads_see_one_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
