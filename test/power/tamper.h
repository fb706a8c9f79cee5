/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody who owns the files: records are changed, taken out, put in, moved, cut off, with and without the
 * chain computed anew (tamper), and bits of the files are turned over (flips). Heads are kept elsewhere. */
#pragma once

#include "test/power/life.h"

#define TAMPER_ROWS 60u /* of the journal that is tampered with */

struct tamper_tally {
    uint64_t tried, found, missed;
    uint64_t kinds[8], harmless, heads_only; /* flips: nothing that counts was hit; the heads alone show it */
};
/* n changes of records; log verify with the heads must find each. */
MUST_CHECK int tamper_rows(const struct power_plan *p, uint64_t seed, uint64_t n, struct tamper_tally *t);
/* n times 1..64 bits of journal.db or state.db and their logs: said to be corrupt, or the data is right. */
MUST_CHECK int tamper_bits(const struct power_plan *p, uint64_t seed, uint64_t n, struct tamper_tally *t);
extern const char *const TAMPER_KINDS[]; /* names, NULL at the end */
