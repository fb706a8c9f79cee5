/* SPDX-License-Identifier: Apache-2.0 */
/* TLS contexts and pre-shared keys of SCP81 (SGP.02 2.4.4). */
#include <stdlib.h>

#include "common/bearer/scp81_impl.h"

#define SUITES "PSK-AES128-GCM-SHA256:PSK-AES128-CBC-SHA256" /* 00A8, 00AE */
#define DECOY_LEN 16u           /* octets of the key an unknown identity is answered with */

/* --- keys --- */

static unsigned psk_put(const struct key *k, unsigned char *dst, unsigned cap)
{
    size_t n = 0;

    return key_export_raw(k, dst, cap, &n) == ERR_OK ? (unsigned)n : 0;
}

/* An unknown or unreadable identity gets a random key, drawn before the question is asked: it fails
 * at Finished with the alert of a wrong key, and the sequence of random octets is the same too, so
 * a peer cannot learn which EIDs exist here (returning 0 would send
 * unknown_psk_identity). */
static unsigned server_psk(SSL *ssl, const char *identity, unsigned char *dst, unsigned cap)
{
    struct scp81 *s = SSL_get_app_data(ssl);
    struct key *k = NULL;
    struct eid eid;
    uint8_t kid = 0, kvn = 0;
    unsigned n = 0;

    if (cap < DECOY_LEN)
        return 0;
    crypto_random(s->ctx->c, dst, DECOY_LEN);
    if (identity &&
        scp81_identity_parse(span_str(identity), &eid, &kid, &kvn) == ERR_OK) {
        k = s->ctx->psk(s->ctx->psk_arg, &eid, kid, kvn);
        s->peer = eid;
        s->peer_kvn = kvn;
        s->has_peer = k != NULL;
    }
    if (k)
        n = psk_put(k, dst, cap);
    return n > 0 ? n : DECOY_LEN;
}

static unsigned client_psk(SSL *ssl, const char *hint, char *identity, unsigned identity_cap,
                           unsigned char *dst, unsigned cap)
{
    struct scp81 *s = SSL_get_app_data(ssl);
    size_t n = strlen(s->identity) + 1;

    (void)hint;     /* SGP.02 uses none: the identity is fixed by the key set */
    if (n > identity_cap)
        return 0;
    memcpy(identity, s->identity, n);
    return psk_put(s->key, dst, cap);
}

/* --- contexts --- */

static SSL_CTX *tls_new(bool server)
{
    SSL_CTX *t = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());

    if (!t)
        return NULL;
    if (SSL_CTX_set_min_proto_version(t, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(t, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(t, SUITES) != 1) {
        SSL_CTX_free(t);
        return NULL;
    }
    SSL_CTX_set_security_level(t, 2);   /* whatever the machine's openssl.cnf says */
    (void)SSL_CTX_set_options(t, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
    (void)SSL_CTX_set_session_cache_mode(t, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(t, SSL_MODE_RELEASE_BUFFERS);
    if (server)
        SSL_CTX_set_psk_server_callback(t, server_psk);
    else
        SSL_CTX_set_psk_client_callback(t, client_psk);
    return t;
}

static struct scp81_ctx *ctx_new(struct crypto *c, bool server)
{
    struct scp81_ctx *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    x->c = c;
    x->server = server;
    x->tls = tls_new(server);
    ERR_clear_error();
    if (!x->tls) {
        free(x);
        return NULL;
    }
    return x;
}

struct scp81_ctx *scp81_server_ctx(struct crypto *c, scp81_psk_fn psk, void *ctx)
{
    struct scp81_ctx *x = ctx_new(c, true);

    if (x) {
        x->psk = psk;
        x->psk_arg = ctx;
    }
    return x;
}

struct scp81_ctx *scp81_client_ctx(struct crypto *c)
{
    return ctx_new(c, false);
}

int scp81_client_offer(struct scp81_ctx *x, enum scp81_suites suites, unsigned max_fragment)
{
    static const char *const NAMES[] = {
        [SCP81_SUITES_BOTH] = SUITES,
        [SCP81_SUITE_GCM] = "PSK-AES128-GCM-SHA256",
        [SCP81_SUITE_CBC] = "PSK-AES128-CBC-SHA256",
    };
    static const struct {
        unsigned octets;
        uint8_t mode;
    } FRAGMENTS[] = {
        {0, TLSEXT_max_fragment_length_DISABLED}, {512, TLSEXT_max_fragment_length_512},
        {1024, TLSEXT_max_fragment_length_1024},  {2048, TLSEXT_max_fragment_length_2048},
        {4096, TLSEXT_max_fragment_length_4096},
    };

    if (x->server || (size_t)suites >= sizeof(NAMES) / sizeof(NAMES[0]))
        return ERR_INVAL;
    for (size_t i = 0; i < sizeof(FRAGMENTS) / sizeof(FRAGMENTS[0]); i++) {
        if (FRAGMENTS[i].octets != max_fragment)
            continue;
        if (SSL_CTX_set_tlsext_max_fragment_length(x->tls, FRAGMENTS[i].mode) != 1 ||
            SSL_CTX_set_cipher_list(x->tls, NAMES[suites]) != 1)
            return ERR_CRYPTO;
        return ERR_OK;
    }
    return ERR_INVAL;
}

void scp81_ctx_free(struct scp81_ctx *x)
{
    if (!x)
        return;
    SSL_CTX_free(x->tls);
    free(x);
}
