/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_pb remora_msg remora_base jansson */
/* JSON of events and messages, read back by another parser (RFC 8259). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <jansson.h>

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"
#include "test/unit/common/wire/fill.h"

static json_t *parse_numbers(const struct buf *out, bool reals)
{
    json_error_t why;
    /* Numbers above 2^63 are legal JSON that jansson reads as reals only. */
    size_t flags = JSON_REJECT_DUPLICATES | (reals ? JSON_DECODE_INT_AS_REAL : 0);
    json_t *j = json_loadb((const char *)out->p, out->n, flags, &why);
    if (!j)
        print_error("%s at %d: %.*s\n", why.text, why.position, (int)out->n, (const char *)out->p);
    assert_non_null(j);
    return j;
}

static json_t *parse(const struct buf *out)
{
    return parse_numbers(out, false);
}

static const char *text(const json_t *j, const char *key)
{
    const json_t *v = json_object_get(j, key);
    assert_true(json_is_string(v));
    return json_string_value(v);
}

static void test_event(void **state)
{
    (void)state;
    struct event ev = {.type = EV_OPERATION_ANSWERED,
                       .result = VERDICT_ROLLED_BACK,
                       .code = {"8.4", "4.2"},
                       .stage = STAGE_ATTACH,
                       .role = ROLE_M2M_SP,
                       .iface = IF_ES4,
                       .function = FN_ENABLE_PROFILE,
                       .por_status = 1,
                       .sw = 0x9001,
                       .sequence = 1,
                       .pol2 = 0x100,
                       .counter = 0xFFFFFFFFFF,
                       .completed_at_ms = -5,
                       .enable = true,
                       .aid = AID_ISD_R};
    assert_int_equal(eid_parse("89001012012341234012345678901224", &ev.eid), ERR_OK);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &ev.iccid), ERR_OK);
    assert_int_equal(uuid_parse(span_str("0190a3c4-1d2e-7f00-8000-0123456789ab"), &ev.op), ERR_OK);
    ev.data = span_of("\x00\xAB\xff", 3);
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_event_json(&ev, &out), ERR_OK);
    json_t *j = parse(&out);
    assert_string_equal(text(j, "type"), "operation.answered");
    assert_string_equal(text(j, "eid"), "89001012012341234012345678901224");
    assert_string_equal(text(j, "iccid"), "8949010000000000001");
    assert_string_equal(text(j, "op"), "0190a3c4-1d2e-7f00-8000-0123456789ab");
    assert_string_equal(text(j, "aid"), "A0000005591010FFFFFFFF8900000100");
    assert_string_equal(text(j, "result"), "ROLLED_BACK");
    assert_string_equal(text(j, "stage"), "attach");
    assert_string_equal(text(j, "role"), "m2m-sp");
    assert_string_equal(text(j, "interface"), "ES4");
    assert_string_equal(text(j, "function"), "EnableProfile");
    assert_string_equal(text(j, "por_status"), "00");
    assert_string_equal(text(j, "sw"), "9000");
    assert_string_equal(text(j, "data"), "00ABFF");
    assert_string_equal(text(json_object_get(j, "code"), "Subject"), "8.4");
    assert_int_equal(json_integer_value(json_object_get(j, "sequence")), 0);
    assert_true(json_is_integer(json_object_get(j, "sequence")));
    assert_int_equal(json_integer_value(json_object_get(j, "pol2")), 0);
    assert_true(json_integer_value(json_object_get(j, "counter")) == 0xFFFFFFFFFF);
    assert_int_equal(json_integer_value(json_object_get(j, "completed_at_ms")), -5);
    assert_true(json_is_true(json_object_get(j, "enable")));
    assert_null(json_object_get(j, "fallback"));
    assert_null(json_object_get(j, "attempt"));
    assert_null(json_object_get(j, "profiles"));
    json_decref(j);
    buf_fini(&out);
}

static void test_escapes(void **state)
{
    (void)state;
    static const char RAW[] = "quote\" back\\ nl\n tab\t cr\r bell\a del\x7F euro\xE2\x82\xAC <&>";
    struct event ev = {.type = EV_OPERATION_IN_DOUBT, .text = span_str(RAW)};
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_event_json(&ev, &out), ERR_OK);
    for (size_t i = 0; i < out.n; i++)
        assert_true(out.p[i] >= 0x20 && out.p[i] != 0x7F);
    json_t *j = parse(&out);
    assert_string_equal(text(j, "text"), RAW);
    json_decref(j);
    buf_reset(&out);
    ev.text = span_of("a\xFF\0b", 4); /* no text: shown as digits, never as broken JSON */
    assert_int_equal(wire_event_json(&ev, &out), ERR_OK);
    j = parse(&out);
    assert_string_equal(text(j, "text"), "61FF0062");
    json_decref(j);
    buf_fini(&out);
}

static void test_keys_are_not_shown(void **state)
{
    (void)state;
    static const char KEY[] = "0123456789abcdef";
    struct admin_subscriptions_import_request csv = {.csv = span_str(KEY)};
    struct admin_template_add_request part = {.data = span_str(KEY), .part = 1, .total = 1};
    const struct message MESSAGES[] = {
        {MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &csv},
        {MSG_ADMIN_TEMPLATE_ADD_REQUEST, &part},
    };
    struct buf out;
    buf_init(&out, 0);
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&out);
        assert_int_equal(wire_message_json(&MESSAGES[i], &out), ERR_OK);
        buf_add(&out, "", 1);
        assert_null(strstr((const char *)out.p, KEY));
        assert_null(strstr((const char *)out.p, "3031323334"));
        assert_non_null(strstr((const char *)out.p, "{\"octets\":16}"));
    }
    static const enum event_type HIDDEN[] = {EV_TEMPLATE_ADDED, EV_EUICC_REGISTERED};
    for (size_t i = 0; i < 2; i++) {
        struct event ev = {.type = HIDDEN[i], .data = span_str(KEY)};
        buf_reset(&out);
        assert_int_equal(wire_event_json(&ev, &out), ERR_OK);
        buf_add(&out, "", 1);
        assert_non_null(strstr((const char *)out.p, "\"data\":{\"octets\":16}"));
    }
    buf_fini(&out);
}

static void test_pieces_of_messages(void **state)
{
    (void)state;
    struct eis eis = {.n_profiles = 1, .last_audit_ms = 7};
    eis.profiles[0].pol2.present = true;
    eis.profiles[0].state = PROFILE_ENABLED;
    struct es2_get_eis_response resp = {
        .base.answer = {EXEC_WARNING, {"8.2.1", "3.9"}, {NULL, 0}, {NULL, 0}}, .eis = &eis};
    struct message m = {MSG_ES2_GET_EIS_RESPONSE, &resp};
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_message_json(&m, &out), ERR_OK);
    json_t *j = parse(&out);
    assert_string_equal(text(j, "type"), "ES2-GetEISResponse");
    const json_t *status = json_object_get(j, "FunctionExecutionStatus");
    assert_string_equal(text(status, "Status"), "EXECUTED_WITHWARNING");
    assert_string_equal(text(json_object_get(status, "StatusCodeData"), "Reason"), "3.9");
    const json_t *profiles = json_object_get(json_object_get(j, "Eis"), "ProfileInfo");
    assert_int_equal(json_array_size(profiles), 1);
    const json_t *profile = json_array_get(profiles, 0);
    assert_string_equal(text(profile, "State"), "Enabled");
    assert_true(json_is_object(json_object_get(profile, "pol2")));
    assert_int_equal(json_object_size(json_object_get(profile, "pol2")), 0);
    assert_null(json_object_get(profile, "SubscriptionAddress"));
    json_decref(j);
    buf_fini(&out);
}

static void test_every_message_is_json(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        for (unsigned full = 0; full < 2; full++) {
            const struct wire_table *table = wire_arm_of((enum msg_type)t)->table;
            struct fill f = {&a, t, 2};
            struct message m = {(enum msg_type)t, arena_alloc(&a, table->size)};
            void *body = arena_alloc(&a, table->size);
            assert_non_null(body);
            if (full)
                fill_struct(&f, table, body);
            m.body = body;
            struct buf out;
            buf_init(&out, 0);
            assert_int_equal(wire_message_json(&m, &out), ERR_OK);
            json_t *j = parse_numbers(&out, true);
            assert_int_equal(json_object_size(j), full ? table->n + 1 : 1);
            json_decref(j);
            buf_fini(&out);
        }
        arena_reset(&a);
    }
    struct event ev = {.type = EV_EUICC_AUDITED};
    struct fill f = {&a, 3, 0};
    fill_struct(&f, &WIRE_EVENT, &ev);
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_event_json(&ev, &out), ERR_OK);
    json_t *j = parse_numbers(&out, true);
    assert_int_equal(json_object_size(j), WIRE_EVENT.n + 1);
    assert_int_equal(json_array_size(json_object_get(j, "profiles")), EVENT_PROFILES_MAX);
    json_decref(j);
    buf_fini(&out);
    arena_fini(&a);
}

static void test_refusals(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    struct event ev = {.type = EV_NONE};
    assert_int_equal(wire_event_json(&ev, &out), ERR_INVAL);
    struct message m = {MSG_NONE, &ev};
    assert_int_equal(wire_message_json(&m, &out), ERR_INVAL);
    m = (struct message){MSG_ES4_GET_EIS_REQUEST, NULL};
    assert_int_equal(wire_message_json(&m, &out), ERR_INVAL);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    buf_init(&out, 40); /* a buffer that is too small keeps what it had */
    buf_add(&out, "before", 6);
    ev = (struct event){.type = EV_OPERATION_IN_DOUBT,
                        .text = span_str("a longer reason than fits")};
    assert_int_equal(wire_event_json(&ev, &out), ERR_NOMEM);
    assert_int_equal(out.n, 6);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_keys_are_not_shown),
        cmocka_unit_test(test_pieces_of_messages),
        cmocka_unit_test(test_every_message_is_json),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
