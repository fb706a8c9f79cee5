/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_net */
/* The CoAP carrier towards one peer: what is refused before it leaves, bursts, silence and odd replies
 * (facts: libs 1.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/coap_pair.h"

#include <stdio.h>
#include <unistd.h>

/* Each tag up to that one heard of its end, and once. */
static void told_once(const struct coap_pair *w, unsigned tags)
{
    for (unsigned i = 0; i < tags; i++)
        assert_int_equal(w->told[i], 1);
}

static void test_send_refusals(void **state)
{
    static const struct {
        const char *path, *query;
    } rows[] = {{"a//b", ""},  {"/a", ""},       {"a/", ""},    {"a b", ""},
                {"a\x7f", ""}, {"\xc3\xa4", ""}, {"a", "x&&y"}, {"a", "&x"},
                {"a", "x&"},   {"a", "x y"},     {"a", "x\n"}};
    struct coap_pair *w = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coap_msg m = pair_message(rows[i].path, rows[i].query, span_str("x"), true);
        assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 1), ERR_INVAL);
    }
    struct coap_msg m = pair_message("a", "", span_str("x"), true);
    m.method = (enum coap_method)3;
    assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 1), ERR_INVAL);
    m = pair_message("a", "", span_str("x"), true);
    memset(m.path, 'a', sizeof(m.path));
    assert_int_equal(coap_send_request(w->to_b, &m, pair_on_done, w, 1), ERR_INVAL);
    assert_int_equal(coap_peer_in_flight(w->to_b), 0);
}

static void test_burst_and_queue(void **state)
{
    struct coap_pair *w = *state;
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(pair_send(w, i), ERR_OK);
    assert_int_equal(coap_peer_in_flight(w->to_b), 1000);
    pair_run(w, 1000);
    told_once(w, 1000);
    assert_int_equal(w->at_b.n, 1000);
    assert_int_equal(w->code, COAP_CHANGED);
    memset(w->told, 0, sizeof(w->told));
    for (uint64_t i = 0; i < 4096; i++)
        assert_int_equal(pair_send(w, i), ERR_OK);
    assert_int_equal(pair_send(w, 4096), ERR_FULL);
    pair_run(w, 4096);
    told_once(w, 4096);
    assert_int_equal(pair_send(w, 0), ERR_OK);
    pair_run(w, 1);
}

/* --- silence --- */
/* A peer whose port is open and never answers. */
static int silent_peer(struct coap_pair *w, struct coap_peer **ret)
{
    struct addr a;
    char port[64];
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(addr_literal("127.0.0.1", 0, &a));
    assert_int_equal(bind(fd, &a.u.sa, a.len), 0);
    assert_int_equal(getsockname(fd, &a.u.sa, &a.len), 0);
    snprintf(port, sizeof(port), "127.0.0.1:%u", (unsigned)addr_port(&a));
    assert_int_equal(coap_peer_new(w->a, port, ret, NULL), ERR_OK);
    coap_peer_set_retransmit(*ret, 1, 1);
    return fd;
}

static void test_silent_peer(void **state)
{
    struct coap_pair *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = pair_message("sms/mt", "", span_str("x"), true);
    w->code = 255;
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(coap_send_request(p, &m, pair_on_done, w, i), ERR_OK);
    pair_run(w, 3);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    assert_int_equal(coap_peer_in_flight(p), 0);
    told_once(w, 3);
    assert_int_equal(pair_send(w, 5), ERR_OK); /* the node goes on with others */
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_CHANGED);
    close(fd);
}

static void test_closed_port(void **state)
{
    struct coap_pair *w = *state;
    struct coap_peer *p;
    close(silent_peer(w, &p));
    struct coap_msg m = pair_message("sms/mt", "", span_str("x"), true);
    for (uint64_t i = 0; i < 20; i++)
        assert_int_equal(coap_send_request(p, &m, pair_on_done, w, i), ERR_OK);
    pair_run(w, 20);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    told_once(w, 20);
}

static void test_peer_comes_back(void **state)
{
    struct coap_pair *w = *state;
    char port[64];
    pair_port_text(port, w->b);
    coap_peer_set_retransmit(w->to_b, 1, 3);
    coap_close(w->b);
    w->b = NULL;
    pair_one_turn(w); /* now it is gone */
    for (uint64_t i = 0; i < 5; i++)
        assert_int_equal(pair_send(w, i), ERR_OK);
    pair_one_turn(w); /* the refusals are in */
    assert_int_equal(w->done, 0);
    assert_int_equal(coap_open(w->loop, port, pair_on_request, &w->at_b, &w->b, NULL), ERR_OK);
    pair_run(w, 5);
    assert_int_equal(w->code, COAP_CHANGED);
    told_once(w, 5);
}

static void test_reset_ends_a_request(void **state)
{
    struct coap_pair *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = pair_message("sms/mt", "", span_str("x"), true);
    uint8_t d[64];
    struct addr from = {.len = sizeof(from.u)};
    coap_peer_set_retransmit(p, 60, 4); /* only the reset can end it in time */
    assert_int_equal(coap_send_request(p, &m, pair_on_done, w, 1), ERR_OK);
    ssize_t n = recvfrom(fd, d, sizeof(d), 0, &from.u.sa, &from.len);
    assert_true(n > 4);
    d[0] = 0x70;
    d[1] = 0;
    assert_int_equal(sendto(fd, d, 4, 0, &from.u.sa, from.len), 4);
    pair_run(w, 1);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    assert_int_equal(w->told[1], 1);
    close(fd);
}

static void test_odd_replies(void **state)
{
    struct coap_pair *w = *state;
    struct coap_peer *p;
    int fd = silent_peer(w, &p);
    struct coap_msg m = pair_message("sms/mt", "", span_str("x"), true);
    uint8_t d[1400];
    struct addr from = {.len = sizeof(from.u)};
    coap_peer_set_retransmit(p, 60, 4);
    for (int big = 0; big < 2; big++) {
        assert_int_equal(coap_send_request(p, &m, pair_on_done, w, 1), ERR_OK);
        assert_true(recvfrom(fd, d, sizeof(d), 0, &from.u.sa, &from.len) > 12);
        d[0] = 0x68; /* ACK, the 8-octet token as it came */
        d[1] = COAP_CREATED;
        memset(d + 12, 'x', sizeof(d) - 12);
        memcpy(d + 12,
               big ? "\xff"
                   : "\x83"
                     "a b",
               big ? 1 : 4);
        assert_true(sendto(fd, d, big ? 12 + 1 + COAP_UNIT_MAX + 1 : 16, 0, &from.u.sa, from.len) >
                    0);
        pair_run(w, 1);
        assert_int_equal(w->code, COAP_INTERNAL);
        assert_string_equal(w->location, "");
        assert_int_equal(w->reply_n, 0);
    }
    close(fd);
}

static void test_close_tells_what_is_in_flight(void **state)
{
    struct coap_pair *w = *state;
    for (uint64_t i = 0; i < 200; i++)
        assert_int_equal(pair_send(w, i), ERR_OK);
    w->code = 255;
    coap_close(w->a);
    coap_close(w->a);
    assert_int_equal(w->done, 200);
    assert_int_equal(w->code, COAP_TIMED_OUT);
    told_once(w, 200);
    assert_int_equal(pair_send(w, 1), ERR_CLOSED);
    w->a = NULL;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, pair_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        T(test_send_refusals),
        T(test_burst_and_queue),
        T(test_silent_peer),
        T(test_closed_port),
        T(test_peer_comes_back),
        T(test_reset_ends_a_request),
        T(test_odd_replies),
        T(test_close_tells_what_is_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
