/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* A switch over the air: the numbers before and behind it, and devices that do not go along at
 * once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/net_rig.h"

/* The whole switch: PoR from the old number, notification from the new one, confirmation by SMS
 * to the new number; afterwards the card stays. */
static void an_enable_ends_confirmed_over_the_air(void **state)
{
    (void)state;
    struct net_rig n;
    struct rig_note note;
    char confirm[40];

    net_rig_begin(&n, &(struct net_setup){0});
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_ENABLE, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_int_equal(n.n_mo, 2);
    assert_int_equal(mo_kind(&n.mo[0]), SMS_RESPONSE);
    assert_string_equal(n.mo[0].from.s, n.no_a.s);
    assert_int_equal(mo_kind(&n.mo[1]), SMS_COMMAND);
    assert_string_equal(n.mo[1].from.s, n.no_b.s);
    assert_true(n.mo[1].id > n.mo[0].id);
    assert_true(net_rig_note(&n, 1, &note));
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

    net_rig_begin(&n, &(struct net_setup){0});
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 3600 * 1000);
    last = n.n_mo - 1;
    assert_string_equal(n.mo[last].from.s, n.no_a.s);
    assert_true(net_rig_note(&n, last, &note));
    assert_int_equal(note.type, 3);
    assert_true(simnet_attached(n.net, 0, NULL));
    net_rig_fini(&n);
}

static void data_without_sms_rolls_back(void **state)
{
    (void)state;
    struct net_rig n;

    net_rig_begin(&n, &(struct net_setup){.net_quirks = NETQ_DATA_WITHOUT_SMS});
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 2000);
    assert_int_equal(net_rig_attach(&n).cause, ATTACH_OK);
    assert_string_equal(net_rig_attach(&n).imsi.s, n.imsi_b.s);
    assert_int_equal(n.n_mo, 1);                /* the PoR; no notification gets out */
    assert_int_equal(net_rig_send(&n, &n.no_b, NET_GET_STATUS, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 3600 * 1000);
    assert_true(net_rig_stats(&n).mo_failed > 0);
    assert_int_equal(net_rig_stats(&n).mt_expired, 1);
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_a.s);
    net_rig_fini(&n);
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

    net_rig_begin(&n, &(struct net_setup){.card_quirks = QUIRK_REFRESH_POSTPONED});
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

    net_rig_begin(&n, &(struct net_setup){.card_quirks = QUIRK_REFRESH_POSTPONED});
    (void)net_rig_send(&n, &n.no_a, NET_ENABLE, 60);
    net_rig_run(&n, 60 * 1000);
    cycles = net_rig_stats(&n).power_cycles;
    assert_int_equal(simnet_move(n.net, card_eid(net_rig_card(&n)), &there, n.now), 0);
    net_rig_until(&n, attached_as_b, 60 * 1000);
    assert_int_equal(net_rig_stats(&n).power_cycles, cycles + 1);
    net_rig_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_enable_ends_confirmed_over_the_air),
        cmocka_unit_test(without_confirmation_the_card_goes_back_and_says_so),
        cmocka_unit_test(data_without_sms_rolls_back),
        cmocka_unit_test(a_postponed_refresh_happens_at_the_watchdogs_restart),
        cmocka_unit_test(a_device_on_the_move_does_not_keep_a_card_that_switched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
