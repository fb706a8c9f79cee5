/* SPDX-License-Identifier: Apache-2.0 */
/* Curves: round trips on all three, points and scalars that must be refused, the bounded cache, and
 * that a replaced random source is the only one (the simulator repeats a world from its seed). */
#define OPENSSL_SUPPRESS_DEPRECATED     /* RAND_set_rand_method is what the simulator uses */
#include "common/crypto/ecka.h"

#include "common/crypto/ossl.h"
#include "test/kat/kat.h"

#include <openssl/rand.h>

static const enum curve CURVES[] = {CURVE_P256, CURVE_BRAINPOOLP256R1, CURVE_FRP256V1};
static const struct span MESSAGE = {(const uint8_t *)"message", 7};

static void test_agree_and_sign(void **state)
{
    uint8_t pa[EC_POINT_LEN], pb[EC_POINT_LEN], again[EC_POINT_LEN], za[32], zb[32],
        sig[EC_SIG_LEN], d[64];
    struct key *a, *b, *copy;
    size_t n;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ec_generate(*state, CURVES[i], &a, pa), 0);
        assert_int_equal(ec_generate(*state, CURVES[i], &b, pb), 0);
        assert_int_equal(key_get_type(a), KEY_EC_PRIVATE);
        assert_int_equal(key_export_raw(a, d, sizeof d, &n), 0);
        assert_int_equal(ec_private(*state, CURVES[i], span_of(d, n), &copy), 0);
        assert_int_equal(ec_point(*state, copy, again), 0);
        assert_memory_equal(again, pa, sizeof pa);
        assert_int_equal(ec_dh(*state, copy, span_of(pb, sizeof pb), za), 0);
        assert_int_equal(ec_dh(*state, b, span_of(pa, sizeof pa), zb), 0);
        assert_memory_equal(za, zb, sizeof za);
        assert_int_equal(ec_sign(*state, copy, &MESSAGE, 1, sig), 0);
        assert_int_equal(ec_verify(*state, CURVES[i], span_of(pa, sizeof pa), &MESSAGE, 1,
                                   span_of(sig, sizeof sig)),
                         0);
        assert_int_equal(ec_verify(*state, CURVES[i], span_of(pb, sizeof pb), &MESSAGE, 1,
                                   span_of(sig, sizeof sig)),
                         ERR_AUTH);
        key_free(a);
        key_free(b);
        key_free(copy);
    }
}

static void test_bad_signatures(void **state)
{
    uint8_t point[EC_POINT_LEN], sig[EC_SIG_LEN], bad[EC_SIG_LEN + 1] = {0};
    struct span other = span_of("messagf", 7), p = span_of(point, sizeof point);
    struct key *k;

    assert_int_equal(ec_generate(*state, CURVE_P256, &k, point), 0);
    assert_int_equal(ec_sign(*state, k, &MESSAGE, 1, sig), 0);
    for (size_t i = 0; i < EC_SIG_LEN; i++) {
        memcpy(bad, sig, sizeof sig);
        bad[i] ^= 0x80;
        assert_int_equal(
            ec_verify(*state, CURVE_P256, p, &MESSAGE, 1, span_of(bad, EC_SIG_LEN)), ERR_AUTH);
    }
    memset(bad, 0, sizeof bad);
    for (size_t n = 0; n <= sizeof bad; n++)
        assert_int_equal(ec_verify(*state, CURVE_P256, p, &MESSAGE, 1, span_of(bad, n)), ERR_AUTH);
    memset(bad, 0xFF, sizeof bad);
    assert_int_equal(ec_verify(*state, CURVE_P256, p, &MESSAGE, 1, span_of(bad, EC_SIG_LEN)),
                     ERR_AUTH);
    memcpy(bad, sig + 32, 32);
    memcpy(bad + 32, sig, 32);
    assert_int_equal(ec_verify(*state, CURVE_P256, p, &MESSAGE, 1, span_of(bad, EC_SIG_LEN)),
                     ERR_AUTH);
    assert_int_equal(ec_verify(*state, CURVE_P256, p, &other, 1, span_of(sig, sizeof sig)),
                     ERR_AUTH);
    assert_int_equal(ec_verify(*state, CURVE_P256, p, &MESSAGE, 0, span_of(sig, sizeof sig)),
                     ERR_AUTH);
    key_free(k);
}

static void expect_point(struct crypto *c, const struct key *k, enum curve curve, struct span p,
                         int want)
{
    uint8_t z[32], sig[EC_SIG_LEN] = {1};

    assert_int_equal(ec_verify(c, curve, p, &MESSAGE, 1, span_of(sig, sizeof sig)), want);
    assert_int_equal(ec_dh(c, k, p, z), want);
}

static void test_bad_points(void **state)
{
    uint8_t point[EC_POINT_LEN], bad[EC_POINT_LEN + 1];

    for (size_t i = 0; i < 3; i++) {
        struct key *k;

        assert_int_equal(ec_generate(*state, CURVES[i], &k, point), 0);
        for (size_t at = 0; at < EC_POINT_LEN; at++) {
            memcpy(bad, point, sizeof point);
            bad[at] ^= 0x01;         /* off the curve, or not of the form 04 */
            expect_point(*state, k, CURVES[i], span_of(bad, EC_POINT_LEN), ERR_FORMAT);
        }
        memcpy(bad, point, sizeof point);
        for (size_t n = 0; n < EC_POINT_LEN; n++)
            expect_point(*state, k, CURVES[i], span_of(bad, n), ERR_FORMAT);
        expect_point(*state, k, CURVES[i], span_of(bad, EC_POINT_LEN + 1), ERR_FORMAT);
        bad[0] = 0x02;
        expect_point(*state, k, CURVES[i], span_of(bad, 33), ERR_FORMAT);
        bad[0] = 0x00;
        expect_point(*state, k, CURVES[i], span_of(bad, 1), ERR_FORMAT);
        memset(bad, 0, sizeof bad);
        bad[0] = 0x04;
        expect_point(*state, k, CURVES[i], span_of(bad, EC_POINT_LEN), ERR_FORMAT);
        memset(bad + 1, 0xFF, 64);   /* coordinates not below p */
        expect_point(*state, k, CURVES[i], span_of(bad, EC_POINT_LEN), ERR_FORMAT);
        key_free(k);
    }
}

/* A point of one curve is none of another. */
static void test_curves_do_not_mix(void **state)
{
    uint8_t point[EC_POINT_LEN], sig[EC_SIG_LEN] = {1};
    struct key *k;

    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(ec_generate(*state, CURVES[i], &k, point), 0);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(ec_verify(*state, CURVES[j], span_of(point, sizeof point), &MESSAGE,
                                       1, span_of(sig, sizeof sig)),
                             i == j ? ERR_AUTH : ERR_FORMAT);
        key_free(k);
    }
    assert_int_equal(ec_generate(*state, (enum curve)0x01, &k, point), ERR_UNSUPPORTED);
    assert_null(k);
}

static void test_bad_scalars(void **state)
{
    static const uint8_t p256_n[32] = {0xFF, 0xFF, 0xFF, 0xFF, 0,    0,    0,    0,
                                       0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84,
                                       0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
    uint8_t d[33] = {0};
    struct key *k;

    for (size_t i = 0; i < 3; i++) {
        memset(d, 0, sizeof d);
        assert_int_equal(ec_private(*state, CURVES[i], span_of(d, 32), &k), ERR_FORMAT);
        memset(d, 0xFF, sizeof d);
        assert_int_equal(ec_private(*state, CURVES[i], span_of(d, 32), &k), ERR_FORMAT);
        assert_int_equal(ec_private(*state, CURVES[i], span_of(d, 31), &k), ERR_FORMAT);
        assert_int_equal(ec_private(*state, CURVES[i], span_of(d, 33), &k), ERR_FORMAT);
        assert_null(k);
    }
    memcpy(d, p256_n, 32);
    assert_int_equal(ec_private(*state, CURVE_P256, span_of(d, 32), &k), ERR_FORMAT);
    d[31]--;
    assert_int_equal(ec_private(*state, CURVE_P256, span_of(d, 32), &k), 0);
    key_free(k);
}

static void test_wrong_key_type(void **state)
{
    uint8_t raw[32] = {1}, out[EC_POINT_LEN], point[EC_POINT_LEN];
    struct key *aes = kat_key(KEY_AES, span_of(raw, 32)), *k;

    assert_int_equal(ec_generate(*state, CURVE_P256, &k, point), 0);
    assert_int_equal(ec_sign(*state, aes, &MESSAGE, 1, out), ERR_INVAL);
    assert_int_equal(ec_point(*state, aes, out), ERR_INVAL);
    assert_int_equal(ec_dh(*state, aes, span_of(point, sizeof point), out), ERR_INVAL);
    key_free(aes);
    key_free(k);
}

/* More keys than the cache holds, each used again after it went. */
static void test_cache_is_bounded(void **state)
{
    enum { KEYS = 150 };
    static uint8_t point[KEYS][EC_POINT_LEN], sig[KEYS][EC_SIG_LEN];
    struct key *k;

    for (size_t i = 0; i < KEYS; i++) {
        assert_int_equal(ec_generate(*state, CURVE_P256, &k, point[i]), 0);
        assert_int_equal(ec_sign(*state, k, &MESSAGE, 1, sig[i]), 0);
        key_free(k);
    }
    for (size_t i = 0; i < 2 * KEYS; i++) {
        size_t a = i % KEYS, b = (i + 1) % KEYS;

        assert_int_equal(ec_verify(*state, CURVE_P256, span_of(point[a], EC_POINT_LEN), &MESSAGE,
                                   1, span_of(sig[a], EC_SIG_LEN)),
                         0);
        assert_int_equal(ec_verify(*state, CURVE_P256, span_of(point[a], EC_POINT_LEN), &MESSAGE,
                                   1, span_of(sig[b], EC_SIG_LEN)),
                         ERR_AUTH);
    }
}

static struct rng world_rng;

static int world_bytes(unsigned char *p, int n)
{
    rng_fill(&world_rng, p, (size_t)n);
    return 1;
}

static int world_status(void)
{
    return 1;
}

/* Everything a key establishment draws, from one seed. */
static void draw(uint8_t out[3][EC_POINT_LEN + EC_SIG_LEN + 32], uint64_t seed)
{
    struct crypto *c;

    rng_init_seeded(&world_rng, seed);
    c = crypto_new(&world_rng);
    assert_non_null(c);
    for (size_t i = 0; i < 3; i++) {
        struct key *k;

        assert_int_equal(ec_generate(c, CURVES[i], &k, out[i]), 0);
        assert_int_equal(ec_sign(c, k, &MESSAGE, 1, out[i] + EC_POINT_LEN), 0);
        assert_int_equal(ec_dh(c, k, span_of(out[i], EC_POINT_LEN),
                               out[i] + EC_POINT_LEN + EC_SIG_LEN),
                         0);
        crypto_random(c, out[i] + EC_POINT_LEN + EC_SIG_LEN, 16);
        key_free(k);
    }
    crypto_free(c);
}

static void test_repeats_from_a_seed(void **state)
{
    static const RAND_METHOD method = {.bytes = world_bytes, .pseudorand = world_bytes,
                                       .status = world_status};
    static uint8_t one[3][EC_POINT_LEN + EC_SIG_LEN + 32], two[3][EC_POINT_LEN + EC_SIG_LEN + 32];
    const RAND_METHOD *before = RAND_get_rand_method();

    (void)state;
    assert_int_equal(RAND_set_rand_method(&method), 1);
    draw(one, 11);
    draw(two, 11);
    assert_memory_equal(one, two, sizeof one);
    draw(two, 12);
    for (size_t i = 0; i < 3; i++)
        assert_memory_not_equal(one[i], two[i], sizeof one[i]);
    assert_int_equal(RAND_set_rand_method(before), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agree_and_sign),    cmocka_unit_test(test_bad_signatures),
        cmocka_unit_test(test_bad_points),        cmocka_unit_test(test_curves_do_not_mix),
        cmocka_unit_test(test_bad_scalars),       cmocka_unit_test(test_wrong_key_type),
        cmocka_unit_test(test_cache_is_bounded),  cmocka_unit_test(test_repeats_from_a_seed),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
