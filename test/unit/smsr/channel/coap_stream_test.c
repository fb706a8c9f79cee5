/* SPDX-License-Identifier: Apache-2.0 */
/* TCP streams over CoAP (README.md, "TCP streams"): delayed or cut, never altered. */
#include "test/unit/smsr/channel/coap_world.h"

/* --- streams --- */

static void stream_open(void)
{
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=r1-1", ""), COAP_CREATED);
    assert_string_equal(W.last.location, "bip/tcp/r1-1");
    assert_int_equal(W.opens, 1);
}

static void stream_opens_once(void **state)
{
    (void)state;
    stream_open();
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=r1-1", ""), COAP_CREATED);
    assert_int_equal(W.opens, 1);
    assert_int_equal(post("bip/tcp/open", "n=other&conn=r1-1", ""), COAP_CREATED);
    assert_int_equal(W.opens, 2);
    assert_int_equal(post("bip/tcp/open", "n=sim", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=open", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=A", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=a/b", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/open", "n=sim&conn=1234567890123456789012345", ""),
                     COAP_BAD_REQUEST);
    assert_int_equal(W.opens, 2);
}

static void pieces_by_offset(void **state)
{
    (void)state;
    stream_open();
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=0", "abc"), COAP_CHANGED);
    assert_string_equal(W.last_text, "3");
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=0", "abc"), COAP_CHANGED);
    assert_string_equal(W.last_text, "3");
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=5", "f"), COAP_CHANGED);
    assert_string_equal(W.last_text, "3");
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=2", "cde"), COAP_CHANGED);
    assert_string_equal(W.last_text, "6");
    assert_int_equal(W.in.n, 6);
    assert_memory_equal(W.in.p, "abcdef", 6);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim", "g"), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=6", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("bip/tcp/r1-2", "n=sim&o=0", "g"), COAP_NOT_FOUND);
    assert_int_equal(post("bip/tcp/r1-1", "n=other&o=6", "g"), COAP_NOT_FOUND);
    assert_int_equal(W.closes, 0);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=16390", "g"), COAP_CONFLICT);    /* broken */
    assert_int_equal(W.closes, 1);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=6", "g"), COAP_NOT_FOUND);
}

static void deleted_by_the_network(void **state)
{
    (void)state;
    stream_open();
    ask(COAP_DELETE, "bip/tcp/r1-1", "n=sim", span_of("", 0));
    assert_int_equal(W.last.code, COAP_DELETED);
    assert_int_equal(W.closes, 1);
    ask(COAP_DELETE, "bip/tcp/r1-1", "n=sim", span_of("", 0));
    assert_int_equal(W.last.code, COAP_DELETED);
    assert_int_equal(W.closes, 1);
}

static bool deleted(void)
{
    return W.deletes > 0;
}

static void closed_after_all_is_covered(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    static uint8_t data[30000];

    (void)state;
    stream_open();
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of(data, sizeof data)), ERR_OK);
    c->stream_close(c->ctx, W.conn);
    c->stream_close(c->ctx, W.conn);
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of(data, 1)), ERR_CLOSED);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=0", "late"), COAP_CHANGED); /* unread */
    run_until(deleted);
    assert_int_equal(W.net_in.n, sizeof data);
    assert_int_equal(W.in.n, 0);
    assert_int_equal(W.closes, 0);
    assert_int_equal(W.deletes, 1);
    assert_int_equal(post("bip/tcp/r1-1", "n=sim&o=4", "x"), COAP_NOT_FOUND);
}

static bool closed(void)
{
    return W.closes > 0;
}

static void network_forgot_the_stream(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);

    (void)state;
    stream_open();
    W.refuse = 1;
    W.refuse_code = COAP_NOT_FOUND;
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of("x", 1)), ERR_OK);
    run_until(closed);
    assert_int_equal(W.deletes, 0);
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of("x", 1)), ERR_CLOSED);
    assert_int_equal(c->stream_send(c->ctx, 4711, span_of("x", 1)), ERR_CLOSED);
}

static bool arrived_all(void)
{
    return W.net_in.n == W.wanted;
}

static void network_has_no_room_now(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    static uint8_t data[5000];

    (void)state;
    rng_fill(&W.rng, data, sizeof data);
    stream_open();
    W.refuse = 3;
    W.refuse_code = COAP_UNAVAILABLE;
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of(data, sizeof data)), ERR_OK);
    W.wanted = sizeof data;
    run_until(arrived_all);
    assert_memory_equal(W.net_in.p, data, sizeof data);
    assert_int_equal(W.closes, 0);
}

static void queue_is_bounded(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    static uint8_t data[65536];

    (void)state;
    stream_open();
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of(data, sizeof data)), ERR_OK);
    assert_int_equal(c->stream_send(c->ctx, W.conn, span_of(data, 1)), ERR_FULL);
}

/* --- both directions at once, datagrams repeated and reordered --- */

#define BULK 200000u
static uint8_t DOWN[BULK], UP[BULK];
static size_t down_at, up_at;

static void net_piece_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    uint64_t next;

    (void)ctx;
    (void)tag;
    assert_int_equal(r->code, COAP_CHANGED);
    assert_true(r->payload.n > 0 && r->payload.n < 10);
    snprintf(W.last_text, sizeof W.last_text, "%.*s", (int)r->payload.n,
             (const char *)r->payload.p);
    next = strtoull(W.last_text, NULL, 10);
    assert_int_equal(byte_stream_covered(&W.tx, next), ERR_OK);
}

static void net_pump(void)
{
    struct coap_msg m = {.method = COAP_POST, .confirmable = true, .path = "bip/tcp/r1-1"};
    uint64_t offset;

    if (up_at < BULK) {
        size_t n = BULK - up_at < 5000 ? BULK - up_at : 5000;
        if (byte_stream_put(&W.tx, span_of(UP + up_at, n)) == ERR_OK)
            up_at += n;
    }
    while (byte_stream_next(&W.tx, &offset, &m.payload)) {
        snprintf(m.query, sizeof m.query, "n=sim&o=%llu", (unsigned long long)offset);
        assert_int_equal(coap_send_request(W.smsr, &m, net_piece_done, NULL, 0), ERR_OK);
        byte_stream_sent(&W.tx, m.payload.n);
    }
}

static bool bulk_done(void)
{
    const struct carrier *c = coap_carrier_port(W.cc);

    net_pump();
    if (down_at < BULK) {
        size_t n = BULK - down_at < 7000 ? BULK - down_at : 7000;
        if (c->stream_send(c->ctx, W.conn, span_of(DOWN + down_at, n)) == ERR_OK)
            down_at += n;
    }
    return W.in.n == BULK && W.net_in.n == BULK && byte_stream_drained(&W.tx);
}

static void bulk_both_ways(void **state)
{
    struct coap_carrier_counters n;

    (void)state;
    rng_fill(&W.rng, DOWN, BULK);
    rng_fill(&W.rng, UP, BULK);
    down_at = up_at = 0;
    stream_open();
    W.up.bad = W.down.bad = true;
    run_until(bulk_done);
    assert_memory_equal(W.in.p, UP, BULK);
    assert_memory_equal(W.net_in.p, DOWN, BULK);
    coap_carrier_get_counters(W.cc, &n);
    assert_int_equal(n.bytes_in, BULK);
    assert_int_equal(n.streams_cut, 0);
    assert_true(W.up.count > 200 && W.down.count > 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(stream_opens_once), T(pieces_by_offset), T(deleted_by_the_network),
        T(closed_after_all_is_covered), T(network_forgot_the_stream), T(network_has_no_room_now),
        T(queue_is_bounded), T(bulk_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
