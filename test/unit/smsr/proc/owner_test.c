/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The owner relation of what a call brings: ICCID, IMSI and number (design 3.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/wire/wire.h"
#include "smsr/domain/authz.h"
#include "test/support/smsr_core_way.h"

#include <stdio.h>
/* The profile falls in its owner's ranges and networks, or it is refused: there is no default. */
static void an_owner_without_ranges_owns_nothing(void **state)
{
    struct core *w = *state;

    w->parties[CORE_B].n_iccid = 0;
    core_create(w, FRESH, 0, false);
    assert_string_equal(core_admitted(w), "8.2.1-1.2");
    assert_non_null(strstr(STATUS[ST_ICCID_FOREIGN].next, "iccid"));
    assert_true(span_eq(core_answer(w)->message, span_str(STATUS[ST_ICCID_FOREIGN].meaning)));
}

static void completed_with(struct core *w, const char *imsi, const char *number)
{
    struct es3_profile_download_completed_request m = {.eid = w->eid, .iccid = core_iccid(FRESH)};

    if (imsi)
        assert_int_equal(imsi_parse(span_str(imsi), &m.address.imsi), ERR_OK);
    if (number)
        assert_int_equal(msisdn_parse(span_str(number), &m.address.msisdn), ERR_OK);
    core_request(w, CORE_D, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, &m);
}

static void address_with(struct core *w, const char *imsi, const char *number)
{
    struct es4_update_subscription_address_request m = {.eid = w->eid, .iccid = core_iccid(TWO)};

    if (imsi)
        assert_int_equal(imsi_parse(span_str(imsi), &m.new_address.imsi), ERR_OK);
    if (number)
        assert_int_equal(msisdn_parse(span_str(number), &m.new_address.msisdn), ERR_OK);
    core_request(w, CORE_A, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, &m);
}

static void an_imsi_is_of_the_owners_network(void **state)
{
    struct core *w = *state;
    struct iccid two = core_iccid(TWO);

    core_created(w, FRESH, 0);
    completed_with(w, "234300000000001", NULL); /* B has no network listed: none is B's */
    assert_string_equal(core_admitted(w), "8.2.6-1.2");
    assert_true(span_eq(core_answer(w)->message, span_str(STATUS[ST_IMSI_FOREIGN].meaning)));
    assert_int_equal(plmn_parse(span_str("26202"), &w->parties[CORE_B].plmn[0]), ERR_OK);
    w->parties[CORE_B].n_plmn = 1;
    completed_with(w, "234300000000001", NULL);
    assert_string_equal(core_admitted(w), "8.2.6-1.2");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    completed_with(w, "262020000000001", NULL);
    assert_string_equal(core_admitted(w), "done");

    assert_int_equal(plmn_parse(span_str("26201"), &w->parties[CORE_A].plmn[0]), ERR_OK);
    w->parties[CORE_A].n_plmn = 1;
    address_with(w, "262020000000001", "4915799999");
    assert_string_equal(core_admitted(w), "8.2.6-1.2");
    assert_string_not_equal(euicc_profile_by_iccid(w->e, &two)->msisdn.s, "4915799999");
    address_with(w, "262010000000001", "4915799999");
    assert_string_equal(core_admitted(w), "done");
    address_with(w, NULL, "4915799998"); /* without an IMSI there is nothing to compare */
    assert_string_equal(core_admitted(w), "done");
}

static bool taken_elsewhere(void *ctx, const struct msisdn *number, const struct oid *mno)
{
    const struct core *w = ctx;

    assert_true(oid_eq(mno, &w->oid[CORE_A]) || oid_eq(mno, &w->oid[CORE_B]));
    return !strcmp(number->s, "4915700000");
}

static void a_number_of_another_owner_is_refused(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    w->pe.number_taken = taken_elsewhere;
    w->pe.ctx = w;
    completed_with(w, NULL, "4915700000");
    assert_string_equal(core_admitted(w), "8.2.6-3.3");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    completed_with(w, NULL, "4915700001");
    assert_string_equal(core_admitted(w), "done");
    address_with(w, NULL, "4915700000");
    assert_string_equal(core_admitted(w), "8.2.6-3.3");
    address_with(w, NULL, "4915700001");
    assert_string_equal(core_admitted(w), "done");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

/* --- who hears of a change --- */
static void one_is_switched_on(struct core *w)
{
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 1, ONE);
    core_por_hex(w, 0, "AB09800101230480009000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
}

/* An owner authorises service providers for its profiles; on which cards they hear of them, the cards'
 * realms decide. */
static void a_fleet_of_another_realm_hears_nothing(void **state)
{
    struct core *w = *state;

    w->plmas[2].m2m_sp = w->oid[CORE_G];
    one_is_switched_on(w);
    assert_null(core_delivery(w, CORE_G, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
}

/* Of the rules of a profile, and that it was downloaded, hears who is authorised for a function of that
 * name; whose profile it is, knows. */
static void policy_and_download_are_told(void **state)
{
    struct core *w = *state;
    const struct es4_handle_policy_rules_updated_notification *n;

    core_call(w, CORE_D, FN_UPDATE_POLICY_RULES, ONE);
    assert_int_equal(w->plan.n_deliveries, 0);
    w->plmas[2].functions = FN_BIT(FN_UPDATE_POLICY_RULES) | FN_BIT(FN_PROFILE_DOWNLOAD_COMPLETED);
    core_call(w, CORE_D, FN_UPDATE_POLICY_RULES, ONE);
    assert_int_equal(w->plan.n_deliveries, 1);
    n = core_delivery(w, CORE_S, MSG_ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION);
    assert_non_null(n);
    assert_int_equal(n->pol2.n, 1);
    assert_true(span_eq(n->pol2.rules[0].action, span_str("ENABLE")));
    w->tenants[0].n_admits = 2; /* S is not admitted here */
    core_call(w, CORE_B, FN_UPDATE_POLICY_RULES, ONE);
    assert_int_equal(w->plan.n_deliveries, 0);
}

static void an_admitted_service_provider_hears(void **state)
{
    struct core *w = *state;

    one_is_switched_on(w);
    assert_non_null(core_delivery(w, CORE_S, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
}

static void one_that_is_not_admitted_hears_nothing(void **state)
{
    struct core *w = *state;

    w->tenants[0].n_admits = 2;
    one_is_switched_on(w);
    assert_null(core_delivery(w, CORE_S, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_owner_without_ranges_owns_nothing),
        T(an_imsi_is_of_the_owners_network),
        T(a_number_of_another_owner_is_refused),
        T(a_fleet_of_another_realm_hears_nothing),
        T(policy_and_download_are_told),
        T(an_admitted_service_provider_hears),
        T(one_that_is_not_admitted_hears_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
