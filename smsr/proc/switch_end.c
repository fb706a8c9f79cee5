/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of a switch, the audit after a fence (facts: trust 3.5, 3.6), and its ends. */
#include "smsr/proc/switch.h"

#include "common/base/mutant.h"
#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/bearer.h"
#include "smsr/domain/limit.h"
#include "smsr/domain/notification.h"

enum status_code switch_check(const struct env *env, const struct caller *c, const struct euicc *e,
                              const struct euicc_profile *t, enum policy_op op, int64_t now)
{
    const struct euicc_profile *goal = op == POLICY_DISABLE ? euicc_fallback(e) : t;
    enum status_code st = policy_check(env, c, e, t, op);
    const struct route *route;

    if (st || !goal)
        return st ? st : ST_PROFILE_STATE;
    if (!goal->msisdn.s[0])
        return ST_ADDRESS_MISSING;
    route = env_route(env, &goal->mno, goal->profile_type);
    if (!route || !route->sms)
        return route ? ST_ROUTE_NO_SMS : ST_ROUTE_MISSING;
    st = run_reachable(env, e);
    if (!st)
        st = limit_effects(env, e, now);
    return st ? st : limit_rollbacks(env, e, now);
}

static struct event *notified(struct run *r, enum notified decision, int next, int64_t due)
{
    const struct in_notification *n = &r->in->u.notification;
    struct event *ev = run_record(r, EV_NOTIFICATION_RECEIVED, next, due);

    ev->sequence = n->sequence + 1u;
    ev->kind = n->kind;
    ev->decision = decision;
    ev->aid = n->aid;
    ev->imei = n->imei;
    ev->bearer = n->bearer;
    return ev;
}

/* Newer sequence, one that fits and before the end of validity: confirm. The same one again:
 * confirm again, or the card rolls back (facts: trust 0.4). Late: never confirmed, an audit finds
 * the verdict. */
int switch_notification(struct run *r)
{
    const struct in_notification *n = &r->in->u.notification;
    const struct euicc_profile *goal = switch_goal(r), *from = switch_from(r);
    bool again = r->op->notif_seen && n->sequence == r->op->notif_sequence;
    bool done = n->kind == NOTIFICATION_CHANGED && goal && aid_eq(&n->aid, &goal->aid);
    bool back = n->kind == NOTIFICATION_ROLLED_BACK && from && aid_eq(&n->aid, &from->aid);
    const struct euicc_profile *to = back ? from : goal;

    /* A first attach tells of no change: it waits behind this operation for its confirmation. */
    if (n->kind == NOTIFICATION_FIRST_ATTACH || (again && mutant("DUPLICATE_DROPPED")))
        return ERR_STATE;
    if (!again && r->e->has_notif && !sequence_newer(n->sequence, r->e->notif_sequence)) {
        (void)notified(r, NOTIFIED_OLD, -1, 0);
        return ERR_OK;
    }
    if (!done && !back) { /* a fall-back, or another profile than ours: the card is asked */
        (void)notified(r, NOTIFIED_AUDIT, -1, 0);
        run_in_doubt(r, "the card reports another change");
        return run_fence_to(r, PURPOSE_FENCE, SW_FENCING, euicc_profile_by_aid(r->e, &n->aid));
    }
    if (done && (r->op->answered || run_expired(r)) && !again) {
        struct event *ev = notified(r, NOTIFIED_LATE, -1, 0);
        /* It is still trying, so it has not decided: the window begins anew (number). A card that put
         * off its REFRESH, or attached late, is later than the audit that opened the window. */
        if (r->op->window_end_ms)
            ev->number = (uint64_t)(r->now + run_timer(r, TIMER_ROLLBACK_WINDOW));
        return ERR_OK;
    }
    (void)notified(r, NOTIFIED_CONFIRM, -1, 0);
    if (mutant("SUCCESS_ON_NOTIFICATION") && done)
        return switch_succeeded(r, (struct span){NULL, 0}, NULL);
    return run_confirm(r, n->sequence, SW_CONFIRMING, to, NULL);
}

static struct event *switched(struct run *r, int next, int64_t due)
{
    bool disable = r->op->function == FN_DISABLE_PROFILE;
    const struct euicc_profile *goal = switch_goal(r), *from = switch_from(r);
    struct event *ev = run_record(r, disable ? EV_PROFILE_DISABLED : EV_PROFILE_ENABLED, next, due);

    if (disable) {
        ev->iccid = r->op->iccid;
        ev->previous = goal ? goal->iccid : (struct iccid){{0}};
    } else {
        ev->iccid = r->op->iccid;
        ev->previous = r->op->previous;
    }
    run_notify(r, ev, goal, FN_ENABLE_PROFILE);
    run_notify(r, ev, from, FN_DISABLE_PROFILE);
    return ev;
}

/* ISD-Ps that the answer to the confirmation names: the card deleted them by POL1. Each once, and
 * never the profile that is on now, whatever a card says. true: the one that was left is among
 * them. */
static bool pol1_deleted(struct run *r, struct span confirm_answer)
{
    struct es5_deleted named;
    int err = es5_confirm_read(confirm_answer, &named);
    bool from_gone = false;

    if (err && err != ERR_TOO_LARGE)
        named.n = 0;
    for (unsigned i = 0; i < r->e->n_profiles; i++) {
        const struct euicc_profile *p = &r->e->profiles[i];
        bool gone = false;
        for (unsigned k = 0; k < named.n; k++)
            gone = gone || aid_eq(&named.aid[k], &p->aid);
        if (!gone || p == switch_goal(r))
            continue;
        run_deleted(r, p, "POL1");
        from_gone = from_gone || p == switch_from(r);
    }
    return from_gone;
}

/* To the fall-back profile a card also goes by itself, and an audit shows no more than that it is on:
 * without a word of the card about the command the success has a reservation, which a deletion by POL2
 * behind it does not take away. */
static void succeeded(struct run *r)
{
    const struct euicc_profile *goal = switch_goal(r);

    if (goal && goal->fallback && !r->op->ran)
        (void)run_conclude_warning(r, ST_SWITCHED_UNHEARD, (struct span){NULL, 0});
    else
        (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
}

int switch_succeeded(struct run *r, struct span confirm_answer, const struct es5_status *audit)
{
    const struct euicc_profile *from = switch_from(r);
    bool from_gone;

    switched(r, -1, 0)->data = confirm_answer;
    from_gone = pol1_deleted(r, confirm_answer);
    if (audit) {
        (void)run_audited(r, audit);
        from_gone = from_gone || (from && !run_seen(audit, &from->aid));
    }
    /* POL2 Auto-Delete of the profile that was switched off comes after the card's own deletions.
     */
    if (policy_after(switch_op(r), policy_facts_left(from, from_gone)) == POLICY_SMSR_DELETES) {
        struct writer w = run_writer(r, 64);
        es5_delete_profile(&w, dialect_of(r->e)->packet_form, &from->aid);
        return run_arm(r, PURPOSE_CMD, wr_view(&w), SW_DELETING,
                       run_awake_due(r, r->now + run_timer(r, TIMER_RESEND_1)), switch_goal(r), NULL);
    }
    succeeded(r);
    return ERR_OK;
}

/* One verdict and one code, several causes: how far it came is what was heard of it. */
static enum status_code why_back(const struct operation *op)
{
    if (operation_told_done(op))
        return ST_ROLLED_BACK_UNCONFIRMED;
    if (operation_told_late(op))
        return ST_ROLLED_BACK_LATE;
    return op->window_end_ms && op->window_end_ms != EUICC_WINDOW_UNKNOWN ? ST_ROLLED_BACK_NUMBER
                                                                          : ST_ROLLED_BACK_UNHEARD;
}

int switch_rolled_back(struct run *r)
{
    const struct euicc_profile *from = switch_from(r);
    struct event *ev;

    /* Rolled back or never run: the answer to a higher counter was authenticated, so it cannot run
     * any more, and that is all that can be said. */
    if (r->op->stray) {
        (void)run_conclude(r, VERDICT_FAILED, ST_NO_EFFECT, STAGE_BEARER, (struct span){NULL, 0});
        return ERR_OK;
    }
    ev = run_record(r, EV_PROFILE_ROLLED_BACK, -1, 0);

    if (from)
        ev->previous = from->iccid;
    ev->stage = STAGE_ATTACH;
    (void)run_conclude(r, VERDICT_ROLLED_BACK, why_back(r->op), STAGE_ATTACH,
                       (struct span){NULL, 0});
    return ERR_OK;
}

static int fell_back(struct run *r, const struct es5_status *st, const struct euicc_profile *on)
{
    struct event *ev;
    const struct euicc_profile *was = euicc_enabled(r->e);

    if (on && was && on != was) {
        ev = run_record(r, EV_PROFILE_FALLEN_BACK, -1, 0);
        ev->iccid = on->iccid;
        ev->previous = was->iccid;
        run_notify(r, ev, on, FN_ENABLE_PROFILE);
        run_notify(r, ev, was, FN_DISABLE_PROFILE);
    }
    (void)run_audited(r, st); /* behind it: the one it left may be gone */
    (void)run_conclude(r, VERDICT_FAILED, ST_FALLEN_BACK, STAGE_ATTACH, (struct span){NULL, 0});
    return ERR_OK;
}

/* A card calls the new profile enabled at once, its device may keep the old network until somebody
 * restarts it. Such an answer comes from the old number: nothing was tried yet. */
static bool on_old_network(const struct run *r)
{
    const struct msisdn *at = &r->in->u.por.from;
    const struct euicc_profile *goal = switch_goal(r), *from = switch_from(r);

    return from && from->msisdn.s[0] && msisdn_eq(at, &from->msisdn) &&
           !(goal && msisdn_eq(at, &goal->msisdn));
}

/* The new profile is on. Settled only by a question asked after the last moment at which a card
 * without confirmation rolls back (facts: trust R5); an answer on its way since before shows the
 * past. That moment is known once the device has left the old network. */
static int seen_on_goal(struct run *r, const struct es5_status *st, const struct euicc_packet *pk)
{
    int64_t window = r->op->window_end_ms;

    if (on_old_network(r) && !mutant("WINDOW_BEFORE_ATTACH")) {
        struct event *ev = run_por(r, SW_FENCING, run_fence_due(r, r->op->fences));
        ev->number = EUICC_WINDOW_UNKNOWN;
        ev->text = span_str("switched, but the device still answers from its former network");
        return ERR_OK;
    }
    if (window && pk->first_sent_ms >= window) {
        (void)run_por(r, -1, 0);
        return switch_succeeded(r, (struct span){NULL, 0}, st);
    }
    if (!window || window == EUICC_WINDOW_UNKNOWN)
        window = r->now + run_timer(r, TIMER_ROLLBACK_WINDOW);
    run_por(r, SW_WAIT_ROLLBACK, window)->number = (uint64_t)window;
    return ERR_OK;
}

/* A question in a session that is open is not given up for what is heard by SMS meanwhile. */
static int still_fencing(const struct run *r)
{
    return r->op->state == SW_FENCE_STEP ? -1 : SW_FENCING;
}

/* The command can run no more, and the card is not where it was to go. session: where that was heard,
 * NULL: by a packet. */
static int settle_elsewhere(struct run *r, const struct es5_status *st, const struct uuid *session)
{
    const struct euicc_profile *goal = switch_goal(r), *on = run_seen_on(r, st);
    bool stays = on && on == switch_from(r);
    int err = ERR_OK;

    if (stays) {
        (void)run_audited(r, st);
        if (goal && run_seen(st, &goal->aid) && run_effect_again(r, &SWITCH_EFFECT, session, &err))
            return err;
    }
    if (session)
        run_session_done(r, session);
    if (!stays)
        return fell_back(r, st, on);
    if (r->op->window_end_ms || r->op->ran || operation_told_back(r->op))
        return switch_rolled_back(r);
    (void)run_conclude(r, VERDICT_FAILED, ST_NO_EFFECT, STAGE_BEARER, (struct span){NULL, 0});
    return ERR_OK;
}

/* The audited card decides (facts: trust 3.5). A higher counter was answered, so the armed packet
 * can run no more; a step can, until a new session: that it ran is all that can be seen by SMS. */
static int decide_by_audit(struct run *r, const struct es5_status *st,
                           const struct euicc_packet *pk)
{
    const struct euicc_profile *goal = switch_goal(r);
    bool unfenced = run_step_unfenced(r) && !mutant("STEP_FENCED_BY_SMS");

    /* By its fall-back the card may come to the very profile that was asked for: not by our
     * command. */
    if (run_enabled(st, goal) && !operation_told_fall(r->op) &&
        !(unfenced && goal->fallback))
        return seen_on_goal(r, st, pk);
    if (unfenced) {
        (void)run_por(r, still_fencing(r), run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    (void)run_por(r, -1, 0);
    return settle_elsewhere(r, st, NULL);
}

int switch_fence(struct run *r)
{
    if (run_step_unfenced(r) && r->op->fences % 3 == 0 && bearer_route(r->env, r->e, BEARER_HTTPS))
        return run_fence_session(r, SW_FENCING);
    return run_fence(r, PURPOSE_FENCE, SW_FENCING);
}

/* That the card is where it was to go is for its notification to say, or for a question by SMS: from
 * which network a session comes, nobody knows here. */
int switch_fenced_in_session(struct run *r)
{
    const struct in_post *post = &r->in->u.post;
    struct es5_status st;

    (void)run_step_answered(r, -1, 0);
    if (post->script_status != ADMIN_STATUS_OK || es5_audit_read(r->e, post->body, &st) ||
        run_enabled(&st, switch_goal(r))) {
        run_session_leave(r, &post->session);
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    return settle_elsewhere(r, &st, &post->session);
}

int switch_fenced(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);
    struct es5_status st;
    int err;

    if (!pk)
        return ERR_STATE;
    if (pk->purpose != PURPOSE_FENCE)
        return switch_confirmed(r, pk, true);
    if (run_answer_lost(r, pk))
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    err = por->status == POR_OK ? es5_audit_read(r->e, por->data, &st) : ERR_STATE;
    if (run_list_cut(r, pk, err) && r->op->state == SW_FENCING) {
        (void)run_por(r, -1, 0);
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    if (err) {
        (void)run_por(r, still_fencing(r), run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    return decide_by_audit(r, &st, pk);
}

/* --- POL2 Auto-Delete --- */
static int old_deleted(struct run *r, const struct euicc_profile *old)
{
    run_deleted(r, old, "POL2");
    succeeded(r);
    return ERR_OK;
}

static int deleting_fenced(struct run *r, const struct euicc_packet *pk,
                           const struct euicc_profile *old)
{
    struct es5_status st;

    if (run_answer_lost(r, pk))
        return run_fence(r, PURPOSE_FENCE, SW_DELETING);
    if (r->in->u.por.status != POR_OK || es5_audit_read(r->e, r->in->u.por.data, &st)) {
        (void)run_por(r, SW_DELETING, run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    (void)run_por(r, -1, 0);
    if (!run_seen(&st, &old->aid))
        return old_deleted(r, old);
    (void)run_conclude_warning(r, ST_OLD_NOT_DELETED, (struct span){NULL, 0});
    return ERR_OK;
}

/* A question that went out behind the deletion; earlier ones show the card before it. */
static bool delete_fenced(const struct run *r)
{
    const struct euicc_packet *fence = run_packet(r, PURPOSE_FENCE);
    return fence && fence->counter > r->op->counter;
}

static int deleting_por(struct run *r, const struct euicc_profile *old)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);
    struct es5_answer a;

    if (!pk)
        return ERR_STATE;
    if (pk->purpose == PURPOSE_FENCE && pk->counter > r->op->counter)
        return deleting_fenced(r, pk, old);
    (void)run_por(r, -1, 0);
    /* Confirmations and the command of the switch itself may be answered late; a fence that went
     * out leaves the verdict to itself. */
    if (pk->purpose != PURPOSE_CMD || pk->counter != r->op->counter || delete_fenced(r))
        return ERR_OK;
    if (por->status != POR_OK || es5_answer_read(por->data, &a) ||
        run_sw(a.sw) == RUN_SW_OPEN)
        return run_fence(r, PURPOSE_FENCE, SW_DELETING);
    if (run_sw(a.sw) == RUN_SW_DONE || policy_status(POLICY_DELETE, a.sw) == ST_OK)
        return old_deleted(r, old);
    (void)run_conclude_warning(r, ST_OLD_NOT_DELETED, por->data);
    return ERR_OK;
}

/* POL2 Auto-Delete of the old profile: the switch itself has succeeded whatever comes of this.
 * Silence is fenced like any other effect. */
int switch_deleting(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *cmd = euicc_packet_of(r.e, r.op->kvn, r.op->counter);
    const struct euicc_profile *old = switch_from(&r);
    int64_t patience = run_timer(&r, TIMER_RESEND_1) + run_timer(&r, TIMER_RESEND_2);

    if (!old) { /* gone from the EIS by another way: nothing is left to delete */
        succeeded(&r);
        return ERR_OK;
    }
    if (in->kind == IN_POR)
        return deleting_por(&r, old);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over while the old profile is deleted", SW_DELETING,
                        r.now + run_timer(&r, TIMER_RESEND_1));
        return ERR_OK;
    }
    if (!cmd || delete_fenced(&r) || r.now - cmd->first_sent_ms > patience)
        return run_fence(&r, PURPOSE_FENCE, SW_DELETING);
    run_resend(&r, cmd, switch_goal(&r), NULL);
    return ERR_OK;
}
