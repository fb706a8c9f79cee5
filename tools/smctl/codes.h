/* SPDX-License-Identifier: Apache-2.0 */
/* What a GSMA status means, why it is likely, what to type next: the catalogues of both daemons
 * (facts: SGP.02 section 2 of the status codes), asked by code and sentence. */
#pragma once

#include "common/msg/status.h"

enum daemon { DAEMON_SMSR = 0, DAEMON_SMDP };
const char *daemon_name(enum daemon d); /* "smsr" */

struct code_help {
    const char *meaning, *cause, *next; /* never NULL, may be empty */
};
/* Several cases may share one code; message, as answered, tells them apart. False: neither knows
 * it. */
bool code_explain(const struct gsma_code *code, struct span message, enum daemon from,
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
