/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/udp_carrier.h"

#include "common/base/map.h"
#include "common/net/udp.h"
#include "smsr/channel/carrier_pass.h"

#include <stdlib.h>

#define OURS (UINT64_C(1) << 62)   /* places of other carriers count from 1 */

/* An address and port that a link of the channel is with. */
struct place {
    uint64_t id;
    struct addr at;
};

struct udp_carrier {
    struct carrier_pass pass;
    struct channel *ch;
    struct udp *udp;
    struct map *by_id, *by_addr;
    uint64_t next;
};

static struct span id_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static struct span addr_key(const struct addr *a)
{
    return span_of(&a->u, a->len);
}

static void place_free(struct udp_carrier *uc, struct place *p)
{
    (void)map_del(uc->by_id, id_key(&p->id));
    (void)map_del(uc->by_addr, addr_key(&p->at));
    free(p);
}

static struct place *place_of(struct udp_carrier *uc, const struct addr *from)
{
    struct place *p = map_get(uc->by_addr, addr_key(from));

    if (p)
        return p;
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct place){OURS | uc->next++, *from};
    if (map_put(uc->by_id, id_key(&p->id), p)) {
        free(p);
        return NULL;
    }
    if (map_put(uc->by_addr, addr_key(&p->at), p)) {
        (void)map_del(uc->by_id, id_key(&p->id));
        free(p);
        return NULL;
    }
    return p;
}

static void on_datagram(void *ctx, const struct addr *from, struct span datagram)
{
    struct udp_carrier *uc = ctx;
    struct place *p = uc->ch ? place_of(uc, from) : NULL;
    uint64_t id = p ? p->id : 0;

    if (!p || channel_datagram(uc->ch, id, datagram))
        return;
    p = map_get(uc->by_id, id_key(&id));
    if (p)
        place_free(uc, p);
}

/* --- the port --- */
static int datagram(void *ctx, uint64_t conn, struct span pdu)
{
    const struct udp_carrier *uc = ctx;
    const struct place *p;

    if (!(conn & OURS))
        return carrier_pass_datagram(ctx, conn, pdu);
    p = map_get(uc->by_id, id_key(&conn));
    return p ? udp_send(uc->udp, &p->at, pdu) : ERR_CLOSED;
}

static void datagram_end(void *ctx, uint64_t conn)
{
    struct udp_carrier *uc = ctx;
    struct place *p;

    if (!(conn & OURS)) {
        carrier_pass_datagram_end(ctx, conn);
        return;
    }
    p = map_get(uc->by_id, id_key(&conn));
    if (p)
        place_free(uc, p);
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
    uc->next = 1;
    carrier_pass_init(&uc->pass, others);
    uc->pass.port.datagram = datagram;
    uc->pass.port.datagram_end = datagram_end;
    uc->by_id = map_new(max_places);
    uc->by_addr = map_new(max_places);
    if (!uc->by_id || !uc->by_addr)
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
    void *cursor = NULL, *p;

    if (!uc)
        return;
    udp_close(uc->udp);
    while (uc->by_id && map_next(uc->by_id, &cursor, NULL, &p))
        free(p);
    map_free(uc->by_id);
    map_free(uc->by_addr);
    free(uc);
}
