/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/err.h"

#include <string.h>

static void every_value_has_a_row(void **state)
{
    (void)state;
    for (int err = ERR_NOMEM; err <= ERR_INTERNAL; err++) {
        assert_string_not_equal(err_name(err), "ERR_?");
        assert_string_not_equal(err_text(err), "unknown error");
        assert_null(strchr(err_text(err), '.'));
        for (int other = ERR_NOMEM; other < err; other++)
            assert_string_not_equal(err_name(err), err_name(other));
    }
    assert_string_equal(err_name(ERR_OK), "ERR_OK");
    assert_string_equal(err_name(ERR_FORMAT), "ERR_FORMAT");
}

static void unknown_values_are_told_apart(void **state)
{
    (void)state;
    static const int UNKNOWN[] = {1, -1, ERR_NOMEM - 1, ERR_INTERNAL + 1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); i++) {
        assert_string_equal(err_name(UNKNOWN[i]), "ERR_?");
        assert_string_equal(err_text(UNKNOWN[i]), "unknown error");
        assert_int_equal(err_retry(UNKNOWN[i]), ERR_RETRY_OPERATOR);
    }
}

static void retry_classes_follow_the_meaning(void **state)
{
    (void)state;
    assert_int_equal(err_retry(ERR_FORMAT), ERR_RETRY_NEVER);
    assert_int_equal(err_retry(ERR_FULL), ERR_RETRY_LATER);
    assert_int_equal(err_retry(ERR_TIMEOUT), ERR_RETRY_RECONCILE);
    assert_int_equal(err_retry(ERR_CONFIG), ERR_RETRY_OPERATOR);
}

static void errmsg_formats_and_passes_the_error_on(void **state)
{
    (void)state;
    struct errmsg why;
    assert_int_equal(errmsg_set(&why, ERR_CONFIG, "%s: %d", "tls.ca", 7), ERR_CONFIG);
    assert_string_equal(why.text, "tls.ca: 7");
    assert_int_equal(errmsg_set(NULL, ERR_IO, "%s", "nobody asks"), ERR_IO);
}

static void errmsg_cuts_what_does_not_fit(void **state)
{
    (void)state;
    struct errmsg why;
    char text[1000];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(errmsg_set(&why, ERR_IO, "%s", text), ERR_IO);
    assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
}

static void errmsg_stays_one_line(void **state)
{
    (void)state;
    struct errmsg why;
    assert_int_equal(errmsg_set(&why, ERR_CONFIG, "unknown key %s", "a\nb\x1b[2J\x7f"), ERR_CONFIG);
    assert_string_equal(why.text, "unknown key a?b?[2J?");
    assert_int_equal(errmsg_set(&why, ERR_CONFIG, "\xC3\xA4"), ERR_CONFIG);
    assert_string_equal(why.text, "\xC3\xA4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_a_row),
        cmocka_unit_test(unknown_values_are_told_apart),
        cmocka_unit_test(retry_classes_follow_the_meaning),
        cmocka_unit_test(errmsg_formats_and_passes_the_error_on),
        cmocka_unit_test(errmsg_cuts_what_does_not_fit),
        cmocka_unit_test(errmsg_stays_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
