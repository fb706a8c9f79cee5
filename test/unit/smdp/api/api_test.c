/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* What parties may ask: roles, scopes, refusals that name their reason. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/engine/engine.h"
#include "test/support/smdp_world.h"

static struct admin_profile_row stock_row(struct dp_world *w)
{
    static unsigned serial;
    char fcid[32];
    struct admin_profile_list_request q = {.limit = 1};
    const struct admin_profile_list_response *r;

    (void)snprintf(fcid, sizeof fcid, "stock-%u", ++serial);
    q.base.function_call_identifier = span_str(fcid);
    (void)dpw_ask(w, &w->blue, MSG_ADMIN_PROFILE_LIST_REQUEST, &q);
    dpw_run(w);
    r = dpw_last(&w->blue, MSG_ADMIN_PROFILE_LIST_RESPONSE)->message.body;
    assert_int_equal(r->n_rows, 1);
    return r->rows[0];
}

/* A reservation says until when it lives; past that, only proof ends it. */
static void reservations_show_their_end(void **state)
{
    struct dp_world *w = *state;
    struct admin_profile_row row;

    dpw_stock(w, 1);
    row = stock_row(w);
    assert_true(uuid_is_zero(&row.order) && !row.reserved_until_ms);
    dpw_link(w, false); /* the order begins, nothing answers */
    (void)dpw_download(w, "order-1", false, 120);
    dpw_run(w);
    row = stock_row(w);
    assert_true(span_eq(row.state, span_str("Reserved")));
    assert_false(uuid_is_zero(&row.order));
    assert_true(row.reserved_until_ms > clock_wall_ms(&w->clock.port));
    assert_true(row.reserved_until_ms <= clock_wall_ms(&w->clock.port) + 120000);
    dpw_end(w);
    /* Nothing had been sent that the card could have taken: that is the proof. */
    row = stock_row(w);
    assert_true(span_eq(row.state, span_str("Available")));
    assert_true(uuid_is_zero(&row.order) && !row.reserved_until_ms);
}

static void roles_and_functions(void **state)
{
    struct dp_world *w = *state;
    struct es2_download_profile_request d = {
        .eid = w->rig.factory.eid, .smsr_id = w->smsr.oid, .profile_type = span_str(DPW_TYPE)};
    struct admin_status_request s = {.base = {.function_call_identifier = span_str("s")}};
    struct es3_get_eis_request g = {.base = {.function_call_identifier = span_str("g")},
                                    .eid = w->rig.factory.eid};
    uint64_t id;

    d.base.function_call_identifier = span_str("d");
    (void)dpw_ask(w, &w->admin, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &d);
    (void)dpw_ask(w, &w->blue, MSG_ADMIN_STATUS_REQUEST, &s);
    id = dpw_ask(w, &w->blue, MSG_ES3_GET_EIS_REQUEST, &g);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE), EXEC_FAILED, "1.6",
                "1.2");
    dpw_expect(dpw_answer(&w->blue, MSG_ADMIN_STATUS_RESPONSE), EXEC_FAILED, "1.6", "1.2");
    assert_int_equal(dpw_heard(&w->blue, id)->kind, ENV_ERROR);
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_STATUS_REQUEST, &s);
    dpw_run(w);
    const struct admin_status_response *st =
        dpw_last(&w->admin, MSG_ADMIN_STATUS_RESPONSE)->message.body;
    assert_int_equal(st->base.answer.status, EXEC_SUCCESS);
    assert_true(st->n_counters > 20);
}

/* A foreign order, profile or record is byte for byte an unknown one. */
static void foreign_is_unknown(void **state)
{
    struct dp_world *w = *state;
    struct admin_operation_show_request show = {
        .base = {.function_call_identifier = span_str("x")}};
    struct admin_operation_list_request list = {
        .base = {.function_call_identifier = span_str("x")}};
    struct admin_profile_list_request stock = {.base = {.function_call_identifier = span_str("x")}};
    struct admin_events_request events = {.base = {.function_call_identifier = span_str("x")}};
    struct admin_heads_request heads = {.base = {.function_call_identifier = span_str("x")}};
    struct dpw_client *who[] = {&w->blue, &w->red, &w->admin};
    uint64_t id;

    dpw_stock(w, 3);
    id = dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    show.op = dpw_heard(&w->blue, id)->operation;
    stock.mno = w->blue.oid; /* red asks for blue's */
    for (unsigned i = 0; i < 3; i++) {
        bool sees = i != 1;
        (void)dpw_ask(w, who[i], MSG_ADMIN_OPERATION_SHOW_REQUEST, &show);
        (void)dpw_ask(w, who[i], MSG_ADMIN_OPERATION_LIST_REQUEST, &list);
        (void)dpw_ask(w, who[i], MSG_ADMIN_PROFILE_LIST_REQUEST, &stock);
        (void)dpw_ask(w, who[i], MSG_ADMIN_EVENTS_REQUEST, &events);
        (void)dpw_ask(w, who[i], MSG_ADMIN_HEADS_REQUEST, &heads);
        dpw_run(w);
        const struct admin_operation_show_response *s =
            dpw_last(who[i], MSG_ADMIN_OPERATION_SHOW_RESPONSE)->message.body;
        const struct admin_operation_list_response *l =
            dpw_last(who[i], MSG_ADMIN_OPERATION_LIST_RESPONSE)->message.body;
        const struct admin_profile_list_response *p =
            dpw_last(who[i], MSG_ADMIN_PROFILE_LIST_RESPONSE)->message.body;
        const struct admin_events_response *e =
            dpw_last(who[i], MSG_ADMIN_EVENTS_RESPONSE)->message.body;
        const struct admin_heads_response *h =
            dpw_last(who[i], MSG_ADMIN_HEADS_RESPONSE)->message.body;
        assert_int_equal(s->operation != NULL, sees);
        assert_int_equal(l->n_operations, sees);
        assert_int_equal(p->n_rows, sees ? 3 : 0);
        for (unsigned k = 0; k < e->n_records; k++)
            assert_true(i == 2 || e->records[k].stream == w->parties[i].number);
        assert_true(i == 1 ? e->n_records <= 1 : e->n_records > 5);
        assert_true(i == 2 ? h->n_heads > 1 : h->n_heads == (i == 0));
        if (sees) {
            assert_memory_equal(l->operations[0].state.p, "DONE", 4);
            assert_int_equal(l->operations[0].verdict, VERDICT_SUCCESS);
        }
    }
    /* Its ICCID by name: outside its ranges whatever the stock holds. */
    struct es2_download_profile_request d = {.eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};
    static const struct {
        const char *iccid, *subject, *reason;
    } ROWS[] = {{"89490100000000000022", "8.2.1", "1.2"},
                {"89490100000000099990", "8.2.1", "1.2"},
                {"89490200000000000021", "8.2.1", "3.9"}};
    for (unsigned i = 0; i < 3; i++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "red-%u", i);
        d.base.function_call_identifier = span_str(fcid);
        assert_int_equal(iccid_parse(span_str(ROWS[i].iccid), &d.iccid), 0);
        (void)dpw_ask(w, &w->red, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &d);
        dpw_run(w);
        dpw_expect(dpw_answer(&w->red, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE), EXEC_FAILED,
                    ROWS[i].subject, ROWS[i].reason);
    }
}

static void download_by_iccid(void **state)
{
    static const struct {
        const char *iccid, *type, *subject, *reason;
    } ROWS[] = {{"89490100000000000097", "", "8.2.1", "3.9"},
                {"89490100000000000022", "other", "8.2.5", "3.12"},
                {"", "other", "8.2.5", "3.9"},
                {"", "", "8.2.5", "2.3"},
                {"89490100000000000022", DPW_TYPE, "", ""},
                {"89490100000000000022", "", "8.2.1", "3.3"}};
    struct dp_world *w = *state;
    struct es2_download_profile_request d = {.eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};

    dpw_stock(w, 3);
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char fcid[16];
        (void)snprintf(fcid, sizeof fcid, "d-%u", i);
        d.base.function_call_identifier = span_str(fcid);
        memset(&d.iccid, 0, sizeof d.iccid);
        if (ROWS[i].iccid[0])
            assert_int_equal(iccid_parse(span_str(ROWS[i].iccid), &d.iccid), 0);
        d.profile_type = ROWS[i].type[0] ? span_str(ROWS[i].type) : (struct span){NULL, 0};
        (void)dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &d);
        dpw_run(w);
        dpw_expect(dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE),
                    ROWS[i].subject[0] ? EXEC_FAILED : EXEC_SUCCESS, ROWS[i].subject,
                    ROWS[i].reason);
    }
    assert_int_equal(dpw_item(w, "89490100000000000014").state, STOCK_AVAILABLE);
}

static void eis_is_passed_on_filtered(void **state)
{
    struct dp_world *w = *state;
    struct es2_get_eis_request q = {.eid = w->rig.factory.eid, .smsr_id = w->smsr.oid};
    const struct es2_get_eis_response *r;

    q.base.function_call_identifier = span_str("g1");
    (void)dpw_ask(w, &w->blue, MSG_ES2_GET_EIS_REQUEST, &q);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_ES2_GET_EIS_RESPONSE));
    r = dpw_last(&w->blue, MSG_ES2_GET_EIS_RESPONSE)->message.body;
    assert_int_equal(r->base.answer.status, EXEC_SUCCESS);
    assert_non_null(r->eis);
    assert_true(eid_eq(&r->eis->eid, &q.eid));
    assert_int_equal(r->eis->ecasd_certificate.n + r->eis->eum_certificate.n, 0);
    /* No connection: the reader is told in time. */
    dpw_link(w, false);
    q.base.function_call_identifier = span_str("g2");
    (void)dpw_ask(w, &w->blue, MSG_ES2_GET_EIS_REQUEST, &q);
    dpw_run(w);
    assert_true(dpw_timer(w));
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_GET_EIS_RESPONSE), EXEC_FAILED, "8.7", "5.1");
    q.smsr_id = w->red.oid;
    (void)dpw_ask(w, &w->blue, MSG_ES2_GET_EIS_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ES2_GET_EIS_RESPONSE), EXEC_FAILED, "8.7", "3.9");
}

static void who_is_let_in(void **state)
{
    struct dp_world *w = *state;
    struct dpw_client second = {.oid = w->blue.oid, .role = ROLE_OPERATOR};
    struct dpw_client wrong_role = {.oid = w->blue.oid, .role = ROLE_ADMIN};
    struct dpw_client stranger = {.oid = w->smsr.oid, .role = ROLE_OPERATOR};
    struct dpw_client ahead = {.oid = w->red.oid, .role = ROLE_OPERATOR, .last_delivery = 99};
    struct dpw_client *all[] = {&second, &wrong_role, &stranger, &ahead};

    dpw_disconnect(&w->red);
    for (unsigned i = 0; i < 4; i++) {
        w->guest = all[i];
        dpw_connect(w, all[i], true);
        if (!all[i]->closed)
            fail_msg("client %u was let in", i);
        assert_false(rpc_is_up(all[i]->client));
        dpw_disconnect(all[i]);
        arena_fini(&all[i]->mem);
    }
    /* Without a subscription a second connection is welcome. */
    w->guest = &second;
    dpw_connect(w, &second, false);
    assert_true(rpc_is_up(second.client));
    dpw_disconnect(&second);
    arena_fini(&second.mem);
    w->guest = NULL;
}

static void stop_refuses(void **state)
{
    struct dp_world *w = *state;
    uint64_t id;

    smdp_core_stop(w->core);
    id = dpw_download(w, "late", false, 0);
    dpw_run(w);
    assert_int_equal(dpw_heard(&w->blue, id)->kind, ENV_ERROR);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(reservations_show_their_end),
        T(roles_and_functions),
        T(foreign_is_unknown),
        T(download_by_iccid),
        T(eis_is_passed_on_filtered),
        T(who_is_let_in),
        T(stop_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
