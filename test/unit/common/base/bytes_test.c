/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/bytes.h"

#include <stdlib.h>

static const uint8_t COUNT[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void reader_is_big_endian(void **state)
{
    (void)state;
    struct reader r = rd_init(span_of(COUNT, 15));
    assert_int_equal(rd_u8(&r), 0x01);
    assert_int_equal(rd_u16(&r), 0x0203);
    assert_int_equal(rd_u24(&r), 0x040506);
    assert_int_equal(rd_u32(&r), 0x0708090A);
    assert_int_equal(rd_left(&r), 5);
    assert_true(rd_u40(&r) == 0x0B0C0D0E0FU);
    assert_true(rd_done(&r));
    r = rd_init(span_of(COUNT, 8));
    assert_true(rd_u64(&r) == 0x0102030405060708U);
    assert_true(rd_done(&r));
}

static void reader_failure_stays(void **state)
{
    (void)state;
    struct reader r = rd_init(span_of(COUNT, 3));
    assert_int_equal(rd_u32(&r), 0);
    assert_int_equal(rd_u8(&r), 0); /* a byte is there, the failure stands */
    assert_int_equal(rd_left(&r), 0);
    assert_null(rd_rest(&r).p);
    assert_false(rd_done(&r));
}

static void each_width_fails_one_octet_short(void **state)
{
    (void)state;
    for (size_t width = 1; width <= 8; width++) {
        uint8_t *exact = malloc(width); /* an over-read is seen by AddressSanitizer */
        memcpy(exact, COUNT, width);
        for (size_t n = 0; n <= width; n++) {
            struct reader r = rd_init(span_of(exact, n));
            assert_int_equal(rd_span(&r, width).n, n == width ? width : 0);
            assert_int_equal(r.failed, n != width);
        }
        free(exact);
    }
    struct reader r[6];
    for (size_t i = 0; i < 6; i++)
        r[i] = rd_init(span_of(COUNT, (size_t[]){0, 1, 2, 3, 4, 7}[i]));
    (void)rd_u8(&r[0]);
    (void)rd_u16(&r[1]);
    (void)rd_u24(&r[2]);
    (void)rd_u32(&r[3]);
    (void)rd_u40(&r[4]);
    (void)rd_u64(&r[5]);
    for (size_t i = 0; i < 6; i++)
        assert_true(r[i].failed);
}

static void reader_refuses_lengths_that_would_wrap(void **state)
{
    (void)state;
    struct reader r = rd_init(span_of(COUNT, 4));
    (void)rd_u8(&r);
    assert_null(rd_span(&r, SIZE_MAX).p);
    assert_true(r.failed);
}

static void reader_of_nothing(void **state)
{
    (void)state;
    struct reader r = rd_init((struct span){NULL, 0});
    assert_true(rd_done(&r));
    assert_int_equal(rd_span(&r, 0).n, 0);
    assert_true(rd_done(&r));
    assert_int_equal(rd_u8(&r), 0);
    assert_false(rd_done(&r));
    r = rd_init(span_of(COUNT, 2));
    rd_fail(&r);
    assert_int_equal(rd_u8(&r), 0);
}

static void copy_zeroes_on_failure(void **state)
{
    (void)state;
    uint8_t dst[4] = {9, 9, 9, 9};
    struct reader r = rd_init(span_of(COUNT, 6));
    rd_copy(&r, dst, 4);
    assert_memory_equal(dst, COUNT, 4);
    rd_copy(&r, dst, 3);
    assert_memory_equal(dst, "\0\0\0\4", 4);
    assert_true(r.failed);
}

static void rest_may_be_empty(void **state)
{
    (void)state;
    struct reader r = rd_init(span_of(COUNT, 3));
    (void)rd_u8(&r);
    assert_int_equal(rd_rest(&r).n, 2);
    assert_int_equal(rd_rest(&r).n, 0);
    assert_true(rd_done(&r));
}

static void writer_is_big_endian(void **state)
{
    (void)state;
    uint8_t b[40];
    struct writer w = wr_init(b, sizeof(b));
    wr_u8(&w, 0x01);
    wr_u16(&w, 0x0203);
    wr_u24(&w, 0x040506);
    wr_u32(&w, 0x0708090A);
    wr_u40(&w, 0x0B0C0D0E0FU);
    wr_bytes(&w, COUNT + 15, 1);
    assert_int_equal(wr_view(&w).n, 16);
    assert_memory_equal(b, COUNT, 16);
    wr_u64(&w, 0x0102030405060708U);
    assert_memory_equal(b + 16, COUNT, 8);
    wr_fill(&w, 0xFF, 2);
    wr_str(&w, "ab");
    wr_span(&w, span_of(COUNT, 1));
    assert_memory_equal(b + 24, "\xFF\xFF"
                                "ab\x01",
                        5);
    assert_int_equal(w.len, 29);
}

static void no_memory_is_an_absent_span_and_no_room(void **state)
{
    (void)state;
    struct writer w = wr_init(NULL, 64);

    assert_int_equal(span_of(NULL, 4).n, 0);
    wr_u8(&w, 1);
    assert_true(w.failed);
}

static void writer_overflow_stays_and_writes_nothing(void **state)
{
    (void)state;
    uint8_t b[4] = {0, 0, 0, 0xEE};
    struct writer w = wr_init(b, 3);
    wr_u16(&w, 0x0102);
    wr_u16(&w, 0x0304);
    wr_u8(&w, 5); /* one octet is free, the failure stands */
    assert_true(w.failed);
    assert_null(wr_view(&w).p);
    assert_int_equal(w.len, 2);
    assert_memory_equal(b, "\x01\x02\x00\xEE", 4);
    w = wr_init(b, 4);
    wr_u8(&w, 1);
    wr_fill(&w, 1, SIZE_MAX);
    assert_true(w.failed);
    assert_int_equal(b[3], 0xEE);
}

static void writer_refuses_values_wider_than_their_field(void **state)
{
    (void)state;
    uint8_t b[8];
    struct writer w = wr_init(b, sizeof(b));
    wr_u24(&w, 0x1000000);
    assert_true(w.failed);
    w = wr_init(b, sizeof(b));
    wr_u40(&w, 0x10000000000U);
    assert_true(w.failed);
}

static void writer_takes_nothing_into_nothing(void **state)
{
    (void)state;
    struct writer w = wr_init(NULL, 0);
    wr_span(&w, (struct span){NULL, 0});
    wr_str(&w, "");
    assert_false(w.failed);
    wr_u8(&w, 0);
    assert_true(w.failed);
}

static void spans_compare_by_content(void **state)
{
    (void)state;
    assert_true(span_eq(span_str("abc"), span_of("abcd", 3)));
    assert_true(span_eq((struct span){NULL, 0}, span_str("")));
    assert_false(span_eq(span_str("abc"), span_str("abd")));
    assert_false(span_eq(span_str("abc"), span_str("ab")));
    assert_false(span_eq((struct span){NULL, 0}, span_str("a")));
}

static void of_no_memory(void **state)
{
    struct writer w = wr_init(NULL, 100);

    (void)state;
    assert_int_equal(span_of(NULL, 100).n, 0);
    wr_u8(&w, 1);
    assert_true(w.failed);
    assert_int_equal(w.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_no_memory),
        cmocka_unit_test(reader_is_big_endian),
        cmocka_unit_test(reader_failure_stays),
        cmocka_unit_test(each_width_fails_one_octet_short),
        cmocka_unit_test(reader_refuses_lengths_that_would_wrap),
        cmocka_unit_test(reader_of_nothing),
        cmocka_unit_test(copy_zeroes_on_failure),
        cmocka_unit_test(rest_may_be_empty),
        cmocka_unit_test(writer_is_big_endian),
        cmocka_unit_test(writer_overflow_stays_and_writes_nothing),
        cmocka_unit_test(writer_refuses_values_wider_than_their_field),
        cmocka_unit_test(writer_takes_nothing_into_nothing),
        cmocka_unit_test(no_memory_is_an_absent_span_and_no_room),
        cmocka_unit_test(spans_compare_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
