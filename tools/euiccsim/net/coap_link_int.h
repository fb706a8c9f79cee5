/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the CoAP link: requests and short messages (coap_link.c), streams
 * (coap_link_stream.c), octets of one direction (coap_link_octets.c). */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "tools/euiccsim/net/coap_link.h"

#define LINK_WINDOW 16384u            /* octets in flight a direction */
#define LINK_TX_MAX 131072u           /* octets of a card that wait for the SM-SR */
#define LINK_EARLY_MAX 64u            /* pieces that came before their turn */
#define LINK_SEEN 1024u               /* MT numbers of a run that are remembered */
#define LINK_MO_SPAN 1000u            /* MO numbers from the oldest unanswered to the newest */
#define LINK_PAUSE_MS 1000            /* after 4.29 and 5.03 */
#define LINK_REPORTS_MAX 65536u       /* messages whose delivery is to be reported */
#define CONN_TEXT 25u

/* --- one direction --- */
struct early {
    struct list item;
    uint64_t offset;
    size_t n;
    uint8_t b[];
};
struct octets_rx {                    /* SM-SR to card */
    uint64_t next;                    /* everything below has arrived */
    struct list early;
    unsigned n_early;
};
struct octets_tx {                    /* card to SM-SR */
    struct buf data;                  /* from offset base on */
    uint64_t base;                    /* highest next offset we were told */
    uint64_t sent;
};
void octets_rx_init(struct octets_rx *rx);
void octets_rx_fini(struct octets_rx *rx);
/* Octets that are in turn now go to out (emptied first), early ones are kept. ERR_TOO_LARGE: beyond
 * the window; ERR_FULL: too many early pieces; ERR_NOMEM. */
MUST_CHECK int octets_rx_take(struct octets_rx *rx, uint64_t offset, struct span b,
                              struct buf *out);
void octets_tx_init(struct octets_tx *tx);
void octets_tx_fini(struct octets_tx *tx);
MUST_CHECK int octets_tx_add(struct octets_tx *tx, struct span b);        /* ERR_FULL */
/* The next piece inside the window, or an absent span; it counts as sent. */
struct span octets_tx_next(struct octets_tx *tx, uint64_t *ret_offset);
/* ERR_FORMAT: the other end claims octets that were never sent. */
MUST_CHECK int octets_tx_told(struct octets_tx *tx, uint64_t next);
void octets_tx_again(struct octets_tx *tx);       /* from the highest offset told */
static inline bool octets_tx_done(const struct octets_tx *tx)
{
    return tx->data.n == 0;
}

/* --- the link --- */
struct link_stream {
    uint64_t conn;
    struct octets_rx rx;
    struct octets_tx tx;
    bool open;                        /* the SM-SR took it */
    bool card_gone;                   /* the network knows it no more: drain, then DELETE */
    struct list paused;               /* of coap_link.paused */
    int64_t resume_ms;                /* monotonic */
};
struct link_mo {
    struct list item;                 /* of coap_link.mo_waiting while it waits */
    uint64_t m;
    struct msisdn from;
    int64_t again_ms;                 /* monotonic */
    uint8_t n, ud[140];
};
struct seen_mt {
    uint64_t m;                       /* 0: none */
    uint64_t message;
    uint8_t code;
};
struct coap_link {
    struct loop *loop;
    struct coap_node *node;
    struct coap_peer *peer;
    const struct clock *clock;
    struct simnet *net;
    char network[32];
    char run[17];
    uint64_t next_m;
    struct map *mos;                  /* m -> struct link_mo: not answered yet */
    struct list mo_waiting;
    char mt_run[17];
    uint64_t mt_high;
    struct seen_mt seen[LINK_SEEN];
    struct map *streams;              /* connection -> struct link_stream */
    struct map *reports;              /* message: its delivery is to be reported */
    struct list paused;
    struct loop_timer *timer;
    struct buf scratch;
    char text[COAP_UNIT_MAX];         /* payload of the reply being made */
    coap_link_status_fn status;
    void *status_ctx;
    struct coap_link_counters n;
    int error;                        /* first failure of the network, for coap_link_error */
};
static inline void link_note(struct coap_link *c, int rc)
{
    if (c->error == ERR_OK)
        c->error = rc;
}
/* Query of a request of ours: "n=<network>" and what follows. */
void link_request(struct coap_link *c, enum coap_method method, const char *path,
                  const char *more, struct span payload, struct coap_msg *ret);
void link_timer_set(struct coap_link *c);
MUST_CHECK bool link_u64(const char *text, uint64_t *ret);           /* decimal, no sign */

/* --- coap_link_stream.c --- */
int link_stream_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port);
int link_stream_bytes(void *ctx, uint64_t conn, struct span b);
void link_stream_closed(void *ctx, uint64_t conn);
void link_stream_request(struct coap_link *c, const struct coap_msg *req, struct coap_reply *ret);
void link_streams_resume(struct coap_link *c, int64_t now_ms);
void link_streams_free(struct coap_link *c);
bool link_conn_parse(const char *text, uint64_t *ret);       /* 1 to 16 hexadecimal digits */

/* --- coap_link_datagram.c --- */
int link_datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port, struct span pdu);
void link_datagram_request(struct coap_link *c, const struct coap_msg *req, struct coap_reply *ret);
