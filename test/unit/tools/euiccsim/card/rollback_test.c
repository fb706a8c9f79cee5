/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* The change of a profile and its way back: no network, lost confirmation, power, time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

/* 0012 enabled and confirmed, 0013 disabled, 0010 the fall-back profile: three different ones. */
static void three(struct rig *r)
{
    rig_install(r, 0x12, 0);
    assert_int_equal(rig_enable(r, 0x12), 0x9000);
    rig_confirmed(r);
    rig_install(r, 0x13, 0);
}

static void rolled_back(struct rig *r, uint32_t command)
{
    const struct card_ledger_row *row = rig_row(r, 0);

    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x12);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
    assert_int_equal(row->cause, CAUSE_ROLLBACK);
    assert_int_equal(row->undoes, command);
    assert_int_equal(row->channel, 0);
    assert_int_equal(aid_tar(&row->aid), 0x13);
    assert_int_equal(row->state_before, ISDP_ENABLED);
    assert_int_equal(row->state_after, ISDP_DISABLED);
}

static void succeeds(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    unsigned rows;

    three(r);
    rows = r->n_rows;
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 2);
    assert_int_equal(aid_tar(&note.aid), 0x13);
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    assert_false(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(r->n_rows, rows + 1);
}

/* 300 s for the attach, whatever single tries say. */
static void no_network(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    uint32_t command;
    int64_t start = r->now;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    command = rig_row(r, 0)->n;
    rig_attach(r, false);
    rig_attach(r, false);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_true(rig_timer(r));
    assert_int_equal(r->now, start + 300000);
    rolled_back(r, command);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 3);
    assert_int_equal(aid_tar(&note.aid), 0x12);
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    assert_false(rig_timer(r));
    assert_int_equal(rig_enable(r, 0x13), 0x9000);         /* and may be tried again */
}

static void late_attach_is_in_time(void **state)
{
    struct rig *r = *state;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, false);
    r->now = card_due(r->card) - 1;
    rig_confirmed(r);
    assert_int_equal(rig_enabled(r), 0x13);
}

/* Five tries 60 s apart and one more silence. */
static void confirmation_lost(void **state)
{
    struct rig *r = *state;
    struct rig_note first, note;
    uint32_t command;
    int64_t start;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    command = rig_row(r, 0)->n;
    rig_attach(r, true);
    start = r->now;
    assert_true(rig_note(r, &first));
    for (unsigned i = 1; i < 5; i++) {
        assert_true(rig_timer(r));
        assert_true(rig_note(r, &note));
        assert_int_equal(note.seq, first.seq);
    }
    assert_true(rig_timer(r));
    assert_int_equal(r->now, start + 300000);
    rolled_back(r, command);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 3);
    assert_int_equal(note.seq, first.seq + 1);
}

static void confirmed_at_the_last_try(void **state)
{
    struct rig *r = *state;
    struct rig_note note;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    for (unsigned i = 1; i < 5; i++)
        assert_true(rig_timer(r));
    assert_true(rig_note(r, &note));
    r->now = card_due(r->card) - 1;
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    assert_false(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x13);
}

static void neither_has_a_network(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    int64_t start = r->now;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_true(rig_timer(r));                             /* 0013 not in 300 s */
    rig_attach(r, false);
    assert_true(rig_timer(r));                             /* nor 0012 */
    assert_int_equal(r->now, start + 600000);
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_int_equal(rig_row(r, 0)->cause, CAUSE_FALLBACK);
    assert_int_equal(aid_tar(&rig_row(r, 0)->aid), 0x10);
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_DISABLED);
    assert_int_equal(rig_row(r, 0)->state_after, ISDP_ENABLED);
    assert_int_equal(rig_row(r, 1)->cause, CAUSE_ROLLBACK);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 5);
    assert_int_equal(aid_tar(&note.aid), 0x10);
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    assert_false(rig_timer(r));
}

/* Not even the fall-back profile: it stays enabled and the device tries for ever. */
static void no_network_at_all(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    unsigned rows;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_true(rig_timer(r));
    assert_true(rig_timer(r));
    rows = r->n_rows;
    for (unsigned i = 0; i < 10; i++) {
        assert_true(rig_timer(r));
        assert_true(r->refresh);
        assert_int_equal(rig_enabled(r), 0x10);
    }
    assert_int_equal(r->n_rows, rows);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 5);
}

/* The old profile is the fall-back one: there is nothing further to fall to. */
static void old_is_fallback(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    unsigned rows;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_true(rig_timer(r));
    rows = r->n_rows;
    assert_true(rig_timer(r));
    assert_true(r->refresh);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_int_equal(r->n_rows, rows);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 3);
}

static void none_before_and_no_fallback(void **state)
{
    struct rig *r = *state;

    r->factory.has_bootstrap = false;
    rig_card_new(r);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
    assert_false(rig_timer(r));
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
}

/* A power cycle in each state changes nothing of the way. */
static void power_in_each_state(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    uint32_t command;

    three(r);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    command = rig_row(r, 0)->n;
    rig_reboot(r);                                         /* waits for the attach */
    assert_false(r->refresh);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    rig_reboot(r);                                         /* waits for the confirmation */
    rig_attach(r, true);
    assert_int_equal(r->n_sms, 0);
    for (unsigned i = 0; i < 4; i++)
        assert_true(rig_timer(r));
    rig_reboot(r);
    assert_true(rig_timer(r));
    rolled_back(r, command);
    rig_reboot(r);                                         /* waits for the old network */
    assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x10);
    rig_reboot(r);                                         /* waits for any network */
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 5);
    rig_reboot(r);
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
}

static void pol1_of_the_new_profile_does_not_stop_the_way_back(void **state)
{
    struct rig *r = *state;

    three(r);
    rig_install(r, 0x14, 0x03);
    assert_int_equal(rig_enable(r, 0x14), 0x9000);
    assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x12);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(succeeds), CASE(no_network), CASE(late_attach_is_in_time), CASE(confirmation_lost),
        CASE(confirmed_at_the_last_try), CASE(neither_has_a_network), CASE(no_network_at_all),
        CASE(old_is_fallback), CASE(none_before_and_no_fallback), CASE(power_in_each_state),
        CASE(pol1_of_the_new_profile_does_not_stop_the_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
