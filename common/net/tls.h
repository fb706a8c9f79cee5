/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS 1.3/1.2 between the parties (facts: trust 1.3, libs 1.1, 1.2): client certificate required,
 * identity is the SAN URI urn:remora:party:<OID>:<role>, tickets 0, TCP_NODELAY, handshake deadline,
 * idle deadline, at most max_conns connections. Carries rpc. */
#pragma once

#include "common/net/loop.h"
#include "common/net/rpc.h"

struct tls_files {
    const char *ca, *cert, *key;
};
struct tls_limits {
    unsigned max_conns;            /* default 512 */
    int64_t handshake_ms;          /* default 5000 */
    int64_t idle_ms;               /* 0 = none */
    size_t max_write_backlog;      /* reading stops above it; default 1 MiB */
};

/* --- server --- */
struct tls_server;
/* "127.0.0.1:7101" ("host:0" takes a free port). why names the file or port that is wrong and the cure:
 * certificate expired, key does not match, port in use. */
MUST_CHECK int tls_listen(struct loop *l, const struct tls_files *f, const char *listen,
                          const struct tls_limits *lim, const struct rpc_handler *h,
                          struct tls_server **ret, struct errmsg *why);
uint16_t tls_server_port(const struct tls_server *s);
void tls_server_free(struct tls_server *s);
void tls_server_flush(struct tls_server *s);   /* one SSL_write per connection with queued output */

/* --- client: dials, re-dials with back-off 0.2 s .. 10 s, verifies host name or IP of the server --- */
struct tls_client;
struct tls_client_opt {
    const char *host_port;
    bool subscribe;
    uint64_t (*last_delivery_no)(void *ctx);   /* asked at each connect */
    bool reconnect;
};
MUST_CHECK int tls_dial(struct loop *l, const struct tls_files *f, const struct tls_client_opt *opt,
                        const struct rpc_handler *h, struct tls_client **ret, struct errmsg *why);
struct rpc *tls_client_rpc(struct tls_client *c);   /* NULL while not connected */
void tls_client_flush(struct tls_client *c);
void tls_client_free(struct tls_client *c);
