/* SPDX-License-Identifier: Apache-2.0 */
/* One libevent loop per process (design 4). A turn: all ready inputs -> on_turn_end (decide,
 * commit, release) -> frees. Signals and timers come in as ordinary callbacks. */
#pragma once

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/list.h"

#include <stdint.h>

struct loop;
/* NULL when out of memory. Ignores SIGPIPE in the whole process: a peer that goes away is an error
 * of its write, never the end of a daemon. */
struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Called once after every batch of ready events, before the loop sleeps again, and once when
 * loop_run begins: what was prepared before it has its turn, too. */
void loop_set_turn(struct loop *l, void (*turn_end)(void *ctx), void *ctx);
/* One timer for the earliest due of the owner: re-armed by every call; at_mono_ms < 0 disarms. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx);
void loop_timer_at(struct loop_timer *t, int64_t at_mono_ms);
void loop_timer_free(struct loop_timer *t);
/* SIGTERM and SIGINT: on_stop once; a second signal ends the loop at once. SIGHUP: on_reload. */
void loop_signals(struct loop *l, void (*on_stop)(void *ctx), void (*on_reload)(void *ctx),
                  void *ctx);
/* Until loop_stop. ERR_STATE when nothing is left that could ever wake it, ERR_IO when polling
 * fails. */
MUST_CHECK int loop_run(struct loop *l);
void loop_stop(struct loop *l); /* after the turn that is running */
/* A job for the end of the turn, after on_turn_end and before the loop sleeps: one write for all
 * that was queued, frees that must not happen inside a callback. The task is the caller's memory
 * and runs once for each loop_defer; a task must not cause input for the turn that has just been
 * closed. */
struct loop_task {
    struct list item;
    void (*run)(void *ctx);
    void *ctx;
    bool armed;
};
void loop_task_init(struct loop_task *t, void (*run)(void *ctx), void *ctx);
void loop_defer(struct loop *l, struct loop_task *t); /* no effect while it is armed */
void loop_undefer(struct loop_task *t);
uint64_t loop_serial(struct loop *l); /* 1, 2, 3 ...: names connections of this process */
void *loop_base(struct loop *l);      /* the event_base, for net/ only */
