/* SPDX-License-Identifier: Apache-2.0 */
/* The instants at which a death is known to matter, by number and by name: one table for the
 * simulated worlds and for real processes (crash_self.h). A number that is not among the points is
 * among the gaps, with the reason; no third case (test/unit/common/engine/crash_point_test.c). */
#pragma once

#include "common/engine/engine.h"

#define CRASH_NUMBERS 48u

enum crash_who { CRASH_SR, CRASH_DP };

/* what: the record whose fate tells the instant; EV_NONE where the instant is of no record. */
struct crash_point {
    unsigned number;
    enum crash_who who;
    enum engine_instant instant;
    enum event_type what;
    const char *name;              /* unique for a daemon */
    const char *text;
};
struct crash_gap {
    unsigned first, last;
    bool built; /* in the code, but no instant of a process: the disk makes it */
    const char *why;
};

extern const struct crash_point CRASH_POINTS[];
extern const unsigned CRASH_POINT_COUNT;
extern const struct crash_gap CRASH_GAPS[];
extern const unsigned CRASH_GAP_COUNT;

bool crash_point_is(const struct crash_point *p, enum engine_instant instant, enum event_type what);
