/* SPDX-License-Identifier: Apache-2.0 */
/* Derivation and MACs at their limits; the known answers stand in test/kat. */
#include "common/crypto/kdf.h"

#include "common/crypto/cmac.h"
#include "test/kat/kat.h"

static const uint8_t RAW[32] = {1, 2, 3};

/* A longer output begins with the shorter one. */
static void test_x963_lengths(void **state)
{
    struct span z = span_of(RAW, 32), info = span_of("info", 4);
    uint8_t all[1024], part[1025];

    assert_int_equal(kdf_x963(*state, z, info, all, sizeof all), 0);
    for (size_t n = 1; n <= 260; n++) {
        assert_int_equal(kdf_x963(*state, z, info, part, n), 0);
        assert_memory_equal(part, all, n);
    }
    assert_int_equal(kdf_x963(*state, z, info, part, 0), ERR_INVAL);
    assert_int_equal(kdf_x963(*state, z, info, part, 1025), ERR_INVAL);
    assert_int_equal(kdf_x963(*state, z, info, part, 65535), ERR_INVAL);
    assert_int_equal(kdf_x963(*state, span_of(RAW, 0), info, part, 16), ERR_INVAL);
}

static void test_sp800_lengths(void **state)
{
    struct key *k = kat_key(KEY_AES, span_of(RAW, 16)), *des = kat_key(KEY_DES, span_of(RAW, 16));
    struct span before = span_of("b", 1), after = span_of("a", 1);
    uint8_t all[64], part[64];

    assert_int_equal(kdf_sp800_108(*state, k, before, after, all, sizeof all), 0);
    for (size_t n = 1; n <= 64; n++) {
        assert_int_equal(kdf_sp800_108(*state, k, before, after, part, n), 0);
        assert_memory_equal(part, all, n);
    }
    assert_int_equal(kdf_sp800_108(*state, k, before, after, part, 0), ERR_INVAL);
    assert_int_equal(kdf_sp800_108(*state, k, before, after, part, 65), ERR_INVAL);
    assert_int_equal(kdf_sp800_108(*state, des, before, after, part, 16), ERR_INVAL);
    key_free(k);
    key_free(des);
}

/* The length in bits is an input, so a shorter output is another one. */
static void test_scp03(void **state)
{
    struct key *k = kat_key(KEY_AES, span_of(RAW, 16));
    uint8_t a[64], b[64];

    assert_int_equal(kdf_scp03(*state, k, 0x04, 128, span_of(RAW, 16), a), 0);
    assert_int_equal(kdf_scp03(*state, k, 0x04, 64, span_of(RAW, 16), b), 0);
    assert_memory_not_equal(a, b, 8);
    assert_int_equal(kdf_scp03(*state, k, 0x06, 128, span_of(RAW, 16), b), 0);
    assert_memory_not_equal(a, b, 16);
    assert_int_equal(kdf_scp03(*state, k, 0x04, 0, span_of(RAW, 16), b), ERR_INVAL);
    assert_int_equal(kdf_scp03(*state, k, 0x04, 12, span_of(RAW, 16), b), ERR_INVAL);
    assert_int_equal(kdf_scp03(*state, k, 0x04, 520, span_of(RAW, 16), b), ERR_INVAL);
    key_free(k);
}

/* However a message is cut into parts, its MAC is one. */
static void test_mac_parts(void **state)
{
    struct key *aes = kat_key(KEY_AES, span_of(RAW, 32)), *des = kat_key(KEY_DES, span_of(RAW, 24));
    static uint8_t msg[256];
    uint8_t a[16], b[16];

    for (size_t i = 0; i < sizeof msg; i++)
        msg[i] = (uint8_t)i;
    for (size_t n = 0; n <= sizeof msg; n++) {
        struct span whole = span_of(msg, n);
        struct span cut[] = {span_of(msg, n / 2), span_of(msg, 0), span_of(msg + n / 2, n - n / 2)};

        assert_int_equal(cmac(*state, aes, &whole, 1, a), 0);
        assert_int_equal(cmac(*state, aes, cut, 3, b), 0);
        assert_memory_equal(a, b, 16);
        assert_int_equal(des_cbc_mac(*state, des, &whole, 1, a), 0);
        assert_int_equal(des_cbc_mac(*state, des, cut, 3, b), 0);
        assert_memory_equal(a, b, 8);
    }
    assert_int_equal(cmac(*state, des, NULL, 0, a), ERR_INVAL);
    assert_int_equal(des_cbc_mac(*state, aes, NULL, 0, a), ERR_INVAL);
    key_free(aes);
    key_free(des);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x963_lengths),
        cmocka_unit_test(test_sp800_lengths),
        cmocka_unit_test(test_scp03),
        cmocka_unit_test(test_mac_parts),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
