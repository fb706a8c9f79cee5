/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that sleep (TS 23.682 4.5.4 and 4.5.13: PSM, eDRX): nobody reaches them between two wakes; what they
 * send themselves leaves at once and keeps them awake for a while, as does what reaches them. */
#pragma once

#include "common/base/bytes.h"

#include <stdint.h>

/* How a fleet lives. period_ms 0: it is always there. Times at time scale 1. */
struct fleet_kind {
    const char *name, *doc;
    int64_t period_ms;
    int64_t window_ms;            /* awake behind a wake and behind whatever it sent or got */
};
extern const struct fleet_kind FLEET_KINDS[];
extern const unsigned FLEET_KIND_COUNT;
const struct fleet_kind *fleet_kind_of(struct span name);     /* NULL: there is none */
