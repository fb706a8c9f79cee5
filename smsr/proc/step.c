/* SPDX-License-Identifier: Apache-2.0 */
/* A step in an administration session (design law 3): what a card that calls is given, whoever asked it
 * to. A session is a channel of its own: what went by SMS is not fenced in it, nor the other way. */
#include "smsr/proc/run.h"

#include "common/codec/adminhttp.h"
#include "smsr/domain/bearer.h"

/* Another target ends the command session of a load in progress (GP Amendment B 3.3.3): between its
 * steps nothing else is given to the card there. A session that begins has none. */
bool run_session_serves(const struct run *r)
{
    bool fresh = r->in->kind == IN_POST && r->in->u.post.first;

    return r->pe->held && bearer_route(r->env, r->e, BEARER_HTTPS) && (fresh || !euicc_orphan(r->e));
}

struct event *run_open_step(struct run *r, const struct uuid *session, enum packet_purpose purpose,
                            struct span body, const struct aid *target, int next)
{
    struct event *ev =
        run_record(r, EV_STEP_OPENED, next, r->now + run_timer(r, TIMER_SESSION_IDLE));
    struct out_step out;

    if (!body.p)
        r->p->err = ERR_TOO_LARGE;
    ev->session = *session;
    ev->step = r->e->next_step;
    ev->purpose = purpose;
    ev->bearer = BEARER_HTTPS;
    if (target || r->op->function == FN_CREATE_ISDP || r->op->function == FN_SEND_DATA)
        ev->aid = target ? *target : AID_ISD_R;
    ev->has_digest = true;
    sha256(r->pe->crypto, &body, 1, ev->digest);
    memset(&out, 0, sizeof out);
    out.eid = r->e->eid;
    out.session = *session;
    out.code = 200;
    out.step = ev->step;
    if (target)
        out.target = *target;
    out.body = body;
    plan_out(r->p, OUT_STEP, &out, sizeof out);
    return ev;
}

bool run_posted_step(const struct in_post *post, uint32_t *ret)
{
    size_t i = post->next_uri.n;
    uint64_t v = 0, scale = 1;

    if (post->first)
        return false;
    while (i && post->next_uri.p[i - 1] >= '0' && post->next_uri.p[i - 1] <= '9') {
        v += (uint64_t)(post->next_uri.p[--i] - '0') * scale;
        scale *= 10;
        if (v > UINT32_MAX || scale > 10000000000ull)
            return false;
    }
    *ret = (uint32_t)v;
    return scale > 1 && i && post->next_uri.p[i - 1] == '/';
}

bool run_step_heard(const struct run *r)
{
    uint32_t number;

    return r->op->step_open && run_posted_step(&r->in->u.post, &number) &&
           number == r->op->step && uuid_eq(&r->in->u.post.session, &r->op->session);
}

struct event *run_step_answered(struct run *r, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_STEP_ANSWERED, next, due);

    ev->session = r->op->session;
    ev->step = r->op->step;
    ev->data = r->in->u.post.body;
    return ev;
}

void run_session_leave(struct run *r, const struct uuid *session)
{
    struct out_step out;

    memset(&out, 0, sizeof out);
    out.eid = r->e->eid;
    out.session = *session;
    out.code = 204;
    plan_out(r->p, OUT_STEP, &out, sizeof out);
}

void run_session_done(struct run *r, const struct uuid *session)
{
    if (r->e->n_ops <= 1)
        run_session_leave(r, session);
}

/* --- commands that mostly go by SMS --- */
bool run_by_session(const struct run *r)
{
    return r->op->bearer == BEARER_HTTPS && r->op->armed;
}

bool run_step_unfenced(const struct run *r)
{
    bool told = r->op->notif_seen && !r->op->stray; /* a stray word may be about an earlier switch */

    return run_by_session(r) && r->op->step_open && !told && !r->op->ran && !r->op->window_end_ms;
}

int run_ask_in_session(struct run *r, enum packet_purpose purpose, int next)
{
    const struct uuid *session =
        r->in->kind == IN_POST ? &r->in->u.post.session : &r->pe->held_session;
    struct writer w = run_writer(r, ES5_AUDIT_ROOM);

    run_audit_step_put(r, &w);
    (void)run_open_step(r, session, purpose, wr_view(&w), NULL, next);
    return ERR_OK;
}

int run_fence_session(struct run *r, int state)
{
    const struct route *route = bearer_route(r->env, r->e, BEARER_HTTPS);
    int64_t due = run_fence_due(r, r->op->fences);
    struct writer w;
    int err;

    if (!route) {
        r->p->volatile_due_ms = due;
        return ERR_OK;
    }
    w = run_writer(r, 512);
    err = es5_push_session(&w, route, r->e);
    return err ? err
               : run_arm(r, PURPOSE_TRIGGER, wr_view(&w), state, due, euicc_enabled(r->e),
                         euicc_fallback(r->e));
}

bool run_script_refused(uint8_t status)
{
    return status == ADMIN_STATUS_UNKNOWN_APPLICATION || status == ADMIN_STATUS_NOT_A_SD ||
           status == ADMIN_STATUS_SECURITY_ERROR;
}

enum run_sw run_step_sw(const struct run *r, uint16_t *ret)
{
    const struct in_post *post = &r->in->u.post;
    struct es5_answer a;

    *ret = 0;
    if (post->script_status != ADMIN_STATUS_OK)
        return run_script_refused(post->script_status) ? RUN_SW_REFUSED : RUN_SW_OPEN;
    if (es5_answer_read(post->body, &a))
        return RUN_SW_OPEN;
    *ret = a.sw;
    /* 90 xx refuses the script before it ran. */
    return a.bad_format ? RUN_SW_REFUSED : run_sw(a.sw);
}
