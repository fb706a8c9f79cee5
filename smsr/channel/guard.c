/* SPDX-License-Identifier: Apache-2.0 */
/* What forged short messages may cost (facts: trust A15): a number that sends too many of them is
 * not looked at for a while. Only unproven messages are counted, so a card never loses its voice by
 * talking. */
#include "smsr/channel/channel_int.h"

static struct guard *bucket(struct channel *ch, const struct msisdn *from)
{
    uint32_t h = 2166136261u;       /* FNV-1a: spreads digits; who collides shares an allowance */

    for (const char *p = from->s; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    return &ch->guard[h % GUARD_BUCKETS];
}

bool guard_open(struct channel *ch, const struct msisdn *from)
{
    struct guard *g = bucket(ch, from);
    int64_t now = channel_now(ch), back = (now - g->since_ms) / GUARD_REFILL_MS;

    if (back > 0) {
        g->tokens = back >= (int64_t)(GUARD_BURST - g->tokens) ? GUARD_BURST
                                                                : g->tokens + (uint32_t)back;
        g->since_ms = now;
    }
    return g->tokens > 0;
}

void guard_unproven(struct channel *ch, const struct msisdn *from)
{
    struct guard *g = bucket(ch, from);

    if (g->tokens > 0)
        g->tokens--;
}
