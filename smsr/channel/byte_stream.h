/* SPDX-License-Identifier: Apache-2.0 */
/* Both halves of a TCP stream carried as numbered pieces (README.md, "TCP streams"; design 6).
 * Pure: no clock, no carrier. Offsets count octets from the start of the stream and never wrap. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/mem.h"

#define BYTE_STREAM_PIECE 1024u
#define BYTE_STREAM_WINDOW 16384u
#define BYTE_STREAM_QUEUE 65536u    /* octets a sender keeps, sent or not */

/* --- receiving --- */
struct byte_early;                  /* the window behind next: octets and which of them are there */
struct byte_rx {
    uint64_t next;                  /* everything below has been given out */
    struct byte_early *early;       /* allocated by the first gap, NULL = none */
};
void byte_rx_init(struct byte_rx *rx);
void byte_rx_fini(struct byte_rx *rx);
/* Takes a piece: what continues the stream is appended to out, in order, the rest kept. ERR_INVAL:
 * beyond the window, the stream is broken; ERR_NOMEM. A repeat is no error. */
MUST_CHECK int byte_stream_take(struct byte_rx *rx, uint64_t offset, struct span piece,
                                struct buf *out);

/* --- sending --- */
struct byte_tx {
    struct buf queue;               /* octets from base on */
    uint64_t base;                  /* the receiver has everything below */
    uint64_t next;                  /* first octet not handed out yet */
};
void byte_tx_init(struct byte_tx *tx);
void byte_tx_fini(struct byte_tx *tx);
/* ERR_FULL: more than BYTE_STREAM_QUEUE would wait; nothing is taken. */
MUST_CHECK int byte_stream_put(struct byte_tx *tx, struct span bytes);
/* The next piece to send, at most BYTE_STREAM_PIECE octets; false: nothing, or the window is used
 * up. The piece is valid until the next call and counts as sent once byte_stream_sent is called for
 * it. */
bool byte_stream_next(const struct byte_tx *tx, uint64_t *ret_offset, struct span *ret_piece);
void byte_stream_sent(struct byte_tx *tx, size_t n);
/* The receiver expects this offset next. ERR_FORMAT: it was never sent. */
MUST_CHECK int byte_stream_covered(struct byte_tx *tx, uint64_t next);
/* A piece was not taken: go on at the first octet that is not covered. */
void byte_stream_again(struct byte_tx *tx);
static inline bool byte_stream_drained(const struct byte_tx *tx)
{
    return tx->queue.n == 0;
}
