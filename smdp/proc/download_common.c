/* SPDX-License-Identifier: Apache-2.0 */
/* What the states of a download share: timers, restarts, and the ends. Whatever fails between
 * creation and completion goes through the error sub-routine (SGP.02 3.1.4). */
#include "smdp/proc/download.h"

/* --- ends --- */
int download_conclude(struct run *r, enum verdict v, const struct exec_answer *x, enum stage stage)
{
    dp_run_conclude(r, v, x, stage);
    run_release(r);
    return ERR_OK;
}

int download_conclude_with(struct run *r, enum status_code st, enum stage stage)
{
    struct exec_answer x = status_answer(st);

    return download_conclude(r, st == DP_ST_EXPIRED ? VERDICT_EXPIRED : VERDICT_FAILED, &x, stage);
}

/* The card is proved clean: what failed first is the answer. */
int download_conclude_failed(struct run *r)
{
    struct exec_answer x = {
        .status = EXEC_FAILED, .code = r->o->fail, .message = span_str(r->o->fail_text)};

    return download_conclude(r, VERDICT_FAILED, &x, r->o->fail_stage);
}

/* Success, in time or late; warning is what kept EnableProfile from working. */
int download_conclude_installed(struct run *r, const struct exec_answer *warning)
{
    struct exec_answer x = status_answer(ST_OK);

    if (!warning && !r->o->answered && r->o->text[0])
        x = status_answer_saying(DP_ST_SUBSCRIPTION_WARNED, r->o->text);
    if (warning)
        x = *warning;
    if (x.code.subject[0])
        x.status = EXEC_WARNING;
    dp_run_conclude(r, VERDICT_SUCCESS, &x, warning ? STAGE_ATTACH : STAGE_NONE);
    return ERR_OK;
}

/* The error sub-routine (SGP.02 3.1.4). last: another attempt would end the same way. */
int download_fail(struct run *r, const struct exec_answer *x, enum stage stage, bool last)
{
    struct event *ev;

    r->next.state = ORDER_CLEANUP;
    ev = run_call(r, NO_PAYLOAD);
    ev->code = x->code.subject[0] ? x->code : STATUS[DP_ST_CARD].code;
    ev->stage = stage;
    ev->text = x->message.n
                   ? span_of(arena_dup(r->p->arena, x->message.p, x->message.n), x->message.n)
                   : run_str(r, STATUS[DP_ST_CARD].meaning);
    ev->more_to_do = !last;
    return ERR_OK;
}

int download_fail_with(struct run *r, enum status_code st, const char *text, bool last)
{
    struct exec_answer x = status_answer_saying(st, text);

    return download_fail(r, &x, STAGE_CARD, last);
}

int download_key_failed(struct run *r, const struct dp_job_result *res, bool last)
{
    struct exec_answer x = {
        .status = EXEC_FAILED, .code = res->code, .message = span_str(res->text)};

    return download_fail(r, &x, STAGE_PREPARATION, last);
}

/* --- what every state does alike --- */
bool download_over(const struct run *r)
{
    return !r->o->answered && r->o->validity_end_ms && r->now >= r->o->validity_end_ms;
}

bool download_ok(const struct exec_answer *x)
{
    return x->status == EXEC_SUCCESS || x->status == EXEC_WARNING;
}

/* Nothing of this attempt can have reached the card, and an earlier one is known to be gone. */
static bool unarmed(const struct run *r)
{
    const struct order *o = r->o;
    return o->state < ORDER_CREATE || (o->state == ORDER_CREATE && !o->calling);
}

/* Installed. Without a call that is out nothing was begun, and nothing is begun any more. */
static int expire_enable(struct run *r)
{
    struct exec_answer x = status_answer_saying(DP_ST_EXPIRED, DOWNLOAD_NOT_ENABLED);

    if (!r->o->calling)
        return download_conclude_installed(r, &x);
    x = status_answer_saying(DP_ST_IN_DOUBT, DOWNLOAD_ENABLE_OPEN);
    dp_run_in_doubt(r, ORDER_DOUBT, &x);
    return ERR_OK;
}

int download_expire(struct run *r)
{
    struct exec_answer x = status_answer(DP_ST_IN_DOUBT);

    if (unarmed(r) && r->o->attempt == 1)
        return download_conclude_with(r, DP_ST_EXPIRED, STAGE_PREPARATION);
    if (unarmed(r))
        return download_conclude_failed(r);
    if (r->o->state == ORDER_ENABLE)
        return expire_enable(r);
    dp_run_in_doubt(r, r->o->state, &x);
    return ERR_OK;
}

/* Same identifier while a call is out, a new one after a pause. */
static int wake(struct run *r)
{
    if (download_over(r))
        return download_expire(r);
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

int download_pause(struct run *r, enum dp_timer t)
{
    (void)run_advance(r, r->now + r->pe->env->timer_ms[t]);
    return ERR_OK;
}

/* Timers and restarts of the states that only wait for a call. */
bool download_common(struct run *r, int *ret)
{
    if (r->in->kind == IN_TIMER)
        *ret = wake(r);
    else if (r->in->kind == IN_RESTART)
        *ret = resume(r);
    return r->in->kind == IN_TIMER || r->in->kind == IN_RESTART;
}

const struct dp_job_result *download_job_result(const struct input *in, int *ret_err)
{
    *ret_err = in->u.key.err;
    return in->u.key.result.n == sizeof(struct dp_job_result)
               ? (const struct dp_job_result *)(const void *)in->u.key.result.p
               : NULL;
}
