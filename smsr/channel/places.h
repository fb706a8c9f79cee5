/* SPDX-License-Identifier: Apache-2.0 */
/* Where the datagrams of a carrier come from, while the channel has something there: a number for
 * the channel, and octets by which the carrier finds the place. */
#pragma once

#include "common/base/map.h"

struct places;
/* Numbers count from 1 and bear the bits of mark. NULL: no memory. */
struct places *places_new(size_t max, uint64_t mark);
void places_free(struct places *p);                            /* NULL allowed */
/* The number of this place, known or new; at most MAP_KEY_MAX octets. 0: too many, or no memory. */
uint64_t places_id(struct places *p, struct span where);
/* Valid until it is dropped; empty: no such place. */
struct span places_where(const struct places *p, uint64_t id);
void places_drop(struct places *p, uint64_t id);               /* none: no effect */
