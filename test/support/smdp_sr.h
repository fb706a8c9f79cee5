/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR of the SM-DP's world: inside of smdp_world only. */
#pragma once

#include "test/support/smdp_world.h"

int dpw_link_call(void *ctx, const struct oid *smsr, struct envelope *e);
void dpw_link_ack(void *ctx, const struct oid *smsr, uint64_t number);
void dpw_sr_link(struct dp_world *w); /* the connection came or went */
bool dpw_sr_step(struct dp_world *w); /* one request or one delivery */
void dpw_sr_fini(struct dp_world *w);
