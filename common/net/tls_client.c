/* SPDX-License-Identifier: Apache-2.0 */
/* The dialling side (design 3.3): look up, connect, verify the server's name, HELLO; again with a
 * growing pause after every end. */
#include "common/net/tls_int.h"

#include "common/crypto/ossl.h"

#include "common/base/rng.h"
#include "common/net/resolve.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 10000

struct tls_client {
    struct loop *loop;
    SSL_CTX *ctx;
    struct rpc_handler h;
    struct tls_client_opt opt;
    char host[ADDR_HOST];
    uint16_t port;
    bool literal;
    struct addr found[RESOLVE_MAX];
    size_t found_n;
    size_t next; /* of found, to be tried when the present one cannot be reached */
    struct resolve *resolve;
    struct tls_conn *conn;
    struct loop_timer *again;
    struct loop_task reap;
    int64_t backoff_ms;
    struct rng rng;
};

static SSL *client_ssl(struct tls_client *c)
{
    SSL *ssl = SSL_new(c->ctx);
    if (!ssl)
        return NULL;
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    bool ok = c->literal
                  ? X509_VERIFY_PARAM_set1_ip_asc(param, c->host) == 1
                  : SSL_set1_host(ssl, c->host) == 1 && SSL_set_tlsext_host_name(ssl, c->host) == 1;
    if (!ok) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}

/* Tries the addresses in turn until one connection is under way. */
static bool client_connect(struct tls_client *c)
{
    while (c->next < c->found_n) {
        SSL *ssl = client_ssl(c);
        if (!ssl)
            return false;
        if (tls_conn_connect(c->conn, ssl, &c->found[c->next++]) == ERR_OK)
            return true;
    }
    return false;
}

static bool client_retry(void *ctx, struct tls_conn *conn)
{
    (void)conn;
    return client_connect(ctx);
}

static void client_resolved(void *ctx, const struct addr *found, size_t n, const char *why)
{
    struct tls_client *c = ctx;
    c->found_n = n < RESOLVE_MAX ? n : RESOLVE_MAX;
    c->next = 0;
    memcpy(c->found, found, c->found_n * sizeof(*found));
    if (!c->conn)
        return;
    if (n == 0)
        tls_conn_abort(c->conn, ERR_NOT_FOUND, why);
    else if (!client_connect(c))
        tls_conn_abort(c->conn, ERR_IO, "no address of the server can be connected to");
}

/* The name or address says which machine it is, the party URI whose: two SM-SRs may share a CA and
 * swap their addresses. Nothing was written yet. */
static int client_open(void *ctx, struct tls_conn *conn)
{
    const struct tls_client *c = ctx;
    const struct rpc_party *want = &c->opt.expect;
    struct errmsg *why = SSL_get_app_data(tls_conn_ssl(conn));
    struct rpc_party is;
    X509 *cert;
    int err;

    if (!want->oid.s[0])
        return ERR_OK;
    cert = SSL_get1_peer_certificate(tls_conn_ssl(conn));
    err = cert ? tls_identity_x509(cert, &is, why) : ERR_AUTH;
    X509_free(cert);
    if (err)
        return err;
    if (oid_eq(&is.oid, &want->oid) && is.role == want->role)
        return ERR_OK;
    return errmsg_set(why, ERR_AUTH,
                      "the server is %s %s, not %s %s: check its address and its OID in the "
                      "configuration",
                      role_text(is.role), is.oid.s, role_text(want->role),
                      want->oid.s);
}

/* Doubles up to the limit; a quarter of it at random, so that clients of a restarted server spread.
 */
static void client_redial_later(struct tls_client *c)
{
    int64_t spread = (int64_t)rng_below(&c->rng, (uint64_t)c->backoff_ms / 2 + 1);
    int64_t wait = c->backoff_ms * 3 / 4 + spread;
    loop_timer_at(c->again, clock_mono_ms(&CLOCK_SYSTEM) + wait);
    c->backoff_ms = c->backoff_ms * 2 < BACKOFF_MAX_MS ? c->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void client_gone(void *ctx, struct tls_conn *conn, int err, const char *why)
{
    struct tls_client *c = ctx;
    (void)conn;
    (void)err;
    (void)why;
    c->conn = NULL;
    if (c->opt.reconnect)
        client_redial_later(c);
}

/* The rpc gets the client's own handler, which knows when the back-off starts anew. */
static void client_welcome(void *ctx, struct rpc *r)
{
    struct tls_client *c = ctx;
    c->backoff_ms = BACKOFF_MIN_MS;
    if (c->h.on_welcome)
        c->h.on_welcome(c->h.ctx, r);
}

static void client_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct tls_client *c = ctx;
    if (c->h.on_message)
        c->h.on_message(c->h.ctx, r, e);
}

static void client_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct tls_client *c = ctx;
    if (c->h.on_closed)
        c->h.on_closed(c->h.ctx, r, err, why);
}

static int client_dial(struct tls_client *c)
{
    struct tls_owner owner = {
        .open = client_open, .gone = client_gone, .retry = client_retry, .ctx = c};
    struct rpc_handler h = {.on_welcome = client_welcome,
                            .on_message = client_message,
                            .on_closed = client_closed,
                            .ctx = c};
    int64_t deadline = c->opt.handshake_ms > 0 ? c->opt.handshake_ms : TLS_HANDSHAKE_MS;
    struct tls_conn *conn = tls_conn_new(c->loop, &owner, deadline, 0);
    if (!conn)
        return ERR_NOMEM;
    uint64_t last =
        c->opt.subscribe && c->opt.last_delivery_no ? c->opt.last_delivery_no(c->h.ctx) : 0;
    struct rpc_stream stream = tls_conn_stream(conn, 0);
    c->conn = conn;
    struct rpc *r = rpc_client(&stream, &h, c->opt.subscribe, last);
    tls_conn_set_rpc(conn, r);
    if (!r) {
        tls_conn_abort(conn, ERR_NOMEM, err_text(ERR_NOMEM));
        return ERR_OK;
    }
    resolve_free(c->resolve);
    c->resolve = NULL;
    c->next = 0;
    if (c->literal) {
        c->found_n = 1;
        if (!client_connect(c))
            tls_conn_abort_later(conn, ERR_IO, "the server's address cannot be connected to");
        return ERR_OK;
    }
    c->resolve = resolve_start(c->loop, c->host, c->port, client_resolved, c);
    if (!c->resolve)
        tls_conn_abort_later(conn, ERR_NOMEM, err_text(ERR_NOMEM));
    return ERR_OK;
}

static void client_again(void *ctx)
{
    struct tls_client *c = ctx;
    if (!c->conn && client_dial(c))
        client_redial_later(c);
}

static void client_reap(void *ctx)
{
    struct tls_client *c = ctx;
    resolve_free(c->resolve);
    loop_timer_free(c->again);
    SSL_CTX_free(c->ctx);
    free(c);
}

int tls_dial(struct loop *l, const struct tls_files *f, const struct tls_client_opt *opt,
             const struct rpc_handler *h, struct tls_client **ret, struct errmsg *why)
{
    *ret = NULL;
    struct tls_client *c = calloc(1, sizeof(*c));
    if (!c)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    c->loop = l;
    c->h = *h;
    c->opt = *opt;
    c->opt.host_port = NULL; /* the caller's text need not outlive the call */
    c->backoff_ms = BACKOFF_MIN_MS;
    loop_task_init(&c->reap, client_reap, c);
    rng_init_system(&c->rng);
    int err = addr_split(opt->host_port, c->host, &c->port, why);
    if (!err && c->port == 0)
        err = errmsg_set(why, ERR_CONFIG, "port 0 of \"%.80s\" cannot be dialled", opt->host_port);
    if (!err)
        err = tls_ctx_new(f, false, &c->ctx, why);
    if (!err) {
        c->literal = addr_literal(c->host, c->port, &c->found[0]);
        c->again = loop_timer_new(l, client_again, c);
        err = c->again ? client_dial(c) : ERR_NOMEM;
    }
    if (err) {
        tls_client_free(c);
        return err;
    }
    *ret = c;
    return ERR_OK;
}

struct rpc *tls_client_rpc(struct tls_client *c)
{
    struct rpc *r = c->conn ? tls_conn_rpc(c->conn) : NULL;
    return r && rpc_is_up(r) ? r : NULL;
}

void tls_client_flush(struct tls_client *c)
{
    if (c->conn)
        tls_conn_flush(c->conn);
}

void tls_client_free(struct tls_client *c)
{
    if (!c)
        return;
    c->opt.reconnect = false;
    if (c->conn)
        tls_conn_abort(c->conn, ERR_CLOSED, "closed by this end");
    if (c->again)
        loop_timer_at(c->again, -1);
    loop_defer(c->loop, &c->reap); /* the call may come from a callback of this very connection */
}
