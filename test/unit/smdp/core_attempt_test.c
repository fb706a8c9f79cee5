/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Orders whose way is interrupted, against a real simulated card: steps that are lost, bent or not proved,
 * processes that die and connections that break at every step. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/smdp_world.h"

/* Order number n, in which this many SendData fail behind the first ones; calls are counted anew. */
static void faulty_order(struct dp_world *w, int n, enum dpw_fault f, int skip, int times,
                         enum exec_status status)
{
    bool well = status == EXEC_SUCCESS;
    char fcid[16];

    (void)snprintf(fcid, sizeof fcid, "order-%d", n);
    dpw_fault(w, f, MSG_ES3_SEND_DATA_REQUEST, times, "8.3", "4.2");
    w->fault_skip = skip;
    memset(w->executed, 0, sizeof w->executed);
    dpw_order(w, fcid, false, status, well ? "" : "8.3", well ? "" : "4.2");
}

/* A world begun anew, and an order that has gone n steps in it; how many it had. */
static unsigned order_up_to(void **state, unsigned n)
{
    struct dp_world *w;
    unsigned steps = 0;

    dpw_teardown(state);
    dpw_setup(state);
    w = *state;
    dpw_stock(w, 1);
    (void)dpw_download(w, "order-1", true, 0);
    while (steps < n && dpw_step(w))
        steps++;
    return steps;
}

/* Challenge, receipt or load of the first attempt is lost, then every challenge: a step that the card did
 * or did not do ends in a clean-up and another attempt, and the third failure is the last. */
static void lost_step_is_cleaned_up(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    for (int step = 0; step < 3; step++) {
        faulty_order(w, step, step % 2 ? DPW_FAIL : DPW_LOSE, step, -1, EXEC_FAILED);
        assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 3);
        assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 3);
        /* What the SM-SR refuses it does not do. */
        assert_int_equal(w->executed[MSG_ES3_SEND_DATA_REQUEST], step % 2 ? step : step + 3);
        dpw_expect_released(w);
    }
}

static void second_attempt_succeeds(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 3);
    for (int skip = 0; skip < 3; skip++) {
        faulty_order(w, skip, DPW_FAIL, skip, 1, EXEC_SUCCESS); /* challenge, receipt, load */
        assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 2);
        assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 1);
        assert_int_equal(dpw_orphans(w), 0);
    }
    assert_int_equal(card_isdp_count(w->rig.card), 4);
}

static void stock_and_lose_the_load(struct dp_world *w)
{
    dpw_stock(w, 1);
    dpw_fault(w, DPW_LOSE, MSG_ES3_SEND_DATA_REQUEST, 1, "8.3", "4.2");
    w->fault_skip = 2;
}

/* The card loaded it, the answer was lost: what was installed is deleted and loaded once more. */
static void lost_answer_of_the_load(void **state)
{
    struct dp_world *w = *state;

    stock_and_lose_the_load(w);
    dpw_order(w, "order-1", false, EXEC_SUCCESS, "", "");
    assert_int_equal(card_isdp_count(w->rig.card), 2);
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 1);
}

/* 69E1 on the deletion: the profile stands (SGP.02 3.1.4). */
static void undeletable_means_installed(void **state)
{
    struct dp_world *w = *state;

    stock_and_lose_the_load(w);
    (void)dpw_download(w, "order-1", false, 0);
    while (w->fault_times)
        assert_true(dpw_step(w));
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, 1, "8.2.2", "3.8");
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    assert_int_equal(w->executed[MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST], 1);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
}

static void wrong_receipt_never_goes_on(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_BEND, MSG_ES3_SEND_DATA_REQUEST, 1, "", "");
    w->fault_skip = 1;
    dpw_order(w, "order-1", false, EXEC_FAILED, "8.3", "4.2");
    assert_int_equal(w->executed[MSG_ES3_SEND_DATA_REQUEST], 2); /* nothing was loaded */
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    dpw_expect_released(w);
}

static void altered_load_answer_is_not_success(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_BEND, MSG_ES3_SEND_DATA_REQUEST, -1, "", "");
    w->fault_skip = 2;
    (void)dpw_download(w, "order-1", false, 0);
    while (w->n_calls < 7)
        assert_true(dpw_step(w));
    w->fault_times = 0;
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 2);
    assert_int_equal(card_isdp_count(w->rig.card), 2);
}

static void clean_up_needs_proof(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_FAIL, MSG_ES3_SEND_DATA_REQUEST, 1, "8.3", "4.2");
    (void)dpw_download(w, "order-1", false, 600);
    while (w->fault_times)
        assert_true(dpw_step(w));
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, -1, "8.4", "4.2");
    dpw_run(w);
    /* Until the validity period ends there is no answer; then the outcome is open. */
    assert_int_equal(dpw_ended(w)->answer.status, EXEC_NONE);
    while (dpw_ended(w)->answer.status == EXEC_NONE)
        assert_true(dpw_timer(w));
    dpw_expect(dpw_ended(w), EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->verdict,
                     VERDICT_IN_DOUBT);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    assert_int_equal(dpw_orphans(w), 1);
    /* The card can be cleaned at last: FAILED, and only now is the ICCID free again. */
    w->fault = DPW_NONE;
    dpw_end(w);
    const struct envelope *e = dpw_last(&w->blue, MSG_OPERATION_CONCLUDED);
    assert_non_null(e);
    assert_int_equal(e->kind, ENV_NOTICE);
    assert_int_equal(((const struct operation_concluded *)e->message.body)->verdict,
                     VERDICT_FAILED);
    dpw_expect_released(w);
    /* A repeat of the call has the answer of then and the verdict of now. */
    uint64_t id = dpw_download(w, "order-1", false, 600);
    dpw_run(w);
    assert_int_equal(dpw_heard(&w->blue, id)->verdict, VERDICT_FAILED);
    dpw_expect(dpw_ended(w), EXEC_EXPIRED, "1.6", "5.4");
}

/* The process dies after every possible number of steps: the same calls are made again under the
 * same identifiers (the SM-SR asserts that their octets are the same), the order ends well, and the
 * card holds the profile once. */
static void restart_anywhere(void **state)
{
    struct dp_world *w;
    unsigned steps = 0, n;

    for (n = 0; n < 60; n++) {
        steps = order_up_to(state, n);
        w = *state;
        dpw_restart(w);
        dpw_end(w);
        if (dpw_ended(w)->answer.status == EXEC_NONE) {
            /* It died before the order was durable, or heard of its end before: the repeat decides.
             */
            (void)dpw_download(w, "order-1", true, 0);
            dpw_end(w);
        }
        dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
        assert_int_equal(card_isdp_count(w->rig.card), 2);
        assert_int_equal(dpw_orphans(w), 0);
        assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
        assert_true(dpw_item(w, DPW_ICCID_1).enabled);
        assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
        if (steps < n)
            break;
    }
    assert_true(n > 10 && n < 60);
}

static void connection_lost_anywhere(void **state)
{
    struct dp_world *w;
    unsigned n, steps = 0;

    for (n = 0; n < 60; n++) {
        steps = order_up_to(state, n);
        w = *state;
        dpw_link(w, false);
        dpw_run(w);
        dpw_link(w, true);
        dpw_end(w);
        dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
        assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
        assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
        assert_int_equal(w->acked, w->n_deliveries);
        if (steps < n)
            break;
    }
    assert_true(n > 10 && n < 60);
}

static void offline_operator_hears_it_all(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 2);
    (void)dpw_download(w, "order-1", false, 0);
    while (!w->n_calls)
        assert_true(dpw_step(w));
    dpw_disconnect(&w->blue);
    dpw_end(w);
    assert_int_equal(rig_state(&w->rig, 0x11), ISDP_DISABLED);
    dpw_restart(w);
    w->blue.silent = true;
    dpw_connect(w, &w->blue, true);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    /* Not acknowledged: it comes again, with the same number, until it is. */
    w->blue.silent = false;
    dpw_connect(w, &w->blue, true);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->delivery_no, 1);
    dpw_run(w);
    dpw_connect(w, &w->blue, true);
    assert_null(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE));
}

static void second_copy_of_an_answer(void **state)
{
    struct dp_world *w = *state;
    unsigned before;

    dpw_stock(w, 1);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_end(w);
    before = w->n_deliveries;
    w->sent = 0; /* the SM-SR says everything once more */
    dpw_run(w);
    assert_int_equal(w->sent, before);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(card_isdp_count(w->rig.card), 2);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(lost_step_is_cleaned_up),
        T(second_attempt_succeeds),
        T(lost_answer_of_the_load),
        T(undeletable_means_installed),
        T(wrong_receipt_never_goes_on),
        T(altered_load_answer_is_not_success),
        T(clean_up_needs_proof),
        T(restart_anywhere),
        T(connection_lost_anywhere),
        T(offline_operator_hears_it_all),
        T(second_copy_of_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
