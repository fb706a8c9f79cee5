/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and services. Of the services a package may demand the EIS declares CAT_TP alone; the
 * others hang on the platform, whose list the configuration has from the card's maker. */
#include "smdp/domain/eligible.h"

#include "common/codec/saip.h"

#include <stdio.h>

#define SERVICE_CAT_TP 20u

static enum status_code refuse(struct errmsg *why, enum status_code st, const char *service,
                             const char *what)
{
    (void)errmsg_set(why, ERR_DENIED,
                     "the profile demands %s, %s; choose a profile without it, or another card",
                     service, what);
    return st;
}

static enum status_code platform_fits(const struct dp_platform *p, const struct dp_need *need,
                                    struct errmsg *why)
{
    char of[160];

    (void)snprintf(of, sizeof of, "which platform %s is not listed with", p->name);
    for (unsigned i = 0; i < SAIP_SERVICES; i++)
        if (need->services & ~p->services & 1u << i)
            return refuse(why, DP_ST_FEATURE, saip_service_name(i), of);
    return need->unknown ? refuse(why, DP_ST_FEATURE, "a service that is not known here", of)
                         : ST_OK;
}

enum status_code dp_eligible(const struct dp_env *env, const struct eis *eis,
                           const struct dp_need *need, struct errmsg *why)
{
    const struct dp_platform *p = dp_env_platform(env, eis->capabilities.platform);

    if (eis->remaining_memory && eis->remaining_memory < need->memory) {
        (void)errmsg_set(why, ERR_DENIED,
                         "the profile needs %u octets and the card has %u; delete a profile or "
                         "audit the card",
                         need->memory, eis->remaining_memory);
        return DP_ST_MEMORY;
    }
    if (need->services & 1u << SERVICE_CAT_TP && !eis->capabilities.cattp)
        return refuse(why, DP_ST_FEATURE, saip_service_name(SERVICE_CAT_TP),
                      "which the EIS of this card does not declare");
    return p ? platform_fits(p, need, why) : ST_OK;
}
