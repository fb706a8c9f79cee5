/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR's store over an in-memory database, and the cards an engine would hold. Tests ask twice:
 * before and after the write-behind the answers are the same. A test that uses it names
 * remora_test_support first in its Links line. */
#pragma once

#include "smsr/store/store.h"
#include "test/support/fake.h"

#define ROWS_CARDS 12
#define ROWS_MNO_A "1.3.6.1.4.1.99999.10"
#define ROWS_MNO_B "1.3.6.1.4.1.99999.11"

/* Cards 0 to 5 are in the first tenant's realm, the others in the second's. Parties: the two operators,
 * a fleet manager of each tenant, one of the house. */
struct rows {
    struct store *s;
    struct db *db;
    struct euicc *card[ROWS_CARDS];
    uint64_t lsn;
    struct env env;
    struct tenant tenant[2];
    struct party party[5];
};

int rows_setup(void **state); /* for cmocka: *state is one */
int rows_teardown(void **state);

struct iccid rows_iccid(unsigned i);
struct msisdn rows_number(unsigned i);
struct uuid rows_op(unsigned i);
struct scope rows_scope(struct rows *w, unsigned party, enum party_role role);

int rows_apply(struct rows *w, unsigned card, struct event *ev, const struct signed_eis *eis,
               const struct eum_signed_info *info);
/* A card with one profile of MNO A: ICCID and number have the number of the card. */
void rows_enrol(struct rows *w, unsigned card);
int rows_create_isdp(struct rows *w, unsigned card, unsigned op, unsigned iccid);
void rows_accept(struct rows *w, unsigned card, unsigned op, const char *party);
int rows_end(struct rows *w, unsigned card, unsigned op, enum verdict v, enum stage stage);
/* The write-behind. */
void rows_flush(struct rows *w);

/* Where the ICCID stands; how many cards have the number. */
int rows_where(struct rows *w, unsigned iccid, struct eid *ret);
unsigned rows_candidates(struct rows *w, unsigned number, struct eid *ret);
