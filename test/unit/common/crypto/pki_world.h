/* SPDX-License-Identifier: Apache-2.0 */
/* A small tree of certificates for the tests of pki. Included behind cmocka.h. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/crypto/ecka.h"
#include "common/crypto/pki.h"
#include "common/crypto/pki_issue.h"
#include "test/support/path.h"

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

static inline struct pki_subject subject(const char *name, const char *oid, enum curve curve)
{
    struct pki_subject s = {.name = name, .curve = curve, .valid = {FROM, TO}};

    assert_int_equal(oid_parse(span_str(oid), &s.oid), ERR_OK);
    return s;
}

static inline struct span der(const struct pki_entity *e)
{
    return buf_span(&e->der);
}

static inline int group_setup(void **state)
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

static inline int group_teardown(void **state)
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
