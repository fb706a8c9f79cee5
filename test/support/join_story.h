/* SPDX-License-Identifier: Apache-2.0 */
/* The words in which stories are told to the join: records of a journal, rows of a card's ledger, all of
 * one card and its ISD-P 0011. A test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "tools/euiccsim/proof/join.h"

extern const struct eid TOLD_EID;
extern const struct aid TOLD_ISD_P;
#define TOLD_STEP_URI "/s/00000000000000000000000000000007/" /* and the number of the step */

int told_setup(void **state); /* for cmocka: *state is a join */
int told_teardown(void **state);

/* --- records --- */
struct event told_record(enum event_type type, uint8_t op);
void told(struct join *j, struct event ev);
void told_accepted(struct join *j, uint8_t op, enum function f);
void told_armed(struct join *j, uint8_t op, uint64_t counter);
void told_step(struct join *j, uint8_t op, uint32_t n);
void told_fenced(struct join *j, uint8_t op, uint32_t n);
void told_step_answer(struct join *j, uint8_t op, uint32_t n, struct span data);
/* A packet for this went out under this counter, and the card answered it. */
void told_asked(struct join *j, uint8_t op, enum packet_purpose purpose, uint64_t counter);
void told_confirmed(struct join *j, uint8_t op, uint64_t counter);
void told_switched(struct join *j, uint64_t counter); /* operation 1: confirmed under it, and done */
void told_ended(struct join *j, uint8_t op, enum verdict v);
void told_enabled(struct join *j); /* the whole of operation 1, armed under counter 5 */

/* --- rows --- */
struct card_ledger_row told_row_of(uint32_t n, uint64_t counter);
struct card_ledger_row told_deletion(uint32_t n, uint64_t counter);
void told_row(struct join *j, struct card_ledger_row r);
void told_step_row(struct join *j, uint32_t n, uint32_t number);

/* NULL: it is exact; else its first finding says that. */
void told_expect(struct join *j, const char *text);
