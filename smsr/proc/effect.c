/* SPDX-License-Identifier: Apache-2.0 */
/* The effect command of a switch or a deletion is out (law 3): the same bytes again, or the fence of the
 * channel it went by; what a card that calls meanwhile is given. */
#include "smsr/proc/run.h"

#include "common/base/mutant.h"

/* The card has said nothing about this try, and there is another bearer and time left. */
static bool may_again(const struct run *r)
{
    const struct operation *op = r->op;

    return !op->answered && !r->answered_now && !run_expired(r) && op->attempt < RUN_EFFECT_ATTEMPTS &&
           !op->notif_seen && !op->ran && !op->window_end_ms && r->p->n_records <= RUN_AGAIN_RECORDS &&
           run_choose(r, op->bearer).bearer != op->bearer;
}

bool run_effect_again(struct run *r, const struct run_effect *fx, const struct uuid *session, int *ret)
{
    if (!may_again(r))
        return false;
    r->after = r->op->bearer;
    *ret = fx->start(r);
    if (session && r->p->unit.set)
        run_session_leave(r, session);
    return true;
}

int run_effect_doubt(struct run *r, const struct run_effect *fx, const char *why)
{
    int err;

    if (mutant("BEARER_WITHOUT_FENCE") && run_effect_again(r, fx, NULL, &err))
        return run_mistaken(r, err);
    run_in_doubt(r, why);
    return fx->fence(r);
}

static void expire(struct run *r, const struct run_effect *fx)
{
    run_expire_sent(r, "validity period over, the card has not answered", fx->fencing,
                    run_fence_due(r, 0));
}

int run_effect_expire(struct run *r, const struct run_effect *fx)
{
    if (mutant("FAILED_ON_TIMEOUT")) {
        (void)run_conclude(r, VERDICT_FAILED, ST_ISDR_EXECUTION, STAGE_BEARER,
                           (struct span){NULL, 0});
        return ERR_OK;
    }
    expire(r, fx);
    return fx->fence(r);
}

static int resend_fresh(struct run *r, const struct run_effect *fx)
{
    int err = fx->arm(r);

    if (r->p->unit.set) {
        r->p->unit.armed->op_state = 0; /* the state table would not have it come back here */
        r->p->volatile_due_ms = r->p->unit.armed->due_ms;
    }
    return err;
}

static const struct euicc_profile *goal(const struct run *r, const struct run_effect *fx)
{
    return fx->goal ? fx->goal(r) : NULL;
}

int run_effect_due(struct run *r, const struct run_effect *fx)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_CMD);

    if (run_expired(r)) {
        run_close_way(r);
        return run_effect_expire(r, fx);
    }
    if (run_by_session(r)) {
        run_close_way(r);
        return run_effect_doubt(r, fx, "the card is silent in its session");
    }
    if (!pk)
        return run_effect_doubt(r, fx, "the packet is no longer known");
    if (r->op->bearer == BEARER_CATTP) { /* over its link or not at all */
        run_close_way(r);
        return run_effect_doubt(r, fx, "the card is silent over its link");
    }
    if (run_silent(r, pk) && run_choose(r, BEARER_SMS).bearer != BEARER_SMS)
        return run_effect_doubt(r, fx, "silent by SMS: it is asked before another bearer is tried");
    if (mutant("RESEND_FRESH_COUNTER"))
        return resend_fresh(r, fx);
    run_resend(r, pk, euicc_enabled(r->e), goal(r, fx));
    return ERR_OK;
}

int run_effect_posted(struct run *r, const struct run_effect *fx)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_CMD);

    if (run_by_session(r) && run_step_heard(r))
        return fx->step(r);
    if (!r->in->u.post.first)
        return ERR_STATE;
    if (mutant("POLL_SERVES_ARMED") && r->op->bearer == BEARER_SMS)
        return run_mistaken(r, fx->arm(r));
    if (run_by_session(r)) {
        run_in_doubt(r, "the card opened a new session in mid step");
        return run_ask_in_session(r, PURPOSE_FENCE, fx->fence_step);
    }
    if (pk && r->op->bearer == BEARER_SMS && !run_expired(r))
        run_resend(r, pk, euicc_enabled(r->e), goal(r, fx));
    else if (!fx->resets)
        return ERR_STATE;
    if (fx->resets)
        run_session_leave(r, &r->in->u.post.session);
    return ERR_OK;
}

int run_effect_fencing(struct run *r, const struct run_effect *fx)
{
    bool post = r->in->kind == IN_POST;

    /* A question in its session would not fence what went by SMS or over a link (law 3). */
    if (post && r->in->u.post.first && !run_step_unfenced(r) && run_question_again(r)) {
        if (fx->resets)
            run_session_leave(r, &r->in->u.post.session);
        return ERR_OK;
    }
    if (post && !(r->in->u.post.first && run_step_unfenced(r)))
        return ERR_STATE;
    if (run_expired(r))
        expire(r, fx);
    return post ? run_ask_in_session(r, PURPOSE_FENCE, fx->fence_step) : fx->fence(r);
}
