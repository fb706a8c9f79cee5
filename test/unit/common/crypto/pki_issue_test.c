/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_crypto */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/crypto/ossl.h"

#include <openssl/x509v3.h>

#include "common/codec/tlv.h"
#include "common/crypto/ecka.h"
#include "common/crypto/pki.h"
#include "common/crypto/pki_issue.h"
#include "test/support/pki_house.h"

static X509 *x509(const struct pki_entity *e)
{
    const unsigned char *at = e->der.p;
    X509 *x = d2i_X509(NULL, &at, (long)e->der.n);

    assert_non_null(x);
    return x;
}

/* OpenSSL's own verdict, strict, for a purpose and at a time. */
static int chain(const struct pki_entity *ca, const struct pki_entity *e, int purpose, int64_t now)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *root = x509(ca), *x = x509(e);
    int rc;

    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, x, NULL), 1);
    X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)(now / 1000));
    assert_int_equal(X509_STORE_CTX_set_purpose(ctx, purpose), 1);
    rc = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    X509_free(root);
    X509_free(x);
    return rc;
}

static void tls_leaf_serves_both_ends(void **state)
{
    const struct pki_house *w = *state;
    const struct pki_entity *ca = &w->tls_ca, *leaf = &w->leaf;
    const int64_t now = PKI_HOUSE_NOW, day = PKI_HOUSE_DAY;

    assert_int_equal(chain(ca, leaf, X509_PURPOSE_SSL_SERVER, now), X509_V_OK);
    assert_int_equal(chain(ca, leaf, X509_PURPOSE_SSL_CLIENT, now), X509_V_OK);
    assert_int_equal(chain(ca, leaf, X509_PURPOSE_SSL_SERVER, now + day),
                     X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(chain(ca, leaf, X509_PURPOSE_SSL_SERVER, now - 2 * day),
                     X509_V_ERR_CERT_NOT_YET_VALID);
    assert_int_not_equal(chain(&w->ci, leaf, X509_PURPOSE_SSL_SERVER, now), X509_V_OK);
    assert_int_equal(chain(&w->ci, &w->eum, X509_PURPOSE_ANY, now), X509_V_OK);
}

static void tls_leaf_names_its_party(void **state)
{
    const struct pki_house *w = *state;
    static const char URI[] = "urn:remora:party:1.3.6.1.4.1.99999.3:smsr";
    X509 *x = x509(&w->leaf);
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    const GENERAL_NAME *uri;

    assert_int_equal(sk_GENERAL_NAME_num(names), 3);
    uri = sk_GENERAL_NAME_value(names, 0);
    assert_int_equal(uri->type, GEN_URI);
    assert_int_equal(ASN1_STRING_length(uri->d.uniformResourceIdentifier), strlen(URI));
    assert_memory_equal(ASN1_STRING_get0_data(uri->d.uniformResourceIdentifier), URI, strlen(URI));
    assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(x, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_host(x, "example.org", 0, 0, NULL), 0);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER | XKU_SSL_CLIENT);
    GENERAL_NAMES_free(names);
    X509_free(x);
}

static void authorities_say_so(void **state)
{
    const struct pki_house *w = *state;
    X509 *ci = x509(&w->ci), *eum = x509(&w->eum), *ca = x509(&w->tls_ca);

    assert_int_equal(X509_check_ca(ci), 1);
    assert_int_equal(X509_check_ca(eum), 1);
    assert_int_equal(X509_check_ca(ca), 1);
    assert_int_equal(X509_get_pathlen(ci), -1);
    assert_int_equal(X509_get_pathlen(eum), 0);
    assert_int_equal(X509_get_pathlen(ca), 0);
    assert_int_equal(X509_self_signed(ci, 1), 1);
    assert_int_equal(X509_self_signed(ca, 1), 1);
    assert_int_equal(X509_self_signed(eum, 1), 0);
    assert_memory_equal(ASN1_STRING_get0_data(X509_get0_subject_key_id(ci)), w->ci.ski, 20);
    assert_memory_equal(ASN1_STRING_get0_data(X509_get0_authority_key_id(eum)), w->ci.ski, 20);
    assert_memory_equal(ASN1_STRING_get0_data(X509_get0_subject_key_id(eum)), w->eum.ski, 20);
    X509_free(ci);
    X509_free(eum);
    X509_free(ca);
}

static void serials_and_keys_are_new_each_time(void **state)
{
    const struct pki_house *w = *state;
    struct pki_subject s = pki_house_subject("CI", "1.3.6.1.4.1.99999.1");
    struct pki_entity again;
    X509 *a = x509(&w->ci), *b;

    assert_int_equal(pki_issue_ci(w->c, &s, &again), ERR_OK);
    b = x509(&again);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(a), X509_get0_serialNumber(b)), 0);
    assert_memory_not_equal(w->ci.point, again.point, 65);
    X509_free(a);
    X509_free(b);
    pki_entity_fini(&again);
}

static void bad_subjects_are_refused(void **state)
{
    const struct pki_house *w = *state;
    static const char *const ROLES[] = {"",       "SMSR", "smsr,DNS:evil", "sm sr", "a:b",
                                        "smsr\n", "\xC3\xA9", "abcdefghijklmnopqrstuvwxyz0123456"};
    static const struct pki_dates DATES[] = {
        {PKI_HOUSE_NOW, PKI_HOUSE_NOW}, {PKI_HOUSE_NOW, PKI_HOUSE_NOW - 1}, {-1, PKI_HOUSE_NOW}, {PKI_HOUSE_NOW, 253402300800000ll}, {INT64_MIN, INT64_MAX},
    };
    struct pki_subject good = pki_house_subject("x", "1.2.3"), s;
    struct pki_entity e;
    char name[70];

    for (size_t i = 0; i < sizeof(ROLES) / sizeof(ROLES[0]); i++) {
        assert_int_equal(pki_issue_tls_leaf(w->c, &w->tls_ca, ROLES[i], &good, &e), ERR_INVAL);
        assert_null(e.key);
    }
    for (size_t i = 0; i < sizeof(DATES) / sizeof(DATES[0]); i++) {
        s = good;
        s.valid = DATES[i];
        assert_int_equal(pki_issue_ci(w->c, &s, &e), ERR_INVAL);
    }
    s = good;
    s.oid.s[0] = '\0';
    assert_int_equal(pki_issue_ci(w->c, &s, &e), ERR_INVAL);
    assert_int_equal(pki_issue_tls_leaf(w->c, &w->tls_ca, "smsr", &s, &e), ERR_INVAL);
    (void)snprintf(s.oid.s, sizeof(s.oid.s), "1.2.3,DNS:x");
    assert_int_equal(pki_issue_tls_leaf(w->c, &w->tls_ca, "smsr", &s, &e), ERR_INVAL);
    memset(s.oid.s, '1', sizeof(s.oid.s));
    assert_int_equal(pki_issue_eum(w->c, &w->ci, &s, &e), ERR_INVAL);
    s = good;
    s.name = "";
    assert_int_equal(pki_issue_tls_ca(w->c, &s, &e), ERR_INVAL);
    s.name = NULL;
    assert_int_equal(pki_issue_tls_ca(w->c, &s, &e), ERR_INVAL);
    memset(name, 'n', 65);
    name[65] = '\0';
    s.name = name;
    assert_int_equal(pki_issue_tls_ca(w->c, &s, &e), ERR_INVAL);
    name[64] = '\0';
    assert_int_equal(pki_issue_tls_ca(w->c, &s, &e), ERR_OK);
    pki_entity_fini(&e);
}

/* --- 7F21 --- */
static void gp_has_the_fields_of_its_role(void **state)
{
    const struct pki_house *w = *state;
    struct pki_subject s = pki_house_subject("x", "1.3.6.1.4.1.99999.10");
    struct gpcert g;
    struct tlv outer, usage;
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMSR, &s, span_of(w->leaf.point, 65),
                                  &b), ERR_OK);
    assert_int_equal(gpcert_parse(buf_span(&b), &g), ERR_OK);
    assert_int_equal(g.role, GPCERT_ROLE_SMSR);
    assert_true(span_eq(g.authority_key_id, span_of(w->ci.ski, 20)));
    assert_true(span_eq(g.ca_id, span_of("\x2B\x06\x01\x04\x01\x86\x8D\x1F\x01", 9)));
    assert_true(span_eq(g.subject, span_of("\x2B\x06\x01\x04\x01\x86\x8D\x1F\x0A", 9)));
    assert_int_equal(g.serial.n, 8);
    assert_int_equal(g.from_date, 20261121);
    assert_int_equal(g.to_date, 20261123);
    assert_int_equal(g.curve, CURVE_P256);
    assert_int_equal(tlv_only(buf_span(&b), 0x7F21, &outer), ERR_OK);
    assert_int_equal(tlv_find(outer.value, 0x95, &usage), ERR_OK);
    assert_true(span_eq(usage.value, span_of("\x82", 1)));
    buf_fini(&b);
}

static void ecasd_has_the_eid_and_two_octets_of_usage(void **state)
{
    const struct pki_house *w = *state;
    struct pki_dates valid = {PKI_HOUSE_NOW, PKI_HOUSE_NOW + PKI_HOUSE_DAY};
    struct gpcert g;
    struct tlv outer, usage;
    struct eid eid;
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(eid_make("890440450000000000000000000000", &eid), ERR_OK);
    assert_int_equal(
        pki_issue_ecasd(w->c, &w->eum, &eid, CURVE_P256, span_of(w->leaf.point, 65), &valid, &b),
        ERR_OK);
    assert_int_equal(gpcert_parse(buf_span(&b), &g), ERR_OK);
    assert_true(span_eq(g.subject, span_of(eid.b, 16)));
    assert_int_equal(g.role, GPCERT_ROLE_NONE);
    assert_true(span_eq(g.authority_key_id, span_of(w->eum.ski, 20)));
    assert_int_equal(tlv_only(buf_span(&b), 0x7F21, &outer), ERR_OK);
    assert_int_equal(tlv_find(outer.value, 0x95, &usage), ERR_OK);
    assert_true(span_eq(usage.value, span_of("\x00\x80", 2)));
    assert_int_equal(ec_verify(w->c, CURVE_P256, span_of(w->eum.point, 65), &g.tbs, 1, g.signature),
                     ERR_OK);
    buf_fini(&b);
}

static void bad_gp_requests_are_refused(void **state)
{
    const struct pki_house *w = *state;
    struct pki_subject s = pki_house_subject("x", "1.2.3"), bad;
    struct span point = span_of(w->leaf.point, 65);
    uint8_t compressed[65];
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_NONE, &s, point, &b), ERR_INVAL);
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &s, span_of(point.p, 64), &b),
                     ERR_INVAL);
    memcpy(compressed, point.p, 65);
    compressed[0] = 0x02;
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &s, span_of(compressed, 65), &b),
                     ERR_INVAL);
    bad = s;
    bad.oid.s[0] = '\0';
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &bad, point, &b), ERR_INVAL);
    (void)snprintf(bad.oid.s, sizeof(bad.oid.s), "1.2.%s",
                   "999999999.999999999.999999999.999999999");
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &bad, point, &b), ERR_INVAL);
    bad = s;
    bad.valid.to_ms = bad.valid.from_ms;
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &bad, point, &b), ERR_INVAL);
    bad.valid.to_ms = INT64_MAX;
    assert_int_equal(pki_issue_gp(w->c, &w->ci, GPCERT_ROLE_SMDP, &bad, point, &b), ERR_INVAL);
    /* A TLS authority has no OID to stand as CA id. */
    assert_int_equal(pki_issue_gp(w->c, &w->tls_ca, GPCERT_ROLE_SMDP, &s, point, &b), ERR_INVAL);
    assert_int_equal(b.n, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_leaf_serves_both_ends),
        cmocka_unit_test(tls_leaf_names_its_party),
        cmocka_unit_test(authorities_say_so),
        cmocka_unit_test(serials_and_keys_are_new_each_time),
        cmocka_unit_test(bad_subjects_are_refused),
        cmocka_unit_test(gp_has_the_fields_of_its_role),
        cmocka_unit_test(ecasd_has_the_eid_and_two_octets_of_usage),
        cmocka_unit_test(bad_gp_requests_are_refused),
    };

    return cmocka_run_group_tests_name("pki_issue", tests, pki_house_setup, pki_house_teardown);
}
