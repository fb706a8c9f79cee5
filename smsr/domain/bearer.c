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
    case BEARER_SMS:
        return route->sms ? route : NULL;
    default:
        return NULL;
    }
}

struct bearer_choice bearer_for_command(const struct env *env, const struct euicc *e)
{
    const struct route *cattp = bearer_route(env, e, BEARER_CATTP);

    if (cattp && cattp->cattp_commands)
        return (struct bearer_choice){BEARER_CATTP, cattp, "the route lists CAT_TP before SMS"};
    return (struct bearer_choice){BEARER_SMS, bearer_route(env, e, BEARER_SMS),
                                  "the card, or the order of its route, has no CAT_TP for it"};
}

struct bearer_choice bearer_for_data(const struct env *env, const struct euicc *e)
{
    const struct route *https = bearer_route(env, e, BEARER_HTTPS);
    const struct route *cattp = bearer_route(env, e, BEARER_CATTP);

    if (cattp && (!https || cattp->cattp_first))
        return (struct bearer_choice){BEARER_CATTP, cattp,
                                      https ? "the route lists CAT_TP before HTTPS"
                                            : "the card or its route has no HTTPS"};
    if (https)
        return (struct bearer_choice){BEARER_HTTPS, https,
                                      cattp ? "the route lists HTTPS before CAT_TP"
                                            : "the card or its route has no CAT_TP"};
    return (struct bearer_choice){BEARER_NONE, NULL, "the card and its route share no data bearer"};
}
