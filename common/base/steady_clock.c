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

static uint64_t steady_boot(void *ctx)
{
    const struct steady_clock *s = ctx;

    return s->boot;
}

void steady_clock_init(struct steady_clock *s, const struct clock *under, int64_t not_before_ms,
                       struct steady_mark mark)
{
    int64_t wall = clock_wall_ms(under), mono = clock_mono_ms(under), at = wall;
    uint64_t boot = clock_boot(under);

    if (boot && boot == mark.boot && mono >= mark.mono_ms)
        at = mark.at_ms + (mono - mark.mono_ms);
    if (at < not_before_ms)
        at = not_before_ms;
    *s = (struct steady_clock){.port = {steady_wall, steady_mono, s, steady_boot}, .under = under,
                               .mono_ms = mono, .wall_ms = at, .gap_ms = wall - at, .boot = boot};
}

struct steady_mark steady_clock_mark(const struct steady_clock *s)
{
    return (struct steady_mark){s->boot, s->mono_ms, s->wall_ms};
}
