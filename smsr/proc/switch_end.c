/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of a switch, the audit after a fence (facts: trust 3.5, 3.6), and its ends. */
#include "smsr/proc/switch.h"

#include "common/codec/packet.h"
#include "smsr/domain/notification.h"

enum status_code switch_check(const struct env *env, const struct euicc *e, enum function f,
                              const struct iccid *iccid, int64_t now)
{
    const struct euicc_profile *t = euicc_profile_by_iccid(e, iccid);
    const struct euicc_profile *on = euicc_enabled(e);
    const struct euicc_profile *goal = f == FN_DISABLE_PROFILE ? euicc_fallback(e) : t;
    unsigned recent = 0;

    if (!t)
        return ST_ICCID_UNKNOWN;
    if (f == FN_DISABLE_PROFILE && t->fallback)
        return ST_DISABLE_FALLBACK;
    if (t->state != (f == FN_DISABLE_PROFILE ? PROFILE_ENABLED : PROFILE_DISABLED))
        return ST_PROFILE_STATE;
    if (f == FN_DISABLE_PROFILE && !goal)
        return ST_PROFILE_STATE;
    if (on && (on->pol2 & POL2_DISABLE_NOT_ALLOWED))
        return ST_POL2;
    if (goal->pol2 & POL2_ENABLE_NOT_ALLOWED)
        return ST_POL2;
    if (!goal->msisdn.s[0])
        return ST_ADDRESS_MISSING;
    if (!env_route(env, &goal->mno, goal->profile_type))
        return ST_ROUTE_MISSING;
    for (size_t i = 0; i < sizeof e->effect_ms / sizeof *e->effect_ms; i++)
        recent += e->effect_ms[i] && now - e->effect_ms[i] < timer_scaled(3600 * 1000, env->time_scale);
    if (recent >= env->effects_per_hour)
        return ST_RATE;
    if (env->rollbacks_per_day && e->rollback_ms[0] &&
        now - e->rollback_ms[0] < timer_scaled(24LL * 3600 * 1000, env->time_scale))
        return ST_BREAKER;
    return ST_OK;
}

static struct event *notified(struct run *r, uint32_t decision, int next, int64_t due)
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

/* Newer sequence, one that fits and before the end of validity: confirm. The same one again: confirm
 * again, or the card rolls back (facts: trust 0.4). Late: never confirmed, an audit finds the verdict. */
int switch_notification(struct run *r)
{
    const struct in_notification *n = &r->in->u.notification;
    const struct euicc_profile *goal = switch_goal(r), *from = switch_from(r);
    bool again = r->op->notif_seen && n->sequence == r->op->notif_sequence;
    bool done = n->kind == NOTIFICATION_CHANGED && goal && aid_eq(&n->aid, &goal->aid);
    bool back = n->kind == NOTIFICATION_ROLLED_BACK && from && aid_eq(&n->aid, &from->aid);
    const struct euicc_profile *to = back ? from : goal;

    if (!again && r->e->has_notif && !sequence_newer(n->sequence, r->e->notif_sequence)) {
        (void)notified(r, 3, -1, 0);
        return ERR_OK;
    }
    if (!done && !back) { /* a fall-back, or another profile than ours: the card is asked */
        (void)notified(r, 5, -1, 0);
        run_in_doubt(r, "the card reports another change");
        return run_fence_to(r, PURPOSE_FENCE, SW_FENCING, euicc_profile_by_aid(r->e, &n->aid));
    }
    if (done && (r->op->answered || run_expired(r)) && !again) {
        (void)notified(r, 2, -1, 0);
        return ERR_OK;
    }
    (void)notified(r, 1, -1, 0);
    return switch_confirm(r, n->sequence, to);
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

/* ISD-Ps the card deleted by POL1 on our confirmation. */
static void pol1_deleted(struct run *r, const struct es5_deleted *d, bool *ret_from_gone)
{
    const struct euicc_profile *from = switch_from(r);

    for (unsigned i = 0; i < d->n; i++) {
        const struct euicc_profile *p = euicc_profile_by_aid(r->e, &d->aid[i]);
        struct event *ev;
        if (!p)
            continue;
        ev = run_record(r, EV_PROFILE_DELETED, -1, 0);
        ev->iccid = p->iccid;
        ev->aid = p->aid;
        ev->text = span_str("POL1");
        run_notify(r, ev, p, FN_DELETE_PROFILE);
        *ret_from_gone = *ret_from_gone || p == from;
    }
}

int switch_succeeded(struct run *r, struct span confirm_answer)
{
    const struct euicc_profile *from = switch_from(r);
    struct es5_deleted gone;
    struct event *ev;
    bool from_gone = false;

    if (es5_confirm_read(confirm_answer, &gone))
        gone.n = 0;
    ev = switched(r, -1, 0);
    ev->data = confirm_answer;
    pol1_deleted(r, &gone, &from_gone);
    /* POL2 Auto-Delete of the profile that was switched off comes after the card's own deletions. */
    if (from && !from_gone && (from->pol2 & POL2_DISABLE_AUTO_DELETE) && !from->fallback) {
        struct writer w = run_writer(r, 64);
        es5_delete_profile(&w, dialect_of(r->e)->sms_form, &from->aid);
        return run_arm(r, PURPOSE_CMD, wr_view(&w), SW_DELETING,
                       r->now + run_timer(r, TIMER_RESEND_1), switch_goal(r), NULL);
    }
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
    return ERR_OK;
}

int switch_rolled_back(struct run *r)
{
    struct event *ev = run_record(r, EV_PROFILE_ROLLED_BACK, -1, 0);
    const struct euicc_profile *from = switch_from(r);

    if (from)
        ev->previous = from->iccid;
    ev->stage = STAGE_ATTACH;
    (void)run_conclude(r, VERDICT_ROLLED_BACK, ST_ROLLED_BACK, STAGE_ATTACH, (struct span){NULL, 0});
    return ERR_OK;
}

static struct event *fence_record(struct run *r, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_OPERATION_ANSWERED, next, due);

    ev->kvn = r->in->u.por.kvn;
    ev->counter = r->in->u.por.counter;
    ev->por_status = r->in->u.por.status + 1u;
    ev->data = r->in->u.por.data;
    return ev;
}

static int fell_back(struct run *r, const struct es5_status *st, const struct euicc_profile *on)
{
    struct event *ev;
    const struct euicc_profile *was = euicc_enabled(r->e);

    (void)run_audited(r, st, -1, 0);
    if (on && was && on != was) {
        ev = run_record(r, EV_PROFILE_FALLEN_BACK, -1, 0);
        ev->iccid = on->iccid;
        ev->previous = was->iccid;
        run_notify(r, ev, on, FN_ENABLE_PROFILE);
        run_notify(r, ev, was, FN_DISABLE_PROFILE);
    }
    (void)run_conclude(r, VERDICT_FAILED, ST_FALLEN_BACK, STAGE_ATTACH, (struct span){NULL, 0});
    return ERR_OK;
}

/* The audited card decides (facts: trust 3.5). A higher counter was answered, so the armed packet can run
 * no more. */
static int decide_by_audit(struct run *r, const struct es5_status *st)
{
    const struct euicc_profile *goal = switch_goal(r), *from = switch_from(r), *on = NULL;
    int64_t window = r->now + run_timer(r, TIMER_ROLLBACK_WINDOW);

    for (unsigned i = 0; i < st->n; i++)
        if (st->isdp[i].lifecycle == 0x3F)
            on = euicc_profile_by_aid(r->e, &st->isdp[i].aid);
    if (goal && on == goal) {
        if (r->op->window_end_ms && r->now >= r->op->window_end_ms) {
            (void)fence_record(r, -1, 0);
            (void)run_audited(r, st, -1, 0);
            return switch_succeeded(r, (struct span){NULL, 0});
        }
        if (r->op->window_end_ms)
            window = r->op->window_end_ms;
        fence_record(r, SW_WAIT_ROLLBACK, window)->number = (uint64_t)window;
        return ERR_OK;
    }
    (void)fence_record(r, -1, 0);
    if (on && on == from) {
        (void)run_audited(r, st, -1, 0);
        if (r->op->window_end_ms || (r->op->notif_seen && r->op->notif_kind == NOTIFICATION_ROLLED_BACK))
            return switch_rolled_back(r);
        (void)run_conclude(r, VERDICT_FAILED, ST_ISDR_EXECUTION, STAGE_BEARER, (struct span){NULL, 0});
        return ERR_OK;
    }
    return fell_back(r, st, on);
}

int switch_fenced(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = NULL;
    struct es5_status st;

    for (unsigned i = 0; i < r->e->n_packets; i++)
        if (r->e->packets[i].counter == por->counter && uuid_eq(&r->e->packets[i].op, &r->op->id))
            pk = &r->e->packets[i];
    if (!pk)
        return ERR_STATE;
    /* A late answer of the command itself is kept, but the fence is what decides now. */
    if (pk->purpose != PURPOSE_FENCE) {
        (void)fence_record(r, -1, 0);
        return ERR_OK;
    }
    if (por->status != POR_OK || es5_audit_read(por->data, &st)) {
        (void)fence_record(r, SW_FENCING, run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    return decide_by_audit(r, &st);
}

static int old_deleted(struct run *r, const struct euicc_profile *old)
{
    struct event *ev = run_record(r, EV_PROFILE_DELETED, -1, 0);

    ev->iccid = old->iccid;
    ev->aid = old->aid;
    ev->text = span_str("POL2");
    run_notify(r, ev, old, FN_DELETE_PROFILE);
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
    return ERR_OK;
}

static int deleting_por(struct run *r, const struct euicc_profile *old)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *cmd = run_packet(r, PURPOSE_CMD);
    const struct euicc_packet *fence = run_packet(r, PURPOSE_FENCE);
    struct es5_answer a;
    struct es5_status st;

    if (fence && por->counter == fence->counter) {
        if (por->status != POR_OK || es5_audit_read(por->data, &st)) {
            (void)fence_record(r, SW_DELETING, run_fence_due(r, r->op->fences));
            return ERR_OK;
        }
        (void)fence_record(r, -1, 0);
        if (!run_seen(&st, &old->aid))
            return old_deleted(r, old);
        (void)run_conclude_warning(r, ST_ISDR_EXECUTION, (struct span){NULL, 0});
        return ERR_OK;
    }
    if (!cmd || por->counter != cmd->counter)
        return ERR_STATE;
    (void)fence_record(r, -1, 0);
    if (por->status != POR_OK || es5_answer_read(por->data, &a) || !a.sw)
        return run_fence(r, PURPOSE_FENCE, SW_DELETING);
    if (a.sw == 0x9000 || a.sw == 0x6A88)
        return old_deleted(r, old);
    (void)run_conclude_warning(r, ST_ISDR_EXECUTION, por->data);
    return ERR_OK;
}

/* POL2 Auto-Delete of the old profile: the switch itself has succeeded whatever comes of this. Silence is
 * fenced like any other effect. */
int switch_deleting(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *cmd = run_packet(&r, PURPOSE_CMD);
    const struct euicc_profile *old = switch_from(&r);
    int64_t patience = run_timer(&r, TIMER_RESEND_1) + run_timer(&r, TIMER_RESEND_2);

    if (!old)
        return ERR_INTERNAL;
    if (in->kind == IN_POR)
        return deleting_por(&r, old);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over while the old profile is deleted", SW_DELETING,
                        r.now + run_timer(&r, TIMER_RESEND_1));
        return ERR_OK;
    }
    if (!cmd || r.op->fences || r.now - cmd->first_sent_ms > patience)
        return run_fence(&r, PURPOSE_FENCE, SW_DELETING);
    run_resend(&r, cmd, switch_goal(&r), NULL);
    return ERR_OK;
}
