/* SPDX-License-Identifier: Apache-2.0 */
/* A period is believed when two wakes fitted it. Wakes that were missed fit it as well, since a card is heard only
 * when somebody asks it something. */
#include "smsr/domain/reach.h"

#include "common/base/clock.h"

#define PROOFS 2u
#define PERIOD_MAX (7LL * 24 * 3600 * 1000) /* at time scale 1: a longer silence is no sleep, somebody switched
                                             * it off */
#define OFF_PART 8                          /* a wake fits when it is off by less than this part of the period */

/* The packet that waits longest of those sent since the card was heard; 0: none does. */
static int64_t waiting_since(const struct euicc *e)
{
    int64_t since = 0;

    for (unsigned i = 0; i < e->n_packets; i++) {
        int64_t at = e->packets[i].first_sent_ms;
        if (at >= e->reach.seen_ms && (!since || at < since))
            since = at;
    }
    return since;
}

/* How far now is from the nearest wake of the period. */
static int64_t off(const struct reach *r, int64_t now)
{
    int64_t behind = (now - r->woke_ms) % r->period_ms;

    return behind < r->period_ms - behind ? behind : r->period_ms - behind;
}

static bool fits(const struct reach *r, int64_t now)
{
    return r->period_ms && now - r->woke_ms >= r->period_ms - r->period_ms / OFF_PART &&
           off(r, now) < r->period_ms / OFF_PART;
}

/* The silence of before tells how long it was awake. */
static void spell_ended(struct reach *r)
{
    int64_t spell = r->seen_ms - r->woke_ms;

    if (r->woke_ms && spell > r->window_ms)
        r->window_ms = spell;
    if (r->period_ms && r->window_ms > r->period_ms / 4)
        r->window_ms = r->period_ms / 4;
}

static void woke(const struct env *env, struct reach *r, int64_t now)
{
    int64_t apart = now - r->woke_ms, most = clock_scaled(PERIOD_MAX, env->time_scale);

    spell_ended(r);
    if (apart <= most && fits(r, now)) {
        int64_t times = (apart + r->period_ms / 2) / r->period_ms;
        r->period_ms = (3 * r->period_ms + apart / times) / 4;
        r->proofs = (uint8_t)(r->proofs + (r->proofs < UINT8_MAX));
    } else if (r->woke_ms && apart >= env->timer_ms[TIMER_ASLEEP] && apart <= most) {
        r->period_ms = apart;
        r->proofs = 1;
    }
    r->woke_ms = now;
}

bool reach_learns(const struct env *env, const struct euicc *e, int64_t now, struct reach *ret)
{
    int64_t least = env->timer_ms[TIMER_ASLEEP], since = waiting_since(e);
    int64_t silent = now - (since ? since : e->reach.seen_ms);

    *ret = e->reach;
    if (silent >= least) {
        woke(env, ret, now);
        return true;
    }
    if (!since || !ret->period_ms || silent > env->timer_ms[TIMER_RESEND_1] ||
        since - ret->seen_ms < least || off(ret, since) <= ret->window_ms + ret->period_ms / OFF_PART)
        return false;
    ret->period_ms = ret->window_ms = 0;
    ret->proofs = 0;
    ret->woke_ms = now;
    return true;
}

bool reach_sleeps(const struct euicc *e)
{
    return e->reach.proofs >= PROOFS && e->reach.period_ms > 0;
}

int64_t reach_next(const struct env *env, const struct euicc *e, int64_t now)
{
    const struct reach *r = &e->reach;
    int64_t awake = r->window_ms, behind;

    if (!reach_sleeps(e) || now < r->seen_ms)
        return 0;
    if (awake < 2 * env->timer_ms[TIMER_RESEND_1])
        awake = 2 * env->timer_ms[TIMER_RESEND_1];
    behind = (now - r->woke_ms) % r->period_ms;
    if (now - r->seen_ms < awake || behind < awake)
        return 0;
    return now - behind + r->period_ms;
}
