/* SPDX-License-Identifier: Apache-2.0 */
/* Who allocates, and whether it fails. */
#include "test/sim/alloc.h"

#include <stdlib.h>

#include "common/base/rng.h"

static struct {
    struct rng rng;
    uint32_t one_of;
    int who;
    uint64_t failures[2];
} state = {.who = -1};

void alloc_reset(void)
{
    state.one_of = 0;
    state.who = -1;
    state.failures[0] = state.failures[1] = 0;
}

void alloc_fail(uint64_t seed, uint32_t one_of)
{
    rng_init_seeded(&state.rng, seed);
    state.one_of = one_of;
}

int alloc_enter(int who)
{
    int before = state.who;

    state.who = who;
    return before;
}

uint64_t alloc_failures(int who)
{
    return state.failures[who];
}

bool alloc_fails(void)
{
    if (state.who < 0 || !state.one_of || rng_below(&state.rng, state.one_of))
        return false;
    state.failures[state.who]++;
    return true;
}

void *world_malloc(size_t n)
{
    int was = alloc_enter(-1);
    void *p = malloc(n);

    (void)alloc_enter(was);
    return p;
}

void *world_calloc(size_t n, size_t size)
{
    int was = alloc_enter(-1);
    void *p = calloc(n, size);

    (void)alloc_enter(was);
    return p;
}

void *world_realloc(void *p, size_t n)
{
    int was = alloc_enter(-1);
    void *grown = realloc(p, n);

    (void)alloc_enter(was);
    return grown;
}
