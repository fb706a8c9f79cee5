/* SPDX-License-Identifier: Apache-2.0 */
/* A call of an operator becomes an order, or is refused; both are records (SGP.02 5.3). */
#include "smdp/proc/run.h"

#include "common/base/clock.h"
#include "common/msg/admin.h"
#include "common/msg/es2.h"

struct admit {
    const struct dp_proc_env *pe;
    const struct in_call *call;
    struct plan *p;
    enum function function;
    struct eid eid;
    struct oid smsr;
    struct iccid iccid;
    struct span profile_type;
    bool enable;
    struct eid old_eid; /* of a replacement */
    bool synchronous; /* answered on the connection alone */
    const struct es2_update_policy_rules_request *policy;
    const struct es2_update_subscription_address_request *address;
    const struct es2_audit_eis_request *audit;
    uint32_t acceptable_s;
};

static struct span dup(struct admit *a, struct span s)
{
    return s.n ? span_of(arena_dup(a->p->arena, s.p, s.n), s.n) : (struct span){NULL, 0};
}

/* ES2 requests for one profile have one shape. */
_Static_assert(sizeof(struct es2_enable_profile_request) ==
                       sizeof(struct es2_disable_profile_request) &&
                   sizeof(struct es2_enable_profile_request) ==
                       sizeof(struct es2_delete_profile_request),
               "one shape");
_Static_assert(sizeof(struct es2_enable_profile_request) ==
                       sizeof(struct es2_set_fall_back_attribute_request) &&
                   sizeof(struct es2_enable_profile_request) ==
                       sizeof(struct es2_set_emergency_profile_attribute_request),
               "one shape");

static bool read_profile_call(struct admit *a)
{
    const struct es2_enable_profile_request *q = a->call->msg->body;

    a->eid = q->eid;
    a->smsr = q->smsr_id;
    a->iccid = q->iccid;
    return true;
}

static bool read_call(struct admit *a)
{
    const struct message *m = a->call->msg;

    a->function = msg_type_info(m->type)->function;
    a->synchronous = msg_type_info(m->type)->synchronous;
    switch (m->type) {
    case MSG_ES2_DOWNLOAD_PROFILE_REQUEST: {
        const struct es2_download_profile_request *q = m->body;
        a->eid = q->eid;
        a->smsr = q->smsr_id;
        a->iccid = q->iccid;
        a->profile_type = q->profile_type;
        a->enable = q->enable_profile;
        return true;
    }
    case MSG_ES2_ENABLE_PROFILE_REQUEST:
    case MSG_ES2_DISABLE_PROFILE_REQUEST:
    case MSG_ES2_DELETE_PROFILE_REQUEST:
    case MSG_ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST:
    case MSG_ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST:
        return read_profile_call(a);
    case MSG_ES2_UPDATE_POLICY_RULES_REQUEST:
        a->policy = m->body;
        a->eid = a->policy->eid;
        a->smsr = a->policy->smsr_id;
        a->iccid = a->policy->iccid;
        return true;
    case MSG_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST:
        a->address = m->body;
        a->eid = a->address->eid;
        a->smsr = a->address->smsr_id;
        a->iccid = a->address->iccid;
        return true;
    case MSG_ADMIN_PROFILE_REPLACE_REQUEST: {
        const struct admin_profile_replace_request *q = m->body;
        a->eid = q->new_eid;
        a->old_eid = q->old_eid;
        a->smsr = q->smsr_id;
        a->enable = q->enable_profile;
        return true;
    }
    case MSG_ES2_AUDIT_EIS_REQUEST:
        a->audit = m->body;
        a->eid = a->audit->eid;
        a->smsr = a->audit->smsr_id;
        return true;
    default:
        return false;
    }
}

static void reply(struct admit *a, enum envelope_kind kind, enum verdict v, struct message m)
{
    struct dp_out_reply out;

    memset(&out, 0, sizeof out);
    out.conn = a->call->conn;
    out.message_id = a->call->message_id;
    out.kind = kind;
    out.operation = a->pe->new_op;
    out.verdict = v;
    out.context_id = dup(a, a->call->context_id);
    out.message = m;
    plan_out(a->p, DP_OUT_REPLY, &out, sizeof out);
}

static struct event *call_record(struct admit *a, enum event_type type)
{
    struct event *ev = plan_record(a->p, type);

    ev->op = a->pe->new_op;
    ev->eid = a->eid;
    ev->iccid = a->iccid;
    ev->function = a->function;
    ev->iface = dp_answer_iface(a->function);
    ev->party = a->call->party;
    ev->role = a->call->role;
    ev->mno = a->call->party;
    ev->fcid = dup(a, a->call->fcid);
    ev->correlation_id = dup(a, a->call->context_id);
    ev->profile_type = dup(a, a->profile_type);
    ev->enable = a->enable;
    ev->has_digest = true;
    memcpy(ev->digest, a->call->digest, sizeof ev->digest);
    return ev;
}

/* The rest of the call, of which its ES3 request is made whenever it goes (calls.c). */
static void put_payload(const struct admit *a, struct event *ev)
{
    uint8_t bits = 0;

    if (a->policy && pol2_read(&a->policy->pol2, &bits))
        ev->pol2 = bits + 0x100u;
    if (a->address) {
        ev->imsi = a->address->new_address.imsi;
        ev->msisdn = a->address->new_address.msisdn;
    }
    for (unsigned i = 0; a->audit && i < a->audit->n_iccids; i++)
        ev->profiles[ev->n_profiles++].iccid = a->audit->iccids[i];
}

static int refuse(struct admit *a, enum status_code st)
{
    struct exec_answer x = status_answer(st);
    struct message m =
        dp_answer(a->p->arena, a->function, &x, NULL, NULL, a->p->now_ms, a->p->now_ms, a->acceptable_s);
    struct event *ev;

    if (!m.body)
        return ERR_NOMEM;
    reply(a, ENV_RESPONSE, VERDICT_FAILED, m);
    if (st == DP_ST_DISK_FULL)
        return ERR_OK; /* the room that is left belongs to what was admitted before */
    ev = call_record(a, EV_ORDER_CONCLUDED);
    ev->result = VERDICT_FAILED;
    ev->code = x.code;
    ev->text = x.message;
    ev->stage = STAGE_ADMISSION;
    ev->completed_at_ms = a->p->now_ms;
    ev->answer_msg = arena_dup(a->p->arena, &m, sizeof m);
    return ERR_OK;
}

static enum status_code check(struct admit *a)
{
    const struct dp_env *env = a->pe->env;
    uint8_t bits;

    if (a->pe->disk_full)
        return DP_ST_DISK_FULL;
    if (eid_is_zero(&a->eid) || !eid_check(&a->eid))
        return DP_ST_EID_UNKNOWN;
    if (!dp_env_smsr(env, &a->smsr))
        return DP_ST_SMSR_UNKNOWN;
    if (a->function == FN_REPLACE_PROFILE && (eid_is_zero(&a->old_eid) || !eid_check(&a->old_eid)))
        return DP_ST_EID_UNKNOWN;
    if (a->function == FN_REPLACE_PROFILE && eid_eq(&a->eid, &a->old_eid))
        return DP_ST_SAME_CARD;
    if (order_installs(a->function) && dp_env_is_denied(env, &a->eid))
        return DP_ST_EID_DENIED;
    if (order_installs(a->function) && a->pe->stock)
        return a->pe->stock;
    if (!order_installs(a->function) && !a->audit && !a->iccid.s[0])
        return DP_ST_ICCID_UNKNOWN;
    if (a->policy && !pol2_read(&a->policy->pol2, &bits))
        return DP_ST_POL2_INVALID;
    return a->pe->orders_full ? DP_ST_ORDERS_FULL : ST_OK;
}

/* Seconds as the caller counts them; the time scale divides them like every timer. */
static bool validity(struct admit *a, uint32_t *ret_s, int64_t *ret_ms)
{
    const struct dp_env *env = a->pe->env;
    const struct base_request *base = message_request(a->call->msg);
    bool download = order_installs(a->function);
    int64_t scale = env->time_scale > 1 ? (int64_t)env->time_scale : 1;
    int64_t ms = env->timer_ms[download         ? DP_TIMER_VALIDITY_DOWNLOAD
                               : a->synchronous ? DP_TIMER_READ
                                                : DP_TIMER_VALIDITY_SWITCH];

    *ret_s = 0;
    if (base && base->has_validity_period) {
        *ret_s = base->validity_period_s;
        ms = clock_scaled((int64_t)base->validity_period_s * 1000, env->time_scale);
    } else if (download) {
        *ret_s = (uint32_t)(ms * scale / 1000);
    }
    a->acceptable_s = (uint32_t)(env->timer_ms[DP_TIMER_VALIDITY_MAX] * scale / 1000);
    if (ms > env->timer_ms[DP_TIMER_VALIDITY_MAX])
        return false;
    a->acceptable_s = 0;
    /* A relayed call runs its validity period in the SM-SR, which starts it later than we do. */
    *ret_ms = download ? ms : ms + env->timer_ms[DP_TIMER_READ];
    return true;
}

/* The type of which one was just reserved: once for each time it falls under the threshold. */
static void ran_low(struct admit *a)
{
    const struct stock_item *i = a->pe->item;
    unsigned below = dp_env_low(a->pe->env, &i->mno, i->profile_type);
    struct event *ev;

    if (!below || a->pe->told_below || a->pe->left > below)
        return;
    ev = plan_record(a->p, EV_STOCK_RAN_LOW);
    ev->mno = i->mno;
    ev->profile_type = span_str(arena_str(a->p->arena, span_str(i->profile_type)));
    ev->number = a->pe->left - 1;
    ev->counter = below;
}

static int accept(struct admit *a, uint32_t validity_s, int64_t validity_ms, const struct input *in)
{
    bool download = order_installs(a->function);
    struct event *ev = call_record(a, EV_ORDER_ACCEPTED);
    const struct dp_smsr *smsr = dp_env_smsr(a->pe->env, &a->smsr);
    struct order next;
    struct run r;

    put_payload(a, ev);
    if (download) {
        ev->iccid = a->pe->item->iccid;
        ev->profile_type = span_str(arena_str(a->p->arena, span_str(a->pe->item->profile_type)));
        ran_low(a);
    }
    if (a->function == FN_REPLACE_PROFILE) {
        ev->previous = a->pe->old->iccid;
        ev->msisdn = a->pe->old->msisdn;
    }
    ev->validity_end_ms = a->p->now_ms + validity_ms;
    ev->number = validity_s;
    ev->attempt = 1;
    ev->text = span_str(smsr->oid.s);
    memset(&next, 0, sizeof next);
    next.id = ev->op;
    next.function = a->function;
    next.party = next.mno = ev->mno;
    next.smsr = smsr->oid;
    next.eid = ev->eid;
    next.iccid = ev->iccid;
    order_payload(&next, ev);
    next.validity_s = validity_s;
    next.validity_end_ms = ev->validity_end_ms;
    next.attempt = 1;
    next.state = download ? ORDER_CHECK : ORDER_RELAY;
    if (ev->correlation_id.n)
        memcpy(next.correlation_id, ev->correlation_id.p, ev->correlation_id.n);
    memset(&r, 0, sizeof r);
    r.pe = a->pe;
    r.o = &next;
    r.in = in;
    r.p = a->p;
    r.now = a->p->now_ms;
    r.next = next;
    /* ENV_NONE: nothing is sent, the connection waits for its RESPONSE. */
    reply(a, a->synchronous ? ENV_NONE : ENV_ACCEPTED, VERDICT_NONE, (struct message){MSG_NONE, NULL});
    if (download && a->pe->card_busy) {
        ev->op_state = ORDER_WAITING + 1;
        ev->due_ms = run_due(&r, r.now + a->pe->env->timer_ms[DP_TIMER_WAIT]);
        return ERR_OK;
    }
    ev->number = validity_s;
    run_call_with(&r, ev, (struct span){NULL, 0});
    ev->data = (struct span){NULL, 0};
    return ERR_OK;
}

static int admit(const struct dp_proc_env *pe, const struct input *in, struct plan *p)
{
    struct admit a = {.pe = pe, .call = &in->u.call, .p = p};
    enum status_code st;
    uint32_t s;
    int64_t ms;

    if (in->kind != IN_CALL || !read_call(&a))
        return ERR_STATE;
    if (a.call->fcid.n > 255 || a.call->context_id.n > 255)
        return ERR_INVAL;
    st = check(&a);
    if (!st && !validity(&a, &s, &ms))
        st = DP_ST_VALIDITY;
    return st ? refuse(&a, st) : accept(&a, s, ms, in);
}

int dp_order_decide(const struct dp_proc_env *pe, const struct order *o, const struct input *in,
                    struct plan *p)
{
    struct proc_view v = {.aggregate = o, .operation = o, .env = pe, .now_ms = p->now_ms};
    int err;

    if (!o) {
        err = admit(pe, in, p);
        return err ? err : p->err;
    }
    return proc_step(o->function == FN_DOWNLOAD_PROFILE  ? &DP_PROC_DOWNLOAD
                     : o->function == FN_REPLACE_PROFILE ? &DP_PROC_REPLACE
                                                         : &DP_PROC_RELAY,
                     o->state, &v, in, p);
}
