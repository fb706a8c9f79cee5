/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages over CoAP, requests of strangers, configuration (README.md, "CoAP rules"). */
#include "test/unit/smsr/channel/coap_world.h"

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

/* Asked for, named when it is taken, told with that name; what it says is one of five words. */
static void reports(void **state)
{
    static const struct {
        const char *state;
        enum message_report report;
    } ROWS[] = {{"delivered", REPORTED_DELIVERED},
                {"expired", REPORTED_EXPIRED},
                {"undeliverable", REPORTED_UNDELIVERABLE},
                {"rejected", REPORTED_REJECTED},
                {"unknown", REPORTED_UNKNOWN},
                {"enroute", REPORTED_NOTHING},
                {"Delivered", REPORTED_NOTHING}};
    char query[128], dlr[4], long_id[70];

    (void)state;
    assert_int_equal(mt(COAP_CREATED), CARRIER_ACCEPTED);
    assert_true(coap_query_get(W.mt_query, "dlr", dlr, sizeof dlr));
    assert_string_equal(dlr, "1");
    assert_string_equal(W.named, "4711");
    W.named[0] = 0;
    assert_int_equal(mt(COAP_TOO_MANY), CARRIER_THROTTLED);
    assert_string_equal(W.named, "");
    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        snprintf(query, sizeof query, "n=sim&id=4711&state=%s", ROWS[i].state);
        assert_int_equal(post("sms/dlr", query, ""), COAP_CHANGED);
        assert_int_equal(W.report, ROWS[i].report);
        assert_int_equal(W.reports, i + 1);
    }
    assert_int_equal(post("sms/dlr", "n=other&id=4711&state=delivered", ""), COAP_CHANGED); /* not asked */
    memset(long_id, 'a', 64);
    long_id[64] = 0;
    snprintf(query, sizeof query, "n=sim&state=expired&id=%s", long_id);
    assert_int_equal(post("sms/dlr", query, ""), COAP_BAD_REQUEST);
    assert_int_equal(post("sms/dlr", "n=sim&id=4711&state=undeliverable-for-ever", ""), COAP_BAD_REQUEST);
    assert_int_equal(W.reports, 7);
    coap_carrier_attach(W.cc, NULL);
    assert_int_equal(post("sms/dlr", "n=sim&id=4711&state=delivered", ""), COAP_UNAVAILABLE);
    assert_int_equal(W.reports, 7);
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

/* --- configuration --- */

static void open_refused(void **state)
{
    struct coap_network twice[2] = {{"a", "127.0.0.1:9", false}, {"a", "127.0.0.1:9", false}};
    struct coap_network empty = {"", "127.0.0.1:9", false};
    struct coap_network bad = {"a", "127.0.0.1", false};
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

/* --- datagrams --- */
static bool have_datagram(void)
{
    return W.datagrams == W.wanted;
}

static bool have_net_datagram(void)
{
    return W.net_datagrams == W.wanted;
}

static void net_sends(const char *path, struct span payload)
{
    struct coap_msg m = {.method = COAP_POST, .payload = payload};

    snprintf(m.path, sizeof m.path, "%s", path);
    snprintf(m.query, sizeof m.query, "n=sim");
    assert_int_equal(coap_send_request(W.smsr, &m, NULL, NULL, 0), ERR_OK);
}

/* Nobody confirms them; a place is kept while the channel has something there. */
static void datagrams(void **state)
{
    const struct carrier *c = coap_carrier_port(W.cc);
    static uint8_t big[1025];
    uint64_t first;

    (void)state;
    W.keep = true;
    W.wanted = 1;
    net_sends("bip/udp/4711a", span_of(big, 1024));
    run_until(have_datagram);
    assert_int_equal(W.datagram_len, 1024);
    first = W.conn;
    W.wanted = 2;
    net_sends("bip/udp/4711b", span_of(big, 1));
    run_until(have_datagram);
    assert_int_not_equal(W.conn, first);
    W.wanted = 3;
    net_sends("bip/udp/4711a", span_of(big, 1));
    run_until(have_datagram);
    assert_int_equal(W.conn, first);
    W.wanted = 1;
    assert_int_equal(c->datagram(c->ctx, first, span_of(big, 1024)), ERR_OK);
    run_until(have_net_datagram);
    assert_string_equal(W.datagram_path, "bip/udp/4711a");
    assert_int_equal(c->datagram(c->ctx, first, span_of(big, 1025)), ERR_TOO_LARGE);
    c->datagram_end(c->ctx, first);
    c->datagram_end(c->ctx, first);
    assert_int_equal(c->datagram(c->ctx, first, span_of(big, 1)), ERR_CLOSED);
    W.keep = false; /* the channel wants nothing there */
    W.wanted = 4;
    net_sends("bip/udp/4711c", span_of(big, 1));
    run_until(have_datagram);
    assert_int_equal(c->datagram(c->ctx, W.conn, span_of(big, 1)), ERR_CLOSED);
}

static void datagrams_refused(void **state)
{
    static const struct {
        const char *path, *query, *payload;
        uint8_t code;
    } BAD[] = {
        {"bip/udp/X", "n=sim", "a", COAP_BAD_REQUEST},
        {"bip/udp/1", "n=sim", "", COAP_BAD_REQUEST},
        {"bip/udp/1", "n=nowhere", "a", COAP_BAD_REQUEST},
        {"bip/udp/1", "", "a", COAP_BAD_REQUEST},
        {"bip/udp/0123456789012345678901234", "n=sim", "a", COAP_BAD_REQUEST},
        {"bip/udp/open", "n=sim", "a", COAP_BAD_REQUEST},
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(post(BAD[i].path, BAD[i].query, BAD[i].payload), BAD[i].code);
    ask(COAP_DELETE, "bip/udp/1", "n=sim", span_of(NULL, 0));
    assert_int_equal(W.last.code, COAP_BAD_REQUEST);
    assert_int_equal(W.datagrams, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(datagrams),
        T(datagrams_refused),
        T(sms_mt), T(sms_mt_cannot_be_sent), T(sms_mo), T(sms_mo_malformed),
        T(reports), T(reports_and_strangers), T(open_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
