/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Administration sessions that break in mid-step: what was open is fenced, asked for again only where it
 * cannot run twice, and restarts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "test/support/smsr_core_way.h"

#include <stdlib.h>

/* --- sessions that break --- */
static void fence_a_broken_step(struct core *w, uint8_t session)
{
    core_session_end(w, session);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_session_end(w, session);
    core_first_post(w, (uint8_t)(session + 1));
    assert_string_equal(core_state(w), "FENCE_STEP");
    assert_non_null(strstr(core_step_body(w), "80F24002"));
    assert_non_null(strstr(core_step_body(w), "220580CAFF2100"));
}

static void session_end_in_mid_step_is_fenced(void **state)
{
    struct core *w = *state;

    core_to_step(w, false);
    assert_int_equal(core_session_end(w, 9), ERR_STATE); /* another one */
    fence_a_broken_step(w, 1);
    core_step_hex(w, 2, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_events(w, EV_OPERATION_IN_DOUBT), 0); /* of this plan */
    assert_int_equal(core_open_step(w)->code, 204);
}

/* What did not run by the card's own word is asked for again where it cannot run twice: three
 * times. */
static void a_creation_that_did_not_run_is_sent_again(void **state)
{
    struct core *w = *state;
    char *first;

    core_to_step(w, false);
    first = strdup(core_step_body(w));
    assert_non_null(first);
    for (uint8_t i = 1; i <= 3; i++) {
        fence_a_broken_step(w, i);
        core_step_hex(w, (uint8_t)(i + 1), STEP_WITHOUT_FRESH);
        if (i == 3)
            break;
        assert_string_equal(core_state(w), "STEP");
        assert_string_equal(core_step_body(w), first);
        assert_int_equal(w->e->ops[0]->attempt, i + 1);
    }
    free(first);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_int_equal(core_open_step(w)->code, 204);
}

static void a_creation_is_not_sent_again_behind_its_validity(void **state)
{
    struct core *w = *state;

    core_to_step(w, false);
    fence_a_broken_step(w, 1);
    core_pass(w, w->e->ops[0]->validity_end_ms - w->now);
    assert_int_equal(w->e->n_ops, 1);
    core_first_post(w, 3);
    core_step_hex(w, 3, STEP_WITHOUT_FRESH);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void first_post_in_mid_step(void **state)
{
    struct core *w = *state;

    core_to_step(w, false);
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_first_post(w, 3); /* and once more */
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_step_hex(w, 3, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_post_that_names_another_step(void **state)
{
    struct core *w = *state;
    uint8_t ok[] = {0xAF, 0x80, 0x23, 0x02, 0x90, 0x00, 0x00, 0x00};

    core_to_step(w, false);
    assert_int_equal(core_step_post(w, 1, 7, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_STATE);
    assert_int_equal(core_step_post(w, 2, 1, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_STATE);
    assert_string_equal(core_state(w), "STEP");
    core_step_hex(w, 1, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_step_post(w, 1, 1, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_OK);
    assert_int_equal(w->plan.n_records, 0); /* heard no more: the session ends */
    assert_int_equal(core_open_step(w)->code, 204);
}

static void a_silent_card_loses_its_session(void **state)
{
    struct core *w = *state;
    const struct out_session_close *close;

    core_to_step(w, false);
    int64_t t0 = w->now;
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 120 * SECONDS);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    close = core_out(w, OUT_SESSION_CLOSE, 0);
    assert_non_null(close);
    assert_true(uuid_eq(&close->session, &w->e->ops[0]->session));
}

static void fence_triggers_back_off(void **state)
{
    static const int64_t PAUSE[] = {60, 300, 900, 3600, 21600, 86400, 86400};
    struct core *w = *state;

    core_expire_in_mid_step(w);
    for (unsigned i = 0; i < sizeof PAUSE / sizeof *PAUSE; i++) {
        int64_t t = w->now;
        core_until_armed(w);
        assert_int_equal(w->now - t, PAUSE[i] * SECONDS);
    }
    core_first_post(w, 2);
    core_step_hex(w, 2, STEP_WITHOUT_FRESH);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_non_null(core_delivery(w, CORE_D, MSG_OPERATION_CONCLUDED));
    assert_int_equal(w->answered, 1);
}

static void validity_ends_in_mid_step(void **state)
{
    struct core *w = *state;

    core_expire_in_mid_step(w);
    core_first_post(w, 2);
    core_step_hex(w, 2, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_D, MSG_OPERATION_CONCLUDED));
}

/* The route went away while a step is open: no proof, so no verdict; it waits for a way to the
 * card. */
static void a_fence_without_a_route_waits(void **state)
{
    struct core *w = *state;

    core_to_step(w, false);
    w->routes[0].https = false;
    core_session_end(w, 1);
    assert_int_equal(w->e->n_ops, 1);
    core_pass(w, 2000 * SECONDS);
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(w->answered, 1);
    w->routes[0].https = true;
    while (!w->plan.unit.set)
        assert_true(core_timer(w));
    core_first_post(w, 2);
    core_step_hex(w, 2, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_fence_that_tells_nothing_is_repeated(void **state)
{
    struct core *w = *state;

    core_to_step(w, false);
    core_session_end(w, 1);
    core_first_post(w, 2);
    core_step_hex(w, 2, "AF8023026A880000");
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(core_open_step(w)->code, 204);
    core_first_post(w, 3);
    core_session_end(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_session_end(w, 3);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 4);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 5);
    core_step_hex(w, 5, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void send_broken_off_is_fenced_and_failed(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_first_post(w, 2);
    core_session_end(w, 2);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->answered, 1);
    core_first_post(w, 3);
    core_step_hex(w, 3, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
}

/* --- restarts --- */
static void restart_of_a_create(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    core_restart(w);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    core_first_post(w, 1);
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_null(core_out(w, OUT_SESSION_CLOSE, 0));
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 3);
    core_step_hex(w, 3, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The payload is memory only: lost before anything went out, FAILED at once; after, behind the
 * fence. */
static void restart_loses_a_payload(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_restart(w);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_restart(w);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=07");
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_first_post(w, 2);
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 3);
    core_step_hex(w, 3, STEP_WITH_FRESH);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(session_end_in_mid_step_is_fenced),
        T(a_creation_that_did_not_run_is_sent_again),
        T(a_creation_is_not_sent_again_behind_its_validity),
        T(first_post_in_mid_step),
        T(a_post_that_names_another_step),
        T(a_silent_card_loses_its_session),
        T(fence_triggers_back_off),
        T(validity_ends_in_mid_step),
        T(a_fence_without_a_route_waits),
        T(a_fence_that_tells_nothing_is_repeated),
        T(send_broken_off_is_fenced_and_failed),
        T(restart_of_a_create),
        T(restart_loses_a_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
