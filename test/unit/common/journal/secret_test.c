/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets beside the records: in with the record that needs them, gone from the disk with the one that ends it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/common/journal/journal_fix.h"

static int count_secret(void *ctx, struct span id, uint32_t version)
{
    assert_true(id.n >= 1);
    assert_int_equal(version, 3);
    ++*(int *)ctx;
    return 0;
}

static void secrets(void **state)
{
    struct fix *f = *state;
    uint8_t id[49] = {1};
    uint32_t version = 0;
    int n = 0;
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(journal_secret_get(f->j, span_of(id, 48), &version, &b), ERR_NOT_FOUND);
    assert_int_equal(journal_secret_put(f->j, span_of(id, 49), 3, span_str("s")), ERR_INVAL);
    assert_int_equal(journal_secret_put(f->j, span_of(id, 0), 3, span_str("s")), ERR_INVAL);
    assert_int_equal(journal_secret_put(f->j, span_of(id, 4), 3, span_of(id, 0)), ERR_INVAL);
    assert_int_equal(journal_secret_del(f->j, span_of(id, 48)), ERR_NOT_FOUND);
    assert_int_equal(journal_secret_rewrap(f->j, span_of(id, 48), 3, span_str("s")),
                     ERR_NOT_FOUND);
    assert_int_equal(journal_begin(f->j), ERR_OK);
    assert_int_equal(journal_secret_put(f->j, span_of(id, 48), 2, span_str("sealed")), ERR_OK);
    assert_int_equal(journal_secret_get(f->j, span_of(id, 48), &version, &b), ERR_OK);
    assert_int_equal(version, 2);
    assert_int_equal(fix_append(f->j, 0, NULL), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    buf_reset(&b);
    assert_int_equal(journal_secret_rewrap(f->j, span_of(id, 48), 3, span_str("again")), ERR_OK);
    assert_int_equal(journal_secret_get(f->j, span_of(id, 48), &version, &b), ERR_OK);
    assert_true(version == 3 && span_eq(buf_span(&b), span_str("again")));
    for (uint8_t i = 0; i < 200; i++) {
        id[0] = i;
        assert_int_equal(journal_secret_put(f->j, span_of(id, 3), 3, span_str("x")), ERR_OK);
    }
    assert_int_equal(journal_secret_each(f->j, count_secret, &n), ERR_OK);
    assert_int_equal(n, 201);
    id[0] = 1;
    assert_int_equal(journal_secret_del(f->j, span_of(id, 48)), ERR_OK);
    assert_int_equal(journal_secret_get(f->j, span_of(id, 48), NULL, &b), ERR_NOT_FOUND);
    assert_false(journal_failed(f->j));
    /* Sealing the same id twice is a fault of ours: the view had decided otherwise. */
    assert_int_equal(journal_secret_put(f->j, span_of(id, 3), 3, span_str("x")), ERR_EXISTS);
    assert_true(journal_failed(f->j));
    assert_int_equal(journal_begin(f->j), ERR_EXISTS);
    buf_fini(&b);
}

static bool on_disk(struct fix *f, const char *file, const char *needle)
{
    uint64_t size = memvfs_size(f->m, file);
    size_t n = strlen(needle);
    uint8_t *p = malloc(size + 1);
    bool found = false;

    for (uint64_t i = 0; i < size; i++)
        p[i] = memvfs_octet(f->m, file, i);
    for (uint64_t i = 0; i + n <= size && !found; i++)
        found = memcmp(p + i, needle, n) == 0;
    free(p);
    return found;
}

static void deleted_secret_leaves_the_disk_at_idle(void **state)
{
    static const char canary[] = "sealed-canary-0123456789";
    struct fix *f = *state;

    assert_int_equal(journal_secret_put(f->j, span_str("id"), 1, span_str(canary)), ERR_OK);
    assert_true(on_disk(f, PATH "-wal", canary));
    assert_int_equal(journal_checkpoint(f->j, true), ERR_OK);
    assert_true(on_disk(f, PATH, canary));
    assert_int_equal(journal_secret_del(f->j, span_str("id")), ERR_OK);
    assert_int_equal(journal_checkpoint(f->j, true), ERR_OK);
    assert_false(on_disk(f, PATH, canary));
    assert_false(on_disk(f, PATH "-wal", canary));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        T(secrets),
        T(deleted_secret_leaves_the_disk_at_idle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
