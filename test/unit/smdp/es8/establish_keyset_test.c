/* SPDX-License-Identifier: Apache-2.0 */
/* The key establishment against a real run of SGP.02 (facts: sgp02 13.1), octet by octet. */
#include "test/kat/kat.h"

#include "smdp/es8/es8.h"

static struct vec *V;

static int setup(void **state)
{
    V = vec_open("sgp02");
    if (!kat_next(V, "es8_key_establishment"))
        return -1;
    return kat_crypto(state);
}

static int teardown(void **state)
{
    vec_close(V);
    return kat_crypto_end(state);
}

static struct span get(const char *key)
{
    return vec_get(V, key);
}

static size_t join(uint8_t *dst, const uint8_t *head, size_t n, struct span tail)
{
    memcpy(dst, head, n);
    memcpy(dst + n, tail.p, tail.n);
    return n + tail.n;
}

static void certificate_command(void **state)
{
    static const uint8_t INSTALL[] = {0x80, 0xE6, 0x20, 0x00, 0x16, 0x00, 0x00, 0x10, 0xA0,
                                      0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF,
                                      0xFF, 0x89, 0x00, 0x00, 0x13, 0x00, 0x00, 0x00, 0x00};
    uint8_t room[600], want[600];
    struct writer w = wr_init(room, sizeof room);
    struct aid aid;
    size_t n;

    (void)state;
    assert_int_equal(aid_isd_p(0x0013, &aid), 0);
    assert_int_equal(es8_put_certificate(&w, &aid, get("cert_7F21")), 0);
    n = join(want, INSTALL, sizeof INSTALL, get("capdu_1"));
    kat_same(wr_view(&w), span_of(want, n));
}

static void certificate_too_large(void **state)
{
    uint8_t cert[ES8_CERT_MAX + 1] = {0x7F, 0x21}, room[600];
    struct writer w = wr_init(room, sizeof room);
    struct aid aid;

    (void)state;
    assert_int_equal(aid_isd_p(0x0010, &aid), 0);
    assert_int_equal(es8_put_certificate(&w, &aid, span_of(cert, sizeof cert)), ERR_TOO_LARGE);
    w = wr_init(room, sizeof room);
    assert_int_equal(es8_put_certificate(&w, &aid, span_of(cert, sizeof cert - 1)), 0);
    w = wr_init(room, 40);
    assert_int_equal(es8_put_certificate(&w, &aid, span_of(cert, 100)), ERR_TOO_LARGE);
}

static void challenge_accepted(void **state)
{
    static const uint8_t FORMS[][5] = {{0x00, 0x90, 0x00}, {0x90, 0x00}};
    static const size_t LEN[] = {3, 2};
    uint8_t room[64];
    struct span rc;
    size_t n;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        n = join(room, FORMS[i], LEN[i], get("answer_1"));
        n = join(room, room, n, span_of("\x90\x00", 2));
        assert_int_equal(es8_read_challenge(span_of(room, n), &rc), 0);
        kat_same(rc, get("rc"));
    }
    /* Each inside 23. */
    n = join(room, (const uint8_t *)"\x23\x03\x00\x90\x00\x23\x14", 7, get("answer_1"));
    n = join(room, room, n, span_of("\x90\x00", 2));
    assert_int_equal(es8_read_challenge(span_of(room, n), &rc), 0);
    kat_same(rc, get("rc"));
}

static void challenge_refused(void **state)
{
    struct {
        const char *octets;
        size_t n;
        int err;
    } const rows[] = {
        {"", 0, ERR_FORMAT},
        {"\x90", 1, ERR_FORMAT},
        {"\x90\x00", 2, ERR_FORMAT},
        {"\x69\x85", 2, ERR_DENIED},
        {"\x6A\x88", 2, ERR_DENIED},
        {"\x00\x90\x00\x69\x82", 5, ERR_DENIED},
        {"\x90\x00\x6A\x80", 4, ERR_DENIED},
        {"\x90\x00\x90\x00", 4, ERR_FORMAT},
        {"\x90\x00\x85\x01\x00\x90\x00", 7, ERR_FORMAT},
        {"\x90\x00\x86\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x90\x00",
         22, ERR_FORMAT},
        {"\x90\x00\x85\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x90\x00", 21,
         ERR_FORMAT},
        {"\x23\x02\x90\x00", 4, ERR_FORMAT},
        {"\x23\x7F\x90\x00", 4, ERR_FORMAT},
        {"\x23\x02\x69\x82\x23\x02\x90\x00", 8, ERR_DENIED},
    };
    struct span rc;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(es8_read_challenge(span_of(rows[i].octets, rows[i].n), &rc), rows[i].err);
}

static void signature_over_the_challenge(void **state)
{
    struct span data = get("signed_data_2");
    struct key *sk = NULL;
    uint8_t sig[EC_SIG_LEN], other[16] = {1};

    assert_int_equal(ec_private(*state, CURVE_P256, get("sk_dp"), &sk), 0);
    assert_int_equal(es8_sign(*state, sk, get("rc"), get("epk_dp"), CURVE_P256, true, sig), 0);
    assert_int_equal(
        ec_verify(*state, CURVE_P256, get("pk_dp"), &data, 1, span_of(sig, sizeof sig)), 0);
    assert_int_equal(es8_sign(*state, sk, span_of(other, 16), get("epk_dp"), CURVE_P256, true, sig),
                     0);
    assert_int_equal(
        ec_verify(*state, CURVE_P256, get("pk_dp"), &data, 1, span_of(sig, sizeof sig)), ERR_AUTH);
    assert_int_equal(
        es8_sign(*state, sk, span_of(data.p, 33), get("epk_dp"), CURVE_P256, true, sig), ERR_INVAL);
    key_free(sk);
}

static void key_command(void **state)
{
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    assert_int_equal(es8_put_key(&w, get("epk_dp"), CURVE_P256, true, get("sig_2")), 0);
    kat_same(wr_view(&w), get("capdu_2"));
    /* The newer form wraps the point. */
    w = wr_init(room, sizeof room);
    assert_int_equal(es8_put_key(&w, get("epk_dp"), CURVE_P256, false, get("sig_2")), 0);
    assert_int_equal(w.len, get("capdu_2").n + 5);
    assert_memory_equal(room + 5 + 3 + 23, "\x7F\x49\x46\xB0\x41\x04", 6);
    assert_int_equal(es8_put_key(&w, get("epk_dp"), CURVE_P256, true, get("rc")), ERR_INVAL);
}

static void receipt_read(void **state)
{
    uint8_t room[64];
    struct span dr, receipt;
    size_t n = join(room, (const uint8_t *)"\x86\x10", 2, get("receipt"));

    (void)state;
    n = join(room, room, n, span_of("\x90\x00", 2));
    assert_int_equal(es8_read_receipt(span_of(room, n), &dr, &receipt), 0);
    kat_same(receipt, get("receipt"));
    assert_int_equal(dr.n, 0);
    assert_int_equal(es8_read_receipt(span_of("", 0), &dr, &receipt), ERR_FORMAT);
    assert_int_equal(es8_read_receipt(span_of("\x90\x00", 2), &dr, &receipt), ERR_FORMAT);
    assert_int_equal(es8_read_receipt(span_of("\x6A\x80", 2), &dr, &receipt), ERR_DENIED);
    assert_int_equal(es8_read_receipt(span_of("\x86\x00\x90\x00", 4), &dr, &receipt), ERR_FORMAT);
    assert_int_equal(es8_read_receipt(span_of("\x85\x00\x90\x00", 4), &dr, &receipt), ERR_FORMAT);
    room[n - 2] = 0x86; /* a TLV too many */
    assert_int_not_equal(es8_read_receipt(span_of(room, n), &dr, &receipt), 0);
    /* With DR in front, and inside 23. */
    n = join(room, (const uint8_t *)"\x23\x17\x85\x01\x77\x86\x10", 7, get("receipt"));
    n = join(room, room, n, span_of("\x90\x00", 2));
    assert_int_equal(es8_read_receipt(span_of(room, n), &dr, &receipt), 0);
    assert_int_equal(dr.n, 1);
    kat_same(receipt, get("receipt"));
}

static void keys_follow(void **state)
{
    struct scp03_keys keys;
    struct key *own = NULL;
    struct span none = {NULL, 0};

    assert_int_equal(ec_private(*state, CURVE_P256, get("esk_dp"), &own), 0);
    assert_int_equal(es8_agree(*state, own, get("pk_ecasd"), none, get("receipt"), &keys), 0);
    kat_key_is(keys.enc, get("key_enc"));
    kat_key_is(keys.mac, get("key_mac"));
    kat_key_is(keys.dek, get("key_dek"));
    es8_keys_free(&keys);
    key_free(own);
}

static void another_receipt_gives_no_keys(void **state)
{
    uint8_t receipt[16];
    struct scp03_keys keys;
    struct key *own = NULL;
    struct span none = {NULL, 0};

    assert_int_equal(ec_private(*state, CURVE_P256, get("esk_dp"), &own), 0);
    for (size_t bit = 0; bit < 128; bit++) {
        memcpy(receipt, get("receipt").p, 16);
        receipt[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(es8_agree(*state, own, get("pk_ecasd"), none, span_of(receipt, 16), &keys),
                         ERR_AUTH);
        assert_null(keys.enc);
        assert_null(keys.mac);
        assert_null(keys.dek);
    }
    assert_int_equal(es8_agree(*state, own, get("pk_ecasd"), none, span_of(receipt, 15), &keys),
                     ERR_AUTH);
    assert_int_equal(es8_agree(*state, own, get("pk_ecasd"), none, none, &keys), ERR_AUTH);
    assert_int_equal(es8_agree(*state, own, get("pk_dp"), none, get("receipt"), &keys), ERR_AUTH);
    /* A DR was not asked for: the card speaks of another derivation. */
    assert_int_equal(es8_agree(*state, own, get("pk_ecasd"), get("rc"), get("receipt"), &keys),
                     ERR_FORMAT);
    assert_null(keys.enc);
    key_free(own);
}

static void form_of_the_point(void **state)
{
    static const char *const BARE[] = {"", "2.1.0", "3.2.0", "3"}, *const WRAPPED[] = {"4.0.0", "4",
                                                                                       "9.1",
                                                                                       "10.0.0"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_true(keyset_bare_point(span_str(BARE[i])));
        assert_false(keyset_bare_point(span_str(WRAPPED[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_command),
        cmocka_unit_test(certificate_too_large),
        cmocka_unit_test(challenge_accepted),
        cmocka_unit_test(challenge_refused),
        cmocka_unit_test(signature_over_the_challenge),
        cmocka_unit_test(key_command),
        cmocka_unit_test(receipt_read),
        cmocka_unit_test(keys_follow),
        cmocka_unit_test(another_receipt_gives_no_keys),
        cmocka_unit_test(form_of_the_point),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
