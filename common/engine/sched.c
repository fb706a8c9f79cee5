/* SPDX-License-Identifier: Apache-2.0 */
/* Due times of mailboxes: a heap whose entries may be stale; the aggregate knows the truth. */
#include "common/engine/engine_int.h"

#include <stdlib.h>

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

/* A push per change leaves stale entries behind; sched_pop's caller compares with the aggregate. */
void agg_reschedule(struct engine *e, struct agg *a)
{
    int64_t due = a->volatile_due ? a->volatile_due : a->due;
    int err = sched_push(e, &a->key, due);

    if (err)
        (void)engine_fail(e, err, "no memory for the timer of a mailbox");
}

int64_t engine_next_due(const struct engine *e)
{
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
        due = a->volatile_due ? a->volatile_due : a->due;
        if (!due || due > now) /* stale: the entry that holds for it stands further back */
            continue;
        a->volatile_due = 0;
        in.to = key;
        err = engine_post(e, &in);
        if (err && err != ERR_STATE)
            return err;
        /* A decider that left its due in the past would be woken for ever: the next turn, not now. */
        err = overlay_find(e, &key, &a);
        if (!err && a && !a->volatile_due && a->due && a->due <= now) {
            a->volatile_due = now + 1;
            agg_reschedule(e, a);
        }
    }
    return ERR_OK;
}
