/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Templates and subscription files in parts: whole or not at all, refusals that name their row. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/engine/engine.h"
#include "test/support/smdp_world.h"

static const struct base_response *imported(struct dp_world *w, struct dpw_client *c,
                                            const char *csv)
{
    dpw_import(w, c, span_str(csv));
    return dpw_answer(c, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE);
}

#define HEAD "iccid,imsi,k,opc\r\n"
#define KEYS ",101112131415161718191A1B1C1D1E1F,F0E1D2C3B4A5968778695A4B3C2D1E0F\r\n"

static void import_is_whole_or_nothing(void **state)
{
    static const struct {
        const char *csv, *says;
    } ROWS[] = {
        {HEAD, "no subscription"},
        {"iccid,imsi,k\r\n8949010000000000011,262010000000011,00\r\n", "opc"},
        {HEAD "8949010000000000011,262010000000011" KEYS "x\r\n", "row 3"},
        {HEAD "8949010000000000011,262010000000011" KEYS "8949010000000000011,262010000000012" KEYS,
         "row 3"},
        {HEAD "8949010000000000011,262010000000011" KEYS "8949010000000000012,262010000000011" KEYS,
         "row 3"},
        {HEAD "8949010000000000011,262010000000011" KEYS
              "89490100000000000014,262010000000012" KEYS,
         "row 3: this ICCID"},
        {HEAD "8949010000000000011,262010000000011" KEYS "8949010000000000012,262010000000001" KEYS,
         "row 3: this IMSI"},
        {HEAD "8949010000000000011,262010000000011" KEYS "8949020000000000012,262010000000012" KEYS,
         "row 3: the ICCID is outside"},
        {HEAD "8949010000000000011,262010000000011" KEYS "8949010000000000012,262020000000012" KEYS,
         "row 3: the IMSI is outside"},
        {"iccid,imsi,k,opc,profile_type\r\n8949010000000000011,262010000000011,"
         "101112131415161718191A1B1C1D1E1F,F0E1D2C3B4A5968778695A4B3C2D1E0F,other\r\n",
         "row 2: the profile type"},
    };
    struct dp_world *w = *state;
    uint64_t lsn;

    dpw_stock(w, 1);
    lsn = engine_last_lsn(smdp_core_engine(w->core));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct base_response *b = imported(w, &w->blue, ROWS[i].csv);
        assert_int_equal(b->answer.status, EXEC_FAILED);
        if (!dpw_says(b, ROWS[i].says))
            fail_msg("row %zu: %.*s", i, (int)b->answer.message.n, b->answer.message.p);
        assert_false(dpw_says(b, "10111213")); /* never a key */
        assert_int_equal(dpw_item(w, "8949010000000000011").state, STOCK_NONE);
    }
    assert_int_equal(engine_last_lsn(smdp_core_engine(w->core)), lsn);
    assert_false(dpw_secret(w, "subscription/8949010000000000011"));
}

#define HEAD_M "iccid,imsi,msisdn,k,opc\r\n"
#define KEYS_M ",101112131415161718191A1B1C1D1E1F,F0E1D2C3B4A5968778695A4B3C2D1E0F\r\n"
#define K_TEST "465B5CE8B199B49FAA5F0A2EE238A6BC"

static void a_number_stands_once(void **state)
{
    struct dp_world *w = *state;
    const struct base_response *b;

    dpw_stock(w, 1); /* the number of its row is 491710000001 */
    b = imported(w, &w->blue,
                 HEAD_M "8949010000000000011,262010000000011,4915150" KEYS_M
                        "8949010000000000029,262010000000012,4915150" KEYS_M);
    assert_int_equal(b->answer.status, EXEC_FAILED);
    assert_true(dpw_says(b, "row 3, column msisdn: stands in an earlier row: keep one"));
    b = imported(w, &w->blue, HEAD_M "8949010000000000011,262010000000011,491710000001" KEYS_M);
    assert_int_equal(b->answer.status, EXEC_FAILED);
    assert_true(dpw_says(b, "row 2, column msisdn: this number is in stock already"));
    assert_int_equal(dpw_item(w, "8949010000000000011").state, STOCK_NONE);
    /* None is no number. */
    b = imported(w, &w->blue,
                 HEAD_M "8949010000000000011,262010000000011," KEYS_M
                        "8949010000000000029,262010000000012," KEYS_M);
    assert_int_equal(b->answer.status, EXEC_SUCCESS);
}

/* A digit that does not check is told and taken; a published key is refused here, not when a card
 * waits for it, unless there are cards that may have it. */
static void rows_are_linted(void **state)
{
    static const struct dp_eid_range TEST = {"890000000000000000000000000000",
                                             "890000000000000000000000000009"};
    static const char BAD_KEY[] = "iccid,imsi,k,opc\r\n8949010000000000003,262010000000012," K_TEST
                                  ",F0E1D2C3B4A5968778695A4B3C2D1E0F\r\n";
    struct dp_world *w = *state;
    const struct admin_subscriptions_import_response *r;
    const struct base_response *b;

    dpw_stock(w, 1);
    r = dpw_last(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE)->message.body;
    assert_int_equal(r->warned, 0);
    b = imported(w, &w->blue, HEAD "8949010000000000012,262010000000011" KEYS);
    assert_int_equal(b->answer.status, EXEC_SUCCESS);
    r = (const struct admin_subscriptions_import_response *)(const void *)b;
    assert_int_equal(r->imported, 1);
    assert_int_equal(r->warned, 1);
    assert_int_equal(r->n_warnings, 1);
    assert_int_equal(r->warnings[0].row, 2);
    assert_memory_equal(r->warnings[0].text.p, "row 2, column iccid: its last digit", 35);
    b = imported(w, &w->blue, BAD_KEY);
    assert_int_equal(b->answer.status, EXEC_FAILED);
    assert_true(dpw_says(b, "row 2, column k: a published or trivial key; give the subscription"));
    assert_false(dpw_says(b, "465B"));
    w->env.test_eids = &TEST;
    w->env.n_test_eids = 1;
    b = imported(w, &w->blue, BAD_KEY);
    assert_int_equal(b->answer.status, EXEC_SUCCESS);
    r = (const struct admin_subscriptions_import_response *)(const void *)b;
    assert_int_equal(r->n_warnings, 2); /* and its last digit */
}

static void import_of_many(void **state)
{
    struct dp_world *w = *state;
    const struct admin_subscriptions_import_response *rsp;
    struct buf csv;

    dpw_template(w);
    buf_init(&csv, 0);
    dpw_csv(&csv, false, 1, 900);
    assert_true(csv.n > 2 * ADMIN_PART_MAX);
    dpw_import(w, &w->blue, buf_span(&csv));
    rsp = dpw_last(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE)->message.body;
    assert_int_equal(rsp->imported, 900);
    assert_int_equal(dpw_item(w, "89490100000000009007").state, STOCK_AVAILABLE);
    dpw_restart(w);
    assert_int_equal(dpw_item(w, "89490100000000009007").state, STOCK_AVAILABLE);
    assert_true(dpw_secret(w, "subscription/89490100000000009007"));
    /* The file again: refused at its first row. */
    dpw_import(w, &w->blue, buf_span(&csv));
    assert_true(dpw_says(dpw_answer(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), "row 2"));
    buf_fini(&csv);
}

static void power_cut_in_an_import(void **state)
{
    struct dp_world *w = *state;
    struct buf csv;

    dpw_template(w);
    buf_init(&csv, 0);
    dpw_csv(&csv, false, 1, 50);
    memvfs_cut_after(w->disk, 3);
    struct admin_subscriptions_import_request q = {
        .profile_type = span_str(DPW_TYPE), .part = 1, .total = 1, .csv = buf_span(&csv)};
    q.base.function_call_identifier = span_str("cut");
    (void)dpw_ask(w, &w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    rpc_flush(w->blue.client);
    struct buf octets = w->blue.up;
    buf_init(&w->blue.up, 0);
    rpc_input(w->blue.server, buf_span(&octets));
    buf_fini(&octets);
    assert_int_not_equal(smdp_core_turn(w->core), 0);
    assert_true(smdp_core_failed(w->core));
    dpw_restart(w);
    unsigned there = 0;
    for (unsigned n = 1; n <= 50; n++) {
        char iccid[24];
        dpw_iccid(false, n, iccid);
        there += dpw_item(w, iccid).state == STOCK_AVAILABLE;
    }
    assert_true(there == 0 || there == 50);
    buf_fini(&csv);
}

static void who_may_import(void **state)
{
    struct dp_world *w = *state;
    struct admin_subscriptions_import_request q = {
        .profile_type = span_str(DPW_TYPE), .part = 1, .total = 1, .csv = span_str(HEAD)};

    dpw_template(w);
    q.mno = w->red.oid;
    q.base.function_call_identifier = span_str("a");
    (void)dpw_ask(w, &w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_FAILED, "1.6",
                "1.2");
    /* The house imports for an operator it names, and for nobody else. */
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_FAILED, "1.6",
                "2.1");
    q.mno = w->admin.oid;
    q.base.function_call_identifier = span_str("b");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_FAILED, "1.6",
                "1.2");
    q.mno = w->blue.oid;
    q.csv = span_str(HEAD "8949010000000000011,262010000000011" KEYS);
    q.base.function_call_identifier = span_str("c");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_SUCCESS, "",
                "");
    assert_string_equal(dpw_item(w, "8949010000000000011").mno.s, DPW_BLUE);
    /* The same call again has the same answer and takes nothing. */
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_SUCCESS, "",
                "");
    /* A type without a template. */
    q.profile_type = span_str("other");
    q.base.function_call_identifier = span_str("d");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE), EXEC_FAILED,
                "8.2.5", "3.9");
}

static void parts_in_order(void **state)
{
    static const struct {
        uint32_t part, total;
        const char *type;
    } BAD[] = {{2, 2, "t"}, {0, 1, "t"}, {3, 2, "t"}, {1, 0, "t"}, {1, 1, ""}, {1, 1, "a\x01"}};
    struct dp_world *w = *state;
    struct admin_template_add_request q = {.data = span_str("x")};
    char fcid[16];

    for (unsigned i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        (void)snprintf(fcid, sizeof fcid, "bad-%u", i);
        q.base.function_call_identifier = span_str(fcid);
        q.part = BAD[i].part;
        q.total = BAD[i].total;
        q.profile_type = span_str(BAD[i].type);
        w->admin.n_got = 0;
        (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
        dpw_run(w);
        /* What the wire does not let through is an ERROR, the rest a refusal. */
        assert_true(
            w->admin.n_got == 1 &&
            (w->admin.got[0].kind == ENV_ERROR ||
             dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE)->answer.status == EXEC_FAILED));
    }
    q.profile_type = span_str("t");
    q.total = 3;
    for (unsigned i = 0; i < 2; i++) {
        q.part = i ? 3 : 1; /* the second one is missing */
        (void)snprintf(fcid, sizeof fcid, "gap-%u", i);
        q.base.function_call_identifier = span_str(fcid);
        (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
        dpw_run(w);
        assert_int_equal(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE)->answer.status,
                         i ? EXEC_FAILED : EXEC_SUCCESS);
    }
}

static void templates(void **state)
{
    struct dp_world *w = *state;
    struct admin_template_add_request q = {
        .part = 1, .total = 1, .profile_type = span_str(DPW_TYPE)};
    uint64_t lsn;

    dpw_template(w);
    lsn = engine_last_lsn(smdp_core_engine(w->core));
    q.data = buf_span(&w->template);
    q.base.function_call_identifier = span_str("same");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE), EXEC_SUCCESS, "", "");
    w->template.p[w->template.n - 30] ^= 1;
    q.base.function_call_identifier = span_str("other");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE), EXEC_FAILED, "8.2.5",
                "3.3");
    q.profile_type = span_str("garbage");
    q.data = span_str("no package");
    q.base.function_call_identifier = span_str("garbage");
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE), EXEC_FAILED, "8.2.5",
                "3.8");
    assert_int_equal(engine_last_lsn(smdp_core_engine(w->core)), lsn);
    (void)dpw_ask(w, &w->blue, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    dpw_expect(dpw_answer(&w->blue, MSG_ADMIN_TEMPLATE_ADD_RESPONSE), EXEC_FAILED, "1.6", "1.2");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, dpw_setup, dpw_teardown)
    const struct CMUnitTest tests[] = {
        T(import_is_whole_or_nothing),
        T(import_of_many),
        T(a_number_stands_once),
        T(rows_are_linted),
        T(power_cut_in_an_import),
        T(who_may_import),
        T(parts_in_order),
        T(templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
