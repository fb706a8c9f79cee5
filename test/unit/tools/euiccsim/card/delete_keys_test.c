/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.FinaliseISDRHandover: what is named stays, the rest goes, the card stays reachable. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void keeps_what_is_named_9000(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E400000AF203010103F20340010100", NULL), 0x9000);
    assert_int_equal(rig_hex(r, "80E4000005F20301010300", NULL), 0x9000);
    /* the PSK went with the second command */
    assert_int_equal(rig_hex(r, "80E4000005F20340010100", NULL), 0x6A88);
    assert_int_equal(rig_row(r, 0)->ins, 0xE4);
    assert_int_equal(rig_row(r, 0)->aid.n, 0);
}

static void unknown_keys_6A88(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E4000005F20302010300", NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80E4000005F20301010200", NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80E4000005F20340020300", NULL), 0x6A88);
    /* nothing was deleted */
    assert_int_equal(rig_hex(r, "80E400000AF203010103F20340010100", NULL), 0x9000);
}

static void never_without_scp80_6985(void **state)
{
    assert_int_equal(rig_hex(*state, "80E4000005F20340010100", NULL), 0x6985);
    assert_int_equal(rig_hex(*state, "80CAFF2100", NULL), 0x9000);
}

static void bad_data_6A80(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E4000004F202010100", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E4000005F10301010300", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E4000006F2030101030000", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E4000000", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E40000", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80E4010005F20301010300", NULL), 0x6A86);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keeps_what_is_named_9000), CASE(unknown_keys_6A88), CASE(never_without_scp80_6985),
        CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
