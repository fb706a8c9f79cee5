/* SPDX-License-Identifier: Apache-2.0 */
/* Behaviours of cards and devices that are legal or seen, but not what one would draw: each a
 * row with its rate in the mixture `field`, the verdict a correct SM-SR still reaches, and its
 * test. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/rng.h"
#include "tools/euiccsim/card/card.h"

/* Of cards here, of networks and devices in net/quirk_set.h. */
struct quirk_row {
    uint32_t bit;                /* enum card_quirk or enum net_quirk */
    const char *name;            /* as on the command line */
    const char *seen;            /* where it comes from */
    uint16_t field_per_mille;    /* share in the mixture `field`: 0 where another verdict may be true, or
                                  * it takes long */
    const char *verdict;         /* of an enable that reaches such a card or device */
    const char *test;            /* case of a test of card/ or net/ */
};
extern const struct quirk_row CARD_QUIRKS[];
extern const unsigned CARD_QUIRK_COUNT;

/* In a table of n rows; NULL: no such quirk. */
const struct quirk_row *quirk_find(const struct quirk_row *rows, unsigned n, struct span name);
/* Draws the bits of one card or device: rates in per mille, index as in the table. Always takes n
 * numbers from rng, so changing one rate does not shift the others. */
uint32_t quirk_draw(struct rng *rng, const struct quirk_row *rows, unsigned n,
                    const uint16_t *per_mille);
