/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_proof */
/* What the join must find out: a join that cannot fail proves nothing (design law 12). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/join_story.h"

static void one_command_one_row(void **state)
{
    told_enabled(*state);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, NULL);
    told_expect(*state, NULL); /* asked again */
}

static void accepted_without_a_row(void **state)
{
    told_enabled(*state);
    told_expect(*state, "0 rows");
}

static void a_row_without_a_command(void **state)
{
    told_enabled(*state);
    told_row(*state, told_row_of(1, 5));
    told_row(*state, told_row_of(2, 7));
    told_expect(*state, "belongs to no command");
}

static void one_command_two_rows(void **state)
{
    told_enabled(*state);
    told_row(*state, told_row_of(1, 5));
    told_row(*state, told_row_of(2, 5));
    told_expect(*state, "ran twice");
}

static void a_gap_in_the_ledger(void **state)
{
    told_enabled(*state);
    told_row(*state, told_row_of(2, 5));
    told_expect(*state, "where 1 was due");
}

static void failed_but_it_stands(void **state)
{
    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told_ended(*state, 1, VERDICT_FAILED);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, "stands");
}

static void rolled_back_by_nobody(void **state)
{
    struct card_ledger_row undo = told_row_of(2, 0);

    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told(*state, told_record(EV_PROFILE_ROLLED_BACK, 1));
    told_ended(*state, 1, VERDICT_ROLLED_BACK);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, "never rolled back");
    undo.cause = CAUSE_ROLLBACK;
    undo.undoes = 1;
    undo.channel = 0;
    told_row(*state, undo);
    told_expect(*state, NULL);
}

static void armed_again_under_a_fresh_counter(void **state)
{
    told_accepted(*state, 1, FN_DELETE_PROFILE);
    told_armed(*state, 1, 5);
    told_expect(*state, NULL);
    told_armed(*state, 1, 6);
    told_expect(*state, "without a fence");
}

static void one_counter_armed_twice(void **state)
{
    struct event ev = told_record(EV_OPERATION_ARMED, 2);

    told_enabled(*state);
    told_accepted(*state, 2, FN_ENABLE_PROFILE);
    ev.kvn = 1;
    ev.counter = 5;
    assert_int_equal(join_event(*state, &ev), ERR_CORRUPT);
}

static void refused_rows_do_not_count(void **state)
{
    struct card_ledger_row r = told_row_of(1, 5);

    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told_ended(*state, 1, VERDICT_FAILED);
    r.sw = 0x6985;
    told_row(*state, r);
    told_expect(*state, NULL);
}

static void success_without_a_confirmation(void **state)
{
    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told(*state, told_record(EV_PROFILE_ENABLED, 1));
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, "neither confirmed");
}

static void success_that_was_rolled_back(void **state)
{
    struct card_ledger_row undo = told_row_of(2, 0);

    told_enabled(*state);
    told_row(*state, told_row_of(1, 5));
    undo.cause = CAUSE_ROLLBACK;
    undo.undoes = 1;
    undo.channel = 0;
    told_row(*state, undo);
    told_expect(*state, "was rolled back");
}

/* Found on the fall-back profile by an audit alone: the journal itself says that it does not know who
 * did it, so a row may be there, once, or not. */
static void found_disabled(struct join *j)
{
    told_accepted(j, 1, FN_DISABLE_PROFILE);
    told_armed(j, 1, 5);
    told(j, told_record(EV_PROFILE_DISABLED, 1));
    told(j, told_record(EV_EUICC_AUDITED, 1));
}

static void unheard(struct join *j)
{
    struct event ev = told_record(EV_OPERATION_CONCLUDED, 1);

    found_disabled(j);
    ev.result = VERDICT_SUCCESS;
    (void)snprintf(ev.code.subject, sizeof ev.code.subject, "8.4");
    (void)snprintf(ev.code.reason, sizeof ev.code.reason, "4.2");
    told(j, ev);
}

static void success_with_a_reservation(void **state)
{
    unheard(*state);
    told_expect(*state, NULL);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, NULL);
    told_row(*state, told_row_of(2, 5));
    told_expect(*state, "ran twice");
}

/* A deletion by POL2 stands between the audit and the conclusion. */
static void nothing_is_said_before_the_conclusion(void **state)
{
    struct event ev = told_record(EV_OPERATION_CONCLUDED, 1);
    struct join_report r;

    found_disabled(*state);
    join_card(*state, &ev.eid, &r);
    assert_int_equal(r.mismatches, 0);
    told_ended(*state, 1, VERDICT_SUCCESS); /* without a reservation */
    join_card(*state, &ev.eid, &r);
    assert_true(r.mismatches > 0);
}

/* The ledger's own rows prove nothing for the journal: it must know by itself that the command ran. */
static void success_that_no_record_tells(void **state)
{
    told_accepted(*state, 1, FN_ENABLE_PROFILE);
    told_armed(*state, 1, 5);
    told_confirmed(*state, 1, 6);
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_row(*state, told_row_of(1, 5));
    told_expect(*state, "no record says");
}

static void a_verdict_is_given_once(void **state)
{
    struct event ev = told_record(EV_OPERATION_CONCLUDED, 1);

    told_enabled(*state);
    ev.result = VERDICT_FAILED;
    assert_int_equal(join_event(*state, &ev), ERR_CORRUPT);
}

static void a_deletion_needs_its_row(void **state)
{
    told_accepted(*state, 1, FN_DELETE_PROFILE);
    told_armed(*state, 1, 5);
    told(*state, told_record(EV_PROFILE_DELETED, 1));
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_expect(*state, "0 rows");
    told_row(*state, told_deletion(1, 5));
    told_expect(*state, NULL);
}

static void answer(struct join *j, uint8_t op, uint64_t counter, uint8_t sw1, uint8_t sw2)
{
    const uint8_t script[] = {0xAB, 0x07, 0x80, 0x01, 0x01, 0x23, 0x02, sw1, sw2};
    struct event ev = told_record(EV_OPERATION_ANSWERED, op);

    ev.kvn = 1;
    ev.counter = counter;
    ev.por_status = 1;
    ev.data = span_of(script, sizeof script);
    told(j, ev);
}

/* 6A88: the ISD-P was gone before; nothing ran, and the verdict is SUCCESS all the same. */
static void a_deletion_of_nothing(void **state)
{
    told_accepted(*state, 1, FN_DELETE_PROFILE);
    told_armed(*state, 1, 5);
    answer(*state, 1, 5, 0x6A, 0x88);
    told(*state, told_record(EV_PROFILE_DELETED, 1));
    told_ended(*state, 1, VERDICT_SUCCESS);
    told_expect(*state, NULL);
    told_row(*state, told_deletion(1, 5));
    told_expect(*state, "0 effects accepted");
}

#define T(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_command_one_row),
        T(accepted_without_a_row),
        T(a_row_without_a_command),
        T(one_command_two_rows),
        T(a_gap_in_the_ledger),
        T(failed_but_it_stands),
        T(rolled_back_by_nobody),
        T(armed_again_under_a_fresh_counter),
        T(one_counter_armed_twice),
        T(refused_rows_do_not_count),
        T(success_without_a_confirmation),
        T(success_that_was_rolled_back),
        T(success_with_a_reservation),
        T(nothing_is_said_before_the_conclusion),
        T(success_that_no_record_tells),
        T(a_verdict_is_given_once),
        T(a_deletion_needs_its_row),
        T(a_deletion_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
