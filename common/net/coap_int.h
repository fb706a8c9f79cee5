/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the CoAP carrier share. The only header that sees libcoap. */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/net/addr.h"
#include "common/net/coap.h"

#include <coap3/coap.h>

/* A whole unit of 1,024 octets with the longest path, query and token fits; block mode stays off.
 */
#define COAP_MTU         1400u
#define COAP_WINDOW      64u /* NSTART of a gateway session */
#define COAP_QUEUE_MAX   4096u
#define COAP_NON_WAIT_MS 10000 /* a reply to an unconfirmed request is not waited for longer */

/* --- coap_dup.c: replies to confirmable requests, for their retransmissions (RFC 7252 4.5) --- */
#define DUP_LIFETIME_MS 247000 /* EXCHANGE_LIFETIME of RFC 7252 4.8.2 */
#define DUP_ENTRIES     32768u
#define DUP_OCTETS      (8u << 20) /* payloads kept */
struct coap_dup;
struct coap_dup *coap_dup_new(size_t max_entries, size_t max_octets);
void coap_dup_free(struct coap_dup *d);
/* The stored reply, or NULL; valid until the next coap_dup_put. */
const struct coap_reply *coap_dup_get(struct coap_dup *d, struct span key, int64_t now_ms);
/* The oldest make room. A reply that cannot be kept is forgotten: its request may run again. */
void coap_dup_put(struct coap_dup *d, struct span key, const struct coap_reply *reply,
                  int64_t now_ms);
size_t coap_dup_count(const struct coap_dup *d);

/* --- coap_text.c: options <-> texts --- */
/* 0, or the code of the refusal. The payload borrows from pdu. */
uint8_t coap_read_request(const coap_pdu_t *pdu, struct coap_msg *ret);
void coap_read_reply(const coap_pdu_t *pdu, struct coap_reply *ret);
/* Every part between two separators as one option. ERR_INVAL: an empty part; ERR_NOMEM. */
MUST_CHECK int coap_add_parts(coap_pdu_t *pdu, uint16_t option, const char *text, char separator);
bool coap_text_ok(const char *text, char separator);

struct coap_node {
    struct loop *loop;
    coap_context_t *ctx;
    struct event *ev;
    coap_request_fn fn;
    void *fn_ctx;
    struct addr local;
    struct coap_dup *dup;
    struct list peers;
    struct map *tokens; /* token -> struct coap_req */
    uint64_t next_token;
    struct loop_timer *timer; /* earliest deadline of a request */
    bool timer_armed;
    struct loop_task reap;
    bool closing;
    unsigned repeat;  /* how often a ready event is handed to libcoap */
    unsigned handled; /* messages of the present hand-over */
};

/* --- coap_peer.c --- */
void coap_peer_close(struct coap_peer *p); /* tells what is in flight; memory stays */
void coap_peer_free(struct coap_peer *p);
struct coap_peer *coap_peer_of(struct list *item); /* of coap_node.peers */
coap_response_t coap_on_response(coap_session_t *s, const coap_pdu_t *sent, const coap_pdu_t *got,
                                 const coap_mid_t mid);
void coap_on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                  const coap_mid_t mid);
void coap_on_deadline(void *node);
void coap_address_of(const struct addr *a, coap_address_t *ret);
