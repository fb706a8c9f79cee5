/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simlink remora_smdp_profile remora_smsr_channel remora_net */
/* The CoAP link with a real card behind it, against the SM-SR's own carrier on the other side of
 * real loopback, and against a peer that breaks the rules. The channel's upcalls are this test's
 * own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bearer/scp81.h"
#include "smsr/channel/coap_carrier.h"
#include "test/support/net_rig.h"
#include "tools/euiccsim/net/coap_link_int.h"

#define STEPS 40u
#define TO "to=491710000016&from=491710000001&pid=7F&dcs=F6&vp=60"

static struct world {
    struct loop *loop;
    struct rng rng;
    struct coap_link *link;
    struct coap_carrier *cc;
    struct net_rig rig;
    struct scp81_ctx *ctx;
    struct scp81 *tls;
    struct key *psk;
    uint64_t conn;
    struct loop_timer *timer;
    unsigned results, mos, opens, closes, steps;
    enum carrier_result result;
    struct msisdn mo_from;
    bool tls_failed;
    unsigned want_mos, want_results, want_closes, want_replies, replies;
    struct coap_reply last;
    char last_text[COAP_UNIT_MAX + 1];
} W;

static void check_done(void)
{
    if (W.mos >= W.want_mos && W.results >= W.want_results && W.closes >= W.want_closes &&
        W.replies >= W.want_replies)
        loop_stop(W.loop);
}

/* --- what the carrier tells the channel --- */
void channel_sms_result(struct channel *ch, uint64_t tag, enum carrier_result r)
{
    (void)ch;
    (void)tag;
    W.result = r;
    W.results++;
    check_done();
}

/* Nobody asked for a report. */
void channel_sms_named(struct channel *ch, uint64_t tag, const char *id)
{
    (void)ch;
    (void)tag;
    fail_msg("%s is named", id);
}

bool channel_sms_report(struct channel *ch, const char *network, const char *id, enum message_report r,
                        const char *error)
{
    (void)ch;
    (void)network;
    (void)r;
    (void)error;
    fail_msg("%s is reported", id);
    return false;
}

void channel_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud)
{
    struct sms_ud ud;

    (void)ch;
    assert_int_equal(sms_ud_parse(tp_ud, &ud), 0);
    W.mo_from = *from;
    W.mos++;
    check_done();
}

void channel_stream_open(struct channel *ch, uint64_t conn)
{
    (void)ch;
    W.opens++;
    W.conn = conn;
    W.tls = scp81_accept(W.ctx);
    assert_non_null(W.tls);
}

static void tls_flush(void)
{
    const struct carrier *k = coap_carrier_port(W.cc);
    struct span out = scp81_output(W.tls);

    if (out.n == 0)
        return;
    assert_int_equal(k->stream_send(k->ctx, W.conn, out), 0);
    scp81_sent(W.tls, out.n);
}

static void tls_answer(void)
{
    static const uint8_t SCRIPT[] = {0xAE, 0x80, 0x22, 0x08, 0x80, 0xF2, 0x40, 0x02, 0x02, 0x4F,
                                     0x00, 0x00, 0x00, 0x00};
    struct admin_response r = {.code = W.steps < STEPS ? 200 : 204};

    if (W.steps < STEPS) {
        (void)snprintf(r.next_uri, sizeof(r.next_uri), "/s/1/%u", W.steps);
        r.body = span_of(SCRIPT, sizeof(SCRIPT));
    }
    W.steps++;
    assert_int_equal(scp81_respond(W.tls, &r), 0);
}

void channel_stream_bytes(struct channel *ch, uint64_t conn, struct span bytes)
{
    struct admin_request req;
    int rc;

    (void)ch;
    assert_int_equal(conn, W.conn);
    rc = scp81_input(W.tls, bytes);
    W.tls_failed |= rc != ERR_OK && rc != ERR_CLOSED;
    while (scp81_request(W.tls, &req) == ERR_OK)
        tls_answer();
    tls_flush();
}

void channel_stream_closed(struct channel *ch, uint64_t conn)
{
    (void)ch;
    assert_int_equal(conn, W.conn);
    scp81_free(W.tls);
    W.tls = NULL;
    W.closes++;
    check_done();
}

bool channel_datagram(struct channel *ch, uint64_t conn, struct span pdu)
{
    (void)ch;
    (void)conn;
    (void)pdu;
    return false;
}

static struct key *psk_of(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    (void)ctx;
    (void)kid;
    (void)kvn;
    return eid_eq(eid, &W.rig.card.factory.eid) ? W.psk : NULL;
}

/* --- both ends in one loop --- */
static int64_t wall(void)
{
    return clock_wall_ms(&CLOCK_SYSTEM);
}

static void turn(void *ctx)
{
    int64_t due;

    (void)ctx;
    assert_int_equal(simnet_run_some(W.rig.net, wall(), 64), 0);
    assert_int_equal(coap_link_error(W.link), 0);
    due = simnet_due(W.rig.net);
    loop_timer_at(W.timer, due ? clock_mono_ms(&CLOCK_SYSTEM) + (due > wall() ? due - wall() : 0)
                               : -1);
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static bool attached(const struct net_rig *n)
{
    return simnet_attached(n->net, 0, NULL);
}

/* A port that is free now becomes the carrier's: each end must know the other's before it opens. */
static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    assert_int_equal(close(fd), 0);
    return ntohs(a.sin_port);
}

/* smsr: where the link sends to; the carrier is made behind it and needs the link's port. */
static void world_open(bool with_carrier, const char *smsr)
{
    struct coap_link_config cfg = {"127.0.0.1:0", smsr, "sim", &W.rng, &CLOCK_SYSTEM};
    struct simnet_port port;
    struct errmsg why = {""};
    struct coap_network net = {"sim", "", false};
    char at[32], carrier_at[32];

    W = (struct world){.want_mos = 0};
    rng_init_system(&W.rng);
    W.loop = loop_new();
    assert_non_null(W.loop);
    (void)snprintf(carrier_at, sizeof(carrier_at), "127.0.0.1:%u", free_port());
    if (with_carrier)
        cfg.smsr = carrier_at;
    assert_int_equal(coap_link_open(W.loop, &cfg, &W.link, &why), 0);
    if (with_carrier) {
        (void)snprintf(at, sizeof(at), "127.0.0.1:%u", coap_link_udp_port(W.link));
        net.host_port = at;
        if (coap_carrier_open(W.loop, carrier_at, &net, 1, &W.rng, &W.cc, &why) != ERR_OK)
            fail_msg("%s", why.text);
        coap_carrier_attach(W.cc, (struct channel *)(void *)&W);
    }
    port = coap_link_port(W.link);
    net_rig_init(&W.rig, &(struct net_setup){.port = &port, .now_ms = wall()});
    net_rig_until(&W.rig, attached, 1000);
    coap_link_attach(W.link, W.rig.net);
    assert_int_equal(key_new(KEY_PSK, span_of(W.rig.card.factory.psk, 16), &W.psk), 0);
    W.ctx = scp81_server_ctx(W.rig.card.crypto, psk_of, NULL);
    W.timer = loop_timer_new(W.loop, nothing, NULL);
    loop_set_turn(W.loop, turn, NULL);
}

static void world_close(void)
{
    scp81_free(W.tls);
    scp81_ctx_free(W.ctx);
    key_free(W.psk);
    coap_link_close(W.link);
    if (W.cc)
        coap_carrier_close(W.cc);
    loop_timer_free(W.timer);
    net_rig_fini(&W.rig);
    loop_free(W.loop);
}

/* A secured packet through the carrier, in its TP-UDs. */
static unsigned carrier_send(struct span data)
{
    const struct carrier *k = coap_carrier_port(W.cc);
    uint8_t room[PACKET_MAX], ud[SMS_UD_MAX];
    struct span packet = rig_wrap(&W.rig.card, 1, data, room);
    unsigned parts = sms_parts(packet.n);

    for (unsigned i = 1; i <= parts; i++) {
        struct writer w = wr_init(ud, sizeof(ud));

        assert_int_equal(sms_part_put(&w, SMS_COMMAND, packet, 1, i), 0);
        assert_int_equal(k->sms_mt(k->ctx, "sim", &W.rig.no_a, RIG_SMSR, SMS_PID_SIM_DATA,
                                   SMS_DCS_CLASS2, 60, wr_view(&w), i), 0);
    }
    return parts;
}

static void a_command_and_its_answer_travel_between_processes(void **state)
{
    (void)state;
    static const uint8_t SCRIPT[] = {0xAA, 0x0A, 0x22, 0x08, 0x80, 0xF2, 0x40, 0x02, 0x02, 0x4F,
                                     0x00, 0x00};
    struct coap_link_counters n;

    world_open(true, NULL);
    W.want_results = carrier_send(span_of(SCRIPT, sizeof(SCRIPT)));
    W.want_mos = 1;
    assert_int_equal(loop_run(W.loop), 0);
    assert_int_equal(W.result, CARRIER_ACCEPTED);
    assert_string_equal(W.mo_from.s, W.rig.no_a.s);
    coap_link_get_counters(W.link, &n);
    assert_int_equal(n.mt_taken, W.want_results);
    world_close();
}

static void a_whole_session_travels_between_processes(void **state)
{
    (void)state;
    struct coap_link_counters n;
    uint8_t data[256];
    struct writer w = wr_init(data, sizeof(data));

    net_trigger_put(&w);
    world_open(true, NULL);
    (void)carrier_send(wr_view(&w));
    W.want_closes = 1;
    assert_int_equal(loop_run(W.loop), 0);
    assert_int_equal(W.opens, 1);
    assert_int_equal(W.steps, STEPS + 1);
    assert_false(W.tls_failed);
    coap_link_get_counters(W.link, &n);
    assert_int_equal(n.streams_open, 1);
    assert_int_equal(n.streams_cut, 0);
    assert_true(n.octets_up > 4000 && n.octets_down > 4000);
    world_close();
}

static void a_number_nobody_has_is_refused(void **state)
{
    (void)state;
    const struct carrier *k;
    struct msisdn to = {"4999"};

    world_open(true, NULL);
    k = coap_carrier_port(W.cc);
    assert_int_equal(k->sms_mt(k->ctx, "sim", &to, RIG_SMSR, SMS_PID_SIM_DATA, SMS_DCS_CLASS2, 60,
                               span_str("\x02\x70\x00payload"), 1), 0);
    W.want_results = 1;
    assert_int_equal(loop_run(W.loop), 0);
    assert_int_equal(W.result, CARRIER_NO_SUBSCRIBER);
    world_close();
}

/* --- a peer of its own, right and wrong --- */
static void on_reply(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    (void)ctx;
    (void)tag;
    W.last = *r;
    memset(W.last_text, 0, sizeof(W.last_text));
    if (r->payload.n > 0)
        memcpy(W.last_text, r->payload.p, r->payload.n);
    W.replies++;
    check_done();
}

static struct coap_node *P;
static struct coap_peer *PEER;

static void refuse_all(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    (void)ctx;
    (void)req;
    ret->code = COAP_NOT_FOUND;
}

static void peer_open(void)
{
    struct errmsg why = {""};
    char at[32];

    world_open(false, "127.0.0.1:9");
    assert_int_equal(coap_open(W.loop, "127.0.0.1:0", refuse_all, NULL, &P, &why), 0);
    (void)snprintf(at, sizeof(at), "127.0.0.1:%u", coap_link_udp_port(W.link));
    assert_int_equal(coap_peer_new(P, at, &PEER, &why), 0);
}

static uint8_t ask(enum coap_method method, const char *path, const char *query,
                   struct span payload)
{
    struct coap_msg m = {.method = method, .payload = payload, .confirmable = true};

    (void)snprintf(m.path, sizeof(m.path), "%s", path);
    (void)snprintf(m.query, sizeof(m.query), "%s", query);
    W.want_replies = W.replies + 1;
    assert_int_equal(coap_send_request(PEER, &m, on_reply, NULL, 1), 0);
    assert_int_equal(loop_run(W.loop), 0);
    return W.last.code;
}

static void a_number_sent_again_is_answered_again_without_effect(void **state)
{
    (void)state;
    const struct span ud = span_str("\x02\x70\x00" "0123456789");
    struct coap_link_counters n;
    struct simnet_stats st;
    char first[64];

    peer_open();
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=1", ud), COAP_CREATED);
    memcpy(first, W.last.location, sizeof(first));
    assert_memory_equal(first, "sms/", 4);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=1", ud), COAP_CREATED);
    assert_string_equal(W.last.location, first);
    assert_int_equal(ask(COAP_POST, "sms/mt",
                         "to=49&from=491710000001&pid=7F&dcs=F6&vp=60&run=ab&m=2", ud),
                     COAP_BAD_REQUEST);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=1500", ud), COAP_CREATED);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=2", ud), COAP_CONFLICT);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=cd&m=1", ud), COAP_CREATED);
    simnet_stats(W.rig.net, &st);
    assert_int_equal(st.mt_accepted, 3);
    coap_link_get_counters(W.link, &n);
    assert_int_equal(n.mt_taken, 3);
    assert_int_equal(n.mt_repeated, 2);
    coap_close(P);
    world_close();
}

/* Only of a message that asked for it, and once. */
static void a_report_comes_to_who_asked(void **state)
{
    (void)state;
    const struct span ud = span_str("\x02\x70\x00" "0123456789");
    struct coap_link_counters n;
    struct simnet_port port;

    peer_open();
    port = coap_link_port(W.link);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=1", ud), COAP_CREATED);
    port.sms_report(port.ctx, strtoull(W.last.location + 4, NULL, 10), REPORT_DELIVERED);
    coap_link_get_counters(W.link, &n);
    assert_int_equal(n.reports, 0);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&dlr=1&run=ab&m=2", ud), COAP_CREATED);
    for (unsigned i = 0; i < 2; i++)
        port.sms_report(port.ctx, strtoull(W.last.location + 4, NULL, 10), REPORT_DELIVERED);
    coap_link_get_counters(W.link, &n);
    assert_int_equal(n.reports, 1);
    coap_close(P);
    world_close();
}

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "", "to=491710000016", "to=x&from=491710000001&pid=7F&dcs=F6&vp=60&run=ab&m=1",
        "to=491710000016&from=491710000001&pid=7&dcs=F6&vp=60&run=ab&m=1",
        "to=491710000016&from=491710000001&pid=7F&dcs=F6&vp=-1&run=ab&m=1",
        TO "&run=ab&m=0",
        TO "&m=1",
        TO "&run=0123456789abcdef0&m=1",
        "to=491710000016&from=491710000001&pid=7F&dcs=F6&vp=99999999999&run=ab&m=1",
        TO "&run=ab&m=99999999999999999999",
    };
    const struct span ud = span_str("\x02\x70\x00" "0123456789");

    peer_open();
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(ask(COAP_POST, "sms/mt", BAD[i], ud), COAP_BAD_REQUEST);
    assert_int_equal(ask(COAP_POST, "sms/mt", TO "&run=ab&m=9", (struct span){NULL, 0}),
                     COAP_BAD_REQUEST);
    assert_int_equal(ask(COAP_POST, "sms/nothing", "", ud), COAP_NOT_FOUND);
    assert_int_equal(ask(COAP_DELETE, "sms/mt", "", ud), COAP_NOT_ALLOWED);
    assert_int_equal(ask(COAP_POST, "bip/tcp/1f", "o=0", ud), COAP_NOT_FOUND);
    assert_int_equal(ask(COAP_POST, "bip/tcp/zz", "o=0", ud), COAP_NOT_FOUND);
    assert_int_equal(ask(COAP_POST, "bip/tcp/0123456789abcdef0", "o=0", ud), COAP_NOT_FOUND);
    assert_int_equal(ask(COAP_DELETE, "bip/tcp/1f", "", (struct span){NULL, 0}), COAP_DELETED);
    coap_close(P);
    world_close();
}

static size_t say_hello(void *ctx, char *dst, size_t cap)
{
    (void)ctx;
    return (size_t)snprintf(dst, cap, "{\"hello\":1}");
}

static void status_is_told(void **state)
{
    (void)state;
    peer_open();
    assert_int_equal(ask(COAP_POST, "sim/status", "", (struct span){NULL, 0}), COAP_NOT_FOUND);
    coap_link_on_status(W.link, say_hello, NULL);
    assert_int_equal(ask(COAP_POST, "sim/status", "", (struct span){NULL, 0}), COAP_CHANGED);
    assert_string_equal(W.last_text, "{\"hello\":1}");
    coap_link_attach(W.link, NULL);
    assert_int_equal(ask(COAP_POST, "sim/status", "", (struct span){NULL, 0}), COAP_UNAVAILABLE);
    coap_close(P);
    world_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_and_its_answer_travel_between_processes),
        cmocka_unit_test(a_whole_session_travels_between_processes),
        cmocka_unit_test(a_number_nobody_has_is_refused),
        cmocka_unit_test(a_number_sent_again_is_answered_again_without_effect),
        cmocka_unit_test(a_report_comes_to_who_asked),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(status_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
