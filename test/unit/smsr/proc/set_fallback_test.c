/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* SetFallBackAttribute (SGP.02 3.27 to 3.29): the attribute moves by one command, with proof. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "test/support/smsr_core_way.h"

/* E3 { 4F TWO, 9F70 state, 53 attribute }. */
static const char *const HELD = "AB22800101231DE3194F10A0000005591010FFFFFFFF8900001200" "9F70011F530101" "9000";
static const char *const NOT_HELD = "AB22800101231DE3194F10A0000005591010FFFFFFFF8900001200" "9F70011F530100" "9000";
static const char *const SILENT_ABOUT_IT = "AB1F800101231AE3164F10A0000005591010FFFFFFFF8900001200" "9F70011F" "9000";

static bool holds(const struct core *w, unsigned profile)
{
    const struct iccid iccid = core_iccid(profile);
    const struct euicc_profile *p = euicc_profile_by_iccid(w->e, &iccid);

    return p && p->fallback;
}

static void by_the_book(void **state)
{
    struct core *w = *state;
    const struct es4_set_fall_back_attribute_response *rsp;

    core_call(w, CORE_A, FN_SET_FALLBACK_ATTRIBUTE, TWO);
    assert_string_equal(core_state(w), "ARMED");
    assert_string_equal(core_script(w), "AA1D221B80E28800153A05124F10A0000005591010FFFFFFFF890000120000");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    assert_true(holds(w, TWO) && !holds(w, BOOT));
    rsp = core_delivery(w, CORE_A, MSG_ES4_SET_FALL_BACK_ATTRIBUTE_RESPONSE);
    assert_non_null(rsp);
    assert_true(rsp->euicc_response_data.n > 0);
    /* It lost it on another of its profiles: no answer tells that. */
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION));
    assert_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION));
}

/* Another owner's profile holds it: only with that owner's word, and it hears of it. */
static void it_is_taken_with_leave_alone(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_SET_FALLBACK_ATTRIBUTE, ONE);
    assert_string_equal(core_admitted(w), "8.2-1.2");
    w->plmas[0].m2m_sp = w->oid[CORE_B];
    w->plmas[0].functions |= FN_BIT(FN_SET_FALLBACK_ATTRIBUTE);
    core_call(w, CORE_D, FN_SET_FALLBACK_ATTRIBUTE, ONE);
    assert_string_equal(core_state(w), "ARMED");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_true(holds(w, ONE) && !holds(w, BOOT));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_SET_FALL_BACK_ATTRIBUTE_RESPONSE));
    assert_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION));
}

static void the_owner_hears_what_its_fleet_did(void **state)
{
    struct core *w = *state;

    w->plmas[0].functions |= FN_BIT(FN_SET_FALLBACK_ATTRIBUTE);
    w->plmas[1].functions |= FN_BIT(FN_SET_FALLBACK_ATTRIBUTE);
    core_call(w, CORE_F, FN_SET_FALLBACK_ATTRIBUTE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION));
}

static void a_card_refuses(void **state)
{
    static const uint16_t SW[] = {0x6985, 0x6A80, 0x6A88};

    for (size_t i = 0; i < sizeof SW / sizeof *SW; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_A, FN_SET_FALLBACK_ATTRIBUTE, TWO);
        core_por_sw(&w, 0, SW[i]);
        core_expect_end(&w, VERDICT_FAILED, "8.4", "4.2");
        assert_true(holds(&w, BOOT) && !holds(&w, TWO));
        core_fini(&w);
    }
    (void)state;
}

/* Silence, then the question who holds it: under a higher counter, of that ISD-P by its name. */
static void what_does_not_tell_is_fenced(void **state)
{
    for (unsigned ran = 0; ran < 2; ran++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_A, FN_SET_FALLBACK_ATTRIBUTE, TWO);
        core_por_sw(&w, 0, 0x6F00);
        assert_string_equal(core_state(&w), "FENCING");
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        assert_string_equal(core_script(&w),
                            "AA1A221880F24002124F10A0000005591010FFFFFFFF890000120000");
        core_por_hex(&w, 0, SILENT_ABOUT_IT); /* it is asked again, never guessed */
        assert_string_equal(core_state(&w), "FENCING");
        assert_true(core_timer(&w));
        core_por_hex(&w, 0, ran ? HELD : NOT_HELD);
        core_expect_end(&w, ran ? VERDICT_SUCCESS : VERDICT_FAILED, ran ? "" : "8.4", ran ? "" : "4.2");
        assert_true(holds(&w, ran ? TWO : BOOT));
        core_fini(&w);
    }
    (void)state;
}

static void silence_expires_then_the_truth_is_told(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_A, FN_SET_FALLBACK_ATTRIBUTE, TWO);
    core_pass(w, 180 * SECONDS);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    core_por_hex(w, 0, HELD);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_A, MSG_OPERATION_CONCLUDED));
    assert_int_equal(w->answered, 1);
}

/* What falls back, and what cannot be disabled or deleted, follows it at once. */
static void the_rest_follows(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_A, FN_SET_FALLBACK_ATTRIBUTE, TWO);
    core_por_sw(w, 0, 0x9000);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_string_equal(core_admitted(w), "8.2-3.8");
    core_call(w, CORE_A, FN_DISABLE_PROFILE, BOOT); /* which is enabled, and holds it no more */
    assert_string_equal(core_state(w), "ARMED");
}

/* No bytes are made up; who may not ask is told that first (proto/RULES.md). */
static void emergency_is_refused(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_SET_EMERGENCY_ATTRIBUTE, TWO);
    assert_string_equal(core_admitted(w), "8.2.1-3.9");
    core_call(w, CORE_F, FN_SET_EMERGENCY_ATTRIBUTE, TWO);
    assert_string_equal(core_admitted(w), "8.2.1-1.2");
    core_call(w, CORE_A, FN_SET_EMERGENCY_ATTRIBUTE, BOOT);
    assert_string_equal(core_admitted(w), "8.2-3.8");
    core_call(w, CORE_A, FN_SET_EMERGENCY_ATTRIBUTE, TWO);
    assert_string_equal(core_admitted(w), "1.6-3.1");
    core_call(w, CORE_D, FN_SET_EMERGENCY_ATTRIBUTE, ONE);
    assert_string_equal(core_admitted(w), "1.6-3.1");
    assert_int_equal(w->e->n_ops, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        T(by_the_book),
        T(it_is_taken_with_leave_alone),
        T(the_owner_hears_what_its_fleet_did),
        T(a_card_refuses),
        T(what_does_not_tell_is_fenced),
        T(silence_expires_then_the_truth_is_told),
        T(the_rest_follows),
        T(emergency_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
