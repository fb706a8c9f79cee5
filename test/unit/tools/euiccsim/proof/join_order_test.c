/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_proof */
/* Orders of the SM-DP in the join: each has its call, its load and its rows (design law 12). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/join_story.h"

/* --- orders of the SM-DP --- */
static void called(struct join *j, uint8_t op, enum function f, const char *fcid)
{
    struct event ev = told_record(EV_OPERATION_ACCEPTED, op);

    ev.function = f;
    ev.fcid = span_str(fcid);
    told(j, ev);
}

static void order_begins(struct join *j, enum function f, bool enable)
{
    struct event ev = told_record(EV_ORDER_ACCEPTED, 9);

    ev.function = f;
    ev.enable = enable;
    assert_int_equal(join_order_event(j, &ev), ERR_OK);
}

static void order_ends(struct join *j, enum function f, enum verdict v, const char *code)
{
    struct event ev = told_record(EV_ORDER_CONCLUDED, 9);

    ev.function = f;
    ev.result = v;
    (void)snprintf(ev.code.subject, sizeof ev.code.subject, "%s", code);
    assert_int_equal(join_order_event(j, &ev), ERR_OK);
}

static void order(struct join *j, enum function f, bool enable, enum verdict v, const char *code)
{
    order_begins(j, f, enable);
    order_ends(j, f, v, code);
}
#define ORDER "00000000-0000-0000-0000-000000000009/1/"

/* A download by the book: creation, a step with one APDU, a step with the load. */
static void downloaded(struct join *j, bool loaded)
{
    static const uint8_t ONE[] = {0x23, 0x02, 0x90, 0x00}, LOAD[] = {0x86, 0x01, 0x00};
    struct card_ledger_row r = told_row_of(3, 0);

    called(j, 1, FN_CREATE_ISDP, ORDER "1");
    told_step(j, 1, 1);
    told(j, told_record(EV_ISDP_CREATED, 1));
    told_ended(j, 1, VERDICT_SUCCESS);
    told_step_row(j, 1, 1);
    called(j, 2, FN_SEND_DATA, ORDER "2");
    told_step(j, 2, 2);
    told_step_answer(j, 2, 2, span_of(ONE, sizeof ONE));
    told_ended(j, 2, VERDICT_SUCCESS);
    told_step_row(j, 2, 2);
    if (!loaded)
        return;
    called(j, 3, FN_SEND_DATA, ORDER "3");
    told_step(j, 3, 3);
    told_step_answer(j, 3, 3, span_of(LOAD, sizeof LOAD));
    told_ended(j, 3, VERDICT_SUCCESS);
    r.channel = 'H';
    r.ins = 0x86;
    r.dgi = 0;
    r.sw = 0x0100;
    (void)snprintf(r.step_uri, sizeof r.step_uri, TOLD_STEP_URI "3");
    told_row(j, r);
}

static void an_order_and_its_rows(void **state)
{
    downloaded(*state, true);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_SUCCESS, "");
    told_expect(*state, NULL);
}

static void an_order_without_a_load(void **state)
{
    downloaded(*state, false);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_SUCCESS, "");
    told_expect(*state, "0 loads");
}

static void a_failed_order_leaves_nothing(void **state)
{
    struct card_ledger_row gone = told_deletion(3, 5);

    downloaded(*state, false);
    order(*state, FN_DOWNLOAD_PROFILE, false, VERDICT_FAILED, "8.2");
    told_expect(*state, "stands");
    called(*state, 3, FN_DELETE_PROFILE, ORDER "3");
    told_armed(*state, 3, 5);
    told(*state, told_record(EV_PROFILE_DELETED, 3));
    told_ended(*state, 3, VERDICT_SUCCESS);
    told_row(*state, gone);
    told_expect(*state, NULL);
}

/* The profile is on, but the operator was told that it is not: its order ended before the truth. */
static void an_order_that_missed_its_enabling(void **state)
{
    struct card_ledger_row on = told_row_of(4, 5);

    downloaded(*state, true);
    order(*state, FN_DOWNLOAD_PROFILE, true, VERDICT_SUCCESS, "1.6");
    called(*state, 4, FN_ENABLE_PROFILE, ORDER "5");
    told_armed(*state, 4, 5);
    told_confirmed(*state, 4, 6);
    told_expect(*state, NULL);
    told(*state, told_record(EV_PROFILE_ENABLED, 4));
    told_ended(*state, 4, VERDICT_SUCCESS);
    told_row(*state, on);
    told_expect(*state, "without enabling its profile but the operation says SUCCESS");
}

/* It is on; the warning tells that the profile it replaced could not be deleted by POL2. */
static void an_order_whose_enabling_has_a_warning(void **state)
{
    struct event on = told_record(EV_PROFILE_ENABLED, 9);

    downloaded(*state, true);
    order_begins(*state, FN_DOWNLOAD_PROFILE, true);
    called(*state, 4, FN_ENABLE_PROFILE, ORDER "5");
    told_armed(*state, 4, 5);
    told_confirmed(*state, 4, 6);
    told(*state, told_record(EV_PROFILE_ENABLED, 4));
    told_ended(*state, 4, VERDICT_SUCCESS);
    told_row(*state, told_row_of(4, 5));
    assert_int_equal(join_order_event(*state, &on), ERR_OK);
    order_ends(*state, FN_DOWNLOAD_PROFILE, VERDICT_SUCCESS, "8.4");
    told_expect(*state, NULL);
}

static void a_relayed_call_ends_as_its_operation(void **state)
{
    called(*state, 1, FN_DISABLE_PROFILE, ORDER "1");
    told_armed(*state, 1, 5);
    told_ended(*state, 1, VERDICT_FAILED);
    order(*state, FN_DISABLE_PROFILE, false, VERDICT_SUCCESS, "");
    told_expect(*state, "a relayed DisableProfile is concluded SUCCESS");
}

#define T(f) cmocka_unit_test_setup_teardown(f, told_setup, told_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_order_and_its_rows),
        T(an_order_without_a_load),
        T(a_failed_order_leaves_nothing),
        T(an_order_that_missed_its_enabling),
        T(an_order_whose_enabling_has_a_warning),
        T(a_relayed_call_ends_as_its_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
