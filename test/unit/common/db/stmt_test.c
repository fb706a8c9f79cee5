/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/stmt.h"

#include <stdlib.h>

enum { PUT, GET, ALL, COUNT_ALL, SQL_N };
static const char *const SQL[SQL_N] = {
    [PUT] = "INSERT INTO t(id, v, s) VALUES(?1, ?2, ?3)",
    [GET] = "SELECT id, v, s FROM t WHERE id = ?1",
    [ALL] = "SELECT id, v, s FROM t ORDER BY id",
    [COUNT_ALL] = "SELECT count(*) FROM t",
};
static const char *const STEPS[] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB UNIQUE, s TEXT) STRICT"};

struct fix {
    struct db *db;
    struct stmt_set *set;
    struct errmsg why;
};

static int setup(void **state)
{
    const struct db_options o = {.application_id = 1, .sync = DB_SYNC_FULL};
    struct fix *f = calloc(1, sizeof(*f));

    *state = f;
    if (db_open(":memory:", &o, &f->db, &f->why) != ERR_OK ||
        db_migrate(f->db, STEPS, 1, &f->why) != ERR_OK ||
        stmt_set_new(f->db, SQL, SQL_N, &f->set, &f->why) != ERR_OK) {
        print_error("%s\n", f->why.text);
        return 1;
    }
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    stmt_set_free(f->set);
    db_close(f->db);
    free(f);
    return 0;
}

static int put(struct fix *f, int64_t id, struct span v, const char *s)
{
    struct stmt *st = stmt_at(f->set, PUT);

    stmt_bind_i64(st, 1, id);
    stmt_bind_blob(st, 2, v);
    stmt_bind_text(st, 3, span_str(s));
    return stmt_run(st);
}

static void values_come_back(void **state)
{
    struct fix *f = *state;
    struct stmt *st = stmt_at(f->set, GET);
    uint8_t v[3] = {1, 2, 3}, got[3];

    assert_int_equal(put(f, 5, span_of(v, 3), "five"), ERR_OK);
    assert_true(db_changes(f->db) == 1);
    stmt_bind_u64(st, 1, 5);
    assert_int_equal(stmt_row(st), ERR_OK);
    assert_true(stmt_u64(st, 0) == 5);
    assert_int_equal(stmt_u32(st, 0), 5);
    stmt_copy(st, 1, got, 3);
    assert_memory_equal(got, v, 3);
    assert_true(span_eq(stmt_text(st, 2), span_str("five")));
    assert_int_equal(stmt_row(st), ERR_NOT_FOUND);
    assert_int_equal(stmt_row(st), ERR_NOT_FOUND); /* reset and unbound: nothing has id NULL */
}

static void absent_and_empty_differ(void **state)
{
    struct fix *f = *state;
    struct stmt *st = stmt_at(f->set, GET);

    assert_int_equal(put(f, 1, (struct span){NULL, 0}, "absent"), ERR_OK);
    assert_int_equal(put(f, 2, span_of("", 0), "empty"), ERR_OK);
    stmt_bind_u64(st, 1, 1);
    assert_int_equal(stmt_row(st), ERR_OK);
    assert_true(stmt_is_null(st, 1));
    assert_null(stmt_blob(st, 1).p);
    assert_int_equal(stmt_end(st, ERR_OK), ERR_OK);
    stmt_bind_u64(st, 1, 2);
    assert_int_equal(stmt_row(st), ERR_OK);
    assert_false(stmt_is_null(st, 1));
    assert_non_null(stmt_blob(st, 1).p);
    assert_int_equal(stmt_blob(st, 1).n, 0);
    assert_int_equal(stmt_end(st, ERR_OK), ERR_OK);
}

static void blob_lengths(void **state)
{
    static const size_t n[] = {1, 126, 127, 128, 255, 256, 65535, 65536};
    static uint8_t big[65536];
    struct fix *f = *state;
    struct stmt *st = stmt_at(f->set, GET);

    for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
        assert_int_equal(put(f, (int64_t)i, span_of(big, n[i]), "x"), ERR_OK);
        stmt_bind_u64(st, 1, i);
        assert_int_equal(stmt_row(st), ERR_OK);
        assert_int_equal(stmt_blob(st, 1).n, n[i]);
        assert_int_equal(stmt_end(st, ERR_OK), ERR_OK);
    }
}

static void uniqueness_is_named_and_nothing_sticks(void **state)
{
    struct fix *f = *state;

    assert_int_equal(put(f, 1, span_of("a", 1), "x"), ERR_OK);
    assert_int_equal(put(f, 1, span_of("b", 1), "x"), ERR_EXISTS);
    assert_int_equal(put(f, 2, span_of("a", 1), "x"), ERR_EXISTS);
    assert_int_equal(put(f, 2, span_of("b", 1), "x"), ERR_OK);
}

static void bad_bind_is_kept_until_the_end(void **state)
{
    struct fix *f = *state;
    struct stmt *st = stmt_at(f->set, PUT);

    stmt_bind_u64(st, 1, (uint64_t)INT64_MAX + 1);
    stmt_bind_null(st, 2);
    stmt_bind_null(st, 3);
    assert_int_equal(stmt_kept(st), ERR_INVAL);
    assert_int_equal(stmt_run(st), ERR_INVAL);
    stmt_bind_i64(st, 9, 1); /* no such parameter */
    assert_int_equal(stmt_run(st), ERR_INVAL);
    stmt_bind_u64(st, 1, INT64_MAX);
    assert_int_equal(stmt_run(st), ERR_OK);
}

static void bad_column_is_kept_until_the_end(void **state)
{
    struct fix *f = *state;
    struct stmt *st = stmt_at(f->set, GET);
    uint8_t four[4] = {9, 9, 9, 9};

    assert_int_equal(put(f, -1, span_of("abc", 3), "x"), ERR_OK);
    stmt_bind_i64(st, 1, -1);
    assert_int_equal(stmt_row(st), ERR_OK);
    assert_true(stmt_u64(st, 0) == 0);
    assert_int_equal(stmt_end(st, ERR_OK), ERR_CORRUPT);
    stmt_bind_i64(st, 1, -1);
    assert_int_equal(stmt_row(st), ERR_OK);
    stmt_copy(st, 1, four, 4);
    assert_int_equal(four[0], 0);
    assert_int_equal(stmt_end(st, ERR_OK), ERR_CORRUPT);
    assert_int_equal(put(f, 0x100000000, span_of("d", 1), "x"), ERR_OK);
    stmt_bind_i64(st, 1, 0x100000000);
    assert_int_equal(stmt_row(st), ERR_OK);
    assert_int_equal(stmt_u32(st, 0), 0);
    assert_int_equal(stmt_end(st, ERR_OK), ERR_CORRUPT);
    assert_true(stmt_u64(st, 0) == 0); /* not on a row */
    assert_int_equal(stmt_end(st, ERR_OK), ERR_STATE);
}

struct sum {
    struct fix *f;
    int rows;
    int stop_at;
    int inner;
};

static int add(void *ctx, struct stmt *st)
{
    struct sum *s = ctx;

    s->rows++;
    if (s->inner == 1) { /* reuses the statement that is being walked */
        stmt_bind_i64(st, 1, 1);
        assert_int_equal(stmt_run(st), ERR_STATE);
        return ERR_OK;
    }
    if (s->inner == 2) {
        (void)stmt_end(st, ERR_OK);
        return ERR_OK;
    }
    return s->rows == s->stop_at ? ERR_DENIED : ERR_OK;
}

static void each_stops_and_resets(void **state)
{
    struct fix *f = *state;
    struct sum s = {.f = f};
    struct stmt *st = stmt_at(f->set, ALL);

    assert_int_equal(stmt_each(st, add, &s), ERR_OK);
    assert_int_equal(s.rows, 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(put(f, i, (struct span){NULL, 0}, "x"), ERR_OK);
    assert_int_equal(stmt_each(st, add, &s), ERR_OK);
    assert_int_equal(s.rows, 10);
    s = (struct sum){.f = f, .stop_at = 4};
    assert_int_equal(stmt_each(st, add, &s), ERR_DENIED);
    assert_int_equal(s.rows, 4);
    /* Were it not reset, the table could not be changed. */
    assert_int_equal(db_exec(f->db, "DROP TABLE t"), ERR_OK);
}

static void reuse_inside_a_loop_ends_it(void **state)
{
    struct fix *f = *state;
    struct sum s = {.f = f, .inner = 1};

    for (int i = 0; i < 10; i++)
        assert_int_equal(put(f, i, (struct span){NULL, 0}, "x"), ERR_OK);
    assert_int_equal(stmt_each(stmt_at(f->set, ALL), add, &s), ERR_STATE);
    assert_int_equal(s.rows, 1);
    s = (struct sum){.f = f, .inner = 2};
    assert_int_equal(stmt_each(stmt_at(f->set, ALL), add, &s), ERR_STATE);
    assert_int_equal(s.rows, 1);
}

static void statement_that_gives_rows_is_no_run(void **state)
{
    struct fix *f = *state;

    assert_int_equal(stmt_run(stmt_at(f->set, COUNT_ALL)), ERR_INTERNAL);
    assert_int_equal(stmt_row(stmt_at(f->set, COUNT_ALL)), ERR_OK);
    assert_int_equal(stmt_end(stmt_at(f->set, COUNT_ALL), ERR_OK), ERR_OK);
}

static void statement_that_does_not_compile_is_named(void **state)
{
    static const char *const bad[] = {"SELECT 1", "SELECT nothing FROM nowhere"};
    struct fix *f = *state;
    struct stmt_set *set = NULL;

    assert_int_equal(stmt_set_new(f->db, bad, 2, &set, &f->why), ERR_INTERNAL);
    assert_null(set);
    assert_non_null(strstr(f->why.text, "statement 1"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(values_come_back),
        T(absent_and_empty_differ),
        T(blob_lengths),
        T(uniqueness_is_named_and_nothing_sticks),
        T(bad_bind_is_kept_until_the_end),
        T(bad_column_is_kept_until_the_end),
        T(each_stops_and_resets),
        T(reuse_inside_a_loop_ends_it),
        T(statement_that_gives_rows_is_no_run),
        T(statement_that_does_not_compile_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
