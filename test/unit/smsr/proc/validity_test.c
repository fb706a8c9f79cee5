/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The end of a switch's validity period: before anything was sent, behind it, at the very end, and
 * notifications that come too late for it (facts: trust 3.6). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

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
    core_audited(w, OLD_ON, VERDICT_FAILED);
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

    core_overdue(w);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_LATE);
    assert_false(w->plan.unit.set);
    assert_false(w->e->has_notif);
    /* The roll-back it leads to is. */
    core_note(w, 3, 6, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_ROLLED_BACK);
    assert_int_equal(w->answered, 1);
}

static void late_at_the_very_end(void **state)
{
    struct core *w = *state;

    core_enable(w, 30);
    w->now += 30 * SECONDS - 1;
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM);
    core_fini(w);
    core_init(w);
    core_enable(w, 30);
    w->now += 30 * SECONDS; /* the timer did not run yet */
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_LATE);
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
    core_confirmed(w, VERDICT_SUCCESS);
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
    core_until_armed(w);
    assert_int_equal(w->now - t0, 600 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    core_note(w, 2, 5, ONE); /* late for us, in time for the caller */
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_SUCCESS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(validity_ends_before_anything_was_sent),
        T(a_waiting_end_is_kept_across_resends),
        T(validity_ends_after_arming),
        T(a_late_notification_is_not_confirmed),
        T(late_at_the_very_end),
        T(validity_ends_while_confirming),
        T(validity_ends_while_deleting),
        T(no_notification_after_9000),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
