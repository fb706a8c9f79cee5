/* SPDX-License-Identifier: Apache-2.0 */
/* The demo's report and proof: what the two journals, the cards' ledger and the network's AuC say about
 * the same run, each read from its own file. */
#pragma once

#include "common/base/err.h"
#include "tools/euiccsim/proof/join.h"

struct report_files {
    const char *smsr_journal, *smdp_journal;   /* journal.db; smdp may be NULL */
    const char *ledger;                        /* the fleet's append file */
    unsigned time_scale;                       /* of the run: tells a retry from a quick answer */
    unsigned meters;                           /* 0: as many as there are cards */
    bool json;
};
/* Prints the report to stdout. *ret_ok: every proof line holds. ERR_IO.. when a file cannot be read. */
MUST_CHECK int report_print(const struct report_files *f, bool *ret_ok, struct errmsg *why);
/* "euiccsim proof --smsr-state DIR --smdp-state DIR --dir DIR [--time-scale K] [--json]"; exit code. */
int report_main(int argc, char **argv);
