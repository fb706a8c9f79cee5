/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of real runs, read and written back (GP Amendment E; SGP.02 4.1.3.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/gpcert.h"
#include "common/codec/tlv.h"
#include "test/support/vec.h"

static void both_ways(struct span cert, struct span tbs, struct span signature)
{
    struct gpcert c;
    uint8_t room[512], inner[512];
    struct writer t = wr_init(inner, sizeof inner);
    struct writer w = wr_init(room, sizeof room);
    assert_int_equal(gpcert_parse(cert, &c), ERR_OK);
    assert_true(span_eq(c.tbs, tbs));
    assert_true(span_eq(c.signature, signature));
    assert_int_equal(c.role, GPCERT_ROLE_SMDP);
    assert_int_equal(c.usage, 0x88);
    assert_true(gpcert_usage_signs(c.usage));
    assert_int_equal(c.to_date, 21450101);
    assert_int_equal(c.from_date, 0);
    assert_int_equal(c.curve, 0);
    gpcert_tbs_put(&t, &c);
    assert_true(span_eq(wr_view(&t), tbs));
    gpcert_put(&w, wr_view(&t), c.signature);
    assert_true(span_eq(wr_view(&w), cert));
    for (size_t n = 0; n < cert.n; n++) {
        assert_int_not_equal(gpcert_parse(span_of(cert.p, n), &c), ERR_OK);
    }
}

/* 3A01 with its one-octet DGI length around the certificate (SGP.02 4.1.3.1). */
static void in_store_data(struct span apdu, struct span cert)
{
    struct apdu_cmd c;
    struct dgi d;
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);
    assert_int_equal(apdu_cmd_parse(apdu, &c), ERR_OK);
    struct reader r = rd_init(c.data);
    assert_int_equal(dgi_next(&r, &d), ERR_OK);
    assert_true(rd_done(&r));
    assert_int_equal(d.tag, 0x3A01);
    assert_true(span_eq(d.value, cert));
    dgi_put(&w, d.tag, d.value);
    assert_true(span_eq(wr_view(&w), c.data));
}

static void certificates(void **state)
{
    (void)state;
    struct vec *v = vec_open("sgp02");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (vec_has(v, "cert_7F21")) {
            both_ways(vec_get(v, "cert_7F21"), vec_get(v, "cert_tbs"), vec_get(v, "cert_sig"));
            in_store_data(vec_get(v, "capdu_1"), vec_get(v, "cert_7F21"));
            seen++;
        }
    }
    vec_close(v);
    v = vec_open("key_agreement");
    while (vec_next(v)) {
        if (vec_has(v, "certificate_7F21")) {
            both_ways(vec_get(v, "certificate_7F21"), vec_get(v, "signed_data"),
                      vec_get(v, "signature"));
            in_store_data(vec_get(v, "store_data_apdu_3A01"), vec_get(v, "certificate_7F21"));
            seen++;
        }
    }
    vec_close(v);
    assert_int_equal(seen, 2);
}

/* The second STORE DATA: DGI 3A02 holds the CRT alone, 7F49 and 5F37 follow it as BER-TLV. */
static void ephemeral_key(void **state)
{
    (void)state;
    struct vec *v = vec_open("sgp02");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!vec_has(v, "capdu_2")) {
            continue;
        }
        struct apdu_cmd c;
        struct dgi d;
        struct tlv key, sig;
        struct span point;
        uint8_t curve, room[100];
        bool bare;
        struct writer w = wr_init(room, sizeof room);
        assert_int_equal(apdu_cmd_parse(vec_get(v, "capdu_2"), &c), ERR_OK);
        struct reader r = rd_init(c.data);
        assert_int_equal(dgi_next(&r, &d), ERR_OK);
        assert_true(span_eq(d.value, vec_get(v, "crt")));
        assert_int_equal(tlv_next(&r, &key), ERR_OK);
        assert_int_equal(tlv_next(&r, &sig), ERR_OK);
        assert_true(rd_done(&r));
        assert_int_equal(gpcert_key_parse(key.value, &point, &curve, &bare), ERR_OK);
        assert_true(bare);
        assert_true(span_eq(point, vec_get(v, "epk_dp")));
        gpcert_key_put(&w, point, 0, true);
        assert_true(span_eq(wr_view(&w), key.raw));
        assert_true(span_eq(sig.value, vec_get(v, "sig_2")));
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(certificates),
                                       cmocka_unit_test(ephemeral_key)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
