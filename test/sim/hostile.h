/* SPDX-License-Identifier: Apache-2.0 */
/* Parties of a realm that owns no card here, and the fleet manager of the other realm: what they ask for
 * cards that are not theirs is refused in the words of an unknown card, changes nothing, and nothing they
 * hear names anything they did not name themselves (I7). */
#pragma once

#include "test/sim/client.h"

#define HOSTILE_MAX 6u
struct world;
struct hostile {
    struct client rival;           /* an operator at the SM-SR */
    struct client rival_at_dp;     /* the same at the SM-DP */
    struct client rival_fleet, rival_dp, rival_eum;
};
void hostile_init(struct world *w);
/* One of them asks, or floods. */
void hostile_act(struct world *w);
/* What the fleet manager of one realm asks of a card of the other. */
void hostile_other_fleet(struct world *w);
MUST_CHECK int hostile_check(struct world *w, struct errmsg *why); /* at the end */
unsigned hostile_parties(struct world *w, struct client *ret[HOSTILE_MAX]);
/* Not to be accepted: this party has no relation to that card. */
bool hostile_may_not(const struct world *w, const struct oid *party, const struct eid *eid);
