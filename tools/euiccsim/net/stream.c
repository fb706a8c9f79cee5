/* SPDX-License-Identifier: Apache-2.0 */
/* Packet data: TCP connections from devices to the SM-SR. Octets keep their order, may be
 * delayed or cut off, and are never altered. */
#include "tools/euiccsim/net/simnet_int.h"

#include <stdlib.h>

#define PIECE_MAX 1024u               /* octets that travel together */
#define NAT_MS 15000                  /* less than an SM-SR may take for its answer */

static struct span conn_key(const uint64_t *conn)
{
    return span_of(conn, sizeof(*conn));
}

static struct stream *stream_find(const struct simnet *n, uint64_t conn)
{
    return map_get(n->streams, conn_key(&conn));
}

static void stream_gone(struct simnet *n, struct stream *s)
{
    if (n->devices[s->device].conn == s->conn)
        n->devices[s->device].conn = 0;
    (void)map_del(n->streams, conn_key(&s->conn));
    free(s);
}

void stream_forget_all(struct simnet *n)
{
    void *cursor = NULL, *s;

    while (map_next(n->streams, &cursor, NULL, &s))
        stream_gone(n, s);
}

int stream_open(struct simnet *n, uint32_t dev, const uint8_t ipv4[4], uint16_t port)
{
    struct device *d = &n->devices[dev];
    int64_t after = net_latency(n, LAT_STREAM_OPEN, 0);
    struct stream_open *o;
    struct stream *s;
    int rc;

    if (d->power != DEV_ATTACHED || d->conn != 0) {
        n->stats.streams_refused++;
        return net_plan(n, after, (struct happening){.kind = HAP_STREAM_REFUSED, .who = dev,
                                                     .arg = d->generation});
    }
    s = calloc(1, sizeof(*s));
    o = malloc(sizeof(*o));
    if (!s || !o) {
        free(s);
        free(o);
        return ERR_NOMEM;
    }
    *s = (struct stream){.conn = ++n->next_conn, .device = dev, .card_open = true,
                         .last_ms = n->now_ms + after};
    rc = map_put(n->streams, conn_key(&s->conn), s);
    if (rc != ERR_OK) {
        free(s);
        free(o);
        return rc;
    }
    d->conn = s->conn;
    memcpy(o->ipv4, ipv4, 4);
    o->port = port;
    s->up_ms = n->now_ms + after;
    return net_plan(n, after, (struct happening){.kind = HAP_STREAM_OPEN, .arg = s->conn,
                                                 .unit = o});
}

/* The NAT between has forgotten a stream that rested: what follows gets lost, and so does its end. */
static bool gets_through(struct simnet *n, struct stream *s)
{
    bool rested = n->now_ms - s->last_ms > net_scaled(n, NAT_MS);

    if (!s->dead && rested && net_quirk(n, s->device, NETQ_NAT, 1, "stream dead at rest")) {
        s->dead = true;
        n->stats.streams_rested++;
    }
    s->last_ms = n->now_ms;
    return !s->dead;
}

/* One piece into a direction, not before the one in front of it. */
static int piece_plan(struct simnet *n, struct stream *s, bool up, struct span b)
{
    enum latency_kind kind = up ? LAT_STREAM_UP : LAT_STREAM_DOWN;
    int64_t *last = up ? &s->up_ms : &s->down_ms;
    int64_t at = n->now_ms + net_latency(n, kind, b.n);
    struct piece *p = malloc(sizeof(*p) + b.n);

    if (!p)
        return ERR_NOMEM;
    p->n = b.n;
    memcpy(p->b, b.p, b.n);
    if (*last > n->now_ms)
        at = *last + net_scaled(n, latency_behind(n->cfg.latency, kind, b.n));
    *last = at;
    return net_plan(n, at - n->now_ms,
                    (struct happening){.kind = up ? HAP_STREAM_UP : HAP_STREAM_DOWN,
                                       .arg = s->conn, .unit = p});
}

static int pieces_plan(struct simnet *n, struct stream *s, bool up, struct span b)
{
    int rc = ERR_OK;

    for (size_t at = 0; rc == ERR_OK && at < b.n; at += PIECE_MAX) {
        size_t left = b.n - at;

        rc = piece_plan(n, s, up, span_of(b.p + at, left < PIECE_MAX ? left : PIECE_MAX));
    }
    return rc;
}

int stream_send(struct simnet *n, uint32_t dev, struct span b)
{
    struct stream *s = stream_find(n, n->devices[dev].conn);

    if (!s || s->ending)
        return ERR_OK;                /* cut: the card hears of it */
    n->stats.octets_up += b.n;
    return gets_through(n, s) ? pieces_plan(n, s, true, b) : ERR_OK;
}

/* An end travels behind the octets of its direction. */
static int end_plan(struct simnet *n, struct stream *s, bool up)
{
    int64_t last = up ? s->up_ms : s->down_ms;

    s->ending = true;
    return net_plan(n, last - n->now_ms,
                    (struct happening){.kind = up ? HAP_STREAM_END_UP : HAP_STREAM_END_DOWN,
                                       .arg = s->conn});
}

int stream_close(struct simnet *n, uint32_t dev)
{
    struct stream *s = stream_find(n, n->devices[dev].conn);

    n->devices[dev].conn = 0;
    if (!s)
        return ERR_OK;
    s->card_open = false;
    if (!gets_through(n, s)) {
        if (!s->net_open)
            stream_gone(n, s);
        return ERR_OK;
    }
    return end_plan(n, s, true);
}

static void tell_net(struct simnet *n, struct stream *s)
{
    if (s->net_open)
        n->port.stream_closed(n->port.ctx, s->conn);
    s->net_open = false;
}

void stream_drop(struct simnet *n, uint32_t dev)
{
    struct stream *s = stream_find(n, n->devices[dev].conn);

    n->devices[dev].conn = 0;
    if (!s)
        return;
    if (s->net_open && (s->dead || net_quirk(n, dev, NETQ_HALF_OPEN, 1, "stream left half open"))) {
        n->stats.streams_left += !s->dead;
        s->dead = true;
        s->card_open = false;
        return;
    }
    tell_net(n, s);
    stream_gone(n, s);
}

/* Both ends lose it, at once and in whatever state. */
static int cut(struct simnet *n, struct stream *s)
{
    uint32_t dev = s->device;
    bool tell_card = s->card_open && n->devices[dev].conn == s->conn;

    n->stats.streams_cut++;
    tell_net(n, s);
    stream_gone(n, s);
    return tell_card ? device_stream_closed(n, dev) : ERR_OK;
}

/* --- downcalls --- */
int simnet_stream_opened(struct simnet *n, uint64_t conn, bool ok, int64_t now_ms)
{
    struct stream *s = stream_find(n, conn);
    int64_t at;

    if (!s)
        return ERR_OK;
    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    at = net_latency(n, LAT_STREAM_DOWN, 0);
    s->net_open = ok;
    s->down_ms = n->now_ms + at;
    return net_plan(n, at, (struct happening){.kind = HAP_STREAM_OPENED, .who = s->device,
                                              .arg = conn, .op = ok});
}

int simnet_stream_bytes(struct simnet *n, uint64_t conn, struct span bytes, int64_t now_ms)
{
    struct stream *s = stream_find(n, conn);

    if (!s || s->ending)
        return ERR_NOT_FOUND;
    if (s->down_octets + bytes.n > STREAM_DOWN_MAX)
        return ERR_FULL;
    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    if (!gets_through(n, s))
        return ERR_OK;
    s->down_octets += bytes.n;
    return pieces_plan(n, s, false, bytes);
}

int simnet_stream_closed(struct simnet *n, uint64_t conn, int64_t now_ms)
{
    struct stream *s = stream_find(n, conn);

    if (!s)
        return ERR_OK;
    if (now_ms > n->now_ms)
        n->now_ms = now_ms;
    s->net_open = false;
    if (!gets_through(n, s)) {
        if (!s->card_open)
            stream_gone(n, s);
        return ERR_OK;
    }
    return s->ending ? ERR_OK : end_plan(n, s, false);
}

size_t simnet_stream_waiting(const struct simnet *n, uint64_t conn)
{
    const struct stream *s = stream_find(n, conn);

    return s ? s->down_octets : 0;
}

/* --- what happens to a stream --- */
static int opened(struct simnet *n, struct stream *s, bool ok)
{
    uint32_t dev = s->device;

    if (ok)
        n->stats.streams_opened++;
    else
        n->stats.streams_refused++;
    if (!ok)
        stream_gone(n, s);
    return device_stream_opened(n, dev, ok);
}

static int piece_up(struct simnet *n, struct stream *s, struct happening *h)
{
    const struct piece *p = h->unit;
    int rc;

    if (net_struck(n, n->cfg.faults.stream_cut, "stream cut"))
        return cut(n, s);
    if (!s->net_open)
        return ERR_OK;
    rc = n->port.stream_bytes(n->port.ctx, s->conn, span_of(p->b, p->n));
    if (rc == ERR_FULL)
        return cut(n, s);
    return rc;
}

static int piece_down(struct simnet *n, struct stream *s, struct happening *h)
{
    const struct piece *p = h->unit;

    s->down_octets -= p->n;
    if (net_struck(n, n->cfg.faults.stream_cut, "stream cut"))
        return cut(n, s);
    if (!s->card_open)
        return ERR_OK;
    n->stats.octets_down += p->n;
    return device_stream_bytes(n, s->device, span_of(p->b, p->n));
}

static int end_down(struct simnet *n, struct stream *s)
{
    uint32_t dev = s->device;
    bool tell = s->card_open && n->devices[dev].conn == s->conn;

    stream_gone(n, s);
    return tell ? device_stream_closed(n, dev) : ERR_OK;
}

int stream_happens(struct simnet *n, struct happening *h)
{
    struct stream *s = stream_find(n, h->arg);
    const struct stream_open *o = h->unit;

    if (h->kind == HAP_STREAM_REFUSED)
        return h->arg == n->devices[h->who].generation ? device_stream_opened(n, h->who, false)
                                                       : ERR_OK;
    if (!s)
        return ERR_OK;
    switch (h->kind) {
    case HAP_STREAM_OPEN:
        s->net_open = s->card_open;   /* from here on the SM-SR's side must hear of the end */
        return s->card_open ? n->port.stream_open(n->port.ctx, s->conn, o->ipv4, o->port) : ERR_OK;
    case HAP_STREAM_OPENED:
        return s->card_open ? opened(n, s, h->op != 0) : ERR_OK;
    case HAP_STREAM_UP:
        return piece_up(n, s, h);
    case HAP_STREAM_DOWN:
        return piece_down(n, s, h);
    case HAP_STREAM_END_UP:
        tell_net(n, s);
        stream_gone(n, s);
        return ERR_OK;
    case HAP_STREAM_END_DOWN:
        return end_down(n, s);
    default:
        return ERR_INTERNAL;
    }
}
