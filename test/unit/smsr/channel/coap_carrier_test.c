/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier against a network written from the rules of smsr/channel/README.md, both ends in
 * one loop over real loopback, with a relay between them that repeats and reorders datagrams. The
 * channel's upcalls are this test's own, so octets are seen as the carrier gives them. */
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
    /* what the channel heard */
    unsigned results, mos, opens, closes;
    enum carrier_result result;
    uint64_t tag, conn;
    struct buf in;                  /* of the stream */
    struct msisdn from;
    size_t mo_len;
    /* what the network heard */
    unsigned mts, deletes;
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

static void relay_move(int from, int to, struct sockaddr_in *learn, const struct sockaddr_in *dst,
                       struct relay *r)
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

static void relay_in(evutil_socket_t fd, short what, void *arg)
{
    struct relay *r = arg;

    (void)what;
    relay_move((int)fd, r->out, &r->client, &r->server, r);
}

static void relay_out(evutil_socket_t fd, short what, void *arg)
{
    struct relay *r = arg;

    (void)what;
    relay_move((int)fd, r->in, NULL, &r->client, r);
}

static int udp(uint16_t *ret_port)
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

static uint16_t relay_open(struct relay *r)
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

static void relay_close(struct relay *r)
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

/* --- the network's side --- */

static void net_piece(const struct coap_msg *req, struct coap_reply *ret)
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

static void net_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
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
    }
}

static void net_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    (void)ctx;
    (void)tag;
    W.replies++;
    W.last = *r;
    snprintf(W.last_text, sizeof W.last_text, "%.*s", (int)r->payload.n,
             r->payload.p ? (const char *)r->payload.p : "");
}

static void turn_end(void *ctx)
{
    (void)ctx;
    if (W.until())
        loop_stop(W.loop);
}

static void run_until(bool (*until)(void))
{
    W.until = until;
    if (!until())
        assert_int_equal(loop_run(W.loop), ERR_OK);
}

static bool replied(void)
{
    return W.replies == W.wanted;
}

static void ask(enum coap_method method, const char *path, const char *query, struct span payload)
{
    struct coap_msg m = {.method = method, .confirmable = true, .payload = payload};

    snprintf(m.path, sizeof m.path, "%s", path);
    snprintf(m.query, sizeof m.query, "%s", query);
    W.wanted = W.replies + 1;
    assert_int_equal(coap_send_request(W.smsr, &m, net_done, NULL, 0), ERR_OK);
    run_until(replied);
}

static uint8_t post(const char *path, const char *query, const char *payload)
{
    ask(COAP_POST, path, query, span_str(payload));
    return W.last.code;
}

/* --- life --- */

static int setup(void **state)
{
    struct errmsg why;
    struct coap_network nets[2] = {{"sim", NULL}, {"other", "127.0.0.1:9"}};
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

static int teardown(void **state)
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

/* --- short messages --- */

static bool have_result(void)
{
    return W.results == W.wanted;
}

static enum carrier_result mt(uint8_t code)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    struct msisdn to = {"4917000000"};

    W.mt_code = code;
    W.wanted = W.results + 1;
    assert_int_equal(c->sms_mt(c->ctx, "sim", &to, "4917100", 0x7F, 0xF6, 900,
                               span_of("\x02\x70\x00 packet", 10), 7), ERR_OK);
    run_until(have_result);
    assert_int_equal(W.tag, 7);
    return W.result;
}

static void sms_mt(void **state)
{
    char run[20], first[20], m[20];

    (void)state;
    assert_int_equal(mt(COAP_CREATED), CARRIER_ACCEPTED);
    assert_int_equal(W.mt_len, 10);
    assert_memory_equal(W.mt_ud, "\x02\x70\x00 packet", 10);
    assert_int_equal(
        strncmp(W.mt_query, "to=4917000000&from=4917100&pid=7F&dcs=F6&vp=900&run=", 52), 0);
    assert_true(coap_query_get(W.mt_query, "run", first, sizeof first));
    assert_true(coap_query_get(W.mt_query, "m", m, sizeof m));
    assert_string_equal(m, "1");
    assert_int_equal(mt(COAP_TOO_MANY), CARRIER_THROTTLED);
    assert_true(coap_query_get(W.mt_query, "run", run, sizeof run));
    assert_true(coap_query_get(W.mt_query, "m", m, sizeof m));
    assert_string_equal(m, "2");
    assert_string_equal(run, first);
    assert_int_equal(mt(COAP_UNAVAILABLE), CARRIER_QUEUE_FULL);
    assert_int_equal(mt(COAP_INTERNAL), CARRIER_QUEUE_FULL);
    assert_int_equal(mt(COAP_NOT_FOUND), CARRIER_NO_SUBSCRIBER);
    assert_int_equal(mt(COAP_BAD_REQUEST), CARRIER_REFUSED);
    assert_int_equal(W.mts, 6);
}

static void sms_mt_cannot_be_sent(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    struct msisdn to = {"4917000000"};
    static uint8_t big[2000];

    (void)state;
    assert_int_equal(c->sms_mt(c->ctx, "nowhere", &to, "1", 0x7F, 0xF6, 1, span_of(big, 1), 1),
                     ERR_NOT_FOUND);
    assert_int_equal(c->sms_mt(c->ctx, "sim", &to, "1", 0x7F, 0xF6, 1, span_of(big, 2000), 1),
                     ERR_TOO_LARGE);
}

static void sms_mo(void **state)
{
    (void)state;
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=1", "abc"), COAP_CHANGED);
    assert_int_equal(W.mos, 1);
    assert_string_equal(W.from.s, "4917000000");
    assert_int_equal(W.mo_len, 3);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=1", "abc"), COAP_CHANGED);
    assert_int_equal(W.mos, 1);                                         /* repeated by its sender */
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=5", "abc"), COAP_CHANGED);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=3", "abc"), COAP_CHANGED);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=3", "abc"), COAP_CHANGED);
    assert_int_equal(W.mos, 3);
    assert_int_equal(post("sms/mo", "n=other&from=4917000000&run=ab01&m=5", "abc"), COAP_CHANGED);
    assert_int_equal(W.mos, 4);                         /* numbers are a network's own */
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=5000", "a"), COAP_CHANGED);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=4", "a"), COAP_CHANGED);
    assert_int_equal(W.mos, 5);                                         /* too old to be new */
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=4500", "a"), COAP_CHANGED);
    assert_int_equal(W.mos, 6);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab02&m=1", "a"), COAP_CHANGED);
    assert_int_equal(W.mos, 7);                                         /* it started anew */
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab02&m=1020", "a"), COAP_CHANGED);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab02&m=1026", "a"), COAP_CHANGED);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab02&m=1025", "a"), COAP_CHANGED);
    assert_int_equal(W.mos, 10);                                        /* the window moved on */
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab02&m=999999999999999999", "a"),
                     COAP_CHANGED);
    assert_int_equal(W.mos, 11);
}

static void sms_mo_malformed(void **state)
{
    static const char *const bad[] = {
        "", "n=sim", "n=nobody&from=4917000000&run=ab&m=1", "from=4917000000&run=ab&m=1",
        "n=sim&run=ab&m=1", "n=sim&from=&run=ab&m=1", "n=sim&from=12a&run=ab&m=1",
        "n=sim&from=4917000000&m=1", "n=sim&from=4917000000&run=&m=1",
        "n=sim&from=4917000000&run=xyz&m=1", "n=sim&from=4917000000&run=12345678901234567&m=1",
        "n=sim&from=4917000000&run=ab", "n=sim&from=4917000000&run=ab&m=",
        "n=sim&from=4917000000&run=ab&m=-1", "n=sim&from=4917000000&run=ab&m=1234567890123456789",
    };
    static const uint8_t big[141];

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(post("sms/mo", bad[i], "abc"), COAP_BAD_REQUEST);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab&m=1", ""), COAP_BAD_REQUEST);
    ask(COAP_POST, "sms/mo", "n=sim&from=4917000000&run=ab&m=1", span_of(big, 141));
    assert_int_equal(W.last.code, COAP_TOO_LARGE);
    assert_int_equal(W.mos, 0);
    ask(COAP_POST, "sms/mo", "n=sim&from=4917000000&run=ab&m=1", span_of(big, 140));
    assert_int_equal(W.last.code, COAP_CHANGED);
    assert_int_equal(W.mos, 1);
}

static void reports_and_strangers(void **state)
{
    struct coap_carrier_counters n;

    (void)state;
    assert_int_equal(post("sms/dlr", "n=sim&id=4711&state=delivered", ""), COAP_CHANGED);
    assert_int_equal(post("sms/dlr", "n=sim&id=4711", ""), COAP_BAD_REQUEST);
    assert_int_equal(post("sms", "n=sim", ""), COAP_NOT_FOUND);
    assert_int_equal(post("bip/tcp", "n=sim", ""), COAP_NOT_FOUND);
    ask(COAP_DELETE, "sms/mo", "n=sim", span_of("", 0));
    assert_int_equal(W.last.code, COAP_NOT_FOUND);
    coap_carrier_attach(W.cc, NULL);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=1", "abc"), COAP_UNAVAILABLE);
    coap_carrier_attach(W.cc, (struct channel *)&W);
    assert_int_equal(post("sms/mo", "n=sim&from=4917000000&run=ab01&m=1", "abc"), COAP_CHANGED);
    assert_int_equal(W.mos, 1);
    coap_carrier_get_counters(W.cc, &n);
    assert_int_equal(n.dlr_received, 1);
    assert_int_equal(n.refused, 5);
}

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

/* --- configuration --- */

static void open_refused(void **state)
{
    struct coap_network twice[2] = {{"a", "127.0.0.1:9"}, {"a", "127.0.0.1:9"}};
    struct coap_network empty = {"", "127.0.0.1:9"};
    struct coap_network bad = {"a", "127.0.0.1"};
    struct coap_carrier *cc = NULL;
    struct errmsg why;
    char at[32];

    (void)state;
    assert_int_equal(coap_carrier_open(W.loop, "127.0.0.1:0", twice, 2, &W.rng, &cc, &why),
                     ERR_CONFIG);
    assert_non_null(strstr(why.text, "\"a\""));
    assert_int_equal(coap_carrier_open(W.loop, "127.0.0.1:0", &empty, 1, &W.rng, &cc, &why),
                     ERR_CONFIG);
    assert_int_equal(coap_carrier_open(W.loop, "127.0.0.1:0", &bad, 1, &W.rng, &cc, &why),
                     ERR_CONFIG);
    snprintf(at, sizeof at, "127.0.0.1:%u", (unsigned)coap_carrier_udp_port(W.cc));
    assert_int_equal(coap_carrier_open(W.loop, at, NULL, 0, &W.rng, &cc, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, at));
    assert_null(cc);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(sms_mt), T(sms_mt_cannot_be_sent), T(sms_mo), T(sms_mo_malformed),
        T(reports_and_strangers), T(stream_opens_once), T(pieces_by_offset),
        T(deleted_by_the_network), T(closed_after_all_is_covered), T(network_forgot_the_stream),
        T(network_has_no_room_now), T(queue_is_bounded), T(bulk_both_ways), T(open_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
