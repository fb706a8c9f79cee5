/* SPDX-License-Identifier: Apache-2.0 */
/* Turns, deferred tasks, timers and signals of the loop (design law 1, section 4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/loop.h"

#include <signal.h>
#include <stdlib.h>

struct world {
    struct loop *loop;
    struct loop_timer *a, *b;
    struct loop_task task, second;
    unsigned fired_a, fired_b, turns, tasks, seconds, stops, reloads;
    unsigned turns_at_task;
    unsigned fired_at_turn;
    int64_t due;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->loop = loop_new();
    *state = w;
    return w->loop ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_timer_free(w->a);
    loop_timer_free(w->b);
    loop_free(w->loop);
    free(w);
    return 0;
}

static int64_t now(void)
{
    return clock_mono_ms(&CLOCK_SYSTEM);
}

static void fire_a(void *ctx)
{
    struct world *w = ctx;
    w->fired_a++;
    assert_true(now() >= w->due);
    loop_defer(w->loop, &w->task);
    loop_defer(w->loop, &w->task);
}

static void fire_b(void *ctx)
{
    struct world *w = ctx;
    w->fired_b++;
}

static void turn_end(void *ctx)
{
    struct world *w = ctx;
    w->turns++;
    if (w->fired_a && !w->fired_at_turn)
        w->fired_at_turn = w->fired_a + w->fired_b;
    if (w->fired_a && w->fired_b)
        loop_stop(w->loop);
}

static void task(void *ctx)
{
    struct world *w = ctx;
    w->tasks++;
    w->turns_at_task = w->turns;
    loop_defer(w->loop, &w->second);
}

static void second(void *ctx)
{
    struct world *w = ctx;
    w->seconds++;
}

static void test_turn_follows_batch(void **state)
{
    struct world *w = *state;
    w->a = loop_timer_new(w->loop, fire_a, w);
    w->b = loop_timer_new(w->loop, fire_b, w);
    loop_task_init(&w->task, task, w);
    loop_task_init(&w->second, second, w);
    loop_set_turn(w->loop, turn_end, w);
    loop_timer_at(w->a, 0); /* both long due: one batch */
    loop_timer_at(w->b, 0);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    assert_int_equal(w->fired_a, 1);
    assert_int_equal(w->fired_b, 1);
    assert_int_equal(w->fired_at_turn, 2);
    assert_int_equal(w->tasks, 1);
    assert_int_equal(w->seconds, 1);
    assert_int_equal(w->turns_at_task, 2); /* the one of the start, the one of the batch */
}

static void stop_at_b(void *ctx)
{
    struct world *w = ctx;
    w->fired_b++;
    loop_stop(w->loop);
}

static void test_timer_rearm_and_disarm(void **state)
{
    struct world *w = *state;
    w->a = loop_timer_new(w->loop, fire_a, w);
    w->b = loop_timer_new(w->loop, stop_at_b, w);
    loop_task_init(&w->task, second, w);
    loop_timer_at(w->a, now() + 1);
    loop_timer_at(w->a, -1); /* disarmed: never */
    loop_timer_at(w->b, now() + 3600000);
    loop_timer_at(w->b, now() + 10); /* the later call counts */
    assert_int_equal(loop_run(w->loop), ERR_OK);
    assert_int_equal(w->fired_a, 0);
    assert_int_equal(w->fired_b, 1);
    w->due = now() + 7;
    loop_timer_at(w->a, w->due);
    loop_timer_at(w->b, now() + 30);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    assert_int_equal(w->fired_a, 1);
}

static void test_nothing_to_wait_for(void **state)
{
    struct world *w = *state;
    assert_int_equal(loop_run(w->loop), ERR_STATE);
}

static void test_undefer(void **state)
{
    struct world *w = *state;
    loop_task_init(&w->task, task, w);
    loop_task_init(&w->second, second, w);
    loop_defer(w->loop, &w->task);
    loop_defer(w->loop, &w->second);
    loop_undefer(&w->task);
    loop_undefer(&w->task);
    assert_int_equal(loop_run(w->loop), ERR_STATE);
    assert_int_equal(w->tasks, 0);
    assert_int_equal(w->seconds, 1);
    assert_int_equal(loop_serial(w->loop), 1);
    assert_int_equal(loop_serial(w->loop), 2);
}

static void on_stop(void *ctx)
{
    struct world *w = ctx;
    w->stops++;
    raise(SIGINT); /* the impatient second one */
}

static void on_reload(void *ctx)
{
    struct world *w = ctx;
    w->reloads++;
    raise(SIGTERM);
}

static void test_signals(void **state)
{
    struct world *w = *state;
    loop_signals(w->loop, on_stop, on_reload, w);
    raise(SIGHUP);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    assert_int_equal(w->reloads, 1);
    assert_int_equal(w->stops, 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_turn_follows_batch), T(test_timer_rearm_and_disarm),
                                       T(test_nothing_to_wait_for), T(test_undefer),
                                       T(test_signals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
