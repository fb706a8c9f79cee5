/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* eUICCCapabilityAudit: one ISD-P, all of them, tag lists, what does not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"
#include "test/support/card_rig.h"

static void octets(struct span got, const uint8_t *want, size_t n)
{
    assert_int_equal(got.n, n);
    assert_memory_equal(got.p, want, n);
}
#define OCTETS(got, s) octets(got, (const uint8_t *)(s), sizeof(s) - 1)

static void one_with_list_9000(void **state)
{
    struct span d;

    assert_int_equal(rig_hex(*state, "80F24002174F10A0000005591010FFFFFFFF89000010005C034F9F7000",
                             &d), 0x9000);
    OCTETS(d, "\xE3\x16\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x10\x00"
              "\x9F\x70\x01\x3F");
}

static void one_without_list_9000(void **state)
{
    struct rig *r = *state;
    struct span d;

    assert_int_equal(rig_create(r, 0x13, 0x1234), 0x9000);
    assert_int_equal(rig_hex(r, "80F24002124F10A0000005591010FFFFFFFF890000130000", &d), 0x9000);
    OCTETS(d, "\xE3\x25\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x13\x00"
              "\x9F\x70\x01\x07\x53\x01\x00\x8F\x04\x00\x00\x12\x34\x91\x04\x00\x00\x12\x34");
    assert_int_equal(rig_hex(r, "80F24002124F10A0000005591010FFFFFFFF890000100000", &d), 0x9000);
    assert_int_equal(d.p[26], 0x01);   /* 53: holds the fall-back attribute */
}

static void all_9000(void **state)
{
    struct rig *r = *state;
    struct span d;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_hex(r, "80F24002074F005C034F9F7000", &d), 0x9000);
    OCTETS(d, "\xE3\x16\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x10\x00"
              "\x9F\x70\x01\x3F"
              "\xE3\x16\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x13\x00"
              "\x9F\x70\x01\x1F");
    assert_int_equal(rig_hex(r, "80F24002024F0000", &d), 0x9000);
    assert_int_equal(d.n, 2 * 39);
}

/* Sixteen ISD-Ps with all tags: 6 entries of 39 octets an answer, the rest by [next]. */
static void more_than_fits_6310(void **state)
{
    struct rig *r = *state;
    struct span d;

    for (uint16_t n = 0x11; n < 0x20; n++)
        assert_int_equal(rig_create(r, n, 0), 0x9000);
    assert_int_equal(rig_hex(r, "80F24002024F0000", &d), 0x6310);
    assert_int_equal(d.n, 6 * 39);
    assert_int_equal(d.p[18], 0x10);
    assert_int_equal(rig_hex(r, "80F24003024F0000", &d), 0x6310);
    assert_int_equal(d.n, 6 * 39);
    assert_int_equal(d.p[18], 0x16);
    assert_int_equal(rig_hex(r, "80F24003024F0000", &d), 0x9000);
    assert_int_equal(d.n, 4 * 39);
    assert_int_equal(rig_hex(r, "80F24003024F0000", &d), 0x6A88);
}

static void nobody_6A88(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80F24002124F10A0000005591010FFFFFFFF890000130000", NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80F24002124F10A0000005591010FFFFFFFF890000010000", NULL), 0x6A88);
    r->factory.has_bootstrap = false;
    rig_card_new(r);
    assert_int_equal(rig_hex(r, "80F24002024F0000", NULL), 0x6A88);
}

static void bad_data_6A80(void **state)
{
    static const char *const BAD[] = {
        "80F2400200", "80F24002025C0000", "80F24002054F005C014200", "80F24002054F005C019F00",
        "80F24002064F005C029F7100", "80F24002064F005D029F7000", "80F24002074F005C029F70FF00",
        "80F24002044F02A00000",
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(rig_hex(*state, BAD[i], NULL), 0x6A80);
}

static void no_row(void **state)
{
    struct rig *r = *state;
    unsigned rows = r->n_rows;

    assert_int_equal(rig_hex(r, "80F24002024F0000", NULL), 0x9000);
    assert_int_equal(rig_hex(r, "80F24002124F10A0000005591010FFFFFFFF890000130000", NULL), 0x6A88);
    assert_int_equal(r->n_rows, rows);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_with_list_9000), CASE(one_without_list_9000), CASE(all_9000),
        CASE(more_than_fits_6310), CASE(nobody_6A88), CASE(bad_data_6A80), CASE(no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
