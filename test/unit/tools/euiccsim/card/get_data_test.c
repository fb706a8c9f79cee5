/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* GET DATA: card resources, recognition data, CERT.ECASD. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"
#include "test/support/card_rig.h"

static void resources_9000(void **state)
{
    struct rig *r = *state;
    struct span d;

    assert_int_equal(rig_hex(r, "80CAFF2100", &d), 0x9000);
    assert_int_equal(d.n, 16);
    assert_memory_equal(d.p,
                        "\xFF\x21\x0D\x81\x01\x01\x82\x04\x00\x10\x00\x00\x83\x02\x3A\x92",
                        16);
    assert_int_equal(rig_create(r, 0x13, 0x10), 0x9000);
    assert_int_equal(rig_hex(r, "80CAFF21", &d), 0x9000);
    assert_memory_equal(d.p,
                        "\xFF\x21\x0D\x81\x01\x02\x82\x04\x00\x0F\xFF\xF0\x83\x02\x3A\x92",
                        16);
}

static void ecasd_9000(void **state)
{
    struct rig *r = *state;
    struct span d;
    struct tlv t;

    assert_int_equal(rig_hex(r, "80CABF30045C027F2100", &d), 0x9000);
    assert_int_equal(tlv_only(d, 0xBF30, &t), 0);
    assert_true(span_eq(t.value, span_of(r->ecasd_cert, r->ecasd_cert_n)));
}

static void longest_certificate_9000(void **state)
{
    static uint8_t cert[CARD_CERT_MAX] = {0x7F, 0x21, 0x81, CARD_CERT_MAX - 4};
    struct rig *r = *state;
    struct span d;

    r->factory.ecasd_cert = span_of(cert, sizeof(cert));
    rig_card_new(r);
    assert_int_equal(rig_hex(r, "80CABF30045C027F2100", &d), 0x9000);
    assert_true(d.n <= 256);
    assert_memory_equal(d.p + d.n - sizeof(cert), cert, sizeof(cert));
}

static void recognition_9000(void **state)
{
    struct span d;
    struct tlv bf30, t66, t73;

    assert_int_equal(rig_hex(*state, "80CABF30035C016600", &d), 0x9000);
    assert_int_equal(tlv_only(d, 0xBF30, &bf30), 0);
    assert_int_equal(tlv_only(bf30.value, 0x66, &t66), 0);
    assert_int_equal(tlv_only(t66.value, 0x73, &t73), 0);
    assert_memory_equal(t73.value.p + t73.value.n - 2, "\x03\x70", 2);
}

static void unknown_6A88(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80CA005A00", NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80CABF30035C014200", NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80CABF30025C0000", NULL), 0x6A88);
    r->factory.ecasd_cert = span_of(NULL, 0);
    rig_card_new(r);
    assert_int_equal(rig_hex(r, "80CABF30045C027F2100", NULL), 0x6A88);
}

static void bad_data_6A80(void **state)
{
    assert_int_equal(rig_hex(*state, "80CABF3000", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80CABF30035D016600", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80CABF30045C01660000", NULL), 0x6A80);
    assert_int_equal(rig_hex(*state, "80CAFF21015C00", NULL), 0x6A80);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(resources_9000), CASE(ecasd_9000), CASE(longest_certificate_9000),
        CASE(recognition_9000), CASE(unknown_6A88), CASE(bad_data_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
