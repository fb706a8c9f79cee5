/* SPDX-License-Identifier: Apache-2.0 */
#include "common/net/tcp.h"

#include "common/net/resolve.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tcp {
    struct loop *loop;
    struct tcp_events ev;
    struct resolve *resolve;
    struct bufferevent *bev;
    struct loop_timer *patience;
    struct loop_task reap;
    struct addr found[RESOLVE_MAX];
    size_t n_found, next;
    bool open, ended, closed;
    char why[160];
};

static void end(struct tcp *t, const char *why)
{
    if (t->ended)
        return;
    t->ended = true;
    t->open = false;
    loop_timer_at(t->patience, -1);
    if (t->bev)
        bufferevent_disable(t->bev, EV_READ | EV_WRITE);
    t->ev.closed(t->ev.ctx, why);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    struct tcp *t = ctx;
    size_t n;

    while (!t->ended && (n = evbuffer_get_contiguous_space(in)) > 0) {
        uint8_t *p = evbuffer_pullup(in, (ssize_t)n);
        t->ev.bytes(t->ev.ctx, span_of(p, n));
        evbuffer_drain(in, n);
    }
}

static void connect_next(struct tcp *t);

static void on_event(struct bufferevent *bev, short what, void *ctx)
{
    struct tcp *t = ctx;
    int yes = 1;

    if (t->ended)
        return;
    if (what & BEV_EVENT_CONNECTED) {
        (void)setsockopt(bufferevent_getfd(bev), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        t->open = true;
        loop_timer_at(t->patience, -1);
        t->ev.opened(t->ev.ctx);
    } else if (t->open) {
        end(t, what & BEV_EVENT_EOF ? "the other end closed the connection"
                                    : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    } else {
        (void)snprintf(t->why, sizeof t->why, "%s",
                       evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
        connect_next(t);
    }
}

/* A bufferevent serves one attempt; the next address gets a fresh one. */
static void connect_next(struct tcp *t)
{
    while (t->next < t->n_found) {
        const struct addr *a = &t->found[t->next++];
        if (t->bev)
            bufferevent_free(t->bev);
        t->bev = bufferevent_socket_new(loop_base(t->loop), -1, BEV_OPT_CLOSE_ON_FREE);
        if (!t->bev)
            break;
        bufferevent_setcb(t->bev, on_read, NULL, on_event, t);
        bufferevent_enable(t->bev, EV_READ | EV_WRITE);
        if (bufferevent_socket_connect(t->bev, &a->u.sa, (int)a->len) == 0)
            return;
    }
    end(t, t->why[0] ? t->why : "no address can be connected to");
}

static void on_resolved(void *ctx, const struct addr *found, size_t n, const char *why)
{
    struct tcp *t = ctx;

    t->n_found = n < RESOLVE_MAX ? n : RESOLVE_MAX;
    memcpy(t->found, found, t->n_found * sizeof *found);
    if (n == 0)
        end(t, why);
    else
        connect_next(t);
}

static void on_patience(void *ctx)
{
    end(ctx, "no answer to the connection in time");
}

static void reap(void *ctx)
{
    struct tcp *t = ctx;

    resolve_free(t->resolve);
    if (t->bev)
        bufferevent_free(t->bev);
    loop_timer_free(t->patience);
    free(t);
}

int tcp_dial(struct loop *l, const char *host_port, int64_t patience_ms,
             const struct tcp_events *ev, struct tcp **ret, struct errmsg *why)
{
    char host[ADDR_HOST];
    uint16_t port;
    struct tcp *t;
    int err = addr_split(host_port, host, &port, why);

    *ret = NULL;
    if (err)
        return err;
    t = calloc(1, sizeof *t);
    if (!t)
        return errmsg_set(why, ERR_NOMEM, "no memory for a connection");
    t->loop = l;
    t->ev = *ev;
    loop_task_init(&t->reap, reap, t);
    t->patience = loop_timer_new(l, on_patience, t);
    t->resolve = t->patience ? resolve_start(l, host, port, on_resolved, t) : NULL;
    if (!t->resolve) {
        reap(t);
        return errmsg_set(why, ERR_NOMEM, "no memory for a connection");
    }
    loop_timer_at(t->patience, clock_mono_ms(&CLOCK_SYSTEM) + patience_ms);
    *ret = t;
    return ERR_OK;
}

int tcp_send(struct tcp *t, struct span bytes)
{
    if (!t->open)
        return ERR_STATE;
    if (evbuffer_get_length(bufferevent_get_output(t->bev)) + bytes.n > TCP_UNSENT_MAX)
        return ERR_FULL;
    return bufferevent_write(t->bev, bytes.p, bytes.n) ? ERR_NOMEM : ERR_OK;
}

void tcp_close(struct tcp *t)
{
    if (!t || t->closed)
        return;
    t->closed = t->ended = true;
    t->open = false;
    loop_timer_at(t->patience, -1);
    if (t->bev)
        bufferevent_disable(t->bev, EV_READ | EV_WRITE);
    loop_defer(t->loop, &t->reap);
}
