/* SPDX-License-Identifier: Apache-2.0 */
/* Records into the aggregate: one function per event type. The same records give the same state for
 * ever, live and after a restart (design law 2). */
#include "smsr/domain/euicc_int.h"

#include "common/base/hex.h"
#include "common/base/mutant.h"
#include "smsr/domain/card_state.h"
#include "smsr/domain/limit.h"
#include "smsr/domain/notification.h"

#include <stdlib.h>

typedef int (*apply_fn)(struct euicc *e, const struct euicc_record *r);

/* The second clock: from here on validity_end_ms is what it says. */
static void validity_begins(struct operation *op, int64_t at_ms)
{
    if (op->once_ms)
        op->validity_end_ms = at_ms + op->once_ms;
    op->once_ms = 0;
}

struct operation *euicc_advance(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = uuid_is_zero(&r->ev->op) ? NULL : euicc_op(e, &r->ev->op);

    if (op && r->ev->op_state) {
        if (op->next_contact && op->state == 0 && r->ev->op_state > 1)
            validity_begins(op, r->at_ms);
        op->state = r->ev->op_state - 1;
        op->due_ms = r->ev->due_ms;
        op->attempt = r->ev->attempt ? r->ev->attempt : op->attempt;
    }
    return op;
}

static int in_creation(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile p;

    memset(&p, 0, sizeof p);
    p.aid = r->ev->aid;
    p.iccid = r->ev->iccid;
    p.mno = r->ev->mno;
    p.smdp = r->ev->party;
    p.state = PROFILE_IN_CREATION;
    p.memory_required = r->ev->memory_required;
    return euicc_add_profile(e, &p);
}

void operation_of(struct operation *op, const struct event *ev, int64_t at_ms)
{
    op->id = ev->op;
    op->function = ev->function;
    op->iface = ev->iface;
    op->party = ev->party;
    op->role = ev->role;
    op->mno = ev->mno;
    euicc_copy_text(op->fcid, sizeof op->fcid, ev->fcid);
    euicc_copy_text(op->correlation_id, sizeof op->correlation_id, ev->correlation_id);
    memcpy(op->digest, ev->digest, sizeof op->digest);
    op->iccid = ev->iccid;
    op->aid = ev->aid;
    op->accepted_ms = at_ms;
    op->validity_end_ms = ev->validity_end_ms;
    op->once_ms = ev->validity_once_ms;
    if (op->once_ms && mutant("WAKE_DEADLINE_IGNORED"))
        op->validity_end_ms += 365ll * 86400 * 1000;
    op->next_contact = ev->at_next_contact;
    op->due_ms = ev->due_ms;
    op->attempt = 1;
    op->more_to_do = ev->more_to_do;
    op->memory_required = ev->memory_required;
}

static int accepted(struct euicc *e, const struct euicc_record *r)
{
    const struct event *ev = r->ev;
    struct operation *op;

    if (e->n_ops == EUICC_OPS_MAX || euicc_op(e, &ev->op))
        return ERR_CORRUPT;
    op = calloc(1, sizeof *op);
    if (!op)
        return ERR_NOMEM;
    operation_of(op, ev, r->at_ms);
    if (ev->volatile_data.n) {
        op->data = malloc(ev->volatile_data.n);
        if (!op->data) {
            operation_free(op);
            return ERR_NOMEM;
        }
        memcpy(op->data, ev->volatile_data.p, ev->volatile_data.n);
        op->data_len = ev->volatile_data.n;
    }
    e->ops[e->n_ops++] = op;
    return ev->function == FN_CREATE_ISDP ? in_creation(e, r) : ERR_OK;
}

static bool is_goal(const struct euicc *e, const struct operation *op, const struct aid *aid)
{
    const struct euicc_profile *f = euicc_fallback(e);

    return op->function == FN_DISABLE_PROFILE ? f && aid_eq(&f->aid, aid) : aid_eq(&op->aid, aid);
}

static int notified(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);
    bool accepted =
        r->ev->decision == NOTIFIED_CONFIRM || r->ev->decision == NOTIFIED_CONFIRM_AND_AUDIT;

    if (r->ev->bearer > BEARER_NONE && r->ev->bearer <= BEARER_CATTP)
        euicc_bearer_heard(e, op, r->ev->bearer);
    if (accepted) {
        e->has_notif = true;
        e->notif_sequence = (uint16_t)(r->ev->sequence - 1);
    }
    if (r->ev->imei.n && r->ev->decision != 3) { /* an old one tells of an old device */
        size_t n = r->ev->imei.n < EUICC_IMEI_MAX ? r->ev->imei.n : EUICC_IMEI_MAX;
        memset(e->imei, 0, sizeof e->imei);
        if (hex_encode(span_of(r->ev->imei.p, n), e->imei, sizeof e->imei))
            return ERR_INTERNAL;
    }
    if (op && r->ev->number)
        op->window_end_ms = (int64_t)r->ev->number;
    /* Asked about, not accepted; but that the card came to the goal by its fall-back is remembered.
     */
    if (op && r->ev->decision == NOTIFIED_AUDIT && r->ev->kind == NOTIFICATION_FALLEN_BACK &&
        is_goal(e, op, &r->ev->aid))
        operation_told(op, NOTIFICATION_FALLEN_BACK);
    if (op && r->ev->decision == NOTIFIED_LATE)
        operation_told_too_late(op);
    if (op && accepted) {
        /* A roll-back that an earlier switch still owed us cannot be told from our own, unless the
         * card said before that our command ran. */
        op->stray = op->stray || (r->ev->kind == NOTIFICATION_ROLLED_BACK && !op->notif_seen &&
                                  e->unheard && !op->ran);
        op->notif_seen = true;
        op->notif_sequence = (uint16_t)(r->ev->sequence - 1);
        operation_told(op, (uint8_t)r->ev->kind);
        op->ran = op->ran || r->ev->kind == NOTIFICATION_CHANGED;
    }
    /* That it happened, told behind its verdict, does not settle that it was undone: that comes next. Every
     * other word is the card's last one of what was before; but a roll-back is told again, under a new number
     * too, until its confirmation was taken. */
    if (r->ev->decision == NOTIFIED_CONFIRM)
        e->unheard = r->ev->kind == NOTIFICATION_ROLLED_BACK;
    else if (r->ev->decision == NOTIFIED_CONFIRM_AND_AUDIT && r->ev->kind != NOTIFICATION_CHANGED)
        e->unheard = false;
    return ERR_OK;
}

static int audited(struct euicc *e, const struct euicc_record *r)
{
    (void)euicc_advance(e, r);
    euicc_take_audit(e, r->ev, r->at_ms);
    e->audit_lsn = r->lsn;
    return ERR_OK;
}

/* Between audits the free memory is what the card told last, less what was created and more what
 * was deleted since: an estimate, which the card's next word replaces. */
static void memory_taken(struct euicc *e, uint32_t n)
{
    e->memory_free -= n < e->memory_free ? n : e->memory_free;
}

static void memory_freed(struct euicc *e, uint32_t n)
{
    uint32_t all = e->memory_available ? e->memory_available : UINT32_MAX;
    uint32_t room = all > e->memory_free ? all - e->memory_free : 0;

    e->memory_free += n < room ? n : room;
}

static int isdp_created(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *p = euicc_profile_by_iccid(e, &r->ev->iccid);

    (void)euicc_advance(e, r);
    if (!p)
        return ERR_CORRUPT;
    if (p->state == PROFILE_IN_CREATION)
        memory_taken(e, p->memory_required);
    p->state = PROFILE_CREATED;
    return ERR_OK;
}

static int installed(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *p = euicc_profile_by_iccid(e, &r->ev->iccid);

    if (!p)
        return ERR_CORRUPT;
    p->state = PROFILE_DISABLED;
    euicc_copy_text(p->profile_type, sizeof p->profile_type, r->ev->profile_type);
    p->imsi = r->ev->imsi;
    p->msisdn = r->ev->msisdn;
    p->pol2 = (uint8_t)r->ev->pol2;
    p->smdp = r->ev->smdp;
    return ERR_OK;
}

static int switched(struct euicc *e, const struct iccid *on, const struct iccid *off)
{
    struct euicc_profile *p_on = euicc_profile_by_iccid(e, on);
    struct euicc_profile *p_off = euicc_profile_by_iccid(e, off);

    if (!p_on)
        return ERR_CORRUPT;
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state == PROFILE_ENABLED)
            e->profiles[i].state = PROFILE_DISABLED;
    if (p_off && p_off->state == PROFILE_ENABLED)
        p_off->state = PROFILE_DISABLED;
    p_on->state = PROFILE_ENABLED;
    return ERR_OK;
}

static int enabled(struct euicc *e, const struct euicc_record *r)
{
    (void)euicc_advance(e, r);
    return switched(e, &r->ev->iccid, &r->ev->previous);
}

static int disabled(struct euicc *e, const struct euicc_record *r)
{
    (void)euicc_advance(e, r);
    return switched(e, &r->ev->previous, &r->ev->iccid);
}

static int deleted(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *p = euicc_profile_by_iccid(e, &r->ev->iccid);

    (void)euicc_advance(e, r);
    if (!p)
        return ERR_CORRUPT;
    memory_freed(e, p->memory_required);
    euicc_drop_profile(e, p);
    return ERR_OK;
}

static int rolled_back(struct euicc *e, const struct euicc_record *r)
{
    (void)euicc_advance(e, r);
    e->rollback_ms[0] = e->rollback_ms[1];
    e->rollback_ms[1] = r->at_ms;
    return ERR_OK;
}

static int address_changed(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *p = euicc_profile_by_iccid(e, &r->ev->iccid);

    if (!p)
        return ERR_CORRUPT;
    if (r->ev->msisdn.s[0])
        p->msisdn = r->ev->msisdn;
    if (r->ev->imsi.s[0])
        p->imsi = r->ev->imsi;
    return ERR_OK;
}

static int policy_changed(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *p = euicc_profile_by_iccid(e, &r->ev->iccid);

    if (!p)
        return ERR_CORRUPT;
    p->pol2 = (uint8_t)r->ev->pol2;
    return ERR_OK;
}

/* Somebody has it always: whoever had it lost it. */
static int attribute_changed(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_profile *to = euicc_profile_by_iccid(e, &r->ev->iccid);

    (void)euicc_advance(e, r);
    if (!to || r->ev->function != FN_SET_FALLBACK_ATTRIBUTE)
        return ERR_CORRUPT;
    for (unsigned i = 0; i < e->n_profiles; i++)
        e->profiles[i].fallback = &e->profiles[i] == to;
    return ERR_OK;
}

static int in_doubt(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);

    if (!op)
        return ERR_CORRUPT;
    op->in_doubt = true;
    return ERR_OK;
}

static int expired(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);

    if (!op)
        return ERR_CORRUPT;
    op->answered = true;
    return ERR_OK;
}

static int concluded(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_op(e, &r->ev->op);
    struct euicc_profile *p;
    unsigned at = 0;

    if (!op) /* refused at admission: nothing ever ran */
        return r->ev->stage == STAGE_ADMISSION ? ERR_OK : ERR_CORRUPT;
    p = euicc_profile_by_iccid(e, &op->iccid);
    if (op->function == FN_CREATE_ISDP && p && p->state == PROFILE_IN_CREATION)
        euicc_drop_profile(e, p);
    /* One that succeeded is not undone any more, and what was before it the card has forgotten. */
    if (operation_is_switch(op) && op->armed &&
        !op->notif_seen && r->ev->stage != STAGE_CARD)
        e->unheard = r->ev->result != VERDICT_SUCCESS;
    if (r->ev->result != VERDICT_SUCCESS)
        euicc_bearer_missed(e, op, r->at_ms);
    euicc_packets_drop(e, &op->id);
    while (e->ops[at] != op)
        at++;
    if (!at && e->n_ops > 1)
        e->ops[1]->due_ms = r->at_ms; /* its turn has come, whatever happens before it is taken */
    operation_free(op);
    e->n_ops--;
    for (; at < e->n_ops; at++)
        e->ops[at] = e->ops[at + 1];
    e->ops[e->n_ops] = NULL;
    return ERR_OK;
}

static int counter_jumped(struct euicc *e, const struct euicc_record *r)
{
    uint64_t *high = euicc_counter(e, (uint8_t)r->ev->kvn);

    if (!high || r->ev->counter < *high)
        return ERR_CORRUPT;
    *high = r->ev->counter;
    return ERR_OK;
}

static int state_changed(struct euicc *e, const struct euicc_record *r)
{
    enum card_state to = (enum card_state)r->ev->number;

    if (r->ev->number >= CARD_STATE_COUNT || r->ev->kind != (uint32_t)e->life ||
        card_state_move(e->life, to) == MOVE_NONE)
        return ERR_CORRUPT;
    e->life = to;
    return ERR_OK;
}

/* What the card sits in changes nothing of what is on it: the notification brought the new IMEI, this only
 * says that it is another one. */
static int device_changed(struct euicc *e, const struct euicc_record *r)
{
    (void)e;
    (void)r;
    return ERR_OK;
}

static int seen(struct euicc *e, const struct euicc_record *r)
{
    if (r->ev->period_ms < 0 || r->ev->window_ms < 0 || r->ev->kind > UINT8_MAX)
        return ERR_CORRUPT;
    e->reach.woke_ms = (int64_t)r->ev->number;
    e->reach.period_ms = r->ev->period_ms;
    e->reach.window_ms = r->ev->window_ms;
    e->reach.proofs = (uint8_t)r->ev->kind;
    return ERR_OK;
}

/* Records of what came from the card. */
static bool is_contact(enum event_type t)
{
    return t == EV_OPERATION_ANSWERED || t == EV_STEP_OPENED || t == EV_STEP_ANSWERED ||
           t == EV_NOTIFICATION_RECEIVED || t == EV_EUICC_SEEN;
}

/* Records after which the card's list of an earlier audit is not the EIS any more. */
static bool changes_profiles(enum event_type t)
{
    return t == EV_ISDP_CREATED || t == EV_PROFILE_INSTALLED || t == EV_PROFILE_ENABLED ||
           t == EV_PROFILE_DISABLED || t == EV_PROFILE_DELETED || t == EV_PROFILE_FALLEN_BACK;
}

static void contact(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = uuid_is_zero(&r->ev->op) ? NULL : euicc_op(e, &r->ev->op);

    e->reach.seen_ms = r->at_ms;
    if (card_state_move(e->life, CARD_SEEN) == MOVE_CONTACT)
        e->life = CARD_SEEN;
    if (op && !op->next_contact && r->ev->type != EV_EUICC_SEEN)
        validity_begins(op, r->at_ms);
}

static const apply_fn APPLY[EV_TYPE_COUNT] = {
    [EV_EUICC_AUDITED] = audited,
    [EV_EUICC_SEEN] = seen,
    [EV_EUICC_STATE_CHANGED] = state_changed,
    [EV_DEVICE_CHANGED] = device_changed,
    [EV_ISDP_CREATED] = isdp_created,
    [EV_PROFILE_INSTALLED] = installed,
    [EV_PROFILE_ENABLED] = enabled,
    [EV_PROFILE_DISABLED] = disabled,
    [EV_PROFILE_DELETED] = deleted,
    [EV_PROFILE_ROLLED_BACK] = rolled_back,
    [EV_PROFILE_FALLEN_BACK] = enabled,
    [EV_ADDRESS_CHANGED] = address_changed,
    [EV_POLICY_CHANGED] = policy_changed,
    [EV_ATTRIBUTE_CHANGED] = attribute_changed,
    [EV_OPERATION_ACCEPTED] = accepted,
    [EV_OPERATION_ARMED] = euicc_armed,
    [EV_PACKET_ARMED] = euicc_armed,
    [EV_OPERATION_ANSWERED] = euicc_answered,
    [EV_STEP_OPENED] = euicc_step_opened,
    [EV_STEP_ANSWERED] = euicc_step_answered,
    [EV_NOTIFICATION_RECEIVED] = notified,
    [EV_OPERATION_IN_DOUBT] = in_doubt,
    [EV_OPERATION_EXPIRED] = expired,
    [EV_OPERATION_CONCLUDED] = concluded,
    [EV_BEARER_CHOSEN] = euicc_bearer_chosen,
    [EV_MESSAGE_REPORTED] = euicc_message_reported,
    [EV_COUNTER_JUMPED] = counter_jumped,
    [EV_KEYSET_PREPARED] = euicc_keyset_prepared,
    [EV_KEYSET_USED] = euicc_keyset_used,
    [EV_KEYSET_DELETED] = euicc_keyset_deleted,
};

int euicc_apply(struct euicc **e, const struct euicc_record *r)
{
    apply_fn fn;
    int err;

    if (r->ev->type == EV_EUICC_REGISTERED)
        return *e ? ERR_CORRUPT : euicc_create(e, r);
    /* A refusal about an EID that is not ours leaves a record but no aggregate. */
    if (!*e)
        return r->ev->type == EV_OPERATION_CONCLUDED ? ERR_OK : ERR_CORRUPT;
    if (r->ev->type <= EV_NONE || r->ev->type >= EV_TYPE_COUNT)
        return ERR_CORRUPT;
    fn = APPLY[r->ev->type];
    if (!fn)
        return ERR_CORRUPT;
    err = fn(*e, r);
    if (!err && is_contact(r->ev->type))
        contact(*e, r);
    if (!err && changes_profiles(r->ev->type))
        (*e)->profiles_lsn = r->lsn;
    if (!err)
        (*e)->last_lsn = r->lsn;
    return err;
}
