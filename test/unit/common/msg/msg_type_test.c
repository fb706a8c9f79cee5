/* SPDX-License-Identifier: Apache-2.0 */
/* The table of messages (SGP.02 5.2 to 5.6). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/message.h"

static void test_every_message_has_its_row(void **state)
{
    (void)state;
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        const struct msg_info *info = msg_type_info((enum msg_type)t);
        assert_non_null(info);
        assert_non_null(info->name);
        assert_true(info->size > 0);
        assert_true(info->iface != IF_NONE && info->kind != MSG_KIND_NONE);
        assert_true(info->function != FN_NONE || info->iface == IF_ADMIN);
        assert_int_equal(msg_type_parse(span_str(info->name)), t);
        const char *tail = info->kind == MSG_KIND_REQUEST    ? "Request"
                           : info->kind == MSG_KIND_RESPONSE ? "Response"
                           : t == MSG_DEVICE_CHANGED         ? "Changed"
                           : info->iface == IF_ADMIN         ? "Concluded"
                                                             : "Notification";
        size_t n = strlen(info->name);
        assert_true(n > strlen(tail));
        assert_string_equal(info->name + n - strlen(tail), tail);
    }
}

static void test_calls_come_in_pairs(void **state)
{
    (void)state;
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        const struct msg_info *info = msg_type_info((enum msg_type)t);
        if (info->kind != MSG_KIND_REQUEST)
            continue;
        enum msg_type back = msg_type_response((enum msg_type)t);
        const struct msg_info *answer = msg_type_info(back);
        assert_non_null(answer);
        assert_int_equal(answer->kind, MSG_KIND_RESPONSE);
        assert_int_equal(answer->iface, info->iface);
        assert_int_equal(answer->function, info->function);
        assert_int_equal(answer->synchronous, info->synchronous);
        assert_int_equal(msg_type_request(back), t);
        assert_memory_equal(answer->name, info->name, strlen(info->name) - strlen("Request"));
    }
}

static void test_modes_and_structs(void **state)
{
    (void)state;
    assert_true(msg_type_info(MSG_ES2_GET_EIS_REQUEST)->synchronous);
    assert_true(msg_type_info(MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST)->synchronous);
    assert_true(msg_type_info(MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST)->synchronous);
    assert_false(msg_type_info(MSG_ES4_AUDIT_EIS_REQUEST)->synchronous);
    assert_false(msg_type_info(MSG_ES4_ENABLE_PROFILE_REQUEST)->synchronous);
    assert_false(msg_type_info(MSG_ES3_CREATE_ISDP_REQUEST)->synchronous);
    assert_int_equal(msg_type_info(MSG_ES3_SEND_DATA_REQUEST)->size,
                     sizeof(struct es3_send_data_request));
    assert_int_equal(msg_type_info(MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->size,
                     sizeof(struct es2_download_profile_response));
    assert_string_equal(msg_type_name(MSG_ES4_ENABLE_PROFILE_REQUEST), "ES4-EnableProfileRequest");
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(msg_type_find(IF_ES3, FN_DELETE_PROFILE, MSG_KIND_REQUEST),
                     MSG_ES3_DELETE_ISDP_REQUEST);
    assert_int_equal(msg_type_find(IF_ES2, FN_ENABLE_PROFILE, MSG_KIND_NOTICE),
                     MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION);
    assert_int_equal(msg_type_find(IF_ES4, FN_AUDIT_EIS, MSG_KIND_RESPONSE),
                     MSG_ES4_AUDIT_EIS_RESPONSE);
    assert_int_equal(msg_type_find(IF_ES4, FN_CREATE_ISDP, MSG_KIND_REQUEST), MSG_NONE);
    assert_int_equal(msg_type_find(IF_ES7, FN_GET_EIS, MSG_KIND_REQUEST), MSG_NONE);
    assert_int_equal(msg_type_find(IF_ADMIN, FN_NONE, MSG_KIND_REQUEST), MSG_NONE);
    assert_int_equal(msg_type_find(IF_NONE, FN_GET_EIS, MSG_KIND_REQUEST), MSG_NONE);
}

static void test_unknown_values(void **state)
{
    (void)state;
    assert_null(msg_type_info(MSG_NONE));
    assert_null(msg_type_info(MSG_TYPE_COUNT));
    assert_null(msg_type_info((enum msg_type) - 1));
    assert_string_equal(msg_type_name(MSG_TYPE_COUNT), "MSG_?");
    assert_int_equal(msg_type_parse(span_str("ES4_EnableProfileRequest")), MSG_NONE);
    assert_int_equal(msg_type_parse((struct span){NULL, 0}), MSG_NONE);
    assert_int_equal(msg_type_response(MSG_ES4_GET_EIS_RESPONSE), MSG_NONE);
    assert_int_equal(msg_type_request(MSG_ES4_GET_EIS_REQUEST), MSG_NONE);
    assert_int_equal(msg_type_response(MSG_OPERATION_CONCLUDED), MSG_NONE);
    assert_int_equal(msg_type_response(MSG_NONE), MSG_NONE);
}

static void test_common_part(void **state)
{
    (void)state;
    struct es4_enable_profile_request req = {.base.validity_period_s = 60};
    struct es4_enable_profile_response resp = {.base.answer.status = EXEC_SUCCESS};
    struct es4_handle_profile_enabled_notification notice = {.completion_timestamp_ms = 1};
    struct message m = {MSG_ES4_ENABLE_PROFILE_REQUEST, &req};
    assert_int_equal(message_request(&m)->validity_period_s, 60);
    assert_null(message_response(&m));
    m = (struct message){MSG_ES4_ENABLE_PROFILE_RESPONSE, &resp};
    assert_int_equal(message_response(&m)->answer.status, EXEC_SUCCESS);
    assert_null(message_request(&m));
    m = (struct message){MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION, &notice};
    assert_null(message_request(&m));
    assert_null(message_response(&m));
    m = (struct message){MSG_NONE, &req};
    assert_null(message_request(&m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_has_its_row),
        cmocka_unit_test(test_calls_come_in_pairs),
        cmocka_unit_test(test_modes_and_structs),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_unknown_values),
        cmocka_unit_test(test_common_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
