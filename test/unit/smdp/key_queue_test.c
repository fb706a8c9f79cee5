/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* A keystore that takes its time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "test/support/smdp_world.h"

#define HOUR 3600000ll

static void each_job_is_waited_for(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    w->key_ms = 1500;
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 0); /* the check is not done */
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    assert_false(dpw_secret(w, "ephemeral/" DPW_ICCID_1));
}

/* An order that waits for the first job longer than for a call, or for each longer than a pause. */
static void slow_order(struct dp_world *w, const char *fcid, int64_t first_ms, int64_t then_ms)
{
    w->jobs = 0;
    w->key_ms = first_ms;
    (void)dpw_download(w, fcid, false, 3600);
    while (!w->jobs)
        assert_true(dpw_step(w));
    w->key_ms = then_ms;
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
}

/* Timers come meanwhile and calls are repeated: each job is still given once. */
static void a_job_longer_than_a_timer_is_not_asked_for_twice(void **state)
{
    struct dp_world *w = *state;
    const int64_t *timer = w->env.timer_ms;
    unsigned at_once;

    dpw_stock(w, 3);
    slow_order(w, "order-1", 0, 0);
    at_once = w->jobs;
    assert_true(at_once > 1);
    slow_order(w, "order-2", 3 * timer[DP_TIMER_BUSY], 3 * timer[DP_TIMER_BUSY]);
    assert_int_equal(w->jobs, at_once);
    slow_order(w, "order-3", 2 * timer[DP_TIMER_CALL_REPEAT], 0);
    assert_int_equal(w->jobs, at_once);
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 3); /* one an order */
}

/* The order ends without it and leaves nothing behind; the late result finds nobody. */
static void an_order_does_not_wait_for_ever(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    w->key_ms = HOUR;
    (void)dpw_download(w, "order-1", false, 60);
    dpw_end(w);
    assert_int_equal(dpw_ended(w)->answer.status, EXEC_EXPIRED);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_AVAILABLE);
    fake_clock_step(&w->clock, 2 * HOUR);
    dpw_run(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_AVAILABLE);
    w->key_ms = 0;
    (void)dpw_download(w, "order-2", false, 0);
    dpw_end(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
}

static void a_job_that_died_with_the_process_is_done_again(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    w->key_ms = 5000;
    (void)dpw_download(w, "order-1", false, 3600);
    for (unsigned i = 0; i < 4; i++) {
        dpw_run(w);
        fake_clock_step(&w->clock, 3000);
        dpw_restart(w);
        dpw_run(w);
        fake_clock_step(&w->clock, 5000);
    }
    dpw_end(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    assert_int_equal(dpw_orphans(w), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(each_job_is_waited_for),
        T(a_job_longer_than_a_timer_is_not_asked_for_twice),
        T(an_order_does_not_wait_for_ever),
        T(a_job_that_died_with_the_process_is_done_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
