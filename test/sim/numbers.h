/* SPDX-License-Identifier: Apache-2.0 */
/* Telephone numbers of a world: the one that cards notify may not be routed in an operator's network for a while,
 * and operators give their subscribers other numbers, tell the SM-SR (UpdateSubscriptionAddress), and see to it
 * that it knows. */
#pragma once

#include "test/sim/client.h"
#include "test/sim/factory.h"

#define UNROUTED_MAX 2u
struct world_unrouted {
    int64_t at_ms, ms;
    bool of_b, answers;            /* in the network of B; answers are lost with the notifications */
};
struct number {                    /* of one subscription */
    unsigned changes;
    int64_t answer_ms, notice_ms;  /* when the SM-SR was last given something from it; -1: never */
    struct client_call *asked;     /* the owner's last call about it */
};
struct world_numbers {
    struct rng rng;
    struct world_unrouted unrouted[UNROUTED_MAX]; /* in order of time */
    unsigned n_unrouted, begun;
    int64_t until_ms[2];           /* not routed at A, at B, until then; -1: always was */
    int64_t move_ms;               /* a number changes so often, on the average; 0: none does */
    int64_t next_move_ms, next_desk_ms;
    struct number of[2][FACTORY_CARDS_MAX]; /* A's subscriptions, B's, as in the factory */
};

struct world;
struct watch_card;
struct euicc;
void numbers_init(struct world *w);
void numbers_trouble(struct world *w);          /* what is due */
int64_t numbers_due(const struct world *w);     /* INT64_MAX: nothing any more */
/* Who tells the SM-SR of a number looks at what it believes, soon. */
void numbers_look(struct world *w);
/* The SM-SR is given a short message from that number. */
void numbers_heard(struct world *w, const struct msisdn *from, struct span tp_ud);
/* A switch ended ROLLED_BACK for that cause: what it says was heard must have been. since_ms: it was not armed before;
 * notified: its change was, by the log. */
void numbers_rolled_back(struct world *w, const struct iccid *goal, struct span cause, int64_t since_ms, bool notified);
/* All of this card that an address is no part of, in one number. */
uint64_t numbers_state(const struct euicc *e);
MUST_CHECK int numbers_check(struct world *w, struct errmsg *why); /* at the end: the SM-SR knows them all */
