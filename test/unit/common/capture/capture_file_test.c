/* SPDX-License-Identifier: Apache-2.0 */
/* A capture never troubles its owner: bounded, ended once, whole units only. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/capture/capture_file.h"
#include "common/capture/pcapng.h"
#include "test/support/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tmpdir DIR;
static char PATH[600];
static const uint8_t OCTETS[1000] = {1};

static const struct pcapng_unit UNIT = {.kind = PCAPNG_DECODED, .at_ms = 1, .protocol = "SCP80",
                                        .octets = {OCTETS, sizeof OCTETS}};

static struct capture_file *opened(const struct capture_limits *limits)
{
    struct capture_file *f = NULL;
    struct errmsg why = {{0}};

    assert_int_equal(capture_file_open(PATH, "test", limits, &f, &why), ERR_OK);
    return f;
}

static uint64_t on_disk(void)
{
    struct stat st;

    assert_int_equal(stat(PATH, &st), 0);
    return (uint64_t)st.st_size;
}

static void units(struct capture_file *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct buf *b = capture_file_room(f);
        if (b)
            pcapng_put(b, &UNIT);
    }
}

static void refused(const char *path, const char *says)
{
    const struct capture_limits none = {0, NULL, 0};
    struct capture_file *f = NULL;
    struct errmsg why = {{0}};

    assert_int_not_equal(capture_file_open(path, "test", &none, &f, &why), ERR_OK);
    assert_null(f);
    assert_non_null(strstr(why.text, path));
    assert_non_null(strstr(why.text, says));
}

static void it_is_written_when_flushed(void **state)
{
    const struct capture_limits none = {0, NULL, 0};
    struct capture_file *f = opened(&none);
    struct stat st;
    uint64_t first;

    (void)state;
    units(f, 3);
    assert_int_equal(on_disk(), 0);
    assert_true(capture_file_flush(f));
    first = on_disk();
    assert_true(first > 3000);
    assert_int_equal(first, capture_file_size(f));
    assert_true(capture_file_flush(f));
    assert_int_equal(on_disk(), first);
    assert_int_equal(stat(PATH, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    refused(PATH, "another process");
    units(f, 1);
    capture_file_close(f); /* the last one is not lost */
    assert_true(on_disk() > first + 1000);
    assert_int_equal(unlink(PATH), 0);
}

static void a_restart_goes_on_behind_it(void **state)
{
    const struct capture_limits none = {0, NULL, 0};
    uint64_t first;
    uint8_t magic[4];
    FILE *in;

    (void)state;
    capture_file_close(opened(&none));
    first = on_disk();
    capture_file_close(opened(&none));
    assert_int_equal(on_disk(), 2 * first);
    in = fopen(PATH, "rb");
    assert_non_null(in);
    assert_int_equal(fseek(in, (long)first, SEEK_SET), 0);
    assert_int_equal(fread(magic, 1, 4, in), 4);
    assert_memory_equal(magic, "\x0A\x0D\x0D\x0A", 4);
    assert_int_equal(fclose(in), 0);
    assert_int_equal(unlink(PATH), 0);
}

/* A part of a unit is what a kill may leave: the next section stands behind the last whole one. */
static void half_a_unit_is_cut_off(void **state)
{
    const struct capture_limits none = {0, NULL, 0};
    struct capture_file *f = opened(&none);
    uint64_t section, units_end, one;

    (void)state;
    assert_true(capture_file_flush(f));
    section = on_disk();
    units(f, 3);
    capture_file_close(f);
    units_end = on_disk();
    one = (units_end - section) / 3;
    for (uint64_t n = units_end - 1; n > section + 2 * one; n -= 7) {
        assert_int_equal(truncate(PATH, (off_t)n), 0);
        f = opened(&none);
        assert_int_equal(capture_file_size(f), section + 2 * one);
        assert_int_equal(on_disk(), section + 2 * one);
        units(f, 1);
        capture_file_close(f);
        assert_int_equal(on_disk(), 2 * section + 3 * one);
        assert_int_equal(unlink(PATH), 0);
        f = opened(&none);
        units(f, 3);
        capture_file_close(f);
    }
    assert_int_equal(truncate(PATH, 5), 0);
    refused(PATH, "no whole section");
    assert_int_equal(unlink(PATH), 0);
}

/* Beyond the limit of its process a write is a signal. */
static void the_limit_of_the_process_holds(void **state)
{
    const struct capture_limits none = {0, NULL, 0};
    struct rlimit was, less;
    struct capture_file *f;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    less = was;
    less.rlim_cur = 4000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
    f = opened(&none);
    units(f, 2);
    assert_true(capture_file_flush(f));
    units(f, 4);
    assert_false(capture_file_flush(f));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_non_null(strstr(capture_file_why(f), "largest size"));
    capture_file_close(f);
    assert_int_equal(unlink(PATH), 0);
}

static void what_is_no_capture_is_left_alone(void **state)
{
    FILE *out = fopen(PATH, "w");

    (void)state;
    assert_non_null(out);
    assert_true(fputs("journal", out) >= 0);
    assert_int_equal(fclose(out), 0);
    refused(PATH, "no capture");
    assert_int_equal(on_disk(), 7);
    assert_int_equal(unlink(PATH), 0);
    refused("/dev/null", "regular file");
    refused("/nowhere/at/all", "cannot be opened");
    assert_int_equal(mkfifo(PATH, 0600), 0);
    refused(PATH, "regular file");         /* and nobody waited for a reader */
    assert_int_equal(unlink(PATH), 0);
}

static void it_is_bounded(void **state)
{
    const struct capture_limits small = {5000, NULL, 0};
    struct capture_file *f = opened(&small);
    uint64_t kept;

    (void)state;
    units(f, 2);
    assert_true(capture_file_flush(f));
    kept = on_disk();
    units(f, 9);
    assert_false(capture_file_flush(f));
    assert_non_null(strstr(capture_file_why(f), "largest size"));
    assert_null(capture_file_room(f));
    assert_false(capture_file_flush(f));
    assert_int_equal(on_disk(), kept);
    capture_file_close(f);
    assert_int_equal(unlink(PATH), 0);
}

/* Whoever never flushes holds no more than half of the buffer and a unit. */
static void memory_is_bounded(void **state)
{
    const struct capture_limits none = {0, NULL, 0};
    struct capture_file *f = opened(&none);

    (void)state;
    units(f, 4000);
    assert_true(on_disk() > 3 * CAPTURE_BUFFER);
    assert_string_equal(capture_file_why(f), "");
    capture_file_close(f);
    assert_int_equal(unlink(PATH), 0);
}

static int free_bytes(const void *ctx, uint64_t *ret)
{
    *ret = *(const uint64_t *)ctx;
    return ERR_OK;
}

static void the_disk_belongs_to_the_journal(void **state)
{
    uint64_t left = 2000000;
    const struct space space = {free_bytes, &left};
    const struct capture_limits limits = {0, &space, 1000000};
    struct capture_file *f = opened(&limits);

    (void)state;
    units(f, 1);
    assert_true(capture_file_flush(f));
    left = 1000100;
    units(f, 1);
    assert_false(capture_file_flush(f));
    assert_non_null(strstr(capture_file_why(f), "no room"));
    capture_file_close(f);
    assert_int_equal(unlink(PATH), 0);
}

static int setup(void **state)
{
    (void)state;
    tmpdir_init(&DIR);
    tmpdir_path(&DIR, "capture.pcapng", PATH, sizeof PATH);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tmpdir_fini(&DIR);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_when_flushed),
        cmocka_unit_test(a_restart_goes_on_behind_it),
        cmocka_unit_test(half_a_unit_is_cut_off),
        cmocka_unit_test(the_limit_of_the_process_holds),
        cmocka_unit_test(what_is_no_capture_is_left_alone),
        cmocka_unit_test(it_is_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(the_disk_belongs_to_the_journal),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
