/* SPDX-License-Identifier: Apache-2.0 */
/* One message of an ES interface, and the envelope it travels in (design 3.3). The body points to
 * the plain struct that belongs to its type; spans inside borrow from the arena of whoever decoded
 * it. */
#pragma once

#include "common/msg/base.h"
#include "common/msg/msg_type.h"

struct message {
    enum msg_type type;
    const void *body;
};

enum envelope_kind {
    ENV_NONE = 0,
    ENV_HELLO,
    ENV_WELCOME,
    ENV_REQUEST,
    ENV_ACCEPTED,
    ENV_RESPONSE,
    ENV_NOTICE,
    ENV_ACK,
    ENV_ERROR
};

const char *envelope_kind_text(enum envelope_kind k); /* "REQUEST"; "?" when unknown */

struct envelope {
    enum envelope_kind kind;
    uint64_t message_id;    /* unique per connection and direction, from 1 */
    uint64_t relates_to;    /* message_id of the request; 0 = none */
    struct span context_id; /* ContextId: copied into every request this one causes */
    struct span traceparent;
    struct oid mno_id;    /* mandatory on ES3 */
    uint64_t delivery_no; /* RESPONSE/NOTICE from the deliveries; ACK: up to and including */
    /* HELLO / WELCOME */
    uint32_t version; /* protocol version, 1 */
    bool subscribe;   /* HELLO carries last_delivery_no */
    uint64_t last_delivery_no;
    /* ACCEPTED: our operation id; RESPONSE: id and current verdict (extension fields) */
    struct uuid operation;
    enum verdict verdict;
    int64_t concluded_ms; /* when that verdict was reached, by the clock of who tells it; 0: not told */
    struct span error_text; /* ERROR: what is wrong and what to do */
    struct message message; /* type MSG_NONE: no body */
};

/* The common part of a request or response body; NULL when the message is of another kind. */
const struct base_request *message_request(const struct message *m);
const struct base_response *message_response(const struct message *m);
