/* SPDX-License-Identifier: Apache-2.0 */
/* One entry for all inputs of an EID's mailbox. */
#include "smsr/proc/procs.h"

#include "smsr/domain/notification.h"
#include "smsr/domain/reach.h"
#include "smsr/proc/run.h"

const struct proc *proc_of(enum function f)
{
    static const struct proc *const TABLE[] = {&PROC_ENABLE,    &PROC_DISABLE, &PROC_DELETE, &PROC_SET_FALLBACK,
                                               &PROC_CREATE_ISDP, &PROC_SEND_DATA, &PROC_AUDIT,
                                               &PROC_NOTIFICATION, &PROC_ROTATE_KEYS};

    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i]->function == f)
            return TABLE[i];
    return NULL;
}

const char *proc_state_name(enum function f, unsigned state)
{
    const struct proc *p = proc_of(f);
    return p && state < p->n_states ? p->states[state].name : "?";
}

static int64_t own_validity(const struct proc_env *pe)
{
    return pe->env->timer_ms[TIMER_VALIDITY_ENABLE];
}

/* An old number tells of a replay; or of a card that counts anew, if it names another profile than the EIS has
 * enabled. Which of the two, the card knows. */
static bool tells_nothing_new(const struct euicc *e, const struct in_notification *n)
{
    const struct euicc_profile *on = euicc_enabled(e);

    return n->kind == NOTIFICATION_FIRST_ATTACH || (on && aid_eq(&n->aid, &on->aid));
}

/* Nobody's operation expects it: the card is confirmed, unless the number is old, and asked; the EIS follows
 * the audit only. */
static int unsolicited(const struct proc_env *pe, const struct euicc *e, const struct input *in,
                       struct plan *p)
{
    const struct in_notification *n = &in->u.notification;
    bool old = e->has_notif && n->sequence != e->notif_sequence &&
               !sequence_newer(n->sequence, e->notif_sequence);
    struct event *ev;

    for (unsigned i = 0; i < e->n_ops; i++)
        if (e->ops[i]->function == FN_NOTIFICATION)
            return ERR_STATE; /* one is under way; the card repeats what it needs */
    if (old && tells_nothing_new(e, n)) {
        ev = plan_record(p, EV_NOTIFICATION_RECEIVED);
        ev->decision = NOTIFIED_OLD;
    } else if (e->n_ops == EUICC_OPS_MAX) {
        return ERR_FULL;
    } else {
        ev = plan_record(p, EV_OPERATION_ACCEPTED);
        ev->eid = e->eid;
        ev->op = pe->new_op;
        ev->function = FN_NOTIFICATION;
        ev->aid = n->aid;
        ev->validity_end_ms = p->now_ms + own_validity(pe);
        ev->op_state = 1;
        ev->due_ms = p->now_ms;
        ev = plan_record(p, EV_NOTIFICATION_RECEIVED);
        ev->op = pe->new_op;
        ev->decision = old ? NOTIFIED_AUDIT : NOTIFIED_CONFIRM_AND_AUDIT;
    }
    ev->eid = e->eid;
    ev->sequence = n->sequence + 1u;
    ev->kind = n->kind;
    ev->aid = n->aid;
    ev->imei = n->imei;
    ev->bearer = n->bearer;
    return ERR_OK;
}

/* An operation behind the first one only ends here: its validity period is over. */
static int expire_waiting(const struct proc_env *pe, struct euicc *e, const struct input *in,
                          struct plan *p)
{
    for (unsigned i = 1; i < e->n_ops; i++) {
        struct run r = RUN_OF(pe, e, e->ops[i], in, p);
        if (run_expired(&r) && operation_ends_waiting(e->ops[i])) {
            run_expire_unsent(&r);
            return ERR_OK;
        }
    }
    return ERR_STATE;
}

#define FOR_EVER (INT64_MAX / 4) /* that is: until its validity ends it */

/* QUEUED is row 0 of every table: nothing of the operation has left. A card that is there already waits for
 * no network, and neither does one whose notification stands behind the operation. */
int64_t proc_wait(const struct proc_env *pe, const struct euicc *e, const struct operation *op)
{
    if (op->state || pe->held || pe->linked)
        return 0;
    for (unsigned i = 0; i < e->n_ops; i++)
        if (e->ops[i]->function == FN_NOTIFICATION)
            return 0;
    if (op->next_contact)
        return FOR_EVER;
    return pe->wait ? pe->wait(pe->ctx, e, op) : 0;
}

void proc_wait_until(struct plan *p, int64_t wait_ms, const struct operation *op)
{
    int64_t at = p->now_ms + wait_ms;

    p->volatile_due_ms = at < op->validity_end_ms ? at : op->validity_end_ms;
}

/* The first operation goes on waiting, or is woken, whatever was recorded behind it: the record may have
 * moved the time of the card. */
static void still_waits(const struct proc_env *pe, const struct euicc *e, struct plan *p)
{
    if (pe->wait && e->n_ops && !e->ops[0]->state && !p->volatile_due_ms)
        proc_wait_until(p, proc_wait(pe, e, e->ops[0]), e->ops[0]);
}

/* A time moved for the running operation does not pass the end of one that waits. */
static void mind_waiting(const struct euicc *e, struct plan *p)
{
    for (unsigned i = 1; p->volatile_due_ms && i < e->n_ops; i++)
        if (operation_ends_waiting(e->ops[i]) &&
            e->ops[i]->validity_end_ms < p->volatile_due_ms)
            p->volatile_due_ms = e->ops[i]->validity_end_ms;
}

static int run_first(const struct proc_env *pe, struct euicc *e, const struct input *in,
                     struct plan *p)
{
    struct operation *op = e->ops[0];
    const struct proc *proc = proc_of(op->function);
    struct proc_view v = {e, op, pe, p->now_ms};
    bool time = in->kind == IN_TIMER || in->kind == IN_RESTART;
    int64_t wait = 0;
    int err = ERR_OK;

    if (!proc)
        return ERR_INTERNAL;
    if (time && p->now_ms < op->validity_end_ms)
        wait = proc_wait(pe, e, op);
    if (wait)
        proc_wait_until(p, wait, op);
    else
        err = proc_step(proc, op->state, &v, in, p);
    if (!err)
        mind_waiting(e, p);
    return err;
}

/* A card calls and there is nothing for it; or its switch is under way elsewhere, and no device resets a
 * card while a session is open. In any other case its POST may wait for what comes. */
static int called(const struct proc_env *pe, struct euicc *e, const struct input *in,
                  struct plan *p)
{
    const struct operation *op = e->n_ops ? e->ops[0] : NULL;
    struct run r = RUN_OF(pe, e, op, in, p);

    if (op && !op->state && (pe->wait || op->next_contact)) { /* a card that is there waits for no network */
        p->volatile_due_ms = p->now_ms;
        return ERR_OK;
    }
    if (op && !(op->armed && operation_is_switch(op)))
        return ERR_STATE;
    run_session_leave(&r, &in->u.post.session);
    return ERR_OK;
}

/* Nothing of an operation follows its verdict. */
static bool ends(const struct plan *p)
{
    for (unsigned i = 0; i < p->n_records; i++)
        if (p->records[i]->type == EV_OPERATION_CONCLUDED)
            return true;
    return false;
}

#define SIGHTINGS 2 /* unasked calls are kept this often within the time that is taken for sleep */

/* What the contact tells about when the card can be reached: a record of its own, since it hangs on guessing.
 * A call for which nothing was recorded is kept as well, now and then. */
static void heard(const struct proc_env *pe, const struct euicc *e, const struct input *in, struct plan *p)
{
    bool post = in->kind == IN_POST;
    struct reach r;
    struct event *ev;

    if ((!post && in->kind != IN_POR && in->kind != IN_NOTIFICATION) || p->n_records == PLAN_RECORDS_MAX)
        return;
    if (!reach_learns(pe->env, e, p->now_ms, &r) &&
        !(post && p->now_ms - e->reach.seen_ms >= pe->env->timer_ms[TIMER_ASLEEP] / SIGHTINGS))
        return;
    ev = plan_record(p, EV_EUICC_SEEN);
    ev->eid = e->eid;
    if (e->n_ops && !ends(p))
        ev->op = e->ops[0]->id;
    ev->number = (uint64_t)(r.woke_ms ? r.woke_ms : p->now_ms);
    ev->period_ms = r.period_ms;
    ev->window_ms = r.window_ms;
    ev->kind = r.proofs;
}

int proc_euicc_decide(const struct proc_env *pe, struct euicc *e, const struct input *in,
                      struct plan *p)
{
    struct input time = {.kind = IN_TIMER, .to = in->to};
    int err = ERR_STATE;

    if (in->kind == IN_CALL)
        return proc_admit(pe, e, in, p);
    if (!e)
        return ERR_STATE;
    if (in->kind == IN_CARRIER)
        return proc_reported(pe, e, in, p);
    if (in->kind == IN_TURN) { /* it may have been served, or have ended, meanwhile */
        if (!e->n_ops || e->ops[0]->state)
            return ERR_STATE;
        in = &time;
    }
    if (in->kind == IN_TIMER && e->n_ops > 1) {
        err = expire_waiting(pe, e, in, p);
        if (!err)
            still_waits(pe, e, p);
        if (!err)
            return ERR_OK;
    }
    if (e->n_ops)
        err = run_first(pe, e, in, p);
    if (err == ERR_STATE && in->kind == IN_NOTIFICATION)
        err = unsolicited(pe, e, in, p);
    if (err == ERR_STATE && in->kind == IN_POST)
        err = called(pe, e, in, p);
    /* What stands before a notification waits no more. */
    if (!err && in->kind == IN_NOTIFICATION && e->n_ops && !e->ops[0]->state)
        p->volatile_due_ms = p->now_ms;
    if (!err && in->kind == IN_NOTIFICATION)
        proc_device(pe, e, p);
    if (!err)
        heard(pe, e, in, p);
    return err;
}
