/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/daemon/state_dir.h"
#include "test/support/path.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fix {
    struct tmpdir tmp;
    char dir[300];
};

static int setup(void **state)
{
    static struct fix f;

    tmpdir_init(&f.tmp);
    tmpdir_path(&f.tmp, "state", f.dir, sizeof f.dir);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    tmpdir_fini(&f->tmp);
    return 0;
}

static void it_is_made_for_its_owner_alone(void **state)
{
    const struct fix *f = *state;
    struct state_dir s;
    struct errmsg why = {{0}};
    struct stat st;

    assert_int_equal(state_dir_open("smsr", f->dir, 0, 0, &s, &why), ERR_OK);
    assert_int_equal(stat(f->dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_non_null(strstr(s.journal_path, "/state/journal.db"));
    assert_non_null(strstr(s.state_path, "/state/state.db"));
    state_dir_close(&s);
    assert_int_equal(s.lock, -1);
    assert_int_equal(chmod(f->dir, 0750), 0);
    assert_int_equal(state_dir_open("smsr", f->dir, 0, 0, &s, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "chmod 0700"));
    state_dir_close(&s);
}

static void one_process_at_a_time(void **state)
{
    const struct fix *f = *state;
    struct state_dir first, second;
    struct errmsg why = {{0}};

    assert_int_equal(state_dir_open("smdp", f->dir, 0, 0, &first, &why), ERR_OK);
    assert_int_equal(state_dir_open("smdp", f->dir, 0, 0, &second, &why), ERR_BUSY);
    assert_non_null(strstr(why.text, "another smdp runs on"));
    state_dir_close(&second);
    state_dir_close(&first);
    assert_int_equal(state_dir_open("smdp", f->dir, 0, 0, &second, &why), ERR_OK);
    state_dir_close(&second);
}

static void a_place_that_is_none(void **state)
{
    const struct fix *f = *state;
    char file[320], under[340], longer[600];
    struct state_dir s;
    struct errmsg why = {{0}};
    FILE *made;

    tmpdir_path(&f->tmp, "file", file, sizeof file);
    made = fopen(file, "w");
    assert_non_null(made);
    (void)fclose(made);
    assert_int_equal(state_dir_open("smsr", file, 0, 0, &s, &why), ERR_CONFIG);
    (void)snprintf(under, sizeof under, "%s/state", file);
    assert_int_equal(state_dir_open("smsr", under, 0, 0, &s, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "cannot be made"));
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(state_dir_open("smsr", longer, 0, 0, &s, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "too long"));
}

static void room_is_kept_and_given_back(void **state)
{
    const struct fix *f = *state;
    struct state_dir s;
    struct errmsg why = {{0}};

    assert_int_equal(state_dir_open("smsr", f->dir, 1, 0, &s, &why), ERR_OK);
    state_dir_close(&s);
    assert_int_equal(db_reserve_release(f->dir), ERR_OK); /* it was there */
    assert_int_equal(db_reserve_release(f->dir), ERR_NOT_FOUND);
    assert_int_equal(state_dir_open("smsr", f->dir, 1, 0, &s, &why), ERR_OK);
    state_dir_close(&s);
    /* More is to be free than there is: it is given back at once. */
    assert_int_equal(state_dir_open("smsr", f->dir, 1, UINT32_MAX, &s, &why), ERR_OK);
    state_dir_close(&s);
    assert_int_equal(db_reserve_release(f->dir), ERR_NOT_FOUND);
}

static void room_of_the_reserve_is_for_verdicts(void **state)
{
    const struct fix *f = *state;
    struct state_dir s;
    struct errmsg why = {{0}};
    uint64_t left = 0;

    assert_int_equal(state_dir_open("smsr", f->dir, 1, 0, &s, &why), ERR_OK);
    assert_int_equal(s.space.free_bytes(s.space.ctx, &left), ERR_OK);
    assert_true(left > 0);
    state_dir_close(&s);
    /* It was given back, or there was never room for it: new work does not count on that room. */
    assert_int_equal(state_dir_open("smsr", f->dir, UINT32_MAX, 0, &s, &why), ERR_OK);
    assert_int_equal(s.space.free_bytes(s.space.ctx, &left), ERR_OK);
    assert_int_equal(left, 0);
    assert_int_equal(space_check(&s.space, 1), ERR_FULL);
    state_dir_close(&s);
}

static void a_disk_that_fails_is_not_a_full_one(void **state)
{
    const struct fix *f = *state;
    struct state_dir s;
    struct errmsg why = {{0}};
    char reserve[320];

    assert_int_equal(mkdir(f->dir, 0700), 0);
    (void)snprintf(reserve, sizeof reserve, "%s/reserve", f->dir);
    assert_int_equal(mkdir(reserve, 0700), 0);
    assert_int_equal(state_dir_open("smsr", f->dir, 1, 0, &s, &why), ERR_IO);
    assert_non_null(strstr(why.text, "the reserve in "));
    assert_non_null(strstr(why.text, "see what the system log says of the disk"));
    state_dir_close(&s);
    assert_int_equal(state_dir_open("smsr", f->dir, 1, UINT32_MAX, &s, &why), ERR_IO);
    assert_non_null(strstr(why.text, "see what the system log says of the disk"));
    state_dir_close(&s);
}

static void its_names_are_made_durable(void **state)
{
    const struct fix *f = *state;
    struct state_dir s;
    struct errmsg why = {{0}};

    assert_int_equal(state_dir_open("smsr", f->dir, 0, 0, &s, &why), ERR_OK);
    assert_int_equal(state_dir_sync(&s, &why), ERR_OK);
    assert_int_equal(rmdir(s.dir), -1); /* the lock is in it */
    (void)snprintf(s.dir, sizeof s.dir, "%s/gone", f->dir);
    assert_int_equal(state_dir_sync(&s, &why), ERR_IO);
    assert_non_null(strstr(why.text, "gone"));
    state_dir_close(&s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(it_is_made_for_its_owner_alone),
        T(one_process_at_a_time),
        T(a_place_that_is_none),
        T(room_is_kept_and_given_back),
        T(room_of_the_reserve_is_for_verdicts),
        T(a_disk_that_fails_is_not_a_full_one),
        T(its_names_are_made_durable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
