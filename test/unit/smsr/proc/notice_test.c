/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Notifications of all kinds while a switch runs, and the confirmation that answers them (facts: trust 3.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

/* --- notifications --- */
static void a_duplicate_is_confirmed_again(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_note(w, 2, 5, ONE);
    assert_int_equal(w->e->counter_high, 3);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM);
    core_por_hex(w, 3, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    /* The first confirmation's answer comes too late for anything. */
    assert_int_equal(core_por_hex(w, 2, CONFIRMED), ERR_STATE);
    /* And after the end: confirmed once more, and the card is asked. */
    assert_int_equal(core_note(w, 2, 5, ONE), ERR_OK);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM_AND_AUDIT);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
}

static void either_confirmation_may_be_answered(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_note(w, 2, 5, ONE);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 2, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void sequence(struct core *w, uint16_t last, uint16_t next, uint32_t decision)
{
    core_init(w);
    core_enable(w, 0);
    core_note(w, 2, last, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, next, TWO);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, decision);
    assert_string_equal(core_state(w), decision == 1 ? "CONFIRMING" : "WAIT_NOTIFICATION");
    assert_int_equal(w->e->notif_sequence, decision == 1 ? next : last);
    core_fini(w);
}

static void sequences_in_rfc_1982_order(void **state)
{
    static const struct { uint16_t last, next; uint32_t decision; } ROWS[] = {
        {5, 6, 1},     {5, 4, 3},      {5, 5, 3},      {65535, 0, 1}, {0, 65535, 3},
        {65530, 3, 1}, {3, 65530, 3},  {5, 5 + 32767, 1}, {5, 32773, 3}, {40000, 7231, 1},
    };
    struct core w;

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        sequence(&w, ROWS[i].last, ROWS[i].next, ROWS[i].decision);
    (void)state;
}

static void rolled_back_is_confirmed_then_told(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 3, 5, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    const struct out_sms *sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
    core_confirmed(w, VERDICT_ROLLED_BACK);
    core_expect(w, EXEC_FAILED, "8.4", "4.2");
    ev = core_event(w, EV_PROFILE_ROLLED_BACK);
    assert_string_equal(ev->iccid.s, core_iccid(ONE).s);
    assert_string_equal(ev->previous.s, core_iccid(BOOT).s);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

static void rolled_back_while_confirming(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_note(w, 2, 5, ONE);
    core_note(w, 3, 6, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_ROLLED_BACK);
}

static void another_change_is_asked_about(void **state)
{
    static const struct { uint8_t kind; unsigned profile; } ROWS[] = {
        {5, BOOT}, {5, TWO}, {2, TWO}, {2, BOOT}, {3, TWO}, {3, ONE}, {4, ONE}, {0x77, BOOT}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_enable(&w, 0);
        core_note(&w, ROWS[i].kind, 5, ROWS[i].profile);
        assert_string_equal(core_state(&w), "FENCING");
        assert_int_equal(core_event(&w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_AUDIT);
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        assert_false(w.e->has_notif);
        core_audited(&w, THIRD_ON, VERDICT_FAILED);
        assert_non_null(core_event(&w, EV_PROFILE_FALLEN_BACK));
        assert_int_equal(core_profile_state(&w, TWO), PROFILE_ENABLED);
        core_fini(&w);
    }
    (void)state;
}

/* It tells of no change: the switch goes on, and it is confirmed behind it. */
static void a_first_attach_waits(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    assert_int_equal(core_note(w, 1, 5, BOOT), ERR_OK);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->e->n_ops, 2);
    assert_int_equal(core_note(w, 1, 5, BOOT), ERR_STATE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 6, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
}

/* --- the confirmation's answer --- */
static void confirmation_again_same_bytes_then_fresh(void **state)
{
    struct core *w = *state;
    int64_t t0;

    core_enable(w, 3600);
    core_note(w, 2, 5, ONE);
    t0 = w->now;
    for (unsigned i = 1; i <= 2; i++) {
        assert_true(core_timer(w));
        assert_int_equal(w->now - t0, i * 20 * SECONDS);
        assert_int_equal(w->plan.n_records, 0);
        assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 2);
    }
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
    assert_int_equal(w->e->counter_high, 3);
    core_por_hex(w, 3, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* A card that answers each confirmation with an error at once does not keep us busy. */
static void a_bad_por_of_the_confirmation_waits_its_time(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_note(w, 2, 5, ONE);
    for (unsigned i = 0; i < 5; i++) {
        int64_t t = w->now;
        assert_int_equal(core_por(w, 0, POR_CNTR_LOW, span_of("", 0)), ERR_OK);
        assert_false(w->plan.unit.set);
        assert_true(core_timer(w));
        assert_int_equal(w->now - t, 20 * SECONDS);
        assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
    }
}

static void a_confirmation_not_taken_is_fenced(void **state)
{
    static const uint16_t SW[] = {0x6985, 0x6A88, 0x6A80, 0x6F00, 0x63C1};

    for (size_t i = 0; i < sizeof SW / sizeof *SW; i++) {
        struct core w;
        core_init(&w);
        core_enable(&w, 0);
        core_note(&w, 2, 5, ONE);
        core_por_sw(&w, 0, SW[i]);
        assert_string_equal(core_state(&w), "FENCING");
        core_audited(&w, OLD_ON, VERDICT_ROLLED_BACK);
        core_fini(&w);
    }
    (void)state;
}

static void no_answer_to_the_confirmation_ends_in_a_fence(void **state)
{
    struct core *w = *state;

    core_enable(w, 7200);
    core_note(w, 2, 5, ONE);
    core_to_state(w, "FENCING");
    assert_true(w->now - w->e->ops[0]->armed_ms >= 1200 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    core_note(w, 2, 5, ONE); /* the card still waits */
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_SUCCESS);
}

static void a_confirmation_answered_behind_the_fence_counts(void **state)
{
    struct core *w = *state;

    core_enable(w, 7200);
    core_note(w, 2, 5, ONE);
    core_to_state(w, "FENCING");
    uint64_t confirm = 0;
    for (unsigned i = 0; i < w->e->n_packets; i++)
        if (w->e->packets[i].purpose == PURPOSE_CONFIRM)
            confirm = w->e->packets[i].counter;
    core_por_hex(w, confirm, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_refusal_behind_the_fence_counts(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_note(w, 5, 5, BOOT);
    assert_string_equal(core_state(w), "FENCING");
    core_por_sw(w, 1, 0x69E1);
    core_expect_end(w, VERDICT_FAILED, "8.2.2", "3.8");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_duplicate_is_confirmed_again),
        T(either_confirmation_may_be_answered),
        cmocka_unit_test(sequences_in_rfc_1982_order),
        T(rolled_back_is_confirmed_then_told),
        T(rolled_back_while_confirming),
        cmocka_unit_test(another_change_is_asked_about),
        T(a_first_attach_waits),
        T(confirmation_again_same_bytes_then_fresh),
        T(a_bad_por_of_the_confirmation_waits_its_time),
        cmocka_unit_test(a_confirmation_not_taken_is_fenced),
        T(no_answer_to_the_confirmation_ends_in_a_fence),
        T(a_confirmation_answered_behind_the_fence_counts),
        T(a_refusal_behind_the_fence_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
