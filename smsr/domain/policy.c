/* SPDX-License-Identifier: Apache-2.0 */
/* Where the published text leaves a cell open, the choice stands in proto/RULES.md. */
#include "smsr/domain/policy.h"

/* clang-format off */
#define SR(code)       {.st = ST_##code}
#define CARD(code, word) {.st = ST_##code, .sw = 0x##word}
#define IS_DONE(word)  {.sw = 0x##word, .done = true}
#define DORMANT        {.dormant = true}
#define THEN(what)     {.effect = POLICY_##what}
#define EN [POLICY_ENABLE] =
#define DI [POLICY_DISABLE] =
#define DE [POLICY_DELETE] =
#define SF [POLICY_SET_FALLBACK] =
#define SE [POLICY_SET_EMERGENCY] =
#define MD [POLICY_MASTER_DELETE] =
#define FB [POLICY_FALL_BACK] =
#define LO [POLICY_LOCAL] =
#define CALLED(c)      EN c, DI c, DE c, SF c, SE c

const struct policy_row POLICY[PF_COUNT] = {
    /* --- the SM-SR, before anything is sent --- */
    [PF_STRANGER] = {"the requester has no relation to the card",
        {CALLED(SR(EID_UNKNOWN)), MD SR(EID_UNKNOWN)}},
    [PF_UNKNOWN] = {"T is not on the card, or another owner's",
        {CALLED(SR(ICCID_UNKNOWN)), MD SR(ICCID_UNKNOWN)}},
    [PF_UNAUTHORISED] = {"no PLMA of T's owner names the requester for this function",
        {CALLED(SR(ICCID_NOT_ALLOWED))}},
    [PF_IN_CREATION] = {"T is being created",
        {EN SR(ICCID_UNKNOWN), DI SR(ICCID_UNKNOWN), DE SR(IN_CREATION), SF SR(ICCID_UNKNOWN),
         SE SR(ICCID_UNKNOWN), MD SR(IN_CREATION)}},
    [PF_T_FALLBACK] = {"T holds the fall-back attribute",
        {DI SR(DISABLE_FALLBACK), DE SR(PROFILE_FALLBACK), SF SR(ALREADY_FALLBACK),
         SE SR(ATTRIBUTES_EXCLUDE), MD SR(PROFILE_FALLBACK)}},
    [PF_T_EMERGENCY] = {"T holds the emergency attribute",
        {SF SR(ATTRIBUTES_EXCLUDE)}},
    [PF_T_TEST] = {"T is a test profile",
        {EN SR(PROFILE_LOCAL), DI SR(PROFILE_LOCAL), SF SR(PROFILE_LOCAL), SE SR(PROFILE_LOCAL)}},
    [PF_E_LOCAL] = {"E is an emergency or test profile",
        {EN SR(PROFILE_LOCAL), DI SR(PROFILE_LOCAL)}},
    [PF_T_ENABLED] = {"T is Enabled",
        {EN SR(ALREADY_ENABLED), DE SR(STILL_ENABLED), SE SR(STILL_ENABLED), MD SR(STILL_ENABLED)}},
    [PF_T_DISABLED] = {"T is Disabled",
        {DI SR(ALREADY_DISABLED)}},
    [PF_T_CREATED] = {"T is Created",
        {EN SR(NOT_INSTALLED), DI SR(NOT_INSTALLED), SF SR(NOT_INSTALLED), SE SR(NOT_INSTALLED),
         MD SR(NOT_INSTALLED)}},
    [PF_NO_FALLBACK] = {"no profile holds the fall-back attribute",
        {DI SR(PROFILE_STATE)}},
    [PF_ATTRIBUTE_HELD] = {"another owner's profile holds the attribute, and no PLMA of that owner allows to move it",
        {SF SR(ATTRIBUTE_HELD), SE SR(ATTRIBUTE_HELD)}},
    [PF_POL2_E_DISABLE] = {"POL2 of E: DISABLE Not-Allowed",
        {EN SR(POL2), DI SR(POL2)}},
    [PF_POL2_T_ENABLE] = {"POL2 of T: ENABLE Not-Allowed",
        {EN SR(POL2)}},
    [PF_POL2_T_DELETE] = {"POL2 of T: DELETE Not-Allowed",
        {DE SR(POL2)}},
    /* --- the card, when the command runs --- */
    [PF_CARD_ABSENT] = {"T's AID is unknown to the card",
        {EN CARD(ISDR_EXECUTION, 6A88), DI CARD(ISDR_EXECUTION, 6A88), DE IS_DONE(6A88),
         SF CARD(ISDR_EXECUTION, 6A88), SE CARD(ISDR_EXECUTION, 6A88), MD IS_DONE(6A88)}},
    [PF_CARD_TOKEN] = {"the delete token does not verify",
        {MD CARD(ISDR_EXECUTION, 6982)}},
    [PF_CARD_CHANGING] = {"a switch is not confirmed yet (a deletion: one that T is part of)",
        {EN CARD(ISDR_EXECUTION, 6985), DI CARD(ISDR_EXECUTION, 6985), DE CARD(ISDR_EXECUTION, 6985),
         SF CARD(ISDR_EXECUTION, 6985), SE CARD(ISDR_EXECUTION, 6985), MD CARD(ISDR_EXECUTION, 6985)}},
    [PF_CARD_T_FALLBACK] = {"T holds the fall-back attribute on the card",
        {DI CARD(ISDR_EXECUTION, 6985), DE CARD(ISDR_EXECUTION, 6985), SE CARD(ISDR_EXECUTION, 6985),
         MD CARD(ISDR_EXECUTION, 6985)}},
    [PF_CARD_T_ENABLED] = {"T is enabled on the card (3F)",
        {EN CARD(ISDR_EXECUTION, 6985), DE CARD(ISDR_EXECUTION, 6985), SE CARD(ISDR_EXECUTION, 6985),
         MD CARD(ISDR_EXECUTION, 6985)}},
    [PF_CARD_T_DISABLED] = {"T is disabled on the card (1F)",
        {DI CARD(ISDR_EXECUTION, 6985)}},
    [PF_CARD_T_CREATED] = {"T is not installed on the card (07, 0F)",
        {EN CARD(ISDR_EXECUTION, 6985), DI CARD(ISDR_EXECUTION, 6985), SF CARD(ISDR_EXECUTION, 6985),
         SE CARD(ISDR_EXECUTION, 6985), MD CARD(ISDR_EXECUTION, 6985)}},
    [PF_CARD_NO_FALLBACK] = {"no profile holds the fall-back attribute on the card",
        {DI CARD(ISDR_EXECUTION, 6985), FB DORMANT}},
    [PF_CARD_E_LOCAL] = {"E is an emergency or test profile on the card",
        {FB DORMANT}},
    [PF_CARD_EMERGENCY_FOR_TEST] = {"E is the emergency profile, T a test profile",
        {LO DORMANT}},
    [PF_POL1_E_DISABLE] = {"POL1 of E: disabling not allowed",
        {EN CARD(POL1, 69E1), DI CARD(POL1, 69E1), SF CARD(ISDR_EXECUTION, 6985)}},
    [PF_POL1_T_DELETE] = {"POL1 of T: deletion not allowed",
        {DE CARD(POL1, 69E1)}},
    /* --- behind a success --- */
    [PF_L_FALLBACK] = {"L holds the fall-back attribute",
        {EN THEN(KEPT), DI THEN(KEPT), FB THEN(KEPT), LO THEN(KEPT)}},
    [PF_L_GONE] = {"the card's confirmation named L: it is deleted",
        {EN THEN(IS_GONE), DI THEN(IS_GONE)}},
    [PF_POL1_L_AUTO_DELETE] = {"POL1 of L: deletion mandatory when disabled",
        {EN THEN(CARD_DELETES), DI THEN(CARD_DELETES), FB THEN(KEPT), LO THEN(KEPT)}},
    [PF_POL2_L_AUTO_DELETE] = {"POL2 of L: DISABLE Auto-Delete",
        {EN THEN(SMSR_DELETES), DI THEN(SMSR_DELETES), FB THEN(KEPT), LO THEN(KEPT)}},
};
/* clang-format on */

static const struct {
    const char *text;
    enum function fn;
} OPS[POLICY_OPS] = {
    [POLICY_ENABLE] = {"Enable T", FN_ENABLE_PROFILE},
    [POLICY_DISABLE] = {"Disable T", FN_DISABLE_PROFILE},
    [POLICY_DELETE] = {"Delete T", FN_DELETE_PROFILE},
    [POLICY_SET_FALLBACK] = {"SetFallBack T", FN_SET_FALLBACK_ATTRIBUTE},
    [POLICY_SET_EMERGENCY] = {"SetEmergency T", FN_SET_EMERGENCY_ATTRIBUTE},
    [POLICY_MASTER_DELETE] = {"Master delete T", FN_NONE},
    [POLICY_FALL_BACK] = {"Fall-back", FN_NONE},
    [POLICY_LOCAL] = {"Local (ESx)", FN_NONE},
};

const char *policy_op_text(enum policy_op op)
{
    return (unsigned)op < POLICY_OPS ? OPS[op].text : "?";
}

bool policy_op_of(enum function fn, enum policy_op *ret)
{
    for (unsigned i = 0; i < POLICY_OPS; i++)
        if (fn != FN_NONE && OPS[i].fn == fn) {
            *ret = (enum policy_op)i;
            return true;
        }
    return false;
}

static uint32_t bit(enum policy_fact f, bool yes)
{
    return yes ? PF_BIT(f) : 0;
}

/* The owner the caller is, or is authorised by, may move the attribute away from its profile. */
static bool may_take(const struct env *env, const struct caller *c, const struct euicc_profile *from,
                     enum function fn)
{
    const struct oid *who = c->role == ROLE_SMDP ? &c->mno : &c->party;

    return oid_eq(&from->mno, who) || env_plma(env, &from->mno, from->profile_type, who, fn);
}

static bool held(const struct env *env, const struct caller *c, const struct euicc *e,
                 const struct euicc_profile *t, enum policy_op op)
{
    for (unsigned i = 0; i < e->n_profiles; i++) {
        const struct euicc_profile *p = &e->profiles[i];
        if (p != t && (op == POLICY_SET_FALLBACK ? p->fallback : p->emergency) &&
            !may_take(env, c, p, OPS[op].fn))
            return true;
    }
    return false;
}

static uint32_t requester_facts(const struct env *env, const struct caller *c, const struct euicc *e,
                                const struct euicc_profile *t, enum policy_op op)
{
    enum status_code st = authz_profile(env, c, e, t, OPS[op].fn);

    if (st == ST_EID_UNKNOWN)
        return PF_BIT(PF_STRANGER);
    return st == ST_ICCID_UNKNOWN ? PF_BIT(PF_UNKNOWN) : bit(PF_UNAUTHORISED, st != ST_OK);
}

uint32_t policy_facts(const struct env *env, const struct caller *c, const struct euicc *e,
                      const struct euicc_profile *t, enum policy_op op)
{
    const struct euicc_profile *on = e ? euicc_enabled(e) : NULL;
    uint32_t facts = c ? requester_facts(env, c, e, t, op) : 0;

    if (!e || !t)
        return facts | (e ? PF_BIT(PF_UNKNOWN) : PF_BIT(PF_STRANGER));
    /* Shown to nobody but who may delete it. */
    if (t->state == PROFILE_IN_CREATION && (facts & PF_BIT(PF_UNAUTHORISED)))
        return PF_BIT(PF_UNKNOWN);
    return facts | bit(PF_IN_CREATION, t->state == PROFILE_IN_CREATION) |
           bit(PF_T_FALLBACK, t->fallback) | bit(PF_T_EMERGENCY, t->emergency) |
           bit(PF_T_TEST, t->test) | bit(PF_E_LOCAL, on && (on->emergency || on->test)) |
           bit(PF_T_ENABLED, t->state == PROFILE_ENABLED) |
           bit(PF_T_DISABLED, t->state == PROFILE_DISABLED) |
           bit(PF_T_CREATED, t->state == PROFILE_CREATED) |
           bit(PF_NO_FALLBACK, !euicc_fallback(e)) |
           bit(PF_ATTRIBUTE_HELD, c && held(env, c, e, t, op)) |
           bit(PF_POL2_E_DISABLE, on && (on->pol2 & POL2_DISABLE_NOT_ALLOWED)) |
           bit(PF_POL2_T_ENABLE, (t->pol2 & POL2_ENABLE_NOT_ALLOWED) != 0) |
           bit(PF_POL2_T_DELETE, (t->pol2 & POL2_DELETE_NOT_ALLOWED) != 0);
}

enum status_code policy_decide(enum policy_op op, uint32_t facts)
{
    for (unsigned f = 0; f < PF_SMSR_END; f++)
        if ((facts & PF_BIT(f)) && POLICY[f].cell[op].st != ST_OK)
            return POLICY[f].cell[op].st;
    return ST_OK;
}

enum status_code policy_check(const struct env *env, const struct caller *c, const struct euicc *e,
                              const struct euicc_profile *t, enum policy_op op)
{
    return policy_decide(op, policy_facts(env, c, e, t, op));
}

static bool matters(const struct policy_cell *cell)
{
    return cell->st != ST_OK || cell->done || cell->dormant;
}

const struct policy_cell *policy_card(enum policy_op op, uint32_t facts)
{
    for (unsigned f = PF_SMSR_END; f < PF_CARD_END; f++)
        if ((facts & PF_BIT(f)) && matters(&POLICY[f].cell[op]))
            return &POLICY[f].cell[op];
    return NULL;
}

enum status_code policy_status(enum policy_op op, uint16_t sw)
{
    for (unsigned f = PF_SMSR_END; f < PF_CARD_END; f++)
        if (POLICY[f].cell[op].sw && POLICY[f].cell[op].sw == sw)
            return POLICY[f].cell[op].st;
    return ST_ISDR_EXECUTION;
}

uint32_t policy_facts_left(const struct euicc_profile *l, bool gone)
{
    return bit(PF_L_FALLBACK, l && l->fallback) | bit(PF_L_GONE, gone) |
           bit(PF_POL2_L_AUTO_DELETE, l && (l->pol2 & POL2_DISABLE_AUTO_DELETE));
}

enum policy_effect policy_after(enum policy_op op, uint32_t facts)
{
    for (unsigned f = PF_CARD_END; f < PF_COUNT; f++)
        if ((facts & PF_BIT(f)) && POLICY[f].cell[op].effect != POLICY_NOTHING)
            return POLICY[f].cell[op].effect;
    return POLICY_NOTHING;
}
