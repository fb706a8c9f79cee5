/* SPDX-License-Identifier: Apache-2.0 */
/* How long a unit is on its way. Two models: `fast` (a few milliseconds) and `lab2016`, lognormal
 * around the medians of the only public SGP.02 timings (one card, one laboratory, 2016). */
#pragma once

#include "common/base/bytes.h"
#include "common/base/rng.h"

enum latency_model { LATENCY_FAST, LATENCY_LAB2016, LATENCY_MODELS };
enum latency_kind {
    LAT_SMS_MT,       /* SMSC to card */
    LAT_SMS_MO,       /* card to SM-SR */
    LAT_STREAM_OPEN,  /* TCP connection through the packet network */
    LAT_STREAM_UP,    /* octets from the card */
    LAT_STREAM_DOWN,  /* octets to the card */
    LAT_ATTACH,       /* reset or power on to the end of the attach */
    LAT_KINDS
};

bool latency_parse(struct span name, enum latency_model *ret);     /* "fast", "lab2016" */
/* Milliseconds at time scale 1 for a unit of so many octets. The same state of rng gives the
 * same. */
int64_t latency_draw(enum latency_model m, enum latency_kind k, size_t octets, struct rng *rng);
/* What a unit needs that follows directly behind another: its octets alone. */
int64_t latency_behind(enum latency_model m, enum latency_kind k, size_t octets);
