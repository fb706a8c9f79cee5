/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Admission by what the card is busy with and holds: limits, reach, validity, the queue. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

/* --- limits --- */
static void ten_effects_an_hour(void **state)
{
    struct core *w = *state;
    int64_t first = w->now;

    for (unsigned i = 0; i < 10; i++)
        core_enabled(w, i % 2 ? CORE_A : CORE_B, i % 2 ? TWO : ONE, (uint16_t)(5 + i));
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "1.2-4.4");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0); /* a read is none */
    assert_string_equal(core_admitted(w), "accepted");
    core_por_list(w, 0, "10=1F 11=1F 12=3F");
    w->now = first + 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "accepted");
    core_por_sw(w, 0, 0x6985);
    w->env.effects_per_hour = 0;
    for (unsigned i = 0; i < 12; i++) {
        core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
        assert_string_equal(core_admitted(w), "accepted");
        core_por_sw(w, 0, 0x6985);
    }
}

static void roll_back(struct core *w, uint16_t sequence)
{
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "accepted");
    core_note(w, 3, sequence, BOOT);
    core_confirmed(w, VERDICT_ROLLED_BACK);
}

static void two_roll_backs_hold_the_card(void **state)
{
    struct core *w = *state;
    int64_t first = w->now;

    roll_back(w, 5);
    w->now += 3600 * SECONDS;
    roll_back(w, 6);
    w->now += 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "1.2-4.4");
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "accepted");
    core_por_sw(w, 0, 0x6985);
    w->now = first + 24 * 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "accepted");
}

static void one_roll_back_when_configured(void **state)
{
    struct core *w = *state;

    w->env.rollbacks_per_day = 1;
    roll_back(w, 5);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "1.2-4.4");
    w->env.rollbacks_per_day = 0;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "accepted");
}

static void without_address(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    memset(&eis->profiles[1].address, 0, sizeof eis->profiles[1].address);
}

static void unreachable(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    memset(&eis->profiles[0].address, 0, sizeof eis->profiles[0].address);
}

static void address_and_route(void **state)
{
    struct core w;

    core_init_with(&w, without_address);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_admitted(&w), "accepted");
    core_fini(&w);
    core_init(&w);
    w.env.n_routes = 1;
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(&w), "8.2.6-3.10");
    core_fini(&w);
    core_init_with(&w, unreachable);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(core_admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    assert_string_equal(core_admitted(&w), "8.2.6-3.7");
    core_fini(&w);
    (void)state;
}

/* --- validity --- */
static void validity(struct core *w, uint32_t seconds, bool has, const char *expect, int64_t end_ms)
{
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = seconds, .has_validity_period = has},
        .eid = w->eid, .iccid = core_iccid(ONE)};

    core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    assert_string_equal(core_admitted(w), expect);
    if (end_ms)
        assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, end_ms);
}

static void validity_periods(void **state)
{
    struct core *w = *state;
    const struct out_reply *o;

    validity(w, 0, false, "accepted", 900 * SECONDS);
    validity(w, 0, true, "1.6-2.1", 0); /* over before it began: nothing is armed */
    assert_false(w->plan.unit.set);
    validity(w, 1, true, "accepted", 1 * SECONDS);
    validity(w, 86400, true, "accepted", 86400 * SECONDS);
    validity(w, 86401, true, "1.6-3.8", 0);
    o = core_out(w, OUT_REPLY, 0);
    assert_int_equal(message_response(&o->message)->acceptable_validity_period_s, 86400);
    validity(w, UINT32_MAX, true, "1.6-3.8", 0);
    w->env.time_scale = 60;
    validity(w, 600, true, "accepted", 10 * SECONDS);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, 180 * SECONDS);
}

static void validity_of_data_by_size(void **state)
{
    static const struct {
        size_t n;
        int64_t s;
    } ROWS[] = {{5, 900}, {20000, 900}, {20005, 1800}, {60000, 2700}};
    static uint8_t data[60000];
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        for (size_t k = 0; k < ROWS[i].n; k += 5)
            memcpy(data + k, "\x86\x03" "abc", 5);
        core_send(w, FRESH, span_of(data, ROWS[i].n), false);
        assert_string_equal(core_admitted(w), "accepted");
        assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, ROWS[i].s * SECONDS);
    }
}

/* --- the queue --- */
static void eight_wait_the_ninth_is_refused(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < EUICC_OPS_MAX; i++) {
        core_call(w, CORE_F, FN_AUDIT_EIS, 0);
        assert_string_equal(core_admitted(w), "accepted");
        assert_int_equal(w->plan.unit.set, i == 0);
    }
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_string_equal(core_admitted(w), "1.2-4.4");
    /* Synchronous functions do not queue. */
    core_call(w, CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO);
    assert_string_equal(core_admitted(w), "done");
}

static void one_after_the_other(void **state)
{
    struct core *w = *state;
    struct uuid order[4];

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_call(w, CORE_A, FN_AUDIT_EIS, 0);
    for (unsigned i = 0; i < 4; i++)
        order[i] = w->e->ops[i]->id;
    core_por_sw(w, 0, 0x6985);
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[1]));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CMD);
    core_por_sw(w, 0, 0x9000);
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[2]));
    core_por_list(w, 0, "10=3F 11=1F");
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[3]));
    core_por_list(w, 0, "10=3F 11=1F");
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(w->answered, 4);
}

static void the_state_is_looked_at_again_where_it_is_armed(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_call(w, CORE_F, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(w->e->n_ops, 2);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.2", "3.5");
    assert_true(span_eq(core_answer(w)->message, span_str("profile is Enabled already")));
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_ENABLE_PROFILE_RESPONSE));
}

/* What the first step reads is what apply makes: the same records whether queued or not. */
static void the_preview_is_the_operation(void **state)
{
    struct core a, b;

    for (unsigned fn = 0; fn < 2; fn++) {
        core_init(&a);
        core_init(&b);
        core_call(&b, CORE_F, FN_AUDIT_EIS, 0);
        core_call(&a, CORE_B, fn ? FN_DELETE_PROFILE : FN_ENABLE_PROFILE, ONE);
        core_call(&b, CORE_B, fn ? FN_DELETE_PROFILE : FN_ENABLE_PROFILE, ONE);
        const struct event *x = core_event(&a, EV_OPERATION_ARMED);
        struct span script = x->data;
        core_por_list(&b, 0, "10=3F 11=1F 12=1F");
        assert_true(core_timer(&b));
        const struct event *y = core_event(&b, EV_OPERATION_ARMED);
        assert_true(span_eq(script, y->data));
        assert_true(x->op_state == y->op_state && x->attempt == y->attempt);
        assert_true(x->function == y->function && oid_eq(&x->party, &y->party));
        assert_string_equal(x->previous.s, y->previous.s);
        assert_true(span_eq(x->correlation_id, y->correlation_id));
        core_fini(&a);
        core_fini(&b);
    }
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(ten_effects_an_hour),
        T(two_roll_backs_hold_the_card),
        T(one_roll_back_when_configured),
        cmocka_unit_test(address_and_route),
        T(validity_periods),
        T(validity_of_data_by_size),
        T(eight_wait_the_ninth_is_refused),
        T(one_after_the_other),
        T(the_state_is_looked_at_again_where_it_is_armed),
        cmocka_unit_test(the_preview_is_the_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
