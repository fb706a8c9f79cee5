/* SPDX-License-Identifier: Apache-2.0 */
/* Which bearer an order for a card takes, in one place: what the EIS says the card can, what the
 * route of its enabled profile allows, and the order in which it lists them. */
#pragma once

#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"

struct bearer_choice {
    enum bearer bearer;            /* BEARER_NONE: no way */
    const struct route *route;     /* of a data bearer */
    const char *why;               /* of CAT_TP, which is recorded: the others are the rule */
};
/* CreateISDP and SendData: HTTPS or CAT_TP. */
struct bearer_choice bearer_for_data(const struct env *env, const struct euicc *e);
/* EnableProfile, DisableProfile, DeleteProfile: SMS, or CAT_TP where the route prefers it. */
struct bearer_choice bearer_for_command(const struct env *env, const struct euicc *e);
/* The route on which this data bearer can be used now; NULL: none. */
const struct route *bearer_route(const struct env *env, const struct euicc *e, enum bearer b);
