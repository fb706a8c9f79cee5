/* SPDX-License-Identifier: Apache-2.0 */
/* Audit of a card (ES4-AuditEIS), and what an unsolicited notification leads to: confirm, ask the
 * card, believe the card only (facts: README item 17). Reads may be repeated under fresh counters.
 */
#include "smsr/proc/admission.h"

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/eis_view.h"
#include "smsr/domain/notification.h"

enum { AU_QUEUED, AU_ASKING, AU_AUDIT_STATES, AU_CONFIRMING = AU_AUDIT_STATES, AU_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))

/* The profile a notification named may be the one whose address works. */
static const struct euicc_profile *named(const struct run *r)
{
    return r->op->aid.n ? euicc_profile_by_aid(r->e, &r->op->aid) : NULL;
}

static bool told_of_change(const struct run *r)
{
    return r->op->function == FN_NOTIFICATION && r->op->notif_kind != NOTIFICATION_FIRST_ATTACH;
}

/* A card that told of a change and then fell silent is asked until it answers, since the EIS is known
 * to be wrong: every minute at first, ever more rarely once its time is over. */
static int64_t ask_due(const struct run *r)
{
    int64_t over = r->now - r->op->validity_end_ms;
    enum timer t = TIMER_FENCE_2;

    if (!told_of_change(r) || over < 0)
        return run_fence_due(r, 0);
    while (t < TIMER_FENCE_5 && run_timer(r, (enum timer)(t + 1)) <= over)
        t++;
    return r->now + run_timer(r, t);
}

/* Asked again: a card that is silent where the EIS believes it to be, or where it said it was, may have
 * fallen back by itself, and its notification waits behind this very question. */
int audit_start(struct run *r)
{
    const struct euicc_profile *other = named(r);
    int err;

    if (run_session_serves(r)) /* a read moves freely (law 3) */
        return run_ask_in_session(r, PURPOSE_AUDIT, AU_ASKING);
    if (run_packet(r, PURPOSE_AUDIT) &&
        (!other || other == euicc_enabled(r->e) || r->e->counter_high % 2))
        other = euicc_fallback(r->e);
    err = run_fence_to(r, PURPOSE_AUDIT, AU_ASKING, other);
    if (!err && run_expired(r))
        r->p->unit.armed->due_ms = ask_due(r);
    return err;
}

static int confirm(struct run *r)
{
    return run_confirm(r, r->op->notif_sequence, AU_CONFIRMING, named(r), euicc_enabled(r->e));
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (run_expired(&r)) {
        /* Too late for a confirmation, but the card said that something moved: what, it still knows. */
        if (told_of_change(&r))
            return audit_start(&r);
        run_expire_unsent(&r);
        return ERR_OK;
    }
    return r.op->notif_seen ? confirm(&r) : audit_start(&r);
}

/* Another profile is on than the EIS believed: by the card's fall-back or at the device. */
static void moved(struct run *r, const struct es5_status *st)
{
    const struct euicc_profile *was = euicc_enabled(r->e), *on = run_seen_on(r, st);
    struct event *ev;

    if (!on || on == was)
        return;
    ev = run_record(r, EV_PROFILE_FALLEN_BACK, -1, 0);
    ev->iccid = on->iccid;
    ev->aid = on->aid;
    if (was)
        ev->previous = was->iccid;
    run_notify(r, ev, on, FN_ENABLE_PROFILE);
    run_notify(r, ev, was, FN_DISABLE_PROFILE);
}

/* The EIS as this audit leaves it, for the caller (SGP.02 5.5.2). */
static const struct eis *shown(struct run *r, const struct event *audited)
{
    const struct operation *op = r->op;
    const struct caller c = {op->party, op->role, op->iface, op->mno};
    struct euicc after = *r->e;
    struct eis *ret = arena_alloc(r->p->arena, sizeof *ret);

    if (!ret || op->function != FN_AUDIT_EIS)
        return NULL;
    if (after.n_profiles) {
        after.profiles =
            arena_dup(r->p->arena, after.profiles, after.n_profiles * sizeof *after.profiles);
        if (!after.profiles)
            return NULL;
    }
    euicc_take_audit(&after, audited, r->now);
    eis_view(r->env, &c, &after, NULL, NULL, r->p->arena, ret);
    return ret;
}

/* What the card listed, by whatever way; its answer is recorded. */
static int listed(struct run *r, const struct es5_status *st)
{
    moved(r, st);
    r->eis = shown(r, run_audited(r, st));
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
    return ERR_OK;
}

/* The card calls: asked in the session, or answering there. */
static int posted(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    struct es5_status st;

    if (post->first)
        return run_session_serves(r) ? audit_start(r) : ERR_STATE;
    if (!run_step_heard(r))
        return ERR_STATE;
    if (post->script_status != ADMIN_STATUS_OK || es5_audit_read(r->e, post->body, &st)) {
        (void)run_step_answered(r, AU_ASKING, ask_due(r));
        run_session_leave(r, &post->session);
        return ERR_OK;
    }
    (void)run_step_answered(r, -1, 0);
    run_session_done(r, &post->session);
    return listed(r, &st);
}

static int heard(struct run *r)
{
    const struct euicc_packet *pk = run_answered(r);
    struct es5_status st;
    int err;

    if (!pk)
        return ERR_STATE;
    if (pk->purpose != PURPOSE_AUDIT) { /* a confirmation answered twice */
        (void)run_por(r, -1, 0);
        return ERR_OK;
    }
    if (run_answer_lost(r, pk))
        return audit_start(r);
    err = r->in->u.por.status == POR_OK ? es5_audit_read(r->e, r->in->u.por.data, &st) : ERR_STATE;
    if (run_list_cut(r, pk, err) && !run_expired(r)) {
        (void)run_por(r, -1, 0);
        return audit_start(r);
    }
    if (err) {
        (void)run_por(r, AU_ASKING, ask_due(r));
        return ERR_OK;
    }
    (void)run_por(r, -1, 0);
    return listed(r, &st);
}

static int confirmed(struct run *r)
{
    const struct euicc_packet *pk = run_answered(r);

    if (!pk)
        return ERR_STATE;
    if (r->in->u.por.status != POR_OK) {
        (void)run_por(r, AU_CONFIRMING, r->now + run_timer(r, TIMER_CONFIRM_RESEND));
        return ERR_OK;
    }
    (void)run_por(r, -1, 0);
    if (r->op->notif_kind == NOTIFICATION_FIRST_ATTACH) { /* nothing moved */
        (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
        return ERR_OK;
    }
    return audit_start(r);
}

static int confirming(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return confirmed(&r);
    if (in->kind == IN_NOTIFICATION)
        return in->u.notification.sequence == r.op->notif_sequence ? confirm(&r) : ERR_STATE;
    if (!run_expired(&r))
        return run_confirm_again(&r, AU_CONFIRMING, named(&r), euicc_enabled(r.e));
    /* It may have heard us all the same, and then says nothing more by itself. */
    if (told_of_change(&r))
        return audit_start(&r);
    (void)run_conclude(&r, VERDICT_FAILED, ST_EXPIRED_SENT, STAGE_CONFIRMATION,
                       (struct span){NULL, 0});
    return ERR_OK;
}

static int asking(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return heard(&r);
    if (in->kind == IN_POST && (!in->u.post.first || !run_expired(&r) || told_of_change(&r)))
        return posted(&r);
    if (in->kind == IN_SESSION_END &&
        !(r.op->step_open && uuid_eq(&in->u.session_end.session, &r.op->session)))
        return ERR_STATE;
    /* A read that nobody answered has changed nothing: FAILED is the truth. */
    if (run_expired(&r) && !told_of_change(&r)) {
        (void)run_conclude(&r, VERDICT_FAILED, ST_READ_UNANSWERED, STAGE_BEARER,
                           (struct span){NULL, 0});
        return ERR_OK;
    }
    return audit_start(&r);
}

#define SESSION (IN_BIT(IN_POST) | IN_BIT(IN_SESSION_END))
#define INPUTS (IN_BIT(IN_POR) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
static const struct proc_state AUDIT[] = {
    [AU_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(AU_ASKING), NULL,
                   RESTART_WAIT, queued},
    [AU_ASKING] = {"ASKING", INPUTS | SESSION, S(AU_ASKING), "fence_1", RESTART_RESUME, asking},
};
static const struct proc_state NOTIFICATION[] = {
    [AU_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                   S(AU_CONFIRMING) | S(AU_ASKING), NULL, RESTART_WAIT, queued},
    [AU_CONFIRMING] = {"CONFIRMING", INPUTS | IN_BIT(IN_NOTIFICATION),
                       S(AU_CONFIRMING) | S(AU_ASKING), "confirm_resend", RESTART_RESUME,
                       confirming},
    [AU_ASKING] = {"ASKING", INPUTS | SESSION, S(AU_ASKING), "fence_1", RESTART_RESUME, asking},
};
const struct proc PROC_AUDIT = {"audit", FN_AUDIT_EIS, AUDIT, AU_AUDIT_STATES};
const struct proc PROC_NOTIFICATION = {"notification", FN_NOTIFICATION, NOTIFICATION,
                                       AU_STATE_COUNT};
