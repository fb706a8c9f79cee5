/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_simlink */
/* Octets of one direction of a stream: order, window, what may be sent again. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/euiccsim/net/coap_link_int.h"

static void octets_come_in_order_whatever_the_order_of_pieces(void **state)
{
    (void)state;
    static uint8_t all[40000], got[40000];
    struct rng rng;

    rng_init_seeded(&rng, 8);
    rng_fill(&rng, all, sizeof(all));
    for (unsigned round = 0; round < 20; round++) {
        struct octets_rx rx;
        struct buf out;
        size_t n = 0;

        octets_rx_init(&rx);
        buf_init(&out, 2 * LINK_WINDOW);
        while (n < sizeof(all)) {
            uint64_t from = n > 2000 ? n - rng_below(&rng, 2000) : 0;
            uint64_t offset = from + rng_below(&rng, 6000);
            size_t len = 1 + (size_t)rng_below(&rng, 1024);
            int rc;

            if (offset >= sizeof(all))
                offset = n;
            if (len > sizeof(all) - offset)
                len = sizeof(all) - (size_t)offset;
            rc = octets_rx_take(&rx, offset, span_of(all + offset, len), &out);
            if (rc == ERR_FULL)
                rc = octets_rx_take(&rx, n, span_of(all + n, 1), &out);
            assert_int_equal(rc, 0);
            if (out.n > 0)
                memcpy(got + n, out.p, out.n);
            n += out.n;
            assert_int_equal(rx.next, n);
        }
        assert_memory_equal(all, got, sizeof(all));
        octets_rx_fini(&rx);
        buf_fini(&out);
    }
}

static void the_window_has_an_end(void **state)
{
    (void)state;
    struct octets_rx rx;
    struct buf out;
    uint8_t b[1024] = {0};

    octets_rx_init(&rx);
    buf_init(&out, 0);
    assert_int_equal(octets_rx_take(&rx, LINK_WINDOW - 1023, span_of(b, 1024), &out),
                     ERR_TOO_LARGE);
    assert_int_equal(octets_rx_take(&rx, LINK_WINDOW - 1024, span_of(b, 1024), &out), 0);
    assert_int_equal(octets_rx_take(&rx, UINT64_MAX - 3, span_of(b, 1024), &out), ERR_TOO_LARGE);
    for (unsigned i = 1; i < LINK_EARLY_MAX; i++)
        assert_int_equal(octets_rx_take(&rx, 2 * i, span_of(b, 1), &out), 0);
    assert_int_equal(octets_rx_take(&rx, 999, span_of(b, 1), &out), ERR_FULL);
    octets_rx_fini(&rx);
    buf_fini(&out);
}

static void what_is_sent_is_kept_until_it_is_told(void **state)
{
    (void)state;
    static uint8_t all[LINK_TX_MAX];
    struct octets_tx tx;
    uint64_t offset = 0, sum = 0;
    struct span b;

    octets_tx_init(&tx);
    assert_int_equal(octets_tx_add(&tx, span_of(all, sizeof(all))), 0);
    assert_int_equal(octets_tx_add(&tx, span_of(all, 1)), ERR_FULL);
    while ((b = octets_tx_next(&tx, &offset)).n > 0)
        sum += b.n;
    assert_int_equal(sum, LINK_WINDOW);
    assert_int_equal(octets_tx_told(&tx, 1000), 0);
    assert_int_equal(octets_tx_told(&tx, 500), 0);           /* an older answer */
    assert_int_equal(tx.base, 1000);
    b = octets_tx_next(&tx, &offset);
    assert_int_equal(b.n, 0);                                /* a whole piece does not fit yet */
    octets_tx_again(&tx);
    assert_int_equal(octets_tx_next(&tx, &offset).n, 1024);
    assert_int_equal(offset, 1000);
    assert_int_equal(octets_tx_told(&tx, sizeof(all) + 1), ERR_FORMAT);
    assert_int_equal(octets_tx_told(&tx, sizeof(all)), 0);
    assert_true(octets_tx_done(&tx));
    assert_int_equal(octets_tx_add(&tx, span_of(all, 5)), 0);
    assert_int_equal(octets_tx_next(&tx, &offset).n, 5);
    assert_int_equal(offset, sizeof(all));
    octets_tx_fini(&tx);
}

static void decimal_numbers_are_read_strictly(void **state)
{
    (void)state;
    uint64_t v = 7;

    assert_true(link_u64("0", &v) && v == 0);
    assert_true(link_u64("1795340000000000001", &v) && v == UINT64_C(1795340000000000001));
    assert_false(link_u64("", &v));
    assert_false(link_u64("-1", &v));
    assert_false(link_u64("1 ", &v));
    assert_false(link_u64("0x1", &v));
    assert_false(link_u64("18446744073709551616", &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(octets_come_in_order_whatever_the_order_of_pieces),
        cmocka_unit_test(the_window_has_an_end),
        cmocka_unit_test(what_is_sent_is_kept_until_it_is_told),
        cmocka_unit_test(decimal_numbers_are_read_strictly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
