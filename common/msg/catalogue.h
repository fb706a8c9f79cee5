/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue: every subject and reason that the SM-SR and the SM-DP answer of their own accord (SGP.02 5.1; facts:
 * sgp02 section 2). The answers of both, the texts of smctl and deploy/man/status.md come from this one table; no
 * code is written down anywhere else (test/lint/codes.py). What an SM-SR answered to an SM-DP is passed on as it
 * came. */
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
    ST_CARD_QUARANTINED,
    ST_CARD_LOST,
    ST_CARD_RETIRED,
    ST_CARD_MOVE,
    ST_BATCH_SUM,
    DP_ST_EID_UNKNOWN, /* from here on: the SM-DP */
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
    ST_CODE_COUNT
};
#define ST_SMSR_END DP_ST_EID_UNKNOWN
enum status_by { BY_SMSR, BY_SMDP };
static inline enum status_by status_by(enum status_code st)
{
    return st < ST_SMSR_END ? BY_SMSR : BY_SMDP;
}

struct status_row {
    struct gsma_code code;
    const char *meaning;       /* goes into Message: names no identifier of anybody */
    const char *cause;
    const char *next;          /* what to type or do next */
};
extern const struct status_row STATUS[ST_CODE_COUNT];
/* The first row of a subject and reason; ST_OK when that daemon never answers it. */
enum status_code status_find(enum status_by by, const struct gsma_code *code);
/* The code of that row, whoever answered it. */
bool status_is(const struct gsma_code *code, enum status_code st);
/* The validity period ended (1.6-5.3, 1.6-5.4): EXPIRED, else FAILED. */
bool status_expired(enum status_code st);
struct exec_answer status_answer(enum status_code st);
/* With a sentence of its own instead of the row's, which must live as long as the answer; NULL: the row's. */
struct exec_answer status_answer_saying(enum status_code st, const char *sentence);
