/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/turns.h"

#include "common/base/log.h"

#include <stdlib.h>

#define IDLE_MS 2000 /* nothing came for so long: state.db is written, logs are emptied */

struct turns {
    struct loop *loop;
    struct loop_timer *due, *idle;
    struct turns_work work;
    bool stopping, failed;
};

static void fail(struct turns *t)
{
    t->failed = true;
    loop_stop(t->loop);
}

static void turn_end(void *ctx)
{
    struct turns *t = ctx;

    if (t->failed)
        return;
    if (t->work.turn(t->work.ctx)) {
        fail(t);
        return;
    }
    loop_timer_at(t->due, t->work.due(t->work.ctx));
    if (!t->stopping)
        loop_timer_at(t->idle, clock_mono_ms(&CLOCK_SYSTEM) + IDLE_MS);
}

static void on_due(void *ctx)
{
    (void)ctx; /* being woken is all: the turn runs what is due */
}

/* The turn after it re-arms the timer; when there was nothing to do it stays quiet. */
static void on_idle(void *ctx)
{
    struct turns *t = ctx;

    if (!t->failed && t->work.idle(t->work.ctx))
        fail(t);
}

static void on_stop(void *ctx)
{
    struct turns *t = ctx;

    log_notice("main", "stopping");
    t->stopping = true;
    t->work.stop(t->work.ctx);
    loop_stop(t->loop);
}

static void on_reload(void *ctx)
{
    (void)ctx;
    log_notice("main", "SIGHUP: a changed configuration is read at the next start");
}

struct turns *turns_new(void)
{
    struct turns *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->loop = loop_new();
    t->due = t->loop ? loop_timer_new(t->loop, on_due, t) : NULL;
    t->idle = t->due ? loop_timer_new(t->loop, on_idle, t) : NULL;
    if (t->idle)
        return t;
    turns_free(t);
    return NULL;
}

struct loop *turns_loop(struct turns *t)
{
    return t->loop;
}

int turns_run(struct turns *t, const struct turns_work *work, struct errmsg *why)
{
    int err;

    t->work = *work;
    loop_set_turn(t->loop, turn_end, t);
    loop_signals(t->loop, on_stop, on_reload, t);
    err = loop_run(t->loop); /* begins with a turn: what was running goes on */
    if (!t->failed && err)
        return errmsg_set(why, err, "the event loop ended: %s", err_text(err));
    if (t->failed || work->turn(work->ctx))
        return errmsg_set(why, ERR_IO, "%s", work->why(work->ctx));
    return ERR_OK;
}

void turns_free(struct turns *t)
{
    if (!t)
        return;
    loop_timer_free(t->due);
    loop_timer_free(t->idle);
    loop_free(t->loop);
    free(t);
}
