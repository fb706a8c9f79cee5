/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* accept4 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "test/support/bare_peer.h"

static void step(void *ctx)
{
    struct bare_peer *b = ctx;

    if (b->peer < 0 && b->listener >= 0)
        b->peer = accept4(b->listener, NULL, NULL, SOCK_NONBLOCK);
    if (b->look(b->ctx))
        loop_stop(b->loop);
    else
        loop_timer_at(b->timer, clock_mono_ms(&CLOCK_SYSTEM) + 1);
}

void bare_open(struct bare_peer *b)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);

    *b = (struct bare_peer){.peer = -1};
    b->loop = loop_new();
    b->timer = loop_timer_new(b->loop, step, b);
    b->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(b->listener, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(listen(b->listener, 4), 0);
    assert_int_equal(getsockname(b->listener, (struct sockaddr *)&a, &len), 0);
    (void)snprintf(b->address, sizeof(b->address), "127.0.0.1:%u", ntohs(a.sin_port));
}

void bare_hang_up(struct bare_peer *b)
{
    if (b->peer >= 0)
        close(b->peer);
    b->peer = -1;
}

void bare_close(struct bare_peer *b)
{
    bare_hang_up(b);
    if (b->listener >= 0)
        close(b->listener);
    loop_timer_free(b->timer);
    loop_free(b->loop);
}

void bare_run(struct bare_peer *b, bool (*look)(void *ctx), void *ctx)
{
    b->look = look;
    b->ctx = ctx;
    loop_timer_at(b->timer, clock_mono_ms(&CLOCK_SYSTEM));
    assert_int_equal(loop_run(b->loop), ERR_OK);
}
