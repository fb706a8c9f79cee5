/* SPDX-License-Identifier: Apache-2.0 */
/* Behaviours of cards and devices that are legal or seen, but not what one would draw: each a
 * row with its rate in the mixture `field`, the verdict a correct SM-SR still reaches, and its
 * test. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/rng.h"
#include "tools/euiccsim/card/card.h"

struct card_quirk_row {
    enum card_quirk bit;
    const char *name;            /* as on the command line */
    const char *seen;            /* where it comes from */
    uint16_t field_per_mille;    /* share of cards in the mixture `field`: 0 where another verdict may be true */
    const char *verdict;         /* of an enable that reaches such a card */
    const char *test;            /* case of quirks_test.c, link_channel_test.c or quirks_air_test.c */
};
extern const struct card_quirk_row CARD_QUIRKS[];
extern const unsigned CARD_QUIRK_COUNT;

const struct card_quirk_row *card_quirk_find(struct span name);   /* NULL: no such quirk */
/* Draws one card's bits: rates in per mille, index as in CARD_QUIRKS. Always takes CARD_QUIRK_COUNT
 * numbers from rng, so changing one rate does not shift the others. */
uint32_t card_quirk_draw(struct rng *rng, const uint16_t *per_mille);
