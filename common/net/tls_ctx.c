/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS profile between the parties (facts: trust 1.3, libs 1.1) and clear words about wrong
 * files. */
#include "common/net/tls_int.h"

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define CIPHERS_12  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"
#define CHAIN_DEPTH 3

/* The first reason is the true one; a connection without a place for it is refused all the same. */
static void refusal_set(SSL *ssl, const char *text)
{
    struct errmsg *why = SSL_get_app_data(ssl);
    if (why && why->text[0] == '\0')
        errmsg_set(why, ERR_AUTH, "%s", text);
}

/* EKU must be there and allow the role the peer plays: absence means "anything" to the library. */
static bool eku_allows(X509 *cert, bool as_server)
{
    uint32_t eku = X509_get_extended_key_usage(cert);
    return eku != UINT32_MAX && (eku & (as_server ? XKU_SSL_SERVER : XKU_SSL_CLIENT)) != 0;
}

/* Whatever is wrong with a certificate, the peer sees the same alert (bad_certificate). */
static int verify_peer(int ok, X509_STORE_CTX *store)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    if (!ok) {
        refusal_set(ssl, X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
    } else if (X509_STORE_CTX_get_error_depth(store) == 0) {
        X509 *cert = X509_STORE_CTX_get_current_cert(store);
        bool server = SSL_is_server(ssl);
        struct rpc_party party;
        struct errmsg why = {""};
        if (!eku_allows(cert, !server))
            refusal_set(ssl, server ? "extended key usage clientAuth is missing"
                                    : "extended key usage serverAuth is missing");
        else if (server && tls_identity_x509(cert, &party, &why))
            refusal_set(ssl, why.text);
        else
            return 1;
    } else {
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

void tls_error_text(struct errmsg *ret, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    errmsg_set(ret, ERR_IO, "%s: %s", what, reason ? reason : "no reason given");
    ERR_clear_error();
}

static int readable(const char *what, const char *path, struct errmsg *why)
{
    if (!path || !path[0])
        return errmsg_set(why, ERR_CONFIG, "no %s file is configured under tls", what);
    FILE *f = fopen(path, "re");
    if (!f)
        return errmsg_set(why, ERR_CONFIG, "%s file %.160s cannot be read: %s", what, path,
                          strerror(errno));
    fclose(f);
    return ERR_OK;
}

/* Wrong dates are said here, at start, with the file's name: the peer's alert would not tell. */
static int check_own_cert(X509 *cert, bool server, const char *path, struct errmsg *why)
{
    char date[40] = "?";
    BIO *out = BIO_new(BIO_s_mem());
    bool late = X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0;
    bool early = X509_cmp_current_time(X509_get0_notBefore(cert)) > 0;
    if (out) {
        ASN1_TIME_print(out, late ? X509_get0_notAfter(cert) : X509_get0_notBefore(cert));
        int n = BIO_read(out, date, sizeof(date) - 1);
        date[n > 0 ? n : 0] = '\0';
        BIO_free(out);
    }
    if (late)
        return errmsg_set(why, ERR_CONFIG, "certificate %.160s expired on %s: issue a new one",
                          path, date);
    if (early)
        return errmsg_set(why, ERR_CONFIG,
                          "certificate %.160s is not valid before %s: check the clock", path, date);
    if (!eku_allows(cert, server))
        return errmsg_set(why, ERR_CONFIG, "certificate %.160s lacks extended key usage %s", path,
                          server ? "serverAuth" : "clientAuth");
    return ERR_OK;
}

/* A key under a pass phrase must fail, never ask on a terminal. */
static int no_passphrase(char *buf, int size, int rw, void *u)
{
    (void)buf;
    (void)size;
    (void)rw;
    (void)u;
    return -1;
}

static int load_key(SSL_CTX *ctx, X509 *cert, const struct tls_files *f, struct errmsg *why)
{
    FILE *in = fopen(f->key, "re");
    EVP_PKEY *key = in ? PEM_read_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    if (in)
        fclose(in);
    int err = ERR_OK;
    if (!key)
        err = errmsg_set(why, ERR_CONFIG,
                         "key file %.160s holds no PEM private key without a pass phrase", f->key);
    else if (X509_check_private_key(cert, key) != 1)
        err = errmsg_set(why, ERR_CONFIG, "key %.120s does not belong to certificate %.120s",
                         f->key, f->cert);
    else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
        err = errmsg_set(why, ERR_CONFIG, "key %.160s is not accepted for TLS", f->key);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return err;
}

static int load_files(SSL_CTX *ctx, const struct tls_files *f, bool server, struct errmsg *why)
{
    int err = readable("CA", f->ca, why);
    if (!err)
        err = readable("certificate", f->cert, why);
    if (!err)
        err = readable("key", f->key, why);
    if (err)
        return err;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(f->ca);
    if (!names || SSL_CTX_load_verify_file(ctx, f->ca) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        ERR_clear_error();
        return errmsg_set(why, ERR_CONFIG, "CA file %.160s holds no PEM certificate", f->ca);
    }
    if (server)
        SSL_CTX_set_client_CA_list(ctx, names);
    else
        sk_X509_NAME_pop_free(names, X509_NAME_free);
    if (SSL_CTX_use_certificate_chain_file(ctx, f->cert) != 1) {
        ERR_clear_error();
        return errmsg_set(why, ERR_CONFIG,
                          "certificate file %.160s holds no usable PEM certificate", f->cert);
    }
    X509 *cert = SSL_CTX_get0_certificate(ctx);
    err = check_own_cert(cert, server, f->cert, why);
    return err ? err : load_key(ctx, cert, f, why);
}

static bool set_profile(SSL_CTX *ctx)
{
    char groups[] = "P-256:X25519:P-384"; /* the library's macro wants it writable */
    /* Ki and OPc come in by here: the library's own copy of what was read goes as well. */
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_CLEANSE_PLAINTEXT);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verify_peer);
    /* Tickets: an unread one makes the kernel reset a connection that only writes (facts:
     * libs 1.2). */
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, CIPHERS_12) == 1 &&
           SSL_CTX_set1_groups_list(ctx, groups) == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
           X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT) == 1;
}

int tls_ctx_new(const struct tls_files *f, bool server, SSL_CTX **ret, struct errmsg *why)
{
    *ret = NULL;
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (!ctx || !set_profile(ctx)) {
        SSL_CTX_free(ctx);
        ERR_clear_error();
        return errmsg_set(why, ERR_CRYPTO, "the TLS library refuses the profile of this program");
    }
    int err = load_files(ctx, f, server, why);
    if (err) {
        SSL_CTX_free(ctx);
        return err;
    }
    *ret = ctx;
    return ERR_OK;
}
