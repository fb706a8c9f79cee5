/* SPDX-License-Identifier: Apache-2.0 */
/* What a GSMA status means, why it is likely, what to type next: the catalogues of both daemons
 * (facts: SGP.02 section 2 of the status codes), asked by code and sentence. */
#pragma once

#include "common/msg/status.h"

enum daemon { DAEMON_SMSR = 0, DAEMON_SMDP };
const char *daemon_name(enum daemon d); /* "smsr" */

bool code_same(const struct gsma_code *a, const struct gsma_code *b);

struct code_help {
    const char *meaning, *cause, *next; /* never NULL, may be empty */
};
struct code_verdict { /* as recorded or answered */
    enum verdict verdict;
    enum exec_status status; /* EXEC_NONE: the record of the conclusion, without an answer */
    struct gsma_code code;
    struct span text;
};
/* Several cases may share one code; message, as answered, tells them apart. False: neither knows
 * it. */
bool code_explain(const struct gsma_code *code, struct span message, enum daemon from,
                  struct code_help *ret);
/* The same of how an operation ended. After an answer EXPIRED the code is the answer's and stays; the
 * text is the verdict's and finds its entry. *ret_code: the verdict's, empty when it has none. */
bool code_explain_verdict(const struct code_verdict *v, enum daemon from, struct gsma_code *ret_code,
                          struct code_help *ret);
/* What makes the commands of a cure work as typed; none is NULL, empty stays as it is. */
struct code_fill {
    const char *eid, *iccid, *operation; /* for the words EID, ICCID, OPERATION */
    const char *who;                     /* options behind "smctl ": "--as fleet " */
    bool smdp;                           /* the operation is an order of the SM-DP */
};
/* next with every command in it, from "smctl " to a comma or semicolon, filled in; the words
 * outside of commands stay. */
void code_next(const char *next, const struct code_fill *f, char *dst, size_t cap);
