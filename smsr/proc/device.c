/* SPDX-License-Identifier: Apache-2.0 */
/* A card that is heard in another device than before (the IMEI of its notification, SGP.02 4.1.1.11): a record
 * and a notice to the fleet managers of its realm. It may be a repair or a theft; what it is, a person finds
 * out, so no state, no time and no packet hangs on it. */
#include "smsr/proc/run.h"

#include "common/msg/admin.h"

static const struct event *notification_of(const struct plan *p)
{
    for (unsigned i = 0; i < p->n_records; i++)
        if (p->records[i]->type == EV_NOTIFICATION_RECEIVED)
            return p->records[i];
    return NULL;
}

void proc_device(const struct proc_env *pe, const struct euicc *e, struct plan *p)
{
    const struct event *n = notification_of(p);
    const struct oid *fleet[ENV_FLEETS_MAX];
    struct span before = euicc_imei(e, p->arena), now;
    struct device_changed notice;
    struct event *ev;
    unsigned n_fleet;

    /* An old notification tells of an old device; the first one of where the card always was. */
    if (!n || !n->imei.n || !before.n || n->decision == 3 || p->n_records == PLAN_RECORDS_MAX)
        return;
    now = span_of(n->imei.p, n->imei.n < EUICC_IMEI_MAX ? n->imei.n : EUICC_IMEI_MAX);
    if (span_eq(now, before))
        return;
    ev = plan_record(p, EV_DEVICE_CHANGED);
    ev->eid = e->eid;
    ev->imei = now;
    ev->data = before;
    ev->completed_at_ms = p->now_ms;
    notice = (struct device_changed){e->eid, now, before, p->now_ms};
    n_fleet = env_fleets(pe->env, env_realm(pe->env, &e->eid), fleet);
    for (unsigned i = 0; i < n_fleet; i++)
        plan_deliver(p, ev, fleet[i], (struct message){MSG_DEVICE_CHANGED, &notice});
}
