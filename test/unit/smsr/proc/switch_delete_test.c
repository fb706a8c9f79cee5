/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Deletions that follow a switch: by POL1 on the card, by POL2 behind it (SGP.02 4.1.1.2, 3.2). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

#define DELETE_ONE "AA1A221880E40040124F10" CORE_AID("11") "00"

/* --- deletions that follow a switch --- */
static void pol1_deletion_of_the_old_profile(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_set_pol2(w, BOOT, POL2_DISABLE_AUTO_DELETE); /* done already: not done again */
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED_DELETED("10"));
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    ev = core_event(w, EV_PROFILE_DELETED);
    assert_string_equal(ev->iccid.s, core_iccid(BOOT).s);
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_int_equal(w->e->n_profiles, 2);
}

/* Whatever a card lists: once, only what is in the EIS, never the profile that is on now. */
static void pol1_list_of_a_wrong_card(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0,
                 "AB3F80010123"
                 "3A"
                 "8036"
                 "4F10" CORE_AID("12") "4F10" CORE_AID("12") "4F10" CORE_AID("11") "9000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_events(w, EV_PROFILE_DELETED), 1);
    assert_int_equal(core_profile_state(w, TWO), PROFILE_NONE);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
}

/* ONE is enabled, and POL2 has it deleted when it is no more. */
static void one_goes_when_disabled(struct core *w)
{
    core_enabled(w, CORE_B, ONE, 5);
    core_set_pol2(w, ONE, POL2_DISABLE_AUTO_DELETE);
}

/* The switch is confirmed: what is left is the deletion of ONE. */
static void confirmed_up_to_the_deletion(struct core *w)
{
    core_por_hex(w, 0, CONFIRMED);
    assert_string_equal(core_state(w), "DELETING");
}

/* A call that disables ONE, up to the deletion that follows when this profile is on. */
static void to_deleting_by(struct core *w, enum core_party who, enum function f, unsigned profile,
                           unsigned on)
{
    one_goes_when_disabled(w);
    core_call(w, who, f, profile);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 6, on);
    confirmed_up_to_the_deletion(w);
    assert_string_equal(core_script(w), DELETE_ONE);
}

static void to_deleting(struct core *w)
{
    to_deleting_by(w, CORE_A, FN_ENABLE_PROFILE, TWO, TWO);
}

static void pol2_auto_delete(void **state)
{
    struct core *w = *state;

    to_deleting(w);
    assert_non_null(core_event(w, EV_PROFILE_ENABLED));
    assert_null(core_event(w, EV_OPERATION_CONCLUDED)); /* and the caller waits */
    core_por_hex(w, 0, "AB08800101230300" "9000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION));
}

static void auto_delete_refused_is_a_warning(void **state)
{
    struct core *w = *state;

    to_deleting(w);
    core_por_sw(w, 0, 0x69E1);
    core_expect_end(w, VERDICT_SUCCESS, "8.4", "4.2");
    core_expect(w, EXEC_WARNING, "8.4", "4.2");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

static void auto_delete_that_found_nothing(void **state)
{
    struct core *w = *state;

    to_deleting(w);
    core_por_sw(w, 0, 0x6A88);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
}

static void auto_delete_in_silence_is_fenced(void **state)
{
    static const struct { const char *list; bool gone; } ROWS[] = {{"10=1F 12=3F", true},
                                                                  {"10=1F 11=1F 12=3F", false}};

    for (unsigned i = 0; i < 2; i++) {
        struct core w;
        core_init(&w);
        to_deleting(&w);
        uint64_t delete = w.e->counter_high;
        for (unsigned k = 0; k < 3 && w.e->counter_high == delete; k++)
            core_timer(&w);
        assert_string_equal(core_state(&w), "DELETING");
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        core_por_list(&w, 0, ROWS[i].list);
        core_expect_end(&w, VERDICT_SUCCESS, ROWS[i].gone ? "" : "8.4", ROWS[i].gone ? "" : "4.2");
        assert_int_equal(core_profile_state(&w, ONE),
                         ROWS[i].gone ? PROFILE_NONE : PROFILE_DISABLED);
        core_fini(&w);
    }
    (void)state;
}

/* A question that went out before the deletion shows the card before it. */
static void auto_delete_is_not_judged_by_an_older_fence(void **state)
{
    struct core *w = *state;

    one_goes_when_disabled(w);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_por(w, 0, POR_CIPHERING, span_of("", 0));
    uint64_t fence = w->e->counter_high;
    assert_string_equal(core_state(w), "FENCING");
    core_note(w, 2, 6, TWO);
    confirmed_up_to_the_deletion(w);
    core_por_list(w, fence, "10=1F 11=3F 12=1F");
    assert_string_equal(core_state(w), "DELETING");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The audit that proves the switch also shows that POL1 took the old profile. */
static void proved_by_audit_with_the_old_profile_gone(void **state)
{
    struct core *w = *state;

    one_goes_when_disabled(w);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_por(w, 0, POR_CIPHERING, span_of("", 0));
    core_por_list(w, 0, "10=1F 12=3F");
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    while (w->plan.unit.purpose != PURPOSE_FENCE)
        assert_true(core_timer(w));
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, "10=1F 12=3F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_events(w, EV_PROFILE_DELETED), 1);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_int_equal(core_profile_state(w, TWO), PROFILE_ENABLED);
}

static void disable_with_auto_delete(void **state)
{
    struct core *w = *state;

    to_deleting_by(w, CORE_B, FN_DISABLE_PROFILE, ONE, BOOT);
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(pol1_deletion_of_the_old_profile),
        T(pol1_list_of_a_wrong_card),
        T(pol2_auto_delete),
        T(auto_delete_refused_is_a_warning),
        T(auto_delete_that_found_nothing),
        cmocka_unit_test(auto_delete_in_silence_is_fenced),
        T(auto_delete_is_not_judged_by_an_older_fence),
        T(proved_by_audit_with_the_old_profile_gone),
        T(disable_with_auto_delete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
