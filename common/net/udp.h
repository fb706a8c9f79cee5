/* SPDX-License-Identifier: Apache-2.0 */
/* One UDP socket in the loop: datagrams in and out, nothing kept. What the kernel has no room for
 * is lost, as on the way. */
#pragma once

#include "common/base/bytes.h"
#include "common/net/addr.h"
#include "common/net/loop.h"

#define UDP_MAX 1472u              /* what fits an Ethernet frame; longer ones are dropped */

struct udp;
/* Not called from within the calls below. */
typedef void (*udp_in_fn)(void *ctx, const struct addr *from, struct span datagram);
/* listen: "0.0.0.0:7444", or NULL: any port of its own, of the family of peer. */
MUST_CHECK int udp_open(struct loop *l, const char *listen, const struct addr *peer, udp_in_fn in,
                        void *ctx, struct udp **ret, struct errmsg *why);
uint16_t udp_port(const struct udp *u);
/* ERR_TOO_LARGE above UDP_MAX; ERR_FULL: the kernel took nothing; ERR_IO. */
MUST_CHECK int udp_send(struct udp *u, const struct addr *to, struct span datagram);
void udp_close(struct udp *u);     /* NULL: no effect; also from within udp_in_fn */
