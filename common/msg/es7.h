/* SPDX-License-Identifier: Apache-2.0 */
/* ES7, SM-SR <-> SM-SR (SGP.02 5.6): a card changes hands. All asynchronous. */
#pragma once

#include "common/msg/base.h"

struct es7_handover_euicc_request { /* ES7-HandoverEUICC, SM-SR1 -> SM-SR2: the whole EIS, without its own key sets */
    struct base_request base;
    struct eid eid;
    struct span eis;
};
struct es7_handover_euicc_response {
    struct base_response base;
};

struct es7_authenticate_smsr_request { /* ES7-AuthenticateSMSR, SM-SR2 -> SM-SR1 */
    struct base_request base;
    struct eid eid;
    struct span smsr_certificate;
};
struct es7_authenticate_smsr_response {
    struct base_response base;
    struct span random_challenge;
};

struct es7_create_additional_key_set_request { /* ES7-CreateAdditionalKeySet, SM-SR2 -> SM-SR1 */
    struct base_request base;
    struct eid eid;
    uint8_t key_version_number;
    int64_t initial_sequence_counter;
    struct span ecc_key_length;
    uint8_t scenario_parameter;
    struct span host_id;
    struct span ephemeral_public_key;
    struct span signature;
};
struct es7_create_additional_key_set_response {
    struct base_response base;
    struct span derivation_random;
    struct span receipt;
};
