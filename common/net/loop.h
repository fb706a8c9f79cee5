/* SPDX-License-Identifier: Apache-2.0 */
/* One libevent loop per process (design 4). A turn: all ready inputs -> on_turn_end (decide, commit,
 * release) -> frees. Signals and timers come in as ordinary callbacks. */
#pragma once

#include "common/base/clock.h"
#include "common/base/err.h"

struct loop;
struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Called once after every batch of ready events, before the loop sleeps again. */
void loop_set_turn(struct loop *l, void (*turn_end)(void *ctx), void *ctx);
/* One timer for the earliest due of the owner: re-armed by every call; at_mono_ms < 0 disarms. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *l, void (*fire)(void *ctx), void *ctx);
void loop_timer_at(struct loop_timer *t, int64_t at_mono_ms);
void loop_timer_free(struct loop_timer *t);
/* SIGTERM and SIGINT: on_stop once; a second signal ends the loop at once. SIGHUP: on_reload. */
void loop_signals(struct loop *l, void (*on_stop)(void *ctx), void (*on_reload)(void *ctx), void *ctx);
MUST_CHECK int loop_run(struct loop *l);        /* until loop_stop */
void loop_stop(struct loop *l);
void *loop_base(struct loop *l);                /* the event_base, for net/ only */
