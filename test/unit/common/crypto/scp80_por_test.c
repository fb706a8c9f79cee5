/* SPDX-License-Identifier: Apache-2.0 */
/* Responses of SCP80: each octet changed, each length, and less protection than was asked for. */
#include "test/unit/common/crypto/scp80_world.h"

#include "common/crypto/cmac.h"

static void test_por_lengths(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 113, 126, 127, 128, 255, 256, 4000};
    static const uint8_t spi2[] = {0x39, 0x29, 0x21, 0x31, 0x19, 0x01};
    uint8_t out[PACKET_MAX];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t s = 0; s < 2 * sizeof spi2; s++) {
            enum packet_dialect d = s % 2 ? PACKET_CATTP : PACKET_SMS;
            struct packet_cmd_head h = HEAD;
            struct span p;

            h.spi2 = spi2[s / 2];
            p = answered(*state, d, &h, POR_OK, lengths[i], out);
            assert_int_equal(por_unwrap(*state, d, h.spi2, p), 0);
            assert_int_equal(response.authentic, (h.spi2 & SPI2_POR_CC) != 0);
            kat_same(span_of(response.data, response.data_len),
                     span_of(((struct world *)*state)->data, lengths[i]));
        }
    }
}

static void test_por_tampered(void **state)
{
    static const uint8_t spi2[] = {0x39, 0x29};
    uint8_t out[PACKET_MAX], bad[PACKET_MAX];

    for (size_t s = 0; s < 4; s++) {
        enum packet_dialect d = s % 2 ? PACKET_CATTP : PACKET_SMS;
        struct packet_cmd_head h = HEAD;
        struct span p;

        h.spi2 = spi2[s / 2];
        p = answered(*state, d, &h, POR_OK, 20, out);
        for (size_t i = 0; i < 8 * p.n; i++) {
            memcpy(bad, p.p, p.n);
            bad[i / 8] ^= (uint8_t)(1u << i % 8);
            assert_int_not_equal(por_unwrap(*state, d, h.spi2, span_of(bad, p.n)), 0);
        }
        for (size_t n = 0; n < p.n; n++)
            assert_int_not_equal(por_unwrap(*state, d, h.spi2, span_of(p.p, n)), 0);
    }
}

/* The checksum of the SMS dialect covers 02 71 00, that of CAT_TP does not. */
static void test_por_udh_covered(void **state)
{
    struct world *x = *state;
    uint8_t out[PACKET_MAX], mac[16];
    struct packet_cmd_head h = HEAD;
    struct span p, parts[3];

    h.spi2 = 0x29;
    p = answered(x, PACKET_SMS, &h, POR_OK, 3, out);
    parts[0] = span_of("\x02\x71\x00", 3);
    parts[1] = span_of(p.p, 13);
    parts[2] = span_of(p.p + 21, p.n - 21);
    assert_int_equal(cmac(x->c, x->keys.kid, parts, 3, mac), 0);
    assert_memory_equal(mac, p.p + 13, 8);
    assert_int_equal(cmac(x->c, x->keys.kid, parts + 1, 2, mac), 0);
    memcpy(out + 13, mac, 8);
    assert_int_equal(por_unwrap(x, PACKET_SMS, 0x29, p), ERR_AUTH);
}

/* What a card may say without the security that was asked for, and what nobody may. */
static void test_por_downgrade(void **state)
{
    static const uint8_t spi2[] = {0x39, 0x29, 0x31};
    uint8_t out[PACKET_MAX];
    struct packet_cmd_head h = HEAD;

    h.spi2 = 0x21;
    for (unsigned status = 0; status <= 0xFF; status++) {
        bool excused = status == POR_CC_FAILED || status == POR_CIPHERING
                       || status == POR_UNIDENTIFIED;
        struct span p = answered(*state, PACKET_SMS, &h, (uint8_t)status, 0, out);

        for (size_t i = 0; i < sizeof spi2; i++) {
            int err = por_unwrap(*state, PACKET_SMS, spi2[i], p);

            if (excused) {
                assert_int_equal(err, 0);
                assert_int_equal(response.status, status);
                assert_false(response.authentic);
            } else {
                assert_int_not_equal(err, 0);
            }
        }
        p = answered(*state, PACKET_SMS, &h, (uint8_t)status, 1, out);
        for (size_t i = 0; i < sizeof spi2; i++)
            assert_int_not_equal(por_unwrap(*state, PACKET_SMS, spi2[i], p), 0);
    }
    /* And the other way: protection nobody asked for is not understood. */
    assert_int_equal(por_unwrap(*state, PACKET_SMS, 0x21,
                                answered(*state, PACKET_SMS, &HEAD, POR_OK, 3, out)),
                     ERR_AUTH);
}

/* Some cards secure their answer and do not encipher it: whose it is, its checksum proves all the same. A
 * flipped bit is none. */
static void test_por_in_clear(void **state)
{
    static const size_t lengths[] = {0, 1, 3, 16, 100};
    uint8_t out[PACKET_MAX];
    struct packet_cmd_head h = HEAD;

    h.spi2 = HEAD.spi2 & (uint8_t)~SPI2_POR_CIPHER;
    for (unsigned d = PACKET_SMS; d <= PACKET_CATTP; d++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            struct span p = answered(*state, (enum packet_dialect)d, &h, POR_OK, lengths[i], out);

            assert_int_equal(por_unwrap(*state, (enum packet_dialect)d, HEAD.spi2, p), 0);
            assert_true(response.authentic);
            assert_int_equal(response.status, POR_OK);
            assert_int_equal(response.cntr, CNTR);
            assert_int_equal(response.data_len, lengths[i]);
            for (size_t at = 3; at < p.n; at++) {
                out[at] ^= 0x04;
                assert_int_not_equal(por_unwrap(*state, (enum packet_dialect)d, HEAD.spi2, p), 0);
                out[at] ^= 0x04;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_por_lengths), cmocka_unit_test(test_por_tampered),
        cmocka_unit_test(test_por_udh_covered), cmocka_unit_test(test_por_downgrade),
        cmocka_unit_test(test_por_in_clear),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
