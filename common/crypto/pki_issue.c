/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates of a PKI of one's own (RFC 5280 profile; SGP.02 2.3.2 for CI and EUM,
 * design 3.5 for the identity of a party in TLS). */
#include "common/crypto/pki_issue.h"

#include <stdio.h>

#include "common/crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "common/crypto/ecka.h"
#include "common/crypto/pki_evp.h"

#define SERIAL_LEN 16u
#define NAME_MAX_ 64u           /* ub-common-name of RFC 5280 */
#define ROLE_MAX 32u
#define YEAR_10000_MS 253402300800000ll

/* One kind of certificate: its extensions as X509V3 configuration text. */
struct profile {
    const char *basic;
    const char *usage;
    const char *extended;       /* NULL: none */
};
static const struct profile PROFILE_CI = {"critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL};
static const struct profile PROFILE_EUM = {"critical,CA:TRUE,pathlen:0",
                                           "critical,keyCertSign,digitalSignature", NULL};
static const struct profile PROFILE_TLS_CA = {"critical,CA:TRUE,pathlen:0",
                                              "critical,keyCertSign,cRLSign", NULL};
static const struct profile PROFILE_TLS_LEAF = {"critical,CA:FALSE", "critical,digitalSignature",
                                                "clientAuth,serverAuth"};

void pki_entity_fini(struct pki_entity *e)
{
    key_free(e->key);
    buf_fini(&e->der);
    *e = (struct pki_entity){.key = NULL};
}

static bool subject_ok(const struct pki_subject *s, bool needs_oid)
{
    size_t n = s->name ? strlen(s->name) : 0;
    struct oid again;

    if (n == 0 || n > NAME_MAX_)
        return false;
    if (s->oid.s[0] != '\0' || needs_oid)
        if (!memchr(s->oid.s, 0, sizeof(s->oid.s)) ||
            oid_parse(span_str(s->oid.s), &again) != ERR_OK)
            return false;
    return s->valid.from_ms >= 0 && s->valid.from_ms < s->valid.to_ms &&
           s->valid.to_ms < YEAR_10000_MS;
}

/* Extensions go through text, so what enters it must not be able to add a comma of its own. */
static bool role_ok(const char *role)
{
    size_t n = strlen(role);

    return n >= 1 && n <= ROLE_MAX && strspn(role, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static bool extension_add(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    bool ok;

    X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&ctx);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

static bool ski_add(X509 *x, const uint8_t ski[20])
{
    ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
    bool ok = s && ASN1_OCTET_STRING_set(s, ski, 20) == 1 &&
              X509_add1_ext_i2d(x, NID_subject_key_identifier, s, 0, X509V3_ADD_DEFAULT) == 1;

    ASN1_OCTET_STRING_free(s);
    return ok;
}

static bool aki_add(X509 *x, const uint8_t ski[20])
{
    AUTHORITY_KEYID *a = AUTHORITY_KEYID_new();
    bool ok = false;

    if (a)
        a->keyid = ASN1_OCTET_STRING_new();
    if (a && a->keyid && ASN1_OCTET_STRING_set(a->keyid, ski, 20) == 1)
        ok = X509_add1_ext_i2d(x, NID_authority_key_identifier, a, 0, X509V3_ADD_DEFAULT) == 1;
    AUTHORITY_KEYID_free(a);
    return ok;
}

static bool serial_set(struct crypto *c, X509 *x)
{
    uint8_t raw[SERIAL_LEN];
    BIGNUM *bn;
    bool ok;

    crypto_random(c, raw, sizeof(raw));
    raw[0] = (uint8_t)((raw[0] & 0x7F) | 0x40);   /* positive and never of fewer octets */
    bn = BN_bin2bn(raw, SERIAL_LEN, NULL);
    ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
    BN_free(bn);
    return ok;
}

static bool names_set(X509 *x, const char *name, const X509 *issuer)
{
    X509_NAME *n = X509_get_subject_name(x);

    return X509_NAME_add_entry_by_txt(n, "O", MBSTRING_UTF8, (const uint8_t *)"Remora PKI", -1, -1,
                                      0) == 1 &&
           X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0) ==
               1 &&
           X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : n) == 1;
}

static bool dates_set(X509 *x, const struct pki_dates *d)
{
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(d->from_ms / 1000)) &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(d->to_ms / 1000));
}

static bool extensions_set(X509 *x, const struct profile *p, const char *alt,
                           const struct pki_entity *self, const struct pki_entity *issuer)
{
    return extension_add(x, NID_basic_constraints, p->basic) &&
           extension_add(x, NID_key_usage, p->usage) &&
           (!p->extended || extension_add(x, NID_ext_key_usage, p->extended)) &&
           ski_add(x, self->ski) && aki_add(x, issuer ? issuer->ski : self->ski) &&
           (alt[0] == '\0' || extension_add(x, NID_subject_alt_name, alt));
}

static bool der_keep(X509 *x, struct buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);

    if (n > 0) {
        buf_init(out, 0);
        buf_add(out, der, (size_t)n);
    }
    OPENSSL_free(der);
    return n > 0 && !out->failed;
}

/* Builds and signs; self holds the key, its point and identifier already. */
static int certify(struct crypto *c, const struct pki_subject *s, const struct profile *p,
                   const char *alt, const struct pki_entity *issuer, struct pki_entity *self)
{
    const unsigned char *at = issuer ? issuer->der.p : NULL;
    X509 *parent = issuer ? d2i_X509(NULL, &at, (long)issuer->der.n) : NULL;
    EVP_PKEY *signer = pki_evp_from_key(issuer ? issuer->key : self->key);
    EVP_PKEY *mine = pki_evp_from_key(self->key);
    X509 *x = X509_new();
    int rc = ERR_CRYPTO;

    if (x && signer && mine && (parent || !issuer) && X509_set_version(x, X509_VERSION_3) == 1 &&
        serial_set(c, x) && names_set(x, s->name, parent) && dates_set(x, &s->valid) &&
        X509_set_pubkey(x, mine) == 1 && extensions_set(x, p, alt, self, issuer) &&
        X509_sign(x, signer, EVP_sha256()) > 0 && der_keep(x, &self->der))
        rc = ERR_OK;
    X509_free(x);
    X509_free(parent);
    EVP_PKEY_free(signer);
    EVP_PKEY_free(mine);
    ERR_clear_error();
    return rc;
}

static int issue(struct crypto *c, const struct pki_subject *s, const struct profile *p,
                 const char *alt, const struct pki_entity *issuer, struct pki_entity *ret)
{
    struct pki_entity e = {.key = NULL, .curve = s->curve};
    int rc = ec_generate(c, s->curve, &e.key, e.point);

    if (rc != ERR_OK)
        return rc;
    sha1(c, span_of(e.point, sizeof(e.point)), e.ski);
    rc = certify(c, s, p, alt, issuer, &e);
    if (rc != ERR_OK) {
        pki_entity_fini(&e);
        return rc;
    }
    *ret = e;
    return ERR_OK;
}

/* An entity whose OID stands as registeredID in subjectAltName. */
static int issue_with_oid(struct crypto *c, const struct pki_subject *s, const struct profile *p,
                          const struct pki_entity *issuer, struct pki_entity *ret)
{
    char alt[sizeof(s->oid.s) + 8];
    int rc;

    *ret = (struct pki_entity){.key = NULL};
    if (!subject_ok(s, true))
        return ERR_INVAL;
    (void)snprintf(alt, sizeof(alt), "RID:%s", s->oid.s);
    rc = issue(c, s, p, alt, issuer, ret);
    if (rc == ERR_OK)
        ret->oid = s->oid;
    return rc;
}

int pki_issue_ci(struct crypto *c, const struct pki_subject *s, struct pki_entity *ret)
{
    return issue_with_oid(c, s, &PROFILE_CI, NULL, ret);
}

int pki_issue_eum(struct crypto *c, const struct pki_entity *ci, const struct pki_subject *s,
                  struct pki_entity *ret)
{
    return issue_with_oid(c, s, &PROFILE_EUM, ci, ret);
}

int pki_issue_tls_ca(struct crypto *c, const struct pki_subject *s, struct pki_entity *ret)
{
    *ret = (struct pki_entity){.key = NULL};
    if (!subject_ok(s, false))
        return ERR_INVAL;
    return issue(c, s, &PROFILE_TLS_CA, "", NULL, ret);
}

int pki_issue_tls_leaf(struct crypto *c, const struct pki_entity *ca, const char *role,
                       const struct pki_subject *s, struct pki_entity *ret)
{
    char alt[256];
    int n;

    *ret = (struct pki_entity){.key = NULL};
    if (!subject_ok(s, true) || !role_ok(role))
        return ERR_INVAL;
    n = snprintf(alt, sizeof(alt), "URI:urn:remora:party:%s:%s,DNS:localhost,IP:127.0.0.1",
                 s->oid.s, role);
    if (n < 0 || (size_t)n >= sizeof(alt))
        return ERR_INVAL;
    return issue(c, s, &PROFILE_TLS_LEAF, alt, ca, ret);
}
