/* SPDX-License-Identifier: Apache-2.0 */
/* Plain TCP: connections that we dial (an SMSC, a card's stream) and that come in (the SM-SR's HTTPS
 * port; TLS is inside the octets). Octets in order, or the end. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/net/loop.h"

#define TCP_UNSENT_MAX (1u << 20)

struct tcp_events {
    void (*opened)(void *ctx);
    void (*bytes)(void *ctx, struct span bytes);
    /* Once, also when it never opened; why is one clause. The connection is to be closed then. */
    void (*closed)(void *ctx, const char *why);
    void *ctx;
};

struct tcp;
/* host_port: "name:port", "1.2.3.4:port", "[v6]:port"; every address of a name is tried, all within
 * patience_ms. Nothing of ev is called before this returned. ERR_CONFIG: no such text; ERR_NOMEM. */
MUST_CHECK int tcp_dial(struct loop *l, const char *host_port, int64_t patience_ms,
                        const struct tcp_events *ev, struct tcp **ret, struct errmsg *why);
/* ERR_STATE: not open; ERR_FULL: more than 1 MiB would wait; ERR_NOMEM. */
MUST_CHECK int tcp_send(struct tcp *t, struct span bytes);
size_t tcp_unsent(const struct tcp *t);
/* false: nothing is read until true; what was handed to bytes counts as taken. */
void tcp_read(struct tcp *t, bool on);
/* Both from anywhere; nothing of ev is called any more. tcp_finish lets what waits leave, for at most
 * 10 s. */
void tcp_close(struct tcp *t);
void tcp_finish(struct tcp *t);

struct tcp_server;
/* A connection came in and is open; it says nothing before tcp_attend. Its owner closes it. */
typedef void (*tcp_accept_fn)(void *ctx, struct tcp *t);
/* At most max_conns at once, beyond that they are closed at once. Without descriptors it rests 100 ms.
 * ERR_CONFIG: the address is in use or is none; ERR_IO; ERR_NOMEM. */
MUST_CHECK int tcp_listen(struct loop *l, const char *listen, unsigned max_conns,
                          tcp_accept_fn accepted, void *ctx, struct tcp_server **ret,
                          struct errmsg *why);
void tcp_attend(struct tcp *t, const struct tcp_events *ev);
uint16_t tcp_server_port(const struct tcp_server *s);
void tcp_server_close(struct tcp_server *s); /* its connections live on */
