/* SPDX-License-Identifier: Apache-2.0 */
/* The CoAP carrier of design 6 over libcoap, block mode never on, one datagram per unit (payload at
 * most 1,024 octets), a few gateway sessions, requests de-duplicated by the owner's own numbers.
 * Both ends: the SM-SR talks to the simulated network and hears from it. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/net/loop.h"

#define COAP_UNIT_MAX 1024u

/* 2.01 = 65 and so on: class << 5 | detail */
enum coap_code {
    COAP_TIMED_OUT = 0,
    COAP_CREATED = 65,
    COAP_DELETED = 66,
    COAP_CHANGED = 68,
    COAP_BAD_REQUEST = 128,
    COAP_BAD_OPTION = 130,
    COAP_NOT_FOUND = 132,
    COAP_NOT_ALLOWED = 133,
    COAP_CONFLICT = 137,
    COAP_TOO_LARGE = 141,
    COAP_TOO_MANY = 157,
    COAP_INTERNAL = 160,
    COAP_UNAVAILABLE = 163,
};
enum coap_method { COAP_POST = 2, COAP_DELETE = 4 };

struct coap_msg {
    enum coap_method method;
    char path[96];   /* "sms/mt", "bip/tcp/1234" */
    char query[160]; /* "to=4917..&from=..&vp=900"; empty = none */
    struct span payload;
    bool confirmable;
};
struct coap_reply {
    uint8_t code;
    char location[64]; /* Location-Path segments joined by '/'; empty = none */
    struct span payload;
};

struct coap_node; /* one endpoint (server) and its client sessions */
/* on_request must fill *ret at once (piggy-backed answers only). */
typedef void (*coap_request_fn)(void *ctx, const struct coap_msg *req, struct coap_reply *ret);
/* listen "127.0.0.1:5683" ("host:0" free port). A port in use is an error (a lock file in the
 * system's run or temporary folder is not needed: the port is probed without SO_REUSEADDR first).
 */
MUST_CHECK int coap_open(struct loop *l, const char *listen, coap_request_fn fn, void *ctx,
                         struct coap_node **ret, struct errmsg *why);
uint16_t coap_port(const struct coap_node *n);
/* What is in flight is told COAP_TIMED_OUT first. Peers of the node end with it. */
void coap_close(struct coap_node *n);
/* A gateway peer: one libcoap session with NSTART 64; what exceeds it waits here in order. host may
 * be a name (resolved now, blocking). A peer that is not there yet, or restarts, is bridged by the
 * retransmissions of confirmable requests: an ICMP refusal alone ends nothing. */
struct coap_peer;
MUST_CHECK int coap_peer_new(struct coap_node *n, const char *host_port, struct coap_peer **ret,
                             struct errmsg *why);
/* Retransmission of confirmable requests (RFC 7252 4.8): first time-out in whole seconds, at least
 * 1, and the number of repeats, 1 to 8; the defaults are 2 and 4. Before the first request. */
void coap_peer_set_retransmit(struct coap_peer *p, unsigned ack_timeout_s, unsigned repeats);
/* done is called exactly once, never from within this call: with the reply, or with code
 * COAP_TIMED_OUT when none came (the request may have been processed: a carrier's silence is no
 * evidence). done may be NULL. ERR_FULL: too many in flight (bounded queue of 4096), try later.
 * ERR_TOO_LARGE: payload above COAP_UNIT_MAX. ERR_INVAL: path or query with an empty part or an
 * octet outside printable ASCII. A request without confirmation and without done asks for no reply
 * (RFC 7967). */
typedef void (*coap_done_fn)(void *ctx, uint64_t tag, const struct coap_reply *r);
MUST_CHECK int coap_send_request(struct coap_peer *p, const struct coap_msg *m, coap_done_fn done,
                                 void *ctx, uint64_t tag);
size_t coap_peer_in_flight(const struct coap_peer *p);
/* One UDP datagram as the node reads it: the request in ret (payload borrows from a copy in place,
 * at least COAP_UNIT_MAX octets) or the code of the refusal. ERR_FORMAT: not CoAP or not a request;
 * ERR_UNSUPPORTED with *ret_code set: refused. */
MUST_CHECK int coap_decode(struct span datagram, uint8_t *place, struct coap_msg *ret,
                           uint8_t *ret_code);
/* Value of key in a query string into dst (NUL-terminated); false when absent or too long. */
bool coap_query_get(const char *query, const char *key, char *dst, size_t cap);
