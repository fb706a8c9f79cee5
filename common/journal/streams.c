/* SPDX-License-Identifier: Apache-2.0 */
/* The newest record of each stream, in memory: a sorted array, since streams are few and rarely
 * new. */
#include "common/journal/journal_int.h"

#include <stdlib.h>

static size_t position(const struct streams *s, uint32_t stream)
{
    size_t low = 0, high = s->n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (s->v[mid].stream < stream)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct journal_head *streams_get(const struct streams *s, uint32_t stream)
{
    size_t i = position(s, stream);

    return i < s->n && s->v[i].stream == stream ? &s->v[i] : NULL;
}

int streams_make(struct streams *s, uint32_t stream, struct journal_head **ret)
{
    size_t i = position(s, stream), cap;
    struct journal_head *v;

    if (i < s->n && s->v[i].stream == stream) {
        *ret = &s->v[i];
        return ERR_OK;
    }
    if (s->n >= JOURNAL_STREAMS_MAX)
        return ERR_FULL;
    if (s->n == s->cap) {
        cap = s->cap == 0 ? 16 : s->cap * 2;
        v = realloc(s->v, cap * sizeof(*v));
        if (v == NULL)
            return ERR_NOMEM;
        s->v = v;
        s->cap = cap;
    }
    memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof(s->v[0]));
    s->v[i] = (struct journal_head){.stream = stream};
    memcpy(s->v[i].hash, CHAIN_GENESIS, sizeof(s->v[i].hash));
    s->n++;
    *ret = &s->v[i];
    return ERR_OK;
}

void streams_fini(struct streams *s)
{
    free(s->v);
    *s = (struct streams){NULL, 0, 0};
}
