/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card remora_smdp_profile */
/* Attach: every cause a network can give, with a card and an HSS that really compute Milenage. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/net_rig.h"

static void attached_as(struct net_rig *n, const struct imsi *want)
{
    struct imsi got;

    assert_true(simnet_attached(n->net, 0, &got));
    assert_string_equal(got.s, want->s);
}

static void bootstrap_attaches_while_roaming(void **state)
{
    (void)state;
    struct net_rig n;
    struct attach_record a;

    net_rig_begin(&n, &(struct net_setup){.heard = HEARD_A});
    attached_as(&n, &n.imsi_a);
    a = net_rig_attach(&n);
    assert_int_equal(a.n, 1);
    assert_int_equal(a.cause, ATTACH_OK);
    assert_string_equal(a.imsi.s, n.imsi_a.s);
    assert_string_equal(a.iccid.s, "8949010000000000016");
    net_rig_fini(&n);
}

/* Sends the enabling and says where the device ends up. */
static enum attach_cause enabled_ends_with(const struct net_setup *s)
{
    struct net_rig n;
    struct attach_record a;
    enum attach_cause cause;

    net_rig_begin(&n, s);
    attached_as(&n, &n.imsi_a);
    assert_int_equal(net_rig_send(&n, &n.no_a, NET_ENABLE, 60), SIMNET_ACCEPTED);
    net_rig_run(&n, 1000);
    assert_string_equal(card_enabled(net_rig_card(&n))->data.imsi.s, n.imsi_b.s);
    cause = simnet_last_cause(n.net, 0);
    a = net_rig_attach(&n);
    assert_int_equal(a.cause, cause);
    assert_string_equal(a.imsi.s, n.imsi_b.s);
    assert_int_equal(simnet_attached(n.net, 0, NULL), cause == ATTACH_OK);
    if (cause == ATTACH_OK) {
        attached_as(&n, &n.imsi_b);
    } else {                          /* 300 s without a network: the card goes back by itself */
        net_rig_run(&n, 400 * 1000);
        attached_as(&n, &n.imsi_a);
        assert_int_equal(net_rig_attach(&n).cause, ATTACH_OK);
    }
    net_rig_fini(&n);
    return cause;
}

static void the_new_profile_attaches_with_its_own_key(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){0}), ATTACH_OK);
}

static void no_coverage_rolls_back(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.heard = HEARD_A}), ATTACH_NO_COVERAGE);
}

static void imsi_missing_in_the_hss_rolls_back(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.no_b = true}), ATTACH_IMSI_UNKNOWN);
}

static void not_provisioned_is_unknown(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.status_b = "not-provisioned"}),
                     ATTACH_IMSI_UNKNOWN);
}

static void barred_rolls_back(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.status_b = "barred"}), ATTACH_BARRED);
}

static void another_key_is_a_mac_failure(void **state)
{
    (void)state;
    assert_int_equal(
        enabled_ends_with(&(struct net_setup){.k_b = "51515151515151515151515151515150"}),
        ATTACH_MAC_FAILURE);
}

static void unknown_imsi_rolls_back(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.net_quirks = NETQ_IMSI_UNKNOWN}),
                     ATTACH_IMSI_UNKNOWN);
}

static void barred_imsi_rolls_back(void **state)
{
    (void)state;
    assert_int_equal(enabled_ends_with(&(struct net_setup){.net_quirks = NETQ_IMSI_BARRED}),
                     ATTACH_BARRED);
}

static void roaming_is_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *roaming, *heard;
        enum attach_cause want;
    } ROWS[] = {
        {"", HEARD_A, ATTACH_ROAMING_NOT_ALLOWED},
        {"26201", HEARD_A, ATTACH_ROAMING_NOT_ALLOWED},
        {"26201;26202", HEARD_A, ATTACH_OK},
        {"*", HEARD_A, ATTACH_OK},
        {"*", "26203", ATTACH_NO_COVERAGE},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct net_rig n;

        net_rig_begin(&n, &(struct net_setup){.roaming_a = ROWS[i].roaming, .heard = ROWS[i].heard});
        assert_int_equal(simnet_last_cause(n.net, 0), ROWS[i].want);
        assert_int_equal(simnet_attached(n.net, 0, NULL), ROWS[i].want == ATTACH_OK);
        net_rig_fini(&n);
    }
}

static void a_card_ahead_of_its_hss_resynchronises(void **state)
{
    (void)state;
    struct net_rig n;
    struct eid eid;

    net_rig_begin(&n, &(struct net_setup){.heard = HEARD_A});
    /* The operator restores an old copy of its HSS: a second network with the same cards. */
    eid = *card_eid(net_rig_card(&n));
    assert_int_equal(simnet_power_cycle(n.net, &eid, n.now), 0);
    net_rig_run(&n, 1000);
    assert_true(simnet_attached(n.net, 0, NULL));
    {
        const struct simnet_port none = {.ctx = NULL};
        struct simnet *again = NULL;
        struct operator_config a = {.id = "a", .plmn = {"26299"}, .numbers = "49",
                                    .hss_csv = span_str(n.csv_a)};
        struct plmn heard = {HEARD_A};
        struct simnet_stats st;
        struct card *card = NULL;
        struct buf image;

        buf_init(&image, 0);
        assert_int_equal(ledger_file_image(n.ledger, &eid, &image), 0);
        assert_int_equal(card_from_image(&n.card.world, buf_span(&image), &card), 0);
        assert_int_equal(simnet_new(&n.cfg, &none, &again), 0);
        assert_int_equal(simnet_add_operator(again, &a, NULL), 0);
        assert_int_equal(simnet_add_coverage(again, &a.plmn, &heard), 0);
        assert_int_equal(simnet_add_device(again, card, &heard, 0), 0);
        assert_int_equal(simnet_start(again, 0), 0);
        assert_int_equal(simnet_run(again, n.now + 1000), 0);
        assert_true(simnet_attached(again, 0, NULL));
        simnet_stats(again, &st);
        assert_int_equal(st.attach[ATTACH_OK], 1);
        simnet_free(again);
        buf_fini(&image);
    }
    net_rig_fini(&n);
}

static void an_hss_far_ahead_is_brought_back_by_auts(void **state)
{
    (void)state;
    struct net_rig n;

    /* Beyond what a card takes in one step (TS 33.102 C.2.1): AUTS brings the HSS back to it. */
    net_rig_begin(&n, &(struct net_setup){.heard = HEARD_A, .sqn = "7FFFFFFFFFE0"});
    assert_int_equal(simnet_last_cause(n.net, 0), ATTACH_OK);
    net_rig_fini(&n);
}

static void a_card_without_profile_is_told_apart(void **state)
{
    (void)state;
    struct rig r;
    struct simnet *net = NULL;
    const struct simnet_port none = {.ctx = NULL};
    struct plmn heard = {HEARD_A};
    struct simnet_config cfg;

    rig_init(&r, 0);
    r.factory.has_bootstrap = false;
    rig_card_new(&r);
    cfg = (struct simnet_config){.seed = 1, .now_ms = 1, .crypto = r.crypto, .cards = &r.world};
    assert_int_equal(simnet_new(&cfg, &none, &net), 0);
    assert_int_equal(simnet_add_device(net, r.card, &heard, 0), 0);
    r.card = NULL;
    assert_int_equal(simnet_start(net, 0), 0);
    assert_int_equal(simnet_run(net, 100), 0);
    assert_int_equal(simnet_last_cause(net, 0), ATTACH_NO_PROFILE);
    simnet_free(net);
    rig_fini(&r);
}

static void a_move_out_of_coverage_and_back(void **state)
{
    (void)state;
    struct net_rig n;
    struct plmn nowhere = {"26203"}, there = {HEARD_A};
    struct eid eid;

    net_rig_begin(&n, &(struct net_setup){.heard = HEARD_A});
    eid = *card_eid(net_rig_card(&n));
    assert_int_equal(simnet_move(n.net, &eid, &nowhere, n.now), 0);
    net_rig_run(&n, 1000);
    assert_int_equal(simnet_last_cause(n.net, 0), ATTACH_NO_COVERAGE);
    assert_false(simnet_attached(n.net, 0, NULL));
    assert_int_equal(simnet_move(n.net, &eid, &there, n.now), 0);
    net_rig_run(&n, 1000);
    attached_as(&n, &n.imsi_a);
    eid.b[15] ^= 1;
    assert_int_equal(simnet_move(n.net, &eid, &there, n.now), ERR_NOT_FOUND);
    net_rig_fini(&n);
}

static void every_cause_has_a_name(void **state)
{
    (void)state;
    for (unsigned c = 0; c < ATTACH_CAUSES; c++) {
        assert_non_null(attach_cause_name((enum attach_cause)c));
        for (unsigned d = 0; d < c; d++)
            assert_string_not_equal(attach_cause_name((enum attach_cause)c),
                                    attach_cause_name((enum attach_cause)d));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bootstrap_attaches_while_roaming),
        cmocka_unit_test(the_new_profile_attaches_with_its_own_key),
        cmocka_unit_test(no_coverage_rolls_back),
        cmocka_unit_test(imsi_missing_in_the_hss_rolls_back),
        cmocka_unit_test(not_provisioned_is_unknown),
        cmocka_unit_test(barred_rolls_back),
        cmocka_unit_test(another_key_is_a_mac_failure),
        cmocka_unit_test(unknown_imsi_rolls_back),
        cmocka_unit_test(barred_imsi_rolls_back),
        cmocka_unit_test(roaming_is_asked_for),
        cmocka_unit_test(a_card_ahead_of_its_hss_resynchronises),
        cmocka_unit_test(an_hss_far_ahead_is_brought_back_by_auts),
        cmocka_unit_test(a_card_without_profile_is_told_apart),
        cmocka_unit_test(a_move_out_of_coverage_and_back),
        cmocka_unit_test(every_cause_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
