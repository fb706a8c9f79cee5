/* SPDX-License-Identifier: Apache-2.0 */
/* The network's end of the SM-SR's CoAP carrier (design 6): short messages, reports and TCP streams
 * between a simnet and one SM-SR. The rules of both ends stand in smsr/channel/README.md. */
#pragma once

#include "common/net/coap.h"
#include "tools/euiccsim/net/simnet.h"

struct coap_link_config {
    const char *listen;           /* "127.0.0.1:5783" */
    const char *smsr;             /* host:port of the SM-SR's CoAP endpoint */
    const char *network;          /* the id under which the SM-SR knows this network */
    struct rng *rng;              /* draws the run number */
    const struct clock *clock;
};
struct coap_link;
MUST_CHECK int coap_link_open(struct loop *l, const struct coap_link_config *cfg,
                              struct coap_link **ret, struct errmsg *why);
/* For simnet_new; valid until coap_link_close. */
struct simnet_port coap_link_port(struct coap_link *c);
/* Where requests go; without one they are answered 5.03. */
void coap_link_attach(struct coap_link *c, struct simnet *net);
uint16_t coap_link_udp_port(const struct coap_link *c);
/* The network lives longer than the link: close the link first. */
void coap_link_close(struct coap_link *c);

struct coap_link_counters {
    uint64_t mt_taken, mt_repeated, mt_refused, mo_sent, mo_taken, mo_again, reports, streams_open,
        streams_cut, octets_up, octets_down, datagrams_up, datagrams_down, malformed, unsent;
};
void coap_link_get_counters(const struct coap_link *c, struct coap_link_counters *ret);
/* ERR_OK, or the first failure of the network inside a request: the process must stop. */
int coap_link_error(const struct coap_link *c);
/* Answers "sim/status": at most COAP_UNIT_MAX octets of text into dst, their number returned. */
typedef size_t (*coap_link_status_fn)(void *ctx, char *dst, size_t cap);
void coap_link_on_status(struct coap_link *c, coap_link_status_fn fn, void *ctx);
