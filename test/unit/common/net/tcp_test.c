/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_net */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/mem.h"
#include "common/net/tcp.h"
#include "test/support/bare_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct world {
    struct bare_peer bare;
    struct tcp *tcp;
    unsigned opened, closed;
    char why[200];
    struct buf got, peer_got;
    bool echo, hang_up, close_in_bytes;
    bool (*until)(struct world *w);
};

static void on_opened(void *ctx)
{
    struct world *w = ctx;

    w->opened++;
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct world *w = ctx;

    buf_add_span(&w->got, bytes);
    if (w->close_in_bytes) {
        tcp_close(w->tcp);
        w->tcp = NULL;
    }
}

static void on_closed(void *ctx, const char *why)
{
    struct world *w = ctx;

    w->closed++;
    (void)snprintf(w->why, sizeof w->why, "%s", why);
}

static bool look(void *ctx)
{
    struct world *w = ctx;
    uint8_t b[4096];
    ssize_t n;

    while (w->bare.peer >= 0 && (n = recv(w->bare.peer, b, sizeof b, 0)) > 0) {
        buf_add(&w->peer_got, b, (size_t)n);
        if (w->echo)
            assert_int_equal(send(w->bare.peer, b, (size_t)n, MSG_NOSIGNAL), n);
    }
    if (w->hang_up)
        bare_hang_up(&w->bare);
    return w->until(w);
}

static void run(struct world *w, bool (*until)(struct world *w))
{
    w->until = until;
    bare_run(&w->bare, look, w);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    assert_non_null(w);
    bare_open(&w->bare);
    buf_init(&w->got, 1u << 24);
    buf_init(&w->peer_got, 1u << 24);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    tcp_close(w->tcp);
    bare_close(&w->bare);
    buf_fini(&w->got);
    buf_fini(&w->peer_got);
    free(w);
    return 0;
}

static int dial(struct world *w, const char *address)
{
    const struct tcp_events ev = {on_opened, on_bytes, on_closed, w};
    struct errmsg why;

    return tcp_dial(w->bare.loop, address, 60000, &ev, &w->tcp, &why);
}

static bool is_open(struct world *w)
{
    return w->opened > 0 && w->bare.peer >= 0;
}

static bool is_closed(struct world *w)
{
    return w->closed > 0;
}

static bool all_back(struct world *w)
{
    return w->got.n >= 1000000 || w->closed;
}

static bool closed_itself(struct world *w)
{
    return w->tcp == NULL;
}

static void octets_go_both_ways(void **state)
{
    static uint8_t big[1000000];
    struct world *w = *state;

    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)(i * 7 >> 3);
    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    assert_int_equal(tcp_send(w->tcp, span_str("early")), ERR_STATE);
    run(w, is_open);
    w->echo = true;
    for (size_t at = 0; at < sizeof big; at += 100000)
        assert_int_equal(tcp_send(w->tcp, span_of(big + at, 100000)), ERR_OK);
    run(w, all_back);
    assert_int_equal(w->closed, 0);
    assert_true(span_eq(buf_span(&w->got), span_of(big, sizeof big)));
    assert_int_equal(w->opened, 1);
}

static void the_other_end_goes(void **state)
{
    struct world *w = *state;

    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, is_open);
    w->hang_up = true;
    run(w, is_closed);
    assert_string_equal(w->why, "the other end closed the connection");
    assert_int_equal(tcp_send(w->tcp, span_str("x")), ERR_STATE);
    assert_int_equal(w->closed, 1);
}

static void nobody_listens(void **state)
{
    struct world *w = *state;

    close(w->bare.listener);
    w->bare.listener = -1;
    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, is_closed);
    assert_string_equal(w->why, "Connection refused");
    assert_int_equal(w->opened, 0);
}

static void a_name_nobody_knows(void **state)
{
    struct world *w = *state;

    assert_int_equal(dial(w, "no-such-name.invalid:2775"), ERR_OK);
    run(w, is_closed);
    assert_non_null(strstr(w->why, "no-such-name.invalid"));
}

static void what_is_no_address(void **state)
{
    struct world *w = *state;

    assert_int_equal(dial(w, "127.0.0.1"), ERR_CONFIG);
    assert_null(w->tcp);
    assert_int_equal(dial(w, ":99999"), ERR_CONFIG);
}

static void what_waits_is_bounded(void **state)
{
    static uint8_t big[TCP_UNSENT_MAX];
    struct world *w = *state;

    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, is_open);
    assert_int_equal(tcp_send(w->tcp, span_of(big, sizeof big)), ERR_OK);
    assert_int_equal(tcp_send(w->tcp, span_of(big, 1)), ERR_FULL);
}

static void closed_from_inside(void **state)
{
    struct world *w = *state;

    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, is_open);
    w->echo = w->close_in_bytes = true;
    assert_int_equal(tcp_send(w->tcp, span_str("hello")), ERR_OK);
    run(w, closed_itself);
    assert_int_equal(w->closed, 0);
    assert_int_equal(w->got.n, 5);
}

/* --- connections that come in --- */
struct hall {
    struct world *w;
    struct tcp *in[4];
    unsigned n;
};

static void on_accepted(void *ctx, struct tcp *t)
{
    struct hall *h = ctx;

    assert_true(h->n < 4);
    h->in[h->n++] = t;
}

static void hall_open(struct world *w, struct hall *h, unsigned max, struct tcp_server **ret)
{
    struct errmsg why;

    *h = (struct hall){.w = w};
    assert_int_equal(tcp_listen(w->bare.loop, "127.0.0.1:0", max, on_accepted, h, ret, &why),
                     ERR_OK);
    (void)snprintf(w->bare.address, sizeof w->bare.address, "127.0.0.1:%u", tcp_server_port(*ret));
}

/* What was accepted, as the world's connection. */
static void attend(struct world *w, struct tcp *t)
{
    const struct tcp_events ev = {on_opened, on_bytes, on_closed, w};

    tcp_attend(t, &ev);
}

static struct hall *HALL;
static bool accepted(struct world *w)
{
    return HALL->n > 0 && w->opened > 0;
}

static bool five_octets(struct world *w)
{
    return w->got.n >= 5;
}

static void a_connection_comes_in(void **state)
{
    struct world *w = *state, other = {0};
    struct tcp_server *s;
    struct hall h;

    HALL = &h;
    hall_open(w, &h, 2, &s);
    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, accepted);
    buf_init(&other.got, 100);
    attend(&other, h.in[0]);
    assert_int_equal(tcp_send(h.in[0], span_str("hello")), ERR_OK);
    tcp_finish(h.in[0]); /* what waits leaves, then the end */
    run(w, is_closed);
    assert_true(five_octets(w));
    assert_string_equal(w->why, "the other end closed the connection");
    tcp_server_close(s);
    buf_fini(&other.got);
}

/* The second finds no place: it is closed at once, and the first stays. */
static void no_more_than_there_is_room_for(void **state)
{
    struct world *w = *state;
    struct tcp *second = NULL;
    struct tcp_server *s;
    struct errmsg why;
    struct hall h;
    const struct tcp_events ev = {on_opened, on_bytes, on_closed, w};

    HALL = &h;
    hall_open(w, &h, 1, &s);
    assert_int_equal(dial(w, w->bare.address), ERR_OK);
    run(w, accepted);
    assert_int_equal(tcp_dial(w->bare.loop, w->bare.address, 60000, &ev, &second, &why), ERR_OK);
    run(w, is_closed);
    assert_int_equal(h.n, 1);
    tcp_close(second);
    tcp_close(h.in[0]);
    tcp_server_close(s);
}

static void a_port_in_use_is_named(void **state)
{
    struct world *w = *state;
    struct tcp_server *s, *again;
    struct errmsg why;
    struct hall h;

    hall_open(w, &h, 1, &s);
    assert_int_equal(tcp_listen(w->bare.loop, w->bare.address, 1, on_accepted, &h, &again, &why),
                     ERR_CONFIG);
    assert_non_null(strstr(why.text, "is in use"));
    tcp_server_close(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(octets_go_both_ways), T(the_other_end_goes), T(nobody_listens), T(a_name_nobody_knows),
        T(what_is_no_address),  T(what_waits_is_bounded), T(closed_from_inside), T(a_connection_comes_in), T(no_more_than_there_is_room_for),
        T(a_port_in_use_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
