/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "common/engine/crash_point.h"

static unsigned named(unsigned number)
{
    unsigned n = 0;

    for (unsigned i = 0; i < CRASH_POINT_COUNT; i++)
        n += CRASH_POINTS[i].number == number;
    return n;
}

static unsigned listed(unsigned number)
{
    unsigned n = 0;

    for (unsigned i = 0; i < CRASH_GAP_COUNT; i++)
        n += CRASH_GAPS[i].first <= number && number <= CRASH_GAPS[i].last;
    return n;
}

static void a_number_is_named_or_listed_with_a_reason(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= CRASH_NUMBERS; number++) {
        if (!named(number) != (listed(number) == 1))
            print_error("number %u: %u points, %u gaps\n", number, named(number), listed(number));
        assert_int_equal(!named(number), listed(number) == 1);
        assert_true(listed(number) <= 1);
    }
    for (unsigned i = 0; i < CRASH_POINT_COUNT; i++)
        assert_in_range(CRASH_POINTS[i].number, 1, CRASH_NUMBERS);
    for (unsigned i = 0; i < CRASH_GAP_COUNT; i++) {
        bool later = !strncmp(CRASH_GAPS[i].why, "not yet built: ", 15);
        assert_int_equal(later, !CRASH_GAPS[i].built);
        assert_true(strlen(CRASH_GAPS[i].why) > 15);
    }
}

static void a_point_has_one_name_and_one_place(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CRASH_POINT_COUNT; i++) {
        const struct crash_point *p = &CRASH_POINTS[i];
        assert_true(p->instant < ENGINE_INSTANTS && p->what < EV_TYPE_COUNT);
        assert_int_equal(strspn(p->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(p->name));
        for (unsigned k = 0; k < i; k++) {
            const struct crash_point *q = &CRASH_POINTS[k];
            if (p->who == q->who && p->instant == q->instant && p->what == q->what)
                print_error("%s and %s are one place\n", p->name, q->name);
            assert_false(p->who == q->who && p->instant == q->instant && p->what == q->what);
            assert_false(p->who == q->who && !strcmp(p->name, q->name));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_named_or_listed_with_a_reason),
        cmocka_unit_test(a_point_has_one_name_and_one_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
