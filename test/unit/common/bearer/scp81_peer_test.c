/* SPDX-License-Identifier: Apache-2.0 */
/* Peers of SCP81 that are wrong: keys, octets, versions, order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>

#include "test/unit/common/bearer/scp81_world.h"

/* --- keys that are wrong --- */

/* Runs a handshake that must fail; the octets the server answered with after its hello. */
static void fail_with(struct world *w, const char *identity, struct key *key, struct buf *ret_alert)
{
    struct eid peer;
    size_t hello;

    open_as(w, identity, key);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_OK);
    hello = scp81_output(w->server).n;
    assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_OK);
    assert_int_equal(w->to_client.n, hello);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_AUTH);
    assert_false(scp81_ready(w->server));
    assert_int_equal(scp81_peer(w->server, &peer), ERR_STATE);
    buf_init(ret_alert, 0);
    buf_add_span(ret_alert, scp81_output(w->server));
    assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_AUTH);
    assert_false(scp81_ready(w->client));
    assert_int_equal(scp81_input(w->server, span_str("x")), ERR_AUTH);
    assert_int_equal(scp81_input(w->client, span_str("x")), ERR_AUTH);
}

static void unknown_identities_and_wrong_keys_fail_alike(void **state)
{
    static const enum scp81_suites OFFERS[] = {SCP81_SUITE_GCM, SCP81_SUITE_CBC};
    struct world *w = *state;
    char good[SCP81_IDENTITY_TEXT], unknown[SCP81_IDENTITY_TEXT], kvn[SCP81_IDENTITY_TEXT],
        kid[SCP81_IDENTITY_TEXT], foreign[SCP81_IDENTITY_TEXT];
    const char *const NAMES[] = {unknown, kvn, kid, foreign, "", "x", "not an identity at all"};

    scp81_identity(&w->eid, KID, KVN, good);
    scp81_identity(&w->unknown, KID, KVN, unknown);
    scp81_identity(&w->eid, KID, KVN + 1, kvn);
    scp81_identity(&w->eid, KID + 1, KVN, kid);
    scp81_identity(&w->eid, KID, 0x30, foreign);
    for (size_t s = 0; s < 2; s++) {
        struct buf alert, other;
        assert_int_equal(scp81_client_offer(w->client_ctx, OFFERS[s], 0), ERR_OK);
        fail_with(w, good, w->wrong, &alert);
        /* fatal bad_record_mac in the clear */
        assert_true(span_eq(buf_span(&alert), span_of("\x15\x03\x03\x00\x02\x02\x14", 7)));
        for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
            fail_with(w, NAMES[i], w->key, &other);
            assert_true(span_eq(buf_span(&alert), buf_span(&other)));
            buf_fini(&other);
        }
        buf_fini(&alert);
    }
}

/* Known or not, the handshake draws as much from the port. */
static void randomness_does_not_tell_either(void **state)
{
    struct world *w = *state;
    char good[SCP81_IDENTITY_TEXT], unknown[SCP81_IDENTITY_TEXT];
    uint64_t next[3];
    struct buf alert;

    scp81_identity(&w->eid, KID, KVN, good);
    scp81_identity(&w->unknown, KID, KVN, unknown);
    for (size_t i = 0; i < 3; i++) {
        const char *who = i == 0 ? good : i == 1 ? unknown : "nobody";
        fake_rng_init(&w->rng, 5);
        fail_with(w, who, w->wrong, &alert);
        next[i] = rng_u64(&w->rng);
        buf_fini(&alert);
    }
    assert_true(next[0] == next[1] && next[1] == next[2]);
    fake_rng_init(&w->rng, 5);
    assert_true(rng_u64(&w->rng) != next[0]);
}

static void a_key_of_another_length_fails(void **state)
{
    struct world *w = *state;
    char good[SCP81_IDENTITY_TEXT];
    uint8_t longer[17] = {0};
    struct buf alert;
    struct key *k;

    scp81_identity(&w->eid, KID, KVN, good);
    memcpy(longer, PSK, 16);
    assert_int_equal(key_new(KEY_PSK, span_of(longer, 17), &k), ERR_OK);
    fail_with(w, good, k, &alert);
    key_free(k);
    buf_fini(&alert);
}

static void a_client_identity_too_long_is_refused(void **state)
{
    struct world *w = *state;
    char identity[200];

    memset(identity, 'a', sizeof(identity) - 1);
    identity[199] = '\0';
    assert_null(scp81_connect(w->client_ctx, identity, w->key));
}

/* --- bytes that are wrong --- */

static void every_flipped_octet_of_a_handshake_ends_it(void **state)
{
    struct world *w = *state;
    struct buf flight;

    open_good(w);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_OK);
    assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_OK);
    buf_init(&flight, 0);
    buf_add_span(&flight, scp81_output(w->client));
    for (size_t i = 0; i < flight.n; i++) {
        int rc;
        open_good(w);
        assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_OK);
        assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_OK);
        buf_reset(&flight);
        buf_add_span(&flight, scp81_output(w->client));
        flight.p[i] ^= 0x01;
        rc = scp81_input(w->server, buf_span(&flight));
        /* A length that grew waits for more; it never gets ready. */
        assert_true(rc != ERR_OK || !scp81_ready(w->server));
    }
    buf_fini(&flight);
}

static void a_flipped_record_ends_the_stream(void **state)
{
    struct world *w = *state;
    struct admin_request post = request_of("/", span_str("body")), req;
    struct buf record;

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    buf_init(&record, 0);
    buf_add_span(&record, scp81_output(w->client));
    record.p[record.n / 2] ^= 0x01;
    assert_int_equal(scp81_input(w->server, buf_span(&record)), ERR_AUTH);
    assert_int_equal(scp81_request(w->server, &req), ERR_AUTH);
    assert_true(scp81_output(w->server).n > 0);     /* an alert */
    assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_CLOSED);
    buf_fini(&record);
}

static void a_repeated_record_ends_the_stream(void **state)
{
    struct world *w = *state;
    struct admin_request post = request_of("/", span_of(NULL, 0));
    struct buf record;

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    buf_init(&record, 0);
    buf_add_span(&record, scp81_output(w->client));
    assert_int_equal(scp81_input(w->server, buf_span(&record)), ERR_OK);
    assert_int_equal(scp81_input(w->server, buf_span(&record)), ERR_AUTH);
    buf_fini(&record);
}

static void noise_instead_of_tls_ends_the_stream(void **state)
{
    static const struct {
        const char *b;
        size_t n;
    } NOISE[] = {
        {"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 28},
        {"\x16\x03\x01\x00\x05\x02zzzz", 10},         /* a message no client starts with */
        {"\x16\x03\x03\xFF\xFF\x01zzzz", 10},         /* a record beyond any limit */
        {"\x17\x03\x03\x00\x02xx", 7},               /* data before the handshake */
        {"\x14\x03\x03\x00\x01\x01", 6},             /* change cipher spec first */
        {"\x15\x03\x03\x00\x02\x02\x28", 7},         /* a fatal alert */
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(NOISE) / sizeof(NOISE[0]); i++) {
        struct scp81 *s = scp81_accept(w->server_ctx);
        assert_int_equal(scp81_input(s, span_of(NOISE[i].b, NOISE[i].n)), ERR_AUTH);
        assert_false(scp81_ready(s));
        assert_int_equal(scp81_input(s, span_of(NULL, 0)), ERR_AUTH);
        scp81_free(s);
    }
}

/* A raw TLS client: what ours would never do. */
static unsigned raw_psk(SSL *ssl, const char *hint, char *identity, unsigned cap,
                        unsigned char *dst, unsigned psk_cap)
{
    (void)hint;
    (void)psk_cap;
    assert_true(cap >= SCP81_IDENTITY_TEXT);
    memcpy(identity, (const char *)SSL_get_app_data(ssl), SCP81_IDENTITY_TEXT);
    memcpy(dst, PSK, 16);
    return 16;
}

struct raw {
    SSL_CTX *ctx;
    SSL *ssl;
    char identity[SCP81_IDENTITY_TEXT];
};

static void raw_move(struct raw *r, struct scp81 *s, int *ret_rc)
{
    for (int i = 0; i < 10; i++) {
        uint8_t b[4096];
        struct span out = scp81_output(s);
        int n;
        if (out.n > 0)
            assert_int_equal(BIO_write(SSL_get_rbio(r->ssl), out.p, (int)out.n), out.n);
        scp81_sent(s, out.n);
        if (!SSL_is_init_finished(r->ssl))
            (void)SSL_do_handshake(r->ssl);
        ERR_clear_error();
        while ((n = BIO_read(SSL_get_wbio(r->ssl), b, sizeof(b))) > 0)
            *ret_rc = scp81_input(s, span_of(b, (size_t)n));
    }
}

static void raw_open(struct world *w, struct raw *r, const char *suites, int max_version)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    r->ctx = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_set_cipher_list(r->ctx, suites), 1);
    SSL_CTX_set_security_level(r->ctx, 0);
    assert_int_equal(SSL_CTX_set_max_proto_version(r->ctx, max_version), 1);
    assert_int_equal(SSL_CTX_set_min_proto_version(r->ctx, TLS1_VERSION), 1);
    SSL_CTX_set_psk_client_callback(r->ctx, raw_psk);
    r->ssl = SSL_new(r->ctx);
    scp81_identity(&w->eid, KID, KVN, r->identity);
    assert_int_equal(SSL_set_app_data(r->ssl, r->identity), 1);
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(r->ssl, in, out);
    SSL_set_connect_state(r->ssl);
    ends_free(w);
    w->server = scp81_accept(w->server_ctx);
}

static void raw_close(struct raw *r)
{
    SSL_free(r->ssl);
    SSL_CTX_free(r->ctx);
}

static void other_versions_and_suites_are_refused(void **state)
{
    static const struct {
        const char *suites;
        int version;
    } CASES[] = {
        {"PSK-AES128-CBC-SHA:PSK-AES128-GCM-SHA256", TLS1_1_VERSION},
        {"PSK-AES128-CBC-SHA", TLS1_2_VERSION},
        {"PSK-NULL-SHA256", TLS1_2_VERSION},
        {"PSK-AES256-GCM-SHA384", TLS1_2_VERSION},
        {"ECDHE-PSK-AES128-CBC-SHA256", TLS1_2_VERSION},
        {"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct raw r;
        int rc = ERR_OK;
        raw_open(w, &r, CASES[i].suites, CASES[i].version);
        raw_move(&r, w->server, &rc);
        assert_int_equal(rc, ERR_AUTH);
        assert_false(scp81_ready(w->server));
        raw_close(&r);
    }
}

/* One that also speaks TLS 1.3 is led down to 1.2, gets no ticket and cannot renegotiate. */
static void no_tls13_no_ticket_no_renegotiation(void **state)
{
    struct world *w = *state;
    struct reader answer;
    uint8_t hello[512];
    struct raw r;
    int n, rc = ERR_OK;

    raw_open(w, &r, "PSK-AES128-GCM-SHA256", TLS1_3_VERSION);
    raw_move(&r, w->server, &rc);
    assert_int_equal(rc, ERR_OK);
    assert_true(scp81_ready(w->server));
    assert_int_equal(SSL_version(r.ssl), TLS1_2_VERSION);
    assert_int_equal(SSL_SESSION_has_ticket(SSL_get0_session(r.ssl)), 0);
    assert_int_equal(SSL_SESSION_is_resumable(SSL_get0_session(r.ssl)), 0);
    assert_int_equal(SSL_renegotiate(r.ssl), 1);
    (void)SSL_do_handshake(r.ssl);
    n = BIO_read(SSL_get_wbio(r.ssl), hello, sizeof(hello));
    assert_true(n > 0 && hello[0] == 22);
    assert_int_equal(scp81_input(w->server, span_of(hello, (size_t)n)), ERR_OK);
    /* One record: the warning no_renegotiation, and no hello of the server. */
    answer = rd_init(scp81_output(w->server));
    assert_int_equal(rd_u8(&answer), 21);
    (void)rd_u16(&answer);
    (void)rd_span(&answer, rd_u16(&answer));
    assert_true(rd_done(&answer));
    assert_true(scp81_ready(w->server));
    raw_close(&r);
}

static int raw_say(struct world *w, struct raw *r, const void *p, size_t n)
{
    int rc = ERR_OK;

    assert_int_equal(SSL_write(r->ssl, p, (int)n), n);
    raw_move(r, w->server, &rc);
    return rc;
}

static void raw_ready(struct world *w, struct raw *r)
{
    int rc = ERR_OK;

    raw_open(w, r, "PSK-AES128-GCM-SHA256", TLS1_2_VERSION);
    raw_move(r, w->server, &rc);
    assert_int_equal(rc, ERR_OK);
    assert_true(scp81_ready(w->server));
}

#define START(uri)                                                                                 \
    "POST " uri " HTTP/1.1\r\nHost: x\r\n"                                                         \
    "X-Admin-Protocol: globalplatform-remote-admin/1.0\r\n"
#define HEAD(uri) START(uri) "\r\n"
#define CHUNKED START("/") "Transfer-Encoding: chunked\r\n\r\n"

static void garbage_inside_tls_ends_the_stream(void **state)
{
    static const char *const BAD[] = {
        "\x16\x03\x01 not http\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
        CHUNKED "zz\r\n",
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct admin_request req;
        struct raw r;
        uint8_t b[16];
        int rc;
        raw_ready(w, &r);
        rc = raw_say(w, &r, BAD[i], strlen(BAD[i]));
        assert_int_equal(rc, ERR_FORMAT);
        assert_int_equal(scp81_request(w->server, &req), ERR_FORMAT);
        assert_int_equal(scp81_input(w->server, span_str("x")), ERR_FORMAT);
        /* The peer is told by a close_notify. */
        assert_int_equal(SSL_read(r.ssl, b, sizeof(b)), 0);
        assert_int_equal(SSL_get_error(r.ssl, 0), SSL_ERROR_ZERO_RETURN);
        raw_close(&r);
    }
}

static void a_head_without_end_ends_the_stream(void **state)
{
    struct world *w = *state;
    struct raw r;
    uint8_t line[1000];
    int rc = ERR_OK;

    raw_ready(w, &r);
    memset(line, 'a', sizeof(line));
    assert_int_equal(raw_say(w, &r, "POST / HTTP/1.1\r\nX: ", 20), ERR_OK);
    for (int i = 0; i < 8 && rc == ERR_OK; i++)
        rc = raw_say(w, &r, line, sizeof(line));
    assert_int_equal(rc, ERR_TOO_LARGE);
    raw_close(&r);
}

/* Two requests in one record: the second waits for the answer to the first. */
static void requests_ahead_wait_their_turn(void **state)
{
    static const char TWO[] = HEAD("/1") HEAD("/2");
    struct world *w = *state;
    struct admin_response answer = response_of("/n", span_of(NULL, 0));
    struct admin_request req;
    struct raw r;

    raw_ready(w, &r);
    assert_int_equal(raw_say(w, &r, TWO, strlen(TWO)), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_string_equal(req.uri, "/1");
    assert_int_equal(scp81_request(w->server, &req), ERR_NOT_FOUND);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_string_equal(req.uri, "/2");
    assert_int_equal(scp81_respond(w->server, &answer), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_NOT_FOUND);
    raw_close(&r);
}

static void running_far_ahead_ends_the_stream(void **state)
{
    static uint8_t much[6000];
    struct world *w = *state;
    struct admin_request req;
    struct raw r;
    int rc;

    raw_ready(w, &r);
    assert_int_equal(raw_say(w, &r, HEAD("/1"), strlen(HEAD("/1"))), ERR_OK);
    assert_int_equal(raw_say(w, &r, much, sizeof(much)), ERR_OK);
    assert_int_equal(raw_say(w, &r, much, sizeof(much)), ERR_OK);
    rc = raw_say(w, &r, much, sizeof(much));
    assert_int_equal(rc, ERR_TOO_LARGE);
    /* The request that was whole before is still to be had. */
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_string_equal(req.uri, "/1");
    raw_close(&r);
}

static void garbage_behind_a_request_shows_after_the_answer(void **state)
{
    static const char BAD[] = HEAD("/1") "garbage\r\n\r\n";
    struct world *w = *state;
    struct admin_response answer = response_of("/n", span_of(NULL, 0));
    struct admin_request req;
    struct raw r;

    raw_ready(w, &r);
    assert_int_equal(raw_say(w, &r, BAD, strlen(BAD)), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_FORMAT);
    assert_int_equal(scp81_input(w->server, span_str("x")), ERR_FORMAT);
    raw_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unknown_identities_and_wrong_keys_fail_alike),
        T(randomness_does_not_tell_either),
        T(a_key_of_another_length_fails),
        T(a_client_identity_too_long_is_refused),
        T(every_flipped_octet_of_a_handshake_ends_it),
        T(a_flipped_record_ends_the_stream),
        T(a_repeated_record_ends_the_stream),
        T(noise_instead_of_tls_ends_the_stream),
        T(other_versions_and_suites_are_refused),
        T(no_tls13_no_ticket_no_renegotiation),
        T(garbage_inside_tls_ends_the_stream),
        T(a_head_without_end_ends_the_stream),
        T(requests_ahead_wait_their_turn),
        T(running_far_ahead_ends_the_stream),
        T(garbage_behind_a_request_shows_after_the_answer),
    };

    return cmocka_run_group_tests_name("scp81_peer", tests, NULL, NULL);
}
