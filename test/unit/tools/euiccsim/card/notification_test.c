/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Notifications: first attach, form, repetition with the same sequence, an unwilling network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void first_attach(void **state)
{
    struct rig *r = *state;
    struct rig_note note;

    rig_attach(r, false);
    assert_int_equal(r->n_sms, 0);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 1);
    assert_int_equal(note.seq, 1);
    assert_true(eid_eq(&note.eid, &r->factory.eid));
    assert_int_equal(aid_tar(&note.aid), 0x10);
    assert_memory_equal(note.imei, "\x4A\x09\x51\x24\x30\x32\x57\x81", 8);
    rig_attach(r, true);               /* devices report more than once */
    assert_int_equal(r->n_sms, 0);
}

static void repeated_with_the_same_sequence(void **state)
{
    struct rig *r = *state;
    struct rig_note first, again;
    int64_t start = r->now;

    rig_attach(r, true);
    assert_true(rig_note(r, &first));
    for (unsigned i = 1; i < 5; i++) {
        assert_true(rig_timer(r));
        assert_int_equal(r->now, start + 60000 * (int64_t)i);
        assert_true(rig_note(r, &again));
        assert_int_equal(again.seq, first.seq);
    }
    assert_true(rig_timer(r));         /* the last silence passes, nothing more is tried */
    assert_int_equal(r->n_sms, 0);
    assert_int_equal(rig_enabled(r), 0x10);
    assert_false(rig_timer(r));
    rig_attach(r, true);               /* told again at the next attach */
    assert_true(rig_note(r, &again));
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(rig_confirm(r, first.seq, NULL), 0x9000);
    assert_false(rig_timer(r));
    rig_attach(r, true);
    assert_int_equal(r->n_sms, 0);
}

static void told_once_in_a_life(void **state)
{
    struct rig *r = *state;

    rig_confirmed(r);
    rig_reboot(r);
    rig_attach(r, true);
    assert_int_equal(r->n_sms, 0);
}

static void network_without_sms(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    int64_t start = r->now;

    rig_attach(r, true);
    rig_sms_sent(r, false);
    assert_int_equal(card_due(r->card), start + 10000);
    assert_true(rig_timer(r));
    assert_true(rig_note(r, &note));
    assert_int_equal(card_due(r->card), start + 60000);    /* the try goes on as it was */
    rig_sms_sent(r, true);
    assert_int_equal(card_due(r->card), start + 60000);
}

static void sequence_grows_with_each_event(void **state)
{
    struct rig *r = *state;
    struct rig_note note;

    rig_install(r, 0x13, 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(rig_enable(r, 0x13), 0x9000);
        rig_attach(r, true);
        assert_true(rig_note(r, &note));
        assert_int_equal(note.seq, 2 * i + 1);
        assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
        assert_int_equal(rig_disable(r, 0x13), 0x9000);
        rig_attach(r, true);
        assert_true(rig_note(r, &note));
        assert_int_equal(note.seq, 2 * i + 2);
        assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    }
}

static void nobody_to_tell(void **state)
{
    struct rig *r = *state;

    r->world.smsr_address.s[0] = '\0';
    rig_card_new(r);
    rig_attach(r, true);
    assert_int_equal(r->n_sms, 0);
    for (unsigned i = 0; i < 5; i++)
        assert_true(rig_timer(r));
    assert_false(rig_timer(r));
}

static void time_scale_divides(void **state)
{
    struct rig *r = *state;

    r->world.time_scale = 60;
    rig_attach(r, true);
    assert_int_equal(card_due(r->card), r->now + 1000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_new, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(first_attach), CASE(repeated_with_the_same_sequence), CASE(told_once_in_a_life),
        CASE(network_without_sms), CASE(sequence_grows_with_each_event), CASE(nobody_to_tell),
        CASE(time_scale_divides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
