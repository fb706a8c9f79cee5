/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* INSTALL [for personalization]: whom the following STORE DATA are for. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static void known_9000(void **state)
{
    struct rig *r = *state;
    uint8_t b[64];
    struct span data;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(rig_apdu(r, span_of(b, rig_perso_apdu(0x13, b, sizeof(b))), &data), 0x9000);
    assert_int_equal(data.n, 1);
    assert_int_equal(data.p[0], 0);
    assert_int_equal(rig_row(r, 0)->p1, 0x20);
    assert_int_equal(rig_row(r, 0)->state_before, ISDP_SELECTABLE);
    assert_int_equal(rig_row(r, 0)->state_after, ISDP_SELECTABLE);
}

static void unknown_6A88(void **state)
{
    uint8_t b[64];

    assert_int_equal(rig_apdu(*state, span_of(b, rig_perso_apdu(0x13, b, sizeof(b))), NULL),
                     0x6A88);
}

static void bad_data_6A80(void **state)
{
    static const char *const BAD[] = {
        "80E6200016000110A0000005591010FFFFFFFF890000100000000000",
        "80E6200016000010A0000005591010FFFFFFFF890000100000000100",
        "80E6200015000010A0000005591010FFFFFFFF8900001000000000",
        "80E6200017000010A0000005591010FFFFFFFF89000010000000000000",
        "80E620000600000000000000",
        "80E62000010000",
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(rig_hex(*state, BAD[i], NULL), 0x6A80);
}

static void other_p1_p2_6A86(void **state)
{
    assert_int_equal(rig_hex(*state, "80E62100010000", NULL), 0x6A86);
    assert_int_equal(rig_hex(*state, "80E62001010000", NULL), 0x6A86);
    assert_int_equal(rig_hex(*state, "80E60200010000", NULL), 0x6A86);
}

/* Without script chaining the choice does not outlive its script. */
static void forgotten_with_the_script(void **state)
{
    struct rig *r = *state;
    uint8_t b[300];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(rig_apdu(r, span_of(b, rig_perso_apdu(0x13, b, sizeof(b))), NULL), 0x9000);
    assert_int_equal(rig_apdu(r, span_of(b, rig_cert_apdu(span_of(r->dp_cert, r->dp_cert_n), b,
                                                          sizeof(b))), NULL),
                     0x6982);          /* the ISD-R wants CERT.SR */
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(known_9000), CASE(unknown_6A88), CASE(bad_data_6A80), CASE(other_p1_p2_6A86),
        CASE(forgotten_with_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
