/* SPDX-License-Identifier: Apache-2.0 */
/* Every answer this SM-DP gives of its own accord (SGP.02 5.3; facts: sgp02 section 2). What an
 * SM-SR answered is passed on as it came. */
#pragma once

#include "common/msg/status.h"

enum dp_status {
    DP_ST_OK = 0,
    DP_ST_EID_UNKNOWN,
    DP_ST_SMSR_UNKNOWN,
    DP_ST_SMSR_INACCESSIBLE,
    DP_ST_ICCID_UNKNOWN,
    DP_ST_ICCID_FOREIGN,
    DP_ST_ICCID_IN_USE,
    DP_ST_TYPE_UNKNOWN,
    DP_ST_TYPE_EMPTY,
    DP_ST_TYPE_EXISTS,
    DP_ST_TYPE_REFUSED,
    DP_ST_SUBSCRIPTION_REFUSED,
    DP_ST_SUBSCRIPTION_WARNED,
    DP_ST_NO_PROFILE_NAMED,
    DP_ST_TYPE_MISMATCH,
    DP_ST_ECASD_INVALID,
    DP_ST_ECASD_EXPIRED,
    DP_ST_ECASD_CURVE,
    DP_ST_MEMORY,
    DP_ST_VALIDITY,
    DP_ST_EXPIRED,
    DP_ST_IN_DOUBT,
    DP_ST_BUSY,
    DP_ST_ORDERS_FULL,
    DP_ST_DISK_FULL,
    DP_ST_CALL_REUSED,
    DP_ST_NOT_ALLOWED,
    DP_ST_REQUEST_INVALID,
    DP_ST_CARD,
    DP_ST_ROLLED_BACK,
    DP_ST_ICCID_STANDS,
    DP_ST_SECRET,
    DP_ST_ICCID_DELETED,
    DP_ST_POL2_INVALID,
    DP_ST_FEATURE,
    DP_ST_EID_DENIED,
    DP_ST_REPLACED_UNKNOWN,
    DP_ST_REPLACED_SEVERAL,
    DP_ST_REPLACED_STANDS,
    DP_ST_REPLACED,
    DP_ST_REPLACING,
    DP_ST_SAME_CARD,
    DP_ST_LOSS_ONE,
    DP_ST_LOSS_NONE,
    DP_ST_LOSS_SAME_PERSON,
    DP_ST_COUNT
};
struct dp_status_row {
    struct gsma_code code;
    const char *message;      /* for the caller */
    const char *cause, *next; /* for the operator of this SM-DP and its runbook */
};
const struct dp_status_row *dp_status_row(enum dp_status id);
/* DP_ST_OK: success; DP_ST_EXPIRED and DP_ST_IN_DOUBT: EXPIRED; else FAILED. message replaces the
 * row's sentence unless NULL and must live as long as the answer. */
struct exec_answer dp_status_answer(enum dp_status id, const char *message);
bool dp_code_is(const struct gsma_code *c, const char *subject, const char *reason);
/* Copies a sentence, cut to fit. */
void dp_text_put(char *dst, size_t cap, const char *s);
