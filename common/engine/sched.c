/* SPDX-License-Identifier: Apache-2.0 */
/* Due times of mailboxes: a heap whose entries may be stale; the aggregate knows the truth. */
#include "common/engine/engine_int.h"

#include <stdlib.h>

#define SCHED_AGAIN_MS 1000

static bool before(const struct sched_entry *a, const struct sched_entry *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void sift_down(struct engine *e, size_t i)
{
    for (;;) {
        size_t least = i;
        for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < e->n_heap; c++)
            if (before(&e->heap[c], &e->heap[least]))
                least = c;
        if (least == i)
            return;
        struct sched_entry t = e->heap[i];
        e->heap[i] = e->heap[least];
        e->heap[least] = t;
        i = least;
    }
}

int sched_push(struct engine *e, const struct mbox *key, int64_t due)
{
    size_t i = e->n_heap;

    if (due <= 0)
        return ERR_OK;
    if (e->n_heap == e->cap_heap) {
        size_t cap = e->cap_heap ? e->cap_heap * 2 : 1024;
        struct sched_entry *h = realloc(e->heap, cap * sizeof *h);
        if (!h)
            return ERR_NOMEM;
        e->heap = h;
        e->cap_heap = cap;
    }
    e->heap[e->n_heap++] = (struct sched_entry){due, e->order++, *key};
    while (i && before(&e->heap[i], &e->heap[(i - 1) / 2])) {
        struct sched_entry t = e->heap[i];
        e->heap[i] = e->heap[(i - 1) / 2];
        e->heap[(i - 1) / 2] = t;
        i = (i - 1) / 2;
    }
    return ERR_OK;
}

bool sched_pop(struct engine *e, int64_t now, struct mbox *ret)
{
    if (!e->n_heap || e->heap[0].due > now)
        return false;
    *ret = e->heap[0].key;
    e->heap[0] = e->heap[--e->n_heap];
    sift_down(e, 0);
    return true;
}

int64_t agg_due(const struct agg *a)
{
    return a->volatile_due ? a->volatile_due : a->due;
}

/* Drops entries that no longer hold. An aggregate that is not in memory has only its durable time,
 * and then one entry for it. */
static void compact(struct engine *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->n_heap; i++) {
        const struct agg *a = map_get(e->aggs, mbox_span(&e->heap[i].key));
        if (!a || agg_due(a) == e->heap[i].due)
            e->heap[kept++] = e->heap[i];
    }
    e->n_heap = kept;
    for (size_t i = kept / 2; i-- > 0;)
        sift_down(e, i);
}

/* A push per change leaves stale entries behind; sched_pop's caller compares with the aggregate. */
void agg_reschedule(struct engine *e, struct agg *a)
{
    int err;

    if (e->n_heap > 4 * map_count(e->aggs) + 4096 && e->n_heap == e->cap_heap)
        compact(e);
    err = sched_push(e, &a->key, agg_due(a));
    if (err)
        (void)engine_fail(e, err, "no memory for the timer of a mailbox");
}

int64_t engine_next_due(const struct engine *e)
{
    if (e->n_queue)
        return 0; /* posted by the last releases of a turn: decided by the next one */
    return e->n_heap ? e->heap[0].due : INT64_MAX;
}

int engine_run_due(struct engine *e, unsigned max)
{
    struct input in = {.kind = IN_TIMER};
    int64_t now = clock_wall_ms(e->clock);
    struct mbox key;

    for (unsigned i = 0; i < max && sched_pop(e, now, &key); i++) {
        struct agg *a;
        int64_t due;
        int err = overlay_find(e, &key, &a);
        if (err)
            return engine_fail(e, err, "state.db: cannot read the aggregate of a timer");
        if (!a || !a->obj)
            continue;
        due = agg_due(a);
        if (!due || due > now) /* stale: the entry that holds for it stands further back */
            continue;
        a->volatile_due = 0;
        in.to = key;
        err = engine_post(e, &in);
        if (e->failed)
            return err ? err : ERR_IO;
        if (err && err != ERR_STATE)
            e->count.errors++; /* one mailbox's trouble is not the others' */
        /* A decider that left its due in the past would be woken for ever: not at once, then. */
        err = overlay_find(e, &key, &a);
        if (!err && a && !a->volatile_due && a->due && a->due <= now) {
            a->volatile_due = now + SCHED_AGAIN_MS;
            agg_reschedule(e, a);
        }
    }
    return ERR_OK;
}
