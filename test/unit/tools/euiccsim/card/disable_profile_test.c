/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.DisableProfile at the card: every status word; a disable nobody confirms stays. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

/* ISD-P 0013 enabled and confirmed, 0010 still the fall-back profile. */
static void with_13_enabled(struct rig *r, uint8_t pol1)
{
    rig_install(r, 0x13, pol1);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_confirmed(r);
}

static void refused(struct rig *r, uint16_t number, uint16_t want)
{
    uint16_t enabled = rig_enabled(r);

    assert_int_equal(rig_disable(r, number), want);
    assert_false(r->refresh);
    assert_int_equal(rig_enabled(r), enabled);
    assert_int_equal(rig_row(r, 0)->sw, want);
    assert_int_equal(rig_row(r, 0)->dgi, 0x3A04);
    assert_int_equal(rig_row(r, 0)->state_before, rig_row(r, 0)->state_after);
}

static void accepted_9000(void **state)
{
    struct rig *r = *state;
    struct rig_note note;

    with_13_enabled(r, 0);
    assert_int_equal(rig_disable(r, 0x13), 0x9000);
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
    assert_int_equal(aid_tar(&rig_row(r, 0)->aid), 0x13);
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_ENABLED);
    assert_int_equal(rig_row(r, 0)->state_after, ISDP_DISABLED);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 2);
    assert_int_equal(aid_tar(&note.aid), 0x10);
}

static void unconfirmed_stays(void **state)
{
    struct rig *r = *state;
    unsigned rows;

    with_13_enabled(r, 0x04);
    assert_int_equal(rig_disable(r, 0x13), 0x9000);
    rows = r->n_rows;
    rig_attach(r, true);
    for (unsigned i = 0; i < 5; i++)
        assert_true(rig_timer(r));
    assert_int_equal(card_due(r->card), 0);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);   /* no confirmation: POL1 waits too */
    assert_int_equal(r->n_rows, rows);
}

static void fallback_does_not_attach_rolls_back(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    uint32_t command;

    with_13_enabled(r, 0);
    assert_int_equal(rig_disable(r, 0x13), 0x9000);
    command = rig_row(r, 0)->n;
    rig_attach(r, false);
    assert_true(rig_timer(r));
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(rig_row(r, 0)->cause, CAUSE_ROLLBACK);
    assert_int_equal(rig_row(r, 0)->undoes, command);
    assert_int_equal(aid_tar(&rig_row(r, 0)->aid), 0x13);
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_DISABLED);
    assert_int_equal(rig_row(r, 0)->state_after, ISDP_ENABLED);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 3);
}

static void not_enabled_6985(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    refused(r, 0x13, 0x6985);
}

static void fallback_profile_6985(void **state)
{
    refused(*state, 0x10, 0x6985);
}

static void during_a_change_6985(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    refused(r, 0x13, 0x6985);
}

static void nothing_to_fall_back_on_6985(void **state)
{
    struct rig *r = *state;

    r->factory.has_bootstrap = false;
    rig_card_new(r);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    refused(r, 0x13, 0x6985);
}

static void pol1_69E1(void **state)
{
    struct rig *r = *state;

    with_13_enabled(r, 0x01);
    refused(r, 0x13, 0x69E1);
}

static void unknown_6A88(void **state)
{
    refused(*state, 0x14, 0x6A88);
}

static void bad_data_6A80(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E28800033A0400", NULL), 0x6A80);
    assert_int_equal(
        rig_hex(r, "80E28800163A04124F10A0000005591010FFFFFFFF890000100000", NULL), 0x6A80);
    assert_int_equal(rig_enabled(r), 0x10);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(accepted_9000), CASE(unconfirmed_stays), CASE(fallback_does_not_attach_rolls_back),
        CASE(not_enabled_6985), CASE(fallback_profile_6985), CASE(during_a_change_6985),
        CASE(nothing_to_fall_back_on_6985), CASE(pol1_69E1), CASE(unknown_6A88),
        CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
