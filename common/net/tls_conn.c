/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS connection over a non-blocking socket: own SSL calls instead of a bufferevent, so that a
 * turn's output is one write and the end is orderly (facts: libs 1.2, perf 1.3). Ends and frees
 * never happen under a callback: they wait for the next batch of events or the end of the turn. */
#include "common/net/tls_conn_int.h"

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_CHUNK   16384u /* one record */
#define READS_A_TURN 16     /* fairness between connections */
#define LINGER_READS 64     /* octets thrown away for an orderly end: this many chunks */

static int64_t now_ms(void)
{
    return clock_mono_ms(&CLOCK_SYSTEM);
}

/* --- end of life --- */

static void conn_drop_socket(struct tls_conn *c)
{
    if (c->rd)
        event_free(c->rd);
    if (c->wr)
        event_free(c->wr);
    c->rd = c->wr = NULL;
    SSL_free(c->ssl);
    c->ssl = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void conn_reap(void *ctx)
{
    struct tls_conn *c = ctx;
    rpc_free(c->rpc);
    conn_drop_socket(c);
    if (c->kick)
        event_free(c->kick);
    loop_timer_free(c->timer);
    loop_undefer(&c->flush);
    buf_fini(&c->out);
    free(c);
}

/* rpc hears of the end once; the owner too. Memory stays until the turn is over. */
static void conn_finish(struct tls_conn *c, int err, const char *why)
{
    if (c->state == CONN_DONE)
        return;
    c->state = CONN_DONE;
    if (c->rd)
        event_del(c->rd);
    if (c->wr)
        event_del(c->wr);
    event_del(c->kick);
    loop_timer_at(c->timer, -1);
    loop_undefer(&c->flush);
    loop_defer(c->loop, &c->reap);
    if (c->rpc)
        rpc_eof(c->rpc, err, why);
    c->owner.gone(c->owner.ctx, c, err, why);
}

/* close_notify when the session can still carry one: a peer can tell it from a cut. */
static void conn_notify(struct tls_conn *c)
{
    if (c->ssl && !c->broken && SSL_is_init_finished(c->ssl)) {
        ERR_clear_error();
        SSL_shutdown(c->ssl);
        c->broken = true;
    }
    ERR_clear_error();
}

/* --- the orderly end: send the rest, close_notify, wait for the peer to have read it --- */

static void conn_linger(struct tls_conn *c)
{
    while (c->lingered < LINGER_READS) {
        ssize_t n = recv(c->fd, NULL, READ_CHUNK, MSG_TRUNC); /* tcp(7): dropped unread */
        if (n > 0) {
            c->lingered++;
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        break;
    }
    if (c->abort_err)
        conn_finish(c, c->abort_err, c->abort_why.text);
    else
        conn_finish(c, ERR_CLOSED, "closed by this end");
}

/* No more writing; octets on their way here are taken and dropped. Closing at once would answer
 * them with a reset, and a reset makes the peer lose the alert or ERROR it has not read yet. */
static void conn_start_linger(struct tls_conn *c)
{
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_LINGER;
    loop_timer_at(c->timer, now_ms() + TLS_LINGER_MS);
    event_add(c->rd, NULL);
}

static void conn_drain(struct tls_conn *c)
{
    if (c->state != CONN_DRAIN) {
        bool ready = c->state == CONN_OPEN && !c->broken;
        c->state = CONN_DRAIN;
        c->deadline = now_ms() + TLS_LINGER_MS;
        loop_timer_at(c->timer, c->deadline);
        if (c->rd)
            event_del(c->rd);
        if (!ready) {
            conn_finish(c, ERR_CLOSED, "closed by this end");
            return;
        }
    }
    if (!tls_conn_write(c)) {
        conn_finish(c, ERR_CLOSED, "closed by this end");
        return;
    }
    if (c->out.n)
        return;
    conn_notify(c);
    conn_start_linger(c);
    rpc_eof(c->rpc, ERR_CLOSED, "closed by this end");
}

/* --- reading --- */

static bool conn_read_once(struct tls_conn *c)
{
    uint8_t chunk[READ_CHUNK];
    size_t n = 0;
    ERR_clear_error();
    if (SSL_read_ex(c->ssl, chunk, sizeof(chunk), &n) == 1) {
        c->last_ms = now_ms();
        rpc_input(c->rpc, span_of(chunk, n));
        mem_wipe(chunk, n); /* it may have held keys */
        return true;
    }
    int code = SSL_get_error(c->ssl, 0);
    if (code == SSL_ERROR_WANT_READ)
        return false;
    if (code == SSL_ERROR_WANT_WRITE) {
        event_add(c->wr, NULL);
        return false;
    }
    if (code == SSL_ERROR_ZERO_RETURN) {
        conn_notify(c);
        conn_finish(c, ERR_CLOSED, "the other end closed the connection");
        return false;
    }
    struct errmsg why;
    int err = tls_conn_error(c, code, &why);
    conn_finish(c, err, why.text);
    return false;
}

static bool conn_wants_input(const struct tls_conn *c)
{
    return c->state == CONN_OPEN && !c->paused && !c->closing && !c->broken;
}

/* read_ahead is on, so octets may wait inside the SSL object where polling does not see them: read
 * until it has no more, or come back through the kick. */
static void conn_read(struct tls_conn *c)
{
    for (int i = 0; conn_wants_input(c); i++) {
        if (i == READS_A_TURN) {
            tls_conn_kick(c);
            return;
        }
        if (!conn_read_once(c))
            return;
    }
}

/* --- set-up --- */

static void conn_handshake_failed(struct tls_conn *c, int code)
{
    struct errmsg why;
    int err = tls_conn_error(c, code, &why);
    if (c->rpc) {
        conn_finish(c, err, why.text);
        return;
    }
    c->abort_err = err;
    c->abort_why = why;
    conn_start_linger(c);
}

static void conn_handshake(struct tls_conn *c)
{
    ERR_clear_error();
    int rc = SSL_do_handshake(c->ssl);
    if (rc == 1) {
        c->state = CONN_OPEN;
        c->last_ms = now_ms();
        int err = c->owner.open(c->owner.ctx, c);
        if (err) {
            conn_notify(c);
            conn_finish(c, err, c->refusal.text[0] ? c->refusal.text : err_text(err));
            return;
        }
        event_add(c->rd, NULL);
        if (!tls_conn_write(c))
            return;
        conn_read(c);
        return;
    }
    int code = SSL_get_error(c->ssl, rc);
    if (code == SSL_ERROR_WANT_READ)
        return;
    if (code == SSL_ERROR_WANT_WRITE) {
        event_add(c->wr, NULL);
        return;
    }
    conn_handshake_failed(c, code);
}

static void conn_connected(struct tls_conn *c)
{
    int failure = 0;
    socklen_t n = sizeof(failure);
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &failure, &n))
        failure = errno;
    if (failure == 0) {
        c->state = CONN_HANDSHAKE;
        event_add(c->rd, NULL);
        conn_handshake(c);
        return;
    }
    if (c->owner.retry && c->owner.retry(c->owner.ctx, c))
        return;
    struct errmsg why;
    char to[ADDR_TEXT];
    addr_text(&c->peer, to);
    errmsg_set(&why, ERR_CLOSED, "%s cannot be reached: %s", to, strerror(failure));
    conn_finish(c, ERR_CLOSED, why.text);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct tls_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->state == CONN_HANDSHAKE)
        conn_handshake(c);
    else if (c->state == CONN_OPEN)
        conn_read(c);
    else if (c->state == CONN_LINGER)
        conn_linger(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct tls_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->state == CONN_CONNECT) {
        conn_connected(c);
    } else if (c->state == CONN_HANDSHAKE) {
        conn_handshake(c);
    } else if (c->state == CONN_OPEN) {
        if (tls_conn_write(c) && c->rpc)
            rpc_drained(c->rpc);
        conn_read(c);
    } else if (c->state == CONN_DRAIN) {
        conn_drain(c);
    }
}

static void on_kick(evutil_socket_t fd, short what, void *arg)
{
    struct tls_conn *c = arg;
    (void)fd;
    (void)what;
    if (c->state == CONN_DONE || c->state == CONN_LINGER)
        return;
    if (c->abort_err) {
        conn_finish(c, c->abort_err, c->abort_why.text);
    } else if (c->closing) {
        conn_drain(c);
    } else if (c->state == CONN_OPEN) {
        rpc_input(c->rpc, (struct span){NULL, 0});
        conn_read(c);
    }
}

static void on_timer(void *ctx)
{
    struct tls_conn *c = ctx;
    struct errmsg why;
    if (c->state == CONN_DRAIN || c->state == CONN_LINGER) {
        bool refused = c->abort_err != ERR_OK;
        conn_finish(c, refused ? c->abort_err : ERR_CLOSED,
                    refused ? c->abort_why.text : "closed by this end");
        return;
    }
    if (c->state != CONN_OPEN || !rpc_is_up(c->rpc)) {
        errmsg_set(&why, ERR_TIMEOUT,
                   c->state == CONN_OPEN ? "no HELLO and WELCOME within the time allowed"
                                         : "no TLS connection within the time allowed");
        conn_notify(c);
        conn_finish(c, ERR_TIMEOUT, why.text);
        return;
    }
    if (c->idle_ms <= 0)
        return;
    int64_t due = c->last_ms + c->idle_ms;
    if (now_ms() < due)
        loop_timer_at(c->timer, due);
    else
        rpc_close(c->rpc, "nothing was sent for too long");
}

struct tls_conn *tls_conn_new(struct loop *l, const struct tls_owner *owner, int64_t deadline_ms,
                              int64_t idle_ms)
{
    struct tls_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    list_init(&c->item);
    c->loop = l;
    c->owner = *owner;
    c->fd = -1;
    c->idle_ms = idle_ms;
    c->deadline = now_ms() + deadline_ms;
    loop_task_init(&c->flush, tls_conn_flush_task, c);
    loop_task_init(&c->reap, conn_reap, c);
    buf_init(&c->out, RPC_BACKLOG_MAX + (1u << 20));
    c->kick = event_new(loop_base(l), -1, 0, on_kick, c);
    c->timer = loop_timer_new(l, on_timer, c);
    if (!c->kick || !c->timer) {
        conn_reap(c);
        return NULL;
    }
    loop_timer_at(c->timer, c->deadline);
    return c;
}

static int conn_attach(struct tls_conn *c, SSL *ssl, int fd)
{
    int on = 1;
    c->ssl = ssl;
    c->fd = fd;
    if (!ssl || fd < 0 || SSL_set_fd(ssl, fd) != 1)
        return ERR_NOMEM;
    SSL_set_app_data(ssl, &c->refusal);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    /* A peer that vanished without a word is noticed after about two minutes. */
    int idle = 60, every = 20, tries = 3;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof(every));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof(tries));
    c->rd = event_new(loop_base(c->loop), fd, EV_READ | EV_PERSIST, on_readable, c);
    c->wr = event_new(loop_base(c->loop), fd, EV_WRITE, on_writable, c);
    return c->rd && c->wr ? ERR_OK : ERR_NOMEM;
}

int tls_conn_accept(struct tls_conn *c, SSL *ssl, int fd)
{
    int err = conn_attach(c, ssl, fd);
    if (err)
        return err;
    SSL_set_accept_state(ssl);
    c->state = CONN_HANDSHAKE;
    event_add(c->rd, NULL);
    return ERR_OK;
}

int tls_conn_connect(struct tls_conn *c, SSL *ssl, const struct addr *to)
{
    conn_drop_socket(c);
    c->peer = *to;
    int fd = socket(to->u.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int err = conn_attach(c, ssl, fd);
    if (err)
        return err;
    SSL_set_connect_state(ssl);
    c->state = CONN_CONNECT;
    /* A refusal that comes at once is told by the event like one that comes later. */
    if (connect(fd, &to->u.sa, to->len) && errno != EINPROGRESS)
        return ERR_IO;
    event_add(c->wr, NULL);
    return ERR_OK;
}

void tls_conn_set_rpc(struct tls_conn *c, struct rpc *r)
{
    c->rpc = r;
}

struct rpc *tls_conn_rpc(const struct tls_conn *c)
{
    return c->rpc;
}

void tls_conn_set_peer(struct tls_conn *c, const struct addr *from)
{
    c->peer = *from;
}

const struct addr *tls_conn_peer(const struct tls_conn *c)
{
    return &c->peer;
}

SSL *tls_conn_ssl(const struct tls_conn *c)
{
    return c->ssl;
}

struct list *tls_conn_item(struct tls_conn *c)
{
    return &c->item;
}

struct tls_conn *tls_conn_of(struct list *item)
{
    return LIST_ENTRY(item, struct tls_conn, item);
}

void tls_conn_abort(struct tls_conn *c, int err, const char *why)
{
    if (c->state == CONN_OPEN) {
        tls_conn_flush(c);
        tls_conn_write(c);
        conn_notify(c);
    }
    conn_finish(c, err, why);
}

void tls_conn_abort_later(struct tls_conn *c, int err, const char *why)
{
    if (c->abort_err == ERR_OK)
        c->abort_err = errmsg_set(&c->abort_why, err, "%s", why);
    tls_conn_kick(c);
}
