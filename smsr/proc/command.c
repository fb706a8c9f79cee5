/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that change a card and that it answers at once, without a notification: DeleteProfile (SGP.02 3.6,
 * 3.7; ES3.DeleteISDP) and SetFallBackAttribute (3.27 to 3.29). One set of states; a row says what each
 * command is, and how the card tells behind a fence whether it ran. */
#include "smsr/proc/admission.h"

#include "common/base/mutant.h"
#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/limit.h"

enum { CM_QUEUED, CM_ARMED, CM_FENCING, CM_WAIT_LINK, CM_FENCE_STEP, CM_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))

struct command {
    enum function fn;
    enum policy_op op;
    void (*put)(struct writer *w, enum script_form form, const struct aid *isd_p);
    bool (*moot)(const struct euicc_profile *t);              /* there is nothing left to do */
    void (*done)(struct run *r, const struct euicc_profile *t); /* its records; t NULL: not there any more */
    /* The answer to the fence: it ran. ERR_FORMAT and ERR_TRUNCATED: it does not tell. */
    int (*told)(const struct run *r, struct span response, bool *ret);
};

static const struct euicc_profile *target(const struct run *r)
{
    return euicc_profile_by_iccid(r->e, &r->op->iccid);
}

/* --- DeleteProfile: 6A88 counts as done, the ISD-P is gone --- */
/* Gone; or made anew behind this deletion, which meant the one before. */
static bool is_gone(const struct euicc_profile *t)
{
    return !t || t->state == PROFILE_IN_CREATION;
}

static void deleted(struct run *r, const struct euicc_profile *t)
{
    if (t)
        run_notify(r, run_record(r, EV_PROFILE_DELETED, -1, 0), t, FN_DELETE_PROFILE);
}

static int told_gone(const struct run *r, struct span response, bool *ret)
{
    struct es5_status st;
    int err = run_list_read(r, response, &st);

    *ret = !err && !run_seen(&st, &r->op->aid);
    return err;
}

/* --- SetFallBackAttribute: it moves, it is never without a holder --- */
static bool never(const struct euicc_profile *t)
{
    (void)t;
    return false;
}

static void fallback_set(struct run *r, const struct euicc_profile *t)
{
    const struct euicc_profile *old = euicc_fallback(r->e);
    struct event *ev = run_record(r, EV_ATTRIBUTE_CHANGED, -1, 0);

    if (old)
        ev->previous = old->iccid;
    run_notify(r, ev, t, FN_SET_FALLBACK_ATTRIBUTE);
    run_notify(r, ev, old, FN_UNSET_FALLBACK_ATTRIBUTE);
}

static int told_fallback(const struct run *r, struct span response, bool *ret)
{
    return es5_fallback_read(response, &r->op->aid, ret);
}

static const struct command COMMANDS[] = {
    {FN_DELETE_PROFILE, POLICY_DELETE, es5_delete_profile, is_gone, deleted, told_gone},
    {FN_SET_FALLBACK_ATTRIBUTE, POLICY_SET_FALLBACK, es5_set_fallback, never, fallback_set, told_fallback},
};

static const struct command *command_of(enum function f)
{
    size_t i = 0;

    while (i + 1 < sizeof COMMANDS / sizeof *COMMANDS && COMMANDS[i].fn != f)
        i++;
    return &COMMANDS[i];
}

static int succeed(struct run *r, struct span data)
{
    command_of(r->op->function)->done(r, target(r));
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, data);
    return ERR_OK;
}

enum status_code command_check(const struct env *env, const struct caller *c, const struct euicc *e,
                               const struct euicc_profile *t, enum function f, int64_t now)
{
    enum status_code st = policy_check(env, c, e, t, command_of(f)->op);

    if (!st)
        st = run_reachable(env, e);
    return st ? st : limit_effects(env, e, now);
}

int command_arm(struct run *r)
{
    struct writer w = run_writer(r, 64);
    struct event *armed;

    command_of(r->op->function)->put(&w, run_command_form(r), &r->op->aid);
    return run_command(r, wr_view(&w), CM_ARMED, CM_WAIT_LINK, &armed);
}

static int start(struct run *r)
{
    const struct euicc_profile *t = target(r);
    struct caller c = run_caller(r);
    enum status_code st;

    if (command_of(r->op->function)->moot(t)) {
        (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
        return ERR_OK;
    }
    st = command_check(r->env, &c, r->e, t, r->op->function, r->now);
    if (st && !(st == ST_RATE && r->op->armed)) { /* which has counted */
        (void)run_conclude(r, VERDICT_FAILED, st, STAGE_PREPARATION, (struct span){NULL, 0});
        return ERR_OK;
    }
    return command_arm(r);
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (run_expired(&r)) {
        run_expire_unsent(&r);
        return ERR_OK;
    }
    return start(&r);
}

static int wait_link(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    int ret;

    return run_waits_for_way(&r, &ret) ? ret : queued(v, in, p);
}

/* By the channel the command went by. While a step may still run no other will do: its ISD-P may be made
 * anew under the same AID. */
static int fence(struct run *r)
{
    return run_step_unfenced(r) && !mutant("STEP_FENCED_BY_SMS") ? run_fence_session(r, CM_FENCING)
                                : run_fence(r, PURPOSE_FENCE, CM_FENCING);
}

static int go_fence(struct run *r, const char *why)
{
    run_in_doubt(r, why);
    return fence(r);
}

/* It ran, there was nothing left to run for, or the card refused. */
static void said(struct run *r, uint16_t sw, struct span rapdu)
{
    enum policy_op op = command_of(r->op->function)->op;
    enum status_code st = run_sw(sw) == RUN_SW_DONE ? ST_OK : policy_status(op, sw);

    if (st == ST_OK)
        (void)succeed(r, rapdu);
    else
        (void)run_conclude(r, VERDICT_FAILED, st, STAGE_CARD, rapdu);
}

/* The command's own status word ends it, also behind a fence. false: it does not tell. */
static bool told(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    struct es5_answer a;

    if (por->status != POR_OK || es5_answer_read(por->data, &a) || run_sw(a.sw) == RUN_SW_OPEN)
        return false;
    said(r, a.sw, por->data);
    return true;
}

static int armed_por(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);

    if (!pk || pk->purpose != PURPOSE_CMD)
        return ERR_STATE;
    if ((por->status == POR_MEMORY || por->status == POR_MORE_TIME) && r->op->bearer == BEARER_SMS)
        return ERR_STATE;
    run_close_way(r);
    (void)run_por(r, -1, 0);
    if (told(r))
        return ERR_OK;
    return go_fence(r, por->status != POR_OK ? por_status_text(por->status)
                                             : "the card's answer does not tell");
}

/* The card's answer to the step ends it, when it tells. */
static int armed_step(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    uint16_t sw;
    enum run_sw what = run_step_sw(r, &sw);
    struct event *ev = run_step_answered(r, -1, 0);

    if (sw && what != RUN_SW_OPEN)
        ev->sw = sw + 1u;
    run_session_done(r, &post->session);
    if (what == RUN_SW_OPEN)
        return go_fence(r, "the card's answer does not tell");
    said(r, sw, post->body);
    return ERR_OK;
}

/* A card that has fallen back meanwhile. */
static const struct euicc_profile *goal(const struct run *r)
{
    return r->op->function == FN_SET_FALLBACK_ATTRIBUTE ? target(r) : NULL;
}

static const struct run_effect EFFECT = {.arm = command_arm,
                                           .start = start,
                                           .fence = fence,
                                           .step = armed_step,
                                           .goal = goal,
                                           .fencing = CM_FENCING,
                                           .fence_step = CM_FENCE_STEP};

static int armed(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    switch (in->kind) {
    case IN_POR:
        return armed_por(&r);
    case IN_POST:
        return run_effect_posted(&r, &EFFECT);
    case IN_SESSION_END:
        if (r.op->bearer == BEARER_SMS || !uuid_eq(&in->u.session_end.session, &r.op->session))
            return ERR_STATE;
        return go_fence(&r, run_by_session(&r) ? "the session is gone" : "the link is gone");
    default: /* IN_TIMER, IN_RESTART */
        return run_effect_due(&r, &EFFECT);
    }
}

/* It ran or not, and can run no more. session: where that was heard, NULL: by a packet. */
static int audited(struct run *r, bool ran, const struct uuid *session)
{
    int err;

    if (!ran && run_effect_again(r, &EFFECT, session, &err))
        return err;
    if (session)
        run_session_done(r, session);
    if (ran)
        return succeed(r, (struct span){NULL, 0});
    (void)run_conclude(r, VERDICT_FAILED, ST_NO_EFFECT, STAGE_BEARER, (struct span){NULL, 0});
    return ERR_OK;
}

static int fencing(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk = in->kind == IN_POR ? run_answered(&r) : NULL;
    bool ran;
    int err;

    if (in->kind != IN_POR)
        return run_effect_fencing(&r, &EFFECT);
    if (!pk)
        return ERR_STATE;
    if (pk->purpose != PURPOSE_FENCE) {
        (void)run_por(&r, -1, 0);
        if (pk->purpose == PURPOSE_CMD) /* not of the push that asked for its link */
            (void)told(&r);
        return ERR_OK;
    }
    if (run_answer_lost(&r, pk))
        return run_fence(&r, PURPOSE_FENCE, CM_FENCING);
    err = in->u.por.status == POR_OK ? command_of(r.op->function)->told(&r, in->u.por.data, &ran) : ERR_STATE;
    if (run_list_cut(&r, pk, err) && r.op->state == CM_FENCING) {
        (void)run_por(&r, -1, 0);
        return run_fence(&r, PURPOSE_FENCE, CM_FENCING);
    }
    if (err) {
        (void)run_por(&r, CM_FENCING, run_fence_due(&r, r.op->fences));
        return ERR_OK;
    }
    (void)run_por(&r, -1, 0);
    return audited(&r, ran, NULL);
}

static int fence_step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct in_post *post = &in->u.post;
    bool ran;

    if (in->kind == IN_SESSION_END && !uuid_eq(&in->u.session_end.session, &r.op->session))
        return ERR_STATE;
    if (in->kind == IN_TIMER)
        run_close_way(&r);
    if (in->kind != IN_POST || post->first)
        return fencing(v, in, p);
    if (!run_step_heard(&r))
        return ERR_STATE;
    (void)run_step_answered(&r, -1, 0);
    if (post->script_status != ADMIN_STATUS_OK || command_of(r.op->function)->told(&r, post->body, &ran)) {
        run_session_leave(&r, &post->session);
        return run_fence(&r, PURPOSE_FENCE, CM_FENCING);
    }
    return audited(&r, ran, &post->session);
}

#define INPUTS (IN_BIT(IN_POR) | IN_BIT(IN_POST) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
static const struct proc_state STATES[] = {
    [CM_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(CM_ARMED) | S(CM_WAIT_LINK),
                   NULL, RESTART_WAIT, queued},
    [CM_ARMED] = {"ARMED", INPUTS | IN_BIT(IN_SESSION_END), S(CM_FENCING) | S(CM_FENCE_STEP),
                  "resend_1", RESTART_RESUME, armed},
    [CM_FENCING] = {"FENCING", INPUTS,
                    S(CM_FENCING) | S(CM_FENCE_STEP) | S(CM_WAIT_LINK) | S(CM_ARMED), "fence_1",
                    RESTART_RECONCILE, fencing},
    [CM_WAIT_LINK] = {"WAIT_LINK", INPUTS | IN_BIT(IN_LINK), S(CM_ARMED) | S(CM_WAIT_LINK),
                      "resend_1", RESTART_WAIT, wait_link},
    [CM_FENCE_STEP] = {"FENCE_STEP", INPUTS | IN_BIT(IN_SESSION_END),
                       S(CM_FENCING) | S(CM_FENCE_STEP) | S(CM_WAIT_LINK) | S(CM_ARMED),
                       "session_idle", RESTART_RECONCILE, fence_step},
};
const struct proc PROC_DELETE = {"delete", FN_DELETE_PROFILE, STATES, CM_STATE_COUNT};
const struct proc PROC_SET_FALLBACK = {"set-fallback", FN_SET_FALLBACK_ATTRIBUTE, STATES, CM_STATE_COUNT};
