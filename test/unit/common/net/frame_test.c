/* SPDX-License-Identifier: Apache-2.0 */
/* Frames: every cut, empty, too long, and the writer's refusals (design 3.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/frame.h"

static void test_round_trip(void **state)
{
    static const size_t sizes[] = {1, 126, 127, 128, 255, 256, 65535};
    static const uint8_t data[65535] = {5};
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    for (size_t i = 0; i < 7; i++) {
        size_t mark = frame_begin(&b);
        buf_add(&b, data, sizes[i]);
        assert_int_equal(frame_end(&b, mark, 65535), ERR_OK);
    }
    struct span in = buf_span(&b);
    struct span f;
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(frame_next(&in, 65535, &f), ERR_OK);
        assert_int_equal(f.n, sizes[i]);
        assert_int_equal(f.p[0], 5);
    }
    assert_int_equal(in.n, 0);
    assert_int_equal(frame_next(&in, 65535, &f), ERR_AGAIN);
    buf_fini(&b);
}

static void test_cut_anywhere(void **state)
{
    static const uint8_t whole[] = {0, 0, 0, 3, 'a', 'b', 'c', 0};
    (void)state;
    for (size_t n = 0; n < 7; n++) {
        struct span in = span_of(whole, n), f;
        assert_int_equal(frame_next(&in, 3, &f), ERR_AGAIN);
        assert_int_equal(in.n, n);
    }
    struct span in = span_of(whole, 8), f;
    assert_int_equal(frame_next(&in, 3, &f), ERR_OK);
    assert_memory_equal(f.p, "abc", 3);
    assert_int_equal(in.n, 1);
}

static void test_refusals(void **state)
{
    struct span in = span_of("\0\0\0\0x", 5), f;
    (void)state;
    assert_int_equal(frame_next(&in, 3, &f), ERR_FORMAT);
    in = span_of("\0\0\0\4", 4);
    assert_int_equal(frame_next(&in, 3, &f), ERR_TOO_LARGE);
    in = span_of("\377\377\377\377", 4);
    assert_int_equal(frame_next(&in, 262144, &f), ERR_TOO_LARGE);
    struct buf b;
    buf_init(&b, 16);
    size_t mark = frame_begin(&b);
    assert_int_equal(frame_end(&b, mark, 8), ERR_FORMAT);
    assert_int_equal(b.n, 0);
    mark = frame_begin(&b);
    buf_add(&b, "123456789", 9);
    assert_int_equal(frame_end(&b, mark, 8), ERR_TOO_LARGE);
    assert_int_equal(b.n, 0);
    mark = frame_begin(&b);
    buf_add(&b, "1234567890123", 13);
    assert_int_equal(frame_end(&b, mark, 99), ERR_NOMEM);
    assert_int_equal(b.n, 0);
    mark = frame_begin(&b);
    buf_add(&b, "12345678", 8);
    assert_int_equal(frame_end(&b, mark, 8), ERR_OK);
    assert_int_equal(b.n, 12);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
