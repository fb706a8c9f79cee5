/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* Devices that sleep: their SMSC keeps what comes until they wake, within its validity; what they send
 * themselves wakes them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/net_rig.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

/* Asleep, and wakes in phase ms; ten minutes have passed since it was switched on. */
static void asleep(struct net_rig *n, int64_t phase_ms)
{
    net_rig_init(n, &(struct net_setup){0});
    net_rig_run(n, 10 * MINUTE);
    assert_int_equal(simnet_sleep(n->net, card_eid(net_rig_card(n)), fleet_kind_of(span_str("nbiot")),
                                  phase_ms, n->now), 0);
    net_rig_run(n, 1);
    n->n_mo = 0;
}

static void a_message_waits_for_the_wake(void **state)
{
    (void)state;
    struct net_rig n;

    asleep(&n, 7 * HOUR);
    assert_int_equal(net_rig_stats(&n).devices_asleep, 1);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 24 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 7 * HOUR - MINUTE);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_stats(&n).mt_stored, 1);
    net_rig_run(&n, 2 * MINUTE);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(net_rig_stats(&n).wakes, 1);
    net_rig_fini(&n);
}

static void its_validity_ends_before_the_wake(void **state)
{
    (void)state;
    struct net_rig n;

    asleep(&n, 7 * HOUR);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 6 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 30 * HOUR);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_stats(&n).mt_expired, 1);
    net_rig_fini(&n);
}

static void it_is_awake_for_its_window_only(void **state)
{
    (void)state;
    struct net_rig n;

    asleep(&n, HOUR);
    net_rig_run(&n, HOUR + 4 * MINUTE);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 24 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 4 * MINUTE);      /* what it got keeps it awake */
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 24 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, MINUTE);
    assert_int_equal(n.n_mo, 2);
    net_rig_run(&n, 6 * MINUTE);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 48 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 20 * HOUR);
    assert_int_equal(n.n_mo, 2);
    net_rig_run(&n, 4 * HOUR);        /* the phase of its wakes stays */
    assert_int_equal(n.n_mo, 3);
    net_rig_fini(&n);
}

/* Even what it says nothing to. */
static void what_it_gets_keeps_it_awake(void **state)
{
    (void)state;
    static const uint8_t NO_PACKET[20] = {0x02, 0x70, 0x00};
    struct net_rig n;

    asleep(&n, HOUR);
    net_rig_run(&n, HOUR + 4 * MINUTE);
    assert_int_equal(net_rig_sms(&n, &n.no_a, span_of(NO_PACKET, sizeof(NO_PACKET)), 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 4 * MINUTE);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, MINUTE);
    assert_int_equal(n.n_mo, 1);
    net_rig_fini(&n);
}

static void a_switch_goes_through_in_one_wake(void **state)
{
    (void)state;
    struct net_rig n;
    struct rig_note note;

    asleep(&n, 2 * HOUR);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_ENABLE, 24 * 3600), SIMNET_ACCEPTED);
    net_rig_run(&n, 2 * HOUR + 2 * MINUTE);
    assert_true(n.n_mo >= 2);
    assert_true(net_rig_note(&n, n.n_mo - 1, &note));
    net_rig_fini(&n);
}

/* It is asked something, and sleeps on. */
static void is_asked_in_its_sleep(struct net_rig *n)
{
    n->n_mo = 0;
    assert_int_equal(net_rig_send(n, &n->no_a, NET_GET_STATUS, 24 * 3600), SIMNET_ACCEPTED);
    net_rig_run(n, HOUR);
    assert_int_equal(n->n_mo, 0);
}

static void a_call_of_its_own_wakes_it(void **state)
{
    (void)state;
    struct net_rig n;
    bool called = false;

    asleep(&n, 2 * HOUR);
    n.refuse_streams = true;
    net_rig_push(&n);                 /* whom to call it knows from then on */
    net_rig_run(&n, 3 * HOUR);
    is_asked_in_its_sleep(&n);
    assert_int_equal(simnet_call(n.net, card_eid(net_rig_card(&n)), n.now, &called), 0);
    assert_true(called);
    net_rig_run(&n, MINUTE);
    assert_int_equal(n.n_mo, 1);
    net_rig_fini(&n);
}

static void an_attach_wakes_it(void **state)
{
    (void)state;
    struct net_rig n;

    asleep(&n, 20 * HOUR);
    is_asked_in_its_sleep(&n);
    assert_int_equal(simnet_power_cycle(n.net, card_eid(net_rig_card(&n)), n.now), 0);
    net_rig_run(&n, MINUTE);
    assert_true(n.n_mo >= 1);
    net_rig_fini(&n);
}

static void mains_never_sleep(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    assert_int_equal(simnet_sleep(n.net, card_eid(net_rig_card(&n)), fleet_kind_of(span_str("mains")), 5,
                                  n.now), 0);
    net_rig_run(&n, 100 * HOUR);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    assert_null(fleet_kind_of(span_str("nbio")));
    assert_null(fleet_kind_of(span_str("")));
    net_rig_fini(&n);
}

static void an_unknown_card_cannot_sleep(void **state)
{
    (void)state;
    struct net_rig n;
    struct eid eid = {{0x89}};

    net_rig_init(&n, &(struct net_setup){0});
    assert_int_equal(simnet_sleep(n.net, &eid, fleet_kind_of(span_str("nbiot")), 0, n.now), ERR_NOT_FOUND);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_waits_for_the_wake),
        cmocka_unit_test(its_validity_ends_before_the_wake),
        cmocka_unit_test(it_is_awake_for_its_window_only),
        cmocka_unit_test(what_it_gets_keeps_it_awake),
        cmocka_unit_test(a_switch_goes_through_in_one_wake),
        cmocka_unit_test(a_call_of_its_own_wakes_it),
        cmocka_unit_test(an_attach_wakes_it),
        cmocka_unit_test(mains_never_sleep),
        cmocka_unit_test(an_unknown_card_cannot_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
