/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_proof */
/* What the join must find out: a join that cannot fail proves nothing (design law 12). Long for a test: each
 * story is short because all are told in the same few words, which stand first. */
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

/* A question in a session of its own, and its answer. */
static void fenced(struct join *j, uint8_t op, uint32_t n)
{
    struct event ev = record(EV_STEP_OPENED, op);

    ev.purpose = PURPOSE_FENCE;
    ev.session.b[15] = 7;
    ev.step = n;
    feed(j, ev);
    ev.type = EV_STEP_ANSWERED;
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

/* The card answered a confirmation that went out under this counter. */
static void confirmed(struct join *j, uint8_t op, uint64_t counter)
{
    struct event ev = record(EV_PACKET_ARMED, op);

    ev.purpose = PURPOSE_CONFIRM;
    ev.kvn = 1;
    ev.counter = counter;
    feed(j, ev);
    ev = record(EV_OPERATION_ANSWERED, op);
    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    feed(j, ev);
}

/* An enabling that went well, by the book: the others depart from it. */
static void enabled(struct join *j)
{
    accepted(j, 1, FN_ENABLE_PROFILE);
    armed(j, 1, 5);
    confirmed(j, 1, 6);
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
    row(*state, row_of(2, 7));
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
    fenced(*state, 1, 2);
    step(*state, 1, 3);
    feed(*state, ev);
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, "0 rows");
    step_row(*state, 1, 3);
    expect(*state, NULL);
    step_row(*state, 2, 1);
    expect(*state, "no record says that step 1 ran");
}

static void sent_again_in_other_bytes(void **state)
{
    accepted(*state, 1, FN_CREATE_ISDP);
    step(*state, 1, 1);
    expect(*state, NULL);
    step(*state, 1, 2);
    expect(*state, "without a fence");
}

static void armed_again_under_a_fresh_counter(void **state)
{
    accepted(*state, 1, FN_DELETE_PROFILE);
    armed(*state, 1, 5);
    expect(*state, NULL);
    armed(*state, 1, 6);
    expect(*state, "without a fence");
}

/* --- packets of a CAT_TP link --- */
static void link_row(struct join *j, uint32_t n, uint64_t counter, uint8_t ins)
{
    struct card_ledger_row r = row_of(n, counter);

    r.channel = 'C';
    r.ins = ins;
    r.dgi = 0;
    row(j, r);
}

static void por(struct join *j, uint8_t op, uint64_t counter, struct span data)
{
    struct event ev = record(EV_OPERATION_ANSWERED, op);

    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    ev.data = data;
    feed(j, ev);
}

static void asked(struct join *j, uint8_t op, uint64_t counter)
{
    struct event ev = record(EV_PACKET_ARMED, op);

    ev.purpose = PURPOSE_FENCE;
    ev.kvn = 1;
    ev.counter = counter;
    feed(j, ev);
}

/* One packet behind the other, each when the one before was answered. */
static void packets_of_a_link(void **state)
{
    static const uint8_t ONE[] = {0x23, 0x02, 0x90, 0x00};

    accepted(*state, 1, FN_SEND_DATA);
    armed(*state, 1, 5);
    por(*state, 1, 5, span_of(ONE, sizeof ONE));
    armed(*state, 1, 6);
    por(*state, 1, 6, span_of(ONE, sizeof ONE));
    ended(*state, 1, VERDICT_SUCCESS);
    link_row(*state, 1, 5, 0xE6);
    link_row(*state, 2, 6, 0xE6);
    expect(*state, NULL);
    link_row(*state, 3, 7, 0xE6);
    expect(*state, "belongs to no command");
}

static void a_packet_of_a_link_behind_its_fence(void **state)
{
    static const uint8_t CREATED[] = {0xAF, 0x80, 0x23, 0x03, 0x00, 0x90, 0x00, 0x00, 0x00};

    accepted(*state, 1, FN_CREATE_ISDP);
    armed(*state, 1, 5);
    asked(*state, 1, 6);
    por(*state, 1, 6, (struct span){NULL, 0});
    armed(*state, 1, 7);
    por(*state, 1, 7, span_of(CREATED, sizeof CREATED));
    ended(*state, 1, VERDICT_SUCCESS);
    link_row(*state, 1, 7, 0xE6);
    expect(*state, NULL);
}

/* The fence of an earlier packet says nothing about a later one. */
static void a_packet_of_a_link_behind_an_old_fence(void **state)
{
    accepted(*state, 1, FN_CREATE_ISDP);
    asked(*state, 1, 4);
    armed(*state, 1, 5);
    por(*state, 1, 4, (struct span){NULL, 0});
    armed(*state, 1, 7);
    expect(*state, "without a fence");
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

static void success_without_a_confirmation(void **state)
{
    accepted(*state, 1, FN_ENABLE_PROFILE);
    armed(*state, 1, 5);
    feed(*state, record(EV_PROFILE_ENABLED, 1));
    ended(*state, 1, VERDICT_SUCCESS);
    row(*state, row_of(1, 5));
    expect(*state, "neither confirmed");
}

static void success_that_was_rolled_back(void **state)
{
    struct card_ledger_row undo = row_of(2, 0);

    enabled(*state);
    row(*state, row_of(1, 5));
    undo.cause = CAUSE_ROLLBACK;
    undo.undoes = 1;
    undo.channel = 0;
    row(*state, undo);
    expect(*state, "was rolled back");
}

/* Found on the fall-back profile by an audit alone: the journal itself says that it does not know who
 * did it, so a row may be there, once, or not. */
static void unheard(struct join *j)
{
    struct event ev = record(EV_OPERATION_CONCLUDED, 1);

    accepted(j, 1, FN_DISABLE_PROFILE);
    armed(j, 1, 5);
    feed(j, record(EV_PROFILE_DISABLED, 1));
    feed(j, record(EV_EUICC_AUDITED, 1));
    ev.result = VERDICT_SUCCESS;
    (void)snprintf(ev.code.subject, sizeof ev.code.subject, "8.4");
    (void)snprintf(ev.code.reason, sizeof ev.code.reason, "4.2");
    feed(j, ev);
}

static void success_with_a_reservation(void **state)
{
    unheard(*state);
    expect(*state, NULL);
    row(*state, row_of(1, 5));
    expect(*state, NULL);
    row(*state, row_of(2, 5));
    expect(*state, "ran twice");
}

/* The ledger's own rows prove nothing for the journal: it must know by itself that the command ran. */
static void success_that_no_record_tells(void **state)
{
    accepted(*state, 1, FN_ENABLE_PROFILE);
    armed(*state, 1, 5);
    confirmed(*state, 1, 6);
    ended(*state, 1, VERDICT_SUCCESS);
    row(*state, row_of(1, 5));
    expect(*state, "no record says");
}

static void a_verdict_is_given_once(void **state)
{
    struct event ev = record(EV_OPERATION_CONCLUDED, 1);

    enabled(*state);
    ev.result = VERDICT_FAILED;
    assert_int_equal(join_event(*state, &ev), ERR_CORRUPT);
}

static struct card_ledger_row deletion(uint32_t n, uint64_t counter)
{
    struct card_ledger_row r = row_of(n, counter);

    r.ins = 0xE4;
    r.dgi = 0;
    return r;
}

static void a_deletion_needs_its_row(void **state)
{
    accepted(*state, 1, FN_DELETE_PROFILE);
    armed(*state, 1, 5);
    feed(*state, record(EV_PROFILE_DELETED, 1));
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, "0 rows");
    row(*state, deletion(1, 5));
    expect(*state, NULL);
}

static void answer(struct join *j, uint8_t op, uint64_t counter, uint8_t sw1, uint8_t sw2)
{
    const uint8_t script[] = {0xAB, 0x07, 0x80, 0x01, 0x01, 0x23, 0x02, sw1, sw2};
    struct event ev = record(EV_OPERATION_ANSWERED, op);

    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    ev.data = span_of(script, sizeof script);
    feed(j, ev);
}

/* 6A88: the ISD-P was gone before; nothing ran, and the verdict is SUCCESS all the same. */
static void a_deletion_of_nothing(void **state)
{
    accepted(*state, 1, FN_DELETE_PROFILE);
    armed(*state, 1, 5);
    answer(*state, 1, 5, 0x6A, 0x88);
    feed(*state, record(EV_PROFILE_DELETED, 1));
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, NULL);
    row(*state, deletion(1, 5));
    expect(*state, "0 effects accepted");
}

static void step_answer(struct join *j, uint8_t op, uint32_t n, struct span data)
{
    struct event ev = record(EV_STEP_ANSWERED, op);

    ev.session.b[15] = 7;
    ev.step = n;
    ev.data = data;
    feed(j, ev);
}

static void data_needs_a_row_for_each_effect(void **state)
{
    static const uint8_t TWO[] = {0x23, 0x02, 0x90, 0x00, 0x23, 0x02, 0x90, 0x00};

    accepted(*state, 1, FN_SEND_DATA);
    step(*state, 1, 1);
    step_answer(*state, 1, 1, span_of(TWO, sizeof TWO));
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, "2 effects accepted by the journal, 0 rows");
    step_row(*state, 1, 1);
    expect(*state, "2 effects accepted by the journal, 1 rows");
}

static void data_that_was_never_answered(void **state)
{
    accepted(*state, 1, FN_SEND_DATA);
    step(*state, 1, 1);
    ended(*state, 1, VERDICT_SUCCESS);
    expect(*state, "never answered");
}

/* --- orders of the SM-DP --- */
static void called(struct join *j, uint8_t op, enum function f, const char *fcid)
{
    struct event ev = record(EV_OPERATION_ACCEPTED, op);

    ev.function = f;
    ev.fcid = span_str(fcid);
    feed(j, ev);
}

static void order(struct join *j, enum function f, bool enable, enum verdict v, const char *code)
{
    struct event ev = record(EV_ORDER_ACCEPTED, 9);

    ev.function = f;
    ev.enable = enable;
    assert_int_equal(join_order_event(j, &ev), ERR_OK);
    ev.type = EV_ORDER_CONCLUDED;
    ev.result = v;
    (void)snprintf(ev.code.subject, sizeof ev.code.subject, "%s", code);
    assert_int_equal(join_order_event(j, &ev), ERR_OK);
}
#define ORDER "00000000-0000-0000-0000-000000000009/1/"

/* A download by the book: creation, a step with one APDU, a step with the load. */
static void downloaded(struct join *j, bool loaded)
{
    static const uint8_t ONE[] = {0x23, 0x02, 0x90, 0x00}, LOAD[] = {0x86, 0x01, 0x00};
    struct card_ledger_row r = row_of(3, 0);

    called(j, 1, FN_CREATE_ISDP, ORDER "1");
    step(j, 1, 1);
    feed(j, record(EV_ISDP_CREATED, 1));
    ended(j, 1, VERDICT_SUCCESS);
    step_row(j, 1, 1);
    called(j, 2, FN_SEND_DATA, ORDER "2");
    step(j, 2, 2);
    step_answer(j, 2, 2, span_of(ONE, sizeof ONE));
    ended(j, 2, VERDICT_SUCCESS);
    step_row(j, 2, 2);
    if (!loaded)
        return;
    called(j, 3, FN_SEND_DATA, ORDER "3");
    step(j, 3, 3);
    step_answer(j, 3, 3, span_of(LOAD, sizeof LOAD));
    ended(j, 3, VERDICT_SUCCESS);
    r.channel = 'H';
    r.ins = 0x86;
    r.dgi = 0;
    r.sw = 0x0100;
    (void)snprintf(r.step_uri, sizeof r.step_uri, STEP_URI "3");
    row(j, r);
}

static void an_order_and_its_rows(void **state)
{
    downloaded(*state, true);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_SUCCESS, "");
    expect(*state, NULL);
}

static void an_order_without_a_load(void **state)
{
    downloaded(*state, false);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_SUCCESS, "");
    expect(*state, "0 loads");
}

static void a_failed_order_leaves_nothing(void **state)
{
    struct card_ledger_row gone = deletion(3, 5);

    downloaded(*state, false);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_FAILED, "8.2");
    expect(*state, "stands");
    called(*state, 3, FN_DELETE_PROFILE, ORDER "3");
    armed(*state, 3, 5);
    feed(*state, record(EV_PROFILE_DELETED, 3));
    ended(*state, 3, VERDICT_SUCCESS);
    row(*state, gone);
    expect(*state, NULL);
}

/* The profile is on, but the operator was told that it is not: its order ended before the truth. */
static void an_order_that_missed_its_enabling(void **state)
{
    struct card_ledger_row on = row_of(4, 5);

    downloaded(*state, true);
    order(*state, FN_DOWNLOAD_PROFILE, true, VERDICT_SUCCESS, "1.6");
    called(*state, 4, FN_ENABLE_PROFILE, ORDER "5");
    armed(*state, 4, 5);
    confirmed(*state, 4, 6);
    expect(*state, NULL);
    feed(*state, record(EV_PROFILE_ENABLED, 4));
    ended(*state, 4, VERDICT_SUCCESS);
    row(*state, on);
    expect(*state, "without enabling its profile but the operation says SUCCESS");
}

static void a_relayed_call_ends_as_its_operation(void **state)
{
    called(*state, 1, FN_DISABLE_PROFILE, ORDER "1");
    armed(*state, 1, 5);
    ended(*state, 1, VERDICT_FAILED);
    order(*state, FN_DISABLE_PROFILE, false, VERDICT_SUCCESS, "");
    expect(*state, "a relayed DisableProfile is concluded SUCCESS");
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
        T(rolled_back_by_nobody), T(a_creation_in_two_steps), T(packets_of_a_link),
        T(a_packet_of_a_link_behind_its_fence),
        T(a_packet_of_a_link_behind_an_old_fence),
        T(a_row_that_names_no_step),
        T(sent_again_in_other_bytes), T(armed_again_under_a_fresh_counter),
        T(one_counter_armed_twice), T(refused_rows_do_not_count),
        T(success_without_a_confirmation), T(success_that_was_rolled_back),
        T(success_with_a_reservation), T(success_that_no_record_tells),
        T(a_verdict_is_given_once), T(a_deletion_needs_its_row),
        T(a_deletion_of_nothing), T(data_needs_a_row_for_each_effect), T(data_that_was_never_answered),
        T(an_order_and_its_rows), T(an_order_without_a_load), T(a_failed_order_leaves_nothing),
        T(an_order_that_missed_its_enabling), T(a_relayed_call_ends_as_its_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
