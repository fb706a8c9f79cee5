/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_app */
/* Another card for a number: every refusal, proof by deletion or by two persons, one step for SM-SR
 * and stock, a death at each instant; and stock that runs low. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smdp/state_verify.h"
#include "test/support/smdp_world.h"

#define OLD_EID "890010120123412340123456789100"
#define NUMBER  "491710000001" /* of the first subscription */

static struct eid old_eid;

static struct event *record(struct dp_world *w, struct plan *p, enum event_type t,
                            const char *iccid, uint8_t op)
{
    struct event *ev = plan_record(p, t);

    memset(ev->op.b, op, sizeof ev->op.b);
    ev->eid = old_eid;
    ev->mno = w->blue.oid;
    assert_int_equal(iccid_parse(span_str(iccid), &ev->iccid), 0);
    return ev;
}

/* The first subscription stands on a card that this world does not have. */
static void installed_elsewhere(struct dp_world *w, const char *iccid, uint8_t op)
{
    struct engine *e = smdp_core_engine(w->core);
    struct plan *p = engine_plan_begin(e);
    struct mbox house = {.kind = MBOX_HOUSE};
    struct event *ev;

    assert_int_equal(eid_make(OLD_EID, &old_eid), 0);
    ev = record(w, p, EV_ORDER_ACCEPTED, iccid, op);
    ev->party = w->blue.oid;
    ev->function = FN_DOWNLOAD_PROFILE;
    ev->text = span_str(w->smsr.oid.s);
    ev->op_state = ORDER_COMPLETE + 1;
    record(w, p, EV_PROFILE_INSTALLED, iccid, op)->op_state = ORDER_COMPLETE + 1;
    ev = record(w, p, EV_ORDER_CONCLUDED, iccid, op);
    ev->result = VERDICT_SUCCESS;
    ev->op_state = ORDER_DONE + 1;
    assert_int_equal(engine_plan_end(e, p, &house), 0);
    dpw_run(w);
    assert_int_equal(dpw_item(w, iccid).state, STOCK_INSTALLED);
}

static void deleted(struct dp_world *w, const char *iccid)
{
    struct es3_handle_profile_deleted_notification n = {.eid = old_eid, .mno_id = w->blue.oid};

    assert_int_equal(iccid_parse(span_str(iccid), &n.iccid), 0);
    dpw_tell(w, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, &n);
    dpw_run(w);
    assert_int_equal(dpw_item(w, iccid).state, STOCK_DELETED);
}

static uint64_t ask(struct dp_world *w, struct dpw_client *c, const char *fcid, const char *iccid)
{
    struct admin_profile_replace_request q = {
        .old_eid = old_eid, .new_eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};
    uint64_t id;

    if (iccid)
        assert_int_equal(iccid_parse(span_str(iccid), &q.old_iccid), 0);
    q.enable_profile = true;
    q.base.function_call_identifier = span_str(fcid);
    id = dpw_ask(w, c, MSG_ADMIN_PROFILE_REPLACE_REQUEST, &q);
    dpw_run(w);
    return id;
}

static const struct base_response *ended(const struct dp_world *w)
{
    return dpw_answer(&w->blue, MSG_ADMIN_PROFILE_REPLACE_RESPONSE);
}

static void refused(struct dp_world *w, const char *fcid, const char *iccid, const char *subject,
                    const char *reason, const char *says)
{
    (void)ask(w, &w->blue, fcid, iccid);
    dpw_expect(ended(w), EXEC_FAILED, subject, reason);
    if (!dpw_says(ended(w), says))
        fail_msg("%.*s", (int)ended(w)->answer.message.n, (const char *)ended(w)->answer.message.p);
    assert_int_equal(w->executed[MSG_ES3_GET_EIS_REQUEST], 0);
}

static unsigned lost(struct dp_world *w, struct dpw_client *c, const char *fcid, const char *iccid)
{
    struct admin_loss_declare_request q = {.eid = old_eid, .reason = span_str("meter burnt")};
    const struct envelope *e;

    assert_int_equal(iccid_parse(span_str(iccid), &q.iccid), 0);
    q.base.function_call_identifier = span_str(fcid);
    (void)dpw_ask(w, c, MSG_ADMIN_LOSS_DECLARE_REQUEST, &q);
    dpw_run(w);
    e = dpw_last(c, MSG_ADMIN_LOSS_DECLARE_RESPONSE);
    assert_non_null(e);
    return ((const struct admin_loss_declare_response *)e->message.body)->persons;
}

static struct dpw_client *second(struct dp_world *w, struct dpw_client *c)
{
    memset(c, 0, sizeof *c);
    assert_int_equal(oid_parse(span_str(DPW_ADMIN_2), &c->oid), 0);
    c->role = ROLE_ADMIN;
    w->guest = c;
    dpw_connect(w, c, false);
    return c;
}

static void state_is_the_journals(struct dp_world *w)
{
    struct errmsg why = {{0}};

    assert_int_equal(smdp_core_idle(w->core), 0);
    if (smdp_state_verify_files(memvfs_name(w->disk), "journal.db", "state.db", &why))
        fail_msg("%s", why.text);
}

/* The number is with the new profile everywhere, and with nobody else. */
static void moved(struct dp_world *w, const char *from, const char *to)
{
    assert_string_equal(dpw_item(w, from).msisdn.s, "");
    assert_string_equal(dpw_item(w, from).replaced_by.s, to);
    assert_string_equal(dpw_item(w, to).msisdn.s, NUMBER);
    assert_int_equal(dpw_item(w, to).state, STOCK_INSTALLED);
    assert_string_equal(w->completed.msisdn.s, NUMBER);
    assert_string_equal(w->completed.imsi.s, dpw_item(w, to).imsi.s);
    state_is_the_journals(w);
}

static void a_deleted_profile_is_replaced(void **state)
{
    struct dp_world *w = *state;
    char next[21];

    dpw_stock(w, 3);
    dpw_iccid(false, 2, next);
    installed_elsewhere(w, DPW_ICCID_1, 7);
    deleted(w, DPW_ICCID_1);
    (void)ask(w, &w->blue, "r-1", NULL);
    dpw_end(w);
    dpw_expect(ended(w), EXEC_SUCCESS, "", "");
    moved(w, DPW_ICCID_1, next);
    assert_true(dpw_item(w, next).enabled);
    assert_int_equal(w->executed[MSG_ES3_ENABLE_PROFILE_REQUEST], 1);
    /* The same call again is answered from the store; another one is refused. */
    (void)ask(w, &w->blue, "r-1", NULL);
    dpw_expect(ended(w), EXEC_SUCCESS, "", "");
    (void)ask(w, &w->blue, "r-2", NULL);
    dpw_expect(ended(w), EXEC_FAILED, "8.2.1", "3.3");
    assert_int_equal(w->executed[MSG_ES3_CREATE_ISDP_REQUEST], 1);
}

/* The package has the number it is reached by, where its type has a file for one. */
static void the_third_one_has_a_file_for_it(void **state)
{
    struct dp_world *w = *state;
    char second_one[21], third[21];

    dpw_stock(w, 3);
    dpw_iccid(false, 2, second_one);
    dpw_iccid(false, 3, third);
    installed_elsewhere(w, DPW_ICCID_1, 7);
    deleted(w, DPW_ICCID_1);
    installed_elsewhere(w, second_one, 8);
    (void)ask(w, &w->blue, "r-1", DPW_ICCID_1);
    dpw_end(w);
    dpw_expect(ended(w), EXEC_SUCCESS, "", "");
    moved(w, DPW_ICCID_1, third);
}

static void refusals(void **state)
{
    struct dp_world *w = *state;
    struct eid keep;
    char next[21];

    dpw_stock(w, 3);
    dpw_iccid(false, 2, next);
    assert_int_equal(eid_make(OLD_EID, &old_eid), 0);
    refused(w, "a", NULL, "8.2.1", "3.9", "was on the old card");
    installed_elsewhere(w, DPW_ICCID_1, 7);
    refused(w, "b", NULL, "8.2.1", "3.6", "not proved to be gone");
    refused(w, "c", "89490100000000007779", "8.2.1", "3.9", "was on the old card");
    installed_elsewhere(w, next, 8);
    refused(w, "d", NULL, "8.2.1", "2.3", "several");
    deleted(w, DPW_ICCID_1);
    refused(w, "e", NULL, "8.2.1", "3.6", "not proved"); /* the one that stands goes first */
    deleted(w, next);
    refused(w, "f", NULL, "8.2.1", "2.3", "several");
    keep = old_eid;
    old_eid = w->rig.factory.eid;
    refused(w, "g", NULL, "1.6", "2.1", "the same one");
    old_eid = keep;
    w->env.n_smsrs = 0;
    refused(w, "h", NULL, "8.7", "3.9", "no such SM-SR");
    w->env.n_smsrs = 1;
    /* Of another operator: like one that never was. */
    (void)ask(w, &w->red, "i", DPW_ICCID_1);
    dpw_expect(dpw_answer(&w->red, MSG_ADMIN_PROFILE_REPLACE_RESPONSE), EXEC_FAILED, "8.2.1", "3.9");
    (void)ask(w, &w->admin, "j", DPW_ICCID_1);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_PROFILE_REPLACE_RESPONSE), EXEC_FAILED, "1.6", "1.2");
    assert_int_equal(w->n_calls, 0);
    assert_string_equal(dpw_item(w, DPW_ICCID_1).msisdn.s, NUMBER);
}

static void no_stock_no_replacement(void **state)
{
    struct dp_world *w = *state;

    dpw_stock(w, 1);
    installed_elsewhere(w, DPW_ICCID_1, 7);
    deleted(w, DPW_ICCID_1);
    refused(w, "a", NULL, "8.2.5", "3.7", "left in stock");
}

static void one_replacement_at_a_time(void **state)
{
    struct dp_world *w = *state;
    char next[21];

    dpw_stock(w, 3);
    dpw_iccid(false, 2, next);
    installed_elsewhere(w, DPW_ICCID_1, 7);
    deleted(w, DPW_ICCID_1);
    dpw_fault(w, DPW_HOLD, MSG_ES3_CREATE_ISDP_REQUEST, -1, NULL, NULL);
    (void)ask(w, &w->blue, "a", NULL);
    (void)ask(w, &w->blue, "b", NULL);
    dpw_expect(ended(w), EXEC_FAILED, "1.2", "4.4");
    /* It fails before anything moved: the next one may try again. */
    dpw_fault(w, DPW_FAIL, MSG_ES3_SEND_DATA_REQUEST, -1, "8.3", "4.2");
    dpw_release(w);
    dpw_end(w);
    dpw_expect(ended(w), EXEC_FAILED, "8.3", "4.2");
    w->fault_times = 0;
    assert_string_equal(dpw_item(w, DPW_ICCID_1).msisdn.s, NUMBER);
    assert_int_equal(dpw_item(w, next).state, STOCK_AVAILABLE);
    (void)ask(w, &w->blue, "c", NULL);
    dpw_end(w);
    dpw_expect(ended(w), EXEC_SUCCESS, "", "");
    moved(w, DPW_ICCID_1, next);
}

static void a_lost_card_takes_two_admins(void **state)
{
    struct dp_world *w = *state;
    struct dpw_client other;
    char next[21];

    dpw_stock(w, 2);
    dpw_iccid(false, 2, next);
    installed_elsewhere(w, DPW_ICCID_1, 7);
    (void)lost(w, &w->blue, "l-0", DPW_ICCID_1); /* no admin */
    dpw_expect(dpw_answer(&w->blue, MSG_ADMIN_LOSS_DECLARE_RESPONSE), EXEC_FAILED, "1.6", "1.2");
    (void)lost(w, &w->admin, "l-1", next); /* stands nowhere */
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_LOSS_DECLARE_RESPONSE), EXEC_FAILED, "8.2.1", "3.5");
    (void)lost(w, &w->admin, "l-2", "89490100000000007779");
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_LOSS_DECLARE_RESPONSE), EXEC_FAILED, "8.2.1", "3.9");
    assert_int_equal(lost(w, &w->admin, "l-3", DPW_ICCID_1), 1);
    assert_int_equal(lost(w, &w->admin, "l-3", DPW_ICCID_1), 1); /* the same call */
    (void)lost(w, &w->admin, "l-4", DPW_ICCID_1);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_LOSS_DECLARE_RESPONSE), EXEC_FAILED, "1.6", "1.2");
    refused(w, "a", NULL, "8.2.1", "3.6", "only one person");
    dpw_restart(w);
    assert_int_equal(lost(w, second(w, &other), "l-5", DPW_ICCID_1), 2);
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_LOST);
    (void)lost(w, &other, "l-6", DPW_ICCID_1);
    dpw_expect(dpw_answer(&other, MSG_ADMIN_LOSS_DECLARE_RESPONSE), EXEC_FAILED, "8.2.1", "3.5");
    (void)ask(w, &w->blue, "b", NULL);
    dpw_end(w);
    dpw_expect(ended(w), EXEC_SUCCESS, "", "");
    moved(w, DPW_ICCID_1, next);
    dpw_disconnect(&other);
    arena_fini(&other.mem);
    w->guest = NULL;
}

/* Dies after n steps and starts again, for every n until one run needs no death any more. */
static void a_death_at_every_step(void **state)
{
    struct dp_world *w = *state;
    unsigned deaths = 0;
    bool more = true;

    for (unsigned n = 1; more; n++) {
        char to[21];
        unsigned steps = 0;
        dpw_teardown(state);
        dpw_setup(state);
        w = *state;
        dpw_stock(w, 2);
        dpw_iccid(false, 2, to);
        installed_elsewhere(w, DPW_ICCID_1, 7);
        deleted(w, DPW_ICCID_1);
        (void)dpw_ask(w, &w->blue, MSG_ADMIN_PROFILE_REPLACE_REQUEST,
                      &(struct admin_profile_replace_request){
                          .base = {.function_call_identifier = span_str("a")},
                          .old_eid = old_eid,
                          .new_eid = w->rig.factory.eid,
                          .smsr_id = w->smsr.oid,
                          .enable_profile = true});
        while (steps < n && dpw_step(w))
            steps++;
        more = steps == n;
        deaths += more;
        if (more)
            dpw_restart(w);
        (void)ask(w, &w->blue, "a", NULL); /* the caller repeats its call */
        dpw_end(w);
        dpw_expect(ended(w), EXEC_SUCCESS, "", "");
        moved(w, DPW_ICCID_1, to);
        assert_int_equal(dpw_orphans(w), 0);
    }
    print_message("%u deaths\n", deaths);
    assert_true(deaths > 10);
}

/* --- stock that runs low --- */
static const struct admin_stock_row *level(struct dp_world *w)
{
    struct admin_stock_request q = {.base = {.function_call_identifier = span_str("levels")}};
    const struct admin_stock_response *r;
    const struct envelope *e;

    (void)dpw_ask(w, &w->blue, MSG_ADMIN_STOCK_REQUEST, &q);
    dpw_run(w);
    e = dpw_last(&w->blue, MSG_ADMIN_STOCK_RESPONSE);
    assert_non_null(e);
    r = e->message.body;
    assert_int_equal(r->n_rows, 1);
    return &r->rows[0];
}

static unsigned told(struct dp_world *w)
{
    struct admin_events_request q = {
        .base = {.function_call_identifier = span_str("events")}, .from_lsn = 1, .limit = 500};
    const struct admin_events_response *r;
    unsigned n = 0;

    (void)dpw_ask(w, &w->blue, MSG_ADMIN_EVENTS_REQUEST, &q);
    dpw_run(w);
    r = dpw_last(&w->blue, MSG_ADMIN_EVENTS_RESPONSE)->message.body;
    for (unsigned i = 0; i < r->n_records; i++)
        n += span_eq(r->records[i].type, span_str("stock.ran-low"));
    return n;
}

static void import(struct dp_world *w, unsigned from, unsigned n)
{
    struct buf csv;

    buf_init(&csv, 0);
    dpw_csv(&csv, false, from, n);
    dpw_import(w, &w->blue, buf_span(&csv));
    buf_fini(&csv);
}

static void low_stock_is_told_once_a_crossing(void **state)
{
    static const struct dp_low LOW = {.below = 3};
    struct dp_world *w = *state;

    w->env.low = &LOW;
    w->env.n_low = 1;
    dpw_stock(w, 4);
    assert_int_equal(level(w)->below, 3);
    dpw_order(w, "o-1", false, EXEC_SUCCESS, "", ""); /* 3 left: not fewer than 3 */
    assert_int_equal(told(w), 0);
    dpw_order(w, "o-2", false, EXEC_SUCCESS, "", ""); /* 2 left */
    assert_int_equal(told(w), 1);
    assert_true(level(w)->low);
    assert_int_equal(level(w)->available, 2);
    assert_int_equal(level(w)->installed, 2);
    dpw_order(w, "o-3", false, EXEC_SUCCESS, "", "");
    assert_int_equal(told(w), 1);
    state_is_the_journals(w);
    dpw_restart(w); /* it is remembered */
    assert_int_equal(told(w), 1);
    import(w, 5, 2); /* filled up to 3 */
    assert_false(level(w)->low);
    state_is_the_journals(w);
    dpw_order(w, "o-4", false, EXEC_SUCCESS, "", "");
    assert_int_equal(told(w), 2);
}

static void a_new_threshold_over_little_stock(void **state)
{
    static const struct dp_low LOW = {.profile_type = DPW_TYPE, .below = 10};
    struct dp_world *w = *state;

    dpw_stock(w, 2);
    assert_false(level(w)->low);
    w->env.low = &LOW;
    w->env.n_low = 1;
    dpw_restart(w);
    assert_int_equal(told(w), 1);
    assert_true(level(w)->low);
    dpw_restart(w);
    assert_int_equal(told(w), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_deleted_profile_is_replaced),
        TEST(the_third_one_has_a_file_for_it),
        TEST(refusals),
        TEST(no_stock_no_replacement),
        TEST(one_replacement_at_a_time),
        TEST(a_lost_card_takes_two_admins),
        TEST(a_death_at_every_step),
        TEST(low_stock_is_told_once_a_crossing),
        TEST(a_new_threshold_over_little_stock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
