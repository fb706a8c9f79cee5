/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an ICCID: AVAILABLE -> RESERVED(eid, order) -> INSTALLED(eid) -> DELETED; back to
 * AVAILABLE from RESERVED alone, by profile.released of that order. */
#include "smdp/domain/stock.h"

#include "common/base/mutant.h"

static const char *const TEXT[] = {"none", "Available", "Reserved", "Installed", "Deleted",
                                   "Lost"};

const char *stock_state_text(enum stock_state s)
{
    return (unsigned)s < sizeof TEXT / sizeof *TEXT ? TEXT[s] : "?";
}

enum stock_state stock_state_parse(struct span s)
{
    for (unsigned i = STOCK_AVAILABLE; i < sizeof TEXT / sizeof *TEXT; i++)
        if (span_eq(s, span_str(TEXT[i])))
            return (enum stock_state)i;
    return STOCK_NONE;
}

static int imported(struct stock_item *i, const struct event *ev)
{
    if (i->state != STOCK_NONE || ev->profile_type.n >= sizeof i->profile_type)
        return ERR_CORRUPT;
    memset(i, 0, sizeof *i);
    i->iccid = ev->iccid;
    i->imsi = ev->imsi;
    i->msisdn = ev->msisdn;
    i->mno = ev->mno;
    if (ev->profile_type.n)
        memcpy(i->profile_type, ev->profile_type.p, ev->profile_type.n);
    i->state = STOCK_AVAILABLE;
    return ERR_OK;
}

static int reserved(struct stock_item *i, const struct event *ev)
{
    if (i->state != STOCK_AVAILABLE || !oid_eq(&i->mno, &ev->mno))
        return ERR_CORRUPT;
    i->state = STOCK_RESERVED;
    i->eid = ev->eid;
    i->order = ev->op;
    return ERR_OK;
}

static bool held_by(const struct stock_item *i, const struct event *ev)
{
    return i->state == STOCK_RESERVED && uuid_eq(&i->order, &ev->op);
}

/* Told by an SM-SR, not decided here: what does not fit (another card, another operator) is no
 * fault of the log and changes nothing. A card that is heard of is not lost: who said so alone is
 * not believed any more; what two have said stays, since the number may have moved. */
static int told(struct stock_item *i, const struct event *ev)
{
    if (!eid_eq(&i->eid, &ev->eid) || !oid_eq(&i->mno, &ev->mno))
        return ERR_OK;
    if (i->state == STOCK_LOST && ev->type == EV_PROFILE_DELETED)
        i->state = STOCK_DELETED;
    if (i->state != STOCK_INSTALLED)
        return ERR_OK;
    memset(&i->declared_by, 0, sizeof i->declared_by);
    if (ev->type == EV_PROFILE_DELETED)
        i->state = STOCK_DELETED;
    /* An answer may be heard behind later news: after a lost connection it is asked for again. */
    else if (ev->completed_at_ms && ev->completed_at_ms < i->told_ms && !mutant("STOCK_WITHOUT_TIME"))
        return ERR_OK;
    if (ev->completed_at_ms > i->told_ms)
        i->told_ms = ev->completed_at_ms;
    i->enabled = ev->type == EV_PROFILE_ENABLED;
    return ERR_OK;
}

static int declared(struct stock_item *i, const struct event *ev)
{
    bool second = i->declared_by.s[0] != '\0';

    if (i->state != STOCK_INSTALLED || !eid_eq(&i->eid, &ev->eid) ||
        ev->number != (second ? 2u : 1u) || (second && oid_eq(&i->declared_by, &ev->party)))
        return ERR_CORRUPT;
    if (second)
        i->state = STOCK_LOST;
    else
        i->declared_by = ev->party;
    return ERR_OK;
}

bool stock_gone(const struct stock_item *i)
{
    return i->state == STOCK_DELETED || i->state == STOCK_LOST;
}

int stock_apply_previous(struct stock_item *i, const struct event *ev)
{
    if (!stock_gone(i) || !oid_eq(&i->mno, &ev->mno) || i->replaced_by.s[0])
        return ERR_CORRUPT;
    if (ev->type == EV_ORDER_ACCEPTED) {
        i->successor = ev->op;
        return ERR_OK;
    }
    if (ev->type != EV_NUMBER_MOVED || !uuid_eq(&i->successor, &ev->op))
        return ERR_CORRUPT;
    i->replaced_by = ev->iccid;
    memset(&i->msisdn, 0, sizeof i->msisdn);
    return ERR_OK;
}

int stock_apply(struct stock_item *i, const struct event *ev)
{
    switch (ev->type) {
    case EV_PROFILE_IMPORTED:
        return imported(i, ev);
    case EV_ORDER_ACCEPTED:
        return reserved(i, ev);
    case EV_PROFILE_INSTALLED:
        if (!held_by(i, ev) || !eid_eq(&i->eid, &ev->eid))
            return ERR_CORRUPT;
        i->state = STOCK_INSTALLED;
        return ERR_OK;
    case EV_PROFILE_RELEASED:
        if (!held_by(i, ev))
            return ERR_CORRUPT;
        i->state = STOCK_AVAILABLE;
        memset(&i->eid, 0, sizeof i->eid);
        memset(&i->order, 0, sizeof i->order);
        return ERR_OK;
    case EV_PROFILE_ENABLED:
    case EV_PROFILE_DISABLED:
    case EV_PROFILE_DELETED:
        return told(i, ev);
    case EV_LOSS_DECLARED:
        return declared(i, ev);
    case EV_ADDRESS_CHANGED: /* a number that was ported: no change of the profile's state */
        if (eid_eq(&i->eid, &ev->eid) && oid_eq(&i->mno, &ev->mno) && i->state == STOCK_INSTALLED)
            i->msisdn = ev->msisdn;
        return ERR_OK;
    case EV_NUMBER_MOVED:
        if (i->state != STOCK_INSTALLED || !uuid_eq(&i->order, &ev->op))
            return ERR_CORRUPT;
        if (ev->msisdn.s[0])
            i->msisdn = ev->msisdn;
        return ERR_OK;
    default:
        return ERR_CORRUPT;
    }
}
