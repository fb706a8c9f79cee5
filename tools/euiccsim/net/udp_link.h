/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams of cards over real sockets: each channel of a device is a UDP socket of its own, and
 * what it sends goes to one address of the SM-SR, whatever address the card names (packet data is
 * not routed here). Everything else of a network's port is another link's. */
#pragma once

#include "common/net/loop.h"
#include "tools/euiccsim/net/simnet.h"

struct udp_link;
/* smsr: host:port. ERR_CONFIG: it is none; ERR_NOMEM. */
MUST_CHECK int udp_link_open(struct loop *l, const char *smsr, const struct clock *clock,
                             struct udp_link **ret, struct errmsg *why);
/* Its datagrams in place of those of port; the rest is handed on to what port was. */
void udp_link_take(struct udp_link *u, struct simnet_port *port);
/* Where datagrams go; before the network starts. */
void udp_link_attach(struct udp_link *u, struct simnet *net);
/* ERR_OK, or the first failure of the network: the process must stop. */
int udp_link_error(const struct udp_link *u);
void udp_link_close(struct udp_link *u);
