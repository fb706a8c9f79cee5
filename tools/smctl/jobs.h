/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that change something, one or a million: identifiers, progress, a line for each that did
 * not succeed, counts that sum to what was asked, and the exit code (design 3.3, 3.4). */
#pragma once

#include "tools/smctl/smctl.h"

struct jobs;
struct job {
    struct call call;
    struct jobs *jobs;
    struct uuid id;     /* FunctionCallIdentifier unless --call-id */
    struct eid eid;     /* zero: not about one card */
    struct iccid iccid; /* asked for, or given by the answer */
    enum call_outcome outcome;
    bool already; /* refused because it is done already (REGISTER: registered before) */
    bool ended;
};
/* The request of job i; base is filled in. Spans live in the arena or as long as the jobs. */
typedef int (*jobs_request_fn)(struct jobs *j, size_t i, const struct base_request *base,
                               struct arena *a, struct message *ret);
struct jobs_kind {
    const char *title; /* "EnableProfile" */
    jobs_request_fn request;
    /* Optional: reads what is wanted from an answer that succeeded. */
    void (*answer)(struct jobs *j, size_t i, const struct message *m);
    /* Optional: this refusal means that nothing was left to do. */
    bool (*already)(const struct gsma_code *code);
};
struct jobs {
    struct smctl *x;
    const struct jobs_kind *kind;
    void *ctx; /* of the kind */
    struct job *job;
    size_t n;
    bool bulk; /* many: summary and progress; one: its own sentence */
    bool sum_later; /* something else is said before the sum: whoever runs them calls jobs_show_sum(j, j->why.text) */
    struct errmsg why;
    const char *call_id;
    struct base_request base;
    FILE *out; /* --out */
    size_t ended;
    size_t count[CALL_OUTCOME_COUNT];
    size_t already;
    int64_t started_ms, shown_ms;
    bool progress, progress_tty, progress_on_line;
};
/* Zeroed jobs with their identifiers; options read. XC_OK or the code to leave with. */
enum exit_code jobs_init(struct jobs *j, struct smctl *x, const struct jobs_kind *kind, size_t n,
                         bool bulk);
/* Connects, runs all calls, prints, and gives the exit code. */
enum exit_code jobs_run(struct jobs *j);
void jobs_fini(struct jobs *j);

/* Pure: exit code of one outcome. */
enum exit_code outcome_exit(enum call_outcome o);

/* --- inside --- */
void jobs_show_one(struct jobs *j, const struct job *job, const struct call_result *r);
void jobs_show_sum(struct jobs *j, const char *why);
void jobs_progress(void *jobs);
void jobs_progress_end(struct jobs *j);
