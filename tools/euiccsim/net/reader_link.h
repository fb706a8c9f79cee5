/* SPDX-License-Identifier: Apache-2.0 */
/* One card of the fleet in a PC/SC reader: the card's end of vpcd (vsmartcard), dialled again by
 * itself for as long as the fleet runs. The card goes on living in its device: what a terminal
 * reads here is the card as the network changes it, and it cannot change anything itself. Trouble
 * with the reader troubles nothing else. */
#pragma once

#include "common/net/loop.h"
#include "tools/euiccsim/net/simnet.h"

struct reader_link;
/* vpcd: host:port where it waits. ERR_CONFIG: it is none; ERR_NOMEM. */
MUST_CHECK int reader_link_open(struct loop *l, const char *vpcd, const struct clock *clock,
                                struct reader_link **ret, struct errmsg *why);
/* Puts the card in and dials. ERR_NOT_FOUND: the fleet has no card with that EID. */
MUST_CHECK int reader_link_attach(struct reader_link *r, struct simnet *net, const struct eid *eid);
void reader_link_close(struct reader_link *r);
