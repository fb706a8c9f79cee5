/* SPDX-License-Identifier: Apache-2.0 */
/* The time that records and timers follow: it begins at the wall clock and goes on with the monotonic
 * one, so a wall clock that is set forward or back ends no validity period early and holds none open.
 * What the wall clock says otherwise is followed at 5 ms a second. It never goes back. */
#pragma once

#include "common/base/clock.h"

struct steady_clock {
    struct clock port;             /* hand &port on; the struct must not move afterwards */
    const struct clock *under;
    int64_t mono_ms, wall_ms;      /* where this stretch of time began */
    int64_t gap_ms;                /* how far the wall clock was ahead then */
};

/* Begins at the wall clock, but not before not_before_ms (the last record). */
void steady_clock_init(struct steady_clock *s, const struct clock *under, int64_t not_before_ms);
