/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* The SMSC and the device behind it: number plan, queue, validity, faults that repeat by seed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/net_rig.h"

#define GET_STATUS "80F24002024F0000"

static struct simnet_stats stats(const struct net_rig *n)
{
    struct simnet_stats s;

    simnet_stats(n->net, &s);
    return s;
}

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

static enum sms_kind kind_of(const struct mo_note *m)
{
    struct sms_ud ud;

    assert_int_equal(sms_ud_parse(span_of(m->ud, m->n), &ud), 0);
    assert_true(ud.has_kind);
    return ud.kind;
}

static void a_command_is_answered_from_the_number_the_hss_knows(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(kind_of(&n.mo[0]), SMS_RESPONSE);
    assert_string_equal(n.mo[0].from.s, n.no_a.s);
    assert_int_equal(n.reports[REPORT_DELIVERED], 1);
    net_rig_fini(&n);
}

/* The whole switch: PoR from the old number, notification from the new one, confirmation by SMS
 * to the new number; afterwards the card stays. */
static void an_enable_ends_confirmed_over_the_air(void **state)
{
    (void)state;
    struct net_rig n;
    struct rig_note note;
    char confirm[40];

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_ENABLE, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 2);
    assert_int_equal(kind_of(&n.mo[0]), SMS_RESPONSE);
    assert_string_equal(n.mo[0].from.s, n.no_a.s);
    assert_int_equal(kind_of(&n.mo[1]), SMS_COMMAND);
    assert_string_equal(n.mo[1].from.s, n.no_b.s);
    assert_true(n.mo[1].id > n.mo[0].id);
    n.card.n_sms = 1;
    n.card.sms[0] = (struct rig_sms){.to = n.cfg.smsr, .n = n.mo[1].n};
    memcpy(n.card.sms[0].ud, n.mo[1].ud, n.mo[1].n);
    assert_true(rig_note(&n.card, &note));
    assert_int_equal(note.type, 2);
    (void)snprintf(confirm, sizeof(confirm), "80E28900073A08044E02%04X", note.seq);
    assert_int_equal(net_rig_send(&n, &n.no_b, confirm, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 3600 * 1000);
    assert_int_equal(n.n_mo, 3);
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_b.s);
    assert_true(simnet_attached(n.net, 0, NULL));
    net_rig_fini(&n);
}

static void without_confirmation_the_card_goes_back_and_says_so(void **state)
{
    (void)state;
    struct net_rig n;
    struct rig_note note;
    unsigned last;

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 3600 * 1000);
    last = n.n_mo - 1;
    assert_string_equal(n.mo[last].from.s, n.no_a.s);
    n.card.n_sms = 1;
    n.card.sms[0] = (struct rig_sms){.to = n.cfg.smsr, .n = n.mo[last].n};
    memcpy(n.card.sms[0].ud, n.mo[last].ud, n.mo[last].n);
    assert_true(rig_note(&n.card, &note));
    assert_int_equal(note.type, 3);
    assert_true(simnet_attached(n.net, 0, NULL));
    net_rig_fini(&n);
}

static void data_without_sms_rolls_back(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){.net_quirks = NETQ_DATA_WITHOUT_SMS});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 2000);
    assert_int_equal(net_rig_attach(&n).cause, ATTACH_OK);
    assert_string_equal(net_rig_attach(&n).imsi.s, n.imsi_b.s);
    assert_int_equal(n.n_mo, 1);                /* the PoR; no notification gets out */
    assert_int_equal(net_rig_send(&n, &n.no_b, GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 3600 * 1000);
    assert_true(stats(&n).mo_failed > 0);
    assert_int_equal(stats(&n).mt_expired, 1);
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_a.s);
    net_rig_fini(&n);
}

static void the_number_plan_decides(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000017", 0x7F, 20, 60), SIMNET_NO_SUBSCRIBER);
    assert_int_equal(raw(&n, "33123456789", 0x7F, 20, 60), SIMNET_NO_SUBSCRIBER);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 0, 60), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 140, 60), SIMNET_ACCEPTED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 141, 60), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x7F, 20, -1), SIMNET_REFUSED);
    assert_int_equal(raw(&n, "491710000016", 0x00, 20, 60), SIMNET_ACCEPTED);
    assert_int_equal(stats(&n).mt_not_ota, 1);
    assert_int_equal(stats(&n).mt_refused, 5);
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

    net_rig_init(&n, &(struct net_setup){.heard = "26203"});     /* nobody is heard there */
    net_rig_run(&n, 1000);
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 59 * 1000);
    assert_int_equal(stats(&n).mt_expired, 0);
    net_rig_run(&n, 1000);
    assert_int_equal(stats(&n).mt_expired, 1);
    assert_int_equal(n.reports[REPORT_EXPIRED], 1);
    net_rig_fini(&n);
}

static void a_waiting_message_is_delivered_at_the_attach(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn there = {HEARD_A};
    struct eid eid;

    net_rig_init(&n, &(struct net_setup){.heard = "26203"});
    net_rig_run(&n, 1000);
    eid = *card_eid(net_rig_card(&n));
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 600), SIMNET_ACCEPTED);
    net_rig_run(&n, 10 * 1000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(simnet_move(n.net, &eid, &there, n.now), 0);
    net_rig_run(&n, 1000);
    assert_int_equal(stats(&n).mt_delivered, 1);
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
    before = stats(&n);
    assert_int_equal(before.mt_delivered, 0);
    for (uint64_t i = 1; i <= 3; i++) {       /* each delivery is a happening of its own */
        while (stats(&n).mt_delivered < i) {
            n.now = simnet_due(n.net);
            assert_int_equal(simnet_run(n.net, n.now), 0);
            assert_true(stats(&n).mt_delivered <= i);
        }
    }
    net_rig_fini(&n);
}

static void the_queue_of_a_handset_is_bounded(void **state)
{
    (void)state;
    struct net_rig n;
    unsigned taken = 0;

    net_rig_init(&n, &(struct net_setup){.heard = "26203"});
    net_rig_run(&n, 1000);
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

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    n.mo_full = 200;
    (void)net_rig_send(&n, &n.no_a, GET_STATUS, 60);
    net_rig_run(&n, 2500);
    assert_int_equal(n.n_mo, 0);
    net_rig_run(&n, 2500);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(stats(&n).mo_delivered, 1);
    net_rig_fini(&n);
}

/* --- faults --- */
#define ALL RATE_ONE

static struct simnet_stats after_one(struct simnet_faults f, unsigned *ret_mo, int64_t ms)
{
    struct net_rig n;
    struct simnet_stats s;

    net_rig_init(&n, &(struct net_setup){.faults = f});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, GET_STATUS, 60);
    net_rig_run(&n, ms);
    s = stats(&n);
    *ret_mo = n.n_mo;
    net_rig_fini(&n);
    return s;
}

static void each_fault_does_what_it_is_named_for(void **state)
{
    (void)state;
    unsigned mo = 0;
    struct simnet_stats s;

    s = after_one((struct simnet_faults){.loss_mt = ALL}, &mo, 5000);
    assert_true(s.mt_lost == 1 && s.mt_delivered == 0 && mo == 0);
    s = after_one((struct simnet_faults){.loss_mo = ALL}, &mo, 5000);
    assert_true(s.mt_delivered == 1 && s.mo_lost == 1 && mo == 0);
    s = after_one((struct simnet_faults){.por_loss = ALL}, &mo, 5000);
    assert_true(s.mt_delivered == 1 && s.por_lost == 1 && s.mo_lost == 0 && mo == 0);
    s = after_one((struct simnet_faults){.duplicate = ALL}, &mo, 5000);
    assert_true(s.mt_duplicated == 1 && s.mt_delivered == 2);
    assert_int_equal(mo, 4);                  /* answer and counter-low answer, each twice */
    s = after_one((struct simnet_faults){.late = ALL}, &mo, 59 * 1000);
    assert_true(s.mt_late == 1 && s.mt_delivered == 0 && mo == 0);
    s = after_one((struct simnet_faults){.late = ALL}, &mo, 181 * 1000);
    assert_true(s.mt_delivered == 1 && s.mt_expired == 0 && mo == 1);
    s = after_one((struct simnet_faults){.reorder = ALL, .reorder_ms = 20000}, &mo, 50 * 1000);
    assert_true(s.mt_delayed == 1 && s.mt_delivered == 1 && mo == 1);
}

static void a_flipped_bit_never_runs(void **state)
{
    (void)state;
    unsigned mo = 0;
    struct simnet_stats s = after_one((struct simnet_faults){.corrupt = ALL}, &mo, 5000);

    assert_int_equal(s.mt_corrupted, 1);
    assert_int_equal(s.mt_delivered, 1);
    assert_int_equal(mo, 0);                  /* the card is silent */
}

static void por_loss_spares_notifications(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){.faults = {.por_loss = ALL}});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(kind_of(&n.mo[0]), SMS_COMMAND);
    net_rig_fini(&n);
}

static void power_lost_at_a_command_leaves_old_or_new_state(void **state)
{
    (void)state;
    unsigned old = 0, new = 0;

    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct net_rig n;
        bool switched;

        net_rig_init(&n, &(struct net_setup){.seed = seed, .faults = {.power_loss = ALL}});
        net_rig_run(&n, 1000);
        (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
        net_rig_run(&n, 5000);
        switched = strcmp(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_b.s) == 0;
        *(switched ? &new : &old) += 1;
        assert_int_equal(n.n_mo, 0);          /* no answer left */
        net_rig_run(&n, 25 * 1000);           /* power is back, with the profile enabled now */
        assert_true(simnet_attached(n.net, 0, NULL));
        assert_string_equal(net_rig_attach(&n).imsi.s, switched ? n.imsi_b.s : n.imsi_a.s);
        net_rig_fini(&n);
    }
    assert_true(old > 0 && new > 0);
}

struct trace {
    unsigned n_mo;
    struct mo_note mo[64];
    struct simnet_stats stats;
};

static void lossy_run(uint64_t seed, struct trace *ret)
{
    struct net_rig n;
    struct simnet_faults f;

    faults_from_loss(200000, &f);
    net_rig_init(&n, &(struct net_setup){.seed = seed, .faults = f, .latency = LATENCY_LAB2016});
    net_rig_run(&n, 100 * 1000);
    for (unsigned i = 0; i < 8; i++) {
        (void)net_rig_send(&n, &n.no_a, GET_STATUS, 600);
        net_rig_run(&n, 20 * 1000);
    }
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 600);
    net_rig_run(&n, 1800 * 1000);
    memset(ret, 0, sizeof(*ret));
    ret->n_mo = n.n_mo;
    for (unsigned i = 0; i < n.n_mo; i++)
        ret->mo[i] = n.mo[i];
    ret->stats = stats(&n);
    net_rig_fini(&n);
}

static void a_seed_repeats_and_another_differs(void **state)
{
    (void)state;
    static struct trace a, b, c;

    lossy_run(11, &a);
    lossy_run(11, &b);
    lossy_run(12, &c);
    assert_true(a.n_mo > 3);
    assert_int_equal(a.n_mo, b.n_mo);
    for (unsigned i = 0; i < a.n_mo; i++) {
        assert_int_equal(a.mo[i].at_ms, b.mo[i].at_ms);
        assert_int_equal(a.mo[i].n, b.mo[i].n);
        assert_memory_equal(a.mo[i].ud, b.mo[i].ud, a.mo[i].n);
    }
    assert_memory_equal(&a.stats, &b.stats, sizeof(a.stats));
    assert_memory_not_equal(&a.stats, &c.stats, sizeof(a.stats));
}

static bool attached_as_b(const struct net_rig *n)
{
    struct imsi i = {""};

    return simnet_attached(n->net, 0, &i) && strcmp(i.s, n->imsi_b.s) == 0;
}

static void a_postponed_refresh_happens_at_the_watchdogs_restart(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_init(&n, &(struct net_setup){.card_quirks = QUIRK_REFRESH_POSTPONED});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 60 * 1000);
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_b.s);
    assert_string_equal(net_rig_attach(&n).imsi.s, n.imsi_a.s);       /* the old network still */
    net_rig_until(&n, attached_as_b, 620 * 1000);
    net_rig_fini(&n);
}

/* One that must look for a network meanwhile finds that its card knows the old keys no more. */
static void a_device_on_the_move_does_not_keep_a_card_that_switched(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn there = {HEARD_B};
    uint64_t cycles;

    net_rig_init(&n, &(struct net_setup){.card_quirks = QUIRK_REFRESH_POSTPONED});
    net_rig_run(&n, 1000);
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 60 * 1000);
    cycles = stats(&n).power_cycles;
    assert_int_equal(simnet_move(n.net, card_eid(net_rig_card(&n)), &there, n.now), 0);
    net_rig_until(&n, attached_as_b, 60 * 1000);
    assert_int_equal(stats(&n).power_cycles, cycles + 1);
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

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    assert_int_equal(simnet_sms_outage(n.net, &nobody, false, n.now + 1, n.now), ERR_NOT_FOUND);
    outage(&n, false, 60000);
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 59000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(stats(&n).mt_outage, 1);
    net_rig_run(&n, 2000);
    assert_int_equal(n.n_mo, 1);
    /* On its way when the trouble begins: it waits as well. The answer is tried again by nobody. */
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 0), SIMNET_ACCEPTED);
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

    net_rig_init(&n, &(struct net_setup){0});
    net_rig_run(&n, 1000);
    outage(&n, true, 5000);
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 0), SIMNET_QUEUE_FULL);
    assert_int_equal(stats(&n).mt_refused, 1);
    net_rig_run(&n, 5000);
    assert_int_equal(n.n_mo, 0);
    assert_int_equal(net_rig_send(&n, &n.no_a, GET_STATUS, 0), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_answered_from_the_number_the_hss_knows),
        cmocka_unit_test(an_enable_ends_confirmed_over_the_air),
        cmocka_unit_test(without_confirmation_the_card_goes_back_and_says_so),
        cmocka_unit_test(data_without_sms_rolls_back),
        cmocka_unit_test(the_number_plan_decides),
        cmocka_unit_test(not_provisioned_has_no_sms),
        cmocka_unit_test(validity_ends_while_the_device_is_away),
        cmocka_unit_test(a_waiting_message_is_delivered_at_the_attach),
        cmocka_unit_test(one_message_is_in_flight_per_handset),
        cmocka_unit_test(the_queue_of_a_handset_is_bounded),
        cmocka_unit_test(an_smsc_takes_so_many_a_second),
        cmocka_unit_test(a_gateway_that_is_full_gets_it_later_under_the_same_id),
        cmocka_unit_test(each_fault_does_what_it_is_named_for),
        cmocka_unit_test(a_flipped_bit_never_runs),
        cmocka_unit_test(por_loss_spares_notifications),
        cmocka_unit_test(power_lost_at_a_command_leaves_old_or_new_state),
        cmocka_unit_test(a_seed_repeats_and_another_differs),
        cmocka_unit_test(a_postponed_refresh_happens_at_the_watchdogs_restart),
        cmocka_unit_test(a_device_on_the_move_does_not_keep_a_card_that_switched),
        cmocka_unit_test(an_smsc_out_of_order_keeps_what_it_is_given_and_takes_nothing_from_devices),
        cmocka_unit_test(an_smsc_out_of_order_may_refuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
