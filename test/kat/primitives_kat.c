/* SPDX-License-Identifier: Apache-2.0 */
/* CMAC (RFC 4493, SP 800-38B), X9.63 and SP 800-108 derivation, the checksums of TS 102 225. */
#include "test/kat/kat.h"

#include "common/codec/packet.h"
#include "common/crypto/cmac.h"
#include "common/crypto/kdf.h"

static void check_cmac(struct crypto *c, const char *block)
{
    struct vec *v = vec_open("primitives");
    int n = 0;

    for (; kat_next(v, block); n++) {
        struct key *k = kat_key(KEY_AES, vec_get(v, "key"));
        struct span msg = vec_get(v, "msg");
        size_t cut = msg.n / 3;
        struct span parts[] = {span_of(msg.p, cut), span_of(msg.p, 0),
                               span_of(msg.p + cut, msg.n - cut)};
        uint8_t mac[16];

        assert_int_equal(cmac(c, k, &msg, 1, mac), 0);
        kat_same(span_of(mac, sizeof mac), vec_get(v, "tag"));
        memset(mac, 0, sizeof mac);
        assert_int_equal(cmac(c, k, parts, 3, mac), 0);
        kat_same(span_of(mac, sizeof mac), vec_get(v, "tag"));
        key_free(k);
    }
    assert_int_equal(n, 4);
    vec_close(v);
}

static void test_cmac(void **state)
{
    check_cmac(*state, "rfc4493_aes128_cmac");
    check_cmac(*state, "cmac_aes192");
    check_cmac(*state, "cmac_aes256");
}

static void test_x963(void **state)
{
    struct vec *v = vec_open("primitives");
    uint8_t out[256];
    int n = 0;

    for (; kat_next(v, "x963_kdf_sha256"); n++) {
        struct span want = vec_get(v, "key_data");

        assert_in_range(want.n, 1, sizeof out);
        assert_int_equal(kdf_x963(*state, vec_get(v, "Z"), vec_get(v, "SharedInfo"), out, want.n),
                         0);
        kat_same(span_of(out, want.n), want);
    }
    assert_int_equal(n, 20);
    vec_close(v);
}

static void test_sp800_108(void **state)
{
    struct vec *v = vec_open("primitives");
    uint8_t out[64];
    int n = 0;

    for (; kat_next(v, "sp800_108_ctr_cmac_middle_fixed_r8"); n++) {
        struct key *k = kat_key(KEY_AES, vec_get(v, "KI"));
        struct span want = vec_get(v, "KO");

        assert_int_equal(want.n, vec_uint(v, "L_bits") / 8);
        assert_int_equal(kdf_sp800_108(*state, k, vec_get(v, "before_counter"),
                                       vec_get(v, "after_counter"), out, want.n),
                         0);
        kat_same(span_of(out, want.n), want);
        key_free(k);
    }
    assert_int_equal(n, 30);
    vec_close(v);
}

static void test_crc(void **state)
{
    struct vec *v = vec_open("primitives");
    int n = 0;

    (void)state;
    for (; kat_next(v, "crc"); n++) {
        struct span crc = vec_get(v, "crc"), msg = vec_get(v, "msg");

        assert_int_equal(crc.n == 4 ? packet_crc32(msg) : packet_crc16(msg), kat_num(crc));
    }
    assert_int_equal(n, 2);
    vec_close(v);
}

static void test_delete_token(void **state)
{
    struct vec *v = vec_open("sgp02");
    uint8_t mac[16];
    struct key *k;
    struct span in;

    assert_true(kat_next(v, "delete_token"));
    k = kat_key(KEY_AES, vec_get(v, "key"));
    in = vec_get(v, "input");
    assert_int_equal(cmac(*state, k, &in, 1, mac), 0);
    kat_same(span_of(mac, sizeof mac), vec_get(v, "token"));
    key_free(k);
    vec_close(v);
}

static void test_kcv(void **state)
{
    struct vec *v = vec_open("scp03");
    uint8_t kcv[3];
    int n = 0;

    for (; kat_next(v, "kcv"); n++) {
        struct key *k = kat_key(KEY_AES, vec_get(v, "key"));

        assert_int_equal(key_kcv(*state, k, kcv), 0);
        kat_same(span_of(kcv, sizeof kcv), vec_get(v, "kcv"));
        key_free(k);
    }
    assert_int_equal(n, 3);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cmac),         cmocka_unit_test(test_x963),
        cmocka_unit_test(test_sp800_108),    cmocka_unit_test(test_crc),
        cmocka_unit_test(test_delete_token), cmocka_unit_test(test_kcv),
    };

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
