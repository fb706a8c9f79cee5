/* SPDX-License-Identifier: Apache-2.0 */
/* The carrier over SMPP 3.4: short messages to and from real SMSCs, a bind each, dialled again and
 * again (facts: ota 7.1). What belongs to other networks, and all streams, go to another carrier. */
#pragma once

#include "common/base/rng.h"
#include "common/bearer/smpp_esme.h"
#include "common/net/loop.h"
#include "smsr/channel/carrier.h"

struct smpp_network {
    const char *id;                /* networks[].id of the configuration, at most 31 characters */
    const char *address;           /* host:port of the SMSC */
    struct smpp_bind bind;
    unsigned window;               /* 0: the default */
    bool receipts;                 /* asked for, as hints */
};
struct smpp_carrier;
/* Dials with the first turns of the loop. others: lives longer. rng spreads the redialling. */
MUST_CHECK int smpp_carrier_open(struct loop *l, const struct smpp_network *nets, unsigned n,
                                 const struct carrier *others, struct rng *rng,
                                 struct smpp_carrier **ret, struct errmsg *why);
/* The port to give to channel_new; valid until smpp_carrier_close. */
const struct carrier *smpp_carrier_port(const struct smpp_carrier *sc);
/* Where what comes in goes. NULL: messages are left with the SMSC, also those of this very turn: they
 * are acknowledged at its end, when it is durable. */
void smpp_carrier_attach(struct smpp_carrier *sc, struct channel *ch);
/* Somebody looks on: each PDU that is written or came, and with which of the SMSCs, in the order they
 * were given. NULL: nobody, from now on. */
typedef void (*smpp_seen)(void *ctx, unsigned smsc, bool out, struct span pdu);
void smpp_carrier_set_seen(struct smpp_carrier *sc, smpp_seen seen, void *ctx);
/* The channel is freed before. */
void smpp_carrier_close(struct smpp_carrier *sc);

struct smpp_carrier_counters {
    uint64_t binds, ends, mt_sent, mt_accepted, mt_throttled, mo_received, mo_left, receipts,
        receipts_wrong, not_ota;
};
void smpp_carrier_get_counters(const struct smpp_carrier *sc, struct smpp_carrier_counters *ret);
