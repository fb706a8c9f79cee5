/* SPDX-License-Identifier: Apache-2.0 */
/* One plain TCP connection that we dial: to an SMSC. Octets in order, or its end. */
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
void tcp_close(struct tcp *t); /* from anywhere; nothing of ev is called any more */
