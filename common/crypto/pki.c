/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 side of the GSMA chains: CI roots and EUM certificates (SGP.02 2.3.2). The verdict "chains
 * to a root" does not depend on time and is reached once a certificate; the dates of the whole
 * chain are compared at every call, so that virtual time works and an expired certificate stops
 * working. */
#include "common/crypto/pki_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "common/base/clock.h"
#include "common/crypto/ecka.h"

#define PEM_MAX 65536u

struct anchors {
    X509_STORE *store;
};

static void anchors_free(struct anchors *a)
{
    if (!a)
        return;
    X509_STORE_free(a->store);
    free(a);
}

static struct anchors *anchors_new(void)
{
    struct anchors *a = calloc(1, sizeof(*a));
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();

    if (a)
        a->store = X509_STORE_new();
    if (!a || !a->store || !param) {
        X509_VERIFY_PARAM_free(param);
        anchors_free(a);
        return NULL;
    }
    /* Never PARTIAL_CHAIN: an EUM certificate is not an anchor. Dates are compared by ourselves. */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT | X509_V_FLAG_NO_CHECK_TIME);
    /* The CI signs EUM certificates and nothing stands between them (SGP.02 2.3). */
    X509_VERIFY_PARAM_set_depth(param, 0);
    (void)X509_STORE_set1_param(a->store, param);
    X509_VERIFY_PARAM_free(param);
    return a;
}

struct pki *pki_new(struct crypto *c)
{
    struct pki *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->c = c;
    p->anchors = anchors_new();
    if (p->anchors)
        return p;
    free(p);
    return NULL;
}

void pki_free(struct pki *p)
{
    if (!p)
        return;
    anchors_free(p->anchors);
    free(p);
}

static bool asn1_seconds(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *ret = (int64_t)timegm(&tm);
    return true;
}

static bool x509_window(X509 *x, struct pki_window *ret)
{
    return asn1_seconds(X509_get0_notBefore(x), &ret->from_s) &&
           asn1_seconds(X509_get0_notAfter(x), &ret->to_s);
}

int pki_window_check(const struct pki_window *w, int64_t now_ms, const char *what,
                     struct errmsg *why)
{
    int64_t now_s = now_ms / 1000;
    char date[25];

    if (now_s < w->from_s) {
        clock_text(w->from_s * 1000, date);
        return errmsg_set(why, ERR_EXPIRED, "%s is not valid before %s", what, date);
    }
    if (now_s >= w->to_s) {
        clock_text(w->to_s * 1000, date);
        return errmsg_set(why, ERR_EXPIRED, "%s expired at %s", what, date);
    }
    return ERR_OK;
}

/* False for anything but a named curve of ours. */
static bool x509_point(X509 *x, uint8_t ret_point[65], enum curve *ret_curve)
{
    EVP_PKEY *key = X509_get0_pubkey(x);
    char group[32];
    size_t n = 0;

    if (!key || !EVP_PKEY_is_a(key, "EC") ||
        EVP_PKEY_get_group_name(key, group, sizeof(group), &n) != 1)
        return false;
    if (strcmp(group, SN_X9_62_prime256v1) == 0)
        *ret_curve = CURVE_P256;
    else if (strcmp(group, SN_brainpoolP256r1) == 0)
        *ret_curve = CURVE_BRAINPOOLP256R1;
    else
        return false;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, ret_point, 65, &n) == 1 &&
           n == 65 && ret_point[0] == 0x04;
}

/* Octets of the subject key identifier; 0 when absent or too long to be one. */
static size_t x509_ski(X509 *x, uint8_t dst[PKI_NAME_MAX])
{
    const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(x);
    int n = ski ? ASN1_STRING_length(ski) : 0;

    if (n <= 0 || (size_t)n > PKI_NAME_MAX)
        return 0;
    memcpy(dst, ASN1_STRING_get0_data(ski), (size_t)n);
    return (size_t)n;
}

/* The CA id (tag 42) by which a 7F21 names its CI when it has no C9: taken as the content octets of
 * the registeredID in the root's subjectAltName, where the CI's OID stands. Believed, and chosen
 * here. */
static size_t root_ca_id(X509 *x, uint8_t *dst)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    size_t n = 0;

    for (int i = 0; n == 0 && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_RID && OBJ_length(name->d.registeredID) <= PKI_NAME_MAX) {
            n = OBJ_length(name->d.registeredID);
            memcpy(dst, OBJ_get0_data(name->d.registeredID), n);
        }
    }
    GENERAL_NAMES_free(names);
    return n;
}

/* What makes a certificate a CI root; NULL, or the clause that says what is wrong. */
static const char *root_fault(X509 *x, struct pki_root *r)
{
    if (X509_self_signed(x, 1) != 1)
        return "is not self-signed";
    if (X509_check_ca(x) != 1 || !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
        return "is not a certification authority (basic constraints, key usage)";
    r->ski_len = x509_ski(x, r->ski);
    if (r->ski_len == 0)
        return "has no usable subject key identifier";
    if (!x509_point(x, r->point, &r->curve))
        return "has no key on P-256 or brainpoolP256r1";
    if (!x509_window(x, &r->window))
        return "has unreadable dates";
    r->ca_id_len = root_ca_id(x, r->ca_id);
    return NULL;
}

/* Takes the reference of x. */
static int root_add(struct pki *p, X509 *x, const char *where, struct errmsg *why)
{
    struct pki_root r = {.ski_len = 0};
    const char *fault = root_fault(x, &r);
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    struct span octets = span_of(der, n > 0 ? (size_t)n : 0);

    if (n <= 0)
        fault = "cannot be encoded again";
    else
        sha256(p->c, &octets, 1, r.sha256);
    for (size_t i = 0; !fault && i < p->n_roots; i++)
        if (memcmp(p->roots[i].sha256, r.sha256, sizeof(r.sha256)) == 0)
            fault = "is loaded already; name each CI once";
    if (!fault && p->n_roots == PKI_ROOTS_MAX)
        fault = "is one CI root too many";
    if (!fault && X509_STORE_add_cert(p->anchors->store, x) != 1)
        fault = "is refused by the certificate store";
    OPENSSL_free(der);
    X509_free(x);
    ERR_clear_error();
    if (fault)
        return errmsg_set(why, ERR_CONFIG, "CI certificate %s %s", where, fault);
    p->roots[p->n_roots++] = r;
    return ERR_OK;
}

static X509 *x509_from_der(struct span der)
{
    const unsigned char *at = der.p;
    X509 *x;

    if (der.n == 0 || der.n > PKI_CERT_MAX)
        return NULL;
    x = d2i_X509(NULL, &at, (long)der.n);
    if (x && at != der.p + der.n) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

int pki_add_ci_der(struct pki *p, struct span der, struct errmsg *why)
{
    X509 *x = x509_from_der(der);

    if (!x)
        return errmsg_set(why, ERR_CONFIG, "CI certificate (DER) is not an X.509 certificate");
    return root_add(p, x, "(DER)", why);
}

/* Without it the library would ask the terminal for the password of an enciphered PEM block. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

/* One certificate exactly: a second one in the file would be trusted by nobody and missed by
 * all. */
static X509 *x509_from_pem(const char *pem, size_t n, const char **ret_fault)
{
    BIO *in = BIO_new_mem_buf(pem, (int)n);
    X509 *x = in ? PEM_read_bio_X509(in, NULL, no_password, NULL) : NULL, *second = NULL;

    *ret_fault = x ? NULL : "holds no readable PEM certificate";
    if (x)
        second = PEM_read_bio_X509(in, NULL, no_password, NULL);
    if (second) {
        *ret_fault = "holds more than one certificate; give each CI its own file";
        X509_free(x);
        x = NULL;
    }
    X509_free(second);
    BIO_free(in);
    ERR_clear_error();
    return x;
}

int pki_add_ci_file(struct pki *p, const char *path, struct errmsg *why)
{
    FILE *f = fopen(path, "rbe");
    const char *fault = NULL;
    char *text;
    X509 *x = NULL;
    size_t n;

    if (!f)
        return errmsg_set(why, ERR_CONFIG, "CI certificate %s cannot be opened (%s)", path,
                          errno == ENOENT ? "no such file" : "not readable by this user");
    text = malloc(PEM_MAX + 1);
    n = text ? fread(text, 1, PEM_MAX + 1, f) : 0;
    if (!text)
        fault = "does not fit into memory";
    else if (ferror(f))
        fault = "cannot be read";
    else if (n > PEM_MAX)
        fault = "is too large for a certificate";
    else if (n > 0 && (uint8_t)text[0] == 0x30)
        x = x509_from_der(span_of(text, n));
    else
        x = x509_from_pem(text, n, &fault);
    (void)fclose(f);
    free(text);
    if (x)
        return root_add(p, x, path, why);
    return errmsg_set(why, ERR_CONFIG, "CI certificate %s %s", path,
                      fault ? fault : "is not an X.509 certificate");
}

/* Chains x to a root of ours and narrows the window to the root's. */
static int eum_chain(struct pki *p, X509 *x, struct pki_window *window, struct errmsg *why)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    struct pki_window root;
    int rc = ERR_OK;

    if (!ctx || X509_STORE_CTX_init(ctx, p->anchors->store, x, NULL) != 1) {
        X509_STORE_CTX_free(ctx);
        return ERR_NOMEM;
    }
    if (X509_verify_cert(ctx) != 1) {
        rc = errmsg_set(why, ERR_AUTH, "EUM certificate does not chain to a CI of ours (%s)",
                        X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    } else {
        STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
        /* A root presented as its own EUM has a chain of one. */
        if (sk_X509_num(chain) != 2)
            rc = errmsg_set(why, ERR_AUTH, "EUM certificate is not one signed by a CI");
        else if (!x509_window(sk_X509_value(chain, 1), &root))
            rc = ERR_INTERNAL;
        else if (root.from_s > window->from_s)
            window->from_s = root.from_s;
        if (rc == ERR_OK && root.to_s < window->to_s)
            window->to_s = root.to_s;
    }
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return rc;
}

/* An EUM signs ECASD certificates, so its own must say that it is an authority; that is what tells
 * it from a leaf which the same CI may have signed. Key usage beyond keyCertSign is not asked
 * for. */
static int eum_read(struct pki *p, X509 *x, struct pki_eum *e, struct errmsg *why)
{
    if (X509_check_ca(x) != 1 || !(X509_get_key_usage(x) & KU_KEY_CERT_SIGN))
        return errmsg_set(why, ERR_AUTH, "EUM certificate is not one of an authority "
                                         "(basic constraints, key usage)");
    if (!x509_point(x, e->point, &e->curve))
        return errmsg_set(why, ERR_UNSUPPORTED,
                          "EUM certificate has no key on P-256 or brainpoolP256r1");
    if (!x509_window(x, &e->window))
        return errmsg_set(why, ERR_FORMAT, "EUM certificate has unreadable dates");
    e->ski_len = x509_ski(x, e->ski);
    return eum_chain(p, x, &e->window, why);
}

int pki_eum_get(struct pki *p, struct span eum_der, const struct pki_eum **ret, struct errmsg *why)
{
    struct pki_eum e = {.ski_len = 0};
    struct pki_eum *slot;
    X509 *x;
    int rc;

    if (eum_der.n == 0 || eum_der.n > PKI_CERT_MAX)
        return errmsg_set(why, ERR_FORMAT, "EUM certificate is empty or too large");
    sha256(p->c, &eum_der, 1, e.sha256);
    for (size_t i = 0; i < p->n_eums; i++) {
        if (memcmp(p->eums[i].sha256, e.sha256, sizeof(e.sha256)) == 0) {
            *ret = &p->eums[i];
            return ERR_OK;
        }
    }
    x = x509_from_der(eum_der);
    if (!x)
        return errmsg_set(why, ERR_FORMAT, "EUM certificate is not an X.509 certificate");
    rc = eum_read(p, x, &e, why);
    X509_free(x);
    ERR_clear_error();
    if (rc != ERR_OK)
        return rc;
    slot = &p->eums[p->next_victim];
    p->next_victim = (p->next_victim + 1) % PKI_EUM_CACHE;
    if (p->n_eums < PKI_EUM_CACHE)
        p->n_eums++;
    *slot = e;
    *ret = slot;
    return ERR_OK;
}

int pki_verify_eum(struct pki *p, struct span eum_der, int64_t now_ms, uint8_t ret_point[65],
                   enum curve *ret_curve, struct errmsg *why)
{
    const struct pki_eum *e;
    int rc = pki_eum_get(p, eum_der, &e, why);

    if (rc == ERR_OK)
        rc = pki_window_check(&e->window, now_ms, "EUM certificate or its CI", why);
    if (rc != ERR_OK)
        return rc;
    memcpy(ret_point, e->point, sizeof(e->point));
    *ret_curve = e->curve;
    return ERR_OK;
}

/* SEQUENCE { r, s } into r || s; anything but the one DER form of it is refused. */
static bool signature_plain(struct span der, uint8_t ret[EC_SIG_LEN])
{
    const unsigned char *at = der.p;
    ECDSA_SIG *sig = der.n <= 80 ? d2i_ECDSA_SIG(NULL, &at, (long)der.n) : NULL;
    unsigned char *again = NULL;
    int n = sig ? i2d_ECDSA_SIG(sig, &again) : 0;
    bool ok = n > 0 && span_eq(der, span_of(again, (size_t)n)) &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret, 32) == 32 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret + 32, 32) == 32;

    OPENSSL_free(again);
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    return ok;
}

int pki_verify_eum_signature(struct pki *p, struct span eum_der, struct span signed_octets,
                             struct span signature, struct errmsg *why)
{
    const struct pki_eum *e;
    uint8_t plain[EC_SIG_LEN];
    int rc = pki_eum_get(p, eum_der, &e, why);

    if (rc != ERR_OK)
        return rc;
    rc = ERR_AUTH;
    if (signature.n == EC_SIG_LEN)
        rc = ec_verify(p->c, e->curve, span_of(e->point, sizeof(e->point)), &signed_octets, 1,
                       signature);
    /* A DER signature of 64 octets is rare but possible, hence no "else". */
    if (rc != ERR_OK && signature_plain(signature, plain))
        rc = ec_verify(p->c, e->curve, span_of(e->point, sizeof(e->point)), &signed_octets, 1,
                       span_of(plain, sizeof(plain)));
    if (rc != ERR_OK)
        return errmsg_set(why, ERR_AUTH, "the EUM's signature does not match what it covers");
    return ERR_OK;
}
