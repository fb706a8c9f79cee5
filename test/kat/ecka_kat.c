/* SPDX-License-Identifier: Apache-2.0 */
/* Key establishment: real agreements with their receipts, real signatures, ECDH on the three
 * curves, generated sets with and without DR, and the complete run of SGP.02 on one card. */
#include "common/crypto/ecka.h"

#include "common/crypto/kdf.h"
#include "test/kat/kat.h"

static const struct span NONE = {NULL, 0};

static struct key *private_key(struct crypto *c, enum curve curve, struct span d)
{
    struct key *k = NULL;

    assert_int_equal(ec_private(c, curve, d, &k), 0);
    return k;
}

/* Vectors give some points without the leading 04. */
static struct span point_of(struct span s, uint8_t out[EC_POINT_LEN])
{
    assert_true(s.n == EC_POINT_LEN || s.n == EC_POINT_LEN - 1);
    out[0] = 0x04;
    memcpy(out + EC_POINT_LEN - 64, s.p + (s.n - 64), 64);
    return span_of(out, EC_POINT_LEN);
}

static void point_is(struct crypto *c, const struct key *k, struct span want)
{
    uint8_t got[EC_POINT_LEN];

    assert_int_equal(ec_point(c, k, got), 0);
    kat_same(span_of(got, sizeof got), want);
}

struct agreement {
    struct span d, peer, z, crt, dr, receipt_key, enc, mac, dek, receipt;
};

static void check_agreement(struct crypto *c, const struct agreement *a)
{
    struct key *k = private_key(c, CURVE_P256, a->d);
    struct ecka_crt crt;
    struct ecka_keys keys;
    uint8_t z[32], receipt[16], raw[64];
    struct writer w = wr_init(raw, sizeof raw);

    assert_int_equal(ec_dh(c, k, a->peer, z), 0);
    kat_same(span_of(z, sizeof z), a->z);
    assert_int_equal(ecka_crt_parse(a->crt, &crt), 0);
    ecka_crt_put(&w, &crt);
    kat_same(wr_view(&w), a->crt);
    assert_int_equal(ecka_derive(c, k, a->peer, &crt, a->dr, NONE, &keys), 0);
    kat_key_is(keys.receipt, a->receipt_key);
    kat_key_is(keys.enc, a->enc);
    kat_key_is(keys.mac, a->mac);
    kat_key_is(keys.dek, a->dek);
    assert_int_equal(ecka_receipt(c, &keys, a->crt, a->dr, receipt), 0);
    kat_same(span_of(receipt, sizeof receipt), a->receipt);
    ecka_keys_free(&keys);
    key_free(k);
}

static void test_real_receipts(void **state)
{
    struct vec *v = vec_open("key_agreement");
    int n = 0;

    for (; kat_next(v, "ecka_receipt_real"); n++) {
        struct agreement a = {
            vec_get(v, "eSK_DP"), vec_get(v, "PK_ECASD_ECKA"), vec_get(v, "ZAB"),
            vec_get(v, "receipt_input"), NONE, vec_get(v, "receiptKey"), vec_get(v, "ENC"),
            vec_get(v, "MAC"), vec_get(v, "DEK"), vec_get(v, "receipt_from_euicc")};
        struct key *k = private_key(*state, CURVE_P256, a.d);

        point_is(*state, k, vec_get(v, "ePK_DP"));
        key_free(k);
        check_agreement(*state, &a);
    }
    assert_int_equal(n, 6);
    vec_close(v);
}

static void test_generated_receipts(void **state)
{
    struct vec *v = vec_open("key_agreement");
    int n = 0, with_dr = 0;

    for (; kat_next(v, "ecka_receipt_generated"); n++) {
        struct agreement a = {vec_get(v, "d_ephemeral"), vec_get(v, "Q_ecasd"), vec_get(v, "Z"),
                              vec_get(v, "crt"), vec_get(v, "DR"), vec_get(v, "receiptKey"),
                              vec_get(v, "ENC"), vec_get(v, "MAC"), vec_get(v, "DEK"),
                              vec_get(v, "receipt")};

        check_agreement(*state, &a);
        a.d = vec_get(v, "d_ecasd");             /* the card's side of the same agreement */
        a.peer = vec_get(v, "Q_ephemeral");
        check_agreement(*state, &a);
        with_dr += a.dr.n > 0;
    }
    assert_int_equal(n, 2);
    assert_int_equal(with_dr, 1);
    vec_close(v);
}

static void test_real_signatures(void **state)
{
    struct vec *v = vec_open("key_agreement");
    int n = 0;

    for (; kat_next(v, "signatures_real"); n++) {
        struct span data = vec_get(v, "signed_data"), sig = vec_get(v, "signature");
        struct span parts[] = {span_of(data.p, 5), span_of(data.p + 5, data.n - 5)};
        uint8_t bad[EC_SIG_LEN];

        assert_int_equal(ec_verify(*state, CURVE_P256, vec_get(v, "public_key"), parts, 2, sig),
                         0);
        memcpy(bad, sig.p, sizeof bad);
        bad[63] ^= 1;
        assert_int_equal(ec_verify(*state, CURVE_P256, vec_get(v, "public_key"), parts, 2,
                                   span_of(bad, sizeof bad)),
                         ERR_AUTH);
    }
    assert_int_equal(n, 4);
    vec_close(v);
}

static void test_ecdh(void **state)
{
    struct vec *v = vec_open("key_agreement");
    int n = 0;

    for (; kat_next(v, "ecdh"); n++) {
        bool p256 = strcmp(vec_text(v, "curve"), "P-256") == 0;
        enum curve curve = p256 ? CURVE_P256 : CURVE_BRAINPOOLP256R1;
        struct key *a = private_key(*state, curve, vec_get(v, "dA"));
        struct key *b = private_key(*state, curve, vec_get(v, "dB"));
        uint8_t qa[EC_POINT_LEN], qb[EC_POINT_LEN], z[32];

        point_is(*state, a, point_of(vec_get(v, "QA"), qa));
        point_is(*state, b, point_of(vec_get(v, "QB"), qb));
        assert_int_equal(ec_dh(*state, a, span_of(qb, sizeof qb), z), 0);
        kat_same(span_of(z, sizeof z), vec_get(v, "Z"));
        assert_int_equal(ec_dh(*state, b, span_of(qa, sizeof qa), z), 0);
        kat_same(span_of(z, sizeof z), vec_get(v, "Z"));
        key_free(a);
        key_free(b);
    }
    assert_int_equal(n, 2);
    vec_close(v);
}

/* The generator is 1*G, (n-1)*G its mirror, and n itself is no scalar: so the parameters are
 * those. */
static void test_frp256v1(void **state)
{
    struct vec *v = vec_open("key_agreement");
    uint8_t one[32] = {0}, last[32], gx[32], got[EC_POINT_LEN], z[32];
    struct key *k, *end;

    assert_true(kat_next(v, "frp256v1"));
    one[31] = 1;
    memcpy(last, vec_get(v, "n").p, sizeof last);
    assert_int_equal(ec_private(*state, CURVE_FRP256V1, span_of(last, sizeof last), &k),
                     ERR_FORMAT);
    last[31]--;
    k = private_key(*state, CURVE_FRP256V1, span_of(one, sizeof one));
    end = private_key(*state, CURVE_FRP256V1, span_of(last, sizeof last));
    assert_int_equal(ec_point(*state, k, got), 0);
    kat_same(span_of(got + 1, 32), vec_get(v, "Gx"));
    kat_same(span_of(got + 33, 32), vec_get(v, "Gy"));
    assert_int_equal(ec_dh(*state, end, span_of(got, sizeof got), z), 0);
    memcpy(gx, vec_get(v, "Gx").p, sizeof gx);
    assert_memory_equal(z, gx, sizeof z);
    key_free(k);
    key_free(end);
    vec_close(v);
}

/* One complete run: certificate by the CI, 3A02 by the SM-DP, both derivations, receipt. */
static void test_sgp02_run(void **state)
{
    struct vec *v = vec_open("sgp02");
    uint8_t point[EC_POINT_LEN], sig[EC_SIG_LEN], out[64];
    struct key *ci, *dp;
    struct span tbs, signed_2;
    struct agreement a;

    assert_true(kat_next(v, "es8_key_establishment"));
    ci = private_key(*state, CURVE_P256, vec_get(v, "sk_ci"));
    dp = private_key(*state, CURVE_P256, vec_get(v, "sk_dp"));
    tbs = vec_get(v, "cert_tbs");
    signed_2 = vec_get(v, "signed_data_2");
    assert_int_equal(ec_point(*state, ci, point), 0);
    assert_int_equal(ec_verify(*state, CURVE_P256, span_of(point, sizeof point), &tbs, 1,
                               vec_get(v, "cert_sig")),
                     0);
    point_is(*state, dp, vec_get(v, "pk_dp"));
    assert_int_equal(ec_verify(*state, CURVE_P256, vec_get(v, "pk_dp"), &signed_2, 1,
                               vec_get(v, "sig_2")),
                     0);
    assert_int_equal(ec_sign(*state, dp, &signed_2, 1, sig), 0);
    assert_int_equal(ec_verify(*state, CURVE_P256, vec_get(v, "pk_dp"), &signed_2, 1,
                               span_of(sig, sizeof sig)),
                     0);
    assert_int_equal(kdf_x963(*state, vec_get(v, "shared_secret"), vec_get(v, "shared_info"), out,
                              sizeof out),
                     0);
    kat_same(span_of(out, 16), vec_get(v, "receipt_key"));
    a = (struct agreement){vec_get(v, "esk_dp"), vec_get(v, "pk_ecasd"),
                           vec_get(v, "shared_secret"), vec_get(v, "crt"), NONE,
                           vec_get(v, "receipt_key"), vec_get(v, "key_enc"),
                           vec_get(v, "key_mac"), vec_get(v, "key_dek"), vec_get(v, "receipt")};
    check_agreement(*state, &a);
    key_free(ci);
    key_free(dp);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_receipts),   cmocka_unit_test(test_generated_receipts),
        cmocka_unit_test(test_real_signatures), cmocka_unit_test(test_ecdh),
        cmocka_unit_test(test_frp256v1),        cmocka_unit_test(test_sgp02_run),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
