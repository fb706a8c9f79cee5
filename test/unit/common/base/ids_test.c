/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/ids.h"

static struct eid eid_of(const char *s)
{
    struct eid e;
    assert_int_equal(eid_parse(s, &e), ERR_OK);
    return e;
}

static void eid_takes_the_published_examples(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"89001012012341234012345678901224",
                                       "89044045116727494800000004479366",
                                       "89049032123451234512345678901235"};
    for (size_t i = 0; i < 3; i++) {
        char text[EID_TEXT];
        struct eid e = eid_of(GOOD[i]);
        assert_true(eid_check(&e));
        eid_text(&e, text);
        assert_string_equal(text, GOOD[i]);
        struct eid again;
        assert_int_equal(eid_from_bytes(span_of(e.b, 16), &again), ERR_OK);
        assert_true(eid_eq(&e, &again));
    }
}

static void eid_refuses_each_wrong_digit(void **state)
{
    (void)state;
    const char *good = "89044045116727494800000004479366";
    for (size_t at = 0; at < 32; at++) {
        char text[EID_TEXT];
        memcpy(text, good, sizeof(text));
        text[at] = (char)(text[at] == '9' ? '0' : text[at] + 1);
        struct eid e;
        assert_int_equal(eid_parse(text, &e), at < 2 ? ERR_FORMAT : ERR_INVAL);
    }
}

static void eid_refuses_what_is_not_32_digits(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "8904404511672749480000000447936",
                                      "890440451167274948000000044793660",
                                      "8904404511672749480000000447936A",
                                      "890440451167274948000000044793 6",
                                      "99044045116727494800000004479366"};
    struct eid e = {{0}};
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(eid_parse(BAD[i], &e), ERR_FORMAT);
    assert_true(eid_is_zero(&e));
}

static void eid_octets_are_checked_too(void **state)
{
    (void)state;
    struct eid e = eid_of("89044045116727494800000004479366");
    struct eid out = {{0}};
    assert_int_equal(eid_from_bytes(span_of(e.b, 15), &out), ERR_FORMAT);
    assert_int_equal(eid_from_bytes((struct span){NULL, 0}, &out), ERR_FORMAT);
    e.b[7] = 0xA0;
    assert_int_equal(eid_from_bytes(span_of(e.b, 16), &out), ERR_FORMAT);
    assert_false(eid_check(&e));
    e.b[7] = 0x50;
    assert_int_equal(eid_from_bytes(span_of(e.b, 16), &out), ERR_INVAL);
    assert_true(eid_is_zero(&out));
    assert_false(eid_eq(&e, &out));
}

static void eid_make_completes_the_check_digits(void **state)
{
    (void)state;
    struct eid e;
    char text[EID_TEXT];
    assert_int_equal(eid_make("890490321234512345123456789012", &e), ERR_OK);
    eid_text(&e, text);
    assert_string_equal(text, "89049032123451234512345678901235");
    for (char d = '0'; d <= '9'; d++) {
        char prefix[30];
        memcpy(prefix, "890440451167274948000000044790", 30);
        prefix[29] = d;
        assert_int_equal(eid_make(prefix, &e), ERR_OK);
        assert_true(eid_check(&e));
    }
    assert_int_equal(eid_make("990490321234512345123456789012", &e), ERR_FORMAT);
    assert_int_equal(eid_make("8904903212345123451234567890 2", &e), ERR_FORMAT);
    assert_int_equal(eid_make("89049032123451234512345678901F", &e), ERR_FORMAT);
}

static void iccid_takes_18_to_20_digits(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"890199900012345678", "8901999000123456789",
                                       "89019990001234567893"};
    for (size_t i = 0; i < 3; i++) {
        struct iccid a, b;
        uint8_t swapped[10];
        assert_int_equal(iccid_parse(span_str(GOOD[i]), &a), ERR_OK);
        assert_string_equal(a.s, GOOD[i]);
        iccid_swapped(&a, swapped);
        assert_int_equal(iccid_from_swapped(span_of(swapped, 10), &b), ERR_OK);
        assert_true(iccid_eq(&a, &b));
    }
}

static void iccid_is_swapped_and_padded(void **state)
{
    (void)state;
    struct iccid i;
    uint8_t b[10];
    assert_int_equal(iccid_parse(span_str("8901999000123456789"), &i), ERR_OK);
    iccid_swapped(&i, b);
    assert_memory_equal(b, "\x98\x10\x99\x09\x00\x21\x43\x65\x87\xF9", 10);
    assert_int_equal(iccid_parse(span_str("890199900012345678"), &i), ERR_OK);
    iccid_swapped(&i, b);
    assert_memory_equal(b, "\x98\x10\x99\x09\x00\x21\x43\x65\x87\xFF", 10);
}

static void iccid_drops_padding(void **state)
{
    (void)state;
    struct iccid i;
    assert_int_equal(iccid_parse(span_str("8901999000123456789F"), &i), ERR_OK);
    assert_string_equal(i.s, "8901999000123456789");
    assert_int_equal(iccid_parse(span_str("890199900012345678ff"), &i), ERR_OK);
    assert_string_equal(i.s, "890199900012345678");
}

static void iccid_refuses_other_text(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "89",
                                      "89019990001234567",
                                      "890199900012345678901",
                                      "79019990001234567893",
                                      "8901999000123456789A",
                                      "89019990001234567FFF",
                                      "890199900F1234567893",
                                      "89019990001234567893F",
                                      " 8901999000123456789"};
    struct iccid i = {{0}};
    for (size_t k = 0; k < sizeof(BAD) / sizeof(BAD[0]); k++)
        assert_int_equal(iccid_parse(span_str(BAD[k]), &i), ERR_FORMAT);
    assert_int_equal(iccid_parse((struct span){NULL, 0}, &i), ERR_FORMAT);
    uint8_t b[11] = {0x98, 0x10, 0x99, 0x09, 0x00, 0x21, 0x43, 0x65, 0x87, 0x9F, 0xFF};
    assert_int_equal(iccid_from_swapped(span_of(b, 9), &i), ERR_FORMAT);
    assert_int_equal(iccid_from_swapped(span_of(b, 11), &i), ERR_FORMAT);
    assert_int_equal(iccid_from_swapped(span_of(b, 10), &i), ERR_FORMAT); /* F before the last digit */
    b[9] = 0xF9;
    assert_int_equal(iccid_from_swapped(span_of(b, 10), &i), ERR_OK);
}

static void iccid_luhn(void **state)
{
    (void)state;
    struct iccid i;
    struct iccid none = {{0}};
    assert_int_equal(iccid_parse(span_str("8944110068123456782"), &i), ERR_OK);
    assert_false(iccid_luhn_ok(&none));
    int good = 0;
    for (char d = '0'; d <= '9'; d++) {
        i.s[18] = d;
        good += iccid_luhn_ok(&i);
    }
    assert_int_equal(good, 1); /* exactly one check digit fits */
    assert_int_equal(iccid_parse(span_str("897992739871300000"), &i), ERR_OK);
    assert_false(iccid_luhn_ok(&i));
    assert_int_equal(iccid_parse(span_str("890000000000000000"), &i), ERR_OK);
    i.s[17] = '4'; /* 4, and from the left the 8 doubled to 7 and the 9 as it is: 20 */
    assert_true(iccid_luhn_ok(&i));
    i.s[17] = '5';
    assert_false(iccid_luhn_ok(&i));
}

static void aid_constants_and_tars(void **state)
{
    (void)state;
    char text[AID_TEXT];
    aid_text(&AID_ISD_R, text);
    assert_string_equal(text, "A0000005591010FFFFFFFF8900000100");
    aid_text(&AID_ECASD, text);
    assert_string_equal(text, "A0000005591010FFFFFFFF8900000200");
    aid_text(&AID_ISD_P_PACKAGE, text);
    assert_string_equal(text, "A0000005591010FFFFFFFF8900000D00");
    aid_text(&AID_ISD_P_MODULE, text);
    assert_string_equal(text, "A0000005591010FFFFFFFF8900000E00");
    assert_int_equal(aid_tar(&AID_ISD_R), 0x000001);
    assert_int_equal(aid_tar(&AID_ISD_P_MODULE), 0x00000E);
    struct aid mno;
    assert_int_equal(aid_from_bytes(span_of("\xA0\x00\x00\x01\x51\x00\x00\x00", 8), &mno), ERR_OK);
    assert_true(aid_tar(&mno) == UINT32_MAX);
}

static void isd_p_instances(void **state)
{
    (void)state;
    struct aid a;
    uint16_t number = 0;
    char text[AID_TEXT];
    assert_int_equal(aid_isd_p(0x12AB, &a), ERR_OK);
    aid_text(&a, text);
    assert_string_equal(text, "A0000005591010FFFFFFFF890012AB00");
    assert_true(aid_is_isd_p(&a, &number));
    assert_int_equal(number, 0x12AB);
    assert_int_equal(aid_tar(&a), 0x0012AB);
    assert_int_equal(aid_isd_p(0x0010, &a), ERR_OK);
    assert_int_equal(aid_isd_p(0xFFFF, &a), ERR_OK);
    assert_true(aid_is_isd_p(&a, NULL));
}

static void isd_p_refuses_the_reserved_and_the_foreign(void **state)
{
    (void)state;
    struct aid a = {0};
    assert_int_equal(aid_isd_p(0x000F, &a), ERR_INVAL);
    assert_int_equal(aid_isd_p(0, &a), ERR_INVAL);
    assert_false(aid_is_isd_p(&a, NULL));
    assert_false(aid_is_isd_p(&AID_ISD_R, NULL));
    assert_false(aid_is_isd_p(&AID_ISD_P_MODULE, NULL));
    assert_int_equal(aid_isd_p(0x0010, &a), ERR_OK);
    for (size_t i = 0; i < 13; i++) {
        struct aid other = a;
        other.b[i] ^= 1;
        assert_false(aid_is_isd_p(&other, NULL));
    }
    a.b[15] = 1;
    assert_false(aid_is_isd_p(&a, NULL));
    a.b[15] = 0;
    a.n = 15;
    assert_false(aid_is_isd_p(&a, NULL));
}

static void aid_length_is_5_to_16(void **state)
{
    (void)state;
    uint8_t b[17] = {0xA0};
    struct aid a, c;
    assert_int_equal(aid_from_bytes(span_of(b, 4), &a), ERR_FORMAT);
    assert_int_equal(aid_from_bytes(span_of(b, 17), &a), ERR_FORMAT);
    assert_int_equal(aid_from_bytes((struct span){NULL, 0}, &a), ERR_FORMAT);
    assert_int_equal(aid_from_bytes(span_of(b, 5), &a), ERR_OK);
    assert_int_equal(aid_from_bytes(span_of(b, 16), &c), ERR_OK);
    assert_false(aid_eq(&a, &c));
    assert_int_equal(aid_span(&a).n, 5);
    assert_true(aid_eq(&c, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eid_takes_the_published_examples),
        cmocka_unit_test(eid_refuses_each_wrong_digit),
        cmocka_unit_test(eid_refuses_what_is_not_32_digits),
        cmocka_unit_test(eid_octets_are_checked_too),
        cmocka_unit_test(eid_make_completes_the_check_digits),
        cmocka_unit_test(iccid_takes_18_to_20_digits),
        cmocka_unit_test(iccid_is_swapped_and_padded),
        cmocka_unit_test(iccid_drops_padding),
        cmocka_unit_test(iccid_refuses_other_text),
        cmocka_unit_test(iccid_luhn),
        cmocka_unit_test(aid_constants_and_tars),
        cmocka_unit_test(isd_p_instances),
        cmocka_unit_test(isd_p_refuses_the_reserved_and_the_foreign),
        cmocka_unit_test(aid_length_is_5_to_16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
