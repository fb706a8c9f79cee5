/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* What each role sees of an EIS. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/eis_view.h"
#include "test/support/smsr_core.h"

static const struct eis_profile *shown(const struct eis *e, unsigned profile)
{
    struct iccid iccid = core_iccid(profile);

    for (unsigned i = 0; i < e->n_profiles; i++)
        if (iccid_eq(&e->profiles[i].iccid, &iccid))
            return &e->profiles[i];
    return NULL;
}

/* facts: sgp02 3.4 */
static void what_each_role_sees(void **state)
{
    static const struct {
        enum core_party who;
        bool boot, one, two;       /* profiles */
        bool details;              /* address, SM-DP, POL2 of its own */
        bool audit_date, isd_r, ecasd; /* audit date: and contacts, life, device */
    } ROWS[] = {
        {CORE_A, true, false, true, true, false, false, false},
        {CORE_B, false, true, false, true, false, false, false},
        {CORE_D, false, true, false, true, false, true, true},
        {CORE_F, true, true, true, false, true, false, false},
        {CORE_S, false, true, false, false, false, false, false},
        {CORE_ADMIN, true, true, true, false, true, false, false},
        {CORE_AUDITOR, true, true, true, false, true, false, false},
        {CORE_X, false, false, false, false, false, false, false},
        {CORE_E, false, false, false, false, false, false, false},
    };
    static const uint8_t cert[3] = {0x7F, 0x21, 0x00};
    struct core *w = *state;
    struct eum_signed_info info = {.ecasd_certificate = {cert, 3}};
    struct signed_eis se = {.eum_certificate = {cert, 3}};

    w->e->last_audit_ms = 77;
    w->e->reach.seen_ms = 88;
    w->e->life = CARD_SEEN;
    memcpy(w->e->imei, "4A09512430325781", 17);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct caller c = core_caller(w, ROWS[i].who);
        struct eis e;
        const struct eis_profile *mine;
        eis_view(&w->env, &c, w->e, &se, &info, &w->arena, &e);
        assert_int_equal(shown(&e, BOOT) != NULL, ROWS[i].boot);
        assert_int_equal(shown(&e, ONE) != NULL, ROWS[i].one);
        assert_int_equal(shown(&e, TWO) != NULL, ROWS[i].two);
        mine = e.n_profiles ? &e.profiles[0] : NULL;
        if (mine) {
            assert_int_equal(mine->address.msisdn.s[0] != 0, ROWS[i].details);
            assert_int_equal(mine->pol2.present, ROWS[i].details);
        }
        assert_int_equal(e.last_audit_ms, ROWS[i].audit_date ? 77 : 0);
        assert_int_equal(e.isd_p_load_file.n != 0, ROWS[i].isd_r);
        assert_int_equal(e.ecasd_certificate.n != 0, ROWS[i].ecasd);
        assert_int_equal(e.eum_certificate.n != 0, ROWS[i].ecasd);
        assert_int_equal(e.last_contact_ms, ROWS[i].audit_date ? 88 : 0);
        assert_int_equal(e.card_state, ROWS[i].audit_date ? CARD_SEEN : CARD_NONE);
        assert_int_equal(e.imei.n, ROWS[i].audit_date ? 8 : 0);
        assert_int_equal(e.n_keysets, 0); /* nobody sees key sets */
        assert_int_equal(e.eum_signed_info.n, 0); /* nor the signed part: it goes to the next SM-SR only */
        assert_int_equal(e.eum_signature.n, 0);
        assert_int_equal(e.remaining_memory, 500000);
        assert_true(eid_eq(&e.eid, &w->eid));
    }
}

static void an_isd_p_being_created_is_not_shown(void **state)
{
    struct core *w = *state;
    struct caller c = core_caller(w, CORE_F);
    struct eis e;

    core_create(w, FRESH, 0, false);
    eis_view(&w->env, &c, w->e, NULL, NULL, &w->arena, &e);
    assert_null(shown(&e, FRESH));
    assert_int_equal(e.n_profiles, 3);
}

static void pol2_as_published(void **state)
{
    struct core *w = *state;
    struct caller c = core_caller(w, CORE_B);
    struct iccid iccid = core_iccid(ONE);
    struct eis e;

    euicc_profile_by_iccid(w->e, &iccid)->pol2 = 0x0F;
    eis_view(&w->env, &c, w->e, NULL, NULL, &w->arena, &e);
    assert_int_equal(e.profiles[0].pol2.n, 4);
    assert_true(span_eq(e.profiles[0].pol2.rules[3].qualification, span_str("Auto-Delete")));
    assert_true(span_eq(e.profiles[0].pol2.rules[3].action, span_str("DISABLE")));
    euicc_profile_by_iccid(w->e, &iccid)->pol2 = 0;
    eis_view(&w->env, &c, w->e, NULL, NULL, &w->arena, &e);
    assert_true(e.profiles[0].pol2.present);
    assert_int_equal(e.profiles[0].pol2.n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_each_role_sees), T(an_isd_p_being_created_is_not_shown), T(pol2_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
