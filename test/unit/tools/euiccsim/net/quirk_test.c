/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* Quirks of SMSCs and of the power supply: what a device of that kind does to a card, and what it must not. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "test/support/net_rig.h"

#define HOUR_MS (3600 * 1000)
#define ROUNDS 40u

/* Attached, its first notification told. */
static void begin(struct net_rig *n, uint32_t quirk, uint64_t seed)
{
    net_rig_init(n, &(struct net_setup){.net_quirks = quirk, .seed = seed});
    net_rig_run(n, 400 * 1000);
    n->n_mo = 0;
}

static unsigned answers(const struct net_rig *n)
{
    unsigned got = 0;

    for (unsigned i = 0; i < n->n_mo; i++)
        got += mo_kind(&n->mo[i]) == SMS_RESPONSE;
    return got;
}

/* Two parts: ten questions in one script. */
static void ask_long(struct net_rig *n)
{
    static const uint8_t ONE[] = {0x22, 0x0A, 0x80, 0xF2, 0x40, 0x02, 0x04, 0x4F, 0x00, 0x5C, 0x00, 0x00};
    uint8_t script[2 + 10 * sizeof(ONE)] = {0xAA, 10 * sizeof(ONE)};

    for (unsigned i = 0; i < 10; i++)
        memcpy(script + 2 + i * sizeof(ONE), ONE, sizeof(ONE));
    assert_int_equal(net_rig_packet(n, &n->no_a, span_of(script, sizeof(script)), 86400),
                     SIMNET_ACCEPTED);
}

static void a_part_comes_hours_later(void **state)
{
    struct net_rig n;
    unsigned late = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= ROUNDS && late < 3; seed++) {
        begin(&n, NETQ_PART_LATE, seed);
        ask_long(&n);
        net_rig_run(&n, HOUR_MS);
        if (net_rig_stats(&n).mt_part_late) {
            late++;
            assert_int_equal(answers(&n), 0);
        } else {
            assert_true(answers(&n) > 0);
        }
        net_rig_run(&n, 8 * HOUR_MS);
        assert_true(net_rig_stats(&n).mt_delivered >= 2);
        n.n_mo = 0;
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
        net_rig_run(&n, 60 * 1000);
        assert_int_equal(answers(&n), 10);       /* a message of one part is never late */
        net_rig_fini(&n);
    }
    assert_int_equal(late, 3);
}

/* Once, hours later, and the card says 02 to it. */
static void what_was_delivered_comes_again(void **state)
{
    struct net_rig n;
    struct simnet_stats st;

    (void)state;
    begin(&n, NETQ_REPLAY, 1);
    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
        net_rig_run(&n, 1000);
    }
    assert_int_equal(answers(&n), ROUNDS);
    net_rig_run(&n, 7 * HOUR_MS);
    st = net_rig_stats(&n);
    assert_true(st.mt_replayed > 0 && st.mt_replayed < ROUNDS);
    assert_int_equal(st.mt_delivered, ROUNDS + st.mt_replayed);
    assert_int_equal(answers(&n), ROUNDS + st.mt_replayed);
    for (unsigned i = 0; i < n.n_mo; i++) {
        struct scp80_response r;
        if (net_rig_answer(&n, i, &r))
            assert_int_equal(r.status, i < ROUNDS ? POR_OK : POR_CNTR_LOW);
    }
    net_rig_fini(&n);
}

static void equal_octets_are_swallowed(void **state)
{
    static const uint8_t UD[20] = {0x02, 0x70, 0x00, 1};
    struct net_rig n;
    uint8_t other[20];

    (void)state;
    begin(&n, NETQ_SWALLOW, 1);
    memcpy(other, UD, sizeof(UD));
    for (unsigned i = 0; i < 3; i++) {
        other[4] = (uint8_t)i;                   /* two of UD behind the first are swallowed */
        assert_int_equal(net_rig_sms(&n, &n.no_a, span_of(UD, sizeof(UD)), 60), SIMNET_ACCEPTED);
        assert_int_equal(net_rig_sms(&n, &n.no_a, span_of(other, sizeof(other)), 60), SIMNET_ACCEPTED);
        net_rig_run(&n, 1000);
    }
    assert_int_equal(net_rig_stats(&n).mt_swallowed, 3);      /* other[] with 0 is UD, too */
    assert_int_equal(net_rig_stats(&n).mt_delivered, 3);
    assert_int_equal(net_rig_stats(&n).mt_accepted, 6);
    net_rig_fini(&n);
}

static void delivered_and_never_seen(void **state)
{
    struct net_rig n;
    struct simnet_stats st;
    uint64_t before;

    (void)state;
    begin(&n, NETQ_REPORT_LIES, 1);
    before = n.reports[REPORT_DELIVERED];
    for (unsigned i = 0; i < ROUNDS; i++) {
        assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
        net_rig_run(&n, 1000);
    }
    st = net_rig_stats(&n);
    assert_true(st.mt_lied > 0 && st.mt_lied < ROUNDS);
    assert_int_equal(n.reports[REPORT_DELIVERED] - before, ROUNDS);
    assert_int_equal(answers(&n), ROUNDS - st.mt_lied);
    net_rig_fini(&n);
}

/* Nothing is lost and the order stays, it only takes its time. */
static void a_busy_toolkit_is_tried_again(void **state)
{
    struct scp80_response r;
    struct net_rig n;

    (void)state;
    begin(&n, NETQ_TOOLKIT_BUSY, 1);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 86400), SIMNET_ACCEPTED);
    net_rig_run(&n, 20 * 1000);
    assert_true(answers(&n) < 20);
    net_rig_run(&n, 6 * HOUR_MS);
    assert_int_equal(answers(&n), 20);
    for (unsigned i = 0; i < 20; i++) {
        assert_true(net_rig_answer(&n, i, &r));
        assert_int_equal(r.status, POR_OK); /* out of order it would be a counter too low */
    }
    assert_true(net_rig_stats(&n).mt_busy > 0);
    assert_int_equal(net_rig_stats(&n).mt_delivered, 20);
    net_rig_fini(&n);
}

static void power_fails_in_mid_script(void **state)
{
    struct net_rig n;
    unsigned sent = 0;

    (void)state;
    begin(&n, NETQ_POWER, 1);
    while (net_rig_stats(&n).dark[1] == 0) {
        assert_true(sent++ < 400);
        n.n_mo = 0;
        assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 86400), SIMNET_ACCEPTED);
        net_rig_run(&n, 1000);
    }
    assert_int_equal(answers(&n), 0);
    assert_false(simnet_attached(n.net, 0, NULL));
    net_rig_run(&n, 60 * 1000);
    assert_true(simnet_attached(n.net, 0, NULL));
    assert_int_equal(net_rig_stats(&n).dark[0] + net_rig_stats(&n).dark[2], 0);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_comes_hours_later),
        cmocka_unit_test(what_was_delivered_comes_again),
        cmocka_unit_test(equal_octets_are_swallowed),
        cmocka_unit_test(delivered_and_never_seen),
        cmocka_unit_test(a_busy_toolkit_is_tried_again),
        cmocka_unit_test(power_fails_in_mid_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
