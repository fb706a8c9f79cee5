/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the download procedure: its deciders by state, and what they share. */
#pragma once

#include "smdp/proc/run.h"

#define NO_PAYLOAD ((struct span){NULL, 0})
#define DOWNLOAD_NOT_ENABLED "installed; the validity period ended before it was enabled"
#define DOWNLOAD_ENABLE_OPEN "installed; whether it is enabled is not known yet"

/* --- LOAD has a decider of its own --- */
int download_load(const struct proc_view *v, const struct input *in, struct plan *p);

/* --- what the others do with an answer of the SM-SR, and with the end of their key job (err: that of
 * the job) --- */
int download_perso_heard(struct run *r);
int download_perso_done(struct run *r, const struct dp_job_result *res, int err);
int download_keyset_heard(struct run *r);
int download_keyset_done(struct run *r, const struct dp_job_result *res, int err);
int download_complete_heard(struct run *r);
int download_enable_heard(struct run *r);
int download_cleanup_heard(struct run *r);

/* --- ends: the order is concluded; nothing of it is on the card, so its ICCID is released --- */
int download_conclude(struct run *r, enum verdict v, const struct exec_answer *x, enum stage stage);
int download_conclude_with(struct run *r, enum status_code st, enum stage stage);
int download_conclude_failed(struct run *r); /* with what failed first */
/* It is installed; warning (NULL: none) is what kept EnableProfile from working. */
int download_conclude_installed(struct run *r, const struct exec_answer *warning);

/* --- the error sub-routine (SGP.02 3.1.4); last: another attempt would end the same way --- */
int download_fail(struct run *r, const struct exec_answer *x, enum stage stage, bool last);
int download_fail_with(struct run *r, enum status_code st, const char *text, bool last);
int download_key_failed(struct run *r, const struct dp_job_result *res, bool last);

/* --- what every state does alike --- */
bool download_ok(const struct exec_answer *x);
bool download_over(const struct run *r); /* the validity period ended, the caller waits */
int download_expire(struct run *r);
int download_pause(struct run *r, enum dp_timer t);
/* Timers and restarts of the states that only wait for a call: true when it was one. */
bool download_common(struct run *r, int *ret);
/* NULL: the input is none. */
const struct dp_job_result *download_job_result(const struct input *in, int *ret_err);
/* Answers to DeleteISDP: it is proved not to be there; or it may not be deleted (69E1: POL1), so it
 * is an installed profile. */
bool download_gone(const struct exec_answer *x);
bool download_stands(const struct exec_answer *x);
