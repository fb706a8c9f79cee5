/* SPDX-License-Identifier: Apache-2.0 */
/* ES1, EUM -> SM-SR (SGP.02 5.2). */
#pragma once

#include "common/msg/base.h"
#include "common/msg/eis.h"

struct es1_register_eis_request { /* ES1-RegisterEIS, synchronous */
    struct base_request base;
    struct span eis; /* SignedEis as received: wire_signed_eis_decode; kept unchanged */
    /* ours: what it came with */
    struct span order_reference;
    uint8_t batch[32]; /* SHA-256 of the file */
    bool has_batch;
};
struct es1_register_eis_response {
    struct base_response base;
};

struct es1_update_eis_additional_properties_request { /* ES1-UpdateEISAdditionalProperties, synchronous */
    struct base_request base;
    struct eid eid;
    struct eis_properties properties;
};
struct es1_update_eis_additional_properties_response {
    struct base_response base;
};
