/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of cards over real sockets: what a card opens goes to one address of the SM-SR, whatever
 * address the card names (packet data is not routed here). Everything else of a network's port is
 * another link's. */
#pragma once

#include "common/net/loop.h"
#include "tools/euiccsim/net/simnet.h"

struct socket_link;
/* smsr: host:port. ERR_CONFIG: it is none; ERR_NOMEM. */
MUST_CHECK int socket_link_open(struct loop *l, const char *smsr, const struct clock *clock,
                                struct socket_link **ret, struct errmsg *why);
/* Its streams in place of those of port; the rest is handed on to what port was. */
void socket_link_take(struct socket_link *s, struct simnet_port *port);
/* Where octets go; before the network starts. */
void socket_link_attach(struct socket_link *s, struct simnet *net);
/* ERR_OK, or the first failure of the network: the process must stop. */
int socket_link_error(const struct socket_link *s);
void socket_link_close(struct socket_link *s);
