/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of the parties that call a daemon (design 3.3): who is admitted, what leaves on
 * them, who hears deliveries, and which connection waits for the end of an operation. */
#pragma once

#include "common/engine/engine.h"
#include "common/net/rpc.h"

struct callers_port {
    struct engine *engine;
    const char *what;              /* "SM-SR", for sentences */
    /* The configuration names this party in the role of its certificate. */
    bool (*admits)(void *ctx, const struct rpc_party *peer);
    void (*request)(void *ctx, struct rpc *r, const struct envelope *e);
    void (*gone)(void *ctx, uint64_t conn);        /* NULL: nobody asks */
    /* Verdict and Mno-id that a delivery's envelope carries besides its message. */
    void (*head)(const struct event *ev, const struct message *m, struct envelope *e);
    void *ctx;
};

struct callers_counters {
    uint64_t connections, hello_refused, requests, undeliverable;
};

/* A call whose connection still hears of its conclusion. */
struct waiting_call {
    struct uuid op;
    struct oid party;
    uint64_t conn, message_id;
};

struct callers;
struct callers *callers_new(const struct callers_port *port); /* NULL: out of memory; copied */
void callers_free(struct callers *c);
struct rpc_handler callers_handler(struct callers *c);
void callers_stop(struct callers *c);              /* nobody is admitted any more */
bool callers_stopped(const struct callers *c);
struct callers_counters callers_count(const struct callers *c);

/* Who speaks on this connection; NULL: it is gone. Until the next input. */
const struct rpc_party *callers_peer(const struct callers *c, uint64_t conn);
/* What cannot leave ends its connection: an answer is asked for again, a delivery comes again. */
void callers_send(struct callers *c, uint64_t conn, struct envelope *e);
/* Its answer cannot be made, for want of memory (ERR_NOMEM) or because the engine stops: the connection is
 * closed, and a caller that comes back asks again. */
void callers_hang_up(struct callers *c, uint64_t conn, int err);
/* One numbered delivery (engine port, deliver). */
void callers_deliver(struct callers *c, uint64_t conn, const struct event *ev, unsigned index);

/* When 65,536 wait already, the delivery alone tells the caller. */
void callers_remember(struct callers *c, const struct waiting_call *call);
/* Forgets it. false: nobody waits, or it is a subscriber who gets the answer as a delivery (delivered: there is
 * one; an answer to a synchronous function is none). */
bool callers_recall(struct callers *c, const struct uuid *op, bool delivered, struct waiting_call *ret);

/* The answers of a plan's records become their octets. ERR_NOMEM, ERR_TOO_LARGE. */
MUST_CHECK int callers_encode_answers(struct plan *p);
