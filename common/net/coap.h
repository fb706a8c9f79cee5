/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier of design 6 over libcoap, block mode never on, one datagram per unit (payload at most
 * 1,024 octets), a few gateway sessions, requests de-duplicated by the owner's own numbers. Both ends:
 * the SM-SR talks to the simulated network and hears from it. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/net/loop.h"

#define COAP_UNIT_MAX 1024u

enum coap_code {                   /* 2.01 = 65 and so on: class << 5 | detail */
    COAP_CREATED = 65, COAP_DELETED = 66, COAP_CHANGED = 68, COAP_BAD_REQUEST = 128,
    COAP_NOT_FOUND = 132, COAP_CONFLICT = 137, COAP_TOO_LARGE = 141, COAP_TOO_MANY = 157,
    COAP_INTERNAL = 160, COAP_UNAVAILABLE = 163, COAP_TIMED_OUT = 0,
};
enum coap_method { COAP_POST = 2, COAP_DELETE = 4 };

struct coap_msg {
    enum coap_method method;
    char path[96];                 /* "sms/mt", "bip/tcp/1234" */
    char query[160];               /* "to=4917..&from=..&vp=900"; empty = none */
    struct span payload;
    bool confirmable;
};
struct coap_reply {
    uint8_t code;
    char location[64];             /* Location-Path segments joined by '/'; empty = none */
    struct span payload;
};

struct coap_node;                  /* one endpoint (server) and its client sessions */
/* on_request must fill *ret at once (piggy-backed answers only). */
typedef void (*coap_request_fn)(void *ctx, const struct coap_msg *req, struct coap_reply *ret);
/* listen "127.0.0.1:5683" ("host:0" free port). A port in use is an error (a lock file in the system's
 * run or temporary folder is not needed: the port is probed without SO_REUSEADDR first). */
MUST_CHECK int coap_open(struct loop *l, const char *listen, coap_request_fn fn, void *ctx,
                         struct coap_node **ret, struct errmsg *why);
uint16_t coap_port(const struct coap_node *n);
void coap_close(struct coap_node *n);
/* A gateway peer: one or a few libcoap sessions with NSTART 64. */
struct coap_peer;
MUST_CHECK int coap_peer_new(struct coap_node *n, const char *host_port, struct coap_peer **ret,
                             struct errmsg *why);
/* done is called exactly once: with the reply, or with code COAP_TIMED_OUT when none came (the request
 * may have been processed: a carrier's silence is no evidence). done may be NULL. ERR_FULL: too many in
 * flight (bounded queue of 4096), try later. */
typedef void (*coap_done_fn)(void *ctx, uint64_t tag, const struct coap_reply *r);
MUST_CHECK int coap_send_request(struct coap_peer *p, const struct coap_msg *m, coap_done_fn done,
                                 void *ctx, uint64_t tag);
size_t coap_peer_in_flight(const struct coap_peer *p);
/* Value of key in a query string into dst (NUL-terminated); false when absent or too long. */
bool coap_query_get(const char *query, const char *key, char *dst, size_t cap);
