/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Roles x interfaces x functions, and relations to a card. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/authz.h"
#include "test/support/smsr_core.h"

static const struct { enum interface iface; enum function fn; uint32_t roles; } ALLOWED[] = {
#define R(r) (1u << (r))
    {IF_ES1, FN_REGISTER_EIS, R(ROLE_EUM)},
    {IF_ES3, FN_GET_EIS, R(ROLE_SMDP)}, {IF_ES3, FN_CREATE_ISDP, R(ROLE_SMDP)},
    {IF_ES3, FN_SEND_DATA, R(ROLE_SMDP)}, {IF_ES3, FN_PROFILE_DOWNLOAD_COMPLETED, R(ROLE_SMDP)},
    {IF_ES3, FN_ENABLE_PROFILE, R(ROLE_SMDP)}, {IF_ES3, FN_DISABLE_PROFILE, R(ROLE_SMDP)},
    {IF_ES3, FN_DELETE_PROFILE, R(ROLE_SMDP)},
    {IF_ES4, FN_GET_EIS, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_AUDIT_EIS, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_ENABLE_PROFILE, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_DISABLE_PROFILE, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_DELETE_PROFILE, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_UPDATE_SUBSCRIPTION_ADDRESS, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_UPDATE_POLICY_RULES, R(ROLE_OPERATOR)},
    {IF_ES3, FN_AUDIT_EIS, R(ROLE_SMDP)},
    {IF_ES3, FN_UPDATE_SUBSCRIPTION_ADDRESS, R(ROLE_SMDP)},
    {IF_ES3, FN_UPDATE_POLICY_RULES, R(ROLE_SMDP)},
    {IF_ADMIN, FN_ROTATE_KEYS, R(ROLE_FLEET) | R(ROLE_ADMIN)},
    {IF_ES3, FN_SET_FALLBACK_ATTRIBUTE, R(ROLE_SMDP)},
    {IF_ES3, FN_SET_EMERGENCY_ATTRIBUTE, R(ROLE_SMDP)},
    {IF_ES4, FN_SET_FALLBACK_ATTRIBUTE, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
    {IF_ES4, FN_SET_EMERGENCY_ATTRIBUTE, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP)},
};

static void functions_of_roles(void **state)
{
    unsigned yes = 0;

    for (unsigned role = ROLE_NONE; role <= ROLE_AUDITOR; role++)
        for (unsigned iface = IF_NONE; iface <= IF_ADMIN; iface++)
            for (unsigned fn = FN_NONE; fn < FN_COUNT; fn++) {
                struct party p = {.roles = 1u << role}, other = {.roles = ~(1u << role)};
                bool expect = false;
                for (size_t i = 0; i < sizeof ALLOWED / sizeof *ALLOWED; i++)
                    expect = expect || (ALLOWED[i].iface == iface && ALLOWED[i].fn == fn &&
                                        (ALLOWED[i].roles & (1u << role)));
                assert_int_equal(authz_function(&p, (enum party_role)role, (enum interface)iface,
                                                (enum function)fn), expect);
                /* The certificate says a role that the party does not have. */
                assert_false(authz_function(&other, (enum party_role)role, (enum interface)iface,
                                            (enum function)fn));
                assert_false(authz_function(NULL, (enum party_role)role, (enum interface)iface,
                                            (enum function)fn));
                yes += expect;
            }
    assert_int_equal(yes, 1 + 12 + 8 * 3 + 1 + 2);
    (void)state;
}

static void relations_to_a_card(void **state)
{
    static const bool RELATED[CORE_PARTIES] = {
        [CORE_A] = true, [CORE_B] = true,     [CORE_D] = true,      [CORE_F] = true,
        [CORE_S] = true, [CORE_ADMIN] = true, [CORE_AUDITOR] = true};
    struct core *w = *state;

    for (unsigned i = 0; i < CORE_PARTIES; i++) {
        struct caller c = core_caller(w, (enum core_party)i);
        struct oid owner;
        memset(&owner, 'x', sizeof owner);
        assert_int_equal(authz_card(&w->env, &c, w->e, &owner),
                         RELATED[i] ? ST_OK : ST_EID_UNKNOWN);
        if (!RELATED[i])
            assert_string_equal(owner.s, "");
        memset(&owner, 'x', sizeof owner);
        assert_int_equal(authz_card(&w->env, &c, NULL, &owner), ST_EID_UNKNOWN);
        assert_string_equal(owner.s, "");
    }
}

static void an_sm_dp_without_its_operator(void **state)
{
    struct core *w = *state;
    struct caller c = core_caller(w, CORE_D);
    struct oid owner;

    c.mno = w->oid[CORE_A]; /* not on behalf */
    assert_int_equal(authz_card(&w->env, &c, w->e, &owner), ST_EID_UNKNOWN);
    memset(&c.mno, 0, sizeof c.mno);
    assert_int_equal(authz_card(&w->env, &c, w->e, &owner), ST_EID_UNKNOWN);
    c.mno = w->oid[CORE_B];
    w->tenants[0].n_admits = 1; /* B is not admitted any more */
    assert_int_equal(authz_card(&w->env, &c, w->e, &owner), ST_EID_UNKNOWN);
}

static void a_card_of_no_realm(void **state)
{
    struct core *w = *state;
    struct caller c = core_caller(w, CORE_F);
    struct oid owner;

    w->tenants[0].n_ranges = 0;
    assert_int_equal(authz_card(&w->env, &c, w->e, &owner), ST_EID_UNKNOWN);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_roles),
        T(relations_to_a_card),
        T(an_sm_dp_without_its_operator),
        T(a_card_of_no_realm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
