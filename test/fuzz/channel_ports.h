/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of a channel's ports that its targets do not look behind, or that nothing may reach. */
#pragma once

#include "smsr/channel/channel.h"
#include "test/fuzz/input.h"

static inline unsigned no_candidates(void *ctx, const struct msisdn *number, struct eid *ret,
                                     unsigned max)
{
    (void)ctx, (void)number, (void)ret, (void)max;
    return 0;
}

static inline int no_packet(void *ctx, uint64_t lsn, struct buf *out)
{
    (void)ctx, (void)lsn, (void)out;
    return ERR_NOT_FOUND;
}

static inline void each_frame(struct channel *ch, struct span in,
                              void (*frame)(struct channel *ch, uint8_t how, struct span data))
{
    struct reader r = rd_init(in);
    struct span data;
    uint8_t how;

    while (next_frame(&r, 1, &how, &data))
        frame(ch, how, data);
}

/* Nothing a card says is answered by a short message. */
static inline int no_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                        uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    (void)ctx, (void)network, (void)to, (void)from, (void)pid, (void)dcs, (void)vp_s;
    (void)tp_ud, (void)tag;
    abort();
}

static inline int no_send(void *ctx, uint64_t conn, struct span bytes)
{
    (void)ctx, (void)conn, (void)bytes;
    abort();
}

static inline void no_close(void *ctx, uint64_t conn)
{
    (void)ctx, (void)conn;
}
