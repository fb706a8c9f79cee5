/* SPDX-License-Identifier: Apache-2.0 */
/* Enable and disable a profile (SGP.02 3.2-3.5; facts: sgp02 9.2, 9.3; trust 3.4-3.6). 9000 is not the end:
 * the card switches, attaches on the other network, notifies, and only the answer to our confirmation is
 * success. Silence leads to the fence, never to a guess. */
#include "smsr/proc/switch.h"

#include "common/codec/packet.h"
#include "smsr/proc/admission.h"
#include "smsr/domain/notification.h"

#define S(x) (1u << (unsigned)(x))

const struct euicc_profile *switch_goal(const struct run *r)
{
    return r->op->function == FN_DISABLE_PROFILE ? euicc_fallback(r->e)
                                                 : euicc_profile_by_iccid(r->e, &r->op->iccid);
}

const struct euicc_profile *switch_from(const struct run *r)
{
    return r->op->function == FN_DISABLE_PROFILE ? euicc_profile_by_iccid(r->e, &r->op->iccid)
                                                 : euicc_profile_by_aid(r->e, &r->op->previous_aid);
}

/* The one effect packet of the operation. Policy was read in this same view (law 5). */
int switch_arm(struct run *r)
{
    struct writer w = run_writer(r, 64);
    const struct euicc_profile *now = euicc_enabled(r->e);
    const struct euicc_profile *goal = switch_goal(r);
    const struct aid *aid = &r->op->aid;
    struct event *ev;
    int err;

    if (r->op->function == FN_DISABLE_PROFILE)
        es5_disable_profile(&w, dialect_of(r->e)->sms_form, aid);
    else
        es5_enable_profile(&w, dialect_of(r->e)->sms_form, aid);
    err = run_arm(r, PURPOSE_CMD, wr_view(&w), SW_ARMED, r->now + run_timer(r, TIMER_RESEND_1), now,
                  goal);
    if (err)
        return err;
    ev = r->p->unit.armed;
    if (now) {
        ev->previous = now->iccid;
        ev->previous_aid = now->aid;
    }
    return ERR_OK;
}

static int queued(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (run_expired(&r)) {
        run_expire_unsent(&r);
        return ERR_OK;
    }
    return switch_start(&r);
}

/* What changed since admission is looked at again where the packet is armed. */
int switch_start(struct run *r)
{
    enum status_code st = switch_check(r->env, r->e, r->op->function, &r->op->iccid, r->now);

    if (st) {
        (void)run_conclude(r, VERDICT_FAILED, st, STAGE_PREPARATION, (struct span){NULL, 0});
        return ERR_OK;
    }
    return switch_arm(r);
}

static int card_refused(struct run *r, uint16_t sw, struct span rapdu)
{
    enum status_code st = sw == 0x69E1 ? ST_POL1 : ST_ISDR_EXECUTION;

    (void)run_conclude(r, VERDICT_FAILED, st, STAGE_CARD, rapdu);
    return ERR_OK;
}

static struct event *por_record(struct run *r, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_OPERATION_ANSWERED, next, due);

    ev->kvn = r->in->u.por.kvn;
    ev->counter = r->in->u.por.counter;
    ev->por_status = r->in->u.por.status + 1u;
    ev->data = r->in->u.por.data;
    return ev;
}

static int armed_por(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    struct es5_answer a;

    if (por->counter != r->op->counter)
        return ERR_STATE;
    if (por->status == POR_MEMORY || por->status == POR_MORE_TIME)
        return ERR_STATE; /* the same bytes go again when their timer says so */
    if (por->status != POR_OK) {
        (void)por_record(r, -1, 0);
        run_in_doubt(r, por_status_text(por->status));
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    if (es5_answer_read(por->data, &a) || !a.sw) {
        (void)por_record(r, -1, 0);
        run_in_doubt(r, "the card's answer cannot be read");
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    if (a.sw != 0x9000) {
        (void)por_record(r, -1, 0);
        return card_refused(r, a.sw, por->data);
    }
    (void)por_record(r, SW_WAIT_NOTIFICATION, r->now + run_timer(r, TIMER_NOTIFICATION_WAIT));
    return ERR_OK;
}

static int go_fence(struct run *r, const char *why)
{
    run_in_doubt(r, why);
    return run_fence(r, PURPOSE_FENCE, SW_FENCING);
}

/* The validity period is over and a packet is out: answer once, then find the truth. */
static int expire_and_fence(struct run *r)
{
    run_expire_sent(r, "validity period over, the card has not answered", SW_FENCING,
                    run_fence_due(r, 0));
    return run_fence(r, PURPOSE_FENCE, SW_FENCING);
}

static int armed(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk = run_packet(&r, PURPOSE_CMD);

    switch (in->kind) {
    case IN_POR:
        return armed_por(&r);
    case IN_NOTIFICATION:
        return switch_notification(&r);
    default: /* IN_TIMER, IN_RESTART */
        if (run_expired(&r))
            return expire_and_fence(&r);
        if (!pk)
            return go_fence(&r, "the packet is no longer known");
        run_resend(&r, pk, euicc_enabled(r.e), switch_goal(&r));
        return ERR_OK;
    }
}

static int wait_notification(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (run_expired(&r))
        return expire_and_fence(&r);
    if (in->kind == IN_RESTART) {
        p->volatile_due_ms = r.op->due_ms;
        return ERR_OK;
    }
    return go_fence(&r, "9000, but no notification came");
}

/* Confirmation of the sequence number that was accepted; may be repeated under fresh counters. */
int switch_confirm(struct run *r, uint16_t sequence, const struct euicc_profile *to)
{
    struct writer w = run_writer(r, 64);

    es5_confirm_notification(&w, dialect_of(r->e)->sms_form, sequence);
    return run_arm(r, PURPOSE_CONFIRM, wr_view(&w), SW_CONFIRMING,
                   r->now + run_timer(r, TIMER_CONFIRM_RESEND), to, NULL);
}

static int confirm_again(struct run *r)
{
    const struct euicc_profile *to =
        r->op->notif_kind == NOTIFICATION_ROLLED_BACK ? switch_from(r) : switch_goal(r);

    return switch_confirm(r, r->op->notif_sequence, to ? to : euicc_enabled(r->e));
}

static int confirmed(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = NULL;
    struct es5_answer a;

    for (unsigned i = 0; i < r->e->n_packets; i++)
        if (r->e->packets[i].counter == por->counter && uuid_eq(&r->e->packets[i].op, &r->op->id))
            pk = &r->e->packets[i];
    if (!pk)
        return ERR_STATE;
    if (pk->purpose == PURPOSE_CMD) { /* the PoR of the command comes after the notification */
        (void)por_record(r, -1, 0);
        return ERR_OK;
    }
    if (pk->purpose != PURPOSE_CONFIRM)
        return ERR_STATE;
    if (por->status != POR_OK || es5_answer_read(por->data, &a) || !a.sw) {
        (void)por_record(r, -1, 0);
        return confirm_again(r);
    }
    /* Another SW than 9000 says that the card does not wait for this confirmation: confirmed before, or
     * already rolled back. Only the card knows which. */
    if (a.sw != 0x9000) {
        (void)por_record(r, -1, 0);
        return go_fence(r, "the card did not take the confirmation");
    }
    if (r->op->notif_kind == NOTIFICATION_ROLLED_BACK)
        return switch_rolled_back(r);
    return switch_succeeded(r, a.data);
}

static int confirming(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    int64_t give_up = r.op->armed_ms + run_timer(&r, TIMER_ROLLBACK_WINDOW) * 2;

    if (in->kind == IN_POR)
        return confirmed(&r);
    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over while the confirmation was on its way", SW_CONFIRMING,
                        r.now + run_timer(&r, TIMER_CONFIRM_RESEND));
        return ERR_OK;
    }
    if (r.now > give_up && in->kind == IN_TIMER)
        return go_fence(&r, "no answer to the confirmation");
    return confirm_again(&r);
}

static int fencing(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return switch_fenced(&r);
    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (run_expired(&r))
        run_expire_sent(&r, "validity period over, the card has not answered", SW_FENCING,
                        run_fence_due(&r, 0));
    return run_fence(&r, PURPOSE_FENCE, SW_FENCING);
}

static int wait_rollback(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (in->kind == IN_POR)
        return switch_fenced(&r);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over before the confirmation", SW_WAIT_ROLLBACK,
                        r.op->window_end_ms);
        return ERR_OK;
    }
    if (in->kind == IN_RESTART || r.now < r.op->window_end_ms) {
        p->volatile_due_ms = r.op->window_end_ms;
        return ERR_OK;
    }
    return run_fence(&r, PURPOSE_FENCE, SW_FENCING);
}

#define TO_ANY (S(SW_ARMED) | S(SW_WAIT_NOTIFICATION) | S(SW_CONFIRMING) | S(SW_FENCING) |          \
                S(SW_WAIT_ROLLBACK) | S(SW_DELETING))
static const struct proc_state STATES[] = {
    [SW_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(SW_ARMED), NULL, RESTART_WAIT,
                   queued},
    [SW_ARMED] = {"ARMED",
                  IN_BIT(IN_POR) | IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                  S(SW_WAIT_NOTIFICATION) | S(SW_CONFIRMING) | S(SW_FENCING), "resend_1",
                  RESTART_RESUME, armed},
    [SW_WAIT_NOTIFICATION] = {"WAIT_NOTIFICATION",
                              IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                              S(SW_CONFIRMING) | S(SW_FENCING), "notification_wait", RESTART_WAIT,
                              wait_notification},
    [SW_CONFIRMING] = {"CONFIRMING",
                       IN_BIT(IN_POR) | IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) |
                           IN_BIT(IN_RESTART),
                       S(SW_CONFIRMING) | S(SW_FENCING) | S(SW_DELETING), "confirm_resend",
                       RESTART_RESUME, confirming},
    [SW_FENCING] = {"FENCING",
                    IN_BIT(IN_POR) | IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                    S(SW_FENCING) | S(SW_CONFIRMING) | S(SW_WAIT_ROLLBACK) | S(SW_DELETING), "fence_1",
                    RESTART_RECONCILE, fencing},
    [SW_WAIT_ROLLBACK] = {"WAIT_ROLLBACK",
                          IN_BIT(IN_POR) | IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) |
                              IN_BIT(IN_RESTART),
                          TO_ANY, "rollback_window", RESTART_WAIT, wait_rollback},
    [SW_DELETING] = {"DELETING", IN_BIT(IN_POR) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                     S(SW_DELETING), "resend_1", RESTART_RESUME, switch_deleting},
};

const struct proc PROC_ENABLE = {"enable", FN_ENABLE_PROFILE, STATES, SW_STATE_COUNT};
const struct proc PROC_DISABLE = {"disable", FN_DISABLE_PROFILE, STATES, SW_STATE_COUNT};
