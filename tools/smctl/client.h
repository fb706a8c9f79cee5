/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to a daemon and the calls on it (design 3.3): a window of 64 requests without an
 * answer and one of operations under way, so that a fleet waits here and not in validity periods that
 * run; correlation by message id and operation, the same call again after a reconnect,
 * deliveries for a subscriber. A call keeps its FunctionCallIdentifier for life, so a repeat is
 * never a second one. */
#pragma once

#include "common/base/list.h"
#include "common/base/mem.h"
#include "common/msg/message.h"
#include "common/net/tls.h"

/* How a call ended, from the answer and the verdict together (design 3.4). */
enum call_outcome {
    CALL_OK = 0,
    CALL_WARNING, /* done, with a reservation */
    CALL_REFUSED, /* a GSMA status before anything was tried */
    CALL_FAILED,
    CALL_ROLLED_BACK,
    CALL_CANCELLED,
    CALL_EXPIRED, /* nothing was sent to the card */
    CALL_IN_DOUBT,
    CALL_ERROR,      /* the exchange itself failed: malformed, too large */
    CALL_UNANSWERED, /* gave up waiting */
    CALL_OUTCOME_COUNT
};
const char *call_outcome_text(enum call_outcome o); /* "ok" "rolled-back" ... */

struct call;
struct call_result {
    enum call_outcome outcome;
    const struct envelope *env;       /* of the RESPONSE; NULL for ERROR and UNANSWERED */
    const struct base_response *base; /* inside env */
    const char *text;                 /* ERROR, UNANSWERED: what happened */
};
/* How the caller made a call; both are called from client_run only. */
struct call_port {
    /* Writes the request into the arena; asked again for each repeat and must give the same. */
    int (*request)(struct call *c, struct arena *a, struct message *ret);
    void (*done)(struct call *c, const struct call_result *r); /* once; c may be freed inside */
};
enum call_state { CALL_IDLE = 0, CALL_PENDING, CALL_SENT, CALL_ACCEPTED, CALL_LATER, CALL_DONE };
struct call {
    const struct call_port *port;
    bool until_verdict; /* CALL_IN_DOUBT is not an end: ask again until it is decided */
    /* the client's: */
    struct list item;
    enum call_state state;
    uint64_t message_id;
    struct uuid operation; /* known from ACCEPTED on */
    bool was_accepted;
    unsigned sends;
    int64_t started_ms, ended_ms; /* monotonic */
};

enum client_delivery { DELIVERY_TAKEN, DELIVERY_LAST, DELIVERY_LOST };
#define CLIENT_WINDOW 1000u
struct client_opt {
    const char *address;
    struct tls_files files;
    int64_t first_retry_ms, retry_ms; /* before and after the first WELCOME */
    int64_t timeout_ms;               /* 0 = none */
    size_t window;                    /* calls accepted and not ended; 0 = CLIENT_WINDOW */
    bool subscribe;
    /* Deliveries of a subscriber. DELIVERY_TAKEN: acknowledged, more; DELIVERY_LAST: acknowledged,
     * and client_run ends with ERR_OK; DELIVERY_LOST: not acknowledged, it ends with ERR_IO. */
    enum client_delivery (*delivery)(void *ctx, const struct envelope *e);
    void (*tick)(void *ctx); /* about five times a second while calls run; may be NULL */
    void *ctx;
};
struct client;
MUST_CHECK int client_new(const struct client_opt *o, struct client **ret, struct errmsg *why);
void client_free(struct client *c);
void client_set_tick(struct client *c, void (*tick)(void *ctx), void *ctx);
/* Takes its place behind the calls already given; sent by client_run. */
void client_call(struct client *c, struct call *call);
/* Until every call has ended (a subscriber: until SIGINT). ERR_OK; ERR_CLOSED, ERR_TIMEOUT: calls
 * ended UNANSWERED and why says why; ERR_STATE: interrupted by a signal. */
MUST_CHECK int client_run(struct client *c, struct errmsg *why);
bool client_is_up(const struct client *c);

/* Pure: outcome of a RESPONSE. accepted: ACCEPTED came before it. */
enum call_outcome call_classify(const struct envelope *e, const struct base_response *base,
                                bool accepted);
