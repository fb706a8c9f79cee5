/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* A card that calls by itself (SCP81): what waits for it is served in its session, in order; what went by
 * another way is not, and what went into a session is fenced by a session (design law 3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

#include <string.h>

#define STEP_OK "AF80230290000000"
#define ONE_GONE                                                                                   \
    "AF802332E3164F10A0000005591010FFFFFFFF89000010009F70013F"                                     \
    "E3164F10A0000005591010FFFFFFFF89000012009F70011F90000000"

static void expect_204(const struct core *w)
{
    assert_int_equal(core_open_step(w)->code, 204);
    assert_int_equal(core_open_step(w)->step, 0);
}

/* Nothing is recorded but that it was there. */
static void expect_only_seen(const struct core *w)
{
    assert_int_equal(w->plan.n_records, 1);
    assert_non_null(core_event(w, EV_EUICC_SEEN));
}

/* An audit is asked for by SMS and answered in session 1; what waits behind it has its turn there. */
static void behind_an_audit(struct core *w, enum core_party who, enum function f, unsigned profile)
{
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_call(w, who, f, profile);
    core_first_post(w, 1);
    core_step_hex(w, 1, STEP_BOOT_ON);
    assert_null(core_out(w, OUT_STEP, 0)); /* the POST waits */
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_open_step(w)->code, 200);
}

static void nothing_is_due(void **state)
{
    struct core *w = *state;

    assert_int_equal(core_first_post(w, 1), ERR_OK);
    expect_only_seen(w);
    expect_204(w);
}

static void an_audit_is_answered_in_the_session(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_int_equal(w->e->counter_high, 1); /* asked by SMS */
    core_first_post(w, 1);
    assert_string_equal(core_state(w), "ASKING");
    assert_string_equal(core_step_body(w), "AE80220D80F24002074F005C034F9F7000220580CAFF21000000");
    core_step_hex(w, 1, STEP_BOOT_ON);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    expect_204(w);
    assert_int_equal(core_por_list(w, 1, OLD_ON), ERR_STATE);
}

static void an_audit_whose_session_ends_is_asked_by_sms(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_first_post(w, 1);
    assert_int_equal(core_session_end(w, 9), ERR_STATE);
    core_session_end(w, 1);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_AUDIT);
    core_first_post(w, 2);
    core_step_hex(w, 2, "AF8023026F000000"); /* it does not tell */
    expect_204(w);
    assert_string_equal(core_state(w), "ASKING");
    core_audited(w, OLD_ON, VERDICT_SUCCESS);
}

static void several_in_one_session_in_order(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_first_post(w, 1);
    assert_int_equal(core_open_step(w)->step, 1);
    core_step_hex(w, 1, STEP_BOOT_ON);
    assert_true(core_timer(w));
    assert_int_equal(core_open_step(w)->step, 2);
    assert_string_equal(core_step_body(w),
                        "AE80221880E40040124F10A0000005591010FFFFFFFF890000110000"
                        "0000");
    core_step_hex(w, 1, "AF8023030090000000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_true(core_timer(w));
    assert_int_equal(core_open_step(w)->step, 3);
    assert_string_equal(core_step_body(w),
                        "AE80221A80E28800153A03124F10A0000005591010FFFFFFFF89000012000000");
    core_step_hex(w, 1, STEP_OK);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
    expect_204(w); /* the card resets behind it */
    assert_int_equal(w->e->counter_high, 1); /* nothing but the first question went by SMS */
    core_note(w, 2, 5, TWO);
    core_confirmed(w, VERDICT_SUCCESS);
    assert_int_equal(core_profile_state(w, TWO), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_DISABLED);
}

static void a_switch_that_is_armed_elsewhere_is_not_served(void **state)
{
    struct core *w = *state;
    const struct out_sms *again;

    core_enable(w, 0);
    core_first_post(w, 1);
    assert_int_equal(core_events(w, EV_STEP_OPENED), 0);
    expect_only_seen(w);
    again = core_out(w, OUT_SMS, 0); /* it is awake: the same bytes */
    assert_non_null(again);
    assert_null(again->armed);
    assert_int_equal(again->counter, 1);
    expect_204(w);
    core_por_sw(w, 1, 0x9000);
    core_first_post(w, 2); /* the device resets the card when no session is open */
    expect_204(w);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

static void behind_a_deletion_that_is_armed_elsewhere(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_first_post(w, 1);
    expect_only_seen(w);
    assert_non_null(core_out(w, OUT_SMS, 0));
    assert_null(core_out(w, OUT_STEP, 0));
    core_por_sw(w, 1, 0x9000); /* while the POST waits */
    assert_true(core_timer(w));
    assert_int_equal(core_open_step(w)->code, 200);
    core_step_hex(w, 1, ONE_GONE);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    expect_204(w);
}

/* By SMS it can be seen that the command ran, never that it will not run any more. */
static void a_step_is_not_fenced_by_sms(void **state)
{
    struct core *w = *state;

    behind_an_audit(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_session_end(w, 1);
    assert_string_equal(core_state(w), "FENCING");
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    core_por_list(w, 0, OLD_ON);
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->e->n_ops, 1);
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_step_hex(w, 2, STEP_BOOT_ON); /* it did not run: behind its fence it may go again */
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_event(w, EV_STEP_OPENED)->attempt, 2);
    core_step_hex(w, 2, STEP_OK);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

static void a_step_that_ran_is_seen_by_sms(void **state)
{
    struct core *w = *state;

    behind_an_audit(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_first_post(w, 2); /* it begins anew in mid step */
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_step_hex(w, 2, STEP_ONE_ON);
    assert_string_equal(core_state(w), "FENCING"); /* from which network, its notification tells */
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    expect_204(w);
    w->por_from = ONE;
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    assert_true(core_timer(w));
    core_audited(w, NEW_ON, VERDICT_SUCCESS);
}

static void what_the_card_says_to_a_switch(void **state)
{
    static const struct { const char *hex, *state, *subject, *reason; } ROWS[] = {
        {"AF80230269850000", "-", "8.4", "4.2"}, {"AF80230269E10000", "-", "8.2.2", "3.8"},
        {"AF809001010000", "-", "8.4", "4.2"},   {"AF8023026F000000", "FENCING", NULL, NULL},
        {"AF800000", "FENCING", NULL, NULL},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        behind_an_audit(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
        core_step_hex(&w, 1, ROWS[i].hex);
        assert_string_equal(core_state(&w), ROWS[i].state);
        if (ROWS[i].subject)
            core_expect_end(&w, VERDICT_FAILED, ROWS[i].subject, ROWS[i].reason);
        else
            assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE); /* answered: by SMS will do */
        expect_204(&w);
        core_fini(&w);
    }
    (void)state;
}

static void a_deletion_is_fenced_by_a_session_alone(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        struct core w;
        core_init(&w);
        behind_an_audit(&w, CORE_B, FN_DELETE_PROFILE, ONE);
        core_session_end(&w, 1);
        for (unsigned k = 0; k < 4; k++) {
            assert_string_equal(core_state(&w), "FENCING");
            assert_int_equal(w.plan.unit.purpose, PURPOSE_TRIGGER);
            assert_true(core_timer(&w));
        }
        core_first_post(&w, 2);
        assert_string_equal(core_state(&w), "FENCE_STEP");
        core_session_end(&w, 2);
        core_first_post(&w, 3);
        core_step_hex(&w, 3, i ? STEP_BOOT_ON : ONE_GONE);
        core_expect_end(&w, i ? VERDICT_FAILED : VERDICT_SUCCESS, i ? "8.4" : "", i ? "4.2" : "");
        expect_204(&w);
        core_fini(&w);
    }
    (void)state;
}

static void a_restart_in_mid_step(void **state)
{
    struct core *w = *state;

    behind_an_audit(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_restart(w);
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_pass(w, w->e->ops[0]->validity_end_ms - w->now);
    assert_int_equal(w->e->n_ops, 1); /* in doubt, until it is fenced */
    assert_true(w->e->ops[0]->in_doubt);
    core_first_post(w, 3);
    core_step_hex(w, 3, STEP_BOOT_ON);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void a_silent_card_in_mid_step(void **state)
{
    struct core *w = *state;

    behind_an_audit(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_true(core_timer(w));
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0));
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_note(w, 2, 5, ONE); /* it ran */
    core_confirmed(w, VERDICT_SUCCESS);
}

static void without_https_on_the_route_nothing_is_served(void **state)
{
    struct core *w = *state;

    w->routes[0].https = false;
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_int_equal(core_first_post(w, 1), ERR_STATE);
    core_audited(w, OLD_ON, VERDICT_SUCCESS);
}

/* Between two steps of a load another target would end the SCP03t session. */
static void a_load_is_not_disturbed(void **state)
{
    struct core *w = *state;

    core_to_step(w, true);
    core_step_hex(w, 1, STEP_CREATED);
    assert_true(w->pe.held);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CMD); /* by SMS */
    assert_null(core_out(w, OUT_STEP, 0));
}

static void while_a_link_is_waited_for(void **state)
{
    struct core w;

    core_init_with(&w, core_has_cattp);
    w.routes[0].cattp = w.routes[0].cattp_commands = true;
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_state(&w), "WAIT_LINK");
    core_set_pol2(&w, BOOT, POL2_DISABLE_NOT_ALLOWED); /* read when it is armed */
    core_first_post(&w, 1);
    core_expect_end(&w, VERDICT_FAILED, "8.2.3", "3.8");
    core_fini(&w);
    core_init_with(&w, core_has_cattp);
    w.routes[0].cattp = w.routes[0].cattp_commands = true;
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_first_post(&w, 1);
    assert_string_equal(core_state(&w), "ARMED");
    assert_int_equal(core_open_step(&w)->code, 200);
    core_step_hex(&w, 1, STEP_OK);
    assert_string_equal(core_state(&w), "WAIT_NOTIFICATION");
    core_fini(&w);
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_is_due), T(an_audit_is_answered_in_the_session),
        T(an_audit_whose_session_ends_is_asked_by_sms), T(several_in_one_session_in_order),
        T(a_switch_that_is_armed_elsewhere_is_not_served),
        T(behind_a_deletion_that_is_armed_elsewhere), T(a_step_is_not_fenced_by_sms),
        T(a_step_that_ran_is_seen_by_sms), T(what_the_card_says_to_a_switch),
        T(a_deletion_is_fenced_by_a_session_alone), T(a_restart_in_mid_step),
        T(a_silent_card_in_mid_step), T(without_https_on_the_route_nothing_is_served),
        T(a_load_is_not_disturbed), T(while_a_link_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
