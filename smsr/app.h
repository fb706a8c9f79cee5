/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR as a daemon: its keys, listener, CoAP carrier, log. */
#pragma once

#include "common/daemon/program.h"

/* "smsr ready listen=127.0.0.1:7101 coap=127.0.0.1:5683" */
extern const struct daemon_program SMSR_PROGRAM;
