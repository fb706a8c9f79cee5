/* SPDX-License-Identifier: Apache-2.0 */
/* Packet data: UDP channels from devices to the SM-SR. A datagram may be lost, doubled, overtaken
 * or come to a channel that is gone; it is never altered (UDP has a checksum of its own). */
#include "tools/euiccsim/net/simnet_int.h"

#include <stdlib.h>

#define DATAGRAM_LATE_MS 5000u        /* behind its time, when it is overtaken */

static struct span conn_key(const uint64_t *conn)
{
    return span_of(conn, sizeof(*conn));
}

static struct udp_channel *udp_channel_find(const struct simnet *n, uint64_t conn)
{
    return map_get(n->udps, conn_key(&conn));
}

static void udp_channel_gone(struct simnet *n, struct udp_channel *u, bool tell)
{
    uint64_t conn = u->conn;

    if (n->devices[u->device].udp == conn)
        n->devices[u->device].udp = 0;
    (void)map_del(n->udps, conn_key(&conn));
    free(u);
    if (tell && n->port.datagram_closed)
        n->port.datagram_closed(n->port.ctx, conn);
}

void udp_channel_forget_all(struct simnet *n, bool tell)
{
    void *cursor = NULL, *u;

    while (map_next(n->udps, &cursor, NULL, &u))
        udp_channel_gone(n, u, tell);
}

int udp_channel_drop(struct simnet *n, uint32_t dev)
{
    struct udp_channel *u = udp_channel_find(n, n->devices[dev].udp);

    n->devices[dev].udp = 0;
    if (!u)
        return ERR_OK;
    u->closed = true;
    return net_plan(n, net_scaled(n, 2 * DATAGRAM_LATE_MS),
                    (struct happening){.kind = HAP_UDP_END, .arg = u->conn});
}

int udp_channel_open(struct simnet *n, uint32_t dev, const uint8_t ipv4[4], uint16_t port)
{
    struct device *d = &n->devices[dev];
    int64_t after = net_latency(n, LAT_STREAM_OPEN, 0);
    bool ok = d->power == DEV_ATTACHED && d->udp == 0 && n->port.datagram;
    struct udp_channel *u = ok ? calloc(1, sizeof(*u)) : NULL;
    int rc;

    if (ok) {
        if (!u)
            return ERR_NOMEM;
        *u = (struct udp_channel){.conn = ++n->next_conn, .device = dev, .port = port};
        memcpy(u->ipv4, ipv4, sizeof(u->ipv4));
        rc = map_put(n->udps, conn_key(&u->conn), u);
        if (rc != ERR_OK) {
            free(u);
            return rc;
        }
        d->udp = u->conn;
        n->stats.udps_opened++;
    } else {
        n->stats.udps_refused++;
    }
    return net_plan(n, after, (struct happening){.kind = HAP_UDP_OPENED, .who = dev,
                                                 .arg = d->generation, .op = ok});
}

static int datagram_plan(struct simnet *n, const struct udp_channel *u, bool up, struct span b)
{
    int64_t at = net_latency(n, up ? LAT_STREAM_UP : LAT_STREAM_DOWN, b.n);
    struct piece *p = malloc(sizeof(*p) + b.n);

    if (!p)
        return ERR_NOMEM;
    p->n = b.n;
    memcpy(p->b, b.p, b.n);
    if (net_struck(n, n->cfg.faults.datagram_reorder, "datagram overtaken")) {
        n->stats.datagrams_delayed++;
        at += net_scaled(n, (int64_t)rng_below(&n->rng, DATAGRAM_LATE_MS));
    }
    return net_plan(n, at, (struct happening){.kind = up ? HAP_DATAGRAM_UP : HAP_DATAGRAM_DOWN,
                                              .arg = u->conn, .unit = p});
}

static int datagram_carry(struct simnet *n, const struct udp_channel *u, bool up, struct span b)
{
    int rc;

    if (net_struck(n, n->cfg.faults.datagram_loss, "datagram lost")) {
        n->stats.datagrams_lost++;
        return ERR_OK;
    }
    rc = datagram_plan(n, u, up, b);
    if (rc == ERR_OK && net_struck(n, n->cfg.faults.datagram_duplicate, "datagram doubled")) {
        n->stats.datagrams_doubled++;
        rc = datagram_plan(n, u, up, b);
    }
    return rc;
}

int udp_channel_send(struct simnet *n, uint32_t dev, struct span b)
{
    const struct udp_channel *u = udp_channel_find(n, n->devices[dev].udp);

    if (!u)
        return ERR_OK;
    n->stats.datagrams_up++;
    n->stats.datagram_octets += b.n;
    return datagram_carry(n, u, true, b);
}

int simnet_datagram(struct simnet *n, uint64_t conn, struct span pdu, int64_t now_ms)
{
    const struct udp_channel *u = udp_channel_find(n, conn);

    if (!u || u->closed)
        return ERR_OK;                /* nobody is there: so it is with datagrams */
    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    n->stats.datagrams_down++;
    n->stats.datagram_octets += pdu.n;
    return datagram_carry(n, u, false, pdu);
}

/* The channel is lost with its bearer; the device notices, the SM-SR does not. */
static int cut(struct simnet *n, struct udp_channel *u)
{
    uint32_t dev = u->device;

    n->stats.udps_cut++;
    udp_channel_gone(n, u, true);
    return device_udp_closed(n, dev);
}

int udp_channel_happens(struct simnet *n, struct happening *h)
{
    const struct piece *p = h->unit;
    struct udp_channel *u;

    if (h->kind == HAP_UDP_OPENED)
        return h->arg == n->devices[h->who].generation ? device_udp_opened(n, h->who, h->op != 0)
                                                       : ERR_OK;
    u = udp_channel_find(n, h->arg);
    if (h->kind == HAP_DATAGRAM_UP)
        return u ? n->port.datagram(n->port.ctx, u->conn, u->ipv4, u->port, span_of(p->b, p->n))
                 : ERR_OK;
    if (u && h->kind == HAP_UDP_END)
        udp_channel_gone(n, u, true);
    if (!u || h->kind == HAP_UDP_END || u->closed)
        return ERR_OK;
    if (net_struck(n, n->cfg.faults.udp_cut, "UDP channel cut"))
        return cut(n, u);
    return device_datagram(n, u->device, span_of(p->b, p->n));
}
