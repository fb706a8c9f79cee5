/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in the configuration and the one table of timers (design 3.7). Where SGP.02 leaves a
 * number to the platform, the doc says what it was taken from. */
#include "smdp/domain/env.h"

#include "common/base/clock.h"

#define SECONDS 1000LL
#define MINUTES (60 * SECONDS)
#define HOURS   (60 * MINUTES)

const struct dp_timer_row DP_TIMERS[DP_TIMER_COUNT] = {
    [DP_TIMER_VALIDITY_DOWNLOAD] =
        {"validity_download", 1 * HOURS, 60 * SECONDS, 24 * HOURS,
         "validity period of DownloadProfile when the caller gives none: three "
         "attempts of a quarter of an hour and the switch"},
    [DP_TIMER_VALIDITY_SWITCH] =
        {"validity_switch", 900 * SECONDS, 30 * SECONDS, 24 * HOURS,
         "validity period of Enable, Disable and DeleteProfile when the caller "
         "gives none"},
    [DP_TIMER_VALIDITY_MAX] =
        {"validity_max", 24 * HOURS, 60 * SECONDS, 30 * 24 * HOURS,
         "longest validity period accepted; above it the call is refused with "
         "AcceptableValidityPeriod"},
    [DP_TIMER_CALL_REPEAT] =
        {"call_repeat", 300 * SECONDS, 5 * SECONDS, 24 * HOURS,
         "a call without an answer is repeated under the same identifier after"},
    [DP_TIMER_WAIT] = {"wait", 10 * SECONDS, 1 * SECONDS, 1 * HOURS,
                       "an order behind another one for the same card looks again after"},
    [DP_TIMER_BUSY] = {"busy", 30 * SECONDS, 1 * SECONDS, 1 * HOURS,
                       "a call the SM-SR refused as busy is made anew after"},
    [DP_TIMER_CLEANUP_1] = {"cleanup_1", 60 * SECONDS, 1 * SECONDS, 24 * HOURS,
                            "the first clean-up that failed is made anew after"},
    [DP_TIMER_CLEANUP_2] = {"cleanup_2", 15 * MINUTES, 1 * SECONDS, 24 * HOURS,
                            "the second one after"},
    [DP_TIMER_CLEANUP_3] = {"cleanup_3", 6 * HOURS, 1 * SECONDS, 7 * 24 * HOURS,
                            "every later one after"},
    [DP_TIMER_READ] = {"read", 20 * SECONDS, 1 * SECONDS, 10 * MINUTES,
                       "a read that waits for the SM-SR is answered as inaccessible after"},
};

void dp_timers_default(int64_t ret[DP_TIMER_COUNT], unsigned time_scale)
{
    for (unsigned i = 0; i < DP_TIMER_COUNT; i++)
        ret[i] = clock_scaled(DP_TIMERS[i].default_ms, time_scale);
}

const struct dp_party *dp_env_party(const struct dp_env *env, const struct oid *oid)
{
    for (unsigned i = 0; i < env->n_parties; i++)
        if (oid_eq(&env->parties[i].oid, oid))
            return &env->parties[i];
    return NULL;
}

const struct dp_smsr *dp_env_smsr(const struct dp_env *env, const struct oid *oid)
{
    for (unsigned i = 0; i < env->n_smsrs; i++)
        if (oid_eq(&env->smsrs[i].oid, oid))
            return &env->smsrs[i];
    return NULL;
}

bool dp_env_has_role(const struct dp_party *p, enum party_role role)
{
    return p && role != ROLE_NONE && (p->roles & (1u << (unsigned)role));
}

static bool in_ranges(const struct dp_eid_range *list, unsigned n, const struct eid *eid)
{
    char text[EID_TEXT];

    eid_text(eid, text);
    for (unsigned i = 0; i < n; i++)
        if (strncmp(text, list[i].from, 30) >= 0 && strncmp(text, list[i].to, 30) <= 0)
            return true;
    return false;
}

bool dp_env_is_test(const struct dp_env *env, const struct eid *eid)
{
    return in_ranges(env->test_eids, env->n_test_eids, eid);
}

bool dp_env_is_denied(const struct dp_env *env, const struct eid *eid)
{
    return in_ranges(env->denied_eids, env->n_denied_eids, eid);
}

unsigned dp_env_low(const struct dp_env *env, const struct oid *mno, const char *profile_type)
{
    for (unsigned i = 0; i < env->n_low; i++) {
        const struct dp_low *l = &env->low[i];
        if ((!l->mno.s[0] || oid_eq(&l->mno, mno)) &&
            (!l->profile_type[0] || strcmp(l->profile_type, profile_type) == 0))
            return l->below;
    }
    return 0;
}

const struct dp_platform *dp_env_platform(const struct dp_env *env, struct span name)
{
    for (unsigned i = 0; i < env->n_platforms; i++)
        if (name.n && span_eq(name, span_str(env->platforms[i].name)))
            return &env->platforms[i];
    return NULL;
}

bool dp_env_covers_iccid(const struct dp_party *p, const struct iccid *iccid)
{
    for (unsigned i = 0; i < p->n_iccid; i++)
        if (strncmp(iccid->s, p->iccid_prefix[i], strlen(p->iccid_prefix[i])) == 0)
            return true;
    return false;
}

bool dp_env_covers_imsi(const struct dp_party *p, const struct imsi *imsi)
{
    for (unsigned i = 0; i < p->n_plmn; i++)
        if (strncmp(imsi->s, p->plmn[i].s, strlen(p->plmn[i].s)) == 0)
            return true;
    return false;
}
