/* SPDX-License-Identifier: Apache-2.0 */
/* The control reference template as nobody should send it, and what both ends of a key
 * establishment must agree on. */
#include "common/crypto/ecka.h"

#include "test/kat/kat.h"

static const struct span NONE = {NULL, 0};
static const uint8_t CRT[] = {0xA6, 0x15, 0x90, 0x02, 0x03, 0x09, 0x95, 0x01,
                              0x10, 0x80, 0x01, 0x88, 0x81, 0x01, 0x10, 0x82,
                              0x01, 0x01, 0x83, 0x01, 0x30, 0x91, 0x00};
static const struct ecka_crt PLAIN = {0x09, 0x10, 0x88, 0x10, 0x01, 0x30};

static void test_crt(void **state)
{
    struct ecka_crt crt;
    uint8_t out[32];
    struct writer w = wr_init(out, sizeof out);

    (void)state;
    assert_int_equal(ecka_crt_parse(span_of(CRT, sizeof CRT), &crt), 0);
    assert_memory_equal(&crt, &PLAIN, sizeof crt);
    ecka_crt_put(&w, &crt);
    kat_same(wr_view(&w), span_of(CRT, sizeof CRT));
    w = wr_init(out, sizeof CRT - 1);
    ecka_crt_put(&w, &crt);
    assert_true(w.failed);
}

/* Tags and lengths all matter; the values are the caller's. */
static void test_crt_tampered(void **state)
{
    static const uint8_t values[] = {5, 8, 11, 14, 17, 20};
    uint8_t bad[sizeof CRT];
    struct ecka_crt crt;

    (void)state;
    for (size_t i = 0; i < sizeof CRT; i++) {
        bool value = memchr(values, (int)i, sizeof values) != NULL;

        memcpy(bad, CRT, sizeof CRT);
        bad[i] ^= 0x04;
        if (value)
            assert_int_equal(ecka_crt_parse(span_of(bad, sizeof bad), &crt), 0);
        else
            assert_int_not_equal(ecka_crt_parse(span_of(bad, sizeof bad), &crt), 0);
    }
    for (size_t n = 0; n < sizeof CRT; n++)
        assert_int_not_equal(ecka_crt_parse(span_of(CRT, n), &crt), 0);
}

static void test_crt_variants(void **state)
{
    static const struct {
        const char *body;
        size_t n;
        int err;
    } cases[] = {
        /* 96 after 95 is allowed, elsewhere or twice it is not */
        {"\x90\x02\x03\x09\x95\x01\x10\x96\x01\x02\x80\x01\x88\x81\x01\x10"
         "\x82\x01\x01\x83\x01\x30\x91\x00",
         24, 0},
        {"\x90\x02\x03\x09\x96\x01\x02\x95\x01\x10\x80\x01\x88\x81\x01\x10"
         "\x82\x01\x01\x83\x01\x30\x91\x00",
         24, ERR_FORMAT},
        {"\x90\x02\x03\x09\x95\x01\x10\x96\x02\x02\x02\x80\x01\x88\x81\x01"
         "\x10\x82\x01\x01\x83\x01\x30\x91\x00",
         25, ERR_FORMAT},
        /* an initial counter, a scenario of another number, a missing 91, something behind */
        {"\x90\x02\x03\x09\x95\x01\x10\x80\x01\x88\x81\x01\x10\x82\x01\x01"
         "\x83\x01\x30\x91\x01\x05",
         22, ERR_FORMAT},
        {"\x90\x02\x04\x09\x95\x01\x10\x80\x01\x88\x81\x01\x10\x82\x01\x01"
         "\x83\x01\x30\x91\x00",
         21, ERR_UNSUPPORTED},
        {"\x90\x02\x03\x09\x95\x01\x10\x80\x01\x88\x81\x01\x10\x82\x01\x01"
         "\x83\x01\x30",
         19, ERR_FORMAT},
        {"\x90\x02\x03\x09\x95\x01\x10\x80\x01\x88\x81\x01\x10\x82\x01\x01"
         "\x83\x01\x30\x91\x00\x91\x00",
         23, ERR_FORMAT},
        {"", 0, ERR_FORMAT},
    };
    uint8_t raw[40];
    struct ecka_crt crt;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer w = wr_init(raw, sizeof raw);

        wr_u8(&w, 0xA6);
        wr_u8(&w, (uint8_t)cases[i].n);
        wr_bytes(&w, cases[i].body, cases[i].n);
        assert_int_equal(ecka_crt_parse(wr_view(&w), &crt), cases[i].err);
    }
}

static void derive(struct crypto *c, const struct ecka_crt *crt, struct span dr, struct span extra,
                   int want)
{
    struct key *a, *b;
    uint8_t pa[EC_POINT_LEN], pb[EC_POINT_LEN], one[16], two[16];
    struct ecka_keys ka, kb;

    assert_int_equal(ec_generate(c, CURVE_P256, &a, pa), 0);
    assert_int_equal(ec_generate(c, CURVE_P256, &b, pb), 0);
    assert_int_equal(ecka_derive(c, a, span_of(pb, sizeof pb), crt, dr, extra, &ka), want);
    assert_int_equal(ecka_derive(c, b, span_of(pa, sizeof pa), crt, dr, extra, &kb), want);
    if (want) {
        assert_null(ka.receipt);
    } else {
        assert_int_equal(ecka_receipt(c, &ka, span_of(CRT, sizeof CRT), dr, one), 0);
        assert_int_equal(ecka_receipt(c, &kb, span_of(CRT, sizeof CRT), dr, two), 0);
        assert_memory_equal(one, two, sizeof one);
        assert_int_equal(ecka_receipt(c, &kb, span_of(CRT, sizeof CRT - 1), dr, two), 0);
        assert_memory_not_equal(one, two, sizeof one);
        assert_int_equal(ka.mac != NULL, crt->usage == 0x10);
    }
    ecka_keys_free(&ka);
    ecka_keys_free(&kb);
    key_free(a);
    key_free(b);
}

static void test_derive(void **state)
{
    static const uint8_t big[65535];
    struct span dr = span_of("0123456789abcdef", 16), host = span_of("\x03" "abc", 4);
    struct ecka_crt crt = PLAIN;

    derive(*state, &crt, NONE, NONE, 0);
    derive(*state, &crt, dr, NONE, ERR_FORMAT);
    derive(*state, &crt, NONE, host, ERR_FORMAT);
    crt.scenario = 0x0B;
    derive(*state, &crt, dr, NONE, 0);
    derive(*state, &crt, NONE, NONE, ERR_FORMAT);
    derive(*state, &crt, span_of(big, 253), NONE, 0);
    derive(*state, &crt, span_of(big, 254), NONE, ERR_TOO_LARGE);
    derive(*state, &crt, span_of(big, sizeof big), NONE, ERR_TOO_LARGE);
    crt.scenario = 0x0F;
    derive(*state, &crt, dr, host, 0);
    derive(*state, &crt, dr, NONE, ERR_FORMAT);
}

static void test_derive_kinds(void **state)
{
    static const struct {
        uint8_t usage, type, len;
        int err;
    } cases[] = {
        {0x5C, 0x88, 0x10, 0},
        {0x5C, 0x85, 0x10, 0},
        {0x10, 0x85, 0x10, ERR_UNSUPPORTED},
        {0x10, 0x80, 0x10, ERR_UNSUPPORTED},
        {0x10, 0x88, 0x20, ERR_UNSUPPORTED},
        {0x10, 0x88, 0x00, ERR_UNSUPPORTED},
        {0x11, 0x88, 0x10, ERR_UNSUPPORTED},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ecka_crt crt = {0x09, cases[i].usage, cases[i].type, cases[i].len, 1, 0x30};

        derive(*state, &crt, NONE, NONE, cases[i].err);
    }
}

static void test_bad_peer(void **state)
{
    uint8_t point[EC_POINT_LEN];
    struct ecka_keys keys;
    struct key *k;

    assert_int_equal(ec_generate(*state, CURVE_P256, &k, point), 0);
    point[40] ^= 1;
    assert_int_equal(
        ecka_derive(*state, k, span_of(point, sizeof point), &PLAIN, NONE, NONE, &keys),
        ERR_FORMAT);
    assert_null(keys.enc);
    key_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crt),          cmocka_unit_test(test_crt_tampered),
        cmocka_unit_test(test_crt_variants), cmocka_unit_test(test_derive),
        cmocka_unit_test(test_derive_kinds), cmocka_unit_test(test_bad_peer),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
