/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "smsr/conf.h"
#include "test/support/path.h"

static const char GOOD[] =
    "smsr: {oid: 1.3.6.1.4.1.99999.1, listen: 127.0.0.1:7101, coap: 127.0.0.1:5683, state: st}\n"
    "networks: [{id: sim, coap: 127.0.0.1:5783}]\n"
    "tls: {ca: ca.pem, cert: smsr.pem, key: smsr.key}\n"
    "gsma: {ci: [ci.pem], cert: smsr.7f21, key: gp.key}\n"
    "keystore: {kek: kek.bin}\n"
    "transport_keys: [{id: tk-1, file: transport.key}]\n"
    "tenants:\n"
    "  - id: water\n"
    "    eid_ranges:\n"
    "      - {from: '890490320000000000000000000000', to: '890490320000000000000000009999'}\n"
    "      - {from: '890490330000000000000000000000', to: '89049033000000000000000000999999'}\n"
    "    admits: [1.3.6.1.4.1.99999.10]\n"
    "  - id: gas\n"
    "    eid_ranges: [{from: '890490340000000000000000000000', to: "
    "'890490340000000000000000009999'}]\n"
    "parties:\n"
    "  - {oid: 1.3.6.1.4.1.99999.10, tenant: blue, roles: [operator], plmn: ['26201', '310260'],\n"
    "     iccid: ['894901'], on_behalf: [1.3.6.1.4.1.99999.2]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.20, tenant: water, roles: [fleet]}\n"
    "  - {oid: 1.3.6.1.4.1.99999.2, tenant: house, roles: [smdp]}\n"
    "plma: [{mno: 1.3.6.1.4.1.99999.10, profile_type: '*', m2m_sp: 1.3.6.1.4.1.99999.20,\n"
    "        operations: [EnableProfile, DisableProfile]}]\n"
    "routes: [{mno: 1.3.6.1.4.1.99999.10, profile_type: '*', network: sim, source: '4917012345',\n"
    "          apn: iot.blue, host: smsr.example, ipv4: 192.0.2.7, port: 7443}]\n"
    "timers: {validity_enable: 20m, resend_1: '90'}\n"
    "limits: {connections: 99, effects_per_hour: 5}\n";

static struct tmpdir tmp;
static struct conf *conf;

static void put(const char *name, const char *content, mode_t mode)
{
    char path[512];
    FILE *f;

    tmpdir_path(&tmp, name, path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int load(const char *content, struct errmsg *why)
{
    char path[512];

    conf_free(conf);
    conf = NULL;
    put("smsr.yaml", content, 0644);
    tmpdir_path(&tmp, "smsr.yaml", path, sizeof path);
    return conf_load(path, 1, &conf, why);
}

static void load_good(void)
{
    struct errmsg why = {{0}};

    if (load(GOOD, &why))
        fail_msg("%s", why.text);
}

static int setup(void **state)
{
    (void)state;
    tmpdir_init(&tmp);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    conf_free(conf);
    conf = NULL;
    tmpdir_fini(&tmp);
    return 0;
}

static void everything_is_taken_over(void **state)
{
    const struct env *env;
    struct oid mno = {"1.3.6.1.4.1.99999.10"}, sp = {"1.3.6.1.4.1.99999.20"},
               dp = {"1.3.6.1.4.1.99999.2"};
    struct iccid iccid = {"8949010000000000018"};
    const struct route *route;
    struct eid eid;

    (void)state;
    load_good();
    env = &conf->env;
    assert_string_equal(conf->listen, "127.0.0.1:7101");
    assert_non_null(strstr(conf->tls_key, tmp.path)); /* relative to the file */
    assert_string_equal(conf->networks[0].coap, "127.0.0.1:5783");
    assert_false(conf->networks[0].receipts);
    assert_string_equal(conf->transport[0].id, "tk-1");
    assert_int_equal(env->n_tenants, 3); /* and blue, which has no realm */
    assert_int_equal(eid_make("890490330000000000000000000999", &eid), ERR_OK);
    assert_string_equal(env_realm(env, &eid)->id, "water");
    assert_true(env_admits(env_realm(env, &eid), &mno));
    assert_string_equal(env_party(env, &mno)->tenant->id, "blue");
    assert_null(env_party(env, &dp)->tenant);
    assert_string_equal(env_party(env, &mno)->plmn[1].s, "310260");
    assert_true(env_on_behalf(env, &mno, &dp));
    assert_true(env_owner_covers(env_party(env, &mno), &iccid));
    assert_true(env_plma(env, &mno, "any", &sp, FN_DISABLE_PROFILE));
    assert_false(env_plma(env, &mno, "any", &sp, FN_DELETE_PROFILE));
    route = env_route(env, &mno, "whatever");
    assert_int_equal(route->port, 7443);
    assert_int_equal(route->ipv4[3], 7);
    assert_true(route->sms && route->https);
    assert_int_equal(env->timer_ms[TIMER_VALIDITY_ENABLE], 20 * 60000);
    assert_int_equal(env->timer_ms[TIMER_RESEND_1], 90000);
    assert_int_equal(env->timer_ms[TIMER_RESEND_2], TIMERS[TIMER_RESEND_2].default_ms);
    assert_int_equal(conf->limits.connections, 99);
    assert_int_equal(env->effects_per_hour, 5);
    assert_int_equal(env->rollbacks_per_day, 2);
}

static void a_time_scale_divides_all_timers(void **state)
{
    char path[512];
    struct errmsg why;

    (void)state;
    load_good();
    conf_free(conf);
    tmpdir_path(&tmp, "smsr.yaml", path, sizeof path);
    assert_int_equal(conf_load(path, 60, &conf, &why), ERR_OK);
    assert_int_equal(conf->env.timer_ms[TIMER_VALIDITY_ENABLE], 20000);
    for (unsigned i = 0; i < TIMER_COUNT; i++)
        if (i != TIMER_VALIDITY_ENABLE && i != TIMER_RESEND_1)
            assert_int_equal(conf->env.timer_ms[i], TIMERS[i].default_ms / 60);
}

static void json_is_yaml(void **state)
{
    struct errmsg why = {{0}};

    (void)state;
    assert_int_equal(
        load("{\"smsr\": {\"oid\": \"1.2.3\", \"listen\": \"[::1]:1\", \"coap\": \"h:2\"},"
             "\"networks\": [{\"id\": \"n\", \"coap\": \"h:3\"}],"
             "\"tls\": {\"ca\": \"a\", \"cert\": \"b\", \"key\": \"c\"},"
             "\"gsma\": {\"ci\": [\"d\"]}, \"keystore\": {\"kek\": \"e\"}}",
             &why),
        ERR_OK);
    assert_string_equal(conf->state, "/var/lib/remora/smsr");
    assert_null(conf->gp_cert);
}

/* Each timer of the table is a key of the file, under its own name. */
static void every_timer_can_be_set(void **state)
{
    struct errmsg why = {{0}};

    (void)state;
    for (unsigned i = 0; i < TIMER_COUNT; i++) {
        char text[4096];
        (void)snprintf(text, sizeof text, "%.*stimers: {%s: %lldms}\n",
                       (int)(strstr(GOOD, "timers:") - GOOD), GOOD, TIMERS[i].name,
                       (long long)TIMERS[i].min_ms);
        if (load(text, &why))
            fail_msg("%s", why.text);
        for (unsigned k = 0; k < TIMER_COUNT; k++)
            assert_int_equal(conf->env.timer_ms[k],
                             k == i ? TIMERS[k].min_ms : TIMERS[k].default_ms);
    }
}

/* One edit of the good file each, and what the refusal must name. */
static const struct { const char *from, *to, *names;
} WRONG[] = {
    {"oid: 1.3.6.1.4.1.99999.1,", "oid: 1.3.6.1.4.1.99999.1, color: red,", "unknown key color; known here: oid, listen, coap, https, cattp, state"},
    {"oid: 1.3.6.1.4.1.99999.1,", "oid: 1.3.6.1.4.1.99999.1, color: red,", "near line 1"},
    {"keystore: {kek: kek.bin}\n", "", "keystore"},
    {"keystore: {kek: kek.bin}\n", "keystore: {kek: kek.bin}\nkeystore: {kek: kek.bin}\n",
     "already seen"},
    {"listen: 127.0.0.1:7101", "listen: 127.0.0.1", "smsr.listen"},
    {"listen: 127.0.0.1:7101", "listen: 127.0.0.1:70000", "smsr.listen"},
    {"oid: 1.3.6.1.4.1.99999.1,", "oid: x,", "smsr.oid"},
    {", key: gp.key", "", "gsma.cert and gsma.key"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, coap: h:1}, {id: sim, coap: h:2}]",
     "stands twice"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[]", "Insufficient entries"},
    {"id: gas", "id: water", "tenant \"water\" stands twice"},
    {"id: gas", "id: house", "has no realm"},
    {"id: gas", "id: 'g as'", "letters and digits"},
    {"'890490340000000000000000000000'", "'890490320000000000000000009999'", "overlap"},
    {"'890490330000000000000000000000'", "'890490320000000000000000000500'", "overlap"},
    {"'890490340000000000000000000000'", "'890490350000000000000000000000'",
     "ends before it begins"},
    {"'890490340000000000000000000000'", "'12'", "30 to 32 digits"},
    {"'890490340000000000000000000000'", "'79049034000000000000000000000a'", "30 to 32 digits"},
    {"admits: [1.3.6.1.4.1.99999.10]", "admits: [abc]", "tenants.admits"},
    {"roles: [fleet]", "roles: [boss]", "\"boss\" is no role"},
    {"roles: [fleet]", "roles: []", "line"},
    {"99999.20, tenant: water", "99999.10, tenant: water", "stands twice"},
    {"['26201', '310260']", "['2620']", "5 or 6 digits"},
    {"iccid: ['894901']", "iccid: ['994901']", "no prefix"},
    {"on_behalf: [1.3.6.1.4.1.99999.2]", "on_behalf: [smdp]", "on_behalf"},
    {"plma: [{mno: 1.3.6.1.4.1.99999.10", "plma: [{mno: 1.3.6.1.4.1.99999.77", "is no party"},
    {"plma: [{mno: 1.3.6.1.4.1.99999.10", "plma: [{mno: 1.3.6.1.4.1.99999.20", "has not the role"},
    {"[EnableProfile, DisableProfile]", "[Enable]", "\"Enable\" is no function"},
    {"network: sim", "network: moon", "none of the networks"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim}]", "either coap or smpp"},
    {"[{id: sim, coap: 127.0.0.1:5783}]",
     "[{id: sim, coap: h:1, smpp: {address: h:2, system_id: r, password: p}}]",
     "either coap or smpp"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, smpp: {address: h, system_id: r, password: p}}]",
     "smpp.address is HOST:PORT"},
    {"[{id: sim, coap: 127.0.0.1:5783}]",
     "[{id: sim, smpp: {address: h:2, system_id: sixteen_letters_, password: p}}]",
     "smpp.system_id has up to 15"},
    {"[{id: sim, coap: 127.0.0.1:5783}]",
     "[{id: sim, smpp: {address: h:2, system_id: r, password: p, window: 257}}]",
     "smpp.window is 1 to 256"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, smpp: {address: h:2, system_id: r}}]",
     "password"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, coap: 127.0.0.1:5783, parts_per_second: 0}]",
     "parts_per_second is 1 to 100000"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, coap: 127.0.0.1:5783, receipts: [some]}]",
     "receipts"},
    {"source: '4917012345'", "source: 'abc'", "no telephone number"},
    {"port: 7443", "port: 77443", "above 65535"},
    {"ipv4: 192.0.2.7", "ipv4: 192.0.2.256", "no IPv4 address"},
    {"ipv4: 192.0.2.7", "ipv4: 192.0.2", "no IPv4 address"},
    {"apn: iot.blue, ", "", "needs apn, host and port"},
    {"port: 7443}", "port: 7443, bearers: [pigeon]}", "none of sms, https and cattp"},
    {"port: 7443}", "port: 7443, udp_port: 70000}", "above 65535"},
    {"port: 7443}", "port: 7443, bearers: [cattp]}", "and sms, by which"},
    {"apn: iot.blue, ", "bearers: [sms, cattp], ", "needs apn"},
    {"roles: [fleet]", "roles: [fleet], bearers: [pigeon]", "party 1.3.6.1.4.1.99999.20: bearer \"pigeon\""},
    {"roles: [fleet]", "roles: [fleet], bearers: [sms, https, sms]", "bearer \"sms\" stands twice"},
    {"roles: [fleet]", "roles: [fleet], cattp_up_to: 0", "cattp_up_to is a number"},
    {"roles: [fleet]", "roles: [fleet], operations: 0", "party 1.3.6.1.4.1.99999.20: operations is 1"},
    {"- id: gas\n", "- id: gas\n    operations: 1000001\n", "tenant gas: operations is 1 to 1000000"},
    {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, coap: 127.0.0.1:5783, data_sessions: 0}]",
     "networks[0]: data_sessions is 1 to 1000000"},
    {"validity_enable: 20m", "validity_enable: soon", "no duration"},
    {"validity_enable: 20m", "validity_enable: 1s", "lies outside"},
    {"validity_enable: 20m", "validity_enabled: 20m", "unknown key"},
    {"connections: 99", "connections: 0", "limits.connections"},
    {"connections: 99", "connections: -1", "Invalid UINT"},
    {"effects_per_hour: 5", "effects_per_hour: 11", "limits.effects_per_hour"},
    {"effects_per_hour: 5", "jitter_percent: 51", "limits.jitter_percent"},
    {"limits:", "limits: {", "line"},
};

static void wrong_files_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        const char *at = strstr(GOOD, WRONG[i].from);
        struct errmsg why = {{0}};
        char text[4096];
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, WRONG[i].to,
                       at + strlen(WRONG[i].from));
        if (load(text, &why) != ERR_CONFIG)
            fail_msg("taken: %s", WRONG[i].to);
        if (!strstr(why.text, WRONG[i].names) || !strstr(why.text, "smsr.yaml"))
            fail_msg("%s\ndoes not name: %s", why.text, WRONG[i].names);
        assert_null(conf);
    }
}

static int edited(const char *const edit[][2], unsigned n, struct errmsg *why)
{
    static char text[4096], next[4096];

    (void)snprintf(text, sizeof text, "%s", GOOD);
    for (unsigned i = 0; i < n; i++) {
        const char *at = strstr(text, edit[i][0]);
        assert_non_null(at);
        (void)snprintf(next, sizeof next, "%.*s%s%s", (int)(at - text), text, edit[i][1],
                       at + strlen(edit[i][0]));
        memcpy(text, next, sizeof text);
    }
    return load(text, why);
}

/* Asked for by name alone: most SMSCs charge for receipts, and they prove nothing. */
static void receipts_are_asked_for_by_network(void **state)
{
    static const char *const EDIT[][2] = {
        {"[{id: sim, coap: 127.0.0.1:5783}]",
         "[{id: sim, coap: h:1, receipts: true}, {id: air, smpp: {address: h:2, system_id: r, password: p}}]"}};
    struct errmsg why = {{0}};

    (void)state;
    if (edited(EDIT, 1, &why))
        fail_msg("%s", why.text);
    assert_true(conf->networks[0].receipts);
    assert_false(conf->networks[1].receipts);
}

static void cattp_on_a_route(void **state)
{
    static const char *const EDIT[][2] = {
        {"port: 7443}", "port: 7443, bearers: [sms, https, cattp]}"},
        {"[{id: sim, coap: 127.0.0.1:5783}]",
         "[{id: sim, smpp: {address: 'h:2', system_id: r, password: transport.key}}]"},
        {"oid: 1.3.6.1.4.1.99999.1,", "oid: 1.3.6.1.4.1.99999.1, cattp: '0.0.0.0:7444',"},
        {"[sms, https, cattp]", "[sms, cattp, https], udp_port: 1234"}};
    struct errmsg why = {{0}};

    (void)state;
    assert_int_equal(edited(EDIT, 1, &why), ERR_OK);
    assert_true(conf->env.routes[0].cattp && conf->env.routes[0].https);
    assert_false(conf->env.routes[0].cattp_first || conf->env.routes[0].cattp_commands);
    assert_int_equal(conf->env.routes[0].udp_port, CATTP_UDP_PORT);
    conf_free(conf);
    conf = NULL;
    assert_int_equal(edited(EDIT, 2, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "needs smsr.cattp"));
    assert_int_equal(edited(EDIT, 4, &why), ERR_OK);
    assert_true(conf->env.routes[0].cattp_first && !conf->env.routes[0].cattp_commands);
    assert_int_equal(conf->env.routes[0].udp_port, 1234);
    assert_string_equal(conf->cattp, "0.0.0.0:7444");
    conf_free(conf);
    conf = NULL;
}

static void what_a_party_prefers(void **state)
{
    static const char *const EDIT[][2] = {
        {"roles: [fleet]", "roles: [fleet], bearers: [cattp, sms], cattp_up_to: 2000, operations: 7"},
        {"- id: gas\n", "- id: gas\n    operations: 70\n"},
        {"[{id: sim, coap: 127.0.0.1:5783}]", "[{id: sim, coap: 127.0.0.1:5783, data_sessions: 5}]"}};
    const struct party *p;
    struct errmsg why = {{0}};

    (void)state;
    assert_int_equal(edited(EDIT, 3, &why), ERR_OK);
    p = &conf->env.parties[1];
    assert_int_equal(p->n_bearers, 2);
    assert_true(p->bearers[0] == BEARER_CATTP && p->bearers[1] == BEARER_SMS);
    assert_int_equal(p->cattp_up_to, 2000);
    assert_int_equal(conf->env.parties[0].n_bearers, 0);
    assert_int_equal(p->operations, 7);
    assert_int_equal(conf->env.tenants[1].operations, 70);
    assert_int_equal(conf->env.tenants[0].operations, 0);
    assert_int_equal(conf->env.n_networks, 1);
    assert_int_equal(conf->env.networks[0].data_sessions, 5);
    assert_int_equal(conf->env.networks[0].parts_per_second, 0);
    conf_free(conf);
    conf = NULL;
}

/* More than the deliveries of one record hold would never hear of their profiles. */
static void as_many_service_providers_as_are_told(void **state)
{
    static const char SP[] =
        "  - {oid: 1.3.6.1.4.1.99999.31, tenant: water, roles: [m2m-sp]}\n"
        "  - {oid: 1.3.6.1.4.1.99999.32, tenant: water, roles: [m2m-sp]}\n"
        "  - {oid: 1.3.6.1.4.1.99999.33, tenant: water, roles: [m2m-sp]}\n";
    static const char ROW[] = ", {mno: 1.3.6.1.4.1.99999.10, profile_type: '%s', m2m_sp: "
                              "1.3.6.1.4.1.99999.%s, operations: [%s]}";
    static const struct { const char *type, *sp, *operation; bool taken; } LAST[] = {
        {"*", "33", "EnableProfile", false},  {"gold", "33", "EnableProfile", false},
        {"*", "33", "DeleteProfile", true},   {"*", "32", "EnableProfile", true},
        {"gold", "33", "DisableProfile", true}};
    const char *parties = strstr(GOOD, "plma:"), *end = strstr(GOOD, "}]\nroutes");

    (void)state;
    for (size_t i = 0; i < sizeof LAST / sizeof *LAST; i++) {
        struct errmsg why = {{0}};
        char text[8192], rows[1024];
        size_t n = 0;
        n += (size_t)snprintf(rows + n, sizeof rows - n, ROW, "*", "31", "EnableProfile");
        n += (size_t)snprintf(rows + n, sizeof rows - n, ROW, "*", "32", "EnableProfile");
        (void)snprintf(rows + n, sizeof rows - n, ROW, LAST[i].type, LAST[i].sp, LAST[i].operation);
        (void)snprintf(text, sizeof text, "%.*s%s%.*s}%s%s", (int)(parties - GOOD), GOOD, SP,
                       (int)(end - parties), parties, rows, end + 1);
        if ((load(text, &why) == ERR_OK) != LAST[i].taken)
            fail_msg("row %u: %s", (unsigned)i, why.text);
        if (!LAST[i].taken) {
            assert_non_null(strstr(why.text, "1.3.6.1.4.1.99999.10"));
            assert_non_null(strstr(why.text, "EnableProfile"));
            assert_non_null(strstr(why.text, "more than 3"));
        }
        conf_free(conf);
        conf = NULL;
    }
}

static void an_absent_or_empty_file_is_said_so(void **state)
{
    struct errmsg why = {{0}};

    (void)state;
    assert_int_equal(conf_load("/nonexistent/smsr.yaml", 1, &conf, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "cannot be opened"));
    assert_int_equal(load("", &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "smsr.yaml"));
}

static void its_files_must_be_there_and_secret(void **state)
{
    static const char *const NAMES[] = {"ca.pem",    "smsr.pem", "smsr.key", "ci.pem",
                                        "smsr.7f21", "gp.key",   "kek.bin",  "transport.key"};
    struct errmsg why = {{0}};
    char path[512];

    (void)state;
    load_good();
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(conf_check_files(conf, &why), ERR_CONFIG);
        assert_non_null(strstr(why.text, NAMES[i]));
        put(NAMES[i], "x", 0600);
    }
    assert_int_equal(conf_check_files(conf, &why), ERR_OK);
    put("kek.bin", "x", 0640);
    assert_int_equal(conf_check_files(conf, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "chmod 0600"));
    put("kek.bin", "x", 0600);
    tmpdir_path(&tmp, "ca.pem", path, sizeof path);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(conf_check_files(conf, &why), ERR_CONFIG); /* a directory is no file */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(everything_is_taken_over),
        CASE(a_time_scale_divides_all_timers),
        CASE(json_is_yaml),
        CASE(receipts_are_asked_for_by_network),
        CASE(every_timer_can_be_set),
        CASE(wrong_files_are_refused_by_name),
        CASE(cattp_on_a_route),
        CASE(what_a_party_prefers),
        CASE(as_many_service_providers_as_are_told),
        CASE(an_absent_or_empty_file_is_said_so),
        CASE(its_files_must_be_there_and_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
