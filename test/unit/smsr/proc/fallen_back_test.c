/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* A card that fell back by itself while the SM-SR was busy with it: it is asked where it is, and what it
 * told is looked into however long it had to wait (facts: sgp02 3.16; trust 3.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

#define FALLEN    5
static void every_second_question_goes_to_the_fall_back(void **state)
{
    struct core *w = *state;
    const struct out_sms *sms;

    core_enabled(w, CORE_B, ONE, 1);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    sms = core_next_fence(w); /* behind the validity period */
    assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
    assert_string_equal(sms->to[1].s, core_iccid(TWO).s);
    for (unsigned i = 0; i < 6; i++) {
        sms = core_next_fence(w);
        assert_string_equal(sms->to[0].s, core_iccid(ONE).s);
        assert_string_equal(sms->to[1].s, core_iccid(i % 2 ? TWO : BOOT).s);
    }
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
}

/* It waits behind an operation longer than any caller would: too late to be confirmed, but the card is
 * asked, and the EIS follows. */
static void what_the_card_told_is_looked_into_however_late(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 1);
    core_create(w, FRESH, 0, false);
    core_first_post(w, 1); /* its step is open: the card went away in the middle of it */
    core_note(w, FALLEN, 2, BOOT);
    assert_int_equal(w->e->n_ops, 2);
    core_pass(w, 7200 * SECONDS);
    assert_int_equal(w->e->n_ops, 2);
    core_first_post(w, 2);
    core_step_post(w, 2, 0, 1,
                   core_hex(w, "AF802332E3164F10A0000005591010FFFFFFFF89000010009F70013F"
                               "E3164F10A0000005591010FFFFFFFF89000011009F70011F90000000"));
    assert_int_equal(w->e->n_ops, 1);
    for (unsigned i = 0; !w->plan.unit.set && i < 100; i++)
        assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_AUDIT);
    assert_string_equal(core_state(w), "ASKING");
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

/* The EIS is known to be wrong until the card has said what is on: it is asked ever more rarely, but it is
 * asked. Who waits behind it is told that nothing was sent. */
static void asked_until_it_answers(struct core *w)
{
    int64_t t0 = w->now;
    unsigned asked = 0;

    assert_string_equal(core_state(w), "ASKING");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    for (; w->now - t0 < 30 * 24 * 3600 * SECONDS; asked += w->plan.unit.set)
        assert_true(core_timer(w));
    assert_in_range(asked, 60, 160);
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(w->concluded[VERDICT_EXPIRED], 1);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

static void a_silent_card_is_asked_ever_more_rarely(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 1);
    core_note(w, FALLEN, 2, BOOT);
    assert_true(core_timer(w));
    core_por_hex(w, 0, CONFIRMED); /* to the confirmation; then it is silent */
    asked_until_it_answers(w);
}

/* The confirmation may have reached it: then it tells nothing more by itself. */
static void a_confirmation_without_an_answer_is_followed_by_the_question(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 1);
    core_note(w, FALLEN, 2, BOOT);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "CONFIRMING");
    core_pass(w, 900 * SECONDS);
    asked_until_it_answers(w);
}

static bool asks(const struct core *w, unsigned profile)
{
    const struct out_sms *sms = core_out(w, OUT_SMS, 0);

    return sms && (!strcmp(sms->to[0].s, core_iccid(profile).s) ||
                   !strcmp(sms->to[1].s, core_iccid(profile).s));
}

/* Since it told, it may have fallen back: what it named then is not the only place to look for it. */
static void what_it_named_is_not_all(void **state)
{
    unsigned at_one = 0, at_boot = 0, at_two = 0;

    (void)state;
    for (unsigned named = ONE; named <= TWO; named++) {
        struct core v;
        core_init(&v);
        core_enabled(&v, CORE_B, ONE, 1);
        core_note(&v, 2, 2, named);
        assert_true(core_timer(&v));
        core_por_hex(&v, 0, CONFIRMED);
        for (unsigned i = 0; i < 20; i++) {
            assert_true(core_timer(&v));
            at_one += asks(&v, ONE);
            at_boot += asks(&v, BOOT);
            at_two += asks(&v, TWO);
        }
        core_fini(&v);
    }
    assert_true(at_one >= 20);
    assert_true(at_boot >= 15);
    assert_true(at_two >= 5);
}

/* Silent until the window is over, then on the fall-back profile: by the command, or by itself. */
static void seen_on_the_fall_back(struct core *w, unsigned profile, enum function f)
{
    core_call(w, profile == BOOT ? CORE_A : CORE_B, f, profile);
    (void)core_next_fence(w);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    (void)core_next_fence(w);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_int_equal(core_profile_state(w, BOOT), PROFILE_ENABLED);
    assert_int_equal(core_profile_state(w, ONE), PROFILE_DISABLED);
}

static void found_on_the_fall_back(struct core *w, unsigned profile, enum function f)
{
    core_enabled(w, CORE_B, ONE, 1);
    seen_on_the_fall_back(w, profile, f);
    assert_int_equal(w->e->n_ops, 0);
}

/* Nothing but a fall-back could tell the two apart, and nothing was heard: a success with a
 * reservation. */
static void nobody_heard_who_switched(void **state)
{
    struct core *w = *state;

    found_on_the_fall_back(w, ONE, FN_DISABLE_PROFILE);
    core_expect_end(w, VERDICT_SUCCESS, "8.4", "4.2");
}

static void nobody_heard_who_enabled_it(void **state)
{
    struct core *w = *state;

    found_on_the_fall_back(w, BOOT, FN_ENABLE_PROFILE);
    core_expect_end(w, VERDICT_SUCCESS, "8.4", "4.2");
}

/* What follows by POL2 is the SM-SR's own command; it says nothing of the one that nobody heard of. */
static void a_deletion_behind_it_takes_nothing_back(void **state)
{
    struct core *w = *state;

    core_enabled(w, CORE_B, ONE, 1);
    core_set_pol2(w, ONE, POL2_DISABLE_AUTO_DELETE);
    seen_on_the_fall_back(w, ONE, FN_DISABLE_PROFILE);
    assert_string_equal(core_state(w), "DELETING");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "8.4", "4.2");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, core_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        T(every_second_question_goes_to_the_fall_back),
        T(what_the_card_told_is_looked_into_however_late),
        T(a_silent_card_is_asked_ever_more_rarely),
        T(what_it_named_is_not_all), T(nobody_heard_who_switched), T(nobody_heard_who_enabled_it),
        T(a_deletion_behind_it_takes_nothing_back),
        T(a_confirmation_without_an_answer_is_followed_by_the_question),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
