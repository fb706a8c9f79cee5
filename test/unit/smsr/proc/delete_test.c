/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

static void by_the_book(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_state(w), "ARMED");
    assert_string_equal(core_script(w), "AA1A221880E40040124F10A0000005591010FFFFFFFF890000110000");
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
    assert_string_equal(sms->to[1].s, "");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    assert_non_null(core_event(w, EV_PROFILE_DELETED));
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION));
}

static void gone_already_is_done(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_D, FN_DELETE_PROFILE, ONE);
    core_por_sw(w, 0, 0x6A88);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_DELETE_ISDP_RESPONSE));
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
}

static void a_card_refuses(void **state)
{
    static const struct { uint16_t sw; const char *subject, *reason;
    } ROWS[] = {{0x69E1, "8.2.2", "3.8"},
                {0x6985, "8.4", "4.2"},
                {0x6A80, "8.4", "4.2"},
                {0x6982, "8.4", "4.2"}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
        core_por_sw(&w, 0, ROWS[i].sw);
        core_expect_end(&w, VERDICT_FAILED, ROWS[i].subject, ROWS[i].reason);
        assert_int_equal(core_profile_state(&w, ONE), PROFILE_DISABLED);
        core_fini(&w);
    }
    (void)state;
}

static void what_does_not_tell_is_fenced(void **state)
{
    static const uint16_t SW[] = {0x6581, 0x6F00, 0x6300};

    for (unsigned i = 0; i < 6; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
        if (i < 3)
            core_por_sw(&w, 0, SW[i]);
        else
            core_por(&w, 0,
                     i == 3   ? POR_CNTR_LOW
                     : i == 4 ? POR_TAR_UNKNOWN
                              : POR_INSUFFICIENT_SECURITY,
                     span_of("", 0));
        assert_string_equal(core_state(&w), "FENCING");
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        core_por_list(&w, 0, i % 2 ? "10=3F 12=1F" : "10=3F 11=1F 12=1F");
        core_expect_end(&w, i % 2 ? VERDICT_SUCCESS : VERDICT_FAILED, i % 2 ? "" : "8.4",
                        i % 2 ? "" : "4.2");
        assert_int_equal(core_profile_state(&w, ONE), i % 2 ? PROFILE_NONE : PROFILE_DISABLED);
        core_fini(&w);
    }
    (void)state;
}

static void memory_and_more_time_wait_for_the_same_bytes(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_int_equal(core_por(w, 0, POR_MEMORY, span_of("", 0)), ERR_STATE);
    assert_int_equal(core_por(w, 0, POR_MORE_TIME, span_of("", 0)), ERR_STATE);
    assert_true(core_timer(w));
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
}

static void silence_expires_then_the_audit_tells(void **state)
{
    struct core *w = *state;
    const struct operation_concluded *notice;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_pass(w, 180 * SECONDS);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, "10=3F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    notice = core_delivery(w, CORE_B, MSG_OPERATION_CONCLUDED);
    assert_non_null(notice);
    assert_int_equal(notice->verdict, VERDICT_SUCCESS);
    assert_int_equal(w->answered, 1);
}

/* The number of a profile that is deleted is the last one a card would answer at. */
static void the_fence_also_asks_where_it_falls_back_to(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=1F 12=3F");
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_state(w), "ARMED");
    core_por(w, 0, POR_CIPHERING, (struct span){NULL, 0});
    assert_string_equal(core_state(w), "FENCING");
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(TWO).s);
    assert_string_equal(sms->to[1].s, core_iccid(BOOT).s);
}

static void its_own_late_answer_ends_the_fence(void **state)
{
    static const struct { uint16_t sw; enum verdict v; } ROWS[] = {
        {0x9000, VERDICT_SUCCESS}, {0x6A88, VERDICT_SUCCESS}, {0x6985, VERDICT_FAILED}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
        core_pass(&w, 180 * SECONDS);
        core_por_sw(&w, 1, ROWS[i].sw);
        assert_int_equal(core_event(&w, EV_OPERATION_CONCLUDED)->result, ROWS[i].v);
        core_fini(&w);
    }
    (void)state;
}

/* Any fence behind the command tells, not only the last. */
static void an_earlier_fence_may_answer(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_pass(w, 180 * SECONDS);
    core_pass(w, 60 * SECONDS);
    assert_int_equal(w->e->counter_high, 3);
    core_por_list(w, 2, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void an_empty_list_deletes_nothing(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_pass(w, 180 * SECONDS);
    core_por_hex(w, 0, "AB0780010123026A88");
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->e->n_profiles, 3);
}

static void policy_is_read_where_it_is_armed(void **state)
{
    struct core *w = *state;
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | POL2_DELETE_NOT_ALLOWED};

    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_int_equal(w->e->n_ops, 2);
    ev.eid = w->eid;
    ev.iccid = core_iccid(ONE);
    core_record(w, &ev);
    core_por_sw(w, 0, 0x6985);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.2.3", "3.8");
    core_expect(w, EXEC_FAILED, "8.2.3", "3.8");
    assert_int_equal(w->e->counter_high, 1);
}

static void enabled_meanwhile(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, "AB09800101230480009000");
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.2", "3.5");
    assert_true(span_eq(core_answer(w)->message, span_str("profile is Enabled: disable it first")));
}

static void deleted_meanwhile_is_done(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_call(w, CORE_D, FN_DELETE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_null(core_event(w, EV_PROFILE_DELETED));
    assert_int_equal(w->e->counter_high, 1);
}

/* Two deletions wait, and once the first is done the same profile is made anew: the second one meant
 * what is gone, and must not touch what is being made under the same ICCID and AID. */
static void made_anew_behind_a_second_deletion(void **state)
{
    struct core *w = *state;
    struct iccid one = core_iccid(ONE);

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    assert_null(euicc_profile_by_iccid(w->e, &one));
    core_create(w, ONE, 0, false);
    assert_int_equal(w->e->n_ops, 2);
    assert_true(core_timer(w));
    assert_null(core_event(w, EV_PROFILE_DELETED));
    assert_false(w->plan.unit.set && w->plan.unit.purpose == PURPOSE_CMD);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_IN_CREATION);
}

static void restarts(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_restart(w);
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    core_pass(w, 180 * SECONDS);
    core_restart(w);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    core_por_list(w, 0, "10=3F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(by_the_book),
        T(gone_already_is_done),
        cmocka_unit_test(a_card_refuses),
        cmocka_unit_test(what_does_not_tell_is_fenced),
        T(memory_and_more_time_wait_for_the_same_bytes),
        T(silence_expires_then_the_audit_tells),
        cmocka_unit_test(its_own_late_answer_ends_the_fence),
        T(the_fence_also_asks_where_it_falls_back_to),
        T(an_earlier_fence_may_answer),
        T(an_empty_list_deletes_nothing),
        T(policy_is_read_where_it_is_armed),
        T(enabled_meanwhile),
        T(deleted_meanwhile_is_done), T(made_anew_behind_a_second_deletion),
        T(restarts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
