/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/mem.h"

static void wipe_and_compare(void **state)
{
    (void)state;
    uint8_t b[4] = {1, 2, 3, 4};
    assert_true(mem_eq_ct(b, "\1\2\3\4", 4));
    assert_false(mem_eq_ct(b, "\1\2\3\5", 4));
    assert_false(mem_eq_ct(b, "\x81\2\3\4", 4));
    assert_true(mem_eq_ct(b, "x", 0));
    mem_wipe(b, 3);
    assert_memory_equal(b, "\0\0\0\4", 4);
    mem_wipe(NULL, 0);
}

static void sizes_do_not_wrap(void **state)
{
    (void)state;
    size_t n = 5;
    assert_int_equal(mem_add(SIZE_MAX, 1, &n), ERR_TOO_LARGE);
    assert_int_equal(mem_mul(SIZE_MAX / 2 + 1, 2, &n), ERR_TOO_LARGE);
    assert_int_equal(n, 5);
    assert_int_equal(mem_add(SIZE_MAX - 1, 1, &n), ERR_OK);
    assert_true(n == SIZE_MAX);
    assert_int_equal(mem_mul(SIZE_MAX, 1, &n), ERR_OK);
    assert_true(n == SIZE_MAX);
    assert_int_equal(mem_mul(0, SIZE_MAX, &n), ERR_OK);
    assert_int_equal(n, 0);
}

static void arena_gives_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 3; round++) {
        for (size_t n = 0; n < 300; n++) {
            uint8_t *p = arena_alloc(&a, n);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xFF, n);
        }
        assert_non_null(arena_alloc(&a, 100000));
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_fini(&a);
    arena_fini(&a);
}

static void arena_copies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_memory_equal(arena_dup(&a, "abc", 3), "abc", 3);
    assert_string_equal(arena_str(&a, span_of("abcdef", 3)), "abc");
    assert_string_equal(arena_str(&a, (struct span){NULL, 0}), "");
    assert_non_null(arena_dup(&a, NULL, 0));
    arena_fini(&a);
}

static void arena_ends_at_its_limit(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    assert_non_null(arena_alloc(&a, 60));
    assert_null(arena_alloc(&a, 41));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_str(&a, span_of("x", SIZE_MAX)));
    assert_non_null(arena_alloc(&a, 40));
    assert_null(arena_alloc(&a, 1));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 100));
    arena_fini(&a);
}

static void buf_grows_and_drains(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    for (int i = 0; i < 1000; i++) {
        uint8_t v = (uint8_t)i;
        buf_add(&b, &v, 1);
    }
    assert_int_equal(b.n, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(b.p[i], (uint8_t)i);
    buf_drain(&b, 300);
    assert_int_equal(b.n, 700);
    assert_int_equal(b.p[0], (uint8_t)300);
    buf_add_span(&b, span_str("end"));
    assert_memory_equal(b.p + 700, "end", 3);
    buf_drain(&b, b.n);
    assert_int_equal(buf_span(&b).n, 0);
    assert_false(b.failed);
    buf_fini(&b);
}

static void buf_ends_at_its_limit(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    buf_add(&b, "0123456789", 10);
    assert_false(b.failed);
    buf_add(&b, "", 0);
    buf_drain(&b, 1);
    buf_add(&b, "xy", 2);
    assert_true(b.failed);
    assert_null(buf_grow(&b, 1)); /* one octet is free, the failure stands */
    assert_int_equal(b.n, 9);
    buf_reset(&b);
    assert_non_null(buf_grow(&b, 10));
    assert_null(buf_grow(&b, SIZE_MAX));
    buf_fini(&b);
}

static void buf_refuses_to_drain_more_than_it_has(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_drain(&b, 0);
    assert_false(b.failed);
    buf_drain(&b, 1);
    assert_true(b.failed);
    buf_fini(&b);
}

static void arena_wipe_leaves_nothing(void **state)
{
    struct arena a;
    uint8_t *p;

    (void)state;
    arena_init(&a, 0);
    p = arena_alloc(&a, 100);
    memset(p, 0x5A, 100);
    assert_non_null(arena_alloc(&a, 8192)); /* a second block */
    arena_wipe(&a);
    assert_int_equal(a.used, 0);
    /* The first block is kept: its octets can be looked at, alloc would zero them. */
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    arena_fini(&a);
}

static void buf_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 0);
    buf_add(&b, "secret", 6);
    buf_wipe(&b);
    assert_int_equal(b.n, 0);
    assert_memory_equal(b.p, "\0\0\0\0\0\0", 6);
    buf_fini(&b);
    assert_null(b.p);
    buf_wipe(&b);
}

static void an_arena_remembers_that_it_gave_less(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 8);
    assert_non_null(arena_alloc(&a, 8));
    assert_false(a.failed);
    assert_null(arena_dup(&a, "x", 1));
    assert_true(a.failed);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arena_remembers_that_it_gave_less),
        cmocka_unit_test(wipe_and_compare),
        cmocka_unit_test(sizes_do_not_wrap),
        cmocka_unit_test(arena_gives_zeroed_aligned_memory),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(arena_ends_at_its_limit),
        cmocka_unit_test(buf_grows_and_drains),
        cmocka_unit_test(buf_ends_at_its_limit),
        cmocka_unit_test(buf_refuses_to_drain_more_than_it_has),
        cmocka_unit_test(arena_wipe_leaves_nothing),
        cmocka_unit_test(buf_wipe_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
