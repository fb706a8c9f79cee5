/* SPDX-License-Identifier: Apache-2.0 */
/* Clock, randomness and names under the test's hand (design law 6). */
#include "test/support/fake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t fake_wall(void *ctx)
{
    const struct fake_clock *f = ctx;
    return f->wall_ms;
}

static int64_t fake_mono(void *ctx)
{
    const struct fake_clock *f = ctx;
    return f->mono_ms;
}

static uint64_t fake_boot(void *ctx)
{
    const struct fake_clock *f = ctx;
    return f->boot;
}

void fake_clock_init(struct fake_clock *f, int64_t wall_ms)
{
    *f = (struct fake_clock){wall_ms, 1000, 1, {fake_wall, fake_mono, f, fake_boot}};
}

void fake_clock_step(struct fake_clock *f, int64_t ms)
{
    f->wall_ms += ms;
    f->mono_ms += ms;
}

struct eid fake_eid(unsigned i)
{
    char digits[31];
    struct eid e;

    (void)snprintf(digits, sizeof digits, "89049032%022u", i);
    if (eid_make(digits, &e))
        abort();
    return e;
}

uint64_t fake_seed(uint64_t seed)
{
    const char *text = getenv("REMORA_SEED");
    if (!text || !*text)
        return seed;
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || *end || *text == '-') {
        fprintf(stderr, "REMORA_SEED is no number: %s\n", text);
        abort();
    }
    return n;
}

void fake_rng_init(struct rng *r, uint64_t seed)
{
    rng_init_seeded(r, fake_seed(seed));
}

static void bytes_fill(struct rng *r, uint8_t *dst, size_t n)
{
    if (n > r->s[1])
        abort();
    const uint8_t *p = (const uint8_t *)(uintptr_t)r->s[0];
    memcpy(dst, p, n);
    r->s[0] += n;
    r->s[1] -= n;
}

void fake_rng_bytes(struct rng *r, const uint8_t *p, size_t n)
{
    *r = (struct rng){.fill = bytes_fill, .s = {(uintptr_t)p, n}};
}
