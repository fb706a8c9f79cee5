/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/udp.h"

#include <stdio.h>
#include <string.h>

static struct world {
    struct loop *loop;
    struct udp *server, *client;
    struct addr at;
    unsigned heard, wanted;
    size_t n;
    uint8_t first;
    bool echo, close_in_it;
} W;

static void on_client(void *ctx, const struct addr *from, struct span s)
{
    (void)ctx;
    assert_int_equal(addr_port(from), udp_port(W.server));
    W.n = s.n;
    if (++W.heard == W.wanted)
        loop_stop(W.loop);
}

static void on_server(void *ctx, const struct addr *from, struct span s)
{
    (void)ctx;
    W.n = s.n;
    W.first = s.n ? s.p[0] : 0;
    if (W.echo)
        assert_int_equal(udp_send(W.server, from, s), ERR_OK);
    else if (++W.heard == W.wanted)
        loop_stop(W.loop);
    if (W.close_in_it) {
        udp_close(W.server);
        W.server = NULL;
        loop_stop(W.loop);
    }
}

static int setup(void **state)
{
    struct errmsg why;

    (void)state;
    memset(&W, 0, sizeof W);
    W.loop = loop_new();
    assert_int_equal(udp_open(W.loop, "127.0.0.1:0", NULL, on_server, NULL, &W.server, &why), ERR_OK);
    assert_true(addr_literal("127.0.0.1", udp_port(W.server), &W.at));
    assert_int_equal(udp_open(W.loop, NULL, &W.at, on_client, NULL, &W.client, &why), ERR_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    udp_close(W.server);
    udp_close(W.client);
    loop_free(W.loop);
    return 0;
}

static void to_and_fro(void **state)
{
    static uint8_t b[UDP_MAX];

    (void)state;
    W.echo = true;
    W.wanted = 3;
    assert_int_equal(udp_send(W.client, &W.at, span_of(b, 1)), ERR_OK);
    assert_int_equal(udp_send(W.client, &W.at, span_of(b, 0)), ERR_OK);
    assert_int_equal(udp_send(W.client, &W.at, span_of(b, UDP_MAX)), ERR_OK);
    assert_int_equal(loop_run(W.loop), ERR_OK);
    assert_int_equal(W.n, UDP_MAX);
}

static void too_long(void **state)
{
    static uint8_t b[UDP_MAX + 1];

    (void)state;
    assert_int_equal(udp_send(W.client, &W.at, span_of(b, sizeof b)), ERR_TOO_LARGE);
}

/* Nobody at the port: the machine says so by ICMP, and the socket goes on. */
static void nobody_there(void **state)
{
    struct addr nowhere;
    struct udp *gone;
    struct errmsg why;

    (void)state;
    assert_int_equal(udp_open(W.loop, "127.0.0.1:0", NULL, on_server, NULL, &gone, &why), ERR_OK);
    assert_true(addr_literal("127.0.0.1", udp_port(gone), &nowhere));
    udp_close(gone);
    for (unsigned i = 0; i < 3; i++) {
        int err = udp_send(W.client, &nowhere, span_str("x"));
        assert_true(err == ERR_OK || err == ERR_IO);
    }
    W.wanted = 1;
    while (udp_send(W.client, &W.at, span_str("y")))
        ;
    assert_int_equal(loop_run(W.loop), ERR_OK);
    assert_int_equal(W.first, 'y');
}

static void closed_by_its_own_datagram(void **state)
{
    (void)state;
    W.close_in_it = true;
    W.wanted = 100;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(udp_send(W.client, &W.at, span_str("x")), ERR_OK);
    assert_int_equal(loop_run(W.loop), ERR_OK);
    assert_int_equal(W.heard, 1);
}

static void addresses_refused(void **state)
{
    static const char *const BAD[] = {"", "127.0.0.1", "127.0.0.1:x", ":1", "127.0.0.1:65536"};
    struct errmsg why;
    struct udp *u;
    char taken[32];

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(udp_open(W.loop, BAD[i], NULL, on_server, NULL, &u, &why), ERR_CONFIG);
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%u", (unsigned)udp_port(W.server));
    assert_int_equal(udp_open(W.loop, taken, NULL, on_server, NULL, &u, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, taken));
    assert_null(u);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(to_and_fro), T(too_long), T(nobody_there), T(closed_by_its_own_datagram), T(addresses_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
