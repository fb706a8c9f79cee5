/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_smsr_domain */
/* When a card can be reached, from when it was heard: what is learned, believed and forgotten. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/reach.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START (1700000000 * SECOND)

static struct env ENV;

/* Heard at this time, as apply makes of the contact and of the record behind it. true: it taught something. */
static bool hear(struct euicc *e, int64_t at)
{
    struct reach r;
    bool learned = reach_learns(&ENV, e, at, &r);

    if (learned)
        e->reach = r;
    e->reach.seen_ms = at;
    e->n_packets = 0;
    return learned;
}

static void send(struct euicc *e, int64_t at)
{
    e->packets[e->n_packets++].first_sent_ms = at;
}

/* Asked at this time, it answers so long afterwards. */
static bool ask(struct euicc *e, int64_t at, int64_t after)
{
    send(e, at);
    return hear(e, at + after);
}

static struct euicc heard_once(void)
{
    struct euicc e = {.n_packets = 0};

    timers_default(ENV.timer_ms, 1);
    (void)hear(&e, START);
    return e;
}

static void a_period_is_believed_when_two_wakes_fitted(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    assert_true(ask(&e, START + 2 * HOUR, 5 * HOUR));          /* awake at 7 h */
    assert_false(reach_sleeps(&e));
    assert_true(ask(&e, START + 10 * HOUR, DAY - 3 * HOUR));   /* a day later */
    assert_true(ask(&e, START + 2 * DAY, 7 * HOUR + MINUTE));
    assert_true(reach_sleeps(&e));
    assert_in_range(e.reach.period_ms, DAY - 10 * MINUTE, DAY + 10 * MINUTE);
    assert_int_equal(reach_next(&ENV, &e, START + 2 * DAY + 7 * HOUR + 2 * MINUTE), 0);   /* awake now */
    assert_in_range(reach_next(&ENV, &e, START + 2 * DAY + 12 * HOUR), START + 3 * DAY + 6 * HOUR,
                    START + 3 * DAY + 8 * HOUR);
}

/* A card is heard only when somebody asks: wakes between are not known of. */
static void missed_wakes_fit(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    assert_true(ask(&e, START + HOUR, 6 * HOUR));
    assert_true(ask(&e, START + DAY, 7 * HOUR));
    assert_true(ask(&e, START + 4 * DAY, 7 * HOUR));
    assert_true(reach_sleeps(&e));
    assert_in_range(e.reach.period_ms, DAY - HOUR, DAY + HOUR);
    assert_true(ask(&e, START + 11 * DAY, 7 * HOUR));
    assert_int_equal(e.reach.proofs, 3);
}

static void a_shorter_period_replaces_a_longer(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    assert_true(ask(&e, START + HOUR, 6 * HOUR));
    assert_true(ask(&e, START + 2 * DAY, 7 * HOUR));           /* looks like two days */
    assert_true(ask(&e, START + 3 * DAY, 7 * HOUR));
    assert_int_equal(e.reach.proofs, 1);
    assert_true(ask(&e, START + 4 * DAY, 7 * HOUR));
    assert_true(reach_sleeps(&e));
    assert_in_range(e.reach.period_ms, DAY - HOUR, DAY + HOUR);
}

static void who_answers_at_once_does_not_sleep(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    for (int day = 1; day < 30; day++)
        assert_false(ask(&e, START + day * DAY, 5 * SECOND));
    assert_int_equal(e.reach.period_ms, 0);
    assert_int_equal(reach_next(&ENV, &e, START + 40 * DAY), 0);
}

static void a_period_is_forgotten_when_the_card_is_there_out_of_it(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    for (int day = 1; day < 5; day++)
        assert_true(ask(&e, START + day * DAY - 7 * HOUR, 7 * HOUR));
    assert_true(reach_sleeps(&e));
    assert_false(ask(&e, START + 4 * DAY + MINUTE, 5 * SECOND));      /* within its wake: nothing new */
    assert_true(ask(&e, START + 4 * DAY + 12 * HOUR, 5 * SECOND));
    assert_false(reach_sleeps(&e));
    assert_int_equal(e.reach.period_ms, 0);
}

/* Half a minute, or half an hour: neither says that it slept, nor that it does not. */
static void a_slow_answer_says_nothing(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    for (int day = 1; day < 5; day++)
        assert_true(ask(&e, START + day * DAY - 7 * HOUR, 7 * HOUR));
    assert_false(ask(&e, START + 4 * DAY + 12 * HOUR, 20 * MINUTE));
    assert_true(reach_sleeps(&e));
}

/* Of a card that was switched off for weeks a period is not made. */
static void a_long_absence_is_no_sleep(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    assert_true(ask(&e, START + HOUR, 6 * HOUR));
    assert_true(ask(&e, START + DAY, 20 * DAY));
    assert_int_equal(e.reach.period_ms, 7 * HOUR); /* what it was */
    assert_false(reach_sleeps(&e));
}

/* So long, and it is scaled as all times are. */
static void a_long_absence_of_a_laboratory(void **state)
{
    struct euicc e = {.n_packets = 0};

    (void)state;
    ENV.time_scale = 60;
    timers_default(ENV.timer_ms, ENV.time_scale);
    (void)hear(&e, START);
    assert_true(ask(&e, START + MINUTE, 6 * MINUTE));
    assert_true(ask(&e, START + HOUR, 4 * HOUR));
    assert_int_equal(e.reach.period_ms, 7 * MINUTE);
    ENV.time_scale = 1;
}

static void calls_of_its_own_tell(void **state)
{
    struct euicc e = heard_once();

    (void)state;
    assert_true(hear(&e, START + 6 * HOUR));
    assert_false(hear(&e, START + 6 * HOUR + 2 * MINUTE));
    assert_true(hear(&e, START + 12 * HOUR));
    assert_int_equal(e.reach.window_ms, 2 * MINUTE);
    assert_true(hear(&e, START + 18 * HOUR));
    assert_true(reach_sleeps(&e));
}

/* A clock that was set back, a packet of before, an aggregate of nothing. */
static void times_that_cannot_be(void **state)
{
    struct euicc e = heard_once(), fresh = {.n_packets = 0};

    (void)state;
    assert_false(hear(&e, START - DAY));
    assert_int_equal(reach_next(&ENV, &e, START - 2 * DAY), 0);
    assert_int_equal(reach_next(&ENV, &fresh, 0), 0);
    assert_false(reach_sleeps(&fresh));
    e.reach = (struct reach){START, START, DAY, 0, 9};
    assert_int_equal(reach_next(&ENV, &e, START - 1), 0);
    assert_int_equal(reach_next(&ENV, &e, START + HOUR), START + DAY);
    assert_int_equal(reach_next(&ENV, &e, START + DAY + MINUTE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_period_is_believed_when_two_wakes_fitted),
        cmocka_unit_test(missed_wakes_fit),
        cmocka_unit_test(a_shorter_period_replaces_a_longer),
        cmocka_unit_test(who_answers_at_once_does_not_sleep),
        cmocka_unit_test(a_period_is_forgotten_when_the_card_is_there_out_of_it),
        cmocka_unit_test(a_slow_answer_says_nothing),
        cmocka_unit_test(a_long_absence_is_no_sleep),
        cmocka_unit_test(a_long_absence_of_a_laboratory),
        cmocka_unit_test(calls_of_its_own_tell),
        cmocka_unit_test(times_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
