/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The decision table, cell by cell: every requester, state, rule and attribute at once, against the sentences of
 * SGP.02 3.2 to 3.7, 3.10, 3.16 and 3.20 written down a second time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/policy.h"
#include "test/support/printed.h"
#include "test/support/smsr_core.h"

enum who { OWNER, SM_DP, FLEET_MAY, FLEET_SEES, SP_MAY, SP_OTHER, SP_NONE, ANOTHER_OWNER, NOT_ADMITTED,
           OTHER_FLEET, OTHER_SM_DP, WHOS };
enum attribute { PLAIN, FALL_BACK, EMERGENCY, TEST_PROFILE, ATTRIBUTES };
enum holder { NOBODY, THEIRS, THEIRS_MAY, HOLDERS }; /* of the attribute that moves: a third profile, A's */

/* One corner of everything. T is B's. */
struct corner {
    enum policy_op op;
    enum who who;
    enum profile_state t, e;       /* t NONE: not on the card; e: of the other profile, NONE or ENABLED */
    enum attribute t_is, e_is;
    enum holder holder;
    uint8_t t_rules, e_rules;
};
static uint64_t decided[PF_COUNT][POLICY_OPS], corners;

/* --- a card in that corner --- */
static const enum function FUNCTIONS[] = {FN_ENABLE_PROFILE, FN_DISABLE_PROFILE, FN_DELETE_PROFILE,
                                          FN_SET_FALLBACK_ATTRIBUTE, FN_SET_EMERGENCY_ATTRIBUTE, FN_NONE};

static struct caller caller_of(struct core *w, const struct corner *k)
{
    static const enum core_party PARTY[WHOS] = {CORE_B, CORE_D, CORE_F, CORE_F, CORE_S, CORE_S,
                                                CORE_S, CORE_A, CORE_X, CORE_G, CORE_D};
    struct caller c = core_caller(w, PARTY[k->who]);
    uint32_t this = 1u << FUNCTIONS[k->op], other = 1u << FN_AUDIT_EIS;

    w->env.n_plmas = 0;
    if (k->who == FLEET_MAY || k->who == SP_MAY || k->who == SP_OTHER)
        w->plmas[w->env.n_plmas++] = (struct plma){
            .mno = w->oid[CORE_B], .profile_type = "*", .m2m_sp = c.party,
            .functions = k->who == SP_OTHER ? other : this};
    if (k->holder == THEIRS_MAY)
        w->plmas[w->env.n_plmas++] = (struct plma){
            .mno = w->oid[CORE_A], .profile_type = "*",
            .m2m_sp = k->who == SM_DP ? w->oid[CORE_B] : c.party, .functions = this};
    if (k->who == OTHER_SM_DP)
        c.mno = w->oid[CORE_A];
    return c;
}

static void shape(struct euicc_profile *p, enum profile_state state, enum attribute is, uint8_t rules)
{
    p->state = state;
    p->fallback = is == FALL_BACK;
    p->emergency = is == EMERGENCY;
    p->test = is == TEST_PROFILE;
    p->pol2 = rules;
}

/* TWO is E and A's, BOOT the holder and A's. */
static const struct euicc_profile *set(struct core *w, const struct corner *k)
{
    struct iccid one = core_iccid(ONE), two = core_iccid(TWO), boot = core_iccid(BOOT);
    struct euicc_profile *t = euicc_profile_by_iccid(w->e, &one);
    bool moves = k->op == POLICY_SET_EMERGENCY;

    shape(t, k->t == PROFILE_NONE ? PROFILE_DISABLED : k->t, k->t_is, k->t_rules);
    shape(euicc_profile_by_iccid(w->e, &two), k->e == PROFILE_NONE ? PROFILE_DISABLED : k->e, k->e_is, k->e_rules);
    shape(euicc_profile_by_iccid(w->e, &boot), PROFILE_DISABLED,
          k->holder == NOBODY ? PLAIN : moves ? EMERGENCY : FALL_BACK, 0);
    return k->t == PROFILE_NONE ? NULL : t;
}

/* --- the same again, from the sentences --- */
static enum status_code requester(const struct corner *k, bool in_creation)
{
    if (k->who >= NOT_ADMITTED && k->who != OTHER_SM_DP)
        return ST_EID_UNKNOWN;
    if (k->who == OTHER_SM_DP) /* it does not act for A */
        return ST_EID_UNKNOWN;
    if (k->who == ANOTHER_OWNER || k->who == SP_NONE || k->t == PROFILE_NONE)
        return ST_ICCID_UNKNOWN;
    if (k->who != FLEET_SEES && k->who != SP_OTHER)
        return ST_OK;
    if (in_creation)
        return ST_ICCID_UNKNOWN;
    return k->op == POLICY_MASTER_DELETE ? ST_OK : ST_ICCID_NOT_ALLOWED; /* its token is the authorisation */
}

#define MAY(st) (1ull << (st))
_Static_assert(ST_POL2 < 64, "a set of statuses is 64 bits: those a sentence gives a reason for");
#define IF(condition, st) ((condition) ? MAY(st) : 0)

static uint64_t enabling(const struct corner *k, bool e_local, bool e_pinned)
{
    return IF(k->t == PROFILE_ENABLED, ST_ALREADY_ENABLED) | IF(k->t == PROFILE_CREATED, ST_NOT_INSTALLED) |
           IF(k->t_is == TEST_PROFILE || e_local, ST_PROFILE_LOCAL) |
           IF(e_pinned || (k->t_rules & POL2_ENABLE_NOT_ALLOWED), ST_POL2);
}

static uint64_t disabling(const struct corner *k, bool e_local, bool e_pinned)
{
    bool holder = k->t_is == FALL_BACK || k->e_is == FALL_BACK || k->holder != NOBODY;

    return IF(k->t == PROFILE_DISABLED, ST_ALREADY_DISABLED) | IF(k->t == PROFILE_CREATED, ST_NOT_INSTALLED) |
           IF(k->t_is == FALL_BACK, ST_DISABLE_FALLBACK) | IF(!holder, ST_PROFILE_STATE) |
           IF(k->t_is == TEST_PROFILE || e_local, ST_PROFILE_LOCAL) | IF(e_pinned, ST_POL2);
}

/* Every refusal that a sentence gives a reason for; the table may answer any of them. */
static uint64_t refusals(const struct corner *k)
{
    bool t_on = k->t == PROFILE_ENABLED;
    bool e_local = t_on ? k->t_is == EMERGENCY || k->t_is == TEST_PROFILE
                        : k->e == PROFILE_ENABLED && (k->e_is == EMERGENCY || k->e_is == TEST_PROFILE);
    bool e_pinned = ((t_on ? k->t_rules : k->e == PROFILE_ENABLED ? k->e_rules : 0) & POL2_DISABLE_NOT_ALLOWED) != 0;
    /* A's attribute: it needs A's word unless A asks, and A's profile E may hold it as well. */
    bool theirs = k->holder == THEIRS ||
                  (k->holder == NOBODY && k->e_is == (k->op == POLICY_SET_FALLBACK ? FALL_BACK : EMERGENCY));

    switch (k->op) {
    case POLICY_ENABLE:
        return enabling(k, e_local, e_pinned);
    case POLICY_DISABLE:
        return disabling(k, e_local, e_pinned);
    case POLICY_DELETE:
        return IF(k->t_is == FALL_BACK, ST_PROFILE_FALLBACK) | IF(t_on, ST_STILL_ENABLED) |
               IF(k->t_rules & POL2_DELETE_NOT_ALLOWED, ST_POL2);
    case POLICY_SET_FALLBACK:
        return IF(k->t_is == EMERGENCY, ST_ATTRIBUTES_EXCLUDE) | IF(k->t_is == TEST_PROFILE, ST_PROFILE_LOCAL) |
               IF(k->t_is == FALL_BACK, ST_ALREADY_FALLBACK) | IF(k->t == PROFILE_CREATED, ST_NOT_INSTALLED) |
               IF(theirs, ST_ATTRIBUTE_HELD);
    case POLICY_SET_EMERGENCY:
        return IF(k->t_is == FALL_BACK, ST_ATTRIBUTES_EXCLUDE) | IF(k->t_is == TEST_PROFILE, ST_PROFILE_LOCAL) |
               IF(k->t == PROFILE_CREATED, ST_NOT_INSTALLED) | IF(t_on, ST_STILL_ENABLED) |
               IF(theirs, ST_ATTRIBUTE_HELD);
    default: /* POL1 and POL2 are ignored */
        return IF(k->t_is == FALL_BACK, ST_PROFILE_FALLBACK) | IF(t_on, ST_STILL_ENABLED) |
               IF(k->t == PROFILE_CREATED, ST_NOT_INSTALLED);
    }
}

static void check(struct core *w, const struct corner *k)
{
    const struct euicc_profile *t = set(w, k);
    struct caller c = caller_of(w, k);
    uint32_t facts = policy_facts(&w->env, &c, w->e, t, k->op);
    enum status_code got = policy_check(&w->env, &c, w->e, t, k->op);
    enum status_code who = requester(k, k->t == PROFILE_IN_CREATION);
    uint64_t may;
    bool right;

    for (unsigned f = 0; f < PF_SMSR_END; f++)
        if ((facts & PF_BIT(f)) && POLICY[f].cell[k->op].st) {
            decided[f][k->op]++;
            break;
        }
    corners++;
    if (!who && k->t == PROFILE_IN_CREATION)
        who = k->op == POLICY_DELETE || k->op == POLICY_MASTER_DELETE ? ST_IN_CREATION : ST_ICCID_UNKNOWN;
    may = who ? 0 : refusals(k);
    right = may ? got != ST_OK && got < 64 && (may & MAY(got)) : got == who;
    if (!right)
        fail_msg("%s by %d: T state %d is %d rules %x, E state %d is %d rules %x, holder %d: %d, not of %llx",
                 policy_op_text(k->op), k->who, k->t, k->t_is, k->t_rules, k->e, k->e_is, k->e_rules,
                 k->holder, got, (unsigned long long)may);
}

/* A card the EIS can know: one enabled profile, one fall-back profile, one emergency profile. */
static bool possible(const struct corner *k)
{
    bool moves = k->op == POLICY_SET_EMERGENCY;

    if (k->t == PROFILE_ENABLED && k->e == PROFILE_ENABLED)
        return false;
    if (k->t_is == k->e_is && (k->t_is == FALL_BACK || k->t_is == EMERGENCY))
        return false;
    return k->holder == NOBODY ||
           (moves ? k->t_is != EMERGENCY && k->e_is != EMERGENCY : k->t_is != FALL_BACK && k->e_is != FALL_BACK);
}

static void rules_of(struct core *w, struct corner *k)
{
    for (k->t_is = 0; k->t_is < ATTRIBUTES; k->t_is++)
        for (k->e_is = 0; k->e_is < ATTRIBUTES; k->e_is++)
            for (k->holder = 0; k->holder < HOLDERS; k->holder++)
                for (unsigned r = 0; possible(k) && r < 256; r++) {
                    k->t_rules = (uint8_t)(r & 15);
                    k->e_rules = (uint8_t)(r >> 4);
                    check(w, k);
                }
}

static void every_corner_is_as_the_sentences_say(void **state)
{
    struct core *w = *state;
    struct corner k;

    memset(&k, 0, sizeof k);
    for (k.op = 0; k.op <= POLICY_MASTER_DELETE; k.op++)
        for (k.who = 0; k.who < WHOS; k.who++)
            for (k.t = PROFILE_NONE; k.t <= PROFILE_ENABLED; k.t++)
                for (unsigned e = 0; e < 2; e++) {
                    k.e = e ? PROFILE_ENABLED : PROFILE_NONE;
                    rules_of(w, &k);
                }
    for (unsigned f = 0; f < PF_SMSR_END; f++)
        for (unsigned op = 0; op < POLICY_OPS; op++)
            if (POLICY[f].cell[op].st != ST_OK && !decided[f][op])
                fail_msg("never decided: %s, \"%s\"", policy_op_text((enum policy_op)op), POLICY[f].when);
    print_message("%llu corners, every cell of the SM-SR decided\n", (unsigned long long)corners);
}

/* The attribute on its own owner's profile moves freely; where it is already it is not set again. */
static void an_owner_moves_its_own_attribute(void **state)
{
    struct core *w = *state;
    struct iccid two = core_iccid(TWO), boot = core_iccid(BOOT);
    const struct euicc_profile *t = euicc_profile_by_iccid(w->e, &two);
    struct caller a = core_caller(w, CORE_A);

    assert_int_equal(policy_check(&w->env, &a, w->e, t, POLICY_SET_FALLBACK), ST_OK);
    t = euicc_profile_by_iccid(w->e, &boot);
    assert_int_equal(policy_check(&w->env, &a, w->e, t, POLICY_SET_FALLBACK), ST_ALREADY_FALLBACK);
}

/* --- what the card says, and what follows --- */
static void status_words(void **state)
{
    (void)state;
    for (unsigned f = PF_SMSR_END; f < PF_CARD_END; f++)
        for (unsigned op = 0; op < POLICY_OPS; op++) {
            const struct policy_cell *cell = &POLICY[f].cell[op];
            if (cell->sw)
                assert_int_equal(policy_status((enum policy_op)op, cell->sw), cell->st);
            if (cell->sw || cell->dormant)
                assert_ptr_equal(policy_card((enum policy_op)op, PF_BIT(f)), cell);
            else
                assert_null(policy_card((enum policy_op)op, PF_BIT(f)));
        }
    assert_int_equal(policy_status(POLICY_ENABLE, 0x69E1), ST_POL1);
    assert_int_equal(policy_status(POLICY_DELETE, 0x6A88), ST_OK);
    assert_int_equal(policy_status(POLICY_ENABLE, 0x6A88), ST_ISDR_EXECUTION);
    assert_int_equal(policy_status(POLICY_DELETE, 0x6581), ST_ISDR_EXECUTION);
    assert_null(policy_card(POLICY_FALL_BACK, PF_BIT(PF_POL1_E_DISABLE))); /* it is not asked */
}

/* The fall-back profile is never deleted; what the card deleted is not deleted again; a fall-back and the
 * device's own switches delete nothing. */
static void what_follows_a_success(void **state)
{
    (void)state;
    for (unsigned op = 0; op < POLICY_OPS; op++)
        for (uint32_t bits = 0; bits < 16; bits++) {
            uint32_t facts = bits << PF_L_FALLBACK;
            bool ours = op == POLICY_ENABLE || op == POLICY_DISABLE;
            bool own = op == POLICY_FALL_BACK || op == POLICY_LOCAL;
            enum policy_effect want = POLICY_NOTHING;
            if (facts & PF_BIT(PF_L_FALLBACK))
                want = ours || own ? POLICY_KEPT : POLICY_NOTHING;
            else if (ours && (facts & PF_BIT(PF_L_GONE)))
                want = POLICY_IS_GONE;
            else if (facts & (PF_BIT(PF_POL1_L_AUTO_DELETE) | PF_BIT(PF_POL2_L_AUTO_DELETE)))
                want = own ? POLICY_KEPT
                       : !ours ? POLICY_NOTHING
                       : facts & PF_BIT(PF_POL1_L_AUTO_DELETE) ? POLICY_CARD_DELETES : POLICY_SMSR_DELETES;
            assert_int_equal(policy_after((enum policy_op)op, facts), want);
        }
}

static void what_is_left_of_it(void **state)
{
    struct euicc_profile l;

    (void)state;
    memset(&l, 0, sizeof l);
    assert_int_equal(policy_facts_left(NULL, false), 0);
    assert_int_equal(policy_facts_left(&l, false), 0);
    l.pol2 = POL2_DISABLE_AUTO_DELETE;
    assert_int_equal(policy_after(POLICY_ENABLE, policy_facts_left(&l, false)), POLICY_SMSR_DELETES);
    assert_int_equal(policy_after(POLICY_ENABLE, policy_facts_left(&l, true)), POLICY_IS_GONE);
    l.fallback = true;
    assert_int_equal(policy_after(POLICY_DISABLE, policy_facts_left(&l, false)), POLICY_KEPT);
}

/* --- the manual --- */
static void put_cell(struct buf *b, const struct policy_cell *c)
{
    static const char *const EFFECTS[] = {"", "stays", "the card deletes L", "the SM-SR deletes L", "nothing more"};

    if (c->dormant)
        printed_add(b, " does not begin |");
    else if (c->done)
        printed_add(b, " %04X: done |", c->sw);
    else if (c->sw)
        printed_add(b, " %04X: %s-%s |", c->sw, STATUS[c->st].code.subject, STATUS[c->st].code.reason);
    else if (c->st)
        printed_add(b, " %s-%s |", STATUS[c->st].code.subject, STATUS[c->st].code.reason);
    else
        printed_add(b, "%s%s |", c->effect ? " " : "", EFFECTS[c->effect]);
}

static void the_manual_has_it(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    for (unsigned f = 0; f < PF_COUNT; f++) {
        if (f == 0 || f == PF_SMSR_END || f == PF_CARD_END) {
            printed_add(&b, "%s| %s |", f ? "\n" : "",
                        f == 0 ? "the SM-SR, before it sends" : f == PF_SMSR_END ? "the card" : "behind a success");
            for (unsigned op = 0; op < POLICY_OPS; op++)
                printed_add(&b, " %s |", policy_op_text((enum policy_op)op));
            printed_add(&b, "\n|---|");
            for (unsigned op = 0; op < POLICY_OPS; op++)
                printed_add(&b, "---|");
            printed_add(&b, "\n");
        }
        printed_add(&b, "| %s |", POLICY[f].when);
        for (unsigned op = 0; op < POLICY_OPS; op++)
            put_cell(&b, &POLICY[f].cell[op]);
        printed_add(&b, "\n");
    }
    printed_same("smsr/README.md", "policy", &b);
    buf_fini(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_corner_is_as_the_sentences_say),
        T(an_owner_moves_its_own_attribute),
        cmocka_unit_test(status_words),
        cmocka_unit_test(what_follows_a_success),
        cmocka_unit_test(what_is_left_of_it),
        cmocka_unit_test(the_manual_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
