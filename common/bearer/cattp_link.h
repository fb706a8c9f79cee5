/* SPDX-License-Identifier: Apache-2.0 */
/* One CAT_TP connection (ETSI TS 102 127; facts: ota 3), either end: PDUs and time in, PDUs and
 * whole SDUs out. The numbers that the facts do not give are choices and stand in the default
 * configuration. */
#pragma once

#include "common/codec/cattp.h"

struct cattp_config {
    uint16_t local_port;
    uint16_t remote_port;          /* of a server: 0, whoever calls */
    uint16_t max_pdu;              /* octets of a PDU, taken or sent, with its header; 0x17 least */
    uint16_t max_sdu;              /* octets of an SDU we put together */
    uint16_t window;               /* PDUs that may come ahead of a lost one; 1 to 118 */
    uint16_t first_seq;
    unsigned tries;                /* of one PDU; then RST 5 */
    int64_t rto_least_ms, rto_most_ms;
    int64_t idle_ms;               /* nothing came and nothing was to send: RST 0 */
    int64_t linger_ms;             /* an ended connection answers stragglers with RST so long */
};
/* Ports 0, sequence from 1, PDUs of 1,024 octets, SDUs of 65,535, window 10, 2 to 60 s, 10 tries,
 * idle 20 min (peers' values), linger 60 s (ours). */
struct cattp_config cattp_config_default(void);
/* The same with its times divided. */
struct cattp_config cattp_config_scaled(unsigned time_scale);

/* What a connection asks of its owner, from inside cattp_* calls. cattp_send and cattp_close may be
 * called there, cattp_free may not. Spans end with the call. */
struct cattp_port {
    /* To the other end, some time later: nothing may be called from here. */
    void (*pdu)(void *ctx, struct span pdu);
    void (*opened)(void *ctx, struct span id);     /* id: of the other end, may be empty */
    void (*sdu)(void *ctx, struct span sdu);
    /* Once, also when it never opened. What was sent and not acknowledged may or may not have
     * arrived. by_peer: the other end said so. */
    void (*ended)(void *ctx, uint8_t reason, bool by_peer);
    void *ctx;
};

enum cattp_state {
    CATTP_CLOSED, CATTP_LISTEN, CATTP_SYN_SENT, CATTP_SYN_RCVD, CATTP_OPEN, CATTP_CLOSE_WAIT
};

struct cattp;
struct cattp *cattp_new(const struct cattp_config *cfg, const struct cattp_port *port); /* or NULL */
void cattp_free(struct cattp *c);
enum cattp_state cattp_state(const struct cattp *c);

/* The card's end: id says who it is, here what the push told it (at most 232 octets). ERR_STATE unless closed; ERR_NOMEM;
 * ERR_TOO_LARGE. */
MUST_CHECK int cattp_connect(struct cattp *c, struct span id, int64_t now_ms);
/* The server's end: the next SYN opens. ERR_STATE unless closed. */
MUST_CHECK int cattp_listen(struct cattp *c);
/* What came in. Errors left no trace: those of cattp_parse; ERR_NOT_FOUND: other ports; ERR_STATE:
 * it fits nothing that is open; ERR_NOMEM: as if it had been lost. */
MUST_CHECK int cattp_input(struct cattp *c, struct span pdu, int64_t now_ms);
/* ERR_STATE unless open; ERR_INVAL: empty; ERR_TOO_LARGE: more than the other end takes; ERR_FULL:
 * more than 256 PDUs would wait; ERR_NOMEM. */
MUST_CHECK int cattp_send(struct cattp *c, struct span sdu, int64_t now_ms);
/* RST 0 when there is something to end. What waits is not sent any more. */
void cattp_close(struct cattp *c, int64_t now_ms);
int64_t cattp_due(const struct cattp *c);          /* when cattp_timer is wanted; 0: never */
void cattp_timer(struct cattp *c, int64_t now_ms);
