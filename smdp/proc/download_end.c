/* SPDX-License-Identifier: Apache-2.0 */
/* Completion, enabling, and the clean-up with its proof (SGP.02 3.1.1, 3.1.4). */
#include "smdp/proc/download.h"

#include "common/msg/es3.h"

/* --- COMPLETE --- */
/* What the SM-SR tells of a profile it knows as installed: the call was done, and only its answer has
 * not been heard yet (the SM-DP was away). Deliveries come in order, so it is no older life of this
 * ICCID on this card that it tells of. */
static bool told_of_it(const struct run *r)
{
    const struct envelope *e = r->in->u.peer.env;
    const struct es3_handle_profile_enabled_notification *n = e->message.body;

    return e->kind == ENV_NOTICE &&
           (e->message.type == MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION ||
            e->message.type == MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION ||
            e->message.type == MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION) &&
           eid_eq(&n->eid, &r->o->eid) && iccid_eq(&n->iccid, &r->o->iccid) &&
           oid_eq(&n->mno_id, &r->o->mno);
}

/* The SM-SR has the number at the new profile since it completed, and the stock has it with the
 * same commit that says so: it is never with two profiles and never with none. */
static void number_moved(struct run *r)
{
    struct event *ev = plan_record(r->p, EV_NUMBER_MOVED);

    ev->op = r->o->id;
    ev->eid = r->o->eid;
    ev->iccid = r->o->iccid;
    ev->previous = r->o->replaces;
    ev->mno = r->o->mno;
    ev->msisdn = r->o->msisdn;
}

static int installed(struct run *r)
{
    struct exec_answer x;
    struct event *ev = plan_record(r->p, EV_PROFILE_INSTALLED);

    ev->op = r->o->id;
    ev->eid = r->o->eid;
    ev->iccid = r->o->iccid;
    ev->mno = r->o->mno;
    ev->profile_type = run_str(r, r->o->profile_type);
    /* Ki and OPc have done their service; nothing here needs them any more. */
    run_drop_secret(r, ev, DP_SECRET_SUBSCRIPTION);
    if (r->o->function == FN_REPLACE_PROFILE)
        number_moved(r);
    /* After the validity period nothing new is begun. */
    if (r->o->enable && !r->o->answered && !download_over(r)) {
        r->next.state = ORDER_ENABLE;
        ev->aid = r->o->aid;
        run_call_with(r, ev, NO_PAYLOAD);
        return ERR_OK;
    }
    r->next.state = ORDER_COMPLETE;
    ev->op_state = ORDER_COMPLETE + 1;
    ev->attempt = r->o->attempt;
    if (r->o->enable) {
        x = status_answer_saying(DP_ST_EXPIRED, DOWNLOAD_NOT_ENABLED);
        return download_conclude_installed(r, &x);
    }
    return download_conclude_installed(r, NULL);
}

int download_complete_heard(struct run *r)
{
    const void *body;
    struct exec_answer x;
    int err;

    if (told_of_it(r))
        return installed(r);
    err = run_peer(r, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE, &x, &body);
    if (err)
        return err;
    if (run_is_busy(&x))
        return download_pause(r, DP_TIMER_BUSY);
    if (!download_ok(&x))
        return download_fail(r, &x, STAGE_CONFIRMATION, true);
    return installed(r);
}

/* --- ENABLE, DOUBT --- */
/* Installed it is either way; x is what kept it from being enabled. */
static int enable_ended(struct run *r, enum verdict v, const struct exec_answer *x)
{
    struct exec_answer known;

    if (v == VERDICT_SUCCESS) {
        run_tell_stock(r, FN_ENABLE_PROFILE);
        return download_conclude_installed(r, x->status == EXEC_WARNING ? x : NULL);
    }
    if (v == VERDICT_EXPIRED || x->status != EXEC_EXPIRED)
        return download_conclude_installed(r, x);
    /* The answer to a repeat is the old one (1.6-5.4), only the verdict beside it is of now. */
    known = status_answer_saying(v == VERDICT_ROLLED_BACK ? DP_ST_ROLLED_BACK : DP_ST_CARD,
                             "installed; the SM-SR found that it was not enabled");
    return download_conclude_installed(r, &known);
}

/* EXPIRED 1.6-5.4 says nothing of the card: the order stays until the SM-SR knows (design 3.4). */
static int enable_in_doubt(struct run *r)
{
    struct exec_answer x = status_answer_saying(DP_ST_IN_DOUBT, DOWNLOAD_ENABLE_OPEN);

    if (r->o->answered)
        r->p->volatile_due_ms = r->now + r->pe->env->timer_ms[DP_TIMER_CALL_REPEAT];
    else
        dp_run_in_doubt(r, ORDER_DOUBT, &x);
    return ERR_OK;
}

/* ENABLE and, once the caller has its answer, DOUBT: the same call is out. */
int download_enable_heard(struct run *r)
{
    const void *body;
    struct exec_answer x;
    enum verdict verdict;
    int err;

    if (run_told(r, &verdict, &x) == ERR_OK)
        return enable_ended(r, verdict, &x);
    err = run_peer(r, MSG_ES3_ENABLE_PROFILE_RESPONSE, &x, &body);
    if (err)
        return err;
    if (run_is_busy(&x) && !r->o->answered && !download_over(r))
        return download_pause(r, DP_TIMER_BUSY);
    verdict = dp_answer_verdict(r->in->u.peer.env, &x);
    return verdict == VERDICT_IN_DOUBT ? enable_in_doubt(r) : enable_ended(r, verdict, &x);
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
    if (!r->o->last_attempt && !r->o->answered && !download_over(r) &&
        r->o->attempt < ORDER_ATTEMPTS_MAX)
        return again(r);
    return download_conclude_failed(r);
}

int download_cleanup_heard(struct run *r)
{
    static const enum dp_timer PAUSE[] = {DP_TIMER_CLEANUP_1, DP_TIMER_CLEANUP_2,
                                          DP_TIMER_CLEANUP_3};
    const void *body;
    struct exec_answer x;
    int err = run_peer(r, MSG_ES3_DELETE_ISDP_RESPONSE, &x, &body);

    if (err)
        return err;
    if (download_gone(&x))
        return cleaned(r);
    if (download_stands(&x) && r->o->batch) {
        r->next.state = ORDER_COMPLETE;
        (void)run_call(r, NO_PAYLOAD);
        return ERR_OK;
    }
    if (run_is_busy(&x))
        return download_pause(r, DP_TIMER_BUSY);
    /* No proof either way: the ICCID stays bound to this card, and it is asked again, ever more
     * rarely. */
    return download_pause(r, PAUSE[r->o->tries < 2 ? r->o->tries : 2]);
}
