/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Known faults of the open peer, by name (facts: trust 1.5): T-NJ-1, T-NJ-2 and T-NJ-6. The others: T-NJ-3 in
 * common/crypto/constant_time_test.c, T-NJ-4 in smsr/channel, T-NJ-5 in smsr/api. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

/* T-NJ-1: a duplicate notification was answered by nothing, and the card rolled back. Each one is answered
 * with its confirmation: while it is under way, after it was sent again, and when all is over. */
static void tnj1_a_duplicate_notification_is_confirmed_again(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(core_note(w, 2, 5, ONE), ERR_OK);
        assert_true(w->plan.unit.set);
        assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
        assert_int_equal(w->e->counter_high, 2 + i);
    }
    core_confirmed(w, VERDICT_SUCCESS);
    assert_int_equal(core_note(w, 2, 5, ONE), ERR_OK); /* the answer is known, the card did not hear */
    for (unsigned i = 0; i < 4 && !w->plan.unit.set; i++)
        assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CONFIRM);
}

/* T-NJ-2: `last < seq` takes the 0 behind 65535 for an old one. A card is taken over the wrap, at which it is
 * believed and the number that was before it is not. */
static void tnj2_the_sequence_goes_on_behind_65535(void **state)
{
    static const struct { unsigned profile; uint16_t sequence; } STEPS[] = {
        {ONE, 65534}, {TWO, 65535}, {ONE, 0}, {TWO, 1}};
    struct core *w = *state;

    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        core_call(w, STEPS[i].profile == ONE ? CORE_B : CORE_A, FN_ENABLE_PROFILE, STEPS[i].profile);
        core_por_sw(w, 0, 0x9000);
        assert_int_equal(core_note(w, 2, STEPS[i].sequence, STEPS[i].profile), ERR_OK);
        assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_CONFIRM);
        assert_string_equal(core_state(w), "CONFIRMING");
        core_confirmed(w, VERDICT_SUCCESS);
        assert_int_equal(w->e->notif_sequence, STEPS[i].sequence);
    }
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 65535, ONE); /* replayed */
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_OLD);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

/* T-NJ-6: the end of validity became Failed while the command was on its way. It is an answer, and in doubt;
 * the verdict is what the card says to a higher counter. */
static void tnj6_expiry_is_no_verdict_before_the_audit(void **state)
{
    static const struct { const char *list; enum verdict v; } ROWS[] = {
        {OLD_ON, VERDICT_FAILED}, {NEW_ON, VERDICT_SUCCESS}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        uint64_t armed;
        core_init(&w);
        core_enable(&w, 30);
        armed = w.e->counter_high;
        core_pass(&w, 30000);
        core_expect(&w, EXEC_EXPIRED, "1.6", "5.4");
        assert_null(core_event(&w, EV_OPERATION_CONCLUDED));
        assert_non_null(core_event(&w, EV_OPERATION_IN_DOUBT));
        core_pass(&w, 48ll * 3600 * 1000); /* silence is no proof, however long */
        for (unsigned v = 0; v <= VERDICT_IN_DOUBT; v++)
            assert_int_equal(w.concluded[v], 0);
        assert_true(w.e->counter_high > armed);
        core_por_list(&w, 0, ROWS[i].list);
        for (unsigned k = 0; k < 50 && w.e->n_ops; k++) { /* the window in which the card may roll back */
            assert_true(core_timer(&w));
            if (w.plan.unit.set)
                core_por_list(&w, 0, ROWS[i].list);
        }
        assert_int_equal(w.concluded[ROWS[i].v], 1);
        core_fini(&w);
    }
    (void)state;
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        CASE(tnj1_a_duplicate_notification_is_confirmed_again),
        CASE(tnj2_the_sequence_goes_on_behind_65535),
        cmocka_unit_test(tnj6_expiry_is_no_verdict_before_the_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
