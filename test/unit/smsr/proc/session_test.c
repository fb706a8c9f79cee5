/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* CreateISDP and SendData over administration sessions: triggers, steps and what the card answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "common/codec/push.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core_way.h"

/* --- CreateISDP --- */
static void create_by_the_book(void **state)
{
    struct core *w = *state;
    const struct es3_create_isdp_response *m;
    struct push_trigger t;
    struct aid fresh = core_aid(FRESH);

    core_create(w, FRESH, 0x1234, false);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_int_equal(push_trigger_parse(w->plan.unit.script, &t), ERR_OK);
    assert_string_equal(t.host, "smsr.example");
    assert_int_equal(t.port, 7443);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_IN_CREATION);
    core_por(w, 0, POR_OK, span_of("", 0));
    assert_string_equal(core_state(w), "WAIT_SESSION");
    core_first_post(w, 1);
    assert_int_equal(core_open_step(w)->code, 200);
    assert_int_equal(core_open_step(w)->step, 1);
    assert_int_equal(core_open_step(w)->target.n, 0);
    assert_string_equal(core_step_body(w),
                        "AE80224B80E60C004510A0000005591010FFFFFFFF8900000D00"
                        "10A0000005591010FFFFFFFF8900000E0010A0000005591010FFFFFFFF8900001300"
                        "0380C0000CC90481020370EF04830212340000"
                        "0000");
    core_step_hex(w, 1, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    m = core_delivery(w, CORE_D, MSG_ES3_CREATE_ISDP_RESPONSE);
    assert_true(aid_eq(&m->isdp_aid, &fresh));
    assert_int_equal(m->euicc_response_data.n, 9);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    assert_int_equal(core_open_step(w)->code, 204);
    assert_int_equal(core_open_step(w)->step, 0);
}

static void more_to_do_keeps_the_session(void **state)
{
    struct core *w = *state;

    core_to_step(w, true);
    core_step_hex(w, 1, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_null(core_out(w, OUT_STEP, 0));
    w->pe.held = true;
    w->pe.held_session = core_session(1);
    core_send(w, 0, core_hex(w, "80E6200016000010A0000005591010FFFFFFFF8900001300000000"), false);
    assert_string_equal(core_state(w), "STEP");
    assert_int_equal(core_open_step(w)->code, 200);
    assert_int_equal(core_open_step(w)->step, 2);
    assert_true(uuid_eq(&core_open_step(w)->session,
                        &(struct uuid){{0x5E, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}));
    assert_int_equal(w->e->counter_high, 1); /* no second trigger */
    core_step_hex(w, 1, "AF80230290000000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_open_step(w)->code, 204);
}

static void a_queued_operation_takes_the_held_session(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_send(w, 0, core_hex(w, "80E6200000"), true);
    w->pe.held = true;
    w->pe.held_session = core_session(2);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=07");
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "STEP");
}

static void create_answers_of_the_card(void **state)
{
    static const struct { const char *hex; const char *subject, *reason; } ROWS[] = {
        {"AF8023026A840000", "8.1", "4.8"},   {"AF80230265810000", "8.1", "4.8"},
        {"AF8023026A800000", "8.4", "4.2"},   {"AF8023026A880000", "8.4", "4.2"},
        {"AF80230269850000", "8.4", "4.2"}, {"AF809001010000", "8.4", "4.2"},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        core_to_step(&w, false);
        core_step_hex(&w, 1, ROWS[i].hex);
        core_expect_end(&w, VERDICT_FAILED, ROWS[i].subject, ROWS[i].reason);
        assert_int_equal(core_profile_state(&w, FRESH), PROFILE_NONE);
        assert_int_equal(core_open_step(&w)->code, 204);
        core_fini(&w);
    }
    (void)state;
}

/* An answer that does not tell: the card is asked in the same session. */
static void create_answers_that_prove_nothing(void **state)
{
    static const char *const HEX[] = {"AF8023026F000000", "AF800000", "", "AB", "AF8023016F0000"};
    static const uint8_t STATUS[] = {ADMIN_STATUS_NONE, ADMIN_STATUS_OTHER};

    for (size_t i = 0; i < 7; i++) {
        struct core w;
        core_init(&w);
        core_to_step(&w, false);
        if (i < 5)
            core_step_hex(&w, 1, HEX[i]);
        else
            core_step_post(&w, 1, 0, STATUS[i - 5], span_of("", 0));
        assert_string_equal(core_state(&w), "FENCE_STEP");
        assert_int_equal(core_open_step(&w)->step, 2);
        core_step_hex(&w, 1, i % 2 ? STEP_WITH_FRESH : STEP_WITHOUT_FRESH);
        core_expect_end(&w, i % 2 ? VERDICT_SUCCESS : VERDICT_FAILED, i % 2 ? "" : "8.4",
                        i % 2 ? "" : "4.2");
        assert_int_equal(core_profile_state(&w, FRESH), i % 2 ? PROFILE_CREATED : PROFILE_NONE);
        core_fini(&w);
    }
    (void)state;
}

static void script_status_says_it_did_not_run(void **state)
{
    static const uint8_t STATUS[] = {ADMIN_STATUS_UNKNOWN_APPLICATION, ADMIN_STATUS_NOT_A_SD,
                                     ADMIN_STATUS_SECURITY_ERROR};

    for (size_t i = 0; i < sizeof STATUS; i++) {
        struct core w;
        core_init(&w);
        core_to_step(&w, false);
        core_step_post(&w, 1, 0, STATUS[i], span_of("", 0));
        core_expect_end(&w, VERDICT_FAILED, "8.4", "4.2");
        core_fini(&w);
    }
    (void)state;
}

/* --- the trigger --- */
static void the_trigger_is_repeated(void **state)
{
    struct core *w = *state;
    int64_t t0 = w->now;

    core_create(w, FRESH, 0, false);
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 60 * SECONDS);
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    core_por(w, 1, POR_OK, span_of("", 0)); /* taken, but no session comes */
    assert_true(core_timer(w));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_int_equal(w->e->counter_high, 2);
    core_session_end(w, 7);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    core_pass(w, 900 * SECONDS);
    assert_int_equal(w->concluded[VERDICT_EXPIRED], 1);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_NONE);
}

static void a_session_behind_the_end_of_validity_is_too_late(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    w->now += 900 * SECONDS;
    core_first_post(w, 1);
    core_expect_end(w, VERDICT_EXPIRED, "1.6", "5.3");
    assert_int_equal(core_open_step(w)->code, 204);
}

static void no_way_for_a_session(void **state)
{
    struct core *w = *state;

    w->routes[0].https = false;
    core_create(w, FRESH, 0, false);
    core_expect_end(w, VERDICT_FAILED, "8.1", "3.1");
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_NONE);
}

/* --- SendData --- */
static void send_in_bodies(void **state)
{
    struct core *w = *state;
    struct buf payload, expected;
    uint8_t tlv[1024] = {0x86, 0x82, 0x03, 0xFC};
    const struct es3_send_data_response *m;

    core_created(w, FRESH, 0);
    buf_init(&payload, 0);
    for (unsigned i = 0; i < 3; i++) {
        memset(tlv + 4, (int)i, 1020);
        buf_add(&payload, tlv, sizeof tlv);
    }
    core_send(w, FRESH, buf_span(&payload), false);
    core_first_post(w, 2);
    for (unsigned i = 0; i < 3; i++) {
        struct aid target = core_aid(FRESH);
        assert_true(aid_eq(&core_open_step(w)->target, &target));
        assert_int_equal(core_open_step(w)->body.n, 2 + 1024 + 2);
        assert_int_equal(core_open_step(w)->body.p[6], i);
        assert_int_equal(core_open_step(w)->step, 2 + i);
        core_step_hex(w, 2, i < 2 ? "AF808601010000" : "AF808601020000");
        assert_string_equal(core_state(w), i < 2 ? "STEP" : "-");
    }
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    m = core_delivery(w, CORE_D, MSG_ES3_SEND_DATA_RESPONSE);
    buf_init(&expected, 0);
    buf_add(&expected, "\x86\x01\x01\x86\x01\x01\x86\x01\x02", 9);
    assert_int_equal(m->euicc_response_data.n, 9);
    assert_memory_equal(m->euicc_response_data.p, expected.p, 9);
    buf_fini(&expected);
    buf_fini(&payload);
}

static void send_stops_at_the_first_error(void **state)
{
    static const char *const HEX[] = {"AF809F4401010000", "AF8023026A800000", "AF809001010000",
                                      "AF800000", "AB"};

    for (size_t i = 0; i < sizeof HEX / sizeof *HEX; i++) {
        struct core w;
        uint8_t payload[2048];
        core_init(&w);
        core_created(&w, FRESH, 0);
        for (unsigned k = 0; k < 2; k++)
            memcpy(payload + 1024 * k, "\x86\x82\x03\xFC", 4);
        core_send(&w, FRESH, span_of(payload, sizeof payload), true);
        core_first_post(&w, 2);
        core_step_hex(&w, 2, HEX[i]);
        core_expect_end(&w, VERDICT_FAILED, "8.3", "4.2");
        core_expect(&w, EXEC_FAILED, "8.3", "4.2");
        assert_int_equal(core_profile_state(&w, FRESH), PROFILE_CREATED);
        core_fini(&w);
    }
    (void)state;
}

static void send_to_the_isd_r_has_no_target(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_send(w, 0, core_hex(w, "80E6200000"), false);
    core_first_post(w, 2);
    assert_int_equal(core_open_step(w)->target.n, 0);
    assert_string_equal(core_step_body(w), "AE80220580E62000000000");
}

static void a_flood_of_answers_is_bounded(void **state)
{
    struct core *w = *state;
    static uint8_t flood[40000];
    uint8_t payload[2048];
    struct writer f = wr_init(flood, sizeof flood);

    core_created(w, FRESH, 0);
    for (unsigned k = 0; k < 2; k++)
        memcpy(payload + 1024 * k, "\x86\x82\x03\xFC", 4);
    core_send(w, FRESH, span_of(payload, sizeof payload), true);
    core_first_post(w, 2);
    wr_u16(&f, 0xAF80);
    for (unsigned i = 0; i < 39; i++) {
        wr_u32(&f, 0x868203FC);
        wr_fill(&f, 0x55, 0x3FC);
    }
    wr_u16(&f, 0);
    assert_false(f.failed);
    core_step_post(w, 2, 0, ADMIN_STATUS_OK, wr_view(&f));
    assert_string_equal(core_state(w), "STEP");
    core_step_post(w, 2, 0, ADMIN_STATUS_OK, wr_view(&f));
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(create_by_the_book),
        T(more_to_do_keeps_the_session),
        T(a_queued_operation_takes_the_held_session),
        cmocka_unit_test(create_answers_of_the_card),
        cmocka_unit_test(create_answers_that_prove_nothing),
        cmocka_unit_test(script_status_says_it_did_not_run),
        T(the_trigger_is_repeated),
        T(a_session_behind_the_end_of_validity_is_too_late),
        T(no_way_for_a_session),
        T(send_in_bodies),
        cmocka_unit_test(send_stops_at_the_first_error),
        T(send_to_the_isd_r_has_no_target),
        T(a_flood_of_answers_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
