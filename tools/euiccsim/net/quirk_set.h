/* SPDX-License-Identifier: Apache-2.0 */
/* Which behaviours of the field a fleet shows: the card's own (card/quirks.h) and the network's, as
 * `--quirks` names them. */
#pragma once

#include "tools/euiccsim/net/faults.h"
#include "tools/euiccsim/card/quirks.h"

extern const struct quirk_row NET_QUIRKS[];
extern const unsigned NET_QUIRK_COUNT;

#define QUIRKS_MAX 32u
struct quirk_set {
    uint16_t card[QUIRKS_MAX], net[QUIRKS_MAX];      /* per mille, index as in the tables */
};
/* "none", "field" or NAME[=rate] joined by commas, later ones over earlier ones; a name alone means
 * every card. ERR_CONFIG: the sentence names the part that is wrong and the names there are. */
MUST_CHECK int quirk_set_parse(struct span text, struct quirk_set *ret, struct errmsg *why);
/* A seed of this card alone: the same for the same seed and EID. */
uint64_t quirk_seed(uint64_t seed, const struct eid *eid);
/* The quirks of one card: the same for the same seed and EID, whatever else was drawn. */
void quirk_set_draw(const struct quirk_set *q, uint64_t seed, const struct eid *eid,
                    uint32_t *ret_card, uint32_t *ret_net);
