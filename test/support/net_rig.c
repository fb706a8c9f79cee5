/* SPDX-License-Identifier: Apache-2.0 */
/* The small network of net_rig.h: a card installed by card_rig, moved into a device. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/codec/push.h"
#include "common/codec/script.h"
#include "test/support/net_rig.h"

#define CSV_HEAD "imsi,msisdn,k,opc,amf,sqn,status,roaming\n"
#define NUMBER_A "491710000016"
#define NUMBER_B "4917100000222"

const char *const NET_ENABLE = "80E28800153A03124F10A0000005591010FFFFFFFF8900001100";

static int on_mo(void *ctx, const struct msisdn *from, struct span ud, uint64_t id)
{
    struct net_rig *n = ctx;
    struct mo_note *m = &n->mo[n->n_mo];

    if (n->mo_full > 0) {
        n->mo_full--;
        n->mo_full_id = id;
        return ERR_FULL;
    }
    assert_true(n->n_mo < 64 && ud.n <= sizeof(m->ud));
    *m = (struct mo_note){.from = *from, .n = (uint8_t)ud.n, .id = id, .at_ms = n->now};
    memcpy(m->ud, ud.p, ud.n);
    n->n_mo++;
    return ERR_OK;
}

static void on_report(void *ctx, uint64_t message, enum report_state s)
{
    assert_true(message != 0);
    ((struct net_rig *)ctx)->reports[s]++;
}

static int on_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port)
{
    struct net_rig *n = ctx;

    assert_true(port != 0 && ipv4[0] != 0);
    n->conn = n->refuse_streams ? 0 : conn;
    return simnet_stream_opened(n->net, conn, !n->refuse_streams, n->now);
}

static int on_datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port,
                       struct span pdu)
{
    struct net_rig *n = ctx;

    assert_true(port != 0 && ipv4[0] != 0);
    n->udp = conn;
    n->n_datagrams++;
    if (n->on_datagram)
        n->on_datagram(n, pdu);
    return ERR_OK;
}

static void on_datagram_closed(void *ctx, uint64_t conn)
{
    struct net_rig *n = ctx;

    n->udp = n->udp == conn ? 0 : n->udp;
    n->udps_closed++;
}

static int on_bytes(void *ctx, uint64_t conn, struct span b)
{
    struct net_rig *n = ctx;

    assert_int_equal(conn, n->conn);
    buf_add_span(&n->up, b);
    return ERR_OK;
}

static void on_closed(void *ctx, uint64_t conn)
{
    struct net_rig *n = ctx;

    assert_int_equal(conn, n->conn);
    n->conn = 0;
    n->closed++;
}

/* The card of the rig: bootstrap of operator A, first attach confirmed, profile of B in 0011. */
static void card_make(struct net_rig *n, const struct net_setup *s)
{
    struct rig_note note;

    rig_init(&n->card, s->card_quirks);
    (void)snprintf(n->card.factory.bootstrap.imsi.s, sizeof(n->card.factory.bootstrap.imsi.s),
                   "262990000001016");
    rig_card_new(&n->card);
    rig_attach(&n->card, true);
    assert_true(rig_note(&n->card, &note));
    assert_int_equal(rig_confirm(&n->card, note.seq, NULL), 0x9000);
    rig_install(&n->card, 0x11, 0);
    n->imsi_a = n->card.factory.bootstrap.imsi;
    rig_imsi(0x11, &n->imsi_b);
    assert_int_equal(msisdn_parse(span_str(NUMBER_A), &n->no_a), 0);
    assert_int_equal(msisdn_parse(span_str(NUMBER_B), &n->no_b), 0);
}

static void csv_put(char *dst, size_t cap, const struct imsi *imsi, const char *number,
                    unsigned isdp, const char *k_hex, const char *sqn, const char *status,
                    const char *roaming)
{
    uint8_t k[16], opc[16];
    char kt[33], ot[33];

    rig_secrets((uint16_t)isdp, k, opc);
    assert_int_equal(hex_encode(span_of(k, 16), kt, sizeof(kt)), 0);
    assert_int_equal(hex_encode(span_of(opc, 16), ot, sizeof(ot)), 0);
    (void)snprintf(dst, cap, CSV_HEAD "%s,%s,%s,%s,8000,%s,%s,%s\n", imsi->s, number,
                   k_hex ? k_hex : kt, ot, sqn, status, roaming);
}

static void operators_add(struct net_rig *n, const struct net_setup *s)
{
    struct operator_config a = {.id = "a", .plmn = {"26299"}, .numbers = NUMBER_A,
                                .sms_per_s = s->sms_per_s};
    struct operator_config b = {.id = "b", .plmn = {"26201"}, .numbers = "49171000002"};
    const char *sqn = s->sqn ? s->sqn : "000000000000";
    struct plmn at_a = {HEARD_A}, at_b = {HEARD_B};
    struct errmsg why = {""};

    csv_put(n->csv_a, sizeof(n->csv_a), &n->imsi_a, NUMBER_A, 0x10, NULL, sqn, "active",
            s->roaming_a ? s->roaming_a : "*");
    csv_put(n->csv_b, sizeof(n->csv_b), &n->imsi_b, NUMBER_B, 0x11, s->k_b, sqn,
            s->status_b ? s->status_b : "active", "");
    a.hss_csv = span_str(n->csv_a);
    b.hss_csv = s->no_b ? span_str(CSV_HEAD) : span_str(n->csv_b);
    assert_int_equal(simnet_add_operator(n->net, &a, &why), 0);
    assert_int_equal(simnet_add_operator(n->net, &b, &why), 0);
    assert_int_equal(simnet_add_coverage(n->net, &a.plmn, &at_a), 0);
    assert_int_equal(simnet_add_coverage(n->net, &a.plmn, &at_b), 0);
    assert_int_equal(simnet_add_coverage(n->net, &b.plmn, &at_b), 0);
}

void net_rig_init(struct net_rig *n, const struct net_setup *s)
{
    const struct simnet_port port = {on_mo,     on_report,   on_open,            on_bytes,
                                     on_closed, on_datagram, on_datagram_closed, NULL, n};
    struct plmn heard = {HEARD_B};
    struct card *card = NULL;
    struct buf image;

    *n = (struct net_rig){.n_mo = 0};
    buf_init(&n->up, 0);
    buf_init(&image, 0);
    card_make(n, s);
    n->now = s->now_ms ? s->now_ms : n->card.now;
    assert_int_equal(ledger_file_open(NULL, LEDGER_WRITE, &n->ledger, NULL), 0);
    n->cfg = (struct simnet_config){
        .seed = s->seed ? s->seed : 1, .now_ms = n->now, .time_scale = 1, .latency = s->latency,
        .faults = s->faults, .smsr = n->card.world.smsr_address, .crypto = n->card.crypto,
        .cards = &n->card.world, .ledger = n->ledger};
    assert_int_equal(simnet_new(&n->cfg, s->port ? s->port : &port, &n->net), 0);
    operators_add(n, s);
    if (s->heard)
        (void)snprintf(heard.s, sizeof(heard.s), "%s", s->heard);
    assert_int_equal(card_image(n->card.card, &image), 0);
    assert_int_equal(card_from_image(&n->card.world, buf_span(&image), &card), 0);
    assert_int_equal(simnet_add_device(n->net, card, &heard, s->net_quirks), 0);
    assert_int_equal(simnet_start(n->net, 0), 0);
    buf_fini(&image);
}

void net_rig_fini(struct net_rig *n)
{
    simnet_free(n->net);
    ledger_file_close(n->ledger);
    rig_fini(&n->card);
    buf_fini(&n->up);
}

void net_rig_run(struct net_rig *n, int64_t ms)
{
    int64_t end = n->now + ms;

    while (simnet_due(n->net) != 0 && simnet_due(n->net) <= end) {
        n->now = simnet_due(n->net);
        assert_int_equal(simnet_run(n->net, n->now), 0);
    }
    n->now = end;
    assert_int_equal(simnet_run(n->net, end), 0);
}

void net_rig_begin(struct net_rig *n, const struct net_setup *s)
{
    net_rig_init(n, s);
    net_rig_run(n, 1000);
}

void net_rig_until(struct net_rig *n, bool (*done)(const struct net_rig *n), int64_t most_ms)
{
    int64_t end = n->now + most_ms;

    while (!done(n)) {
        int64_t due = simnet_due(n->net);

        if (due == 0 || due > end)
            fail_msg("not within %lld ms", (long long)most_ms);
        n->now = due;
        assert_int_equal(simnet_run(n->net, due), 0);
    }
}

static size_t script_of(const char *apdu_hex, uint8_t *dst, size_t cap)
{
    uint8_t apdu[256];
    size_t n = 0;
    struct writer w = wr_init(dst, cap);
    struct script_writer sw;

    assert_int_equal(hex_decode(apdu_hex, strlen(apdu_hex), apdu, sizeof(apdu), &n), 0);
    script_begin(&sw, &w, SCRIPT_DEFINITE, false);
    script_put_cmd(&sw, span_of(apdu, n));
    script_end(&sw, 0);
    assert_false(w.failed);
    return w.len;
}

enum simnet_result net_rig_sms(struct net_rig *n, const struct msisdn *to, struct span tp_ud, int64_t vp_s)
{
    enum simnet_result r = SIMNET_REFUSED;
    uint64_t id = 0;

    assert_int_equal(simnet_sms_mt(n->net, to, &n->cfg.smsr, SMS_PID_SIM_DATA, SMS_DCS_CLASS2, vp_s, tp_ud,
                                   n->now, &r, &id), 0);
    return r;
}

enum simnet_result net_rig_packet(struct net_rig *n, const struct msisdn *to, struct span data,
                                  int64_t vp_s)
{
    uint8_t room[PACKET_MAX], ud[SMS_UD_MAX];
    struct span packet = rig_wrap(&n->card, 1, data, room);
    enum simnet_result first = SIMNET_ACCEPTED;

    for (unsigned i = 1; i <= sms_parts(packet.n); i++) {
        struct writer w = wr_init(ud, sizeof(ud));
        enum simnet_result r;

        assert_int_equal(sms_part_put(&w, SMS_COMMAND, packet, 1, i), 0);
        r = net_rig_sms(n, to, wr_view(&w), vp_s);
        if (i == 1)
            first = r;
    }
    return first;
}

enum simnet_result net_rig_send(struct net_rig *n, const struct msisdn *to, const char *apdu_hex,
                                int64_t vp_s)
{
    uint8_t script[300];

    return net_rig_packet(n, to, span_of(script, script_of(apdu_hex, script, sizeof(script))),
                          vp_s);
}

void net_trigger_put(struct writer *w)
{
    struct push_trigger t = {.port = 7443, .ipv4 = {127, 0, 0, 1}, .has_address = true,
                             .buffer_size = 1024};

    (void)snprintf(t.host, sizeof(t.host), "smsr.example");
    (void)snprintf(t.uri, sizeof(t.uri), "/admin");
    (void)snprintf(t.agent_id, sizeof(t.agent_id), "//se-id");
    push_trigger_put(w, &t);
}

void net_rig_push(struct net_rig *n)
{
    uint8_t data[256];
    struct writer w = wr_init(data, sizeof(data));

    net_trigger_put(&w);
    assert_int_equal(net_rig_packet(n, &n->no_a, wr_view(&w), 86400), SIMNET_ACCEPTED);
}

struct card *net_rig_card(struct net_rig *n)
{
    return simnet_card(n->net, 0);
}

struct attach_record net_rig_attach(struct net_rig *n)
{
    struct attach_record a = {.n = 0};

    (void)ledger_file_last_attach(n->ledger, card_eid(net_rig_card(n)), &a);
    return a;
}

struct simnet_stats net_rig_stats(const struct net_rig *n)
{
    struct simnet_stats s;

    simnet_stats(n->net, &s);
    return s;
}

enum sms_kind mo_kind(const struct mo_note *m)
{
    return rig_kind(span_of(m->ud, m->n));
}

bool net_rig_answer(struct net_rig *n, unsigned i, struct scp80_response *ret)
{
    const struct scp80_keys keys = {n->card.kic, n->card.kid, 0};
    const struct mo_note *m = &n->mo[i];
    struct sms_ud ud;

    assert_true(i < n->n_mo);
    if (mo_kind(m) != SMS_RESPONSE)
        return false;
    assert_int_equal(sms_ud_parse(span_of(m->ud, m->n), &ud), 0);
    assert_false(ud.has_concat);
    assert_int_equal(scp80_por_unwrap(n->card.crypto, &keys, PACKET_SMS, n->card.spi2, 0x12, 0x12,
                                      ud.data, ret), 0);
    return true;
}

bool net_rig_note(struct net_rig *n, unsigned i, struct rig_note *ret)
{
    const struct mo_note *m = &n->mo[i];

    assert_true(i < n->n_mo);
    n->card.n_sms = 1;
    n->card.sms[0] = (struct rig_sms){.to = n->cfg.smsr, .n = m->n};
    memcpy(n->card.sms[0].ud, m->ud, m->n);
    return rig_note(&n->card, ret);
}
