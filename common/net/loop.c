/* SPDX-License-Identifier: Apache-2.0 */
/* The turn over libevent: one batch of ready events, then turn_end, then deferred tasks (design law
 * 1, 4). */
#include "common/net/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#define SIGNALS 3

struct loop {
    struct event_base *base;
    void (*turn_end)(void *ctx);
    void *turn_ctx;
    struct list tasks;
    uint64_t serial;
    bool stopped;
    bool stopping; /* the first SIGTERM or SIGINT came */
    void (*on_stop)(void *ctx);
    void (*on_reload)(void *ctx);
    void *signal_ctx;
    struct event *signals[SIGNALS];
};

struct loop_timer {
    struct event *ev;
    void (*fire)(void *ctx);
    void *ctx;
    int64_t at;
};

struct loop *loop_new(void)
{
    struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return NULL;
    list_init(&l->tasks);
    l->base = event_base_new();
    if (!l->base) {
        free(l);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    return l;
}

static void loop_run_tasks(struct loop *l)
{
    for (struct list *it = list_pop(&l->tasks); it; it = list_pop(&l->tasks)) {
        struct loop_task *t = LIST_ENTRY(it, struct loop_task, item);
        t->armed = false;
        t->run(t->ctx);
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    loop_run_tasks(l);
    for (size_t i = 0; i < SIGNALS; i++) {
        if (l->signals[i])
            event_free(l->signals[i]);
    }
    event_base_free(l->base);
    free(l);
}

void loop_set_turn(struct loop *l, void (*turn_end)(void *ctx), void *ctx)
{
    l->turn_end = turn_end;
    l->turn_ctx = ctx;
}

void loop_task_init(struct loop_task *t, void (*run)(void *ctx), void *ctx)
{
    *t = (struct loop_task){.run = run, .ctx = ctx};
    list_init(&t->item);
}

void loop_defer(struct loop *l, struct loop_task *t)
{
    if (t->armed)
        return;
    t->armed = true;
    list_push(&l->tasks, &t->item);
}

void loop_undefer(struct loop_task *t)
{
    if (t->armed)
        list_del(&t->item);
    t->armed = false;
}

uint64_t loop_serial(struct loop *l)
{
    return ++l->serial;
}

static void timer_fired(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *t = arg;
    (void)fd;
    (void)what;
    /* libevent counts from the start of the batch that armed it: never early by our clock. */
    if (clock_mono_ms(&CLOCK_SYSTEM) < t->at)
        loop_timer_at(t, t->at);
    else
        t->fire(t->ctx);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx)
{
    struct loop_timer *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->fire = fire;
    t->ctx = ctx;
    t->ev = event_new(l->base, -1, 0, timer_fired, t);
    if (!t->ev) {
        free(t);
        return NULL;
    }
    return t;
}

void loop_timer_at(struct loop_timer *t, int64_t at_mono_ms)
{
    if (at_mono_ms < 0) {
        event_del(t->ev);
        return;
    }
    t->at = at_mono_ms;
    int64_t left = at_mono_ms - clock_mono_ms(&CLOCK_SYSTEM);
    if (left < 0)
        left = 0;
    struct timeval tv = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    event_add(t->ev, &tv);
}

void loop_timer_free(struct loop_timer *t)
{
    if (!t)
        return;
    event_free(t->ev);
    free(t);
}

static void signal_came(evutil_socket_t sig, short what, void *arg)
{
    struct loop *l = arg;
    (void)what;
    if (sig == SIGHUP) {
        if (l->on_reload)
            l->on_reload(l->signal_ctx);
        return;
    }
    if (l->stopping || !l->on_stop) {
        loop_stop(l);
        return;
    }
    l->stopping = true;
    l->on_stop(l->signal_ctx);
}

void loop_signals(struct loop *l, void (*on_stop)(void *ctx), void (*on_reload)(void *ctx),
                  void *ctx)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    l->on_stop = on_stop;
    l->on_reload = on_reload;
    l->signal_ctx = ctx;
    for (size_t i = 0; i < SIGNALS; i++) {
        if (l->signals[i])
            continue;
        l->signals[i] = evsignal_new(l->base, numbers[i], signal_came, l);
        if (l->signals[i])
            event_add(l->signals[i], NULL);
    }
}

static void loop_end_turn(struct loop *l)
{
    if (l->turn_end)
        l->turn_end(l->turn_ctx);
    loop_run_tasks(l);
}

int loop_run(struct loop *l)
{
    l->stopped = false;
    loop_end_turn(l);
    while (!l->stopped) {
        int rc = event_base_loop(l->base, EVLOOP_ONCE);
        loop_end_turn(l);
        if (rc < 0)
            return ERR_IO;
        if (rc > 0 && !l->stopped)
            return ERR_STATE;
    }
    return ERR_OK;
}

void loop_stop(struct loop *l)
{
    l->stopped = true;
}

void *loop_base(struct loop *l)
{
    return l->base;
}
