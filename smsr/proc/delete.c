/* SPDX-License-Identifier: Apache-2.0 */
/* Delete a profile and its ISD-P (SGP.02 3.6, 3.7; ES4.DeleteProfile, ES3.DeleteISDP). The card
 * tells in its answer; there is no notification. 6A88 counts as done: the ISD-P is gone. */
#include "smsr/proc/admission.h"

#include "common/base/mutant.h"
#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/limit.h"

enum { DL_QUEUED, DL_ARMED, DL_FENCING, DL_WAIT_LINK, DL_FENCE_STEP, DL_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))

static const struct euicc_profile *victim(const struct run *r)
{
    return euicc_profile_by_iccid(r->e, &r->op->iccid);
}

static int gone(struct run *r, struct span data)
{
    const struct euicc_profile *p = victim(r);
    struct event *ev;

    if (p) {
        ev = run_record(r, EV_PROFILE_DELETED, -1, 0);
        run_notify(r, ev, p, FN_DELETE_PROFILE);
    }
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, data);
    return ERR_OK;
}

enum status_code delete_check(const struct env *env, const struct caller *c, const struct euicc *e,
                              const struct euicc_profile *t, int64_t now)
{
    enum status_code st = policy_check(env, c, e, t, POLICY_DELETE);

    if (!st)
        st = run_reachable(env, e);
    return st ? st : limit_effects(env, e, now);
}

int delete_arm(struct run *r)
{
    struct writer w = run_writer(r, 64);
    struct event *armed;

    es5_delete_profile(&w, run_command_form(r), &r->op->aid);
    return run_command(r, wr_view(&w), DL_ARMED, DL_WAIT_LINK, &armed);
}

static int start(struct run *r)
{
    const struct euicc_profile *t = victim(r);
    struct caller c = run_caller(r);
    enum status_code st;

    /* Gone; or made anew behind this deletion, which meant the one before. */
    if (!t || t->state == PROFILE_IN_CREATION) {
        (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
        return ERR_OK;
    }
    st = delete_check(r->env, &c, r->e, t, r->now);
    if (st && !(st == ST_RATE && r->op->armed)) { /* which has counted */
        (void)run_conclude(r, VERDICT_FAILED, st, STAGE_PREPARATION, (struct span){NULL, 0});
        return ERR_OK;
    }
    return delete_arm(r);
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
    return run_step_unfenced(r) && !mutant("STEP_FENCED_BY_SMS") ? run_fence_session(r, DL_FENCING)
                                : run_fence(r, PURPOSE_FENCE, DL_FENCING);
}

static int go_fence(struct run *r, const char *why)
{
    run_in_doubt(r, why);
    return fence(r);
}

/* It ran, there was nothing left to run for, or the card refused. */
static void said(struct run *r, uint16_t sw, struct span rapdu)
{
    enum status_code st = run_sw(sw) == RUN_SW_DONE ? ST_OK : policy_status(POLICY_DELETE, sw);

    if (st == ST_OK)
        (void)gone(r, rapdu);
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

static const struct run_effect DELETION = {.arm = delete_arm,
                                           .start = start,
                                           .fence = fence,
                                           .step = armed_step,
                                           .fencing = DL_FENCING,
                                           .fence_step = DL_FENCE_STEP};

static int armed(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    switch (in->kind) {
    case IN_POR:
        return armed_por(&r);
    case IN_POST:
        return run_effect_posted(&r, &DELETION);
    case IN_SESSION_END:
        if (r.op->bearer == BEARER_SMS || !uuid_eq(&in->u.session_end.session, &r.op->session))
            return ERR_STATE;
        return go_fence(&r, run_by_session(&r) ? "the session is gone" : "the link is gone");
    default: /* IN_TIMER, IN_RESTART */
        return run_effect_due(&r, &DELETION);
    }
}

/* The ISD-P is there or not, and the command can run no more. session: where that was heard, NULL: by a
 * packet. */
static int audited(struct run *r, const struct es5_status *st, const struct uuid *session)
{
    bool there = run_seen(st, &r->op->aid);
    int err;

    if (there && run_effect_again(r, &DELETION, session, &err))
        return err;
    if (session)
        run_session_done(r, session);
    if (!there)
        return gone(r, (struct span){NULL, 0});
    (void)run_conclude(r, VERDICT_FAILED, ST_NO_EFFECT, STAGE_BEARER, (struct span){NULL, 0});
    return ERR_OK;
}

static int fencing(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk = in->kind == IN_POR ? run_answered(&r) : NULL;
    struct es5_status st;
    int err;

    if (in->kind != IN_POR)
        return run_effect_fencing(&r, &DELETION);
    if (!pk)
        return ERR_STATE;
    if (pk->purpose != PURPOSE_FENCE) {
        (void)run_por(&r, -1, 0);
        if (pk->purpose == PURPOSE_CMD) /* not of the push that asked for its link */
            (void)told(&r);
        return ERR_OK;
    }
    if (run_answer_lost(&r, pk))
        return run_fence(&r, PURPOSE_FENCE, DL_FENCING);
    err = in->u.por.status == POR_OK ? run_list_read(&r, in->u.por.data, &st) : ERR_STATE;
    if (run_list_cut(&r, pk, err) && r.op->state == DL_FENCING) {
        (void)run_por(&r, -1, 0);
        return run_fence(&r, PURPOSE_FENCE, DL_FENCING);
    }
    if (err) {
        (void)run_por(&r, DL_FENCING, run_fence_due(&r, r.op->fences));
        return ERR_OK;
    }
    (void)run_por(&r, -1, 0);
    return audited(&r, &st, NULL);
}

static int fence_step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct in_post *post = &in->u.post;
    struct es5_status st;

    if (in->kind == IN_SESSION_END && !uuid_eq(&in->u.session_end.session, &r.op->session))
        return ERR_STATE;
    if (in->kind == IN_TIMER)
        run_close_way(&r);
    if (in->kind != IN_POST || post->first)
        return fencing(v, in, p);
    if (!run_step_heard(&r))
        return ERR_STATE;
    (void)run_step_answered(&r, -1, 0);
    if (post->script_status != ADMIN_STATUS_OK || run_list_read(&r, post->body, &st)) {
        run_session_leave(&r, &post->session);
        return run_fence(&r, PURPOSE_FENCE, DL_FENCING);
    }
    return audited(&r, &st, &post->session);
}

#define INPUTS (IN_BIT(IN_POR) | IN_BIT(IN_POST) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
static const struct proc_state STATES[] = {
    [DL_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(DL_ARMED) | S(DL_WAIT_LINK),
                   NULL, RESTART_WAIT, queued},
    [DL_ARMED] = {"ARMED", INPUTS | IN_BIT(IN_SESSION_END), S(DL_FENCING) | S(DL_FENCE_STEP),
                  "resend_1", RESTART_RESUME, armed},
    [DL_FENCING] = {"FENCING", INPUTS,
                    S(DL_FENCING) | S(DL_FENCE_STEP) | S(DL_WAIT_LINK) | S(DL_ARMED), "fence_1",
                    RESTART_RECONCILE, fencing},
    [DL_WAIT_LINK] = {"WAIT_LINK", INPUTS | IN_BIT(IN_LINK), S(DL_ARMED) | S(DL_WAIT_LINK),
                      "resend_1", RESTART_WAIT, wait_link},
    [DL_FENCE_STEP] = {"FENCE_STEP", INPUTS | IN_BIT(IN_SESSION_END),
                       S(DL_FENCING) | S(DL_FENCE_STEP) | S(DL_WAIT_LINK) | S(DL_ARMED),
                       "session_idle", RESTART_RECONCILE, fence_step},
};
const struct proc PROC_DELETE = {"delete", FN_DELETE_PROFILE, STATES, DL_STATE_COUNT};
