/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier against a network written from the rules of smsr/channel/README.md, both ends in
 * one loop over real loopback, with a relay between them that repeats and reorders datagrams. The
 * channel's upcalls are the test's own, so octets are seen as the carrier gives them. Included once
 * a program, behind cmocka.h. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "smsr/channel/byte_stream.h"
#include "smsr/channel/coap_carrier.h"
#include "test/support/fake.h"

#define LOG_MAX 64u
#define BATCH 48u

/* --- a relay of datagrams, repeated and in reverse within what is there --- */

struct relay {
    int in, out;
    struct sockaddr_in client, server;
    struct event *ev_in, *ev_out;
    unsigned count;
    bool bad;
};

static struct world {
    struct loop *loop;
    struct rng rng;
    struct coap_carrier *cc;
    struct coap_node *net;          /* the network's node */
    struct coap_peer *smsr;         /* its way to the carrier */
    struct relay up, down;
    char up_at[32];
    unsigned replies, wanted;       /* replies to the network's requests */
    struct coap_reply last;
    char last_text[64];
    uint8_t mt_code;
    char named[80];
    unsigned reports;
    enum message_report report;
    /* what the channel heard */
    unsigned results, mos, opens, closes;
    enum carrier_result result;
    uint64_t tag, conn;
    struct buf in;                  /* of the stream */
    unsigned datagrams;
    size_t datagram_len;
    bool keep;                      /* what the channel answers */
    struct msisdn from;
    size_t mo_len;
    /* what the network heard */
    unsigned mts, deletes, net_datagrams;
    char datagram_path[96];
    char mt_query[160];
    uint8_t mt_ud[140];
    size_t mt_len;
    struct byte_rx rx;
    struct byte_tx tx;
    struct buf net_in;
    unsigned refuse;                /* the next pieces are answered so many times ... */
    uint8_t refuse_code;            /* ... with this code */
    bool (*until)(void);
} W;

static inline void relay_move(int from, int to, struct sockaddr_in *learn,
                              const struct sockaddr_in *dst, struct relay *r)
{
    static uint8_t b[BATCH][2000];
    size_t len[BATCH];
    unsigned n = 0;

    while (n < BATCH) {
        struct sockaddr_in src;
        socklen_t sl = sizeof src;
        ssize_t got = recvfrom(from, b[n], sizeof b[n], 0, (struct sockaddr *)&src, &sl);
        if (got <= 0)
            break;
        if (learn)
            *learn = src;
        len[n++] = (size_t)got;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned k = r->bad ? n - 1 - i : i;
        unsigned copies = r->bad && ++r->count % 3 == 0 ? 2 : 1;
        while (copies--)
            assert_true(sendto(to, b[k], len[k], 0, (const struct sockaddr *)dst, sizeof *dst) > 0);
    }
}

static inline void relay_in(evutil_socket_t fd, short what, void *arg)
{
    struct relay *r = arg;

    (void)what;
    relay_move((int)fd, r->out, &r->client, &r->server, r);
}

static inline void relay_out(evutil_socket_t fd, short what, void *arg)
{
    struct relay *r = arg;

    (void)what;
    relay_move((int)fd, r->in, NULL, &r->client, r);
}

static inline int udp(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 1 << 20;

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    *ret_port = ntohs(a.sin_port);
    return fd;
}

static inline uint16_t relay_open(struct relay *r)
{
    uint16_t port, unused;

    r->in = udp(&port);
    r->out = udp(&unused);
    r->server.sin_family = AF_INET;
    r->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->ev_in = event_new(loop_base(W.loop), r->in, EV_READ | EV_PERSIST, relay_in, r);
    r->ev_out = event_new(loop_base(W.loop), r->out, EV_READ | EV_PERSIST, relay_out, r);
    assert_true(r->ev_in && r->ev_out);
    assert_int_equal(event_add(r->ev_in, NULL) | event_add(r->ev_out, NULL), 0);
    return port;
}

static inline void relay_close(struct relay *r)
{
    event_free(r->ev_in);
    event_free(r->ev_out);
    close(r->in);
    close(r->out);
}

/* --- the channel's side --- */

void channel_sms_result(struct channel *ch, uint64_t tag, enum carrier_result r)
{
    assert_ptr_equal(ch, &W);
    W.results++;
    W.tag = tag;
    W.result = r;
}

void channel_sms_named(struct channel *ch, uint64_t tag, const char *id)
{
    assert_ptr_equal(ch, &W);
    assert_int_equal(W.results + 1, W.wanted); /* before its result */
    W.tag = tag;
    snprintf(W.named, sizeof W.named, "%s", id);
}

bool channel_sms_report(struct channel *ch, const char *network, const char *id, enum message_report r,
                        const char *error)
{
    assert_ptr_equal(ch, &W);
    assert_string_equal(network, "sim");
    assert_string_equal(error, "");
    assert_string_equal(id, "4711");
    W.reports++;
    W.report = r;
    return true;
}

void channel_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud)
{
    assert_ptr_equal(ch, &W);
    W.mos++;
    W.from = *from;
    W.mo_len = tp_ud.n;
}

void channel_stream_open(struct channel *ch, uint64_t conn)
{
    assert_ptr_equal(ch, &W);
    W.opens++;
    W.conn = conn;
}

void channel_stream_bytes(struct channel *ch, uint64_t conn, struct span bytes)
{
    assert_ptr_equal(ch, &W);
    assert_int_equal(conn, W.conn);
    buf_add_span(&W.in, bytes);
}

void channel_stream_closed(struct channel *ch, uint64_t conn)
{
    assert_ptr_equal(ch, &W);
    assert_int_equal(conn, W.conn);
    W.closes++;
}

bool channel_datagram(struct channel *ch, uint64_t conn, struct span pdu)
{
    assert_ptr_equal(ch, &W);
    W.datagrams++;
    W.conn = conn;
    W.datagram_len = pdu.n;
    return W.keep;
}

/* --- the network's side --- */

static inline void net_piece(const struct coap_msg *req, struct coap_reply *ret)
{
    static char text[24];
    char o[24];
    int err;

    if (W.refuse) {
        W.refuse--;
        ret->code = W.refuse_code;
        return;
    }
    assert_true(coap_query_get(req->query, "o", o, sizeof o));
    err = byte_stream_take(&W.rx, strtoull(o, NULL, 10), req->payload, &W.net_in);
    assert_int_equal(err, ERR_OK);
    ret->code = COAP_CHANGED;
    snprintf(text, sizeof text, "%llu", (unsigned long long)W.rx.next);
    ret->payload = span_str(text);
}

static inline void net_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    (void)ctx;
    if (!strcmp(req->path, "sms/mt")) {
        W.mts++;
        memcpy(W.mt_query, req->query, sizeof W.mt_query);
        memcpy(W.mt_ud, req->payload.p, req->payload.n);
        W.mt_len = req->payload.n;
        ret->code = W.mt_code;
        snprintf(ret->location, sizeof ret->location, "sms/4711");
    } else if (req->method == COAP_DELETE) {
        W.deletes++;
        ret->code = COAP_DELETED;
    } else if (!strncmp(req->path, "bip/tcp/", 8)) {
        net_piece(req, ret);
    } else if (!strncmp(req->path, "bip/udp/", 8)) {
        assert_false(req->confirmable);
        W.net_datagrams++;
        memcpy(W.datagram_path, req->path, sizeof W.datagram_path);
    }
}

static inline void net_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    (void)ctx;
    (void)tag;
    W.replies++;
    W.last = *r;
    snprintf(W.last_text, sizeof W.last_text, "%.*s", (int)r->payload.n,
             r->payload.p ? (const char *)r->payload.p : "");
}

static inline void turn_end(void *ctx)
{
    (void)ctx;
    if (W.until())
        loop_stop(W.loop);
}

static inline void run_until(bool (*until)(void))
{
    W.until = until;
    if (!until())
        assert_int_equal(loop_run(W.loop), ERR_OK);
}

static inline bool replied(void)
{
    return W.replies == W.wanted;
}

static inline void ask(enum coap_method method, const char *path, const char *query,
                       struct span payload)
{
    struct coap_msg m = {.method = method, .confirmable = true, .payload = payload};

    snprintf(m.path, sizeof m.path, "%s", path);
    snprintf(m.query, sizeof m.query, "%s", query);
    W.wanted = W.replies + 1;
    assert_int_equal(coap_send_request(W.smsr, &m, net_done, NULL, 0), ERR_OK);
    run_until(replied);
}

static inline uint8_t post(const char *path, const char *query, const char *payload)
{
    ask(COAP_POST, path, query, span_str(payload));
    return W.last.code;
}

/* --- life --- */

static inline int setup(void **state)
{
    struct errmsg why;
    struct coap_network nets[2] = {{"sim", NULL, true}, {"other", "127.0.0.1:9", false}};
    char at[32];
    uint16_t port;

    (void)state;
    memset(&W, 0, sizeof W);
    fake_rng_init(&W.rng, 5);
    W.loop = loop_new();
    loop_set_turn(W.loop, turn_end, NULL);
    buf_init(&W.in, 0);
    buf_init(&W.net_in, 0);
    byte_rx_init(&W.rx);
    byte_tx_init(&W.tx);
    W.mt_code = COAP_CREATED;
    assert_int_equal(coap_open(W.loop, "127.0.0.1:0", net_request, NULL, &W.net, &why), ERR_OK);
    port = relay_open(&W.down);
    W.down.server.sin_port = htons(coap_port(W.net));
    snprintf(at, sizeof at, "127.0.0.1:%u", (unsigned)port);
    nets[0].host_port = at;
    assert_int_equal(coap_carrier_open(W.loop, "127.0.0.1:0", nets, 2, &W.rng, &W.cc, &why),
                     ERR_OK);
    coap_carrier_attach(W.cc, (struct channel *)&W);
    port = relay_open(&W.up);
    W.up.server.sin_port = htons(coap_carrier_udp_port(W.cc));
    snprintf(W.up_at, sizeof W.up_at, "127.0.0.1:%u", (unsigned)port);
    assert_int_equal(coap_peer_new(W.net, W.up_at, &W.smsr, &why), ERR_OK);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    coap_carrier_close(W.cc);
    coap_close(W.net);
    relay_close(&W.up);
    relay_close(&W.down);
    loop_free(W.loop);
    buf_fini(&W.in);
    buf_fini(&W.net_in);
    byte_rx_fini(&W.rx);
    byte_tx_fini(&W.tx);
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
