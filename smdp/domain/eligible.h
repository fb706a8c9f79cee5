/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a package fits a card, by what the SM-SR tells of the card (SGP.02 3.1.1 step 3; facts:
 * sgp02 2.2, 3.1): asked before anything is created there. Pure. */
#pragma once

#include "common/msg/eis.h"
#include "smdp/domain/env.h"
#include "common/msg/catalogue.h"

/* What a package asks of a card. */
struct dp_need {
    uint32_t memory;   /* octets */
    uint32_t services; /* bits of eUICC-Mandatory-services (common/codec/saip.h) */
    unsigned unknown;  /* mandatory services that have no name here */
};
/* ST_OK, or the refusal and its sentence. What the EIS does not tell refuses nothing: a card
 * without free memory in it is left to its SM-SR, a platform that is not configured to the card. */
enum status_code dp_eligible(const struct dp_env *env, const struct eis *eis,
                           const struct dp_need *need, struct errmsg *why);
