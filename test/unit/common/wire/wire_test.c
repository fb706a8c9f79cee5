/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_wire remora_pb remora_msg remora_base */
/* What peers must not get through, frame by frame: unknown and broken ones, caps, events and EIS
 * (proto/RULES.md). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "test/support/wire_pen.h"
#include "test/unit/common/wire/fill.h"

static const uint8_t EID_GOOD[16] = {0x89, 0x00, 0x10, 0x12, 0x01, 0x23, 0x41, 0x23,
                                     0x40, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x24};

static void test_unknown_message(void **state)
{
    struct pen *w = *state;
    static const uint32_t TAGS[] = {100 + 99, 799, 959, 2000};
    for (size_t i = 0; i < 4; i++) {
        buf_reset(&w->frame);
        pen_number(&w->frame, 1, ENV_REQUEST);
        pen_number(&w->frame, 2, 9);
        pen_octets(&w->frame, TAGS[i], "", 0);
        assert_int_equal(wire_envelope_decode(buf_span(&w->frame), &w->a, &w->e, &w->why),
                         ERR_UNSUPPORTED);
        assert_int_equal(w->e.message_id, 9);
        assert_int_equal(w->e.message.type, MSG_NONE);
        struct message m;
        assert_int_equal(wire_message_decode(buf_span(&w->frame), &w->a, &m, NULL),
                         ERR_UNSUPPORTED);
    }
}

/* A later version may add fields: they are ignored here and never come out again. */
static void test_unknown_fields_are_dropped(void **state)
{
    struct pen *w = *state;
    pen_octets(&w->body, 10, EID_GOOD, 16);
    pen_octets(&w->body, 77, "later", 5);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    struct buf with, without;
    buf_init(&with, 0);
    buf_init(&without, 0);
    assert_int_equal(wire_message_canonical(&w->e.message, &with), ERR_OK);
    pen_octets(&w->body, 10, EID_GOOD, 16);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    assert_int_equal(wire_message_canonical(&w->e.message, &without), ERR_OK);
    assert_true(span_eq(buf_span(&with), buf_span(&without)));
    buf_reset(&w->frame);
    pen_number(&w->frame, 50, 1);
    assert_int_equal(wire_envelope_decode(buf_span(&w->frame), &w->a, &w->e, NULL), ERR_OK);
    buf_fini(&with);
    buf_fini(&without);
}

/* Order, repetition and written-out defaults do not change the canonical octets. */
static void test_canonical(void **state)
{
    struct pen *w = *state;
    struct buf a, b;
    buf_init(&a, 0);
    buf_init(&b, 0);
    pen_octets(&w->body, 1, "call-1", 6);
    pen_octets(&w->body, 10, EID_GOOD, 16);
    pen_number(&w->body, 12, 0);
    assert_int_equal(pen_decode(w, MSG_ADMIN_OPERATION_LIST_REQUEST), ERR_OK);
    assert_int_equal(wire_message_canonical(&w->e.message, &a), ERR_OK);
    pen_number(&w->body, 13, 5);
    pen_number(&w->body, 13, 0);
    pen_octets(&w->body, 10, EID_GOOD, 16);
    pen_octets(&w->body, 1, "call-2", 6);
    pen_octets(&w->body, 1, "call-1", 6);
    assert_int_equal(pen_decode(w, MSG_ADMIN_OPERATION_LIST_REQUEST), ERR_OK);
    assert_int_equal(wire_message_canonical(&w->e.message, &b), ERR_OK);
    assert_true(span_eq(buf_span(&a), buf_span(&b)));
    pen_octets(&w->body, 1, "call-2", 6);
    pen_octets(&w->body, 10, EID_GOOD, 16);
    assert_int_equal(pen_decode(w, MSG_ADMIN_OPERATION_LIST_REQUEST), ERR_OK);
    buf_reset(&b);
    assert_int_equal(wire_message_canonical(&w->e.message, &b), ERR_OK);
    assert_false(span_eq(buf_span(&a), buf_span(&b)));
    buf_fini(&a);
    buf_fini(&b);
}

static void test_broken_frames(void **state)
{
    struct pen *w = *state;
    pen_octets(&w->body, 10, EID_GOOD, 16);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    struct span whole = buf_span(&w->frame);
    /* Cut anywhere: never the whole message, never a crash. */
    for (size_t n = 0; n < whole.n; n++) {
        uint8_t *part = malloc(n ? n : 1);
        memcpy(part, whole.p, n);
        struct message m;
        assert_int_not_equal(wire_message_decode(span_of(part, n), &w->a, &m, NULL), ERR_OK);
        assert_int_equal(m.type, MSG_NONE);
        free(part);
    }
    static const uint8_t WRONG_TYPE[] = {0x15, 1, 0, 0, 0}; /* message_id as fixed32 */
    static const uint8_t BAD_TAG[] = {0x00, 0x01};
    static const uint8_t LONG_LENGTH[] = {0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F};
    static const uint8_t LONG_VARINT[] = {0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                          0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
    const struct span WRONG[] = {
        span_of(WRONG_TYPE, sizeof(WRONG_TYPE)),
        span_of(BAD_TAG, sizeof(BAD_TAG)),
        span_of(LONG_LENGTH, sizeof(LONG_LENGTH)),
        span_of(LONG_VARINT, sizeof(LONG_VARINT)),
    };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(wire_envelope_decode(WRONG[i], &w->a, &w->e, &w->why), ERR_FORMAT);
        assert_int_equal(w->e.message_id, 0);
    }
    assert_int_equal(wire_message_decode((struct span){NULL, 0}, &w->a, &w->e.message, NULL),
                     ERR_FORMAT);
}

static void test_bad_header_gives_no_header(void **state)
{
    struct pen *w = *state;
    pen_number(&w->frame, 2, 7);
    pen_octets(&w->frame, 6, "no oid", 6);
    assert_int_equal(wire_envelope_decode(buf_span(&w->frame), &w->a, &w->e, &w->why), ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "Envelope.mno_id"));
    assert_int_equal(w->e.message_id, 0);
    buf_reset(&w->frame);
    pen_number(&w->frame, 1, 9);
    assert_int_equal(wire_envelope_decode(buf_span(&w->frame), &w->a, &w->e, &w->why), ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "Envelope.kind"));
}

static void test_frame_cap(void **state)
{
    struct pen *w = *state;
    uint8_t *p = calloc(1, WIRE_FRAME_MAX + 1);
    assert_int_equal(wire_envelope_decode(span_of(p, WIRE_FRAME_MAX + 1), &w->a, &w->e, &w->why),
                     ERR_TOO_LARGE);
    struct event ev;
    assert_int_equal(
        wire_event_decode(EV_PROFILE_ENABLED, span_of(p, WIRE_EVENT_MAX + 1), &w->a, &ev, &w->why),
        ERR_TOO_LARGE);
    /* On the way out: a list that outgrows the frame. */
    struct admin_record *records = calloc(2, sizeof(*records));
    records[0].body = records[1].body = span_of(p, 130u * 1024u);
    struct admin_events_response resp = {.records = records, .n_records = 2};
    struct message m = {MSG_ADMIN_EVENTS_RESPONSE, &resp};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_TOO_LARGE);
    assert_int_equal(w->frame.n, 0);
    resp.n_records = 1;
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_OK);
    free(records);
    free(p);
}

/* Frames made to grow in memory are refused by the budget, not by the machine. */
static void test_amplification(void **state)
{
    struct pen *w = *state;
    struct arena a;
    arena_init(&a, 0);
    uint8_t *p = malloc(WIRE_FRAME_MAX);
    for (size_t i = 0; i + 1 < WIRE_FRAME_MAX; i += 2) {
        p[i] = 0x78; /* unknown field 15 */
        p[i + 1] = 0;
    }
    assert_int_equal(wire_envelope_decode(span_of(p, WIRE_FRAME_MAX), &a, &w->e, &w->why),
                     ERR_TOO_LARGE);
    assert_true(a.used <= 17u * WIRE_FRAME_MAX);
    arena_reset(&a);
    buf_reset(&w->body);
    for (unsigned i = 0; i < 60000; i++)
        pen_octets(&w->body, 11, "", 0);
    assert_int_equal(pen_decode(w, MSG_ES4_AUDIT_EIS_REQUEST), ERR_TOO_LARGE);
    free(p);
    arena_fini(&a);
}

/* The budget lets every honest list pass, thin rows included. */
static void test_full_lists_pass(void **state)
{
    struct pen *w = *state;
    static struct admin_eis_row rows[ADMIN_LIST_MAX];
    static struct admin_counter counters[ADMIN_LIST_MAX];
    for (unsigned i = 0; i < ADMIN_LIST_MAX; i++) {
        memcpy(rows[i].eid.b, EID_GOOD, 16);
        counters[i] = (struct admin_counter){span_str("cards_known"), 1};
    }
    struct admin_eis_list_response list = {.rows = rows, .n_rows = ADMIN_LIST_MAX};
    struct admin_status_response status = {.counters = counters, .n_counters = ADMIN_LIST_MAX};
    const struct message MESSAGES[] = {
        {MSG_ADMIN_EIS_LIST_RESPONSE, &list},
        {MSG_ADMIN_STATUS_RESPONSE, &status},
    };
    for (size_t i = 0; i < 2; i++) {
        struct message back;
        buf_reset(&w->frame);
        assert_int_equal(wire_message_encode(&MESSAGES[i], &w->frame), ERR_OK);
        assert_int_equal(wire_message_decode(buf_span(&w->frame), &w->a, &back, &w->why), ERR_OK);
    }
}

static void test_arena_that_is_full(void **state)
{
    struct pen *w = *state;
    pen_octets(&w->body, 10, EID_GOOD, 16);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    int rc = ERR_NOMEM;
    size_t max = 1;
    for (; rc == ERR_NOMEM && max < 4096; max += 16) {
        struct arena small;
        arena_init(&small, max);
        struct message m;
        rc = wire_message_decode(buf_span(&w->frame), &small, &m, NULL);
        assert_int_equal(m.type, rc ? MSG_NONE : MSG_ES4_GET_EIS_REQUEST);
        arena_fini(&small);
    }
    assert_int_equal(rc, ERR_OK);
    assert_true(max > 100);
}

/* What decode would refuse is not written. */
static void test_encode_refuses(void **state)
{
    struct pen *w = *state;
    struct es4_enable_profile_request req = {.base.function_call_identifier = span_str("id")};
    struct message m = {MSG_ES4_ENABLE_PROFILE_REQUEST, &req};
    memcpy(req.eid.b, EID_GOOD, 16);
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_OK);
    size_t n = w->frame.n;
    req.eid.b[15] ^= 1;
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    memcpy(req.eid.b, EID_GOOD, 16);
    memcpy(req.iccid.s, "123", 4);
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    memset(req.iccid.s, 0, sizeof(req.iccid.s));
    req.base.function_call_identifier = span_of("a\0b", 3);
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    static const char LONG[256];
    req.base.function_call_identifier = span_of(LONG, sizeof(LONG));
    assert_int_not_equal(wire_message_encode(&m, &w->frame), ERR_OK);
    req.base.function_call_identifier = (struct span){NULL, 4};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    struct es3_send_data_request send = {.sd_aid = {.n = 4}};
    m = (struct message){MSG_ES3_SEND_DATA_REQUEST, &send};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    send.sd_aid.n = 17;
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    struct es4_audit_eis_request audit = {.n_iccids = 1};
    m = (struct message){MSG_ES4_AUDIT_EIS_REQUEST, &audit};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    audit.n_iccids = AUDIT_ICCIDS_MAX + 1;
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_TOO_LARGE);
    struct admin_heads_response heads = {.n_heads = 1};
    m = (struct message){MSG_ADMIN_HEADS_RESPONSE, &heads};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    struct operation_concluded done = {.verdict = (enum verdict)7};
    m = (struct message){MSG_OPERATION_CONCLUDED, &done};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    struct signed_eis eis = {.n_profiles = 1, .profiles[0].state = PROFILE_IN_CREATION};
    assert_int_equal(wire_signed_eis_encode(&eis, &w->frame), ERR_INVAL);
    m = (struct message){MSG_ES4_ENABLE_PROFILE_REQUEST, NULL};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    m = (struct message){MSG_NONE, &req};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    m = (struct message){MSG_TYPE_COUNT, &req};
    assert_int_equal(wire_message_encode(&m, &w->frame), ERR_INVAL);
    assert_int_equal(w->frame.n, n);
}

static void test_events(void **state)
{
    struct pen *w = *state;
    struct event ev = {.type = EV_NONE};
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_INVAL);
    ev.type = EV_TYPE_COUNT;
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_INVAL);
    assert_int_equal(wire_event_decode(EV_NONE, (struct span){NULL, 0}, &w->a, &ev, &w->why),
                     ERR_INVAL);
    ev = (struct event){.type = EV_OPERATION_ARMED, .counter = (uint64_t)1 << 40};
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_INVAL);
    ev = (struct event){.type = EV_OPERATION_ARMED, .kvn = 0x80};
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_INVAL);
    ev = (struct event){.type = EV_OPERATION_ANSWERED, .sw = 0x10001};
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_INVAL);
    ev = (struct event){.type = EV_PROFILE_ENABLED, .n_deliveries = EVENT_DELIVERIES_MAX + 1};
    assert_int_equal(wire_event_encode(&ev, &w->frame), ERR_TOO_LARGE);
    for (unsigned i = 0; i <= EVENT_PROFILES_MAX; i++)
        pen_octets(&w->body, 50, "\x18\x1F", 2);
    int rc = wire_event_decode(EV_EUICC_AUDITED, buf_span(&w->body), &w->a, &ev, &w->why);
    assert_int_equal(rc, ERR_TOO_LARGE);
    assert_non_null(strstr(w->why.text, "Event.profiles"));
    buf_reset(&w->body);
    pen_octets(&w->body, 3, EID_GOOD, 15);
    rc = wire_event_decode(EV_EUICC_AUDITED, buf_span(&w->body), &w->a, &ev, &w->why);
    assert_int_equal(rc, ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "Event.eid"));
}

static void test_eis(void **state)
{
    struct pen *w = *state;
    struct signed_eis eis;
    struct eum_signed_info info;
    for (unsigned i = 0; i <= EIS_PROFILES_MAX; i++)
        pen_octets(&w->body, 8,
                   "\x0A\x13"
                   "8949010000000000001",
                   21);
    int rc = wire_signed_eis_decode(buf_span(&w->body), &w->a, &eis, &w->why);
    assert_int_equal(rc, ERR_TOO_LARGE);
    assert_non_null(strstr(w->why.text, "SignedEis.ProfileInfo"));
    buf_reset(&w->body);
    pen_octets(&w->body, 9, "\x08\x80\x02", 3); /* Version 256 */
    rc = wire_signed_eis_decode(buf_span(&w->body), &w->a, &eis, &w->why);
    assert_int_equal(rc, ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "Keyset.Version"));
    buf_reset(&w->body);
    pen_octets(&w->body, 9, "\x22\x04\x22\x02\x01\x02", 6); /* kcv of two octets */
    rc = wire_signed_eis_decode(buf_span(&w->body), &w->a, &eis, &w->why);
    assert_int_equal(rc, ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "Key.kcv"));
    buf_reset(&w->body);
    pen_octets(&w->body, 1, EID_GOOD, 16);
    assert_int_equal(wire_eum_info_decode(buf_span(&w->body), &w->a, &info, &w->why), ERR_OK);
    pen_octets(&w->body, 2, "EUM", 3);
    assert_int_equal(wire_eum_info_decode(buf_span(&w->body), &w->a, &info, &w->why), ERR_FORMAT);
    assert_non_null(strstr(w->why.text, "EumSignedInfo.Eum_id"));
}

/* The smallest octets that unpack to the most memory an EIS can honestly take. */
static void test_eis_of_empty_elements(void **state)
{
    struct pen *w = *state;
    static struct signed_eis eis, back;
    eis.n_profiles = EIS_PROFILES_MAX;
    eis.n_keysets = EIS_KEYSETS_MAX;
    for (unsigned i = 0; i < EIS_PROFILES_MAX; i++) {
        eis.profiles[i].pol2.present = true;
        eis.profiles[i].pol2.n = EIS_POL2_MAX;
    }
    for (unsigned i = 0; i < EIS_KEYSETS_MAX; i++)
        eis.keysets[i].n_keys = EIS_KEYS_MAX;
    assert_int_equal(wire_signed_eis_encode(&eis, &w->frame), ERR_OK);
    int rc = wire_signed_eis_decode(buf_span(&w->frame), &w->a, &back, &w->why);
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(back.profiles[EIS_PROFILES_MAX - 1].pol2.n, EIS_POL2_MAX);
    assert_int_equal(back.keysets[EIS_KEYSETS_MAX - 1].n_keys, EIS_KEYS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pen_setup, pen_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unknown_message),
        TEST(test_unknown_fields_are_dropped),
        TEST(test_canonical),
        TEST(test_broken_frames),
        TEST(test_bad_header_gives_no_header),
        TEST(test_frame_cap),
        TEST(test_amplification),
        TEST(test_full_lists_pass),
        TEST(test_arena_that_is_full),
        TEST(test_encode_refuses),
        TEST(test_events),
        TEST(test_eis),
        TEST(test_eis_of_empty_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
