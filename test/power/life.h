/* SPDX-License-Identifier: Apache-2.0 */
/* One daemon on one disk whose power fails again and again: the real engine, journal and state code
 * write a script's records, and after each cut what stands is held against what was told. */
#pragma once

#include "common/journal/journal.h"
#include "test/power/daemon.h"
#include "test/power/script.h"
#include "test/support/memvfs.h"

#define POWER_JOURNAL "/p/journal.db"
#define POWER_STATE   "/p/state-0.db"
#define POWER_HEADS   32u
#define LIFE_CUTS 16u /* then a new disk */

struct power_tally {
    uint64_t cuts, cut_starts, told, at_rest, rebuilt; /* all; at a start; after something was told; ... */
    uint64_t lost, torn, split, differs, broken;
    uint64_t records, turns, first_bad_seed;
};
struct power_plan {
    const char *name; /* of the disk: one at a time has it */
    const struct script *script;
    int (*make)(struct crypto *crypto, struct daemon *ret);
    bool normal; /* the control: the journal with synchronous=NORMAL */
    bool say;    /* print what fell */
};

/* Writes the first rows of the script on a disk and closes it, some of it still in the log files. The heads of
 * all streams as they stand then; abort() when it cannot. */
void power_write(const struct power_plan *p, struct memvfs *disk, size_t rows,
                 struct journal_head heads[POWER_HEADS], size_t *ret_n);

/* At most n cuts on one disk, all drawn from the seed. */
void power_life(const struct power_plan *p, uint64_t seed, uint64_t n, struct power_tally *t);
static inline uint64_t power_faults(const struct power_tally *t)
{
    return t->lost + t->torn + t->split + t->differs + t->broken;
}
