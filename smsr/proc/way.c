/* SPDX-License-Identifier: Apache-2.0 */
/* The way of an order to the card: the bearer that is chosen for it, asking for it, and the next one when
 * that was in vain. */
#include "smsr/proc/run.h"

void run_chosen(struct run *r, enum bearer b, const char *why)
{
    struct event *ev = run_record(r, EV_BEARER_CHOSEN, -1, 0);

    ev->bearer = b;
    ev->number = (uint64_t)b;
    ev->text = span_str(why);
}

struct bearer_choice run_choose(const struct run *r, enum bearer after)
{
    const struct bearer_ask ask = {.env = r->env, .e = r->e, .op = r->op, .now = r->now,
                                   .after = after, .fenced = after && after == r->after};

    return bearer_choose(&ask);
}

static int push_link(struct run *r, const struct route *route, struct writer *w)
{
    return es5_push_link(w, dialect_of(r->e)->packet_form, route, &r->e->eid, &r->op->id);
}

int run_push(struct run *r, const struct bearer_choice *c, int state, int64_t due,
             const struct euicc_profile *to, const struct euicc_profile *to2)
{
    struct writer w = run_writer(r, 512);
    int err = c->bearer == BEARER_CATTP ? push_link(r, c->route, &w)
                                        : es5_push_session(&w, c->route, r->e);

    return err ? err : run_arm(r, PURPOSE_TRIGGER, wr_view(&w), state, due, to, to2);
}

enum script_form run_command_form(const struct run *r)
{
    return run_session_serves(r) ? SCRIPT_INDEFINITE : dialect_of(r->e)->packet_form;
}

/* By what is chosen: a data bearer is asked for first, and waited for. */
static int arm_chosen(struct run *r, struct span script, int armed, int wait)
{
    bool waited = r->op->state == (unsigned)wait;
    struct bearer_choice c = run_choose(r, waited ? r->op->asked : r->after);
    int64_t soon = run_awake_due(r, r->now + run_timer(r, TIMER_RESEND_1));

    if (c.why)
        run_chosen(r, c.bearer, c.why);
    return c.bearer == BEARER_SMS
               ? run_arm(r, PURPOSE_CMD, script, armed, soon, euicc_enabled(r->e), NULL)
               : run_push(r, &c, wait, soon, euicc_enabled(r->e), NULL);
}

int run_command(struct run *r, struct span script, int armed, int wait, struct event **ret)
{
    bool again = r->op->armed && (r->after || r->op->state == (unsigned)wait);
    int err = ERR_OK;

    *ret = NULL;
    if (run_session_serves(r)) {
        *ret = run_open_step(r, &r->pe->held_session, PURPOSE_CMD, script, NULL, armed);
    } else {
        err = r->pe->linked && bearer_fits(r->env, r->e, r->op, BEARER_CATTP)
                  ? run_arm_link(r, &r->pe->link, PURPOSE_CMD, aid_tar(&AID_ISD_R), script, armed,
                                 r->now + run_timer(r, TIMER_SESSION_IDLE), r->pe->chained)
                  : arm_chosen(r, script, armed, wait);
        if (r->p->unit.set && r->p->unit.purpose == PURPOSE_CMD)
            *ret = r->p->unit.armed;
    }
    if (*ret && again)
        (*ret)->attempt = r->op->attempt + 1;
    return err;
}

bool run_waits_for_way(struct run *r, int *ret)
{
    *ret = ERR_OK;
    if (r->in->kind == IN_POR) { /* of the push: heard, but what it asks for is what counts */
        if (run_answered(r))
            (void)run_por(r, -1, 0);
        else
            *ret = ERR_STATE;
        return true;
    }
    if ((r->in->kind == IN_POST && !run_session_serves(r)) ||
        (r->in->kind == IN_LINK && !bearer_fits(r->env, r->e, r->op, BEARER_CATTP))) {
        *ret = ERR_STATE;
        return true;
    }
    if (r->in->kind == IN_LINK || r->in->kind == IN_POST || run_expired(r) || r->now >= r->op->due_ms)
        return false;
    r->p->volatile_due_ms = r->op->due_ms;
    return true;
}

void run_close_way(struct run *r)
{
    struct out_session_close out = {r->op->session};

    if (r->op->bearer == BEARER_CATTP || run_by_session(r))
        plan_out(r->p, OUT_SESSION_CLOSE, &out, sizeof out);
}
