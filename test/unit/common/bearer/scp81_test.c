/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

/* Replacing the RAND method is deprecated, and what a deterministic world does. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "common/crypto/ossl.h"

#include <openssl/rand.h>

#include "test/support/vec.h"
#include "test/unit/common/bearer/scp81_world.h"

/* --- identity --- */

static void identity_of_the_vector(void **state)
{
    struct vec *v = vec_open("scp81");
    size_t seen = 0;

    (void)state;
    while (vec_next(v)) {
        char text[SCP81_IDENTITY_TEXT];
        const char *known;
        struct eid eid;
        uint8_t kid, kvn;
        if (!vec_has(v, "identity_on_wire_utf8"))
            continue;
        known = vec_text(v, "identity_on_wire_utf8");
        assert_int_equal(scp81_identity_parse(span_str(known), &eid, &kid, &kvn), ERR_OK);
        assert_memory_equal(eid.b,
                            "\x89\x00\x10\x12\x01\x23\x41\x23\x40\x12\x34\x56\x78\x90\x12\x24", 16);
        assert_int_equal(kid, 0x01);
        assert_int_equal(kvn, 0x40);
        scp81_identity(&eid, kid, kvn, text);
        assert_string_equal(text, known);
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

static void identity_in_lower_case(void **state)
{
    struct world *w = *state;
    char text[SCP81_IDENTITY_TEXT];
    struct eid eid;
    uint8_t kid, kvn;

    scp81_identity(&w->eid, 0x7F, 0x4F, text);
    for (char *p = text; *p; p++)
        if (*p >= 'A' && *p <= 'F')
            *p = (char)(*p + 32);
    assert_int_equal(scp81_identity_parse(span_str(text), &eid, &kid, &kvn), ERR_OK);
    assert_true(eid_eq(&eid, &w->eid));
    assert_int_equal(kid, 0x7F);
    assert_int_equal(kvn, 0x4F);
}

/* Each octet but the EID's digits and the key id has one legal value (the key version sixteen). */
static void identities_of_another_form_are_refused(void **state)
{
    struct world *w = *state;
    char text[SCP81_IDENTITY_TEXT + 2], bad[SCP81_IDENTITY_TEXT + 2];
    struct eid eid;
    uint8_t kid, kvn;

    scp81_identity(&w->eid, KID, KVN, text);
    for (size_t n = 0; n < 90; n++)
        assert_int_equal(scp81_identity_parse(span_of(text, n), &eid, &kid, &kvn), ERR_FORMAT);
    memcpy(bad, text, 90);
    memcpy(bad + 90, "00", 2);
    assert_int_equal(scp81_identity_parse(span_of(bad, 91), &eid, &kid, &kvn), ERR_FORMAT);
    assert_int_equal(scp81_identity_parse(span_of(bad, 92), &eid, &kid, &kvn), ERR_FORMAT);
    for (size_t i = 0; i < 90; i++) {
        bool free_digit = (i >= 10 && i < 42) || i == 82 || i == 83 || i == 89;
        memcpy(bad, text, 90);
        bad[i] = 'G';
        assert_int_equal(scp81_identity_parse(span_of(bad, 90), &eid, &kid, &kvn), ERR_FORMAT);
        bad[i] = text[i] == '7' ? '9' : '7';
        assert_int_equal(scp81_identity_parse(span_of(bad, 90), &eid, &kid, &kvn),
                         free_digit ? ERR_OK : ERR_FORMAT);
        if (i < 10 || i >= 42)
            continue;
        bad[i] = 'A';
        assert_int_equal(scp81_identity_parse(span_of(bad, 90), &eid, &kid, &kvn), ERR_FORMAT);
    }
}

/* --- the good way --- */

static void a_session_in_pieces_of_every_kind(void **state)
{
    static const size_t PIECES[] = {1, 2, 3, 5, 127, 512};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(PIECES) / sizeof(PIECES[0]); i++) {
        struct eid peer;
        open_good(w);
        assert_int_equal(scp81_peer(w->server, &peer), ERR_STATE);
        assert_int_equal(pump_by(w, PIECES[i]), ERR_OK);
        assert_true(scp81_ready(w->server) && scp81_ready(w->client));
        assert_int_equal(scp81_peer(w->server, &peer), ERR_OK);
        assert_true(eid_eq(&peer, &w->eid));
        assert_int_equal(scp81_peer(w->client, &peer), ERR_STATE);
        exchange(w, PIECES[i], span_of(NULL, 0), span_str("\xAE\x80\x22\x03\x80\xF2\x40"));
        exchange(w, PIECES[i], span_str("\xAF\x80\x23\x02\x90"), span_of(NULL, 0));
    }
}

/* From the record headers: the cipher suite the server chose and the largest record. */
static uint16_t suite_of(const struct buf *to_client)
{
    struct reader r = rd_init(buf_span(to_client));
    uint8_t session_len;

    assert_int_equal(rd_u8(&r), 22);                /* handshake */
    (void)rd_span(&r, 4);
    assert_int_equal(rd_u8(&r), 2);                 /* server hello */
    (void)rd_u24(&r);
    assert_int_equal(rd_u16(&r), 0x0303);
    (void)rd_span(&r, 32);
    session_len = rd_u8(&r);
    assert_int_equal(session_len, 0);               /* nothing to resume */
    return rd_u16(&r);
}

static size_t largest_record(const struct buf *b)
{
    struct reader r = rd_init(buf_span(b));
    size_t max = 0;

    while (rd_left(&r) > 0) {
        uint8_t type = rd_u8(&r);
        size_t n;
        (void)rd_u16(&r);
        n = rd_u16(&r);
        (void)rd_span(&r, n);
        assert_false(r.failed);
        if (type == 23 && n > max)
            max = n;
    }
    return max;
}

static void both_suites(void **state)
{
    static const struct {
        enum scp81_suites offer;
        uint16_t chosen;
    } CASES[] = {
        {SCP81_SUITES_BOTH, 0x00A8}, {SCP81_SUITE_GCM, 0x00A8}, {SCP81_SUITE_CBC, 0x00AE}};
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(scp81_client_offer(w->client_ctx, CASES[i].offer, 0), ERR_OK);
        handshaken(w);
        assert_int_equal(suite_of(&w->to_client), CASES[i].chosen);
        exchange(w, 512, span_str("up"), span_str("down"));
    }
}

static void bodies_of_every_length(void **state)
{
    static const size_t LENGTHS[] = {1,    126,  127,   128,   255,   256,   1023, 1024,
                                     1025, 4096, 16383, 16384, 16385, 40000, 65535};
    static uint8_t body[65535];
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i * 11 + (i >> 8));
    handshaken(w);
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++)
        exchange(w, 512, span_of(body, LENGTHS[i]), span_of(body, LENGTHS[i]));
}

static void max_fragment_length_is_honoured(void **state)
{
    static const unsigned OFFERS[] = {512, 1024, 2048, 4096};
    static uint8_t body[20000];
    struct world *w = *state;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(scp81_client_offer(w->client_ctx, SCP81_SUITE_GCM, OFFERS[i]), ERR_OK);
        handshaken(w);
        exchange(w, 512, span_of(body, sizeof(body)), span_of(body, sizeof(body)));
        /* GCM adds 8 octets of nonce and 16 of tag. */
        assert_int_equal(largest_record(&w->to_client), OFFERS[i] + 24);
        assert_int_equal(largest_record(&w->to_server), OFFERS[i] + 24);
    }
    assert_int_equal(scp81_client_offer(w->client_ctx, SCP81_SUITE_GCM, 0), ERR_OK);
    handshaken(w);
    exchange(w, 512, span_of(NULL, 0), span_of(body, sizeof(body)));
    assert_int_equal(largest_record(&w->to_client), 16384 + 24);
    assert_int_equal(scp81_client_offer(w->client_ctx, SCP81_SUITE_GCM, 1000), ERR_INVAL);
    assert_int_equal(scp81_client_offer(w->client_ctx, (enum scp81_suites)7, 512), ERR_INVAL);
    assert_int_equal(scp81_client_offer(w->server_ctx, SCP81_SUITE_GCM, 512), ERR_INVAL);
}

/* A response that fits one record is one record: one write. */
static void a_response_is_one_write(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/", span_of(NULL, 0));
    struct admin_response answer = response_of("/n", span_str("body"));
    struct reader r;

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    assert_int_equal(pump(w), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_OK);
    r = rd_init(scp81_output(w->server));
    assert_int_equal(rd_u8(&r), 23);
    (void)rd_u16(&r);
    (void)rd_span(&r, rd_u16(&r));
    assert_true(rd_done(&r));
}

static void calls_out_of_order_are_refused(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/", span_of(NULL, 0));
    struct admin_response rsp, answer = response_of("/n", span_of(NULL, 0));

    open_good(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_STATE);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_STATE);
    assert_int_equal(pump(w), ERR_OK);
    assert_int_equal(scp81_request(w->client, &req), ERR_STATE);
    assert_int_equal(scp81_response(w->server, &rsp), ERR_STATE);
    assert_int_equal(scp81_post(w->server, &post, HOST), ERR_STATE);
    assert_int_equal(scp81_respond(w->client, &answer), ERR_STATE);
    assert_null(scp81_accept(w->client_ctx));
    assert_null(scp81_connect(w->server_ctx, "x", w->key));
}

/* What cannot be written is refused and the stream lives on. */
static void a_message_that_breaks_the_head_is_refused(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/a\r\nb", span_of(NULL, 0));
    struct admin_response bad = response_of("/a\r\nb", span_of(NULL, 0));
    struct admin_response good = response_of("/a", span_of(NULL, 0));

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_INVAL);
    post = request_of("/a", span_of(NULL, 0));
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    assert_int_equal(pump(w), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_int_equal(scp81_respond(w->server, &bad), ERR_INVAL);
    assert_int_equal(scp81_respond(w->server, &good), ERR_OK);
}

/* --- the end --- */

static void close_notify_by_either_end(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/", span_of(NULL, 0));
    struct admin_response rsp;

    handshaken(w);
    scp81_close(w->client);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_CLOSED);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_CLOSED);
    assert_int_equal(scp81_request(w->server, &req), ERR_CLOSED);
    assert_true(scp81_output(w->server).n > 0);     /* answered in kind */
    handshaken(w);
    scp81_close(w->server);
    scp81_close(w->server);
    assert_int_equal(move(w->server, w->client, 512, &w->to_client), ERR_CLOSED);
    assert_int_equal(scp81_response(w->client, &rsp), ERR_CLOSED);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_CLOSED);
}

static void data_after_close_is_dropped(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/", span_of(NULL, 0));
    struct buf late;

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    buf_init(&late, 0);
    buf_add_span(&late, scp81_output(w->client));
    scp81_close(w->server);
    assert_int_equal(scp81_input(w->server, buf_span(&late)), ERR_CLOSED);
    assert_int_equal(scp81_request(w->server, &req), ERR_CLOSED);
    handshaken(w);
    scp81_close(w->client);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_CLOSED);
    assert_int_equal(scp81_input(w->server, buf_span(&late)), ERR_CLOSED);
    assert_int_equal(scp81_request(w->server, &req), ERR_CLOSED);
    buf_fini(&late);
}

/* The last answer of a card that then hangs up is evidence. */
static void a_request_before_close_is_given_out(void **state)
{
    struct world *w = *state;
    struct admin_request req, post = request_of("/last", span_str("result"));
    struct admin_response answer = response_of("", span_of(NULL, 0));

    handshaken(w);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    scp81_close(w->client);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_CLOSED);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_true(span_eq(req.body, span_str("result")));
    assert_int_equal(scp81_respond(w->server, &answer), ERR_CLOSED);
    assert_int_equal(scp81_request(w->server, &req), ERR_CLOSED);
}

static void a_client_closing_in_the_handshake(void **state)
{
    struct world *w = *state;

    open_good(w);
    assert_int_equal(move(w->client, w->server, 512, &w->to_server), ERR_OK);
    assert_int_equal(scp81_input(w->server, span_of("\x15\x03\x03\x00\x02\x01\x00", 7)),
                     ERR_CLOSED);
    scp81_close(w->client);
    assert_int_equal(scp81_input(w->client, span_str("x")), ERR_CLOSED);
}

/* --- repeatability --- */

static struct rng *g_replay;     /* RAND_METHOD has no context of its own */

static int replay_bytes(unsigned char *dst, int n)
{
    rng_fill(g_replay, dst, (size_t)n);
    return 1;
}

static int replay_status(void)
{
    return 1;
}

static void run_seeded(struct world *w, uint64_t seed, struct buf *ret)
{
    static const RAND_METHOD METHOD = {NULL, replay_bytes, NULL, NULL, replay_bytes, replay_status};
    struct rng rng;

    rng_init_seeded(&rng, seed);
    rng_init_seeded(&w->rng, seed);
    g_replay = &rng;
    assert_int_equal(RAND_set_rand_method(&METHOD), 1);
    handshaken(w);
    exchange(w, 512, span_str("up"), span_str("down"));
    scp81_close(w->client);
    (void)pump(w);
    assert_int_equal(RAND_set_rand_method(NULL), 1);
    buf_init(ret, 0);
    buf_add_span(ret, buf_span(&w->to_server));
    buf_add_span(ret, buf_span(&w->to_client));
}

static void same_seed_same_octets(void **state)
{
    static const enum scp81_suites OFFERS[] = {SCP81_SUITE_GCM, SCP81_SUITE_CBC};
    struct world *w = *state;

    for (size_t i = 0; i < 2; i++) {
        struct buf a, b, c;
        assert_int_equal(scp81_client_offer(w->client_ctx, OFFERS[i], 1024), ERR_OK);
        run_seeded(w, 42, &a);
        run_seeded(w, 42, &b);
        run_seeded(w, 43, &c);
        assert_true(a.n > 500);
        assert_true(span_eq(buf_span(&a), buf_span(&b)));
        assert_false(span_eq(buf_span(&a), buf_span(&c)));
        buf_fini(&a);
        buf_fini(&b);
        buf_fini(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(identity_of_the_vector),
        T(identity_in_lower_case),
        T(identities_of_another_form_are_refused),
        T(a_session_in_pieces_of_every_kind),
        T(both_suites),
        T(bodies_of_every_length),
        T(max_fragment_length_is_honoured),
        T(a_response_is_one_write),
        T(calls_out_of_order_are_refused),
        T(a_message_that_breaks_the_head_is_refused),
        T(close_notify_by_either_end),
        T(data_after_close_is_dropped),
        T(a_request_before_close_is_given_out),
        T(a_client_closing_in_the_handshake),
        T(same_seed_same_octets),
    };

    return cmocka_run_group_tests_name("scp81", tests, NULL, NULL);
}
