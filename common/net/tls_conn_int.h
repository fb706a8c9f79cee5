/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one TLS connection: what tls_conn.c (life, input) and tls_stream.c (output) share. */
#pragma once

#include "common/net/tls_int.h"

#include <event2/event.h>

enum conn_state {
    CONN_IDLE,
    CONN_CONNECT,
    CONN_HANDSHAKE,
    CONN_OPEN,
    CONN_DRAIN,
    CONN_LINGER,
    CONN_DONE
};

struct tls_conn {
    struct list item;
    struct loop *loop;
    struct tls_owner owner;
    enum conn_state state;
    int fd;
    struct ssl_st *ssl;
    struct rpc *rpc;
    struct addr peer;
    struct event *rd;
    struct event *wr;
    struct event *kick; /* a zero timer: work for the next batch of events */
    struct loop_timer *timer;
    struct loop_task flush;
    struct loop_task reap;
    struct buf out;
    size_t out_at;
    bool paused;
    bool closing;  /* rpc wants the end */
    bool broken;   /* SSL must not be used any more */
    int abort_err; /* not ERR_OK: abort at the next kick */
    struct errmsg abort_why;
    struct errmsg refusal;
    int64_t idle_ms;
    int64_t last_ms;
    int64_t deadline;
    unsigned lingered;
};

/* Work for the next batch of events: input, an end that was asked for. */
void tls_conn_kick(struct tls_conn *c);
/* What went wrong in an SSL call, as an error and a sentence. The session is broken afterwards. */
MUST_CHECK int tls_conn_error(struct tls_conn *c, int code, struct errmsg *why);
/* Sends of c->out what it can. False: the connection is about to be ended. */
bool tls_conn_write(struct tls_conn *c);
/* The task that flushes at the end of a turn. */
void tls_conn_flush_task(void *conn);
