/* SPDX-License-Identifier: Apache-2.0 */
#include "test/support/certs.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

void cert_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "certs: %s\n", what);
        abort();
    }
}

static void cert_ext(X509 *x, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = value ? X509V3_EXT_conf_nid(NULL, ctx, nid, value) : NULL;
    cert_must(!value || (e && X509_add_ext(x, e, -1)), value ? value : "");
    X509_EXTENSION_free(e);
}

struct cert cert_make(const struct cert_spec *s, const struct cert *issuer)
{
    struct cert c = {X509_new(), EVP_EC_gen("P-256")};
    cert_must(c.x && c.key, "memory");
    X509 *by = issuer ? issuer->x : c.x;
    X509_NAME *name = X509_get_subject_name(c.x);
    static const unsigned char org[] = "test";
    X509_set_version(c.x, X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(c.x), (uint64_t)(uintptr_t)c.x);
    X509_gmtime_adj(X509_getm_notBefore(c.x), 86400L * s->from_days - 60);
    X509_gmtime_adj(X509_getm_notAfter(c.x), 86400L * s->to_days - 60);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, org, -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)s->cn, -1, -1, 0);
    X509_set_issuer_name(c.x, X509_get_subject_name(by));
    X509_set_pubkey(c.x, c.key);
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, by, c.x, NULL, NULL, 0);
    cert_ext(c.x, &ctx, NID_basic_constraints, s->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    cert_ext(c.x, &ctx, NID_key_usage,
             s->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    cert_ext(c.x, &ctx, NID_subject_key_identifier, "hash");
    cert_ext(c.x, &ctx, NID_authority_key_identifier, issuer ? "keyid" : NULL);
    cert_ext(c.x, &ctx, NID_subject_alt_name, s->san);
    cert_ext(c.x, &ctx, NID_ext_key_usage, s->eku);
    cert_must(X509_sign(c.x, issuer ? issuer->key : c.key, EVP_sha256()) > 0, "signature");
    return c;
}

void cert_free(struct cert *c)
{
    X509_free(c->x);
    EVP_PKEY_free(c->key);
    *c = (struct cert){NULL, NULL};
}

void cert_write(const struct cert *c, const struct tmpdir *dir, const char *name)
{
    char file[64], path[512];
    snprintf(file, sizeof(file), "%s.pem", name);
    tmpdir_path(dir, file, path, sizeof(path));
    FILE *f = fopen(path, "w");
    cert_must(f && PEM_write_X509(f, c->x) == 1, "write certificate");
    fclose(f);
    snprintf(file, sizeof(file), "%s.key", name);
    tmpdir_path(dir, file, path, sizeof(path));
    f = fopen(path, "w");
    cert_must(f && PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL) == 1, "write key");
    fclose(f);
}

void cert_issue(const struct tmpdir *dir, const char *name, const struct cert *ca,
                const struct cert_spec *s)
{
    struct cert c = cert_make(s, ca);
    cert_write(&c, dir, name);
    cert_free(&c);
}
