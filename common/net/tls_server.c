/* SPDX-License-Identifier: Apache-2.0 */
/* The listening side (design 3.3, 3.5): accept within limits, identity from the client certificate,
 * one rpc a connection. */
#define _GNU_SOURCE /* accept4 */
#include "common/net/tls_int.h"

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>
#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_CONNS      512u
#define MAX_GREETING   32u
#define BACKLOG        256
#define ACCEPTS_A_TURN 64
#define REST_MS        200 /* without a free descriptor: time before accepting again */

struct tls_server {
    struct loop *loop;
    SSL_CTX *ctx;
    struct rpc_handler h;
    struct tls_limits lim;
    struct addr local;
    int fd;
    struct event *ev;
    struct loop_timer *rest;
    struct list conns;
    size_t count;
    tls_refused_fn refused;
    void *refused_ctx;
};

static void server_refused(struct tls_server *s, const struct addr *from, int err, const char *why)
{
    char text[ADDR_TEXT];
    if (!s->refused)
        return;
    addr_text(from, text);
    s->refused(s->refused_ctx, text, err, why);
}

/* The verification callback has let only certificates with one identity through; read it again
 * here. */
static int server_open(void *ctx, struct tls_conn *c)
{
    struct tls_server *s = ctx;
    struct rpc_party party;
    X509 *cert = SSL_get1_peer_certificate(tls_conn_ssl(c));
    int err = cert ? tls_identity_x509(cert, &party, NULL) : ERR_AUTH;
    X509_free(cert);
    if (err)
        return err;
    struct rpc_stream stream = tls_conn_stream(c, s->lim.max_write_backlog);
    struct rpc *r = rpc_server(&stream, &s->h, &party);
    if (!r)
        return ERR_NOMEM;
    tls_conn_set_rpc(c, r);
    return ERR_OK;
}

static void server_gone(void *ctx, struct tls_conn *c, int err, const char *why)
{
    struct tls_server *s = ctx;
    list_del(tls_conn_item(c));
    s->count--;
    if (!tls_conn_rpc(c))
        server_refused(s, tls_conn_peer(c), err, why);
}

/* Connections of that source which have not shown who they are. */
static unsigned server_greeting(const struct tls_server *s, const struct addr *from)
{
    unsigned n = 0;
    LIST_EACH(it, &s->conns)
    {
        const struct tls_conn *c = tls_conn_of(it);
        const struct rpc *r = tls_conn_rpc(c);
        if (!(r && rpc_is_up(r)) && addr_same_host(tls_conn_peer(c), from))
            n++;
    }
    return n;
}

static void server_take(struct tls_server *s, int fd, const struct addr *from)
{
    const char *full = NULL;
    if (s->count >= s->lim.max_conns)
        full = "the limit of connections is reached";
    else if (server_greeting(s, from) >= s->lim.max_greeting)
        full = "too many connections of this source without HELLO";
    if (full) {
        close(fd);
        server_refused(s, from, ERR_FULL, full);
        return;
    }
    struct tls_owner owner = {.open = server_open, .gone = server_gone, .ctx = s};
    struct tls_conn *c = tls_conn_new(s->loop, &owner, s->lim.handshake_ms, s->lim.idle_ms);
    if (!c) {
        close(fd);
        server_refused(s, from, ERR_NOMEM, err_text(ERR_NOMEM));
        return;
    }
    tls_conn_set_peer(c, from);
    list_push(&s->conns, tls_conn_item(c));
    s->count++;
    if (tls_conn_accept(c, SSL_new(s->ctx), fd))
        tls_conn_abort(c, ERR_NOMEM, err_text(ERR_NOMEM));
}

static void on_accept(evutil_socket_t listener, short what, void *arg)
{
    struct tls_server *s = arg;
    (void)what;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        struct addr from = {.len = sizeof(from.u)};
        int fd = accept4(listener, &from.u.sa, &from.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            server_take(s, fd, &from);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* The queue stays readable: without a rest the loop would spin. */
            event_del(s->ev);
            loop_timer_at(s->rest, clock_mono_ms(&CLOCK_SYSTEM) + REST_MS);
        }
        if (errno != EINTR && errno != ECONNABORTED)
            return;
    }
}

static void on_rested(void *ctx)
{
    struct tls_server *s = ctx;
    event_add(s->ev, NULL);
}

static int server_bind(struct tls_server *s, const char *listen_text, struct errmsg *why)
{
    struct addr a;
    int on = 1;
    int err = addr_resolve(listen_text, SOCK_STREAM, &a, why);
    if (err)
        return err;
    s->fd = socket(a.u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return errmsg_set(why, ERR_IO, "no socket for %.80s: %s", listen_text, strerror(errno));
    /* TCP: lets a restarted daemon bind beside old connections in TIME_WAIT; two listeners still
     * clash. */
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(s->fd, &a.u.sa, a.len) || listen(s->fd, BACKLOG)) {
        if (errno == EADDRINUSE)
            return errmsg_set(why, ERR_CONFIG,
                              "%.80s is in use: stop the other program or choose another port",
                              listen_text);
        return errmsg_set(why, ERR_CONFIG, "cannot listen on %.80s: %s", listen_text,
                          strerror(errno));
    }
    s->local.len = sizeof(s->local.u);
    if (getsockname(s->fd, &s->local.u.sa, &s->local.len))
        return errmsg_set(why, ERR_IO, "cannot listen on %.80s: %s", listen_text, strerror(errno));
    s->ev = event_new(loop_base(s->loop), s->fd, EV_READ | EV_PERSIST, on_accept, s);
    s->rest = loop_timer_new(s->loop, on_rested, s);
    return s->ev && s->rest && event_add(s->ev, NULL) == 0 ? ERR_OK : ERR_NOMEM;
}

static struct tls_limits limits_with_defaults(const struct tls_limits *lim)
{
    struct tls_limits l = lim ? *lim : (struct tls_limits){0};
    if (l.max_conns == 0)
        l.max_conns = MAX_CONNS;
    if (l.handshake_ms <= 0)
        l.handshake_ms = TLS_HANDSHAKE_MS;
    if (l.max_write_backlog == 0)
        l.max_write_backlog = RPC_BACKLOG_PAUSE;
    if (l.max_greeting == 0)
        l.max_greeting = MAX_GREETING;
    return l;
}

int tls_listen(struct loop *l, const struct tls_files *f, const char *listen,
               const struct tls_limits *lim, const struct rpc_handler *h, struct tls_server **ret,
               struct errmsg *why)
{
    *ret = NULL;
    struct tls_server *s = calloc(1, sizeof(*s));
    if (!s)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    s->loop = l;
    s->fd = -1;
    s->h = *h;
    s->lim = limits_with_defaults(lim);
    list_init(&s->conns);
    int err = tls_ctx_new(f, true, &s->ctx, why);
    if (!err)
        err = server_bind(s, listen, why);
    if (err) {
        tls_server_free(s);
        return err;
    }
    *ret = s;
    return ERR_OK;
}

uint16_t tls_server_port(const struct tls_server *s)
{
    return addr_port(&s->local);
}

void tls_server_flush(struct tls_server *s)
{
    LIST_EACH_SAFE(it, next, &s->conns)
    tls_conn_flush(tls_conn_of(it));
}

size_t tls_server_conns(const struct tls_server *s)
{
    return s->count;
}

void tls_server_on_refused(struct tls_server *s, tls_refused_fn fn, void *ctx)
{
    s->refused = fn;
    s->refused_ctx = ctx;
}

void tls_server_free(struct tls_server *s)
{
    if (!s)
        return;
    s->refused = NULL;
    while (!list_empty(&s->conns))
        tls_conn_abort(tls_conn_of(s->conns.next), ERR_CLOSED, "the server is stopping");
    if (s->ev)
        event_free(s->ev);
    loop_timer_free(s->rest);
    if (s->fd >= 0)
        close(s->fd);
    SSL_CTX_free(s->ctx);
    free(s);
}
