/* SPDX-License-Identifier: Apache-2.0 */
/* How bad a world is: each fault gets its range from the seed. Every fourth world is calm, and in the
 * others a fault is absent, mild or anything up to its worst, so that some worlds know one trouble only
 * and operations succeed in nearly all. */
#pragma once

#include "tools/euiccsim/net/faults.h"

#define STEPS_MAX 3u
struct world_step_plan {           /* the wall clock of a daemon is set */
    int64_t at_ms, by_ms;
    bool of_smdp;
};
#define OUTAGES_MAX 2u
struct world_outage {              /* of the SMSC of an operator */
    int64_t at_ms, ms;
    bool of_b, refuses;
};
struct world_ranges {
    struct simnet_faults net;
    uint32_t tight, keeps_memory;  /* cards with little memory; cards that never get it back */
    uint32_t alloc_one_of;         /* of so many allocations of the daemons one fails; 0: none */
    struct world_outage outage[OUTAGES_MAX]; /* in order of time */
    unsigned n_outages;
    uint32_t slow_keys;            /* so many key jobs of the SM-DP take their time */
    int64_t slow_ms;               /* at most */
    int64_t call_ms;               /* a card calls by itself so often, on the average; 0: none does */
    uint32_t sleepers;             /* devices that sleep between wakes */
    int64_t drift[2];              /* of the clocks of SM-SR and SM-DP, of RATE_ONE */
    struct world_step_plan step[STEPS_MAX]; /* in order of time */
    unsigned n_steps;
};
/* all false: a world without faults. */
void world_ranges_draw(struct rng *rng, bool any, struct world_ranges *ret);
