/* SPDX-License-Identifier: Apache-2.0 */
/* Troubles that come at a time of their own, as the seed planned them. */
#include "test/sim/world_int.h"

#include <stdio.h>

static void outage(struct world *w, const struct world_outage *o)
{
    struct plmn home = {""};
    int64_t end_ms = o->at_ms + o->ms < w->quiet_ms ? o->at_ms + o->ms : w->quiet_ms;

    (void)snprintf(home.s, sizeof home.s, "%s", o->of_b ? FACTORY_PLMN_B : FACTORY_PLMN_A);
    if (!world_choice(w, "the SMSC of operator %s is out of order for %lld s", o->of_b ? "B" : "A",
                      (long long)(end_ms - o->at_ms) / 1000))
        return;
    w->stats.hits[HIT_OUTAGE]++;
    if (simnet_sms_outage(w->net, &home, o->refuses, WORLD_START_MS + end_ms, world_wall(w)))
        world_fault(w, "the SMSC cannot be put out of order");
}

static void step(struct world *w, const struct world_step_plan *s)
{
    struct daemon_clock *c = s->of_smdp ? &w->dp_clock : &w->sr_clock;

    if (!world_choice(w, "the clock of the %s is set by %lld s", s->of_smdp ? "SM-DP" : "SM-SR",
                      (long long)s->by_ms / 1000))
        return;
    c->step_ms += s->by_ms;
    w->stats.hits[s->by_ms < 0 ? HIT_CLOCK_BACK : HIT_CLOCK_FORWARD]++;
}

/* A card calls, whether or not anything waits for it; mostly one for which something does. */
static unsigned caller(struct world *w)
{
    unsigned from = (unsigned)rng_below(&w->call_rng, w->factory.n);
    bool any = rng_below(&w->call_rng, 4) == 0;

    for (unsigned i = 0; !any && i < w->factory.n; i++)
        if (w->watch->cards[(from + i) % w->factory.n].live > 0)
            return (from + i) % w->factory.n;
    return from;
}

void world_calls_soon(struct world *w, unsigned card)
{
    if (!w->ranges.call_ms)
        return;
    w->next_call_ms = w->now_ms + 1 + (int64_t)rng_below(&w->call_rng, 4000);
    w->next_caller = 1 + card;
}

static void call(struct world *w)
{
    unsigned card = w->next_caller ? w->next_caller - 1 : caller(w);
    bool calls = false;

    w->next_caller = 0;
    w->next_call_ms = w->now_ms + 1 + (int64_t)rng_below(&w->call_rng, 2 * (uint64_t)w->ranges.call_ms);
    if (!world_choice(w, "card %u may call by itself", card))
        return;
    if (simnet_call(w->net, &w->factory.cards[card].eid, world_wall(w), &calls))
        world_fault(w, "the card cannot be let call");
    w->stats.hits[HIT_CALLED] += calls;
}

void world_trouble(struct world *w)
{
    numbers_trouble(w);
    if (w->ranges.call_ms && w->next_call_ms <= w->now_ms && w->now_ms < w->quiet_ms)
        call(w);
    while (w->steps < w->ranges.n_steps && w->ranges.step[w->steps].at_ms <= w->now_ms)
        step(w, &w->ranges.step[w->steps++]);
    while (w->outages < w->ranges.n_outages && w->ranges.outage[w->outages].at_ms <= w->now_ms)
        outage(w, &w->ranges.outage[w->outages++]);
}

int64_t world_trouble_due(const struct world *w)
{
    int64_t due = numbers_due(w);

    if (w->outages < w->ranges.n_outages && w->ranges.outage[w->outages].at_ms < due)
        due = w->ranges.outage[w->outages].at_ms;
    if (w->steps < w->ranges.n_steps && w->ranges.step[w->steps].at_ms < due)
        due = w->ranges.step[w->steps].at_ms;
    if (w->ranges.call_ms && w->next_call_ms < w->quiet_ms && w->next_call_ms < due)
        due = w->next_call_ms;
    return due;
}
