/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS 1.3/1.2 between the parties (facts: trust 1.3, libs 1.1, 1.2): client certificate
 * required, identity is the SAN URI urn:remora:party:<OID>:<role>, tickets 0, TCP_NODELAY,
 * handshake deadline, idle deadline, at most max_conns connections. Carries rpc. */
#pragma once

#include "common/net/loop.h"
#include "common/net/rpc.h"

struct tls_files {
    const char *ca, *cert, *key;
};
struct tls_limits {           /* a zero field takes its default */
    unsigned max_conns;       /* default 512 */
    int64_t handshake_ms;     /* connect, handshake and HELLO together; default 5000 */
    int64_t idle_ms;          /* 0 = none */
    size_t max_write_backlog; /* reading stops above it; default 1 MiB */
    unsigned max_greeting;    /* connections of one source before HELLO has passed; default 32 */
};

/* The identity rule of design 3.5: exactly one URI of the scheme urn:remora:party:<OID>:<role>
 * among the subjectAltName URIs, and no second one of it. Pure; the file tests call it with DER
 * certificates. ERR_FORMAT: not a certificate; ERR_AUTH: no such URI, more than one, bad OID or
 * unknown role. */
MUST_CHECK int tls_identity(struct span cert_der, struct rpc_party *ret, struct errmsg *why);

/* --- server --- */
struct tls_server;
/* "127.0.0.1:7101" ("host:0" takes a free port). why names the file or port that is wrong and the
 * cure: certificate expired, key does not match, port in use. */
MUST_CHECK int tls_listen(struct loop *l, const struct tls_files *f, const char *listen,
                          const struct tls_limits *lim, const struct rpc_handler *h,
                          struct tls_server **ret, struct errmsg *why);
uint16_t tls_server_port(const struct tls_server *s);
void tls_server_free(struct tls_server *s);
/* One SSL_write per connection with queued output. Happens by itself at the end of each turn. */
void tls_server_flush(struct tls_server *s);
size_t tls_server_conns(const struct tls_server *s);
/* Who was turned away before there was an rpc, and why: for the log and counters of the daemon. The
 * peer itself is told nothing more than one and the same alert. from is "address:port". */
typedef void (*tls_refused_fn)(void *ctx, const char *from, int err, const char *why);
void tls_server_on_refused(struct tls_server *s, tls_refused_fn fn, void *ctx);

/* --- client: dials, again with back-off 0.2 s .. 10 s, verifies name or IP of the server --- */
struct tls_client;
struct tls_client_opt {
    const char *host_port;
    bool subscribe;
    uint64_t (*last_delivery_no)(void *ctx); /* asked at each connect */
    bool reconnect;                          /* dial again after every end until tls_client_free */
    int64_t handshake_ms; /* name look-up, connect, handshake, WELCOME; 0 = 5000 */
    /* Who the server's certificate must say it is; zero: anyone under the CA with that name. */
    struct rpc_party expect;
};
/* Returns at once. Every attempt has its rpc: when it fails, on_closed names the reason (server not
 * reachable, its certificate refused, ours refused by it). last_delivery_no gets the handler's
 * ctx. */
MUST_CHECK int tls_dial(struct loop *l, const struct tls_files *f, const struct tls_client_opt *opt,
                        const struct rpc_handler *h, struct tls_client **ret, struct errmsg *why);
/* NULL while not connected, before WELCOME too. */
struct rpc *tls_client_rpc(struct tls_client *c);
void tls_client_flush(struct tls_client *c); /* by itself at the end of each turn, too */
void tls_client_free(struct tls_client *c);
