/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/udp_carrier.h"

#include "common/net/udp.h"
#include "smsr/channel/carrier_pass.h"
#include "smsr/channel/places.h"

#include <stdlib.h>

#define OURS (UINT64_C(1) << 62)   /* places of other carriers count from 1 */

struct udp_carrier {
    struct carrier_pass pass;
    struct channel *ch;
    struct udp *udp;
    struct places *places;         /* an address and port that a link of the channel is with */
};

static void on_datagram(void *ctx, const struct addr *from, struct span datagram)
{
    struct udp_carrier *uc = ctx;
    uint64_t id = uc->ch ? places_id(uc->places, span_of(&from->u, from->len)) : 0;

    if (id && !channel_datagram(uc->ch, id, datagram))
        places_drop(uc->places, id);
}

/* --- the port --- */
static int datagram(void *ctx, uint64_t conn, struct span pdu)
{
    const struct udp_carrier *uc = ctx;
    struct span where;
    struct addr at;

    if (!(conn & OURS))
        return carrier_pass_datagram(ctx, conn, pdu);
    where = places_where(uc->places, conn);
    if (!where.n)
        return ERR_CLOSED;
    memset(&at, 0, sizeof at);
    memcpy(&at.u, where.p, where.n);
    at.len = (socklen_t)where.n;
    return udp_send(uc->udp, &at, pdu);
}

static void datagram_end(void *ctx, uint64_t conn)
{
    struct udp_carrier *uc = ctx;

    if (conn & OURS)
        places_drop(uc->places, conn);
    else
        carrier_pass_datagram_end(ctx, conn);
}

/* --- life --- */
int udp_carrier_open(struct loop *l, const char *listen, unsigned max_places,
                     const struct carrier *others, struct udp_carrier **ret, struct errmsg *why)
{
    struct udp_carrier *uc = calloc(1, sizeof *uc);
    int err = ERR_OK;

    *ret = NULL;
    if (!uc)
        return errmsg_set(why, ERR_NOMEM, "no memory for the links of cards");
    carrier_pass_init(&uc->pass, others);
    uc->pass.port.datagram = datagram;
    uc->pass.port.datagram_end = datagram_end;
    uc->places = places_new(max_places, OURS);
    if (!uc->places)
        err = errmsg_set(why, ERR_NOMEM, "no memory for the links of cards");
    else if (listen)
        err = udp_open(l, listen, NULL, on_datagram, uc, &uc->udp, why);
    if (err) {
        udp_carrier_close(uc);
        return err;
    }
    *ret = uc;
    return ERR_OK;
}

const struct carrier *udp_carrier_port(const struct udp_carrier *uc)
{
    return &uc->pass.port;
}

void udp_carrier_attach(struct udp_carrier *uc, struct channel *ch)
{
    uc->ch = ch;
}

uint16_t udp_carrier_udp_port(const struct udp_carrier *uc)
{
    return uc->udp ? udp_port(uc->udp) : 0;
}

void udp_carrier_close(struct udp_carrier *uc)
{
    if (!uc)
        return;
    udp_close(uc->udp);
    places_free(uc->places);
    free(uc);
}
