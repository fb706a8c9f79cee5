/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile remora_bearer */
/* Packet data: a card opens TLS-PSK through the network after a push SMS; octets arrive in order
 * and unaltered, or the stream is cut for both ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/bearer/scp81.h"
#include "test/support/net_rig.h"

struct server {
    struct net_rig n;
    struct scp81_ctx *ctx;
    struct scp81 *tls;
    struct key *psk;
    bool failed;
    unsigned requests;
};

static struct key *psk_of(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    struct server *s = ctx;

    return eid_eq(eid, &s->n.card.factory.eid) && kid == 1 && kvn == 0x40 ? s->psk : NULL;
}

static void server_init(struct server *s, const struct net_setup *setup)
{
    *s = (struct server){.tls = NULL};
    net_rig_init(&s->n, setup);
    assert_int_equal(key_new(KEY_PSK, span_of(s->n.card.factory.psk, 16), &s->psk), 0);
    s->ctx = scp81_server_ctx(s->n.card.crypto, psk_of, s);
    assert_non_null(s->ctx);
    net_rig_run(&s->n, 200 * 1000);
}

static void server_fini(struct server *s)
{
    scp81_free(s->tls);
    scp81_ctx_free(s->ctx);
    key_free(s->psk);
    net_rig_fini(&s->n);
}

/* Moves octets between the network and TLS once; true when something moved. */
static bool pump(struct server *s)
{
    struct span out;
    bool moved = s->n.up.n > 0;

    if (s->n.conn && !s->tls)
        s->tls = scp81_accept(s->ctx);
    if (!s->tls)
        return false;
    if (moved) {
        int rc = scp81_input(s->tls, buf_span(&s->n.up));

        s->failed |= rc != ERR_OK && rc != ERR_CLOSED;      /* close_notify is the good end */
    }
    buf_reset(&s->n.up);
    out = scp81_output(s->tls);
    if (out.n > 0 && s->n.conn) {
        assert_int_equal(simnet_stream_bytes(s->n.net, s->n.conn, out, s->n.now), 0);
        scp81_sent(s->tls, out.n);
        moved = true;
    }
    return moved;
}

/* Until the next request or until nothing more happens within the time. */
static bool next_request(struct server *s, struct admin_request *ret, int64_t most_ms)
{
    int64_t end = s->n.now + most_ms;

    for (;;) {
        int64_t due;

        while (pump(s))
            ;
        if (s->tls && scp81_request(s->tls, ret) == ERR_OK) {
            s->requests++;
            return true;
        }
        due = simnet_due(s->n.net);
        if (due == 0 || due > end)
            return false;
        s->n.now = due;
        assert_int_equal(simnet_run(s->n.net, due), 0);
    }
}

static void answer(struct server *s, int code, const char *next, struct span body)
{
    struct admin_response r = {.code = code, .body = body};

    (void)snprintf(r.next_uri, sizeof(r.next_uri), "%s", next);
    assert_int_equal(scp81_respond(s->tls, &r), 0);
    while (pump(s))
        ;
}

static const uint8_t GET_STATUS[] = {0xAE, 0x80, 0x22, 0x08, 0x80, 0xF2, 0x40, 0x02, 0x02, 0x4F,
                                     0x00, 0x00, 0x00, 0x00};

static void session(enum latency_model latency)
{
    struct server s;
    struct admin_request r;
    struct simnet_stats st;
    char uri[32];

    server_init(&s, &(struct net_setup){.latency = latency});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 600 * 1000));
    for (unsigned i = 0; i < 30; i++) {
        (void)snprintf(uri, sizeof(uri), "/s/1/%u", i);
        answer(&s, 200, uri, span_of(GET_STATUS, sizeof(GET_STATUS)));
        assert_true(next_request(&s, &r, 600 * 1000));
        assert_string_equal(r.uri, uri);
        assert_true(r.body.n > 8 && r.body.p[0] == 0xAF);
    }
    answer(&s, 204, "", (struct span){NULL, 0});
    assert_false(next_request(&s, &r, 60 * 1000));
    assert_false(s.failed);
    assert_int_equal(s.n.conn, 0);                  /* the card closed it */
    assert_int_equal(s.n.closed, 1);
    simnet_stats(s.n.net, &st);
    assert_int_equal(st.streams_opened, 1);
    assert_int_equal(st.streams_open, 0);
    server_fini(&s);
}

static void a_session_runs_through_the_network(void **state)
{
    (void)state;
    session(LATENCY_FAST);
    session(LATENCY_LAB2016);
}

static void an_unattached_device_has_no_data(void **state)
{
    (void)state;
    struct server s;
    struct admin_request r;
    struct plmn nowhere = {"26203"};
    struct simnet_stats st;

    /* It moves out of coverage while the push SMS is being handled by the card. */
    server_init(&s, &(struct net_setup){.latency = LATENCY_FAST});
    s.n.refuse_streams = true;
    net_rig_push(&s.n);
    assert_false(next_request(&s, &r, 5 * 1000));
    simnet_stats(s.n.net, &st);
    assert_true(st.streams_refused >= 1);
    assert_int_equal(st.streams_opened, 0);
    assert_int_equal(simnet_move(s.n.net, card_eid(net_rig_card(&s.n)), &nowhere, s.n.now), 0);
    s.n.refuse_streams = false;
    assert_false(next_request(&s, &r, 3600 * 1000));
    assert_int_equal(s.n.conn, 0);
    server_fini(&s);
}

/* What an end sends after a rest gets lost, and so does its end; the card begins anew by itself. */
static void a_stream_at_rest_dies_unheard(void **state)
{
    struct server s;
    struct admin_request r;
    uint64_t conn;

    (void)state;
    server_init(&s, &(struct net_setup){.net_quirks = NETQ_NAT});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 5000));
    answer(&s, 200, "/s/1/1", span_of(GET_STATUS, sizeof(GET_STATUS)));
    assert_true(next_request(&s, &r, 5000));       /* at work it lives */
    conn = s.n.conn;
    net_rig_run(&s.n, 16 * 1000);
    answer(&s, 200, "/s/1/2", span_of(GET_STATUS, sizeof(GET_STATUS)));
    assert_false(next_request(&s, &r, 200 * 1000));
    assert_int_equal(s.n.closed, 0);
    assert_int_equal(net_rig_stats(&s.n).streams_rested, 1);
    scp81_free(s.tls);
    s.tls = NULL;
    buf_reset(&s.n.up);
    assert_true(next_request(&s, &r, 400 * 1000)); /* the card's patience ended: another stream */
    assert_true(r.resume);
    assert_int_not_equal(s.n.conn, conn);
    assert_int_equal(s.n.closed, 0);               /* of the old one nobody hears, but ... */
    assert_int_equal(net_rig_stats(&s.n).streams_open, 2);
    assert_int_equal(simnet_stream_closed(s.n.net, conn, s.n.now), 0);
    assert_int_equal(net_rig_stats(&s.n).streams_open, 1);
    server_fini(&s);
}

static void a_device_leaves_its_stream_open(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct server s;
        struct admin_request r;
        uint64_t conn;

        server_init(&s, &(struct net_setup){.net_quirks = i ? NETQ_HALF_OPEN : 0});
        net_rig_push(&s.n);
        assert_true(next_request(&s, &r, 5000));
        conn = s.n.conn;
        assert_int_equal(simnet_power_cycle(s.n.net, card_eid(net_rig_card(&s.n)), s.n.now), 0);
        net_rig_run(&s.n, 60 * 1000);
        assert_int_equal(s.n.closed, i ? 0 : 1);
        assert_int_equal(net_rig_stats(&s.n).streams_open, i);
        assert_int_equal(simnet_stream_bytes(s.n.net, conn, span_of("x", 1), s.n.now),
                         i ? ERR_OK : ERR_NOT_FOUND);
        assert_int_equal(simnet_stream_closed(s.n.net, conn, s.n.now), 0);
        net_rig_run(&s.n, 1000);
        assert_int_equal(net_rig_stats(&s.n).streams_open, 0);
        server_fini(&s);
    }
}

static void a_cut_is_told_to_both_ends(void **state)
{
    (void)state;
    struct server s;
    struct admin_request r;
    struct simnet_stats st;
    const struct simnet_faults cut = {.stream_cut = RATE_ONE}, none = {0};

    server_init(&s, &(struct net_setup){.latency = LATENCY_FAST});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 5000));
    simnet_set_faults(s.n.net, &cut);
    answer(&s, 200, "/s/1/1", span_of(GET_STATUS, sizeof(GET_STATUS)));
    assert_false(next_request(&s, &r, 1000));
    assert_int_equal(s.n.conn, 0);
    assert_int_equal(s.n.closed, 1);
    simnet_stats(s.n.net, &st);
    assert_int_equal(st.streams_cut, 1);
    simnet_set_faults(s.n.net, &none);
    scp81_free(s.tls);
    s.tls = NULL;
    assert_true(next_request(&s, &r, 600 * 1000));     /* the card comes back by itself */
    assert_int_equal(st.streams_open, 0);
    server_fini(&s);
}

static void the_far_end_may_close(void **state)
{
    (void)state;
    struct server s;
    struct admin_request r;
    struct simnet_stats st;
    uint64_t conn;

    server_init(&s, &(struct net_setup){.latency = LATENCY_LAB2016});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 600 * 1000));
    conn = s.n.conn;
    s.n.conn = 0;
    assert_int_equal(simnet_stream_closed(s.n.net, conn, s.n.now), 0);
    assert_int_equal(simnet_stream_bytes(s.n.net, conn, span_str("late"), s.n.now), ERR_NOT_FOUND);
    net_rig_run(&s.n, 5000);
    simnet_stats(s.n.net, &st);
    assert_int_equal(st.streams_open, 0);
    assert_int_equal(s.n.closed, 0);                   /* who closes is not told */
    assert_int_equal(simnet_stream_closed(s.n.net, conn, s.n.now), 0);
    assert_int_equal(simnet_stream_opened(s.n.net, conn, true, s.n.now), 0);
    assert_int_equal(simnet_stream_bytes(s.n.net, 12345, span_str("x"), s.n.now), ERR_NOT_FOUND);
    server_fini(&s);
}

static void what_waits_for_a_card_is_bounded(void **state)
{
    (void)state;
    struct server s;
    struct admin_request r;
    static uint8_t junk[STREAM_DOWN_MAX];

    server_init(&s, &(struct net_setup){.latency = LATENCY_LAB2016});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 600 * 1000));
    assert_int_equal(simnet_stream_bytes(s.n.net, s.n.conn, span_of(junk, sizeof(junk)), s.n.now),
                     0);
    assert_int_equal(simnet_stream_waiting(s.n.net, s.n.conn), sizeof(junk));
    assert_int_equal(simnet_stream_bytes(s.n.net, s.n.conn, span_of(junk, 1), s.n.now), ERR_FULL);
    assert_int_equal(simnet_stream_waiting(s.n.net, 1), 0);
    server_fini(&s);
}

static void a_power_cut_takes_streams_without_a_word(void **state)
{
    (void)state;
    struct server s;
    struct admin_request r;
    uint64_t old;

    server_init(&s, &(struct net_setup){.latency = LATENCY_FAST});
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 5000));
    old = s.n.conn;
    assert_int_equal(simnet_power_cut(s.n.net, s.n.now, 0), 0);
    assert_int_equal(s.n.closed, 0);
    assert_int_equal(simnet_stream_bytes(s.n.net, old, span_str("x"), s.n.now), ERR_NOT_FOUND);
    s.n.conn = 0;
    net_rig_run(&s.n, 1000);
    scp81_free(s.tls);
    s.tls = NULL;
    net_rig_push(&s.n);
    assert_true(next_request(&s, &r, 600 * 1000));
    assert_true(s.n.conn > old);                       /* numbers are never used again */
    server_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_runs_through_the_network),
        cmocka_unit_test(an_unattached_device_has_no_data),
        cmocka_unit_test(a_stream_at_rest_dies_unheard),
        cmocka_unit_test(a_device_leaves_its_stream_open),
        cmocka_unit_test(a_cut_is_told_to_both_ends),
        cmocka_unit_test(the_far_end_may_close),
        cmocka_unit_test(what_waits_for_a_card_is_bounded),
        cmocka_unit_test(a_power_cut_takes_streams_without_a_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
