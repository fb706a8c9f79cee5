/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile remora_bearer */
/* UDP channels of devices: opened by a push, carried, lost, doubled, overtaken, cut. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/bearer/cattp_link.h"
#include "test/support/net_rig.h"

static const char PUSH[] = "AA31" "221880EC010113" "350103" "39020400" "3C03011D14" "3E05217F000001"
                           "221580EC010210" "3C03001D14" "3609" "4D4554455220303031";

/* The SM-SR's end. */
static struct far {
    struct cattp *c;
    struct net_rig *n;
    unsigned opened, ended, sdus;
} F;

static void far_pdu(void *ctx, struct span pdu)
{
    (void)ctx;
    assert_int_equal(simnet_datagram(F.n->net, F.n->udp, pdu, F.n->now), ERR_OK);
}

static void far_opened(void *ctx, struct span id)
{
    (void)ctx;
    assert_int_equal(id.n, 9);
    assert_memory_equal(id.p, "METER 001", 9);
    F.opened++;
}

static void far_sdu(void *ctx, struct span sdu)
{
    (void)ctx;
    (void)sdu;
    F.sdus++;
}

static void far_ended(void *ctx, uint8_t reason, bool by_peer)
{
    (void)ctx;
    (void)reason;
    (void)by_peer;
    F.ended++;
}

static void datagram(struct net_rig *n, struct span pdu)
{
    assert_int_not_equal(cattp_input(F.c, pdu, n->now), ERR_NOMEM);
}

static void begin(struct net_rig *n, const struct net_setup *s)
{
    struct cattp_config cfg = cattp_config_default();
    const struct cattp_port port = {far_pdu, far_opened, far_sdu, far_ended, NULL};
    uint8_t push[100];
    size_t len = 0;

    memset(&F, 0, sizeof(F));
    cfg.local_port = 7444;
    F.c = cattp_new(&cfg, &port);
    assert_non_null(F.c);
    assert_int_equal(cattp_listen(F.c), ERR_OK);
    net_rig_init(n, s);
    F.n = n;
    n->on_datagram = datagram;
    net_rig_run(n, 60000);             /* it attaches */
    assert_int_equal(hex_decode(PUSH, strlen(PUSH), push, sizeof(push), &len), ERR_OK);
    assert_int_equal(net_rig_packet(n, &n->no_a, span_of(push, len), 3600), SIMNET_ACCEPTED);
}

static void fini(struct net_rig *n)
{
    net_rig_fini(n);
    cattp_free(F.c);
}

/* Time goes on, for the far end's own timers too. */
static void pass(struct net_rig *n, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += 1000) {
        net_rig_run(n, 1000);
        cattp_timer(F.c, n->now);
    }
}

static void begin_opened(struct net_rig *n)
{
    begin(n, &(struct net_setup){.seed = 2});
    pass(n, 60000);
    assert_int_equal(F.opened, 1);
}

static void a_link_comes(void **state)
{
    struct simnet_stats s;
    struct net_rig n;

    (void)state;
    begin_opened(&n);
    cattp_close(F.c, n.now);
    pass(&n, 60000);
    assert_int_equal(n.udps_closed, 1);
    simnet_stats(n.net, &s);
    assert_int_equal(s.udps_opened, 1);
    assert_int_equal(s.datagrams_up, 2);
    assert_int_equal(s.datagrams_down, 2);
    assert_int_equal(simnet_datagram(n.net, 4711, span_str("x"), n.now), ERR_OK); /* nobody */
    fini(&n);
}

static void bad_air(void **state)
{
    struct simnet_faults bad = {.datagram_loss = RATE_ONE / 3, .datagram_duplicate = RATE_ONE / 3,
                                .datagram_reorder = RATE_ONE / 3};
    unsigned opened = 0;
    struct simnet_stats s, sum = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct net_rig n;
        begin(&n, &(struct net_setup){.seed = seed, .faults = bad});
        pass(&n, 600000);
        opened += F.opened;
        simnet_stats(n.net, &s);
        sum.datagrams_lost += s.datagrams_lost;
        sum.datagrams_doubled += s.datagrams_doubled;
        sum.datagrams_delayed += s.datagrams_delayed;
        fini(&n);
    }
    assert_int_equal(opened, 10);
    assert_true(sum.datagrams_lost > 0 && sum.datagrams_doubled > 0 && sum.datagrams_delayed > 0);
}

/* The device notices that its channel is gone, the far end does not. */
static void cut(void **state)
{
    struct simnet_stats s;
    struct net_rig n;

    (void)state;
    begin(&n, &(struct net_setup){.seed = 3, .faults = {.udp_cut = RATE_ONE}});
    pass(&n, 20000);
    simnet_stats(n.net, &s);
    assert_int_equal(s.udps_cut, 1);
    assert_int_equal(F.opened, 0);
    assert_int_equal(n.udps_closed, 1);
    fini(&n);
}

static void power_and_reset_end_it(void **state)
{
    struct simnet_stats s;
    struct net_rig n;

    (void)state;
    begin_opened(&n);
    assert_int_equal(simnet_power_cycle(n.net, card_eid(net_rig_card(&n)), n.now), ERR_OK);
    net_rig_run(&n, 30000);
    assert_int_equal(n.udps_closed, 1);
    assert_int_equal(F.ended, 0);      /* without a word */
    assert_int_equal(cattp_send(F.c, span_str("x"), n.now), ERR_OK);
    net_rig_run(&n, 1000);
    simnet_stats(n.net, &s);
    assert_int_equal(s.udps_opened, 1);
    fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_comes),
        cmocka_unit_test(bad_air),
        cmocka_unit_test(cut),
        cmocka_unit_test(power_and_reset_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
