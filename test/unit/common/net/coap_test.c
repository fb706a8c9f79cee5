/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier between two nodes and against hand-made datagrams (design 6; facts: libs 1.5).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/mem.h"
#include "common/base/rng.h"
#include "common/net/addr.h"
#include "common/net/coap.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GUARD_MS 60000 /* only ends a run that hangs */

struct seen { /* what one node was asked */
    unsigned n;
    struct coap_msg last; /* payload.p is not kept */
    uint8_t payload[2048];
    struct coap_reply reply; /* what it answers; payload "ok" when reply_text is set */
    const char *reply_text;
    struct coap_node *close_me;
};

struct world {
    struct loop *loop;
    struct loop_timer *guard, *nudge;
    struct coap_node *a, *b;
    struct coap_peer *to_b, *to_a;
    struct seen at_a, at_b;
    unsigned done;
    uint8_t code;
    char location[64];
    char reply[2048];
    size_t reply_n;
    uint8_t told[5000]; /* how often each tag was told */
    uint64_t last_tag;
    bool in_order;
    unsigned want;
    bool (*until)(const struct world *w); /* instead of a number of replies */
    bool hung;
    int raw; /* a plain UDP socket connected to b */
    uint8_t got[2048];
    ssize_t got_n;
    unsigned got_count;
    struct coap_node *close_in_done;
};

static void on_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    struct seen *s = ctx;
    s->n++;
    s->last = *req;
    assert_true(req->payload.n <= COAP_UNIT_MAX);
    if (req->payload.n)
        memcpy(s->payload, req->payload.p, req->payload.n);
    *ret = s->reply;
    if (s->reply_text)
        ret->payload = span_str(s->reply_text);
    if (s->close_me) {
        coap_close(s->close_me);
        s->close_me = NULL;
    }
}

static void on_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    struct world *w = ctx;
    w->done++;
    w->code = r->code;
    snprintf(w->location, sizeof(w->location), "%s", r->location);
    w->reply_n = r->payload.n;
    if (r->payload.n)
        memcpy(w->reply, r->payload.p, r->payload.n);
    assert_true(tag < sizeof(w->told));
    w->told[tag]++;
    if (tag < w->last_tag)
        w->in_order = false;
    w->last_tag = tag;
    if (w->close_in_done) {
        coap_close(w->close_in_done);
        w->close_in_done = NULL;
    }
}

static void turn_end(void *ctx)
{
    struct world *w = ctx;
    if (w->raw >= 0) {
        ssize_t n = recv(w->raw, w->got, sizeof(w->got), MSG_DONTWAIT);
        while (n >= 0) {
            w->got_n = n;
            w->got_count++;
            n = recv(w->raw, w->got, sizeof(w->got), MSG_DONTWAIT);
        }
    }
    if (w->until ? w->until(w) : w->done + w->got_count >= w->want)
        loop_stop(w->loop);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void hang(void *ctx)
{
    struct world *w = ctx;
    w->hung = true;
    loop_stop(w->loop);
}

/* Until that many replies have come since the last call, to requests or to raw datagrams. */
static void run(struct world *w, unsigned want)
{
    w->want = want;
    loop_timer_at(w->guard, clock_mono_ms(&CLOCK_SYSTEM) + GUARD_MS);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    loop_timer_at(w->guard, -1);
    if (w->hung)
        fail_msg("only %u of %u replies came", w->done + w->got_count, want);
    assert_int_equal(w->done + w->got_count, want);
    w->done = w->got_count = 0;
}

static void run_until(struct world *w, bool (*until)(const struct world *w))
{
    w->until = until;
    loop_timer_at(w->guard, clock_mono_ms(&CLOCK_SYSTEM) + GUARD_MS);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    loop_timer_at(w->guard, -1);
    w->until = NULL;
    assert_false(w->hung);
}

static void one_turn(struct world *w)
{
    w->want = UINT32_MAX;
    loop_timer_at(w->nudge, 0);
    assert_int_equal(loop_run(w->loop), ERR_OK);
}

static void port_text(char dst[64], const struct coap_node *n)
{
    snprintf(dst, 64, "127.0.0.1:%u", (unsigned)coap_port(n));
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    char port[64];
    struct addr to;
    w->loop = loop_new();
    w->guard = loop_timer_new(w->loop, hang, w);
    w->nudge = loop_timer_new(w->loop, stop, w->loop);
    loop_set_turn(w->loop, turn_end, w);
    w->at_a.reply.code = w->at_b.reply.code = COAP_CHANGED;
    w->in_order = true;
    if (coap_open(w->loop, "127.0.0.1:0", on_request, &w->at_a, &w->a, NULL) ||
        coap_open(w->loop, "127.0.0.1:0", on_request, &w->at_b, &w->b, NULL))
        return -1;
    port_text(port, w->a);
    if (coap_peer_new(w->b, port, &w->to_a, NULL))
        return -1;
    port_text(port, w->b);
    if (coap_peer_new(w->a, port, &w->to_b, NULL))
        return -1;
    w->raw = socket(AF_INET, SOCK_DGRAM, 0);
    if (!addr_literal("127.0.0.1", coap_port(w->b), &to) || connect(w->raw, &to.u.sa, to.len))
        return -1;
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    coap_close(w->a);
    coap_close(w->b);
    loop_timer_free(w->guard);
    loop_timer_free(w->nudge);
    loop_free(w->loop);
    if (w->raw >= 0)
        close(w->raw);
    free(w);
    return 0;
}

static struct coap_msg message(const char *path, const char *query, struct span payload, bool con)
{
    struct coap_msg m = {.method = COAP_POST, .payload = payload, .confirmable = con};
    snprintf(m.path, sizeof(m.path), "%s", path);
    snprintf(m.query, sizeof(m.query), "%s", query);
    return m;
}

static int send_simple(struct world *w, uint64_t tag)
{
    struct coap_msg m = message("sms/mt", "", span_str("x"), true);
    return coap_send_request(w->to_b, &m, on_done, w, tag);
}

/* --- requests and replies --- */

static void test_both_directions(void **state)
{
    struct world *w = *state;
    struct coap_msg m =
        message("sms/mt", "to=4917&from=49&pid=7F&dcs=F6&vp=900", span_str("tp-ud"), true);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "msg/17"};
    assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 1), ERR_OK);
    assert_int_equal(w->done, 0); /* never from within the call */
    assert_int_equal(coap_peer_in_flight(w->to_b), 1);
    run(w, 1);
    assert_int_equal(w->code, COAP_CREATED);
    assert_string_equal(w->location, "msg/17");
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
    assert_int_equal(w->at_b.n, 1);
    assert_string_equal(w->at_b.last.path, "sms/mt");
    assert_string_equal(w->at_b.last.query, "to=4917&from=49&pid=7F&dcs=F6&vp=900");
    assert_true(w->at_b.last.confirmable);
    assert_int_equal(w->at_b.last.payload.n, 5);
    assert_memory_equal(w->at_b.payload, "tp-ud", 5);
    m = message("bip/tcp/1234", "", (struct span){NULL, 0}, true);
    m.method = COAP_DELETE;
    w->at_a.reply = (struct coap_reply){.code = COAP_DELETED};
    w->at_a.reply_text = "next=4096";
    assert_int_equal(coap_send_request(w->to_a, &m, on_done, w, 2), ERR_OK);
    run(w, 1);
    assert_int_equal(w->code, COAP_DELETED);
    assert_int_equal(w->at_a.last.method, COAP_DELETE);
    assert_string_equal(w->at_a.last.path, "bip/tcp/1234");
    assert_string_equal(w->at_a.last.query, "");
    assert_int_equal(w->at_a.last.payload.n, 0);
    assert_int_equal(w->reply_n, 9);
    assert_memory_equal(w->reply, "next=4096", 9);
}

static void test_all_codes(void **state)
{
    static const uint8_t codes[] = {
        COAP_CREATED,  COAP_DELETED,   COAP_CHANGED,  COAP_BAD_REQUEST, COAP_NOT_FOUND,
        COAP_CONFLICT, COAP_TOO_LARGE, COAP_TOO_MANY, COAP_INTERNAL,    COAP_UNAVAILABLE};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof(codes); i++) {
        w->at_b.reply.code = codes[i];
        assert_int_equal(send_simple(w, 1), ERR_OK);
        run(w, 1);
        assert_int_equal(w->code, codes[i]);
    }
    w->at_b.reply.code = 0; /* a handler that forgot to answer */
    assert_int_equal(send_simple(w, 1), ERR_OK);
    run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "a//b"};
    assert_int_equal(send_simple(w, 1), ERR_OK);
    run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
}

static void test_not_confirmable(void **state)
{
    struct world *w = *state;
    struct coap_msg m = message("bip/udp/7", "", span_str("pdu"), false);
    w->at_b.reply_text = "hi";
    assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 3), ERR_OK);
    run(w, 1);
    assert_int_equal(w->code, COAP_CHANGED);
    assert_int_equal(w->reply_n, 2);
    assert_false(w->at_b.last.confirmable);
    /* Without done nothing is in flight, and a later exchange shows that it arrived. */
    assert_int_equal(coap_send_request(w->to_b, &m, NULL, NULL, 0), ERR_OK);
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
    assert_int_equal(send_simple(w, 4), ERR_OK);
    run(w, 1);
    assert_int_equal(w->at_b.n, 3);
}

static void test_length_boundaries(void **state)
{
    static const size_t sizes[] = {0, 1, 126, 127, 128, 255, 256, 1023, 1024};
    static uint8_t data[COAP_UNIT_MAX + 1];
    struct world *w = *state;
    char path[96], query[160];
    memset(path, 'p', 95);
    path[95] = '\0';
    memset(query, 'q', 159);
    query[159] = '\0';
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct coap_msg m = message(path, query, span_of(data, sizes[i]), true);
        memset(data, (int)i + 1, sizes[i]);
        assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, i), ERR_OK);
        run(w, 1);
        assert_int_equal(w->code, COAP_CHANGED);
        assert_int_equal(w->at_b.last.payload.n, sizes[i]);
        assert_memory_equal(w->at_b.payload, data, sizes[i]);
        assert_string_equal(w->at_b.last.path, path);
        assert_string_equal(w->at_b.last.query, query);
    }
    struct coap_msg m = message("x", "", span_of(data, COAP_UNIT_MAX + 1), true);
    assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 9), ERR_TOO_LARGE);
    w->at_b.reply.payload = span_of(data, COAP_UNIT_MAX);
    assert_int_equal(send_simple(w, 10), ERR_OK);
    run(w, 1);
    assert_int_equal(w->reply_n, COAP_UNIT_MAX);
    w->at_b.reply.payload = span_of(data, COAP_UNIT_MAX + 1);
    assert_int_equal(send_simple(w, 11), ERR_OK);
    run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
}

static void test_send_refusals(void **state)
{
    static const struct {
        const char *path, *query;
    } rows[] = {{"a//b", ""},  {"/a", ""},       {"a/", ""},    {"a b", ""},
                {"a\x7f", ""}, {"\xc3\xa4", ""}, {"a", "x&&y"}, {"a", "&x"},
                {"a", "x&"},   {"a", "x y"},     {"a", "x\n"}};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_msg m = message(rows[i].path, rows[i].query, span_str("x"), true);
        assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 1), ERR_INVAL);
    }
    struct coap_msg m = message("a", "", span_str("x"), true);
    m.method = (enum coap_method)3;
    assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 1), ERR_INVAL);
    m = message("a", "", span_str("x"), true);
    memset(m.path, 'a', sizeof(m.path));
    assert_int_equal(coap_send_request(w->to_b, &m, on_done, w, 1), ERR_INVAL);
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
}

static void test_burst_and_queue(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(send_simple(w, i), ERR_OK);
    assert_int_equal(coap_peer_in_flight(w->to_b), 1000);
    run(w, 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(w->told[i], 1);
    assert_int_equal(w->at_b.n, 1000);
    assert_int_equal(w->code, COAP_CHANGED);
    memset(w->told, 0, sizeof(w->told));
    for (uint64_t i = 0; i < 4096; i++)
        assert_int_equal(send_simple(w, i), ERR_OK);
    assert_int_equal(send_simple(w, 4096), ERR_FULL);
    run(w, 4096);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(w->told[i], 1);
    assert_int_equal(send_simple(w, 0), ERR_OK);
    run(w, 1);
}

/* --- datagrams made by hand --- */

/* CON or NON POST /q with that message id and one-octet token. */
static size_t datagram(uint8_t dst[16], bool con, uint8_t code, uint16_t mid, uint8_t token)
{
    const uint8_t d[] = {
        con ? 0x41 : 0x51, code, (uint8_t)(mid >> 8), (uint8_t)mid, token, 0xB1, 'q', 0xFF, 'd'};
    memcpy(dst, d, sizeof(d));
    return sizeof(d);
}

static void post_raw(struct world *w, const void *p, size_t n)
{
    assert_int_equal(send(w->raw, p, n, 0), n);
}

static void test_retransmission_is_answered_not_handled(void **state)
{
    struct world *w = *state;
    uint8_t d[16], first[64];
    size_t n = datagram(d, true, 2, 77, 0xA1);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "m/1"};
    w->at_b.reply_text = "one";
    post_raw(w, d, n);
    run(w, 1);
    ssize_t first_n = w->got_n;
    assert_in_range(first_n, 5, sizeof(first));
    memcpy(first, w->got, (size_t)first_n);
    w->at_b.reply_text = "two"; /* must not be asked again */
    post_raw(w, d, n);
    post_raw(w, d, n);
    run(w, 2);
    assert_int_equal(w->at_b.n, 1);
    assert_int_equal(w->got_n, first_n);
    assert_memory_equal(w->got, first, (size_t)first_n);
    n = datagram(d, true, 2, 77, 0xA2); /* another token: another exchange */
    post_raw(w, d, n);
    run(w, 1);
    assert_int_equal(w->at_b.n, 2);
    n = datagram(d, true, 2, 78, 0xA1); /* another message id, too */
    post_raw(w, d, n);
    run(w, 1);
    assert_int_equal(w->at_b.n, 3);
    n = datagram(d, false, 2, 79,
                 0xA1); /* an unconfirmed one may come twice: loss and copies are real */
    post_raw(w, d, n);
    post_raw(w, d, n);
    run(w, 2);
    assert_int_equal(w->at_b.n, 5);
}

static void test_same_ids_of_another_source(void **state)
{
    struct world *w = *state;
    uint8_t d[16];
    struct addr to;
    size_t n = datagram(d, true, 2, 77, 0xA1);
    post_raw(w, d, n);
    run(w, 1);
    close(w->raw);
    w->raw = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(addr_literal("127.0.0.1", coap_port(w->b), &to));
    assert_int_equal(connect(w->raw, &to.u.sa, to.len), 0);
    post_raw(w, d, n);
    run(w, 1);
    assert_int_equal(w->at_b.n, 2);
}

static void test_refused_requests(void **state)
{
    struct world *w = *state;
    uint8_t d[16], big[8 + COAP_UNIT_MAX + 1];
    static const uint8_t slash[] = {0x40, 2, 0, 9, 0xB3, 'a', '/', 'b'};
    static const uint8_t space[] = {0x40, 2, 0, 10, 0xB1, ' '};
    static const uint8_t empty_part[] = {0x40, 2, 0, 11, 0xB0};
    static const uint8_t amp[] = {0x40, 2, 0, 12, 0xB1, 'q', 0x43, 'a', '&', 'b'};
    static const uint8_t block1[] = {0x40, 2, 0, 13, 0xB1, 'q', 0xD1, 0x03, 0x08};
    static const uint8_t block2[] = {0x40, 2, 0, 14, 0xB1, 'q', 0xC1, 0x08};
    const struct {
        const uint8_t *p;
        size_t n;
        uint8_t code;
    } rows[] = {
        {slash, sizeof(slash), COAP_BAD_REQUEST},
        {space, sizeof(space), COAP_BAD_REQUEST},
        {empty_part, sizeof(empty_part), COAP_BAD_REQUEST},
        {amp, sizeof(amp), COAP_BAD_REQUEST},
        {block1, sizeof(block1), COAP_BAD_OPTION},
        {block2, sizeof(block2), COAP_BAD_OPTION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        post_raw(w, rows[i].p, rows[i].n);
        run(w, 1);
        assert_int_equal(w->got[1], rows[i].code);
    }
    size_t n = datagram(d, true, 3, 20, 1); /* PUT */
    post_raw(w, d, n);
    run(w, 1);
    assert_int_equal(w->got[1], COAP_NOT_ALLOWED);
    n = datagram(d, true, 1, 21, 1); /* GET */
    post_raw(w, d, n);
    run(w, 1);
    assert_in_range(w->got[1], 128, 159);
    memset(big, 'z', sizeof(big));
    memcpy(big, "\x40\x02\x00\x1e\xb1q\xff", 7);
    post_raw(w, big, 7 + COAP_UNIT_MAX + 1);
    run(w, 1);
    assert_int_equal(w->got[1], COAP_TOO_LARGE);
    assert_int_equal(w->at_b.n, 0);
    big[3] = 0x1f;
    post_raw(w, big, 7 + COAP_UNIT_MAX);
    run(w, 1);
    assert_int_equal(w->got[1], COAP_CHANGED);
    assert_int_equal(w->at_b.n, 1);
}

static bool one_done(const struct world *w)
{
    return w->done > 0;
}

static bool marked_reply(const struct world *w)
{
    return w->got_n >= 5 && w->got[4] == 0x55;
}

static void test_garbage_is_survived(void **state)
{
    struct world *w = *state;
    struct rng rng;
    uint8_t junk[600], d[16];
    rng_init_seeded(&rng, 20261122);
    for (int i = 0; i < 3000; i++) {
        size_t n = (size_t)rng_below(&rng, i % 10 ? 40 : sizeof(junk));
        rng_fill(&rng, junk, n);
        if (n > 1 && i % 3 == 0)
            junk[0] = (uint8_t)(0x40 | (junk[0] & 0x1F)); /* version 1: further into the parser */
        post_raw(w, junk, n);
        if (i % 50 == 49) { /* the socket's queue is bounded: let the node read */
            assert_int_equal(send_simple(w, 1), ERR_OK);
            run_until(w, one_done);
            w->done = w->got_count = 0;
        }
    }
    unsigned before = w->at_b.n;
    w->done = w->got_count = 0;
    size_t n = datagram(d, true, 2, 4711, 0x55);
    post_raw(w, d, n);
    run_until(w, marked_reply);
    assert_int_equal(w->at_b.n, before + 1);
}

/* --- silence --- */

/* A peer whose port is open and never answers. */
static int silent_peer(struct world *w, struct coap_peer **ret)
{
    struct addr a;
    char port[64];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(addr_literal("127.0.0.1", 0, &a));
    assert_int_equal(bind(fd, &a.u.sa, a.len), 0);
    assert_int_equal(getsockname(fd, &a.u.sa, &a.len), 0);
    snprintf(port, sizeof(port), "127.0.0.1:%u", (unsigned)addr_port(&a));
    assert_int_equal(coap_peer_new(w->a, port, ret, NULL), ERR_OK);
    coap_peer_set_retransmit(*ret, 1, 1);
    return fd;
}

static void test_silent_peer(void **state)
{
    struct world *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = message("sms/mt", "", span_str("x"), true);
    w->code = 255;
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(coap_send_request(p, &m, on_done, w, i), ERR_OK);
    run(w, 3);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    assert_int_equal(coap_peer_in_flight(p), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(w->told[i], 1);
    assert_int_equal(send_simple(w, 5), ERR_OK); /* the node goes on with others */
    run(w, 1);
    assert_int_equal(w->code, COAP_CHANGED);
    close(fd);
}

static void test_closed_port(void **state)
{
    struct world *w = *state;
    struct coap_peer *p;
    close(silent_peer(w, &p));
    struct coap_msg m = message("sms/mt", "", span_str("x"), true);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(coap_send_request(p, &m, on_done, w, i), ERR_OK);
    run(w, 20);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    for (int i = 0; i < 20; i++)
        assert_int_equal(w->told[i], 1);
}

static void test_peer_comes_back(void **state)
{
    struct world *w = *state;
    char port[64];
    port_text(port, w->b);
    coap_peer_set_retransmit(w->to_b, 1, 3);
    coap_close(w->b);
    w->b = NULL;
    one_turn(w); /* now it is gone */
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(send_simple(w, i), ERR_OK);
    one_turn(w); /* the refusals are in */
    assert_int_equal(w->done, 0);
    assert_int_equal(coap_open(w->loop, port, on_request, &w->at_b, &w->b, NULL), ERR_OK);
    run(w, 5);
    assert_int_equal(w->code, COAP_CHANGED);
    for (int i = 0; i < 5; i++)
        assert_int_equal(w->told[i], 1);
}

static void test_reset_ends_a_request(void **state)
{
    struct world *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = message("sms/mt", "", span_str("x"), true);
    uint8_t d[64];
    struct addr from = {.len = sizeof(from.u)};
    coap_peer_set_retransmit(p, 60, 4); /* only the reset can end it in time */
    assert_int_equal(coap_send_request(p, &m, on_done, w, 1), ERR_OK);
    ssize_t n = recvfrom(fd, d, sizeof(d), 0, &from.u.sa, &from.len);
    assert_true(n > 4);
    d[0] = 0x70;
    d[1] = 0;
    assert_int_equal(sendto(fd, d, 4, 0, &from.u.sa, from.len), 4);
    run(w, 1);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    assert_int_equal(w->told[1], 1);
    close(fd);
}

static void test_odd_replies(void **state)
{
    struct world *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = message("sms/mt", "", span_str("x"), true);
    uint8_t d[1400];
    struct addr from = {.len = sizeof(from.u)};
    coap_peer_set_retransmit(p, 60, 4);
    for (int big = 0; big < 2; big++) {
        assert_int_equal(coap_send_request(p, &m, on_done, w, 1), ERR_OK);
        assert_true(recvfrom(fd, d, sizeof(d), 0, &from.u.sa, &from.len) > 12);
        d[0] = 0x68; /* ACK, the 8-octet token as it came */
        d[1] = COAP_CREATED;
        memset(d + 12, 'x', sizeof(d) - 12);
        memcpy(d + 12,
               big ? "\xff"
                   : "\x83"
                     "a b",
               big ? 1 : 4);
        assert_true(sendto(fd, d, big ? 12 + 1 + COAP_UNIT_MAX + 1 : 16, 0, &from.u.sa, from.len) >
                    0);
        run(w, 1);
        assert_int_equal(w->code, COAP_INTERNAL);
        assert_string_equal(w->location, "");
        assert_int_equal(w->reply_n, 0);
    }
    close(fd);
}

static void test_close_tells_what_is_in_flight(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(send_simple(w, i), ERR_OK);
    w->code = 255;
    coap_close(w->a);
    coap_close(w->a);
    assert_int_equal(w->done, 200);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    for (int i = 0; i < 200; i++)
        assert_int_equal(w->told[i], 1);
    assert_int_equal(send_simple(w, 1), ERR_CLOSED);
    w->a = NULL;
}

static void test_close_inside_callbacks(void **state)
{
    struct world *w = *state;
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(send_simple(w, i), ERR_OK);
    w->close_in_done = w->a;
    run(w, 10);
    w->a = NULL;
    uint8_t d[16];
    w->at_b.close_me = w->b;
    size_t n = datagram(d, true, 2, 1, 1);
    post_raw(w, d, n);
    n = datagram(d, true, 2, 2, 2);
    post_raw(w, d, n);
    w->b = NULL;
    unsigned before = w->at_b.n;
    run(w, 2); /* the first is answered; the second is told 5.03 */
    assert_int_equal(w->at_b.n, before + 1);
    assert_int_equal(w->got[1], COAP_UNAVAILABLE);
}

/* --- ports and texts --- */

static void test_port_in_use(void **state)
{
    struct world *w = *state;
    struct coap_node *n = NULL;
    struct errmsg why = {""};
    char port[64];
    port_text(port, w->b);
    assert_int_equal(coap_open(w->loop, port, on_request, w, &n, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "is in use"));
    assert_null(n);
    assert_int_equal(coap_open(w->loop, "127.0.0.1", on_request, w, &n, &why), ERR_CONFIG);
    assert_int_equal(coap_open(w->loop, "192.0.2.1:0", on_request, w, &n, &why), ERR_CONFIG);
    struct coap_peer *p;
    assert_int_equal(coap_peer_new(w->a, "127.0.0.1:0", &p, &why), ERR_CONFIG);
    assert_int_equal(coap_peer_new(w->a, "a..b:1", &p, &why), ERR_CONFIG);
}

static void test_query_get(void **state)
{
    static const char q[] = "to=4917&from=&vp=900&o=0&too=1&flag";
    char v[8];
    (void)state;
    assert_true(coap_query_get(q, "to", v, sizeof(v)));
    assert_string_equal(v, "4917");
    assert_true(coap_query_get(q, "from", v, sizeof(v)));
    assert_string_equal(v, "");
    assert_true(coap_query_get(q, "o", v, sizeof(v)));
    assert_string_equal(v, "0");
    assert_true(coap_query_get(q, "too", v, sizeof(v)));
    assert_true(coap_query_get(q, "to", v, 5));
    assert_false(coap_query_get(q, "to", v, 4));
    assert_false(coap_query_get(q, "flag", v, sizeof(v)));
    assert_false(coap_query_get(q, "t", v, sizeof(v)));
    assert_false(coap_query_get(q, "v", v, sizeof(v)));
    assert_false(coap_query_get("", "to", v, sizeof(v)));
    assert_false(coap_query_get("to", "to", v, sizeof(v)));
}

static void test_decode(void **state)
{
    uint8_t d[16], place[COAP_UNIT_MAX], code;
    struct coap_msg m;
    (void)state;
    size_t n = datagram(d, true, 2, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_OK);
    assert_string_equal(m.path, "q");
    assert_int_equal(m.payload.n, 1);
    assert_int_equal(m.payload.p[0], 'd');
    assert_int_equal(coap_decode(span_of(d, 7), place, &m, &code), ERR_OK);
    assert_int_equal(m.payload.n, 0);
    for (size_t cut = 0; cut < n; cut++) {
        int err = coap_decode(span_of(d, cut), place, &m, &code);
        assert_true(cut == 5 || cut == 7 ? err == ERR_OK : err == ERR_FORMAT);
    }
    n = datagram(d, true, 1, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_UNSUPPORTED);
    assert_int_equal(code, COAP_NOT_ALLOWED);
    n = datagram(d, true, 68, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_FORMAT);
    d[0] = 0x81;
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_FORMAT);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_both_directions),
        T(test_all_codes),
        T(test_not_confirmable),
        T(test_length_boundaries),
        T(test_send_refusals),
        T(test_burst_and_queue),
        T(test_retransmission_is_answered_not_handled),
        T(test_same_ids_of_another_source),
        T(test_refused_requests),
        T(test_garbage_is_survived),
        T(test_silent_peer),
        T(test_closed_port),
        T(test_peer_comes_back),
        T(test_reset_ends_a_request),
        T(test_odd_replies),
        T(test_close_tells_what_is_in_flight),
        T(test_close_inside_callbacks),
        T(test_port_in_use),
        cmocka_unit_test(test_query_get),
        cmocka_unit_test(test_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
