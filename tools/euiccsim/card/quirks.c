/* SPDX-License-Identifier: Apache-2.0 */
/* The quirk table. Rates are guesses that keep every quirk busy in a fleet of a thousand, since
 * nobody publishes figures; the sources say that the behaviour exists. */
#include "tools/euiccsim/card/quirks.h"

const struct quirk_row CARD_QUIRKS[] = {
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
    {QUIRK_STAYS_SAME, "stays-unconfirmed",
     "SGP.02 3.15.1 leaves open what ends the tries of a card", 5, "SUCCESS", "stays_unconfirmed"},
    {QUIRK_STAYS_RESET, "stays-number-reset", "cards that keep no number over a boot", 5, "SUCCESS",
     "stays_under_another_number"},
    {QUIRK_STAYS_SKIPPED, "stays-number-skipped", "cards that take a number for each try", 5,
     "SUCCESS", "stays_under_another_number"},
    {QUIRK_CALL_LATER, "call-later",
     "devices that refuse OPEN CHANNEL while busy (TS 102 223 8.12)", 0,
     "SUCCESS, EXPIRED when validity ends before", "calls_hours_later"},
    {QUIRK_MEMORY_LATER, "memory-after-reset",
     "Java Cards that collect garbage at a reset", 0,
     "SUCCESS, FAILED when a profile does not fit before", "memory_is_free_behind_a_reset"},
    {QUIRK_MEMORY_BOAST, "memory-optimistic",
     "FF21 counts what no applet can use (TS 102 226 8.2.1.7)", 0,
     "SUCCESS, FAILED when a profile does not fit", "memory_is_less_than_told"},
    {QUIRK_LIST_PAGED, "list-paged", "GET STATUS with 6310 (GlobalPlatform 11.4.3)", 20, "SUCCESS",
     "list_in_pages"},
    {QUIRK_LIST_TRUNCATED, "list-truncated", "R-APDUs cut with 62F1 (TS 102 226 5.2.1)", 0, "SUCCESS",
     "list_truncated"},
    {QUIRK_POR_CLEAR, "por-in-clear", "logs of real cards that were asked to encipher", 20, "SUCCESS",
     "por_in_clear"},
    {QUIRK_RMAC_EACH, "rmac-each", "SGP.02 4.1.3.3 read so that each segment is proven", 20,
     "SUCCESS", "each_segment_is_proven"},
};
const unsigned CARD_QUIRK_COUNT = sizeof(CARD_QUIRKS) / sizeof(CARD_QUIRKS[0]);

const struct quirk_row *quirk_find(const struct quirk_row *rows, unsigned n, struct span name)
{
    for (unsigned i = 0; i < n; i++)
        if (span_eq(name, span_str(rows[i].name)))
            return &rows[i];
    return NULL;
}

uint32_t quirk_draw(struct rng *rng, const struct quirk_row *rows, unsigned n,
                    const uint16_t *per_mille)
{
    uint32_t bits = 0;

    for (unsigned i = 0; i < n; i++)
        if (rng_below(rng, 1000) < per_mille[i])
            bits |= rows[i].bit;
    return bits;
}
