/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* A device that keeps its old network until somebody restarts it: the card calls the new profile
 * enabled, but has not yet tried it, and the time in which it may roll back has not begun (facts: trust R5;
 * sgp02 3.2). The number an answer comes from tells where the device is. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

/* Switched, answered, and not a word since: the first question is out. */
static void silent(struct core *w, enum function f, unsigned profile)
{
    core_call(w, CORE_B, f, profile);
    core_por_sw(w, 0, 0x9000);
    (void)core_next_fence(w);
}

/* The question is answered from the number of that profile (0: without one); the operation goes on
 * in that state. */
static void hears(struct core *w, unsigned from, const char *list, const char *state)
{
    w->por_from = from;
    core_por_list(w, 0, list);
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    assert_string_equal(core_state(w), state);
}

/* It ends as if the device had never stayed behind. */
static void hears_and_ends(struct core *w, unsigned from, const char *list)
{
    w->por_from = from;
    core_por_list(w, 0, list);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void hears_the_roll_back(struct core *w, unsigned from)
{
    w->por_from = from;
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
}

/* The notification, and its confirmation. */
static void notified(struct core *w)
{
    core_note(w, 2, 5, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_por_hex(w, 0, "AB09800101230480009000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void an_answer_over_the_old_network_opens_no_window(void **state)
{
    struct core *w = *state;
    int64_t moved;

    silent(w, FN_ENABLE_PROFILE, ONE);
    for (unsigned i = 0; i < 8; i++) {
        hears(w, BOOT, NEW_ON, "FENCING");
        assert_true(core_event(w, EV_OPERATION_ANSWERED)->text.n > 0);
        (void)core_next_fence(w);
    }
    hears(w, ONE, NEW_ON, "WAIT_ROLLBACK");
    moved = w->now;
    (void)core_next_fence(w);
    assert_int_equal(w->now - moved, 600 * SECONDS);
    hears_and_ends(w, ONE, NEW_ON);
}

static void it_may_still_roll_back(void **state)
{
    struct core *w = *state;

    silent(w, FN_ENABLE_PROFILE, ONE);
    hears(w, BOOT, NEW_ON, "FENCING");
    (void)core_next_fence(w);
    hears(w, ONE, NEW_ON, "WAIT_ROLLBACK");
    (void)core_next_fence(w);
    hears_the_roll_back(w, BOOT);
}

/* It said 9000, be it in time or behind the fence: whoever finds the old profile on has found a
 * roll-back, not a command without effect. */
static void what_ran_and_is_undone_was_rolled_back(void **state)
{
    struct core *w = *state;

    silent(w, FN_ENABLE_PROFILE, ONE);
    hears_the_roll_back(w, 0);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    (void)core_next_fence(w);
    core_por_sw(w, w->e->counter_high - 1, 0x9000);
    hears_the_roll_back(w, 0);
}

/* The window was opened by an answer without a number; behind it the card is still where it was. */
static void behind_the_window_it_has_to_be_there(void **state)
{
    struct core *w = *state;

    silent(w, FN_ENABLE_PROFILE, ONE);
    hears(w, 0, NEW_ON, "WAIT_ROLLBACK");
    (void)core_next_fence(w);
    hears(w, BOOT, NEW_ON, "FENCING");
    (void)core_next_fence(w);
    hears(w, ONE, NEW_ON, "WAIT_ROLLBACK");
    (void)core_next_fence(w);
    hears_and_ends(w, ONE, NEW_ON);
}

/* The notification comes from the new network or not at all. */
static void a_notification_still_settles_it(void **state)
{
    struct core *w = *state;

    silent(w, FN_ENABLE_PROFILE, ONE);
    hears(w, BOOT, NEW_ON, "FENCING");
    notified(w);
}

/* A disabling moves the device to the fall-back profile. */
static void a_disabling_waits_likewise(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    notified(w);
    silent(w, FN_DISABLE_PROFILE, ONE);
    hears(w, ONE, OLD_ON, "FENCING");
    (void)core_next_fence(w);
    hears(w, BOOT, OLD_ON, "WAIT_ROLLBACK");
    (void)core_next_fence(w);
    hears_and_ends(w, BOOT, OLD_ON);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_answer_over_the_old_network_opens_no_window),
        T(it_may_still_roll_back),
        T(what_ran_and_is_undone_was_rolled_back),
        T(behind_the_window_it_has_to_be_there),
        T(a_notification_still_settles_it),
        T(a_disabling_waits_likewise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
