/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of what dials: a bare socket on loopback, looked at between the events of a loop. A
 * test that uses it names remora_test_support first in its Links line. */
#pragma once

#include <stdbool.h>

#include "common/net/loop.h"

struct bare_peer {
    struct loop *loop;
    struct loop_timer *timer;
    int listener, peer;            /* peer -1: nobody has dialled, or was hung up on */
    char address[32];              /* of the listener */
    bool (*look)(void *ctx);
    void *ctx;
};

void bare_open(struct bare_peer *b);
void bare_close(struct bare_peer *b);
void bare_hang_up(struct bare_peer *b);
/* The loop runs until look, which comes again and again, says that it has seen enough; who dials is
 * taken before it comes. */
void bare_run(struct bare_peer *b, bool (*look)(void *ctx), void *ctx);
