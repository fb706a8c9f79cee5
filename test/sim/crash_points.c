/* SPDX-License-Identifier: Apache-2.0 */
/* One table: number, instant, and the record whose fate tells it. What is missing here has no code yet
 * (standby and failover 2, 6, 23-28; KEK and certificate reload 33, 34; SM-SR change 40-44; approvals,
 * configuration, retention, settlement 45-48) or lies inside SQLite and the disk (29-32: the cuts at an
 * operation of the disk). */
#include "test/sim/crash_points.h"

#include <stdio.h>

enum { SR = LIFE_SMSR, DP = LIFE_SMDP };

static const struct {
    unsigned number;
    int who;
    enum engine_instant instant;
    enum event_type what;
    const char *text;
} POINTS[] = {
    {1, SR, ENGINE_APPENDED, EV_OPERATION_ACCEPTED, "request decided, nothing durable"},
    {3, SR, ENGINE_COMMITTED, EV_OPERATION_ACCEPTED, "request durable, before the reply"},
    {4, SR, ENGINE_RELEASED, EV_OPERATION_ACCEPTED, "replied, nothing armed yet"},
    {5, SR, ENGINE_APPENDED, EV_OPERATION_ARMED, "inside the arming transaction"},
    {5, SR, ENGINE_APPENDED, EV_PACKET_ARMED, "inside the arming transaction of a packet"},
    {7, SR, ENGINE_COMMITTED, EV_OPERATION_ARMED, "armed and durable, not sent"},
    {7, SR, ENGINE_COMMITTED, EV_STEP_OPENED, "step of a session durable, not sent"},
    {9, SR, ENGINE_RELEASED, EV_OPERATION_ARMED, "sent, nothing noted of it"},
    {11, SR, ENGINE_APPENDED, EV_OPERATION_ANSWERED, "PoR received, not durable"},
    {12, SR, ENGINE_COMMITTED, EV_OPERATION_ANSWERED, "PoR durable, no timer set"},
    {13, SR, ENGINE_APPENDED, EV_NOTIFICATION_RECEIVED, "notification received, decision not durable"},
    {14, SR, ENGINE_COMMITTED, EV_NOTIFICATION_RECEIVED, "decision durable, confirmation not sent"},
    {15, SR, ENGINE_RELEASED, EV_PACKET_ARMED, "confirmation or fence sent, no answer yet"},
    {16, SR, ENGINE_APPENDED, EV_OPERATION_CONCLUDED, "answer received, verdict not durable"},
    {17, SR, ENGINE_APPENDED, EV_PROFILE_ENABLED, "inside the transaction of the verdict"},
    {18, SR, ENGINE_COMMITTED, EV_OPERATION_CONCLUDED, "verdict durable, nobody told"},
    {19, SR, ENGINE_APPENDED, EV_DELIVERY_ACKNOWLEDGED, "delivery heard, not noted"},
    {20, SR, ENGINE_APPENDED, EV_OPERATION_EXPIRED, "deadline passed, fence not armed"},
    {21, SR, ENGINE_COMMITTED, EV_OPERATION_IN_DOUBT, "in doubt, fence not sent"},
    {22, SR, ENGINE_APPENDED, EV_EUICC_AUDITED, "fence answered, result not durable"},
    {22, SR, ENGINE_APPENDED, EV_PROFILE_ROLLED_BACK, "fence answered, roll-back not durable"},
    {35, SR, ENGINE_APPENDED, EV_ISDP_CREATED, "ISD-P created, not durable"},
    {37, SR, ENGINE_APPENDED, EV_STEP_ANSWERED, "segment answered, not durable"},
    {37, SR, ENGINE_COMMITTED, EV_STEP_ANSWERED, "segment answered, next one not opened"},
    {38, SR, ENGINE_COMMITTED, EV_PROFILE_INSTALLED, "download complete, SM-DP not answered"},
    {1, DP, ENGINE_APPENDED, EV_ORDER_ACCEPTED, "order decided, nothing durable"},
    {3, DP, ENGINE_COMMITTED, EV_ORDER_ACCEPTED, "order durable, before the reply"},
    {36, DP, ENGINE_COMMITTED, EV_ORDER_ADVANCED, "keys of the step sealed, card not asked"},
    {37, DP, ENGINE_APPENDED, EV_ORDER_ADVANCED, "answer of the card received, not durable"},
    {39, DP, ENGINE_APPENDED, EV_PROFILE_INSTALLED, "installed, keys not yet wiped"},
    {39, DP, ENGINE_COMMITTED, EV_ORDER_CONCLUDED, "order concluded, operator not told"},
    {19, DP, ENGINE_COMMITTED, EV_RELAY_RECEIVED, "delivery of the SM-SR noted, not acknowledged"},
};

#define N_POINTS (sizeof POINTS / sizeof *POINTS)

void crash_point_draw(enum life_who who, struct rng *rng, enum engine_instant *ret_instant,
                      enum event_type *ret_what)
{
    size_t i;

    do
        i = (size_t)rng_below(rng, N_POINTS);
    while (POINTS[i].who != (int)who);
    *ret_instant = POINTS[i].instant;
    *ret_what = POINTS[i].what;
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
               "its engine\n",
               WHO[who], (unsigned long long)sum[who].how[DEATH_BETWEEN],
               (unsigned long long)sum[who].how[DEATH_DISK],
               (unsigned long long)sum[who].how[DEATH_INSTANT]);
    for (size_t i = 0; i < N_POINTS; i++) {
        uint64_t n = sum[POINTS[i].who].at[POINTS[i].instant][POINTS[i].what];

        missed += n == 0;
        if (each)
            printf("crash point %2u %s %-46s %8llu\n", POINTS[i].number, WHO[POINTS[i].who],
                   POINTS[i].text, (unsigned long long)n);
    }
    return missed;
}
