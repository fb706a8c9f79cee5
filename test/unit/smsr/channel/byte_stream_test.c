/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets and window of one stream: whatever order and repetition, the octets come out once and in
 * order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/channel/byte_stream.h"
#include "test/support/fake.h"

static uint8_t DATA[3 * BYTE_STREAM_WINDOW];
static struct byte_rx RX;
static struct byte_tx TX;
static struct buf OUT;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DATA; i++)
        DATA[i] = (uint8_t)(i ^ i >> 8);
    byte_rx_init(&RX);
    byte_tx_init(&TX);
    buf_init(&OUT, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    byte_rx_fini(&RX);
    byte_tx_fini(&TX);
    buf_fini(&OUT);
    return 0;
}

static int take(uint64_t offset, size_t n)
{
    return byte_stream_take(&RX, offset, span_of(DATA + offset, n), &OUT);
}

static void out_is(size_t n)
{
    assert_int_equal(OUT.n, n);
    assert_int_equal(RX.next, n);
    if (n)
        assert_memory_equal(OUT.p, DATA, n);
}

static void in_order(void **state)
{
    (void)state;
    assert_int_equal(take(0, 1), ERR_OK);
    assert_int_equal(take(1, 1024), ERR_OK);
    out_is(1025);
    assert_int_equal(take(1025, 0), ERR_OK);
    out_is(1025);
}

static void repeats_and_overlaps(void **state)
{
    (void)state;
    assert_int_equal(take(0, 100), ERR_OK);
    assert_int_equal(take(0, 100), ERR_OK);
    assert_int_equal(take(50, 50), ERR_OK);
    assert_int_equal(take(0, 1), ERR_OK);
    out_is(100);
    assert_int_equal(take(60, 80), ERR_OK);
    out_is(140);
    assert_int_equal(take(0, 1000), ERR_OK);
    out_is(1000);
}

static void gaps(void **state)
{
    (void)state;
    assert_int_equal(take(200, 100), ERR_OK);
    out_is(0);
    assert_int_equal(take(100, 50), ERR_OK);
    assert_int_equal(take(140, 80), ERR_OK);
    out_is(0);
    assert_int_equal(take(0, 99), ERR_OK);
    out_is(99);
    assert_int_equal(take(99, 1), ERR_OK);
    out_is(300);
    assert_null(RX.early);
}

static void window_border(void **state)
{
    (void)state;
    assert_int_equal(take(BYTE_STREAM_WINDOW, 1), ERR_INVAL);
    assert_int_equal(take(BYTE_STREAM_WINDOW - 1, 2), ERR_INVAL);
    assert_int_equal(take(1, BYTE_STREAM_WINDOW), ERR_INVAL);
    assert_int_equal(byte_stream_take(&RX, UINT64_MAX, span_of(DATA, 1), &OUT), ERR_INVAL);
    assert_int_equal(byte_stream_take(&RX, UINT64_MAX - 1, span_of(DATA, 2), &OUT), ERR_INVAL);
    out_is(0);
    assert_int_equal(take(BYTE_STREAM_WINDOW - 1, 1), ERR_OK);
    assert_int_equal(take(0, BYTE_STREAM_WINDOW - 1), ERR_OK);
    out_is(BYTE_STREAM_WINDOW);
    assert_int_equal(take(BYTE_STREAM_WINDOW, BYTE_STREAM_WINDOW), ERR_OK);
    out_is(2 * BYTE_STREAM_WINDOW);
}

static void any_order(void **state)
{
    struct rng rng;

    (void)state;
    fake_rng_init(&rng, 16);
    while (RX.next < sizeof DATA) {
        uint64_t offset = RX.next > 2000 ? RX.next - 2000 : 0;
        size_t n = 1 + rng_below(&rng, 1024);
        offset += rng_below(&rng, 8000);
        if (offset + n > sizeof DATA)
            continue;
        assert_int_equal(take(offset, n), ERR_OK);
        assert_int_equal(OUT.n, RX.next);
    }
    out_is(sizeof DATA);
    assert_null(RX.early);
}

/* --- sending --- */

static bool next(uint64_t offset, size_t n)
{
    uint64_t at = 0;
    struct span piece = {NULL, 0};

    if (!byte_stream_next(&TX, &at, &piece))
        return false;
    assert_int_equal(at, offset);
    assert_int_equal(piece.n, n);
    assert_memory_equal(piece.p, DATA + at, n);
    byte_stream_sent(&TX, n);
    return true;
}

static void pieces(void **state)
{
    (void)state;
    assert_false(next(0, 0));
    assert_true(byte_stream_drained(&TX));
    assert_int_equal(byte_stream_put(&TX, span_of(DATA, 1500)), ERR_OK);
    assert_true(next(0, 1024));
    assert_true(next(1024, 476));
    assert_false(next(0, 0));
    assert_false(byte_stream_drained(&TX));
    assert_int_equal(byte_stream_covered(&TX, 1024), ERR_OK);
    assert_int_equal(byte_stream_covered(&TX, 0), ERR_OK);          /* an older answer */
    assert_int_equal(byte_stream_covered(&TX, 1501), ERR_FORMAT);
    assert_int_equal(byte_stream_covered(&TX, 1500), ERR_OK);
    assert_true(byte_stream_drained(&TX));
    assert_int_equal(byte_stream_covered(&TX, 1501), ERR_FORMAT);
}

static void window_used_up(void **state)
{
    (void)state;
    assert_int_equal(byte_stream_put(&TX, span_of(DATA, 20000)), ERR_OK);
    for (unsigned i = 0; i < 16; i++)
        assert_true(next(i * 1024, 1024));
    assert_false(next(0, 0));
    assert_int_equal(byte_stream_covered(&TX, 100), ERR_OK);
    assert_true(next(16384, 100));
    assert_false(next(0, 0));
    assert_int_equal(byte_stream_covered(&TX, 16484), ERR_OK);
    assert_true(next(16484, 1024));
}

static void again_from_what_is_covered(void **state)
{
    (void)state;
    assert_int_equal(byte_stream_put(&TX, span_of(DATA, 4000)), ERR_OK);
    assert_true(next(0, 1024));
    assert_true(next(1024, 1024));
    assert_int_equal(byte_stream_covered(&TX, 1024), ERR_OK);
    byte_stream_again(&TX);
    assert_true(next(1024, 1024));
    byte_stream_again(&TX);
    assert_int_equal(byte_stream_covered(&TX, 2048), ERR_OK);       /* the first copy had arrived */
    assert_true(next(2048, 1024));
    byte_stream_again(&TX);
    assert_int_equal(byte_stream_covered(&TX, 4000), ERR_OK);
    assert_true(byte_stream_drained(&TX));
    assert_false(next(0, 0));
}

static void queue_border(void **state)
{
    static uint8_t big[BYTE_STREAM_QUEUE];

    (void)state;
    memcpy(big, DATA, sizeof DATA);
    assert_int_equal(byte_stream_put(&TX, span_of(big, BYTE_STREAM_QUEUE)), ERR_OK);
    assert_int_equal(byte_stream_put(&TX, span_of(big, 1)), ERR_FULL);
    assert_int_equal(byte_stream_put(&TX, span_of(big, 0)), ERR_OK);
    assert_true(next(0, 1024));
    assert_int_equal(byte_stream_put(&TX, span_of(big, 1)), ERR_FULL);  /* sent is not covered */
    assert_int_equal(byte_stream_covered(&TX, 1), ERR_OK);
    assert_int_equal(byte_stream_put(&TX, span_of(big, 2)), ERR_FULL);
    assert_int_equal(byte_stream_put(&TX, span_of(big, 1)), ERR_OK);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(in_order), T(repeats_and_overlaps), T(gaps), T(window_border), T(any_order), T(pieces),
        T(window_used_up), T(again_from_what_is_covered), T(queue_border),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
