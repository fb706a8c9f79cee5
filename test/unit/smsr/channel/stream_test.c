/* SPDX-License-Identifier: Apache-2.0 */
/* Streams before and below sessions: who may open one, what garbage and slowness cost (facts: trust
 * 1.3, S9; ota 4.2). */
#include "test/unit/smsr/channel/device.h"

#define NONE span_of("", 0)

static void alerts(unsigned i, const char *identity, struct key *psk, struct buf *ret)
{
    struct device *d = &W.dev[i];
    uint8_t copy[2000];

    buf_init(ret, 0);
    scp81_free(d->tls);
    buf_reset(&d->in);
    d->closed = false;
    d->tls = scp81_connect(W.client, identity, psk);
    assert_non_null(d->tls);
    channel_stream_open(W.ch, i + 1);
    for (unsigned round = 0; round < 10 && !d->closed; round++) {
        struct span out = scp81_output(d->tls);
        struct buf in;
        int err;

        assert_true(out.n <= sizeof copy);
        memcpy(copy, out.p, out.n);
        scp81_sent(d->tls, out.n);
        channel_stream_bytes(W.ch, i + 1, span_of(copy, out.n));
        buf_reset(ret);
        buf_add_span(ret, buf_span(&d->in));
        in = d->in;
        buf_init(&d->in, 0);
        err = scp81_input(d->tls, buf_span(&in));
        assert_true(err == ERR_OK || err == ERR_AUTH);
        buf_fini(&in);
    }
    assert_true(d->closed);
}

/* An unknown card, a wrong key, another version or index: one and the same last word. */
static void unknown_is_as_wrong(void **state)
{
    char good[SCP81_IDENTITY_TEXT], other[SCP81_IDENTITY_TEXT];
    struct card *c = &W.card[0];
    struct buf wrong, unknown;
    struct eid eid;

    (void)state;
    scp81_identity(&c->e.eid, PSK_KID, PSK_KVN, good);
    alerts(0, good, W.card[1].psk, &wrong);
    assert_true(wrong.n > 0);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(eid_make("890440450000000000000000000099", &eid), ERR_OK);
        if (i == 0)
            scp81_identity(&eid, PSK_KID, PSK_KVN, other);
        else if (i == 1)
            scp81_identity(&c->e.eid, PSK_KID + 1, PSK_KVN, other);
        else if (i == 2)
            scp81_identity(&c->e.eid, PSK_KID, PSK_KVN + 1, other);
        else
            snprintf(other, sizeof other, "%s", i == 3 ? "" : "admin");
        alerts(1, other, c->psk, &unknown);
        assert_int_equal(unknown.n, wrong.n);
        assert_memory_equal(unknown.p, wrong.p, wrong.n);
        buf_fini(&unknown);
    }
    c->registered = false;              /* not ours (any more) */
    alerts(1, good, c->psk, &unknown);
    assert_int_equal(unknown.n, wrong.n);
    assert_memory_equal(unknown.p, wrong.p, wrong.n);
    buf_fini(&unknown);
    buf_fini(&wrong);
    assert_int_equal(COUNT(stream_failed), 7);
    assert_int_equal(channel_streams(W.ch), 0);
    assert_int_equal(channel_sessions(W.ch), 0);
    assert_int_equal(W.n_posts, 0);
}

static void card_without_psk(void **state)
{
    struct key *psk = W.card[0].psk;
    struct buf last;
    char good[SCP81_IDENTITY_TEXT];

    (void)state;
    scp81_identity(&W.card[0].e.eid, PSK_KID, PSK_KVN, good);
    W.card[0].psk = NULL;
    alerts(0, good, psk, &last);
    W.card[0].psk = psk;
    buf_fini(&last);
    assert_int_equal(COUNT(stream_failed), 1);
}

static void garbage(void **state)
{
    uint8_t b[3000];
    unsigned opened = 0;

    (void)state;
    channel_stream_bytes(W.ch, 3, span_of("x", 1));     /* never opened */
    channel_stream_closed(W.ch, 3);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t conn = 1 + i % DEVICES;
        W.dev[conn - 1].closed = false;
        channel_stream_open(W.ch, conn);
        opened++;
        for (unsigned k = 0; k < 5; k++) {
            size_t n = rng_below(&W.rng, sizeof b);
            rng_fill(&W.rng, b, n);
            if (k == 0 && n > 5 && i % 3)
                memcpy(b, i % 3 == 1 ? "\x16\x03\x03\x00\x40" : "GET / HTTP/1.1", 5);
            channel_stream_bytes(W.ch, conn, span_of(b, n));
        }
        channel_stream_closed(W.ch, conn);
    }
    assert_int_equal(channel_streams(W.ch), 0);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(stream_opened), opened);
    assert_true(COUNT(stream_failed) > 0);
}

/* Wrong HTTP inside right TLS ends the stream; a session that was there may be resumed. */
static void garbage_behind_the_handshake(void **state)
{
    struct card *c = &W.card[0];
    struct uuid held;
    uint8_t b[100];

    (void)state;
    dev_connect(0, c);
    dev_post(0, c, "/polling", NONE, false);
    assert_true(channel_held(W.ch, &c->e.eid, &held));
    rng_fill(&W.rng, b, sizeof b);
    memcpy(b, "\x17\x03\x03\x00\x5f", 5);               /* a record that does not verify */
    channel_stream_bytes(W.ch, 1, span_of(b, sizeof b));
    assert_true(W.dev[0].closed);
    assert_int_equal(COUNT(stream_failed), 1);
    assert_false(channel_held(W.ch, &c->e.eid, &held));
    assert_int_equal(channel_sessions(W.ch), 1);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, true);
    assert_true(channel_held(W.ch, &c->e.eid, &held));
    assert_int_equal(W.n_posts, 1);
}

static void no_request_in_time(void **state)
{
    (void)state;
    channel_stream_open(W.ch, 1);                       /* says nothing */
    dev_connect(1, &W.card[0]);                         /* handshake only */
    pass(IDLE_MS - 1000);
    channel_stream_bytes(W.ch, 1, span_of("\x16\x03\x01", 3));      /* trickles */
    pass(999);
    assert_int_equal(channel_streams(W.ch), 2);
    pass(1);
    assert_int_equal(channel_streams(W.ch), 0);
    assert_true(W.dev[0].closed && W.dev[1].closed);
    assert_int_equal(COUNT(stream_slow), 2);
    assert_int_equal(channel_due(W.ch), -1);
}

static void opened_twice(void **state)
{
    (void)state;
    channel_stream_open(W.ch, 1);
    channel_stream_open(W.ch, 1);
    assert_int_equal(channel_streams(W.ch), 1);
    assert_int_equal(COUNT(stream_opened), 1);
    assert_false(W.dev[0].closed);
}

static void streams_are_bounded(void **state)
{
    (void)state;
    for (uint64_t conn = 1; conn <= 20000; conn++)
        channel_stream_open(W.ch, conn);
    assert_int_equal(channel_streams(W.ch), 20000);
    assert_int_equal(W.n_closed, 0);
    channel_stream_open(W.ch, 20001);
    assert_int_equal(W.n_closed, 1);
    assert_int_equal(COUNT(stream_overflow), 1);
    channel_stream_closed(W.ch, 20000);
    channel_stream_open(W.ch, 20002);
    assert_int_equal(channel_streams(W.ch), 20000);
}

/* A stream that is closing keeps its place only as long as its output does. */
static void closing_and_stuck(void **state)
{
    struct card *c = &W.card[0];
    struct out_session_close o;

    (void)state;
    dev_connect(0, c);
    dev_post(0, c, "/polling", NONE, false);
    o.session = W.post[0]->in.u.post.session;
    W.send_result = ERR_FULL;
    channel_session_close(W.ch, &o);
    assert_int_equal(channel_streams(W.ch), 1);
    channel_stream_bytes(W.ch, 1, span_of("x", 1));     /* heard no more */
    pass(5000);
    assert_int_equal(channel_streams(W.ch), 1);
    W.send_result = ERR_OK;
    pass(1000);
    assert_int_equal(channel_streams(W.ch), 0);
    assert_true(W.dev[0].closed);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, false);
    o.session = W.post[1]->in.u.post.session;
    W.send_result = ERR_FULL;
    channel_session_close(W.ch, &o);
    pass(IDLE_MS);                                      /* for ever full: cut */
    assert_int_equal(channel_streams(W.ch), 0);
    assert_int_equal(channel_due(W.ch), -1);
}

static void byte_by_byte(void **state)
{
    struct card *c = &W.card[0];
    struct admin_request r = {.from_eid = c->e.eid, .from_aid = AID_ISD_R, .uri = "/polling"};
    struct device *d = &W.dev[0];

    (void)state;
    dev_connect(0, c);
    assert_int_equal(scp81_post(d->tls, &r, "smsr.example"), ERR_OK);
    while (scp81_output(d->tls).n) {
        uint8_t one = scp81_output(d->tls).p[0];
        assert_int_equal(W.n_posts, 0);
        scp81_sent(d->tls, 1);
        channel_stream_bytes(W.ch, 1, span_of(&one, 1));
    }
    assert_int_equal(W.n_posts, 1);
}

static void counters_have_names(void **state)
{
    const char *name = NULL;
    uint64_t v = 0;
    unsigned n = 0;

    (void)state;
    channel_stream_open(W.ch, 1);
    while (channel_counter(W.ch, n, &name, &v)) {
        assert_non_null(name);
        assert_int_equal(v, !strcmp(name, "stream_opened"));
        n++;
    }
    assert_int_equal(n * sizeof(uint64_t), sizeof(struct channel_counters));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unknown_is_as_wrong), T(card_without_psk), T(garbage), T(garbage_behind_the_handshake),
        T(no_request_in_time), T(opened_twice), T(streams_are_bounded), T(closing_and_stuck),
        T(byte_by_byte), T(counters_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
