/* SPDX-License-Identifier: Apache-2.0 */
/* Two tables: the moves, and the refusals. */
#include "smsr/domain/card_state.h"

static const struct {
    enum card_state from, to;
    enum card_move by;
} MOVES[] = {
    {CARD_REGISTERED, CARD_SEEN, MOVE_CONTACT},
    {CARD_REGISTERED, CARD_QUARANTINED, MOVE_COMMAND},
    {CARD_REGISTERED, CARD_LOST, MOVE_COMMAND},
    {CARD_REGISTERED, CARD_RETIRED, MOVE_COMMAND},
    {CARD_REGISTERED, CARD_TRANSFERRED, MOVE_PROCEDURE},
    {CARD_SEEN, CARD_QUARANTINED, MOVE_COMMAND},
    {CARD_SEEN, CARD_LOST, MOVE_COMMAND},
    {CARD_SEEN, CARD_RETIRED, MOVE_COMMAND},
    {CARD_SEEN, CARD_TRANSFERRED, MOVE_PROCEDURE},
    /* Back to where it was: SEEN, or REGISTERED when it was never heard. */
    {CARD_QUARANTINED, CARD_REGISTERED, MOVE_COMMAND},
    {CARD_QUARANTINED, CARD_SEEN, MOVE_COMMAND},
    {CARD_QUARANTINED, CARD_LOST, MOVE_COMMAND},
    {CARD_QUARANTINED, CARD_RETIRED, MOVE_COMMAND},
    {CARD_LOST, CARD_REGISTERED, MOVE_COMMAND},
    {CARD_LOST, CARD_SEEN, MOVE_COMMAND},
    {CARD_LOST, CARD_QUARANTINED, MOVE_COMMAND},
    {CARD_LOST, CARD_RETIRED, MOVE_COMMAND},
};

/* What changes the card. */
#define GIVES                                                                                      \
    (FN_BIT(FN_CREATE_ISDP) | FN_BIT(FN_SEND_DATA) | FN_BIT(FN_ENABLE_PROFILE) |                   \
     FN_BIT(FN_SET_FALLBACK_ATTRIBUTE) | FN_BIT(FN_SET_EMERGENCY_ATTRIBUTE) |                      \
     FN_BIT(FN_UPDATE_CONNECTIVITY) | FN_BIT(FN_ROTATE_KEYS))
#define TAKES (FN_BIT(FN_DISABLE_PROFILE) | FN_BIT(FN_DELETE_PROFILE) | FN_BIT(FN_MASTER_DELETE))
#define BOOKS                                                                                      \
    (FN_BIT(FN_UPDATE_SUBSCRIPTION_ADDRESS) | FN_BIT(FN_UPDATE_POLICY_RULES) |                     \
     FN_BIT(FN_UPDATE_EIS_PROPERTIES))
/* ProfileDownloadCompleted only says what is true of the card already: no state refuses it but the last. */
static const struct {
    uint64_t functions;
    enum status_code with;
} REFUSALS[CARD_STATE_COUNT] = {
    [CARD_QUARANTINED] = {GIVES | TAKES, ST_CARD_QUARANTINED},
    [CARD_LOST] = {GIVES, ST_CARD_LOST},
    [CARD_RETIRED] = {GIVES | TAKES | BOOKS | FN_BIT(FN_AUDIT_EIS), ST_CARD_RETIRED},
    /* Another SM-SR knows it: here it is as unknown as one that never was here. */
    [CARD_TRANSFERRED] = {UINT64_MAX, ST_EID_UNKNOWN},
};

enum card_move card_state_move(enum card_state from, enum card_state to)
{
    for (size_t i = 0; i < sizeof MOVES / sizeof *MOVES; i++)
        if (MOVES[i].from == from && MOVES[i].to == to)
            return MOVES[i].by;
    return MOVE_NONE;
}

enum status_code card_state_refuses(enum card_state s, enum function f)
{
    if ((unsigned)s >= CARD_STATE_COUNT || (unsigned)f >= FN_COUNT || !(REFUSALS[s].functions & FN_BIT(f)))
        return ST_OK;
    return REFUSALS[s].with;
}
