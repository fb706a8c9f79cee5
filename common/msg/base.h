/* SPDX-License-Identifier: Apache-2.0 */
/* What every request and every response carries (SGP.02 5.1: BaseRequest, BaseResponse). Every
 * request struct starts with base_request and every response struct with base_response; a
 * notification has neither. A zero or empty field is absent. */
#pragma once

#include "common/msg/status.h"

struct base_request {
    struct span function_call_identifier; /* the same on a repeat of the call; at most 255 octets */
    uint32_t validity_period_s;           /* runs from reception by the provider */
    bool has_validity_period;
    /* Ours, of calls that reach a card: with one of them ValidityPeriod runs from the moment the card is
     * there, and until then the wake deadline, from reception. */
    uint32_t wake_deadline_s;             /* 0: the SM-SR's own */
    bool at_next_contact;                 /* nothing is sent before the card is heard */
};

struct base_response {
    int64_t processing_start_ms; /* start of real processing, not of reception */
    int64_t processing_end_ms;
    uint32_t acceptable_validity_period_s; /* counter-offer when the one asked for is refused */
    struct exec_answer answer;
};
