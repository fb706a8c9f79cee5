/* SPDX-License-Identifier: Apache-2.0 */
/* The decision table (SGP.02 3.2 to 3.7, 3.10, 3.16, 3.20, 3.22 to 3.31; facts: sgp02 4.3): what forbids a change
 * of the profiles of a card, who finds out, and what follows a change. One const table, which deciders ask, tests
 * execute cell by cell, and smsr/README.md prints. */
#pragma once

#include "smsr/domain/authz.h"

/* The columns. The last two are the card's own doing, told afterwards. */
enum policy_op {
    POLICY_ENABLE,
    POLICY_DISABLE,
    POLICY_DELETE,
    POLICY_SET_FALLBACK,
    POLICY_SET_EMERGENCY,
    POLICY_MASTER_DELETE,
    POLICY_FALL_BACK,
    POLICY_LOCAL,
    POLICY_OPS
};

/* The rows, in the order they are asked: T is the target, E the enabled profile, L the one that is left by a
 * switch. Facts of the EIS, then of the card, then behind a success. */
enum policy_fact {
    PF_STRANGER,               /* no relation to the card */
    PF_UNKNOWN,                /* T is not on the card, or another owner's */
    PF_UNAUTHORISED,           /* T is seen, but no PLMA of its owner names the caller for this */
    PF_IN_CREATION,
    PF_T_FALLBACK,
    PF_T_EMERGENCY,
    PF_T_TEST,
    PF_E_LOCAL,                /* E is an emergency or test profile */
    PF_T_ENABLED,
    PF_T_DISABLED,
    PF_T_CREATED,
    PF_NO_FALLBACK,            /* nobody holds the fall-back attribute */
    PF_ATTRIBUTE_HELD,         /* by a profile whose owner did not authorise the caller */
    PF_POL2_E_DISABLE,
    PF_POL2_T_ENABLE,
    PF_POL2_T_DELETE,
    PF_SMSR_END,

    PF_CARD_ABSENT = PF_SMSR_END,      /* T's AID is unknown to it */
    PF_CARD_TOKEN,                     /* the delete token does not verify */
    PF_CARD_CHANGING,                  /* a switch is not confirmed yet */
    PF_CARD_T_FALLBACK,
    PF_CARD_T_ENABLED,
    PF_CARD_T_DISABLED,
    PF_CARD_T_CREATED,
    PF_CARD_NO_FALLBACK,
    PF_CARD_E_LOCAL,
    PF_CARD_EMERGENCY_FOR_TEST,        /* E is the emergency profile, T a test profile */
    PF_POL1_E_DISABLE,
    PF_POL1_T_DELETE,
    PF_CARD_END,

    PF_L_FALLBACK = PF_CARD_END,
    PF_L_GONE,                         /* the card has deleted it already */
    PF_POL1_L_AUTO_DELETE,
    PF_POL2_L_AUTO_DELETE,
    PF_COUNT
};
#define PF_BIT(f) (1u << (unsigned)(f))

enum policy_effect {
    POLICY_NOTHING,
    POLICY_KEPT,               /* L stays */
    POLICY_CARD_DELETES,       /* L, with the confirmation (POL1) */
    POLICY_SMSR_DELETES,       /* L, by ES5.DeleteProfile (POL2) */
    POLICY_IS_GONE,
};
struct policy_cell {
    enum status_code st;       /* ST_OK: the row does not matter here */
    uint16_t sw;               /* rows of the card: its answer; 0 where the card acts by itself */
    enum policy_effect effect; /* rows behind a success */
    bool done;                 /* the card's answer proves that nothing is left to do */
    bool dormant;              /* the card does not begin */
};
struct policy_row {
    const char *when;
    struct policy_cell cell[POLICY_OPS];
};
extern const struct policy_row POLICY[PF_COUNT];
const char *policy_op_text(enum policy_op op); /* "Enable T" */

/* False: a function the table is not about. */
bool policy_op_of(enum function fn, enum policy_op *ret);

/* What of the rows of the SM-SR is true. c NULL: who asks was looked at before. t NULL: not on the card. */
uint32_t policy_facts(const struct env *env, const struct caller *c, const struct euicc *e,
                      const struct euicc_profile *t, enum policy_op op);
/* The first row of the SM-SR that is true and matters. */
enum status_code policy_decide(enum policy_op op, uint32_t facts);
/* Facts and decision of a call. */
enum status_code policy_check(const struct env *env, const struct caller *c, const struct euicc *e,
                              const struct euicc_profile *t, enum policy_op op);
/* The first row of the card that is true and matters; NULL: the card does it. */
const struct policy_cell *policy_card(enum policy_op op, uint32_t facts);
/* A status word of the card other than 9000: ST_OK when it proves that nothing is left to do. */
enum status_code policy_status(enum policy_op op, uint16_t sw);
/* What becomes of L behind a success, as the SM-SR knows it: gone, the card has deleted it already. */
enum policy_effect policy_after(enum policy_op op, uint32_t facts);
uint32_t policy_facts_left(const struct euicc_profile *l, bool gone);
