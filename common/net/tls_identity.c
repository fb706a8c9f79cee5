/* SPDX-License-Identifier: Apache-2.0 */
/* Who a certificate speaks for: urn:remora:party:<OID>:<role> (design 3.5, law 8). Never the common
 * name. */
#include "common/net/tls_int.h"

#include "common/crypto/ossl.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#define CERT_MAX 16384u

static const char URI_PREFIX[] = "urn:remora:party:";

/* "<OID>:<role>" after the prefix. */
static int party_parse(struct span s, struct rpc_party *ret)
{
    const uint8_t *colon = memchr(s.p, ':', s.n);
    if (!colon)
        return ERR_AUTH;
    struct span oid = span_of(s.p, (size_t)(colon - s.p));
    struct span role = span_of(colon + 1, s.n - oid.n - 1);
    if (oid_parse(oid, &ret->oid))
        return ERR_AUTH;
    ret->role = role_parse(role);
    return ret->role == ROLE_NONE ? ERR_AUTH : ERR_OK;
}

static bool has_prefix(struct span s)
{
    size_t n = sizeof(URI_PREFIX) - 1;
    return s.n >= n && memcmp(s.p, URI_PREFIX, n) == 0;
}

int tls_identity_x509(const X509 *cert, struct rpc_party *ret, struct errmsg *why)
{
    *ret = (struct rpc_party){0};
    int critical = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    if (!names) {
        ERR_clear_error();
        return errmsg_set(why, ERR_AUTH, "the certificate has no single subjectAltName (%s)",
                          critical == -2 ? "more than one" : "none that can be read");
    }
    struct rpc_party party = {0};
    unsigned found = 0;
    int err = ERR_OK;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI)
            continue;
        struct span uri =
            span_of(ASN1_STRING_get0_data(name->d.ia5), (size_t)ASN1_STRING_length(name->d.ia5));
        if (!has_prefix(uri))
            continue;
        found++;
        size_t skip = sizeof(URI_PREFIX) - 1;
        if (party_parse(span_of(uri.p + skip, uri.n - skip), &party))
            err = ERR_AUTH;
    }
    GENERAL_NAMES_free(names);
    if (found != 1)
        return errmsg_set(why, ERR_AUTH,
                          "the certificate names %u parties (URI %s<OID>:<role>), not one", found,
                          URI_PREFIX);
    if (err)
        return errmsg_set(why, ERR_AUTH,
                          "the party URI of the certificate has a wrong OID or role");
    *ret = party;
    return ERR_OK;
}

int tls_identity(struct span cert_der, struct rpc_party *ret, struct errmsg *why)
{
    *ret = (struct rpc_party){0};
    if (cert_der.n == 0 || cert_der.n > CERT_MAX)
        return errmsg_set(why, ERR_FORMAT, "not an X.509 certificate");
    const unsigned char *p = cert_der.p;
    X509 *cert = d2i_X509(NULL, &p, (long)cert_der.n);
    if (!cert || p != cert_der.p + cert_der.n) {
        X509_free(cert);
        ERR_clear_error();
        return errmsg_set(why, ERR_FORMAT, "not an X.509 certificate");
    }
    int err = tls_identity_x509(cert, ret, why);
    X509_free(cert);
    return err;
}
