/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP as a daemon: its keys, listener, the connections to the SM-SRs, log. */
#pragma once

#include "common/daemon/program.h"

/* "smdp ready listen=127.0.0.1:7102" */
extern const struct daemon_program SMDP_PROGRAM;
