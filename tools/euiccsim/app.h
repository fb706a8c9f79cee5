/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the program behind its commands. */
#pragma once

#include "tools/euiccsim/conf.h"

/* Runs a world until SIGTERM or SIGINT. Prints "euiccsim ready coap=ADDRESS meters=N" when it
 * serves. */
MUST_CHECK int sim_app_run(const struct run_conf *conf, struct errmsg *why);
/* JSON of every card and of the whole, from the ledger file alone; may run beside `run`. */
MUST_CHECK int report_cards(const char *dir, struct errmsg *why);
/* One JSON line for each ledger row and each attach record, oldest first. */
MUST_CHECK int report_ledger(const char *dir, struct errmsg *why);
/* Which meters show which quirks under this seed, as `run` draws them: lines "EID NAME VERDICT",
 * VERDICT being that of an enable which reaches the meter. */
MUST_CHECK int report_quirks(const struct run_conf *conf, struct errmsg *why);
/* Counters of a running network, asked by CoAP. */
MUST_CHECK int report_status(const char *coap, struct errmsg *why);
