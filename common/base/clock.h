/* SPDX-License-Identifier: Apache-2.0 */
/* Clock port. Wall time (Unix milliseconds) is what is stored; monotonic time orders timers, goes on while
 * the machine sleeps and begins anew when it starts. The simulator supplies a virtual clock (design law 6). */
#pragma once

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *ctx);
    int64_t (*mono_ms)(void *ctx);
    void *ctx;
    uint64_t (*boot)(void *ctx);   /* another one after each start of the machine; 0 or NULL: not known */
};

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->ctx);
}
static inline int64_t clock_mono_ms(const struct clock *c)
{
    return c->mono_ms(c->ctx);
}
static inline uint64_t clock_boot(const struct clock *c)
{
    return c->boot ? c->boot(c->ctx) : 0;
}

extern const struct clock CLOCK_SYSTEM;

/* One time scale divides all timers of a laboratory together; 0 and 1 leave them. At least 1 ms. */
static inline int64_t clock_scaled(int64_t ms, unsigned time_scale)
{
    int64_t scaled = time_scale > 1 ? ms / (int64_t)time_scale : ms;

    return scaled > 0 ? scaled : 1;
}

/* "2026-11-22T08:45:00.123Z" into dst of at least 25 bytes. */
void clock_text(int64_t unix_ms, char dst[25]);
