/* SPDX-License-Identifier: Apache-2.0 */
/* Relays and notifications alone: every state meets every input, the caller is answered once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "smdp/proc/procs.h"

#define NOW INT64_C(1790000000000)

static struct {
    struct dp_env env;
    struct dp_party party;
    struct dp_smsr smsr;
    struct stock_item item;
    struct order *o;
    struct arena mem;
    int64_t now;
    unsigned answers, verdicts, calls, told;
} H;

static int setup(void **state)
{
    (void)state;
    memset(&H, 0, sizeof H);
    dp_timers_default(H.env.timer_ms, 1);
    H.env.orders_max = 10;
    assert_int_equal(oid_parse(span_str("1.2.3.10"), &H.party.oid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3.1"), &H.smsr.oid), 0);
    H.party.roles = 1u << ROLE_OPERATOR;
    H.env.parties = &H.party;
    H.env.n_parties = 1;
    H.env.smsrs = &H.smsr;
    H.env.n_smsrs = 1;
    H.now = NOW;
    arena_init(&H.mem, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(H.o);
    arena_fini(&H.mem);
    return 0;
}

static struct plan *plan(void)
{
    struct plan *p = arena_alloc(&H.mem, sizeof *p);

    p->arena = &H.mem;
    p->now_ms = H.now;
    return p;
}

static void carry_out(const struct plan *p)
{
    assert_int_equal(p->err, 0);
    for (unsigned i = 0; i < p->n_records; i++) {
        const struct event *ev = p->records[i];
        assert_int_equal(event_check(ev, NULL), 0);
        H.answers += ev->answer_msg != NULL;
        if (ev->type == EV_PROFILE_ENABLED || ev->type == EV_PROFILE_DISABLED ||
            ev->type == EV_PROFILE_DELETED)
            H.told++;
        else
            assert_int_equal(order_apply(&H.o, H.now, ev), 0);
    }
    for (unsigned i = 0; i < p->n_outs; i++)
        H.calls += p->outs[i].kind == DP_OUT_CALL;
    for (unsigned i = 0; i < p->n_deliveries; i++)
        H.verdicts += p->deliveries[i].msg.type == MSG_OPERATION_CONCLUDED;
}

static int feed(const struct input *in)
{
    const struct dp_proc_env pe = {.env = &H.env, .item = H.item.state ? &H.item : NULL};
    struct plan *p = plan();
    int err = dp_order_decide(&pe, H.o, in, p);

    if (err)
        assert_int_equal(err, ERR_STATE);
    else
        carry_out(p);
    return err;
}

static void accept(enum msg_type type)
{
    static struct message m;
    struct dp_proc_env pe = {.env = &H.env};
    struct es2_enable_profile_request *q = arena_alloc(&H.mem, sizeof *q);
    struct input in = {.kind = IN_CALL};
    struct plan *p = plan();

    memset(pe.new_op.b, 5, 16);
    assert_int_equal(eid_parse("89001012012341234012345678901224", &q->eid), 0);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &q->iccid), 0);
    q->smsr_id = H.smsr.oid;
    m = (struct message){type, q};
    in.u.call.msg = &m;
    in.u.call.party = H.party.oid;
    in.u.call.fcid = span_str("call");
    assert_int_equal(dp_order_decide(&pe, NULL, &in, p), 0);
    carry_out(p);
    assert_int_equal(H.o->state, ORDER_RELAY);
    assert_int_equal(H.calls, 1);
    H.item.state = STOCK_INSTALLED;
    H.item.eid = q->eid;
}

static struct input response(enum msg_type type, enum exec_status status, const char *subject,
                             const char *reason, enum verdict v)
{
    struct envelope *e = arena_alloc(&H.mem, sizeof *e);
    struct base_response *b = arena_alloc(&H.mem, msg_type_info(type)->size);
    struct input in = {.kind = IN_PEER};

    b->answer.status = status;
    (void)snprintf(b->answer.code.subject, sizeof b->answer.code.subject, "%s", subject);
    (void)snprintf(b->answer.code.reason, sizeof b->answer.code.reason, "%s", reason);
    e->kind = ENV_RESPONSE;
    e->verdict = v;
    e->message = (struct message){type, b};
    in.u.peer.env = e;
    return in;
}

static struct input verdict(enum verdict v)
{
    struct envelope *e = arena_alloc(&H.mem, sizeof *e);
    struct operation_concluded *n = arena_alloc(&H.mem, sizeof *n);
    struct input in = {.kind = IN_PEER};
    char *fcid;

    fcid = arena_alloc(&H.mem, ORDER_FCID);
    order_call_id(&H.o->id, H.o->attempt, H.o->step, fcid);
    n->fcid = span_str(fcid);
    n->verdict = v;
    e->kind = ENV_NOTICE;
    e->message = (struct message){MSG_OPERATION_CONCLUDED, n};
    in.u.peer.env = e;
    return in;
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
            assert_int_equal(H.verdicts, 0);
            assert_int_equal(H.told, ROWS[i].becomes == VERDICT_SUCCESS);
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
    assert_int_equal(H.verdicts, 1);
    assert_int_equal(H.told, 1);
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
    struct dp_proc_env pe = {.env = &H.env};
    struct envelope e = {.kind = ENV_NOTICE};
    struct plan *p;

    (void)state;
    memset(n.eid.b, 0x89, 16);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &n.iccid), 0);
    n.mno_id = H.party.oid;
    for (size_t i = 0; i < 3; i++) {
        e.message = (struct message){T[i], &n};
        p = plan();
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
    p = plan();
    assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
    assert_int_equal(p->records[0]->n_secrets, 1);
    n.mno_id = H.smsr.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, plan()), ERR_NOT_FOUND);
    H.party.roles = 1u << ROLE_ADMIN;
    n.mno_id = H.party.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, plan()), ERR_NOT_FOUND);
    e.kind = ENV_RESPONSE;
    assert_int_equal(dp_notice_decide(&pe, &e, plan()), ERR_STATE);
    e.kind = ENV_NOTICE;
    e.message.type = MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION;
    assert_int_equal(dp_notice_decide(&pe, &e, plan()), ERR_STATE);
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
