/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Switches and deletions over a CAT_TP link: it is asked for first, and what went over it never
 * moves elsewhere but behind its fence (law 3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

#define LINK 0x81

static void prefer_links(struct core *w)
{
    for (unsigned i = 0; i < 2; i++) {
        w->routes[i].cattp = w->routes[i].cattp_commands = true;
        w->routes[i].udp_port = 7444;
    }
}

static void enable_to_packet(struct core *w)
{
    prefer_links(w);
    assert_int_equal(core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE), ERR_OK);
    assert_string_equal(core_state(w), "WAIT_LINK");
    assert_int_equal(core_link_opens(w, LINK), ERR_OK);
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_CATTP);
}

static void enabled_over_a_link(void **state)
{
    struct core *w = *state;
    const struct iccid boot = core_iccid(BOOT);

    prefer_links(w);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(core_event(w, EV_BEARER_CHOSEN)->bearer, BEARER_CATTP);
    assert_int_equal(core_por_hex(w, 0, "AB0B800102230290002302" "9000"), ERR_OK); /* of the push */
    assert_string_equal(core_state(w), "WAIT_LINK");
    core_link_opens(w, LINK);
    assert_true(iccid_eq(&w->plan.unit.armed->previous, &boot));
    assert_null(core_out(w, OUT_SMS, 0));
    core_por_sw(w, 0, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0)); /* the card resets behind it */
    core_note(w, 2, 4, ONE);
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    core_confirmed(w, VERDICT_SUCCESS);
}

static void no_link_comes(void **state)
{
    struct core *w = *state;

    prefer_links(w);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_restart(w);               /* its time has not come */
    assert_string_equal(core_state(w), "WAIT_LINK");
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(core_event(w, EV_BEARER_CHOSEN)->bearer, BEARER_SMS);
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    assert_int_equal(core_link_opens(w, LINK), ERR_STATE); /* law 3: it went by SMS */
    core_por_sw(w, 0, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

/* The answer is lost with the link: the card is not asked before it had time to tell. */
static void a_switch_loses_its_link(void **state)
{
    struct core *w = *state;

    enable_to_packet(w);
    assert_int_equal(core_link_breaks(w, LINK + 1), ERR_STATE); /* another one */
    assert_int_equal(core_link_breaks(w, LINK), ERR_OK);
    assert_string_equal(core_state(w), "FENCING");
    assert_false(w->plan.unit.set);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    core_por_list(w, 0, OLD_ON); /* it did not run, and that channel is fenced */
    assert_string_equal(core_state(w), "ARMED");
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    assert_int_equal(w->plan.unit.armed->attempt, 2);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 4, ONE);
    core_confirmed(w, VERDICT_SUCCESS);
}

/* Its bytes are of the link: never by SMS, never again (law 3). */
static void a_switch_is_silent(void **state)
{
    struct core *w = *state;

    enable_to_packet(w);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "FENCING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0));
}

static void policy_is_read_when_the_link_is_there(void **state)
{
    struct core *w = *state;

    prefer_links(w);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_set_pol2(w, BOOT, POL2_DISABLE_NOT_ALLOWED);
    core_link_opens(w, LINK);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
    assert_false(w->plan.unit.set);
}

static void deleted_over_a_link(void **state)
{
    struct core *w = *state;

    prefer_links(w);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_state(w), "WAIT_LINK");
    core_link_opens(w, LINK);
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0));
}

/* A late PoR of the push is no answer to the deletion. */
static void a_push_is_no_deletion(void **state)
{
    struct core *w = *state;
    uint64_t push;

    prefer_links(w);
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    push = w->e->counter_high;
    core_link_opens(w, LINK);
    core_link_breaks(w, LINK);
    assert_string_equal(core_state(w), "FENCING");
    core_por_sw(w, push, 0x9000);
    assert_string_equal(core_state(w), "FENCING");
    core_por_list(w, 0, OLD_ON);
    assert_string_equal(core_state(w), "ARMED"); /* behind its fence, by SMS */
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, core_link_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        TEST(enabled_over_a_link),
        TEST(no_link_comes),
        TEST(a_switch_loses_its_link),
        TEST(a_switch_is_silent),
        TEST(policy_is_read_when_the_link_is_there),
        TEST(deleted_over_a_link),
        TEST(a_push_is_no_deletion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
