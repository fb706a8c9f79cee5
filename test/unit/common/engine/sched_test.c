/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_engine remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/counter.h"

static void run(struct cnt *w, int64_t at)
{
    fake_clock_step(&w->clock, at - w->clock.wall_ms);
    assert_int_equal(engine_run_due(w->e, 100), ERR_OK);
    cnt_turn(w);
}

static void a_mailbox_wakes_at_its_time_and_once(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 1000);
    cnt_turn(w);
    assert_int_equal(engine_next_due(w->e), CNT_NOW + 1000);
    run(w, CNT_NOW + 999);
    assert_int_equal(cnt_value(w, 1), 0);
    run(w, CNT_NOW + 1000);
    assert_int_equal(cnt_value(w, 1), 1000);
    run(w, CNT_NOW + 99999);
    assert_int_equal(cnt_value(w, 1), 1000);
}

static void a_later_time_replaces_the_earlier_one(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 1000);
    cnt_do(w, 1, "wait", CNT_NOW + 5000);
    cnt_turn(w);
    run(w, CNT_NOW + 4999);
    assert_int_equal(cnt_value(w, 1), 0);
    run(w, CNT_NOW + 5000);
    assert_int_equal(cnt_value(w, 1), 1000);
}

static void a_moved_time_never_passes_the_durable_one(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 1000);
    cnt_do(w, 1, "move", CNT_NOW + 9000); /* the durable time is still to come: it stands */
    cnt_turn(w);
    run(w, CNT_NOW + 1000);
    assert_int_equal(cnt_value(w, 1), 1000);
}

static void a_moved_time_may_come_first(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 5000);
    cnt_do(w, 1, "move", CNT_NOW + 1000);
    cnt_turn(w);
    run(w, CNT_NOW + 1000);
    assert_int_equal(cnt_value(w, 1), 1000);
}

static void an_idle_record_leaves_a_moved_time_alone(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW - 1); /* has come */
    cnt_do(w, 1, "move", CNT_NOW + 3000);
    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    run(w, CNT_NOW + 2999);
    assert_int_equal(cnt_value(w, 1), 1);
    run(w, CNT_NOW + 3000);
    assert_int_equal(cnt_value(w, 1), 1001);
}

static void many_mailboxes_wake_in_order_of_time(void **state)
{
    struct cnt *w = *state;

    for (unsigned i = 1; i <= 100; i++)
        cnt_do(w, i, "wait", CNT_NOW + (uint64_t)(i * 37 % 101) * 10);
    cnt_turn(w);
    for (unsigned t = 0; t <= 100; t++) {
        unsigned awake = 0;
        run(w, CNT_NOW + t * 10);
        for (unsigned i = 1; i <= 100; i++)
            awake += cnt_value(w, i) == 1000;
        assert_int_equal(awake, t);
    }
    assert_int_equal(engine_next_due(w->e), INT64_MAX);
}

static void a_bounded_run_leaves_the_rest(void **state)
{
    struct cnt *w = *state;
    unsigned awake = 0;

    for (unsigned i = 1; i <= 10; i++)
        cnt_do(w, i, "wait", CNT_NOW + 10);
    cnt_turn(w);
    fake_clock_step(&w->clock, 10);
    assert_int_equal(engine_run_due(w->e, 4), ERR_OK);
    for (unsigned i = 1; i <= 10; i++)
        awake += cnt_value(w, i) == 1000;
    assert_int_equal(awake, 4);
    assert_int_equal(engine_next_due(w->e), CNT_NOW + 10);
}

static void stale_entries_do_not_pile_up(void **state)
{
    struct cnt *w = *state;

    for (unsigned i = 0; i < 60000; i++) {
        cnt_do(w, i % 3 + 1, "wait", CNT_NOW + 100000 + i);
        if (i % 500 == 0)
            cnt_turn(w);
    }
    cnt_turn(w);
    run(w, CNT_NOW + 100000 + 59996); /* the three last times: 59997, 59998, 59999 */
    assert_int_equal(cnt_value(w, 1) + cnt_value(w, 2) + cnt_value(w, 3), 0);
    run(w, CNT_NOW + 100000 + 60000);
    assert_int_equal(cnt_value(w, 1) + cnt_value(w, 2) + cnt_value(w, 3), 3000);
}

static void a_timer_that_could_not_be_decided_comes_again(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    cnt_do(w, 1, "wait", CNT_NOW + 10);
    cnt_do(w, 2, "wait", CNT_NOW + 10);
    cnt_turn(w);
    w->decide_fails = true;
    run(w, CNT_NOW + 10);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.errors, 2); /* one did not keep the other from its turn */
    assert_int_equal(cnt_value(w, 1) + cnt_value(w, 2), 0);
    w->decide_fails = false;
    run(w, CNT_NOW + 1009);
    assert_int_equal(cnt_value(w, 1), 0);
    run(w, CNT_NOW + 1010);
    assert_int_equal(cnt_value(w, 1) + cnt_value(w, 2), 2000);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, cnt_setup, cnt_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_mailbox_wakes_at_its_time_and_once),
        CASE(a_later_time_replaces_the_earlier_one),
        CASE(a_moved_time_never_passes_the_durable_one),
        CASE(a_moved_time_may_come_first),
        CASE(an_idle_record_leaves_a_moved_time_alone),
        CASE(many_mailboxes_wake_in_order_of_time),
        CASE(a_bounded_run_leaves_the_rest),
        CASE(stale_entries_do_not_pile_up),
        CASE(a_timer_that_could_not_be_decided_comes_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
