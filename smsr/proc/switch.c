/* SPDX-License-Identifier: Apache-2.0 */
/* Enable and disable a profile (SGP.02 3.2-3.5; facts: sgp02 9.2, 9.3; trust 3.4-3.6). 9000 is not
 * the end: the card switches, attaches on the other network, notifies, and only the answer to our
 * confirmation is success. Silence leads to the fence, never to a guess. */
#include "smsr/proc/switch.h"

#include "common/base/mutant.h"
#include "common/codec/packet.h"
#include "smsr/domain/limit.h"
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

enum policy_op switch_op(const struct run *r)
{
    return r->op->function == FN_DISABLE_PROFILE ? POLICY_DISABLE : POLICY_ENABLE;
}

/* The one effect packet of the operation. Policy was read in this same view (law 5). */
int switch_arm(struct run *r)
{
    struct writer w = run_writer(r, 64);
    const struct euicc_profile *now = euicc_enabled(r->e);
    const struct aid *aid = &r->op->aid;
    struct event *ev;
    int err;

    if (r->op->function == FN_DISABLE_PROFILE)
        es5_disable_profile(&w, run_command_form(r), aid);
    else
        es5_enable_profile(&w, run_command_form(r), aid);
    /* To where the card is. A copy to where it goes would be kept by that network and answered there
     * with "counter too low"; the same bytes again, when nothing is heard, go to both. */
    err = run_command(r, wr_view(&w), SW_ARMED, SW_WAIT_LINK, &ev);
    if (err)
        return err;
    if (now && ev) {
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
    return mutant("POLICY_NOT_AT_ARMING") ? switch_arm(&r) : switch_start(&r);
}

static int wait_link(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    int ret;

    return run_waits_for_way(&r, &ret) ? ret : queued(v, in, p);
}

/* What changed since admission is looked at again where the packet is armed. */
int switch_start(struct run *r)
{
    const struct euicc_profile *t = euicc_profile_by_iccid(r->e, &r->op->iccid);
    struct caller c = run_caller(r);
    enum status_code st = switch_check(r->env, &c, r->e, t, switch_op(r), r->now);

    if (st == ST_RATE && r->op->armed) /* it has counted */
        st = limit_rollbacks(r->env, r->e, r->now);
    if (st) {
        (void)run_conclude(r, VERDICT_FAILED, st, STAGE_PREPARATION, (struct span){NULL, 0});
        return ERR_OK;
    }
    return switch_arm(r);
}

static int card_refused(struct run *r, uint16_t sw, struct span rapdu)
{
    (void)run_conclude(r, VERDICT_FAILED, policy_status(switch_op(r), sw), STAGE_CARD, rapdu);
    return ERR_OK;
}

/* No later packet went out, so the card had this one before and what it answered then is lost. It tells
 * what came of it by its notification, at the first or a later try; asked before that, a card that is
 * rolling back would look like one that never ran the command. */
static int ran_before(struct run *r)
{
    (void)run_por(r, SW_FENCING, r->now + run_timer(r, TIMER_RESEND_2));
    run_in_doubt(r, "the card had the command before, its answer was lost");
    return ERR_OK;
}

static int armed_por(struct run *r)
{
    const struct in_por *por = &r->in->u.por;
    const struct euicc_packet *pk = run_answered(r);
    struct es5_answer a;

    if (!pk || pk->purpose != PURPOSE_CMD)
        return ERR_STATE;
    if ((por->status == POR_MEMORY || por->status == POR_MORE_TIME) && r->op->bearer == BEARER_SMS)
        return ERR_STATE; /* the same bytes go again when their timer says so */
    run_close_way(r);    /* the card resets behind it */
    if (por->status == POR_CNTR_LOW && pk->counter == r->e->counter_high)
        return ran_before(r);
    if (por->status != POR_OK) {
        (void)run_por(r, -1, 0);
        run_in_doubt(r, por_status_text(por->status));
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    if (es5_answer_read(por->data, &a) || run_sw(a.sw) == RUN_SW_OPEN) {
        (void)run_por(r, -1, 0);
        run_in_doubt(r, "the card's answer does not tell");
        return run_fence(r, PURPOSE_FENCE, SW_FENCING);
    }
    if (run_sw(a.sw) == RUN_SW_REFUSED) {
        (void)run_por(r, -1, 0);
        return card_refused(r, a.sw, por->data);
    }
    run_por(r, SW_WAIT_NOTIFICATION, r->now + run_timer(r, TIMER_NOTIFICATION_WAIT))->sw =
        a.sw + 1u;
    return ERR_OK;
}

/* A card that ran the command may be switching: it tells by its notification, as when an answer by SMS is
 * lost; only then it is asked. */
static int link_lost(struct run *r)
{
    if (!uuid_eq(&r->in->u.session_end.session, &r->op->session))
        return ERR_STATE;
    if (run_by_session(r)) {
        run_in_doubt_to(r, "the session is gone", SW_FENCING, r->now + run_timer(r, TIMER_RESEND_2));
        run_chosen(r, BEARER_HTTPS, "another session is asked for");
        return ERR_OK;
    }
    run_in_doubt_to(r, "the link is gone", SW_FENCING, r->now + run_timer(r, TIMER_RESEND_2));
    run_chosen(r, BEARER_SMS, "the card is asked by SMS");
    return ERR_OK;
}

/* The card's answer to the step. It resets behind it, so the session ends here. */
static int armed_step(struct run *r)
{
    const struct uuid *session = &r->in->u.post.session;
    uint16_t sw;
    enum run_sw said = run_step_sw(r, &sw);
    struct event *ev = run_step_answered(r, said == RUN_SW_DONE ? SW_WAIT_NOTIFICATION : -1,
                                         r->now + run_timer(r, TIMER_NOTIFICATION_WAIT));

    if (sw && said != RUN_SW_OPEN)
        ev->sw = sw + 1u;
    if (said == RUN_SW_REFUSED) {
        run_session_done(r, session);
        return card_refused(r, sw, r->in->u.post.body);
    }
    run_session_leave(r, session);
    if (said == RUN_SW_DONE)
        return ERR_OK;
    run_in_doubt(r, "the card's answer does not tell");
    return run_fence(r, PURPOSE_FENCE, SW_FENCING);
}

const struct run_effect SWITCH_EFFECT = {.arm = switch_arm,
                                         .start = switch_start,
                                         .fence = switch_fence,
                                         .step = armed_step,
                                         .goal = switch_goal,
                                         .fencing = SW_FENCING,
                                         .fence_step = SW_FENCE_STEP,
                                         .resets = true};

static int armed(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    switch (in->kind) {
    case IN_POR:
        return armed_por(&r);
    case IN_SESSION_END:
        return r.op->bearer == BEARER_SMS ? ERR_STATE : link_lost(&r);
    case IN_POST:
        return run_effect_posted(&r, &SWITCH_EFFECT);
    case IN_NOTIFICATION: /* the command ran and its link is of no more use, if it stands at all */
        run_close_way(&r);
        return switch_notification(&r);
    default: /* IN_TIMER, IN_RESTART */
        return run_effect_due(&r, &SWITCH_EFFECT);
    }
}

static int wait_notification(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (run_expired(&r))
        return run_effect_expire(&r, &SWITCH_EFFECT);
    if (r.now < r.op->due_ms) {
        p->volatile_due_ms = r.op->due_ms;
        return ERR_OK;
    }
    return run_effect_doubt(&r, &SWITCH_EFFECT, "9000, but no notification came");
}

static int confirm_again(struct run *r)
{
    const struct euicc_profile *to =
        operation_told_back(r->op) ? switch_from(r) : switch_goal(r);

    return run_confirm_again(r, SW_CONFIRMING, to ? to : euicc_enabled(r->e), NULL);
}

/* An answer while the operation waits for the one to its confirmation, or behind a fence. fenced:
 * only a refusal of the command or an accepted confirmation moves it, all else the fence decides.
 */
int switch_confirmed(struct run *r, const struct euicc_packet *pk, bool fenced)
{
    const struct in_por *por = &r->in->u.por;
    struct es5_answer a;

    /* The PoR of the command comes after the notification, that of a fence after the one it fenced.
     */
    if (pk->purpose != PURPOSE_CONFIRM) {
        struct event *ev = run_por(r, -1, 0);
        if (!fenced || pk->purpose != PURPOSE_CMD || por->status != POR_OK ||
            es5_answer_read(por->data, &a))
            return ERR_OK;
        if (run_sw(a.sw) == RUN_SW_REFUSED)
            return card_refused(r, a.sw, por->data);
        if (run_sw(a.sw) == RUN_SW_DONE) /* late, but it tells that the command ran */
            ev->sw = a.sw + 1u;
        return ERR_OK;
    }
    if (por->status != POR_OK || es5_answer_read(por->data, &a) || !a.sw) {
        (void)run_por(r, fenced ? -1 : SW_CONFIRMING, r->now + run_timer(r, TIMER_CONFIRM_RESEND));
        return ERR_OK;
    }
    run_por(r, -1, 0)->sw = a.sw + 1u;
    /* Another SW than 9000 says that the card does not wait for this confirmation: confirmed
     * before, or already rolled back. Only the card knows which. */
    if (run_sw(a.sw) != RUN_SW_DONE)
        return fenced ? ERR_OK
                      : run_effect_doubt(r, &SWITCH_EFFECT, "the card did not take the confirmation");
    if (operation_told_back(r->op) && run_step_unfenced(r))
        return run_effect_doubt(r, &SWITCH_EFFECT, "the card rolled back, perhaps an earlier switch");
    if (operation_told_back(r->op))
        return switch_rolled_back(r);
    return switch_succeeded(r, a.data, NULL);
}

static int confirming(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);
    const struct euicc_packet *pk = in->kind == IN_POR ? run_answered(&r) : NULL;
    /* A sleeper may tell hours behind the command that it ran. */
    int64_t told = r.e->reach.seen_ms > r.op->armed_ms ? r.e->reach.seen_ms : r.op->armed_ms;
    int64_t give_up = told + run_timer(&r, TIMER_ROLLBACK_WINDOW) * 2;

    if (in->kind == IN_POR)
        return pk ? switch_confirmed(&r, pk, false) : ERR_STATE;
    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    if (run_expired(&r)) {
        run_expire_sent(&r, "validity period over while the confirmation was on its way",
                        SW_CONFIRMING, r.now + run_timer(&r, TIMER_CONFIRM_RESEND));
        return ERR_OK;
    }
    if (r.now > give_up && in->kind == IN_TIMER)
        return run_effect_doubt(&r, &SWITCH_EFFECT, "no answer to the confirmation");
    return confirm_again(&r);
}

static int fencing(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POR)
        return switch_fenced(&r);
    if (in->kind == IN_NOTIFICATION)
        return switch_notification(&r);
    return run_effect_fencing(&r, &SWITCH_EFFECT);
}

/* The question in a new session. */
static int fence_step(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r = RUN_INIT(v, in, p);

    if (in->kind == IN_POST && !in->u.post.first)
        return run_step_heard(&r) ? switch_fenced_in_session(&r) : ERR_STATE;
    if (in->kind == IN_SESSION_END && !uuid_eq(&in->u.session_end.session, &r.op->session))
        return ERR_STATE;
    if (in->kind == IN_TIMER || in->kind == IN_SESSION_END)
        run_close_way(&r);
    return fencing(v, in, p);
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
    if (r.now < r.op->window_end_ms) {
        p->volatile_due_ms = r.op->window_end_ms;
        return ERR_OK;
    }
    /* It said minutes ago that it is there, or is back where it was: its fall-back's turn comes later. */
    return run_fence_to(&r, PURPOSE_FENCE, SW_FENCING, switch_goal(&r));
}

static const struct proc_state STATES[] = {
    [SW_QUEUED] = {"QUEUED", IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART), S(SW_ARMED) | S(SW_WAIT_LINK),
                   NULL, RESTART_WAIT, queued},
    [SW_ARMED] = {"ARMED",
                  IN_BIT(IN_SESSION_END) | IN_BIT(IN_POST) | IN_BIT(IN_POR) |
                      IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                  S(SW_WAIT_NOTIFICATION) | S(SW_CONFIRMING) | S(SW_FENCING) | S(SW_FENCE_STEP),
                  "resend_1", RESTART_RESUME, armed},
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
                    IN_BIT(IN_POR) | IN_BIT(IN_POST) | IN_BIT(IN_NOTIFICATION) |
                        IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                    S(SW_FENCING) | S(SW_CONFIRMING) | S(SW_WAIT_ROLLBACK) | S(SW_DELETING) |
                        S(SW_FENCE_STEP) | S(SW_WAIT_LINK) | S(SW_ARMED),
                    "fence_1", RESTART_RECONCILE, fencing},
    [SW_WAIT_ROLLBACK] = {"WAIT_ROLLBACK",
                          IN_BIT(IN_POR) | IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) |
                              IN_BIT(IN_RESTART),
                          S(SW_CONFIRMING) | S(SW_FENCING) | S(SW_WAIT_ROLLBACK) | S(SW_DELETING),
                          "rollback_window", RESTART_WAIT, wait_rollback},
    [SW_DELETING] = {"DELETING", IN_BIT(IN_POR) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                     S(SW_DELETING), "resend_1", RESTART_RESUME, switch_deleting},
    [SW_WAIT_LINK] = {"WAIT_LINK",
                      IN_BIT(IN_LINK) | IN_BIT(IN_POST) | IN_BIT(IN_POR) | IN_BIT(IN_TIMER) |
                          IN_BIT(IN_RESTART),
                      S(SW_ARMED) | S(SW_WAIT_LINK), "resend_1", RESTART_WAIT, wait_link},
    [SW_FENCE_STEP] = {"FENCE_STEP",
                       IN_BIT(IN_POST) | IN_BIT(IN_SESSION_END) | IN_BIT(IN_POR) |
                           IN_BIT(IN_NOTIFICATION) | IN_BIT(IN_TIMER) | IN_BIT(IN_RESTART),
                       S(SW_FENCING) | S(SW_FENCE_STEP) | S(SW_CONFIRMING) | S(SW_WAIT_ROLLBACK) |
                           S(SW_WAIT_LINK) | S(SW_ARMED),
                       "session_idle", RESTART_RECONCILE, fence_step},
};

const struct proc PROC_ENABLE = {"enable", FN_ENABLE_PROFILE, STATES, SW_STATE_COUNT};
const struct proc PROC_DISABLE = {"disable", FN_DISABLE_PROFILE, STATES, SW_STATE_COUNT};
