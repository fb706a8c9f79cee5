/* SPDX-License-Identifier: Apache-2.0 */
/* How often a card may be changed (facts: trust A14): limits.effects_per_hour and
 * rollbacks_per_day.
 *
 * What counts, here and nowhere else: an operation that arms an effect counts once, at the moment
 * it is armed, however often its bytes are sent, whatever it repeats behind a fence or deletes by
 * policy behind a switch. These do: Enable, Disable and DeleteProfile, DeleteISDP, CreateISDP.
 * SendData does not: it fills the ISD-P whose creation counted, in as many calls as the profile is
 * large. Reads and confirmations change nothing.
 *
 * So a download with its enabling is two. The longest order - an orphan cleared, two attempts
 * created and cleared, a third installed, an enabling that rolled back and one that did not - is
 * eight: below the default of ten, which only a loop reaches. Refused calls count nothing and may
 * be made again when the hour is over. */
#pragma once

#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"
#include "common/msg/catalogue.h"

bool limit_counts(enum function f);
/* One more effect may be armed now: ST_OK or ST_RATE. */
enum status_code limit_effects(const struct env *env, const struct euicc *e, int64_t now);
/* One more switch may: ST_OK, or ST_BREAKER for a card that rolled back repeatedly within a day. */
enum status_code limit_rollbacks(const struct env *env, const struct euicc *e, int64_t now);
