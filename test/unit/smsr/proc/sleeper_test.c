/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Cards that sleep: what is sent again, and when; how long an SMSC keeps it; the two clocks of an operation. The
 * laws hold throughout: the same bytes, a fence behind silence. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/reach.h"
#include "test/support/smsr_core_way.h"

#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define DAYS (24 * HOURS)

/* Asked once a day, it answers seven hours later; it is noon of its last day. */
static void learn(struct core *w)
{
    for (unsigned i = 0; i < 4; i++) {
        struct es4_audit_eis_request m = {
            .base = {.validity_period_s = 80000, .has_validity_period = true}, .eid = w->eid};
        int64_t asked = w->now;

        core_request(w, CORE_F, MSG_ES4_AUDIT_EIS_REQUEST, &m);
        core_pass(w, 7 * HOURS);
        assert_int_equal(w->now - asked, 7 * HOURS);
        core_audited(w, OLD_ON, VERDICT_SUCCESS);
        core_pass(w, i < 3 ? 17 * HOURS : 5 * HOURS);
    }
    assert_true(reach_sleeps(w->e));
    assert_int_equal(w->e->reach.period_ms, DAYS);
}

static void enable_with(struct core *w, struct base_request base)
{
    struct es4_enable_profile_request m = {.base = base, .eid = w->eid, .iccid = core_iccid(ONE)};

    core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
}

static unsigned sent_within(struct core *w, int64_t ms)
{
    int64_t end = w->now + ms;
    unsigned n = 0;

    while ((w->volatile_due ? w->volatile_due : w->due) <= end && core_timer(w))
        n += core_out(w, OUT_SMS, 0) != NULL;
    return n;
}

static void silence_is_asked_ever_more_rarely(void **state)
{
    struct core *w = *state;
    uint64_t counter;

    core_enable(w, 86400);
    counter = w->e->counter_high;
    assert_in_range(sent_within(w, HOURS), 4, 7);
    assert_in_range(sent_within(w, 22 * HOURS), 5, 12);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->e->counter_high, counter); /* the same bytes, each time */
}

static void an_smsc_keeps_a_command_to_the_end_of_validity(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_ask_enable(w, 7200);
    sms = core_out(w, OUT_SMS, 0);
    assert_int_equal(sms->validity_ms, 7200 * SECONDS);
    assert_true(core_timer(w));
    sms = core_out(w, OUT_SMS, 0);
    assert_int_equal(sms->validity_ms, 7140 * SECONDS);
}

static void a_sleeper_is_asked_again_when_it_has_woken(void **state)
{
    struct core *w = *state;
    int64_t wake;

    learn(w);
    wake = w->e->reach.woke_ms + DAYS;
    core_enable(w, 86400);
    assert_int_equal(w->e->ops[0]->due_ms, wake + 60 * SECONDS);
    assert_true(core_timer(w));
    assert_int_equal(w->now, wake + 60 * SECONDS);
    assert_non_null(core_out(w, OUT_SMS, 0));
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 1, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
}

static void its_fence_waits_for_its_wake_too(void **state)
{
    struct core *w = *state;
    int64_t end, wake;

    learn(w);
    wake = w->e->reach.woke_ms + DAYS;
    core_enable(w, 3600);
    end = w->now + 3600 * SECONDS;
    core_until_armed(w);
    assert_int_equal(w->now, end);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE); /* at once: it may be there */
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->validity_ms,
                     (wake + 60 * SECONDS - end) / 4 * 5); /* kept until it wakes, and over it */
    assert_int_equal(sent_within(w, wake - end), 0);
    core_audited(w, OLD_ON, VERDICT_FAILED);
}

/* Asked in vain since hours, it calls over HTTPS out of its turn: the question by SMS goes again at once, in the same
 * bytes, and the POST is not kept. A question in its session would not fence what went by SMS (law 3). */
static void its_question_goes_again_when_it_calls(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;
    uint64_t counter;
    int64_t due;

    learn(w);
    core_enable(w, 3600);
    core_until_armed(w);
    assert_string_equal(core_state(w), "FENCING");
    counter = w->e->counter_high;
    due = w->due;
    core_pass(w, 5 * HOURS);
    core_first_post(w, 1);
    sms = core_out(w, OUT_SMS, 0);
    assert_non_null(sms);
    assert_int_equal(sms->counter, counter);
    assert_int_equal(w->e->counter_high, counter);
    assert_int_equal(w->due, due);                /* the next one when it was to be */
    assert_string_equal(core_state(w), "FENCING");
    core_first_post(w, 2);
    assert_null(core_out(w, OUT_SMS, 0));         /* once a wake */
    core_audited(w, OLD_ON, VERDICT_FAILED);
}

/* The question of anybody else is minutes old at most. */
static void a_card_that_does_not_sleep_is_asked_in_time(void **state)
{
    struct core *w = *state;

    core_enable(w, 600);
    core_until_armed(w);
    while (strcmp(core_state(w), "FENCING"))
        core_until_armed(w);
    core_pass(w, 90 * SECONDS);
    core_first_post(w, 1);
    assert_null(core_out(w, OUT_SMS, 0));
}

static void a_card_that_answers_at_once_does_not_sleep(void **state)
{
    struct core *w = *state;

    learn(w);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_pass(w, 5 * SECONDS);
    core_audited(w, OLD_ON, VERDICT_SUCCESS);
    assert_non_null(core_event(w, EV_EUICC_SEEN));
    assert_false(reach_sleeps(w->e));
    core_enable(w, 3600);
    assert_int_equal(w->e->ops[0]->due_ms, w->now + 60 * SECONDS);
}

/* --- two clocks --- */
static void a_known_sleeper_gets_the_wake_deadline(void **state)
{
    struct core *w = *state;
    int64_t asked;

    learn(w);
    asked = w->now;
    core_ask_enable(w, 0);
    assert_string_equal(core_state(w), "ARMED"); /* its SMSC keeps it */
    assert_int_equal(w->e->ops[0]->validity_end_ms, asked + 72 * HOURS);
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->validity_ms, 72 * HOURS);
    core_pass(w, 19 * HOURS);
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(w->e->ops[0]->validity_end_ms, w->now + 900 * SECONDS); /* it is there: the second one runs */
    core_until_armed(w);                                                    /* notification_wait */
    assert_true(w->now < asked + 20 * HOURS);
}

static void a_caller_may_name_the_wake_deadline(void **state)
{
    struct core *w = *state;
    int64_t asked = w->now;

    enable_with(w, (struct base_request){.validity_period_s = 600, .has_validity_period = true,
                                         .wake_deadline_s = 48 * 3600});
    assert_int_equal(w->e->ops[0]->validity_end_ms, asked + 48 * HOURS);
    core_pass(w, 48 * HOURS - 1);
    assert_int_equal(w->answered, 0);
    core_pass(w, 1);
    assert_int_equal(w->answered, 1);
    assert_string_equal(core_state(w), "FENCING"); /* it was armed: in doubt, never failed */
}

static void the_second_clock_ends_it_too(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.validity_period_s = 120, .has_validity_period = true,
                                         .wake_deadline_s = 48 * 3600});
    core_pass(w, 30 * HOURS);
    core_por_sw(w, 0, 0x9000);
    core_pass(w, 119 * SECONDS);
    assert_int_equal(w->answered, 0);
    core_pass(w, 1 * SECONDS);
    assert_int_equal(w->answered, 1);
    core_note(w, 2, 1, ONE);                      /* too late for a confirmation */
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_LATE);
}

static void a_wake_deadline_has_its_most(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.wake_deadline_s = 72 * 3600 + 1});
    core_expect(w, EXEC_FAILED, "1.6", "3.8");
    enable_with(w, (struct base_request){.wake_deadline_s = 72 * 3600});
    assert_int_equal(w->e->n_ops, 1);
}

static void at_the_next_contact_and_not_before(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.at_next_contact = true});
    assert_string_equal(core_state(w), "QUEUED");
    assert_null(core_out(w, OUT_SMS, 0));
    core_pass(w, 50 * HOURS);
    core_restart(w);
    core_pass(w, HOURS);
    assert_string_equal(core_state(w), "QUEUED");
    assert_int_equal(w->e->counter_high, 0);
    core_first_post(w, 1);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_open_step(w)->code, 200);
    assert_int_equal(w->e->ops[0]->validity_end_ms, w->now + 900 * SECONDS);
}

static void at_a_notification_by_sms(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.at_next_contact = true});
    core_pass(w, 10 * HOURS);
    core_note(w, 1, 7, BOOT);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ARMED");
    assert_non_null(core_out(w, OUT_SMS, 0));
    assert_int_equal(w->e->ops[0]->validity_end_ms, w->now + 900 * SECONDS);
}

static void no_contact_in_time_and_nothing_was_sent(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.at_next_contact = true});
    core_pass(w, 72 * HOURS - 1);
    assert_int_equal(w->e->n_ops, 1);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_EXPIRED, "1.6", "5.3");
    assert_int_equal(w->e->counter_high, 0);
}

/* What is asked behind it waits for the same contact, within its own time. */
static void behind_one_that_waits(void **state)
{
    struct core *w = *state;

    enable_with(w, (struct base_request){.at_next_contact = true});
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_int_equal(w->e->n_ops, 2);
    core_pass(w, 180 * SECONDS);
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(w->concluded[VERDICT_EXPIRED], 1);
    assert_string_equal(core_state(w), "QUEUED");
}

/* --- contacts --- */
static void calls_for_nothing_are_kept_now_and_then(void **state)
{
    struct core *w = *state;
    unsigned kept = 0;

    for (unsigned i = 0; i < 24; i++) { /* every five minutes, for two hours */
        core_first_post(w, (uint8_t)(i + 1));
        kept += core_event(w, EV_EUICC_SEEN) != NULL;
        w->now += 5 * MINUTES;
    }
    assert_in_range(kept, 7, 9);
    assert_false(reach_sleeps(w->e)); /* it is there all the time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)
        T(silence_is_asked_ever_more_rarely),
        T(an_smsc_keeps_a_command_to_the_end_of_validity),
        T(a_sleeper_is_asked_again_when_it_has_woken),
        T(its_fence_waits_for_its_wake_too), T(its_question_goes_again_when_it_calls),
        T(a_card_that_does_not_sleep_is_asked_in_time),
        T(a_card_that_answers_at_once_does_not_sleep),
        T(a_known_sleeper_gets_the_wake_deadline),
        T(a_caller_may_name_the_wake_deadline),
        T(the_second_clock_ends_it_too),
        T(a_wake_deadline_has_its_most),
        T(at_the_next_contact_and_not_before),
        T(at_a_notification_by_sms),
        T(no_contact_in_time_and_nothing_was_sent),
        T(behind_one_that_waits),
        T(calls_for_nothing_are_kept_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
