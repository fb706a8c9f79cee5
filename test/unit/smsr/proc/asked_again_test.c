/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* A card that says "counter low" of the newest question had it before, and its answer is lost: the
 * question goes out again at once, under a fresh counter, not a second time before its timer. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/catalogue.h"
#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

#include <stdlib.h>

static void low(struct core *w, uint64_t counter)
{
    assert_int_equal(core_por(w, counter, POR_CNTR_LOW, span_of("", 0)), ERR_OK);
}

/* The newest question, of this purpose, is answered "counter low" again and again. */
static void asked_once_more(struct core *w, enum packet_purpose purpose, const char *state)
{
    uint64_t high = w->e->counter_high;
    int64_t due;

    assert_string_equal(core_state(w), state);
    low(w, high);
    assert_true(w->plan.unit.set);
    assert_int_equal(w->plan.unit.purpose, purpose);
    assert_int_equal(w->e->counter_high, high + 1);
    assert_string_equal(core_state(w), state);
    due = w->due;
    assert_true(due > w->now);
    low(w, high + 1); /* of the repeat: waits for its time */
    assert_false(w->plan.unit.set);
    assert_int_equal(w->e->counter_high, high + 1);
    assert_string_equal(core_state(w), state);
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, purpose);
    low(w, high + 2); /* asked by the timer: once more at once */
    assert_int_equal(w->e->counter_high, high + 3);
    core_restart(w); /* asks anew */
    assert_int_equal(w->e->counter_high, high + 4);
    low(w, high + 3); /* an older one tells nothing */
    assert_false(w->plan.unit.set);
    assert_int_equal(w->e->counter_high, high + 4);
}

/* Behind a fence the truth is not "the ISD-R answered with an error": it may be asked again. */
static void without_effect(struct core *w)
{
    const struct event *ev = core_event(w, EV_OPERATION_CONCLUDED);

    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_true(span_eq(ev->text, span_str(STATUS[ST_NO_EFFECT].meaning)));
}

static void fence_of_a_switch(void **state)
{
    struct core w;

    core_init(&w);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_pass(&w, 900 * SECONDS);
    asked_once_more(&w, PURPOSE_FENCE, "FENCING");
    core_por_list(&w, 0, "10=3F 11=1F 12=1F");
    without_effect(&w);
    core_fini(&w);
    (void)state;
}

static void fence_of_a_deletion(void **state)
{
    struct core w;

    core_init(&w);
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_pass(&w, 180 * SECONDS);
    asked_once_more(&w, PURPOSE_FENCE, "FENCING");
    core_por_list(&w, 0, "10=3F 12=1F");
    core_expect_end(&w, VERDICT_SUCCESS, "", "");
    core_fini(&w);
    (void)state;
}

static void fence_of_a_deletion_that_never_ran(void **state)
{
    struct core w;

    core_init(&w);
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    core_pass(&w, 180 * SECONDS);
    core_por_list(&w, 0, "10=3F 11=1F 12=1F");
    without_effect(&w);
    core_fini(&w);
    (void)state;
}

static void fence_of_an_auto_delete(void **state)
{
    struct core w;
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | POL2_DISABLE_AUTO_DELETE};
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = 86400, .has_validity_period = true}};

    core_init(&w);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_por_sw(&w, 0, 0x9000);
    core_note(&w, 2, 5, ONE);
    core_por_hex(&w, 0, CONFIRMED);
    ev.eid = w.eid;
    ev.iccid = core_iccid(ONE);
    core_record(&w, &ev);
    m.eid = w.eid;
    m.iccid = core_iccid(TWO);
    core_request(&w, CORE_A, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    core_note(&w, 2, 6, TWO);
    core_por_hex(&w, 0, CONFIRMED);
    while (!w.plan.unit.set || w.plan.unit.purpose != PURPOSE_FENCE)
        assert_true(core_timer(&w));
    asked_once_more(&w, PURPOSE_FENCE, "DELETING");
    core_por_list(&w, 0, "10=1F 12=3F");
    core_expect_end(&w, VERDICT_SUCCESS, "", "");
    core_fini(&w);
    (void)state;
}

static void an_audit(void **state)
{
    struct core w;
    struct es4_audit_eis_request m = {
        .base = {.validity_period_s = 3600, .has_validity_period = true}};

    core_init(&w);
    m.eid = w.eid;
    core_request(&w, CORE_F, MSG_ES4_AUDIT_EIS_REQUEST, &m);
    asked_once_more(&w, PURPOSE_AUDIT, "ASKING");
    core_por_list(&w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(&w, VERDICT_SUCCESS, "", "");
    core_fini(&w);
    (void)state;
}

/* Whatever else a card says about the question, it waits for the timer. */
static void other_statuses_wait(void **state)
{
    static const uint8_t BAD[] = {0x01, 0x03, 0x04, 0x05, 0x06, POR_MEMORY, POR_MORE_TIME,
                                  0x09, 0x0A};

    for (size_t i = 0; i < sizeof BAD; i++) {
        struct core w;
        core_init(&w);
        core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
        core_pass(&w, 180 * SECONDS);
        core_por(&w, 0, BAD[i], span_of("", 0));
        assert_false(w.plan.unit.set);
        assert_string_equal(core_state(&w), "FENCING");
        core_fini(&w);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fence_of_a_switch),
        cmocka_unit_test(fence_of_a_deletion),
        cmocka_unit_test(fence_of_a_deletion_that_never_ran),
        cmocka_unit_test(fence_of_an_auto_delete),
        cmocka_unit_test(an_audit),
        cmocka_unit_test(other_statuses_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
