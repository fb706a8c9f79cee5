/* SPDX-License-Identifier: Apache-2.0 */
/* Real records to be written again: what both daemons of a simulated world journalled, in order. */
#pragma once

#include "common/base/mem.h"
#include "common/proc/proc.h"

#define SCRIPT_SECRET 32 /* room for the id of a secret */

struct script_row {
    enum event_type type;
    uint32_t stream;
    int64_t at_ms;
    struct uuid op;
    struct eid eid;
    struct mbox to;
    struct span body; /* with the secrets of this row */
};
struct script {
    struct script_row *rows;
    size_t n, cap;
    struct arena mem;
};
/* Row i brings the secret i, and every fifth row ends that of the fourth before it. */
struct span script_secret_id(size_t i, char dst[SCRIPT_SECRET]);
static inline bool script_secret_stands(size_t i, size_t n_rows)
{
    return i < n_rows && (i % 5 != 0 || i + 4 >= n_rows);
}

/* The journals of the world with this seed, at most `max` rows each. */
MUST_CHECK int script_record(uint64_t seed, unsigned cards, size_t max, struct script *ret_smsr,
                             struct script *ret_smdp, struct errmsg *why);
void script_fini(struct script *s);
/* Row i as an event whose spans live in a; its secrets are set. */
MUST_CHECK int script_event(const struct script *s, size_t i, struct arena *a, struct event *ret);
