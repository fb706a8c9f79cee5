/* SPDX-License-Identifier: Apache-2.0 */
/* Data sessions that a network has in flight: those that operations which began will need, and those that cards
 * hold, also such as called by themselves. A card has one place, whatever it has it for. Memory only. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

struct data_place {
    struct sms_network *net;
    unsigned reasons;               /* enum data_reason */
};

static struct data_place *place_of(const struct channel *ch, const struct eid *eid)
{
    return ch->data ? map_get(ch->data, span_of(eid->b, sizeof eid->b)) : NULL;
}

/* Of the profile that is on. */
static struct sms_network *network_now(struct channel *ch, const struct euicc *e)
{
    const struct euicc_profile *on = e ? euicc_enabled(e) : NULL;
    const struct route *r = on ? env_route(ch->env, &on->mno, on->profile_type) : NULL;

    return r ? sms_network_of(ch, r->network) : NULL;
}

void data_take(struct channel *ch, const struct eid *eid, struct sms_network *net, enum data_reason why)
{
    struct data_place *p = place_of(ch, eid);

    if (!p && ch->env->n_networks) {
        net = net ? net : network_now(ch, ch->port.euicc(ch->port.ctx, eid));
        p = net && net->data_max ? calloc(1, sizeof *p) : NULL;
        if (!p)
            return;
        p->net = net;
        if (map_put(ch->data, span_of(eid->b, sizeof eid->b), p)) {
            free(p);
            return;
        }
        net->n_data++;
    }
    if (p)
        p->reasons |= (unsigned)why;
}

bool data_leave(struct channel *ch, const struct eid *eid, enum data_reason why)
{
    struct data_place *p = place_of(ch, eid);

    if (!p)
        return false;
    p->reasons &= ~(unsigned)why;
    if (p->reasons)
        return false;
    p->net->n_data--;
    (void)map_del(ch->data, span_of(eid->b, sizeof eid->b));
    free(p);
    return true;
}

bool data_full(const struct channel *ch, const struct eid *eid, const struct sms_network *net)
{
    return net->data_max && net->n_data >= net->data_max && !place_of(ch, eid);
}

/* A card for which something has begun is never in the way of its own answer: it may have been asked for, or
 * told of what it did. */
bool data_may_call(struct channel *ch, const struct eid *eid)
{
    const struct euicc *e = ch->env->n_networks ? ch->port.euicc(ch->port.ctx, eid) : NULL;
    struct sms_network *net = network_now(ch, e);

    if (!net || !data_full(ch, eid, net) || (e->n_ops && e->ops[0]->state))
        return true;
    ch->n.session_deferred++;
    return false;
}

void data_fini(struct channel *ch)
{
    void *at = NULL, *v = NULL;

    while (ch->data && map_next(ch->data, &at, NULL, &v))
        free(v);
    map_free(ch->data);
}
