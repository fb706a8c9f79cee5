/* SPDX-License-Identifier: Apache-2.0 */
/* One process, one seed: SM-SR core, SM-DP core, M cards in their network and the parties outside, on one
 * virtual clock, with the real journal and state code over an in-memory disk. Equal seeds give equal bytes
 * everywhere: the log hash says so. */
#pragma once

#include "smdp/core.h"
#include "smsr/core.h"
#include "test/sim/choice.h"
#include "test/sim/client.h"
#include "test/sim/factory.h"
#include "test/sim/hits.h"
#include "test/sim/life.h"
#include "test/support/memvfs.h"
#include "tools/euiccsim/net/simnet.h"
#include "tools/euiccsim/proof/join.h"

struct world_plan {
    uint64_t seed;
    unsigned cards;
    bool faults;                   /* seeded loss, duplication, reordering, delay, quirks, cuts */
    bool lying;                    /* disks that ignore flushes: this must not go well */
    uint32_t card_quirks, net_quirks; /* every card and device has these ... */
    bool open_end;                 /* ... and they may end otherwise than by SUCCESS */
    bool no_memory;                /* allocations of the daemons fail: not alike in every build */
    bool trace;                    /* print what happens */
    const struct choices_out *without; /* does not happen; NULL: everything does */
    struct choice_kinds *kinds;    /* takes the kinds of choices that are drawn; may be NULL */
};
struct world_stats {
    uint64_t events, operations, downloads, success, failed, rolled_back, expired, in_doubt, refused, cuts,
        turns, records, rows, accepted, orders, notices;
    uint64_t choices, happened;    /* drawn, and not left out */
    int64_t virtual_ms;
    struct deaths deaths[2];       /* of the SM-SR, of the SM-DP */
    uint64_t hits[WORLD_HITS];     /* how often each fault hit: world_hit_name */
    uint8_t log_hash[32];
};

struct world;
/* Cards of the world of this seed where nobody says how many: 8, and in one of two hundred up to 512. */
unsigned world_cards(uint64_t seed);
MUST_CHECK int world_new(const struct world_plan *p, struct world **ret, struct errmsg *why);
void world_free(struct world *w);
/* The whole story: registration, orders and switches as the seed draws them, then quiet, then the end
 * checks. ERR_OK, or why names the invariant that fell and when. */
MUST_CHECK int world_run(struct world *w, struct world_stats *ret, struct errmsg *why);
