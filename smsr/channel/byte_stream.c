/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets and window of one stream, both directions (README.md, "TCP streams"). */
#include "smsr/channel/byte_stream.h"

#include <stdlib.h>

/* --- receiving --- */

struct byte_early {
    size_t n;
    uint8_t have[BYTE_STREAM_WINDOW];   /* 0 or 1; both by offset modulo the window */
    uint8_t octet[BYTE_STREAM_WINDOW];
};

void byte_rx_init(struct byte_rx *rx)
{
    memset(rx, 0, sizeof *rx);
}

void byte_rx_fini(struct byte_rx *rx)
{
    free(rx->early);
    byte_rx_init(rx);
}

static int keep(struct byte_rx *rx, uint64_t offset, struct span piece)
{
    if (!rx->early)
        rx->early = calloc(1, sizeof *rx->early);
    if (!rx->early)
        return ERR_NOMEM;
    for (size_t i = 0; i < piece.n; i++) {
        size_t at = (size_t)((offset + i) % BYTE_STREAM_WINDOW);
        rx->early->n += !rx->early->have[at];
        rx->early->have[at] = 1;
        rx->early->octet[at] = piece.p[i];
    }
    return ERR_OK;
}

/* What was kept and continues the stream now. */
static void give_early(struct byte_rx *rx, struct buf *out)
{
    struct byte_early *e = rx->early;
    size_t at = (size_t)(rx->next % BYTE_STREAM_WINDOW);

    while (e->n && e->have[at]) {
        buf_add(out, &e->octet[at], 1);
        e->have[at] = 0;
        e->n--;
        rx->next++;
        at = (at + 1) % BYTE_STREAM_WINDOW;
    }
    if (!e->n) {
        free(e);
        rx->early = NULL;
    }
}

int byte_stream_take(struct byte_rx *rx, uint64_t offset, struct span piece, struct buf *out)
{
    uint64_t end;

    if (__builtin_add_overflow(offset, (uint64_t)piece.n, &end) ||
        end > rx->next + BYTE_STREAM_WINDOW)
        return ERR_INVAL;
    if (end <= rx->next)
        return ERR_OK;
    if (offset > rx->next)
        return keep(rx, offset, piece);
    if (!rx->early) {
        buf_add(out, piece.p + (rx->next - offset), (size_t)(end - rx->next));
        rx->next = end;
    } else {
        int err = keep(rx, rx->next, span_of(piece.p + (rx->next - offset),
                                             (size_t)(end - rx->next)));
        if (err)
            return err;
        give_early(rx, out);
    }
    return out->failed ? ERR_NOMEM : ERR_OK;
}

/* --- sending --- */

void byte_tx_init(struct byte_tx *tx)
{
    buf_init(&tx->queue, BYTE_STREAM_QUEUE);
    tx->base = tx->next = 0;
}

void byte_tx_fini(struct byte_tx *tx)
{
    buf_fini(&tx->queue);
}

int byte_stream_put(struct byte_tx *tx, struct span bytes)
{
    if (bytes.n > BYTE_STREAM_QUEUE - tx->queue.n)
        return ERR_FULL;
    buf_add_span(&tx->queue, bytes);
    return tx->queue.failed ? ERR_NOMEM : ERR_OK;
}

bool byte_stream_next(const struct byte_tx *tx, uint64_t *ret_offset, struct span *ret_piece)
{
    size_t sent = (size_t)(tx->next - tx->base), n = tx->queue.n - sent;

    if (n > BYTE_STREAM_PIECE)
        n = BYTE_STREAM_PIECE;
    if (n > BYTE_STREAM_WINDOW - sent)
        n = BYTE_STREAM_WINDOW - sent;
    if (!n)
        return false;
    *ret_offset = tx->next;
    *ret_piece = span_of(tx->queue.p + sent, n);
    return true;
}

void byte_stream_sent(struct byte_tx *tx, size_t n)
{
    tx->next += n;
}

int byte_stream_covered(struct byte_tx *tx, uint64_t next)
{
    if (next > tx->base + tx->queue.n)
        return ERR_FORMAT;
    if (next <= tx->base)
        return ERR_OK;
    buf_drain(&tx->queue, (size_t)(next - tx->base));
    if (!tx->queue.n) {             /* most streams are silent most of the time */
        buf_fini(&tx->queue);
        buf_init(&tx->queue, BYTE_STREAM_QUEUE);
    }
    tx->base = next;
    if (tx->next < next)            /* covered by a copy sent before byte_stream_again */
        tx->next = next;
    return ERR_OK;
}

void byte_stream_again(struct byte_tx *tx)
{
    tx->next = tx->base;
}
