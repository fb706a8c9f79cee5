/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/space.h"
#include "test/support/memvfs.h"
#include "test/support/path.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void system_has_room_but_not_without_end(void **state)
{
    struct space s = space_system("/");

    (void)state;
    assert_int_equal(space_check(&s, 0), ERR_OK);
    assert_int_equal(space_check(&s, UINT64_MAX), ERR_FULL);
    s = space_system("/nonexistent/directory");
    assert_int_equal(space_check(&s, 0), ERR_IO);
}

static void limit_of_the_memory_disk_is_seen(void **state)
{
    struct memvfs *m = memvfs_register("space", 1);
    struct space s = {.free_bytes = memvfs_free_bytes, .ctx = m};

    (void)state;
    assert_int_equal(space_check(&s, 1u << 30), ERR_OK);
    memvfs_set_limit(m, 1000);
    assert_int_equal(space_check(&s, 1000), ERR_OK);
    assert_int_equal(space_check(&s, 1001), ERR_FULL);
    memvfs_free(m);
}

static void reserve_is_allocated_and_given_back(void **state)
{
    struct tmpdir dir;
    struct stat st;
    char path[320];

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "reserve", path, sizeof(path));
    assert_int_equal(db_reserve_release(dir.path), ERR_NOT_FOUND);
    assert_int_equal(db_reserve_create(dir.path, 1 << 20), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 1 << 20);
    assert_true(st.st_blocks * 512 >= 1 << 20);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(db_reserve_create(dir.path, 1 << 19), ERR_OK); /* large enough already */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 1 << 20);
    assert_int_equal(db_reserve_release(dir.path), ERR_OK);
    assert_int_not_equal(stat(path, &st), 0);
    tmpdir_fini(&dir);
}

static void sparse_reserve_is_filled(void **state)
{
    struct tmpdir dir;
    struct stat st;
    char path[320];
    FILE *f;

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "reserve", path, sizeof(path));
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(ftruncate(fileno(f), 1 << 20), 0);
    fclose(f);
    assert_int_equal(db_reserve_create(dir.path, 1 << 20), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_blocks * 512 >= 1 << 20);
    tmpdir_fini(&dir);
}

static void reserve_that_cannot_be_leaves_nothing(void **state)
{
    struct tmpdir dir;
    struct stat st;
    char path[320];

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "reserve", path, sizeof(path));
    assert_int_equal(db_reserve_create(dir.path, 0), ERR_INVAL);
    assert_int_equal(db_reserve_create(dir.path, UINT64_MAX), ERR_INVAL);
    assert_int_equal(db_reserve_create(dir.path, UINT64_C(1) << 60), ERR_FULL);
    assert_int_not_equal(stat(path, &st), 0);
    assert_int_equal(db_reserve_create("/nonexistent/directory", 4096), ERR_IO);
    tmpdir_fini(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(system_has_room_but_not_without_end),
        cmocka_unit_test(limit_of_the_memory_disk_is_seen),
        cmocka_unit_test(reserve_is_allocated_and_given_back),
        cmocka_unit_test(sparse_reserve_is_filled),
        cmocka_unit_test(reserve_that_cannot_be_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
