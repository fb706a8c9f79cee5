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
/* next, when it is a command, with the words EID, ICCID and OPERATION replaced by what is known
 * (empty stays as it is). */
void code_next(const char *next, const char *eid, const char *iccid, const char *operation,
               char *dst, size_t cap);
