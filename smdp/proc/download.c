/* SPDX-License-Identifier: Apache-2.0 */
/* Profile download and installation (SGP.02 3.1.1, 3.1.4, 3.1.5; facts: sgp02 9.1, trust 3.7): check,
 * create, establish the key set, load, complete, enable; whatever fails between creation and completion
 * ends in the deletion of the ISD-P, and only then in another attempt or in FAILED. */
#include "smdp/proc/run.h"

#include "common/msg/es3.h"
#include "smdp/es8/es8.h"

#define NO_PAYLOAD ((struct span){NULL, 0})

/* --- ends --- */
static int conclude_unarmed(struct run *r, enum verdict v, const struct exec_answer *x, enum stage stage)
{
    dp_run_conclude(r, v, x, stage);
    run_release(r);
    return ERR_OK;
}

static int conclude_with(struct run *r, enum dp_status st, enum stage stage)
{
    struct exec_answer x = dp_status_answer(st, NULL);

    return conclude_unarmed(r, st == DP_ST_EXPIRED ? VERDICT_EXPIRED : VERDICT_FAILED, &x, stage);
}

/* The card is proved clean: what failed first is the answer. */
static int conclude_failed(struct run *r)
{
    struct exec_answer x = {.status = EXEC_FAILED, .code = r->o->fail,
                            .message = span_str(r->o->fail_text)};

    return conclude_unarmed(r, VERDICT_FAILED, &x, r->o->fail_stage);
}

/* Success, in time or late; warning is what kept EnableProfile from working. */
static int conclude_installed(struct run *r, const struct exec_answer *warning)
{
    struct exec_answer x = dp_status_answer(DP_ST_OK, NULL);

    if (warning) {
        x = *warning;
        x.status = EXEC_WARNING;
    }
    dp_run_conclude(r, VERDICT_SUCCESS, &x, warning ? STAGE_ATTACH : STAGE_NONE);
    return ERR_OK;
}

/* The error sub-routine (SGP.02 3.1.4). last: another attempt would end the same way. */
static int download_fail(struct run *r, const struct exec_answer *x, enum stage stage, bool last)
{
    struct event *ev;

    r->next.state = ORDER_CLEANUP;
    ev = run_call(r, NO_PAYLOAD);
    ev->code = x->code.subject[0] ? x->code : dp_status_row(DP_ST_CARD)->code;
    ev->stage = stage;
    ev->text = x->message.n ? span_of(arena_dup(r->p->arena, x->message.p, x->message.n), x->message.n)
                            : run_str(r, dp_status_row(DP_ST_CARD)->message);
    ev->more_to_do = !last;
    return ERR_OK;
}

static int fail_with(struct run *r, enum dp_status st, const char *text, bool last)
{
    struct exec_answer x = dp_status_answer(st, text);

    return download_fail(r, &x, STAGE_CARD, last);
}

static int key_failed(struct run *r, const struct dp_job_result *res, bool last)
{
    struct exec_answer x = {.status = EXEC_FAILED, .code = res->code, .message = span_str(res->text)};

    return download_fail(r, &x, STAGE_PREPARATION, last);
}

/* --- what every state does alike --- */
static bool over(const struct run *r)
{
    return !r->o->answered && r->o->validity_end_ms && r->now >= r->o->validity_end_ms;
}

static bool ok(const struct exec_answer *x)
{
    return x->status == EXEC_SUCCESS || x->status == EXEC_WARNING;
}

/* Nothing of this attempt can have reached the card, and an earlier one is known to be gone. */
static bool unarmed(const struct run *r)
{
    const struct order *o = r->o;
    return o->state < ORDER_CREATE || (o->state == ORDER_CREATE && !o->calling);
}

static int expire(struct run *r)
{
    struct exec_answer x = dp_status_answer(DP_ST_IN_DOUBT, NULL);

    if (unarmed(r) && r->o->attempt == 1)
        return conclude_with(r, DP_ST_EXPIRED, STAGE_PREPARATION);
    if (unarmed(r))
        return conclude_failed(r);
    dp_run_in_doubt(r, r->o->state, &x);
    return ERR_OK;
}

/* Same identifier while a call is out, a new one after a pause. */
static int wake(struct run *r)
{
    if (over(r))
        return expire(r);
    if (r->o->calling)
        return run_repeat(r);
    (void)run_call(r, NO_PAYLOAD);
    return ERR_OK;
}

static int resume(struct run *r)
{
    if (r->o->calling)
        run_call_again(r);
    return ERR_OK;
}

static int pause_for(struct run *r, enum dp_timer t)
{
    (void)run_advance(r, r->now + r->pe->env->timer_ms[t]);
    return ERR_OK;
}

/* Timers and restarts of the states that only wait for a call. */
static bool common(struct run *r, int *ret)
{
    if (r->in->kind == IN_TIMER)
        *ret = wake(r);
    else if (r->in->kind == IN_RESTART)
        *ret = resume(r);
    return r->in->kind == IN_TIMER || r->in->kind == IN_RESTART;
}

static const struct dp_job_result *job_result(const struct input *in, int *ret_err)
{
    *ret_err = in->u.key.err;
    return in->u.key.result.n == sizeof(struct dp_job_result)
               ? (const struct dp_job_result *)(const void *)in->u.key.result.p
               : NULL;
}

/* --- WAITING --- */
static int start(struct run *r)
{
    r->next.state = ORDER_CHECK;
    (void)run_call(r, NO_PAYLOAD);
    return ERR_OK;
}

static int waiting(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r;

    run_init(&r, v, in, p);
    if (in->kind == IN_RESTART)
        return ERR_OK;
    if (over(&r))
        return conclude_with(&r, DP_ST_EXPIRED, STAGE_PREPARATION);
    if (r.pe->card_busy) {
        p->volatile_due_ms = run_due(&r, r.now + r.pe->env->timer_ms[DP_TIMER_WAIT]);
        return ERR_OK;
    }
    return start(&r);
}

/* --- CHECK --- */
static const struct eis_profile *orphan(const struct run *r, const struct eis *e)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state == PROFILE_CREATED &&
            oid_eq(&e->profiles[i].smdp_id, &r->pe->env->smdp_oid))
            return &e->profiles[i];
    return NULL;
}

static int check_eis(struct run *r)
{
    const struct es3_get_eis_response *rsp;
    const struct eis_profile *left;
    const void *body;
    struct exec_answer x;
    int err = run_peer(r, MSG_ES3_GET_EIS_RESPONSE, &x, &body);

    if (err)
        return err;
    if (over(r))
        return expire(r);
    if (run_is_busy(&x))
        return pause_for(r, DP_TIMER_BUSY);
    rsp = body;
    if (ok(&x) && (!rsp || !rsp->eis || !eid_eq(&rsp->eis->eid, &r->o->eid)))
        x = dp_status_answer(DP_ST_EID_UNKNOWN, NULL);
    if (!ok(&x)) {
        x.status = EXEC_FAILED;
        return conclude_unarmed(r, VERDICT_FAILED, &x, STAGE_PREPARATION);
    }
    left = orphan(r, rsp->eis);
    if (left) {
        /* At most one unfinished ISD-P a card (trust A1): what an earlier order left goes first. */
        r->next.state = ORDER_ORPHAN;
        r->next.orphan = left->iccid;
        (void)run_call(r, NO_PAYLOAD);
        return ERR_OK;
    }
    run_job(r, &(struct dp_out_job){.job = DP_JOB_CHECK, .eis = rsp->eis});
    return ERR_OK;
}

static int check(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const struct dp_job_result *res;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    if (in->kind == IN_PEER)
        return check_eis(&r);
    res = job_result(in, &err);
    if (!res)
        return ERR_STATE;
    if (err) {
        struct exec_answer x = {.status = EXEC_FAILED, .code = res->code,
                                .message = span_str(res->text)};
        return conclude_unarmed(&r, VERDICT_FAILED, &x, STAGE_PREPARATION);
    }
    r.next.state = ORDER_CREATE;
    r.next.memory_required = res->memory_required;
    r.next.has_card_key = true;
    r.next.bare_point = res->facts.bare_point;
    r.next.curve = res->facts.curve;
    memcpy(r.next.card_point, res->facts.card_point, ORDER_POINT);
    (void)run_call(&r, NO_PAYLOAD);
    return ERR_OK;
}

/* --- ORPHAN --- */
static bool gone(const struct exec_answer *x)
{
    return ok(x) || (x->status == EXEC_FAILED && dp_code_is(&x->code, "8.2.1", "3.9"));
}

/* 69E1: POL1 forbids to delete it, so it is an installed profile. */
static bool stands(const struct exec_answer *x)
{
    return x->status == EXEC_FAILED && dp_code_is(&x->code, "8.2.2", "3.8");
}

static int orphaned(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const void *body;
    struct exec_answer x;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    err = run_peer(&r, MSG_ES3_DELETE_ISDP_RESPONSE, &x, &body);
    if (err)
        return err;
    if (over(&r))
        return expire(&r);
    if (gone(&x))
        return start(&r);
    if (stands(&x)) {
        struct exec_answer full = dp_status_answer(
            DP_ST_CARD, "an unfinished profile on this card cannot be deleted; audit the card");
        return conclude_unarmed(&r, VERDICT_FAILED, &full, STAGE_PREPARATION);
    }
    return pause_for(&r, run_is_busy(&x) ? DP_TIMER_BUSY : DP_TIMER_CLEANUP_1);
}

/* --- CREATE --- */
static int create(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const struct es3_create_isdp_response *rsp;
    const void *body;
    struct exec_answer x;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    err = run_peer(&r, MSG_ES3_CREATE_ISDP_RESPONSE, &x, &body);
    if (err)
        return err;
    if (run_is_busy(&x) && !over(&r) && !r.o->answered)
        return pause_for(&r, DP_TIMER_BUSY);
    rsp = body;
    if (rsp && rsp->isdp_aid.n)
        r.next.aid = rsp->isdp_aid;
    /* The SM-SR's FAILED is proof that no ISD-P stands (its fence), EXPIRED is none. */
    if (x.status == EXEC_FAILED)
        return conclude_unarmed(&r, VERDICT_FAILED, &x, STAGE_CARD);
    if (!ok(&x))
        return download_fail(&r, &x, STAGE_BEARER, false);
    if (r.o->answered || over(&r))
        return fail_with(&r, DP_ST_EXPIRED, NULL, true);
    if (!rsp || !aid_is_isd_p(&rsp->isdp_aid, NULL))
        return fail_with(&r, DP_ST_CARD, "the SM-SR named no ISD-P", true);
    r.next.state = ORDER_PERSO;
    (void)run_call(&r, NO_PAYLOAD);
    return ERR_OK;
}

/* --- PERSO, KEYSET, LOAD: answers of SendData --- */
static bool sent(struct run *r, struct span *ret_data, int *ret)
{
    const struct es3_send_data_response *rsp;
    const void *body;
    struct exec_answer x;

    *ret = run_peer(r, MSG_ES3_SEND_DATA_RESPONSE, &x, &body);
    if (*ret)
        return false;
    rsp = body;
    *ret_data = rsp ? rsp->euicc_response_data : NO_PAYLOAD;
    if (ok(&x)) {
        if (!r->o->answered && !over(r))
            return true;
        *ret = fail_with(r, DP_ST_EXPIRED, NULL, true);
        return false;
    }
    *ret = download_fail(r, &x, x.status == EXEC_FAILED ? STAGE_CARD : STAGE_BEARER, false);
    return false;
}

static int perso(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r;
    struct span data, rc;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    if (in->kind == IN_PEER) {
        if (!sent(&r, &data, &err))
            return err;
        err = es8_read_challenge(data, &rc);
        if (err)
            return fail_with(&r, DP_ST_CARD, "the ISD-P does not take the SM-DP certificate", false);
        run_job(&r, &(struct dp_out_job){.job = DP_JOB_AGREE, .data = rc});
        return ERR_OK;
    }
    const struct dp_job_result *res = job_result(in, &err);
    if (!res)
        return ERR_STATE;
    if (err)
        return key_failed(&r, res, true);
    r.next.state = ORDER_KEYSET;
    r.next.rc_len = res->facts.rc_len;
    memcpy(r.next.rc, res->facts.rc, sizeof r.next.rc);
    r.next.has_own_key = true;
    memcpy(r.next.own_point, res->facts.own_point, ORDER_POINT);
    memcpy(r.next.signature, res->facts.signature, ORDER_SIGNATURE);
    /* The key is durable before the card may have agreed on anything with it (trust 3.7). */
    struct event *ev = run_call(&r, NO_PAYLOAD);
    run_drop_secret(&r, ev, DP_SECRET_EPHEMERAL);
    run_put_secret(&r, ev, DP_SECRET_EPHEMERAL, res);
    return ERR_OK;
}

static int keyset(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct dp_out_job job = {.job = DP_JOB_RECEIPT};
    const struct dp_job_result *res;
    struct run r;
    struct span data;
    struct event *ev;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    if (in->kind == IN_PEER) {
        if (!sent(&r, &data, &err))
            return err;
        err = es8_read_receipt(data, &job.dr, &job.data);
        if (err)
            return fail_with(&r, DP_ST_CARD, "the card gives no receipt for the key set", false);
        run_job(&r, &job);
        return ERR_OK;
    }
    res = job_result(in, &err);
    if (!res)
        return ERR_STATE;
    if (err)
        return key_failed(&r, res, err == ERR_AUTH);
    r.next.state = ORDER_LOAD;
    r.next.batch = 0;
    ev = run_advance(&r, r.now + r.pe->env->timer_ms[DP_TIMER_BUSY]);
    run_drop_secret(&r, ev, DP_SECRET_EPHEMERAL);
    run_drop_secret(&r, ev, DP_SECRET_ISDP_KEYS);
    run_put_secret(&r, ev, DP_SECRET_ISDP_KEYS, res);
    run_job(&r, &(struct dp_out_job){.job = DP_JOB_LOAD});
    return ERR_OK;
}

static int load_key(struct run *r)
{
    int err;
    const struct dp_job_result *res = job_result(r->in, &err);

    if (!res)
        return ERR_STATE;
    if (err == ERR_AGAIN)
        return pause_for(r, DP_TIMER_BUSY);
    if (err)
        return key_failed(r, res, err != ERR_DENIED && err != ERR_EXPIRED);
    if (res->installed) {
        r->next.state = ORDER_COMPLETE;
        (void)run_call(r, NO_PAYLOAD);
        return ERR_OK;
    }
    r->next.batch = res->batch;
    r->more_to_do = !res->last;
    /* The session's memory may go before the call has left. */
    (void)run_call(r, span_of(arena_dup(r->p->arena, res->payload.p, res->payload.n), res->payload.n));
    return ERR_OK;
}

static int load(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r;
    struct span data;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    switch (in->kind) {
    case IN_RESTART: /* the SCP03t session lived in memory and cannot be taken up again */
        return fail_with(&r, DP_ST_CARD, "the session was lost by a restart", false);
    case IN_TIMER:
        if (over(&r) || r.o->calling)
            return over(&r) ? expire(&r) : run_repeat(&r);
        if (r.o->answered)
            return fail_with(&r, DP_ST_EXPIRED, NULL, true);
        run_job(&r, &(struct dp_out_job){.job = DP_JOB_LOAD});
        p->volatile_due_ms = run_due(&r, r.now + r.pe->env->timer_ms[DP_TIMER_BUSY]);
        return ERR_OK;
    case IN_PEER:
        if (!sent(&r, &data, &err))
            return err;
        run_job(&r, &(struct dp_out_job){.job = DP_JOB_NEXT, .data = data, .batch = r.o->batch});
        return ERR_OK;
    default:
        return load_key(&r);
    }
}

/* --- COMPLETE, ENABLE --- */
static int complete(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const void *body;
    struct exec_answer x;
    struct event *ev;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    err = run_peer(&r, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE, &x, &body);
    if (err)
        return err;
    if (run_is_busy(&x))
        return pause_for(&r, DP_TIMER_BUSY);
    if (!ok(&x))
        return download_fail(&r, &x, STAGE_CONFIRMATION, true);
    ev = plan_record(p, EV_PROFILE_INSTALLED);
    ev->op = r.o->id;
    ev->eid = r.o->eid;
    ev->iccid = r.o->iccid;
    ev->mno = r.o->mno;
    ev->profile_type = run_str(&r, r.o->profile_type);
    /* Ki and OPc have done their service; nothing here needs them any more. */
    run_drop_secret(&r, ev, DP_SECRET_SUBSCRIPTION);
    /* After the validity period nothing new is begun. */
    if (r.o->enable && !r.o->answered && !over(&r)) {
        r.next.state = ORDER_ENABLE;
        ev->aid = r.o->aid;
        run_call_with(&r, ev, NO_PAYLOAD);
        return ERR_OK;
    }
    r.next.state = ORDER_COMPLETE;
    ev->op_state = ORDER_COMPLETE + 1;
    ev->attempt = r.o->attempt;
    if (r.o->enable) {
        x = dp_status_answer(DP_ST_EXPIRED, "installed; the validity period ended before it was enabled");
        return conclude_installed(&r, &x);
    }
    return conclude_installed(&r, NULL);
}

static int enable(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const void *body;
    struct exec_answer x;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    err = run_peer(&r, MSG_ES3_ENABLE_PROFILE_RESPONSE, &x, &body);
    if (err)
        return err;
    if (run_is_busy(&x) && !r.o->answered && !over(&r))
        return pause_for(&r, DP_TIMER_BUSY);
    if (!ok(&x))
        return conclude_installed(&r, &x);
    run_tell_stock(&r, FN_ENABLE_PROFILE);
    return conclude_installed(&r, x.status == EXEC_WARNING ? &x : NULL);
}

/* --- CLEANUP --- */
static int again(struct run *r)
{
    struct event *ev;

    r->next.attempt = r->o->attempt + 1;
    r->next.state = ORDER_CHECK;
    memset(&r->next.aid, 0, sizeof r->next.aid);
    r->next.has_card_key = r->next.has_own_key = false;
    r->next.rc_len = 0;
    r->next.batch = 0;
    ev = run_call(r, NO_PAYLOAD);
    run_drop_secret(r, ev, DP_SECRET_EPHEMERAL);
    run_drop_secret(r, ev, DP_SECRET_ISDP_KEYS);
    return ERR_OK;
}

static int cleaned(struct run *r)
{
    if (!r->o->last_attempt && !r->o->answered && !over(r) && r->o->attempt < ORDER_ATTEMPTS_MAX)
        return again(r);
    return conclude_failed(r);
}

static int cleanup(const struct proc_view *v, const struct input *in, struct plan *p)
{
    static const enum dp_timer PAUSE[] = {DP_TIMER_CLEANUP_1, DP_TIMER_CLEANUP_2, DP_TIMER_CLEANUP_3};
    const void *body;
    struct exec_answer x;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (common(&r, &err))
        return err;
    err = run_peer(&r, MSG_ES3_DELETE_ISDP_RESPONSE, &x, &body);
    if (err)
        return err;
    if (gone(&x))
        return cleaned(&r);
    if (stands(&x) && r.o->batch) {
        r.next.state = ORDER_COMPLETE;
        (void)run_call(&r, NO_PAYLOAD);
        return ERR_OK;
    }
    if (run_is_busy(&x))
        return pause_for(&r, DP_TIMER_BUSY);
    /* No proof either way: the ICCID stays bound to this card, and it is asked again, ever more rarely. */
    return pause_for(&r, PAUSE[r.o->tries < 2 ? r.o->tries : 2]);
}

#define BIT(s) (1u << (unsigned)(s))
#define WAITS (IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
#define CALLS (WAITS | IN_BIT(IN_PEER))
#define JOBS (CALLS | IN_BIT(IN_KEY))
#define ENDS BIT(ORDER_DONE)

static const struct proc_state STATES[ORDER_STATES] = {
    [ORDER_WAITING] = {"WAITING", WAITS, BIT(ORDER_CHECK) | ENDS, "wait", RESTART_WAIT, waiting},
    [ORDER_CHECK] = {"CHECK", JOBS,
                     BIT(ORDER_CHECK) | BIT(ORDER_ORPHAN) | BIT(ORDER_CREATE) | ENDS,
                     "call_repeat", RESTART_RESUME, check},
    [ORDER_ORPHAN] = {"ORPHAN", CALLS, BIT(ORDER_ORPHAN) | BIT(ORDER_CHECK) | ENDS, "call_repeat",
                      RESTART_RESUME, orphaned},
    [ORDER_CREATE] = {"CREATE", CALLS,
                      BIT(ORDER_CREATE) | BIT(ORDER_PERSO) | BIT(ORDER_CLEANUP) | ENDS, "call_repeat",
                      RESTART_RESUME, create},
    [ORDER_PERSO] = {"PERSO", JOBS, BIT(ORDER_PERSO) | BIT(ORDER_KEYSET) | BIT(ORDER_CLEANUP),
                     "call_repeat", RESTART_RESUME, perso},
    [ORDER_KEYSET] = {"KEYSET", JOBS, BIT(ORDER_KEYSET) | BIT(ORDER_LOAD) | BIT(ORDER_CLEANUP),
                      "call_repeat", RESTART_RESUME, keyset},
    [ORDER_LOAD] = {"LOAD", JOBS, BIT(ORDER_LOAD) | BIT(ORDER_COMPLETE) | BIT(ORDER_CLEANUP),
                    "call_repeat", RESTART_RECONCILE, load},
    [ORDER_COMPLETE] = {"COMPLETE", CALLS,
                        BIT(ORDER_COMPLETE) | BIT(ORDER_ENABLE) | BIT(ORDER_CLEANUP) | ENDS,
                        "call_repeat", RESTART_RESUME, complete},
    [ORDER_ENABLE] = {"ENABLE", CALLS, BIT(ORDER_ENABLE) | ENDS, "call_repeat", RESTART_RESUME, enable},
    [ORDER_CLEANUP] = {"CLEANUP", CALLS,
                       BIT(ORDER_CLEANUP) | BIT(ORDER_CHECK) | BIT(ORDER_COMPLETE) | ENDS,
                       "cleanup_1", RESTART_RESUME, cleanup},
};
const struct proc DP_PROC_DOWNLOAD = {"download", FN_DOWNLOAD_PROFILE, STATES, ORDER_STATES};
