/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* SCP81 at the card: cuts, targets, endings, triggers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig_sr.h"

static void policy_of_the_trigger(void **state)
{
    struct rig_sr *sr = *state;
    int64_t cut;

    sr->trigger.has_retry = true;
    sr->trigger.retry_count = 2;
    sr->trigger.retry_delay_s = 77;
    rig_sr_begin(sr);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    for (unsigned i = 0; i < 2; i++) {
        cut = sr->r->now;
        rig_sr_cut(sr);
        assert_int_equal(card_due(sr->r->card), cut + 77000);
        assert_true(rig_timer(sr->r));
        assert_true(rig_sr_open(sr));
    }
    rig_sr_cut(sr);
    assert_false(rig_timer(sr->r));
    rig_sr_begin(sr);                         /* a new trigger, a new session */
    rig_sr_finish(sr);
}

static void no_connection_is_retried(void **state)
{
    struct rig_sr *sr = *state;

    rig_sr_trigger(sr);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(sr->r->opened);
        rig_stream_opened(sr->r, false);
        assert_true(rig_timer(sr->r));
    }
    rig_stream_opened(sr->r, false);
    assert_false(rig_timer(sr->r));
}

static void cut_in_the_handshake_is_retried(void **state)
{
    struct rig_sr *sr = *state;

    rig_sr_trigger(sr);
    rig_stream_opened(sr->r, true);
    rig_sr_cut(sr);
    assert_true(rig_timer(sr->r));
    assert_true(rig_sr_open(sr));
    assert_false(sr->resume);          /* nothing was posted before */
    rig_sr_finish(sr);
}

static void silent_server(void **state)
{
    struct rig_sr *sr = *state;
    int64_t start;

    rig_sr_begin(sr);
    start = sr->r->now;
    assert_true(rig_timer(sr->r));
    assert_int_equal(sr->r->now, start + 300000);
    assert_true(sr->r->closed);
    assert_true(rig_timer(sr->r));
    assert_true(rig_sr_open(sr));
    assert_true(sr->resume);
    rig_sr_finish(sr);
}

/* A wrong key is fatal and not retried. */
static void handshake_failure_is_fatal(void **state)
{
    struct rig_sr *sr = *state;
    struct key *other = NULL, *own = sr->psk;

    assert_int_equal(key_random(sr->r->crypto, KEY_PSK, 16, &other), 0);
    sr->psk = other;
    rig_sr_trigger(sr);
    assert_false(rig_sr_open(sr));
    assert_true(sr->r->closed);
    assert_false(rig_timer(sr->r));
    key_free(other);
    sr->psk = own;
}

static void octets_that_are_no_tls_are_fatal(void **state)
{
    struct rig_sr *sr = *state;

    rig_sr_begin(sr);
    rig_stream(sr->r, span_of("HTTP/1.1 200 OK\r\n\r\n", 19));
    assert_true(sr->r->closed);
    assert_false(rig_timer(sr->r));
    rig_stream(sr->r, span_of("x", 1));
    rig_stream_closed(sr->r);
}

/* --- responses --- */
static void unknown_target(void **state)
{
    struct rig_sr *sr = *state;
    struct aid a;

    rig_sr_begin(sr);
    assert_int_equal(aid_isd_p(0x14, &a), 0);
    assert_true(rig_sr_answer(sr, 200, &a, span_of("\xAE\x80\x00\x00", 4), true));
    assert_int_equal(sr->status, ADMIN_STATUS_UNKNOWN_APPLICATION);
    assert_int_equal(sr->body_n, 0);
    assert_true(rig_sr_answer(sr, 200, &AID_ECASD, span_of("\xAE\x80\x00\x00", 4), true));
    assert_int_equal(sr->status, ADMIN_STATUS_UNKNOWN_APPLICATION);
    assert_true(rig_sr_answer(sr, 200, &AID_ISD_R, span_of("\xAE\x80\x00\x00", 4), true));
    assert_int_equal(sr->status, ADMIN_STATUS_OK);
    assert_memory_equal(sr->body, "\xAF\x80\x00\x00", 4);
    rig_sr_finish(sr);
}

static void polls_after_204(void **state)
{
    struct rig_sr *sr = *state;
    int64_t start;

    rig_sr_begin(sr);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    start = sr->r->now;
    assert_false(rig_sr_answer(sr, 204, NULL, span_of(NULL, 0), true));
    assert_true(rig_timer(sr->r));
    assert_int_equal(sr->r->now, start + 2000);
    assert_true(rig_sr_pump(sr));
    assert_string_equal(sr->uri, "/remora/step/2");
    assert_int_equal(sr->body_n, 0);
    assert_int_equal(sr->status, ADMIN_STATUS_NONE);
    assert_false(sr->resume);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    rig_sr_finish(sr);
}

static void script_without_next_uri_runs_and_ends(void **state)
{
    struct rig_sr *sr = *state;
    static const uint8_t DELETE[] = {0xAE, 0x80, 0x22, 0x18, 0x80, 0xE4, 0x00, 0x40, 0x12, 0x4F,
                                     0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF,
                                     0xFF, 0xFF, 0x89, 0x00, 0x00, 0x13, 0x00, 0x00, 0x00, 0x00};

    assert_int_equal(rig_create(sr->r, 0x13, 0), 0x9000);
    rig_sr_begin(sr);
    assert_false(rig_sr_answer(sr, 200, NULL, span_of(DELETE, sizeof(DELETE)), false));
    assert_true(sr->r->closed);
    assert_int_equal(rig_state(sr->r, 0x13), 0);
    assert_int_equal(rig_row(sr->r, 0)->step_uri[0], '\0');
    assert_int_equal(rig_row(sr->r, 0)->counter, 1);
    assert_false(rig_timer(sr->r));
}

static void server_errors_end(void **state)
{
    static const int CODES[] = {400, 404, 500, 503};
    struct rig_sr *sr = *state;

    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        rig_sr_begin(sr);
        assert_false(rig_sr_answer(sr, CODES[i], NULL, span_of(NULL, 0), false));
        assert_true(sr->r->closed);
        assert_false(rig_timer(sr->r));
    }
}

static void bad_script_is_answered(void **state)
{
    struct rig_sr *sr = *state;

    rig_sr_begin(sr);
    assert_true(rig_sr_answer(sr, 200, NULL, span_of("\xAA\x00", 2), true));
    assert_memory_equal(sr->body, "\xAB\x03\x80\x01\x00", 5);
    assert_true(rig_sr_answer(sr, 200, NULL, span_of("\xFF", 1), true));
    assert_memory_equal(sr->body, "\xAB\x06\x80\x01\x00\x90\x01\x01", 8);
    rig_sr_finish(sr);
}

/* --- profile change inside a session --- */
static void enable_waits_for_the_end(void **state)
{
    struct rig_sr *sr = *state;
    static const uint8_t ENABLE[] = {0x80, 0xE2, 0x88, 0x00, 0x15, 0x3A, 0x03, 0x12, 0x4F, 0x10,
                                     0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF,
                                     0xFF, 0x89, 0x00, 0x00, 0x13, 0x00};

    rig_install(sr->r, 0x13, 0);
    rig_sr_begin(sr);
    assert_int_equal(rig_sr_apdu(sr, span_of(ENABLE, sizeof(ENABLE)), NULL), 0x9000);
    assert_false(sr->r->refresh);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    rig_sr_finish(sr);
    assert_true(sr->r->refresh);
    assert_int_equal(rig_row(sr->r, 0)->channel, 'H');
}

static void a_change_by_sms_closes_the_session(void **state)
{
    struct rig_sr *sr = *state;

    rig_install(sr->r, 0x13, 0);
    rig_sr_begin(sr);
    assert_int_equal(rig_enable(sr->r, 0x13), 0x9000);
    assert_true(sr->r->closed && sr->r->refresh);
    rig_attach(sr->r, true);
    assert_int_equal(sr->r->n_sms, 1);
}

/* --- triggers --- */
static void second_trigger_waits(void **state)
{
    struct rig_sr *sr = *state;

    rig_sr_begin(sr);
    (void)snprintf(sr->trigger.uri, sizeof(sr->trigger.uri), "/second");
    rig_sr_trigger(sr);
    assert_false(sr->r->opened);
    (void)snprintf(sr->trigger.uri, sizeof(sr->trigger.uri), "/third");
    rig_sr_trigger(sr);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    rig_sr_finish(sr);
    assert_true(sr->r->opened);
    sr->r->closed = false;
    assert_true(rig_sr_open(sr));
    assert_string_equal(sr->uri, "/third");
    rig_sr_finish(sr);
    assert_false(rig_timer(sr->r));
}

static void triggers_without_a_session(void **state)
{
    struct rig_sr *sr = *state;

    sr->trigger.has_address = false;
    rig_sr_trigger(sr);
    assert_false(sr->r->opened);
    sr->trigger.has_address = true;
    sr->trigger.port = 0;
    rig_sr_trigger(sr);
    assert_false(sr->r->opened);
    rig_script(sr->r, 1, span_of("\x81\x02\x83\x05", 4));
    assert_int_equal(sr->r->por.status, POR_OK);
    assert_false(sr->r->opened);
    sr->r->factory.psk_kvn = 0;
    rig_card_new(sr->r);
    sr->trigger.port = 7443;
    rig_sr_trigger(sr);
    assert_false(sr->r->opened);
}

static void unasked_streams_are_closed(void **state)
{
    struct rig_sr *sr = *state;

    rig_stream_opened(sr->r, true);
    assert_true(sr->r->closed);
    rig_stream_opened(sr->r, false);
    assert_false(sr->r->closed);
    rig_stream_closed(sr->r);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_sr_setup, rig_sr_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(policy_of_the_trigger),
        CASE(no_connection_is_retried),
        CASE(cut_in_the_handshake_is_retried),
        CASE(silent_server),
        CASE(handshake_failure_is_fatal),
        CASE(octets_that_are_no_tls_are_fatal),
        CASE(unknown_target),
        CASE(polls_after_204),
        CASE(script_without_next_uri_runs_and_ends),
        CASE(server_errors_end),
        CASE(bad_script_is_answered),
        CASE(enable_waits_for_the_end),
        CASE(a_change_by_sms_closes_the_session),
        CASE(second_trigger_waits),
        CASE(triggers_without_a_session),
        CASE(unasked_streams_are_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
