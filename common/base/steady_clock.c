/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches of a minute: at the end of each the wall clock is looked at again. */
#include "common/base/steady_clock.h"

#define STRETCH_MS 60000
#define SLEW       200             /* one part of that many: 5 ms a second, as adjtime does it */

static int64_t followed(const struct steady_clock *s, int64_t elapsed)
{
    int64_t most = elapsed / SLEW;

    return s->gap_ms > most ? most : s->gap_ms < -most ? -most : s->gap_ms;
}

static int64_t steady_wall(void *ctx)
{
    struct steady_clock *s = ctx;
    int64_t elapsed = clock_mono_ms(s->under) - s->mono_ms;
    int64_t now = s->wall_ms + elapsed + followed(s, elapsed);

    if (elapsed >= STRETCH_MS) {
        s->mono_ms += elapsed;
        s->wall_ms = now;
        s->gap_ms = clock_wall_ms(s->under) - now;
    }
    return now;
}

static int64_t steady_mono(void *ctx)
{
    const struct steady_clock *s = ctx;

    return clock_mono_ms(s->under);
}

void steady_clock_init(struct steady_clock *s, const struct clock *under, int64_t not_before_ms)
{
    int64_t wall = clock_wall_ms(under);

    s->port = (struct clock){steady_wall, steady_mono, s};
    s->under = under;
    s->mono_ms = clock_mono_ms(under);
    s->wall_ms = wall > not_before_ms ? wall : not_before_ms;
    s->gap_ms = wall - s->wall_ms;
}
