/* SPDX-License-Identifier: Apache-2.0 */
/* CBC and GCM: published answers (SP 800-38A F.2, the GCM paper), in place, lengths, every bit of a
 * sealed blob, and digests (FIPS 180-4) with their parts. */
#include "test/kat/kat.h"
#include "test/support/fake.h"

static const uint8_t BLOCK1[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
                                   0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};

static void test_cbc_known(void **state)
{
    static const uint8_t iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const struct {
        size_t n;
        uint8_t key[32], want[4];
    } cases[] = {
        {16,
         {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
          0x3c},
         {0x76, 0x49, 0xab, 0xac}},
        {24,
         {0x8e, 0x73, 0xb0, 0xf7, 0xda, 0x0e, 0x64, 0x52, 0xc8, 0x10, 0xf3, 0x2b,
          0x80, 0x90, 0x79, 0xe5, 0x62, 0xf8, 0xea, 0xd2, 0x52, 0x2c, 0x6b, 0x7b},
         {0x4f, 0x02, 0x1d, 0xb2}},
        {32,
         {0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae,
          0xf0, 0x85, 0x7d, 0x77, 0x81, 0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61,
          0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4},
         {0xf5, 0x8c, 0x4c, 0x04}},
    };

    for (size_t i = 0; i < 3; i++) {
        struct key *k = kat_key(KEY_AES, span_of(cases[i].key, cases[i].n));
        uint8_t out[16];

        assert_int_equal(cbc_encrypt(*state, k, iv, BLOCK1, 16, out), 0);
        assert_memory_equal(out, cases[i].want, 4);
        assert_int_equal(cbc_decrypt(*state, k, iv, out, 16, out), 0);
        assert_memory_equal(out, BLOCK1, 16);
        key_free(k);
    }
}

/* Two keys in turns: a context that is re-keyed keeps nothing of the last call. */
static void test_cbc_lengths(void **state)
{
    static uint8_t in[65536], a[65536], b[65536];
    uint8_t iv[16] = {9};
    struct key *k[2] = {kat_key(KEY_AES, span_of(in + 1, 16)),
                        kat_key(KEY_DES, span_of(BLOCK1, 16))};

    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (uint8_t)(i * 13);
    for (size_t n = 0; n <= 272; n++) {
        for (size_t j = 0; j < 2; j++) {
            int want = n % (j ? 8 : 16) ? ERR_INVAL : 0;

            assert_int_equal(cbc_encrypt(*state, k[j], iv, in, n, a), want);
            memcpy(b, in, n);
            assert_int_equal(cbc_encrypt(*state, k[j], iv, b, n, b), want);
            if (want)
                continue;
            assert_memory_equal(a, b, n);
            assert_int_equal(cbc_decrypt(*state, k[j], iv, b, n, b), 0);
            assert_memory_equal(b, in, n);
        }
    }
    assert_int_equal(cbc_encrypt(*state, k[0], iv, in, 65535, a), ERR_INVAL);
    assert_int_equal(cbc_encrypt(*state, k[0], iv, in, 65536, a), 0);
    assert_int_equal(cbc_decrypt(*state, k[0], iv, a, 65536, a), 0);
    assert_memory_equal(a, in, sizeof in);
    key_free(k[0]);
    key_free(k[1]);
}

static void test_wrong_type(void **state)
{
    struct key *raw = kat_key(KEY_RAW, span_of(BLOCK1, 16));
    struct key *des = kat_key(KEY_DES, span_of(BLOCK1, 16));
    struct key *aes = kat_key(KEY_AES, span_of(BLOCK1, 16));
    uint8_t out[64];
    struct writer w = wr_init(out, sizeof out);

    assert_int_equal(cbc_encrypt(*state, raw, BLOCK1, BLOCK1, 16, out), ERR_INVAL);
    assert_int_equal(cbc_decrypt(*state, raw, BLOCK1, BLOCK1, 16, out), ERR_INVAL);
    assert_int_equal(aes_ecb_block(*state, des, BLOCK1, out), ERR_INVAL);
    assert_int_equal(gcm_seal(*state, aes, span_of("", 0), span_of(BLOCK1, 16), &w), ERR_INVAL);
    assert_int_equal(gcm_open(*state, aes, span_of("", 0), span_of(out, 64), &w), ERR_INVAL);
    key_free(raw);
    key_free(des);
    key_free(aes);
}

/* Test case 14 of the GCM paper: zero key, nonce and block. */
static void test_gcm_known(void **state)
{
    static const uint8_t zero[32],
        want[] = {0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5,
                  0xd3, 0xba, 0xf3, 0x9d, 0x18, 0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99,
                  0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19};
    struct rng rng;
    struct crypto *c = crypto_new(&rng);
    struct key *k = kat_key(KEY_AES, span_of(zero, 32));
    uint8_t out[44];
    struct writer w = wr_init(out, sizeof out);

    (void)state;
    fake_rng_bytes(&rng, zero, 12);
    assert_int_equal(gcm_seal(c, k, span_of(NULL, 0), span_of(zero, 16), &w), 0);
    assert_int_equal(w.len, sizeof out);
    assert_memory_equal(out, zero, 12);
    assert_memory_equal(out + 12, want, sizeof want);
    key_free(k);
    crypto_free(c);
}

static void test_gcm_tampered(void **state)
{
    static const size_t lengths[] = {0, 1, 16, 126, 127, 128, 255, 256};
    struct key *k = kat_key(KEY_AES, span_of("0123456789abcdef0123456789abcdef", 32));
    struct span aad = span_of("place", 5);
    uint8_t plain[256] = {5}, out[300], got[256];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i];
        struct writer w = wr_init(out, sizeof out), g = wr_init(got, sizeof got);

        assert_int_equal(gcm_seal(*state, k, aad, span_of(plain, n), &w), 0);
        assert_int_equal(w.len, n + 28);
        assert_int_equal(gcm_open(*state, k, aad, wr_view(&w), &g), 0);
        kat_same(span_of(got, g.len), span_of(plain, n));
        g.len = 0;
        for (size_t bit = 0; bit < 8 * w.len; bit++) {
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
            memset(got, 0xEE, sizeof got);
            assert_int_equal(gcm_open(*state, k, aad, wr_view(&w), &g), ERR_AUTH);
            assert_int_equal(g.len, 0);
            for (size_t j = 0; j < n; j++)
                assert_int_equal(got[j], 0);
            out[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        for (size_t cut = 0; cut < w.len; cut++)
            assert_int_equal(gcm_open(*state, k, aad, span_of(out, cut), &g),
                             cut < 28 ? ERR_TRUNCATED : ERR_AUTH);
        assert_int_equal(gcm_open(*state, k, span_of("plac", 4), wr_view(&w), &g), ERR_AUTH);
    }
    key_free(k);
}

static void test_gcm_room(void **state)
{
    struct key *k = kat_key(KEY_RAW, span_of("0123456789abcdef0123456789abcdef", 32));
    uint8_t plain[20] = {0}, out[48], got[20];
    struct writer w;

    for (size_t room = 0; room < 48; room++) {
        w = wr_init(out, room);
        assert_int_equal(gcm_seal(*state, k, span_of("", 0), span_of(plain, 20), &w),
                         ERR_TOO_LARGE);
    }
    w = wr_init(out, 48);
    assert_int_equal(gcm_seal(*state, k, span_of("", 0), span_of(plain, 20), &w), 0);
    for (size_t room = 0; room < 20; room++) {
        struct writer g = wr_init(got, room);

        assert_int_equal(gcm_open(*state, k, span_of("", 0), wr_view(&w), &g), ERR_TOO_LARGE);
    }
    key_free(k);
}

static void test_digests(void **state)
{
    struct span abc[] = {span_of("a", 1), span_of(NULL, 0), span_of("bc", 2)};
    uint8_t out[32];

    sha256(*state, abc, 3, out);
    assert_memory_equal(out, "\xba\x78\x16\xbf\x8f\x01\xcf\xea", 8);
    sha256(*state, NULL, 0, out);
    assert_memory_equal(out, "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14", 8);
    sha1(*state, span_of("abc", 3), out);
    assert_memory_equal(out, "\xa9\x99\x3e\x36\x47\x06\x81\x6a", 8);
}

static void test_random_port(void **state)
{
    struct rng rng;
    struct crypto *c = crypto_new(&rng);
    uint8_t a[8], b[10000] = {0};
    bool any = false;

    fake_rng_bytes(&rng, BLOCK1, 8);
    crypto_random(c, a, 8);
    assert_memory_equal(a, BLOCK1, 8);
    crypto_free(c);
    crypto_random(*state, b, sizeof b);      /* no port: the library's generator, in steps */
    for (size_t i = sizeof b - 64; i < sizeof b; i++)
        any |= b[i] != 0;
    assert_true(any);
    crypto_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cbc_known),    cmocka_unit_test(test_cbc_lengths),
        cmocka_unit_test(test_wrong_type),   cmocka_unit_test(test_gcm_known),
        cmocka_unit_test(test_gcm_tampered), cmocka_unit_test(test_gcm_room),
        cmocka_unit_test(test_digests),      cmocka_unit_test(test_random_port),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
