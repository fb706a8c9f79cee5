/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "test/support/smdp_lone.h"

void lone_init(struct lone *l)
{
    memset(l, 0, sizeof *l);
    dp_timers_default(l->env.timer_ms, 1);
    l->env.time_scale = 1;
    l->env.orders_max = l->env.loads_max = 10;
    assert_int_equal(oid_parse(span_str("1.2.3.2"), &l->env.smdp_oid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3.10"), &l->party.oid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3.1"), &l->smsr.oid), 0);
    l->party.roles = 1u << ROLE_OPERATOR;
    l->env.parties = &l->party;
    l->env.n_parties = 1;
    l->env.smsrs = &l->smsr;
    l->env.n_smsrs = 1;
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &l->item.iccid), 0);
    assert_int_equal(imsi_parse(span_str("262010000000001"), &l->item.imsi), 0);
    memcpy(l->item.profile_type, "basic", 6);
    l->item.mno = l->party.oid;
    assert_int_equal(eid_parse(LONE_EID, &l->item.eid), 0);
    arena_init(&l->mem, 0);
    l->now = LONE_NOW;
    memset(l->cert, 0x5A, sizeof l->cert);
}

void lone_fini(struct lone *l)
{
    free(l->o);
    arena_fini(&l->mem);
}

struct dp_proc_env lone_env(struct lone *l)
{
    struct dp_proc_env e = {.env = &l->env,
                            .item = l->stocked ? &l->item : NULL,
                            .cert = span_of(l->cert, sizeof l->cert)};

    memset(e.new_op.b, 0x11, 16);
    return e;
}

struct plan *lone_plan(struct lone *l)
{
    struct plan *p = arena_alloc(&l->mem, sizeof *p);

    p->arena = &l->mem;
    p->now_ms = l->now;
    return p;
}

/* What the engine and the core do with a plan, and what the world sees of it. */
static void record(struct lone *l, const struct event *ev)
{
    assert_int_equal(event_check(ev, NULL), 0);
    switch (ev->type) {
    case EV_PROFILE_RELEASED:
        assert_false(l->maybe_on_card); /* only with proof */
        assert_false(l->installed);
        assert_true(l->concluded);
        l->released = true;
        return;
    case EV_PROFILE_ENABLED:
        l->enabled = true;
        l->told_stock++;
        return;
    case EV_PROFILE_DISABLED:
    case EV_PROFILE_DELETED:
        l->told_stock++;
        return;
    default:
        break;
    }
    assert_int_equal(order_apply(&l->o, l->now, ev), 0);
    for (unsigned i = 0; i < ev->n_secrets; i++)
        if (memcmp(ev->secrets[i].id.p, "subscription", 12) == 0) {
            assert_int_equal(ev->type, EV_PROFILE_INSTALLED);
            l->deleted_ki = true;
        }
    if (ev->type == EV_PROFILE_INSTALLED)
        l->installed = true;
    if (ev->type == EV_ORDER_CONCLUDED) {
        assert_false(l->concluded);
        l->concluded = true;
        if (l->o->function == FN_DOWNLOAD_PROFILE)
            assert_int_equal(ev->result == VERDICT_SUCCESS, l->installed);
    }
    l->in_doubt |= ev->type == EV_ORDER_IN_DOUBT;
    if (ev->answer_msg)
        assert_int_equal(++l->answers, 1); /* once */
}

static void out(struct lone *l, const struct plan_out *po)
{
    const struct dp_out_call *c = po->body;

    if (po->kind == DP_OUT_JOB) {
        l->job = ((const struct dp_out_job *)po->body)->job;
        return;
    }
    if (po->kind != DP_OUT_CALL)
        return;
    assert_non_null(c->message.body);
    l->calls++;
    l->called = c->message.type;
    l->called_body = arena_dup(&l->mem, c->message.body, msg_type_info(c->message.type)->size);
    l->called_validity_s = ((const struct base_request *)c->message.body)->validity_period_s;
    if (c->message.type == MSG_ES3_CREATE_ISDP_REQUEST)
        l->maybe_on_card = true;
}

static void carry_out(struct lone *l, const struct plan *p)
{
    uint32_t step = l->o ? l->o->step : 0, attempt = l->o ? l->o->attempt : 0;

    assert_int_equal(p->err, 0);
    l->job = 0;
    for (unsigned i = 0; i < p->n_records; i++)
        record(l, p->records[i]);
    for (unsigned i = 0; i < p->n_outs; i++)
        out(l, &p->outs[i]);
    for (unsigned i = 0; i < p->n_deliveries; i++) {
        bool own = false;
        for (unsigned k = 0; k < p->n_records; k++)
            own |= p->deliveries[i].with == p->records[k];
        assert_true(own);
        l->delivered++;
        if (p->deliveries[i].msg.type == MSG_OPERATION_CONCLUDED) {
            l->told = *(const struct operation_concluded *)p->deliveries[i].msg.body;
            l->n_told++;
        }
    }
    assert_non_null(l->o);
    assert_in_range(l->o->attempt, 1, ORDER_ATTEMPTS_MAX);
    assert_true(l->o->attempt > attempt || l->o->step >= step);
    if (!l->o->calling)
        l->called = MSG_NONE;
}

struct input lone_call(struct lone *l, enum msg_type type, void *body, const char *fcid)
{
    struct message *m = arena_alloc(&l->mem, sizeof *m);
    struct input in = {.kind = IN_CALL};

    *m = (struct message){type, body};
    in.u.call.msg = m;
    in.u.call.party = l->party.oid;
    in.u.call.role = ROLE_OPERATOR;
    in.u.call.fcid = span_str(fcid);
    return in;
}

int lone_feed(struct lone *l, const struct input *in)
{
    struct dp_proc_env e = lone_env(l);
    struct plan *p = lone_plan(l);
    int err = dp_order_decide(&e, l->o, in, p);

    if (err)
        assert_int_equal(err, ERR_STATE);
    else
        carry_out(l, p);
    return err;
}

void lone_accept(struct lone *l, const struct dp_proc_env *env, const struct input *in)
{
    struct plan *p = lone_plan(l);

    assert_int_equal(dp_order_decide(env, NULL, in, p), 0);
    carry_out(l, p);
}

struct input lone_answer(struct lone *l, enum msg_type type, enum exec_status status,
                         const char *subject, const char *reason, enum verdict v)
{
    struct envelope *e = arena_alloc(&l->mem, sizeof *e);
    struct base_response *b = arena_alloc(&l->mem, msg_type_info(type)->size);
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

struct input lone_verdict(struct lone *l, enum verdict v, uint32_t step, const char *subject,
                          const char *reason)
{
    struct envelope *e = arena_alloc(&l->mem, sizeof *e);
    struct operation_concluded *n = arena_alloc(&l->mem, sizeof *n);
    char *fcid = arena_alloc(&l->mem, ORDER_FCID);
    struct input in = {.kind = IN_PEER};

    order_call_id(&l->o->id, l->o->attempt, step, fcid);
    n->fcid = span_str(fcid);
    n->verdict = v;
    (void)snprintf(n->code.subject, sizeof n->code.subject, "%s", subject);
    (void)snprintf(n->code.reason, sizeof n->code.reason, "%s", reason);
    e->kind = ENV_NOTICE;
    e->message = (struct message){MSG_OPERATION_CONCLUDED, n};
    in.u.peer.env = e;
    return in;
}

/* --- downloads --- */
struct input lone_download(struct lone *l, bool enable)
{
    struct es2_download_profile_request *q = arena_alloc(&l->mem, sizeof *q);

    assert_int_equal(eid_parse(LONE_EID, &q->eid), 0);
    q->smsr_id = l->smsr.oid;
    q->profile_type = span_str("basic");
    q->enable_profile = enable;
    return lone_call(l, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, q, "order-1");
}

void lone_ordered(struct lone *l, bool enable, bool busy)
{
    const struct input in = lone_download(l, enable);
    struct dp_proc_env e = lone_env(l);

    e.card_busy = busy;
    lone_accept(l, &e, &in);
    assert_int_equal(l->o->state, busy ? ORDER_WAITING : ORDER_CHECK);
}

struct input lone_peer(struct lone *l, enum msg_type type, enum exec_status status,
                       const char *subject, const char *reason)
{
    struct input in = lone_answer(l, type, status, subject, reason, VERDICT_NONE);
    struct base_response *b = (struct base_response *)(uintptr_t)in.u.peer.env->message.body;

    if (type == MSG_ES3_GET_EIS_RESPONSE && status == EXEC_SUCCESS) {
        struct eis *eis = arena_alloc(&l->mem, sizeof *eis);
        assert_int_equal(eid_parse(LONE_EID, &eis->eid), 0);
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
            l->o->state == ORDER_KEYSET ? span_of(RECEIPT, sizeof RECEIPT) : span_of(RC, sizeof RC);
    }
    return in;
}

struct input lone_key(struct lone *l, int err, bool installed)
{
    struct dp_job_result *r = arena_alloc(&l->mem, sizeof *r);
    struct input in = {.kind = IN_KEY};

    r->memory_required = 60000;
    r->facts.rc_len = 16;
    r->sealed_len = 40;
    r->payload = span_of(l->cert, sizeof l->cert);
    r->batch = l->o->batch + 1;
    r->last = r->batch >= 2;
    r->installed = installed;
    if (err) {
        r->code = STATUS[DP_ST_CARD].code;
        dp_text_put(r->text, sizeof r->text, "as told");
    }
    in.u.key.job = l->job;
    in.u.key.err = err;
    in.u.key.result = span_of(r, sizeof *r);
    return in;
}

enum msg_type lone_answer_of(unsigned state)
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

void lone_go_to(struct lone *l, unsigned state)
{
    lone_ordered(l, true, state == ORDER_WAITING);
    while (l->o->state != state) {
        struct input in;
        if (l->o->state == ORDER_LOAD && !l->o->calling) {
            in = lone_key(l, 0, false);
        } else {
            in = lone_peer(l, lone_answer_of(l->o->state), EXEC_SUCCESS, "", "");
            if (state == ORDER_DOUBT && l->o->state == ORDER_ENABLE)
                in = lone_peer(l, MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
            if (state == ORDER_CLEANUP && l->o->state == ORDER_PERSO)
                in = lone_peer(l, MSG_ES3_SEND_DATA_RESPONSE, EXEC_FAILED, "8.3", "4.2");
            if (state == ORDER_ORPHAN) {
                struct eis *eis = (struct eis *)(uintptr_t)((const struct es3_get_eis_response *)
                                                                in.u.peer.env->message.body)
                                      ->eis;
                eis->n_profiles = 1;
                eis->profiles[0].state = PROFILE_CREATED;
                eis->profiles[0].smdp_id = l->env.smdp_oid;
                assert_int_equal(
                    iccid_parse(span_str("8949010000000000777"), &eis->profiles[0].iccid), 0);
            }
        }
        assert_int_equal(lone_feed(l, &in), 0);
        if (l->job) {
            in = lone_key(l, 0, l->job == DP_JOB_NEXT);
            assert_int_equal(lone_feed(l, &in), 0);
        }
        if (l->o->state == ORDER_CREATE)
            l->o->bare_point = true;
    }
}

static bool told_gone(const struct input *in)
{
    const struct base_response *b = message_response(&in->u.peer.env->message);
    return b->answer.status == EXEC_SUCCESS || b->answer.status == EXEC_WARNING ||
           (b->answer.status == EXEC_FAILED && strcmp(b->answer.code.reason, "3.9") == 0 &&
            strcmp(b->answer.code.subject, "8.2.1") == 0);
}

void lone_witness(struct lone *l, const struct input *in)
{
    if (in->kind != IN_PEER || !l->o->calling ||
        in->u.peer.env->message.type != lone_answer_of(l->o->state))
        return;
    if (l->o->state == ORDER_CLEANUP && told_gone(in))
        l->maybe_on_card = false;
    if (l->o->state == ORDER_CREATE &&
        message_response(&in->u.peer.env->message)->answer.status == EXEC_FAILED &&
        strcmp(message_response(&in->u.peer.env->message)->answer.code.reason, "3.3") != 0)
        l->maybe_on_card = false;
}
