/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/domain/bearer.h"

const struct route *bearer_route(const struct env *env, const struct euicc *e, enum bearer b)
{
    const struct euicc_profile *on = euicc_enabled(e);
    const struct route *route = on ? env_route(env, &on->mno, on->profile_type) : NULL;

    if (!route)
        return NULL;
    switch (b) {
    case BEARER_HTTPS:
        return route->https && e->http && e->psk_kvn ? route : NULL;
    case BEARER_CATTP:
        return route->cattp && e->cattp ? route : NULL;
    default:
        return NULL;
    }
}

struct bearer_choice bearer_for_command(const struct env *env, const struct euicc *e)
{
    const struct route *cattp = bearer_route(env, e, BEARER_CATTP);

    if (cattp && cattp->cattp_commands)
        return (struct bearer_choice){BEARER_CATTP, cattp, "the route lists CAT_TP before SMS"};
    return (struct bearer_choice){BEARER_SMS, NULL, NULL};
}

struct bearer_choice bearer_for_data(const struct env *env, const struct euicc *e)
{
    const struct route *https = bearer_route(env, e, BEARER_HTTPS);
    const struct route *cattp = bearer_route(env, e, BEARER_CATTP);

    if (cattp && (!https || cattp->cattp_first))
        return (struct bearer_choice){BEARER_CATTP, cattp,
                                      https ? "the route lists CAT_TP before HTTPS"
                                            : "the card or its route has no HTTPS"};
    return (struct bearer_choice){https ? BEARER_HTTPS : BEARER_NONE, https, NULL};
}
