/* SPDX-License-Identifier: Apache-2.0 */
/* What forged messages may cost (facts: trust A15): a number that sends too many of them is not
 * looked at for a while. Only unproven messages from numbers of cards are counted, so a card loses its
 * voice neither by talking nor by what numbers of nobody say. */
#include "smsr/channel/channel_int.h"

static bool allowance(const struct channel *ch, struct guard *g)
{
    int64_t now = channel_now(ch), back = (now - g->since_ms) / GUARD_REFILL_MS;

    if (back > 0) {
        g->tokens = back >= (int64_t)(GUARD_BURST - g->tokens) ? GUARD_BURST
                                                                : g->tokens + (uint32_t)back;
        g->since_ms = now;
    }
    return g->tokens > 0;
}

static void spend(struct guard *g)
{
    if (g->tokens > 0)
        g->tokens--;
}

/* Who collides shares an allowance. */
static struct guard *bucket(struct channel *ch, const struct msisdn *from)
{
    return &ch->guard[span_spread(SPREAD_BEGIN, span_str(from->s)) % GUARD_BUCKETS];
}

bool guard_open(struct channel *ch, const struct msisdn *from)
{
    return allowance(ch, bucket(ch, from));
}

void guard_unproven(struct channel *ch, const struct msisdn *from)
{
    spend(bucket(ch, from));
}

/* --- links --- */
/* A SYN costs its sender nothing, and an address proves as little as an EID. So a card that was
 * sent something lately is looked up at once; all others share one allowance, as does a card that
 * was forgotten: by a restart, or because another one has its place. */
static struct eid *place(struct channel *ch, const struct eid *eid)
{
    return &ch->pushed[span_spread(SPREAD_BEGIN, span_of(eid->b, sizeof eid->b)) % LINKS_PUSHED];
}

static bool pushed(struct channel *ch, const struct eid *eid)
{
    return !eid_is_zero(eid) && eid_eq(place(ch, eid), eid);
}

void guard_pushed(struct channel *ch, const struct eid *eid)
{
    *place(ch, eid) = *eid;
}

bool guard_link_open(struct channel *ch, const struct eid *eid)
{
    return pushed(ch, eid) || allowance(ch, &ch->guard_links);
}

void guard_link_unknown(struct channel *ch, const struct eid *eid)
{
    if (!pushed(ch, eid))
        spend(&ch->guard_links);
}
