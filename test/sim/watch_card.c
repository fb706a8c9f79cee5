/* SPDX-License-Identifier: Apache-2.0 */
/* The cards as the records of the SM-SR tell them: one record for each change (I6), counters and sequence
 * numbers that only rise, and who must hear of what. */
#include <stdlib.h>

#include "smsr/domain/euicc.h"
#include "smsr/domain/notification.h"
#include "test/sim/world_int.h"

static void changed(struct watch *k, const struct event *ev, int64_t at_ms, enum function what,
                    const struct iccid *iccid, bool installed)
{
    struct watch_change *c;

    if (!iccid->s[0])
        return;
    if (k->n_changes == k->cap_changes) {
        size_t cap = k->cap_changes ? 2 * k->cap_changes : 64;
        struct watch_change *grown = realloc(k->changes, cap * sizeof *grown);
        if (!grown) {
            world_fault(k->w, "no memory");
            return;
        }
        k->changes = grown;
        k->cap_changes = cap;
    }
    c = &k->changes[k->n_changes++];
    memset(c, 0, sizeof *c);
    c->what = what;
    c->eid = ev->eid;
    c->iccid = *iccid;
    c->op = ev->op;
    c->at_ms = at_ms;
    c->installed = installed;
}

static void add(struct watch *k, struct watch_card *c, const struct aid *aid, const struct iccid *iccid,
                enum profile_state state)
{
    struct watch_profile *p = &c->p[c->n];
    unsigned m = 0;

    while (m < c->n_made && !aid_eq(&c->made[m].aid, aid))
        m++;
    if (c->n == WATCH_PROFILES_MAX || m == WATCH_PROFILES_MAX) {
        world_fault(k->w, "a card has more profiles than the checks hold");
        return;
    }
    memset(p, 0, sizeof *p);
    p->aid = *aid;
    p->iccid = *iccid;
    p->state = state;
    c->made[m] = *p;
    c->n_made += m == c->n_made;
    c->n++;
    for (unsigned i = 0; i < k->n; i++)
        if (&k->cards[i] != c && watch_profile(&k->cards[i], iccid))
            world_fault(k->w, "I9: ICCID %s stands in the EIS of two cards", iccid->s);
}

static void drop(struct watch_card *c, struct watch_profile *p)
{
    *p = c->p[--c->n];
}

static void registered(struct watch *k, struct watch_card *c)
{
    const struct card_factory *f = &k->w->factory.cards[c - k->cards].f;
    struct aid aid;

    if (c->registered)
        world_fault(k->w, "I6: a card is registered twice");
    c->registered = true;
    if (!aid_isd_p(0x0010, &aid))
        add(k, c, &aid, &f->bootstrap.iccid, PROFILE_ENABLED);
    if (c->n)
        c->p[c->n - 1].msisdn = f->bootstrap.msisdn;
    c->fallback = f->bootstrap.iccid;
}

static void move(struct watch *k, struct watch_card *c, const struct event *ev, enum profile_state from,
                 enum profile_state to)
{
    struct watch_profile *p = watch_profile(c, &ev->iccid);

    if (!p || p->state != from) {
        world_fault(k->w, "I6: %s for ICCID %s, which is %s", event_type_name(ev->type), ev->iccid.s,
                    p ? profile_state_text(p->state) : "not on the card");
        return;
    }
    p->state = to;
    if (to != PROFILE_DISABLED)
        return;
    p->pol2 = ev->pol2 & 0xFFu; /* the rules that it was installed with */
    p->msisdn = ev->msisdn;
    numbers_look(k->w);
}

static void turn(struct watch *k, struct watch_card *c, const struct event *ev, int64_t at_ms,
                 const struct iccid *on, const struct iccid *off)
{
    struct watch_profile *p = watch_profile(c, on), *q = watch_profile(c, off);

    if (!p || p->state != PROFILE_DISABLED || !q || q->state != PROFILE_ENABLED) {
        world_fault(k->w, "I6: %s: ICCID %s is %s, ICCID %s is %s", event_type_name(ev->type), on->s,
                    p ? profile_state_text(p->state) : "not there", off->s,
                    q ? profile_state_text(q->state) : "not there");
        return;
    }
    p->state = PROFILE_ENABLED;
    q->state = PROFILE_DISABLED;
    changed(k, ev, at_ms, FN_ENABLE_PROFILE, on, true);
    changed(k, ev, at_ms, FN_DISABLE_PROFILE, off, true);
}

static void deleted(struct watch *k, struct watch_card *c, const struct event *ev, int64_t at_ms)
{
    struct watch_profile *p = watch_profile(c, &ev->iccid);

    if (!p || p->state == PROFILE_ENABLED) {
        world_fault(k->w, "I6: profile.deleted for ICCID %s, which is %s", ev->iccid.s,
                    p ? profile_state_text(p->state) : "not on the card");
        return;
    }
    changed(k, ev, at_ms, FN_DELETE_PROFILE, &ev->iccid, p->state >= PROFILE_DISABLED);
    k->w->stats.hits[HIT_POL1_DELETED] += span_eq(ev->text, span_str("POL1"));
    drop(c, p);
}

void watch_room(struct watch_card *c, uint32_t octets)
{
    if (!c->rooms || c->room[(c->rooms - 1) % WATCH_ROOM] != octets)
        c->room[c->rooms++ % WATCH_ROOM] = octets;
}

/* What an audit finds of empty ISD-Ps is its own record; of profiles it is not: somebody must hear. */
static void audited(struct watch *k, struct watch_card *c, const struct event *ev)
{
    bool had = false;

    watch_room(c, card_memory_told(simnet_card_of(k->w->net, &c->eid)));
    for (unsigned i = 0; i < WATCH_ROOM && i < c->rooms; i++)
        had = had || c->room[i] == ev->memory_free;
    if (!had)
        world_fault(k->w, "I8: %u octets are free by the audit, which the card never said", ev->memory_free);
    for (unsigned i = 0; i < c->n;) {
        struct watch_profile *p = &c->p[i];
        bool seen = false;
        for (unsigned s = 0; s < ev->n_profiles; s++)
            seen = seen || aid_eq(&ev->profiles[s].aid, &p->aid);
        if (p->state == PROFILE_IN_CREATION && seen)
            p->state = PROFILE_CREATED;
        if (p->state == PROFILE_CREATED && !seen)
            drop(c, p);
        else
            i++;
    }
}

/* Where a switch was to go. */
static const struct iccid *goal_of(const struct watch *k, const struct watch_card *c, const struct watch_call *call)
{
    (void)k;
    return call->function == FN_DISABLE_PROFILE ? &c->fallback : &call->iccid;
}

static void concluded(struct watch *k, struct watch_card *c, const struct event *ev)
{
    const struct watch_call *call = map_get(k->calls, span_of(ev->op.b, 16));
    struct watch_profile *p = call ? watch_profile(c, &call->iccid) : NULL;

    if (ev->stage == STAGE_ADMISSION) /* refused: what another call creates there stays */
        return;
    c->live--;
    if (ev->result == VERDICT_ROLLED_BACK && call)
        numbers_rolled_back(k->w, goal_of(k, c, call), ev->text, c->command_ms,
                            c->notified && uuid_eq(&c->command, &ev->op));
    if (uuid_eq(&c->open.op, &ev->op))
        c->open.is = false;
    if (call && call->function == FN_CREATE_ISDP && p && p->state == PROFILE_IN_CREATION)
        drop(c, p);
}

/* I12: what POL2 says when a command is armed counts, whatever it said when it was asked for. The deletion
 * that POL2 itself wants comes behind a switch and is not judged again. */
static void check_policy(struct watch *k, struct watch_card *c, const struct event *ev)
{
    const struct watch_profile *named = watch_profile(c, &ev->iccid);
    bool disable = ev->function == FN_DISABLE_PROFILE, enable = ev->function == FN_ENABLE_PROFILE;

    if (!ev->bearer || ev->purpose != PURPOSE_CMD || !named)
        return;
    if (enable && (named->pol2 & POL2_ENABLE_NOT_ALLOWED) && named->state == PROFILE_DISABLED)
        world_fault(k->w, "I12: ICCID %s is to be enabled, which its POL2 forbids", named->iccid.s);
    for (unsigned i = 0; i < c->n; i++)
        if ((enable || disable) && c->p[i].state == PROFILE_ENABLED && &c->p[i] != (enable ? named : NULL) &&
            (c->p[i].pol2 & POL2_DISABLE_NOT_ALLOWED))
            world_fault(k->w, "I12: ICCID %s is to be disabled, which its POL2 forbids", c->p[i].iccid.s);
    if (ev->function == FN_DELETE_PROFILE && (named->pol2 & POL2_DELETE_NOT_ALLOWED))
        world_fault(k->w, "I12: ICCID %s is to be deleted, which its POL2 forbids", named->iccid.s);
}

/* The address moves, not the state: world_check_step looks at the rest. */
static void address_changed(struct watch *k, struct watch_card *c, const struct event *ev)
{
    struct watch_profile *p = watch_profile(c, &ev->iccid);

    if (!p || p->state < PROFILE_DISABLED) {
        world_fault(k->w, "I6: the number of ICCID %s is changed, which is no profile of that card", ev->iccid.s);
        return;
    }
    p->msisdn = ev->msisdn;
    c->moves++;
    k->w->stats.hits[c->live > 0 ? HIT_ADDRESS_IN_OPERATION : HIT_ADDRESS_MOVED]++;
    numbers_look(k->w);
}

/* I11: one has it, and it is never taken from nobody. */
static void attribute_changed(struct watch *k, struct watch_card *c, const struct event *ev, int64_t at_ms)
{
    struct watch_profile *p = watch_profile(c, &ev->iccid);
    bool same = iccid_eq(&ev->iccid, &c->fallback);

    if (!p || p->state < PROFILE_DISABLED || (same ? ev->previous.s[0] != 0 : !iccid_eq(&ev->previous, &c->fallback)))
        world_fault(k->w, "I11: the fall-back attribute moves from ICCID %s to ICCID %s; ICCID %s had it",
                    ev->previous.s, ev->iccid.s, c->fallback.s);
    if (same)
        return;
    changed(k, ev, at_ms, FN_SET_FALLBACK_ATTRIBUTE, &ev->iccid, true);
    changed(k, ev, at_ms, FN_UNSET_FALLBACK_ATTRIBUTE, &c->fallback, true);
    c->fallback = ev->iccid;
    k->w->stats.hits[HIT_FALLBACK_MOVED]++;
}

static void policy_changed(struct watch *k, struct watch_card *c, const struct event *ev)
{
    struct watch_profile *p = watch_profile(c, &ev->iccid);

    if (!p || p->state < PROFILE_DISABLED)
        world_fault(k->w, "I6: POL2 of ICCID %s is changed, which is no profile of that card", ev->iccid.s);
    else
        p->pol2 = ev->pol2 & 0xFFu;
}

/* Whatever the operation: one command may be on its way to a card. */
static void command(struct watch *k, struct watch_card *c, const struct event *ev)
{
    bool by_step = ev->type == EV_STEP_OPENED;

    if (ev->purpose != PURPOSE_CMD)
        return;
    if (c->open.is)
        world_fault(k->w, "I2: a command is armed while the one before it may still run");
    c->open = (struct watch_command){true, by_step, ev->op, by_step ? ev->step : ev->counter};
    if (!uuid_eq(&c->command, &ev->op)) {
        c->command_ms = k->read_ms;
        c->notified = false;
    }
    c->command = ev->op;
}

static void answered(struct watch_card *c, const struct event *ev)
{
    bool by_step = ev->type == EV_STEP_ANSWERED;

    if (c->open.by_step == by_step && uuid_eq(&c->open.op, &ev->op) &&
        (by_step ? ev->step : ev->counter) >= c->open.number)
        c->open.is = false;
}

/* A switch given in a session was seen to have run, by its notification or by SMS. */
static void ran(struct watch_card *c, const struct event *ev)
{
    if (c->open.by_step && uuid_eq(&c->open.op, &ev->op))
        c->open.is = false;
}

static void armed(struct watch *k, struct watch_card *c, const struct event *ev)
{
    check_policy(k, c, ev);
    command(k, c, ev);
    if (ev->kvn >= WATCH_KVNS || ev->counter <= c->counter[ev->kvn]) {
        world_fault(k->w, "I5: counter %llu of key set %u is armed after %llu", (unsigned long long)ev->counter,
                    ev->kvn, (unsigned long long)(ev->kvn < WATCH_KVNS ? c->counter[ev->kvn] : 0));
        return;
    }
    c->counter[ev->kvn] = ev->counter;
}

static void step_opened(struct watch *k, struct watch_card *c, const struct event *ev)
{
    check_policy(k, c, ev);
    if (ev->step <= c->step)
        world_fault(k->w, "I5: step %u is opened after step %u", ev->step, c->step);
    c->step = ev->step;
    command(k, c, ev);
}

/* Of those that were accepted; the same one may be confirmed again. */
static void notified(struct watch *k, struct watch_card *c, const struct event *ev)
{
    uint16_t now = (uint16_t)(ev->sequence - 1);

    if ((ev->decision == NOTIFIED_CONFIRM || ev->decision == NOTIFIED_LATE) &&
        ev->kind == NOTIFICATION_CHANGED)
        c->notified = true;
    if (ev->decision != NOTIFIED_CONFIRM && ev->decision != NOTIFIED_CONFIRM_AND_AUDIT)
        return;
    if (c->has_sequence && now != c->sequence && !sequence_newer(now, c->sequence))
        world_fault(k->w, "notification %u is accepted after %u", now, c->sequence);
    c->has_sequence = true;
    c->sequence = now;
}

static void profile_record(struct watch *k, struct watch_card *c, const struct event *ev, int64_t at_ms)
{
    switch (ev->type) {
    case EV_EUICC_REGISTERED:
        registered(k, c);
        break;
    case EV_OPERATION_ANSWERED:
    case EV_STEP_ANSWERED:
        answered(c, ev);
        break;
    case EV_OPERATION_ACCEPTED:
        if (++c->live > EUICC_OPS_MAX)
            world_fault(k->w, "%u operations wait for a card", c->live);
        if (ev->function == FN_CREATE_ISDP)
            add(k, c, &ev->aid, &ev->iccid, PROFILE_IN_CREATION);
        break;
    case EV_ISDP_CREATED:
        move(k, c, ev, PROFILE_IN_CREATION, PROFILE_CREATED);
        break;
    case EV_PROFILE_INSTALLED:
        move(k, c, ev, PROFILE_CREATED, PROFILE_DISABLED);
        break;
    case EV_PROFILE_ENABLED:
        ran(c, ev);
        turn(k, c, ev, at_ms, &ev->iccid, &ev->previous);
        break;
    case EV_PROFILE_FALLEN_BACK:
        turn(k, c, ev, at_ms, &ev->iccid, &ev->previous);
        break;
    case EV_PROFILE_DISABLED:
        ran(c, ev);
        turn(k, c, ev, at_ms, &ev->previous, &ev->iccid);
        break;
    case EV_PROFILE_DELETED:
        deleted(k, c, ev, at_ms);
        break;
    case EV_POLICY_CHANGED:
        policy_changed(k, c, ev);
        break;
    case EV_ADDRESS_CHANGED:
        address_changed(k, c, ev);
        break;
    case EV_ATTRIBUTE_CHANGED:
        attribute_changed(k, c, ev, at_ms);
        break;
    case EV_EUICC_AUDITED:
        audited(k, c, ev);
        break;
    case EV_KEYSET_PREPARED: /* its counter begins anew */
        c->counter[ev->kvn % WATCH_KVNS] = 0;
        break;
    case EV_OPERATION_CONCLUDED:
        concluded(k, c, ev);
        break;
    default:
        break;
    }
}

void watch_card_record(struct watch *k, const struct event *ev, int64_t at_ms)
{
    struct watch_card *c = eid_is_zero(&ev->eid) ? NULL : watch_card(k, &ev->eid);

    if (!c)
        return;
    c->touched = true;
    c->records++;
    if (ev->type == EV_OPERATION_ARMED || ev->type == EV_PACKET_ARMED)
        armed(k, c, ev);
    else if (ev->type == EV_STEP_OPENED)
        step_opened(k, c, ev);
    else if (ev->type == EV_NOTIFICATION_RECEIVED)
        notified(k, c, ev);
    else
        profile_record(k, c, ev, at_ms);
}
