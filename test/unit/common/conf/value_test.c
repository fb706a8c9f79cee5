/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a configuration mean, and the sentence of each that means nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/conf/value.h"
#include "test/support/path.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct arena arena;
static struct errmsg why;
static const struct conf_at AT = {&arena, "etc/smxx.yaml", &why};

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void refused(int err, const char *says)
{
    assert_int_equal(err, ERR_CONFIG);
    if (strncmp(why.text, "etc/smxx.yaml: ", 15) != 0 || !strstr(why.text, says))
        fail_msg("\"%s\" does not say: %s", why.text, says);
}

static void durations(void **state)
{
    static const struct {
        const char *s;
        int64_t ms;
    } ROWS[] = {{"0", 0},          {"900", 900000},     {"900s", 900000}, {"15m", 900000},
                {"24h", 86400000}, {"2d", 172800000},   {"250ms", 250},   {"999999999", 999999999000}};
    static const char *const BAD[] = {"",     "s",          "-1",   "-1s", "1 s", "1w",        "s1",
                                      "1.5s", "9999999999", "0x10", "5sm", "1234567890"};
    int64_t ms;

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_true(conf_duration(ROWS[i].s, &ms));
        assert_int_equal(ms, ROWS[i].ms);
    }
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (conf_duration(BAD[i], &ms))
            fail_msg("taken: %s", BAD[i]);
}

static void files_lie_beside_the_configuration(void **state)
{
    const struct conf_at bare = {&arena, "smxx.yaml", &why};

    (void)state;
    assert_string_equal(conf_path(&AT, "ca.pem"), "etc/ca.pem");
    assert_string_equal(conf_path(&AT, "/ca.pem"), "/ca.pem");
    assert_string_equal(conf_path(&bare, "ca.pem"), "ca.pem");
    assert_null(conf_path(&AT, NULL));
    assert_null(conf_text(&AT, NULL));
}

static void shapes(void **state)
{
    static const struct {
        const char *s;
        bool digits, name, endpoint; /* 2 to 4 digits, a name of at most 4 */
    } ROWS[] = {
        {"12", true, true, false},     {"1234", true, true, false},   {"1", false, true, false},
        {"12345", false, false, false}, {"12a", false, true, false},  {"", false, false, false},
        {"a.-_", false, true, false},  {"a b", false, false, false},  {"a:1", false, false, true},
        {"h:65535", false, false, true}, {"h:65536", false, false, false},
        {"h:", false, false, false},   {":1", false, false, false},   {"[::1]:7", false, false, true},
        {"h:000001", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (conf_digits(ROWS[i].s, 2, 4) != ROWS[i].digits ||
            conf_name_ok(ROWS[i].s, 4) != ROWS[i].name ||
            conf_endpoint_ok(ROWS[i].s) != ROWS[i].endpoint)
            fail_msg("row %zu: \"%s\"", i, ROWS[i].s);
}

static void ranges_of_cards(void **state)
{
#define LOW  "890490320000000000000000000000"
#define HIGH "890490329999999999999999999999"
    static const struct {
        const char *from, *to, *says; /* NULL: taken */
    } ROWS[] = {
        {LOW, HIGH, NULL},
        {LOW, LOW, NULL},
        {LOW "01", HIGH "99", NULL},
        {HIGH, LOW, "ends before it begins"},
        {LOW "001", HIGH, "30 to 32 digits"},
        {"8904", HIGH, "30 to 32 digits"},
        {LOW, "79" HIGH, "from 89 on"},
        {LOW, "7904903299999999999999999999", "from 89 on"},
    };
    char from[31], to[31];

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int err = conf_eid_range(&AT, "tenant x", ROWS[i].from, ROWS[i].to, from, to);
        if (ROWS[i].says) {
            refused(err, ROWS[i].says);
            refused(err, "tenant x");
            continue;
        }
        assert_int_equal(err, ERR_OK);
        assert_int_equal(strlen(from), 30);
        assert_memory_equal(from, ROWS[i].from, 30);
        assert_memory_equal(to, ROWS[i].to, 30);
    }
}

static void lists_of_a_party(void **state)
{
    char right[] = "26201", wrong[] = "2620", prefix[] = "894901", foreign[] = "994901", one[] = "8",
         oid[] = "1.3.6.1.4.1.99999.1", none[] = "1..2";
    char *plmns[] = {right, wrong}, *prefixes[] = {prefix, foreign}, *shorts[] = {one};
    struct plmn plmn[2];
    char iccid[2][21];
    struct oid o;

    (void)state;
    assert_int_equal(conf_plmns(&AT, "p", plmns, 1, plmn), ERR_OK);
    refused(conf_plmns(&AT, "p", plmns, 2, plmn), "party p: plmn \"2620\"");
    assert_int_equal(conf_iccid_prefixes(&AT, "p", prefixes, 1, iccid), ERR_OK);
    assert_string_equal(iccid[0], "894901");
    refused(conf_iccid_prefixes(&AT, "p", prefixes, 2, iccid), "party p: iccid \"994901\"");
    refused(conf_iccid_prefixes(&AT, "p", shorts, 1, iccid), "from 89 on");
    assert_int_equal(conf_oid(&AT, oid, "smxx.oid", &o), ERR_OK);
    refused(conf_oid(&AT, none, "smxx.oid", &o), "smxx.oid: \"1..2\" is no OID");
}

static void timers(void **state)
{
    int64_t ms = 77;

    (void)state;
    assert_int_equal(conf_timer(&AT, "wait", NULL, 1000, 9000, &ms), ERR_OK);
    assert_int_equal(ms, 77);
    assert_int_equal(conf_timer(&AT, "wait", "1", 1000, 9000, &ms), ERR_OK);
    assert_int_equal(ms, 1000);
    assert_int_equal(conf_timer(&AT, "wait", "9s", 1000, 9000, &ms), ERR_OK);
    refused(conf_timer(&AT, "wait", "999ms", 1000, 9000, &ms), "timers.wait: 999ms lies outside 1 s");
    refused(conf_timer(&AT, "wait", "10s", 1000, 9000, &ms), "to 9 s");
    refused(conf_timer(&AT, "wait", "soon", 1000, 9000, &ms), "timers.wait: \"soon\" is no duration");
    assert_int_equal(ms, 9000);
}

static void limits(void **state)
{
    unsigned given = 5, ret[2] = {0, 0};
    struct conf_limit rows[] = {{"cards", &given, &ret[0], 3, 2, 5}, {"rest", NULL, &ret[1], 8, 0, 9}};

    (void)state;
    assert_int_equal(conf_limits(&AT, rows, 2), ERR_OK);
    assert_int_equal(ret[0], 5);
    assert_int_equal(ret[1], 8);
    given = 6;
    refused(conf_limits(&AT, rows, 2), "limits.cards: 6 lies outside 2 to 5");
    given = 1;
    refused(conf_limits(&AT, rows, 2), "limits.cards: 1");
}

static void secrets_are_the_owners_alone(void **state)
{
    struct tmpdir tmp;
    char path[300];
    FILE *f;

    (void)state;
    tmpdir_init(&tmp);
    tmpdir_path(&tmp, "kek.bin", path, sizeof path);
    assert_int_equal(conf_check_file(NULL, "gsma.key", true, &why), ERR_OK);
    assert_int_equal(conf_check_file(path, "kek", true, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "kek.bin cannot be read"));
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(conf_check_file(path, "kek", false, &why), ERR_OK);
    assert_int_equal(conf_check_file(path, "kek", true, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "chmod 0600"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(conf_check_file(path, "kek", true, &why), ERR_OK);
    assert_int_equal(conf_check_file(tmp.path, "kek", false, &why), ERR_CONFIG); /* no file */
    tmpdir_fini(&tmp);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(durations),       T(files_lie_beside_the_configuration),
        T(shapes),          T(ranges_of_cards),
        T(lists_of_a_party), T(timers),
        T(limits),          T(secrets_are_the_owners_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
