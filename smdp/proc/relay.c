/* SPDX-License-Identifier: Apache-2.0 */
/* ES2 functions the SM-DP passes on (SGP.02 5.3, facts: sgp02 1.3): all but GetEIS and DownloadProfile
 * become one ES3 call of ours for the same Mno-id, its answer is the operator's answer. */
#include "smdp/proc/run.h"

#include "common/msg/es3.h"

static bool changes_stock(enum function f)
{
    return f == FN_ENABLE_PROFILE || f == FN_DISABLE_PROFILE || f == FN_DELETE_PROFILE ||
           f == FN_UPDATE_SUBSCRIPTION_ADDRESS;
}

static int end(struct run *r, enum verdict v, const struct exec_answer *x)
{
    if (v == VERDICT_SUCCESS && changes_stock(r->o->function))
        run_tell_stock(r, r->o->function);
    dp_run_conclude(r, v, x, v == VERDICT_SUCCESS ? STAGE_NONE : STAGE_CARD);
    return ERR_OK;
}

static int answered(struct run *r)
{
    enum msg_type type = msg_type_response(msg_type_find(IF_ES3, r->o->function, MSG_KIND_REQUEST));
    const void *body;
    struct exec_answer x;
    enum verdict v;
    int err = run_peer(r, type, &x, &body);

    if (err)
        return err;
    if (type == MSG_ES3_AUDIT_EIS_RESPONSE && body)
        r->eis = ((const struct es3_audit_eis_response *)body)->eis;
    v = dp_answer_verdict(r->in->u.peer.env, &x);
    if (v != VERDICT_IN_DOUBT)
        return end(r, v, &x);
    if (r->o->state == ORDER_DOUBT) {
        r->p->volatile_due_ms = r->now + r->pe->env->timer_ms[DP_TIMER_CALL_REPEAT];
        return ERR_OK;
    }
    if (r->o->answered)
        x = status_answer(DP_ST_IN_DOUBT);
    dp_run_in_doubt(r, ORDER_DOUBT, &x);
    return ERR_OK;
}

/* A late verdict names our call (design 3.4). */
static int peer(struct run *r)
{
    struct exec_answer x;
    enum verdict v;

    if (r->in->u.peer.env->kind != ENV_NOTICE)
        return answered(r);
    return run_told(r, &v, &x) ? ERR_STATE : end(r, v, &x);
}

static int relay(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct exec_answer x = status_answer(DP_ST_IN_DOUBT);
    struct run r;

    run_init(&r, v, in, p);
    switch (in->kind) {
    case IN_PEER:
        return peer(&r);
    case IN_RESTART:
        run_call_again(&r);
        return ERR_OK;
    default:
        if (!r.o->answered && r.now >= r.o->validity_end_ms) {
            /* The call may have reached the SM-SR: it will say what became of it. */
            dp_run_in_doubt(&r, ORDER_DOUBT, &x);
            return ERR_OK;
        }
        return run_repeat(&r);
    }
}

/* DOUBT asks again under the same identifier: the SM-SR's answer to a repeat carries the verdict of
 * now. */
static int doubt(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r;

    run_init(&r, v, in, p);
    if (in->kind == IN_PEER)
        return peer(&r);
    run_call_again(&r);
    return ERR_OK;
}

#define BIT(s) (1u << (unsigned)(s))
#define INPUTS (IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART) | IN_BIT(IN_PEER))

static const struct proc_state STATES[ORDER_STATES] = {
    [ORDER_RELAY] = {"RELAY", INPUTS, BIT(ORDER_DOUBT) | BIT(ORDER_DONE), "call_repeat",
                     RESTART_RESUME, relay},
    [ORDER_DOUBT] = {"DOUBT", INPUTS, BIT(ORDER_DONE), "call_repeat", RESTART_RESUME, doubt},
};
const struct proc DP_PROC_RELAY = {"relay", FN_NONE, STATES, ORDER_STATES};
