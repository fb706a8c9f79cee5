/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/rng.h"

#include <string.h>

static void seeded_repeats(void **state)
{
    (void)state;
    struct rng a, b, c;
    rng_init_seeded(&a, 42);
    rng_init_seeded(&b, 42);
    rng_init_seeded(&c, 43);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t v = rng_u64(&a);
        assert_true(v == rng_u64(&b));
        same += v == rng_u64(&c);
    }
    assert_int_equal(same, 0);
}

static void xoshiro_matches_its_definition(void **state)
{
    (void)state;
    struct rng r;
    rng_init_seeded(&r, 0);
    /* State after splitmix64 of seed 0: the well known first outputs of that generator. */
    assert_true(r.s[0] == 0xE220A8397B1DCDAFU);
    assert_true(r.s[1] == 0x6E789E6AA1B965F4U);
    /* From state 1 2 3 4 the first three outputs of xoshiro256** are these. */
    memcpy(r.s, (uint64_t[]){1, 2, 3, 4}, sizeof(r.s));
    assert_true(rng_u64(&r) == 11520);
    assert_true(rng_u64(&r) == 0);
    assert_true(rng_u64(&r) == 1509978240);
}

static void fill_covers_exactly_n(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 17; n++) {
        uint8_t b[20];
        memset(b, 0xA5, sizeof(b));
        struct rng r;
        rng_init_seeded(&r, n);
        rng_fill(&r, b, n);
        for (size_t i = n; i < sizeof(b); i++)
            assert_int_equal(b[i], 0xA5);
    }
}

static void below_stays_below(void **state)
{
    (void)state;
    struct rng r;
    rng_init_seeded(&r, 1);
    int seen[7] = {0};
    for (int i = 0; i < 7000; i++) {
        uint64_t v = rng_below(&r, 7);
        assert_true(v < 7);
        seen[v]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 800, 1200);
    assert_true(rng_below(&r, 1) == 0);
    assert_true(rng_below(&r, UINT64_MAX) < UINT64_MAX);
    assert_true(rng_below(&r, (UINT64_MAX >> 1) + 2) <= (UINT64_MAX >> 1) + 1);
}

static void unit_is_in_the_half_open_interval(void **state)
{
    (void)state;
    struct rng r;
    rng_init_seeded(&r, 5);
    double sum = 0;
    for (int i = 0; i < 4000; i++) {
        double v = rng_unit(&r);
        assert_true(v >= 0 && v < 1);
        sum += v;
    }
    assert_true(sum > 1800 && sum < 2200);
}

static void system_differs(void **state)
{
    (void)state;
    struct rng r;
    uint8_t a[32], b[32];
    rng_init_system(&r);
    rng_fill(&r, a, sizeof(a));
    rng_fill(&r, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeded_repeats),
        cmocka_unit_test(xoshiro_matches_its_definition),
        cmocka_unit_test(fill_covers_exactly_n),
        cmocka_unit_test(below_stays_below),
        cmocka_unit_test(unit_is_in_the_half_open_interval),
        cmocka_unit_test(system_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
