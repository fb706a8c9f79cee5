/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Look-ups: no match is the answer, never a default. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core.h"

#include <stdio.h>

static const struct tenant *realm(const struct core *w, const char digits[30])
{
    struct eid eid;

    assert_int_equal(eid_make(digits, &eid), ERR_OK);
    return env_realm(&w->env, &eid);
}

static void realms_by_range(void **state)
{
    struct core *w = *state;

    assert_ptr_equal(realm(w, "890490321234512345123456780000"), &w->tenants[0]);
    assert_ptr_equal(realm(w, "890490321234512345123456780999"), &w->tenants[0]);
    assert_ptr_equal(realm(w, "890490321234512345123456790500"), &w->tenants[1]);
    assert_null(realm(w, "890490321234512345123456781000"));
    assert_null(realm(w, "890490321234512345123456779999"));
    assert_null(realm(w, "890490321234512345123456791000"));
    assert_null(realm(w, "899999999999999999999999999999"));
    assert_ptr_equal(env_tenant(&w->env, 2), &w->tenants[1]);
    assert_null(env_tenant(&w->env, 0));
    assert_null(env_tenant(&w->env, 3));
}

static void parties_and_relations(void **state)
{
    struct core *w = *state;
    struct oid none = {""}, near = {"1.3.6.1.4.1.99999.1"};

    assert_ptr_equal(env_party(&w->env, &w->oid[CORE_B]), &w->parties[CORE_B]);
    assert_null(env_party(&w->env, &none));
    assert_null(env_party(&w->env, &near)); /* a prefix of others */
    assert_true(env_admits(&w->tenants[0], &w->oid[CORE_A]));
    assert_false(env_admits(&w->tenants[0], &w->oid[CORE_X]));
    assert_false(env_admits(&w->tenants[1], &w->oid[CORE_A]));
    assert_true(env_on_behalf(&w->env, &w->oid[CORE_B], &w->oid[CORE_D]));
    assert_false(env_on_behalf(&w->env, &w->oid[CORE_A], &w->oid[CORE_D]));
    assert_false(env_on_behalf(&w->env, &w->oid[CORE_D], &w->oid[CORE_B]));
    assert_false(env_on_behalf(&w->env, &none, &w->oid[CORE_D]));
}

static void authorisations(void **state)
{
    struct core *w = *state;

    assert_true(env_plma(&w->env, &w->oid[CORE_B], "basic", &w->oid[CORE_S], FN_ENABLE_PROFILE));
    assert_false(env_plma(&w->env, &w->oid[CORE_B], "basic", &w->oid[CORE_S], FN_DISABLE_PROFILE));
    assert_false(env_plma(&w->env, &w->oid[CORE_A], "basic", &w->oid[CORE_S], FN_ENABLE_PROFILE));
    assert_false(env_plma(&w->env, &w->oid[CORE_B], "basic", &w->oid[CORE_G], FN_ENABLE_PROFILE));
    memcpy(w->plmas[2].profile_type, "gold", 5);
    assert_false(env_plma(&w->env, &w->oid[CORE_B], "basic", &w->oid[CORE_S], FN_ENABLE_PROFILE));
    assert_true(env_plma(&w->env, &w->oid[CORE_B], "gold", &w->oid[CORE_S], FN_ENABLE_PROFILE));
    assert_false(env_plma(&w->env, &w->oid[CORE_B], "gold ", &w->oid[CORE_S], FN_ENABLE_PROFILE));
    assert_false(env_plma(&w->env, &w->oid[CORE_B], "", &w->oid[CORE_S], FN_ENABLE_PROFILE));
}

/* A row for the profile type wins over the owner's "*" row, wherever it stands. */
static void routes(void **state)
{
    struct core *w = *state;
    struct route rows[3] = {w->routes[1], w->routes[1], w->routes[0]};

    memcpy(rows[1].profile_type, "gold", 5);
    w->env.routes = rows;
    w->env.n_routes = 3;
    assert_ptr_equal(env_route(&w->env, &w->oid[CORE_B], "gold"), &rows[1]);
    assert_ptr_equal(env_route(&w->env, &w->oid[CORE_B], "basic"), &rows[0]);
    assert_ptr_equal(env_route(&w->env, &w->oid[CORE_A], "gold"), &rows[2]);
    assert_null(env_route(&w->env, &w->oid[CORE_X], "gold"));
    memcpy(rows[0].profile_type, "silver", 7);
    assert_null(env_route(&w->env, &w->oid[CORE_B], "basic"));
    w->env.routes = w->routes;
}

static void iccid_prefixes(void **state)
{
    struct core *w = *state;
    struct iccid a = core_iccid(TWO), b = core_iccid(ONE);

    assert_true(env_owner_covers(&w->parties[CORE_A], &a));
    assert_false(env_owner_covers(&w->parties[CORE_A], &b));
    assert_false(env_owner_covers(&w->parties[CORE_X], &a)); /* no list: none */
    memcpy(w->parties[CORE_A].iccid_prefix[1], "894902", 7);
    w->parties[CORE_A].n_iccid = 2;
    assert_true(env_owner_covers(&w->parties[CORE_A], &b));
}

static void networks(void **state)
{
    static const struct { const char *imsi; bool own; } ROWS[] = {
        {"262010000000001", true}, {"310260000000001", true}, {"26201", true},
        {"262020000000001", false}, {"310261000000001", false}, {"31026", false},
    };
    struct core *w = *state;
    struct party *p = &w->parties[CORE_A];
    struct imsi none = {{0}}, some;

    p->n_plmn = 2;
    assert_int_equal(plmn_parse(span_str("26201"), &p->plmn[0]), ERR_OK);
    assert_int_equal(plmn_parse(span_str("310260"), &p->plmn[1]), ERR_OK);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        memset(&some, 0, sizeof some);
        (void)snprintf(some.s, sizeof some.s, "%s", ROWS[i].imsi);
        assert_int_equal(env_owner_has_imsi(p, &some), ROWS[i].own);
    }
    assert_false(env_owner_has_imsi(p, &none));
    p->n_plmn = 0;
    assert_int_equal(imsi_parse(span_str("262010000000001"), &some), ERR_OK);
    assert_false(env_owner_has_imsi(p, &some)); /* no list: none */
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(realms_by_range), T(parties_and_relations), T(authorisations),
        T(routes),          T(iccid_prefixes), T(networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
