/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a CAT_TP connection: what its two halves share. */
#pragma once

#include "common/base/list.h"
#include "common/base/mem.h"
#include "common/bearer/cattp_link.h"

/* A PDU that uses a sequence number: kept until it is acknowledged. */
struct unit {
    struct list item;
    uint16_t seq;
    uint8_t flags;
    unsigned tries;                /* 0: its turn has not come */
    bool there;                    /* an EACK named it */
    int64_t sent_ms, due_ms;
    size_t n;
    uint8_t b[];
};

struct cattp {
    struct cattp_config cfg;
    struct cattp_port port;
    enum cattp_state state;
    uint8_t reason;                /* CLOSE_WAIT: what stragglers are told */
    uint8_t id[CATTP_ID_MAX], peer_id[CATTP_ID_MAX];
    size_t id_n, peer_id_n;
    uint16_t peer_port, peer_max_pdu, peer_max_sdu, peer_window;
    uint16_t peer_first;           /* sequence of the other end's SYN */
    uint16_t next;                 /* the next unused number */
    uint16_t got;                  /* the last that came in order */
    struct list out, held;         /* struct unit: ours; theirs that came ahead, by number */
    unsigned n_out, n_held;
    bool owed;                     /* an acknowledgement */
    struct buf sdu;
    int64_t srtt_ms, rto_ms;       /* srtt -1: nothing measured yet */
    int64_t idle_due_ms, linger_due_ms;
    uint8_t *room;                 /* one PDU */
};

static inline uint16_t distance(uint16_t from, uint16_t to)
{
    return (uint16_t)(to - from);
}

/* --- cattp_link.c --- */
/* An acknowledgement alone; it lists what came ahead of a lost PDU. */
void cattp_acknowledge(struct cattp *c);
void cattp_reset(struct cattp *c, uint8_t reason, uint16_t ack);
void cattp_transmit(struct cattp *c, struct unit *u, int64_t now_ms);
/* As many as the other end takes; one at least, or a closed window would never open again. */
void cattp_pump(struct cattp *c, int64_t now_ms);
struct unit *cattp_unit_new(uint16_t seq, uint8_t flags, struct span data);
MUST_CHECK int cattp_queue(struct cattp *c, uint8_t flags, struct span data);
void cattp_end(struct cattp *c, uint8_t reason, bool by_peer, int64_t now_ms);
void cattp_refuse(struct cattp *c, uint8_t reason, uint16_t ack, int64_t now_ms);
