/* SPDX-License-Identifier: Apache-2.0 */
/* The join of design law 12: the cards' ledger against the journals of SM-SR and SM-DP. Every row with
 * cause ota and a good result belongs to exactly one command, no command has two rows, each verdict is
 * what the rows say, and each order of the SM-DP what its operations say. Fed with records and rows in
 * their order; nothing is assumed about who was right. */
#pragma once

#include "common/msg/event.h"
#include "tools/euiccsim/card/card.h"

struct join;
struct join *join_new(void);
void join_free(struct join *j);

/* One record of the SM-SR's journal with its op and eid filled in. ERR_NOMEM; ERR_CORRUPT: it gives a
 * counter, a step or a verdict a second time. */
MUST_CHECK int join_event(struct join *j, const struct event *ev);
/* The same of the SM-DP's journal. */
MUST_CHECK int join_order_event(struct join *j, const struct event *ev);
MUST_CHECK int join_row(struct join *j, const struct card_ledger_row *row);

struct join_report {
    uint64_t rows;                 /* ledger rows, cause ota, result good */
    uint64_t own_rows;             /* roll-back, fall-back, POL1 */
    uint64_t commands;             /* effect commands armed */
    uint64_t accepted;             /* of them accepted by the card, as the journal knows it */
    uint64_t undecided;            /* rows of operations without a verdict yet */
    uint64_t undone;               /* rows nobody answered for, of operations that did not succeed; a */
                                   /* later row undid each of them */
    uint64_t orders;               /* concluded orders compared with their operations */
    uint64_t mismatches;
    struct errmsg first;           /* what is wrong with the first one */
};
/* Both may be called again after more was fed; of one card the mismatches are what counts while it is
 * busy. exact: mismatches 0, and rows == accepted + undecided + undone. */
void join_card(struct join *j, const struct eid *eid, struct join_report *ret);
void join_finish(struct join *j, struct join_report *ret);
bool join_exact(const struct join_report *r);
