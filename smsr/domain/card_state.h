/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a card at this SM-SR, beside the states of its profiles: which moves there are, and
 * which functions each state refuses. Ours; SGP.02 knows no such states. */
#pragma once

#include "common/msg/catalogue.h"

/* Who makes a move. */
enum card_move {
    MOVE_NONE = 0,
    MOVE_CONTACT,   /* the card was heard */
    MOVE_COMMAND,   /* a person told: smctl eis state */
    MOVE_PROCEDURE, /* an SM-SR change (SGP.02 3.8) */
};
/* MOVE_NONE: there is no such move. */
enum card_move card_state_move(enum card_state from, enum card_state to);
/* ST_OK, or why no call of f is admitted. What was admitted before the move goes on to its verdict,
 * and what a card tells is confirmed in every state: nothing of the card is decided by its life. */
enum status_code card_state_refuses(enum card_state s, enum function f);
