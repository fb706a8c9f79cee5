/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong in a world, counted by name: how often each fault really hit. A fault that no world
 * ever meets proves nothing. */
#pragma once

#include <stdint.h>

enum world_hit {
    HIT_MT_LOST,
    HIT_MO_LOST,
    HIT_POR_LOST,
    HIT_DUPLICATED,
    HIT_DELAYED,
    HIT_CORRUPTED,
    HIT_LATE,
    HIT_EXPIRED,
    HIT_OUTAGE,
    HIT_MT_OUTAGE,
    HIT_MO_OUTAGE,
    HIT_STREAM_CUT,
    HIT_STREAM_REFUSED,
    HIT_DATAGRAM_LOST,
    HIT_DATAGRAM_DOUBLED,
    HIT_DATAGRAM_DELAYED,
    HIT_UDP_CUT,
    HIT_CARD_DARK_BEFORE,
    HIT_CARD_DARK_DURING,
    HIT_CARD_DARK_AFTER,
    HIT_CARD_TIGHT,
    HIT_CARD_KEEPS_MEMORY,
    HIT_CARD_FULL,
    HIT_CALLED,
    HIT_POWER_CYCLED,
    HIT_MOVED,
    HIT_CLOCK_BACK,
    HIT_CLOCK_FORWARD,
    HIT_CLOCK_DRIFTS,
    HIT_FOREIGN_CARD,
    HIT_UNKNOWN_CARD,
    HIT_FLOOD,
    HIT_CARD_FLOOD,
    HIT_LINK_CUT,
    HIT_CALL_REPEATED,
    HIT_SMSR_BETWEEN, /* deaths: in the order of enum death, of either daemon */
    HIT_SMSR_DISK,
    HIT_SMSR_INSTANT,
    HIT_SMSR_ERROR,
    HIT_SMSR_MEMORY,
    HIT_SMDP_BETWEEN,
    HIT_SMDP_DISK,
    HIT_SMDP_INSTANT,
    HIT_SMDP_ERROR,
    HIT_SMDP_MEMORY,
    HIT_SMSR_NO_ALLOC,
    HIT_SMDP_NO_ALLOC,
    HIT_DISK_READ,    /* errors of a disk, died of or not, in the order of enum memvfs_op */
    HIT_DISK_WRITE,
    HIT_DISK_SYNC,
    HIT_DISK_TRUNCATE,
    HIT_KEYS_SLOW,
    HIT_MACHINE_LOST,
    HIT_PACED,
    HIT_CALL_DEFERRED,
    HIT_UNROUTED,
    HIT_MO_UNROUTED,
    HIT_BACK_FOR_NUMBER, /* verdicts in such a network that say so, or that nothing was heard there */
    HIT_BACK_UNHEARD,
    HIT_ADDRESS_MOVED,
    HIT_ADDRESS_IN_OPERATION,
    HIT_FALLBACK_MOVED,
    HIT_POL1_UPDATED,
    HIT_POL1_REFUSED,
    HIT_POL1_DELETED,
    HIT_SLEEPER,
    HIT_MT_STORED,
    HIT_WAKE_DEADLINE,
    HIT_NEXT_CONTACT,
    HIT_QUIRK_REFRESH_POSTPONED, /* quirks: cards that have it, in the order of enum card_quirk */
    HIT_QUIRK_POR_SWALLOWED,
    HIT_QUIRK_POR_AFTER_NOTIFICATION,
    HIT_QUIRK_POR_FROM_NEW_NUMBER,
    HIT_QUIRK_RECONFIRM_6A88,
    HIT_QUIRK_RECONFIRM_6985,
    HIT_QUIRK_LINK_CUT,
    HIT_QUIRK_STAYS_SAME, /* and those about the air */
    HIT_QUIRK_STAYS_RESET,
    HIT_QUIRK_STAYS_SKIPPED,
    HIT_QUIRK_CALL_LATER,
    HIT_QUIRK_MEMORY_LATER,
    HIT_QUIRK_MEMORY_BOAST,
    HIT_QUIRK_LIST_PAGED,
    HIT_QUIRK_LIST_TRUNCATED,
    HIT_QUIRK_POR_CLEAR,
    HIT_QUIRK_RMAC_EACH,
    HIT_PART_LATE,        /* what quirks of networks did */
    HIT_REPLAYED,
    HIT_SWALLOWED,
    HIT_LIED,
    HIT_TOOLKIT_BUSY,
    HIT_STREAM_RESTED,
    HIT_STREAM_LEFT,
    WORLD_HITS
};
/* One row of a report. */
struct world_hits {
    const char *name;
    uint64_t n;
};
const char *world_hit_name(enum world_hit h);

struct world;
/* Sums up what parts of the world counted by themselves; once, at its end. */
void world_hits_collect(struct world *w);
void world_count_channel(struct world *w);
