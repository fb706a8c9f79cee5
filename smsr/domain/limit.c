/* SPDX-License-Identifier: Apache-2.0 */
/* Admission limits of one card. */
#include "smsr/domain/limit.h"

#include "common/base/clock.h"

#define HOUR_MS (3600ll * 1000)

bool limit_counts(enum function f)
{
    return f == FN_ENABLE_PROFILE || f == FN_DISABLE_PROFILE || f == FN_DELETE_PROFILE ||
           f == FN_CREATE_ISDP || f == FN_SET_FALLBACK_ATTRIBUTE;
}

enum status_code limit_effects(const struct env *env, const struct euicc *e, int64_t now)
{
    int64_t hour = clock_scaled(HOUR_MS, env->time_scale);
    unsigned recent = 0;

    for (size_t i = 0; i < sizeof e->effect_ms / sizeof *e->effect_ms; i++)
        recent += e->effect_ms[i] && now - e->effect_ms[i] < hour;
    return env->effects_per_hour && recent >= env->effects_per_hour ? ST_RATE : ST_OK;
}

enum status_code limit_rollbacks(const struct env *env, const struct euicc *e, int64_t now)
{
    int64_t day = clock_scaled(24 * HOUR_MS, env->time_scale);
    int64_t rollback = e->rollback_ms[env->rollbacks_per_day == 1 ? 1 : 0];

    return env->rollbacks_per_day && rollback && now - rollback < day ? ST_BREAKER : ST_OK;
}
