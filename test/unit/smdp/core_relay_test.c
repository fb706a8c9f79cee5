/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Calls and notifications that the SM-DP passes on between an operator and the SM-SR, and what they do to
 * stock and orders. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/db/db.h"
#include "common/engine/engine.h"
#include "test/support/smdp_world.h"

/* --- relays --- */
static void ask_switch(struct dp_world *w, enum msg_type type, const char *fcid)
{
    struct es2_enable_profile_request q = {.eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};

    assert_int_equal(iccid_parse(span_str(DPW_ICCID_1), &q.iccid), 0);
    q.base.function_call_identifier = span_str(fcid);
    (void)dpw_ask(w, &w->blue, type, &q);
}

static void installed(struct dp_world *w)
{
    dpw_stock(w, 1);
    (void)dpw_download(w, "order-0", false, 0);
    dpw_end(w);
}

static void deleted_is_said(struct dp_world *w)
{
    struct es2_download_profile_request q = {
        .base = {.function_call_identifier = span_str("order-again")},
        .eid = w->rig.factory.eid, .smsr_id = w->smsr.oid, .iccid = {DPW_ICCID_1}};
    const struct base_response *b;

    (void)dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &q);
    dpw_end(w);
    b = dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE);
    dpw_expect(b, EXEC_FAILED, "8.2.1", "3.3");
    assert_true(span_eq(b->answer.message,
                        span_str("this profile is deleted and cannot be used again")));
}

static void relay_tells_the_operator(void **state)
{
    struct dp_world *w = *state;

    installed(w);
    ask_switch(w, MSG_ES2_ENABLE_PROFILE_REQUEST, "enable-1");
    dpw_end(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_ENABLE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_true(dpw_item(w, DPW_ICCID_1).enabled);
    ask_switch(w, MSG_ES2_DISABLE_PROFILE_REQUEST, "disable-1");
    dpw_end(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DISABLE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_false(dpw_item(w, DPW_ICCID_1).enabled);
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, 1, "8.2.3", "3.8");
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-1");
    dpw_end(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_FAILED, "8.2.3", "3.8");
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-2");
    dpw_end(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_DELETED);
    deleted_is_said(w);
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
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
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_ENABLE_PROFILE_RESPONSE), EXEC_EXPIRED, "1.6", "5.4");
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
    assert_false(dpw_item(w, DPW_ICCID_1).enabled);
}

static void notification_goes_to_its_operator(void **state)
{
    struct dp_world *w = *state;
    struct es3_handle_profile_enabled_notification n = {
        .eid = w->rig.factory.eid, .mno_id = w->blue.oid, .completion_timestamp_ms = 1790000000000};
    const struct es2_handle_profile_enabled_notification *told;

    installed(w);
    assert_int_equal(iccid_parse(span_str(DPW_ICCID_1), &n.iccid), 0);
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    told = dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION)->message.body;
    assert_true(iccid_eq(&told->iccid, &n.iccid));
    assert_int_equal(told->completion_timestamp_ms, 1790000000000);
    assert_true(dpw_item(w, DPW_ICCID_1).enabled);
    assert_null(dpw_last(&w->red, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    /* Another operator named: it hears of it, and the stock of the first is not touched. */
    n.mno_id = w->red.oid;
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    n.mno_id = w->admin.oid; /* no operator */
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->red, MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_null(dpw_last(&w->blue, MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_true(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
    n.mno_id = w->blue.oid;
    memset(&n.iccid, 0, sizeof n.iccid); /* of no profile: the SM-DP goes on without it */
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION, &n);
    dpw_run(w);
    assert_int_equal(w->acked, w->n_deliveries);
    assert_int_equal(iccid_parse(span_str(DPW_ICCID_1), &n.iccid), 0);
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    dpw_run(w);
    assert_int_equal(w->acked, w->n_deliveries);
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_DELETED);
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
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    assert_int_equal(iccid_parse(span_str(DPW_ICCID_1), &n.iccid), 0);
    assert_int_equal(eid_make("890490320000000000000000000777", &n.eid), 0); /* proves nothing */
    dpw_tell(w, type, &n);
    dpw_run(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    n.eid = w->rig.factory.eid;
    dpw_tell(w, type, &n);
    dpw_run(w);
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
}

static void deleted_before_the_completion_is_answered(void **state)
{
    struct dp_world *w = *state;

    told_before_the_completion_is_answered(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_DELETED);
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
}

static void enabled_before_the_completion_is_answered(void **state)
{
    struct dp_world *w = *state;

    told_before_the_completion_is_answered(w, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_INSTALLED);
    assert_true(dpw_item(w, DPW_ICCID_1).enabled);
}

/* The same with an answer: the operator deletes the profile in the moment its download completes. */
static void deletion_answered_before_the_completion(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    dpw_fault(w, DPW_BUSY, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, 1, NULL, NULL);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    fake_clock_step(&w->clock, 1);
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-1");
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_SUCCESS, "", "");
    dpw_end(w);
    dpw_expect(dpw_ended(w), EXEC_SUCCESS, "", "");
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_DELETED);
    assert_false(dpw_secret(w, "subscription/" DPW_ICCID_1));
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
}

/* A deletion that failed, at once or in the end, and one asked for before the download was, say nothing
 * of its profile. */
static void other_answers_complete_nothing(void **state)
{
    struct dp_world *w = *state;
    struct operation_concluded n = {
        .function = FN_DELETE_PROFILE, .verdict = VERDICT_SUCCESS, .eid = w->rig.factory.eid};

    dpw_stock(w, 1);
    dpw_fault(w, DPW_DOUBT, MSG_ES3_DELETE_ISDP_REQUEST, 1, NULL, NULL);
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-0");
    dpw_run(w);
    n.fcid = span_str(w->calls[w->n_calls - 1].fcid);
    fake_clock_step(&w->clock, 1);
    dpw_fault(w, DPW_BUSY, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, 1, NULL, NULL);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    dpw_tell(w, MSG_OPERATION_CONCLUDED, &n);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_OPERATION_CONCLUDED));
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    fake_clock_step(&w->clock, 1);
    dpw_fault(w, DPW_FAIL, MSG_ES3_DELETE_ISDP_REQUEST, 1, "8.2.3", "3.8");
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-1");
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DELETE_PROFILE_RESPONSE), EXEC_FAILED, "8.2.3", "3.8");
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
    dpw_fault(w, DPW_DOUBT, MSG_ES3_DELETE_ISDP_REQUEST, 1, NULL, NULL);
    ask_switch(w, MSG_ES2_DELETE_PROFILE_REQUEST, "delete-2");
    dpw_run(w);
    n.fcid = span_str(w->calls[w->n_calls - 1].fcid);
    n.verdict = VERDICT_FAILED;
    dpw_tell(w, MSG_OPERATION_CONCLUDED, &n);
    dpw_run(w);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_RESERVED);
}

/* Another hand writes to the stock: what the SM-DP kept of the file is read anew. */
static void item_written(struct dp_world *w, const char *sql)
{
    const struct db_options o = {.vfs = memvfs_name(w->disk),
                                 .application_id = DP_STORE_APPLICATION_ID, .sync = DB_SYNC_NORMAL};
    struct errmsg why = {{0}};
    struct db *db = NULL;

    assert_int_equal(engine_flush(smdp_core_engine(w->core)), 0);
    if (db_open("state.db", &o, &db, &why))
        fail_msg("%s", why.text);
    assert_int_equal(db_exec(db, "PRAGMA ignore_check_constraints=1"), 0);
    assert_int_equal(db_exec(db, sql), 0);
    db_close(db);
}

/* News are heard with their turn: where their profile cannot be read they must come again. */
static void news_of_what_cannot_be_read_are_not_heard(void **state)
{
    struct dp_world *w = *state;
    struct es3_handle_profile_enabled_notification n = {
        .eid = w->rig.factory.eid, .mno_id = w->blue.oid, .completion_timestamp_ms = 1790000000000};
    const struct envelope e = {.kind = ENV_NOTICE,
                               .message = {MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n}};

    installed(w);
    assert_int_equal(iccid_parse(span_str(DPW_ICCID_1), &n.iccid), 0);
    item_written(w, "UPDATE inventory SET state = state");
    memvfs_fail(w->disk, MEMVFS_READ, 1);
    smdp_core_peer(w->core, &w->smsr.oid, &e);
    assert_true(engine_failed(smdp_core_engine(w->core)));
    assert_int_equal(memvfs_failures(w->disk, MEMVFS_READ), 1);
    dpw_restart(w);
    assert_true(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
    smdp_core_peer(w->core, &w->smsr.oid, &e);
    dpw_run(w);
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
}

/* That it cannot be read does not mean that it is not there. */
static void a_call_about_what_cannot_be_read(void **state)
{
    struct dp_world *w = *state;
    struct es2_download_profile_request q = {
        .base = {.function_call_identifier = span_str("order-1")},
        .eid = w->rig.factory.eid, .smsr_id = w->smsr.oid, .iccid = {DPW_ICCID_1}};

    dpw_stock(w, 1);
    item_written(w, "UPDATE inventory SET state = 9");
    (void)dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE), EXEC_FAILED, "1.2", "4.4");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(relay_tells_the_operator),
        T(relay_in_doubt_ends_by_the_verdict),
        T(notification_goes_to_its_operator),
        T(deleted_before_the_completion_is_answered),
        T(enabled_before_the_completion_is_answered),
        T(deletion_answered_before_the_completion),
        T(other_answers_complete_nothing),
        T(news_of_what_cannot_be_read_are_not_heard),
        T(a_call_about_what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
