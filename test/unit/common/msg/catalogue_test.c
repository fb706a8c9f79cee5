/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/catalogue.h"
#include "test/support/printed.h"

static bool is_number(const char *s)
{
    unsigned dots = 0;

    if (!*s || *s == '.')
        return false;
    for (; *s; s++) {
        if (*s == '.' && s[1] == '.')
            return false;
        dots += *s == '.';
        if (*s != '.' && (*s < '0' || *s > '9'))
            return false;
    }
    return dots < 4;
}

static void every_code_is_whole(void **state)
{
    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++) {
        const struct status_row *r = &STATUS[i];
        if (!is_number(r->code.subject) || !is_number(r->code.reason))
            fail_msg("row %u has no code", i);
        assert_true(r->meaning && strlen(r->meaning) > 5);
        assert_true(r->cause && *r->cause);
        assert_non_null(r->next);
        assert_int_not_equal(status_find(status_by((enum status_code)i), &r->code), ST_OK);
        assert_true(status_is(&r->code, (enum status_code)i));
    }
    (void)state;
}

/* Reasons of facts sgp02 2.1, nothing else. */
static void every_reason_is_published(void **state)
{
    static const char *const REASONS[] = {"1.1",  "1.2",  "2.1", "2.2", "2.3", "3.1", "3.3",
                                          "3.4",  "3.5",  "3.6", "3.7", "3.8", "3.9", "3.10",
                                          "3.11", "3.12", "4.2", "4.3", "4.4", "4.8", "4.10",
                                          "5.1",  "5.2",  "5.3", "5.4", "6.1", "6.2", "6.3"};

    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof REASONS / sizeof *REASONS; k++)
            known = known || !strcmp(REASONS[k], STATUS[i].code.reason);
        if (!known)
            fail_msg("reason %s of row %u", STATUS[i].code.reason, i);
    }
    (void)state;
}

static void known_pairs(void **state)
{
    static const struct { enum status_code st; const char *subject, *reason;
    } ROWS[] = {
        {ST_EID_UNKNOWN, "8.1.1", "3.9"},
        {ST_ICCID_UNKNOWN, "8.2.1", "3.9"},
        {ST_ICCID_IN_USE, "8.2.1", "3.3"},
        {ST_ICCID_ELSEWHERE, "8.2.1", "3.4"},
        {ST_ICCID_NOT_ALLOWED, "8.2.1", "1.2"},
        {ST_POL1, "8.2.2", "3.8"},
        {ST_POL2, "8.2.3", "3.8"},
        {ST_POL2_INVALID, "8.2.3", "2.1"},
        {ST_DISABLE_FALLBACK, "8.1", "3.8"},
        {ST_MEMORY, "8.1", "4.8"},
        {ST_ISDR_EXECUTION, "8.4", "4.2"},
        {ST_SD_EXECUTION, "8.3", "4.2"},
        {ST_SD_AID_UNKNOWN, "8.3.1", "3.9"},
        {ST_EIS_NOT_ALLOWED, "8.6", "1.2"},
        {ST_AUDIT_DENIED, "8.2", "1.2"},
        {ST_ADDRESS_NOT_ALLOWED, "8.2.6", "1.2"},
        {ST_ECASD_EXPIRED, "8.5.2", "6.3"},
        {ST_EXPIRED_UNSENT, "1.6", "5.3"},
        {ST_EXPIRED_SENT, "1.6", "5.4"},
        {ST_BUSY, "1.2", "4.4"},
        {ST_ORPHAN, "8.4", "4.2"},
        {ST_CALL_REUSED, "1.6", "3.3"},
        {ST_CANCELLED, "1.6", "3.8"},
        {ST_ROLLED_BACK, "8.4", "4.2"},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_string_equal(STATUS[ROWS[i].st].code.subject, ROWS[i].subject);
        assert_string_equal(STATUS[ROWS[i].st].code.reason, ROWS[i].reason);
    }
    (void)state;
}

static void answers(void **state)
{
    struct exec_answer a = status_answer(ST_OK);

    assert_int_equal(a.status, EXEC_SUCCESS);
    assert_string_equal(a.code.subject, "");
    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++) {
        bool expired = i == ST_EXPIRED_UNSENT || i == ST_EXPIRED_SENT || i == ST_READ_UNANSWERED ||
                       i == DP_ST_EXPIRED || i == DP_ST_IN_DOUBT;
        a = status_answer((enum status_code)i);
        assert_int_equal(a.status, expired ? EXEC_EXPIRED : EXEC_FAILED);
        assert_true(a.message.n > 0);
        assert_int_equal(a.subject_identifier.n, 0);
    }
    (void)state;
}

static void not_in_the_catalogue(void **state)
{
    static const struct gsma_code OTHERS[] = {
        {"8.1.1", "3.8"}, {"", ""}, {"8.1.1", ""}, {"9", "9"}};

    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        assert_int_equal(status_find(BY_SMSR, &OTHERS[i]), ST_OK);
        assert_int_equal(status_find(BY_SMDP, &OTHERS[i]), ST_OK);
    }
    (void)state;
}

/* Two cases of one daemon are told apart by their sentence. */
static void every_case_has_its_sentence(void **state)
{
    (void)state;
    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++)
        for (unsigned k = ST_OK + 1; k < i; k++)
            if (status_by((enum status_code)i) == status_by((enum status_code)k) &&
                !strcmp(STATUS[i].meaning, STATUS[k].meaning))
                fail_msg("rows %u and %u say the same: %s", k, i, STATUS[i].meaning);
}

static void the_manual_has_it(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    printed_add(&b, "| code | of | meaning | likely cause | what to type next |\n|---|---|---|---|---|\n");
    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++)
        printed_add(&b, "| %s-%s | %s | %s | %s | %s |\n", STATUS[i].code.subject, STATUS[i].code.reason,
                    status_by((enum status_code)i) == BY_SMDP ? "smdp" : "smsr", STATUS[i].meaning,
                    STATUS[i].cause, STATUS[i].next);
    printed_same("deploy/man/status.md", "status", &b);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_whole),  cmocka_unit_test(every_reason_is_published),
        cmocka_unit_test(known_pairs),          cmocka_unit_test(answers),
        cmocka_unit_test(not_in_the_catalogue), cmocka_unit_test(every_case_has_its_sentence),
        cmocka_unit_test(the_manual_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
