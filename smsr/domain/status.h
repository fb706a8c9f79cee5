/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of every code this SM-SR answers (facts: sgp02 section 2). The answer of a
 * function, the text of the CLI and the manual come from this one table. */
#pragma once

#include "common/msg/status.h"

enum status_code {
    ST_OK = 0,
    ST_EID_UNKNOWN,
    ST_EID_EXISTS,
    ST_EID_CHECK,
    ST_EIS_NOT_ALLOWED,
    ST_EIS_FORMAT,
    ST_EIS_KEY,
    ST_EUM_CERTIFICATE,
    ST_EUM_EXPIRED,
    ST_EIS_SIGNATURE,
    ST_ECASD_CERTIFICATE,
    ST_ECASD_EXPIRED,
    ST_AUDIT_DENIED,
    ST_SMSR_OTHER,
    ST_REALM_NONE,
    ST_ICCID_UNKNOWN,
    ST_ICCID_IN_USE,
    ST_ICCID_ELSEWHERE,
    ST_ICCID_NOT_ALLOWED,
    ST_ICCID_FOREIGN,
    ST_PROFILE_STATE,
    ST_ALREADY_ENABLED,
    ST_ALREADY_DISABLED,
    ST_STILL_ENABLED,
    ST_NOT_INSTALLED,
    ST_ALREADY_INSTALLED,
    ST_PROFILE_FALLBACK,
    ST_ALREADY_FALLBACK,
    ST_DISABLE_FALLBACK,
    ST_ATTRIBUTES_EXCLUDE,
    ST_ATTRIBUTE_HELD,
    ST_PROFILE_LOCAL,
    ST_POL1,
    ST_POL2,
    ST_POL2_INVALID,
    ST_ADDRESS_MISSING,
    ST_ROUTE_MISSING,
    ST_ROUTE_NO_SMS,
    ST_ADDRESS_NOT_ALLOWED,
    ST_ADDRESS_TAKEN,
    ST_IMSI_FOREIGN,
    ST_MEMORY,
    ST_ORPHAN,
    ST_SD_AID_UNKNOWN,
    ST_SD_EXECUTION,
    ST_ISDR_EXECUTION,
    ST_ROLLED_BACK,
    ST_ROLLED_BACK_UNHEARD,
    ST_ROLLED_BACK_NUMBER,
    ST_ROLLED_BACK_UNCONFIRMED,
    ST_ROLLED_BACK_LATE,
    ST_FALLEN_BACK,
    ST_NO_EFFECT,
    ST_SWITCHED_UNHEARD,
    ST_OLD_NOT_DELETED,
    ST_KEYS_FULL,
    ST_KEYS_KEPT,
    ST_NO_BEARER,
    ST_CARD_QUARANTINED,
    ST_CARD_LOST,
    ST_CARD_RETIRED,
    ST_CARD_MOVE,
    ST_BATCH_SUM,
    ST_BUSY,
    ST_IN_CREATION,
    ST_RATE,
    ST_BREAKER,
    ST_FUNCTION_DENIED,
    ST_UNSUPPORTED,
    ST_CALL_REUSED,
    ST_FORMAT,
    ST_VALIDITY_TOO_LONG,
    ST_VALIDITY_ZERO,
    ST_CANCELLED,
    ST_EXPIRED_UNSENT,
    ST_EXPIRED_SENT,
    ST_READ_UNANSWERED,
    ST_STORAGE,
    ST_CODE_COUNT
};
struct status_row {
    struct gsma_code code;
    const char *meaning;       /* goes into Message: names no identifier of anybody */
    const char *cause;
    const char *next;          /* what to type or do next */
};
extern const struct status_row STATUS[ST_CODE_COUNT];
/* The row of a subject and reason, NULL when this house never answers it. */
const struct status_row *status_find(const struct gsma_code *code);
struct exec_answer
status_answer(enum status_code code); /* FAILED (EXPIRED for those) with its code */
