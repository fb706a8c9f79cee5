/* SPDX-License-Identifier: Apache-2.0 */
/* The table that the carriers of datagrams share. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/channel/places.h"

#define MARK (UINT64_C(1) << 62)

static void a_place_keeps_its_number(void **state)
{
    struct places *p = places_new(4, MARK);
    uint64_t one, two;

    (void)state;
    assert_non_null(p);
    one = places_id(p, span_str("a"));
    two = places_id(p, span_str("ab"));
    assert_int_equal(one, MARK | 1);
    assert_int_equal(two, MARK | 2);
    assert_int_equal(places_id(p, span_str("a")), one);
    assert_true(span_eq(places_where(p, two), span_str("ab")));
    places_drop(p, one);
    places_drop(p, one);
    assert_int_equal(places_where(p, one).n, 0);
    assert_int_equal(places_id(p, span_str("a")), MARK | 3); /* numbers do not come again */
    assert_true(span_eq(places_where(p, two), span_str("ab")));
    places_free(p);
}

static void bounded(void **state)
{
    struct places *p = places_new(2, 0);
    uint8_t where[MAP_KEY_MAX + 1] = {0};

    (void)state;
    assert_int_equal(places_id(p, span_of(where, sizeof where)), 0);
    assert_int_equal(places_id(p, span_of(where, MAP_KEY_MAX)), 2);
    assert_int_not_equal(places_id(p, span_str("b")), 0);
    assert_int_equal(places_id(p, span_str("c")), 0);
    places_drop(p, 2);
    assert_int_not_equal(places_id(p, span_str("c")), 0);
    assert_int_equal(places_where(p, 0).n, 0);
    places_drop(p, 0);
    places_free(p);
    places_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_place_keeps_its_number),
                                       cmocka_unit_test(bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
