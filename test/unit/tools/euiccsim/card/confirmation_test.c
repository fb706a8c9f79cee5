/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Confirmation of a notification: what it ends, what POL1 deletes then, what comes twice. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"
#include "test/support/card_rig.h"

/* 0013 enabled and attached, its notification unconfirmed; the bootstrap is no longer fall-back. */
static uint16_t waiting(struct rig *r, uint8_t pol1_of_old)
{
    struct rig_note note;

    rig_install(r, 0x12, pol1_of_old);
    assert_int_equal(rig_enable(r, 0x12), 0x9000);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 2);
    return note.seq;
}

static void ends_the_change(void **state)
{
    struct rig *r = *state;
    uint16_t seq = waiting(r, 0);
    unsigned rows = r->n_rows;
    struct span d;

    assert_int_not_equal(card_due(r->card), 0);
    assert_int_equal(rig_confirm(r, seq, &d), 0x9000);
    assert_int_equal(d.n, 2);
    assert_memory_equal(d.p, "\x80\x00", 2);
    assert_int_equal(card_due(r->card), 0);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(r->n_rows, rows);         /* a confirmation is no effect command */
}

static void pol1_deletes_only_now(void **state)
{
    struct rig *r = *state;
    uint16_t seq = waiting(r, 0x04);
    unsigned rows = r->n_rows;
    struct span d, again;
    struct tlv t80, t4f;
    uint8_t copy[32];

    assert_int_equal(rig_state(r, 0x12), ISDP_DISABLED);
    assert_int_equal(rig_confirm(r, seq, &d), 0x9000);
    assert_int_equal(tlv_only(d, 0x80, &t80), 0);
    assert_int_equal(tlv_only(t80.value, 0x4F, &t4f), 0);
    assert_int_equal(t4f.value.p[14], 0x12);
    assert_int_equal(rig_state(r, 0x12), 0);
    assert_int_equal(r->n_rows, rows + 1);
    assert_int_equal(rig_row(r, 0)->cause, CAUSE_POL1);
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_DISABLED);
    assert_int_equal(rig_row(r, 0)->state_after, 0);
    assert_int_equal(aid_tar(&rig_row(r, 0)->aid), 0x12);
    memcpy(copy, d.p, d.n);
    rig_reboot(r);                             /* the answer was lost, and so was power */
    assert_int_equal(rig_confirm(r, seq, &again), 0x9000);
    assert_int_equal(again.n, 20);
    assert_memory_equal(again.p, copy, 20);
    assert_int_equal(r->n_rows, rows + 1);
}

static void fallback_profile_is_never_deleted(void **state)
{
    struct rig *r = *state;
    struct rig_note note;
    struct span d;

    r->factory.bootstrap.pol1 = 0x04;
    rig_card_new(r);
    rig_attach(r, true);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(rig_confirm(r, note.seq, &d), 0x9000);
    assert_int_equal(d.n, 2);
    assert_int_equal(rig_state(r, 0x10), ISDP_DISABLED);
}

static void disabled_profile_is_deleted(void **state)
{
    struct rig *r = *state;

    uint16_t seq = waiting(r, 0);

    assert_int_equal(rig_confirm(r, seq, NULL), 0x9000);
    assert_int_equal(rig_delete(r, 0x12), 0x9000);
    rig_install(r, 0x14, 0x04);
    assert_int_equal(rig_enable(r, 0x14), 0x9000);
    rig_confirmed(r);
    assert_int_equal(rig_disable(r, 0x14), 0x9000);
    rig_confirmed(r);
    assert_int_equal(rig_state(r, 0x14), 0);
}

static void other_sequence_6A88(void **state)
{
    struct rig *r = *state;
    uint16_t seq = waiting(r, 0x04);

    assert_int_equal(rig_confirm(r, (uint16_t)(seq + 1), NULL), 0x6A88);
    assert_int_equal(rig_confirm(r, (uint16_t)(seq ^ 0x100), NULL), 0x6A88);
    assert_int_equal(rig_state(r, 0x12), ISDP_DISABLED);
    assert_int_not_equal(card_due(r->card), 0);
    assert_int_equal(rig_confirm(r, seq, NULL), 0x9000);
}

/* The confirmation of a change that was rolled back meanwhile comes too late. */
static void late_6A88(void **state)
{
    struct rig *r = *state;
    uint16_t seq = waiting(r, 0x04);

    for (unsigned i = 0; i < 5; i++)
        assert_true(rig_timer(r));
    assert_int_equal(rig_enabled(r), 0x12);
    assert_int_equal(rig_confirm(r, seq, NULL), 0x6A88);
    rig_attach(r, true);
    assert_int_equal(rig_confirm(r, seq, NULL), 0x6A88);
    assert_int_equal(rig_enabled(r), 0x12);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
}

static void bad_data_6A80(void **state)
{
    assert_int_equal(rig_hex(*state, "80E28900063A08034E010000", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80E28900083A08054E0300000000", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80E28900073A08044F02000000", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80E28900083A08044E0200000000", NULL), 0x6A80);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ends_the_change), CASE(pol1_deletes_only_now),
        CASE(fallback_profile_is_never_deleted), CASE(disabled_profile_is_deleted),
        CASE(other_sequence_6A88), CASE(late_6A88), CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
