/* SPDX-License-Identifier: Apache-2.0 */
/* One sentence a difference, and its repair. Life-cycle octets of an ISD-P: 03 07 0F nothing
 * inside, 1F disabled, 3F enabled (facts: sgp02 3.2). */
#include "smsr/domain/drift.h"

#include <stdio.h>

#define LC_DISABLED 0x1Fu
#define LC_ENABLED  0x3Fu

struct report {
    const struct euicc *e;
    struct arena *a;
    struct admin_drift_row *rows;
    unsigned n;
};

#define AUDIT "smctl audit EID"

static void say(struct report *r, const struct iccid *iccid, const struct aid *aid,
                const char *found, const char *next)
{
    struct admin_drift_row *row;

    if (r->n == DRIFT_ROWS_MAX)
        return;
    row = &r->rows[r->n++];
    memset(row, 0, sizeof *row);
    if (iccid)
        row->iccid = *iccid;
    if (aid)
        row->aid = *aid;
    row->found = span_str(arena_str(r->a, span_str(found)));
    row->next = span_str(arena_str(r->a, span_str(next)));
}

static const struct event_profile *on_card(const struct event *ev, const struct aid *aid)
{
    for (unsigned i = 0; i < ev->n_profiles; i++)
        if (aid_eq(&ev->profiles[i].aid, aid))
            return &ev->profiles[i];
    return NULL;
}

/* What the EIS says of a profile that the card lists in this life cycle. */
static void compare(struct report *r, const struct euicc_profile *p, uint8_t lifecycle)
{
    char text[200];
    bool empty = lifecycle != LC_DISABLED && lifecycle != LC_ENABLED;
    bool unfinished = p->state == PROFILE_CREATED || p->state == PROFILE_IN_CREATION;

    if (unfinished) {
        (void)snprintf(text, sizeof text, "the EIS has an unfinished ISD-P; the card says %s",
                       empty ? "nothing is inside"
                             : "a profile was loaded whose download was not completed");
        say(r, &p->iccid, &p->aid, text,
            empty ? "smctl profile delete --eid EID --iccid ICCID, then push again"
                  : "have its SM-DP complete the order: smctl operation list --eid EID --via smdp");
        return;
    }
    if (empty) {
        (void)snprintf(text, sizeof text,
                       "the EIS has an installed profile; the card says nothing is inside (%02X)",
                       lifecycle);
        say(r, &p->iccid, &p->aid, text,
            "smctl profile delete --eid EID --iccid ICCID, then push it again");
        return;
    }
    if ((p->state == PROFILE_ENABLED) != (lifecycle == LC_ENABLED)) {
        (void)snprintf(text, sizeof text, "the EIS says %s, the card said %s",
                       profile_state_text(p->state),
                       lifecycle == LC_ENABLED ? "Enabled" : "Disabled");
        say(r, &p->iccid, &p->aid, text, AUDIT);
    }
}

static void compare_fallback(struct report *r, const struct euicc_profile *p,
                             const struct event_profile *seen)
{
    if (seen->fallback == p->fallback)
        return;
    say(r, &p->iccid, &p->aid,
        seen->fallback ? "the card says that it holds the fall-back attribute, the EIS does not"
                       : "the EIS says that it holds the fall-back attribute, the card does not",
        "smctl audit EID; nothing is deleted or disabled on it before the two agree");
}

static void profiles(struct report *r, const struct event *ev)
{
    bool told = false; /* not every card tells of the attribute */

    for (unsigned i = 0; i < ev->n_profiles; i++)
        told = told || ev->profiles[i].fallback;
    for (unsigned i = 0; i < r->e->n_profiles; i++) {
        const struct euicc_profile *p = &r->e->profiles[i];
        const struct event_profile *seen = on_card(ev, &p->aid);
        if (!seen) {
            say(r, &p->iccid, &p->aid,
                ev->more_to_do
                    ? "the EIS has a profile of which the card's list, which was cut, says nothing"
                    : "the EIS has a profile that the card did not list",
                AUDIT);
            continue;
        }
        compare(r, p, seen->lifecycle);
        if (told)
            compare_fallback(r, p, seen);
    }
    for (unsigned i = 0; i < ev->n_profiles; i++) {
        char text[120];
        if (euicc_profile_by_aid(r->e, &ev->profiles[i].aid))
            continue;
        (void)snprintf(text, sizeof text, "the card has an ISD-P (%02X) that the EIS does not know",
                       ev->profiles[i].lifecycle);
        say(r, NULL, &ev->profiles[i].aid, text,
            "smctl eis state EID QUARANTINED; smctl events list --eid EID tells who made it, and "
            "its EUM "
            "or SM-DP what it is");
    }
}

unsigned drift(const struct euicc *e, const struct event *audited, struct arena *a,
               struct admin_drift_row ret[DRIFT_ROWS_MAX])
{
    struct report r = {e, a, ret, 0};

    if (!audited) {
        say(&r, NULL, NULL, "the card was never audited: nothing is known but its EIS", AUDIT);
        return r.n;
    }
    if (e->profiles_lsn > e->audit_lsn)
        say(&r, NULL, NULL,
            "the EIS changed after the last audit: what differs below may be that change", AUDIT);
    profiles(&r, audited);
    return r.n;
}
