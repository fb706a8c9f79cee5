/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* Faults of the network: each does what it is named for, and they repeat by seed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/net_rig.h"

#define ALL RATE_ONE

static struct simnet_stats after_one(struct simnet_faults f, unsigned *ret_mo, int64_t ms)
{
    struct net_rig n;
    struct simnet_stats s;

    net_rig_begin(&n, &(struct net_setup){.faults = f});
    (void)net_rig_send(&n, &n.no_a, NET_GET_STATUS, 60);
    net_rig_run(&n, ms);
    s = net_rig_stats(&n);
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

    net_rig_begin(&n, &(struct net_setup){.faults = {.por_loss = ALL}});
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 1);
    assert_int_equal(mo_kind(&n.mo[0]), SMS_COMMAND);
    net_rig_fini(&n);
}

static void power_lost_at_a_command_leaves_old_or_new_state(void **state)
{
    (void)state;
    unsigned old = 0, new = 0;

    for (uint64_t seed = 1; seed <= 16; seed++) {
        struct net_rig n;
        bool switched;

        net_rig_begin(&n, &(struct net_setup){.seed = seed, .faults = {.power_loss = ALL}});
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
        (void)net_rig_send(&n, &n.no_a, NET_GET_STATUS, 600);
        net_rig_run(&n, 20 * 1000);
    }
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 600);
    net_rig_run(&n, 1800 * 1000);
    memset(ret, 0, sizeof(*ret));
    ret->n_mo = n.n_mo;
    for (unsigned i = 0; i < n.n_mo; i++)
        ret->mo[i] = n.mo[i];
    ret->stats = net_rig_stats(&n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_does_what_it_is_named_for),
        cmocka_unit_test(a_flipped_bit_never_runs),
        cmocka_unit_test(por_loss_spares_notifications),
        cmocka_unit_test(power_lost_at_a_command_leaves_old_or_new_state),
        cmocka_unit_test(a_seed_repeats_and_another_differs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
