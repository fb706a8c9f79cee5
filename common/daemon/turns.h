/* SPDX-License-Identifier: Apache-2.0 */
/* One loop around a core: sockets and time in, one commit a turn, then output (design 4). */
#pragma once

#include "common/base/err.h"
#include "common/net/loop.h"

/* What the loop asks of a core; ctx is handed to each. */
struct turns_work {
    /* Runs what is due and commits; an error is the end, and why then has the sentence. */
    int (*turn)(void *ctx);
    /* When the next turn is needed without an input; monotonic ms, -1: never. */
    int64_t (*due)(void *ctx);
    /* Nothing came for 2 s: writes behind. An error is the end. */
    int (*idle)(void *ctx);
    /* A signal asks for the end: nothing new is taken from now on. */
    void (*stop)(void *ctx);
    const char *(*why)(void *ctx);
    void *ctx;
};

struct turns;
struct turns *turns_new(void);     /* NULL when out of memory */
struct loop *turns_loop(struct turns *t);
/* Turns until SIGTERM or SIGINT (ERR_OK behind a last turn) or a fault (ERR_IO, why). */
MUST_CHECK int turns_run(struct turns *t, const struct turns_work *work, struct errmsg *why);
void turns_free(struct turns *t);
