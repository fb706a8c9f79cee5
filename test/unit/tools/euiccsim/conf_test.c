/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_euiccsim */
/* Command lines: what is taken, and one sentence for everything else. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/euiccsim/conf.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

static int run(const char *const *argv, int n, struct run_conf *c, struct errmsg *why)
{
    char *copy[32];

    for (int i = 0; i < n; i++)
        copy[i] = (char *)(uintptr_t)argv[i];
    why->text[0] = 0;
    return conf_run(n, copy, c, why);
}

static void a_full_line_is_taken(void **state)
{
    (void)state;
    static const char *const LINE[] = {
        "--dir", "/w", "--coap", "[::1]:1", "--smsr", "h:2", "--network", "field", "--time-scale",
        "60", "--latency", "lab2016", "--loss", "5%", "--quirks", "field", "--seed", "9",
        "--spread", "0", "--sms-per-second", "7",
        "--keylog", "/k", "--fleet", "nbiot"};
    struct run_conf c;
    struct errmsg why;

    assert_int_equal(run(LINE, COUNT(LINE), &c, &why), 0);
    assert_string_equal(c.dir, "/w");
    assert_string_equal(c.listen, "[::1]:1");
    assert_string_equal(c.smsr, "h:2");
    assert_string_equal(c.network, "field");
    assert_int_equal(c.time_scale, 60);
    assert_int_equal(c.latency, LATENCY_LAB2016);
    assert_int_equal(c.faults.loss_mt, 50000);
    assert_int_equal(c.faults.corrupt, 5000);
    assert_int_equal(c.seed, 9);
    assert_int_equal(c.spread_ms, 0);
    assert_int_equal(c.sms_per_s, 7);
    assert_string_equal(c.keylog, "/k");
    assert_string_equal(c.fleet->name, "nbiot");
    assert_true(c.quirks.card[0] > 0);
}

static void defaults_stand(void **state)
{
    (void)state;
    static const char *const LINE[] = {"--dir", "/w"};
    struct run_conf c;
    struct errmsg why;

    assert_int_equal(run(LINE, 2, &c, &why), 0);
    assert_int_equal(c.time_scale, 1);
    assert_int_equal(c.latency, LATENCY_FAST);
    assert_int_equal(c.faults.loss_mo, 0);
    assert_int_equal(c.spread_ms, -1);
    assert_null(c.keylog);
    assert_null(c.fleet);
}

static void faults_come_one_by_one(void **state)
{
    (void)state;
    static const char *const LINE[] = {"--dir", "/w", "--loss", "20%", "--faults", "sms-loss=5%,datagram-cut=0"};
    struct run_conf c;
    struct errmsg why;

    assert_int_equal(run(LINE, COUNT(LINE), &c, &why), 0);
    assert_int_equal(c.faults.loss_mt, 50000);
    assert_int_equal(c.faults.duplicate, 200000);
    assert_int_equal(c.faults.udp_cut, 0);
}

static void a_card_may_be_in_a_reader(void **state)
{
    (void)state;
    static const char *const LINE[] = {"--dir", "/w", "--reader", "89044045116727494800000004479366"};
    static const char *const ELSEWHERE[] = {"--dir", "/w", "--reader",
                                            "89044045116727494800000004479366@[::1]:7"};
    char eid[EID_TEXT];
    struct run_conf c;
    struct errmsg why;

    assert_int_equal(run(LINE, 2, &c, &why), 0);
    assert_null(c.reader);
    assert_int_equal(run(LINE, 4, &c, &why), 0);
    assert_string_equal(c.reader, "127.0.0.1:35963");
    eid_text(&c.reader_eid, eid);
    assert_string_equal(eid, LINE[3]);
    assert_int_equal(run(ELSEWHERE, 4, &c, &why), 0);
    assert_string_equal(c.reader, "[::1]:7");
}

static void wrong_lines_name_the_option(void **state)
{
    (void)state;
    static const struct {
        const char *argv[4];
        int n;
        const char *word;
    } ROWS[] = {
        {{NULL}, 0, "--dir is missing"},
        {{"--dir"}, 1, "--dir wants DIR"},
        {{"--nothing"}, 1, "--nothing"},
        {{"dir"}, 1, "no option dir"},
        {{"--time-scale", "0"}, 2, "--time-scale 0"},
        {{"--time-scale", "10001"}, 2, "from 1 to 10000"},
        {{"--time-scale", "6x"}, 2, "6x"},
        {{"--time-scale", ""}, 2, "--time-scale"},
        {{"--seed", "-1"}, 2, "--seed -1"},
        {{"--seed", "18446744073709551616"}, 2, "--seed"},
        {{"--latency", "slow"}, 2, "fast or lab2016"},
        {{"--loss", "lots"}, 2, "--loss"},
        {{"--loss", "101%"}, 2, "above one"},
        {{"--faults", "typo=1%"}, 2, "--faults: there is no fault \"typo\": use sms-loss"},
        {{"--quirks", "typo"}, 2, "--quirks: there is no quirk \"typo\""},
        {{"--power-loss", "1e3"}, 2, "--power-loss"},
        {{"--fleet", "lte-m"}, 2, "--fleet lte-m: one of mains, nbiot, edrx"},
        {{"--reader"}, 1, "--reader wants EID"},
        {{"--reader", "89049032"}, 2, "--reader 89049032: the EID of a card is wanted"},
        {{"--reader", "@127.0.0.1:35963"}, 2, "--reader"},
        {{"--reader", "89044045116727494800000004479367"}, 2, "--reader"},     /* its check digits */
        {{"--reader", "890440451167274948000000044793660"}, 2, "--reader"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct run_conf c;
        struct errmsg why;

        assert_int_equal(run(ROWS[i].argv, ROWS[i].n, &c, &why), ERR_CONFIG);
        if (!strstr(why.text, ROWS[i].word))
            fail_msg("%zu: %s", i, why.text);
    }
}

static int world(const char *a, const char *b, struct world_conf *c, struct errmsg *why)
{
    char dir[] = "--dir", w[] = "/w", x[64], y[64];
    char *argv[] = {dir, w, x, y};

    assert_true(strlen(a) < sizeof(x) && strlen(b) < sizeof(y));
    memcpy(x, a, strlen(a) + 1);
    memcpy(y, b, strlen(b) + 1);
    why->text[0] = 0;
    return conf_world(4, argv, c, why);
}

static void worlds_are_ordered(void **state)
{
    (void)state;
    static struct world_conf c;
    struct errmsg why;

    assert_int_equal(world("--meters", "20000", &c, &why), 0);
    assert_int_equal(c.order.meters, 20000);
    assert_int_equal(c.order.no_coverage, RATE_ONE / 100);
    assert_int_equal(world("--pki", "/p", &c, &why), 0);
    assert_string_equal(c.order.eum_cert, "/p/eum/eum.pem");
    assert_string_equal(c.order.ci_key, "/p/ci/key.pem");
    assert_string_equal(c.order.transport_key, "/p/transport.key");
    assert_int_equal(world("--unknown-imsi", "2%", &c, &why), 0);
    assert_int_equal(c.order.unknown_imsi, 20000);
    assert_int_equal(world("--operator-b", "1.2.3", &c, &why), 0);
    assert_string_equal(c.order.mno_b.s, "1.2.3");
    assert_int_equal(world("--operator-b", "1.2.x", &c, &why), ERR_CONFIG);
    assert_int_equal(world("--meters", "0", &c, &why), ERR_CONFIG);
    assert_int_equal(world("--profile-type", "a,b", &c, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "--profile-type"));
    assert_int_equal(world("--transport-id", "", &c, &why), ERR_CONFIG);
    assert_int_equal(world("--no-coverage", "x", &c, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "--no-coverage"));
    assert_int_equal(world("--memory", "99999999999", &c, &why), ERR_CONFIG);
}

static void looks_are_read(void **state)
{
    (void)state;
    char dir[] = "--dir", w[] = "/w", json[] = "--json", bad[] = "--xml";
    char *good[] = {dir, w, json}, *wrong[] = {bad};
    struct look_conf c;
    struct errmsg why = {""};

    assert_int_equal(conf_look(3, good, &c, &why), 0);
    assert_true(c.json);
    assert_string_equal(c.dir, "/w");
    assert_int_equal(conf_look(1, wrong, &c, &why), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_line_is_taken),
        cmocka_unit_test(defaults_stand),
        cmocka_unit_test(faults_come_one_by_one),
        cmocka_unit_test(a_card_may_be_in_a_reader),
        cmocka_unit_test(wrong_lines_name_the_option),
        cmocka_unit_test(worlds_are_ordered),
        cmocka_unit_test(looks_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
