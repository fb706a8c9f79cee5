/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness port for ids, challenges and seeds. The system one reads the kernel; the seeded one is
 * xoshiro256** for the simulator and for seeded worlds, never for keys of a real deployment. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct rng {
    void (*fill)(struct rng *r, uint8_t *dst, size_t n);
    uint64_t s[4];      /* state of the seeded generator; unused by the system one */
};

static inline void rng_fill(struct rng *r, void *dst, size_t n)
{
    r->fill(r, (uint8_t *)dst, n);
}
void rng_init_system(struct rng *r);                 /* getrandom(2); log_die without it */
void rng_init_seeded(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t bound);   /* uniform 0..bound-1, bound > 0 */
double rng_unit(struct rng *r);                      /* uniform [0,1) */
