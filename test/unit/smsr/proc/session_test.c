/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* CreateISDP and SendData over administration sessions, and what becomes of them when a session
 * breaks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "common/codec/push.h"
#include "common/msg/admin.h"
#include "test/support/smsr_core.h"

#include <stdlib.h>

#define SECONDS 1000ll
#define OK_CREATE "AF8023030090000000"
#define LIST_WITH                                                                                  \
    "AF802332E3164F10A0000005591010FFFFFFFF89000010009F70013F"                                     \
    "E3164F10A0000005591010FFFFFFFF89000013009F70010790000000"
#define LIST_WITHOUT "AF80231AE3164F10A0000005591010FFFFFFFF89000010009F70013F90000000"

static int answer(struct core *w, uint8_t session, const char *hex)
{
    uint8_t b[4096];
    size_t n = 0;

    assert_int_equal(hex_decode(hex, strlen(hex), b, sizeof b, &n), ERR_OK);
    return core_step_post(w, session, 0, ADMIN_STATUS_OK, span_of(b, n));
}

static const struct out_step *step(const struct core *w)
{
    const struct out_step *o = core_out(w, OUT_STEP, 0);

    assert_non_null(o);
    return o;
}

static const char *body(const struct core *w)
{
    static char hex[10000];

    assert_int_equal(hex_encode(step(w)->body, hex, sizeof hex), ERR_OK);
    return hex;
}

/* CreateISDP up to the step whose body is with the card, in session 1. */
static void to_step(struct core *w, bool more)
{
    assert_int_equal(core_create(w, FRESH, 0, more), ERR_OK);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(core_first_post(w, 1), ERR_OK);
    assert_string_equal(core_state(w), "STEP");
}

static void create_fresh(struct core *w)
{
    to_step(w, false);
    answer(w, 1, OK_CREATE);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

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
    assert_int_equal(step(w)->code, 200);
    assert_int_equal(step(w)->step, 1);
    assert_int_equal(step(w)->target.n, 0);
    assert_string_equal(body(w),
                        "AE80224B80E60C004510A0000005591010FFFFFFFF8900000D00"
                        "10A0000005591010FFFFFFFF8900000E0010A0000005591010FFFFFFFF8900001300"
                        "0380C0000CC90481020370EF04830212340000"
                        "0000");
    answer(w, 1, OK_CREATE);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_expect(w, EXEC_SUCCESS, "", "");
    m = core_delivery(w, CORE_D, MSG_ES3_CREATE_ISDP_RESPONSE);
    assert_true(aid_eq(&m->isdp_aid, &fresh));
    assert_int_equal(m->euicc_response_data.n, 9);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    assert_int_equal(step(w)->code, 204);
    assert_int_equal(step(w)->step, 0);
}

static void more_to_do_keeps_the_session(void **state)
{
    struct core *w = *state;

    to_step(w, true);
    answer(w, 1, OK_CREATE);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_null(core_out(w, OUT_STEP, 0));
    w->pe.held = true;
    w->pe.held_session = core_session(1);
    core_send(w, 0, core_hex(w, "80E6200016000010A0000005591010FFFFFFFF8900001300000000"), false);
    assert_string_equal(core_state(w), "STEP");
    assert_int_equal(step(w)->code, 200);
    assert_int_equal(step(w)->step, 2);
    assert_true(uuid_eq(&step(w)->session,
                        &(struct uuid){{0x5E, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}));
    assert_int_equal(w->e->counter_high, 1); /* no second trigger */
    answer(w, 1, "AF80230290000000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(step(w)->code, 204);
}

static void a_queued_operation_takes_the_held_session(void **state)
{
    struct core *w = *state;

    create_fresh(w);
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
        to_step(&w, false);
        answer(&w, 1, ROWS[i].hex);
        core_expect_end(&w, VERDICT_FAILED, ROWS[i].subject, ROWS[i].reason);
        assert_int_equal(core_profile_state(&w, FRESH), PROFILE_NONE);
        assert_int_equal(step(&w)->code, 204);
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
        to_step(&w, false);
        if (i < 5)
            answer(&w, 1, HEX[i]);
        else
            core_step_post(&w, 1, 0, STATUS[i - 5], span_of("", 0));
        assert_string_equal(core_state(&w), "FENCE_STEP");
        assert_int_equal(step(&w)->step, 2);
        answer(&w, 1, i % 2 ? LIST_WITH : LIST_WITHOUT);
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
        to_step(&w, false);
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
    assert_int_equal(step(w)->code, 204);
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

/* --- sessions that break --- */
static void fence_a_broken_step(struct core *w, uint8_t session)
{
    core_session_end(w, session);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_session_end(w, session);
    core_first_post(w, (uint8_t)(session + 1));
    assert_string_equal(core_state(w), "FENCE_STEP");
    assert_string_equal(body(w), "AE80220D80F24002074F005C034F9F7000220580CAFF21000000");
}

static void session_end_in_mid_step_is_fenced(void **state)
{
    struct core *w = *state;

    to_step(w, false);
    assert_int_equal(core_session_end(w, 9), ERR_STATE); /* another one */
    fence_a_broken_step(w, 1);
    answer(w, 2, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_events(w, EV_OPERATION_IN_DOUBT), 0); /* of this plan */
    assert_int_equal(step(w)->code, 204);
}

/* What did not run by the card's own word is asked for again where it cannot run twice: three
 * times. */
static void a_creation_that_did_not_run_is_sent_again(void **state)
{
    struct core *w = *state;
    char *first;

    to_step(w, false);
    first = strdup(body(w));
    assert_non_null(first);
    for (uint8_t i = 1; i <= 3; i++) {
        fence_a_broken_step(w, i);
        answer(w, (uint8_t)(i + 1), LIST_WITHOUT);
        if (i == 3)
            break;
        assert_string_equal(core_state(w), "STEP");
        assert_string_equal(body(w), first);
        assert_int_equal(w->e->ops[0]->attempt, i + 1);
    }
    free(first);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_int_equal(step(w)->code, 204);
}

static void a_creation_is_not_sent_again_behind_its_validity(void **state)
{
    struct core *w = *state;

    to_step(w, false);
    fence_a_broken_step(w, 1);
    core_pass(w, w->e->ops[0]->validity_end_ms - w->now);
    assert_int_equal(w->e->n_ops, 1);
    core_first_post(w, 3);
    answer(w, 3, LIST_WITHOUT);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
}

static void first_post_in_mid_step(void **state)
{
    struct core *w = *state;

    to_step(w, false);
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_first_post(w, 3); /* and once more */
    assert_string_equal(core_state(w), "FENCE_STEP");
    answer(w, 3, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_post_that_names_another_step(void **state)
{
    struct core *w = *state;
    uint8_t ok[] = {0xAF, 0x80, 0x23, 0x02, 0x90, 0x00, 0x00, 0x00};

    to_step(w, false);
    assert_int_equal(core_step_post(w, 1, 7, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_STATE);
    assert_int_equal(core_step_post(w, 2, 1, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_STATE);
    assert_string_equal(core_state(w), "STEP");
    answer(w, 1, OK_CREATE);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_step_post(w, 1, 1, ADMIN_STATUS_OK, span_of(ok, 8)), ERR_STATE);
}

static void a_silent_card_loses_its_session(void **state)
{
    struct core *w = *state;
    const struct out_session_close *close;

    to_step(w, false);
    int64_t t0 = w->now;
    assert_true(core_timer(w));
    assert_int_equal(w->now - t0, 120 * SECONDS);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    close = core_out(w, OUT_SESSION_CLOSE, 0);
    assert_non_null(close);
    assert_true(uuid_eq(&close->session, &w->e->ops[0]->session));
}

static void fence_triggers_back_off(void **state)
{
    static const int64_t PAUSE[] = {60, 300, 900, 3600, 21600, 86400, 86400};
    struct core *w = *state;

    to_step(w, false);
    core_pass(w, 900 * SECONDS);
    core_fini(w);
    core_init(w);
    to_step(w, false);
    w->now += 899 * SECONDS;
    core_session_end(w, 1);
    core_pass(w, 1 * SECONDS);
    assert_int_equal(w->answered, 1);
    for (unsigned i = 1; i < sizeof PAUSE / sizeof *PAUSE; i++) {
        int64_t t = w->now;
        while (!w->plan.unit.set || w->now == t)
            assert_true(core_timer(w));
        if (i > 1)
            assert_int_equal(w->now - t, PAUSE[i - 1] * SECONDS);
    }
    core_first_post(w, 2);
    answer(w, 2, LIST_WITHOUT);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_non_null(core_delivery(w, CORE_D, MSG_OPERATION_CONCLUDED));
    assert_int_equal(w->answered, 1);
}

static void validity_ends_in_mid_step(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    w->now += 850 * SECONDS;
    core_first_post(w, 1);
    core_pass(w, 50 * SECONDS);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    core_first_post(w, 2);
    answer(w, 2, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_delivery(w, CORE_D, MSG_OPERATION_CONCLUDED));
}

/* The route went away while a step is open: no proof, so no verdict; it waits for a way to the
 * card. */
static void a_fence_without_a_route_waits(void **state)
{
    struct core *w = *state;

    to_step(w, false);
    w->routes[0].https = false;
    core_session_end(w, 1);
    assert_int_equal(w->e->n_ops, 1);
    core_pass(w, 2000 * SECONDS);
    assert_int_equal(w->e->n_ops, 1);
    assert_int_equal(w->answered, 1);
    w->routes[0].https = true;
    while (!w->plan.unit.set)
        assert_true(core_timer(w));
    core_first_post(w, 2);
    answer(w, 2, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_fence_that_tells_nothing_is_repeated(void **state)
{
    struct core *w = *state;

    to_step(w, false);
    core_session_end(w, 1);
    core_first_post(w, 2);
    answer(w, 2, "AF8023026A880000");
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(step(w)->code, 204);
    core_first_post(w, 3);
    core_session_end(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_session_end(w, 3);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 4);
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 5);
    answer(w, 5, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* --- SendData --- */
static void send_in_bodies(void **state)
{
    struct core *w = *state;
    struct buf payload, expected;
    uint8_t tlv[1024] = {0x86, 0x82, 0x03, 0xFC};
    const struct es3_send_data_response *m;

    create_fresh(w);
    buf_init(&payload, 0);
    for (unsigned i = 0; i < 3; i++) {
        memset(tlv + 4, (int)i, 1020);
        buf_add(&payload, tlv, sizeof tlv);
    }
    core_send(w, FRESH, buf_span(&payload), false);
    core_first_post(w, 2);
    for (unsigned i = 0; i < 3; i++) {
        struct aid target = core_aid(FRESH);
        assert_true(aid_eq(&step(w)->target, &target));
        assert_int_equal(step(w)->body.n, 2 + 1024 + 2);
        assert_int_equal(step(w)->body.p[6], i);
        assert_int_equal(step(w)->step, 2 + i);
        answer(w, 2, i < 2 ? "AF808601010000" : "AF808601020000");
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
        create_fresh(&w);
        for (unsigned k = 0; k < 2; k++)
            memcpy(payload + 1024 * k, "\x86\x82\x03\xFC", 4);
        core_send(&w, FRESH, span_of(payload, sizeof payload), true);
        core_first_post(&w, 2);
        answer(&w, 2, HEX[i]);
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

    create_fresh(w);
    core_send(w, 0, core_hex(w, "80E6200000"), false);
    core_first_post(w, 2);
    assert_int_equal(step(w)->target.n, 0);
    assert_string_equal(body(w), "AE80220580E62000000000");
}

static void send_broken_off_is_fenced_and_failed(void **state)
{
    struct core *w = *state;

    create_fresh(w);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_first_post(w, 2);
    core_session_end(w, 2);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->answered, 1);
    core_first_post(w, 3);
    answer(w, 3, LIST_WITH);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
}

static void a_flood_of_answers_is_bounded(void **state)
{
    struct core *w = *state;
    static uint8_t flood[40000];
    uint8_t payload[2048];
    struct writer f = wr_init(flood, sizeof flood);

    create_fresh(w);
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

/* --- restarts --- */
static void restart_of_a_create(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    core_restart(w);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(((const struct out_sms *)core_out(w, OUT_SMS, 0))->counter, 1);
    core_first_post(w, 1);
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_null(core_out(w, OUT_SESSION_CLOSE, 0));
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 2);
    assert_string_equal(core_state(w), "FENCE_STEP");
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 3);
    answer(w, 3, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The payload is memory only: lost before anything went out, FAILED at once; after, behind the
 * fence. */
static void restart_loses_a_payload(void **state)
{
    struct core *w = *state;

    create_fresh(w);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_restart(w);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_restart(w);
    core_por_list(w, 0, "10=3F 11=1F 12=1F 13=07");
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    core_send(w, FRESH, core_hex(w, "8601AA"), false);
    core_first_post(w, 2);
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_first_post(w, 3);
    answer(w, 3, LIST_WITH);
    core_expect_end(w, VERDICT_FAILED, "8.3", "4.2");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
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
        T(session_end_in_mid_step_is_fenced), T(a_creation_that_did_not_run_is_sent_again),
        T(a_creation_is_not_sent_again_behind_its_validity),
        T(first_post_in_mid_step),
        T(a_post_that_names_another_step),
        T(a_silent_card_loses_its_session),
        T(fence_triggers_back_off),
        T(validity_ends_in_mid_step),
        T(a_fence_without_a_route_waits),
        T(a_fence_that_tells_nothing_is_repeated),
        T(send_in_bodies),
        cmocka_unit_test(send_stops_at_the_first_error),
        T(send_to_the_isd_r_has_no_target),
        T(send_broken_off_is_fenced_and_failed),
        T(a_flood_of_answers_is_bounded),
        T(restart_of_a_create),
        T(restart_loses_a_payload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
