/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* An operation whose network has its rate begins at the moment it was given, and nothing of it leaves
 * before. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

#define MINUTE 60000

/* The moment of the one card of these stories. */
static struct moment {
    struct core *w;
    int64_t at;
    unsigned asked;
} M;

static int64_t wait(void *ctx, const struct euicc *e, const struct operation *op)
{
    struct moment *m = ctx;

    assert_non_null(e);
    assert_non_null(op);
    m->asked++;
    return m->at > m->w->now ? m->at - m->w->now : 0;
}

static struct core *paced(void **state, int64_t ms)
{
    struct core *w = *state;

    M = (struct moment){w, w->now + ms, 0};
    w->pe.wait = wait;
    w->pe.ctx = &M;
    return w;
}

static void expect_nothing_left(const struct core *w)
{
    assert_string_equal(core_state(w), "QUEUED");
    assert_null(core_out(w, OUT_SMS, 0));
    assert_int_equal(w->effect_counter, 0);
}

static void begins_at_its_moment(void **state)
{
    struct core *w = paced(state, MINUTE);
    const struct out_reply *r;

    core_ask_enable(w, 0);
    r = core_out(w, OUT_REPLY, 0);
    assert_int_equal(r->kind, ENV_ACCEPTED);
    expect_nothing_left(w);
    core_pass(w, MINUTE - 1);
    expect_nothing_left(w);
    core_pass(w, 1);
    assert_string_equal(core_state(w), "ARMED");
    assert_non_null(core_out(w, OUT_SMS, 0));
    (void)core_note(w, 2, 3, ONE);
    (void)core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* Let in before the time it was told; too late for one that has begun. */
static void its_turn_comes(void **state)
{
    struct core *w = paced(state, 100 * MINUTE);
    struct input in = {.kind = IN_TURN};

    core_ask_enable(w, 3600);
    expect_nothing_left(w);
    M.at = w->now;
    assert_int_equal(core_post(w, &in), ERR_OK);
    assert_string_equal(core_state(w), "ARMED");
    assert_non_null(core_out(w, OUT_SMS, 0));
    assert_int_equal(core_post(w, &in), ERR_STATE);
}

static void every_function_waits(void **state)
{
    static const enum function FUNCTIONS[] = {FN_ENABLE_PROFILE, FN_DELETE_PROFILE, FN_AUDIT_EIS};

    for (unsigned i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++) {
        struct core *w = paced(state, MINUTE);
        (void)core_call(w, FUNCTIONS[i] == FN_AUDIT_EIS ? CORE_F : CORE_B, FUNCTIONS[i], ONE);
        expect_nothing_left(w);
        core_fini(w);
        core_init(w);
    }
    (void)core_create(paced(state, MINUTE), FRESH, 0, false);
    expect_nothing_left(*state);
}

static void the_validity_period_ends_the_waiting(void **state)
{
    struct core *w = paced(state, 100 * MINUTE);

    core_ask_enable(w, 600);
    core_pass(w, 600000);
    core_expect_end(w, VERDICT_EXPIRED, "1.6", "5.3");
}

static void what_is_asked_behind_it_delays_nothing(void **state)
{
    struct core *w = paced(state, MINUTE);

    core_ask_enable(w, 3600);
    (void)core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    expect_nothing_left(w);
    core_pass(w, MINUTE);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->e->ops[0]->function, FN_ENABLE_PROFILE);
}

static void one_behind_it_that_ends_delays_nothing(void **state)
{
    struct core *w = paced(state, 20 * MINUTE);
    struct es4_delete_profile_request q = {.eid = w->eid, .iccid = core_iccid(TWO)};

    core_ask_enable(w, 3600);
    q.base.validity_period_s = 600;
    q.base.has_validity_period = true;
    assert_int_equal(core_request(w, CORE_A, MSG_ES4_DELETE_PROFILE_REQUEST, &q), ERR_OK);
    core_pass(w, 10 * MINUTE);
    assert_int_equal(w->concluded[VERDICT_EXPIRED], 1);
    expect_nothing_left(w);
    core_pass(w, 10 * MINUTE);
    assert_string_equal(core_state(w), "ARMED");
}

/* The card waits for its confirmation and goes back without it. */
static void a_notification_is_not_kept_waiting(void **state)
{
    struct core *w = paced(state, 100 * MINUTE);

    core_ask_enable(w, 3600);
    (void)core_note(w, 5, 9, BOOT);
    assert_true(core_timer(w));
    assert_int_equal(w->now, M.at - 100 * MINUTE);
    assert_string_equal(core_state(w), "ARMED");
}

static void a_card_that_is_there_begins_at_once(void **state)
{
    struct core *w = paced(state, MINUTE);

    w->pe.linked = true;
    core_ask_enable(w, 0);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(M.asked, 0);
}

static void a_card_that_calls_is_served(void **state)
{
    struct core *w = paced(state, 100 * MINUTE);

    core_ask_enable(w, 3600);
    (void)core_first_post(w, 1);
    (void)core_timer(w);
    assert_int_equal(w->now, M.at - 100 * MINUTE);
    assert_non_null(core_out(w, OUT_STEP, 0));
}

static void a_start_gives_another_moment(void **state)
{
    struct core *w = paced(state, MINUTE);

    core_ask_enable(w, 0);
    M.at = w->now + 2 * MINUTE;
    core_restart(w);
    expect_nothing_left(w);
    core_pass(w, 2 * MINUTE - 1);
    expect_nothing_left(w);
    core_pass(w, 1);
    assert_string_equal(core_state(w), "ARMED");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        T(begins_at_its_moment),
        T(its_turn_comes),
        T(every_function_waits),
        T(the_validity_period_ends_the_waiting),
        T(what_is_asked_behind_it_delays_nothing),
        T(one_behind_it_that_ends_delays_nothing),
        T(a_notification_is_not_kept_waiting),
        T(a_card_that_is_there_begins_at_once),
        T(a_card_that_calls_is_served),
        T(a_start_gives_another_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
