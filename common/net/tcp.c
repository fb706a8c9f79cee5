/* SPDX-License-Identifier: Apache-2.0 */
#include "common/net/tcp.h"

#include "common/net/resolve.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINISH_MS 10000
#define REST_MS   100
#define BACKLOG   512

struct tcp_server {
    struct loop *loop;
    struct evconnlistener *listener;
    struct loop_timer *rest;
    tcp_accept_fn accepted;
    void *ctx;
    unsigned n, max;
    bool closed;
};

struct tcp {
    struct loop *loop;
    struct tcp_server *server;     /* that counts it; NULL: dialled */
    struct tcp_events ev;
    struct resolve *resolve;
    struct bufferevent *bev;
    struct loop_timer *patience;
    struct loop_task reap;
    struct addr found[RESOLVE_MAX];
    size_t n_found, next;
    bool open, ended, closed, finishing;
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
    struct tcp *t = ctx;

    if (t->finishing)
        loop_defer(t->loop, &t->reap);
    else
        end(t, "no answer to the connection in time");
}

static void server_free(struct tcp_server *s)
{
    loop_timer_free(s->rest);
    free(s);
}

static void reap(void *ctx)
{
    struct tcp *t = ctx;

    resolve_free(t->resolve);
    if (t->bev)
        bufferevent_free(t->bev);
    loop_timer_free(t->patience);
    if (t->server && --t->server->n == 0 && t->server->closed)
        server_free(t->server);
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

size_t tcp_unsent(const struct tcp *t)
{
    return t->bev ? evbuffer_get_length(bufferevent_get_output(t->bev)) : 0;
}

void tcp_read(struct tcp *t, bool on)
{
    if (!t->open)
        return;
    if (on)
        bufferevent_enable(t->bev, EV_READ);
    else
        bufferevent_disable(t->bev, EV_READ);
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

static void finished(struct bufferevent *bev, void *ctx)
{
    struct tcp *t = ctx;

    (void)bev;
    loop_timer_at(t->patience, -1);
    loop_defer(t->loop, &t->reap);
}

static void finish_failed(struct bufferevent *bev, short what, void *ctx)
{
    (void)what;
    finished(bev, ctx);
}

void tcp_finish(struct tcp *t)
{
    if (!t || t->closed || !t->open || !tcp_unsent(t)) {
        tcp_close(t);
        return;
    }
    t->closed = t->ended = t->finishing = true;
    t->open = false;
    bufferevent_disable(t->bev, EV_READ);
    bufferevent_setcb(t->bev, NULL, finished, finish_failed, t);
    loop_timer_at(t->patience, clock_mono_ms(&CLOCK_SYSTEM) + FINISH_MS);
}

/* --- connections that come in --- */
static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
                      int len, void *ctx)
{
    struct tcp_server *s = ctx;
    struct tcp *t = s->n < s->max ? calloc(1, sizeof *t) : NULL;
    int yes = 1;

    (void)listener;
    (void)from;
    (void)len;
    if (!t) {
        evutil_closesocket(fd);
        return;
    }
    t->loop = s->loop;
    t->server = s;
    s->n++;
    loop_task_init(&t->reap, reap, t);
    t->patience = loop_timer_new(s->loop, on_patience, t);
    t->bev = t->patience
                 ? bufferevent_socket_new(loop_base(s->loop), fd, BEV_OPT_CLOSE_ON_FREE)
                 : NULL;
    if (!t->bev) {
        evutil_closesocket(fd);
        reap(t);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    t->open = true;
    s->accepted(s->ctx, t);
}

void tcp_attend(struct tcp *t, const struct tcp_events *ev)
{
    t->ev = *ev;
    bufferevent_setcb(t->bev, on_read, NULL, on_event, t);
    bufferevent_enable(t->bev, EV_READ | EV_WRITE);
}

/* The queue stays readable: without a rest the loop would spin. */
static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
    struct tcp_server *s = ctx;

    evconnlistener_disable(listener);
    loop_timer_at(s->rest, clock_mono_ms(&CLOCK_SYSTEM) + REST_MS);
}

static void on_rested(void *ctx)
{
    struct tcp_server *s = ctx;

    evconnlistener_enable(s->listener);
}

int tcp_listen(struct loop *l, const char *listen, unsigned max_conns, tcp_accept_fn accepted,
               void *ctx, struct tcp_server **ret, struct errmsg *why)
{
    struct tcp_server *s = calloc(1, sizeof *s);
    struct addr a;
    int err = s ? addr_resolve(listen, SOCK_STREAM, &a, why)
                : errmsg_set(why, ERR_NOMEM, "no memory to listen");

    *ret = NULL;
    if (err) {
        free(s);
        return err;
    }
    *s = (struct tcp_server){.loop = l, .accepted = accepted, .ctx = ctx, .max = max_conns};
    s->rest = loop_timer_new(l, on_rested, s);
    s->listener = s->rest ? evconnlistener_new_bind(loop_base(l), on_accept, s,
                                                    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE |
                                                        LEV_OPT_CLOSE_ON_EXEC,
                                                    BACKLOG, &a.u.sa, (int)a.len)
                          : NULL;
    if (!s->listener) {
        err = errno == EADDRINUSE
                  ? errmsg_set(why, ERR_CONFIG,
                               "%.80s is in use: stop the other program or choose another port",
                               listen)
                  : errmsg_set(why, ERR_CONFIG, "cannot listen on %.80s: %s", listen,
                               strerror(errno));
        server_free(s);
        return err;
    }
    evconnlistener_set_error_cb(s->listener, on_accept_error);
    *ret = s;
    return ERR_OK;
}

uint16_t tcp_server_port(const struct tcp_server *s)
{
    struct addr a = {.len = sizeof a.u};

    if (getsockname(evconnlistener_get_fd(s->listener), &a.u.sa, &a.len))
        return 0;
    return addr_port(&a);
}

void tcp_server_close(struct tcp_server *s)
{
    if (!s || s->closed)
        return;
    evconnlistener_free(s->listener);
    loop_timer_at(s->rest, -1);
    s->closed = true;
    if (s->n == 0)
        server_free(s);
}
