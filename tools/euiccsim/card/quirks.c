/* SPDX-License-Identifier: Apache-2.0 */
/* The quirk table. Rates are guesses that keep every quirk busy in a fleet of a thousand, since
 * nobody publishes figures; the sources say that the behaviour exists. */
#include "tools/euiccsim/card/quirks.h"

const struct card_quirk_row CARD_QUIRKS[] = {
    {QUIRK_REFRESH_POSTPONED, "refresh-postponed",
     "devices that put a UICC reset off while busy (TS 102 223 6.4.7)", 5, "SUCCESS or IN_DOUBT",
     "refresh_waits_for_power"},
    {QUIRK_POR_SWALLOWED, "por-swallowed",
     "devices that reset before SEND SHORT MESSAGE is done", 20, "SUCCESS", "por_never_leaves"},
    {QUIRK_POR_AFTER_NOTIFICATION, "por-after-notification",
     "MO SMS have no order (TS 23.040)", 20, "SUCCESS", "por_after_notification"},
    {QUIRK_POR_FROM_NEW_NUMBER, "por-from-new-number",
     "devices that queue MO SMS over a reset", 20, "SUCCESS", "por_from_new_number"},
    {QUIRK_RECONFIRM_6A88, "reconfirm-6a88",
     "SGP.02 4.1.1.11 is silent on a confirmation that comes twice", 50, "SUCCESS",
     "confirmation_again_6a88"},
    {QUIRK_RECONFIRM_6985, "reconfirm-6985",
     "SGP.02 4.1.1.11 is silent on a confirmation that comes twice", 50, "SUCCESS",
     "confirmation_again_6985"},
    {QUIRK_LINK_CUT, "link-cut", "devices whose BIP channel does not outlive a busy radio", 20,
     "SUCCESS", "link_cut_behind_a_packet"},
};
const unsigned CARD_QUIRK_COUNT = sizeof(CARD_QUIRKS) / sizeof(CARD_QUIRKS[0]);

const struct card_quirk_row *card_quirk_find(struct span name)
{
    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++)
        if (span_eq(name, span_str(CARD_QUIRKS[i].name)))
            return &CARD_QUIRKS[i];
    return NULL;
}

uint32_t card_quirk_draw(struct rng *rng, const uint16_t *per_mille)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++)
        if (rng_below(rng, 1000) < per_mille[i])
            bits |= (uint32_t)CARD_QUIRKS[i].bit;
    return bits;
}
