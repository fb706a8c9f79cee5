/* SPDX-License-Identifier: Apache-2.0 */
/* The procedures of the SM-SR: one state table each, one entry for all inputs of an EID's mailbox.
 */
#pragma once

#include "smsr/proc/proc_env.h"

extern const struct proc PROC_ENABLE, PROC_DISABLE, PROC_DELETE, PROC_SET_FALLBACK, PROC_CREATE_ISDP,
    PROC_SEND_DATA, PROC_AUDIT, PROC_NOTIFICATION, PROC_ROTATE_KEYS;
const struct proc *proc_of(enum function f);   /* NULL: the function has no card procedure */

/* Decides one input of an EID's mailbox. e NULL: the EID is not registered. ERR_STATE: nobody takes
 * it. */
MUST_CHECK int proc_euicc_decide(const struct proc_env *pe, struct euicc *e, const struct input *in,
                                 struct plan *p);
/* How long an operation that has not begun waits for its network; 0: it begins now. */
int64_t proc_wait(const struct proc_env *pe, const struct euicc *e, const struct operation *op);
/* The card is woken then, or when the validity of the operation ends. */
void proc_wait_until(struct plan *p, int64_t wait_ms, const struct operation *op);
/* Name of an operation's state: "ARMED". */
const char *proc_state_name(enum function f, unsigned state);

/* Admission of a call: checks, operation.accepted and ACCEPTED, or operation.concluded{admission}
 * and the refusing RESPONSE; synchronous functions end here. */
MUST_CHECK int proc_admit(const struct proc_env *pe, struct euicc *e, const struct input *in,
                          struct plan *p);

/* The RESPONSE message of a function on an interface, body in the arena. type MSG_NONE: there is
 * none. */
struct message proc_answer(struct arena *a, enum interface iface, enum function f,
                           const struct exec_answer *answer, struct span euicc_response_data,
                           const struct aid *isdp_aid, int64_t start_ms, int64_t end_ms,
                           uint32_t acceptable_validity_s);
