/* SPDX-License-Identifier: Apache-2.0 */
/* The timers of a card in one table. SGP.02 3.15 leaves retry counts and periods to the card's
 * configuration, so all figures are choices of this house; time_scale divides them together. */
#include "tools/euiccsim/card/card_int.h"

#define SECOND INT64_C(1000)

static const int64_t TIMERS[CARD_TIMERS] = {
    [CARD_TIMER_ATTACH] = 300 * SECOND,      /* REFRESH to the attach, else roll back */
    [CARD_TIMER_NOTIFY] = 60 * SECOND,       /* from one try of a notification to the next */
    [CARD_TIMER_RESEND] = 10 * SECOND,       /* after an SMS the network did not take */
    [CARD_TIMER_LOSS] = 900 * SECOND,        /* no network in the field, then fall-back (3.16) */
    [CARD_TIMER_SMS_HOLD] = 600 * SECOND,    /* unfinished concatenated SMS */
    [CARD_TIMER_HTTPS_IDLE] = 300 * SECOND,  /* silent server */
    [CARD_TIMER_HTTPS_POLL] = 2 * SECOND,    /* 204 with Next-URI: ask again */
    [CARD_TIMER_CALL_LATER] = 4 * 3600 * SECOND, /* after an OPEN CHANNEL that failed */
    [CARD_TIMER_HTTPS_RETRY] = 10 * SECOND,  /* cut stream, when the trigger has no policy */
};

int64_t timer_ms(const struct card *c, enum card_timer_id t)
{
    return clock_scaled(TIMERS[t], c->w->time_scale);
}
