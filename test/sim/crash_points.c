/* SPDX-License-Identifier: Apache-2.0 */
/* Deaths of a run, counted at the points of common/engine/crash_point.c. */
#include "test/sim/crash_points.h"

#include "common/engine/crash_point.h"

#include <stdio.h>

void crash_point_draw(enum life_who who, struct rng *rng, enum engine_instant *ret_instant,
                      enum event_type *ret_what)
{
    size_t i;

    do
        i = (size_t)rng_below(rng, CRASH_POINT_COUNT);
    while (CRASH_POINTS[i].who != (enum crash_who)who);
    *ret_instant = CRASH_POINTS[i].instant;
    *ret_what = CRASH_POINTS[i].what;
}

void deaths_add(struct deaths sum[2], const struct deaths more[2])
{
    for (int who = 0; who < 2; who++) {
        for (int h = 0; h < DEATHS; h++)
            sum[who].how[h] += more[who].how[h];
        sum[who].machine += more[who].machine;
        for (int i = 0; i < ENGINE_INSTANTS; i++)
            for (int t = 0; t < EV_TYPE_COUNT; t++)
                sum[who].at[i][t] += more[who].at[i][t];
    }
}

unsigned crash_points_print(const struct deaths sum[2], bool each)
{
    static const char *const WHO[] = {"SM-SR", "SM-DP"};
    unsigned missed = 0;

    for (int who = 0; who < 2; who++)
        printf("%s died %llu times between turns, %llu at an operation of its disk, %llu at an instant of "
               "its engine, %llu at an error of its disk, %llu without memory\n",
               WHO[who], (unsigned long long)sum[who].how[DEATH_BETWEEN],
               (unsigned long long)sum[who].how[DEATH_DISK],
               (unsigned long long)sum[who].how[DEATH_INSTANT],
               (unsigned long long)sum[who].how[DEATH_ERROR],
               (unsigned long long)sum[who].how[DEATH_MEMORY]);
    for (size_t i = 0; i < CRASH_POINT_COUNT; i++) {
        const struct crash_point *p = &CRASH_POINTS[i];
        uint64_t n = sum[p->who].at[p->instant][p->what];

        missed += n == 0;
        if (each)
            printf("crash point %2u %s %-22s %-46s %8llu\n", p->number, WHO[p->who], p->name, p->text,
                   (unsigned long long)n);
    }
    return missed;
}
