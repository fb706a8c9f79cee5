/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* ES4-AuditEIS, and notifications that no operation expects. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

#define AUDIT "AA16220D80F24002074F005C034F9F700022" "0580CAFF2100"

static const struct eis *shown(const struct core *w, enum core_party who)
{
    const struct es4_audit_eis_response *m = core_delivery(w, who, MSG_ES4_AUDIT_EIS_RESPONSE);

    assert_non_null(m);
    assert_non_null(m->eis);
    return m->eis;
}

static void an_audit_by_the_book(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    assert_int_equal(core_call(w, CORE_F, FN_AUDIT_EIS, 0), ERR_OK);
    assert_string_equal(core_state(w), "ASKING");
    assert_string_equal(core_script(w), AUDIT);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_AUDIT);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    ev = core_event(w, EV_EUICC_AUDITED);
    assert_int_equal(ev->n_profiles, 3);
    assert_string_equal(ev->profiles[1].iccid.s, core_iccid(ONE).s);
    assert_int_equal(w->e->memory_free, 0x00050000);
    assert_int_equal(w->e->last_audit_ms, w->now);
    assert_null(core_event(w, EV_PROFILE_FALLEN_BACK));
}

/* The caller sees the EIS as the audit left it, through its own eyes. */
static void the_answer_shows_the_eis(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=3F");
    assert_int_equal(shown(w, CORE_F)->n_profiles, 2);
    assert_int_equal(shown(w, CORE_F)->profiles[1].state, PROFILE_ENABLED);
    assert_int_equal(shown(w, CORE_F)->last_audit_ms, w->now);
    assert_int_equal(shown(w, CORE_F)->remaining_memory, 0x00050000);
    core_call(w, CORE_B, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=3F");
    assert_int_equal(shown(w, CORE_B)->n_profiles, 1);
    assert_string_equal(shown(w, CORE_B)->profiles[0].iccid.s, core_iccid(ONE).s);
    assert_int_equal(shown(w, CORE_B)->last_audit_ms, 0);
}

static void drift_is_an_event_and_is_told(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=3F 12=1F");
    ev = core_event(w, EV_PROFILE_FALLEN_BACK);
    assert_string_equal(ev->iccid.s, core_iccid(ONE).s);
    assert_string_equal(ev->previous.s, core_iccid(BOOT).s);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_DISABLED);
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
}

/* A profile that is gone is a record, and its owner and service providers hear it. */
static void a_profile_that_is_gone(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_int_equal(core_events(w, EV_PROFILE_DELETED), 1);
    ev = core_event(w, EV_PROFILE_DELETED);
    assert_string_equal(ev->iccid.s, core_iccid(ONE).s);
    assert_true(span_eq(ev->text, span_str("not on the card")));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION));
    core_call(w, CORE_A, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F");
    assert_non_null(core_delivery(w, CORE_A, MSG_ES4_HANDLE_PROFILE_DELETED_NOTIFICATION));
}

/* Off by the card's own policy: first disabled, then deleted. */
static void the_enabled_one_is_gone(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 12=1F");
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION));
    assert_non_null(core_delivery(w, CORE_D, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION));
    assert_non_null(core_event(w, EV_PROFILE_FALLEN_BACK));
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
}

static void four_more(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    for (unsigned i = 3; i < 7; i++) {
        eis->profiles[i] = eis->profiles[1];
        eis->profiles[i].iccid = core_iccid(0x40 + i);
        eis->profiles[i].isdp_aid = core_aid(0x40 + i);
    }
    eis->n_profiles = 7;
}

/* Each with its own record: what has no room in one plan stays for the next audit. */
static void none_goes_silently(void **state)
{
    struct core w;
    unsigned deleted = 0;

    core_init_with(&w, four_more);
    for (unsigned i = 0; i < 2; i++) {
        core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
        core_por_list(&w, 0, "10=3F");
        core_expect_end(&w, VERDICT_SUCCESS, "", "");
        deleted += core_events(&w, EV_PROFILE_DELETED);
        assert_int_equal(deleted, 7 - w.e->n_profiles);
    }
    assert_int_equal(deleted, 6);
    assert_int_equal(w.e->n_profiles, 1);
    core_fini(&w);
    (void)state;
}

/* ISD-Ps we never made are not invented, a full card is believed. */
static void what_the_eis_does_not_know(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=3F 20=1F 21=07");
    assert_int_equal(w->e->n_profiles, 1);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_hex(w, 0, "AB2C800102231AE3164F10A0000005591010FFFFFFFF89000010009F70013F9000"
                       "230B" "FF2106820400000000" "9000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->memory_free, 0);
}

static void it_asks_each_minute_until_validity_ends(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 60 * SECONDS);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_AUDIT);
    assert_int_equal(w->e->counter_high, 2);
    core_por(w, 0, POR_CNTR_LOW, span_of("", 0));
    assert_string_equal(core_state(w), "ASKING");
    core_pass(w, 119 * SECONDS);
    assert_int_equal(w->answered, 0);
    core_pass(w, 1 * SECONDS);
    core_expect_end(w, VERDICT_FAILED, "1.6", "5.4");
    assert_int_equal(w->answered, 1);
}

/* A card that fell back does not hear the number of the profile it left. */
static void asked_again_also_where_it_falls_back_to(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_list(w, 0, "10=1F 11=3F 12=1F");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
    assert_string_equal(sms->to[1].s, "");
    core_pass(w, 60 * SECONDS);
    sms = core_out(w, OUT_SMS, 0);
    assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
    assert_string_equal(sms->to[1].s, core_iccid(BOOT).s);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_event(w, EV_PROFILE_FALLEN_BACK));
}

static void an_earlier_question_may_be_answered(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_true(core_timer(w));
    core_por_list(w, 1, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_restart_asks_again(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_restart(w);
    assert_string_equal(core_state(w), "ASKING");
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* --- notifications that nobody waits for --- */
static void unsolicited(struct core *w, uint8_t kind, unsigned profile)
{
    assert_int_equal(core_note(w, kind, 5, profile), ERR_OK);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM_AND_AUDIT);
    assert_true(w->e->has_notif);
    assert_string_equal(core_state(w), "QUEUED");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "CONFIRMING");
    assert_string_equal(core_script(w), "AA0F220D80E28900073A08044E02000500");
}

static void a_first_attach_is_confirmed_only(void **state)
{
    struct core *w = *state;

    unsolicited(w, 1, BOOT);
    core_confirmed(w, VERDICT_SUCCESS);
    assert_int_equal(w->e->counter_high, 1);
    assert_int_equal(w->plan.n_deliveries, 0);
}

static void a_change_is_confirmed_and_audited(void **state)
{
    static const uint8_t KINDS[] = {2, 5};

    for (unsigned i = 0; i < 2; i++) {
        struct core w;
        core_init(&w);
        unsolicited(&w, KINDS[i], ONE);
        const struct out_sms *sms = core_out(&w, OUT_SMS, 0);
        assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
        assert_string_equal(sms->to[1].s, core_iccid(BOOT).s);
        core_por_hex(&w, 0, CONFIRMED);
        assert_string_equal(core_state(&w), "ASKING");
        assert_int_equal(core_profile_state(&w, BOOT),
                         PROFILE_ENABLED); /* believed: the audit only */
        core_por_list(&w, 0, "10=1F 11=3F 12=1F");
        core_expect_end(&w, VERDICT_SUCCESS, "", "");
        assert_int_equal(core_profile_state(&w, ONE), PROFILE_ENABLED);
        assert_non_null(core_delivery(&w, CORE_A, MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION));
        assert_int_equal(w.answered, 0);
        core_fini(&w);
    }
    (void)state;
}

static void the_same_one_again_while_it_is_handled(void **state)
{
    struct core *w = *state;

    unsolicited(w, 5, BOOT);
    assert_int_equal(core_note(w, 5, 5, BOOT), ERR_OK);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
    assert_int_equal(core_note(w, 5, 6, BOOT), ERR_STATE); /* it will be told again */
    core_por(w, 0, POR_CNTR_LOW, span_of("", 0));
    assert_string_equal(core_state(w), "CONFIRMING");
    assert_false(w->plan.unit.set);
    assert_true(core_timer(w));
    assert_non_null(core_out(w, OUT_SMS, 0));
    core_por_sw(w, 1, 0x6A88);
    assert_string_equal(core_state(w), "ASKING");
    assert_int_equal(core_note(w, 5, 5, BOOT), ERR_STATE);
}

static void old_ones_are_only_noted(void **state)
{
    struct core *w = *state;

    unsolicited(w, 1, BOOT);
    core_por_hex(w, 0, CONFIRMED);
    assert_int_equal(core_note(w, 2, 4, BOOT), ERR_OK);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_OLD);
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(w->e->notif_sequence, 5);
    assert_int_equal(core_note(w, 1, 5, BOOT), ERR_OK); /* repeated at a power-on */
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM_AND_AUDIT);
}

/* A replay, or a card that counts anew and fell back by itself: it is asked, and the number not confirmed. */
static void an_old_one_that_names_another_profile_is_asked_about(void **state)
{
    static const struct { const char *list; unsigned on; } ROWS[] = {
        {"10=3F 11=1F 12=1F", BOOT}, {"10=1F 11=3F 12=1F", ONE}};

    for (unsigned i = 0; i < 2; i++) {
        struct core w;
        core_init(&w);
        unsolicited(&w, 1, BOOT);
        core_por_hex(&w, 0, CONFIRMED);
        assert_int_equal(core_note(&w, 1, 4, ONE), ERR_OK);
        assert_int_equal(core_event(&w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_OLD);
        assert_int_equal(core_note(&w, 5, 4, ONE), ERR_OK);
        assert_int_equal(core_event(&w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_AUDIT);
        assert_true(core_timer(&w));
        assert_string_equal(core_state(&w), "ASKING");
        assert_int_equal(w.plan.unit.purpose, PURPOSE_AUDIT);
        core_por_list(&w, 0, ROWS[i].list);
        core_expect_end(&w, VERDICT_SUCCESS, "", "");
        assert_int_equal(core_profile_state(&w, ROWS[i].on), PROFILE_ENABLED);
        assert_int_equal(w.e->notif_sequence, 5);
        core_fini(&w);
    }
    (void)state;
}

static void behind_other_operations(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_int_equal(core_note(w, 5, 5, BOOT), ERR_OK);
    assert_int_equal(w->e->n_ops, 2);
    assert_int_equal(core_note(w, 5, 5, BOOT), ERR_STATE);
    core_por_sw(w, 0, 0x9000);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
}

static void a_full_mailbox_takes_no_notification(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < EUICC_OPS_MAX; i++)
        core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_int_equal(core_note(w, 5, 5, BOOT), ERR_FULL);
}

static void nobody_hears_us(void **state)
{
    struct core *w = *state;

    unsolicited(w, 1, BOOT);
    core_pass(w, 899 * SECONDS);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_pass(w, 1 * SECONDS);
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(w->concluded[VERDICT_FAILED], 1);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
}

static void restart_while_confirming(void **state)
{
    struct core *w = *state;

    unsolicited(w, 5, BOOT);
    core_restart(w);
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    core_por_hex(w, 0, CONFIRMED);
    core_restart(w);
    assert_string_equal(core_state(w), "ASKING");
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The next in the row starts at once, whatever comes in between: its turn is durable. */
static void the_next_is_not_forgotten(void **state)
{
    struct core *w = *state;

    unsolicited(w, 1, BOOT);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_por_hex(w, 0, CONFIRMED);
    core_note(w, 1, 9, BOOT);
    assert_int_equal(w->e->n_ops, 2);
    assert_string_equal(core_state(w), "QUEUED");
    assert_true(euicc_due(w->e) <= w->now);
    core_restart(w);
    assert_true(euicc_due(w->e) <= w->now || strcmp(core_state(w), "QUEUED"));
    core_pass(w, 1);
    assert_string_equal(core_state(w), "ASKING");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_audit_by_the_book), T(the_answer_shows_the_eis), T(drift_is_an_event_and_is_told),
        T(a_profile_that_is_gone), T(the_enabled_one_is_gone),
        cmocka_unit_test(none_goes_silently), T(what_the_eis_does_not_know),
        T(it_asks_each_minute_until_validity_ends),
        T(asked_again_also_where_it_falls_back_to), T(an_earlier_question_may_be_answered),
        T(a_restart_asks_again),
        T(a_first_attach_is_confirmed_only), cmocka_unit_test(a_change_is_confirmed_and_audited),
        T(the_same_one_again_while_it_is_handled), T(old_ones_are_only_noted),
        cmocka_unit_test(an_old_one_that_names_another_profile_is_asked_about),
        T(behind_other_operations), T(a_full_mailbox_takes_no_notification), T(nobody_hears_us),
        T(restart_while_confirming), T(the_next_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
