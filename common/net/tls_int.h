/* SPDX-License-Identifier: Apache-2.0 */
/* What the TLS server and client share: contexts, the identity rule, one connection over a socket.
 */
#pragma once

#include "common/net/addr.h"
#include "common/net/tls.h"

/* The library's own tags for SSL, SSL_CTX and X509: no header of ours includes its headers. */
struct ssl_st;
struct ssl_ctx_st;
struct x509_st;

#define TLS_HANDSHAKE_MS 5000
#define TLS_LINGER_MS    2000 /* an ending connection waits so long for the peer to take the rest */

/* --- tls_ctx.c --- */
/* The profile of facts trust 1.3. ERR_CONFIG and one sentence for a wrong file. */
MUST_CHECK int tls_ctx_new(const struct tls_files *f, bool server, struct ssl_ctx_st **ret,
                           struct errmsg *why);
/* The app data of an SSL of ours is a struct errmsg: why the peer's certificate was refused. */
/* Takes the oldest entry of the library's error queue into one sentence and empties the queue. */
void tls_error_text(struct errmsg *ret, const char *what);

/* --- tls_identity.c --- */
MUST_CHECK int tls_identity_x509(const struct x509_st *cert, struct rpc_party *ret,
                                 struct errmsg *why);

/* --- tls_conn.c --- */
struct tls_conn;
struct tls_owner {
    /* The handshake is done and the peer's certificate accepted: a server makes its rpc here. */
    int (*open)(void *ctx, struct tls_conn *c);
    /* The connection is over and frees itself at the end of the turn. err and why as for on_closed.
     */
    void (*gone)(void *ctx, struct tls_conn *c, int err, const char *why);
    /* The TCP connection was refused: true when the owner has begun another try on c. May be NULL.
     */
    bool (*retry)(void *ctx, struct tls_conn *c);
    void *ctx;
};

struct tls_conn *tls_conn_new(struct loop *l, const struct tls_owner *owner, int64_t deadline_ms,
                              int64_t idle_ms);
/* The stream of this connection for rpc_server and rpc_client. */
struct rpc_stream tls_conn_stream(struct tls_conn *c, size_t max_backlog);
void tls_conn_set_rpc(struct tls_conn *c, struct rpc *r);
struct rpc *tls_conn_rpc(const struct tls_conn *c);
void tls_conn_set_peer(struct tls_conn *c, const struct addr *from);
const struct addr *tls_conn_peer(const struct tls_conn *c);
struct ssl_st *tls_conn_ssl(const struct tls_conn *c);
struct list *tls_conn_item(struct tls_conn *c); /* for the owner's list */
struct tls_conn *tls_conn_of(struct list *item);
/* Takes ssl (freed by the connection, also on error) and the connected socket. */
MUST_CHECK int tls_conn_accept(struct tls_conn *c, struct ssl_st *ssl, int fd);
/* Non-blocking connect, then handshake as client; an earlier try of c is given up. */
MUST_CHECK int tls_conn_connect(struct tls_conn *c, struct ssl_st *ssl, const struct addr *to);
void tls_conn_flush(struct tls_conn *c);
/* Ends now: a last try to write, close_notify, on_closed. Safe inside callbacks. */
void tls_conn_abort(struct tls_conn *c, int err, const char *why);
/* The same, but from the next batch of events: for callers that may be inside the owner's turn. */
void tls_conn_abort_later(struct tls_conn *c, int err, const char *why);
