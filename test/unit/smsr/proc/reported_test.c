/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* What an SMSC says of a message is written down and decides nothing: no state, no time, no packet, no verdict
 * (design law 4). It says "delivered" of what no card heard, and "expired" of what ran. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

static int said(struct core *w, uint64_t counter, unsigned profile, enum message_report r)
{
    struct input in = {.kind = IN_CARRIER};

    in.u.carrier.counter = counter;
    in.u.carrier.profile = core_iccid(profile);
    in.u.carrier.report = r;
    in.u.carrier.text = span_str("network air: a word");
    return core_post(w, &in);
}

/* Recorded, and everything else is as it was. */
static void only_recorded(struct core *w, uint64_t counter, unsigned profile, enum message_report r)
{
    const struct operation *op = w->e->ops[0];
    struct operation before = *op;
    unsigned packets = w->e->n_packets;
    int64_t due = w->due, soon = w->volatile_due;
    uint64_t high = w->e->counter_high;
    const struct event *ev;

    assert_int_equal(said(w, counter, profile, r), ERR_OK);
    ev = core_event(w, EV_MESSAGE_REPORTED);
    assert_non_null(ev);
    assert_int_equal(w->plan.n_records, 1);
    assert_int_equal(w->plan.n_outs, 0);
    assert_int_equal(w->plan.n_deliveries, 0);
    assert_int_equal(ev->counter, counter);
    assert_int_equal(ev->kvn, 1);
    assert_int_equal(ev->number, r);
    assert_int_equal(ev->op_state, 0);
    assert_string_equal(ev->iccid.s, core_iccid(profile).s);
    assert_true(uuid_eq(&ev->op, &before.id));
    assert_memory_equal(op, &before, sizeof before);
    assert_int_equal(w->e->n_packets, packets);
    assert_int_equal(w->e->counter_high, high);
    assert_int_equal(w->due, due);
    assert_int_equal(w->volatile_due, soon);
}

/* Everything was delivered, says the SMSC, and no card heard anything: resends, question and verdict come
 * as they do without a word of it, at the same times. */
static void delivered_where_nothing_ran(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;
    const int64_t at[] = {60, 240, 840};

    core_enable(w, 3600);
    for (unsigned i = 0; i < 3; i++) {
        if (i < 2)
            only_recorded(w, 1, i ? ONE : BOOT, REPORTED_DELIVERED);
        assert_true(core_timer(w));
        assert_int_equal(w->now - t0, at[i] * SECONDS);
        assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    }
    core_until_armed(w);
    assert_true(w->now - t0 >= 3600 * SECONDS);
    assert_string_equal(core_state(w), "FENCING");
    only_recorded(w, 2, BOOT, REPORTED_DELIVERED);
    core_audited(w, OLD_ON, VERDICT_FAILED);
}

/* Lost for good, says the SMSC, and the card ran it. */
static void undeliverable_where_it_ran(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    for (enum message_report r = REPORTED_EXPIRED; r < REPORTED_COUNT; r++)
        only_recorded(w, 1, BOOT, r);
    assert_true(core_timer(w)); /* the same bytes all the same */
    assert_non_null(core_out(w, OUT_SMS, 0));
    core_por_sw(w, 1, 0x9000);
    core_note(w, 2, 5, ONE);
    only_recorded(w, 2, ONE, REPORTED_UNDELIVERABLE);
    core_confirmed(w, VERDICT_SUCCESS);
}

/* Of each packet each word is recorded once for each of the two numbers it goes to; so a network that refuses
 * every resend of three days fills no log. */
static void each_word_once(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    only_recorded(w, 1, BOOT, REPORTED_REFUSED);
    only_recorded(w, 1, ONE, REPORTED_REFUSED);
    assert_int_equal(said(w, 1, BOOT, REPORTED_REFUSED), ERR_STATE);
    assert_int_equal(said(w, 1, ONE, REPORTED_REFUSED), ERR_STATE);
    assert_int_equal(said(w, 1, TWO, REPORTED_REFUSED), ERR_STATE);
    only_recorded(w, 1, BOOT, REPORTED_DELIVERED);
    assert_int_equal(said(w, 1, BOOT, REPORTED_NOTHING), ERR_STATE);
}

static void about_nothing_that_is_open(void **state)
{
    struct core *w = *state;

    assert_int_equal(said(w, 1, BOOT, REPORTED_DELIVERED), ERR_STATE);
    core_enable(w, 0);
    assert_int_equal(said(w, 0, BOOT, REPORTED_DELIVERED), ERR_STATE);
    assert_int_equal(said(w, 2, BOOT, REPORTED_DELIVERED), ERR_STATE);
    core_por_sw(w, 1, 0x9000);
    assert_int_equal(said(w, 1, BOOT, REPORTED_UNDELIVERABLE), ERR_STATE); /* its answer is there */
    core_note(w, 2, 5, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
    assert_int_equal(said(w, 2, ONE, REPORTED_DELIVERED), ERR_STATE);
}

/* In every state in which something is out: it goes on as without it. */
static void in_every_state(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    only_recorded(w, 1, BOOT, REPORTED_EXPIRED);
    core_to_state(w, "FENCING");
    only_recorded(w, w->e->counter_high, BOOT, REPORTED_DELIVERED);
    core_restart(w);
    only_recorded(w, w->e->counter_high, ONE, REPORTED_DELIVERED);
    w->por_from = ONE;
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    core_until_armed(w);
    only_recorded(w, w->e->counter_high, ONE, REPORTED_REJECTED);
    core_audited(w, NEW_ON, VERDICT_SUCCESS);
    assert_int_equal(core_call(w, CORE_A, FN_DELETE_PROFILE, TWO), ERR_OK);
    only_recorded(w, w->e->counter_high, ONE, REPORTED_DELIVERED);
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_create(w, FRESH, 20000, true), ERR_OK);
    only_recorded(w, w->e->counter_high, ONE, REPORTED_DELIVERED);
    assert_true(core_timer(w));
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(delivered_where_nothing_ran), T(undeliverable_where_it_ran), T(each_word_once),
        T(about_nothing_that_is_open), T(in_every_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
