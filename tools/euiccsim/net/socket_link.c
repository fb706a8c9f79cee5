/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/euiccsim/net/socket_link.h"

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/net/addr.h"
#include "common/net/tcp.h"
#include "tools/euiccsim/net/link_pass.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAMS_MAX 65536u
#define PATIENCE_MS 60000
#define RETRY_MS    20              /* the network took no more octets */
#define UNSENT_MAX  65536u

struct socket_link {
    struct link_pass pass;
    struct loop *loop;
    const struct clock *clock;
    char smsr[300];
    struct simnet *net;
    struct map *streams;
    struct list full;              /* struct sock: octets the network has not taken */
    struct loop_timer *retry;
    int error;
};

struct sock {
    struct socket_link *link;
    uint64_t conn;
    struct tcp *tcp;
    struct list full;
    struct buf kept;
    bool gone;                     /* the other end is, behind what is kept */
};

static int64_t now(const struct socket_link *s)
{
    return clock_wall_ms(s->clock);
}

static void note(struct socket_link *s, int rc)
{
    if (rc != ERR_OK && rc != ERR_NOT_FOUND && s->error == ERR_OK)
        s->error = rc;
}

static void sock_free(struct sock *k)
{
    (void)map_del(k->link->streams, span_of(&k->conn, sizeof k->conn));
    list_del(&k->full);
    buf_fini(&k->kept);
    free(k);
}

static struct sock *sock_of(const struct socket_link *s, uint64_t conn)
{
    return map_get(s->streams, span_of(&conn, sizeof conn));
}

static void ended(struct sock *k)
{
    struct socket_link *s = k->link;
    uint64_t conn = k->conn;

    tcp_close(k->tcp);
    sock_free(k);
    note(s, simnet_stream_closed(s->net, conn, now(s)));
}

/* --- from the SM-SR --- */
static void on_opened(void *ctx)
{
    struct sock *k = ctx;

    note(k->link, simnet_stream_opened(k->link->net, k->conn, true, now(k->link)));
}

/* What the network has no room for waits here, and nothing more is read. */
static void on_bytes(void *ctx, struct span bytes)
{
    struct sock *k = ctx;
    struct socket_link *s = k->link;
    int rc = k->kept.n ? ERR_FULL : simnet_stream_bytes(s->net, k->conn, bytes, now(s));

    if (rc != ERR_FULL) {
        note(s, rc);
        return;
    }
    buf_add_span(&k->kept, bytes);
    if (k->kept.failed)
        note(s, ERR_NOMEM);
    tcp_read(k->tcp, false);
    if (list_empty(&k->full))
        list_push(&s->full, &k->full);
    loop_timer_at(s->retry, clock_mono_ms(s->clock) + RETRY_MS);
}

static void on_retry(void *ctx)
{
    struct socket_link *s = ctx;

    LIST_EACH_SAFE(it, next, &s->full) {
        struct sock *k = LIST_ENTRY(it, struct sock, full);
        int rc = simnet_stream_bytes(s->net, k->conn, buf_span(&k->kept), now(s));
        if (rc == ERR_FULL)
            continue;
        note(s, rc);
        buf_reset(&k->kept);
        list_del(&k->full);
        if (k->gone)
            ended(k);
        else
            tcp_read(k->tcp, true);
    }
    if (!list_empty(&s->full))
        loop_timer_at(s->retry, clock_mono_ms(s->clock) + RETRY_MS);
}

static void on_closed(void *ctx, const char *why)
{
    struct sock *k = ctx;

    (void)why;
    k->gone = true;
    if (!k->kept.n)
        ended(k);
}

/* --- from the network --- */
static int stream_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port)
{
    struct socket_link *s = ctx;
    struct sock *k = calloc(1, sizeof *k);
    struct tcp_events ev = {on_opened, on_bytes, on_closed, k};
    struct errmsg why;
    int rc;

    (void)ipv4;
    (void)port;
    if (!k)
        return ERR_NOMEM;
    k->link = s;
    k->conn = conn;
    list_init(&k->full);
    buf_init(&k->kept, STREAM_DOWN_MAX);
    rc = map_put(s->streams, span_of(&k->conn, sizeof k->conn), k);
    if (rc == ERR_OK)
        rc = tcp_dial(s->loop, s->smsr, PATIENCE_MS, &ev, &k->tcp, &why);
    if (rc == ERR_OK)
        return ERR_OK;
    sock_free(k);
    return simnet_stream_opened(s->net, conn, false, now(s));
}

static int stream_bytes(void *ctx, uint64_t conn, struct span bytes)
{
    struct socket_link *s = ctx;
    struct sock *k = sock_of(s, conn);
    int rc;

    if (!k)
        return ERR_OK;             /* the network hears of its end in this turn */
    if (tcp_unsent(k->tcp) > UNSENT_MAX)
        return ERR_FULL;
    rc = tcp_send(k->tcp, bytes);
    return rc == ERR_STATE ? ERR_OK : rc;
}

static void stream_closed(void *ctx, uint64_t conn)
{
    struct socket_link *s = ctx;
    struct sock *k = sock_of(s, conn);

    if (!k)
        return;
    tcp_finish(k->tcp);
    sock_free(k);
}

/* --- life --- */
int socket_link_open(struct loop *l, const char *smsr, const struct clock *clock,
                     struct socket_link **ret, struct errmsg *why)
{
    struct socket_link *s = calloc(1, sizeof *s);
    char host[ADDR_HOST];
    uint16_t port;
    int err = addr_split(smsr, host, &port, why);

    *ret = NULL;
    if (!err && s) {
        s->loop = l;
        s->clock = clock;
        list_init(&s->full);
        (void)snprintf(s->smsr, sizeof s->smsr, "%s", smsr);
        s->streams = map_new(STREAMS_MAX);
        s->retry = loop_timer_new(l, on_retry, s);
    }
    if (!err && (!s || !s->streams || !s->retry))
        err = errmsg_set(why, ERR_NOMEM, "no memory for the streams of cards");
    if (err) {
        socket_link_close(s);
        return err;
    }
    *ret = s;
    return ERR_OK;
}

void socket_link_take(struct socket_link *s, struct simnet_port *port)
{
    link_pass_take(&s->pass, port);
    port->stream_open = stream_open;
    port->stream_bytes = stream_bytes;
    port->stream_closed = stream_closed;
}

void socket_link_attach(struct socket_link *s, struct simnet *net)
{
    s->net = net;
}

int socket_link_error(const struct socket_link *s)
{
    return s->error;
}

void socket_link_close(struct socket_link *s)
{
    void *cursor = NULL, *value;

    if (!s)
        return;
    while (s->streams && map_next(s->streams, &cursor, NULL, &value)) {
        struct sock *k = value;
        tcp_close(k->tcp);
        sock_free(k);
    }
    map_free(s->streams);
    loop_timer_free(s->retry);
    free(s);
}
