/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_eisimport */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/eisimport/eis_value.h"

static void flags_and_numbers(void **state)
{
    static const struct {
        const char *s;
        bool good;
        uint64_t v;
    } NUMBERS[] = {
        {"0", true, 0},
        {"255", true, 255},
        {"0000000255", true, 255},
        {"256", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {"1 ", false, 0},
        {"1e2", false, 0},
        {"18446744073709551616", false, 0},
        {"999999999999999999999", false, 0},
    };
    bool b;
    uint64_t v;

    (void)state;
    assert_int_equal(value_flag(span_str("true"), &b), ERR_OK);
    assert_true(b);
    assert_int_equal(value_flag(span_str("0"), &b), ERR_OK);
    assert_false(b);
    assert_int_equal(value_flag(span_str("TRUE"), &b), ERR_FORMAT);
    assert_int_equal(value_flag(span_str(""), &b), ERR_FORMAT);
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        int err = value_number(span_str(NUMBERS[i].s), 255, &v);
        assert_int_equal(err, NUMBERS[i].good ? ERR_OK : ERR_FORMAT);
        if (!err)
            assert_int_equal(v, NUMBERS[i].v);
    }
    assert_int_equal(value_number(span_str("18446744073709551615"), UINT64_MAX, &v), ERR_OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(value_number(span_str("5"), 3, &v), ERR_FORMAT);
}

static void octets(void **state)
{
    static const struct {
        const char *s;
        int err;
        const char *v;
    } BASE64[] = {
        {"YQ==", ERR_OK, "a"},    {"YWI=", ERR_OK, "ab"},
        {"YWJj", ERR_OK, "abc"},  {"YW\n Jj\tZA==", ERR_OK, "abcd"},
        {"", ERR_FORMAT, ""},     {"YQ=", ERR_FORMAT, ""},
        {"YQ", ERR_FORMAT, ""},   {"Y===", ERR_FORMAT, ""},
        {"=YQ=", ERR_FORMAT, ""}, {"YQ==YQ==", ERR_FORMAT, ""},
        {"YWI-", ERR_FORMAT, ""}, {"YWJjZGVm", ERR_TOO_LARGE, ""},
    };
    struct arena a;
    struct span v;

    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < sizeof BASE64 / sizeof *BASE64; i++) {
        int err = value_base64(span_str(BASE64[i].s), &a, 5, &v);
        if (err != BASE64[i].err)
            fail_msg("'%s': %s", BASE64[i].s, err_text(err));
        if (!err)
            assert_true(span_eq(v, span_str(BASE64[i].v)));
    }
    assert_int_equal(value_hex(span_str("00fF"), &a, 2, &v), ERR_OK);
    assert_int_equal(v.n, 2);
    assert_int_equal(v.p[1], 0xFF);
    assert_int_equal(value_hex(span_str("000"), &a, 2, &v), ERR_FORMAT);
    assert_int_equal(value_hex(span_str("0g"), &a, 2, &v), ERR_FORMAT);
    assert_int_equal(value_hex(span_str("000000"), &a, 2, &v), ERR_TOO_LARGE);
    assert_int_equal(value_hex(span_str(""), &a, 2, &v), ERR_OK);
    arena_fini(&a);
}

static void times(void **state)
{
    static const struct {
        const char *s;
        int64_t ms;
    } GOOD[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01", 0},
        {"2000-02-29T12:00:00Z", 951825600000},
        {"2025-11-20T08:00:00+01:00", 1763622000000},
        {"2025-11-20T08:00:00.123-05:30", 1763645400000},
        {"2025-11-20T08:00:00", 1763625600000},
        {"9999-12-31T23:59:59Z", 253402300799000},
    };
    static const char *const BAD[] = {"",
                                      "2025",
                                      "2025-13-01",
                                      "2025-02-30T00:00:00Z",
                                      "2025-11-20T24:00:00Z",
                                      "2025-11-20T08:00Z",
                                      "2025-11-20T08:00:00+15:00",
                                      "2025-11-20T08:00:00.Z",
                                      "2025-11-20 08:00:00Z",
                                      "2025-11-20T08:00:00ZZ",
                                      "1969-12-31T00:00:00Z"};
    int64_t ms;

    for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
        assert_int_equal(value_time(span_str(GOOD[i].s), &ms), ERR_OK);
        if (ms != GOOD[i].ms)
            fail_msg("%s is %lld", GOOD[i].s, (long long)ms);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(value_time(span_str(BAD[i]), &ms), ERR_FORMAT);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(flags_and_numbers),
                                       cmocka_unit_test(octets), cmocka_unit_test(times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
