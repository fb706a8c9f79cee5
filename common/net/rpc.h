/* SPDX-License-Identifier: Apache-2.0 */
/* The protobuf exchange of design 3.3: frames of 4-byte length + Envelope over some byte stream,
 * HELLO and WELCOME first, many requests in flight. The stream is a port, so the same code runs
 * over mutual TLS in the daemons and over memory in the simulator. Encoded replies of one turn
 * leave in one write. */
#pragma once

#include "common/base/clock.h"
#include "common/base/mem.h"
#include "common/msg/message.h"

#define RPC_VERSION         1u  /* the protocol version this end speaks */
#define RPC_WINDOW          64u /* requests in flight a client keeps at most */
#define RPC_DELIVERY_WINDOW 64u
#define RPC_HELLO_MAX       4096u       /* octets of a frame before HELLO and WELCOME have passed */
#define RPC_INPUT_MAX       (4u << 20)  /* octets held unread while paused */
#define RPC_BACKLOG_PAUSE   (1u << 20)  /* default of rpc_stream.max_backlog */
#define RPC_BACKLOG_MAX     (18u << 20) /* a full answer to each request of a window fits */

struct rpc; /* one connection, either role */

/* What the connection needs from its carrier. write copies; a false return means closed. Everything
 * after ctx may be left zero. */
struct rpc_stream {
    bool (*write)(void *ctx, struct span bytes);
    /* No more is written: the carrier sends what it still holds, ends the connection and then calls
     * rpc_eof for this side as well; on_closed comes from there and nowhere else. */
    void (*close)(void *ctx);
    /* Stop or go on reading: back-pressure; may be NULL (memory). After pause(false), and not from
     * within it, the carrier calls rpc_input again, with no octets when it has none. */
    void (*pause)(void *ctx, bool on);
    void *ctx;
    size_t (*backlog)(void *ctx); /* octets taken by write and not yet sent; NULL = none */
    void (*queued)(void *ctx);    /* output waits for rpc_flush; NULL = the owner flushes */
    size_t max_backlog;           /* a server stops reading above it; 0 = RPC_BACKLOG_PAUSE */
    uint64_t id;                  /* what rpc_id gives; 0 = a random one */
};

struct rpc_party { /* who the peer's certificate says it is; zero for the client side */
    struct oid oid;
    enum party_role role;
};

/* Callbacks; envelopes borrow from an arena that lives until the callback returns. */
struct rpc_handler {
    /* server: HELLO arrived. Return ERR_OK to send WELCOME; anything else sends ERROR (why) and
     * closes. */
    int (*on_hello)(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why);
    void (*on_welcome)(void *ctx, struct rpc *r); /* client: connected */
    /* server: REQUEST, ACK, ERROR; client: ACCEPTED, RESPONSE, NOTICE, ERROR */
    void (*on_message)(void *ctx, struct rpc *r, const struct envelope *e);
    /* Last callback, exactly once, also when the connection never came up. Whoever made r (for TLS
     * the carrier, not the handler) frees it afterwards. err is ERR_CLOSED for an ordinary end. */
    void (*on_closed)(void *ctx, struct rpc *r, int err, const char *why);
    void *ctx;
};

struct rpc *rpc_server(const struct rpc_stream *s, const struct rpc_handler *h,
                       const struct rpc_party *peer);
/* Sends HELLO; subscribe with the last delivery number held durably when subscribe is true. */
struct rpc *rpc_client(const struct rpc_stream *s, const struct rpc_handler *h, bool subscribe,
                       uint64_t last_delivery_no);
void rpc_free(struct rpc *r);
uint64_t rpc_id(const struct rpc *r); /* unique in the process; callers keep ids, not pointers */
const struct rpc_party *rpc_peer(const struct rpc *r);
bool rpc_is_up(const struct rpc *r); /* HELLO and WELCOME passed */
void *rpc_user(const struct rpc *r);
void rpc_set_user(struct rpc *r, void *user);

/* Bytes from the carrier; malformed frames answer ERROR naming what is wrong and close. */
void rpc_input(struct rpc *r, struct span bytes);
void rpc_eof(struct rpc *r, int err, const char *why);

/* Queues one envelope (message_id 0 = the next is given); *ret_id may be NULL. A REQUEST holds a
 * place of the window, on both ends, until ACCEPTED, RESPONSE or ERROR relates to it; a server
 * stops reading while the window is full. ERR_STATE before WELCOME; ERR_CLOSED; ERR_FULL: window or
 * backlog; ERR_TOO_LARGE: above WIRE_FRAME_MAX; ERR_INVAL: a kind this end never sends, or a
 * message_id not above the last. */
MUST_CHECK int rpc_send(struct rpc *r, struct envelope *e, uint64_t *ret_id);
void rpc_flush(struct rpc *r); /* one write of all that is queued */
/* ERROR to the peer when why is not NULL, then close. */
void rpc_close(struct rpc *r, const char *why);
size_t rpc_backlog(const struct rpc *r); /* queued octets not yet written, the carrier's included */
size_t rpc_in_flight(const struct rpc *r); /* requests of the window without an answer */
void rpc_drained(struct rpc *r);           /* the carrier's backlog shrank: reading may go on */
