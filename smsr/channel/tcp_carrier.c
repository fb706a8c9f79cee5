/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/tcp_carrier.h"

#include "common/base/map.h"
#include "common/net/tcp.h"
#include "smsr/channel/carrier_pass.h"

#include <stdlib.h>

#define OURS       (UINT64_C(1) << 63)   /* streams of other carriers count from 1 */
#define UNSENT_MAX 65536u                /* then the channel waits (carrier.h) */

struct sock {
    struct tcp_carrier *tc;
    uint64_t id;
    struct tcp *tcp;
};

struct tcp_carrier {
    struct carrier_pass pass;
    struct loop *loop;
    struct channel *ch;
    struct tcp_server *server;
    struct map *by_id;
    uint64_t next;
};

static struct sock *sock_of(const struct tcp_carrier *tc, uint64_t id)
{
    return map_get(tc->by_id, span_of(&id, sizeof id));
}

static void sock_free(struct sock *s)
{
    (void)map_del(s->tc->by_id, span_of(&s->id, sizeof s->id));
    free(s);
}

/* --- what comes --- */
static void on_opened(void *ctx)
{
    (void)ctx; /* it came in open */
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct sock *s = ctx;

    if (s->tc->ch)
        channel_stream_bytes(s->tc->ch, s->id, bytes);
}

static void on_closed(void *ctx, const char *why)
{
    struct sock *s = ctx;
    struct channel *ch = s->tc->ch;
    uint64_t id = s->id;

    (void)why;
    tcp_close(s->tcp);
    sock_free(s);
    if (ch)
        channel_stream_closed(ch, id);
}

static void on_accepted(void *ctx, struct tcp *t)
{
    struct tcp_carrier *tc = ctx;
    struct sock *s = tc->ch ? calloc(1, sizeof *s) : NULL;
    struct tcp_events ev = {on_opened, on_bytes, on_closed, s};

    if (!s) {
        tcp_close(t);
        return;
    }
    *s = (struct sock){tc, OURS | tc->next++, t};
    if (map_put(tc->by_id, span_of(&s->id, sizeof s->id), s)) {
        tcp_close(t);
        free(s);
        return;
    }
    tcp_attend(t, &ev);
    channel_stream_open(tc->ch, s->id);
}

static int stream_send(void *ctx, uint64_t conn, struct span bytes)
{
    const struct tcp_carrier *tc = ctx;
    const struct sock *s;

    if (!(conn & OURS))
        return carrier_pass_stream_send(ctx, conn, bytes);
    s = sock_of(tc, conn);
    if (!s)
        return ERR_CLOSED;
    return tcp_unsent(s->tcp) > UNSENT_MAX ? ERR_FULL : tcp_send(s->tcp, bytes);
}

static void stream_close(void *ctx, uint64_t conn)
{
    const struct tcp_carrier *tc = ctx;
    struct sock *s;

    if (!(conn & OURS)) {
        carrier_pass_stream_close(ctx, conn);
        return;
    }
    s = sock_of(tc, conn);
    if (!s)
        return;
    tcp_finish(s->tcp);
    sock_free(s);
}

/* --- life --- */
int tcp_carrier_open(struct loop *l, const char *listen, unsigned max_streams,
                     const struct carrier *others, struct tcp_carrier **ret, struct errmsg *why)
{
    struct tcp_carrier *tc = calloc(1, sizeof *tc);
    int err = ERR_OK;

    *ret = NULL;
    if (!tc)
        return errmsg_set(why, ERR_NOMEM, "no memory for the streams of cards");
    tc->loop = l;
    tc->next = 1;
    carrier_pass_init(&tc->pass, others);
    tc->pass.port.stream_send = stream_send;
    tc->pass.port.stream_close = stream_close;
    tc->by_id = map_new(max_streams);
    if (!tc->by_id)
        err = errmsg_set(why, ERR_NOMEM, "no memory for the streams of cards");
    else if (listen)
        err = tcp_listen(l, listen, max_streams, on_accepted, tc, &tc->server, why);
    if (err) {
        tcp_carrier_close(tc);
        return err;
    }
    *ret = tc;
    return ERR_OK;
}

const struct carrier *tcp_carrier_port(const struct tcp_carrier *tc)
{
    return &tc->pass.port;
}

void tcp_carrier_attach(struct tcp_carrier *tc, struct channel *ch)
{
    tc->ch = ch;
}

uint16_t tcp_carrier_tcp_port(const struct tcp_carrier *tc)
{
    return tc->server ? tcp_server_port(tc->server) : 0;
}

void tcp_carrier_close(struct tcp_carrier *tc)
{
    void *cursor = NULL, *value;

    if (!tc)
        return;
    tcp_server_close(tc->server);
    while (tc->by_id && map_next(tc->by_id, &cursor, NULL, &value)) {
        struct sock *s = value;
        tcp_close(s->tcp);
        free(s);
    }
    map_free(tc->by_id);
    free(tc);
}
