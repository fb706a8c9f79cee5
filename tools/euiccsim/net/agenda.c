/* SPDX-License-Identifier: Apache-2.0 */
/* Binary heap ordered by due time, then by order of insertion. */
#include "tools/euiccsim/net/agenda.h"

#include "common/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>

#define AGENDA_MAX (1u << 24)      /* happenings; more means something feeds itself */

void agenda_fini(struct agenda *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->h[i].unit);
    free(q->h);
    *q = (struct agenda){0};
}

static bool before(const struct happening *a, const struct happening *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->seq < b->seq;
}

int agenda_put(struct agenda *q, const struct happening *h)
{
    size_t i = q->n;

    if (q->n == q->cap) {
        size_t cap = q->cap ? 2 * q->cap : 256;
        struct happening *grown;

        if (cap > AGENDA_MAX)
            return ERR_NOMEM;
        grown = realloc(q->h, cap * sizeof(*grown));
        if (!grown)
            return ERR_NOMEM;
        q->h = grown;
        q->cap = cap;
    }
    q->h[i] = *h;
    q->h[i].seq = ++q->seq;
    q->n++;
    while (i > 0 && before(&q->h[i], &q->h[(i - 1) / 2])) {
        struct happening up = q->h[(i - 1) / 2];

        q->h[(i - 1) / 2] = q->h[i];
        q->h[i] = up;
        i = (i - 1) / 2;
    }
    return ERR_OK;
}

const struct happening *agenda_first(const struct agenda *q)
{
    return q->n ? &q->h[0] : NULL;
}

void agenda_take(struct agenda *q, struct happening *ret)
{
    size_t i = 0;

    *ret = q->h[0];
    q->h[0] = q->h[--q->n];
    for (;;) {
        size_t least = i, l = 2 * i + 1, r = l + 1;
        struct happening swap;

        if (l < q->n && before(&q->h[l], &q->h[least]))
            least = l;
        if (r < q->n && before(&q->h[r], &q->h[least]))
            least = r;
        if (least == i)
            return;
        swap = q->h[i];
        q->h[i] = q->h[least];
        q->h[least] = swap;
        i = least;
    }
}
