/* SPDX-License-Identifier: Apache-2.0 */
/* Audit of a card (ES4-AuditEIS), and what an unsolicited notification leads to: confirm, ask the card,
 * believe the card only (facts: README item 17). Reads may be repeated under fresh counters. */
#include "smsr/proc/run.h"

#include "common/codec/packet.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"
#include "smsr/domain/eis_view.h"

enum { AU_QUEUED, AU_CONFIRMING, AU_ASKING, AU_STATE_COUNT };
#define S(x) (1u << (unsigned)(x))

static int ask(struct run *r)
{
    return run_fence_to(r, PURPOSE_AUDIT, AU_ASKING, euicc_profile_by_aid(r->e, &r->op->aid));
}

static int confirm(struct run *r)
{
    struct writer w = run_writer(r, 64);
    const struct euicc_profile *to = euicc_profile_by_aid(r->e, &r->op->aid);

    es5_confirm_notification(&w, dialect_of(r->e)->sms_form, r->op->notif_sequence);
    return run_arm(r, PURPOSE_CONFIRM, wr_view(&w), AU_CONFIRMING,
                   r->now + run_timer(r, TIMER_CONFIRM_RESEND), to, euicc_enabled(r->e));
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (run_expired(&r)) {
        run_expire_unsent(&r);
        return ERR_OK;
    }
    return r.op->function == FN_NOTIFICATION && r.op->notif_seen ? confirm(&r) : ask(&r);
}

static struct event *answered(struct run *r, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_OPERATION_ANSWERED, next, due);

    ev->kvn = r->in->u.por.kvn;
    ev->counter = r->in->u.por.counter;
    ev->por_status = r->in->u.por.status + 1u;
    ev->data = r->in->u.por.data;
    return ev;
}

static void moved(struct run *r, const struct es5_status *st)
{
    const struct euicc_profile *was = euicc_enabled(r->e), *on = NULL;
    struct event *ev;

    for (unsigned i = 0; i < st->n; i++)
        if (st->isdp[i].lifecycle == 0x3F)
            on = euicc_profile_by_aid(r->e, &st->isdp[i].aid);
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

static int heard(struct run *r)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_AUDIT);
    struct es5_status st;

    if (!pk || r->in->u.por.counter != pk->counter)
        return ERR_STATE;
    if (r->in->u.por.status != POR_OK || es5_audit_read(r->in->u.por.data, &st)) {
        (void)answered(r, AU_ASKING, run_fence_due(r, r->op->fences));
        return ERR_OK;
    }
    (void)answered(r, -1, 0);
    moved(r, &st);
    (void)run_audited(r, &st, -1, 0);
    (void)run_conclude(r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
    return ERR_OK;
}

static int confirming(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk = run_packet(&r, PURPOSE_CONFIRM);

    if (in->kind == IN_POR) {
        if (!pk || in->u.por.counter != pk->counter)
            return ERR_STATE;
        (void)answered(&r, -1, 0);
        if (r.op->notif_kind == 1) { /* first attach: nothing moved */
            (void)run_conclude(&r, VERDICT_SUCCESS, ST_OK, STAGE_NONE, (struct span){NULL, 0});
            return ERR_OK;
        }
        return ask(&r);
    }
    if (in->kind == IN_NOTIFICATION || !run_expired(&r))
        return confirm(&r);
    (void)run_conclude(&r, VERDICT_FAILED, ST_EXPIRED_SENT, STAGE_CONFIRMATION, (struct span){NULL, 0});
    return ERR_OK;
}

static int asking(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return heard(&r);
    if (run_expired(&r)) { /* a read that nobody answered has changed nothing: FAILED is the truth */
        (void)run_conclude(&r, VERDICT_FAILED, ST_EXPIRED_SENT, STAGE_BEARER, (struct span){NULL, 0});
        return ERR_OK;
    }
    return ask(&r);
}

#define INPUTS (IN_BIT(IN_POR) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART))
static const struct proc_state STATES[] = {
    [AU_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(AU_CONFIRMING) | S(AU_ASKING),
                   NULL, RESTART_WAIT, queued},
    [AU_CONFIRMING] = {"CONFIRMING", INPUTS | IN_BIT(IN_NOTIFICATION), S(AU_CONFIRMING) | S(AU_ASKING),
                       "confirm_resend", RESTART_RESUME, confirming},
    [AU_ASKING] = {"ASKING", INPUTS, S(AU_ASKING), "fence_1", RESTART_RESUME, asking},
};
const struct proc PROC_AUDIT = {"audit", FN_AUDIT_EIS, STATES, AU_STATE_COUNT};
const struct proc PROC_NOTIFICATION = {"notification", FN_NOTIFICATION, STATES, AU_STATE_COUNT};
