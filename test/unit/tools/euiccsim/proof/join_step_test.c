/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_proof */
/* Steps of sessions and packets of links in the join: which of them ran (design law 12). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/join_story.h"

/* A creation that never ran was sent again: one of its steps ran, and not two. */
static void a_creation_in_two_steps(void **state)
{
    struct event ev = told_record(EV_ISDP_CREATED, 1);

    told_accepted(*state, 1, FN_CREATE_ISDP);
    told_step(*state, 1, 1);
    told_fenced(*state, 1, 2);
    told_step(*state, 1, 3);
    told(*state, ev);
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_expect(*state, "0 rows");
    told_step_row(*state, 1, 3);
    told_expect(*state, NULL);
    told_step_row(*state, 2, 1);
    told_expect(*state, "no record says that step 1 ran");
}

/* The first try of a switch, and the question whether it ran. */
static void armed_and_fenced(struct join *j)
{
    told_accepted(j, 1, FN_ENABLE_PROFILE);
    told_armed(j, 1, 5);
    told_asked(j, 1, PURPOSE_FENCE, 6);
}

/* A switch that moved to a session behind the fence of its key set: the first try may have run and been
 * undone, it must not stand. */
static void a_switch_in_two_tries(void **state)
{
    struct card_ledger_row back = told_row_of(2, 0);

    armed_and_fenced(*state);
    told_step(*state, 1, 3);
    told_switched(*state, 7);
    told_expect(*state, "0 rows");
    told_row(*state, told_row_of(1, 5));
    back.cause = CAUSE_ROLLBACK;
    back.undoes = 1;
    told_row(*state, back);
    told_expect(*state, "0 rows");
    told_step_row(*state, 3, 3);
    told_expect(*state, NULL);
}

static void a_try_that_stands_is_not_left(void **state)
{
    armed_and_fenced(*state);
    told_armed(*state, 1, 7);
    told_switched(*state, 8);
    told_row(*state, told_row_of(1, 7));
    told_row(*state, told_row_of(2, 5));
    told_expect(*state, "was tried again but its row");
}

/* A fence holds for the channel it ran on. */
static void a_fence_of_the_other_channel(void **state)
{
    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_step(*state, 1, 1);
    told_asked(*state, 1, PURPOSE_FENCE, 6);
    told_armed(*state, 1, 7);
    told_expect(*state, "without a fence");
}

static void a_session_fences_no_packet(void **state)
{
    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told_fenced(*state, 1, 2);
    told_step(*state, 1, 3);
    told_expect(*state, "without a fence");
}

static void sent_again_in_other_bytes(void **state)
{
    told_accepted(*state, 1, FN_CREATE_ISDP);
    told_step(*state, 1, 1);
    told_expect(*state, NULL);
    told_step(*state, 1, 2);
    told_expect(*state, "without a fence");
}

/* --- packets of a CAT_TP link --- */
static void link_row(struct join *j, uint32_t n, uint64_t counter, uint8_t ins)
{
    struct card_ledger_row r = told_row_of(n, counter);

    r.channel = 'C';
    r.ins = ins;
    r.dgi = 0;
    told_row(j, r);
}

static void por(struct join *j, uint8_t op, uint64_t counter, struct span data)
{
    struct event ev = told_record(EV_OPERATION_ANSWERED, op);

    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    ev.data = data;
    told(j, ev);
}

static void asked(struct join *j, uint8_t op, uint64_t counter)
{
    struct event ev = told_record(EV_PACKET_ARMED, op);

    ev.purpose = PURPOSE_FENCE;
    ev.kvn = 1;
    ev.counter = counter;
    told(j, ev);
}

/* One packet behind the other, each when the one before was answered. */
static void packets_of_a_link(void **state)
{
    static const uint8_t ONE[] = {0x23, 0x02, 0x90, 0x00};

    told_accepted(*state, 1, FN_SEND_DATA);
    told_armed(*state, 1, 5);
    por(*state, 1, 5, span_of(ONE, sizeof ONE));
    told_armed(*state, 1, 6);
    por(*state, 1, 6, span_of(ONE, sizeof ONE));
    told_ended(*state, 1, VERDICT_SUCCESS);
    link_row(*state, 1, 5, 0xE6);
    link_row(*state, 2, 6, 0xE6);
    told_expect(*state, NULL);
    link_row(*state, 3, 7, 0xE6);
    told_expect(*state, "belongs to no command");
}

static void a_packet_of_a_link_behind_its_fence(void **state)
{
    static const uint8_t CREATED[] = {0xAF, 0x80, 0x23, 0x03, 0x00, 0x90, 0x00, 0x00, 0x00};

    told_accepted(*state, 1, FN_CREATE_ISDP);
    told_armed(*state, 1, 5);
    asked(*state, 1, 6);
    por(*state, 1, 6, (struct span){NULL, 0});
    told_armed(*state, 1, 7);
    por(*state, 1, 7, span_of(CREATED, sizeof CREATED));
    told_ended(*state, 1, VERDICT_SUCCESS);
    link_row(*state, 1, 7, 0xE6);
    told_expect(*state, NULL);
}

/* The fence of an earlier packet says nothing about a later one. */
static void a_packet_of_a_link_behind_an_old_fence(void **state)
{
    told_accepted(*state, 1, FN_CREATE_ISDP);
    asked(*state, 1, 4);
    told_armed(*state, 1, 5);
    por(*state, 1, 4, (struct span){NULL, 0});
    told_armed(*state, 1, 7);
    told_expect(*state, "without a fence");
}

static void a_row_that_names_no_step(void **state)
{
    struct card_ledger_row r = told_row_of(1, 0);

    r.channel = 'H';
    (void)snprintf(r.step_uri, sizeof r.step_uri, "/elsewhere");
    told_row(*state, r);
    told_expect(*state, "names no step");
}

static void data_needs_a_row_for_each_effect(void **state)
{
    static const uint8_t TWO[] = {0x23, 0x02, 0x90, 0x00, 0x23, 0x02, 0x90, 0x00};

    told_accepted(*state, 1, FN_SEND_DATA);
    told_step(*state, 1, 1);
    told_step_answer(*state, 1, 1, span_of(TWO, sizeof TWO));
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_expect(*state, "2 effects accepted by the journal, 0 rows");
    told_step_row(*state, 1, 1);
    told_expect(*state, "2 effects accepted by the journal, 1 rows");
}

static void data_that_was_never_answered(void **state)
{
    told_accepted(*state, 1, FN_SEND_DATA);
    told_step(*state, 1, 1);
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_expect(*state, "never answered");
}

#define T(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_creation_in_two_steps),
        T(packets_of_a_link),
        T(a_packet_of_a_link_behind_its_fence),
        T(a_packet_of_a_link_behind_an_old_fence),
        T(a_row_that_names_no_step),
        T(a_switch_in_two_tries),
        T(a_try_that_stands_is_not_left),
        T(a_fence_of_the_other_channel),
        T(a_session_fences_no_packet),
        T(sent_again_in_other_bytes),
        T(data_needs_a_row_for_each_effect),
        T(data_that_was_never_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
