/* SPDX-License-Identifier: Apache-2.0 */
#include "common/net/udp.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT_ONCE 64u                /* datagrams of one event: others get their turn */
#define BUFFER  (1 << 20)

struct udp {
    int fd;
    struct event *ev;
    udp_in_fn in;
    void *ctx;
    uint16_t port;
    bool reading, closed;          /* closed by who is handed a datagram: freed behind it */
};

static void on_read(evutil_socket_t fd, short what, void *ctx)
{
    struct udp *u = ctx;
    uint8_t b[UDP_MAX + 1];

    (void)what;
    u->reading = true;
    for (unsigned i = 0; i < AT_ONCE && !u->closed; i++) {
        struct addr from = {.len = sizeof from.u};
        ssize_t n = recvfrom((int)fd, b, sizeof b, 0, &from.u.sa, &from.len);
        if (n < 0 && errno == ECONNREFUSED) /* of an earlier datagram: told by the machine there */
            continue;
        if (n < 0)
            break;
        if ((size_t)n <= UDP_MAX)
            u->in(u->ctx, &from, span_of(b, (size_t)n));
    }
    u->reading = false;
    if (u->closed)
        udp_close(u);
}

static int bind_to(struct udp *u, const struct addr *at, const char *name, struct errmsg *why)
{
    struct addr own = {.len = sizeof own.u};
    int size = BUFFER;

    u->fd = socket(at->u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (u->fd < 0)
        return errmsg_set(why, ERR_IO, "no UDP socket: %s", strerror(errno));
    (void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(u->fd, &at->u.sa, at->len))
        return errmsg_set(why, ERR_CONFIG,
                          "UDP %s cannot be listened on: %s; name another address or end who has it",
                          name, strerror(errno));
    if (getsockname(u->fd, &own.u.sa, &own.len))
        return errmsg_set(why, ERR_IO, "a UDP socket has no name: %s", strerror(errno));
    u->port = addr_port(&own);
    return ERR_OK;
}

int udp_open(struct loop *l, const char *listen, const struct addr *peer, udp_in_fn in, void *ctx,
             struct udp **ret, struct errmsg *why)
{
    struct udp *u = calloc(1, sizeof *u);
    struct addr at = {.len = 0};
    int err = ERR_OK;

    *ret = NULL;
    if (!u)
        return errmsg_set(why, ERR_NOMEM, "no memory for a UDP socket");
    u->fd = -1;
    u->in = in;
    u->ctx = ctx;
    if (listen) {
        err = addr_resolve(listen, SOCK_DGRAM, &at, why);
    } else {
        bool v6 = peer->u.sa.sa_family == AF_INET6;
        if (!addr_literal(v6 ? "::" : "0.0.0.0", 0, &at))
            err = ERR_INTERNAL;
    }
    if (!err)
        err = bind_to(u, &at, listen ? listen : "on any port", why);
    if (!err) {
        u->ev = event_new(loop_base(l), u->fd, EV_READ | EV_PERSIST, on_read, u);
        if (!u->ev || event_add(u->ev, NULL))
            err = errmsg_set(why, ERR_NOMEM, "no memory for a UDP socket");
    }
    if (err) {
        udp_close(u);
        return err;
    }
    *ret = u;
    return ERR_OK;
}

uint16_t udp_port(const struct udp *u)
{
    return u->port;
}

int udp_send(struct udp *u, const struct addr *to, struct span datagram)
{
    if (datagram.n > UDP_MAX)
        return ERR_TOO_LARGE;
    if (sendto(u->fd, datagram.p, datagram.n, MSG_NOSIGNAL, &to->u.sa, to->len) >= 0)
        return ERR_OK;
    return errno == EAGAIN || errno == ENOBUFS ? ERR_FULL : ERR_IO;
}

void udp_close(struct udp *u)
{
    if (!u)
        return;
    u->closed = true;
    if (u->reading)
        return;
    if (u->ev)
        event_free(u->ev);
    if (u->fd >= 0)
        (void)close(u->fd);
    free(u);
}
