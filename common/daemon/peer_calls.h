/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of ours to other servers (design 3.3): a request stays here until it is answered, is sent again on every
 * new connection, and never more than the connection takes are out. Answers find their call by the request they
 * relate to or by the peer's operation; each call is answered once. Memory only: what has to be asked again after a
 * start, its owner asks again, in the same octets. */
#pragma once

#include "common/msg/message.h"

struct peer_calls;
struct peer_calls_port {
    /* Puts a request on the connection to that peer and fills message_id; ERR_FULL, ERR_CLOSED: later. */
    int (*call)(void *ctx, const struct oid *peer, struct envelope *e);
    /* The RESPONSE, or an ERROR, to the call of this id. It is over already: a second copy of the answer finds
     * nobody, least of all the next call of the same id. */
    void (*answered)(void *ctx, const struct oid *peer, const struct uuid *id, const struct envelope *e);
    void *ctx;
};
struct peer_calls_count {
    uint64_t sent, again, answers, unmatched, lost; /* lost: no memory to find its answer by */
};
/* NULL: out of memory. Peers that are not among these are never called. */
struct peer_calls *peer_calls_new(const struct peer_calls_port *port, const struct oid *peers, unsigned n);
void peer_calls_free(struct peer_calls *p);
struct peer_call {
    struct oid peer;
    struct uuid id;                /* the owner's: one call at a time */
    struct oid mno;                /* may be empty, as the next */
    struct span context_id;
    struct message message;        /* copied */
};
/* In the place of the one with this id. ERR_NOT_FOUND: no such peer; ERR_NOMEM, ERR_TOO_LARGE. */
MUST_CHECK int peer_calls_make(struct peer_calls *p, const struct peer_call *call);
void peer_calls_forget(struct peer_calls *p, const struct uuid *id);
/* The same octets once more; false: there is no such call. */
bool peer_calls_repeat(struct peer_calls *p, const struct uuid *id);
unsigned peer_calls_waiting(const struct peer_calls *p);
const struct peer_calls_count *peer_calls_count(const struct peer_calls *p);
bool peer_calls_knows(const struct peer_calls *p, const struct oid *peer);
/* The connection is welcome, or gone. */
void peer_calls_up(struct peer_calls *p, const struct oid *peer);
void peer_calls_down(struct peer_calls *p, const struct oid *peer);
/* ACCEPTED, RESPONSE or ERROR of this peer; anything else only makes room for what waits. */
void peer_calls_heard(struct peer_calls *p, const struct oid *peer, const struct envelope *e);
