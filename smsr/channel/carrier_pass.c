/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/carrier_pass.h"

static const struct carrier *behind(void *ctx)
{
    return ((struct carrier_pass *)ctx)->others;
}

int carrier_pass_sms_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                        uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    const struct carrier *o = behind(ctx);

    return o->sms_mt(o->ctx, network, to, from, pid, dcs, vp_s, tp_ud, tag);
}

int carrier_pass_stream_send(void *ctx, uint64_t conn, struct span bytes)
{
    const struct carrier *o = behind(ctx);

    return o->stream_send(o->ctx, conn, bytes);
}

void carrier_pass_stream_close(void *ctx, uint64_t conn)
{
    const struct carrier *o = behind(ctx);

    o->stream_close(o->ctx, conn);
}

int carrier_pass_datagram(void *ctx, uint64_t conn, struct span pdu)
{
    const struct carrier *o = behind(ctx);

    return o->datagram(o->ctx, conn, pdu);
}

void carrier_pass_datagram_end(void *ctx, uint64_t conn)
{
    const struct carrier *o = behind(ctx);

    o->datagram_end(o->ctx, conn);
}

void carrier_pass_init(struct carrier_pass *p, const struct carrier *others)
{
    p->others = others;
    p->port = (struct carrier){carrier_pass_sms_mt,   carrier_pass_stream_send,
                               carrier_pass_stream_close, carrier_pass_datagram,
                               carrier_pass_datagram_end, p};
}
