/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: options, values, verbs (design 4: one table for code, help and tests). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/smctl/smctl.h"

#include <stdio.h>

static int parse(struct args *a, struct errmsg *why, int argc, const char *const *words)
{
    char *argv[64];

    for (int i = 0; i < argc; i++)
        argv[i] = (char *)(uintptr_t)words[i];
    why->text[0] = '\0';
    return args_parse(argc, argv, a, why);
}
#define PARSE(...)                                                                                 \
    parse(&a, &why, (int)(sizeof((const char *[]){"smctl", __VA_ARGS__}) / sizeof(char *)),        \
          (const char *[]){"smctl", __VA_ARGS__})

static void options_and_words(void **state)
{
    struct args a;
    struct errmsg why;

    (void)state;
    assert_int_equal(PARSE("--as", "fleet", "profile", "enable", "--eid=8901", "--json"), ERR_OK);
    assert_string_equal(a.value[OPT_AS], "fleet");
    assert_string_equal(a.value[OPT_EID], "8901");
    assert_true(args_has(&a, OPT_JSON));
    assert_false(args_has(&a, OPT_EIDS));
    assert_int_equal(a.n_pos, 2);
    assert_string_equal(a.pos[1], "enable");
    assert_int_equal(PARSE("--party", "a", "--party=b"), ERR_OK);
    assert_int_equal(a.n_parties, 2);
    assert_int_equal(PARSE("x", "--", "--json", "-h"), ERR_OK);
    assert_false(args_has(&a, OPT_JSON));
    assert_int_equal(a.n_pos, 3);
    assert_int_equal(PARSE("-"), ERR_OK);
    assert_int_equal(PARSE("-h"), ERR_OK);
    assert_true(args_has(&a, OPT_HELP));
    assert_int_equal(PARSE("--eid="), ERR_OK);
    assert_string_equal(a.value[OPT_EID], "");
}

static void wrong_lines_are_named(void **state)
{
    struct args a;
    struct errmsg why;

    (void)state;
    assert_int_equal(PARSE("--nonsense"), ERR_UNSUPPORTED);
    assert_non_null(strstr(why.text, "--nonsense"));
    assert_int_equal(PARSE("--ei", "1"), ERR_UNSUPPORTED);
    assert_int_equal(PARSE("--eid"), ERR_INVAL);
    assert_non_null(strstr(why.text, "EID"));
    assert_int_equal(PARSE("--json=yes"), ERR_INVAL);
    assert_int_equal(PARSE("--eid", "1", "--eid", "2"), ERR_INVAL);
    assert_int_equal(PARSE("-j"), ERR_UNSUPPORTED);
    assert_int_equal(PARSE("--="), ERR_UNSUPPORTED);
    assert_int_equal(PARSE("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"),
                     ERR_INVAL);
    assert_non_null(strstr(why.text, "12"));
}

static void numbers_and_sizes(void **state)
{
    static const char *const WRONG[] = {"",
                                        "-1",
                                        "+1",
                                        "1x",
                                        "0x10",
                                        " 1",
                                        "1 ",
                                        "1.5",
                                        "18446744073709551616",
                                        "99999999999999999999",
                                        "000000000000000000001"};
    struct errmsg why;
    uint64_t v = 7;

    (void)state;
    assert_int_equal(text_number("18446744073709551615", "n", 0, UINT64_MAX, &v, &why), ERR_OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(text_number("0", "n", 0, 10, &v, &why), ERR_OK);
    assert_int_equal(text_number("10", "n", 0, 10, &v, &why), ERR_OK);
    assert_int_equal(text_number("11", "n", 0, 10, &v, &why), ERR_INVAL);
    assert_int_equal(text_number("4", "n", 5, 10, &v, &why), ERR_INVAL);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_int_equal(text_number(WRONG[i], "n", 0, UINT64_MAX, &v, &why), ERR_INVAL);
    assert_int_equal(text_size("30K", "s", 262144, &v, &why), ERR_OK);
    assert_true(v == 30720);
    assert_int_equal(text_size("1m", "s", 1048576, &v, &why), ERR_OK);
    assert_int_equal(text_size("2M", "s", 1048576, &v, &why), ERR_INVAL);
    assert_string_equal(why.text, "s '2M' is no size of at most 1048576 octets: digits, and K or M "
                                  "for 1,024 or 1,048,576 of them");
    assert_int_equal(text_size("K", "s", 1048576, &v, &why), ERR_INVAL);
    assert_int_equal(text_size("1KK", "s", 1048576, &v, &why), ERR_INVAL);
    assert_int_equal(text_size("17592186044416M", "s", UINT64_MAX, &v, &why), ERR_INVAL);
}

static void identifiers(void **state)
{
    struct args a;
    struct errmsg why;
    struct eid eid;
    struct iccid iccid;
    struct uuid op;
    struct oid oid;

    (void)state;
    assert_int_equal(text_eid("89001012012341234012345678901224", &eid, &why), ERR_OK);
    assert_int_equal(text_eid("89001012012341234012345678901225", &eid, &why), ERR_INVAL);
    assert_non_null(strstr(why.text, "97"));
    assert_int_equal(text_eid("8900101201234123401234567890122", &eid, &why), ERR_INVAL);
    assert_int_equal(text_eid("", &eid, &why), ERR_INVAL);
    assert_int_equal(text_iccid("8949000000000000001", &iccid, &why), ERR_OK);
    assert_int_equal(text_iccid("7949000000000000001", &iccid, &why), ERR_INVAL);
    assert_int_equal(text_uuid("0190a000-0000-7000-8000-000000000001", &op, &why), ERR_OK);
    assert_int_equal(text_uuid("0190a000", &op, &why), ERR_INVAL);
    assert_int_equal(PARSE("--mno", "1.2.x"), ERR_OK);
    assert_int_equal(args_oid(&a, OPT_MNO, &oid, &why), ERR_INVAL);
    assert_non_null(strstr(why.text, "--mno"));
    assert_int_equal(args_eid(&a, OPT_EID, &eid, &why), ERR_OK); /* absent */
}

static void verbs_are_found(void **state)
{
    const char *const words[] = {"profile", "template", "add", "x"};
    const char *const other[] = {"profile", "templates"};
    unsigned n;

    (void)state;
    assert_string_equal(verb_find(words, 4, &n)->name, "profile template add");
    assert_int_equal(n, 3);
    assert_null(verb_find(words, 2, &n));
    assert_null(verb_find(other, 2, &n));
    assert_null(verb_find(NULL, 0, &n));
}

/* Help and parser can promise only what stands in the tables. */
static void tables_are_sound(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_VERBS; i++) {
        const struct verb *v = &VERBS[i];
        assert_non_null(v->run);
        assert_true(strlen(v->doc) > 10);
        assert_true(v->min_words <= v->max_words);
        assert_true(v->max_words <= ARGS_POS_MAX);
        assert_true((*v->words != '\0') == (v->max_words > 0));
        assert_true((v->opts & OPTS_GLOBAL) == 0);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(v->name, VERBS[k].name);
    }
    uint64_t used = OPTS_GLOBAL;
    for (unsigned i = 0; i < N_VERBS; i++)
        used |= VERBS[i].opts;
    for (int o = 0; o < OPT_COUNT; o++) {
        assert_non_null(OPTS[o].name);
        assert_non_null(OPTS[o].doc);
        assert_true((used & OPT_BIT(o)) != 0); /* no option that no verb takes */
        for (int k = 0; k < o; k++)
            assert_string_not_equal(OPTS[o].name, OPTS[k].name);
    }
    for (int c = 0; c < XC_COUNT; c++)
        assert_true(strlen(exit_row((enum exit_code)c)->text) > 5);
}

static void worst_exit_code_wins(void **state)
{
    (void)state;
    assert_int_equal(exit_worse(XC_OK, XC_REFUSED), XC_REFUSED);
    assert_int_equal(exit_worse(XC_FAILED, XC_REFUSED), XC_FAILED);
    assert_int_equal(exit_worse(XC_DOUBT, XC_CONNECTION), XC_DOUBT);
    assert_int_equal(exit_worse(XC_CONNECTION, XC_FAILED), XC_CONNECTION);
    assert_int_equal(exit_worse(XC_LOCAL, XC_OK), XC_LOCAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words),    cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(numbers_and_sizes),    cmocka_unit_test(identifiers),
        cmocka_unit_test(verbs_are_found),      cmocka_unit_test(tables_are_sound),
        cmocka_unit_test(worst_exit_code_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
