/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Enable and disable while all goes its way, and what a card may answer to the command itself. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

#define ENABLE_ONE "AA1C221A80E28800153A03124F10" CORE_AID("11")
#define DISABLE_ONE "AA1C221A80E28800153A04124F10" CORE_AID("11")
#define CONFIRM_5 "AA0F220D80E28900073A08044E02000500"

static void enable_by_the_book(void **state)
{
    struct core *w = *state;
    const struct out_reply *reply;
    const struct out_sms *sms;
    const struct event *ev;

    assert_int_equal(core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE), ERR_OK);
    reply = core_out(w, OUT_REPLY, 0);
    assert_int_equal(reply->kind, ENV_ACCEPTED);
    assert_true(uuid_eq(&reply->operation, &w->e->ops[0]->id));
    assert_string_equal(core_state(w), "ARMED");
    assert_string_equal(core_script(w), ENABLE_ONE);
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
    assert_string_equal(sms->to[1].s, ""); /* resends go to both: same_bytes_at_60_180_600 */
    core_por_sw(w, 1, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_note(w, 2, 5, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    assert_string_equal(core_script(w), CONFIRM_5);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM);
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
    core_por_hex(w, 2, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    ev = core_event(w, EV_PROFILE_ENABLED);
    assert_string_equal(ev->iccid.s, core_iccid(ONE).s);
    assert_string_equal(ev->previous.s, core_iccid(BOOT).s);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_DISABLED);
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(w->e->n_packets, 0);
}

/* What a later erasure of the bodies must leave behind stands in the conclusion. */
static void the_conclusion_repeats_what_must_last(void **state)
{
    static const uint8_t imei[8] = {0x4A, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81};
    struct core *w = *state;
    const struct event *ev;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    ev = core_event(w, EV_OPERATION_CONCLUDED);
    assert_int_equal(ev->counter_high, 2);
    assert_int_equal(ev->kvn, 1);
    assert_int_equal(ev->sequence, 5 + 1);
    assert_int_equal(ev->imei.n, 8);
    assert_memory_equal(ev->imei.p, imei, 8);
    assert_string_equal(w->e->imei, "4A09512430325781");
    assert_true(ev->answer.n > 0);
    assert_int_equal(ev->completed_at_ms, w->now);
}

/* Who hears: the requester its RESPONSE, the other owner and the fleet manager a notification,
 * once. */
static void others_hear_it_once(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 5);
    assert_non_null(core_delivery(w, CORE_B, MSG_ES4_ENABLE_PROFILE_RESPONSE));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_null(core_delivery(w, CORE_B, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_S, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_int_equal(w->plan.n_deliveries, 6);
}

static void the_requester_of_a_profile_is_not_notified(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_D, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_ENABLE_PROFILE_RESPONSE));
    assert_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_null(core_delivery(w, CORE_B, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
    core_call(w, CORE_F, FN_ENABLE_PROFILE, TWO);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 6, TWO);
    core_por_hex(w, 0, CONFIRMED);
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_ENABLE_PROFILE_RESPONSE));
    assert_null(core_delivery(w, CORE_F, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION));
}

/* Three service providers, two rows each, and three deletions: all of it fits, nobody hears twice.
 */
static void many_service_providers_do_not_hinder_a_verdict(void **state)
{
    struct core *w = *state;
    uint64_t all = FN_BIT(FN_ENABLE_PROFILE) | FN_BIT(FN_DISABLE_PROFILE) | FN_BIT(FN_DELETE_PROFILE);
    const enum core_party sp[6] = {CORE_F, CORE_S, CORE_G, CORE_F, CORE_S, CORE_G};

    w->parties[CORE_G].tenant = &w->tenants[0]; /* of this realm, or it would not be told */
    for (unsigned i = 0; i < 6; i++) {
        w->plmas[i].mno = w->oid[i < 3 ? CORE_A : CORE_B];
        w->plmas[i].m2m_sp = w->oid[sp[i]];
        w->plmas[i].functions = all;
        memcpy(w->plmas[i].profile_type, "*", 2);
    }
    w->env.n_plmas = 6;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED_DELETED("10"));
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_NONE);
    assert_int_equal(w->plan.n_deliveries, 4 + 4 + 4 + 1);
}

/* The PoR of the command is no step of its own: the card may notify before it arrives, or without
 * it. */
static void notification_before_por(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_note(w, 2, 5, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_por_sw(w, 1, 0x9000);
    assert_string_equal(core_state(w), "CONFIRMING");
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_por_hex(w, 2, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_card_refuses(void **state)
{
    static const struct { uint16_t sw; const char *subject, *reason; } ROWS[] = {
        {0x69E1, "8.2.2", "3.8"}, {0x6985, "8.4", "4.2"}, {0x6A88, "8.4", "4.2"},
        {0x6A80, "8.4", "4.2"},   {0x6700, "8.4", "4.2"}, {0x6A86, "8.4", "4.2"},
        {0x6982, "8.4", "4.2"},   {0x6400, "8.4", "4.2"}, {0x6E00, "8.4", "4.2"},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
        core_por_sw(&w, 0, ROWS[i].sw);
        core_expect_end(&w, VERDICT_FAILED, ROWS[i].subject, ROWS[i].reason);
        core_expect(&w, EXEC_FAILED, ROWS[i].subject, ROWS[i].reason);
        assert_int_equal(((const struct es4_enable_profile_response *)core_delivery(
                              &w, CORE_B, MSG_ES4_ENABLE_PROFILE_RESPONSE))
                             ->euicc_response_data.n,
                         9);
        assert_int_equal(core_profile_state(&w, BOOT), PROFILE_ENABLED);
        core_fini(&w);
    }
    (void)state;
}

/* Warnings, memory faults and unreadable answers prove nothing: the card is asked. */
static void an_answer_that_does_not_tell_is_fenced(void **state)
{
    static const char *const ANSWERS[] = {
        "AB07800101230263C0", "AB0780010123026581", "AB0780010123026F00", "AB0780010123026200",
        "AB06800100900101",   "AB03800100",         "AB",                 "",
        "AF80230290000000FF", "AA03220180",
    };

    for (size_t i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
        core_por_hex(&w, 0, ANSWERS[i]);
        assert_string_equal(core_state(&w), "FENCING");
        assert_non_null(core_event(&w, EV_OPERATION_IN_DOUBT));
        assert_int_equal(w.plan.unit.purpose, PURPOSE_FENCE);
        core_por_list(&w, 0, "10=3F 11=1F 12=1F");
        core_expect_end(&w, VERDICT_FAILED, "8.4", "4.2");
        core_fini(&w);
    }
    (void)state;
}

static void por_status_of_the_command(void **state)
{
    for (unsigned status = 1; status <= 0x0C; status++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
        int err = core_por(&w, 0, (uint8_t)status, span_of("", 0));
        if (status == POR_MEMORY || status == POR_MORE_TIME) {
            assert_int_equal(err, ERR_STATE);
            assert_string_equal(core_state(&w), "ARMED");
            assert_true(core_timer(&w));
            const struct out_sms *sms = core_out(&w, OUT_SMS, 0);
            assert_null(sms->armed);
            assert_int_equal(sms->counter, 1); /* the same bytes */
        } else {
            assert_string_equal(core_state(&w), "FENCING");
            assert_int_equal(core_event(&w, EV_OPERATION_ANSWERED)->por_status, status + 1);
            if (status == POR_CNTR_LOW) { /* it has run: its notification comes, or is waited for */
                assert_int_equal(w.e->counter_high, 1);
                assert_true(core_timer(&w));
            }
            assert_int_equal(w.e->counter_high, 2);
        }
        core_fini(&w);
    }
    (void)state;
}

static void same_bytes_at_60_180_600(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;
    const int64_t at[] = {60, 240, 840};
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = 3600, .has_validity_period = true},
        .eid = w->eid,
        .iccid = core_iccid(ONE)};

    core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    for (unsigned i = 0; i < 3; i++) {
        const struct out_sms *sms;
        assert_true(core_timer(w));
        assert_int_equal(w->now - t0, at[i] * 1000);
        assert_int_equal(w->plan.n_records, 0);
        sms = core_out(w, OUT_SMS, 0);
        assert_null(sms->armed);
        assert_int_equal(sms->counter, 1);
        assert_int_equal(sms->lsn, 3);
        assert_string_equal(sms->to[0].s, core_iccid(BOOT).s);
        assert_string_equal(sms->to[1].s, core_iccid(ONE).s);
    }
    assert_int_equal(w->e->counter_high, 1);
}

static void a_second_por_is_nobodys(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 1, 0x9000);
    assert_int_equal(core_por_sw(w, 1, 0x9000), ERR_STATE);
    assert_int_equal(core_por_sw(w, 7, 0x9000), ERR_STATE);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 2, CONFIRMED);
    assert_int_equal(core_por_hex(w, 2, CONFIRMED), ERR_STATE);
}

/* --- disable --- */
static void disable_by_the_book(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_enabled(w, CORE_B, ONE, 5);
    core_call(w, CORE_B, FN_DISABLE_PROFILE, ONE);
    assert_string_equal(core_script(w), DISABLE_ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 6, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_SUCCESS);
    ev = core_event(w, EV_PROFILE_DISABLED);
    assert_string_equal(ev->iccid.s, core_iccid(ONE).s);
    assert_string_equal(ev->previous.s, core_iccid(BOOT).s);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION));
}

static void disable_rolled_back(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 5);
    core_call(w, CORE_B, FN_DISABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 3, 6, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_ROLLED_BACK);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
}

static void disable_in_silence(void **state)
{
    static const struct { const char *list; enum verdict v; } ROWS[] = {
        {"10=1F 11=3F 12=1F", VERDICT_FAILED}, {"10=1F 11=1F 12=3F", VERDICT_FAILED}};

    for (unsigned i = 0; i < 2; i++) {
        struct core w;
        core_init(&w);
        core_enabled(&w, CORE_B, ONE, 5);
        core_call(&w, CORE_B, FN_DISABLE_PROFILE, ONE);
        core_por(&w, 0, POR_CNTR_LOW, span_of("", 0));
        assert_false(w.plan.unit.set); /* its notification has three minutes */
        assert_true(core_timer(&w));
        core_por_list(&w, 0, ROWS[i].list);
        core_expect_end(&w, ROWS[i].v, "8.4", "4.2");
        core_fini(&w);
    }
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(enable_by_the_book),
        T(the_conclusion_repeats_what_must_last),
        T(others_hear_it_once),
        T(the_requester_of_a_profile_is_not_notified),
        T(many_service_providers_do_not_hinder_a_verdict),
        T(notification_before_por),
        cmocka_unit_test(a_card_refuses),
        cmocka_unit_test(an_answer_that_does_not_tell_is_fenced),
        cmocka_unit_test(por_status_of_the_command),
        T(same_bytes_at_60_180_600),
        T(a_second_por_is_nobodys),
        T(disable_by_the_book),
        T(disable_rolled_back),
        cmocka_unit_test(disable_in_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
