/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Switches in doubt: the questions, the audited card that decides, the window in which it may still go back,
 * and restarts (facts: trust 3.5, 3.6). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

/* --- the fence --- */
static void fences_back_off_under_fresh_counters(void **state)
{
    static const int64_t PAUSE[] = {60, 300, 900, 3600, 21600, 86400, 86400, 86400};
    struct core *w = *state;
    uint64_t counter;

    core_overdue(w);
    counter = w->e->counter_high;
    assert_int_equal(counter, 2);
    for (unsigned i = 0; i < sizeof PAUSE / sizeof *PAUSE; i++) {
        int64_t t = w->now, pause;
        const struct out_sms *sms;
        core_until_armed(w);
        assert_int_equal(w->now - t, PAUSE[i] * SECONDS);
        assert_int_equal(w->e->counter_high, ++counter);
        assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
        sms = core_out(w, OUT_SMS, 0);
        assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
        assert_string_equal(sms->to[1].s, core_iccid(ONE).s);
        /* The SMSC keeps it over the next one: the card may sleep. */
        pause = i + 1 < sizeof PAUSE / sizeof *PAUSE ? PAUSE[i + 1] : PAUSE[i];
        assert_int_equal(sms->validity_ms, (pause * 5 / 4 > 3600 ? pause * 5 / 4 : 3600) * SECONDS);
    }
    assert_string_equal(core_state(w), "FENCING");
    core_audited(w, OLD_ON, VERDICT_FAILED);
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
        core_overdue(&w);
        core_por_hex(&w, 0, ANSWERS[i]);
        assert_string_equal(core_state(&w), "FENCING");
        assert_int_equal(w.e->n_profiles, 3);
        core_until_armed(&w);
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
        core_overdue(&w);
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
    core_audited(w, OLD_ON, VERDICT_FAILED);
    assert_non_null(core_event(w, EV_PROFILE_FALLEN_BACK));
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

/* R5: seen on the new profile is not yet success; the card may go back until its window is over. */
static void on_the_new_profile_waits_for_the_window(void **state)
{
    struct core *w = *state;
    int64_t seen;

    core_overdue(w);
    core_por_list(w, 0, NEW_ON);
    seen = w->now;
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    core_until_armed(w);
    assert_int_equal(w->now - seen, 600 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    core_audited(w, NEW_ON, VERDICT_SUCCESS);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
    assert_non_null(core_event(w, EV_EUICC_AUDITED));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
}

/* A card that still notifies has not decided: its last word, not ours, opens the window. */
static void a_late_notification_opens_the_window_anew(void **state)
{
    struct core *w = *state;
    int64_t heard;

    core_overdue(w);
    core_por_list(w, 0, NEW_ON);
    core_pass(w, 590 * SECONDS);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_LATE);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    heard = w->now;
    core_until_armed(w);
    assert_int_equal(w->now - heard, 600 * SECONDS);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
}

/* The same while the question behind the window is on its way: its answer settles nothing. */
static void a_late_notification_behind_the_window(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    core_por_list(w, 0, NEW_ON);
    core_until_armed(w);
    core_note(w, 2, 5, ONE);
    core_por_list(w, 0, NEW_ON);
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    core_until_armed(w);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
}

static void on_the_new_profile_then_back(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    core_por_list(w, 0, NEW_ON);
    core_until_armed(w);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
}

/* A switch that ended unheard still owes two words, that it happened and that it was undone. The first one
 * does not settle the second, which is not of the switch that follows. */
static void what_is_told_late_leaves_its_roll_back_owed(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    core_por_list(w, 0, NEW_ON);
    core_until_armed(w);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM_AND_AUDIT);
    core_until_armed(w);
    core_por_hex(w, 0, CONFIRMED);
    core_por_list(w, 0, OLD_ON);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_enable(w, 0);
    core_note(w, 3, 6, BOOT);
    core_confirmed(w, VERDICT_FAILED);
    assert_null(core_event(w, EV_PROFILE_ROLLED_BACK));
    /* The next one owes nothing any more. */
    core_enable(w, 0);
    core_note(w, 3, 7, BOOT);
    core_confirmed(w, VERDICT_ROLLED_BACK);
}

/* A card that does not take the confirmation of a roll-back tells of it again, under a new number as soon as it
 * is started anew: that may come while the next switch is on its way, and is not of it. */
static void a_roll_back_that_is_not_confirmed_may_be_told_again(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 3, 5, BOOT);
    core_por_sw(w, 0, 0x6A88);
    core_until_armed(w);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
    core_enable(w, 0);
    core_note(w, 3, 6, BOOT);
    core_confirmed(w, VERDICT_FAILED);
    assert_null(core_event(w, EV_PROFILE_ROLLED_BACK));
    core_enable(w, 0); /* confirmed: nothing is owed any more */
    core_note(w, 3, 7, BOOT);
    core_note(w, 3, 7, BOOT); /* the same word again */
    core_confirmed(w, VERDICT_ROLLED_BACK);
}

/* Two questions out, one answered: the other's answer comes after the window, but shows the past.
 */
static void an_old_answer_does_not_settle_the_window(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    core_until_armed(w);
    assert_int_equal(w->e->counter_high, 3);
    core_por_list(w, 3, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    w->now += 700 * SECONDS;
    core_por_list(w, 2, NEW_ON);
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_until_armed(w);
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

/* Questions go in turn to where it may be by its fall-back; what follows an answer at once does not. */
static void a_cut_list_is_asked_for_where_the_answer_came_from(void **state)
{
    struct core *w = *state;
    unsigned cut = 0;

    (void)core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    (void)core_note(w, 2, 5, ONE);
    (void)core_por_hex(w, 0, "AB09800101230480009000");
    (void)core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_to_state(w, "FENCING");
    for (unsigned i = 0; i < 6; i++) {
        const struct iccid *to = core_next_fence(w)->to;
        struct iccid asked[2] = {to[0], to[1]};
        uint32_t fences = w->e->ops[0]->fences;

        if (w->e->counter_high % 3 == 0) /* the last of the forms: it waits for its time again */
            continue;
        (void)core_por_hex(w, w->e->counter_high,
                           "AB1F800101231AE3164F10A0000005591010FFFFFFFF89000010009F70011F62F1");
        assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
        to = ((const struct out_sms *)core_out(w, OUT_SMS, 0))->to;
        assert_string_equal(to[0].s, asked[0].s);
        assert_string_equal(to[1].s, asked[1].s);
        assert_int_equal(w->e->ops[0]->fences, fences); /* nor is the pause behind it a longer one */
        cut++;
    }
    assert_true(cut > 1);
}

/* It told minutes ago that it is there: the question behind the window goes there and to where it came from, whatever
 * number of questions was before. */
static void behind_the_window_it_is_asked_where_it_said_to_be(void **state)
{
    (void)state;
    for (unsigned asked = 1; asked <= 4; asked++) {
        struct core w;
        const struct out_sms *sms;

        core_init(&w);
        (void)core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
        (void)core_note(&w, 2, 5, ONE);
        (void)core_por_hex(&w, 0, CONFIRMED);
        (void)core_call(&w, CORE_A, FN_ENABLE_PROFILE, TWO);
        core_to_state(&w, "FENCING");
        for (unsigned i = 1; i < asked; i++)
            (void)core_next_fence(&w);
        (void)core_por_list(&w, 0, "10=1F 11=1F 12=3F");
        assert_string_equal(core_state(&w), "WAIT_ROLLBACK");
        sms = core_next_fence(&w);
        assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
        assert_string_equal(sms->to[1].s, core_iccid(TWO).s);
        core_fini(&w);
    }
}

/* The card is there, and the question whose turn it was is still open: it may be lost. The newest one is not
 * followed at once when all forms had their turn, or a list that is always cut would be asked for without end. */
static void a_cut_answer_to_an_earlier_question_is_followed_at_once(void **state)
{
    static const char CUT[] = "AB1F800101231AE3164F10A0000005591010FFFFFFFF89000010009F70011F62F1";
    struct core *w = *state;

    (void)core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_to_state(w, "FENCING");
    do
        (void)core_next_fence(w);
    while (w->e->counter_high % 3);
    (void)core_por_hex(w, w->e->counter_high - 1, CUT);
    assert_true(w->plan.unit.set);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    do
        (void)core_next_fence(w);
    while (w->e->counter_high % 3);
    (void)core_por_hex(w, w->e->counter_high, CUT);
    assert_false(w->plan.unit.set);
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
        T(fences_back_off_under_fresh_counters),
        T(a_fence_goes_where_there_is_an_address),
        cmocka_unit_test(an_answer_that_proves_nothing_keeps_the_fence),
        cmocka_unit_test(the_audited_card_decides),
        T(a_fall_back_to_the_goal_is_no_success),
        T(on_the_new_profile_waits_for_the_window),
        T(a_late_notification_opens_the_window_anew),
        T(a_late_notification_behind_the_window),
        T(on_the_new_profile_then_back),
        T(what_is_told_late_leaves_its_roll_back_owed),
        T(a_roll_back_that_is_not_confirmed_may_be_told_again),
        T(an_old_answer_does_not_settle_the_window),
        T(restart_while_armed_sends_the_same_bytes),
        cmocka_unit_test(restart_in_each_state_of_a_switch),
        T(a_cut_list_is_asked_for_where_the_answer_came_from),
        T(a_cut_answer_to_an_earlier_question_is_followed_at_once),
        cmocka_unit_test(behind_the_window_it_is_asked_where_it_said_to_be),
        T(restart_of_a_queue_starts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
