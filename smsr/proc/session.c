/* SPDX-License-Identifier: Apache-2.0 */
/* CreateISDP and SendData over an administration session or a CAT_TP link (SGP.02 3.1.1-3.1.3):
 * durable before a command goes out, its answer accepted once. A session that is gone with a step
 * open is fenced by a new session and an audit in it; a packet whose link is gone by an audit under
 * a higher counter. */
#include "smsr/proc/session.h"

#include "common/base/hex.h"
#include "common/base/mutant.h"
#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/limit.h"

#define S(x) (1u << (unsigned)(x))

bool session_creates(const struct run *r)
{
    return r->op->function == FN_CREATE_ISDP;
}

bool session_payload_lost(const struct run *r)
{
    return !session_creates(r) && !r->op->data;
}

static struct way by_https(const struct uuid *session)
{
    return (struct way){BEARER_HTTPS, *session};
}

/* The way of the command that is open. */
static struct way way_of(const struct run *r)
{
    return (struct way){r->op->bearer, r->op->session};
}

int session_start(struct run *r)
{
    /* A payload that a restart lost cannot be sent: the SM-DP cleans up and tries again. */
    if (session_payload_lost(r)) {
        (void)run_conclude(r, VERDICT_FAILED, ST_SD_EXECUTION, STAGE_PREPARATION,
                           (struct span){NULL, 0});
        return ERR_OK;
    }
    if (r->pe->held || r->pe->linked) {
        struct way way = r->pe->held ? by_https(&r->pe->held_session)
                                     : (struct way){BEARER_CATTP, r->pe->link};
        return session_command(r, &way, 0);
    }
    return session_trigger(r, SE_WAIT_SESSION, run_patient_due(r, r->now + run_timer(r, TIMER_RESEND_1)));
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    enum status_code st = session_creates(&r) ? limit_effects(r.env, r.e, r.now) : ST_OK;

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

    if (!pk || run_silent(r, pk))
        return session_trigger(r, state, due);
    run_resend(r, pk, euicc_enabled(r->e), NULL);
    return ERR_OK;
}

/* Its counter is spent: what follows, when no POST or link comes, is a fresh trigger. */
static int trigger_heard(struct run *r)
{
    if (!run_answered(r))
        return ERR_STATE;
    (void)run_por(r, -1, 0);
    return ERR_OK;
}

/* The time for it is over, or it cannot be sent any more. What was armed before has been fenced. */
static void wait_over(struct run *r)
{
    bool expired = run_expired(r);

    if (expired && !r->op->armed)
        run_expire_unsent(r);
    else
        (void)run_conclude(r, VERDICT_FAILED, expired ? ST_NO_EFFECT : ST_SD_EXECUTION,
                           expired ? STAGE_BEARER : STAGE_PREPARATION, (struct span){NULL, 0});
}

/* A way was opened by this input, and which. */
static bool way_opened(const struct input *in, struct way *ret)
{
    if (in->kind == IN_LINK)
        *ret = (struct way){BEARER_CATTP, in->u.link.session};
    else if (in->kind == IN_POST)
        *ret = by_https(&in->u.post.session);
    return in->kind == IN_LINK || in->kind == IN_POST;
}

static int wait_session(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    struct way way;
    bool open = way_opened(in, &way);

    if (in->kind == IN_POR) /* of the trigger: heard, but the POST or the link is what counts */
        return trigger_heard(&r);
    if (in->kind == IN_SESSION_END)
        return ERR_OK;
    if (run_expired(&r) || session_payload_lost(&r)) {
        wait_over(&r);
        if (open)
            session_leave(&r, &way);
        return ERR_OK;
    }
    return open ? session_command(&r, &way, r.op->data_done)
                : trigger_again(&r, SE_WAIT_SESSION,
                                run_patient_due(&r, r.now + run_timer(&r, TIMER_RESEND_1)));
}

static int fence(struct run *r)
{
    struct way way = way_of(r);

    if (r->op->bearer != BEARER_CATTP)
        return session_trigger(r, SE_FENCE_WAIT, session_fence_due(r));
    if (mutant("LINK_LOST_NO_FENCE") && r->in->kind == IN_SESSION_END)
        return session_command(r, &way, r->op->data_done);
    return run_fence(r, PURPOSE_FENCE, SE_FENCE_WAIT);
}

static int fence_session(struct run *r, const char *why)
{
    run_in_doubt(r, why);
    return fence(r);
}

static int posted(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    struct heard h = {by_https(&post->session), post->body};
    uint32_t number;

    /* Law 3: what went by CAT_TP does not move into a session that the card opened itself. */
    if (r->op->bearer != BEARER_HTTPS)
        return ERR_STATE;
    if (!run_posted_step(post, &number)) {
        /* A first POST while a step is open: the card began anew, its old session is dead. */
        run_in_doubt(r, "the card opened a new session in mid step");
        return session_ask(r, &h.way);
    }
    if ((number != r->op->step || !uuid_eq(&post->session, &r->op->session)) &&
        !mutant("STEP_ANSWERED_TWICE"))
        return ERR_STATE;
    if (post->script_status != ADMIN_STATUS_OK)
        return session_not_run(r, &h, post->script_status);
    return session_heard(r, &h);
}

/* A PoR in mid command: of the packet that went over the link, or of what opened the way. */
static int answered_by_packet(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);
    struct heard h = {way_of(r), por->data};

    /* Of the open command alone: that of an attempt before was fenced, whatever is said about it now. */
    if (!pk || pk->purpose != PURPOSE_CMD || r->op->bearer != BEARER_CATTP ||
        pk->counter != r->op->counter)
        return trigger_heard(r);
    if (por->status == POR_OK)
        return session_heard(r, &h);
    (void)session_answered(r, &h.way, (struct span){NULL, 0}, r->op->data_done, -1, 0);
    return fence_session(r, por_status_text(por->status));
}

static int step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return answered_by_packet(&r);
    if (in->kind == IN_POST)
        return posted(&r);
    if (in->kind == IN_SESSION_END)
        return uuid_eq(&in->u.session_end.session, &r.op->session)
                   ? fence_session(&r, r.op->bearer == BEARER_CATTP ? "the link is gone"
                                                                    : "the session is gone")
                   : ERR_STATE;
    if (in->kind == IN_TIMER) /* the fence of a session is: close, new session, audit */
        session_drop(&r);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over in mid session", SE_FENCE_WAIT,
                        run_fence_due(&r, r.op->fences));
        return fence(&r);
    }
    return fence_session(&r, in->kind == IN_RESTART ? "restarted in mid session"
                                                    : "the card is silent");
}

/* The command's own answer, behind the end of its link: the question decides, but what was answered is
 * not sent again. */
static int answered_late(struct run *r, const struct euicc_packet *pk)
{
    const struct in_por *por = &r->in->u.por;
    bool own = por->status == POR_OK && pk->counter == r->op->counter;
    struct way way = way_of(r);

    if (session_creates(r))
        (void)session_answered(r, &way, por->data, own ? COMMAND_ANSWERED : r->op->data_done, -1, 0);
    else
        (void)session_answered(r, &way, (struct span){NULL, 0}, r->op->data_done, -1, 0);
    return ERR_OK;
}

/* The answer to the question by SMS, or what comes late. */
static int fenced_by_packet(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);
    struct way way = way_of(r);
    struct es5_status st;
    int err;

    if (pk && pk->purpose == PURPOSE_CMD)
        return answered_late(r, pk);
    /* A late answer to the fence of an earlier attempt says nothing about this one. */
    if (!pk || pk->purpose != PURPOSE_FENCE || pk->counter < r->op->counter)
        return trigger_heard(r);
    if (run_answer_lost(r, pk))
        return run_fence(r, PURPOSE_FENCE, SE_FENCE_WAIT);
    err = por->status == POR_OK ? run_list_read(r, por->data, &st) : ERR_STATE;
    if (run_list_cut(r, pk, err) && r->op->state == SE_FENCE_WAIT) {
        (void)run_por(r, -1, 0);
        return run_fence(r, PURPOSE_FENCE, SE_FENCE_WAIT);
    }
    if (err) {
        (void)run_por(r, SE_FENCE_WAIT, run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    (void)run_por(r, -1, 0);
    return session_audited(r, &way, &st);
}

static int fence_wait(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    bool link = r.op->bearer == BEARER_CATTP;

    if (in->kind == IN_POST && link)
        return in->u.post.first && run_question_again(&r) ? ERR_OK : ERR_STATE;
    if (in->kind == IN_POST) {
        struct way way = by_https(&in->u.post.session);
        return session_ask(&r, &way);
    }
    if (in->kind == IN_POR)
        return link ? fenced_by_packet(&r) : trigger_heard(&r);
    if (in->kind == IN_SESSION_END)
        return ERR_OK;
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over, the card has not come back", SE_FENCE_WAIT,
                        run_fence_due(&r, r.op->fences));
        return ERR_OK;
    }
    return fence(&r);
}

static int fence_step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    struct es5_status st;
    struct way way;
    uint32_t number;

    if (in->kind == IN_POR)
        return trigger_heard(&r);
    if (in->kind == IN_SESSION_END && !uuid_eq(&in->u.session_end.session, &r.op->session))
        return ERR_STATE;
    if (!way_opened(in, &way)) {
        if (in->kind == IN_TIMER)
            session_drop(&r);
        if (run_expired(&r))
            run_expire_sent(&r, "validity period over, the card has not come back", SE_FENCE_WAIT,
                            run_fence_due(&r, r.op->fences));
        return session_trigger(&r, SE_FENCE_WAIT, session_fence_due(&r));
    }
    if (!run_posted_step(&in->u.post, &number))
        return session_ask(&r, &way);
    if (number != r.op->step || !uuid_eq(&in->u.post.session, &r.op->session))
        return ERR_STATE;
    if (in->u.post.script_status != ADMIN_STATUS_OK || run_list_read(&r, in->u.post.body, &st)) {
        (void)session_answered(&r, &way, in->u.post.body, r.op->data_done, SE_FENCE_WAIT,
                               run_fence_due(&r, r.op->fences));
        run_session_leave(&r, &way.session);
        return ERR_OK;
    }
    (void)session_answered(&r, &way, session_creates(&r) ? in->u.post.body : (struct span){NULL, 0},
                           r.op->data_done, -1, 0);
    return session_audited(&r, &way, &st);
}

/* A packet that went over a link comes back to waiting for another one, when its fence allows. */
#define TIMES (IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
#define CARD (IN_BIT(IN_POST) | IN_BIT(IN_SESSION_END) | IN_BIT(IN_POR))
static const struct proc_state STATES[] = {
    [SE_QUEUED] = {"QUEUED", TIMES, S(SE_WAIT_SESSION) | S(SE_STEP), NULL, RESTART_WAIT, queued},
    [SE_WAIT_SESSION] = {"WAIT_SESSION", TIMES | CARD | IN_BIT(IN_LINK),
                         S(SE_WAIT_SESSION) | S(SE_STEP), "resend_1", RESTART_RESUME,
                         wait_session},
    [SE_STEP] = {"STEP", TIMES | CARD, S(SE_STEP) | S(SE_FENCE_WAIT) | S(SE_FENCE_STEP),
                 "session_idle", RESTART_RECONCILE, step},
    [SE_FENCE_WAIT] = {"FENCE_WAIT", TIMES | CARD,
                       S(SE_FENCE_WAIT) | S(SE_FENCE_STEP) | S(SE_STEP) | S(SE_WAIT_SESSION),
                       "fence_1", RESTART_RECONCILE, fence_wait},
    [SE_FENCE_STEP] = {"FENCE_STEP", TIMES | CARD, S(SE_STEP) | S(SE_FENCE_WAIT) | S(SE_FENCE_STEP),
                       "session_idle", RESTART_RECONCILE, fence_step},
};
const struct proc PROC_CREATE_ISDP = {"create-isdp", FN_CREATE_ISDP, STATES, SE_STATE_COUNT};
const struct proc PROC_SEND_DATA = {"send-data", FN_SEND_DATA, STATES, SE_STATE_COUNT};
