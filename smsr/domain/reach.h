/* SPDX-License-Identifier: Apache-2.0 */
/* When a card can be reached, learned from when it was heard (PSM, eDRX: TS 23.682 4.5.4, 4.5.13). It times what
 * is sent again and how long an SMSC keeps it, never what a decision rests on: a guess that is wrong costs time.
 * What is guessed stands in a record, so that the guessing may change and the log may not. */
#pragma once

#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"

/* It was heard: does that tell when it wakes? true: *ret is what is known now, for a record euicc.seen. A card that
 * was silent for TIMER_ASLEEP while a packet waited for it, or calls unasked behind so long a silence, has
 * just woken; one that answers at once when it should sleep does not sleep. */
bool reach_learns(const struct env *env, const struct euicc *e, int64_t now, struct reach *ret);
/* Two wakes fitted the time between those before. */
bool reach_sleeps(const struct euicc *e);
/* When it is expected to wake; 0: nobody knows, or it may be awake now. */
int64_t reach_next(const struct env *env, const struct euicc *e, int64_t now);
