/* SPDX-License-Identifier: Apache-2.0 */
/* The carrier of CAT_TP datagrams over a real UDP port. Short messages, streams, and datagrams of
 * others go to another carrier. */
#pragma once

#include "common/net/loop.h"
#include "smsr/channel/carrier.h"

struct udp_carrier;
/* Listens on listen ("0.0.0.0:7444") when it is not NULL. others: lives longer. ERR_CONFIG. */
MUST_CHECK int udp_carrier_open(struct loop *l, const char *listen, unsigned max_places,
                                const struct carrier *others, struct udp_carrier **ret,
                                struct errmsg *why);
/* The port to give to channel_new; valid until udp_carrier_close. */
const struct carrier *udp_carrier_port(const struct udp_carrier *uc);
/* Where what comes in goes; NULL: it is dropped. */
void udp_carrier_attach(struct udp_carrier *uc, struct channel *ch);
uint16_t udp_carrier_udp_port(const struct udp_carrier *uc);     /* 0: does not listen */
/* The channel is freed before. */
void udp_carrier_close(struct udp_carrier *uc);
