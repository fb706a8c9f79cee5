/* SPDX-License-Identifier: Apache-2.0 */
/* The projections of a daemon against its journal: rebuilt in memory up to applied_lsn and
 * compared, both files read only (design law 2). Which daemon a directory belongs to, the header of
 * its state.db says. */
#pragma once

#include "common/base/err.h"

#include <stdbool.h>

/* via: "smsr", "smdp" or NULL = by the file. ERR_CORRUPT: they differ, why says where;
 * ERR_NOT_FOUND and ERR_IO: state.db cannot be read; ERR_SCHEMA: it belongs to neither.
 * *ret_compared false with ERR_OK: there is no state.db yet, so there is nothing to compare. */
MUST_CHECK int state_verify(const char *dir, const char *via, bool *ret_compared,
                            struct errmsg *why);
