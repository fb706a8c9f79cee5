/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon of the preset `mutant` that is told REMORA_CRASH=POINT[:NTH] kills itself when it comes
 * to that point for the NTH time (1 unless given); POINT is a name or a number of crash_point.c, a
 * number being any of its points of this daemon. In every other build nothing of this is in the
 * program (test/lint/mutants.py). */
#pragma once

#include "common/engine/engine.h"
#include "common/engine/crash_point.h"

struct crash_self {
    enum crash_who who;
    char point[48];
    unsigned number;               /* 0: the name counts */
    uint64_t countdown;            /* 0: it dies of nothing */
};

#ifdef REMORA_MUTANTS
/* ERR_CONFIG: the daemon has no such point. c lives as long as what looks. */
MUST_CHECK int crash_self_init(struct crash_self *c, enum crash_who who, struct errmsg *why);
struct engine_witness crash_self_witness(struct crash_self *c);
#else
static inline int crash_self_init(struct crash_self *c, enum crash_who who, struct errmsg *why)
{
    (void)c;
    (void)who;
    (void)why;
    return ERR_OK;
}
static inline struct engine_witness crash_self_witness(struct crash_self *c)
{
    (void)c;
    return (struct engine_witness){NULL, NULL};
}
#endif
