/* SPDX-License-Identifier: Apache-2.0 */
/* Octets of one direction of a stream: order, window, what may be sent again. */
#include "tools/euiccsim/net/coap_link_int.h"

#include <stdlib.h>

void octets_rx_init(struct octets_rx *rx)
{
    *rx = (struct octets_rx){.next = 0};
    list_init(&rx->early);
}

void octets_rx_fini(struct octets_rx *rx)
{
    struct list *item;

    while ((item = list_pop(&rx->early)))
        free(LIST_ENTRY(item, struct early, item));
    rx->n_early = 0;
}

/* What of a piece is in turn goes out. */
static void in_turn(struct octets_rx *rx, uint64_t offset, struct span b, struct buf *out)
{
    uint64_t skip;

    if (offset > rx->next || offset + b.n <= rx->next)
        return;
    skip = rx->next - offset;
    buf_add(out, b.p + skip, b.n - (size_t)skip);
    rx->next = offset + b.n;
}

static int keep(struct octets_rx *rx, uint64_t offset, struct span b)
{
    struct early *e;

    if (rx->n_early == LINK_EARLY_MAX)
        return ERR_FULL;
    e = malloc(sizeof(*e) + b.n);
    if (!e)
        return ERR_NOMEM;
    e->offset = offset;
    e->n = b.n;
    memcpy(e->b, b.p, b.n);
    list_push(&rx->early, &e->item);
    rx->n_early++;
    return ERR_OK;
}

int octets_rx_take(struct octets_rx *rx, uint64_t offset, struct span b, struct buf *out)
{
    uint64_t before;

    buf_reset(out);
    if (offset > rx->next + LINK_WINDOW || b.n > rx->next + LINK_WINDOW - offset)
        return ERR_TOO_LARGE;
    if (offset > rx->next)
        return keep(rx, offset, b);
    in_turn(rx, offset, b, out);
    do {
        before = rx->next;
        LIST_EACH_SAFE(it, following, &rx->early) {
            struct early *e = LIST_ENTRY(it, struct early, item);

            if (e->offset > rx->next)
                continue;
            in_turn(rx, e->offset, span_of(e->b, e->n), out);
            list_del(it);
            free(e);
            rx->n_early--;
        }
    } while (rx->next != before);
    return out->failed ? ERR_NOMEM : ERR_OK;
}

void octets_tx_init(struct octets_tx *tx)
{
    *tx = (struct octets_tx){.base = 0};
    buf_init(&tx->data, LINK_TX_MAX);
}

void octets_tx_fini(struct octets_tx *tx)
{
    buf_fini(&tx->data);
}

int octets_tx_add(struct octets_tx *tx, struct span b)
{
    if (b.n > LINK_TX_MAX - tx->data.n)
        return ERR_FULL;
    buf_add_span(&tx->data, b);
    return tx->data.failed ? ERR_NOMEM : ERR_OK;
}

struct span octets_tx_next(struct octets_tx *tx, uint64_t *ret_offset)
{
    size_t at = (size_t)(tx->sent - tx->base);
    size_t n = tx->data.n - at;

    if (n > COAP_UNIT_MAX)
        n = COAP_UNIT_MAX;
    if (n == 0 || at + n > LINK_WINDOW)
        return (struct span){NULL, 0};
    *ret_offset = tx->sent;
    tx->sent += n;
    return span_of(tx->data.p + at, n);
}

int octets_tx_told(struct octets_tx *tx, uint64_t next)
{
    if (next > tx->base + tx->data.n)
        return ERR_FORMAT;
    if (next <= tx->base)
        return ERR_OK;
    buf_drain(&tx->data, (size_t)(next - tx->base));
    tx->base = next;
    if (tx->sent < next)
        tx->sent = next;
    return ERR_OK;
}

void octets_tx_again(struct octets_tx *tx)
{
    tx->sent = tx->base;
}
