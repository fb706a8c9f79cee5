/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that reads a stranger's XML still needs: its memory, and descriptors that are
 * open. */
#pragma once

#include <stdbool.h>

#include "common/base/err.h"

/* Memory, time, no file, no process, no core; then, where the kernel has it, a filter that lets
 * nothing be opened, connected or started. Called when everything needed is open and loaded.
 * ERR_IO: a limit could not be set. */
MUST_CHECK int sandbox_enter(bool *ret_filtered);
