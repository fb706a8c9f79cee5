/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.DeleteProfile: every status word, memory given back, and master delete refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void refused(struct rig *r, uint16_t number, uint16_t want)
{
    unsigned before = rig_state(r, number);

    assert_int_equal(rig_delete(r, number), want);
    assert_int_equal(rig_state(r, number), before);
    assert_int_equal(rig_row(r, 0)->sw, want);
    assert_int_equal(rig_row(r, 0)->ins, 0xE4);
}

static void deletes_9000(void **state)
{
    struct rig *r = *state;
    uint32_t memory = card_memory_free(r->card);

    rig_install(r, 0x13, 0);
    assert_true(card_memory_free(r->card) < memory);
    assert_int_equal(rig_delete(r, 0x13), 0x9000);
    assert_int_equal(card_memory_free(r->card), memory);
    assert_null(rig_isdp(r, 0x13));
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_DISABLED);
    assert_int_equal(rig_row(r, 0)->state_after, 0);
    refused(r, 0x13, 0x6A88);
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
}

static void orphans_9000(void **state)
{
    struct rig *r = *state;
    struct rig_keys keys;

    assert_int_equal(rig_create(r, 0x13, 5000), 0x9000);
    assert_int_equal(rig_delete(r, 0x13), 0x9000);
    assert_int_equal(rig_create(r, 0x13, 5000), 0x9000);
    rig_personalise(r, 0x13, &keys);
    assert_int_equal(rig_delete(r, 0x13), 0x9000);
    rig_keys_fini(&keys);
}

static void the_middle_one_leaves_its_neighbours(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    rig_install(r, 0x14, 0);
    rig_install(r, 0x15, 0);
    assert_int_equal(rig_delete(r, 0x14), 0x9000);
    assert_int_equal(card_isdp_count(r->card), 3);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
    assert_int_equal(rig_state(r, 0x15), ISDP_DISABLED);
    assert_int_equal(rig_enable(r, 0x15), 0x9000);
}

static void enabled_or_fallback_6985(void **state)
{
    struct rig *r = *state;

    refused(r, 0x10, 0x6985);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_confirmed(r);
    refused(r, 0x13, 0x6985);          /* enabled */
    refused(r, 0x10, 0x6985);          /* disabled, but holds the attribute */
}

static void the_way_back_of_a_change_6985(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_set_fallback(r, 0x13), 0x9000);
    rig_install(r, 0x14, 0);
    assert_int_equal(rig_enable(r, 0x14), 0x9000);
    refused(r, 0x10, 0x6985);
    rig_confirmed(r);
    assert_int_equal(rig_delete(r, 0x10), 0x9000);
}

static void pol1_69E1(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0x02);
    refused(r, 0x13, 0x69E1);
    rig_install(r, 0x14, 0x05);
    assert_int_equal(rig_delete(r, 0x14), 0x9000);
}

static void unknown_6A88(void **state)
{
    refused(*state, 0x13, 0x6A88);
    assert_int_equal(rig_hex(*state, "80E40040124F10A0000005591010FFFFFFFF890000010000", NULL),
                     0x6A88);          /* the ISD-R is no ISD-P */
}

static void bad_data_6A80(void **state)
{
    static const char *const BAD[] = {
        "80E40040024F0000", "80E40040125F10A0000005591010FFFFFFFF890000100000",
        "80E4004002B60000",
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(rig_hex(r, BAD[i], NULL), 0x6A80);
    assert_int_equal(card_isdp_count(r->card), 1);
}

/* facts sgp02 13.3: the token is right for a key this card does not have. */
static void master_delete_6982(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(
        rig_hex(r, "80E40040444F10A0000005591010FFFFFFFF8900001300B61E420549534450"
                   "014509495344505344494E015F200547534D4101930201019E10"
                   "6E38781B8D5C98CF8BB532BF5A5DE55200", NULL), 0x6982);
    assert_int_equal(rig_state(r, 0x13), ISDP_DISABLED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(deletes_9000), CASE(orphans_9000), CASE(the_middle_one_leaves_its_neighbours),
        CASE(enabled_or_fallback_6985), CASE(the_way_back_of_a_change_6985), CASE(pol1_69E1),
        CASE(unknown_6A88), CASE(bad_data_6A80), CASE(master_delete_6982),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
