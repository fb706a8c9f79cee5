/* SPDX-License-Identifier: Apache-2.0 */
/* The carrier over CoAP: short messages, TCP streams and datagrams of the simulated networks
 * (design 6; the rules of the wire stand in README.md beside this file). */
#pragma once

#include "common/base/rng.h"
#include "common/net/coap.h"
#include "smsr/channel/carrier.h"

struct coap_network {
    const char *id;                /* networks[].id of the configuration, at most 31 characters */
    const char *host_port;         /* networks[].coap */
    bool receipts;                 /* delivery reports are asked for, as hints */
};
struct coap_carrier;
/* Listens on listen ("127.0.0.1:5683") and names a peer for each network. rng draws the run. */
MUST_CHECK int coap_carrier_open(struct loop *l, const char *listen,
                                 const struct coap_network *nets, unsigned n_nets,
                                 struct rng *rng, struct coap_carrier **ret, struct errmsg *why);
/* The port to give to channel_new; valid until coap_carrier_close. */
const struct carrier *coap_carrier_port(const struct coap_carrier *cc);
/* Where what comes in goes; before the first turn of the loop. NULL: requests are answered 5.03. */
void coap_carrier_attach(struct coap_carrier *cc, struct channel *ch);
uint16_t coap_carrier_udp_port(const struct coap_carrier *cc);
/* The channel is freed before. */
void coap_carrier_close(struct coap_carrier *cc);

struct coap_carrier_counters {
    uint64_t mt_sent, mt_accepted, mo_received, mo_repeated, dlr_received;
    uint64_t streams_opened, streams_cut, bytes_in, bytes_out, refused;
    uint64_t datagrams_in, datagrams_out;
};
void coap_carrier_get_counters(const struct coap_carrier *cc, struct coap_carrier_counters *ret);
