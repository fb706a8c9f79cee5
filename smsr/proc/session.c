/* SPDX-License-Identifier: Apache-2.0 */
/* CreateISDP and SendData over an administration session (SGP.02 3.1.1-3.1.3). The unit of
 * exactly-once is the step (design law 3): durable before its body goes out, its answer accepted
 * once. A session that is gone with a step open is fenced by a new session and an audit in it. */
#include "smsr/proc/admission.h"

#include "common/base/mutant.h"
#include "common/base/hex.h"
#include "common/codec/adminhttp.h"
#include "smsr/domain/limit.h"

enum { SE_QUEUED, SE_WAIT_SESSION, SE_STEP, SE_FENCE_WAIT, SE_FENCE_STEP, SE_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))
#define CREATE_ATTEMPTS 3u
/* Of CreateISDP, where SendData counts octets: the card answered, however. */
#define COMMAND_ANSWERED 1u
#define ANSWER_MAX 60000u /* of all steps of a SendData: what its RESPONSE may carry */

static bool creates(const struct run *r)
{
    return r->op->function == FN_CREATE_ISDP;
}

static const struct route *data_route(const struct run *r)
{
    const struct euicc_profile *on = euicc_enabled(r->e);
    const struct route *route = on ? env_route(r->env, &on->mno, on->profile_type) : NULL;

    return route && route->https && r->e->http && r->e->psk_kvn ? route : NULL;
}

/* Without a way to the card an operation whose effect may stand waits for one; another ends here.
 */
static int trigger(struct run *r, int state, int64_t due)
{
    const struct route *route = data_route(r);
    struct writer w;
    int err;

    if (!route) {
        r->p->volatile_due_ms = due;
        if (!r->op->armed)
            (void)run_conclude(r, VERDICT_FAILED, ST_NO_BEARER, STAGE_BEARER,
                               (struct span){NULL, 0});
        return ERR_OK;
    }
    w = run_writer(r, 512);
    err = es5_push_session(&w, route, r->e);
    return err ? err
               : run_arm(r, PURPOSE_TRIGGER, wr_view(&w), state, due, euicc_enabled(r->e),
                         r->op->armed ? euicc_fallback(r->e) : NULL);
}

static void close_session(struct run *r, const struct uuid *session)
{
    struct out_step out;

    memset(&out, 0, sizeof out);
    out.eid = r->e->eid;
    out.session = *session;
    out.code = 204;
    plan_out(r->p, OUT_STEP, &out, sizeof out);
}

static int open_step(struct run *r, const struct uuid *session, enum packet_purpose purpose,
                     struct span body, const struct aid *target, int state)
{
    struct event *ev =
        run_record(r, EV_STEP_OPENED, state, r->now + run_timer(r, TIMER_SESSION_IDLE));
    struct out_step out;

    if (!body.p)
        return ERR_TOO_LARGE;
    ev->session = *session;
    ev->step = r->e->next_step;
    ev->purpose = purpose;
    ev->bearer = BEARER_HTTPS;
    ev->aid = target ? *target : AID_ISD_R;
    if (purpose == PURPOSE_CMD && creates(r) && r->op->armed)
        ev->attempt = r->op->attempt + 1;
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
    return ERR_OK;
}

/* offset: octets of the payload the card has answered, this plan included. */
static int command_step(struct run *r, const struct uuid *session, size_t offset)
{
    const struct dialect *d = dialect_of(r->e);
    struct writer w = run_writer(r, ES5_BODY_MAX(d->https_body_max));
    const struct aid *target = aid_is_isd_p(&r->op->aid, NULL) ? &r->op->aid : NULL;
    size_t next;
    int err;

    if (creates(r)) {
        es5_create_isdp(&w, SCRIPT_INDEFINITE, r->e, &r->op->aid,
                        d->quota ? r->op->memory_required : 0);
        return open_step(r, session, PURPOSE_CMD, wr_view(&w), NULL, SE_STEP);
    }
    err =
        es5_send_data(&w, span_of(r->op->data, r->op->data_len), offset, d->https_body_max, &next);
    return err ? err : open_step(r, session, PURPOSE_CMD, wr_view(&w), target, SE_STEP);
}

/* It is memory only. */
static bool payload_lost(const struct run *r)
{
    return !creates(r) && !r->op->data;
}

int session_start(struct run *r)
{
    /* A payload that a restart lost cannot be sent: the SM-DP cleans up and tries again. */
    if (payload_lost(r)) {
        (void)run_conclude(r, VERDICT_FAILED, ST_SD_EXECUTION, STAGE_PREPARATION,
                           (struct span){NULL, 0});
        return ERR_OK;
    }
    if (r->pe->held)
        return command_step(r, &r->pe->held_session, 0);
    return trigger(r, SE_WAIT_SESSION, r->now + run_timer(r, TIMER_RESEND_1));
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    enum status_code st = creates(&r) ? limit_effects(r.env, r.e, r.now) : ST_OK;

    if (run_expired(&r)) {
        run_expire_unsent(&r);
        return ERR_OK;
    }
    if (st) {
        (void)run_conclude(&r, VERDICT_FAILED, st, STAGE_PREPARATION, (struct span){NULL, 0});
        return ERR_OK;
    }
    return session_start(&r);
}

/* The trigger changes nothing on the card: after its last resend a fresh one goes out. */
static int trigger_again(struct run *r, int state, int64_t due)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_TRIGGER);
    int64_t patience = run_timer(r, TIMER_RESEND_1) + run_timer(r, TIMER_RESEND_2) +
                       run_timer(r, TIMER_RESEND_3);

    if (!pk || r->now - pk->first_sent_ms >= patience)
        return trigger(r, state, due);
    run_resend(r, pk, euicc_enabled(r->e), NULL);
    return ERR_OK;
}

/* Its counter is spent: what follows, when no POST comes, is a fresh trigger. */
static int trigger_heard(struct run *r)
{
    if (!run_answered(r))
        return ERR_STATE;
    (void)run_por(r, -1, 0);
    return ERR_OK;
}

static int wait_session(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR) /* of the trigger: heard, but the POST is what counts */
        return trigger_heard(&r);
    if (in->kind == IN_SESSION_END)
        return ERR_OK;
    if (run_expired(&r) || payload_lost(&r)) {
        if (run_expired(&r))
            run_expire_unsent(&r);
        else
            (void)run_conclude(&r, VERDICT_FAILED, ST_SD_EXECUTION, STAGE_PREPARATION,
                               (struct span){NULL, 0});
        if (in->kind == IN_POST)
            close_session(&r, &in->u.post.session);
        return ERR_OK;
    }
    if (in->kind == IN_POST)
        return command_step(&r, &in->u.post.session, r.op->data_done);
    return trigger_again(&r, SE_WAIT_SESSION, r.now + run_timer(&r, TIMER_RESEND_1));
}

/* The step a POST answers is the last component of its URI. */
static bool posted_step(const struct in_post *post, uint32_t *ret)
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

static struct event *answered(struct run *r, struct span data, uint64_t done, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_STEP_ANSWERED, next, due);

    ev->session = r->op->session;
    ev->step = r->op->step;
    ev->data = data;
    ev->number = done;
    return ev;
}

static void finish(struct run *r, enum verdict v, enum status_code st, struct span data)
{
    (void)run_conclude(r, v, st, v == VERDICT_SUCCESS ? STAGE_NONE : STAGE_CARD, data);
    if (!r->op->more_to_do)
        close_session(r, &r->in->u.post.session);
}

static int audit_step(struct run *r, const struct uuid *session)
{
    struct writer w = run_writer(r, 64);

    es5_audit(&w, SCRIPT_INDEFINITE, r->e->n_profiles);
    return open_step(r, session, PURPOSE_FENCE, wr_view(&w), NULL, SE_FENCE_STEP);
}

static int created(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    struct es5_answer a;
    enum status_code st = ST_ISDR_EXECUTION;
    bool read = !es5_answer_read(post->body, &a);
    struct event *ev = answered(r, post->body, COMMAND_ANSWERED, -1, 0);

    if (read && a.sw)
        ev->sw = a.sw + 1u;
    if (read && run_sw(a.sw) == RUN_SW_DONE) {
        (void)run_record(r, EV_ISDP_CREATED, -1, 0);
        finish(r, VERDICT_SUCCESS, ST_OK, post->body);
        return ERR_OK;
    }
    /* 90 xx refuses the script before it ran; an answer that does not tell is no proof: ask. */
    if (!read || (run_sw(a.sw) == RUN_SW_OPEN && a.sw != 0x6581 && !a.bad_format)) {
        run_in_doubt(r, "the card's answer does not tell");
        return audit_step(r, &post->session);
    }
    if (a.sw == 0x6A84 || a.sw == 0x6581)
        st = ST_MEMORY;
    finish(r, VERDICT_FAILED, st, post->body);
    return ERR_OK;
}

/* All response elements behind each other: those of earlier steps and of this one. */
static struct span whole_answer(struct run *r, struct span now)
{
    struct writer w = run_writer(r, r->op->rsp_len + now.n);

    wr_bytes(&w, r->op->rsp, r->op->rsp_len);
    wr_span(&w, now);
    return wr_view(&w);
}

static int data_answered(struct run *r)
{
    const struct dialect *d = dialect_of(r->e);
    struct writer scratch = run_writer(r, ES5_BODY_MAX(d->https_body_max));
    struct span elements;
    struct buf out;
    size_t done = 0;
    bool ok = false;
    int err;

    buf_init(&out, ADMIN_BODY_MAX);
    if (es5_send_data_read(r->in->u.post.body, &out, &ok) || r->op->rsp_len + out.n > ANSWER_MAX)
        ok = false;
    if (r->op->rsp_len + out.n > ANSWER_MAX)
        buf_reset(&out);
    elements = span_of(out.n ? arena_dup(r->p->arena, out.p, out.n) : NULL, out.n);
    buf_fini(&out);
    if (elements.n && !elements.p)
        return ERR_NOMEM;
    if (payload_lost(r)) {
        ok = false;
    } else {
        err = es5_send_data(&scratch, span_of(r->op->data, r->op->data_len), r->op->data_done,
                            d->https_body_max, &done);
        if (err)
            return err;
    }
    (void)answered(r, elements, done, -1, 0);
    if (ok && done < r->op->data_len)
        return command_step(r, &r->in->u.post.session, done);
    finish(r, ok ? VERDICT_SUCCESS : VERDICT_FAILED, ok ? ST_OK : ST_SD_EXECUTION,
           whole_answer(r, elements));
    return ERR_OK;
}

static void drop_session(struct run *r)
{
    struct out_session_close out = {r->op->session};

    plan_out(r->p, OUT_SESSION_CLOSE, &out, sizeof out);
}

/* The steps of the back-off are for a card that is silent: what our own restarts asked says nothing
 * about it, so the next question comes as soon as after the first one. */
static int64_t fence_due(const struct run *r)
{
    return run_fence_due(r, r->in->kind == IN_RESTART ? 0 : r->op->fences);
}

static int fence_session(struct run *r, const char *why)
{
    run_in_doubt(r, why);
    return trigger(r, SE_FENCE_WAIT, fence_due(r));
}

/* Neither the answer of a script nor one of the statuses that say it did not run. */
static bool refused_script(uint8_t status)
{
    return status == ADMIN_STATUS_UNKNOWN_APPLICATION || status == ADMIN_STATUS_NOT_A_SD ||
           status == ADMIN_STATUS_SECURITY_ERROR;
}

static int not_run(struct run *r)
{
    const struct in_post *post = &r->in->u.post;

    (void)answered(r, (struct span){NULL, 0}, creates(r) ? COMMAND_ANSWERED : r->op->data_done, -1,
                   0);
    if (creates(r) && !refused_script(post->script_status)) {
        run_in_doubt(r, "the card does not say what became of the script");
        return audit_step(r, &post->session);
    }
    finish(r, VERDICT_FAILED, creates(r) ? ST_ISDR_EXECUTION : ST_SD_EXECUTION,
           (struct span){NULL, 0});
    return ERR_OK;
}

static int posted(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    uint32_t number;

    if (!posted_step(post, &number)) {
        /* A first POST while a step is open: the card began anew, its old session is dead. */
        run_in_doubt(r, "the card opened a new session in mid step");
        return audit_step(r, &post->session);
    }
    if ((number != r->op->step || !uuid_eq(&post->session, &r->op->session)) &&
        !mutant("STEP_ANSWERED_TWICE"))
        return ERR_STATE;
    if (post->script_status != ADMIN_STATUS_OK)
        return not_run(r);
    return creates(r) ? created(r) : data_answered(r);
}

static int step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return trigger_heard(&r);
    if (in->kind == IN_POST)
        return posted(&r);
    if (in->kind == IN_SESSION_END)
        return uuid_eq(&in->u.session_end.session, &r.op->session)
                   ? fence_session(&r, "the session is gone")
                   : ERR_STATE;
    if (in->kind == IN_TIMER) /* the fence of a session is: close, new session, audit */
        drop_session(&r);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over in mid session", SE_FENCE_WAIT,
                        run_fence_due(&r, r.op->fences));
        return trigger(&r, SE_FENCE_WAIT, run_fence_due(&r, r.op->fences));
    }
    return fence_session(&r, in->kind == IN_RESTART ? "restarted in mid session"
                                                    : "the card is silent");
}

static int fence_wait(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POST)
        return audit_step(&r, &in->u.post.session);
    if (in->kind == IN_POR)
        return trigger_heard(&r);
    if (in->kind == IN_SESSION_END)
        return ERR_OK;
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over, the card has not come back", SE_FENCE_WAIT,
                        run_fence_due(&r, r.op->fences));
        return ERR_OK;
    }
    return trigger(&r, SE_FENCE_WAIT, fence_due(&r));
}

static int fence_step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    struct es5_status st;
    uint32_t number;

    if (in->kind == IN_POR)
        return trigger_heard(&r);
    if (in->kind == IN_SESSION_END && !uuid_eq(&in->u.session_end.session, &r.op->session))
        return ERR_STATE;
    if (in->kind != IN_POST) {
        if (in->kind == IN_TIMER)
            drop_session(&r);
        if (run_expired(&r))
            run_expire_sent(&r, "validity period over, the card has not come back", SE_FENCE_WAIT,
                            run_fence_due(&r, r.op->fences));
        return trigger(&r, SE_FENCE_WAIT, fence_due(&r));
    }
    if (!posted_step(&in->u.post, &number))
        return audit_step(&r, &in->u.post.session);
    if (number != r.op->step || !uuid_eq(&in->u.post.session, &r.op->session))
        return ERR_STATE;
    if (in->u.post.script_status != ADMIN_STATUS_OK || es5_audit_read(in->u.post.body, &st)) {
        (void)answered(&r, in->u.post.body, r.op->data_done, SE_FENCE_WAIT,
                       run_fence_due(&r, r.op->fences));
        close_session(&r, &in->u.post.session);
        return ERR_OK;
    }
    (void)answered(&r, creates(&r) ? in->u.post.body : (struct span){NULL, 0}, r.op->data_done, -1,
                   0);
    if (creates(&r) && run_seen(&st, &r.op->aid) && !mutant("CREATED_AGAIN_UNSEEN")) {
        (void)run_record(&r, EV_ISDP_CREATED, -1, 0);
        finish(&r, VERDICT_SUCCESS, ST_OK, (struct span){NULL, 0});
        return ERR_OK;
    }
    /* Never answered and proven not to have run, on its own channel: the same command goes into the
     * new session. */
    if (creates(&r) && !r.op->data_done && r.op->attempt < CREATE_ATTEMPTS && !r.op->answered &&
        !run_expired(&r))
        return command_step(&r, &in->u.post.session, 0);
    finish(&r, VERDICT_FAILED, creates(&r) ? ST_NO_EFFECT : ST_SD_EXECUTION,
           (struct span){NULL, 0});
    return ERR_OK;
}

#define TIMES (IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
#define CARD (IN_BIT(IN_POST) | IN_BIT(IN_SESSION_END) | IN_BIT(IN_POR))
static const struct proc_state STATES[] = {
    [SE_QUEUED] = {"QUEUED", TIMES, S(SE_WAIT_SESSION) | S(SE_STEP), NULL, RESTART_WAIT, queued},
    [SE_WAIT_SESSION] = {"WAIT_SESSION", TIMES | CARD, S(SE_WAIT_SESSION) | S(SE_STEP), "resend_1",
                         RESTART_RESUME, wait_session},
    [SE_STEP] = {"STEP", TIMES | CARD, S(SE_STEP) | S(SE_FENCE_WAIT) | S(SE_FENCE_STEP),
                 "session_idle", RESTART_RECONCILE, step},
    [SE_FENCE_WAIT] = {"FENCE_WAIT", TIMES | CARD, S(SE_FENCE_WAIT) | S(SE_FENCE_STEP), "fence_1",
                       RESTART_RECONCILE, fence_wait},
    [SE_FENCE_STEP] = {"FENCE_STEP", TIMES | CARD, S(SE_STEP) | S(SE_FENCE_WAIT) | S(SE_FENCE_STEP),
                       "session_idle", RESTART_RECONCILE, fence_step},
};
const struct proc PROC_CREATE_ISDP = {"create-isdp", FN_CREATE_ISDP, STATES, SE_STATE_COUNT};
const struct proc PROC_SEND_DATA = {"send-data", FN_SEND_DATA, STATES, SE_STATE_COUNT};
