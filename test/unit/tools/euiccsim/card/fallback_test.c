/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Fall-back in the field: a network that stays away, patience, and what does not trigger it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void with_13(struct rig *r, uint8_t pol1)
{
    rig_install(r, 0x13, pol1);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_confirmed(r);
}

static void lost_network(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    int64_t start = r->now;

    with_13(r, 0x07);                  /* POL1 is not asked, and deletes nothing */
    rig_attach(r, false);
    r->now += 1000;
    rig_attach(r, false);
    assert_int_equal(card_due(r->card), start + 900000);
    assert_true(rig_timer(r));
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_int_equal(rig_row(r, 0)->cause, CAUSE_FALLBACK);
    assert_int_equal(rig_row(r, 0)->undoes, 0);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 5);
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
}

static void network_came_back(void **state)
{
    struct rig *r = *state;

    with_13(r, 0);
    rig_attach(r, false);
    rig_attach(r, true);
    assert_int_equal(card_due(r->card), 0);
    assert_int_equal(rig_enabled(r), 0x13);
}

static void survives_power(void **state)
{
    struct rig *r = *state;

    with_13(r, 0);
    rig_attach(r, false);
    rig_reboot(r);
    assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x10);
}

static void the_fallback_profile_itself_waits(void **state)
{
    struct rig *r = *state;

    rig_attach(r, false);
    assert_int_equal(card_due(r->card), 0);
    assert_int_equal(rig_enabled(r), 0x10);
}

static void a_change_has_its_own_way_back(void **state)
{
    struct rig *r = *state;
    struct rig_note note;

    with_13(r, 0);
    rig_install(r, 0x14, 0);
    rig_attach(r, false);
    assert_int_equal(rig_enable(r, 0x14), 0x9000);         /* patience with 0013 is over */
    assert_int_equal(card_due(r->card), r->now + 300000);
    rig_attach(r, false);
    assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x13);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 3);
}

static void commands_during_fallback_6985(void **state)
{
    struct rig *r = *state;

    with_13(r, 0);
    rig_attach(r, false);
    assert_true(rig_timer(r));
    assert_int_equal(rig_enable(r, 0x13), 0x6985);         /* the card is still on its way */
    rig_attach(r, true);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lost_network), CASE(network_came_back), CASE(survives_power),
        CASE(the_fallback_profile_itself_waits), CASE(a_change_has_its_own_way_back),
        CASE(commands_during_fallback_6985),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
