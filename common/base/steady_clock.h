/* SPDX-License-Identifier: Apache-2.0 */
/* The time that records and timers follow: it begins at the wall clock and goes on with the monotonic
 * one, so a wall clock that is set forward or back ends no validity period early and holds none open.
 * What the wall clock says otherwise is followed at 5 ms a second. It never goes back.
 * A process that starts again goes on from the mark the one before it left, as long as the machine was not
 * started meanwhile. After a start of the machine nothing but the wall clock tells how long it was off: it
 * is believed then, so it has to be right by that time. */
#pragma once

#include "common/base/clock.h"

struct steady_mark {
    uint64_t boot;                 /* 0: none */
    int64_t mono_ms, at_ms;        /* this monotonic time was that time */
};

struct steady_clock {
    struct clock port;             /* hand &port on; the struct must not move afterwards */
    const struct clock *under;
    int64_t mono_ms, wall_ms;      /* where this stretch of time began */
    int64_t gap_ms;                /* how far the wall clock was ahead then */
    uint64_t boot;
};

/* Begins where the mark says or, by a mark of another boot, at the wall clock; not before
 * not_before_ms (the last record). */
void steady_clock_init(struct steady_clock *s, const struct clock *under, int64_t not_before_ms,
                       struct steady_mark mark);
struct steady_mark steady_clock_mark(const struct steady_clock *s);
