/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"

static void encode_writes_upper_case(void **state)
{
    (void)state;
    char text[9];
    assert_int_equal(hex_encode(span_of("\x00\x9A\xFF\x10", 4), text, sizeof(text)), ERR_OK);
    assert_string_equal(text, "009AFF10");
    assert_int_equal(hex_encode(span_of("", 0), text, 1), ERR_OK);
    assert_string_equal(text, "");
}

static void encode_refuses_a_short_buffer(void **state)
{
    (void)state;
    char text[8] = "keep";
    assert_int_equal(hex_encode(span_of("\x01\x02\x03\x04", 4), text, 8), ERR_TOO_LARGE);
    assert_int_equal(hex_encode(span_of("", 0), text, 0), ERR_TOO_LARGE);
    assert_string_equal(text, "keep");
}

static void decode_takes_either_case(void **state)
{
    (void)state;
    uint8_t b[3];
    size_t n = 9;
    assert_int_equal(hex_decode("aBcD0f", 6, b, sizeof(b), &n), ERR_OK);
    assert_int_equal(n, 3);
    assert_memory_equal(b, "\xAB\xCD\x0F", 3);
    assert_int_equal(hex_decode("", 0, b, 0, &n), ERR_OK);
    assert_int_equal(n, 0);
}

static void decode_refuses_what_is_no_hex(void **state)
{
    (void)state;
    static const char *const BAD[] = {"0",  "0g", "g0", "0 ", " 00 ", "0x",
                                      "00\n0", "/0", ":0", "@0", "`0"};
    uint8_t b[8];
    size_t n = 77;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(hex_decode(BAD[i], strlen(BAD[i]), b, sizeof(b), &n), ERR_FORMAT);
    assert_int_equal(hex_decode("00\0", 4, b, sizeof(b), &n), ERR_FORMAT);
    assert_int_equal(n, 77);
}

static void decode_refuses_a_short_buffer(void **state)
{
    (void)state;
    uint8_t b[2];
    size_t n = 77;
    assert_int_equal(hex_decode("000102", 6, b, sizeof(b), &n), ERR_TOO_LARGE);
    assert_int_equal(n, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encode_writes_upper_case),
        cmocka_unit_test(encode_refuses_a_short_buffer),
        cmocka_unit_test(decode_takes_either_case),
        cmocka_unit_test(decode_refuses_what_is_no_hex),
        cmocka_unit_test(decode_refuses_a_short_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
