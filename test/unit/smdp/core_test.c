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
    assert_string_equal(rsp->iccid.s, DPW_ICCID_1);
    p = rig_isdp(&w->rig, 0x11);
    assert_non_null(p);
    assert_int_equal(p->state, ISDP_DISABLED);
    for (unsigned j = 0; j < 16; j++)
        k[j] = (uint8_t)(0x31 + 7 + j * j * 5);
    assert_memory_equal(p->data.k, k, 16);
    item = dpw_item(w, DPW_ICCID_1);
    assert_int_equal(item.state, STOCK_INSTALLED);
    assert_true(eid_eq(&item.eid, &w->rig.factory.eid));
    assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
    assert_false(dpw_secret(w, "ephemeral/" DPW_ICCID_1));
    assert_true(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
    assert_true(dpw_secret(w, "subscription/89490100000000000022"));
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
    assert_int_equal(dpw_ended(w)->answer.status, EXEC_SUCCESS);
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
    other.base.function_call_identifier = span_str("order-1");
    id = dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &other);
    dpw_run(w);
    dpw_expect(dpw_ended(w), EXEC_FAILED, "1.6", "3.3");
    assert_int_equal(dpw_item(w, "89490100000000000022").state, STOCK_AVAILABLE);
}

static void enable_follows(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    (void)dpw_download(w, "order-1", true, 0);
    dpw_run(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(w->executed[MSG_ES3_ENABLE_PROFILE_REQUEST], 1);
    assert_true(dpw_item(w, DPW_ICCID_1).enabled);
}

static void enable_that_fails_is_a_warning(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_FAIL, MSG_ES3_ENABLE_PROFILE_REQUEST, 1, "8.2.3", "3.8");
    (void)dpw_download(w, "order-1", true, 0);
    dpw_run(w);
    dpw_expect(dpw_ended(w), EXEC_WARNING, "8.2.3", "3.8");
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    assert_false(dpw_item(w, DPW_ICCID_1).enabled);
    assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
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
    dpw_expect(dpw_ended(w), EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(dp_store_live(smdp_core_store(w->core)), 1);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
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
    assert_true(dpw_item(w, DPW_ICCID_1).enabled);
}

static void never_armed_expires(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_link(w, false);
    (void)dpw_download(w, "order-1", false, 60);
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_EXPIRED, "1.6", "5.3");
    assert_int_equal(w->n_calls, 0);
    dpw_expect_released(w);
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
        dpw_order(w, fcid, true, EXEC_SUCCESS, "", "");
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
    dpw_order(w, "order-1", false, EXEC_FAILED, "8.1", "4.8");
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    dpw_expect_released(w);
    dpw_fault(w, DPW_FAIL, MSG_ES3_GET_EIS_REQUEST, 1, "8.1.1", "3.9");
    dpw_order(w, "order-2", false, EXEC_FAILED, "8.1.1", "3.9");
    dpw_expect_released(w);
    /* In use: it stands on some card, so it goes to no second one. */
    dpw_fault(w, DPW_FAIL, MSG_ES3_CREATE_ISDP_REQUEST, 1, "8.2.1", "3.3");
    dpw_order(w, "order-3", false, EXEC_FAILED, "8.2.1", "3.3");
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    dpw_order(w, "order-4", false, EXEC_FAILED, "8.2.5", "3.7");
}

static void eligibility(void **state)
{
    static const struct dp_platform OLD = {"Old 1.0", 1u << 1}; /* usim, and no milenage */
    struct dp_world *w = *state;
    struct dp_eid_range denied = {"", ""};
    char eid[EID_TEXT];
    uint8_t keep;

    dpw_stock(w, 1);
    w->remaining_memory = 1000;
    dpw_order(w, "order-1", false, EXEC_FAILED, "8.1", "4.8");
    assert_true(dpw_says(dpw_ended(w), "the card has 1000;"));
    w->remaining_memory = 1u << 20;
    w->env.platforms = &OLD;
    w->env.n_platforms = 1;
    w->platform = "Old 1.0";
    dpw_order(w, "order-4", false, EXEC_FAILED, "8.1", "3.1");
    assert_true(dpw_says(dpw_ended(w), "demands milenage, which platform Old 1.0"));
    w->platform = NULL;
    w->identity.curve = CURVE_BRAINPOOLP256R1; /* ours is on another curve than the card's */
    dpw_order(w, "order-6", false, EXEC_FAILED, "8.5.2", "3.1");
    w->identity.curve = CURVE_P256;
    eid_text(&w->rig.factory.eid, eid);
    memcpy(denied.from, eid, 30);
    memcpy(denied.to, eid, 30);
    w->env.denied_eids = &denied;
    w->env.n_denied_eids = 1;
    (void)dpw_download(w, "order-5", false, 0);
    dpw_run(w);
    dpw_expect(dpw_ended(w), EXEC_FAILED, "8.1.1", "1.2");
    w->env.n_denied_eids = 0;
    keep = w->ecasd.p[w->ecasd.n - 1];
    w->ecasd.p[w->ecasd.n - 1] ^= 0x01;
    dpw_order(w, "order-2", false, EXEC_FAILED, "8.5.2", "6.1");
    w->ecasd.p[w->ecasd.n - 1] = keep;
    fake_clock_step(&w->clock, INT64_C(86400000) * 3700);
    dpw_order(w, "order-3", false, EXEC_FAILED, "8.5.2", "6.3");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 0);
    dpw_expect_released(w);
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
    dpw_order(w, "order-1", false, EXEC_SUCCESS, "", "");
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
    dpw_end(w);
    assert_int_equal(card_isdp_count(w->rig.card), 4);
    assert_int_equal(dpw_orphans(w), 0);
    assert_int_equal(w->executed[MSG_ES3_DELETE_ISDP_REQUEST], 0);
    (void)dpw_download(w, "order-4", false, 0);
    dpw_run(w);
    dpw_expect(dpw_ended(w), EXEC_FAILED, "8.2.5", "3.7");
}

/* state.db is nothing but the journal: rebuilt beside it, table by table, it is the same. */
static void state_equals_journal(void **state)
{
    struct dp_world *w = *state;
    struct errmsg why = {{0}};

    dpw_stock(w, 5);
    (void)dpw_download(w, "order-1", true, 0);
    dpw_end(w);
    dpw_fault(w, DPW_FAIL, MSG_ES3_SEND_DATA_REQUEST, -1, "8.3", "4.2");
    (void)dpw_download(w, "order-2", false, 0);
    dpw_end(w);
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
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(smdp_core_idle(w->core), 0);
    if (smdp_state_verify_files(memvfs_name(w->disk), "journal.db", "state.db", &why))
        fail_msg("%s", why.text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(download_installs),
        T(repeat_gets_the_stored_answer),
        T(enable_follows),
        T(enable_that_fails_is_a_warning),
        T(enable_in_doubt_ends_by_the_verdict),
        T(never_armed_expires),
        T(busy_is_tried_again),
        T(refusals_of_the_card_reach_the_operator),
        T(eligibility),
        T(orphan_goes_first),
        T(one_download_a_card),
        T(state_equals_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
