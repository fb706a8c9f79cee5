/* SPDX-License-Identifier: Apache-2.0 */
/* How often a run died at each point of common/engine/crash_point.h. */
#pragma once

#include "test/sim/life.h"

/* Index 0: SM-SR, 1: SM-DP. */
void deaths_add(struct deaths sum[2], const struct deaths more[2]);
/* One of the points of this daemon. */
void crash_point_draw(enum life_who who, struct rng *rng, enum engine_instant *ret_instant,
                      enum event_type *ret_what);
/* One line with the sums; each point by itself when asked. Returns how many points were never met. */
unsigned crash_points_print(const struct deaths sum[2], bool each);
