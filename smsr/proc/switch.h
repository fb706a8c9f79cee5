/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the profile switch: states and the parts of its deciders. */
#pragma once

#include "smsr/proc/run.h"

enum switch_state { SW_QUEUED, SW_ARMED, SW_WAIT_NOTIFICATION, SW_CONFIRMING, SW_FENCING,
                    SW_WAIT_ROLLBACK, SW_DELETING, SW_WAIT_LINK, SW_FENCE_STEP, SW_STATE_COUNT };

/* The profile that is enabled when the switch succeeds, and the one it leaves. */
const struct euicc_profile *switch_goal(const struct run *r);
const struct euicc_profile *switch_from(const struct run *r);
/* Requester, policy, state, address and route of a switch in this view. */
enum status_code switch_check(const struct env *env, const struct caller *c, const struct euicc *e,
                              const struct euicc_profile *t, enum policy_op op, int64_t now);
enum policy_op switch_op(const struct run *r);
extern const struct run_effect SWITCH_EFFECT;
int switch_start(struct run *r);
int switch_arm(struct run *r);
int switch_confirmed(struct run *r, const struct euicc_packet *pk, bool fenced);
int switch_notification(struct run *r);
/* The fence of the command: by the channel it went by. */
int switch_fence(struct run *r);
int switch_fenced(struct run *r);
/* The question in the new session is answered: the one before is over. */
int switch_fenced_in_session(struct run *r);
/* By the answer to the confirmation, or by an audit after the roll-back window (then confirm_answer
 * is empty). */
int switch_succeeded(struct run *r, struct span confirm_answer, const struct es5_status *audit);
int switch_rolled_back(struct run *r);
int switch_deleting(const struct proc_view *v, const struct input *in, struct plan *p);
