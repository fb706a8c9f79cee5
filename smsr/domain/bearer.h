/* SPDX-License-Identifier: Apache-2.0 */
/* Which bearer an order for a card takes, in one place: what the EIS says the card can, what the route of
 * its enabled profile allows, what kind of command it is and how large, the order in which who asks for it
 * wants them tried, else the route's, and what was heard of the card lately by each. */
#pragma once

#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"

/* Silent so often in a row, a bearer is tried behind the others until it has rested (bearer_rest), or
 * something was heard over it. */
#define BEARER_MISSES 2u

struct bearer_ask {
    const struct env *env;
    const struct euicc *e;
    const struct operation *op;
    enum bearer after;             /* the one that failed this operation: the next one; BEARER_NONE: first */
    bool fenced;                   /* it was armed there, and its fence shows that it did not run */
    int64_t now;
};
struct bearer_choice {
    enum bearer bearer;            /* BEARER_NONE: no way */
    const struct route *route;     /* of a data bearer */
    const char *why;               /* as it is recorded; NULL: there was nothing to choose */
};
/* CreateISDP and SendData: HTTPS or CAT_TP. EnableProfile, DisableProfile, DeleteProfile: SMS, whatever
 * else was asked for in vain, or one of the others where it is preferred. */
struct bearer_choice bearer_choose(const struct bearer_ask *ask);
/* The route on which this data bearer can be used now; NULL: none. */
const struct route *bearer_route(const struct env *env, const struct euicc *e, enum bearer b);
/* It is one of those this operation may be tried over now. */
bool bearer_fits(const struct env *env, const struct euicc *e, const struct operation *op, enum bearer b);
