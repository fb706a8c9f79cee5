/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The way of an order: up through the bearers that who asks lists and back, each choice a record with its
 * reason; an armed command moves behind the fence of its channel alone (law 3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

#include <stdlib.h>

#define LINK 0x81
#define MINUTE (60 * SECONDS)

static int all_bearers(void **state)
{
    struct core *w = malloc(sizeof *w);

    assert_non_null(w);
    core_init_with(w, core_has_cattp);
    for (unsigned i = 0; i < 2; i++) {
        w->routes[i].cattp = true;
        w->routes[i].udp_port = 7444;
    }
    *state = w;
    return 0;
}

static void prefer(struct core *w, enum bearer a, enum bearer b, enum bearer c)
{
    core_prefer(&w->parties[CORE_B], a, b, c);
}

static void chosen(const struct core *w, enum bearer b, const char *why)
{
    const struct event *ev = core_event(w, EV_BEARER_CHOSEN);

    assert_non_null(ev);
    assert_string_equal(bearer_text(ev->bearer), bearer_text(b));
    assert_int_equal(ev->text.n, strlen(why));
    assert_memory_equal(ev->text.p, why, ev->text.n);
}

/* B's enabling of ONE, with time for all. */
static struct core *enable(void **state, enum bearer a, enum bearer b, enum bearer c)
{
    struct core *w = *state;

    prefer(w, a, b, c);
    core_ask_enable(w, 24 * 3600);
    return w;
}

static void by_the_session_that_was_asked_for(void **state)
{
    struct core *w = enable(state, BEARER_HTTPS, 0, 0);

    chosen(w, BEARER_HTTPS, "who asks lists it first");
    assert_string_equal(core_state(w), "WAIT_LINK");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_first_post(w, 1);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_open_step(w)->code, 200);
    core_step_hex(w, 1, STEP_CREATED);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

static void up_through_all_that_are_silent(void **state)
{
    struct core *w = enable(state, BEARER_HTTPS, BEARER_CATTP, BEARER_SMS);

    assert_true(core_timer(w));
    chosen(w, BEARER_CATTP, "no session came");
    assert_string_equal(core_state(w), "WAIT_LINK");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_true(core_timer(w));
    chosen(w, BEARER_SMS, "no link came");
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    assert_int_equal(w->plan.unit.armed->attempt, 1);
    assert_int_equal(core_link_opens(w, LINK), ERR_STATE); /* law 3 */
}

/* The same bytes as long as only SMS is listed; else the question, and only behind its answer the next. */
static void silent_by_sms_it_is_asked_first(void **state)
{
    struct core *w = enable(state, BEARER_SMS, BEARER_HTTPS, 0);

    chosen(w, BEARER_SMS, "who asks lists it first");
    core_pass(w, 14 * MINUTE - 1);
    assert_string_equal(core_state(w), "ARMED");
    core_pass(w, 1);
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    core_first_post(w, 1);                              /* a session proves nothing about the key set */
    assert_null(core_event(w, EV_STEP_OPENED));
    core_session_end(w, 1);
    core_por_list(w, 0, OLD_ON);
    chosen(w, BEARER_HTTPS, "by SMS it did not run, as the fence shows");
    assert_string_equal(core_state(w), "WAIT_LINK");
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_event(w, EV_STEP_OPENED)->attempt, 2);
    assert_int_equal(w->e->n_packets, 0);               /* what is said to the first try is said to nobody */
    core_step_hex(w, 2, STEP_CREATED);
    core_note(w, 2, 4, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
}

static void silent_by_sms_alone(void **state)
{
    struct core *w = enable(state, BEARER_SMS, 0, 0);

    core_pass(w, 60 * MINUTE);
    assert_string_equal(core_state(w), "ARMED");
    assert_null(w->plan.unit.armed);
}

static void lose_the_link(struct core *w, unsigned attempt)
{
    assert_string_equal(core_state(w), "WAIT_LINK");
    core_link_opens(w, LINK);
    assert_int_equal(core_event(w, EV_OPERATION_ARMED)->attempt, attempt);
    core_link_breaks(w, LINK);
    assert_string_equal(core_state(w), "FENCING");
    core_until_armed(w);
    core_por_list(w, 0, OLD_ON);
}

static void three_tries_and_no_more(void **state)
{
    struct core *w = enable(state, BEARER_CATTP, BEARER_SMS, 0);

    lose_the_link(w, 1);
    chosen(w, BEARER_SMS, "over CAT_TP it did not run, as the fence shows");
    core_pass(w, 14 * MINUTE);
    core_por_list(w, 0, OLD_ON);
    lose_the_link(w, 3);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

/* Nothing of it is out: the end of its time is a plain failure, and told once. */
static void its_time_ends_between_two_tries(void **state)
{
    struct core *w = *state;

    prefer(w, BEARER_SMS, BEARER_HTTPS, 0);
    core_ask_enable(w, 15 * 60);
    core_pass(w, 14 * MINUTE);
    core_por_list(w, 0, OLD_ON);
    assert_string_equal(core_state(w), "WAIT_LINK");
    core_pass(w, MINUTE);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void policy_is_read_again(void **state)
{
    struct core *w = enable(state, BEARER_SMS, BEARER_HTTPS, 0);

    core_pass(w, 14 * MINUTE);
    core_por_list(w, 0, OLD_ON);
    core_set_pol2(w, BOOT, POL2_DISABLE_NOT_ALLOWED);
    core_first_post(w, 2);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
    assert_null(core_event(w, EV_STEP_OPENED));
}

/* It counted when it was armed first. */
static void a_second_try_is_within_the_limit(void **state)
{
    struct core *w = *state;

    w->env.effects_per_hour = 1;
    (void)enable(state, BEARER_SMS, BEARER_HTTPS, 0);
    core_pass(w, 14 * MINUTE);
    core_por_list(w, 0, OLD_ON);
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "ARMED");
}

/* The card rolled back what nobody had heard of; its word comes when the next try is out. */
static void a_stray_roll_back_is_not_that_of_the_second_try(void **state)
{
    struct core *w = enable(state, BEARER_CATTP, BEARER_SMS, 0);

    lose_the_link(w, 1);
    assert_string_equal(core_state(w), "ARMED");
    core_note(w, 3, 4, BOOT);
    core_por_hex(w, 0, CONFIRMED);
    assert_int_equal(w->concluded[VERDICT_ROLLED_BACK] + w->concluded[VERDICT_FAILED], 1);
    assert_int_equal(w->concluded[VERDICT_ROLLED_BACK], 0);
}

static void a_deletion_moves_as_well(void **state)
{
    struct core *w = *state;

    prefer(w, BEARER_CATTP, BEARER_HTTPS, 0);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    lose_the_link(w, 1);
    chosen(w, BEARER_HTTPS, "over CAT_TP it did not run, as the fence shows");
    core_first_post(w, 2);
    core_step_hex(w, 2, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* A load: nothing is armed, so what does not come is given up for the other, and back. */
static void a_load_asks_for_the_other(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    chosen(w, BEARER_HTTPS, "the route lists HTTPS before CAT_TP");
    w->env.timer_ms[TIMER_VALIDITY_DOWNLOAD] = 24 * 60 * MINUTE;
    core_pass(w, 14 * MINUTE);
    chosen(w, BEARER_CATTP, "no session came");
    core_first_post(w, 1);                              /* late, and welcome */
    assert_string_equal(core_state(w), "STEP");
    core_step_hex(w, 1, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* Two links in vain: the next order begins with the other, until the rest is over or a link held. */
static void what_was_silent_is_remembered(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < 2; i++) {
        (void)enable(state, BEARER_CATTP, BEARER_SMS, 0);
        chosen(w, BEARER_CATTP, "who asks lists it first");
        assert_true(core_timer(w));
        chosen(w, BEARER_SMS, "no link came");
        core_por_sw(w, 0, 0x6A80);
        assert_int_equal(w->concluded[VERDICT_FAILED], i + 1);
    }
    (void)enable(state, BEARER_CATTP, BEARER_SMS, 0);
    chosen(w, BEARER_SMS, "no link came, or held, the last times");
    core_por_sw(w, 0, 0x6A80);
    core_restart(w);
    w->now += 24 * 60 * MINUTE;
    (void)enable(state, BEARER_CATTP, BEARER_SMS, 0);
    chosen(w, BEARER_CATTP, "who asks lists it first");
    core_link_opens(w, LINK);
    core_por_sw(w, 0, 0x6A80);
    core_link_breaks(w, LINK);
    assert_int_equal(w->e->heard[BEARER_CATTP].misses, 0);
}

/* What went to a fleet at once is not repeated at once: each operation has pauses of its own, within the
 * limit, and the same ones behind a start. */
static void repeats_are_spread(void **state)
{
    struct core *w = *state;
    int64_t first = 0, due;
    bool differ = false;

    w->env.jitter_percent = 50;
    w->env.effects_per_hour = 0;
    for (unsigned i = 0; i < 4; i++) {
        int64_t at = w->now;
        core_ask_enable(w, 24 * 3600);
        core_pass(w, 2 * MINUTE); /* behind the first repeat */
        due = (w->volatile_due ? w->volatile_due : w->due) - at;
        assert_in_range(due, 4 * MINUTE, 6 * MINUTE);
        differ = differ || (first && due != first);
        first = due;
        core_por_sw(w, 0, 0x6A80);
        assert_int_equal(w->e->n_ops, 0);
    }
    assert_true(differ);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, all_bearers, core_teardown)
    const struct CMUnitTest tests[] = {
        TEST(by_the_session_that_was_asked_for),
        TEST(up_through_all_that_are_silent),
        TEST(silent_by_sms_it_is_asked_first),
        TEST(silent_by_sms_alone),
        TEST(three_tries_and_no_more),
        TEST(its_time_ends_between_two_tries),
        TEST(policy_is_read_again),
        TEST(a_second_try_is_within_the_limit),
        TEST(a_stray_roll_back_is_not_that_of_the_second_try),
        TEST(a_deletion_moves_as_well),
        TEST(a_load_asks_for_the_other),
        TEST(what_was_silent_is_remembered),
        TEST(repeats_are_spread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
