/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/euiccsim/net/link_pass.h"

static const struct simnet_port *behind(void *ctx)
{
    return &((struct link_pass *)ctx)->others;
}

static int sms_mo(void *ctx, const struct msisdn *from, struct span tp_ud, uint64_t id)
{
    return behind(ctx)->sms_mo(behind(ctx)->ctx, from, tp_ud, id);
}

static void sms_report(void *ctx, uint64_t message, enum report_state s)
{
    if (behind(ctx)->sms_report)
        behind(ctx)->sms_report(behind(ctx)->ctx, message, s);
}

static int stream_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port)
{
    return behind(ctx)->stream_open(behind(ctx)->ctx, conn, ipv4, port);
}

static int stream_bytes(void *ctx, uint64_t conn, struct span bytes)
{
    return behind(ctx)->stream_bytes(behind(ctx)->ctx, conn, bytes);
}

static void stream_closed(void *ctx, uint64_t conn)
{
    behind(ctx)->stream_closed(behind(ctx)->ctx, conn);
}

static int datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port,
                    struct span pdu)
{
    return behind(ctx)->datagram(behind(ctx)->ctx, conn, ipv4, port, pdu);
}

static void datagram_closed(void *ctx, uint64_t conn)
{
    behind(ctx)->datagram_closed(behind(ctx)->ctx, conn);
}

void link_pass_take(struct link_pass *p, struct simnet_port *port)
{
    p->others = *port;
    *port = (struct simnet_port){sms_mo,        sms_report, stream_open,     stream_bytes,
                                 stream_closed, datagram,   datagram_closed, port->strikes, p};
}
