/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* UpdateSubscriptionAddress while something runs on the card: the address moves, nothing else does. What
 * goes out afterwards names the same profiles, and the channel reads their numbers then. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

static const char *number_of(const struct core *w, unsigned profile)
{
    struct iccid iccid = core_iccid(profile);

    return euicc_profile_by_iccid(w->e, &iccid)->msisdn.s;
}

/* The owner moves the number of this profile. */
static void moved(struct core *w, enum core_party who, unsigned profile)
{
    struct operation *op = w->e->ops[0];
    unsigned state = op->state, packets = w->e->n_packets, ops = w->e->n_ops;
    int64_t due = w->due, soon = w->volatile_due;
    uint64_t high = w->e->counter_high;
    uint32_t step = w->e->next_step;

    core_call(w, who, FN_UPDATE_SUBSCRIPTION_ADDRESS, profile);
    assert_string_equal(core_admitted(w), "done");
    assert_string_equal(number_of(w, profile), "4915799999");
    assert_int_equal(w->plan.n_records, 1);
    assert_int_equal(core_event(w, EV_ADDRESS_CHANGED)->op_state, 0);
    assert_null(core_out(w, OUT_SMS, 0));
    assert_null(core_out(w, OUT_STEP, 0));
    assert_ptr_equal(w->e->ops[0], op);
    assert_int_equal(op->state, state);
    assert_int_equal(w->e->n_packets, packets);
    assert_int_equal(w->e->n_ops, ops);
    assert_int_equal(w->due, due);
    assert_int_equal(w->volatile_due, soon);
    assert_int_equal(w->e->counter_high, high);
    assert_int_equal(w->e->next_step, step);
}

static const struct out_sms *sent_to(const struct core *w, unsigned first, unsigned second)
{
    const struct out_sms *sms = core_out(w, OUT_SMS, 0);

    assert_non_null(sms);
    assert_string_equal(sms->to[0].s, first ? core_iccid(first).s : "");
    assert_string_equal(sms->to[1].s, second ? core_iccid(second).s : "");
    return sms;
}

/* At each stage of a switch, of the profile it leaves and of the one it goes to: the same bytes go on. */
static void of_a_switch_under_way(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;

    core_enable(w, 0);
    moved(w, CORE_A, BOOT);
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 60 * SECONDS);
    assert_int_equal(sent_to(w, BOOT, ONE)->counter, 1);
    moved(w, CORE_B, ONE);
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 240 * SECONDS);
    assert_int_equal(sent_to(w, BOOT, ONE)->counter, 1);
    core_por_sw(w, 1, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
    moved(w, CORE_B, ONE);
    moved(w, CORE_A, BOOT);
    core_note(w, 2, 5, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
    assert_string_equal(number_of(w, ONE), "4915799999");
}

/* The confirmation is on its way to the number of then: the same bytes go to the new one. */
static void of_a_confirmation_under_way(void **state)
{
    struct core *w = *state;
    int64_t t0;

    core_enable(w, 0);
    core_por_sw(w, 1, 0x9000);
    core_note(w, 2, 5, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    t0 = w->now;
    moved(w, CORE_B, ONE);
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, w->env.timer_ms[TIMER_CONFIRM_RESEND]);
    assert_int_equal(sent_to(w, ONE, 0)->counter, 2);
    core_confirmed(w, VERDICT_SUCCESS);
}

/* Fenced, and seen on the new profile: the window in which the card may roll back stays what it was. */
static void of_a_fence_under_way(void **state)
{
    struct core *w = *state;
    int64_t window;

    core_overdue(w);
    moved(w, CORE_B, ONE);
    moved(w, CORE_A, BOOT);
    (void)core_next_fence(w);
    w->por_from = ONE;
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    window = w->e->ops[0]->window_end_ms;
    moved(w, CORE_B, ONE);
    moved(w, CORE_A, BOOT);
    assert_int_equal(w->e->ops[0]->window_end_ms, window);
    core_until_armed(w);
    assert_true(w->now >= window);
    core_audited(w, NEW_ON, VERDICT_SUCCESS);
}

/* A device that still answers by its former network is known by the number it has there now. */
static void of_a_device_that_has_not_followed(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    moved(w, CORE_A, BOOT);
    w->por_from = BOOT;
    core_por_list(w, 0, NEW_ON);
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->e->ops[0]->window_end_ms, EUICC_WINDOW_UNKNOWN);
}

static void of_a_deletion_under_way(void **state)
{
    struct core *w = *state;

    assert_int_equal(core_call(w, CORE_A, FN_DELETE_PROFILE, TWO), ERR_OK);
    assert_string_equal(core_state(w), "ARMED");
    moved(w, CORE_A, TWO); /* of the very profile that goes */
    moved(w, CORE_A, BOOT);
    assert_true(core_timer(w));
    assert_int_equal(sent_to(w, BOOT, 0)->counter, 1);
    core_por_sw(w, 1, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, TWO), PROFILE_NONE);
}

/* Asked for, in the middle of a step, and between CreateISDP and the completion of the download. */
static void of_a_download_under_way(void **state)
{
    struct core *w = *state;

    assert_int_equal(core_create(w, FRESH, 20000, true), ERR_OK);
    moved(w, CORE_A, BOOT);
    core_until_armed(w);
    (void)sent_to(w, BOOT, 0);
    core_first_post(w, 1);
    assert_non_null(core_open_step(w));
    moved(w, CORE_A, BOOT);
    moved(w, CORE_B, ONE);
    core_step_hex(w, 1, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_string_equal(number_of(w, BOOT), "4915799999");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
}

/* The process dies behind it: the new number is there, the operation goes on. */
static void over_a_restart(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    moved(w, CORE_A, BOOT);
    moved(w, CORE_B, ONE);
    core_restart(w);
    assert_string_equal(core_state(w), "ARMED");
    assert_string_equal(number_of(w, BOOT), "4915799999");
    core_por_sw(w, 1, 0x9000);
    core_note(w, 2, 5, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(of_a_switch_under_way), T(of_a_confirmation_under_way), T(of_a_fence_under_way),
        T(of_a_device_that_has_not_followed), T(of_a_deletion_under_way), T(of_a_download_under_way),
        T(over_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
