/* SPDX-License-Identifier: Apache-2.0 */
/* A party outside: its rpc client, the calls it made, the deliveries it heard. It repeats what is not
 * answered after each reconnect, with the same FunctionCallIdentifier, as our own clients do. */
#pragma once

#include "common/crypto/crypto.h"
#include "test/sim/link.h"

#define CLIENT_CALLS_MAX 8192u

struct client_call {
    char fcid[48];
    enum msg_type type;
    struct buf request;            /* encoded, to be sent again */
    struct oid mno;
    struct eid eid;
    struct iccid iccid;
    bool sent, accepted, answered, sent_once;
    uint64_t message_id;
    struct uuid operation;
    struct exec_answer answer;     /* code and status only */
    char text[160];                /* its message, or the beginning of it */
    enum verdict verdict;
    enum verdict concluded;        /* what OperationConcluded told later */
    uint8_t answer_hash[32];
    unsigned answers;              /* how often the answer came: all must be the same */
    int64_t asked_ms, answered_ms;
};
/* A Handle...Notification, in the order of the deliveries. */
struct client_notice {
    enum function what;
    struct eid eid;
    struct iccid iccid;
    int64_t completed_ms;
    bool matched;                  /* by who checks at the end */
};
struct client {
    const char *name;
    const char *prefix;            /* of its FunctionCallIdentifiers; NULL: its name */
    struct rpc_party me;
    struct links *links;
    struct rpc_handler server;     /* whom it talks to */
    struct crypto *crypto;
    bool subscribe;
    uint64_t last_no;              /* deliveries held */
    unsigned link;
    struct rpc *rpc;
    int64_t reconnect_ms, now_ms;
    unsigned refused;              /* connections in a row that nobody welcomed */
    struct client_call *calls[CLIENT_CALLS_MAX];
    unsigned n_calls;
    struct client_notice *notices;
    size_t n_notices, cap_notices;
    uint64_t repeated;             /* calls sent again, byte for byte */
    struct errmsg fault;           /* first thing that must not be */
    /* Sees everything it hears; call NULL: none of its own. */
    void (*heard)(void *ctx, struct client *c, const struct envelope *e, const struct client_call *call);
    void *heard_ctx;
};
void client_init(struct client *c, const char *name, const char *oid, enum party_role role,
                 struct links *links, const struct rpc_handler *server, bool subscribe,
                 struct crypto *crypto);
void client_fini(struct client *c);
/* Makes the call now or as soon as it can. body is the request struct of type with base.fcid set by the
 * client: *base must be its first member. NULL when the table is full. */
struct client_call *client_call(struct client *c, enum msg_type type, void *body, const struct eid *eid,
                                const struct iccid *iccid, const char *mno, int64_t now_ms);
/* How long a party waits before it dials again, ever longer while nobody welcomes it: a daemon that is
 * dead for a minute is not dialled a hundred times. */
int64_t client_patience(unsigned *refused);
/* Refused because there was no room or memory (1.2-4.4). */
bool client_was_busy(const struct client_call *k);
/* What had no success is asked again. */
void client_ask_again(struct client *c);
/* Connects when it is time, sends what waits. */
void client_run(struct client *c, int64_t now_ms);
int64_t client_due(const struct client *c);
void client_cut(struct client *c, int64_t now_ms, int64_t stay_away_ms);
