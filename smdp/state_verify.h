/* SPDX-License-Identifier: Apache-2.0 */
/* state.db of an SM-DP against its journal (design law 2), for smctl log verify. */
#pragma once

#include "common/base/err.h"

/* Rebuilds dir/journal.db in memory and compares; reads only, the daemon may be running. ERR_OK:
 * equal, or nothing was written behind yet; ERR_CORRUPT: why names table and row; ERR_AGAIN:
 * written meanwhile; ERR_NOT_FOUND: there is no such file. */
MUST_CHECK int smdp_state_verify(const char *dir, struct errmsg *why);
/* The same on another file system (NULL: the operating system). */
MUST_CHECK int smdp_state_verify_files(const char *vfs, const char *journal, const char *state,
                                       struct errmsg *why);
