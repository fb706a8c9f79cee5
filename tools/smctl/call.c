/* SPDX-License-Identifier: Apache-2.0 */
/* Answer and verdict to one outcome (design 3.4; SGP.02 5.1). */
#include "tools/smctl/client.h"

#include "common/msg/catalogue.h"

static const char *const NAMES[CALL_OUTCOME_COUNT] = {
    [CALL_OK] = "ok",
    [CALL_WARNING] = "warning",
    [CALL_REFUSED] = "refused",
    [CALL_FAILED] = "failed",
    [CALL_ROLLED_BACK] = "rolled-back",
    [CALL_CANCELLED] = "cancelled",
    [CALL_EXPIRED] = "expired",
    [CALL_IN_DOUBT] = "in-doubt",
    [CALL_ERROR] = "error",
    [CALL_UNANSWERED] = "unanswered",
};

const char *call_outcome_text(enum call_outcome o)
{
    return (unsigned)o < CALL_OUTCOME_COUNT ? NAMES[o] : "?";
}

/* An EXPIRED answer says nothing about the card; the verdict beside it does once it is known. */
static enum call_outcome expired(enum verdict v, const struct gsma_code *code)
{
    switch (v) {
    case VERDICT_SUCCESS:
        return CALL_OK;
    case VERDICT_FAILED:
        return CALL_FAILED;
    case VERDICT_ROLLED_BACK:
        return CALL_ROLLED_BACK;
    case VERDICT_CANCELLED:
        return CALL_CANCELLED;
    case VERDICT_EXPIRED:
        return CALL_EXPIRED;
    case VERDICT_IN_DOUBT:
        return CALL_IN_DOUBT;
    default:
        return status_is(code, ST_EXPIRED_UNSENT) ? CALL_EXPIRED : CALL_IN_DOUBT;
    }
}

enum call_outcome call_classify(const struct envelope *e, const struct base_response *base,
                                bool accepted)
{
    switch (base->answer.status) {
    case EXEC_SUCCESS:
        return CALL_OK;
    case EXEC_WARNING:
        return CALL_WARNING;
    case EXEC_EXPIRED:
        return expired(e->verdict, &base->answer.code);
    case EXEC_FAILED:
        if (e->verdict == VERDICT_ROLLED_BACK)
            return CALL_ROLLED_BACK;
        if (e->verdict == VERDICT_CANCELLED)
            return CALL_CANCELLED;
        return accepted ? CALL_FAILED : CALL_REFUSED;
    default:
        return CALL_ERROR;
    }
}
