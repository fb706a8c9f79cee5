/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the CoAP carrier: short messages and requests (coap_carrier.c), streams
 * (coap_stream.c), datagrams (coap_datagram.c). */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "smsr/channel/byte_stream.h"
#include "smsr/channel/coap_carrier.h"
#include "smsr/channel/places.h"

#define NETWORKS_MAX 32u
#define CARRIER_STREAMS_MAX 24000u      /* above the channel's bound: what it closed drains */
#define CONN_TEXT_MAX 24u
#define CONN_KEY_MAX (1u + CONN_TEXT_MAX)
#define SEEN_WINDOW 1024u
#define PAUSE_MS 200                    /* after a piece was not taken */
#define ACK_TIMEOUT_S 1u                /* of CoAP: five repeats, given up after some 100 s */
#define ACK_REPEATS 5u

/* Which numbers of a run came already (README.md, "CoAP rules"). */
struct seen {
    char run[17];
    uint64_t high;
    uint8_t bits[SEEN_WINDOW / 8];
};
/* True: this message was here before. */
bool seen_before(struct seen *s, const char *run, uint64_t m);

struct coap_carrier;
struct network {
    struct coap_carrier *cc;
    char id[32];
    struct coap_peer *peer;
    bool receipts;
    struct seen mo;
};

struct carrier_stream {
    uint64_t id;                        /* what the channel calls it */
    struct network *net;
    char conn[CONN_TEXT_MAX + 1];       /* what the network calls it */
    struct byte_rx rx;
    struct byte_tx tx;
    bool closing;                       /* the channel closed it: drains, then DELETE */
    struct list paused;                 /* of coap_carrier.paused */
    int64_t resume_at;
};

struct coap_carrier {
    struct loop *loop;
    struct coap_node *node;
    struct carrier port;
    struct channel *ch;
    struct network net[NETWORKS_MAX];
    unsigned n_nets;
    char run[17];
    uint64_t next_m;
    struct map *by_id, *by_conn;        /* streams */
    struct places *places;              /* of datagrams, by carrier_conn_key */
    uint64_t next_id;
    struct list paused;                 /* in order of resume_at */
    struct loop_timer *timer;
    char text[24];                      /* payload of the reply being made */
    struct coap_carrier_counters n;
};

bool query_number(const char *query, const char *key, uint64_t *ret);    /* 1..18 digits */

/* --- coap_stream.c --- */
bool carrier_conn_ok(const char *conn);
/* Two networks may use the same connection id. */
struct span carrier_conn_key(const struct coap_carrier *cc, const struct network *net,
                             const char *conn, uint8_t dst[CONN_KEY_MAX]);
/* The other way; NULL: it is empty. */
struct network *carrier_conn_of(struct coap_carrier *cc, struct span key, struct span *ret_conn);
void carrier_stream_open(struct coap_carrier *cc, struct network *net, const char *query,
                         struct coap_reply *ret);
void carrier_stream_piece(struct coap_carrier *cc, struct network *net, const char *conn,
                          const struct coap_msg *req, struct coap_reply *ret);
void carrier_stream_delete(struct coap_carrier *cc, struct network *net, const char *conn,
                           struct coap_reply *ret);
int carrier_stream_send(void *ctx, uint64_t id, struct span bytes);
void carrier_stream_close(void *ctx, uint64_t id);
void carrier_streams_resume(void *ctx);
void carrier_streams_fini(struct coap_carrier *cc);

/* --- coap_datagram.c --- */
void carrier_datagram_in(struct coap_carrier *cc, struct network *net, const char *conn,
                         const struct coap_msg *req, struct coap_reply *ret);
int carrier_datagram(void *ctx, uint64_t id, struct span pdu);
void carrier_datagram_end(void *ctx, uint64_t id);
