/* SPDX-License-Identifier: Apache-2.0 */
/* Records, calls and ends of an order. */
#include "smdp/proc/run.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"

void run_init(struct run *r, const struct proc_view *v, const struct input *in, struct plan *p)
{
    memset(r, 0, sizeof *r);
    r->pe = v->env;
    r->o = v->aggregate;
    r->in = in;
    r->p = p;
    r->now = v->now_ms;
    r->next = *r->o;
}

int64_t run_due(const struct run *r, int64_t due)
{
    int64_t end = r->o->validity_end_ms;

    if (r->o->answered || !end)
        return due;
    return !due || end < due ? end : due;
}

struct span run_str(struct run *r, const char *s)
{
    struct span v = span_str(s);
    return v.n ? span_of(arena_dup(r->p->arena, v.p, v.n), v.n) : (struct span){NULL, 0};
}

static struct span run_dup(struct run *r, struct span s)
{
    return s.n ? span_of(arena_dup(r->p->arena, s.p, s.n), s.n) : (struct span){NULL, 0};
}

static int64_t timer(const struct run *r, enum dp_timer t)
{
    return r->now + r->pe->env->timer_ms[t];
}

static struct event *record(struct run *r, enum event_type type)
{
    struct event *ev = plan_record(r->p, type);

    ev->op = r->o->id;
    ev->eid = r->o->eid;
    ev->iccid = r->o->iccid;
    ev->mno = r->o->mno;
    ev->correlation_id = run_str(r, r->o->correlation_id);
    return ev;
}

static void put_facts(struct run *r, struct event *ev)
{
    uint8_t *room = arena_alloc(r->p->arena, 256);
    struct writer w = wr_init(room, room ? 256 : 0);

    order_facts_put(&w, &r->next);
    if (w.failed)
        r->p->err = ERR_NOMEM;
    ev->data = wr_view(&w);
}

static void put_progress(struct run *r, struct event *ev, int64_t due)
{
    ev->op_state = r->next.state + 1;
    ev->attempt = r->next.attempt;
    ev->due_ms = run_due(r, due);
    if (r->next.aid.n && !aid_eq(&r->next.aid, &r->o->aid))
        ev->aid = r->next.aid;
    if (r->next.memory_required != r->o->memory_required)
        ev->memory_required = r->next.memory_required;
    if (r->next.batch != r->o->batch)
        ev->number = r->next.batch;
    if (r->next.state == ORDER_ORPHAN)
        ev->previous = r->next.orphan;
    put_facts(r, ev);
}

struct event *run_advance(struct run *r, int64_t due)
{
    struct event *ev = record(r, EV_ORDER_ADVANCED);

    put_progress(r, ev, due);
    return ev;
}

static void out_call(struct run *r, const struct order *o, struct span payload)
{
    struct dp_out_call out;

    memset(&out, 0, sizeof out);
    out.order = o->id;
    out.smsr = o->smsr;
    out.mno = o->mno;
    order_call_id(&o->id, o->attempt, o->step, out.fcid);
    out.context_id = run_str(r, o->correlation_id);
    out.message = run_message(r, o, payload);
    plan_out(r->p, DP_OUT_CALL, &out, sizeof out);
}

void run_call_with(struct run *r, struct event *ev, struct span payload)
{
    if (r->next.attempt > r->o->attempt)
        r->next.step = 0;
    r->next.step++;
    put_progress(r, ev, timer(r, DP_TIMER_CALL_REPEAT));
    ev->step = r->next.step;
    out_call(r, &r->next, payload);
}

struct event *run_call(struct run *r, struct span payload)
{
    struct event *ev = record(r, EV_ORDER_ADVANCED);

    run_call_with(r, ev, payload);
    return ev;
}

void run_call_again(struct run *r)
{
    out_call(r, r->o, (struct span){NULL, 0});
    r->p->volatile_due_ms = run_due(r, timer(r, DP_TIMER_CALL_REPEAT));
}

int run_repeat(struct run *r)
{
    struct dp_out_repeat out = {r->o->id, r->o->smsr};

    plan_out(r->p, DP_OUT_REPEAT, &out, sizeof out);
    r->p->volatile_due_ms = run_due(r, timer(r, DP_TIMER_CALL_REPEAT));
    return ERR_OK;
}

void run_job(struct run *r, const struct dp_out_job *job)
{
    plan_out(r->p, DP_OUT_JOB, job, sizeof *job);
}

static void put_secret(struct run *r, struct event *ev, enum dp_secret kind, struct event_secret s)
{
    char id[DP_SECRET_ID];

    if (ev->n_secrets >= EVENT_SECRETS_MAX) {
        r->p->err = ERR_FULL;
        return;
    }
    dp_secret_id(kind, &r->o->iccid, id);
    s.id = run_str(r, id);
    ev->secrets[ev->n_secrets++] = s;
}

void run_put_secret(struct run *r, struct event *ev, enum dp_secret kind,
                    const struct dp_job_result *res)
{
    struct span sealed = run_dup(r, span_of(res->sealed, res->sealed_len));

    if (!sealed.n)
        r->p->err = ERR_INTERNAL;
    put_secret(r, ev, kind,
               (struct event_secret){.sealed = sealed, .kek_version = res->kek_version});
}

void run_drop_secret(struct run *r, struct event *ev, enum dp_secret kind)
{
    put_secret(r, ev, kind, (struct event_secret){0});
}

int run_peer(struct run *r, enum msg_type type, struct exec_answer *ret, const void **ret_body)
{
    const struct envelope *e = r->in->u.peer.env;
    const struct base_response *base;

    *ret_body = NULL;
    if (!r->o->calling)
        return ERR_STATE;
    if (e->kind == ENV_ERROR) {
        *ret = status_answer(DP_ST_REQUEST_INVALID);
        if (e->error_text.n)
            ret->message = e->error_text;
        return ERR_OK;
    }
    base =
        e->kind == ENV_RESPONSE && e->message.type == type ? message_response(&e->message) : NULL;
    if (!base)
        return ERR_STATE;
    *ret = base->answer;
    *ret_body = e->message.body;
    return ERR_OK;
}

bool run_is_busy(const struct exec_answer *x)
{
    return x->status == EXEC_FAILED && status_is(&x->code, DP_ST_BUSY);
}

/* Every call of an order may be told about: a late verdict of an earlier one is not this one's. */
static bool of_this_call(const struct run *r, const struct operation_concluded *n)
{
    char fcid[ORDER_FCID];

    order_call_id(&r->o->id, r->o->attempt, r->o->step, fcid);
    return r->o->calling && span_eq(n->fcid, span_str(fcid));
}

int run_told(struct run *r, enum verdict *ret_verdict, struct exec_answer *ret)
{
    const struct envelope *e = r->in->u.peer.env;
    const struct operation_concluded *n = e->message.body;

    if (e->kind != ENV_NOTICE || e->message.type != MSG_OPERATION_CONCLUDED ||
        !of_this_call(r, n) || n->verdict == VERDICT_NONE || n->verdict == VERDICT_IN_DOUBT)
        return ERR_STATE;
    memset(ret, 0, sizeof *ret);
    ret->status = n->verdict == VERDICT_SUCCESS ? EXEC_SUCCESS : EXEC_FAILED;
    ret->code = n->code;
    ret->message = n->text;
    *ret_verdict = n->verdict;
    return ERR_OK;
}

/* --- ends --- */
static struct message response(struct run *r, const struct exec_answer *x)
{
    return dp_answer(r->p->arena, r->o->function, x, &r->o->iccid, r->eis, r->o->accepted_ms, r->now, 0);
}

static void deliver_answer(struct run *r, struct event *ev, const struct exec_answer *x)
{
    struct message m = response(r, x);
    struct dp_out_answer out;

    if (!m.body) {
        r->p->err = ERR_NOMEM;
        return;
    }
    ev->party = r->o->party;
    ev->fcid = run_str(r, r->o->fcid);
    ev->answer_msg = arena_dup(r->p->arena, &m, sizeof m);
    if (!msg_type_info(m.type)->synchronous)
        plan_deliver(r->p, ev, &r->o->party, m);
    memset(&out, 0, sizeof out);
    out.order = r->o->id;
    out.verdict = ev->result;
    out.context_id = ev->correlation_id;
    out.message = m;
    plan_out(r->p, DP_OUT_ANSWER, &out, sizeof out);
}

static void deliver_verdict(struct run *r, struct event *ev, const struct exec_answer *x)
{
    struct operation_concluded *n = arena_alloc(r->p->arena, sizeof *n);

    if (!n) {
        r->p->err = ERR_NOMEM;
        return;
    }
    n->operation = r->o->id;
    n->function = r->o->function;
    n->fcid = run_str(r, r->o->fcid);
    n->eid = r->o->eid;
    n->iccid = r->o->iccid;
    n->verdict = ev->result;
    n->code = x->code;
    n->text = run_dup(r, x->message);
    plan_deliver(r->p, ev, &r->o->party, (struct message){MSG_OPERATION_CONCLUDED, n});
}

static void put_end(struct run *r, struct event *ev, enum verdict v, const struct exec_answer *x)
{
    ev->function = r->o->function;
    ev->iface = dp_answer_iface(r->o->function);
    ev->result = v;
    ev->code = x->code;
    ev->text = run_dup(r, x->message);
    ev->attempt = r->o->attempt;
}

void dp_run_conclude(struct run *r, enum verdict v, const struct exec_answer *x, enum stage stage)
{
    struct event *ev = record(r, EV_ORDER_CONCLUDED);

    put_end(r, ev, v, x);
    ev->stage = stage;
    ev->op_state = ORDER_DONE + 1;
    ev->completed_at_ms = r->now;
    if (r->o->answered)
        deliver_verdict(r, ev, x);
    else
        deliver_answer(r, ev, x);
}

void dp_run_in_doubt(struct run *r, unsigned state, const struct exec_answer *x)
{
    struct event *ev = record(r, EV_ORDER_IN_DOUBT);

    put_end(r, ev, VERDICT_IN_DOUBT, x);
    ev->op_state = state + 1;
    ev->due_ms = timer(r, DP_TIMER_CALL_REPEAT);
    if (!ev->text.n)
        ev->text = run_str(r, STATUS[DP_ST_IN_DOUBT].meaning);
    deliver_answer(r, ev, x);
}

void run_release(struct run *r)
{
    struct event *ev = record(r, EV_PROFILE_RELEASED);

    run_drop_secret(r, ev, DP_SECRET_EPHEMERAL);
    run_drop_secret(r, ev, DP_SECRET_ISDP_KEYS);
}

void run_tell_stock(struct run *r, enum function f)
{
    const struct stock_item *i = r->pe->item;
    struct event *ev;

    if (!i || !eid_eq(&i->eid, &r->o->eid))
        return;
    if (f == FN_UPDATE_SUBSCRIPTION_ADDRESS) { /* a number that was ported: nothing else changes */
        ev = record(r, EV_ADDRESS_CHANGED);
        ev->msisdn = r->o->msisdn;
        ev->imsi = r->o->imsi;
        return;
    }
    ev = record(r, f == FN_ENABLE_PROFILE    ? EV_PROFILE_ENABLED
                   : f == FN_DISABLE_PROFILE ? EV_PROFILE_DISABLED
                                             : EV_PROFILE_DELETED);
    if (r->in->kind == IN_PEER)
        ev->completed_at_ms = r->in->u.peer.env->concluded_ms;
    if (f == FN_DELETE_PROFILE)
        run_drop_secret(r, ev, DP_SECRET_ISDP_KEYS);
}
