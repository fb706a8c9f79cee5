/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.EnableProfile at the card: every status word, its row, and what stays after a refusal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void refused(struct rig *r, uint16_t number, uint16_t want)
{
    unsigned rows = r->n_rows, before = rig_state(r, number);
    uint16_t enabled = rig_enabled(r);

    assert_int_equal(rig_enable(r, number), want);
    assert_false(r->refresh);
    assert_int_equal(rig_enabled(r), enabled);
    assert_int_equal(r->n_rows, rows + 1);
    assert_int_equal(r->row[rows].sw, want);
    assert_int_equal(r->row[rows].state_before, before);
    assert_int_equal(r->row[rows].state_after, before);
    assert_int_equal(r->row[rows].counter, r->counter);
    assert_int_equal(r->row[rows].dgi, 0x3A03);
}

static void accepted_9000(void **state)
{
    struct rig *r = *state;
    const struct card_ledger_row *row;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_true(r->refresh && r->por.refresh_behind);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(rig_state(r, 0x10), ISDP_DISABLED);
    row = rig_row(r, 0);
    assert_int_equal(row->channel, 'S');
    assert_int_equal(row->kvn, 1);
    assert_int_equal(row->counter, r->counter);
    assert_int_equal(row->position, 0);
    assert_int_equal(row->ins, 0xE2);
    assert_int_equal(row->p1, 0x88);
    assert_int_equal(row->state_before, ISDP_DISABLED);
    assert_int_equal(row->state_after, ISDP_ENABLED);
    assert_int_equal(row->cause, CAUSE_OTA);
    assert_int_equal(row->undoes, 0);
    assert_int_equal(row->step_uri[0], 0);
    assert_int_equal(aid_tar(&row->aid), 0x13);
}

static void enabled_already_6985(void **state)
{
    refused(*state, 0x10, 0x6985);
}

static void without_profile_6985(void **state)
{
    struct rig *r = *state;
    struct rig_keys keys;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    refused(r, 0x13, 0x6985);
    rig_personalise(r, 0x13, &keys);
    refused(r, 0x13, 0x6985);
    rig_keys_fini(&keys);
}

static void during_a_change_6985(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    rig_install(r, 0x14, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    refused(r, 0x14, 0x6985);
    rig_attach(r, true);
    refused(r, 0x14, 0x6985);
    refused(r, 0x10, 0x6985);
}

static void pol1_of_the_enabled_69E1(void **state)
{
    struct rig *r = *state;

    r->factory.bootstrap.pol1 = 0x01;
    rig_card_new(r);
    rig_attach(r, true);
    rig_install(r, 0x13, 0);
    refused(r, 0x13, 0x69E1);
}

static void other_pol1_bits_do_not_matter(void **state)
{
    struct rig *r = *state;

    r->factory.bootstrap.pol1 = 0x06;
    rig_card_new(r);
    rig_attach(r, true);
    rig_install(r, 0x13, 0x07);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
}

static void unknown_6A88(void **state)
{
    refused(*state, 0x13, 0x6A88);
    refused(*state, 0xFFFF, 0x6A88);
}

static void bad_data_6A80(void **state)
{
    static const char *const BAD[] = {
        "80E28800033A0300",                                          /* empty */
        "80E28800153A0312" "5F10A0000005591010FFFFFFFF8900001300",   /* other tag */
        "80E28800143A0311" "4F0FA0000005591010FFFFFFFF89000013",     /* template says less */
        "80E28800163A0313" "4F10A0000005591010FFFFFFFF890000130000", /* an octet more */
        "80E28800163A0312" "4F10A0000005591010FFFFFFFF890000130000", /* an octet behind */
        "80E28800153A0313" "4F10A0000005591010FFFFFFFF8900001300",   /* DGI runs over the end */
        "80E28800023A03",                                            /* no length */
        "80E28800013A",
    };
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        uint16_t sw = rig_hex(r, BAD[i], NULL);

        if (i == 2)
            assert_int_equal(sw, 0x6A88);      /* a well-formed AID that is no ISD-P's */
        else
            assert_int_equal(sw, 0x6A80);
        assert_int_equal(rig_enabled(r), 0x10);
        assert_false(r->refresh);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(accepted_9000), CASE(enabled_already_6985), CASE(without_profile_6985),
        CASE(during_a_change_6985), CASE(pol1_of_the_enabled_69E1),
        CASE(other_pol1_bits_do_not_matter), CASE(unknown_6A88), CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
