/* SPDX-License-Identifier: Apache-2.0 */
/* The worst of each fault (facts: trust 5.3). */
#include "test/sim/ranges.h"

#define PERCENT    (RATE_ONE / 100)
#define MINUTE_MS  60000
#define HOUR_MS    (60 * MINUTE_MS)
#define YEAR_MS    (365ll * 24 * HOUR_MS)
#define CALM       16u             /* in a calm world faults are so much rarer */

struct draw {
    struct rng *rng;
    uint32_t part;                 /* of the worst: 1 or CALM */
};

/* Absent, mild twice, or anything. */
static uint32_t rate(const struct draw *d, uint32_t worst)
{
    uint64_t how = rng_below(d->rng, 4), drawn = rng_below(d->rng, (uint64_t)worst / d->part + 1);

    return (uint32_t)(how == 0 ? 0 : how == 3 ? drawn : drawn / 4);
}

static void draw_network(const struct draw *d, struct simnet_faults *f)
{
    f->loss_mt = rate(d, 40 * PERCENT);
    f->loss_mo = rate(d, 40 * PERCENT);
    f->por_loss = rate(d, 60 * PERCENT);
    f->duplicate = rate(d, 50 * PERCENT);
    f->reorder = rate(d, 50 * PERCENT);
    /* Some networks give back what they held for days. */
    f->reorder_ms = rng_below(d->rng, 8) ? (int64_t)rng_below(d->rng, 20 * MINUTE_MS)
                                         : (int64_t)rng_below(d->rng, 72ll * HOUR_MS);
    f->late = rate(d, 10 * PERCENT);
    f->corrupt = rate(d, 5 * PERCENT);
    f->stream_cut = rate(d, 10 * PERCENT);
    f->power_loss = rate(d, 5 * PERCENT);
    f->datagram_loss = rate(d, 40 * PERCENT);
    f->datagram_duplicate = rate(d, 20 * PERCENT);
    f->datagram_reorder = rate(d, 20 * PERCENT);
    f->udp_cut = rate(d, 10 * PERCENT);
}

/* Six hours at most, in the six hours that faults last. */
static void draw_outages(const struct draw *d, struct world_ranges *r)
{
    unsigned n = (unsigned)rng_below(d->rng, OUTAGES_MAX + 1);
    int64_t from = 0;

    for (unsigned i = 0; i < n; i++) {
        struct world_outage *o = &r->outage[r->n_outages++];
        o->at_ms = from + 1 + (int64_t)rng_below(d->rng, (uint64_t)(6ll * HOUR_MS - from));
        o->ms = 1 + (int64_t)rng_below(d->rng, 6ull * HOUR_MS / d->part);
        o->of_b = rng_below(d->rng, 2) != 0;
        o->refuses = rng_below(d->rng, 2) != 0;
        from = o->at_ms;
    }
}

static int64_t either_way(struct rng *rng, int64_t most)
{
    return (int64_t)rng_below(rng, (uint64_t)(2 * most + 1)) - most;
}

/* An hour, or ten years; half the clocks go right. */
static void draw_clocks(const struct draw *d, struct world_ranges *r)
{
    unsigned n = rng_below(d->rng, 2) ? (unsigned)rng_below(d->rng, STEPS_MAX + 1) : 0;
    int64_t from = 0;

    for (unsigned i = 0; i < 2; i++)
        if (rng_below(d->rng, 2))
            r->drift[i] = either_way(d->rng, 5 * PERCENT / d->part);
    for (unsigned i = 0; i < n; i++) {
        struct world_step_plan *s = &r->step[r->n_steps++];
        s->at_ms = from + 1 + (int64_t)rng_below(d->rng, (uint64_t)(6ll * HOUR_MS - from));
        s->by_ms = either_way(d->rng, rng_below(d->rng, 4) ? HOUR_MS : 10 * YEAR_MS);
        s->of_smdp = rng_below(d->rng, 2) != 0;
        from = s->at_ms;
    }
}

void world_ranges_draw(struct rng *rng, bool any, struct world_ranges *ret)
{
    struct draw d = {rng, 1};

    *ret = (struct world_ranges){0};
    if (!any)
        return;
    if (rng_below(rng, 4) == 0)
        d.part = CALM;
    draw_network(&d, &ret->net);
    draw_outages(&d, ret);
    /* In every third world: one of a thousand to one of a million, all magnitudes alike. */
    if (rng_below(rng, 3) == 0)
        ret->alloc_one_of = 1000u << rng_below(rng, 11);
    draw_clocks(&d, ret);
    ret->tight = rate(&d, 50 * PERCENT);
    ret->keeps_memory = rate(&d, 50 * PERCENT);
    ret->slow_keys = rate(&d, 100 * PERCENT);
    /* Minutes, when somebody has to touch it. */
    ret->slow_ms = rng_below(rng, 8) ? 5000 : 10 * MINUTE_MS;
    /* Now and then, or all the time. */
    if (rng_below(rng, 4))
        ret->call_ms = 10000ll << rng_below(rng, 9);
    /* In every third world: from a few to all. */
    if (rng_below(rng, 3) == 0)
        ret->sleepers = 1 + (uint32_t)rng_below(rng, RATE_ONE);
}
