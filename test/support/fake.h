/* SPDX-License-Identifier: Apache-2.0 */
/* Ports for tests: a clock that stands until it is moved, and generators that repeat; EIDs by
 * number. */
#pragma once

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/rng.h"

struct fake_clock {
    int64_t wall_ms;
    int64_t mono_ms;
    uint64_t boot;        /* 1; another: the machine was started again */
    struct clock port;    /* hand &port to the code under test; f must not move afterwards */
};
void fake_clock_init(struct fake_clock *f, int64_t wall_ms);
void fake_clock_step(struct fake_clock *f, int64_t ms);    /* both clocks go on */

struct eid fake_eid(unsigned i);     /* card number i of one manufacturer */

/* The seed of REMORA_SEED (decimal) or, without it, the given one: a failing run repeats by it. */
uint64_t fake_seed(uint64_t seed);
void fake_rng_init(struct rng *r, uint64_t seed);          /* seeded with fake_seed(seed) */
void fake_rng_bytes(struct rng *r, const uint8_t *p, size_t n);   /* hands out n given octets, then
                                                                     aborts; p stays borrowed */
