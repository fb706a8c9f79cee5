/* SPDX-License-Identifier: Apache-2.0 */
/* ES1, EUM -> SM-SR (SGP.02 5.2). */
#pragma once

#include "common/msg/base.h"

struct es1_register_eis_request { /* ES1-RegisterEIS, synchronous */
    struct base_request base;
    struct span eis; /* SignedEis as received: wire_signed_eis_decode; kept unchanged */
};
struct es1_register_eis_response {
    struct base_response base;
};
