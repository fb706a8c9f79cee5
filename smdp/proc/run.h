/* SPDX-License-Identifier: Apache-2.0 */
/* What the procedures share: the order as it would be after the plan, the call it then waits for,
 * and the ends. */
#pragma once

#include "smdp/proc/procs.h"

struct run {
    const struct dp_proc_env *pe;
    const struct order *o;
    const struct input *in;
    struct plan *p;
    int64_t now;
    struct order next; /* changed by the decider, written by run_advance and its kin */
    bool more_to_do;   /* LOAD: another payload follows */
    const struct eis *eis; /* AuditEIS: what the SM-SR showed; NULL: nothing */
};
void run_init(struct run *r, const struct proc_view *v, const struct input *in, struct plan *p);

/* Wakes at due, or at the end of the validity period while the caller has no answer. */
int64_t run_due(const struct run *r, int64_t due);
struct span run_str(struct run *r, const char *s); /* a copy that lives as long as the plan */

/* order.advanced from next: state, attempt, facts; no call is outstanding after it. */
struct event *run_advance(struct run *r, int64_t due);
/* order.advanced and the ES3 call of next.state under the next step. */
struct event *run_call(struct run *r, struct span payload);
/* The call of a record of another type (profile.installed). */
void run_call_with(struct run *r, struct event *ev, struct span payload);
/* The same call once more: after a restart (from the aggregate), or now (the core has its bytes).
 */
void run_call_again(struct run *r);
int run_repeat(struct run *r);
void run_job(struct run *r, const struct dp_out_job *job);
/* Kept in the transaction of that record; drop first when there may be one of the kind. */
void run_put_secret(struct run *r, struct event *ev, enum dp_secret kind,
                    const struct dp_job_result *res);
void run_drop_secret(struct run *r, struct event *ev, enum dp_secret kind);

/* The answer of the SM-SR to the call that is out; ERR_STATE: something else came. */
MUST_CHECK int run_peer(struct run *r, enum msg_type type, struct exec_answer *ret,
                        const void **ret_body);
bool run_is_busy(const struct exec_answer *x);
/* OperationConcluded of the SM-SR: the late verdict of the call that is out. ERR_STATE: something
 * else, of another call, or no end. */
MUST_CHECK int run_told(struct run *r, enum verdict *ret_verdict, struct exec_answer *ret);

/* order.concluded, the answer (or the late verdict) to the caller. Strings of x are copied. */
void dp_run_conclude(struct run *r, enum verdict v, const struct exec_answer *x, enum stage stage);
/* The same at the end of the validity period with the outcome open: order.in-doubt in that state.
 */
void dp_run_in_doubt(struct run *r, unsigned state, const struct exec_answer *x);
/* profile.released: with proof that the card does not hold it. */
void run_release(struct run *r);
/* profile.enabled, .disabled, .deleted for the stock, when the profile is of it. */
void run_tell_stock(struct run *r, enum function f);

/* calls.c: the ES3 request of next.state. */
struct message run_message(struct run *r, const struct order *o, struct span payload);
