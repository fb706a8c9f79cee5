/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on is told of each PDU and with which SMSC it was. What a session with an SMSC does stands in
 * smpp_esme_test.c, with SMSCs of others in test/bearers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/smpp.h"
#include "common/net/tcp.h"
#include "smsr/channel/smpp_carrier.h"

#include <stdio.h>

#define SMSCS 2u

static struct world {
    struct loop *loop;
    struct tcp *conn[SMSCS];
    unsigned n_conns, seen;        /* a bit for each SMSC that was bound to */
} W;

static void on_opened(void *ctx)
{
    (void)ctx;
}

static void on_bytes(void *ctx, struct span bytes)
{
    (void)ctx;
    (void)bytes;
}

static void on_closed(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
}

static void stop_when_done(void)
{
    if (W.seen == (1u << SMSCS) - 1 && W.n_conns == SMSCS)
        loop_stop(W.loop);
}

static void on_accepted(void *ctx, struct tcp *t)
{
    static const struct tcp_events NOTHING = {on_opened, on_bytes, on_closed, NULL};

    (void)ctx;
    assert_in_range(W.n_conns, 0, SMSCS - 1);
    W.conn[W.n_conns++] = t;
    tcp_attend(t, &NOTHING);
    stop_when_done();
}

static void on_seen(void *ctx, unsigned smsc, bool out, struct span pdu)
{
    struct smpp_pdu p;

    assert_ptr_equal(ctx, &W);
    assert_true(out);
    assert_in_range(smsc, 0, SMSCS - 1);
    assert_int_equal(smpp_parse(pdu, &p), ERR_OK);
    assert_int_equal(p.id, SMPP_BIND_TRANSCEIVER);
    W.seen |= 1u << smsc;
    stop_when_done();
}

static void each_smsc_by_its_number(void **state)
{
    struct smpp_network nets[SMSCS] = {{.id = "one"}, {.id = "two"}};
    struct tcp_server *server[SMSCS];
    static const struct carrier NONE;
    char address[SMSCS][32];
    struct smpp_carrier *sc;
    struct errmsg why;
    struct rng rng;

    (void)state;
    rng_init_seeded(&rng, 1);
    W.loop = loop_new();
    for (unsigned i = 0; i < SMSCS; i++) {
        assert_int_equal(tcp_listen(W.loop, "127.0.0.1:0", 2, on_accepted, NULL, &server[i], &why), ERR_OK);
        (void)snprintf(address[i], sizeof address[i], "127.0.0.1:%u", tcp_server_port(server[i]));
        nets[i].address = address[i];
    }
    assert_int_equal(smpp_carrier_open(W.loop, nets, SMSCS, &NONE, &rng, &sc, &why), ERR_OK);
    smpp_carrier_set_seen(sc, on_seen, &W);
    assert_int_equal(loop_run(W.loop), ERR_OK);
    assert_int_equal(W.seen, 3);
    smpp_carrier_close(sc);
    for (unsigned i = 0; i < SMSCS; i++) {
        tcp_close(W.conn[i]);
        tcp_server_close(server[i]);
    }
    loop_free(W.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_smsc_by_its_number)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
