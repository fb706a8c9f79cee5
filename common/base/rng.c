/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's generator and the seeded xoshiro256** (design law 6: one seed repeats a world). */
#include "common/base/rng.h"

#include "common/base/log.h"

#include <errno.h>
#include <sys/random.h>

static void system_fill(struct rng *r, uint8_t *dst, size_t n)
{
    (void)r;
    while (n > 0) {
        ssize_t got = getrandom(dst, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            log_die("rng", "the kernel gives no random octets; ids would be guessable without them");
        dst += got;
        n -= (size_t)got;
    }
}

void rng_init_system(struct rng *r)
{
    *r = (struct rng){.fill = system_fill};
}

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t seeded_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

/* Words are laid out least significant octet first; the rest of the last word is dropped, so the
 * stream depends on the calls only and not on the machine. */
static void seeded_fill(struct rng *r, uint8_t *dst, size_t n)
{
    while (n > 0) {
        uint64_t v = seeded_next(r);
        for (int i = 0; i < 8 && n > 0; i++, n--) {
            *dst++ = (uint8_t)v;
            v >>= 8;
        }
    }
}

void rng_init_seeded(struct rng *r, uint64_t seed)
{
    *r = (struct rng){.fill = seeded_fill};
    /* splitmix64 spreads the seed, since xoshiro must not start from all zeros. */
    for (int i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15U;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
        z = (z ^ z >> 27) * 0x94D049BB133111EBU;
        r->s[i] = z ^ z >> 31;
    }
}

uint64_t rng_u64(struct rng *r)
{
    uint8_t b[8];
    rng_fill(r, b, sizeof(b));
    uint64_t v = 0;
    for (int i = 7; i >= 0; i--)
        v = v << 8 | b[i];
    return v;
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
    /* Values under 2^64 mod bound are thrown away, so every remainder is equally likely. */
    uint64_t skip = (0 - bound) % bound;
    uint64_t v;
    do {
        v = rng_u64(r);
    } while (v < skip);
    return v % bound;
}

double rng_unit(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}
