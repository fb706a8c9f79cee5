/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs: one is decided at once; what callbacks post meanwhile waits with its octets copied. */
#include "common/engine/engine_int.h"

#include <stdlib.h>

static int decide_one(struct engine *e, const struct input *in)
{
    struct plan *p = engine_plan_begin(e);
    struct agg *a = NULL;
    int err;

    if (!p)
        return engine_fail(e, ERR_NOMEM, "no memory for a plan");
    e->count.inputs++;
    err = overlay_find(e, &in->to, &a);
    if (err)
        return engine_fail(e, err, "state.db: an aggregate cannot be read: %s", err_text(err));
    err = e->app.decide(e->app.ctx, a ? a->obj : NULL, in, p);
    if (err && err != ERR_IO && e->arena.failed) /* it may be no more than what follows from that */
        err = ERR_NOMEM;
    if (err == ERR_STATE)
        e->count.refused++;
    else if (!err)
        err = engine_execute(e, p, &in->to, in);
    if (a && (in->kind == IN_TIMER || in->kind == IN_RESTART))
        sched_tried(e, a, in->kind, err);
    return err;
}

static int keep(struct arena *a, struct span *s)
{
    if (s->n) {
        s->p = arena_dup(a, s->p, s->n);
        return s->p ? ERR_OK : ERR_NOMEM;
    }
    return ERR_OK;
}

/* An input that waits outlives its poster's buffers: the octets move into the turn. */
static int keep_input(struct engine *e, struct input *in)
{
    switch (in->kind) {
    case IN_CALL:
        return keep(&e->arena, &in->u.call.fcid);
    case IN_POR:
        return keep(&e->arena, &in->u.por.data);
    case IN_NOTIFICATION:
        return keep(&e->arena, &in->u.notification.imei);
    case IN_POST: {
        int err = keep(&e->arena, &in->u.post.next_uri);
        return err ? err : keep(&e->arena, &in->u.post.body);
    }
    case IN_SESSION_END:
        return keep(&e->arena, &in->u.session_end.why);
    case IN_CARRIER:
        return keep(&e->arena, &in->u.carrier.text);
    case IN_KEY:
        return keep(&e->arena, &in->u.key.result);
    default:
        return ERR_OK;
    }
}

static int enqueue(struct engine *e, const struct input *in)
{
    struct input copy = *in;
    int err = keep_input(e, &copy);

    if (err)
        return err;
    if (e->n_queue == ENGINE_QUEUE_MAX)
        return ERR_FULL;
    if (e->n_queue == e->cap_queue) {
        size_t cap = e->cap_queue ? e->cap_queue * 2 : 64;
        struct input *q = realloc(e->queue, cap * sizeof *q);
        if (!q)
            return ERR_NOMEM;
        e->queue = q;
        e->cap_queue = cap;
    }
    e->queue[e->n_queue++] = copy;
    return ERR_OK;
}

/* What a decision or a release posted (a key job that ended at once) belongs to the same turn. */
int engine_drain(struct engine *e)
{
    int err = ERR_OK;

    e->deciding = true;
    for (size_t i = 0; i < e->n_queue && !e->failed; i++) {
        struct input next = e->queue[i];
        int sub = decide_one(e, &next);
        if (sub && sub != ERR_STATE && !err)
            err = sub;
    }
    e->n_queue = 0;
    e->deciding = false;
    return err;
}

int engine_post(struct engine *e, const struct input *in)
{
    int err, sub;

    if (e->failed)
        return ERR_IO;
    if (e->deciding || e->releasing)
        return enqueue(e, in);
    e->deciding = true;
    err = decide_one(e, in);
    e->deciding = false;
    sub = engine_drain(e);
    return err ? err : sub;
}
