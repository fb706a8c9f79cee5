/* SPDX-License-Identifier: Apache-2.0 */
/* What a network takes in a second, in parts of messages. Its queue lets out no more (a bucket of one
 * second); and so that a campaign waits in its mailboxes and not in that queue, behind which confirmations
 * and fences would come too late, every operation that begins gets a moment of its own to begin in. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

#define SECOND_US      1000000
#define OPERATION_PARTS 2           /* a short command and what confirms it: a choice; more shows in the queue */
#define OVER_US    (60 * (int64_t)SECOND_US)

/* The moment given to a card. */
struct pace_slot {
    struct list in;                 /* of the network, in order of time */
    struct eid eid;
    int64_t at_us;
};

static int64_t now_us(const struct channel *ch)
{
    return channel_now(ch) * 1000;
}

static struct span key_of(const struct eid *eid)
{
    return span_of(eid->b, sizeof eid->b);
}

void pace_init(struct channel *ch, struct sms_network *net)
{
    list_init(&net->slots);
    for (unsigned i = 0; i < ch->env->n_networks; i++)
        if (!strcmp(ch->env->networks[i].id, net->id))
            net->part_us = SECOND_US / ch->env->networks[i].parts_per_second;
    net->bucket_us = net->next_us = now_us(ch) - SECOND_US;
}

bool pace_part(struct channel *ch, struct sms_network *net)
{
    int64_t now = now_us(ch);

    if (net->bucket_us < now - SECOND_US)
        net->bucket_us = now - SECOND_US;
    if (net->bucket_us + net->part_us > now)
        return false;
    net->bucket_us += net->part_us;
    return true;
}

void pace_back(struct sms_network *net)
{
    net->bucket_us -= net->part_us;
}

static void slot_free(struct channel *ch, struct pace_slot *s)
{
    (void)map_del(ch->slots, key_of(&s->eid));
    list_del(&s->in);
    free(s);
}

/* Moments that are over: whoever asks again within a minute behind its own begins at once. */
static void over(struct channel *ch, struct sms_network *net, int64_t now)
{
    while (!list_empty(&net->slots)) {
        struct pace_slot *s = LIST_ENTRY(net->slots.next, struct pace_slot, in);
        if (s->at_us > now - OVER_US)
            return;
        slot_free(ch, s);
    }
}

static int64_t slot_new(struct channel *ch, struct sms_network *net, const struct eid *eid, int64_t now)
{
    int64_t soonest = net->n_waiting ? now + net->n_waiting * net->part_us : now - SECOND_US;
    struct pace_slot *s;

    if (net->next_us < soonest)
        net->next_us = soonest;
    if (net->next_us + OPERATION_PARTS * net->part_us <= now) {
        net->next_us += OPERATION_PARTS * net->part_us;
        return 0;
    }
    s = calloc(1, sizeof *s);
    if (!s)
        return 0;                   /* the bucket holds it back all the same */
    s->eid = *eid;
    s->at_us = net->next_us += OPERATION_PARTS * net->part_us;
    list_push(&net->slots, &s->in);
    if (map_put(ch->slots, key_of(&s->eid), s)) {
        list_del(&s->in);
        free(s);
        return 0;
    }
    ch->n.operation_paced++;
    return s->at_us - now;
}

int64_t channel_pace(struct channel *ch, const struct euicc *e)
{
    const struct euicc_profile *p = euicc_enabled(e);
    const struct route *r = p ? env_route(ch->env, &p->mno, p->profile_type) : NULL;
    struct sms_network *net = r && r->sms ? sms_network_of(ch, r->network) : NULL;
    struct pace_slot *s;
    int64_t now = now_us(ch), wait;

    if (!net || !net->part_us)
        return 0;
    over(ch, net, now);
    s = map_get(ch->slots, key_of(&e->eid));
    wait = s ? s->at_us - now : slot_new(ch, net, &e->eid, now);
    return wait > 0 ? (wait + 999) / 1000 : 0;
}

void pace_fini(struct channel *ch)
{
    void *at = NULL, *s = NULL;

    while (ch->slots && map_next(ch->slots, &at, NULL, &s))
        free(s);
    map_free(ch->slots);
}
