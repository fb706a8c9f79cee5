/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* The SMSC and the device behind it: number plan, queue, validity, outages. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/net_rig.h"

static enum simnet_result raw(struct net_rig *n, const char *to, uint8_t pid, size_t len,
                              int64_t vp_s)
{
    uint8_t ud[200] = {0x02, 0x70, 0x00};
    struct msisdn number = {""};
    enum simnet_result r = SIMNET_REFUSED;
    uint64_t id = 0;

    assert_int_equal(msisdn_parse(span_str(to), &number), 0);
    assert_int_equal(simnet_sms_mt(n->net, &number, &n->cfg.smsr, pid, SMS_DCS_CLASS2, vp_s,
                                   span_of(ud, len), n->now, &r, &id), 0);
    return r;
}

static void a_command_is_answered_from_the_number_the_hss_knows(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(mo_kind(&n.mo[0]), SMS_RESPONSE);
    assert_string_equal(n.mo[0].from.s, n.no_a.s);
    assert_int_equal(n.reports[REPORT_DELIVERED], 1);
    net_rig_fini(&n);
}

static void the_number_plan_decides(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000017", 0x7F, 20, 60), SIMNET_NO_SUBSCRIBER);
    assert_int_equal(raw(&n, "33123456789", 0x7F, 20, 60), SIMNET_NO_SUBSCRIBER);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 0, 60), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 140, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 141, 60), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, -1), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x00, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(net_rig_stats(&n).mt_not_ota, 1);
    assert_int_equal(net_rig_stats(&n).mt_refused, 5);
    net_rig_fini(&n);
}

static void not_provisioned_has_no_sms(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){.status_b = "not-provisioned"});
    assert_int_equal(raw(&n, "4917100000222", 0x7F, 20, 60), SIMNET_NO_SUBSCRIBER);
    net_rig_fini(&n);
}

static void validity_ends_while_the_device_is_away(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){.heard = "26203"});     /* nobody is heard there */
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 59 * 1000);
    assert_int_equal(net_rig_stats(&n).mt_expired, 0);
    net_rig_run(&n, 1000);
    assert_int_equal(net_rig_stats(&n).mt_expired, 1);
    assert_int_equal(n.reports[REPORT_EXPIRED], 1);
    net_rig_fini(&n);
}

static void a_waiting_message_is_delivered_at_the_attach(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn there = {HEARD_A};
    struct eid eid;

    net_rig_begin(&n, &(struct net_setup){.heard = "26203"});
    eid = *card_eid(net_rig_card(&n));
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 600), SIMNET_ACCEPTED);
    net_rig_run(&n, 10 * 1000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(simnet_move(n.net, &eid, &there, n.now), 0);
    net_rig_run(&n, 1000);
    assert_int_equal(net_rig_stats(&n).mt_delivered, 1);
    assert_int_equal(n.n_mo, 1);
    net_rig_fini(&n);
}

static void one_message_is_in_flight_per_handset(void **state)
{
    (void)state;
    struct net_rig n;
    struct simnet_stats before;

    net_rig_init(&n, &(struct net_setup){.latency = LATENCY_LAB2016});
    net_rig_run(&n, 120 * 1000);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 3600), SIMNET_ACCEPTED);
    before = net_rig_stats(&n);
    assert_int_equal(before.mt_delivered, 0);
    for (uint64_t i = 1; i <= 3; i++) {       /* each delivery is a happening of its own */
        while (net_rig_stats(&n).mt_delivered < i) {
            n.now = simnet_due(n.net);
            assert_int_equal(simnet_run(n.net, n.now), 0);
            assert_true(net_rig_stats(&n).mt_delivered <= i);
        }
    }
    net_rig_fini(&n);
}

static void the_queue_of_a_handset_is_bounded(void **state)
{
    (void)state;
    struct net_rig n;
    unsigned taken = 0;

    net_rig_begin(&n, &(struct net_setup){.heard = "26203"});
    for (unsigned i = 0; i < 40; i++) {
        taken += raw(&n, "491710000016", 0x7F, 20, 600) == SIMNET_ACCEPTED;
        net_rig_run(&n, 1);
    }
    assert_int_equal(taken, 32);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 600), SIMNET_QUEUE_FULL);
    net_rig_run(&n, 700 * 1000);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 600), SIMNET_ACCEPTED);
    net_rig_fini(&n);
}

static void an_smsc_takes_so_many_a_second(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){.sms_per_s = 2});
    net_rig_run(&n, 5000);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_THROTTLED);
    net_rig_run(&n, 1000);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_ACCEPTED);
    net_rig_fini(&n);
}

static void a_gateway_that_is_full_gets_it_later_under_the_same_id(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){0});
    n.mo_full = 200;
    (void)net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60);
    net_rig_run(&n, 2500);
    assert_int_equal(n.n_mo, 0);
    net_rig_run(&n, 2500);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(n.mo[0].id, n.mo_full_id);
    assert_int_equal(net_rig_stats(&n).mo_delivered, 1);
    net_rig_fini(&n);
}

static void outage(struct net_rig *n, bool refuse, int64_t ms)
{
    struct plmn home = {"26299"};

    assert_int_equal(simnet_sms_outage(n->net, &home, refuse, n->now + ms, n->now), 0);
}

static void an_smsc_out_of_order_keeps_what_it_is_given_and_takes_nothing_from_devices(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn nobody = {"99999"};

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(simnet_sms_outage(n.net, &nobody, false, n.now + 1, n.now), ERR_NOT_FOUND);
    outage(&n, false, 60000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 59000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_stats(&n).mt_outage, 1);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 1);
    /* On its way when the trouble begins: it waits as well. The answer is tried again by nobody. */
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    outage(&n, false, 1000);
    outage(&n, false, 5000);
    net_rig_run(&n, 4000);
    assert_int_equal(n.n_mo, 1);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 2);
    net_rig_fini(&n);
}

static void an_smsc_out_of_order_may_refuse(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){0});
    outage(&n, true, 5000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_QUEUE_FULL);
    assert_int_equal(net_rig_stats(&n).mt_refused, 1);
    net_rig_run(&n, 5000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    net_rig_fini(&n);
}

static void unrouted(struct net_rig *n, const char *plmn, bool answers, int64_t ms)
{
    struct plmn home = {""};

    memcpy(home.s, plmn, strlen(plmn) + 1);
    assert_int_equal(simnet_sms_unroute(n->net, &home, answers, n->now + ms, n->now), 0);
}

/* The SMSC takes it, so the card believes that it is sent. Another network, and later, are not concerned. */
static void what_is_sent_to_a_number_that_is_not_routed_is_gone(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn nobody = {"99999"};

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(simnet_sms_unroute(n.net, &nobody, true, n.now + 1, n.now), ERR_NOT_FOUND);
    unrouted(&n, "26201", true, 60000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 1);
    unrouted(&n, "26299", false, 60000);         /* but answers, which go to who asked */
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 2);
    unrouted(&n, "26299", true, 5000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 6000);
    assert_int_equal(n.n_mo, 2);
    assert_int_equal(net_rig_stats(&n).mo_unrouted, 1);
    assert_int_equal(net_rig_stats(&n).mo_failed, 0);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 3);
    net_rig_fini(&n);
}

/* It changes networks, nobody hears of it, and it comes back by itself. */
static void a_notification_to_such_a_number_is_lost(void **state)
{
    (void)state;
    struct net_rig n;
    struct rig_note note;

    net_rig_begin(&n, &(struct net_setup){0});
    unrouted(&n, "26201", false, 24ll * 3600 * 1000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_ENABLE, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 3ll * 3600 * 1000);
    assert_true(net_rig_stats(&n).mo_unrouted > 0);
    for (unsigned i = 0; i < n.n_mo; i++)
        assert_true(msisdn_eq(&n.mo[i].from, &n.no_a) || mo_kind(&n.mo[i]) == SMS_RESPONSE);
    assert_true(net_rig_note(&n, n.n_mo - 1, &note));
    assert_int_equal(note.type, 3);
    net_rig_fini(&n);
}

static void a_subscriber_gets_another_number(void **state)
{
    (void)state;
    struct net_rig n;
    struct msisdn other;
    struct imsi nobody = {"262990000000009"};

    net_rig_begin(&n, &(struct net_setup){0});
    other = n.no_a;
    other.s[strlen(other.s)] = '9';              /* of the same operator */
    assert_int_equal(simnet_renumber(n.net, &nobody, &other), ERR_NOT_FOUND);
    assert_int_equal(simnet_renumber(n.net, &n.imsi_a, &n.no_a), ERR_OK);      /* its own */
    assert_int_equal(simnet_renumber(n.net, &n.imsi_a, &other), ERR_OK);
    assert_string_equal(simnet_number_of(n.net, &n.imsi_a)->s, other.s);
    assert_null(simnet_number_of(n.net, &nobody));
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_GET_STATUS, 0), SIMNET_NO_SUBSCRIBER);
    assert_int_equal(net_rig_send(&n, &other, NET_GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 1);
    assert_string_equal(n.mo[0].from.s, other.s);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_answered_from_the_number_the_hss_knows),
        cmocka_unit_test(the_number_plan_decides),
        cmocka_unit_test(not_provisioned_has_no_sms),
        cmocka_unit_test(validity_ends_while_the_device_is_away),
        cmocka_unit_test(a_waiting_message_is_delivered_at_the_attach),
        cmocka_unit_test(one_message_is_in_flight_per_handset),
        cmocka_unit_test(the_queue_of_a_handset_is_bounded),
        cmocka_unit_test(an_smsc_takes_so_many_a_second),
        cmocka_unit_test(a_gateway_that_is_full_gets_it_later_under_the_same_id),
        cmocka_unit_test(an_smsc_out_of_order_keeps_what_it_is_given_and_takes_nothing_from_devices),
        cmocka_unit_test(an_smsc_out_of_order_may_refuse),
        cmocka_unit_test(what_is_sent_to_a_number_that_is_not_routed_is_gone),
        cmocka_unit_test(a_notification_to_such_a_number_is_lost),
        cmocka_unit_test(a_subscriber_gets_another_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
