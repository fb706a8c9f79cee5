/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed: JSON that parses, texts of others that cannot steer a terminal, statuses
 * explained, outcomes. Links: jansson */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/smctl/jobs.h"

#include <jansson.h>

static void json_parses(void **state)
{
    static const uint8_t ODD[] = {'a', 0, '"', '\\', 0x1B, 0x7F, 0xC3, 0xA4, 0xFF, 0xC0, 0x80};
    struct buf b;
    struct json w = {.out = &b};

    (void)state;
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_text(&w, "odd", span_of(ODD, sizeof ODD));
    json_str(&w, "empty", "");
    json_text(&w, "absent", (struct span){NULL, 0});
    json_int(&w, "min", INT64_MIN);
    json_u64(&w, "big", 9007199254740993u);
    json_hex(&w, "hex", span_of("\x01\xAB", 2));
    json_time(&w, "at", 1700000000123);
    json_time(&w, "never", 0);
    json_open(&w, "list", '[');
    json_bool(&w, NULL, true);
    json_bool(&w, NULL, false);
    json_open(&w, NULL, '{');
    json_close(&w, '}');
    json_close(&w, ']');
    json_raw(&w, "raw", span_str("{\"x\":1}"));
    json_close(&w, '}');
    json_t *j = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    assert_non_null(j);
    assert_int_equal(json_string_length(json_object_get(j, "odd")), 6 + 2 + 9);
    assert_null(json_object_get(j, "empty"));
    assert_null(json_object_get(j, "absent"));
    assert_true(json_integer_value(json_object_get(j, "min")) == INT64_MIN);
    assert_true(json_integer_value(json_object_get(j, "big")) == 9007199254740993);
    assert_string_equal(json_string_value(json_object_get(j, "hex")), "01AB");
    assert_string_equal(json_string_value(json_object_get(j, "at")), "2023-11-14T22:13:20.123Z");
    assert_null(json_object_get(j, "never"));
    assert_int_equal(json_array_size(json_object_get(j, "list")), 3);
    json_decref(j);
    buf_fini(&b);
}

static void terminals_are_safe(void **state)
{
    char text[64], tiny[4];

    (void)state;
    assert_string_equal(text_safe(span_str("a\033[31mb\r\n\x7f"), text, sizeof text), "a.[31mb...");
    assert_string_equal(text_safe(span_str("gr\xc3\xbc\xc3\x9f"), text, sizeof text),
                        "gr\xc3\xbc\xc3\x9f");
    assert_string_equal(text_safe(span_str("\xc2\x9b"
                                           "31m"),
                                  text, sizeof text),
                        ".31m"); /* C1 CSI */
    assert_string_equal(text_safe(span_str("\xff\xc3"), text, sizeof text), "..");
    assert_string_equal(text_safe(span_str("\xed\xa0\x80"), text, sizeof text),
                        "..."); /* surrogate */
    assert_string_equal(text_safe(span_str("ab\xc3\xbc"), tiny, sizeof tiny),
                        "ab"); /* no half one */
    assert_string_equal(text_safe((struct span){NULL, 0}, text, sizeof text), "");
    text_delta(0, text);
    assert_string_equal(text, "+0.000 s");
    text_delta(-1500, text);
    assert_string_equal(text, "-1.500 s");
}

/* What is printed can be typed: the words replaced, the same context, the daemon that has it. */
static void commands_are_filled_in(void)
{
    const struct code_fill sr = {"1", "2", "3", "--as a ", false}, dp = {"1", "2", "3", "", true};
    char next[80];

    code_next("smctl profile address EID ICCID MSISDN", &dp, next, sizeof next);
    assert_string_equal(next, "smctl profile address 1 2 MSISDN");
    code_next("check the EID", &sr, next, sizeof next); /* a sentence stays one */
    assert_string_equal(next, "check the EID");
    code_next("delete the EID, then smctl audit EID; wait", &sr, next, sizeof next);
    assert_string_equal(next, "delete the EID, then smctl --as a audit 1; wait");
    code_next("smctl explain OPERATION; smctl eis show EID", &dp, next, sizeof next);
    assert_string_equal(next, "smctl explain 3 --via smdp; smctl eis show 1");
    code_next("smctl explain OPERATION --via smdp", &dp, next, sizeof next);
    assert_string_equal(next, "smctl explain 3 --via smdp");
    code_next("smctl explain OPERATION", &sr, next, sizeof next);
    assert_string_equal(next, "smctl --as a explain 3");
    code_next("smctl audit EID", &dp, next, 10);
    assert_string_equal(next, "smctl aud");
}

static void statuses_are_explained(void **state)
{
    struct code_help h;
    const struct gsma_code pol2 = {"8.2.3", "3.8"}, none = {"9.9", "9.9"}, empty = {"", ""};
    const struct gsma_code busy = {"1.2", "4.4"}, stock = {"8.2.5", "3.7"};
    char next[80];

    (void)state;
    assert_true(code_explain(&pol2, (struct span){NULL, 0}, DAEMON_SMSR, &h));
    assert_string_equal(h.meaning, "refused: POL2");
    code_next(h.next, &(struct code_fill){"8900", "", "", "", false}, next, sizeof next);
    assert_string_equal(next, "smctl eis show 8900");
    code_next(h.next, &(struct code_fill){"", "", "", "--as a ", false}, next, sizeof next);
    assert_string_equal(next, "smctl --as a eis show EID");
    commands_are_filled_in();
    /* One code, several cases: the sentence tells them apart. */
    assert_true(
        code_explain(&busy, span_str("the card rolled back repeatedly; held"), DAEMON_SMSR, &h));
    assert_non_null(strstr(h.next, "24 hours"));
    assert_true(code_explain(&busy, span_str("too many orders are running"), DAEMON_SMDP, &h));
    assert_non_null(strstr(h.cause, "orders:"));
    /* Whatever else an SM-DP could not do at the moment is not the limit of orders. */
    assert_true(code_explain(&busy, span_str("the call could not be taken; nothing was done"), DAEMON_SMDP, &h));
    assert_null(strstr(h.cause, "orders:"));
    assert_true(code_explain(&stock, (struct span){NULL, 0}, DAEMON_SMDP, &h));
    assert_non_null(strstr(h.next, "import"));
    assert_false(code_explain(&none, span_str("x"), DAEMON_SMSR, &h));
    assert_string_equal(h.meaning, "");
    assert_false(code_explain(&empty, (struct span){NULL, 0}, DAEMON_SMSR, &h));
}

static enum call_outcome classify(enum exec_status s, enum verdict v, const char *reason,
                                  bool accepted)
{
    struct envelope e = {.verdict = v};
    struct base_response b = {.answer = {.status = s, .code = {"1.6", ""}}};

    memcpy(b.answer.code.reason, reason, strlen(reason) + 1);
    return call_classify(&e, &b, accepted);
}

static void answer_and_verdict(void **state)
{
    (void)state;
    assert_int_equal(classify(EXEC_SUCCESS, VERDICT_SUCCESS, "", true), CALL_OK);
    assert_int_equal(classify(EXEC_WARNING, VERDICT_SUCCESS, "", true), CALL_WARNING);
    assert_int_equal(classify(EXEC_FAILED, VERDICT_FAILED, "4.2", true), CALL_FAILED);
    assert_int_equal(classify(EXEC_FAILED, VERDICT_NONE, "4.2", false), CALL_REFUSED);
    assert_int_equal(classify(EXEC_FAILED, VERDICT_ROLLED_BACK, "4.2", true), CALL_ROLLED_BACK);
    assert_int_equal(classify(EXEC_FAILED, VERDICT_CANCELLED, "3.8", true), CALL_CANCELLED);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_NONE, "5.3", true), CALL_EXPIRED);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_EXPIRED, "5.3", true), CALL_EXPIRED);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_NONE, "5.4", true), CALL_IN_DOUBT);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_IN_DOUBT, "5.4", true), CALL_IN_DOUBT);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_SUCCESS, "5.4", true), CALL_OK);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_FAILED, "5.4", true), CALL_FAILED);
    assert_int_equal(classify(EXEC_EXPIRED, VERDICT_ROLLED_BACK, "5.4", true), CALL_ROLLED_BACK);
    assert_int_equal(classify(EXEC_NONE, VERDICT_NONE, "", true), CALL_ERROR);
    for (int o = 0; o < CALL_OUTCOME_COUNT; o++)
        assert_true(call_outcome_text((enum call_outcome)o)[0] != '?');
    assert_int_equal(outcome_exit(CALL_OK), XC_OK);
    assert_int_equal(outcome_exit(CALL_REFUSED), XC_REFUSED);
    assert_int_equal(outcome_exit(CALL_ROLLED_BACK), XC_FAILED);
    assert_int_equal(outcome_exit(CALL_IN_DOUBT), XC_DOUBT);
    assert_int_equal(outcome_exit(CALL_UNANSWERED), XC_CONNECTION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_parses),
        cmocka_unit_test(terminals_are_safe),
        cmocka_unit_test(statuses_are_explained),
        cmocka_unit_test(answer_and_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
