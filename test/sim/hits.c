/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the faults, and where their counts come from. */
#include "test/sim/hits.h"

#include "test/sim/alloc.h"
#include "test/sim/world_int.h"

static const char *const NAMES[WORLD_HITS] = {
    [HIT_MT_LOST] = "sms-to-card-lost",
    [HIT_MO_LOST] = "sms-from-card-lost",
    [HIT_POR_LOST] = "por-lost",
    [HIT_DUPLICATED] = "sms-duplicated",
    [HIT_DELAYED] = "sms-delayed",
    [HIT_CORRUPTED] = "sms-corrupted",
    [HIT_LATE] = "sms-late",
    [HIT_EXPIRED] = "sms-expired",
    [HIT_OUTAGE] = "smsc-outage",
    [HIT_MT_OUTAGE] = "sms-to-card-in-outage",
    [HIT_MO_OUTAGE] = "sms-from-card-in-outage",
    [HIT_STREAM_CUT] = "stream-cut",
    [HIT_STREAM_REFUSED] = "stream-refused",
    [HIT_DATAGRAM_LOST] = "datagram-lost",
    [HIT_DATAGRAM_DOUBLED] = "datagram-doubled",
    [HIT_DATAGRAM_DELAYED] = "datagram-delayed",
    [HIT_UDP_CUT] = "udp-channel-cut",
    [HIT_CARD_DARK_BEFORE] = "card-power-lost-before-write",
    [HIT_CARD_DARK_DURING] = "card-power-lost-in-script",
    [HIT_CARD_DARK_AFTER] = "card-power-lost-after-write",
    [HIT_CARD_TIGHT] = "card-memory-tight",
    [HIT_CARD_KEEPS_MEMORY] = "card-memory-not-returned",
    [HIT_CARD_FULL] = "card-memory-full",
    [HIT_CALLED] = "card-called-by-itself",
    [HIT_POWER_CYCLED] = "device-power-cycled",
    [HIT_MOVED] = "device-moved",
    [HIT_CLOCK_BACK] = "clock-set-back",
    [HIT_CLOCK_FORWARD] = "clock-set-forward",
    [HIT_CLOCK_DRIFTS] = "clock-drifts",
    [HIT_FOREIGN_CARD] = "asked-for-foreign-card",
    [HIT_UNKNOWN_CARD] = "asked-for-unknown-card",
    [HIT_FLOOD] = "flood",
    [HIT_CARD_FLOOD] = "flood-of-a-card",
    [HIT_LINK_CUT] = "party-link-cut",
    [HIT_CALL_REPEATED] = "call-repeated",
    [HIT_SMSR_BETWEEN] = "smsr-died-between-turns",
    [HIT_SMSR_DISK] = "smsr-died-at-disk-operation",
    [HIT_SMSR_INSTANT] = "smsr-died-at-instant",
    [HIT_SMSR_ERROR] = "smsr-stopped-at-disk-error",
    [HIT_SMSR_MEMORY] = "smsr-stopped-without-memory",
    [HIT_SMDP_BETWEEN] = "smdp-died-between-turns",
    [HIT_SMDP_DISK] = "smdp-died-at-disk-operation",
    [HIT_SMDP_INSTANT] = "smdp-died-at-instant",
    [HIT_SMDP_ERROR] = "smdp-stopped-at-disk-error",
    [HIT_SMDP_MEMORY] = "smdp-stopped-without-memory",
    [HIT_SMSR_NO_ALLOC] = "smsr-allocation-failed",
    [HIT_SMDP_NO_ALLOC] = "smdp-allocation-failed",
    [HIT_DISK_READ] = "disk-read-error",
    [HIT_DISK_WRITE] = "disk-write-error",
    [HIT_DISK_SYNC] = "disk-sync-error",
    [HIT_DISK_TRUNCATE] = "disk-truncate-error",
    [HIT_KEYS_SLOW] = "keystore-slow",
    [HIT_MACHINE_LOST] = "unsynced-writes-lost",
    [HIT_PACED] = "operation-paced",
    [HIT_UNROUTED] = "number-not-routed",
    [HIT_MO_UNROUTED] = "sms-from-card-not-routed",
    [HIT_BACK_FOR_NUMBER] = "rolled-back-for-its-number",
    [HIT_BACK_UNHEARD] = "rolled-back-not-routed",
    [HIT_ADDRESS_MOVED] = "address-moved",
    [HIT_ADDRESS_IN_OPERATION] = "address-moved-in-operation",
    [HIT_CALL_DEFERRED] = "call-over-data-sessions",
    [HIT_FALLBACK_MOVED] = "fallback-moved",
    [HIT_POL1_UPDATED] = "pol1-updated-by-its-owner",
    [HIT_POL1_REFUSED] = "refused-by-pol1",
    [HIT_POL1_DELETED] = "deleted-by-pol1",
    [HIT_SLEEPER] = "device-sleeps",
    [HIT_WAKE_DEADLINE] = "wake-deadline",
    [HIT_NEXT_CONTACT] = "at-next-contact",
    [HIT_MT_STORED] = "sms-kept-for-sleeper",
    [HIT_QUIRK_REFRESH_POSTPONED] = "quirk-refresh-postponed",
    [HIT_QUIRK_POR_SWALLOWED] = "quirk-por-swallowed",
    [HIT_QUIRK_POR_AFTER_NOTIFICATION] = "quirk-por-after-notification",
    [HIT_QUIRK_POR_FROM_NEW_NUMBER] = "quirk-por-from-new-number",
    [HIT_QUIRK_RECONFIRM_6A88] = "quirk-reconfirm-6a88",
    [HIT_QUIRK_RECONFIRM_6985] = "quirk-reconfirm-6985",
    [HIT_QUIRK_LINK_CUT] = "quirk-link-cut",
    [HIT_QUIRK_STAYS_SAME] = "quirk-stays-unconfirmed",
    [HIT_QUIRK_STAYS_RESET] = "quirk-stays-number-reset",
    [HIT_QUIRK_STAYS_SKIPPED] = "quirk-stays-number-skipped",
    [HIT_QUIRK_CALL_LATER] = "quirk-call-later",
    [HIT_QUIRK_MEMORY_LATER] = "quirk-memory-after-reset",
    [HIT_QUIRK_MEMORY_BOAST] = "quirk-memory-optimistic",
    [HIT_QUIRK_LIST_PAGED] = "quirk-list-paged",
    [HIT_QUIRK_LIST_TRUNCATED] = "quirk-list-truncated",
    [HIT_QUIRK_POR_CLEAR] = "quirk-por-in-clear",
    [HIT_QUIRK_RMAC_EACH] = "quirk-rmac-each",
    [HIT_PART_LATE] = "sms-part-hours-late",
    [HIT_REPLAYED] = "sms-replayed",
    [HIT_SWALLOWED] = "sms-swallowed",
    [HIT_LIED] = "sms-delivered-by-report-alone",
    [HIT_TOOLKIT_BUSY] = "toolkit-busy",
    [HIT_STREAM_RESTED] = "stream-dead-at-rest",
    [HIT_STREAM_LEFT] = "stream-left-half-open",
};

const char *world_hit_name(enum world_hit h)
{
    return (unsigned)h < WORLD_HITS ? NAMES[h] : "unknown";
}

static void of_network(const struct world *w, uint64_t *hits)
{
    struct simnet_stats s;

    simnet_stats(w->net, &s);
    hits[HIT_MT_LOST] += s.mt_lost;
    hits[HIT_MO_LOST] += s.mo_lost;
    hits[HIT_POR_LOST] += s.por_lost;
    hits[HIT_DUPLICATED] += s.mt_duplicated + s.mo_duplicated;
    hits[HIT_DELAYED] += s.mt_delayed + s.mo_delayed;
    hits[HIT_MO_UNROUTED] += s.mo_unrouted;
    hits[HIT_CORRUPTED] += s.mt_corrupted + s.mo_corrupted;
    hits[HIT_LATE] += s.mt_late;
    hits[HIT_EXPIRED] += s.mt_expired;
    hits[HIT_MT_OUTAGE] += s.mt_outage;
    hits[HIT_MO_OUTAGE] += s.mo_outage;
    hits[HIT_STREAM_CUT] += s.streams_cut;
    hits[HIT_STREAM_REFUSED] += s.streams_refused;
    hits[HIT_DATAGRAM_LOST] += s.datagrams_lost;
    hits[HIT_DATAGRAM_DOUBLED] += s.datagrams_doubled;
    hits[HIT_DATAGRAM_DELAYED] += s.datagrams_delayed;
    hits[HIT_UDP_CUT] += s.udps_cut;
    hits[HIT_MT_STORED] += s.mt_stored;
    hits[HIT_PART_LATE] += s.mt_part_late;
    hits[HIT_REPLAYED] += s.mt_replayed;
    hits[HIT_SWALLOWED] += s.mt_swallowed;
    hits[HIT_LIED] += s.mt_lied;
    hits[HIT_TOOLKIT_BUSY] += s.mt_busy;
    hits[HIT_STREAM_RESTED] += s.streams_rested;
    hits[HIT_STREAM_LEFT] += s.streams_left;
    for (unsigned i = 0; i < 3; i++)
        hits[HIT_CARD_DARK_BEFORE + i] += s.dark[i];
}

/* Counters of a process that end with it. */
void world_count_channel(struct world *w)
{
    const struct channel_counters *n = w->sr ? channel_get_counters(smsr_core_channel(w->sr)) : NULL;

    w->stats.hits[HIT_PACED] += n ? n->operation_paced : 0;
    w->stats.hits[HIT_CALL_DEFERRED] += n ? n->session_deferred : 0;
}

void world_hits_collect(struct world *w)
{
    const struct life *const lives[2] = {&w->sr_life, &w->dp_life};
    uint64_t *hits = w->stats.hits;
    unsigned n;
    struct client *const *all = world_parties(w, &n);

    of_network(w, hits);
    world_count_channel(w);
    for (unsigned who = 0; who < 2; who++)
        hits[HIT_CLOCK_DRIFTS] += w->ranges.drift[who] != 0;
    hits[HIT_LINK_CUT] += w->stats.cuts;
    for (unsigned i = 0; i < n; i++)
        hits[HIT_CALL_REPEATED] += all[i]->repeated;
    for (unsigned who = 0; who < 2; who++) {
        for (unsigned h = 0; h < DEATHS; h++)
            hits[HIT_SMSR_BETWEEN + who * DEATHS + h] += lives[who]->deaths.how[h];
        for (int op = 0; op <= MEMVFS_TRUNCATE; op++)
            hits[HIT_DISK_READ + op] += memvfs_failures(lives[who]->disk, (enum memvfs_op)op);
        hits[HIT_SMSR_NO_ALLOC + who] += alloc_failures((int)who);
        hits[HIT_MACHINE_LOST] += lives[who]->deaths.machine;
    }
    for (unsigned i = 0; i < w->factory.n; i++) {
        hits[HIT_CARD_TIGHT] += w->factory.cards[i].f.memory_bytes < FACTORY_MEMORY;
        hits[HIT_CARD_KEEPS_MEMORY] += (w->factory.cards[i].f.quirks & QUIRK_MEMORY_KEPT) != 0;
        for (unsigned q = 0; q < 6; q++)
            hits[HIT_QUIRK_REFRESH_POSTPONED + q] += w->factory.cards[i].f.quirks >> q & 1u;
        for (unsigned q = 0; q < FACTORY_AIR_QUIRKS; q++)
            hits[HIT_QUIRK_STAYS_SAME + q] += w->factory.cards[i].f.quirks >> (FACTORY_AIR_FIRST + q) & 1u;
        hits[HIT_QUIRK_LINK_CUT] += (w->factory.cards[i].f.quirks & QUIRK_LINK_CUT) != 0;
    }
}
