/* SPDX-License-Identifier: Apache-2.0 */
/* The CAT_TP port: places of datagrams, and what belongs to another carrier. The channel's upcalls
 * are the test's own. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/udp.h"
#include "smsr/channel/udp_carrier.h"

#include <string.h>

static struct world {
    struct loop *loop;
    struct udp_carrier *uc;
    struct udp *card[2];
    struct addr at;
    struct carrier others;
    uint64_t conn;
    unsigned heard, wanted, back, passed;
    bool keep;
} W;

bool channel_datagram(struct channel *ch, uint64_t conn, struct span pdu)
{
    assert_ptr_equal(ch, &W);
    assert_int_equal(pdu.n, 3);
    W.conn = conn;
    if (++W.heard == W.wanted)
        loop_stop(W.loop);
    return W.keep;
}

static void on_card(void *ctx, const struct addr *from, struct span s)
{
    (void)ctx;
    (void)from;
    assert_int_equal(s.n, 4);
    W.back++;
    loop_stop(W.loop);
}

static int other_sms(void *ctx, const char *network, const struct msisdn *to, const char *from,
                     uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    (void)ctx, (void)network, (void)to, (void)from, (void)pid, (void)dcs, (void)vp_s, (void)tp_ud;
    assert_int_equal(tag, 9);
    W.passed++;
    return ERR_FULL;
}

static int other_send(void *ctx, uint64_t conn, struct span bytes)
{
    (void)ctx;
    (void)bytes;
    assert_int_equal(conn, 5);
    W.passed++;
    return ERR_FULL;
}

static void other_close(void *ctx, uint64_t conn)
{
    (void)ctx;
    assert_int_equal(conn, 5);
    W.passed++;
}

static int setup(void **state)
{
    struct errmsg why;

    (void)state;
    memset(&W, 0, sizeof W);
    W.loop = loop_new();
    W.others = (struct carrier){other_sms, other_send, other_close, other_send, other_close, &W};
    assert_int_equal(udp_carrier_open(W.loop, "127.0.0.1:0", 2, &W.others, &W.uc, &why), ERR_OK);
    assert_true(addr_literal("127.0.0.1", udp_carrier_udp_port(W.uc), &W.at));
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(udp_open(W.loop, NULL, &W.at, on_card, NULL, &W.card[i], &why), ERR_OK);
    udp_carrier_attach(W.uc, (struct channel *)&W);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    udp_carrier_close(W.uc);
    udp_close(W.card[0]);
    udp_close(W.card[1]);
    loop_free(W.loop);
    return 0;
}

static uint64_t say(unsigned card)
{
    W.wanted = W.heard + 1;
    assert_int_equal(udp_send(W.card[card], &W.at, span_str("abc")), ERR_OK);
    assert_int_equal(loop_run(W.loop), ERR_OK);
    return W.conn;
}

static void places(void **state)
{
    const struct carrier *c = udp_carrier_port(W.uc);
    uint64_t first, second;

    (void)state;
    W.keep = true;
    first = say(0);
    second = say(1);
    assert_int_not_equal(first, second);
    assert_int_equal(say(0), first);
    assert_int_equal(c->datagram(c->ctx, first, span_str("abcd")), ERR_OK);
    assert_int_equal(loop_run(W.loop), ERR_OK);
    assert_int_equal(W.back, 1);
    c->datagram_end(c->ctx, first);
    c->datagram_end(c->ctx, first);
    assert_int_equal(c->datagram(c->ctx, first, span_str("abcd")), ERR_CLOSED);
    assert_int_not_equal(say(0), first);       /* numbers do not come again */
    W.keep = false;
    assert_int_equal(say(1), second);          /* the channel is done with it */
    assert_int_equal(c->datagram(c->ctx, second, span_str("abcd")), ERR_CLOSED);
}

static void what_is_not_its_own(void **state)
{
    const struct carrier *c = udp_carrier_port(W.uc);
    struct msisdn to = {"4917000000"};

    (void)state;
    assert_int_equal(c->sms_mt(c->ctx, "n", &to, "1", 0x7F, 0xF6, 1, span_str("x"), 9), ERR_FULL);
    assert_int_equal(c->stream_send(c->ctx, 5, span_str("x")), ERR_FULL);
    c->stream_close(c->ctx, 5);
    assert_int_equal(c->datagram(c->ctx, 5, span_str("x")), ERR_FULL);
    c->datagram_end(c->ctx, 5);
    assert_int_equal(W.passed, 5);
}

static void without_a_port(void **state)
{
    struct udp_carrier *none;
    struct errmsg why;

    (void)state;
    assert_int_equal(udp_carrier_open(W.loop, NULL, 2, &W.others, &none, &why), ERR_OK);
    assert_int_equal(udp_carrier_udp_port(none), 0);
    udp_carrier_close(none);
    assert_int_equal(udp_carrier_open(W.loop, "nonsense", 2, &W.others, &none, &why), ERR_CONFIG);
    assert_null(none);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {T(places), T(what_is_not_its_own), T(without_a_port)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
