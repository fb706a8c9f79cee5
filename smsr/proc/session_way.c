/* SPDX-License-Identifier: Apache-2.0 */
/* How the steps of CreateISDP and SendData leave: over an administration session or a CAT_TP
 * link. */
#include "smsr/proc/session.h"

/* The fence of a session is another session. */
static struct bearer_choice choose(const struct run *r, int state)
{
    struct bearer_choice c = {BEARER_NONE, NULL, NULL};

    if (state != SE_FENCE_WAIT)
        return run_choose(r, r->after ? r->after : r->op->asked);
    c.route = bearer_route(r->env, r->e, BEARER_HTTPS);
    c.bearer = c.route ? BEARER_HTTPS : BEARER_NONE;
    return c;
}

int session_trigger(struct run *r, int state, int64_t due)
{
    struct bearer_choice c = choose(r, state);

    if (c.bearer == BEARER_NONE) {
        r->p->volatile_due_ms = due;
        if (!r->op->armed)
            (void)run_conclude(r, VERDICT_FAILED, ST_NO_BEARER, STAGE_BEARER,
                               (struct span){NULL, 0});
        return ERR_OK;
    }
    if (c.why)
        run_chosen(r, c.bearer, c.why);
    return run_push(r, &c, state, due, euicc_enabled(r->e),
                    r->op->armed ? euicc_fallback(r->e) : NULL);
}

void session_leave(struct run *r, const struct way *way)
{
    struct out_session_close link = {way->session};

    if (way->bearer == BEARER_CATTP)
        plan_out(r->p, OUT_SESSION_CLOSE, &link, sizeof link);
    else
        run_session_done(r, &way->session);
}

void session_drop(struct run *r)
{
    struct out_session_close out = {r->op->session};

    plan_out(r->p, OUT_SESSION_CLOSE, &out, sizeof out);
}

int64_t session_fence_due(const struct run *r)
{
    return run_fence_due(r, r->in->kind == IN_RESTART ? 0 : r->op->fences);
}

static int open_step(struct run *r, const struct way *way, enum packet_purpose purpose,
                     struct span body, const struct aid *target, int state)
{
    struct event *ev = run_open_step(r, &way->session, purpose, body, target, state);

    if (purpose == PURPOSE_CMD && session_creates(r) && r->op->armed)
        ev->attempt = r->op->attempt + 1;
    return ERR_OK;
}

/* The security domain is named by the TAR of the packet. */
static int send_packet(struct run *r, const struct way *way, struct span body, uint32_t tar,
                       uint32_t chained)
{
    int64_t due = r->now + run_timer(r, TIMER_SESSION_IDLE);
    int err;

    if (!body.p)
        return ERR_TOO_LARGE;
    err = run_arm_link(r, &way->session, PURPOSE_CMD, tar, body, SE_STEP, due, chained);
    if (!err && session_creates(r) && r->op->armed)
        r->p->unit.armed->attempt = r->op->attempt + 1;
    return err;
}

int session_command(struct run *r, const struct way *way, size_t offset)
{
    const struct dialect *d = dialect_of(r->e);
    struct writer w = run_writer(r, ES5_BODY_MAX(d->body_max));
    bool creates = session_creates(r), link = way->bearer == BEARER_CATTP;
    const struct aid *target = !creates && aid_is_isd_p(&r->op->aid, NULL) ? &r->op->aid : NULL;
    uint32_t tar = aid_tar(target ? target : &AID_ISD_R);
    uint32_t chained = r->pe->linked ? r->pe->chained : 0;
    /* A chain is the security domain's: another target begins its own (choice, es5/README.md). */
    struct es5_chain chain = {chained == tar, r->op->more_to_do};
    size_t next;
    int err = ERR_OK;

    if (creates) {
        es5_create_isdp(&w, link ? d->packet_form : SCRIPT_INDEFINITE, r->e, &r->op->aid,
                        d->quota ? r->op->memory_required : 0);
    } else {
        err = es5_send_data(&w, span_of(r->op->data, r->op->data_len), offset, d->body_max,
                            link ? &chain : NULL, &next);
        chained = chain.begun ? tar : 0;
    }
    if (err)
        return err;
    return link ? send_packet(r, way, wr_view(&w), tar, chained)
                : open_step(r, way, PURPOSE_CMD, wr_view(&w), target, SE_STEP);
}

int session_ask(struct run *r, const struct way *way)
{
    struct writer w;

    if (way->bearer == BEARER_CATTP)
        return run_fence(r, PURPOSE_FENCE, SE_FENCE_WAIT);
    w = run_writer(r, ES5_AUDIT_ROOM);
    run_audit_step_put(r, &w);
    return open_step(r, way, PURPOSE_FENCE, wr_view(&w), NULL, SE_FENCE_STEP);
}
