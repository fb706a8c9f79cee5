/* SPDX-License-Identifier: Apache-2.0 */
/* What will happen, by virtual time: a binary heap whose ties keep the order of their making.
 * Inside of the network only. */
#pragma once

#include "common/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct happening {
    int64_t due_ms;
    uint64_t seq;
    uint64_t arg;                 /* connection, message, generation */
    void *unit;                   /* malloc: freed by whoever takes the happening */
    uint32_t who;                 /* device or subscriber */
    uint16_t kind;
    uint16_t op;                  /* operator */
};
struct agenda {
    struct happening *h;
    size_t n, cap;
    uint64_t seq;
};
void agenda_fini(struct agenda *q);                    /* frees the units, too */
/* h->seq is given here. ERR_NOMEM: nothing is taken, the unit stays the caller's. */
MUST_CHECK int agenda_put(struct agenda *q, const struct happening *h);
const struct happening *agenda_first(const struct agenda *q);       /* NULL: empty */
void agenda_take(struct agenda *q, struct happening *ret);   /* the first; must not be empty */
