/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire remora_card remora_smdp_profile */
/* The decision table through the procedures and the simulated card: what the deciders armed runs on a card in every
 * state and under every POL1, and the verdict is the cell's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "smsr/domain/policy.h"
#include "test/support/card_rig.h"
#include "test/support/smsr_core.h"
#include "tools/euiccsim/card/card_int.h"

#include <stdio.h>
#include <stdlib.h>

#define TAR_ISD_R 0x000001u

struct pair {
    struct core w;
    struct rig r;
    struct buf base;               /* the card with ONE and TWO installed, BOOT enabled */
    unsigned rows;
};
/* One corner of the card; E is BOOT or TWO. */
struct corner {
    unsigned t;                    /* life cycle of ONE, 0: not there */
    unsigned e;                    /* enabled besides, 0: nobody */
    unsigned holder;               /* of the fall-back attribute */
    unsigned changing;             /* 0: no, 1: a switch that ONE is part of, 2: of others */
    uint8_t pol1_t, pol1_e;
};
static unsigned decided[PF_COUNT][POLICY_OPS], corners;

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof *p);

    assert_non_null(p);
    rig_init(&p->r, 0);
    rig_confirmed(&p->r);
    rig_install(&p->r, ONE, 0);
    rig_install(&p->r, TWO, 0);
    buf_init(&p->base, 0);
    assert_int_equal(card_image(p->r.card, &p->base), ERR_OK);
    p->rows = p->r.n_rows;
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    rig_fini(&p->r);
    buf_wipe(&p->base);
    buf_fini(&p->base);
    free(p);
    return 0;
}

static void card_anew(struct pair *p)
{
    card_free(p->r.card);
    assert_int_equal(card_from_image(&p->r.world, buf_span(&p->base), &p->r.card), ERR_OK);
    p->r.n_rows = p->rows;
    p->r.factory.has_bootstrap = true;
    p->r.unsound = true;
}

static struct isdp *at(struct pair *p, unsigned number)
{
    return isdp_by_number(p->r.card, (uint16_t)number);
}

static void card_set(struct pair *p, const struct corner *k)
{
    card_anew(p);
    at(p, BOOT)->pub.state = k->e == BOOT ? ISDP_ENABLED : ISDP_DISABLED;
    at(p, TWO)->pub.state = k->e == TWO ? ISDP_ENABLED : ISDP_DISABLED;
    at(p, BOOT)->pub.fallback = k->holder == BOOT;
    at(p, TWO)->pub.fallback = k->holder == TWO;
    at(p, BOOT)->pub.data.pol1 = at(p, TWO)->pub.data.pol1 = k->pol1_e;
    at(p, ONE)->pub.data.pol1 = k->pol1_t;
    at(p, ONE)->pub.fallback = k->holder == ONE;
    if (k->t)
        at(p, ONE)->pub.state = (enum card_isdp_state)k->t;
    else
        isdp_remove(p->r.card, ONE);
    p->r.factory.has_bootstrap = k->holder != 0;
    if (k->changing)
        p->r.card->change = (struct change){.state = CHANGE_CONFIRM, .kind = CHANGE_BY_ENABLE,
                                            .target = k->changing == 1 ? ONE : TWO, .previous = BOOT};
}

static uint32_t card_facts(const struct corner *k)
{
    uint8_t pol1_e = k->t == ISDP_ENABLED ? k->pol1_t : k->e ? k->pol1_e : 0;
    bool there = k->t != 0, installed = k->t >= ISDP_DISABLED;
    uint32_t facts = 0;

    facts |= there ? 0 : PF_BIT(PF_CARD_ABSENT);
    facts |= k->changing ? PF_BIT(PF_CARD_CHANGING) : 0;
    facts |= there && k->holder == ONE ? PF_BIT(PF_CARD_T_FALLBACK) : 0;
    facts |= k->t == ISDP_ENABLED ? PF_BIT(PF_CARD_T_ENABLED) : 0;
    facts |= k->t == ISDP_DISABLED ? PF_BIT(PF_CARD_T_DISABLED) : 0;
    facts |= there && !installed ? PF_BIT(PF_CARD_T_CREATED) : 0;
    facts |= k->holder ? 0 : PF_BIT(PF_CARD_NO_FALLBACK);
    facts |= pol1_e & POL1_NO_DISABLE ? PF_BIT(PF_POL1_E_DISABLE) : 0;
    facts |= installed && (k->pol1_t & POL1_NO_DELETE) ? PF_BIT(PF_POL1_T_DELETE) : 0;
    return facts;
}

static const struct policy_cell *expected(const struct corner *k, enum policy_op op)
{
    uint32_t facts = card_facts(k);
    const struct policy_cell *cell;

    if (op == POLICY_DELETE && k->changing == 2)
        facts &= ~PF_BIT(PF_CARD_CHANGING);
    cell = policy_card(op, facts);
    corners++;
    for (unsigned f = PF_SMSR_END; cell && f < PF_CARD_END; f++)
        decided[f][op] += cell == &POLICY[f].cell[op];
    return cell;
}

/* --- a call of the owner, on an EIS in which nothing forbids it --- */
static void eis_says(struct core *w, unsigned on, unsigned fallback)
{
    struct euicc *const both[] = {w->e, w->twin};

    for (unsigned i = 0; i < 2; i++)
        for (unsigned k = 0; k < both[i]->n_profiles; k++) {
            struct iccid is_on = core_iccid(on), holds = core_iccid(fallback);
            struct euicc_profile *p = &both[i]->profiles[k];
            p->state = !strcmp(p->iccid.s, is_on.s) ? PROFILE_ENABLED : PROFILE_DISABLED;
            p->fallback = !strcmp(p->iccid.s, holds.s);
        }
}

/* The script that was armed runs on the card, and its answer comes back. */
static void ran(struct pair *p)
{
    const char *hex = core_script(&p->w);
    uint8_t script[512];
    size_t n = 0;

    assert_true(p->w.plan.unit.set);
    assert_int_equal(hex_decode(hex, strlen(hex), script, sizeof script, &n), ERR_OK);
    rig_script(&p->r, TAR_ISD_R, span_of(script, n));
    assert_true(p->r.por.got);
    (void)core_por(&p->w, 0, p->r.por.status, span_of(p->r.por.data, p->r.por.n));
}

static void through_both(struct pair *p, const struct corner *k, enum policy_op op, enum function fn)
{
    const struct policy_cell *cell = expected(k, op);

    card_set(p, k);
    core_init(&p->w);
    p->w.env.effects_per_hour = 0;
    eis_says(&p->w, op == POLICY_DISABLE ? ONE : BOOT, BOOT);
    core_call(&p->w, CORE_B, fn, ONE);
    ran(p);
    if (cell && cell->st)
        core_expect_end(&p->w, VERDICT_FAILED, STATUS[cell->st].code.subject, STATUS[cell->st].code.reason);
    else if (op == POLICY_DELETE)
        core_expect_end(&p->w, VERDICT_SUCCESS, "", "");
    else
        assert_string_equal(core_state(&p->w), "WAIT_NOTIFICATION");
    core_fini(&p->w);
}

static void one_corner(struct pair *p, const struct corner *k)
{
    const struct policy_cell *cell;

    through_both(p, k, POLICY_ENABLE, FN_ENABLE_PROFILE);
    through_both(p, k, POLICY_DISABLE, FN_DISABLE_PROFILE);
    through_both(p, k, POLICY_DELETE, FN_DELETE_PROFILE);
    /* No function of the SM-SR yet: the command alone. */
    cell = expected(k, POLICY_SET_FALLBACK);
    card_set(p, k);
    p->r.factory.has_bootstrap = k->holder || !cell; /* the attribute comes back with the command */
    assert_int_equal(rig_set_fallback(&p->r, ONE), cell ? cell->sw : 0x9000);
}

static void under_pol1(struct pair *p, struct corner *k)
{
    static const uint8_t T[] = {0, POL1_NO_DISABLE, POL1_NO_DELETE, 7}, E[] = {0, POL1_NO_DISABLE, 6};

    for (size_t t = 0; t < sizeof T; t++)
        for (size_t e = 0; e < sizeof E; e++) {
            k->pol1_t = T[t];
            k->pol1_e = E[e];
            one_corner(p, k);
        }
}

static void every_corner_of_the_card(void **state)
{
    static const unsigned T[] = {0, ISDP_SELECTABLE, ISDP_PERSONALIZED, ISDP_DISABLED, ISDP_ENABLED};
    static const unsigned HOLDERS[] = {0, BOOT, ONE, TWO}, OTHERS[] = {0, BOOT, TWO};
    struct pair *p = *state;
    struct corner k;

    memset(&k, 0, sizeof k);
    for (size_t t = 0; t < sizeof T / sizeof *T; t++)
        for (size_t h = 0; h < 4; h++)
            for (size_t e = 0; e < 3; e++)
                for (k.changing = 0; k.changing < 3; k.changing++) {
                    k.t = T[t];
                    k.e = OTHERS[e];
                    k.holder = HOLDERS[h];
                    if ((k.t == ISDP_ENABLED && k.e) || (!k.t && k.holder == ONE))
                        continue; /* one is enabled; what is not there holds nothing */
                    under_pol1(p, &k);
                }
    for (unsigned f = PF_SMSR_END; f < PF_CARD_END; f++)
        for (unsigned op = POLICY_ENABLE; op <= POLICY_SET_FALLBACK; op++)
            if (POLICY[f].cell[op].sw && !decided[f][op])
                fail_msg("never met: %s, \"%s\"", policy_op_text((enum policy_op)op), POLICY[f].when);
    print_message("%u corners of the card\n", corners);
}

/* --- behind a success --- */
static void rule(struct core *w, unsigned profile, uint8_t pol2)
{
    struct iccid id = core_iccid(profile);

    euicc_profile_by_iccid(w->e, &id)->pol2 = euicc_profile_by_iccid(w->twin, &id)->pol2 = pol2;
}

/* L is on in both, T off; T takes over, as asked, and is confirmed. */
static void switched(struct pair *p, enum policy_op op, unsigned l, bool l_fallback, bool pol1, bool pol2)
{
    unsigned t = op == POLICY_DISABLE ? BOOT : ONE;
    struct corner k = {.t = l == ONE ? ISDP_ENABLED : ISDP_DISABLED, .e = l == ONE ? 0 : l,
                       .holder = l_fallback ? l : BOOT, .pol1_t = pol1 && l == ONE ? POL1_AUTO_DELETE : 0,
                       .pol1_e = pol1 && l != ONE ? POL1_AUTO_DELETE : 0};
    struct rig_note note;

    card_set(p, &k);
    core_init(&p->w);
    eis_says(&p->w, l, k.holder);
    rule(&p->w, l, pol2 ? POL2_DISABLE_AUTO_DELETE : 0);
    core_call(&p->w, CORE_B, op == POLICY_DISABLE ? FN_DISABLE_PROFILE : FN_ENABLE_PROFILE, ONE);
    ran(p);
    rig_attach(&p->r, true);
    assert_true(rig_note(&p->r, &note));
    core_note(&p->w, note.type, note.seq, t);
    ran(p);
}

static void ends(struct pair *p, unsigned l, enum policy_effect effect)
{
    bool gone = effect == POLICY_CARD_DELETES || effect == POLICY_SMSR_DELETES;

    assert_int_equal(p->w.plan.unit.set, effect == POLICY_SMSR_DELETES);
    if (effect == POLICY_SMSR_DELETES)
        ran(p);
    core_expect_end(&p->w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(&p->w, l), gone ? PROFILE_NONE : PROFILE_DISABLED);
    assert_int_equal(rig_state(&p->r, (uint16_t)l), gone ? 0 : ISDP_DISABLED);
    core_fini(&p->w);
}

static void what_follows_a_switch(void **state)
{
    struct pair *p = *state;

    for (unsigned bits = 0; bits < 8; bits++) {
        bool holds = bits & 1, pol1 = bits & 2, pol2 = bits & 4;
        enum policy_effect want = policy_after(
            POLICY_ENABLE, (holds ? PF_BIT(PF_L_FALLBACK) : 0) | (pol1 ? PF_BIT(PF_POL1_L_AUTO_DELETE) : 0) |
                               (pol2 ? PF_BIT(PF_POL2_L_AUTO_DELETE) : 0));
        switched(p, POLICY_ENABLE, TWO, holds, pol1, pol2);
        ends(p, TWO, want);
        if (holds)
            continue; /* what holds the attribute is never disabled */
        switched(p, POLICY_DISABLE, ONE, false, pol1, pol2);
        ends(p, ONE, want);
    }
}

/* POL1 is not asked, nothing is deleted by anybody, and without a holder nothing begins. */
static void a_fall_back(void **state)
{
    struct corner k = {.t = ISDP_ENABLED, .holder = BOOT, .pol1_t = POL1_NO_DISABLE | POL1_AUTO_DELETE};
    struct pair *p = *state;
    struct rig_note note;

    card_set(p, &k);
    core_init(&p->w);
    eis_says(&p->w, ONE, BOOT);
    rule(&p->w, ONE, POL2_DISABLE_AUTO_DELETE);
    rig_attach(&p->r, false);
    assert_true(rig_timer(&p->r));
    assert_int_equal(rig_enabled(&p->r), BOOT);
    rig_attach(&p->r, true);
    assert_true(rig_note(&p->r, &note));
    core_note(&p->w, note.type, note.seq, BOOT);
    for (unsigned i = 0; p->w.e->n_ops && i < 10; i++) {
        assert_null(strstr(core_script(&p->w), "80E40040"));
        if (p->w.plan.unit.set)
            ran(p);
        else
            assert_true(core_timer(&p->w));
    }
    assert_int_equal(p->w.e->n_ops, 0);
    assert_int_equal(core_profile_state(&p->w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(&p->w, ONE), PROFILE_DISABLED);
    assert_int_equal(rig_state(&p->r, ONE), ISDP_DISABLED);
    core_fini(&p->w);

    k.holder = 0;
    card_set(p, &k);
    rig_attach(&p->r, false);
    assert_int_equal(card_due(p->r.card), 0);
    assert_int_equal(rig_enabled(&p->r), ONE);
}

/* --- authorisation is read where the command is armed --- */
static void a_plma_withdrawn_while_the_call_waits(void **state)
{
    struct core w;

    (void)state;
    core_init(&w);
    core_call(&w, CORE_A, FN_AUDIT_EIS, 0); /* what the other waits behind */
    core_call(&w, CORE_F, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(w.e->n_ops, 2);
    w.env.n_plmas = 0;
    core_por_list(&w, 0, "10=3F 11=1F 12=1F");
    for (unsigned i = 0; w.e->n_ops && i < 10; i++)
        assert_true(core_timer(&w));
    core_expect_end(&w, VERDICT_FAILED, "8.2.1", "1.2");
    core_fini(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_corner_of_the_card),
        T(what_follows_a_switch),
        T(a_fall_back),
        cmocka_unit_test(a_plma_withdrawn_while_the_call_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
