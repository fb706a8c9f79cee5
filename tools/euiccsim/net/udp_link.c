/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/euiccsim/net/udp_link.h"

#include <stdlib.h>

#include "common/base/map.h"
#include "common/net/udp.h"
#include "tools/euiccsim/net/link_pass.h"

#define CHANNELS_MAX 20000u

struct channel {
    struct udp_link *link;
    uint64_t conn;
    struct udp *udp;
};
struct udp_link {
    struct link_pass pass;
    struct loop *loop;
    const struct clock *clock;
    struct simnet *net;
    struct addr smsr;
    struct map *channels;
    int error;
};

static void note(struct udp_link *u, int rc)
{
    if (u->error == ERR_OK)
        u->error = rc;
}

static void on_datagram(void *ctx, const struct addr *from, struct span pdu)
{
    struct channel *b = ctx;

    if (addr_same_host(from, &b->link->smsr) && addr_port(from) == addr_port(&b->link->smsr))
        note(b->link, simnet_datagram(b->link->net, b->conn, pdu, clock_wall_ms(b->link->clock)));
}

static struct channel *channel_of(struct udp_link *u, uint64_t conn)
{
    struct channel *b = map_get(u->channels, span_of(&conn, sizeof(conn)));
    struct errmsg why;

    if (b)
        return b;
    b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->link = u;
    b->conn = conn;
    if (udp_open(u->loop, NULL, &u->smsr, on_datagram, b, &b->udp, &why) == ERR_OK &&
        map_put(u->channels, span_of(&b->conn, sizeof(b->conn)), b) == ERR_OK)
        return b;
    udp_close(b->udp);
    free(b);
    return NULL;
}

/* A machine without sockets left loses datagrams, as a network does. */
static int datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port,
                    struct span pdu)
{
    struct udp_link *u = ctx;
    struct channel *b = channel_of(u, conn);

    (void)ipv4;
    (void)port;
    return b && udp_send(b->udp, &u->smsr, pdu) == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}

static void datagram_closed(void *ctx, uint64_t conn)
{
    struct udp_link *u = ctx;
    struct channel *b = map_get(u->channels, span_of(&conn, sizeof(conn)));

    if (!b)
        return;
    (void)map_del(u->channels, span_of(&b->conn, sizeof(b->conn)));
    udp_close(b->udp);
    free(b);
}

int udp_link_open(struct loop *l, const char *smsr, const struct clock *clock,
                  struct udp_link **ret, struct errmsg *why)
{
    struct udp_link *u = calloc(1, sizeof(*u));
    int rc;

    *ret = NULL;
    if (!u)
        return errmsg_set(why, ERR_NOMEM, "no memory for the links of cards");
    u->loop = l;
    u->clock = clock;
    rc = addr_resolve(smsr, SOCK_DGRAM, &u->smsr, why);
    u->channels = map_new(CHANNELS_MAX);
    if (rc == ERR_OK && !u->channels)
        rc = errmsg_set(why, ERR_NOMEM, "no memory for the links of cards");
    if (rc != ERR_OK) {
        udp_link_close(u);
        return rc;
    }
    *ret = u;
    return ERR_OK;
}

void udp_link_take(struct udp_link *u, struct simnet_port *port)
{
    link_pass_take(&u->pass, port);
    port->datagram = datagram;
    port->datagram_closed = datagram_closed;
}

void udp_link_attach(struct udp_link *u, struct simnet *net)
{
    u->net = net;
}

int udp_link_error(const struct udp_link *u)
{
    return u->error;
}

void udp_link_close(struct udp_link *u)
{
    void *cursor = NULL, *value;

    if (!u)
        return;
    while (u->channels && map_next(u->channels, &cursor, NULL, &value)) {
        struct channel *b = value;

        udp_close(b->udp);
        free(b);
    }
    map_free(u->channels);
    free(u);
}
