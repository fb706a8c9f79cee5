/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_channel */
/* CAT_TP links at the SM-SR: who gets one, armed packets out, responses in, every end told once. */
#include "test/unit/smsr/channel/channel_world.h"

#include "common/bearer/cattp_link.h"
#include "smsr/es5/es5.h"

#define CONN 7u

/* A card's end; what the channel sent is fetched from W.out. */
static struct far {
    struct cattp *c;
    struct key *kic, *kid;
    unsigned ended;
    uint8_t reason;
    bool by_peer, mute;
    uint8_t sdu[PACKET_MAX];
    size_t sdu_n;
    unsigned sdus;
    uint64_t conn;
} F;
static struct operation op;

static void far_pdu(void *ctx, struct span pdu)
{
    (void)ctx;
    if (!F.mute)
        (void)channel_datagram(W.ch, F.conn, pdu);
}

static void far_opened(void *ctx, struct span id)
{
    (void)ctx;
    assert_int_equal(id.n, 0);
}

static void far_sdu(void *ctx, struct span sdu)
{
    (void)ctx;
    memcpy(F.sdu, sdu.p, sdu.n);
    F.sdu_n = sdu.n;
    F.sdus++;
}

static void far_ended(void *ctx, uint8_t reason, bool by_peer)
{
    (void)ctx;
    F.ended++;
    F.reason = reason;
    F.by_peer = by_peer;
}

static int64_t now(void)
{
    return clock_mono_ms(&W.clock.port);
}

/* What the channel sent reaches the card, and what that brings forth, until it is quiet. */
static void flow(void)
{
    while (W.n_out) {
        struct datagram d = W.out[0];
        memmove(W.out, W.out + 1, --W.n_out * sizeof W.out[0]);
        if (!F.mute && d.conn == F.conn)
            assert_int_not_equal(cattp_input(F.c, span_of(d.b, d.n), now()), ERR_NOMEM);
    }
}

static int link_setup(void **state)
{
    struct cattp_config cfg = cattp_config_default();
    const struct cattp_port port = {far_pdu, far_opened, far_sdu, far_ended, NULL};
    int rc = setup(state);

    memset(&F, 0, sizeof F);
    memset(&op, 0, sizeof op);
    F.conn = CONN;
    cfg.local_port = 1001;
    cfg.remote_port = CATTP_PORT;
    F.c = cattp_new(&cfg, &port);
    assert_non_null(F.c);
    for (unsigned i = 0; i < 16; i++)
        op.id.b[i] = (uint8_t)(0xA0 + i);
    W.card[0].e.cattp = true;
    W.card[0].e.ops[0] = &op;
    W.card[0].e.n_ops = 1;
    return rc;
}

static int link_teardown(void **state)
{
    cattp_free(F.c);
    return teardown(state);
}

static void dial(void)
{
    uint8_t id[ES5_LINK_ID];

    es5_link_id(&W.card[0].e.eid, &op.id, id);
    assert_int_equal(cattp_connect(F.c, span_of(id, sizeof id), now()), ERR_OK);
    flow();
}

static struct uuid opened(void)
{
    dial();
    assert_int_equal(cattp_state(F.c), CATTP_OPEN);
    assert_int_equal(last_post()->in.kind, IN_LINK);
    assert_true(posted_to(last_post(), &W.card[0]));
    return last_post()->in.u.link.session;
}

static int send_packet(const struct uuid *link, struct span packet, uint32_t chained)
{
    struct event ev = {.type = EV_OPERATION_ARMED, .data = packet};
    struct out_link o = {.session = *link, .armed = &ev, .chained = chained};
    int err = channel_link(W.ch, &o);

    flow();
    return err;
}

/* The card's response to the packet with this counter, in the dialect of CAT_TP. */
static void respond(struct card *c, uint64_t counter, enum packet_dialect d)
{
    const struct packet_cmd_head h = {0x16, 0x39, KIC, KIC, 1};
    const struct scp80_keys k = {c->kic, c->kid, 0};
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);

    assert_int_equal(scp80_por_wrap(W.c, &k, d, &h, counter, POR_OK, span_str("answer"), &w), ERR_OK);
    assert_int_equal(cattp_send(F.c, wr_view(&w), now()), ERR_OK);
    flow();
}

static void a_packet_and_its_answer(void **state)
{
    struct uuid link = opened(), seen;
    uint32_t chained = 1;

    (void)state;
    assert_true(channel_linked(W.ch, &W.card[0].e.eid, &seen, &chained));
    assert_true(uuid_eq(&seen, &link));
    assert_int_equal(chained, 0);
    assert_int_equal(send_packet(&link, span_str("packet"), 0x13), ERR_OK);
    assert_int_equal(F.sdu_n, 6);
    assert_memory_equal(F.sdu, "packet", 6);
    assert_true(channel_linked(W.ch, &W.card[0].e.eid, &seen, &chained));
    assert_int_equal(chained, 0x13);
    card_open_packet(&W.card[0], 5);
    respond(&W.card[0], 5, PACKET_CATTP);
    assert_int_equal(last_post()->in.kind, IN_POR);
    assert_int_equal(last_post()->in.u.por.counter, 5);
    assert_int_equal(last_post()->in.u.por.status, POR_OK);
    assert_memory_equal(last_post()->data, "answer", 6);
    assert_int_equal(COUNT(por_accepted), 1);
    assert_int_equal(COUNT(link_opened), 1);
}

static void a_long_packet(void **state)
{
    static uint8_t big[PACKET_MAX];
    struct uuid link = opened();

    (void)state;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (uint8_t)i;
    assert_int_equal(send_packet(&link, span_of(big, sizeof big), 0), ERR_OK);
    assert_int_equal(F.sdu_n, sizeof big);
    assert_memory_equal(F.sdu, big, sizeof big);
}

static void what_proves_nothing(void **state)
{
    struct uuid link = opened();
    unsigned before = W.n_posts;

    (void)state;
    (void)link;
    card_open_packet(&W.card[0], 5);
    card_open_packet(&W.card[1], 5);
    respond(&W.card[1], 5, PACKET_CATTP);   /* another card's keys */
    respond(&W.card[0], 5, PACKET_SMS);     /* another dialect */
    assert_int_equal(cattp_send(F.c, span_str("junk"), now()), ERR_OK);
    flow();
    assert_int_equal(W.n_posts, before);
    assert_int_equal(COUNT(link_sdu_refused), 3);
    respond(&W.card[0], 4, PACKET_CATTP);   /* of no open packet */
    assert_int_equal(W.n_posts, before);
    assert_int_equal(COUNT(por_late), 1);
}

/* --- who gets a link --- */
static void refused(struct span id, uint8_t reason)
{
    unsigned ended = F.ended;

    assert_int_equal(cattp_connect(F.c, id, now()), ERR_OK);
    flow();
    assert_int_equal(F.ended, ended + 1);
    assert_int_equal(F.reason, reason);
    assert_true(F.by_peer);
    pass(61000);
    cattp_timer(F.c, now());
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(channel_links(W.ch), 0);
}

static void strangers(void **state)
{
    uint8_t id[ES5_LINK_ID + 1] = {0};

    (void)state;
    es5_link_id(&W.card[0].e.eid, &op.id, id);
    refused(span_of(id, 16), CATTP_UNABLE);                /* the EID alone */
    refused(span_of(id, ES5_LINK_ID + 1), CATTP_UNABLE);
    refused(span_of(NULL, 0), CATTP_UNABLE);
    id[ES5_LINK_ID - 1] ^= 1;
    refused(span_of(id, ES5_LINK_ID), CATTP_UNABLE);       /* another operation */
    es5_link_id(&W.card[1].e.eid, &op.id, id);
    refused(span_of(id, ES5_LINK_ID), CATTP_UNABLE);       /* a card that was not asked */
    id[0] ^= 1;
    refused(span_of(id, ES5_LINK_ID), CATTP_UNABLE);       /* no card */
    es5_link_id(&W.card[0].e.eid, &op.id, id);
    W.card[0].e.cattp = false;
    refused(span_of(id, ES5_LINK_ID), CATTP_UNABLE);       /* cannot, says its EIS */
    W.card[0].e.cattp = true;
    W.card[0].e.n_ops = 0;
    refused(span_of(id, ES5_LINK_ID), CATTP_UNABLE);       /* nothing runs any more */
    assert_int_equal(COUNT(link_unknown), 8);
}

static void pdu_in(struct cattp_pdu p)
{
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);

    p.source = p.source ? p.source : 1001;
    p.destination = p.destination ? p.destination : CATTP_PORT;
    cattp_put(&w, &p);
    assert_false(w.failed);
    assert_false(channel_datagram(W.ch, CONN, wr_view(&w)));
}

static uint8_t reset_heard(uint16_t seq)
{
    struct cattp_pdu p;

    assert_int_equal(W.n_out, 1);
    assert_int_equal(cattp_parse(span_of(W.out[0].b, W.out[0].n), &p), ERR_OK);
    assert_true(p.flags & CATTP_RST);
    assert_int_equal(p.seq, seq);
    W.n_out = 0;
    return p.reason;
}

/* They are looked up at the expense of each other, not of a card that was asked. */
static void a_flood_of_strangers(void **state)
{
    struct event ev = {.type = EV_PACKET_ARMED, .kvn = KVN, .counter = 1, .data = span_str("push")};
    struct out_sms push = {.eid = W.card[0].e.eid, .armed = &ev, .to = {W.card[0].profile[0].iccid},
                           .validity_ms = 60000};
    uint8_t id[ES5_LINK_ID] = {0x89};
    struct cattp_pdu syn = {.flags = CATTP_SYN, .max_pdu = 100, .max_sdu = 100,
                            .id = span_of(id, sizeof id)};

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        id[1] = (uint8_t)i;
        pdu_in(syn);
        assert_int_equal(reset_heard(1), CATTP_UNABLE);
    }
    assert_int_equal(COUNT(link_unknown), 200);
    assert_int_equal(COUNT(link_throttled), 200 - 64);
    es5_link_id(&W.card[0].e.eid, &op.id, id);
    pdu_in(syn);                                           /* as if it were forgotten */
    assert_int_equal(reset_heard(1), CATTP_UNABLE);
    assert_int_equal(channel_sms(W.ch, &push), ERR_OK);
    (void)opened();
    assert_int_equal(COUNT(link_throttled), 200 - 63);
}

static void datagrams_of_nobody(void **state)
{
    static const uint8_t JUNK[] = {0x80, 0, 0, 18};
    uint8_t room[100];
    struct writer w = wr_init(room, sizeof room);
    struct cattp_pdu p = {.flags = CATTP_ACK, .source = 1001, .destination = CATTP_PORT, .seq = 9};

    (void)state;
    assert_false(channel_datagram(W.ch, CONN, span_of(JUNK, sizeof JUNK)));
    assert_false(channel_datagram(W.ch, CONN, span_of(NULL, 0)));
    cattp_put(&w, &p);
    room[16] ^= 1;                                         /* checksum */
    assert_false(channel_datagram(W.ch, CONN, wr_view(&w)));
    pdu_in((struct cattp_pdu){.flags = CATTP_RST, .seq = 1});
    assert_int_equal(W.n_out, 0);                          /* nothing of it is answered */
    pdu_in((struct cattp_pdu){.flags = CATTP_ACK, .seq = 9, .ack = 4});
    assert_int_equal(reset_heard(5), CATTP_UNEXPECTED);
    pdu_in((struct cattp_pdu){.flags = CATTP_SYN, .destination = 1, .max_pdu = 100, .max_sdu = 100});
    assert_int_equal(reset_heard(1), CATTP_NO_PORT);
    pdu_in((struct cattp_pdu){.flags = CATTP_SYN | 1, .max_pdu = 100, .max_sdu = 100}); /* version 1 */
    assert_int_equal(reset_heard(1), CATTP_VERSION);
    assert_int_equal(COUNT(datagram_dropped), 7);
    assert_int_equal(COUNT(datagram_received), 7);
}

/* --- ends --- */
static void the_card_ends_it(void **state)
{
    struct uuid link = opened(), none;
    uint32_t chained;

    (void)state;
    cattp_close(F.c, now());
    assert_int_equal(last_post()->in.kind, IN_SESSION_END);
    assert_true(uuid_eq(&last_post()->in.u.session_end.session, &link));
    assert_false(channel_linked(W.ch, &W.card[0].e.eid, &none, &chained));
    assert_int_equal(send_packet(&link, span_str("packet"), 0), ERR_NOT_FOUND);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    pass(70000);                                           /* stragglers are heard so long */
    assert_int_equal(W.n_datagram_ends, 1);
    assert_int_equal(W.datagram_ended, CONN);
}

static void we_end_it(void **state)
{
    struct out_session_close close = {opened()};

    (void)state;
    channel_session_close(W.ch, &close);
    flow();
    assert_int_equal(F.ended, 1);
    assert_int_equal(F.reason, CATTP_NORMAL);
    assert_int_equal(posts_of(IN_SESSION_END), 0);         /* who asked for it knows */
    channel_session_close(W.ch, &close);
}

static void nothing_to_be_done(void **state)
{
    (void)state;
    (void)opened();
    pass(HOLD_MS - 1000);
    assert_int_equal(posts_of(IN_SESSION_END), 0);
    pass(2000);
    flow();
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_int_equal(F.ended, 1);
    assert_int_equal(COUNT(link_held_out), 1);
    assert_int_equal(COUNT(link_lost), 0);
}

/* While a command is out its operation's time counts; what proves nothing does not change that. */
static void junk_behind_a_command(void **state)
{
    struct uuid link = opened();

    (void)state;
    card_open_packet(&W.card[0], 5);
    assert_int_equal(send_packet(&link, span_str("packet"), 0), ERR_OK);
    assert_int_equal(cattp_send(F.c, span_str("junk"), now()), ERR_OK);
    flow();
    respond(&W.card[0], 4, PACKET_CATTP);   /* of no open packet */
    pass(2 * HOLD_MS);
    assert_int_equal(posts_of(IN_SESSION_END), 0);
    respond(&W.card[0], 5, PACKET_CATTP);
    pass(HOLD_MS - 1000);
    assert_int_equal(cattp_send(F.c, span_str("junk"), now()), ERR_OK);
    flow();
    pass(2000);                             /* nor does it keep a link open */
    assert_int_equal(posts_of(IN_SESSION_END), 1);
}

/* A card that is gone: ten tries of the packet, then the mailbox hears of it. */
static void silence(void **state)
{
    struct uuid link = opened();

    (void)state;
    F.mute = true;
    assert_int_equal(send_packet(&link, span_str("packet"), 0), ERR_OK);
    for (unsigned i = 0; i < 600 && !posts_of(IN_SESSION_END); i++) {
        pass(1000);
        W.n_out = 0;
    }
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_int_equal(COUNT(link_lost), 1);
    pass(120000);
    assert_int_equal(W.n_datagram_ends, 1);
    assert_int_equal(channel_due(W.ch), -1);               /* nothing is left behind */
}

static void another_link_of_the_card(void **state)
{
    struct uuid first = opened();
    struct cattp_config cfg = cattp_config_default();
    const struct cattp_port port = {far_pdu, far_opened, far_sdu, far_ended, NULL};

    (void)state;
    cattp_free(F.c);
    cfg.local_port = 1002;
    cfg.remote_port = CATTP_PORT;
    F.c = cattp_new(&cfg, &port);
    F.conn = CONN + 1;
    dial();
    assert_int_equal(cattp_state(F.c), CATTP_OPEN);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_true(uuid_eq(&W.post[1]->in.u.session_end.session, &first));
    assert_int_equal(last_post()->in.kind, IN_LINK);
    assert_int_equal(channel_links(W.ch), 1);
}

static void a_card_that_takes_less(void **state)
{
    struct cattp_config cfg = cattp_config_default();
    const struct cattp_port port = {far_pdu, far_opened, far_sdu, far_ended, NULL};
    static uint8_t big[300];
    struct uuid link;

    (void)state;
    cattp_free(F.c);
    cfg.local_port = 1001;
    cfg.remote_port = CATTP_PORT;
    cfg.max_sdu = 200;
    F.c = cattp_new(&cfg, &port);
    link = opened();
    assert_int_equal(send_packet(&link, span_of(big, sizeof big), 0), ERR_TOO_LARGE);
    assert_int_equal(posts_of(IN_SESSION_END), 1);         /* as silence: the procedure fences */
    assert_int_equal(F.ended, 1);
}

static void bad_air(void **state)
{
    struct uuid link = opened();
    struct rng rng;

    (void)state;
    rng_init_seeded(&rng, 3);
    for (uint64_t n = 1; n <= 20; n++) {
        card_open_packet(&W.card[0], n);
        assert_int_equal(send_packet(&link, span_str("packet"), 0), ERR_OK);
        for (unsigned i = 0; i < 100 && F.sdus < n; i++) {
            F.mute = rng_below(&rng, 2) != 0;
            pass(1000);
            cattp_timer(F.c, now());
            flow();
        }
        F.mute = false;
        assert_int_equal(F.sdus, n);
        respond(&W.card[0], n, PACKET_CATTP);
        W.card[0].e.n_packets = 0;
    }
    assert_int_equal(COUNT(por_accepted), 20);
}

int main(void)
{
#define L(f) cmocka_unit_test_setup_teardown(f, link_setup, link_teardown)
    const struct CMUnitTest tests[] = {
        L(a_packet_and_its_answer),
        L(a_long_packet),
        L(what_proves_nothing),
        L(strangers),
        L(a_flood_of_strangers),
        L(datagrams_of_nobody),
        L(the_card_ends_it),
        L(we_end_it),
        L(nothing_to_be_done),
        L(junk_behind_a_command),
        L(silence),
        L(another_link_of_the_card),
        L(a_card_that_takes_less),
        L(bad_air),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
