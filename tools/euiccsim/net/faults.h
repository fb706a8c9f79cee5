/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong in the air, after the network accepted a unit: one draw from the world's
 * generator for each question, so a seed repeats. Rates are parts of a million. */
#pragma once

#include "common/base/err.h"
#include "common/base/bytes.h"
#include "common/base/rng.h"

#define RATE_ONE 1000000u

struct simnet_faults {
    uint32_t loss_mt, loss_mo;
    uint32_t por_loss;            /* on top of loss_mo, for response packets */
    uint32_t duplicate;           /* SMS of either direction */
    uint32_t reorder;             /* SMS held back for up to reorder_ms, others overtake */
    int64_t reorder_ms;           /* at time scale 1 */
    uint32_t late;                /* MT SMS that arrives after its validity period */
    uint32_t corrupt;             /* SMS with one flipped bit behind its header */
    uint32_t stream_cut;          /* for each piece of a stream; a stream is never altered */
    uint32_t datagram_loss, datagram_duplicate, datagram_reorder;
    uint32_t udp_cut;             /* for each datagram to a card: its channel is gone */
    uint32_t power_loss;          /* for each thing a device gives its card: power is gone before */
                                  /* (nothing happened), inside its script, or behind it (no */
                                  /* answer leaves) */
};

/* True with the rate; always takes one number. */
bool fault_hits(struct rng *rng, uint32_t rate);
/* "5%", "0.5%", "0.05" (a fraction): ERR_CONFIG with a sentence that shows the text. */
MUST_CHECK int rate_parse(struct span text, uint32_t *ret, struct errmsg *why);
/* All rates of the SMS, stream and datagram faults from one figure P, as --loss asks for: loss of any kind
 * P, duplication and reordering P, corruption, lateness and cuts P/10. */
void faults_from_loss(uint32_t loss, struct simnet_faults *ret);
/* "sms-loss=5%,stream-cut=0.01": those that are named, the others stay. ERR_CONFIG with a sentence that lists the
 * names; *io is then as it was. */
MUST_CHECK int faults_parse(struct span text, struct simnet_faults *io, struct errmsg *why);
const char *fault_name(unsigned i);      /* of such a list; NULL: there are no more */
/* One bit of a TP-UD behind its header is flipped; a TP-UD that is all header stays. */
void fault_flip(struct rng *rng, uint8_t *tp_ud, size_t n);
