/* SPDX-License-Identifier: Apache-2.0 */
/* A cure that names a command names one that exists, with options it takes and words it needs. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/msg/catalogue.h"
#include "tools/smctl/codes.h"
#include "tools/smctl/smctl.h"

#define COMMAND "smctl "

static const struct opt_row *option(const char *name, uint64_t *ret_bit)
{
    for (unsigned o = 0; o < OPT_COUNT; o++)
        if (strcmp(OPTS[o].name, name) == 0) {
            *ret_bit = OPT_BIT(o);
            return &OPTS[o];
        }
    return NULL;
}

/* Words up to the first punctuation. */
static unsigned split(char *line, const char *words[12])
{
    unsigned n = 0;
    char *save = NULL;

    line[strcspn(line, ",;:(")] = '\0';
    for (char *w = strtok_r(line, " ", &save); w && n < 12; w = strtok_r(NULL, " ", &save))
        words[n++] = w;
    return n;
}

static void check_command(const char *from)
{
    const char *words[12], *plain[12];
    const struct verb *v;
    unsigned n, n_plain = 0, used = 0;
    uint64_t opts = 0, bit;
    char line[256];

    (void)snprintf(line, sizeof line, "%s", from + strlen(COMMAND));
    n = split(line, words);
    for (unsigned i = 0; i < n; i++) {
        const struct opt_row *o;
        if (strncmp(words[i], "--", 2) != 0) {
            plain[n_plain++] = words[i];
            continue;
        }
        o = option(words[i] + 2, &bit);
        if (!o) {
            fail_msg("no option %s: %s", words[i], from);
            return;
        }
        opts |= bit;
        i += o->arg != NULL;
    }
    v = verb_find(plain, n_plain, &used);
    if (!v) {
        fail_msg("no such command: %s", from);
        return;
    }
    if (opts & ~(v->opts | OPTS_GLOBAL))
        fail_msg("an option it does not take: %s", from);
    if (n_plain - used < v->min_words || n_plain - used > v->max_words)
        fail_msg("%s takes %u to %u words: %s", v->name, v->min_words, v->max_words, from);
}

static void check_text(const char *text)
{
    for (const char *at = text; at && (at = strstr(at, COMMAND)); at += strlen(COMMAND))
        check_command(at);
}

static void cures_name_real_commands(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ST_CODE_COUNT; i++)
        check_text(STATUS[i].next);
}

/* A refusal without a cause or a cure helps nobody. */
static void every_refusal_has_a_cure(void **state)
{
    (void)state;
    for (unsigned i = ST_OK + 1; i < ST_CODE_COUNT; i++) {
        const struct status_row *r = &STATUS[i];
        assert_true(r->meaning[0] && r->cause[0] && r->next[0]);
        assert_null(strstr(r->cause, "see the message"));
    }
}

static struct code_help ended(enum verdict v, enum exec_status status, const char *subject,
                              const char *reason, const char *text, struct gsma_code *ret_code)
{
    struct code_verdict q = {.verdict = v, .status = status, .text = span_str(text)};
    struct code_help help;

    (void)snprintf(q.code.subject, sizeof q.code.subject, "%s", subject);
    (void)snprintf(q.code.reason, sizeof q.code.reason, "%s", reason);
    (void)code_explain_verdict(&q, DAEMON_SMSR, ret_code, &help);
    return help;
}

/* Cases that share a code are told apart by the recorded sentence, without one by the verdict. */
static void a_verdict_has_its_own_cause(void **state)
{
    static const enum status_code SHARED[] = {ST_ORPHAN, ST_ISDR_EXECUTION, ST_ROLLED_BACK,
                                              ST_FALLEN_BACK, ST_NO_EFFECT};
    struct gsma_code code;
    struct code_help h;

    (void)state;
    for (size_t i = 0; i < sizeof SHARED / sizeof *SHARED; i++) {
        const struct status_row *row = &STATUS[SHARED[i]];
        h = ended(VERDICT_FAILED, EXEC_FAILED, "8.4", "4.2", row->meaning, &code);
        assert_string_equal(h.meaning, row->meaning);
        assert_string_equal(h.cause, row->cause);
    }
    h = ended(VERDICT_ROLLED_BACK, EXEC_NONE, "8.4", "4.2", "", &code);
    assert_string_equal(h.cause, STATUS[ST_ROLLED_BACK].cause);
    h = ended(VERDICT_SUCCESS, EXEC_SUCCESS, "", "", "", &code);
    assert_string_equal(h.meaning, "");
}

/* Answered EXPIRED, then concluded: what is told is the verdict's. */
static void a_late_verdict_replaces_the_promise(void **state)
{
    static const char *const NO_MORE = "do not ask again";
    struct gsma_code code;
    struct code_help h;

    (void)state;
    h = ended(VERDICT_IN_DOUBT, EXEC_EXPIRED, "1.6", "5.4", "no answer", &code);
    assert_non_null(strstr(h.next, NO_MORE));
    h = ended(VERDICT_FAILED, EXEC_EXPIRED, "1.6", "5.4", STATUS[ST_NO_EFFECT].meaning, &code);
    assert_string_equal(h.next, "safe to ask again");
    assert_string_equal(code.subject, "8.4");
    h = ended(VERDICT_ROLLED_BACK, EXEC_EXPIRED, "1.6", "5.4", STATUS[ST_EXPIRED_SENT].meaning,
              &code);
    assert_string_equal(h.meaning, STATUS[ST_ROLLED_BACK].meaning);
    assert_string_equal(code.reason, "4.2");
    h = ended(VERDICT_FAILED, EXEC_EXPIRED, "1.6", "5.4", "what nobody lists", &code);
    assert_null(strstr(h.next, NO_MORE));
    h = ended(VERDICT_FAILED, EXEC_EXPIRED, "1.6", "5.4", STATUS[ST_READ_UNANSWERED].meaning,
              &code);
    assert_non_null(strstr(h.next, "safe to ask again"));
    h = ended(VERDICT_SUCCESS, EXEC_EXPIRED, "1.6", "5.4", "", &code);
    assert_string_equal(h.next, "");
    assert_string_equal(code.subject, "");
    h = ended(VERDICT_EXPIRED, EXEC_EXPIRED, "1.6", "5.3", STATUS[ST_EXPIRED_UNSENT].meaning,
              &code);
    assert_string_equal(h.next, "safe to ask again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cures_name_real_commands),
        cmocka_unit_test(every_refusal_has_a_cure),
        cmocka_unit_test(a_verdict_has_its_own_cause),
        cmocka_unit_test(a_late_verdict_replaces_the_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
