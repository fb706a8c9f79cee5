/* SPDX-License-Identifier: Apache-2.0 */
/* What the card said of itself, into the EIS. */
#include "smsr/domain/euicc_int.h"

/* Which profile is on, the card knows. Whether one is whole, its SM-DP tells by
 * ProfileDownloadCompleted (or the EUM by the EIS), and an audit does not judge it: a load that
 * has just ended shows as 1F before it is completed, and an answer from before the load (03, 07,
 * 0F: nothing inside, facts: README item 12) may come after the completion. Taken for its state,
 * either would have a good profile deleted. */
static enum profile_state audited_state(enum profile_state was, uint8_t lifecycle)
{
    if (lifecycle == LIFECYCLE_ENABLED)
        return PROFILE_ENABLED;
    if (was == PROFILE_IN_CREATION || was == PROFILE_CREATED)
        return PROFILE_CREATED;
    return PROFILE_DISABLED;
}

/* The card's own list replaces what the EIS believed; ISD-Ps we never made are not invented. */
void euicc_take_audit(struct euicc *e, const struct event *ev, int64_t at_ms)
{
    unsigned i = 0;

    e->last_audit_ms = at_ms;
    /* number: free memory and 1, since a full card tells 0. */
    if (ev->number || ev->memory_free)
        e->memory_free = ev->number ? (uint32_t)(ev->number - 1) : ev->memory_free;
    while (i < e->n_profiles) {
        struct euicc_profile *p = &e->profiles[i];
        const struct event_profile *seen = NULL;
        for (unsigned k = 0; k < ev->n_profiles; k++)
            if (aid_eq(&ev->profiles[k].aid, &p->aid))
                seen = &ev->profiles[k];
        /* more_to_do: not all that is missing had room for its record; the next audit tells. */
        if (!seen && p->state != PROFILE_IN_CREATION && !ev->more_to_do) {
            euicc_drop_profile(e, p);
            continue;
        }
        if (seen)
            p->state = audited_state(p->state, seen->lifecycle);
        i++;
    }
}
