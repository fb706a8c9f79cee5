/* SPDX-License-Identifier: Apache-2.0 */
/* The carrier of streams over real sockets (facts: ota 4): the port to which cards open their TLS
 * connections. Short messages, and streams of others, go to another carrier. */
#pragma once

#include "common/net/loop.h"
#include "smsr/channel/carrier.h"

struct tcp_carrier;
/* Listens on listen ("0.0.0.0:7443") when it is not NULL. others: lives longer. ERR_CONFIG. */
MUST_CHECK int tcp_carrier_open(struct loop *l, const char *listen, unsigned max_streams,
                                const struct carrier *others, struct tcp_carrier **ret,
                                struct errmsg *why);
/* The port to give to channel_new; valid until tcp_carrier_close. */
const struct carrier *tcp_carrier_port(const struct tcp_carrier *tc);
/* Where what comes in goes; NULL: new connections are closed at once. */
void tcp_carrier_attach(struct tcp_carrier *tc, struct channel *ch);
uint16_t tcp_carrier_tcp_port(const struct tcp_carrier *tc);     /* 0: does not listen */
/* The channel is freed before. */
void tcp_carrier_close(struct tcp_carrier *tc);
