/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Whole orders of the SM-DP against a real simulated card: what the operator hears, what is on the
 * card, what stands in the stock and which secrets remain. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/engine/engine.h"
#include "smdp/state_verify.h"
#include "test/support/smdp_world.h"

#define ICCID_1 "89490100000000000014"

static int setup(void **state)
{
    static struct dp_world w;

    dpw_init(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    dpw_fini(*state);
    return 0;
}

static void download_installs(void **state)
{
    struct dp_world *w = *state;
    const struct es2_download_profile_response *rsp;
    const struct card_isdp *p;
    struct stock_item item;
    uint8_t k[16];

    dpw_stock(w, 3);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE));
    rsp = dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->message.body;
    if (rsp->base.answer.status != EXEC_SUCCESS)
        fail_msg("%s-%s %.*s", rsp->base.answer.code.subject, rsp->base.answer.code.reason,
                 (int)rsp->base.answer.message.n, rsp->base.answer.message.p);
    assert_string_equal(rsp->iccid.s, "89490100000000000014");
    p = rig_isdp(&w->rig, 0x11);
    assert_non_null(p);
    assert_int_equal(p->state, ISDP_DISABLED);
    for (unsigned j = 0; j < 16; j++)
        k[j] = (uint8_t)(0x31 + 7 + j * j * 5);
    assert_memory_equal(p->data.k, k, 16);
    item = dpw_item(w, ICCID_1);
    assert_int_equal(item.state, STOCK_INSTALLED);
    assert_true(eid_eq(&item.eid, &w->rig.factory.eid));
    assert_false(dpw_secret(w, "subscription/" ICCID_1));
    assert_false(dpw_secret(w, "ephemeral/" ICCID_1));
    assert_true(dpw_secret(w, "isdp-keys/" ICCID_1));
    assert_true(dpw_secret(w, "subscription/89490100000000000022"));
}

/* The end of the order that was asked for. */
static const struct base_response *heard(struct dp_world *w)
{
    return dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE);
}

static void assert_code(const struct base_response *b, enum exec_status status, const char *subject,
                        const char *reason)
{
    if (b->answer.status != status || strcmp(b->answer.code.subject, subject) != 0 ||
        strcmp(b->answer.code.reason, reason) != 0)
        fail_msg("status %d %s-%s %.*s", (int)b->answer.status, b->answer.code.subject,
                 b->answer.code.reason, (int)b->answer.message.n,
                 b->answer.message.n ? (const char *)b->answer.message.p : "");
}

static void run_to_end(struct dp_world *w)
{
    dpw_run(w);
    while (dp_store_live(smdp_core_store(w->core)) > 0 && dpw_timer(w))
        ;
}

/* Nothing is left of the order on the card or here. */
static void assert_released(struct dp_world *w)
{
    assert_int_equal(dpw_orphans(w), 0);
    assert_null(rig_isdp(&w->rig, 0x11));
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_AVAILABLE);
    assert_true(dpw_secret(w, "subscription/" ICCID_1));
    assert_false(dpw_secret(w, "ephemeral/" ICCID_1));
    assert_false(dpw_secret(w, "isdp-keys/" ICCID_1));
}

static void repeat_gets_the_stored_answer(void **state)
{
    struct dp_world *w = *state;
    struct es2_download_profile_request other = {.eid = w->rig.factory.eid,
                                                 .smsr_id = w->smsr.oid,
                                                 .profile_type = span_str(DPW_TYPE),
                                                 .enable_profile = true};
    const struct envelope *e;
    uint64_t id;

    dpw_stock(w, 2);
    id = dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    e = dpw_heard(&w->blue, id);
    assert_non_null(e);
    assert_int_equal(e->kind, ENV_ACCEPTED);
    /* The subscriber hears the end once, with a number. */
    e = dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE);
    assert_non_null(e);
    assert_int_equal(e->delivery_no, 1);
    assert_int_equal(e->verdict, VERDICT_SUCCESS);
    assert_string_equal((const char *)e->context_id.p, "ctx-1");
    id = dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    e = dpw_heard(&w->blue, id);
    assert_non_null(e);
    assert_int_equal(e->kind, ENV_RESPONSE);
    assert_int_equal(e->verdict, VERDICT_SUCCESS);
    assert_int_equal(heard(w)->answer.status, EXEC_SUCCESS);
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    other.base.function_call_identifier = span_str("order-1");
    id = dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &other);
    dpw_run(w);
    assert_code(heard(w), EXEC_FAILED, "1.6", "3.3");
    assert_int_equal(dpw_item(w, "89490100000000000022").state, STOCK_AVAILABLE);
}

static void enable_follows(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    (void)dpw_download(w, "order-1", true, 0);
    dpw_run(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_ENABLE_PROFILE_REQUEST], 1);
    assert_true(dpw_item(w, ICCID_1).enabled);
}

static void enable_that_fails_is_a_warning(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_FAIL, MSG_ES3_ENABLE_PROFILE_REQUEST, 1, "8.2.3", "3.8");
    (void)dpw_download(w, "order-1", true, 0);
    dpw_run(w);
    assert_code(heard(w), EXEC_WARNING, "8.2.3", "3.8");
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
    assert_false(dpw_item(w, ICCID_1).enabled);
    assert_false(dpw_secret(w, "subscription/" ICCID_1));
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
}

/* The SM-SR does not know in time whether the card switched: it tells later, also after a restart,
 * and stock and operator hear it. */
static void enable_in_doubt_ends_by_the_verdict(void **state)
{
    struct dp_world *w = *state;
    struct operation_concluded n = {.function = FN_ENABLE_PROFILE, .verdict = VERDICT_SUCCESS};
    const struct operation_concluded *told;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_DOUBT, MSG_ES3_ENABLE_PROFILE_REQUEST, 1, NULL, NULL);
    (void)dpw_download(w, "order-1", true, 0);
    dpw_run(w);
    assert_code(heard(w), EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 1);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
    dpw_restart(w);
    dpw_run(w);
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 1);
    n.fcid = span_str(w->calls[w->n_calls - 1].fcid);
    n.eid = w->rig.factory.eid;
    dpw_tell(w, MSG_OPERATION_CONCLUDED, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_OPERATION_CONCLUDED));
    told = dpw_last(&w->blue, MSG_OPERATION_CONCLUDED)->message.body;
    assert_int_equal(told->verdict, VERDICT_SUCCESS);
    assert_int_equal(told->function, FN_DOWNLOAD_PROFILE);
    assert_memory_equal(told->fcid.p, "order-1", 7);
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 0);
    assert_true(dpw_item(w, ICCID_1).enabled);
}

/* Which call is lost, and how often: a step that the card did or did not do ends in a clean-up and
 * another attempt, and the third failure is the last. */
static void lost_step_is_cleaned_up(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    for (int step = 0; step < 3; step++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "order-%d", step);
        dpw_fault(w, step % 2 ? DPW_FAIL : DPW_LOSE, MSG_ES3_SEND_DATA_REQUEST, -1, "8.3", "4.2");
        w->fault_skip = 0;
        w->fault_times = -1;
        memset(w->executed, 0, sizeof w->executed);
        (void)dpw_download(w, fcid, false, 0);
        run_to_end(w);
        assert_code(heard(w), EXEC_FAILED, "8.3", "4.2");
        assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 3);
        assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 3);
        assert_released(w);
    }
}

static void second_attempt_succeeds(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 3);
    for (int skip = 0; skip < 3; skip++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "order-%d", skip);
        dpw_fault(w, DPW_FAIL, MSG_ES3_SEND_DATA_REQUEST, 1, "8.3", "4.2");
        w->fault_skip = skip; /* challenge, receipt, load */
        memset(w->executed, 0, sizeof w->executed);
        (void)dpw_download(w, fcid, false, 0);
        run_to_end(w);
        assert_code(heard(w), EXEC_SUCCESS, "", "");
        assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 2);
        assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 1);
        assert_int_equal(dpw_orphans(w), 0);
    }
    assert_int_equal(card_isdp_count(w->rig.card), 4);
}

/* The card loaded it, the answer was lost: what was installed is deleted and loaded once more. */
static void lost_answer_of_the_load(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_LOSE, MSG_ES3_SEND_DATA_REQUEST, 1, "8.3", "4.2");
    w->fault_skip = 2;
    (void)dpw_download(w, "order-1", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(card_isdp_count(w->rig.card), 2);
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 1);
}

/* 69E1 on the deletion: the profile stands (SGP.02 3.1.4). */
static void undeletable_means_installed(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_LOSE, MSG_ES3_SEND_DATA_REQUEST, 1, "8.3", "4.2");
    w->fault_skip = 2;
    (void)dpw_download(w, "order-1", false, 0);
    while (w->fault_times)
        assert_true(dpw_step(w));
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, 1, "8.2.2", "3.8");
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    assert_int_equal(w->executed[MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST], 1);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
    assert_false(dpw_secret(w, "subscription/" ICCID_1));
}

static void wrong_receipt_never_goes_on(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_BEND, MSG_ES3_SEND_DATA_REQUEST, 1, "", "");
    w->fault_skip = 1;
    (void)dpw_download(w, "order-1", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.3", "4.2");
    assert_int_equal(w->executed[MSG_ES3_SEND_DATA_REQUEST], 2); /* nothing was loaded */
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    assert_released(w);
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
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
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
    assert_int_equal(heard(w)->answer.status, EXEC_NONE);
    while (heard(w)->answer.status == EXEC_NONE)
        assert_true(dpw_timer(w));
    assert_code(heard(w), EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->verdict,
                     VERDICT_IN_DOUBT);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_RESERVED);
    assert_int_equal(dpw_orphans(w), 1);
    /* The card can be cleaned at last: FAILED, and only now is the ICCID free again. */
    w->fault = DPW_NONE;
    run_to_end(w);
    const struct envelope *e = dpw_last(&w->blue, MSG_OPERATION_CONCLUDED);
    assert_non_null(e);
    assert_int_equal(e->kind, ENV_NOTICE);
    assert_int_equal(((const struct operation_concluded *)e->message.body)->verdict,
                     VERDICT_FAILED);
    assert_released(w);
    /* A repeat of the call has the answer of then and the verdict of now. */
    uint64_t id = dpw_download(w, "order-1", false, 600);
    dpw_run(w);
    assert_int_equal(dpw_heard(&w->blue, id)->verdict, VERDICT_FAILED);
    assert_code(heard(w), EXEC_EXPIRED, "1.6", "5.4");
}

static void never_armed_expires(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_link(w, false);
    (void)dpw_download(w, "order-1", false, 60);
    run_to_end(w);
    assert_code(heard(w), EXEC_EXPIRED, "1.6", "5.3");
    assert_int_equal(w->n_calls, 0);
    assert_released(w);
    /* Its call was withdrawn with it. */
    dpw_link(w, true);
    dpw_run(w);
    assert_int_equal(w->n_calls, 0);
}

static void busy_is_tried_again(void **state)
{
    static const enum msg_type AT[] = {MSG_ES3_GET_EIS_REQUEST, MSG_ES3_CREATE_ISDP_REQUEST,
                                       MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST,
                                       MSG_ES3_ENABLE_PROFILE_REQUEST};
    struct dp_world *w = *state;

    dpw_stock(w, 4);
    for (size_t i = 0; i < 4; i++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "order-%zu", i);
        dpw_fault(w, DPW_BUSY, AT[i], 2, NULL, NULL);
        (void)dpw_download(w, fcid, true, 0);
        run_to_end(w);
        assert_code(heard(w), EXEC_SUCCESS, "", "");
        assert_int_equal(w->fault_times, 0);
    }
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 4);
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
}

static void refusals_of_the_card_reach_the_operator(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_FAIL, MSG_ES3_CREATE_ISDP_REQUEST, 1, "8.1", "4.8");
    (void)dpw_download(w, "order-1", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.1", "4.8");
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    assert_released(w);
    dpw_fault(w, DPW_FAIL, MSG_ES3_GET_EIS_REQUEST, 1, "8.1.1", "3.9");
    (void)dpw_download(w, "order-2", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.1.1", "3.9");
    assert_released(w);
    /* In use: it stands on some card, so it goes to no second one. */
    dpw_fault(w, DPW_FAIL, MSG_ES3_CREATE_ISDP_REQUEST, 1, "8.2.1", "3.3");
    (void)dpw_download(w, "order-3", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.2.1", "3.3");
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_RESERVED);
    (void)dpw_download(w, "order-4", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.2.5", "3.7");
}

static void eligibility(void **state)
{
    struct dp_world *w = *state;
    uint8_t keep;

    dpw_stock(w, 1);
    w->remaining_memory = 1000;
    (void)dpw_download(w, "order-1", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.1", "4.8");
    w->remaining_memory = 1u << 20;
    keep = w->ecasd.p[w->ecasd.n - 1];
    w->ecasd.p[w->ecasd.n - 1] ^= 0x01;
    (void)dpw_download(w, "order-2", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.5.2", "6.1");
    w->ecasd.p[w->ecasd.n - 1] = keep;
    fake_clock_step(&w->clock, INT64_C(86400000) * 3700);
    (void)dpw_download(w, "order-3", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_FAILED, "8.5.2", "6.3");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 0);
    assert_released(w);
}

static void orphan_goes_first(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 2);
    /* Left behind by a life of the SM-DP that nobody remembers. */
    assert_int_equal(rig_create(&w->rig, 0x11, 0), 0x9000);
    assert_int_equal(iccid_parse(span_str("89490100000000007779"), &w->on_card[1]), 0);
    w->states[1] = PROFILE_CREATED;
    w->number = 0x12;
    (void)dpw_download(w, "order-1", false, 0);
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 1);
    assert_int_equal(card_isdp_count(w->rig.card), 2);
}

static void one_download_a_card(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 3);
    for (int i = 0; i < 3; i++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "order-%d", i);
        (void)dpw_download(w, fcid, false, 0);
    }
    dpw_run(w);
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 2);
    run_to_end(w);
    assert_int_equal(card_isdp_count(w->rig.card), 4);
    assert_int_equal(dpw_orphans(w), 0);
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    (void)dpw_download(w, "order-4", false, 0);
    dpw_run(w);
    assert_code(heard(w), EXEC_FAILED, "8.2.5", "3.7");
}

/* The process dies after every possible number of steps: the same calls are made again under the
 * same identifiers (the SM-SR asserts that their octets are the same), the order ends well, and the
 * card holds the profile once. */
static void restart_anywhere(void **state)
{
    struct dp_world *w = *state;
    unsigned steps = 0, n;

    for (n = 0; n < 60; n++) {
        teardown(state);
        setup(state);
        dpw_stock(w, 1);
        (void)dpw_download(w, "order-1", true, 0);
        for (steps = 0; steps < n && dpw_step(w); steps++)
            ;
        dpw_restart(w);
        run_to_end(w);
        if (heard(w)->answer.status == EXEC_NONE) {
            /* It died before the order was durable, or heard of its end before: the repeat decides.
             */
            (void)dpw_download(w, "order-1", true, 0);
            run_to_end(w);
        }
        assert_code(heard(w), EXEC_SUCCESS, "", "");
        assert_int_equal(card_isdp_count(w->rig.card), 2);
        assert_int_equal(dpw_orphans(w), 0);
        assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
        assert_true(dpw_item(w, ICCID_1).enabled);
        assert_false(dpw_secret(w, "subscription/" ICCID_1));
        if (steps < n)
            break;
    }
    assert_true(n > 10 && n < 60);
}

static void connection_lost_anywhere(void **state)
{
    struct dp_world *w = *state;
    unsigned n, steps = 0;

    for (n = 0; n < 60; n++) {
        teardown(state);
        setup(state);
        dpw_stock(w, 1);
        (void)dpw_download(w, "order-1", true, 0);
        for (steps = 0; steps < n && dpw_step(w); steps++)
            ;
        dpw_link(w, false);
        dpw_run(w);
        dpw_link(w, true);
        run_to_end(w);
        assert_code(heard(w), EXEC_SUCCESS, "", "");
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
    run_to_end(w);
    assert_int_equal(rig_state(&w->rig, 0x11), ISDP_DISABLED);
    dpw_restart(w);
    w->blue.silent = true;
    dpw_connect(w, &w->blue, true);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    /* Not acknowledged: it comes again, with the same number, until it is. */
    w->blue.silent = false;
    dpw_connect(w, &w->blue, true);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
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
    run_to_end(w);
    before = w->n_deliveries;
    w->sent = 0; /* the SM-SR says everything once more */
    dpw_run(w);
    assert_int_equal(w->sent, before);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(card_isdp_count(w->rig.card), 2);
}

/* --- relays --- */
static void ask_switch(struct dp_world *w, enum msg_type type, const char *fcid)
{
    struct es2_enable_profile_request q = {.eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};

    assert_int_equal(iccid_parse(span_str(ICCID_1), &q.iccid), 0);
    q.base.function_call_identifier = span_str(fcid);
    (void)dpw_ask(w, &w->blue, type, &q);
}

static void installed(struct dp_world *w)
{
    dpw_stock(w, 1);
    (void)dpw_download(w, "order-0", false, 0);
    run_to_end(w);
}

static void deleted_is_said(struct dp_world *w)
{
    struct es2_download_profile_request q = {
        .base = {.function_call_identifier = span_str("order-again")},
        .eid = w->rig.factory.eid, .smsr_id = w->smsr.oid, .iccid = {ICCID_1}};
    const struct base_response *b;

    (void)dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &q);
    run_to_end(w);
    b = dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE);
    assert_code(b, EXEC_FAILED, "8.2.1", "3.3");
    assert_true(span_eq(b->answer.message,
                        span_str("this profile is deleted and cannot be used again")));
}

static void relay_tells_the_operator(void **state)
{
    struct dp_world *w = *state;

    installed(w);
    ask_switch(w, MSG_ES2_ENABLE_PROFILE_REQUEST, "enable-1");
    run_to_end(w);
    assert_code(dpw_answer(&w->blue, MSG_ES2_ENABLE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_true(dpw_item(w, ICCID_1).enabled);
    ask_switch(w, MSG_ES2_DISABLE_PROFILE_REQUEST, "disable-1");
    run_to_end(w);
    assert_code(dpw_answer(&w->blue, MSG_ES2_DISABLE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_false(dpw_item(w, ICCID_1).enabled);
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, 1, "8.2.3", "3.8");
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-1");
    run_to_end(w);
    assert_code(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_FAILED, "8.2.3", "3.8");
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-2");
    run_to_end(w);
    assert_code(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_DELETED);
    deleted_is_said(w);
    assert_false(dpw_secret(w, "isdp-keys/" ICCID_1));
}

static void relay_in_doubt_ends_by_the_verdict(void **state)
{
    struct dp_world *w = *state;
    struct operation_concluded n = {.function = FN_ENABLE_PROFILE, .verdict = VERDICT_ROLLED_BACK};
    const struct operation_concluded *told;

    installed(w);
    dpw_fault(w, DPW_DOUBT, MSG_ES3_ENABLE_PROFILE_REQUEST, 1, NULL, NULL);
    ask_switch(w, MSG_ES2_ENABLE_PROFILE_REQUEST, "enable-1");
    dpw_run(w);
    assert_code(dpw_answer(&w->blue, MSG_ES2_ENABLE_PROFILE_RESPONSE), EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 1);
    /* Asked again, the SM-SR still does not know; a restart changes nothing. */
    assert_true(dpw_timer(w));
    dpw_restart(w);
    dpw_run(w);
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 1);
    n.fcid = span_str(w->calls[w->n_calls - 1].fcid);
    n.eid = w->rig.factory.eid;
    memcpy(n.code.subject, "8.4", 4);
    memcpy(n.code.reason, "4.2", 4);
    dpw_tell(w, MSG_OPERATION_CONCLUDED, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_OPERATION_CONCLUDED));
    told = dpw_last(&w->blue, MSG_OPERATION_CONCLUDED)->message.body;
    assert_int_equal(told->verdict, VERDICT_ROLLED_BACK);
    assert_memory_equal(told->fcid.p, "enable-1", 8);
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 0);
    assert_false(dpw_item(w, ICCID_1).enabled);
}

static void notification_goes_to_its_operator(void **state)
{
    struct dp_world *w = *state;
    struct es3_handle_profile_enabled_notification n = {
        .eid = w->rig.factory.eid, .mno_id = w->blue.oid, .completion_timestamp_ms = 1790000000000};
    const struct es2_handle_profile_enabled_notification *told;

    installed(w);
    assert_int_equal(iccid_parse(span_str(ICCID_1), &n.iccid), 0);
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    told = dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION)->message.body;
    assert_true(iccid_eq(&told->iccid, &n.iccid));
    assert_int_equal(told->completion_timestamp_ms, 1790000000000);
    assert_true(dpw_item(w, ICCID_1).enabled);
    assert_null(dpw_last(&w->red, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    /* Another operator named: it hears of it, and the stock of the first is not touched. */
    n.mno_id = w->red.oid;
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    n.mno_id = w->admin.oid; /* no operator */
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->red, MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_null(dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_true(dpw_secret(w, "isdp-keys/" ICCID_1));
    n.mno_id = w->blue.oid;
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    dpw_run(w);
    assert_int_equal(w->acked, w->n_deliveries);
    assert_false(dpw_secret(w, "isdp-keys/" ICCID_1));
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_DELETED);
}

/* The answer that completes a download is not heard yet; what the SM-SR tells of the profile meanwhile proves
 * that the profile is on the card, and must not be undone when the answer comes. */
static void told_before_the_completion_is_answered(struct dp_world *w, enum msg_type type)
{
    struct es3_handle_profile_enabled_notification n = {
        .eid = w->rig.factory.eid, .mno_id = w->blue.oid, .completion_timestamp_ms = 1790000000000};

    dpw_stock(w, 1);
    dpw_fault(w, DPW_BUSY, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, 1, NULL, NULL);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_RESERVED);
    assert_int_equal(iccid_parse(span_str(ICCID_1), &n.iccid), 0);
    assert_int_equal(eid_make("890490320000000000000000000777", &n.eid), 0); /* proves nothing */
    dpw_tell(w, type, &n);
    dpw_run(w);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_RESERVED);
    n.eid = w->rig.factory.eid;
    dpw_tell(w, type, &n);
    dpw_run(w);
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_false(dpw_secret(w, "subscription/" ICCID_1));
}

static void deleted_before_the_completion_is_answered(void **state)
{
    struct dp_world *w = *state;

    told_before_the_completion_is_answered(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_DELETED);
    assert_false(dpw_secret(w, "isdp-keys/" ICCID_1));
}

static void enabled_before_the_completion_is_answered(void **state)
{
    struct dp_world *w = *state;

    told_before_the_completion_is_answered(w, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION);
    assert_int_equal(dpw_item(w, ICCID_1).state, STOCK_INSTALLED);
    assert_true(dpw_item(w, ICCID_1).enabled);
}

/* state.db is nothing but the journal: rebuilt beside it, table by table, it is the same. */
static void state_equals_journal(void **state)
{
    struct dp_world *w = *state;
    struct errmsg why = {{0}};

    dpw_stock(w, 5);
    (void)dpw_download(w, "order-1", true, 0);
    run_to_end(w);
    dpw_fault(w, DPW_FAIL, MSG_ES3_SEND_DATA_REQUEST, -1, "8.3", "4.2");
    (void)dpw_download(w, "order-2", false, 0);
    run_to_end(w);
    dpw_fault(w, DPW_HOLD, MSG_ES3_CREATE_ISDP_REQUEST, -1, NULL, NULL);
    (void)dpw_download(w, "order-3", false, 0);
    dpw_run(w);
    assert_int_equal(smdp_core_idle(w->core), 0);
    if (smdp_state_verify_files(memvfs_name(w->disk), "journal.db", "state.db", &why))
        fail_msg("%s", why.text);
    /* The same again by a start whose state.db has everything, and by one that replays it all. */
    dpw_restart(w);
    dpw_release(w);
    w->fault_times = 0;
    run_to_end(w);
    assert_code(heard(w), EXEC_SUCCESS, "", "");
    assert_int_equal(smdp_core_idle(w->core), 0);
    if (smdp_state_verify_files(memvfs_name(w->disk), "journal.db", "state.db", &why))
        fail_msg("%s", why.text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(download_installs),
        T(repeat_gets_the_stored_answer),
        T(enable_follows),
        T(enable_that_fails_is_a_warning), T(enable_in_doubt_ends_by_the_verdict),
        T(lost_step_is_cleaned_up),
        T(second_attempt_succeeds),
        T(lost_answer_of_the_load),
        T(undeletable_means_installed),
        T(wrong_receipt_never_goes_on),
        T(altered_load_answer_is_not_success),
        T(clean_up_needs_proof),
        T(never_armed_expires),
        T(busy_is_tried_again),
        T(refusals_of_the_card_reach_the_operator),
        T(eligibility),
        T(orphan_goes_first),
        T(one_download_a_card),
        T(restart_anywhere),
        T(connection_lost_anywhere),
        T(offline_operator_hears_it_all),
        T(second_copy_of_an_answer),
        T(relay_tells_the_operator),
        T(relay_in_doubt_ends_by_the_verdict),
        T(notification_goes_to_its_operator),
        T(deleted_before_the_completion_is_answered),
        T(enabled_before_the_completion_is_answered),
        T(state_equals_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
