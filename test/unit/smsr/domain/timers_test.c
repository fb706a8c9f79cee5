/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/env.h"

static void one_table(void **state)
{
    int64_t ms[TIMER_COUNT];

    for (unsigned i = 0; i < TIMER_COUNT; i++) {
        assert_true(TIMERS[i].name && TIMERS[i].doc && TIMERS[i].min_ms > 0);
        assert_true(TIMERS[i].min_ms <= TIMERS[i].default_ms &&
                    TIMERS[i].default_ms <= TIMERS[i].max_ms);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(TIMERS[i].name, TIMERS[k].name);
    }
    timers_default(ms, 1);
    assert_int_equal(ms[TIMER_VALIDITY_ENABLE], 900000);
    assert_int_equal(ms[TIMER_VALIDITY_MAX], 86400000);
    assert_int_equal(ms[TIMER_FENCE_6], 86400000);
    assert_int_equal(ms[TIMER_ROLLBACK_WINDOW], 600000);
    timers_default(ms, 60);
    assert_int_equal(ms[TIMER_VALIDITY_ENABLE], 15000);
    assert_int_equal(ms[TIMER_RESEND_1], 1000);
    timers_default(ms, 1000000000);
    assert_int_equal(ms[TIMER_RESEND_1], 1);
    (void)state;
}

static void a_validity_that_ends_before_a_roll_back(void **state)
{
    int64_t ms[TIMER_COUNT];

    for (unsigned scale = 1; scale <= 60; scale += 59) {
        timers_default(ms, scale);
        assert_false(timers_validity_is_short(ms, scale)); /* 900 >= 600 + 2 * 60 */
        ms[TIMER_VALIDITY_ENABLE] = 720000 / scale;
        assert_false(timers_validity_is_short(ms, scale));
        ms[TIMER_VALIDITY_ENABLE]--;
        assert_true(timers_validity_is_short(ms, scale));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_table),
        cmocka_unit_test(a_validity_that_ends_before_a_roll_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
