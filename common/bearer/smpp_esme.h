/* SPDX-License-Identifier: Apache-2.0 */
/* One SMPP 3.4 session of an ESME, bound as transceiver (facts: ota 7.1): bytes and time in, bytes
 * and results out. The connection itself, and when to try another one, is the owner's. */
#pragma once

#include "common/codec/smpp.h"

struct smpp_esme_config {
    struct smpp_bind bind;
    unsigned window;               /* submit_sm without an answer; 1 to 256 */
    int64_t answer_ms;             /* a request is answered within this, or counts as lost */
    int64_t enquire_ms;            /* nothing came for so long: enquire_link */
    int64_t throttle_least_ms, throttle_most_ms;   /* doubling at each ESME_RTHROTTLED */
};
/* window 32, answers 10 s, enquire_link 30 s, back-off 1 to 60 s. */
struct smpp_esme_config smpp_esme_config_default(void);

enum smpp_result {
    SMPP_TAKEN,          /* the SMSC has it: nothing is said of the card */
    SMPP_SLOWER,         /* throttled: not taken, later */
    SMPP_FULL,           /* its queue, or its system, has no room now */
    SMPP_NOBODY,         /* no such subscriber */
    SMPP_REFUSED,
    SMPP_LOST            /* no answer, or the connection ended: taken or not */
};

/* Called from inside smpp_esme_*; the session may be used there but not freed. Spans and texts end
 * with the call. */
struct smpp_esme_port {
    void (*write)(void *ctx, struct span bytes);
    void (*bound)(void *ctx);
    /* id: the SMSC's name of a message it took, for receipts; else empty. */
    void (*result)(void *ctx, uint64_t tag, enum smpp_result r, const char *id);
    /* To be answered by smpp_esme_mo_answer, once what it led to is durable. */
    void (*mo)(void *ctx, uint64_t handle, const struct smpp_message *m);
    /* A hint, never evidence. NULL: one that cannot be read. */
    void (*receipt)(void *ctx, const struct smpp_receipt *r);
    /* The connection is of no use any more: close it and say smpp_esme_closed. Once. */
    void (*broken)(void *ctx, const char *why);
    void *ctx;
    /* For who looks on: each whole PDU that came, before it is read. NULL: nobody does. */
    void (*heard)(void *ctx, struct span pdu);
};

struct smpp_esme;
struct smpp_esme *smpp_esme_new(const struct smpp_esme_config *cfg,
                                const struct smpp_esme_port *port); /* NULL: no memory, window */
void smpp_esme_free(struct smpp_esme *e);
void smpp_esme_opened(struct smpp_esme *e, int64_t now_ms);  /* the connection stands: bind */
/* Every submit_sm without an answer is SMPP_LOST. */
void smpp_esme_closed(struct smpp_esme *e);
void smpp_esme_input(struct smpp_esme *e, struct span bytes, int64_t now_ms);
/* m's source, dest, octets and classes; result comes with tag. ERR_STATE: not bound; ERR_FULL: the
 * window is, or the SMSC asked to wait; ERR_INVAL: it cannot be written. */
MUST_CHECK int smpp_esme_submit(struct smpp_esme *e, const struct smpp_message *m, uint64_t tag,
                                int64_t now_ms);
/* taken: false asks the SMSC to deliver it again. A handle of an ended connection says nothing. */
void smpp_esme_mo_answer(struct smpp_esme *e, uint64_t handle, bool taken);
void smpp_esme_unbind(struct smpp_esme *e, int64_t now_ms);
bool smpp_esme_is_bound(const struct smpp_esme *e);
int64_t smpp_esme_due(const struct smpp_esme *e);            /* 0: never */
void smpp_esme_timer(struct smpp_esme *e, int64_t now_ms);
