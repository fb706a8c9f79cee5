/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/ids.h"
#include "common/base/rng.h"
#include "test/support/fake.h"

static void numbers_are_taken_by_length(void **state)
{
    (void)state;
    struct msisdn m, m2;
    struct imsi i, i2;
    struct plmn p;
    assert_int_equal(msisdn_parse(span_str("+491710000012"), &m), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("491710000012"), &m2), ERR_OK);
    assert_true(msisdn_eq(&m, &m2));
    assert_string_equal(m.s, "491710000012");
    assert_int_equal(msisdn_parse(span_str("112"), &m), ERR_OK);
    assert_false(msisdn_eq(&m, &m2));
    assert_int_equal(msisdn_parse(span_str("+123456789012345"), &m), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011"), &i), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011234567890"), &i2), ERR_OK);
    assert_false(imsi_eq(&i, &i2));
    assert_int_equal(plmn_parse(span_str("26201"), &p), ERR_OK);
    assert_int_equal(plmn_parse(span_str("310260"), &p), ERR_OK);
    assert_string_equal(p.s, "310260");
}

static void numbers_of_other_length_are_refused(void **state)
{
    (void)state;
    static const char *const MSISDN[] = {"", "+", "12", "+12", "1234567890123456", "++491", "49 1", "491a"};
    static const char *const IMSI[] = {"", "26201", "2620112345678901", "+262011", "26201A"};
    static const char *const PLMN[] = {"", "2620", "2620112", "262-1", "2620F"};
    struct msisdn m = {{0}};
    struct imsi i = {{0}};
    struct plmn p = {{0}};
    for (size_t k = 0; k < sizeof(MSISDN) / sizeof(MSISDN[0]); k++)
        assert_int_equal(msisdn_parse(span_str(MSISDN[k]), &m), ERR_FORMAT);
    for (size_t k = 0; k < sizeof(IMSI) / sizeof(IMSI[0]); k++)
        assert_int_equal(imsi_parse(span_str(IMSI[k]), &i), ERR_FORMAT);
    for (size_t k = 0; k < sizeof(PLMN) / sizeof(PLMN[0]); k++)
        assert_int_equal(plmn_parse(span_str(PLMN[k]), &p), ERR_FORMAT);
    assert_int_equal(msisdn_parse((struct span){NULL, 0}, &m), ERR_FORMAT);
    assert_int_equal(imsi_parse(span_of("2620\0001", 6), &i), ERR_FORMAT);
    assert_string_equal(m.s, "");
}

static void oid_takes_dotted_decimal(void **state)
{
    (void)state;
    static const char *const GOOD[] = {"1.3.6.1.4.1.99999.10", "0.0", "2.999", "1.39", "2.25.4294967295",
                                       "1.3.111111111.111111111.111111111.111111111.111111111.1.11111.1"};
    for (size_t k = 0; k < sizeof(GOOD) / sizeof(GOOD[0]); k++) {
        struct oid o;
        if (strlen(GOOD[k]) > 63)
            continue;
        assert_int_equal(oid_parse(span_str(GOOD[k]), &o), ERR_OK);
        assert_string_equal(o.s, GOOD[k]);
    }
}

static void oid_refuses_other_text(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",       "1",     "1.",     ".1",       "3.1",  "1.40",   "0.40",
                                      "1..3",   "1.3.",  "01.3",   "1.03",     "1.3a", "1.3.-1", "1 .3",
                                      "1.3.4294967296", "1.3.99999999999", "1,3"};
    struct oid o = {{0}};
    for (size_t k = 0; k < sizeof(BAD) / sizeof(BAD[0]); k++)
        assert_int_equal(oid_parse(span_str(BAD[k]), &o), ERR_FORMAT);
    assert_int_equal(oid_parse((struct span){NULL, 0}, &o), ERR_FORMAT);
    assert_int_equal(oid_parse(span_of("1.3\0", 4), &o), ERR_FORMAT);
    assert_string_equal(o.s, "");
}

static void oid_length_ends_at_63(void **state)
{
    (void)state;
    char text[65];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? '.' : '1';
    struct oid o, other;
    assert_int_equal(oid_parse(span_of(text, 63), &o), ERR_OK);
    assert_int_equal(strlen(o.s), 63);
    assert_int_equal(oid_parse(span_of(text, 65), &o), ERR_FORMAT);
    assert_int_equal(oid_parse(span_of(text, 61), &other), ERR_OK);
    assert_false(oid_eq(&o, &other));
    assert_true(oid_eq(&o, &o));
}

static void uuid_v7_holds_time_version_and_variant(void **state)
{
    (void)state;
    struct rng rng;
    struct uuid u;
    char text[UUID_TEXT];
    static const uint8_t ONES[16] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    fake_rng_bytes(&rng, ONES, sizeof(ONES));
    uuid_v7(&u, 0x017F22E279B0, &rng);
    uuid_text(&u, text);
    assert_string_equal(text, "017f22e2-79b0-7fff-bfff-ffffffffffff");
    static const uint8_t ZEROS[16] = {0};
    fake_rng_bytes(&rng, ZEROS, sizeof(ZEROS));
    uuid_v7(&u, -5, &rng);
    uuid_text(&u, text);
    assert_string_equal(text, "00000000-0000-7000-8000-000000000000");
}

static void uuid_order_is_time_order(void **state)
{
    (void)state;
    struct rng rng;
    struct uuid last = {{0}};
    fake_rng_init(&rng, 7);
    for (int64_t ms = 1795337100000; ms < 1795337100300; ms++) {
        struct uuid u;
        uuid_v7(&u, ms, &rng);
        assert_true(memcmp(u.b, last.b, 16) > 0);
        last = u;
    }
}

static void uuid_text_round_trips(void **state)
{
    (void)state;
    struct rng rng;
    struct uuid a, b;
    char text[UUID_TEXT];
    fake_rng_init(&rng, 3);
    uuid_v7(&a, 1795337100123, &rng);
    uuid_text(&a, text);
    assert_int_equal(uuid_parse(span_str(text), &b), ERR_OK);
    assert_true(uuid_eq(&a, &b));
    assert_int_equal(uuid_parse(span_str("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &b), ERR_OK);
    assert_false(uuid_eq(&a, &b));
    assert_false(uuid_is_zero(&b));
    assert_int_equal(uuid_parse(span_str("00000000-0000-0000-0000-000000000000"), &b), ERR_OK);
    assert_true(uuid_is_zero(&b));
}

static void uuid_refuses_other_text(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
                                      "017f22e279b0-7cc3-98c4-dc0c0c07398f-",
                                      "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
                                      "017f22e2:79b0-7cc3-98c4-dc0c0c07398f",
                                      "{17f22e2-79b0-7cc3-98c4-dc0c0c07398f"};
    struct uuid u = {{0}};
    for (size_t k = 0; k < sizeof(BAD) / sizeof(BAD[0]); k++)
        assert_int_equal(uuid_parse(span_str(BAD[k]), &u), ERR_FORMAT);
    assert_int_equal(uuid_parse((struct span){NULL, 0}, &u), ERR_FORMAT);
    assert_true(uuid_is_zero(&u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_taken_by_length),
        cmocka_unit_test(numbers_of_other_length_are_refused),
        cmocka_unit_test(oid_takes_dotted_decimal),
        cmocka_unit_test(oid_refuses_other_text),
        cmocka_unit_test(oid_length_ends_at_63),
        cmocka_unit_test(uuid_v7_holds_time_version_and_variant),
        cmocka_unit_test(uuid_order_is_time_order),
        cmocka_unit_test(uuid_text_round_trips),
        cmocka_unit_test(uuid_refuses_other_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
