/* SPDX-License-Identifier: Apache-2.0 */
/* Spelling of answers, verdicts, roles and functions (SGP.02 5.1; design 3.4, 3.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/status.h"

static void test_published_spelling(void **state)
{
    (void)state;
    assert_string_equal(exec_status_text(EXEC_SUCCESS), "EXECUTED_SUCCESS");
    assert_string_equal(exec_status_text(EXEC_WARNING), "EXECUTED_WITHWARNING");
    assert_string_equal(exec_status_text(EXEC_FAILED), "FAILED");
    assert_string_equal(exec_status_text(EXEC_EXPIRED), "EXPIRED");
    assert_string_equal(verdict_text(VERDICT_ROLLED_BACK), "ROLLED_BACK");
    assert_string_equal(verdict_text(VERDICT_IN_DOUBT), "IN_DOUBT");
    assert_string_equal(role_text(ROLE_M2M_SP), "m2m-sp");
    assert_string_equal(interface_text(IF_ES4), "ES4");
    assert_string_equal(stage_text(STAGE_CONFIRMATION), "confirmation");
    assert_string_equal(profile_state_text(PROFILE_ENABLED), "Enabled");
}

static void test_every_word_comes_back(void **state)
{
    (void)state;
    for (unsigned v = VERDICT_SUCCESS; v <= VERDICT_IN_DOUBT; v++)
        assert_int_equal(verdict_parse(span_str(verdict_text((enum verdict)v))), v);
    for (unsigned v = ROLE_EUM; v <= ROLE_AUDITOR; v++)
        assert_int_equal(role_parse(span_str(role_text((enum party_role)v))), v);
    for (unsigned v = FN_REGISTER_EIS; v < FN_COUNT; v++)
        assert_int_equal(function_parse(span_str(function_text((enum function)v))), v);
    for (unsigned v = PROFILE_IN_CREATION; v <= PROFILE_ENABLED; v++)
        assert_int_equal(profile_state_parse(span_str(profile_state_text((enum profile_state)v))),
                         v);
}

static void test_unknown_words_are_none(void **state)
{
    (void)state;
    static const char *const WRONG[] = {"", "none", "Operator", "operator ", "oper", "m2m_sp"};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++)
        assert_int_equal(role_parse(span_str(WRONG[i])), ROLE_NONE);
    assert_int_equal(role_parse((struct span){NULL, 0}), ROLE_NONE);
    assert_int_equal(verdict_parse(span_str("success")), VERDICT_NONE);
    assert_int_equal(verdict_parse(span_str("NONE")), VERDICT_NONE);
    assert_int_equal(function_parse(span_str("EnableProfiles")), FN_NONE);
    assert_int_equal(profile_state_parse(span_str("enabled")), PROFILE_NONE);
}

static void test_values_outside_the_tables(void **state)
{
    (void)state;
    assert_string_equal(exec_status_text((enum exec_status)5), "?");
    assert_string_equal(verdict_text((enum verdict)7), "?");
    assert_string_equal(role_text((enum party_role)99), "?");
    assert_string_equal(stage_text((enum stage) - 1), "?");
    assert_string_equal(function_text(FN_COUNT), "?");
    assert_string_equal(interface_text((enum interface)7), "?");
    assert_string_equal(profile_state_text((enum profile_state)5), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_spelling),
        cmocka_unit_test(test_every_word_comes_back),
        cmocka_unit_test(test_unknown_words_are_none),
        cmocka_unit_test(test_values_outside_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
