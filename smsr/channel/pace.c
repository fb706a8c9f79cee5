/* SPDX-License-Identifier: Apache-2.0 */
/* What a network takes in a second, in parts of messages. Its queue lets out no more (a bucket of one
 * second); and so that a campaign waits in its mailboxes and not in that queue, behind which confirmations
 * and fences would come too late, operations begin no faster than their parts can leave (turn.c). */
#include <string.h>

#include "smsr/channel/channel_int.h"

#define SECOND_US      1000000
#define OPERATION_PARTS 2           /* a short command and what confirms it: a choice; more shows in the queue */

static int64_t now_us(const struct channel *ch)
{
    return channel_now(ch) * 1000;
}

void pace_init(struct channel *ch, struct sms_network *net)
{
    for (unsigned i = 0; i < ch->env->n_networks; i++) {
        const struct env_network *n = &ch->env->networks[i];
        if (strcmp(n->id, net->id))
            continue;
        net->part_us = n->parts_per_second ? SECOND_US / n->parts_per_second : 0;
        net->data_max = n->data_sessions;
    }
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

bool pace_operation(struct channel *ch, struct sms_network *net)
{
    int64_t now = now_us(ch), takes = OPERATION_PARTS * net->part_us;
    int64_t idle = takes > SECOND_US ? takes : SECOND_US; /* what was not used counts so long */
    int64_t soonest = net->n_waiting ? now + net->n_waiting * net->part_us : now - idle;

    if (!net->part_us)
        return true;
    if (net->next_us < soonest)
        net->next_us = soonest;
    if (net->next_us + takes > now)
        return false;
    net->next_us += takes;
    return true;
}
