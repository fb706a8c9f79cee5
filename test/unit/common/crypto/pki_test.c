/* SPDX-License-Identifier: Apache-2.0 */
/* CI roots, EUM certificates and what an EUM signs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/unit/common/crypto/pki_world.h"

/* --- EUM --- */

static int verify_eum_by(struct pki *p, struct span cert, int64_t now, const char *says)
{
    uint8_t point[65];
    enum curve curve;
    struct errmsg why = {""};
    int rc = pki_verify_eum(p, cert, now, point, &curve, &why);

    if (rc != ERR_OK)
        assert_non_null(strstr(why.text, says));
    return rc;
}

static int verify_eum(struct span cert, int64_t now, const char *says)
{
    return verify_eum_by(W.pki, cert, now, says);
}

static void eum_gives_its_point(void **state)
{
    uint8_t point[65];
    enum curve curve;

    (void)state;
    for (int again = 0; again < 2; again++) {
        assert_int_equal(pki_verify_eum(W.pki, der(&W.eum[0]), NOW, point, &curve, NULL), ERR_OK);
        assert_memory_equal(point, W.eum[0].point, 65);
        assert_int_equal(curve, CURVE_P256);
        assert_int_equal(pki_verify_eum(W.pki, der(&W.eum[2]), NOW, point, &curve, NULL), ERR_OK);
        assert_memory_equal(point, W.eum[2].point, 65);
        assert_int_equal(curve, CURVE_BRAINPOOLP256R1);
    }
}

static void eum_of_another_ci_is_refused(void **state)
{
    (void)state;
    assert_int_equal(verify_eum(der(&W.eum[1]), NOW, "does not chain"), ERR_AUTH);
    assert_int_equal(verify_eum(der(&W.eum[1]), NOW, "does not chain"), ERR_AUTH);
}

static void a_ci_added_later_counts_at_once(void **state)
{
    struct pki *p = pki_new(W.c);

    (void)state;
    assert_int_equal(verify_eum_by(p, der(&W.eum[1]), NOW, "does not chain"), ERR_AUTH);
    assert_int_equal(pki_add_ci_der(p, der(&W.ci[1]), NULL), ERR_OK);
    assert_int_equal(verify_eum_by(p, der(&W.eum[1]), NOW, ""), ERR_OK);
    pki_free(p);
}

static void eum_dates_follow_the_given_time(void **state)
{
    (void)state;
    assert_int_equal(verify_eum(der(&W.eum[0]), FROM, ""), ERR_OK);
    assert_int_equal(verify_eum(der(&W.eum[0]), FROM - 1000, "not valid before 2026-10-23"),
                     ERR_EXPIRED);
    assert_int_equal(verify_eum(der(&W.eum[0]), TO - 1000, ""), ERR_OK);
    assert_int_equal(verify_eum(der(&W.eum[0]), TO, "expired at 2027-09-18"), ERR_EXPIRED);
    assert_int_equal(verify_eum(der(&W.eum[0]), NOW, ""), ERR_OK);
}

static void an_expired_ci_ends_its_eum(void **state)
{
    struct pki_subject s = subject("Short CI", "1.3.6.1.4.1.99999.4", CURVE_P256);
    struct pki_entity ci, eum;
    struct pki *p = pki_new(W.c);

    (void)state;
    s.valid.to_ms = NOW + DAY_MS;
    assert_int_equal(pki_issue_ci(W.c, &s, &ci), ERR_OK);
    s.valid.to_ms = TO;
    assert_int_equal(pki_issue_eum(W.c, &ci, &s, &eum), ERR_OK);
    assert_int_equal(pki_add_ci_der(p, der(&ci), NULL), ERR_OK);
    assert_int_equal(verify_eum_by(p, der(&eum), NOW, ""), ERR_OK);
    assert_int_equal(verify_eum_by(p, der(&eum), NOW + DAY_MS, "expired at"), ERR_EXPIRED);
    pki_entity_fini(&ci);
    pki_entity_fini(&eum);
    pki_free(p);
}

/* A changed octet is refused wherever it stands; only the words differ. */
static void every_flipped_octet_of_the_eum_is_refused(void **state)
{
    struct span d = der(&W.eum[0]);
    uint8_t copy[1024];

    (void)state;
    assert_true(d.n < sizeof(copy));
    for (size_t i = 0; i < d.n; i++) {
        int rc;
        memcpy(copy, d.p, d.n);
        copy[i] ^= 0x01;
        rc = verify_eum(span_of(copy, d.n), NOW, "EUM certificate");
        assert_true(rc == ERR_AUTH || rc == ERR_FORMAT || rc == ERR_UNSUPPORTED);
    }
}

static void a_cut_or_longer_eum_is_refused(void **state)
{
    struct span d = der(&W.eum[0]);
    uint8_t copy[1024] = {0};

    (void)state;
    memcpy(copy, d.p, d.n);
    for (size_t n = 0; n < d.n; n += 7)
        assert_int_equal(verify_eum(span_of(copy, n), NOW, "EUM certificate"), ERR_FORMAT);
    assert_int_equal(verify_eum(span_of(copy, d.n + 1), NOW, "not an X.509"), ERR_FORMAT);
}

/* The CI itself, an EUM's EUM and a TLS leaf signed by the CI are no EUMs. */
static void other_certificates_of_the_tree_are_no_eum(void **state)
{
    struct pki_subject s = subject("Other", "1.3.6.1.4.1.99999.51", CURVE_P256);
    struct pki_entity below, leaf;

    (void)state;
    assert_int_equal(verify_eum(der(&W.ci[0]), NOW, "not one signed by a CI"), ERR_AUTH);
    assert_int_equal(pki_issue_eum(W.c, &W.eum[0], &s, &below), ERR_OK);
    assert_int_equal(verify_eum(der(&below), NOW, "does not chain"), ERR_AUTH);
    assert_int_equal(pki_issue_tls_leaf(W.c, &W.ci[0], "smsr", &s, &leaf), ERR_OK);
    assert_int_equal(verify_eum(der(&leaf), NOW, "authority"), ERR_AUTH);
    pki_entity_fini(&below);
    pki_entity_fini(&leaf);
}

/* More EUM certificates than the cache holds, twice round. */
static void the_eum_cache_is_bounded(void **state)
{
    struct pki_subject s = subject("Many", "1.3.6.1.4.1.99999.52", CURVE_P256);
    static struct pki_entity many[300];

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(pki_issue_eum(W.c, &W.ci[0], &s, &many[i]), ERR_OK);
    for (size_t i = 0; i < 600; i++) {
        uint8_t point[65];
        enum curve curve;
        const struct pki_entity *e = &many[i % 300];
        assert_int_equal(pki_verify_eum(W.pki, der(e), NOW, point, &curve, NULL), ERR_OK);
        assert_memory_equal(point, e->point, 65);
    }
    for (size_t i = 0; i < 300; i++)
        pki_entity_fini(&many[i]);
}

/* --- the EUM's signature over EIS octets --- */

/* SEQUENCE { INTEGER r, INTEGER s } by hand. */
static size_t to_der(const uint8_t sig[64], uint8_t dst[80])
{
    size_t n = 2;

    for (size_t half = 0; half < 2; half++) {
        const uint8_t *v = sig + 32 * half;
        size_t skip = 0;
        while (skip < 31 && v[skip] == 0)
            skip++;
        dst[n++] = 0x02;
        dst[n++] = (uint8_t)(32 - skip + (v[skip] >> 7));
        if (v[skip] & 0x80)
            dst[n++] = 0;
        memcpy(dst + n, v + skip, 32 - skip);
        n += 32 - skip;
    }
    dst[0] = 0x30;
    dst[1] = (uint8_t)(n - 2);
    return n;
}

static int check_signature(size_t eum, struct span octets, struct span sig)
{
    struct errmsg why = {""};
    int rc = pki_verify_eum_signature(W.pki, der(&W.eum[eum]), octets, sig, &why);

    assert_true((rc == ERR_OK) == (why.text[0] == '\0'));
    return rc;
}

static void eum_signature_in_both_forms(void **state)
{
    static const size_t WITH[] = {0, 2};
    uint8_t octets[300], sig[64], asn1[80];
    struct span part = span_of(octets, sizeof(octets));

    (void)state;
    memset(octets, 0x5A, sizeof(octets));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ec_sign(W.c, W.eum[WITH[i]].key, &part, 1, sig), ERR_OK);
        assert_int_equal(check_signature(WITH[i], part, span_of(sig, 64)), ERR_OK);
        assert_int_equal(check_signature(WITH[i], part, span_of(asn1, to_der(sig, asn1))), ERR_OK);
        assert_int_equal(check_signature(WITH[1 - i], part, span_of(sig, 64)), ERR_AUTH);
    }
}

static void flipped_octets_or_signature_are_refused(void **state)
{
    uint8_t octets[40], sig[64], asn1[80];
    struct span part = span_of(octets, sizeof(octets));
    size_t n;

    (void)state;
    memset(octets, 0x5A, sizeof(octets));
    assert_int_equal(ec_sign(W.c, W.eum[0].key, &part, 1, sig), ERR_OK);
    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] ^= 0x80;
        assert_int_equal(check_signature(0, part, span_of(sig, 64)), ERR_AUTH);
        octets[i] ^= 0x80;
    }
    for (size_t i = 0; i < sizeof(sig); i++) {
        sig[i] ^= 0x01;
        assert_int_equal(check_signature(0, part, span_of(sig, 64)), ERR_AUTH);
        sig[i] ^= 0x01;
    }
    n = to_der(sig, asn1);
    for (size_t i = 0; i < n; i++) {
        asn1[i] ^= 0x01;
        assert_int_equal(check_signature(0, part, span_of(asn1, n)), ERR_AUTH);
        asn1[i] ^= 0x01;
        assert_int_equal(check_signature(0, part, span_of(asn1, i)), ERR_AUTH);
    }
    asn1[n] = 0;
    assert_int_equal(check_signature(0, part, span_of(asn1, n + 1)), ERR_AUTH);
    assert_int_equal(check_signature(0, span_of(octets, 39), span_of(sig, 64)), ERR_AUTH);
    assert_int_equal(check_signature(0, part, span_of(sig, 63)), ERR_AUTH);
    assert_int_equal(check_signature(0, part, span_of(NULL, 0)), ERR_AUTH);
}

/* A right signature by an EUM whose chain is not ours says nothing. */
static void signature_of_an_unknown_eum_is_refused(void **state)
{
    uint8_t sig[64];
    struct span part = span_str("eis");

    (void)state;
    assert_int_equal(ec_sign(W.c, W.eum[1].key, &part, 1, sig), ERR_OK);
    assert_int_equal(check_signature(1, part, span_of(sig, 64)), ERR_AUTH);
}

/* --- loading roots --- */

static int add_file(struct pki *p, const char *name, struct span content, const char *says)
{
    char path[300];
    struct errmsg why = {""};
    int rc;

    tmpdir_path(&W.dir, name, path, sizeof(path));
    (void)remove(path);
    assert_int_equal(pki_write_file(path, content, 0644, NULL), ERR_OK);
    rc = pki_add_ci_file(p, path, &why);
    if (rc != ERR_OK) {
        assert_non_null(strstr(why.text, says));
        assert_non_null(strstr(why.text, path));
    }
    return rc;
}

static struct span pem_of(const struct pki_entity *e, char *dst, size_t cap)
{
    char path[300];
    FILE *f;
    size_t n;

    tmpdir_path(&W.dir, "pem_of", path, sizeof(path));
    (void)remove(path);
    assert_int_equal(pki_write_cert(path, der(e), NULL), ERR_OK);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(dst, 1, cap, f);
    assert_int_equal(fclose(f), 0);
    assert_true(n > 0 && n < cap);
    return span_of(dst, n);
}

static void ci_files_in_pem_and_der(void **state)
{
    struct pki *p = pki_new(W.c);
    char pem[4096];

    (void)state;
    assert_int_equal(add_file(p, "a", pem_of(&W.ci[0], pem, sizeof(pem)), ""), ERR_OK);
    assert_int_equal(add_file(p, "b", der(&W.ci[1]), ""), ERR_OK);
    assert_int_equal(verify_eum_by(p, der(&W.eum[0]), NOW, ""), ERR_OK);
    assert_int_equal(verify_eum_by(p, der(&W.eum[1]), NOW, ""), ERR_OK);
    assert_int_equal(add_file(p, "c", der(&W.ci[1]), "loaded already"), ERR_CONFIG);
    pki_free(p);
}

static void files_that_are_no_ci_are_refused(void **state)
{
    static uint8_t large[70000];
    struct pki *p = pki_new(W.c);
    struct errmsg why;
    char two[8192], one[4096];
    struct span a = pem_of(&W.ci[0], two, 4096), b = pem_of(&W.ci[1], one, sizeof(one));

    (void)state;
    memcpy(two + a.n, b.p, b.n);
    assert_int_equal(add_file(p, "two", span_of(two, a.n + b.n), "more than one"), ERR_CONFIG);
    assert_int_equal(add_file(p, "empty", span_of("", 0), "no readable PEM"), ERR_CONFIG);
    assert_int_equal(add_file(p, "text", span_str("hello"), "no readable PEM"), ERR_CONFIG);
    assert_int_equal(add_file(p, "cut", span_of(two, a.n / 2), "no readable PEM"), ERR_CONFIG);
    assert_int_equal(add_file(p, "der", span_of(W.ci[0].der.p, W.ci[0].der.n - 1), "not an X.509"),
                     ERR_CONFIG);
    assert_int_equal(add_file(p, "large", span_of(large, sizeof(large)), "too large"), ERR_CONFIG);
    assert_int_equal(add_file(p, "eum", der(&W.eum[0]), "not self-signed"), ERR_CONFIG);
    assert_int_equal(pki_add_ci_file(p, W.dir.path, &why), ERR_CONFIG);
    assert_int_equal(pki_add_ci_file(p, "no/such/file", &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "no such file"));
    assert_int_equal(pki_add_ci_der(p, span_of(NULL, 0), &why), ERR_CONFIG);
    assert_int_equal(verify_eum_by(p, der(&W.eum[0]), NOW, "does not chain"), ERR_AUTH);
    pki_free(p);
}

static void every_flipped_octet_of_a_ci_is_refused(void **state)
{
    uint8_t copy[1024];
    struct span d = der(&W.ci[0]);

    (void)state;
    assert_true(d.n < sizeof(copy));
    for (size_t i = 0; i < d.n; i++) {
        struct pki *p = pki_new(W.c);
        memcpy(copy, d.p, d.n);
        copy[i] ^= 0x01;
        assert_int_equal(pki_add_ci_der(p, span_of(copy, d.n), NULL), ERR_CONFIG);
        pki_free(p);
    }
}

static void a_leaf_is_no_ci(void **state)
{
    struct pki_subject s = subject("TLS", "1.3.6.1.4.1.99999.60", CURVE_P256);
    struct pki_entity leaf;
    struct errmsg why;

    (void)state;
    assert_int_equal(pki_issue_tls_leaf(W.c, &W.ci[0], "smsr", &s, &leaf), ERR_OK);
    assert_int_equal(pki_add_ci_der(W.pki, der(&leaf), &why), ERR_CONFIG);
    pki_entity_fini(&leaf);
}

static void roots_are_bounded(void **state)
{
    struct pki_subject s = subject("Lab CI", "1.3.6.1.4.1.99999.1", CURVE_P256);
    struct pki *p = pki_new(W.c);

    (void)state;
    for (int i = 0; i < 33; i++) {
        struct pki_entity ci;
        struct errmsg why = {""};
        assert_int_equal(pki_issue_ci(W.c, &s, &ci), ERR_OK);
        assert_int_equal(pki_add_ci_der(p, der(&ci), &why), i < 32 ? ERR_OK : ERR_CONFIG);
        assert_true(i < 32 || strstr(why.text, "too many"));
        pki_entity_fini(&ci);
    }
    pki_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eum_gives_its_point),
        cmocka_unit_test(eum_of_another_ci_is_refused),
        cmocka_unit_test(a_ci_added_later_counts_at_once),
        cmocka_unit_test(eum_dates_follow_the_given_time),
        cmocka_unit_test(an_expired_ci_ends_its_eum),
        cmocka_unit_test(every_flipped_octet_of_the_eum_is_refused),
        cmocka_unit_test(a_cut_or_longer_eum_is_refused),
        cmocka_unit_test(other_certificates_of_the_tree_are_no_eum),
        cmocka_unit_test(the_eum_cache_is_bounded),
        cmocka_unit_test(eum_signature_in_both_forms),
        cmocka_unit_test(flipped_octets_or_signature_are_refused),
        cmocka_unit_test(signature_of_an_unknown_eum_is_refused),
        cmocka_unit_test(ci_files_in_pem_and_der),
        cmocka_unit_test(files_that_are_no_ci_are_refused),
        cmocka_unit_test(every_flipped_octet_of_a_ci_is_refused),
        cmocka_unit_test(a_leaf_is_no_ci),
        cmocka_unit_test(roots_are_bounded),
    };

    return cmocka_run_group_tests_name("pki", tests, group_setup, group_teardown);
}
