/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of one connection: what rpc.c (life, output) and rpc_in.c (input) share. */
#pragma once

#include "common/net/rpc.h"

enum rpc_state { RPC_GREETING, RPC_UP, RPC_CLOSING, RPC_DEAD };

struct rpc {
    struct rpc_stream s;
    struct rpc_handler h;
    struct rpc_party peer;
    uint64_t id;
    void *user;
    enum rpc_state state;
    bool server;
    bool paused;
    unsigned busy; /* callbacks of ours on the stack: ends and frees wait for them */
    bool ended;    /* rpc_eof came, on_closed not yet */
    bool told;     /* on_closed was called */
    bool behind;   /* input came while callbacks ran */
    bool free_later;
    int close_err; /* ERR_OK: nothing of our own to say about the end */
    struct errmsg close_why;
    struct buf in;
    struct buf out;
    struct arena arena;
    uint64_t last_in;
    uint64_t last_out;
    /* Message ids of the requests without an answer. A server takes one more than it grants before
     * it stops reading, so a client that keeps to the window is always heard (ACK, end of
     * connection). */
    uint64_t window[RPC_WINDOW + 1];
    size_t open;
};

/* A section that runs callbacks is entered by busy++ and left by this; what the callbacks asked for
 * (free, end) happens at the outermost end, and r may be gone afterwards. */
void rpc_leave(struct rpc *r);
/* Pauses or resumes the carrier when window and backlog say so. */
void rpc_press(struct rpc *r);
void rpc_window_close(struct rpc *r, uint64_t id);
bool rpc_may_send(const struct rpc *r, enum envelope_kind kind);
/* Puts one envelope into the output, whatever the state. */
MUST_CHECK int rpc_queue(struct rpc *r, struct envelope *e, uint64_t *ret_id);
/* ERROR to the peer when tell is true, then the end. The text is ours: octets of the peer are never
 * sent back. */
void rpc_end(struct rpc *r, uint64_t relates_to, int err, const char *why, bool tell);

static inline bool rpc_is_answer(enum envelope_kind kind)
{
    return kind == ENV_ACCEPTED || kind == ENV_RESPONSE || kind == ENV_ERROR;
}
