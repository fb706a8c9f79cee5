/* SPDX-License-Identifier: Apache-2.0 */
/* Due times of mailboxes: a heap whose entries may be stale; the aggregate knows the truth. */
#include "common/engine/engine_int.h"

#include <stdlib.h>

#define SCHED_AGAIN_MS 1000
#define SCHED_DOUBLED_MAX 8 /* about four minutes */

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

/* Soon at first, then so rarely that a card whose trouble lasts costs nothing. */
static void wake_again(struct engine *e, struct agg *a)
{
    unsigned doubled = a->tries > SCHED_DOUBLED_MAX ? SCHED_DOUBLED_MAX : a->tries;

    a->volatile_due = clock_wall_ms(e->clock) + ((int64_t)SCHED_AGAIN_MS << doubled);
    agg_reschedule(e, a);
}

void sched_tried(struct engine *e, struct agg *a, enum input_kind kind, int err)
{
    if (!err || err == ERR_STATE) {
        a->tries = 0;
        a->restart_owed = a->restart_owed && kind != IN_RESTART;
        return;
    }
    if (err == ERR_IO) /* the disk is not one mailbox's trouble (law 11) */
        (void)engine_fail(e, err, "a timer or restart cannot be decided: %s", err_text(err));
    if (e->failed)
        return;
    e->count.errors++;
    if (e->app.trouble)
        e->app.trouble(e->app.ctx, &a->key, err);
    a->restart_owed = a->restart_owed || kind == IN_RESTART;
    wake_again(e, a);
    a->tries++;
}

int64_t engine_next_due(const struct engine *e)
{
    if (e->n_queue)
        return 0; /* posted by the last releases of a turn: decided by the next one */
    return e->n_heap ? e->heap[0].due : INT64_MAX;
}

/* One mailbox's trouble is not the others'. */
static int run_one(struct engine *e, struct agg *a, const struct mbox *key, int64_t now)
{
    struct input in = {.kind = a->restart_owed ? IN_RESTART : IN_TIMER, .to = *key};
    int err;

    a->volatile_due = 0;
    err = engine_post(e, &in);
    if (e->failed)
        return err ? err : ERR_IO;
    err = overlay_find(e, key, &a);
    if (err || !a || a->volatile_due || !a->due)
        return ERR_OK;
    /* A decider that left its due in the past would be woken for ever: not at once, then. */
    if (a->due <= now)
        wake_again(e, a);
    else if (in.kind == IN_RESTART) /* the moved time stood in place of the durable one */
        agg_reschedule(e, a);
    return ERR_OK;
}

int engine_run_due(struct engine *e, unsigned max)
{
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
        err = run_one(e, a, &key, now);
        if (err)
            return err;
    }
    return ERR_OK;
}
