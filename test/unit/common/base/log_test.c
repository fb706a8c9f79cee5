/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/log.h"
#include "test/support/fake.h"

struct capture {
    char text[2 * LOG_LINE_MAX];
    size_t n;
    int lines;
};

static void capture_write(void *ctx, const char *line, size_t n)
{
    struct capture *c = ctx;
    assert_true(n <= LOG_LINE_MAX);
    assert_int_equal(line[n - 1], '\n');
    memcpy(c->text, line, n);
    c->text[n] = '\0';
    c->n = n;
    c->lines++;
}

static struct capture seen;
static struct fake_clock now;

static int setup(void **state)
{
    (void)state;
    seen = (struct capture){.n = 0};
    fake_clock_init(&now, 1795337100123);
    log_open(NULL, LOG_INFO_, &(struct log_sink){capture_write, &seen});
    log_set_clock(&now.port);
    log_set_plain(false);
    return 0;
}

static void a_line_has_its_form(void **state)
{
    (void)state;
    log_notice("engine", "lsn=%d turn done", 7);
    assert_string_equal(seen.text, "2026-11-22T08:45:00.123Z notice engine lsn=7 turn done\n");
    log_open("smsr", LOG_INFO_, &(struct log_sink){capture_write, &seen});
    log_error("net", "gone");
    assert_string_equal(seen.text, "2026-11-22T08:45:00.123Z error net program=smsr gone\n");
}

static void levels_are_filtered(void **state)
{
    (void)state;
    log_debug("a", "x");
    assert_int_equal(seen.lines, 0);
    log_info("a", "x");
    log_warn("a", "x");
    assert_int_equal(seen.lines, 2);
    enum log_level lvl = LOG_DEBUG_;
    assert_true(log_level_parse("error", &lvl));
    assert_int_equal(lvl, LOG_ERROR_);
    assert_true(log_level_parse("debug", &lvl));
    assert_int_equal(lvl, LOG_DEBUG_);
    assert_false(log_level_parse("ERROR", &lvl));
    assert_false(log_level_parse("", &lvl));
    assert_int_equal(lvl, LOG_DEBUG_);
}

static void no_octet_forges_a_line(void **state)
{
    (void)state;
    log_warn("a", "peer=%s", "x\n2026 error b\r\t\x7F\x1B[0m");
    assert_string_equal(seen.text, "2026-11-22T08:45:00.123Z warn a "
                                   "peer=x\\x0A2026 error b\\x0D\\x09\\x7F\\x1B[0m\n");
    assert_ptr_equal(strchr(seen.text, '\n'), seen.text + seen.n - 1);
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    char text[3000];
    memset(text, 'y', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    log_warn("a", "%s", text);
    assert_int_equal(seen.n, LOG_LINE_MAX);
    memset(text, '\n', sizeof(text) - 1);
    log_warn("a", "%s", text);
    assert_true(seen.n <= LOG_LINE_MAX);
    assert_int_equal(seen.lines, 2);
}

static void identifiers_are_masked(void **state)
{
    (void)state;
    struct eid e;
    char eid[EID_TEXT];
    char digits[24];
    assert_int_equal(eid_parse("89044045116727494800000004479366", &e), ERR_OK);
    assert_string_equal(log_eid(&e, eid), "89044045****9366");
    assert_string_equal(log_digits("491710000012", digits), "49171****12");
    assert_string_equal(log_digits("89019990001234567893", digits), "89019****93");
    assert_string_equal(log_digits("1234567", digits), "****");
    assert_string_equal(log_digits("12345678", digits), "12345****78");
    assert_string_equal(log_digits("", digits), "****");
}

static void plain_shows_everything_that_fits(void **state)
{
    (void)state;
    struct eid e;
    char eid[EID_TEXT];
    char digits[24];
    log_set_plain(true);
    assert_int_equal(eid_parse("89044045116727494800000004479366", &e), ERR_OK);
    assert_string_equal(log_eid(&e, eid), "89044045116727494800000004479366");
    assert_string_equal(log_digits("491710000012", digits), "491710000012");
    assert_string_equal(log_digits("1234567890123456789012345", digits), "12345678901234567890123");
}

static void dying_says_why_and_is_a_fault(void **state)
{
    char line[LOG_LINE_MAX] = "";
    int pipes[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(pipes), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(pipes[1], STDERR_FILENO);
        log_open("smsr", LOG_INFO_, NULL);
        log_die("crypto", "no random octets");
    }
    (void)close(pipes[1]);
    assert_true(read(pipes[0], line, sizeof line - 1) > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_non_null(strstr(line, "error crypto program=smsr no random octets\n"));
    (void)close(pipes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_has_its_form, setup),
        cmocka_unit_test_setup(levels_are_filtered, setup),
        cmocka_unit_test_setup(no_octet_forges_a_line, setup),
        cmocka_unit_test_setup(a_long_line_is_cut, setup),
        cmocka_unit_test_setup(identifiers_are_masked, setup),
        cmocka_unit_test_setup(plain_shows_everything_that_fits, setup),
        cmocka_unit_test_setup(dying_says_why_and_is_a_fault, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
