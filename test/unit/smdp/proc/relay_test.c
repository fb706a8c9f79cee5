/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_proc */
/* Relays and notifications alone: every state meets every input, the caller is answered once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smdp_lone.h"

static struct lone H;

static int setup(void **state)
{
    (void)state;
    lone_init(&H);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_fini(&H);
    return 0;
}

static int feed(const struct input *in)
{
    return lone_feed(&H, in);
}

/* From the acceptance on, the card has the profile. */
static void accept(enum msg_type type)
{
    struct es2_enable_profile_request *q = arena_alloc(&H.mem, sizeof *q);
    const struct dp_proc_env env = lone_env(&H);
    const struct input in = lone_call(&H, type, q, "call");

    assert_int_equal(eid_parse(LONE_EID, &q->eid), 0);
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &q->iccid), 0);
    q->smsr_id = H.smsr.oid;
    lone_accept(&H, &env, &in);
    assert_int_equal(H.o->state, ORDER_RELAY);
    assert_int_equal(H.calls, 1);
    H.item.state = STOCK_INSTALLED;
    H.stocked = true;
}

static struct input response(enum msg_type type, enum exec_status status, const char *subject,
                             const char *reason, enum verdict v)
{
    return lone_answer(&H, type, status, subject, reason, v);
}

static struct input verdict(enum verdict v)
{
    return lone_verdict(&H, v, H.o->step, "", "");
}

static const struct {
    enum msg_type ask, answer;
} FN[] = {
    {MSG_ES2_ENABLE_PROFILE_REQUEST, MSG_ES3_ENABLE_PROFILE_RESPONSE},
    {MSG_ES2_DISABLE_PROFILE_REQUEST, MSG_ES3_DISABLE_PROFILE_RESPONSE},
    {MSG_ES2_DELETE_PROFILE_REQUEST, MSG_ES3_DELETE_ISDP_RESPONSE},
};

static void answers_become_answers(void **state)
{
    static const struct {
        enum exec_status status;
        const char *subject, *reason;
        enum verdict said, becomes;
        unsigned state;
    } ROWS[] = {
        {EXEC_SUCCESS, "", "", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_SUCCESS, "", "", VERDICT_NONE, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_WARNING, "8.2.3", "3.8", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_FAILED, "8.2.2", "3.8", VERDICT_NONE, VERDICT_FAILED, ORDER_DONE},
        {EXEC_FAILED, "8.4", "4.2", VERDICT_ROLLED_BACK, VERDICT_ROLLED_BACK, ORDER_DONE},
        {EXEC_EXPIRED, "1.6", "5.3", VERDICT_NONE, VERDICT_EXPIRED, ORDER_DONE},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_NONE, VERDICT_IN_DOUBT, ORDER_DOUBT},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT, VERDICT_IN_DOUBT, ORDER_DOUBT},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
    };

    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
            struct input in;
            teardown(state);
            setup(state);
            accept(FN[f].ask);
            in = response(FN[f].answer, ROWS[i].status, ROWS[i].subject, ROWS[i].reason,
                          ROWS[i].said);
            assert_int_equal(feed(&in), 0);
            assert_int_equal(H.o->state, ROWS[i].state);
            assert_int_equal(H.o->verdict, ROWS[i].becomes);
            assert_string_equal(H.o->code.reason, ROWS[i].reason);
            assert_int_equal(H.answers, 1);
            assert_int_equal(H.n_told, 0);
            assert_int_equal(H.told_stock, ROWS[i].becomes == VERDICT_SUCCESS);
        }
    }
}

static void doubt_ends_once(void **state)
{
    struct input in;

    (void)state;
    accept(FN[0].ask);
    H.now = H.o->validity_end_ms;
    in = (struct input){.kind = IN_TIMER};
    assert_int_equal(feed(&in), 0); /* our own validity period ends: the outcome is open */
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_int_equal(H.answers, 1);
    assert_int_equal(feed(&in), 0); /* and is asked for again, by the same call */
    assert_int_equal(H.calls, 2);
    assert_int_equal(H.o->step, 1);
    in = response(FN[0].answer, EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT);
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DOUBT);
    in = verdict(VERDICT_IN_DOUBT);
    assert_int_equal(feed(&in), ERR_STATE);
    in = verdict(VERDICT_SUCCESS);
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.answers, 1);
    assert_int_equal(H.n_told, 1);
    assert_int_equal(H.told_stock, 1);
    assert_int_equal(feed(&in), ERR_STATE);
}

static void every_state_meets_every_input(void **state)
{
    for (unsigned doubt = 0; doubt < 2; doubt++) {
        for (unsigned kind = 0; kind < IN_KIND_COUNT; kind++) {
            for (unsigned v = 0; v < 6; v++) {
                struct input in = {.kind = (enum input_kind)kind};
                int err;
                if (v && kind != IN_PEER)
                    break;
                teardown(state);
                setup(state);
                accept(FN[0].ask);
                if (doubt) {
                    struct input open =
                        response(FN[0].answer, EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT);
                    assert_int_equal(feed(&open), 0);
                }
                if (kind == IN_PEER)
                    in = v == 0   ? response(FN[1].answer, EXEC_SUCCESS, "", "", VERDICT_SUCCESS)
                         : v == 1 ? response(MSG_ES3_GET_EIS_RESPONSE, EXEC_SUCCESS, "", "", 0)
                         : v == 2 ? response(FN[0].answer, EXEC_SUCCESS, "", "", VERDICT_SUCCESS)
                         : v == 3 ? verdict(VERDICT_ROLLED_BACK)
                         : v == 4 ? verdict(VERDICT_NONE)
                                  : response(FN[0].answer, EXEC_NONE, "", "", VERDICT_NONE);
                err = feed(&in);
                if (kind == IN_PEER)
                    assert_int_equal(err, v < 2 || v == 4 ? ERR_STATE : 0);
                else
                    assert_int_equal(err, kind == IN_TIMER || kind == IN_RESTART ? 0 : ERR_STATE);
                assert_true(H.answers <= 1);
            }
        }
    }
}

static void notices(void **state)
{
    static const enum msg_type T[] = {MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION};
    struct es3_handle_profile_enabled_notification n = {.completion_timestamp_ms = 7};
    struct dp_proc_env pe = lone_env(&H);
    struct envelope e = {.kind = ENV_NOTICE};
    struct plan *p;

    (void)state;
    memset(n.eid.b, 0x89, 16);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &n.iccid), 0);
    n.mno_id = H.party.oid;
    for (size_t i = 0; i < 3; i++) {
        e.message = (struct message){T[i], &n};
        p = lone_plan(&H);
        assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
        assert_int_equal(p->n_records, 1);
        assert_int_equal(event_check(p->records[0], NULL), 0);
        assert_int_equal(p->n_deliveries, 1);
        assert_true(oid_eq(&p->deliveries[0].party, &H.party.oid));
        assert_int_equal(p->records[0]->n_secrets, 0); /* not of this stock */
    }
    H.item.state = STOCK_INSTALLED;
    H.item.eid = n.eid;
    pe.item = &H.item;
    p = lone_plan(&H);
    assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
    assert_int_equal(p->records[0]->n_secrets, 1);
    n.mno_id = H.smsr.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_NOT_FOUND);
    H.party.roles = 1u << ROLE_ADMIN;
    n.mno_id = H.party.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_NOT_FOUND);
    e.kind = ENV_RESPONSE;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_STATE);
    e.kind = ENV_NOTICE;
    e.message.type = MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_STATE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(answers_become_answers),
        T(doubt_ends_once),
        T(every_state_meets_every_input),
        T(notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
