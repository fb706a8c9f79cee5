/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_net */
/* The CoAP carrier's node: requests and replies between two, hand-made datagrams, its port
 * (design 6; facts: libs 1.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/rng.h"
#include "test/support/coap_pair.h"

#include <unistd.h>

/* --- requests and replies --- */
static void test_both_directions(void **state)
{
    struct coap_pair *w = *state;
    struct coap_msg m =
        pair_message("sms/mt", "to=4917&from=49&pid=7F&dcs=F6&vp=900", span_str("tp-ud"), true);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "msg/17"};
    assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 1), ERR_OK);
    assert_int_equal(w->done, 0); /* never from within the call */
    assert_int_equal(coap_peer_in_flight(w->to_b), 1);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_CREATED);
    assert_string_equal(w->location, "msg/17");
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
    assert_int_equal(w->at_b.n, 1);
    assert_string_equal(w->at_b.last.path, "sms/mt");
    assert_string_equal(w->at_b.last.query, "to=4917&from=49&pid=7F&dcs=F6&vp=900");
    assert_true(w->at_b.last.confirmable);
    assert_int_equal(w->at_b.last.payload.n, 5);
    assert_memory_equal(w->at_b.payload, "tp-ud", 5);
    m = pair_message("bip/tcp/1234", "", (struct span){NULL, 0}, true);
    m.method = COAP_DELETE;
    w->at_a.reply = (struct coap_reply){.code = COAP_DELETED};
    w->at_a.reply_text = "next=4096";
    assert_int_equal(coap_send_request(w->to_a, &m, pair_on_done, w, 2), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_DELETED);
    assert_int_equal(w->at_a.last.method, COAP_DELETE);
    assert_string_equal(w->at_a.last.path, "bip/tcp/1234");
    assert_string_equal(w->at_a.last.query, "");
    assert_int_equal(w->at_a.last.payload.n, 0);
    assert_int_equal(w->reply_n, 9);
    assert_memory_equal(w->reply, "next=4096", 9);
}

static void test_all_codes(void **state)
{
    static const uint8_t codes[] = {
        COAP_CREATED,  COAP_DELETED,   COAP_CHANGED,  COAP_BAD_REQUEST, COAP_NOT_FOUND,
        COAP_CONFLICT, COAP_TOO_LARGE, COAP_TOO_MANY, COAP_INTERNAL,    COAP_UNAVAILABLE};
    struct coap_pair *w = *state;
    for (size_t i = 0; i < sizeof(codes); i++) {
        w->at_b.reply.code = codes[i];
        assert_int_equal(pair_send(w, 1), ERR_OK);
        pair_run(w, 1);
        assert_int_equal(w->code, codes[i]);
    }
    w->at_b.reply.code = 0; /* a handler that forgot to answer */
    assert_int_equal(pair_send(w, 1), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "a//b"};
    assert_int_equal(pair_send(w, 1), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
}

static void test_not_confirmable(void **state)
{
    struct coap_pair *w = *state;
    struct coap_msg m = pair_message("bip/udp/7", "", span_str("pdu"), false);
    w->at_b.reply_text = "hi";
    assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 3), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_CHANGED);
    assert_int_equal(w->reply_n, 2);
    assert_false(w->at_b.last.confirmable);
    /* Without done nothing is in flight, and a later exchange shows that it arrived. */
    assert_int_equal(coap_send_request(w->to_b, &m, NULL, NULL, 0), ERR_OK);
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
    assert_int_equal(pair_send(w, 4), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->at_b.n, 3);
}

static void test_length_boundaries(void **state)
{
    static const size_t sizes[] = {0, 1, 126, 127, 128, 255, 256, 1023, 1024};
    static uint8_t data[COAP_UNIT_MAX + 1];
    struct coap_pair *w = *state;
    char path[96], query[160];
    memset(path, 'p', 95);
    path[95] = '\0';
    memset(query, 'q', 159);
    query[159] = '\0';
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct coap_msg m = pair_message(path, query, span_of(data, sizes[i]), true);
        memset(data, (int)i + 1, sizes[i]);
        assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, i), ERR_OK);
        pair_run(w, 1);
        assert_int_equal(w->code, COAP_CHANGED);
        assert_int_equal(w->at_b.last.payload.n, sizes[i]);
        assert_memory_equal(w->at_b.payload, data, sizes[i]);
        assert_string_equal(w->at_b.last.path, path);
        assert_string_equal(w->at_b.last.query, query);
    }
    struct coap_msg m = pair_message("x", "", span_of(data, COAP_UNIT_MAX + 1), true);
    assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 9), ERR_TOO_LARGE);
    w->at_b.reply.payload = span_of(data, COAP_UNIT_MAX);
    assert_int_equal(pair_send(w, 10), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->reply_n, COAP_UNIT_MAX);
    w->at_b.reply.payload = span_of(data, COAP_UNIT_MAX + 1);
    assert_int_equal(pair_send(w, 11), ERR_OK);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_INTERNAL);
}

/* --- datagrams made by hand --- */
static void test_retransmission_is_answered_not_handled(void **state)
{
    struct coap_pair *w = *state;
    uint8_t d[16], first[64];
    size_t n = pair_datagram(d, true, 2, 77, 0xA1);
    w->at_b.reply = (struct coap_reply){.code = COAP_CREATED, .location = "m/1"};
    w->at_b.reply_text = "one";
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    ssize_t first_n = w->got_n;
    assert_in_range(first_n, 5, sizeof(first));
    memcpy(first, w->got, (size_t)first_n);
    w->at_b.reply_text = "two"; /* must not be asked again */
    pair_post_raw(w, d, n);
    pair_post_raw(w, d, n);
    pair_run(w, 2);
    assert_int_equal(w->at_b.n, 1);
    assert_int_equal(w->got_n, first_n);
    assert_memory_equal(w->got, first, (size_t)first_n);
    n = pair_datagram(d, true, 2, 77, 0xA2); /* another token: another exchange */
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    assert_int_equal(w->at_b.n, 2);
    n = pair_datagram(d, true, 2, 78, 0xA1); /* another message id, too */
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    assert_int_equal(w->at_b.n, 3);
    n = pair_datagram(d, false, 2, 79,
                 0xA1); /* an unconfirmed one may come twice: loss and copies are real */
    pair_post_raw(w, d, n);
    pair_post_raw(w, d, n);
    pair_run(w, 2);
    assert_int_equal(w->at_b.n, 5);
}

static void test_same_ids_of_another_source(void **state)
{
    struct coap_pair *w = *state;
    uint8_t d[16];
    struct addr to;
    size_t n = pair_datagram(d, true, 2, 77, 0xA1);
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    close(w->raw);
    w->raw = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(addr_literal("127.0.0.1", coap_port(w->b), &to));
    assert_int_equal(connect(w->raw, &to.u.sa, to.len), 0);
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    assert_int_equal(w->at_b.n, 2);
}

static void test_refused_requests(void **state)
{
    struct coap_pair *w = *state;
    uint8_t d[16], big[8 + COAP_UNIT_MAX + 1];
    static const uint8_t slash[] = {0x40, 2, 0, 9, 0xB3, 'a', '/', 'b'};
    static const uint8_t space[] = {0x40, 2, 0, 10, 0xB1, ' '};
    static const uint8_t empty_part[] = {0x40, 2, 0, 11, 0xB0};
    static const uint8_t amp[] = {0x40, 2, 0, 12, 0xB1, 'q', 0x43, 'a', '&', 'b'};
    static const uint8_t block1[] = {0x40, 2, 0, 13, 0xB1, 'q', 0xD1, 0x03, 0x08};
    static const uint8_t block2[] = {0x40, 2, 0, 14, 0xB1, 'q', 0xC1, 0x08};
    const struct {
        const uint8_t *p;
        size_t n;
        uint8_t code;
    } rows[] = {
        {slash, sizeof(slash), COAP_BAD_REQUEST},
        {space, sizeof(space), COAP_BAD_REQUEST},
        {empty_part, sizeof(empty_part), COAP_BAD_REQUEST},
        {amp, sizeof(amp), COAP_BAD_REQUEST},
        {block1, sizeof(block1), COAP_BAD_OPTION},
        {block2, sizeof(block2), COAP_BAD_OPTION},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pair_post_raw(w, rows[i].p, rows[i].n);
        pair_run(w, 1);
        assert_int_equal(w->got[1], rows[i].code);
    }
    size_t n = pair_datagram(d, true, 3, 20, 1); /* PUT */
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    assert_int_equal(w->got[1], COAP_NOT_ALLOWED);
    n = pair_datagram(d, true, 1, 21, 1); /* GET */
    pair_post_raw(w, d, n);
    pair_run(w, 1);
    assert_in_range(w->got[1], 128, 159);
    memset(big, 'z', sizeof(big));
    memcpy(big, "\x40\x02\x00\x1e\xb1q\xff", 7);
    pair_post_raw(w, big, 7 + COAP_UNIT_MAX + 1);
    pair_run(w, 1);
    assert_int_equal(w->got[1], COAP_TOO_LARGE);
    assert_int_equal(w->at_b.n, 0);
    big[3] = 0x1f;
    pair_post_raw(w, big, 7 + COAP_UNIT_MAX);
    pair_run(w, 1);
    assert_int_equal(w->got[1], COAP_CHANGED);
    assert_int_equal(w->at_b.n, 1);
}

static bool one_done(const struct coap_pair *w)
{
    return w->done > 0;
}

static bool marked_reply(const struct coap_pair *w)
{
    return w->got_n >= 5 && w->got[4] == 0x55;
}

static void test_garbage_is_survived(void **state)
{
    struct coap_pair *w = *state;
    struct rng rng;
    uint8_t junk[600], d[16];
    rng_init_seeded(&rng, 20261122);
    for (int i = 0; i < 3000; i++) {
        size_t n = (size_t)rng_below(&rng, i % 10 ? 40 : sizeof(junk));
        rng_fill(&rng, junk, n);
        if (n > 1 && i % 3 == 0)
            junk[0] = (uint8_t)(0x40 | (junk[0] & 0x1F)); /* version 1: further into the parser */
        pair_post_raw(w, junk, n);
        if (i % 50 == 49) { /* the socket's queue is bounded: let the node read */
            assert_int_equal(pair_send(w, 1), ERR_OK);
            pair_run_until(w, one_done);
            w->done = w->got_count = 0;
        }
    }
    unsigned before = w->at_b.n;
    w->done = w->got_count = 0;
    size_t n = pair_datagram(d, true, 2, 4711, 0x55);
    pair_post_raw(w, d, n);
    pair_run_until(w, marked_reply);
    assert_int_equal(w->at_b.n, before + 1);
}

static void test_close_inside_callbacks(void **state)
{
    struct coap_pair *w = *state;
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(pair_send(w, i), ERR_OK);
    w->close_in_done = w->a;
    pair_run(w, 10);
    w->a = NULL;
    uint8_t d[16];
    w->at_b.close_me = w->b;
    size_t n = pair_datagram(d, true, 2, 1, 1);
    pair_post_raw(w, d, n);
    n = pair_datagram(d, true, 2, 2, 2);
    pair_post_raw(w, d, n);
    w->b = NULL;
    unsigned before = w->at_b.n;
    pair_run(w, 2); /* the first is answered; the second is told 5.03 */
    assert_int_equal(w->at_b.n, before + 1);
    assert_int_equal(w->got[1], COAP_UNAVAILABLE);
}

/* --- ports and texts --- */
static void test_port_in_use(void **state)
{
    struct coap_pair *w = *state;
    struct coap_node *n = NULL;
    struct errmsg why = {""};
    char port[64];
    pair_port_text(port, w->b);
    assert_int_equal(coap_open(w->loop, port, pair_on_request, w, &n, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "is in use"));
    assert_null(n);
    assert_int_equal(coap_open(w->loop, "127.0.0.1", pair_on_request, w, &n, &why), ERR_CONFIG);
    assert_int_equal(coap_open(w->loop, "192.0.2.1:0", pair_on_request, w, &n, &why), ERR_CONFIG);
    struct coap_peer *p;
    assert_int_equal(coap_peer_new(w->a, "127.0.0.1:0", &p, &why), ERR_CONFIG);
    assert_int_equal(coap_peer_new(w->a, "a..b:1", &p, &why), ERR_CONFIG);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        T(test_both_directions),
        T(test_all_codes),
        T(test_not_confirmable),
        T(test_length_boundaries),
        T(test_retransmission_is_answered_not_handled),
        T(test_same_ids_of_another_source),
        T(test_refused_requests),
        T(test_garbage_is_survived),
        T(test_close_inside_callbacks),
        T(test_port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
