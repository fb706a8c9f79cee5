/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/clock.h"
#include "test/support/fake.h"

static void expect(int64_t ms, const char *want)
{
    char text[25];
    clock_text(ms, text);
    assert_string_equal(text, want);
}

static void known_moments(void **state)
{
    (void)state;
    expect(0, "1970-01-01T00:00:00.000Z");
    expect(1795337100123, "2026-11-22T08:45:00.123Z");
    expect(951782399999, "2000-02-28T23:59:59.999Z");
    expect(951782400000, "2000-02-29T00:00:00.000Z");
    expect(951868800000, "2000-03-01T00:00:00.000Z");
    expect(4107542400000, "2100-03-01T00:00:00.000Z"); /* 2100 is no leap year */
    expect(4107542399999, "2100-02-28T23:59:59.999Z");
}

static void before_the_epoch(void **state)
{
    (void)state;
    expect(-1, "1969-12-31T23:59:59.999Z");
    expect(-86400000, "1969-12-31T00:00:00.000Z");
    expect(-86400001, "1969-12-30T23:59:59.999Z");
}

static void out_of_range_is_clamped(void **state)
{
    (void)state;
    expect(253402300799999, "9999-12-31T23:59:59.999Z");
    expect(253402300800000, "9999-12-31T23:59:59.999Z");
    expect(INT64_MAX, "9999-12-31T23:59:59.999Z");
    expect(-62167219200000, "0000-01-01T00:00:00.000Z");
    expect(INT64_MIN, "0000-01-01T00:00:00.000Z");
}

static void system_clock_goes_forward(void **state)
{
    (void)state;
    assert_true(clock_wall_ms(&CLOCK_SYSTEM) > 1700000000000);
    int64_t before = clock_mono_ms(&CLOCK_SYSTEM);
    assert_true(before > 0);
    assert_true(clock_mono_ms(&CLOCK_SYSTEM) >= before);
}

static void a_scale_divides(void **state)
{
    (void)state;
    assert_int_equal(clock_scaled(60000, 60), 1000);
    assert_int_equal(clock_scaled(60000, 1), 60000);
    assert_int_equal(clock_scaled(60000, 0), 60000);
    assert_int_equal(clock_scaled(10, 1000), 1);
    assert_int_equal(clock_scaled(0, 1), 1);
}

static void fake_clock_stands_until_moved(void **state)
{
    (void)state;
    struct fake_clock f;
    fake_clock_init(&f, 500);
    assert_int_equal(clock_wall_ms(&f.port), 500);
    int64_t mono = clock_mono_ms(&f.port);
    fake_clock_step(&f, 20);
    assert_int_equal(clock_wall_ms(&f.port), 520);
    assert_int_equal(clock_mono_ms(&f.port), mono + 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments),
        cmocka_unit_test(before_the_epoch),
        cmocka_unit_test(out_of_range_is_clamped),
        cmocka_unit_test(system_clock_goes_forward),
        cmocka_unit_test(a_scale_divides),
        cmocka_unit_test(fake_clock_stands_until_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
