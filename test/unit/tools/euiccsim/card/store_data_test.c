/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* STORE DATA by DGI, the SM-SR's address among them, and the table of commands. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void unknown_dgi_6A88(void **state)
{
    static const char *const UNKNOWN[] = {
        "80E28800033A0600", "80E28800033A0000", "80E28800033A0900", "80E2880003007000",
    };

    for (size_t i = 0; i < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); i++) {
        assert_int_equal(rig_hex(*state, UNKNOWN[i], NULL), 0x6A88);
        assert_int_equal(rig_row(*state, 0)->sw, 0x6A88);
    }
}

static void classes(void **state)
{
    assert_int_equal(rig_hex(*state, "84CAFF2100", NULL), 0x9000);
    assert_int_equal(rig_hex(*state, "C0CAFF2100", NULL), 0x9000);
    assert_int_equal(rig_hex(*state, "E0CAFF2100", NULL), 0x9000);
    assert_int_equal(rig_hex(*state, "00CAFF2100", NULL), 0x6E00);
    assert_int_equal(rig_hex(*state, "0CCAFF2100", NULL), 0x6E00);
}

/* What no command is leaves no row: nothing was tried. */
static void unknown_instruction_6D00(void **state)
{
    struct rig *r = *state;
    unsigned rows = r->n_rows;

    assert_int_equal(rig_hex(r, "80D6000101AA00", NULL), 0x6D00);
    assert_int_equal(rig_hex(r, "80A40400", NULL), 0x6D00);
    assert_int_equal(r->n_rows, rows);
}

static void parameters_6A86(void **state)
{
    assert_int_equal(rig_hex(*state, "80E20000033A0800", NULL), 0x6A86);   /* no DGI format */
    assert_int_equal(rig_hex(*state, "80E21000033A0800", NULL), 0x6A86);
    assert_int_equal(rig_hex(*state, "80E40080024F00", NULL), 0x6A86);
    assert_int_equal(rig_hex(*state, "80F24000024F00", NULL), 0x6A86);
    assert_int_equal(rig_hex(*state, "80F22002024F00", NULL), 0x6A86);
}

static void length_6700(void **state)
{
    assert_int_equal(rig_hex(*state, "80E28800033A03", NULL), 0x6700);     /* Lc says more */
    assert_int_equal(rig_hex(*state, "80E2880000FF", NULL), 0x6700);       /* extended form */
    assert_int_equal(rig_hex(*state, "80E28800033A03000000", NULL), 0x6700);
}

/* Twelve digits in swapped pairs behind TON/NPI 91. */
static void addressing_9000(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E288000F3A070CA30A81080C91947101000000", NULL), 0x9000);
    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    assert_int_equal(r->n_sms, 1);
    assert_string_equal(r->sms[0].to.s, "491710000000");
}

static void addressing_6A80(void **state)
{
    static const char *const BAD[] = {
        "80E28800033A0700", "80E28800053A0702A300", "80E28800073A0704A3028100",
        "80E288000C3A0709A40781050685214365", "80E288000C3A0709A30782050685214365",
        "80E288000D3A0709A3078105068521436500",
        "80E288000C3A0709A3078105FF85214365",
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(rig_hex(*state, BAD[i], NULL), 0x6A80);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(unknown_dgi_6A88), CASE(classes), CASE(unknown_instruction_6D00),
        CASE(parameters_6A86), CASE(length_6700), CASE(addressing_9000), CASE(addressing_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
