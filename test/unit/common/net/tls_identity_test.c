/* SPDX-License-Identifier: Apache-2.0 */
/* The one URI that says who a certificate speaks for (design 3.5). */
#define _GNU_SOURCE /* memmem */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/tls.h"
#include "test/support/certs.h"

#include <string.h>

static int identify(const char *san, struct rpc_party *ret, struct errmsg *why)
{
    struct cert_spec s = {.cn = "x", .san = san, .to_days = 30};
    struct cert c = cert_make(&s, NULL);
    unsigned char *der = NULL;
    int n = i2d_X509(c.x, &der);
    assert_true(n > 0);
    int err = tls_identity(span_of(der, (size_t)n), ret, why);
    OPENSSL_free(der);
    cert_free(&c);
    return err;
}

static void test_roles(void **state)
{
    static const struct {
        const char *san;
        enum party_role role;
    } rows[] = {
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:eum", ROLE_EUM},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:operator", ROLE_OPERATOR},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:m2m-sp", ROLE_M2M_SP},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:smdp", ROLE_SMDP},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:smsr", ROLE_SMSR},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:fleet", ROLE_FLEET},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:admin", ROLE_ADMIN},
        {"URI:urn:remora:party:1.3.6.1.4.1.99999.3:auditor", ROLE_AUDITOR},
        {"DNS:a.example,URI:https://a.example/,URI:urn:remora:party:1.3.6.1.4.1.99999.3:fleet",
         ROLE_FLEET},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rpc_party p;
        assert_int_equal(identify(rows[i].san, &p, NULL), ERR_OK);
        assert_int_equal(p.role, rows[i].role);
        assert_string_equal(p.oid.s, "1.3.6.1.4.1.99999.3");
    }
}

static void test_refused(void **state)
{
    static const char *const rows[] = {
        NULL,
        "DNS:a.example",
        "URI:urn:remora:party:",
        "URI:urn:remora:party:1.3.6:",
        "URI:urn:remora:party::smsr",
        "URI:urn:remora:party:1.3.6",
        "URI:urn:remora:party:1.3.6:root",
        "URI:urn:remora:party:1.3.6:SMSR",
        "URI:urn:remora:party:1.3.6:smsr:x",
        "URI:urn:remora:party:x.y:smsr",
        "URI:urn:remora:party:1..3:smsr",
        "URI:URN:remora:party:1.3.6:smsr",
        "DNS:urn:remora:party:1.3.6:smsr",
        "URI:urn:remora:party:1.3.6:smsr,URI:urn:remora:party:1.3.7:smsr",
        "URI:urn:remora:party:1.3.6:smsr,URI:urn:remora:party:1.3.6:smsr",
        "URI:urn:remora:party:1.3.6:smsr,URI:urn:remora:party:bad",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rpc_party p;
        struct errmsg why = {""};
        assert_int_equal(identify(rows[i], &p, &why), ERR_AUTH);
        assert_int_equal(p.role, ROLE_NONE);
        assert_string_equal(p.oid.s, "");
        assert_true(strlen(why.text) > 10);
    }
}

/* A NUL inside the URI must not end it early. */
static void test_nul_inside(void **state)
{
    struct cert_spec s = {.cn = "x", .san = "URI:urn:remora:party:1.3.6:smsr!ab", .to_days = 30};
    struct cert c = cert_make(&s, NULL);
    unsigned char *der = NULL;
    struct rpc_party p;
    (void)state;
    int n = i2d_X509(c.x, &der);
    unsigned char *bang = memmem(der, (size_t)n, "smsr!", 5);
    assert_non_null(bang);
    bang[4] = 0;
    assert_int_equal(tls_identity(span_of(der, (size_t)n), &p, NULL), ERR_AUTH);
    OPENSSL_free(der);
    cert_free(&c);
}

static void test_not_a_certificate(void **state)
{
    struct cert_spec s = {.cn = "x", .san = "URI:urn:remora:party:1.3.6:smsr", .to_days = 30};
    struct cert c = cert_make(&s, NULL);
    unsigned char *der = NULL;
    struct rpc_party p;
    (void)state;
    int n = i2d_X509(c.x, &der);
    for (int cut = 0; cut < n; cut++)
        assert_int_equal(tls_identity(span_of(der, (size_t)cut), &p, NULL), ERR_FORMAT);
    assert_int_equal(tls_identity(span_of(der, (size_t)n), &p, NULL), ERR_OK);
    unsigned char *longer = malloc((size_t)n + 1);
    memcpy(longer, der, (size_t)n);
    longer[n] = 0;
    assert_int_equal(tls_identity(span_of(longer, (size_t)n + 1), &p, NULL), ERR_FORMAT);
    free(longer);
    OPENSSL_free(der);
    cert_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_roles), cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_nul_inside),
                                       cmocka_unit_test(test_not_a_certificate)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
