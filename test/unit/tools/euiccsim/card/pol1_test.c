/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* POL1 as its owner's OTA leaves it (ES6): it holds for the next command, and reaches the enabled profile alone. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static bool update(struct rig *r, uint16_t number, uint8_t pol1)
{
    return card_update_pol1(r->card, &rig_isdp(r, number)->data.iccid, pol1);
}

static void holds_for_the_next_command(void **state)
{
    struct rig *r = *state;
    uint64_t before;

    rig_install(r, 0x13, 0);
    before = card_version(r->card);
    assert_true(update(r, 0x10, 0x01));
    assert_true(card_version(r->card) > before); /* it is durable */
    assert_int_equal(rig_enable(r, 0x13), 0x69E1);
    assert_true(update(r, 0x10, 0x00));
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
}

static void reaches_the_enabled_profile_alone(void **state)
{
    struct rig *r = *state;
    uint32_t rows;

    rig_install(r, 0x13, 0);
    rows = card_ledger_count(r->card);
    assert_false(update(r, 0x13, 0x02));
    assert_false(update(r, 0x10, 0x00)); /* as it was */
    assert_true(update(r, 0x10, 0xFF));
    assert_int_equal(rig_isdp(r, 0x10)->data.pol1, 0x07); /* bits that mean nothing are not kept */
    assert_int_equal(card_ledger_count(r->card), rows);   /* no command of an SM-SR */
    assert_int_equal(rig_delete(r, 0x13), 0x9000);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)
    const struct CMUnitTest tests[] = {
        CASE(holds_for_the_next_command),
        CASE(reaches_the_enabled_profile_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
