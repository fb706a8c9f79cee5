/* SPDX-License-Identifier: Apache-2.0 */
/* Admission of a call: relation, state, policy, limits; then operation.accepted and, when nothing
 * else runs on the card, the first packet in the same commit. A refusal is a record and a GSMA
 * status too. */
#include "smsr/proc/admission.h"

#include "common/base/clock.h"
#include "common/base/mutant.h"
#include "common/msg/msg_type.h"

#include "smsr/domain/card_state.h"
#include "smsr/domain/limit.h"
#include "smsr/domain/reach.h"
#include "smsr/proc/switch.h"

#include <stdio.h>

struct admit {
    struct run r;
    struct ask ask;
    const struct in_call *call;
    struct oid owner;
    uint32_t acceptable_s;
};

static void reply(struct admit *a, enum envelope_kind kind, struct message m, const struct uuid *op,
                  enum verdict v)
{
    struct out_reply out;

    memset(&out, 0, sizeof out);
    out.conn = a->call->conn;
    out.message_id = a->call->message_id;
    out.kind = kind;
    if (op)
        out.operation = *op;
    out.verdict = v;
    out.context_id = a->call->context_id;
    out.mno_id = a->call->mno_id;
    out.message = m;
    plan_out(a->r.p, OUT_REPLY, &out, sizeof out);
}

static struct event *call_record(struct admit *a, enum event_type type)
{
    struct event *ev = plan_record(a->r.p, type);

    ev->eid = a->ask.eid;
    ev->function = a->ask.fn;
    ev->iface = a->ask.caller.iface;
    ev->party = a->ask.caller.party;
    ev->role = a->ask.caller.role;
    ev->mno = a->owner;
    ev->fcid = a->ask.fcid;
    ev->correlation_id = a->call->context_id;
    ev->iccid = a->ask.iccid;
    ev->has_digest = true;
    memcpy(ev->digest, a->call->digest, sizeof ev->digest);
    return ev;
}

static struct message answer(struct admit *a, const struct exec_answer *x)
{
    return proc_answer(a->r.p->arena, a->ask.caller.iface, a->ask.fn, x, (struct span){NULL, 0},
                       NULL, a->r.now, a->r.now, a->acceptable_s);
}

/* The ISD-P to delete first, when it is the caller's own: the subject the status is about. */
static struct span orphan_named(struct admit *a)
{
    const struct euicc_profile *p = euicc_orphan(a->r.e);
    char text[AID_TEXT];

    if (!p || !oid_eq(&p->mno, &a->owner))
        return (struct span){NULL, 0};
    aid_text(&p->aid, text);
    return span_of(arena_str(a->r.p->arena, span_str(text)), strlen(text));
}

/* An owner that named the wrong one of its cards is told so; of a profile of others nobody is (law 8). */
static bool elsewhere(struct admit *a)
{
    const struct proc_env *pe = a->r.pe;

    return a->owner.s[0] && a->ask.fn != FN_UPDATE_SUBSCRIPTION_ADDRESS && pe->iccid_elsewhere &&
           pe->iccid_elsewhere(pe->ctx, &a->ask.iccid, &a->owner, &a->ask.eid);
}

static int refuse(struct admit *a, enum status_code st)
{
    struct exec_answer x = status_answer(st == ST_ICCID_UNKNOWN && elsewhere(a) ? ST_ICCID_ELSEWHERE : st);
    struct message m;
    struct event *ev;

    if (st == ST_ORPHAN)
        x.subject_identifier = orphan_named(a);
    m = answer(a, &x);
    ev = call_record(a, EV_OPERATION_CONCLUDED);

    ev->op = a->r.pe->new_op;
    ev->result = VERDICT_FAILED;
    ev->code = x.code;
    ev->text = x.message;
    ev->stage = STAGE_ADMISSION;
    ev->completed_at_ms = a->r.now;
    ev->answer_msg = arena_dup(a->r.p->arena, &m, sizeof m);
    reply(a, ENV_RESPONSE, m, &ev->op, VERDICT_FAILED);
    return ERR_OK;
}

/* --- synchronous functions: one record, answered at once --- */
static int answer_sync(struct admit *a, struct event *ev)
{
    struct exec_answer x = status_answer(ST_OK);
    struct message m = answer(a, &x);

    ev->answer_msg = arena_dup(a->r.p->arena, &m, sizeof m);
    ev->completed_at_ms = a->r.now;
    reply(a, ENV_RESPONSE, m, NULL, VERDICT_SUCCESS);
    return ERR_OK;
}

static enum status_code read_pol2(const struct pol2 *p, uint32_t *ret)
{
    uint8_t bits;

    if (!pol2_read(p, &bits))
        return ST_POL2_INVALID;
    *ret = bits | 0x100u;
    return ST_OK;
}

/* Answers are looked for by the number they come from: an owner that could give its profiles the
 * numbers of another's would crowd those cards out (design 5 step 6). */
static enum status_code check_address(struct admit *a, const struct euicc_profile *p)
{
    const struct subscription_address *to = &a->ask.address;
    enum status_code st = authz_imsi(a->r.env, &p->mno, &to->imsi);

    if (!st && to->msisdn.s[0] && a->r.pe->number_taken &&
        a->r.pe->number_taken(a->r.pe->ctx, &to->msisdn, &p->mno))
        st = ST_ADDRESS_TAKEN;
    return st;
}

static int download_completed(struct admit *a, const struct euicc_profile *p)
{
    uint32_t pol2 = 0x100;
    enum status_code st = read_pol2(&a->ask.pol2, &pol2);
    struct span type = a->ask.profile_type;
    struct euicc_profile now = *p;
    struct event *ev;

    if (!st)
        st = check_address(a, p);
    if (st)
        return refuse(a, st);
    if (p->state != PROFILE_CREATED)
        return refuse(a, ST_ALREADY_INSTALLED);
    ev = call_record(a, EV_PROFILE_INSTALLED);
    ev->aid = p->aid;
    ev->profile_type = a->ask.profile_type;
    ev->msisdn = a->ask.address.msisdn;
    ev->imsi = a->ask.address.imsi;
    ev->pol2 = pol2;
    ev->smdp = a->ask.caller.party;
    (void)snprintf(now.profile_type, sizeof now.profile_type, "%.*s", (int)type.n,
                   type.n ? (const char *)type.p : "");
    run_notify(&a->r, ev, &now, FN_PROFILE_DOWNLOAD_COMPLETED);
    return answer_sync(a, ev);
}

static int update_address(struct admit *a, const struct euicc_profile *p)
{
    const struct subscription_address *to = &a->ask.address;
    enum status_code st = to->imsi.s[0] || to->msisdn.s[0] ? check_address(a, p) : ST_FORMAT;
    struct event *ev;

    if (st)
        return refuse(a, st);
    ev = call_record(a, EV_ADDRESS_CHANGED);
    ev->msisdn = a->ask.address.msisdn;
    ev->imsi = a->ask.address.imsi;
    return answer_sync(a, ev);
}

/* All rules of the profile at once (facts: sgp02 9.8). A command that is armed already was judged by the
 * rules of then. */
static int update_policy(struct admit *a, const struct euicc_profile *p)
{
    uint32_t pol2 = 0x100;
    enum status_code st = read_pol2(&a->ask.pol2, &pol2);
    struct event *ev;

    /* The rules of one that is still downloaded come with ProfileDownloadCompleted. */
    if (!st && p->state < PROFILE_DISABLED)
        st = ST_NOT_INSTALLED;
    if (st)
        return refuse(a, st);
    ev = call_record(a, EV_POLICY_CHANGED);
    ev->pol2 = pol2;
    run_notify(&a->r, ev, p, FN_UPDATE_POLICY_RULES);
    return answer_sync(a, ev);
}

/* --- asynchronous functions --- */
static enum status_code check_create(struct admit *a)
{
    const struct euicc *e = a->r.e;
    enum status_code st = authz_create(a->r.env, &a->ask.caller, &a->ask.iccid, &a->ask.mno);

    if (!st)
        st = limit_effects(a->r.env, e, a->r.now);
    if (st)
        return st;
    if (euicc_profile_by_iccid(e, &a->ask.iccid) ||
        (a->r.pe->iccid_taken && a->r.pe->iccid_taken(a->r.pe->ctx, &a->ask.iccid)))
        return ST_ICCID_IN_USE;
    if (euicc_orphan(e))
        return ST_ORPHAN;
    if (a->ask.memory > e->memory_free)
        return ST_MEMORY;
    if (e->n_profiles == EUICC_PROFILES_MAX)
        return ST_MEMORY;
    return ST_OK;
}

static enum status_code check_send_data(struct admit *a)
{
    const struct euicc_profile *p = euicc_profile_by_aid(a->r.e, &a->ask.sd_aid);

    if (es5_send_data_check(a->ask.data))
        return ST_FORMAT;
    if (aid_eq(&a->ask.sd_aid, &AID_ISD_R)) {
        /* INSTALL [personalization] and the key establishment go through the ISD-R, for an ISD-P of
         * this Mno-id that is not finished. */
        p = euicc_orphan(a->r.e);
    }
    if (!p || !oid_eq(&p->mno, &a->owner) || (p->state != PROFILE_CREATED))
        return ST_SD_AID_UNKNOWN;
    return ST_OK;
}

/* Those listed must be the caller's to see; an owner without a profile on the card has no reason to
 * wake it (facts: sgp02 2.2). */
static enum status_code check_audit(struct admit *a)
{
    bool owns = a->ask.caller.role == ROLE_FLEET;

    for (unsigned i = 0; i < a->r.e->n_profiles; i++)
        owns = owns ||
               !authz_profile(a->r.env, &a->ask.caller, a->r.e, &a->r.e->profiles[i], FN_AUDIT_EIS);
    if (!owns)
        return ST_EIS_NOT_ALLOWED;
    for (unsigned i = 0; i < a->ask.n_iccids; i++) {
        const struct euicc_profile *p = euicc_profile_by_iccid(a->r.e, &a->ask.iccids[i]);
        if (!p || p->state == PROFILE_IN_CREATION ||
            (a->ask.caller.role != ROLE_FLEET &&
             authz_profile(a->r.env, &a->ask.caller, a->r.e, p, FN_AUDIT_EIS)))
            return ST_AUDIT_DENIED;
    }
    return run_reachable(a->r.env, a->r.e);
}

/* Whoever may not have it done is told so first. Its DGI is published nowhere we could read, and none is
 * made up (proto/RULES.md). */
static enum status_code check_emergency(struct admit *a, const struct euicc_profile *p)
{
    enum status_code st =
        policy_check(a->r.env, &a->ask.caller, a->r.e, p, POLICY_SET_EMERGENCY);

    return st ? st : ST_UNSUPPORTED;
}

static enum status_code check_card(struct admit *a, const struct euicc_profile *p)
{
    const struct caller *c = &a->ask.caller;

    switch (a->ask.fn) {
    case FN_ENABLE_PROFILE:
        return switch_check(a->r.env, c, a->r.e, p, POLICY_ENABLE, a->r.now);
    case FN_DISABLE_PROFILE:
        return switch_check(a->r.env, c, a->r.e, p, POLICY_DISABLE, a->r.now);
    case FN_DELETE_PROFILE:
    case FN_SET_FALLBACK_ATTRIBUTE:
        return command_check(a->r.env, c, a->r.e, p, a->ask.fn, a->r.now);
    case FN_SET_EMERGENCY_ATTRIBUTE:
        return check_emergency(a, p);
    case FN_AUDIT_EIS:
        return check_audit(a);
    case FN_CREATE_ISDP:
        return check_create(a);
    case FN_SEND_DATA:
        return check_send_data(a);
    case FN_ROTATE_KEYS:
        return keys_check(a->r.env, a->r.e, a->ask.more_to_do);
    default:
        return ST_OK;
    }
}

/* The first of two clocks, when there are two: how long the card is waited for. 0: there is one. */
static int64_t find_wake(const struct admit *a)
{
    const struct env *env = a->r.env;

    if (a->ask.wake_s)
        return clock_scaled((int64_t)a->ask.wake_s * 1000, env->time_scale);
    if (a->ask.fn == FN_CREATE_ISDP || a->ask.fn == FN_SEND_DATA)
        return 0; /* steps of an SM-DP's order, which has a time of its own */
    if (a->ask.at_next_contact || (!a->ask.has_validity && reach_sleeps(a->r.e)))
        return env->timer_ms[TIMER_WAKE_DEADLINE];
    return 0;
}

static int64_t default_validity(struct admit *a)
{
    const struct env *env = a->r.env;
    size_t n;

    switch (a->ask.fn) {
    case FN_ENABLE_PROFILE:
    case FN_DISABLE_PROFILE:
    case FN_ROTATE_KEYS:
        return env->timer_ms[TIMER_VALIDITY_ENABLE];
    case FN_SEND_DATA:
    case FN_CREATE_ISDP:
        n = a->ask.data.n ? (a->ask.data.n + 19999) / 20000 : 1;
        return env->timer_ms[TIMER_VALIDITY_DOWNLOAD] * (int64_t)n;
    default:
        return env->timer_ms[TIMER_VALIDITY_OTHER];
    }
}

static bool find_validity(struct admit *a, int64_t *ret)
{
    const struct env *env = a->r.env;
    int64_t max = env->timer_ms[TIMER_VALIDITY_MAX], wake_max = env->timer_ms[TIMER_WAKE_DEADLINE];

    if (wake_max < max)
        wake_max = max;
    if (find_wake(a) > wake_max) {
        a->acceptable_s = (uint32_t)(wake_max * (int64_t)(env->time_scale ? env->time_scale : 1) / 1000);
        return false;
    }

    *ret = a->ask.has_validity ? clock_scaled((int64_t)a->ask.validity_s * 1000, env->time_scale)
                               : default_validity(a);
    if (*ret <= max)
        return true;
    if (!a->ask.has_validity) {
        *ret = max;
        return true;
    }
    a->acceptable_s = (uint32_t)(max * (int64_t)(env->time_scale ? env->time_scale : 1) / 1000);
    return false;
}

/* The operation as apply will make it from the record just planned: what the first step reads. */
static struct operation *preview(struct admit *a, const struct event *ev)
{
    struct operation *op = arena_alloc(a->r.p->arena, sizeof *op);

    if (!op)
        return NULL;
    operation_of(op, ev, a->r.now);
    if (ev->volatile_data.n) {
        op->data = arena_dup(a->r.p->arena, ev->volatile_data.p, ev->volatile_data.n);
        op->data_len = ev->volatile_data.n;
    }
    return op;
}

static int start(struct admit *a)
{
    switch (a->ask.fn) {
    case FN_ENABLE_PROFILE:
    case FN_DISABLE_PROFILE:
        return switch_arm(&a->r);
    case FN_DELETE_PROFILE:
    case FN_SET_FALLBACK_ATTRIBUTE:
        return command_arm(&a->r);
    case FN_CREATE_ISDP:
    case FN_SEND_DATA:
        return session_start(&a->r);
    case FN_AUDIT_EIS:
        return audit_start(&a->r);
    case FN_ROTATE_KEYS:
        return keys_start(&a->r);
    default:
        return ERR_INTERNAL;
    }
}

static int accept(struct admit *a, const struct euicc_profile *p, int64_t validity)
{
    struct event *ev = call_record(a, EV_OPERATION_ACCEPTED);
    struct aid aid = p ? p->aid : a->ask.sd_aid;
    const struct operation *first;
    int64_t wake = find_wake(a), wait;

    if (a->ask.fn == FN_CREATE_ISDP && euicc_new_aid(a->r.e, &aid))
        return ERR_INTERNAL;
    ev->op = a->r.pe->new_op;
    ev->aid = aid;
    ev->validity_end_ms = a->r.now + (wake ? wake : validity);
    ev->validity_once_ms = wake ? validity : 0;
    ev->at_next_contact = a->ask.at_next_contact;
    ev->op_state = 1; /* QUEUED, row 0 of every table */
    ev->due_ms = ev->validity_end_ms;
    ev->more_to_do = a->ask.more_to_do;
    ev->memory_required = a->ask.memory;
    ev->volatile_data = a->ask.data;
    reply(a, ENV_ACCEPTED, (struct message){MSG_NONE, NULL}, &ev->op, VERDICT_NONE);
    first = a->r.e->n_ops ? a->r.e->ops[0] : (a->r.op = preview(a, ev));
    if (!first)
        return ERR_NOMEM;
    wait = proc_wait(a->r.pe, a->r.e, first);
    /* Behind one that waits: the record may have moved the time of the card. */
    if (wait || (a->r.e->n_ops && !first->state))
        proc_wait_until(a->r.p, wait, first);
    return wait || a->r.e->n_ops ? ERR_OK : start(a);
}

/* The profile a call is about. The decision table says the rest about those that change the card; one that
 * is being created is shown to nobody else. */
static const struct euicc_profile *find_profile(struct admit *a, enum status_code *ret_st)
{
    const struct euicc_profile *t = euicc_profile_by_iccid(a->r.e, &a->ask.iccid);
    enum policy_op op;

    *ret_st = ST_OK;
    if (policy_op_of(a->ask.fn, &op))
        return t;
    if (t && t->state == PROFILE_IN_CREATION)
        t = NULL;
    *ret_st = authz_profile(a->r.env, &a->ask.caller, a->r.e, t, a->ask.fn);
    return t;
}

static bool about_a_profile(enum function f)
{
    return f != FN_CREATE_ISDP && f != FN_SEND_DATA && f != FN_AUDIT_EIS && f != FN_ROTATE_KEYS;
}

int proc_admit(const struct proc_env *pe, struct euicc *e, const struct input *in, struct plan *p)
{
    struct admit a = {.r = RUN_OF(pe, e, NULL, in, p), .call = &in->u.call};
    const struct euicc_profile *t = NULL;
    enum status_code st;
    int64_t validity;

    if (!ask_read(a.call, &a.ask))
        return ERR_UNSUPPORTED;
    st = authz_card(pe->env, &a.ask.caller, e, &a.owner);
    if (!st)
        st = card_state_refuses(e->life, a.ask.fn);
    if (st)
        return refuse(&a, st);
    if (about_a_profile(a.ask.fn)) {
        t = find_profile(&a, &st);
        if (st)
            return refuse(&a, st);
    }
    if (msg_type_info(a.call->msg->type)->synchronous && a.ask.has_validity && !a.ask.validity_s)
        return refuse(&a, ST_VALIDITY_ZERO);
    if (a.ask.fn == FN_PROFILE_DOWNLOAD_COMPLETED)
        return download_completed(&a, t);
    if (a.ask.fn == FN_UPDATE_SUBSCRIPTION_ADDRESS)
        return update_address(&a, t);
    if (a.ask.fn == FN_UPDATE_POLICY_RULES)
        return update_policy(&a, t);
    st = check_card(&a, t);
    if (!st && a.ask.has_validity && !a.ask.validity_s)
        st = ST_VALIDITY_ZERO;
    if (!st && !find_validity(&a, &validity))
        st = ST_VALIDITY_TOO_LONG;
    if (!st && e->n_ops == EUICC_OPS_MAX && !mutant("QUEUE_UNBOUNDED"))
        st = ST_BUSY;
    return st ? refuse(&a, st) : accept(&a, t, validity);
}
