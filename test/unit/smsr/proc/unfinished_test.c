/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The ISD-P of a download that is not completed: who hears what of it, and the memory it takes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

static void post(struct core *w, uint8_t session, const char *hex)
{
    assert_int_equal(core_step_hex(w, session, hex), ERR_OK);
}

/* "Unknown" is proof of absence to an SM-DP: it would give the ICCID away. */
static void a_deletion_waits_for_the_verdict_of_the_creation(void **state)
{
    for (unsigned stands = 0; stands < 2; stands++) {
        struct core w;
        core_init(&w);
        core_expire_in_mid_step(&w);
        core_call(&w, CORE_D, FN_DELETE_PROFILE, FRESH);
        core_expect(&w, EXEC_FAILED, "1.2", "4.4");
        core_call(&w, CORE_B, FN_DELETE_PROFILE, FRESH);
        core_expect(&w, EXEC_FAILED, "1.2", "4.4");
        core_first_post(&w, 2);
        post(&w, 2, stands ? STEP_WITH_FRESH : STEP_WITHOUT_FRESH);
        assert_int_equal(w.e->n_ops, 0);
        core_call(&w, CORE_D, FN_DELETE_PROFILE, FRESH);
        if (stands)
            assert_int_equal(w.plan.unit.purpose, PURPOSE_CMD);
        else
            core_expect(&w, EXEC_FAILED, "8.2.1", "3.9");
        core_fini(&w);
    }
    (void)state;
}

/* Nobody else learns that something is being created. */
static void to_others_it_is_unknown(void **state)
{
    static const enum core_party WHO[] = {CORE_A, CORE_F, CORE_S};
    struct core *w = *state;

    core_expire_in_mid_step(w);
    for (size_t i = 0; i < sizeof WHO / sizeof *WHO; i++) {
        core_call(w, WHO[i], FN_DELETE_PROFILE, FRESH);
        core_expect(w, EXEC_FAILED, "8.2.1", "3.9");
    }
    core_call(w, CORE_D, FN_ENABLE_PROFILE, FRESH);
    core_expect(w, EXEC_FAILED, "8.2.1", "3.9");
}

/* The card shows a profile that it has taken whole; that it is complete, its SM-DP tells. */
static void an_audit_before_the_completion(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=1F");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    core_completed(w, FRESH);
    core_expect(w, EXEC_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_DISABLED);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=1F");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_DISABLED);
}

/* The answer was on its way when the SM-DP told that the profile is whole. */
static void an_answer_from_before_the_load(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_completed(w, FRESH);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=07");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_DISABLED);
    core_create(w, FRESH + 1, 0, false); /* no orphan that somebody would delete */
    assert_int_equal(w->e->n_ops, 1);
}

/* What it runs on is believed whatever was told. */
static void an_enabled_one_is_believed(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=1F 12=1F 13=3F");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_ENABLED);
}

/* --- memory: what the card told last, less what was created and more what was deleted since --- */
static void memory_is_taken_and_given_back(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 60000);
    assert_int_equal(w->e->memory_free, 440000);
    core_call(w, CORE_D, FN_DELETE_PROFILE, FRESH);
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(w->e->memory_free, 500000);
    core_created(w, FRESH, 60000);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=07"); /* 50000h */
    assert_int_equal(w->e->memory_free, 0x50000);
    core_call(w, CORE_D, FN_DELETE_PROFILE, FRESH);
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(w->e->memory_free, 0x50000 + 60000);
}

static void never_more_than_an_empty_card_has(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(w->e->memory_free, 500000);
}

static void a_second_profile_needs_what_the_first_left(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 300000);
    core_completed(w, FRESH);
    core_create(w, FRESH + 1, 200001, false);
    core_expect(w, EXEC_FAILED, "8.1", "4.8");
    core_create(w, FRESH + 1, 200000, false);
    assert_int_equal(w->e->n_ops, 1);
}

static void a_creation_that_failed_takes_nothing(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 60000, false);
    core_first_post(w, 1);
    post(w, 1, "AF8023026A840000");
    core_expect_end(w, VERDICT_FAILED, "8.1", "4.8");
    assert_int_equal(w->e->memory_free, 500000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deletion_waits_for_the_verdict_of_the_creation),
        T(to_others_it_is_unknown),
        T(an_audit_before_the_completion),
        T(an_answer_from_before_the_load),
        T(an_enabled_one_is_believed),
        T(memory_is_taken_and_given_back),
        T(never_more_than_an_empty_card_has),
        T(a_second_profile_needs_what_the_first_left),
        T(a_creation_that_failed_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
