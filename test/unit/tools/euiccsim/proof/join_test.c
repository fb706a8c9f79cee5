/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_proof */
/* What the join must find out: a join that cannot fail proves nothing (design law 12). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tools/euiccsim/proof/join.h"

static const struct eid EID = {{0x89, 0x04, 0x90, 0x32, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                0x00, 0x00, 0x01}};
static const struct aid ISD_P = {16, {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89,
                                      0x00, 0x00, 0x11, 0x00}};
#define STEP_URI "/s/00000000000000000000000000000007/"

static struct event record(enum event_type type, uint8_t op)
{
    struct event ev = {.type = type};

    ev.eid = EID;
    ev.op.b[15] = op;
    return ev;
}

static void feed(struct join *j, struct event ev)
{
    assert_int_equal(join_event(j, &ev), ERR_OK);
}

static void accepted(struct join *j, uint8_t op, enum function f)
{
    struct event ev = record(EV_OPERATION_ACCEPTED, op);

    ev.function = f;
    feed(j, ev);
}

static void armed(struct join *j, uint8_t op, uint64_t counter)
{
    struct event ev = record(EV_OPERATION_ARMED, op);

    ev.kvn = 1;
    ev.counter = counter;
    feed(j, ev);
}

static void step(struct join *j, uint8_t op, uint32_t n)
{
    struct event ev = record(EV_STEP_OPENED, op);

    ev.purpose = PURPOSE_CMD;
    ev.session.b[15] = 7;
    ev.step = n;
    feed(j, ev);
}

static void ended(struct join *j, uint8_t op, enum verdict v)
{
    struct event ev = record(EV_OPERATION_CONCLUDED, op);

    ev.result = v;
    feed(j, ev);
}

static struct card_ledger_row row_of(uint32_t n, uint64_t counter)
{
    struct card_ledger_row r = {.n = n, .channel = 'S', .kvn = 1, .counter = counter, .ins = 0xE2,
                                .dgi = 0x3A03, .sw = 0x9000, .cause = CAUSE_OTA};

    r.eid = EID;
    r.aid = ISD_P;
    return r;
}

static void row(struct join *j, struct card_ledger_row r)
{
    assert_int_equal(join_row(j, &r), ERR_OK);
}

static void step_row(struct join *j, uint32_t n, uint32_t number)
{
    struct card_ledger_row r = row_of(n, 0);

    r.channel = 'H';
    r.ins = 0xE6;
    r.dgi = 0;
    (void)snprintf(r.step_uri, sizeof r.step_uri, STEP_URI "%u", number);
    row(j, r);
}

/* An enabling that went well, by the book: the others depart from it. */
static void enabled(struct join *j)
{
    accepted(j, 1, FN_ENABLE_PROFILE);
    armed(j, 1, 5);
    feed(j, record(EV_PROFILE_ENABLED, 1));
    ended(j, 1, VERDICT_SUCCESS);
}

static void expect(struct join *j, const char *text)
{
    struct join_report r;

    join_finish(j, &r);
    if (!text) {
        assert_string_equal(r.first.text, "");
        assert_true(join_exact(&r));
    } else {
        assert_false(join_exact(&r));
        if (!strstr(r.first.text, text))
            fail_msg("\"%s\" does not say \"%s\"", r.first.text, text);
    }
}

static void one_command_one_row(void **state)
{
    enabled(*state);
    row(*state, row_of(1, 5));
    expect(*state, NULL);
    expect(*state, NULL); /* asked again */
}

static void accepted_without_a_row(void **state)
{
    enabled(*state);
    expect(*state, "0 rows");
}

static void a_row_without_a_command(void **state)
{
    enabled(*state);
    row(*state, row_of(1, 5));
    row(*state, row_of(2, 6));
    expect(*state, "belongs to no command");
}

static void one_command_two_rows(void **state)
{
    enabled(*state);
    row(*state, row_of(1, 5));
    row(*state, row_of(2, 5));
    expect(*state, "ran twice");
}

static void a_gap_in_the_ledger(void **state)
{
    enabled(*state);
    row(*state, row_of(2, 5));
    expect(*state, "where 1 was due");
}

static void failed_but_it_stands(void **state)
{
    accepted(*state, 1, FN_ENABLE_PROFILE);
    armed(*state, 1, 5);
    ended(*state, 1, VERDICT_FAILED);
    row(*state, row_of(1, 5));
    expect(*state, "stands");
}

static void rolled_back_by_nobody(void **state)
{
    struct card_ledger_row undo = row_of(2, 0);

    accepted(*state, 1, FN_ENABLE_PROFILE);
    armed(*state, 1, 5);
    feed(*state, record(EV_PROFILE_ROLLED_BACK, 1));
    ended(*state, 1, VERDICT_ROLLED_BACK);
    row(*state, row_of(1, 5));
    expect(*state, "never rolled back");
    undo.cause = CAUSE_ROLLBACK;
    undo.undoes = 1;
    undo.channel = 0;
    row(*state, undo);
    expect(*state, NULL);
}

/* A creation that never ran was sent again: one of its steps ran, and not two. */
static void a_creation_in_two_steps(void **state)
{
    struct event ev = record(EV_ISDP_CREATED, 1);

    accepted(*state, 1, FN_CREATE_ISDP);
    step(*state, 1, 1);
    step(*state, 1, 3);
    feed(*state, ev);
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, "0 rows");
    step_row(*state, 1, 3);
    expect(*state, NULL);
    step_row(*state, 2, 1);
    expect(*state, "2 rows");
}

static void a_row_that_names_no_step(void **state)
{
    struct card_ledger_row r = row_of(1, 0);

    r.channel = 'H';
    (void)snprintf(r.step_uri, sizeof r.step_uri, "/elsewhere");
    row(*state, r);
    expect(*state, "names no step");
}

static void one_counter_armed_twice(void **state)
{
    struct event ev = record(EV_OPERATION_ARMED, 2);

    enabled(*state);
    accepted(*state, 2, FN_ENABLE_PROFILE);
    ev.kvn = 1;
    ev.counter = 5;
    assert_int_equal(join_event(*state, &ev), ERR_CORRUPT);
}

static void refused_rows_do_not_count(void **state)
{
    struct card_ledger_row r = row_of(1, 5);

    accepted(*state, 1, FN_ENABLE_PROFILE);
    armed(*state, 1, 5);
    ended(*state, 1, VERDICT_FAILED);
    r.sw = 0x6985;
    row(*state, r);
    expect(*state, NULL);
}

static int setup(void **state)
{
    *state = join_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    join_free(*state);
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_command_one_row), T(accepted_without_a_row), T(a_row_without_a_command),
        T(one_command_two_rows), T(a_gap_in_the_ledger), T(failed_but_it_stands),
        T(rolled_back_by_nobody), T(a_creation_in_two_steps), T(a_row_that_names_no_step),
        T(one_counter_armed_twice), T(refused_rows_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
