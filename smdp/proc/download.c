/* SPDX-License-Identifier: Apache-2.0 */
/* Profile download and installation (SGP.02 3.1.1, 3.1.5; facts: sgp02 9.1, trust 3.7): the state
 * table, and the way to an ISD-P on the card: check, clear what was left behind, create. */
#include "smdp/proc/download.h"

#include "common/msg/es3.h"

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
    if (download_over(&r))
        return download_conclude_with(&r, DP_ST_EXPIRED, STAGE_PREPARATION);
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

static int check_heard(struct run *r)
{
    const struct es3_get_eis_response *rsp;
    const struct eis_profile *left;
    const void *body;
    struct exec_answer x;
    int err = run_peer(r, MSG_ES3_GET_EIS_RESPONSE, &x, &body);

    if (err)
        return err;
    if (download_over(r))
        return download_expire(r);
    if (run_is_busy(&x))
        return download_pause(r, DP_TIMER_BUSY);
    rsp = body;
    if (download_ok(&x) && (!rsp || !rsp->eis || !eid_eq(&rsp->eis->eid, &r->o->eid)))
        x = status_answer(DP_ST_EID_UNKNOWN);
    if (!download_ok(&x)) {
        x.status = EXEC_FAILED;
        return download_conclude(r, VERDICT_FAILED, &x, STAGE_PREPARATION);
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

static int check_done(struct run *r, const struct dp_job_result *res, int err)
{
    struct event *ev;

    if (err) {
        struct exec_answer x = {
            .status = EXEC_FAILED, .code = res->code, .message = span_str(res->text)};
        return download_conclude(r, VERDICT_FAILED, &x, STAGE_PREPARATION);
    }
    r->next.state = ORDER_CREATE;
    r->next.memory_required = res->memory_required;
    r->next.has_card_key = true;
    r->next.bare_point = res->facts.bare_point;
    r->next.curve = res->facts.curve;
    memcpy(r->next.card_point, res->facts.card_point, ORDER_POINT);
    ev = run_call(r, NO_PAYLOAD);
    ev->text = run_str(r, res->text); /* a warning for the answer */
    return ERR_OK;
}

/* --- ORPHAN --- */
bool download_gone(const struct exec_answer *x)
{
    return download_ok(x) || (x->status == EXEC_FAILED && (status_is(&x->code, DP_ST_ICCID_UNKNOWN) ||
                                                           status_is(&x->code, ST_ICCID_ELSEWHERE)));
}

/* 69E1: POL1 forbids to delete it, so it is an installed profile. */
bool download_stands(const struct exec_answer *x)
{
    return x->status == EXEC_FAILED && status_is(&x->code, ST_POL1);
}

static int orphan_heard(struct run *r)
{
    const void *body;
    struct exec_answer x;
    int err = run_peer(r, MSG_ES3_DELETE_ISDP_RESPONSE, &x, &body);

    if (err)
        return err;
    if (download_over(r))
        return download_expire(r);
    if (download_gone(&x))
        return start(r);
    if (download_stands(&x)) {
        struct exec_answer full = status_answer_saying(
            DP_ST_CARD, "an unfinished profile on this card cannot be deleted; audit the card");
        return download_conclude(r, VERDICT_FAILED, &full, STAGE_PREPARATION);
    }
    return download_pause(r, run_is_busy(&x) ? DP_TIMER_BUSY : DP_TIMER_CLEANUP_1);
}

/* --- CREATE --- */
/* The SM-SR's FAILED is proof that no ISD-P stands (its fence), with three exceptions: the ICCID is
 * in use, so it stands somewhere, and a second card must never get it; and a call that was not
 * looked at at all (ERROR, or the identifier is another call's), which proves nothing. */
static int create_failed(struct run *r, const struct exec_answer *x)
{
    if (status_is(&x->code, DP_ST_ICCID_IN_USE)) {
        struct exec_answer stands = status_answer(DP_ST_ICCID_STANDS);
        dp_run_conclude(r, VERDICT_FAILED, &stands, STAGE_CARD);
        return ERR_OK;
    }
    if (r->in->u.peer.env->kind == ENV_ERROR || status_is(&x->code, DP_ST_CALL_REUSED))
        return download_fail(r, x, STAGE_PREPARATION, true);
    return download_conclude(r, VERDICT_FAILED, x, STAGE_CARD);
}

static int create_heard(struct run *r)
{
    const struct es3_create_isdp_response *rsp;
    const void *body;
    struct exec_answer x;
    int err = run_peer(r, MSG_ES3_CREATE_ISDP_RESPONSE, &x, &body);

    if (err)
        return err;
    if (run_is_busy(&x) && !download_over(r) && !r->o->answered)
        return download_pause(r, DP_TIMER_BUSY);
    rsp = body;
    if (rsp && rsp->isdp_aid.n)
        r->next.aid = rsp->isdp_aid;
    if (x.status == EXEC_FAILED)
        return create_failed(r, &x);
    if (!download_ok(&x))
        return download_fail(r, &x, STAGE_BEARER, false);
    if (r->o->answered || download_over(r))
        return download_fail_with(r, DP_ST_EXPIRED, NULL, true);
    if (!rsp || !aid_is_isd_p(&rsp->isdp_aid, NULL))
        return download_fail_with(r, DP_ST_CARD, "the SM-SR named no ISD-P", true);
    r->next.state = ORDER_PERSO;
    (void)run_call(r, NO_PAYLOAD);
    return ERR_OK;
}

/* --- the table --- */
/* What a state does with what it waits for. */
static const struct {
    int (*heard)(struct run *r); /* from the SM-SR */
    int (*done)(struct run *r, const struct dp_job_result *res, int err); /* NULL: it has no job */
} STEPS[ORDER_STATES] = {
    [ORDER_CHECK] = {check_heard, check_done},
    [ORDER_ORPHAN] = {orphan_heard, NULL},
    [ORDER_CREATE] = {create_heard, NULL},
    [ORDER_PERSO] = {download_perso_heard, download_perso_done},
    [ORDER_KEYSET] = {download_keyset_heard, download_keyset_done},
    [ORDER_COMPLETE] = {download_complete_heard, NULL},
    [ORDER_ENABLE] = {download_enable_heard, NULL},
    [ORDER_DOUBT] = {download_enable_heard, NULL},
    [ORDER_CLEANUP] = {download_cleanup_heard, NULL},
};

static int step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    const struct dp_job_result *res;
    struct run r;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    if (download_common(&r, &err))
        return err;
    if (in->kind == IN_PEER)
        return STEPS[r.o->state].heard(&r);
    res = download_job_result(in, &err);
    return res && STEPS[r.o->state].done ? STEPS[r.o->state].done(&r, res, err) : ERR_STATE;
}

#define BIT(s) (1u << (unsigned)(s))
#define WAITS  (IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
#define CALLS  (WAITS | IN_BIT(IN_PEER))
#define JOBS   (CALLS | IN_BIT(IN_KEY))
#define ENDS   BIT(ORDER_DONE)

static const struct proc_state STATES[ORDER_STATES] = {
    [ORDER_WAITING] = {"WAITING", WAITS, BIT(ORDER_CHECK) | ENDS, "wait", RESTART_WAIT,
                       waiting},
    [ORDER_CHECK] = {"CHECK", JOBS, BIT(ORDER_CHECK) | BIT(ORDER_ORPHAN) | BIT(ORDER_CREATE) | ENDS,
                     "call_repeat", RESTART_RESUME, step},
    [ORDER_ORPHAN] = {"ORPHAN", CALLS, BIT(ORDER_ORPHAN) | BIT(ORDER_CHECK) | ENDS, "call_repeat",
                      RESTART_RESUME, step},
    [ORDER_CREATE] = {"CREATE", CALLS,
                      BIT(ORDER_CREATE) | BIT(ORDER_PERSO) | BIT(ORDER_CLEANUP) | ENDS,
                      "call_repeat", RESTART_RESUME, step},
    [ORDER_PERSO] = {"PERSO", JOBS, BIT(ORDER_PERSO) | BIT(ORDER_KEYSET) | BIT(ORDER_CLEANUP),
                     "call_repeat", RESTART_RESUME, step},
    [ORDER_KEYSET] = {"KEYSET", JOBS, BIT(ORDER_KEYSET) | BIT(ORDER_LOAD) | BIT(ORDER_CLEANUP),
                      "call_repeat", RESTART_RESUME, step},
    [ORDER_LOAD] = {"LOAD", JOBS, BIT(ORDER_LOAD) | BIT(ORDER_COMPLETE) | BIT(ORDER_CLEANUP),
                    "call_repeat", RESTART_RECONCILE, download_load},
    [ORDER_COMPLETE] = {"COMPLETE", CALLS,
                        BIT(ORDER_COMPLETE) | BIT(ORDER_ENABLE) | BIT(ORDER_CLEANUP) | ENDS,
                        "call_repeat", RESTART_RESUME, step},
    [ORDER_ENABLE] = {"ENABLE", CALLS, BIT(ORDER_ENABLE) | BIT(ORDER_DOUBT) | ENDS, "call_repeat",
                      RESTART_RESUME, step},
    [ORDER_DOUBT] = {"DOUBT", CALLS, ENDS, "call_repeat", RESTART_RESUME, step},
    [ORDER_CLEANUP] = {"CLEANUP", CALLS,
                       BIT(ORDER_CLEANUP) | BIT(ORDER_CHECK) | BIT(ORDER_COMPLETE) | ENDS,
                       "cleanup_1", RESTART_RESUME, step},
};
/* The same table: a replacement is a download that takes a number over as it completes. */
const struct proc DP_PROC_REPLACE = {"replace", FN_REPLACE_PROFILE, STATES, ORDER_STATES};
const struct proc DP_PROC_DOWNLOAD = {"download", FN_DOWNLOAD_PROFILE, STATES, ORDER_STATES};
