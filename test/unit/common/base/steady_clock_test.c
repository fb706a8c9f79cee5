/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_base */
/* Time that no setting of the wall clock shortens, prolongs or turns back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/steady_clock.h"
#include "test/support/fake.h"

#define NOW  1750000000000ll
#define HOUR 3600000ll
#define YEAR (365 * 24 * HOUR)

static const struct steady_mark NONE = {0, 0, 0};

static void it_goes_with_both_clocks(void **state)
{
    struct fake_clock f;
    struct steady_clock s;

    (void)state;
    fake_clock_init(&f, NOW);
    steady_clock_init(&s, &f.port, 0, NONE);
    for (int64_t t = 0; t < 100 * HOUR; t += 1234567) {
        assert_int_equal(clock_wall_ms(&s.port), NOW + t);
        assert_int_equal(clock_mono_ms(&s.port), clock_mono_ms(&f.port));
        fake_clock_step(&f, 1234567);
    }
}

static void a_step_is_followed_slowly(void **state)
{
    static const int64_t STEPS[] = {HOUR, -HOUR, 10 * YEAR, -10 * YEAR, 1, -1};

    (void)state;
    for (unsigned i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct fake_clock f;
        struct steady_clock s;
        int64_t before, passed;
        fake_clock_init(&f, NOW);
        steady_clock_init(&s, &f.port, 0, NONE);
        f.wall_ms += STEPS[i];
        before = clock_wall_ms(&s.port);
        for (unsigned n = 0; n < 10 * 3600; n++) {
            int64_t now;
            fake_clock_step(&f, 1000);
            now = clock_wall_ms(&s.port);
            assert_in_range(now - before, 995, 1005);
            before = now;
        }
        /* A quarter of an hour is one, to five seconds. */
        passed = before - NOW;
        assert_in_range(passed, 10 * HOUR * 995 / 1000, 10 * HOUR * 1005 / 1000);
        fake_clock_step(&f, 900000);
        assert_in_range(clock_wall_ms(&s.port) - before, 895500, 904500);
    }
}

static void a_small_step_is_made_up_for(void **state)
{
    struct fake_clock f;
    struct steady_clock s;

    (void)state;
    fake_clock_init(&f, NOW);
    steady_clock_init(&s, &f.port, 0, NONE);
    f.wall_ms += 2000;
    for (unsigned n = 0; n < 600; n++) {
        fake_clock_step(&f, 1000);
        (void)clock_wall_ms(&s.port);
    }
    assert_int_equal(clock_wall_ms(&s.port), f.wall_ms);
}

/* Set back while nobody ran: time goes on behind the last record until the wall clock is there. */
static void it_does_not_begin_in_the_past(void **state)
{
    struct fake_clock f;
    struct steady_clock s;

    (void)state;
    fake_clock_init(&f, NOW);
    steady_clock_init(&s, &f.port, NOW + 60000, NONE);
    assert_int_equal(clock_wall_ms(&s.port), NOW + 60000);
    fake_clock_step(&f, 1000);
    assert_int_equal(clock_wall_ms(&s.port), NOW + 60000 + 995);
    for (unsigned n = 0; n < 24 * 60; n++) {
        fake_clock_step(&f, 60000);
        (void)clock_wall_ms(&s.port);
    }
    assert_int_equal(clock_wall_ms(&s.port), f.wall_ms);
    steady_clock_init(&s, &f.port, NOW, NONE);
    assert_int_equal(clock_wall_ms(&s.port), f.wall_ms);
}

/* Set while nobody ran, or while somebody did: the next process goes on from the mark. */
static void it_goes_on_after_a_restart(void **state)
{
    static const int64_t STEPS[] = {HOUR, -HOUR, 10 * YEAR, -10 * YEAR};

    (void)state;
    for (unsigned i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct fake_clock f;
        struct steady_clock s, next;
        fake_clock_init(&f, NOW);
        steady_clock_init(&s, &f.port, 0, NONE);
        fake_clock_step(&f, 5000);
        f.wall_ms += STEPS[i];
        steady_clock_init(&next, &f.port, NOW + 4000, steady_clock_mark(&s));
        assert_int_equal(clock_wall_ms(&next.port), NOW + 5000);
        fake_clock_step(&f, 1000);
        assert_in_range(clock_wall_ms(&next.port), NOW + 5995, NOW + 6005);
        steady_clock_init(&s, &f.port, NOW + 9000, steady_clock_mark(&next));
        assert_int_equal(clock_wall_ms(&s.port), NOW + 9000);
    }
}

/* A mark of another start of the machine counts from another moment. */
static void a_foreign_mark_is_not_followed(void **state)
{
    struct fake_clock f;
    struct steady_clock s;
    struct steady_mark mark;

    (void)state;
    fake_clock_init(&f, NOW);
    steady_clock_init(&s, &f.port, 0, NONE);
    mark = steady_clock_mark(&s);
    f.wall_ms += HOUR;
    f.boot++;
    steady_clock_init(&s, &f.port, 0, mark);
    assert_int_equal(clock_wall_ms(&s.port), NOW + HOUR);
    fake_clock_init(&f, NOW);
    mark.mono_ms = f.mono_ms + 1; /* a monotonic clock that went back has begun anew */
    steady_clock_init(&s, &f.port, 0, mark);
    assert_int_equal(clock_wall_ms(&s.port), NOW);
}

/* Two starts of it look the same, so no mark of it is followed. */
static void a_machine_that_does_not_tell_its_starts(void **state)
{
    struct fake_clock f;
    struct steady_clock s;
    struct steady_mark mark;

    (void)state;
    fake_clock_init(&f, NOW);
    f.boot = 0;
    steady_clock_init(&s, &f.port, 0, NONE);
    mark = steady_clock_mark(&s);
    f.wall_ms += HOUR;
    steady_clock_init(&s, &f.port, 0, mark);
    assert_int_equal(clock_wall_ms(&s.port), NOW + HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_with_both_clocks),
        cmocka_unit_test(a_step_is_followed_slowly),
        cmocka_unit_test(a_small_step_is_made_up_for),
        cmocka_unit_test(it_does_not_begin_in_the_past),
        cmocka_unit_test(it_goes_on_after_a_restart),
        cmocka_unit_test(a_foreign_mark_is_not_followed),
        cmocka_unit_test(a_machine_that_does_not_tell_its_starts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
