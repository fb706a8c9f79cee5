/* SPDX-License-Identifier: Apache-2.0 */
/* The deciders of a download alone: every state meets every input, and random lives of orders keep
 * what must always hold (a card is left clean or installed, an ICCID is released only with proof).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/map.h"
#include "common/base/rng.h"
#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "smdp/proc/procs.h"
#include "test/support/fake.h"

#define NOW INT64_C(1790000000000)
#define EID "89001012012341234012345678901224"

struct harness {
    struct dp_env env;
    struct dp_party party;
    struct dp_smsr smsr;
    struct stock_item item;
    uint8_t cert[160];
    struct order *o;
    struct arena mem;
    struct rng rng;
    int64_t now;
    /* what the world knows */
    bool maybe_on_card, deleted_ki, released, installed, concluded, answered, in_doubt, enabled;
    struct operation_concluded told; /* the last one the operator got */
    unsigned n_told;
    struct map *fcids;
    enum msg_type called; /* request of the last call; MSG_NONE: none is out */
    enum dp_job job;      /* asked for and not ended; 0: none */
    unsigned calls;
};
static struct harness H;

static void env_init(void)
{
    memset(&H, 0, sizeof H);
    dp_timers_default(H.env.timer_ms, 1);
    H.env.time_scale = 1;
    H.env.orders_max = H.env.loads_max = 10;
    assert_int_equal(oid_parse(span_str("1.2.3.2"), &H.env.smdp_oid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3.10"), &H.party.oid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3.1"), &H.smsr.oid), 0);
    H.party.roles = 1u << ROLE_OPERATOR;
    H.env.parties = &H.party;
    H.env.n_parties = 1;
    H.env.smsrs = &H.smsr;
    H.env.n_smsrs = 1;
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &H.item.iccid), 0);
    assert_int_equal(imsi_parse(span_str("262010000000001"), &H.item.imsi), 0);
    memcpy(H.item.profile_type, "basic", 6);
    H.item.mno = H.party.oid;
    assert_int_equal(eid_parse(EID, &H.item.eid), 0);
    arena_init(&H.mem, 0);
    H.now = NOW;
    H.fcids = map_new(0);
    memset(H.cert, 0x5A, sizeof H.cert);
}

static int setup(void **state)
{
    (void)state;
    env_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(H.o);
    arena_fini(&H.mem);
    map_free(H.fcids);
    return 0;
}

static struct dp_proc_env pe(void)
{
    struct dp_proc_env e = {.env = &H.env, .item = &H.item, .cert = span_of(H.cert, sizeof H.cert)};

    memset(e.new_op.b, 0x11, 16);
    return e;
}

static struct plan *plan(void)
{
    struct plan *p = arena_alloc(&H.mem, sizeof *p);

    p->arena = &H.mem;
    p->now_ms = H.now;
    return p;
}

/* What the engine and the core do with a plan, and what the world sees of it. */
static void record(const struct event *ev)
{
    switch (ev->type) {
    case EV_PROFILE_RELEASED:
        assert_false(H.maybe_on_card); /* only with proof */
        assert_false(H.installed);
        assert_true(H.concluded);
        H.released = true;
        return;
    case EV_PROFILE_ENABLED:
        H.enabled = true;
        return;
    case EV_PROFILE_DISABLED:
    case EV_PROFILE_DELETED:
        return;
    default:
        break;
    }
    assert_int_equal(order_apply(&H.o, H.now, ev), 0);
    for (unsigned i = 0; i < ev->n_secrets; i++)
        if (memcmp(ev->secrets[i].id.p, "subscription", 12) == 0) {
            assert_int_equal(ev->type, EV_PROFILE_INSTALLED);
            H.deleted_ki = true;
        }
    if (ev->type == EV_PROFILE_INSTALLED)
        H.installed = true;
    if (ev->type == EV_ORDER_CONCLUDED) {
        assert_false(H.concluded);
        H.concluded = true;
        assert_int_equal(ev->result == VERDICT_SUCCESS, H.installed);
    }
    H.in_doubt |= ev->type == EV_ORDER_IN_DOUBT;
    if (ev->answer_msg) {
        assert_false(H.answered); /* once */
        H.answered = true;
    }
}

static void out(const struct plan_out *po)
{
    const struct dp_out_call *c = po->body;

    if (po->kind == DP_OUT_JOB) {
        H.job = ((const struct dp_out_job *)po->body)->job;
        return;
    }
    if (po->kind != DP_OUT_CALL)
        return;
    assert_non_null(c->message.body);
    H.calls++;
    H.called = c->message.type;
    if (c->message.type == MSG_ES3_CREATE_ISDP_REQUEST)
        H.maybe_on_card = true;
}

static void carry_out(const struct plan *p)
{
    uint32_t step = H.o ? H.o->step : 0, attempt = H.o ? H.o->attempt : 0;

    assert_int_equal(p->err, 0);
    H.job = 0;
    for (unsigned i = 0; i < p->n_records; i++)
        record(p->records[i]);
    for (unsigned i = 0; i < p->n_outs; i++)
        out(&p->outs[i]);
    for (unsigned i = 0; i < p->n_deliveries; i++) {
        bool own = false;
        for (unsigned k = 0; k < p->n_records; k++)
            own |= p->deliveries[i].with == p->records[k];
        assert_true(own);
        if (p->deliveries[i].msg.type == MSG_OPERATION_CONCLUDED) {
            H.told = *(const struct operation_concluded *)p->deliveries[i].msg.body;
            H.n_told++;
        }
    }
    assert_non_null(H.o);
    assert_in_range(H.o->attempt, 1, ORDER_ATTEMPTS_MAX);
    assert_true(H.o->attempt > attempt || H.o->step >= step);
    if (!H.o->calling)
        H.called = MSG_NONE;
}

static struct input call_input(bool enable)
{
    static struct message m;
    struct es2_download_profile_request *q = arena_alloc(&H.mem, sizeof *q);
    struct input in = {.kind = IN_CALL};

    assert_int_equal(eid_parse(EID, &q->eid), 0);
    q->smsr_id = H.smsr.oid;
    q->profile_type = span_str("basic");
    q->enable_profile = enable;
    m = (struct message){MSG_ES2_DOWNLOAD_PROFILE_REQUEST, q};
    in.u.call.msg = &m;
    in.u.call.party = H.party.oid;
    in.u.call.role = ROLE_OPERATOR;
    in.u.call.fcid = span_str("order-1");
    return in;
}

static void accept(bool enable, bool busy)
{
    struct dp_proc_env e = pe();
    struct input in = call_input(enable);
    struct plan *p = plan();

    e.card_busy = busy;
    assert_int_equal(dp_order_decide(&e, NULL, &in, p), 0);
    carry_out(p);
    assert_int_equal(H.o->state, busy ? ORDER_WAITING : ORDER_CHECK);
}

static int feed(const struct input *in)
{
    struct dp_proc_env e = pe();
    struct plan *p = plan();
    int err = dp_order_decide(&e, H.o, in, p);

    if (err) {
        assert_int_equal(err, ERR_STATE);
        return err;
    }
    carry_out(p);
    return 0;
}

/* An answer of that type with this status; success carries what the state needs. */
static struct input peer_input(enum msg_type type, enum exec_status status, const char *subject,
                               const char *reason)
{
    const struct msg_info *info = msg_type_info(type);
    struct envelope *e = arena_alloc(&H.mem, sizeof *e);
    struct base_response *b = arena_alloc(&H.mem, info->size);
    struct input in = {.kind = IN_PEER};

    b->answer.status = status;
    (void)snprintf(b->answer.code.subject, sizeof b->answer.code.subject, "%s", subject);
    (void)snprintf(b->answer.code.reason, sizeof b->answer.code.reason, "%s", reason);
    if (type == MSG_ES3_GET_EIS_RESPONSE && status == EXEC_SUCCESS) {
        struct eis *eis = arena_alloc(&H.mem, sizeof *eis);
        assert_int_equal(eid_parse(EID, &eis->eid), 0);
        ((struct es3_get_eis_response *)b)->eis = eis;
    }
    if (type == MSG_ES3_CREATE_ISDP_RESPONSE && status == EXEC_SUCCESS)
        assert_int_equal(aid_isd_p(0x0011, &((struct es3_create_isdp_response *)b)->isdp_aid), 0);
    if (type == MSG_ES3_SEND_DATA_RESPONSE && status == EXEC_SUCCESS) {
        static const uint8_t RC[] = {0x90, 0, 0x85, 0x10, 1,  2,  3,  4,  5,  6,    7,
                                     8,    9, 10,   11,   12, 13, 14, 15, 16, 0x90, 0};
        static const uint8_t RECEIPT[] = {0x86, 0x10, 1,  2,  3,  4,  5,  6,  7,    8,
                                          9,    10,   11, 12, 13, 14, 15, 16, 0x90, 0};
        ((struct es3_send_data_response *)b)->euicc_response_data =
            H.o->state == ORDER_KEYSET ? span_of(RECEIPT, sizeof RECEIPT) : span_of(RC, sizeof RC);
    }
    e->kind = ENV_RESPONSE;
    e->message = (struct message){type, b};
    in.u.peer.env = e;
    return in;
}

static struct input key_input(int err, bool installed)
{
    struct dp_job_result *r = arena_alloc(&H.mem, sizeof *r);
    struct input in = {.kind = IN_KEY};

    r->memory_required = 60000;
    r->facts.rc_len = 16;
    r->sealed_len = 40;
    r->payload = span_of(H.cert, sizeof H.cert);
    r->batch = H.o->batch + 1;
    r->last = r->batch >= 2;
    r->installed = installed;
    if (err) {
        r->code = dp_status_row(DP_ST_CARD)->code;
        dp_text_put(r->text, sizeof r->text, "as told");
    }
    in.u.key.job = H.job;
    in.u.key.err = err;
    in.u.key.result = span_of(r, sizeof *r);
    return in;
}

static enum msg_type answer_of(unsigned state)
{
    static const enum msg_type T[ORDER_STATES] = {
        [ORDER_CHECK] = MSG_ES3_GET_EIS_RESPONSE,
        [ORDER_ORPHAN] = MSG_ES3_DELETE_ISDP_RESPONSE,
        [ORDER_CREATE] = MSG_ES3_CREATE_ISDP_RESPONSE,
        [ORDER_PERSO] = MSG_ES3_SEND_DATA_RESPONSE,
        [ORDER_KEYSET] = MSG_ES3_SEND_DATA_RESPONSE,
        [ORDER_LOAD] = MSG_ES3_SEND_DATA_RESPONSE,
        [ORDER_COMPLETE] = MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE,
        [ORDER_ENABLE] = MSG_ES3_ENABLE_PROFILE_RESPONSE,
        [ORDER_DOUBT] = MSG_ES3_ENABLE_PROFILE_RESPONSE,
        [ORDER_CLEANUP] = MSG_ES3_DELETE_ISDP_RESPONSE,
    };
    return T[state];
}

/* The good way to a state. */
static void go_to(unsigned state)
{
    accept(true, state == ORDER_WAITING);
    while (H.o->state != state) {
        struct input in;
        if (H.o->state == ORDER_LOAD && !H.o->calling) {
            in = key_input(0, false);
        } else {
            in = peer_input(answer_of(H.o->state), EXEC_SUCCESS, "", "");
            if (state == ORDER_DOUBT && H.o->state == ORDER_ENABLE)
                in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
            if (state == ORDER_CLEANUP && H.o->state == ORDER_PERSO)
                in = peer_input(MSG_ES3_SEND_DATA_RESPONSE, EXEC_FAILED, "8.3", "4.2");
            if (state == ORDER_ORPHAN) {
                struct eis *eis = (struct eis *)(uintptr_t)((const struct es3_get_eis_response *)
                                                                in.u.peer.env->message.body)
                                      ->eis;
                eis->n_profiles = 1;
                eis->profiles[0].state = PROFILE_CREATED;
                eis->profiles[0].smdp_id = H.env.smdp_oid;
                assert_int_equal(
                    iccid_parse(span_str("8949010000000000777"), &eis->profiles[0].iccid), 0);
            }
        }
        assert_int_equal(feed(&in), 0);
        if (H.job) {
            in = key_input(0, H.job == DP_JOB_NEXT);
            assert_int_equal(feed(&in), 0);
        }
        if (H.o->state == ORDER_CREATE)
            H.o->bare_point = true;
    }
}

static bool told_gone(const struct input *in)
{
    const struct base_response *b = message_response(&in->u.peer.env->message);
    return b->answer.status == EXEC_SUCCESS || b->answer.status == EXEC_WARNING ||
           (b->answer.status == EXEC_FAILED && strcmp(b->answer.code.reason, "3.9") == 0 &&
            strcmp(b->answer.code.subject, "8.2.1") == 0);
}

/* Before the decider sees it: what an answer proves about the card. */
static void witness(const struct input *in)
{
    if (in->kind != IN_PEER || !H.o->calling ||
        in->u.peer.env->message.type != answer_of(H.o->state))
        return;
    if (H.o->state == ORDER_CLEANUP && told_gone(in))
        H.maybe_on_card = false;
    if (H.o->state == ORDER_CREATE &&
        message_response(&in->u.peer.env->message)->answer.status == EXEC_FAILED &&
        strcmp(message_response(&in->u.peer.env->message)->answer.code.reason, "3.3") != 0)
        H.maybe_on_card = false;
}

static void every_state_meets_every_input(void **state)
{
    static const enum exec_status STATUS[] = {EXEC_SUCCESS, EXEC_WARNING, EXEC_FAILED,
                                              EXEC_EXPIRED};
    static const char *const CODES[][2] = {{"", ""},       {"8.2.1", "3.9"}, {"8.2.2", "3.8"},
                                           {"1.2", "4.4"}, {"8.4", "4.2"},   {"1.6", "5.3"}};
    static const int ERRS[] = {0, ERR_AGAIN, ERR_AUTH, ERR_DENIED, ERR_UNSUPPORTED, ERR_EXPIRED};
    static const unsigned AT[] = {ORDER_WAITING, ORDER_CHECK,  ORDER_ORPHAN, ORDER_CREATE,
                                  ORDER_PERSO,   ORDER_KEYSET, ORDER_LOAD,   ORDER_COMPLETE,
                                  ORDER_ENABLE,  ORDER_DOUBT,  ORDER_CLEANUP};

    for (size_t s = 0; s < sizeof AT / sizeof *AT; s++) {
        const struct proc_state *row = &DP_PROC_DOWNLOAD.states[AT[s]];
        for (unsigned kind = IN_NONE; kind < IN_KIND_COUNT; kind++) {
            for (unsigned late = 0; late < 2; late++) {
                for (unsigned v = 0; v < 4 * 6 + 6; v++) {
                    struct input in = {.kind = (enum input_kind)kind};
                    int err;
                    if (v && kind != IN_PEER && kind != IN_KEY)
                        break;
                    teardown(state);
                    setup(state);
                    go_to(AT[s]);
                    if (late)
                        H.now = H.o->validity_end_ms;
                    if (kind == IN_PEER) {
                        enum msg_type t =
                            answer_of(AT[s]) ? answer_of(AT[s]) : MSG_ES3_GET_EIS_RESPONSE;
                        in = v < 24 ? peer_input(t, STATUS[v / 6], CODES[v % 6][0], CODES[v % 6][1])
                                    : peer_input(v % 2 ? MSG_ES3_ENABLE_PROFILE_RESPONSE
                                                       : MSG_ES3_GET_EIS_RESPONSE,
                                                 EXEC_SUCCESS, "", "");
                    } else if (kind == IN_KEY) {
                        in = key_input(ERRS[v % 6], v % 2);
                    }
                    witness(&in);
                    err = feed(&in);
                    if (!(row->in_mask & IN_BIT(kind)))
                        assert_int_equal(err, ERR_STATE);
                    else if (kind == IN_TIMER || kind == IN_RESTART)
                        assert_int_equal(err, 0);
                }
            }
        }
    }
}

static void done_takes_nothing(void **state)
{
    struct input in = {.kind = IN_NONE};

    (void)state;
    go_to(ORDER_CHECK);
    in = peer_input(MSG_ES3_GET_EIS_RESPONSE, EXEC_FAILED, "8.1.1", "3.9");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_true(H.released);
    for (unsigned kind = 0; kind < IN_KIND_COUNT; kind++) {
        in.kind = (enum input_kind)kind;
        assert_int_equal(feed(&in), ERR_STATE);
    }
}

static void at_most_three_attempts(void **state)
{
    (void)state;
    accept(false, false);
    for (unsigned n = 0; n < 200 && H.o->state != ORDER_DONE; n++) {
        struct input in;
        if (H.job)
            in = key_input(0, false);
        else if (H.o->state == ORDER_LOAD)
            in = peer_input(MSG_ES3_SEND_DATA_RESPONSE, EXEC_FAILED, "8.3", "4.2");
        else
            in = peer_input(answer_of(H.o->state), EXEC_SUCCESS, "", "");
        witness(&in);
        assert_int_equal(feed(&in), 0);
    }
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->attempt, 3);
    assert_int_equal(H.o->verdict, VERDICT_FAILED);
    assert_string_equal(H.o->code.subject, "8.3");
    assert_true(H.released);
    assert_false(H.deleted_ki);
}

static void restart_makes_the_same_call(void **state)
{
    static const unsigned AT[] = {ORDER_CHECK,  ORDER_ORPHAN,   ORDER_CREATE, ORDER_PERSO,
                                  ORDER_KEYSET, ORDER_COMPLETE, ORDER_ENABLE, ORDER_DOUBT,
                                  ORDER_CLEANUP};
    const struct input restart = {.kind = IN_RESTART};

    for (size_t s = 0; s < sizeof AT / sizeof *AT; s++) {
        uint32_t step;
        unsigned calls;
        teardown(state);
        setup(state);
        go_to(AT[s]);
        step = H.o->step;
        calls = H.calls;
        assert_int_equal(feed(&restart), 0);
        assert_int_equal(H.o->state, AT[s]);
        assert_int_equal(H.o->step, step);
        assert_int_equal(H.calls, calls + 1);
    }
    /* A load lived in memory: it is cleaned up. */
    teardown(state);
    setup(state);
    go_to(ORDER_LOAD);
    assert_int_equal(feed(&restart), 0);
    assert_int_equal(H.o->state, ORDER_CLEANUP);
    assert_false(H.o->last_attempt);
}

static void refusals_at_the_door(void **state)
{
    struct {
        enum dp_status stock;
        bool full, disk, smsr, eid;
        uint32_t validity;
        const char *subject, *reason;
    } const rows[] = {
        {DP_ST_TYPE_UNKNOWN, false, false, false, false, 0, "8.2.5", "3.9"},
        {DP_ST_TYPE_EMPTY, false, false, false, false, 0, "8.2.5", "3.7"},
        {DP_ST_ICCID_FOREIGN, false, false, false, false, 0, "8.2.1", "1.2"},
        {DP_ST_ICCID_IN_USE, false, false, false, false, 0, "8.2.1", "3.3"},
        {DP_ST_OK, true, false, false, false, 0, "1.2", "4.4"},
        {DP_ST_OK, false, true, false, false, 0, "1.2", "4.4"},
        {DP_ST_OK, false, false, true, false, 0, "8.7", "3.9"},
        {DP_ST_OK, false, false, false, true, 0, "8.1.1", "3.9"},
        {DP_ST_OK, false, false, false, false, 86401, "1.6", "3.8"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dp_proc_env e;
        struct input in;
        struct plan *p;
        struct es2_download_profile_request *q;
        const struct dp_out_reply *r;
        const struct base_response *b;
        teardown(state);
        setup(state);
        e = pe();
        e.stock = rows[i].stock;
        e.orders_full = rows[i].full;
        e.disk_full = rows[i].disk;
        in = call_input(false);
        q = (struct es2_download_profile_request *)(uintptr_t)in.u.call.msg->body;
        if (rows[i].smsr)
            q->smsr_id = H.party.oid;
        if (rows[i].eid)
            q->eid.b[15] ^= 1;
        q->base.has_validity_period = rows[i].validity != 0;
        q->base.validity_period_s = rows[i].validity;
        p = plan();
        assert_int_equal(dp_order_decide(&e, NULL, &in, p), 0);
        assert_int_equal(p->n_outs, 1);
        assert_int_equal(p->outs[0].kind, DP_OUT_REPLY);
        r = p->outs[0].body;
        assert_int_equal(r->kind, ENV_RESPONSE);
        b = message_response(&r->message);
        assert_string_equal(b->answer.code.subject, rows[i].subject);
        assert_string_equal(b->answer.code.reason, rows[i].reason);
        assert_int_equal(b->acceptable_validity_period_s, rows[i].validity ? 86400 : 0);
        /* A full disk is spared even the record. */
        assert_int_equal(p->n_records, rows[i].disk ? 0 : 1);
        if (p->n_records) {
            assert_int_equal(p->records[0]->type, EV_ORDER_CONCLUDED);
            assert_int_equal(p->records[0]->stage, STAGE_ADMISSION);
            assert_true(p->records[0]->has_digest);
            assert_int_equal(event_check(p->records[0], NULL), 0);
            assert_int_equal(order_apply(&H.o, H.now, p->records[0]), 0);
            assert_int_equal(H.o->state, ORDER_DONE);
        }
    }
}

/* The late verdict of the order's call of that step. */
static struct input verdict_input(enum verdict v, uint32_t step, const char *subject,
                                  const char *reason)
{
    struct envelope *e = arena_alloc(&H.mem, sizeof *e);
    struct operation_concluded *n = arena_alloc(&H.mem, sizeof *n);
    char *fcid = arena_alloc(&H.mem, ORDER_FCID);
    struct input in = {.kind = IN_PEER};

    order_call_id(&H.o->id, H.o->attempt, step, fcid);
    n->fcid = span_str(fcid);
    n->verdict = v;
    (void)snprintf(n->code.subject, sizeof n->code.subject, "%s", subject);
    (void)snprintf(n->code.reason, sizeof n->code.reason, "%s", reason);
    e->kind = ENV_NOTICE;
    e->message = (struct message){MSG_OPERATION_CONCLUDED, n};
    in.u.peer.env = e;
    return in;
}

/* An enable of which the SM-SR does not know yet what became of it: the operator hears that, and
 * later the truth, once. */
static void enable_in_doubt_is_told_later(void **state)
{
    struct input in;

    (void)state;
    go_to(ORDER_ENABLE);
    in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_int_equal(H.o->verdict, VERDICT_IN_DOUBT);
    assert_int_equal(H.o->status, EXEC_EXPIRED);
    assert_true(H.answered && H.installed && !H.concluded && !H.enabled);
    /* asked again under the same identifier: the answer of then, no verdict yet */
    in = (struct input){.kind = IN_RESTART};
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.called, MSG_ES3_ENABLE_PROFILE_REQUEST);
    in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(feed(&in), 0);
    in = verdict_input(VERDICT_IN_DOUBT, H.o->step, "", "");
    assert_int_equal(feed(&in), ERR_STATE);
    /* another call of this order, say its CreateISDP, is not this one */
    in = verdict_input(VERDICT_SUCCESS, H.o->step - 1, "", "");
    assert_int_equal(feed(&in), ERR_STATE);
    in = verdict_input(VERDICT_SUCCESS, H.o->step, "", "");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->verdict, VERDICT_SUCCESS);
    assert_true(H.enabled);
    assert_int_equal(H.n_told, 1);
    assert_int_equal(H.told.verdict, VERDICT_SUCCESS);
    assert_string_equal(H.told.code.subject, "");
    assert_int_equal(feed(&in), ERR_STATE);
}

static void enable_that_failed_late(void **state)
{
    static const enum verdict V[] = {VERDICT_ROLLED_BACK, VERDICT_FAILED, VERDICT_EXPIRED,
                                     VERDICT_CANCELLED};

    for (unsigned by_answer = 0; by_answer < 2; by_answer++) {
        for (size_t i = 0; i < sizeof V / sizeof *V; i++) {
            struct input in;
            teardown(state);
            setup(state);
            go_to(ORDER_DOUBT);
            if (by_answer) {
                in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
                ((struct envelope *)(uintptr_t)in.u.peer.env)->verdict = V[i];
            } else {
                in = verdict_input(V[i], H.o->step, "8.4", "4.2");
            }
            assert_int_equal(feed(&in), 0);
            assert_int_equal(H.o->state, ORDER_DONE);
            assert_int_equal(H.o->verdict, VERDICT_SUCCESS); /* it is installed */
            assert_false(H.enabled);
            assert_int_equal(H.n_told, 1);
            assert_string_not_equal(H.told.code.subject, ""); /* with a reservation */
            assert_string_equal(H.o->code.subject, H.told.code.subject);
            if (!by_answer || i == 0)
                assert_string_equal(H.told.code.subject, "8.4");
        }
    }
}

/* Our own validity period ends before the SM-SR says anything. */
static void enable_without_an_answer(void **state)
{
    struct input in = {.kind = IN_TIMER};

    (void)state;
    go_to(ORDER_ENABLE);
    H.now = H.o->validity_end_ms;
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_true(H.answered);
    in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_SUCCESS, "", "");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_true(H.enabled);
    assert_int_equal(H.n_told, 1);
    /* The SM-SR was busy all the time: nothing was begun, nothing is any more. */
    teardown(state);
    setup(state);
    go_to(ORDER_ENABLE);
    in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_FAILED, "1.2", "4.4");
    assert_int_equal(feed(&in), 0);
    assert_false(H.o->calling);
    H.now = H.o->validity_end_ms;
    in = (struct input){.kind = IN_TIMER};
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->status, EXEC_WARNING);
    assert_string_equal(H.o->code.reason, "5.3");
    assert_false(H.in_doubt);
}

/* What proves that no ISD-P stands, and what does not. */
static void an_iccid_that_stands_is_not_released(void **state)
{
    struct input in;

    (void)state;
    go_to(ORDER_CREATE);
    in = peer_input(MSG_ES3_CREATE_ISDP_RESPONSE, EXEC_FAILED, "8.2.1", "3.3");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->verdict, VERDICT_FAILED);
    assert_string_equal(H.o->code.reason, "3.3");
    assert_false(H.released);
    for (unsigned error = 0; error < 2; error++) {
        teardown(state);
        setup(state);
        go_to(ORDER_CREATE);
        in = peer_input(MSG_ES3_CREATE_ISDP_RESPONSE, EXEC_FAILED, "1.6", "3.3");
        if (error) {
            struct envelope *e = (struct envelope *)(uintptr_t)in.u.peer.env;
            e->kind = ENV_ERROR;
            e->error_text = span_str("too many requests");
        }
        assert_int_equal(feed(&in), 0);
        assert_int_equal(H.o->state, ORDER_CLEANUP);
        assert_int_equal(H.called, MSG_ES3_DELETE_ISDP_REQUEST);
        assert_false(H.released);
        in = peer_input(MSG_ES3_DELETE_ISDP_RESPONSE, EXEC_FAILED, "8.2.1", "3.9");
        witness(&in);
        assert_int_equal(feed(&in), 0);
        assert_true(H.released);
        assert_int_equal(H.o->attempt, 1);
    }
}

/* --- random lives --- */
static struct input random_answer(void)
{
    static const char *const CODES[][2] = {
        {"8.3", "4.2"}, {"8.2.1", "3.9"}, {"8.2.2", "3.8"}, {"1.2", "4.4"}, {"8.4", "4.2"}};
    enum msg_type t = answer_of(H.o->state) ? answer_of(H.o->state) : MSG_ES3_GET_EIS_RESPONSE;
    uint64_t dice = rng_below(&H.rng, 10);
    size_t c = rng_below(&H.rng, 5);

    if (dice < 8)
        return peer_input(t, EXEC_SUCCESS, "", "");
    if (dice == 8)
        return peer_input(t, EXEC_EXPIRED, "1.6", c % 2 ? "5.3" : "5.4");
    return peer_input(t, EXEC_FAILED, CODES[c][0], CODES[c][1]);
}

static void one_life(void **state, uint64_t seed)
{
    teardown(state);
    setup(state);
    fake_rng_init(&H.rng, seed);
    accept(rng_below(&H.rng, 2), rng_below(&H.rng, 8) == 0);
    for (unsigned n = 0; n < 120 && H.o->state != ORDER_DONE; n++) {
        uint64_t dice = rng_below(&H.rng, 20);
        struct input in = {.kind = IN_TIMER};
        if (dice == 0)
            in.kind = IN_RESTART;
        else if (dice == 1)
            H.now += 1000000;
        else if (H.job)
            in = key_input(rng_below(&H.rng, 16)  ? 0
                           : rng_below(&H.rng, 2) ? ERR_AUTH
                                                  : ERR_DENIED,
                           H.job == DP_JOB_NEXT && rng_below(&H.rng, 2));
        else if (H.o->calling && H.o->state == ORDER_DOUBT && rng_below(&H.rng, 2))
            in = verdict_input(rng_below(&H.rng, 2) ? VERDICT_SUCCESS : VERDICT_ROLLED_BACK,
                               H.o->step - (uint32_t)rng_below(&H.rng, 2), "8.4", "4.2");
        else if (H.o->calling)
            in = random_answer();
        else
            H.now += 60000;
        witness(&in);
        (void)feed(&in);
        if (H.o->state == ORDER_DONE) {
            assert_true(H.answered);
            assert_true(H.installed != H.released);
            assert_int_equal(H.deleted_ki, H.installed);
        }
    }
}

static void random_lives(void **state)
{
    unsigned done = 0, installed = 0, in_doubt = 0;

    for (uint64_t seed = 1; seed <= 4000; seed++) {
        one_life(state, seed);
        done += H.o->state == ORDER_DONE;
        installed += H.installed;
        in_doubt += H.in_doubt;
    }
    assert_true(done > 2000);
    assert_true(installed > 500);
    assert_true(in_doubt > 10);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_state_meets_every_input), T(done_takes_nothing),   T(at_most_three_attempts),
        T(restart_makes_the_same_call),   T(refusals_at_the_door), T(random_lives),
        T(enable_in_doubt_is_told_later), T(enable_that_failed_late), T(enable_without_an_answer),
        T(an_iccid_that_stands_is_not_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
