/* SPDX-License-Identifier: Apache-2.0 */
/* Many worlds, one after the other or over several processes, and their sums. */
#pragma once

#include "test/sim/world.h"

#define FARM_JOBS_MAX 256u

struct farm_plan {
    struct world_plan world; /* its seed is set from the two below */
    uint64_t first, seeds;
    unsigned jobs; /* 0: in this process, for debuggers; else that many others */
    bool hash;     /* print the log hash of each seed */
    bool points;   /* print hits of each fault and crash point; none is a failure */
};

/* Prints what fell and how to repeat it, then the sums. 0: every seed passed; 1: not; 2: no memory
 * or no process to be had. */
int farm_run(const struct farm_plan *p);
