/* SPDX-License-Identifier: Apache-2.0 */
/* The output of a TLS connection and the stream port it gives to rpc: one write for what a turn has
 * queued, the rest when the socket takes more (facts: perf 1.3). */
#include "common/net/tls_conn_int.h"

#include "common/crypto/ossl.h"

#include <openssl/ssl.h>
#include <openssl/err.h>

#define OUT_KEEP (64u << 10) /* a larger buffer is given back once empty */

void tls_conn_kick(struct tls_conn *c)
{
    static const struct timeval now = {0, 0};
    if (c->state != CONN_DONE)
        event_add(c->kick, &now);
}

int tls_conn_error(struct tls_conn *c, int code, struct errmsg *why)
{
    unsigned long top = ERR_peek_error();
    int reason = ERR_GET_REASON(top);
    c->broken = true;
    if (c->refusal.text[0]) {
        ERR_clear_error();
        return errmsg_set(why, ERR_AUTH, "the certificate of the other end is refused: %s",
                          c->refusal.text);
    }
    if (code == SSL_ERROR_SYSCALL || top == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return errmsg_set(why, ERR_CLOSED, "the connection was cut");
    }
    /* Alerts are numbered from SSL_AD_REASON_OFFSET on: the other end says why it refuses us. */
    if (reason >= SSL_AD_REASON_OFFSET && ERR_GET_LIB(top) == ERR_LIB_SSL) {
        tls_error_text(why,
                       "the other end refuses this connection (is our certificate valid there?)");
        return ERR_AUTH;
    }
    tls_error_text(why, "TLS failed");
    return ERR_IO;
}

/* Sends what it can; the number of octets taken, or -1 with the connection to be ended. */
static ssize_t conn_ssl_write(struct tls_conn *c, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.n) {
        size_t n = 0;
        ERR_clear_error();
        if (SSL_write_ex(c->ssl, bytes.p + done, bytes.n - done, &n) == 1) {
            done += n;
            continue;
        }
        int code = SSL_get_error(c->ssl, 0);
        if (code == SSL_ERROR_WANT_WRITE || code == SSL_ERROR_WANT_READ)
            break;
        struct errmsg why;
        int err = tls_conn_error(c, code, &why);
        tls_conn_abort_later(c, err, why.text);
        return -1;
    }
    return (ssize_t)done;
}

bool tls_conn_write(struct tls_conn *c)
{
    if (c->broken)
        return false;
    size_t left = c->out.n - c->out_at;
    if (left) {
        ssize_t n = conn_ssl_write(c, span_of(c->out.p + c->out_at, left));
        if (n < 0)
            return false;
        c->out_at += (size_t)n;
        left -= (size_t)n;
    }
    if (left) {
        event_add(c->wr, NULL);
        return true;
    }
    c->out_at = 0;
    buf_reset(&c->out);
    if (c->out.cap > OUT_KEEP)
        buf_fini(&c->out);
    return true;
}

static bool stream_write(void *ctx, struct span bytes)
{
    struct tls_conn *c = ctx;
    if (c->state == CONN_DONE || c->broken)
        return false;
    if (c->state == CONN_OPEN && c->out.n == 0) {
        ssize_t n = conn_ssl_write(c, bytes);
        if (n < 0)
            return false;
        bytes = span_of(bytes.p + n, bytes.n - (size_t)n);
        if (bytes.n)
            event_add(c->wr, NULL);
    }
    if (c->out_at > c->out.n / 2) {
        buf_drain(&c->out, c->out_at);
        c->out_at = 0;
    }
    buf_add_span(&c->out, bytes);
    if (c->out.failed)
        tls_conn_abort_later(c, ERR_FULL, "the other end does not read what it asked for");
    return !c->out.failed;
}

static void stream_close(void *ctx)
{
    struct tls_conn *c = ctx;
    c->closing = true;
    tls_conn_kick(c);
}

static void stream_pause(void *ctx, bool on)
{
    struct tls_conn *c = ctx;
    c->paused = on;
    if (c->state != CONN_OPEN)
        return;
    if (on)
        event_del(c->rd);
    else
        event_add(c->rd, NULL);
    if (!on)
        tls_conn_kick(c);
}

static size_t stream_backlog(void *ctx)
{
    const struct tls_conn *c = ctx;
    return c->out.n - c->out_at;
}

static void stream_queued(void *ctx)
{
    struct tls_conn *c = ctx;
    loop_defer(c->loop, &c->flush);
}

struct rpc_stream tls_conn_stream(struct tls_conn *c, size_t max_backlog)
{
    return (struct rpc_stream){
        .write = stream_write,
        .close = stream_close,
        .pause = stream_pause,
        .ctx = c,
        .backlog = stream_backlog,
        .queued = stream_queued,
        .max_backlog = max_backlog,
        .id = loop_serial(c->loop),
    };
}

void tls_conn_flush(struct tls_conn *c)
{
    if (c->rpc && c->state != CONN_DONE)
        rpc_flush(c->rpc);
}

void tls_conn_flush_task(void *ctx)
{
    tls_conn_flush(ctx);
}
