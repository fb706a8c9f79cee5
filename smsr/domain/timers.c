/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of timers (design 3.7). Where SGP.02 leaves a number to the platform, the doc says
 * what it was taken from. */
#include "smsr/domain/env.h"

#include "common/base/clock.h"

#define SECONDS 1000
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)

const struct timer_row TIMERS[TIMER_COUNT] = {
    [TIMER_VALIDITY_ENABLE] =
        {"validity_enable", 900 * SECONDS, 30 * SECONDS, 24 * HOURS,
         "validity period of Enable and DisableProfile when the caller gives none"},
    [TIMER_VALIDITY_DOWNLOAD] = {"validity_download", 900 * SECONDS, 30 * SECONDS, 24 * HOURS,
                                 "validity period of SendData for each 20,000 octets begun"},
    [TIMER_VALIDITY_OTHER] = {"validity_other", 180 * SECONDS, 10 * SECONDS, 24 * HOURS,
                              "validity period of every other function"},
    [TIMER_VALIDITY_MAX] = {"validity_max", 24 * HOURS, 60 * SECONDS, 30LL * 24 * HOURS,
                            "longest validity period accepted; above it the call is refused with "
                            "AcceptableValidityPeriod"},
    [TIMER_RESEND_1] = {"resend_1", 60 * SECONDS, 1 * SECONDS, 24 * HOURS,
                        "same bytes again, this long after the first time"},
    [TIMER_RESEND_2] = {"resend_2", 180 * SECONDS, 1 * SECONDS, 24 * HOURS,
                        "same bytes again, this long after the second time"},
    [TIMER_RESEND_3] = {"resend_3", 600 * SECONDS, 1 * SECONDS, 24 * HOURS,
                        "same bytes again, this long after every later time"},
    [TIMER_FENCE_1] = {"fence_1", 1 * MINUTES, 1 * SECONDS, 24 * HOURS,
                       "first fence is repeated after"},
    [TIMER_FENCE_2] = {"fence_2", 5 * MINUTES, 1 * SECONDS, 24 * HOURS,
                       "second fence is repeated after"},
    [TIMER_FENCE_3] = {"fence_3", 15 * MINUTES, 1 * SECONDS, 24 * HOURS,
                       "third fence is repeated after"},
    [TIMER_FENCE_4] = {"fence_4", 60 * MINUTES, 1 * SECONDS, 48 * HOURS,
                       "fourth fence is repeated after"},
    [TIMER_FENCE_5] = {"fence_5", 6 * HOURS, 1 * SECONDS, 72 * HOURS,
                       "fifth fence is repeated after"},
    [TIMER_FENCE_6] = {"fence_6", 24 * HOURS, 1 * SECONDS, 7LL * 24 * HOURS,
                       "every later fence is repeated after"},
    [TIMER_SESSION_HOLD] = {"session_hold", 20 * SECONDS, 1 * SECONDS, 120 * SECONDS,
                            "an administration session or a CAT_TP link waits this long for the "
                            "next command"},
    [TIMER_SESSION_IDLE] = {"session_idle", 120 * SECONDS, 5 * SECONDS, 1 * HOURS,
                            "a cut administration session may be resumed this long; an answer over a "
                            "CAT_TP link is waited for"},
    [TIMER_NOTIFICATION_WAIT] = {"notification_wait", 600 * SECONDS, 10 * SECONDS, 24 * HOURS,
                                 "after a 9000 without a notification the card is audited"},
    [TIMER_CONFIRM_RESEND] = {"confirm_resend", 20 * SECONDS, 1 * SECONDS, 1 * HOURS,
                              "the confirmation is sent again after"},
    [TIMER_ROLLBACK_WINDOW] =
        {"rollback_window", (300 + 5 * 60) * SECONDS, 10 * SECONDS, 24 * HOURS,
         "longest time in which a card without confirmation rolls back: 300 s to "
         "attach and 5 notifications 60 s apart (card configuration; the "
         "specification gives no number)"},
    [TIMER_BEARER_REST] = {"bearer_rest", 24 * HOURS, 10 * SECONDS, 30LL * 24 * HOURS,
                           "a bearer that was silent twice in a row on a card is tried behind the "
                           "others this long"},
    [TIMER_WAKE_DEADLINE] = {"wake_deadline", 72 * HOURS, 60 * SECONDS, 30LL * 24 * HOURS,
                             "longest wait for a card that sleeps, when the caller names no wake "
                             "deadline of its own; a longer one than this and validity_max is refused"},
    [TIMER_ASLEEP] = {"asleep", 30 * MINUTES, 60 * SECONDS, 24 * HOURS,
                      "a card silent for so long while a packet waits for it, or calling behind so "
                      "long a silence, is taken to have slept"},
    [TIMER_RESEND_MAX] = {"resend_max", 6 * HOURS, 1 * SECONDS, 7LL * 24 * HOURS,
                          "longest pause between two times of the same bytes; it grows with the "
                          "card's silence, by half of it"},
};

void timers_default(int64_t ret[TIMER_COUNT], unsigned time_scale)
{
    for (unsigned i = 0; i < TIMER_COUNT; i++)
        ret[i] = clock_scaled(TIMERS[i].default_ms, time_scale);
}

bool timers_validity_is_short(const int64_t timer_ms[TIMER_COUNT], unsigned time_scale)
{
    int64_t transit = clock_scaled(60 * SECONDS, time_scale);
    return timer_ms[TIMER_VALIDITY_ENABLE] < timer_ms[TIMER_ROLLBACK_WINDOW] + 2 * transit;
}
