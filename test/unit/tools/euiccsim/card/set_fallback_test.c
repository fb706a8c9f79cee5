/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.SetFallBackAttribute: the attribute moves and always has exactly one holder. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void refused(struct rig *r, uint16_t number, uint16_t want)
{
    assert_int_equal(rig_set_fallback(r, number), want);
    assert_true(rig_isdp(r, 0x10)->fallback);
    assert_int_equal(rig_row(r, 0)->sw, want);
}

static void moves_9000(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_set_fallback(r, 0x13), 0x9000);
    assert_true(rig_isdp(r, 0x13)->fallback);
    assert_false(rig_isdp(r, 0x10)->fallback);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_false(r->refresh);
    assert_int_equal(rig_disable(r, 0x10), 0x9000);        /* now it may be disabled */
    assert_int_equal(rig_enabled(r), 0x13);
}

static void holder_again_9000(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_set_fallback(r, 0x10), 0x9000);
    assert_true(rig_isdp(r, 0x10)->fallback);
}

static void without_profile_6985(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    refused(r, 0x13, 0x6985);
}

static void pinned_profile_6985(void **state)
{
    struct rig *r = *state;

    r->factory.bootstrap.pol1 = 0x01;
    rig_card_new(r);
    rig_install(r, 0x13, 0);
    refused(r, 0x13, 0x6985);
}

static void during_a_change_6985(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    refused(r, 0x13, 0x6985);
}

static void unknown_6A88(void **state)
{
    refused(*state, 0x13, 0x6A88);
}

static void bad_data_6A80(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E28800053A05024F0000", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E28800033A050000", NULL), 0x6A80);
    assert_int_equal(
        rig_hex(r, "80E28800173A05124F10A0000005591010FFFFFFFF89000010000000", NULL), 0x6A80);
    assert_true(rig_isdp(r, 0x10)->fallback);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(moves_9000), CASE(holder_again_9000), CASE(without_profile_6985),
        CASE(pinned_profile_6985), CASE(during_a_change_6985), CASE(unknown_6A88),
        CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
