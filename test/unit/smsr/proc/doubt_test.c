/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Switches that go astray: notifications of all kinds, silence, the end of validity, the audit that
 * decides (facts: trust 3.5, 3.6) and restarts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core.h"

#define CONFIRMED "AB09800101230480009000"
#define SECONDS 1000ll
#define OLD_ON "10=3F 11=1F 12=1F"
#define NEW_ON "10=1F 11=3F 12=1F"
#define THIRD_ON "10=1F 11=1F 12=3F"

/* Ends at the next record that goes to the card, or when the operation ends. */
static void until_armed(struct core *w)
{
    do
        assert_true(core_timer(w));
    while (!w->plan.unit.set && w->e->n_ops);
}

static void to_state(struct core *w, const char *state)
{
    for (unsigned i = 0; i < 100 && strcmp(core_state(w), state); i++)
        assert_true(core_timer(w));
    assert_string_equal(core_state(w), state);
}

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
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 1);
    core_por_hex(w, 3, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    /* The first confirmation's answer comes too late for anything. */
    assert_int_equal(core_por_hex(w, 2, CONFIRMED), ERR_STATE);
    /* And after the end: confirmed once more, and the card is asked. */
    assert_int_equal(core_note(w, 2, 5, ONE), ERR_OK);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 4);
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
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
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
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
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
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
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
        assert_int_equal(core_event(&w, EV_NOTIFICATION_RECEIVED)->decision, 5);
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        assert_false(w.e->has_notif);
        core_por_list(&w, 0, THIRD_ON);
        core_expect_end(&w, VERDICT_FAILED, "8.4", "4.2");
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
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
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
        core_por_list(&w, 0, OLD_ON);
        core_expect_end(&w, VERDICT_ROLLED_BACK, "8.4", "4.2");
        core_fini(&w);
    }
    (void)state;
}

static void no_answer_to_the_confirmation_ends_in_a_fence(void **state)
{
    struct core *w = *state;

    core_enable(w, 7200);
    core_note(w, 2, 5, ONE);
    to_state(w, "FENCING");
    assert_true(w->now - w->e->ops[0]->armed_ms >= 1200 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    core_note(w, 2, 5, ONE); /* the card still waits */
    assert_string_equal(core_state(w), "CONFIRMING");
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_confirmation_answered_behind_the_fence_counts(void **state)
{
    struct core *w = *state;

    core_enable(w, 7200);
    core_note(w, 2, 5, ONE);
    to_state(w, "FENCING");
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

/* --- the end of validity --- */
static void validity_ends_before_anything_was_sent(void **state)
{
    struct core *w = *state;
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = 30, .has_validity_period = true},
        .eid = w->eid,
        .iccid = core_iccid(TWO)};

    core_enable(w, 3600);
    core_request(w, CORE_A, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    assert_int_equal(w->e->n_ops, 2);
    int64_t t0 = w->now;
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 30 * SECONDS);
    core_expect_end(w, VERDICT_EXPIRED, "1.6", "5.3");
    core_expect(w, EXEC_EXPIRED, "1.6", "5.3");
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_ENABLE_PROFILE_RESPONSE));
    assert_int_equal(w->e->n_ops, 1);
    assert_string_equal(core_state(w), "ARMED");
}

/* A resend of the running one moves its time beyond the end of the one that waits. */
static void a_waiting_end_is_kept_across_resends(void **state)
{
    struct core *w = *state;
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = 300, .has_validity_period = true},
        .eid = w->eid,
        .iccid = core_iccid(TWO)};
    int64_t t0 = w->now;

    core_enable(w, 7200);
    core_request(w, CORE_A, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    core_pass(w, 299 * SECONDS);
    assert_int_equal(w->e->n_ops, 2);
    core_pass(w, 1 * SECONDS);
    assert_int_equal(w->now - t0, 300 * SECONDS);
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(w->concluded[VERDICT_EXPIRED], 1);
}

static void validity_ends_after_arming(void **state)
{
    struct core *w = *state;
    const struct operation_concluded *notice;

    core_enable(w, 30);
    core_pass(w, 29 * SECONDS);
    assert_int_equal(w->answered, 0);
    core_pass(w, 1 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    assert_non_null(core_event(w, EV_OPERATION_EXPIRED));
    assert_non_null(core_event(w, EV_OPERATION_IN_DOUBT));
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_null(core_delivery(w, CORE_B, MSG_ES4_ENABLE_PROFILE_RESPONSE));
    notice = core_delivery(w, CORE_B, MSG_OPERATION_CONCLUDED);
    assert_non_null(notice);
    assert_int_equal(notice->verdict, VERDICT_FAILED);
    assert_string_equal(notice->iccid.s, core_iccid(ONE).s);
    assert_int_equal(w->answered, 1);
}

static void a_late_notification_is_not_confirmed(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 2);
    assert_false(w->plan.unit.set);
    assert_false(w->e->has_notif);
    /* The roll-back it leads to is. */
    core_note(w, 3, 6, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
    assert_int_equal(w->answered, 1);
}

static void late_at_the_very_end(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    w->now += 30 * SECONDS - 1;
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 1);
    core_fini(w);
    core_init(w);
    core_enable(w, 30);
    w->now += 30 * SECONDS; /* the timer did not run yet */
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 2);
}

/* Confirmed in time: the confirmation may be repeated after the end, and its answer is the verdict.
 */
static void validity_ends_while_confirming(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_pass(w, 30 * SECONDS);
    assert_int_equal(w->answered, 1);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_note(w, 2, 5, ONE);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_B, MSG_OPERATION_CONCLUDED));
    assert_int_equal(w->answered, 1);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
}

static void validity_ends_while_deleting(void **state)
{
    struct core *w = *state;
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | POL2_DISABLE_AUTO_DELETE};
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = 30, .has_validity_period = true},
        .eid = w->eid,
        .iccid = core_iccid(TWO)};

    core_enable(w, 0);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    ev.eid = w->eid;
    ev.iccid = core_iccid(ONE);
    core_record(w, &ev);
    core_request(w, CORE_A, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    core_note(w, 2, 6, TWO);
    core_por_hex(w, 0, CONFIRMED);
    assert_string_equal(core_state(w), "DELETING");
    core_pass(w, 30 * SECONDS);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->answered, 2);
}

static void no_notification_after_9000(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;

    core_enable(w, 3600);
    core_por_sw(w, 0, 0x9000);
    until_armed(w);
    assert_int_equal(w->now - t0, 600 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    core_note(w, 2, 5, ONE); /* late for us, in time for the caller */
    assert_string_equal(core_state(w), "CONFIRMING");
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* --- the fence --- */
static void fences_back_off_under_fresh_counters(void **state)
{
    static const int64_t PAUSE[] = {60, 300, 900, 3600, 21600, 86400, 86400, 86400};
    struct core *w = *state;
    uint64_t counter;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    counter = w->e->counter_high;
    assert_int_equal(counter, 2);
    for (unsigned i = 0; i < sizeof PAUSE / sizeof *PAUSE; i++) {
        int64_t t = w->now;
        const struct out_sms *sms;
        until_armed(w);
        assert_int_equal(w->now - t, PAUSE[i] * SECONDS);
        assert_int_equal(w->e->counter_high, ++counter);
        assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
        sms = core_out(w, OUT_SMS, 0);
        assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
        assert_string_equal(sms->to[1].s, core_iccid(ONE).s);
        assert_int_equal(sms->validity_ms, 3600 * SECONDS);
    }
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void a_fence_goes_where_there_is_an_address(void **state)
{
    struct core *w = *state;
    struct euicc_profile *p;
    const struct out_sms *sms;

    core_enable(w, 30);
    for (unsigned side = 0; side < 2; side++) {
        struct iccid iccid = core_iccid(ONE);
        p = euicc_profile_by_iccid(side ? w->twin : w->e, &iccid);
        memset(&p->msisdn, 0, sizeof p->msisdn);
    }
    core_pass(w, 30 * SECONDS);
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
    assert_string_equal(sms->to[1].s, "");
}

static void an_answer_that_proves_nothing_keeps_the_fence(void **state)
{
    static const char *const ANSWERS[] = {
        "AB0780010123026A88", /* no ISD-P at all: not this card's list */
        "AB0780010123026A80",
        "AB0780010123029000",
        "AB0780010123026310",
        "",
        "AB03800100",
        "AB1F800101231A"
        "E3164F10A0000005591010FFFFFFFF89000010009F7001"
        "1F"
        "9000", /* none is on */
    };

    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        struct core w;
        core_init(&w);
        core_enable(&w, 30);
        core_pass(&w, 30 * SECONDS);
        core_por_hex(&w, 0, ANSWERS[i]);
        assert_string_equal(core_state(&w), "FENCING");
        assert_int_equal(w.e->n_profiles, 3);
        until_armed(&w);
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        core_fini(&w);
    }
    (void)state;
}

/* facts: trust 3.5, row by row behind the fence. */
static void the_audited_card_decides(void **state)
{
    static const struct {
        const char *list;
        bool note_03;
        enum verdict v;
        enum event_type also;
    } ROWS[] = {
        {OLD_ON, false, VERDICT_FAILED, EV_EUICC_AUDITED},
        {OLD_ON, true, VERDICT_ROLLED_BACK, EV_PROFILE_ROLLED_BACK},
        {THIRD_ON, false, VERDICT_FAILED, EV_PROFILE_FALLEN_BACK},
        {THIRD_ON, true, VERDICT_FAILED, EV_PROFILE_FALLEN_BACK},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_enable(&w, 30);
        core_pass(&w, 30 * SECONDS);
        if (ROWS[i].note_03) {
            core_note(&w, 3, 5, BOOT);
            core_por_sw(&w, 0, 0x6A88);
        }
        assert_string_equal(core_state(&w), "FENCING");
        core_por_list(&w, 0, ROWS[i].list);
        core_expect_end(&w, ROWS[i].v, "8.4", "4.2");
        assert_non_null(core_event(&w, ROWS[i].also));
        assert_int_equal(w.e->last_audit_ms, w.now);
        assert_int_equal(w.e->memory_free, 0x00050000);
        core_fini(&w);
    }
    (void)state;
}

/* It came to the profile that was asked for, but not by our command: no success, and no
 * Auto-Delete. */
static void a_fall_back_to_the_goal_is_no_success(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, BOOT);
    core_note(w, 5, 6, BOOT);
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_non_null(core_event(w, EV_PROFILE_FALLEN_BACK));
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

/* R5: seen on the new profile is not yet success; the card may go back until its window is over. */
static void on_the_new_profile_waits_for_the_window(void **state)
{
    struct core *w = *state;
    int64_t seen;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    seen = w->now;
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    until_armed(w);
    assert_int_equal(w->now - seen, 600 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, NEW_ON);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
    assert_non_null(core_event(w, EV_EUICC_AUDITED));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
}

/* A card that still notifies has not decided: its last word, not ours, opens the window. */
static void a_late_notification_opens_the_window_anew(void **state)
{
    struct core *w = *state;
    int64_t heard;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    core_pass(w, 590 * SECONDS);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 2);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    heard = w->now;
    until_armed(w);
    assert_int_equal(w->now - heard, 600 * SECONDS);
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
}

/* The same while the question behind the window is on its way: its answer settles nothing. */
static void a_late_notification_behind_the_window(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    until_armed(w);
    core_note(w, 2, 5, ONE);
    core_por_list(w, 0, NEW_ON);
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    until_armed(w);
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
}

static void on_the_new_profile_then_back(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    core_por_list(w, 0, NEW_ON);
    until_armed(w);
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
}

/* Two questions out, one answered: the other's answer comes after the window, but shows the past.
 */
static void an_old_answer_does_not_settle_the_window(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
    until_armed(w);
    assert_int_equal(w->e->counter_high, 3);
    core_por_list(w, 3, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    w->now += 700 * SECONDS;
    core_por_list(w, 2, NEW_ON);
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    until_armed(w);
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 4, OLD_ON);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
}

/* --- restarts --- */
static void restart_while_armed_sends_the_same_bytes(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_enable(w, 0);
    core_restart(w);
    assert_string_equal(core_state(w), "ARMED");
    sms = core_out(w, OUT_SMS, 0);
    assert_null(sms->armed);
    assert_int_equal(sms->counter, 1);
    assert_int_equal(w->e->counter_high, 1);
    core_por_sw(w, 1, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

static void restart_in_each_state_of_a_switch(void **state)
{
    static const struct { const char *state; bool unit; bool sms; } ROWS[] = {
        {"ARMED", false, true}, {"WAIT_NOTIFICATION", false, false}, {"CONFIRMING", false, true},
        {"FENCING", true, true}, {"WAIT_ROLLBACK", false, false}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_enable(&w, 3600);
        if (i == 1)
            core_por_sw(&w, 0, 0x9000);
        if (i == 2)
            core_note(&w, 2, 5, ONE);
        if (i >= 3)
            core_por(&w, 0, POR_TAR_UNKNOWN, span_of("", 0));
        if (i == 4)
            core_por_list(&w, 0, NEW_ON);
        assert_string_equal(core_state(&w), ROWS[i].state);
        w.now += 5 * SECONDS;
        core_restart(&w);
        assert_string_equal(core_state(&w), ROWS[i].state);
        assert_int_equal(w.plan.unit.set, ROWS[i].unit);
        assert_int_equal(core_out(&w, OUT_SMS, 0) != NULL, ROWS[i].sms);
        /* And after the end of validity has passed while it was down. */
        w.now += 7200 * SECONDS;
        core_restart(&w);
        assert_int_equal(w.answered, 1);
        core_fini(&w);
    }
    (void)state;
}

static void restart_of_a_queue_starts_it(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    assert_string_equal(core_state(w), "QUEUED");
    assert_int_equal(euicc_due(w->e), w->now); /* the next turn starts it */
    core_restart(w);
    assert_string_equal(core_state(w), "ARMED");
    assert_non_null(core_event(w, EV_OPERATION_ARMED));
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
        T(validity_ends_before_anything_was_sent),
        T(a_waiting_end_is_kept_across_resends),
        T(validity_ends_after_arming),
        T(a_late_notification_is_not_confirmed),
        T(late_at_the_very_end),
        T(validity_ends_while_confirming),
        T(validity_ends_while_deleting),
        T(no_notification_after_9000),
        T(fences_back_off_under_fresh_counters),
        T(a_fence_goes_where_there_is_an_address),
        cmocka_unit_test(an_answer_that_proves_nothing_keeps_the_fence),
        cmocka_unit_test(the_audited_card_decides),
        T(a_fall_back_to_the_goal_is_no_success),
        T(on_the_new_profile_waits_for_the_window),
        T(a_late_notification_opens_the_window_anew),
        T(a_late_notification_behind_the_window),
        T(on_the_new_profile_then_back),
        T(an_old_answer_does_not_settle_the_window),
        T(restart_while_armed_sends_the_same_bytes),
        cmocka_unit_test(restart_in_each_state_of_a_switch),
        T(restart_of_a_queue_starts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
