/* SPDX-License-Identifier: Apache-2.0 */
/* Handles: sizes by type, sharing, check values, and the transport wrapping of ES1. */
#include "common/base/mem.h"
#include "test/kat/kat.h"
#include "test/support/fake.h"

static const uint8_t RAW[80] = {0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
                                0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F};

static bool allowed(enum key_type type, size_t n)
{
    switch (type) {
    case KEY_AES:
        return n == 16 || n == 24 || n == 32;
    case KEY_DES:
        return n == 8 || n == 16 || n == 24;
    case KEY_PSK:
        return n >= 16 && n <= 64;
    case KEY_RAW:
        return n >= 1 && n <= 64;
    case KEY_EC_PRIVATE:
        break;
    }
    return false;
}

static void test_sizes(void **state)
{
    static const size_t far[] = {126, 127, 128, 255, 256, 65535};
    struct key *k;

    for (int t = KEY_AES; t <= KEY_EC_PRIVATE; t++) {
        enum key_type type = (enum key_type)t;

        for (size_t n = 0; n <= sizeof RAW; n++) {
            assert_int_equal(key_new(type, span_of(RAW, n), &k), allowed(type, n) ? 0 : ERR_INVAL);
            if (k) {
                assert_int_equal(key_size(k), n);
                assert_int_equal(key_get_type(k), type);
            }
            key_free(k);
            assert_int_equal(key_random(*state, type, n, &k), allowed(type, n) ? 0 : ERR_INVAL);
            key_free(k);
        }
        for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
            assert_int_equal(key_random(*state, type, far[i], &k), ERR_INVAL);
            assert_null(k);
        }
    }
    assert_int_equal(key_new(KEY_RAW, span_of(NULL, 16), &k), ERR_INVAL);
    key_free(NULL);
    assert_null(key_ref(NULL));
}

static void test_sharing(void **state)
{
    struct key *k = kat_key(KEY_RAW, span_of(RAW, 16));
    uint8_t out[16];
    size_t n = 1;

    (void)state;
    assert_ptr_equal(key_ref(k), k);
    key_free(k);
    kat_key_is(k, span_of(RAW, 16));
    for (size_t cap = 0; cap < 16; cap++) {
        assert_int_equal(key_export_raw(k, out, cap, &n), ERR_TOO_LARGE);
        assert_int_equal(n, 0);
    }
    assert_int_equal(key_export_raw(k, out, 16, &n), 0);
    key_free(k);
}

static void test_random(void **state)
{
    struct rng rng;
    struct crypto *c = crypto_new(&rng);
    struct key *k, *other;

    (void)state;
    fake_rng_bytes(&rng, RAW, 32);
    assert_int_equal(key_random(c, KEY_AES, 32, &k), 0);
    kat_key_is(k, span_of(RAW, 32));     /* from the port and nowhere else */
    key_free(k);
    fake_rng_init(&rng, 3);
    assert_int_equal(key_random(c, KEY_AES, 16, &k), 0);
    assert_int_equal(key_random(c, KEY_AES, 16, &other), 0);
    {
        uint8_t a[16], b[16];
        size_t n;

        assert_int_equal(key_export_raw(k, a, 16, &n), 0);
        assert_int_equal(key_export_raw(other, b, 16, &n), 0);
        assert_memory_not_equal(a, b, 16);
    }
    key_free(k);
    key_free(other);
    crypto_free(c);
}

/* Public DES check values: of the key in every textbook and of the default card key. */
static void test_check_values(void **state)
{
    static const uint8_t des[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF};
    uint8_t kcv[3], hash[20];
    struct key *k = kat_key(KEY_DES, span_of(des, sizeof des)), *raw;

    assert_int_equal(key_kcv(*state, k, kcv), 0);
    assert_memory_equal(kcv, "\xD5\xD4\x4F", 3);
    key_free(k);
    k = kat_key(KEY_DES, span_of(RAW, 16));
    assert_int_equal(key_kcv(*state, k, kcv), 0);
    assert_memory_equal(kcv, "\x8B\xAF\x47", 3);     /* 404142..4F */
    key_free(k);
    k = kat_key(KEY_PSK, span_of(RAW, 16));
    sha1(*state, span_of(RAW, 16), hash);
    assert_int_equal(key_kcv(*state, k, kcv), 0);
    assert_memory_equal(kcv, hash, 3);
    key_free(k);
    raw = kat_key(KEY_RAW, span_of(RAW, 16));
    assert_int_equal(key_kcv(*state, raw, kcv), ERR_UNSUPPORTED);
    key_free(raw);
}

static void test_transport(void **state)
{
    static const size_t sizes[] = {1, 15, 16, 17, 24, 31, 32, 33, 47, 48, 63, 64};
    struct key *t = kat_key(KEY_AES, span_of(RAW, 16));
    struct key *wrong = kat_key(KEY_AES, span_of(RAW + 1, 16));
    uint8_t out[96];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct key *k = kat_key(KEY_RAW, span_of(RAW, sizes[i])), *got;
        struct writer w = wr_init(out, sizeof out);
        struct span wrapped;

        assert_int_equal(ecb_wrap_key(*state, t, k, &w), 0);
        wrapped = wr_view(&w);
        assert_int_equal(wrapped.n, (sizes[i] / 16 + 1) * 16);
        assert_int_equal(ecb_unwrap_key(*state, t, KEY_RAW, wrapped, &got), 0);
        kat_key_is(got, span_of(RAW, sizes[i]));
        key_free(got);
        for (size_t n = 0; n < wrapped.n; n++)
            assert_int_not_equal(
                ecb_unwrap_key(*state, t, KEY_RAW, span_of(out, n), &got), 0);
        assert_int_equal(ecb_unwrap_key(*state, wrong, KEY_RAW, wrapped, &got), ERR_AUTH);
        assert_null(got);
        if (!allowed(KEY_AES, sizes[i]))
            assert_int_equal(ecb_unwrap_key(*state, t, KEY_AES, wrapped, &got), ERR_FORMAT);
        for (size_t room = 0; room < wrapped.n; room++) {
            w = wr_init(out, room);
            assert_int_equal(ecb_wrap_key(*state, t, k, &w), ERR_TOO_LARGE);
        }
        key_free(k);
    }
    key_free(t);
    key_free(wrong);
}

/* Last octets of a block that PKCS#7 does not know. */
static void test_transport_padding(void **state)
{
    static const uint8_t tails[][3] = {{1, 1, 0}, {2, 1, 2}, {1, 1, 17}, {0, 0, 255}, {9, 3, 3}};
    struct key *t = kat_key(KEY_AES, span_of(RAW, 16)), *got;

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        uint8_t block[16] = {0}, wrapped[16];

        memcpy(block + 13, tails[i], 3);
        assert_int_equal(aes_ecb_block(*state, t, block, wrapped), 0);
        assert_int_equal(ecb_unwrap_key(*state, t, KEY_RAW, span_of(wrapped, 16), &got), ERR_AUTH);
    }
    assert_int_equal(ecb_unwrap_key(*state, t, KEY_RAW, span_of(RAW, 17), &got), ERR_FORMAT);
    {
        struct key *des = kat_key(KEY_DES, span_of(RAW, 16));
        uint8_t out[32];
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(ecb_wrap_key(*state, des, t, &w), ERR_INVAL);
        assert_int_equal(ecb_unwrap_key(*state, des, KEY_RAW, span_of(RAW, 16), &got), ERR_INVAL);
        key_free(des);
    }
    key_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_random),    cmocka_unit_test(test_check_values),
        cmocka_unit_test(test_transport), cmocka_unit_test(test_transport_padding),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
