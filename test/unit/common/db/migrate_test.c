/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_db */
/* Schemas: step by step, and files that are newer, foreign or no database. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/db_int.h"
#include "common/db/stmt.h"
#include "test/support/db_file.h"

static void migration_goes_step_by_step(void **state)
{
    struct dbf *f = *state;
    uint32_t v = 9;

    dbf_open(f, 0);
    assert_int_equal(db_version(f->db, &v), ERR_OK);
    assert_int_equal(v, 0);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, 1, &f->why), ERR_OK);
    assert_int_equal(db_exec(f->db, "INSERT INTO t VALUES(1, x'01')"), ERR_OK);
    dbf_close(f);
    dbf_open(f, 2);
    assert_int_equal(db_version(f->db, &v), ERR_OK);
    assert_int_equal(v, 2);
    assert_int_equal(db_exec(f->db, "INSERT INTO u VALUES(1, 1)"), ERR_OK);
    assert_int_equal(db_check(f->db, true, &f->why), ERR_OK);
}

static void failing_step_leaves_the_version(void **state)
{
    static const char *const broken[] = {"CREATE TABLE a(x INTEGER) STRICT",
                                         "CREATE TABLE b(x INTEGER) STRICT; CREATE TABLE a(x)"};
    struct dbf *f = *state;
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
    struct dbf *f = *state;

    dbf_open(f, 2);
    dbf_close(f);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_OK);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, 1, &f->why), ERR_SCHEMA);
    assert_non_null(strstr(f->why.text, "schema version 2"));
    assert_non_null(strstr(f->why.text, "up to 1"));
    assert_non_null(strstr(f->why.text, "restore a backup"));
}

static void foreign_file_is_refused_untouched(void **state)
{
    struct dbf *f = *state;
    uint64_t before;

    dbf_open(f, 1);
    dbf_close(f);
    before = memvfs_hash(f->m);
    f->o.application_id = DBF_APP + 1;
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_SCHEMA);
    assert_non_null(strstr(f->why.text, "another program"));
    assert_true(memvfs_hash(f->m) == before);
}

/* Tables but no id: somebody else's database without an application id. */
static void unmarked_file_is_refused(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 0);
    assert_int_equal(db_exec(f->db, "CREATE TABLE x(a)"), ERR_OK);
    dbf_close(f);
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_SCHEMA);
}

static void noise_is_no_database(void **state)
{
    struct dbf *f = *state;

    dbf_open(f, 1);
    dbf_close(f);
    assert_true(memvfs_flip(f->m, "/t.db", 3, 0x55));
    assert_int_equal(db_open("/t.db", &f->o, &f->db, &f->why), ERR_CORRUPT);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, dbf_setup, dbf_teardown)
    const struct CMUnitTest tests[] = {
        T(migration_goes_step_by_step),
        T(failing_step_leaves_the_version),
        T(newer_schema_is_refused),
        T(foreign_file_is_refused_untouched),
        T(unmarked_file_is_refused),
        T(noise_is_no_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
