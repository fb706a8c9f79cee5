/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "common/base/hex.h"
#include "common/crypto/ecka.h"
#include "common/crypto/pki.h"
#include "common/crypto/pki_issue.h"
#include "test/support/path.h"
#include "test/support/vec.h"

#define DAY_MS 86400000ll
#define NOW 1795305600000ll     /* 2026-11-22 00:00 UTC */
#define FROM (NOW - 30 * DAY_MS)
#define TO (NOW + 300 * DAY_MS)

/* One world for all tests: making certificates is the slow part. ci[0] and ci[1] on P-256, ci[2] on
 * brainpoolP256r1; eum[i] under ci[i]. dp, sr: 7F21 under ci[0]. ecasd under eum[0]. */
static struct world {
    struct crypto *c;
    struct pki_entity ci[3], eum[3];
    struct key *party;
    uint8_t point[65];
    struct eid eid;
    struct buf dp, sr, ecasd;
    struct pki *pki;            /* trusts ci[0] and ci[2] */
    struct tmpdir dir;
} W;

static struct pki_subject subject(const char *name, const char *oid, enum curve curve)
{
    struct pki_subject s = {.name = name, .curve = curve, .valid = {FROM, TO}};

    assert_int_equal(oid_parse(span_str(oid), &s.oid), ERR_OK);
    return s;
}

static struct span der(const struct pki_entity *e)
{
    return buf_span(&e->der);
}

static int group_setup(void **state)
{
    static const enum curve CURVES[] = {CURVE_P256, CURVE_P256, CURVE_BRAINPOOLP256R1};
    static const char *const OIDS[] = {"1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2",
                                       "1.3.6.1.4.1.99999.3"};
    struct pki_subject s;

    (void)state;
    W.c = crypto_new(NULL);
    W.pki = pki_new(W.c);
    assert_true(W.c && W.pki);
    /* The CIs share their name on purpose: the key identifier must tell them apart. */
    for (size_t i = 0; i < 3; i++) {
        s = subject("Lab CI", OIDS[i], CURVES[i]);
        assert_int_equal(pki_issue_ci(W.c, &s, &W.ci[i]), ERR_OK);
        s = subject("Lab EUM", "1.3.6.1.4.1.99999.50", CURVES[i]);
        assert_int_equal(pki_issue_eum(W.c, &W.ci[i], &s, &W.eum[i]), ERR_OK);
    }
    assert_int_equal(pki_add_ci_der(W.pki, der(&W.ci[0]), NULL), ERR_OK);
    assert_int_equal(pki_add_ci_der(W.pki, der(&W.ci[2]), NULL), ERR_OK);
    assert_int_equal(ec_generate(W.c, CURVE_P256, &W.party, W.point), ERR_OK);
    assert_int_equal(eid_make("890440450000000000000000000000", &W.eid), ERR_OK);
    buf_init(&W.dp, 0);
    buf_init(&W.sr, 0);
    buf_init(&W.ecasd, 0);
    s = subject("x", "1.3.6.1.4.1.99999.10", CURVE_P256);
    assert_int_equal(pki_issue_gp(W.c, &W.ci[0], GPCERT_ROLE_SMDP, &s, span_of(W.point, 65), &W.dp),
                     ERR_OK);
    assert_int_equal(pki_issue_gp(W.c, &W.ci[0], GPCERT_ROLE_SMSR, &s, span_of(W.point, 65), &W.sr),
                     ERR_OK);
    assert_int_equal(pki_issue_ecasd(W.c, &W.eum[0], &W.eid, CURVE_P256, span_of(W.point, 65),
                                     &s.valid, &W.ecasd), ERR_OK);
    tmpdir_init(&W.dir);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        pki_entity_fini(&W.ci[i]);
        pki_entity_fini(&W.eum[i]);
    }
    buf_fini(&W.dp);
    buf_fini(&W.sr);
    buf_fini(&W.ecasd);
    key_free(W.party);
    pki_free(W.pki);
    crypto_free(W.c);
    tmpdir_fini(&W.dir);
    return 0;
}

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
        cmocka_unit_test(ci_files_in_pem_and_der),
        cmocka_unit_test(files_that_are_no_ci_are_refused),
        cmocka_unit_test(every_flipped_octet_of_a_ci_is_refused),
        cmocka_unit_test(a_leaf_is_no_ci),
        cmocka_unit_test(roots_are_bounded),
        cmocka_unit_test(ci_point_of_the_vectors_is_unknown),
    };

    return cmocka_run_group_tests_name("pki", tests, group_setup, group_teardown);
}
