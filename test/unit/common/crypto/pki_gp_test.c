/* SPDX-License-Identifier: Apache-2.0 */
/* CERT.ECASD under an EUM, CERT.DP and CERT.SR under a CI. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/vec.h"
#include "test/unit/common/crypto/pki_world.h"

/* --- ECASD --- */

static int verify_ecasd(struct span cert, const struct pki_entity *eum, const struct eid *eid,
                        int64_t now, const char *says)
{
    struct gpcert g = {.usage = 0};
    struct errmsg why = {""};
    int rc = pki_verify_ecasd(W.pki, cert, der(eum), eid->b, now, &g, &why);

    if (rc == ERR_OK)
        assert_true(span_eq(g.point, span_of(W.point, 65)));
    else
        assert_non_null(strstr(why.text, says));
    return rc;
}

static void ecasd_under_its_eum(void **state)
{
    (void)state;
    assert_int_equal(verify_ecasd(buf_span(&W.ecasd), &W.eum[0], &W.eid, NOW, ""), ERR_OK);
}

static void ecasd_of_another_eid_eum_or_kind_is_refused(void **state)
{
    struct eid other;

    (void)state;
    assert_int_equal(eid_make("890440450000000000000000000001", &other), ERR_OK);
    assert_int_equal(verify_ecasd(buf_span(&W.ecasd), &W.eum[0], &other, NOW, "another EID"),
                     ERR_AUTH);
    assert_int_equal(verify_ecasd(buf_span(&W.ecasd), &W.eum[2], &W.eid, NOW, "not signed by"),
                     ERR_AUTH);
    assert_int_equal(verify_ecasd(buf_span(&W.ecasd), &W.eum[1], &W.eid, NOW, "does not chain"),
                     ERR_AUTH);
    assert_int_equal(verify_ecasd(buf_span(&W.dp), &W.eum[0], &W.eid, NOW, "not signed by"),
                     ERR_AUTH);
}

static void every_flipped_octet_of_the_ecasd_is_refused(void **state)
{
    uint8_t copy[512];
    size_t n = W.ecasd.n;

    (void)state;
    assert_true(n < sizeof(copy));
    for (size_t i = 0; i < n; i++) {
        int rc;
        memcpy(copy, W.ecasd.p, n);
        copy[i] ^= 0x01;
        rc = verify_ecasd(span_of(copy, n), &W.eum[0], &W.eid, NOW, "CERT.ECASD");
        assert_true(rc == ERR_AUTH || rc == ERR_FORMAT);
        assert_int_not_equal(verify_ecasd(span_of(W.ecasd.p, i), &W.eum[0], &W.eid, NOW,
                                          "CERT.ECASD"), ERR_OK);
    }
}

static void ecasd_dates_follow_the_given_time(void **state)
{
    struct pki_dates valid = {NOW, NOW + 10 * DAY_MS};
    struct buf cert;

    (void)state;
    buf_init(&cert, 0);
    assert_int_equal(
        pki_issue_ecasd(W.c, &W.eum[0], &W.eid, CURVE_P256, span_of(W.point, 65), &valid, &cert),
        ERR_OK);
    assert_int_equal(verify_ecasd(buf_span(&cert), &W.eum[0], &W.eid, NOW, ""), ERR_OK);
    assert_int_equal(verify_ecasd(buf_span(&cert), &W.eum[0], &W.eid, NOW - 1, "before 20261122"),
                     ERR_EXPIRED);
    assert_int_equal(verify_ecasd(buf_span(&cert), &W.eum[0], &W.eid, NOW + 11 * DAY_MS - 1, ""),
                     ERR_OK);
    assert_int_equal(verify_ecasd(buf_span(&cert), &W.eum[0], &W.eid, NOW + 11 * DAY_MS,
                                  "after 20261202"), ERR_EXPIRED);
    assert_int_equal(verify_ecasd(buf_span(&W.ecasd), &W.eum[0], &W.eid, TO, "EUM certificate"),
                     ERR_EXPIRED);
    buf_fini(&cert);
}

/* Signs the fields of g with the key of e, whatever they say. */
static void forge(struct gpcert *g, const struct pki_entity *e, uint8_t dst[512], struct span *ret)
{
    uint8_t tbs[512], sig[64];
    struct writer t = wr_init(tbs, sizeof(tbs)), w = wr_init(dst, 512);
    struct span part;

    gpcert_tbs_put(&t, g);
    part = wr_view(&t);
    assert_true(part.n > 0);
    assert_int_equal(ec_sign(W.c, e->key, &part, 1, sig), ERR_OK);
    gpcert_put(&w, part, span_of(sig, 64));
    *ret = wr_view(&w);
    assert_true(ret->n > 0);
}

static struct gpcert fields(const struct buf *cert)
{
    struct gpcert g;

    assert_int_equal(gpcert_parse(buf_span(cert), &g), ERR_OK);
    return g;
}

static void ecasd_fields_are_checked_although_signed(void **state)
{
    struct gpcert g;
    struct span cert;
    uint8_t b[512];

    (void)state;
    g = fields(&W.ecasd);
    g.usage = 0x82;
    forge(&g, &W.eum[0], b, &cert);
    assert_int_equal(verify_ecasd(cert, &W.eum[0], &W.eid, NOW, "another kind"), ERR_AUTH);
    g = fields(&W.ecasd);
    g.role = GPCERT_ROLE_SMDP;
    forge(&g, &W.eum[0], b, &cert);
    assert_int_equal(verify_ecasd(cert, &W.eum[0], &W.eid, NOW, "another kind"), ERR_AUTH);
    g = fields(&W.ecasd);
    g.authority_key_id = span_of(W.ci[0].ski, 20);
    forge(&g, &W.eum[0], b, &cert);
    assert_int_equal(verify_ecasd(cert, &W.eum[0], &W.eid, NOW, "another authority"), ERR_AUTH);
    g = fields(&W.ecasd);
    g.curve = 0x07;
    forge(&g, &W.eum[0], b, &cert);
    assert_int_equal(verify_ecasd(cert, &W.eum[0], &W.eid, NOW, "curve"), ERR_UNSUPPORTED);
}

static void ecasd_of_older_cards_is_accepted(void **state)
{
    struct gpcert g = fields(&W.ecasd);
    struct span cert;
    uint8_t b[512];

    (void)state;
    g.usage = 0x80;                                 /* one octet instead of 00 80 */
    g.authority_key_id = (struct span){NULL, 0};    /* no C9, hence no 73 */
    g.subject = span_of("\x02", 1);                 /* names no EID */
    forge(&g, &W.eum[0], b, &cert);
    assert_int_equal(verify_ecasd(cert, &W.eum[0], &W.eid, NOW, ""), ERR_OK);
}

/* --- SM-DP and SM-SR --- */

static int verify_gp(struct span cert, enum gpcert_role role, struct span point, int64_t now,
                     const char *says)
{
    struct gpcert g = {.usage = 0};
    struct errmsg why = {""};
    int rc = pki_verify_gp(W.pki, cert, role, point, now, &g, &why);

    if (rc == ERR_OK)
        assert_true(span_eq(g.point, span_of(W.point, 65)));
    else if (rc != ERR_INVAL)
        assert_non_null(strstr(why.text, says));
    return rc;
}

static const struct span NO_POINT = {NULL, 0};

static void gp_by_root_and_by_point(void **state)
{
    struct span ci = span_of(W.ci[0].point, 65);

    (void)state;
    assert_int_equal(verify_gp(buf_span(&W.dp), GPCERT_ROLE_SMDP, NO_POINT, NOW, ""), ERR_OK);
    assert_int_equal(verify_gp(buf_span(&W.sr), GPCERT_ROLE_SMSR, NO_POINT, NOW, ""), ERR_OK);
    assert_int_equal(verify_gp(buf_span(&W.dp), GPCERT_ROLE_SMDP, ci, NOW, ""), ERR_OK);
    assert_int_equal(verify_gp(buf_span(&W.sr), GPCERT_ROLE_SMSR, ci, NOW, ""), ERR_OK);
}

static void gp_of_the_other_role_is_refused(void **state)
{
    struct span ci = span_of(W.ci[0].point, 65);

    (void)state;
    assert_int_equal(verify_gp(buf_span(&W.sr), GPCERT_ROLE_SMDP, NO_POINT, NOW, "another role"),
                     ERR_AUTH);
    assert_int_equal(verify_gp(buf_span(&W.dp), GPCERT_ROLE_SMSR, NO_POINT, NOW, "another role"),
                     ERR_AUTH);
    assert_int_equal(verify_gp(buf_span(&W.sr), GPCERT_ROLE_SMDP, ci, NOW, "another role"),
                     ERR_AUTH);
    assert_int_equal(verify_gp(buf_span(&W.dp), GPCERT_ROLE_NONE, ci, NOW, ""), ERR_INVAL);
    assert_int_equal(verify_gp(buf_span(&W.ecasd), GPCERT_ROLE_SMDP, NO_POINT, NOW, "names a CI"),
                     ERR_AUTH);
}

static void gp_under_another_ci_is_refused(void **state)
{
    struct pki_subject s = subject("x", "1.3.6.1.4.1.99999.10", CURVE_P256);
    struct buf cert;

    (void)state;
    buf_init(&cert, 0);
    assert_int_equal(pki_issue_gp(W.c, &W.ci[1], GPCERT_ROLE_SMDP, &s, span_of(W.point, 65), &cert),
                     ERR_OK);
    assert_int_equal(verify_gp(buf_span(&cert), GPCERT_ROLE_SMDP, NO_POINT, NOW, "not among the 2"),
                     ERR_AUTH);
    assert_int_equal(verify_gp(buf_span(&cert), GPCERT_ROLE_SMDP, span_of(W.ci[0].point, 65), NOW,
                               "not signed by this CI"), ERR_AUTH);
    assert_int_equal(
        verify_gp(buf_span(&cert), GPCERT_ROLE_SMDP, span_of(W.ci[1].point, 65), NOW, ""), ERR_OK);
    assert_int_equal(verify_gp(buf_span(&W.dp), GPCERT_ROLE_SMDP, span_of(W.ci[1].point, 65), NOW,
                               "not signed by this CI"), ERR_AUTH);
    assert_int_equal(
        verify_gp(buf_span(&W.dp), GPCERT_ROLE_SMDP, span_of(W.ci[0].point, 64), NOW, ""),
        ERR_INVAL);
    buf_fini(&cert);
}

/* Without C9 the CA id leads to the root; with it the CA id does not matter. */
static void gp_root_is_found_by_c9_or_ca_id(void **state)
{
    struct gpcert g = fields(&W.dp);
    struct span cert;
    uint8_t b[512];

    (void)state;
    g.authority_key_id = NO_POINT;
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, ""), ERR_OK);
    g.ca_id = span_of("\x02", 1);
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, "names a CI"), ERR_AUTH);
    g.authority_key_id = span_of(W.ci[0].ski, 20);
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, ""), ERR_OK);
    g.authority_key_id = span_of(W.ci[2].ski, 20);
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, "the CI it names"), ERR_AUTH);
    g.authority_key_id = span_of(W.ci[0].ski, 19);
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, "names a CI"), ERR_AUTH);
}

/* Two roots of one CI, that is with one CA id: each is tried. */
static void gp_by_ca_id_among_keys_of_one_ci(void **state)
{
    struct pki_subject s = subject("Lab CI", "1.3.6.1.4.1.99999.1", CURVE_P256);
    struct gpcert g = fields(&W.dp), out;
    struct pki_entity second;
    struct pki *p = pki_new(W.c);
    struct span cert;
    uint8_t b[512];

    (void)state;
    assert_int_equal(pki_issue_ci(W.c, &s, &second), ERR_OK);
    assert_int_equal(pki_add_ci_der(p, der(&W.ci[0]), NULL), ERR_OK);
    assert_int_equal(pki_add_ci_der(p, der(&second), NULL), ERR_OK);
    g.authority_key_id = NO_POINT;
    forge(&g, &second, b, &cert);
    assert_int_equal(pki_verify_gp(p, cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, &out, NULL), ERR_OK);
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(pki_verify_gp(p, cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, &out, NULL), ERR_OK);
    forge(&g, &W.ci[1], b, &cert);
    assert_int_equal(pki_verify_gp(p, cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, &out, NULL), ERR_AUTH);
    pki_entity_fini(&second);
    pki_free(p);
}

static void gp_usage_of_the_field_is_accepted_and_no_other(void **state)
{
    static const uint32_t USAGES[] = {0x00, 0x80, 0x81, 0x84, 0x02, 0x0082, 0x8200, 0x8282, 0xFF};
    struct gpcert g = fields(&W.dp);
    struct span cert;
    uint8_t b[512];

    (void)state;
    g.usage = 0x88;
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, ""), ERR_OK);
    for (size_t i = 0; i < sizeof(USAGES) / sizeof(USAGES[0]); i++) {
        g.usage = USAGES[i];
        forge(&g, &W.ci[0], b, &cert);
        assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, NOW, "usage"),
                         USAGES[i] == 0x82 ? ERR_OK : ERR_AUTH);
    }
}

static void every_flipped_octet_of_the_gp_is_refused(void **state)
{
    uint8_t copy[512];
    size_t n = W.dp.n;

    (void)state;
    assert_true(n < sizeof(copy));
    for (size_t i = 0; i < n; i++) {
        memcpy(copy, W.dp.p, n);
        copy[i] ^= 0x01;
        assert_int_not_equal(
            verify_gp(span_of(copy, n), GPCERT_ROLE_SMDP, NO_POINT, NOW, "CERT.DP"), ERR_OK);
        assert_int_equal(verify_gp(span_of(W.dp.p, i), GPCERT_ROLE_SMDP, NO_POINT, NOW, "CERT.DP"),
                         ERR_FORMAT);
    }
}

static void gp_dates_follow_the_given_time(void **state)
{
    struct gpcert g = fields(&W.dp);
    struct span cert, ci = span_of(W.ci[0].point, 65);
    uint8_t b[512];

    (void)state;
    g.from_date = 20261122;
    g.to_date = 20261123;
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, NOW - 1, "before 20261122"),
                     ERR_EXPIRED);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, NOW, ""), ERR_OK);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, NOW + 2 * DAY_MS - 1, ""), ERR_OK);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, NOW + 2 * DAY_MS, "after 20261123"),
                     ERR_EXPIRED);
    g.from_date = 0;
    g.to_date = 21450101;
    forge(&g, &W.ci[0], b, &cert);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, 0, ""), ERR_OK);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, TO, ""), ERR_OK);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, NO_POINT, TO, "the CI certificate expired"),
                     ERR_EXPIRED);
    assert_int_equal(verify_gp(cert, GPCERT_ROLE_SMDP, ci, -1, ""), ERR_INVAL);
}

/* --- a certificate of the field --- */

static void ci_point_of_the_vectors_is_unknown(void **state)
{
    struct vec *v = vec_open("key_agreement");
    size_t seen = 0;

    (void)state;
    while (vec_next(v)) {
        struct gpcert g;
        if (!vec_has(v, "certificate_7F21"))
            continue;
        seen++;
        assert_int_equal(gpcert_parse(vec_get(v, "certificate_7F21"), &g), ERR_OK);
        assert_int_equal(verify_gp(vec_get(v, "certificate_7F21"), GPCERT_ROLE_SMDP, NO_POINT, NOW,
                                   "names a CI"), ERR_AUTH);
    }
    assert_true(seen > 0);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ecasd_under_its_eum),
        cmocka_unit_test(ecasd_of_another_eid_eum_or_kind_is_refused),
        cmocka_unit_test(every_flipped_octet_of_the_ecasd_is_refused),
        cmocka_unit_test(ecasd_dates_follow_the_given_time),
        cmocka_unit_test(ecasd_fields_are_checked_although_signed),
        cmocka_unit_test(ecasd_of_older_cards_is_accepted),
        cmocka_unit_test(gp_by_root_and_by_point),
        cmocka_unit_test(gp_of_the_other_role_is_refused),
        cmocka_unit_test(gp_under_another_ci_is_refused),
        cmocka_unit_test(gp_root_is_found_by_c9_or_ca_id),
        cmocka_unit_test(gp_by_ca_id_among_keys_of_one_ci),
        cmocka_unit_test(gp_usage_of_the_field_is_accepted_and_no_other),
        cmocka_unit_test(every_flipped_octet_of_the_gp_is_refused),
        cmocka_unit_test(gp_dates_follow_the_given_time),
        cmocka_unit_test(ci_point_of_the_vectors_is_unknown),
    };

    return cmocka_run_group_tests_name("pki_gp", tests, group_setup, group_teardown);
}
