/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_smdp_app */
/* The configuration file and the keys it names: what is right is read, what is wrong is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/crypto/ecka.h"
#include "common/crypto/pki_issue.h"
#include "smdp/conf.h"
#include "smdp/secrets.h"
#include "test/support/path.h"

static const char GOOD[] =
    "smdp: {oid: 1.3.6.1.4.1.99999.2, listen: 127.0.0.1:7102, state: st}\n"
    "smsr: [{oid: 1.3.6.1.4.1.99999.1, address: 'localhost:7101'}]\n"
    "tls: {ca: ca.pem, cert: smdp.pem, key: smdp.key}\n"
    "gsma: {ci: [ci.pem], cert: gp.7f21, key: gp.key}\n"
    "keystore: {kek: kek.bin}\n"
    "parties:\n"
    "  - {oid: 1.3.6.1.4.1.99999.10, tenant: blue, roles: [operator], plmn: ['26201'], iccid: "
    "['894901']}\n"
    "  - {oid: 1.3.6.1.4.1.99999.11, roles: [operator], iccid: ['894902']}\n"
    "  - {oid: 1.3.6.1.4.1.99999.30, roles: [admin, auditor]}\n"
    "test_eids: [{from: '890490320000000000000000000000', to: '890490320000000000000000009999'}]\n"
    "denied_eids: [{from: '890490320000000000000000000700', to: "
    "'890490320000000000000000000700'}]\n"
    "platforms: [{platform: 'SIM 1.0', services: [usim, milenage]}]\n"
    "low_stock: [{profile_type: meter, mno: 1.3.6.1.4.1.99999.11, below: 5}, {below: 50}]\n"
    "timers: {wait: 20, validity_max: 48h}\n"
    "limits: {orders: 77, packages: 3, profile_memory_kb: 256}\n";

static struct tmpdir tmp;
static struct dp_conf *conf;

static void at(const char *name, char *dst, size_t cap)
{
    tmpdir_path(&tmp, name, dst, cap);
}

static void put(const char *name, const char *content, mode_t mode)
{
    char path[512];
    FILE *f;

    at(name, path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int load(const char *content, unsigned scale, struct errmsg *why)
{
    char path[512];

    dp_conf_free(conf);
    conf = NULL;
    put("smdp.yaml", content, 0644);
    at("smdp.yaml", path, sizeof path);
    return dp_conf_load(path, scale, &conf, why);
}

static int setup(void **state)
{
    (void)state;
    tmpdir_init(&tmp);
    conf = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dp_conf_free(conf);
    tmpdir_fini(&tmp);
    return 0;
}

static void good_file(void **state)
{
    struct errmsg why = {{0}};
    const struct dp_env *e;
    struct oid oid;

    (void)state;
    if (load(GOOD, 60, &why))
        fail_msg("%s", why.text);
    e = &conf->env;
    assert_string_equal(e->smdp_oid.s, "1.3.6.1.4.1.99999.2");
    assert_string_equal(conf->listen, "127.0.0.1:7102");
    assert_non_null(strstr(conf->state, "/st"));
    assert_int_equal(e->n_smsrs, 1);
    assert_string_equal(e->smsrs[0].address, "localhost:7101");
    assert_int_equal(e->n_parties, 3);
    assert_string_equal(e->parties[0].tenant, "blue");
    assert_string_equal(e->parties[1].tenant, "1.3.6.1.4.1.99999.11");
    assert_string_equal(e->parties[2].tenant, "");
    assert_int_equal(oid_parse(span_str("1.3.6.1.4.1.99999.30"), &oid), 0);
    assert_true(dp_env_has_role(dp_env_party(e, &oid), ROLE_AUDITOR));
    assert_int_equal(e->n_test_eids, 1);
    assert_int_equal(e->n_denied_eids, 1);
    assert_int_equal(dp_env_platform(e, span_str("SIM 1.0"))->services, 1 << 1 | 1 << 4);
    assert_null(dp_env_platform(e, span_str("SIM")));
    assert_int_equal(dp_env_low(e, &e->parties[1].oid, "meter"), 5);
    assert_int_equal(dp_env_low(e, &e->parties[1].oid, "metre"), 50);
    assert_int_equal(dp_env_low(e, &e->parties[0].oid, "meter"), 50);
    assert_int_equal(e->timer_ms[DP_TIMER_WAIT], 20000 / 60);
    assert_int_equal(e->timer_ms[DP_TIMER_VALIDITY_MAX], 48 * 3600000 / 60);
    assert_int_equal(e->timer_ms[DP_TIMER_BUSY], 500);
    assert_int_equal(e->orders_max, 77);
    assert_int_equal(e->loads_max, 3);
    assert_int_equal(e->memory_max, 256 * 1024);
    assert_int_equal(conf->limits.connections, 512);
    assert_int_equal(conf->n_certs, 1);
}

/* Each line of GOOD replaced or added to; the sentence names the item. */
static void bad_files(void **state)
{
    static const struct {
        const char *from, *to, *says;
    } ROWS[] = {
        {"smdp: {", "nosuch: 1\nsmdp: {", "nosuch"},
        {"listen: 127.0.0.1:7102", "listen: nowhere", "ADDRESS:PORT"},
        {"listen: 127.0.0.1:7102", "listen: '127.0.0.1:99999'", "ADDRESS:PORT"},
        {"{oid: 1.3.6.1.4.1.99999.2, ", "{oid: abc, ", "no OID"},
        {"'localhost:7101'", "'localhost'", "HOST:PORT"},
        {"}]\ntls", "}, {oid: 1.3.6.1.4.1.99999.1, address: 'b:1'}]\ntls", "twice"},
        {"smsr: [{oid: 1.3.6.1.4.1.99999.1, address: 'localhost:7101'}]\n", "", "smsr"},
        {"kek: kek.bin", "kak: kek.bin", "kak"},
        {"[operator], plmn", "[king], plmn", "king"},
        {"[operator], plmn", "[fleet], plmn", "fleet"},
        {"'26201'", "'2620'", "plmn"},
        {"'894902'", "'8949'", "overlap"},
        {"'894902'", "'994902'", "from 89"},
        {"99999.11,", "99999.10,", "twice"},
        {"tenant: blue", "tenant: 'no good'", "tenant"},
        {"0000009999'}]", "000000'}]", "30 to 32"},
        {"from: '89049032000000000000000000", "from: '89049033000000000000000000", "ends before"},
        {"from: '890490320000000000000000000700", "from: '890490320000000000000000000900",
         "denied_eids"},
        {"[usim, milenage]", "[usim, milenag]", "milenag"},
        {"{below: 50}", "{below: 0}", "from 1 on"},
        {"{below: 50}", "{profile_type: x}", "from 1 on"},
        {"99999.11, below", "99999.30, below", "no operator"},
        {"platform: 'SIM 1.0'", "platform: ''", "platform"},
        {"milenage]}]", "milenage]}, {platform: 'SIM 1.0', services: [usim]}]", "twice"},
        {"wait: 20,", "wait: soon,", "no duration"},
        {"wait: 20,", "wait: 30d,", "outside"},
        {"wait: 20,", "weit: 20,", "weit"},
        {"orders: 77", "orders: 0", "outside"},
        {"orders: 77", "orders: many", "orders"},
        {"gsma: {ci: [ci.pem], cert: gp.7f21, key: gp.key}",
         "gsma: {ci: [], cert: gp.7f21, key: gp.key}", "ci"},
        {"tls: {", "smdp: {oid: 1.2, listen: 'a:1'}\ntls: {", "smdp"},
    };
    struct errmsg why;
    char text[4096];

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *found = strstr(GOOD, ROWS[i].from);
        assert_non_null(found);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(found - GOOD), GOOD, ROWS[i].to,
                       found + strlen(ROWS[i].from));
        memset(&why, 0, sizeof why);
        if (load(text, 1, &why) != ERR_CONFIG)
            fail_msg("row %zu was taken", i);
        if (!strstr(why.text, ROWS[i].says))
            fail_msg("row %zu: %s", i, why.text);
    }
    assert_int_equal(dp_conf_load("absent.yaml", 1, &conf, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "absent.yaml"));
    assert_int_equal(load("", 1, &why), ERR_CONFIG);
}

static void missing_and_open_files(void **state)
{
    static const char *const NAMES[] = {"ca.pem",  "smdp.pem", "smdp.key", "ci.pem",
                                        "gp.7f21", "gp.key",   "kek.bin"};
    struct errmsg why = {{0}};
    char path[512];

    (void)state;
    assert_int_equal(load(GOOD, 1, &why), 0);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        assert_int_equal(dp_conf_check_files(conf, &why), ERR_CONFIG);
        assert_non_null(strstr(why.text, NAMES[i]));
        put(NAMES[i], "x", 0600);
    }
    assert_int_equal(dp_conf_check_files(conf, &why), 0);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        bool secret = strstr(NAMES[i], "key") || strstr(NAMES[i], "kek");
        at(NAMES[i], path, sizeof path);
        assert_int_equal(chmod(path, 0644), 0);
        assert_int_equal(dp_conf_check_files(conf, &why), secret ? ERR_CONFIG : 0);
        if (secret)
            assert_non_null(strstr(why.text, "chmod 0600"));
        assert_int_equal(chmod(path, 0600), 0);
    }
}

/* --- keys --- */
#define NOW INT64_C(1790000000000)
#define DAY INT64_C(86400000)

struct files {
    struct crypto *c;
    struct pki_entity ci;
    struct key *key, *other;
    struct buf cert, sr;
};

static void files_make(struct files *f)
{
    const struct pki_dates valid = {NOW - 10 * DAY, NOW + 10 * DAY};
    const struct pki_subject ci = {"Lab CI", {"1.3.6.1.4.1.99999.40"}, CURVE_P256, valid};
    const struct pki_subject dp = {"Lab DP", {"1.3.6.1.4.1.99999.2"}, CURVE_P256, valid};
    uint8_t point[EC_POINT_LEN], kek[32] = {3};
    char path[512];

    f->c = crypto_new(NULL);
    buf_init(&f->cert, 0);
    buf_init(&f->sr, 0);
    memset(&f->ci, 0, sizeof f->ci);
    assert_int_equal(pki_issue_ci(f->c, &ci, &f->ci), 0);
    assert_int_equal(ec_generate(f->c, CURVE_P256, &f->other, point), 0);
    assert_int_equal(ec_generate(f->c, CURVE_P256, &f->key, point), 0);
    assert_int_equal(
        pki_issue_gp(f->c, &f->ci, GPCERT_ROLE_SMDP, &dp, span_of(point, 65), &f->cert), 0);
    assert_int_equal(pki_issue_gp(f->c, &f->ci, GPCERT_ROLE_SMSR, &dp, span_of(point, 65), &f->sr),
                     0);
    assert_true(f->cert.n <= 252); /* ours fit one STORE DATA block */
    at("ci.pem", path, sizeof path);
    assert_int_equal(pki_write_cert(path, buf_span(&f->ci.der), NULL), 0);
    at("gp.key", path, sizeof path);
    assert_int_equal(pki_write_key(path, f->key, NULL), 0);
    at("other.key", path, sizeof path);
    assert_int_equal(pki_write_key(path, f->other, NULL), 0);
    at("gp.7f21", path, sizeof path);
    assert_int_equal(pki_write_file(path, buf_span(&f->cert), 0644, NULL), 0);
    at("sr.7f21", path, sizeof path);
    assert_int_equal(pki_write_file(path, buf_span(&f->sr), 0644, NULL), 0);
    at("kek.bin", path, sizeof path);
    assert_int_equal(pki_write_file(path, span_of(kek, 32), 0600, NULL), 0);
}

static void files_fini(struct files *f)
{
    pki_entity_fini(&f->ci);
    key_free(f->key);
    key_free(f->other);
    buf_fini(&f->cert);
    buf_fini(&f->sr);
    crypto_free(f->c);
}

static void keys_and_certificates(void **state)
{
    static const struct {
        const char *gsma, *says;
        int64_t now;
    } BAD[] = {
        {"gsma: {ci: [ci.pem], cert: gp.7f21, key: other.key}", "does not belong", NOW},
        {"gsma: {ci: [ci.pem], cert: sr.7f21, key: gp.key}", "sr.7f21", NOW},
        {"gsma: {ci: [ci.pem], cert: ci.pem, key: gp.key}", "ci.pem", NOW},
        {"gsma: {ci: [ci.pem], cert: gp.7f21, key: ci.pem}", "gsma.key", NOW},
        {"gsma: {ci: [gp.key], cert: gp.7f21, key: gp.key}", "gp.key", NOW},
        {"gsma: {ci: [ci.pem], cert: gp.7f21, key: gp.key, certs: [{cert: gp.7f21, key: gp.key}]}",
         "curve of another", NOW},
        {"gsma: {ci: [ci.pem], cert: gp.7f21, key: gp.key}", "gp.7f21", NOW + 20 * DAY},
        {"gsma: {ci: [ci.pem], cert: absent, key: gp.key}", "absent", NOW},
    };
    const char *line = strstr(GOOD, "gsma:"), *end = strchr(line, '\n');
    struct errmsg why = {{0}};
    struct dp_secrets s;
    struct files f;
    char text[4096];

    (void)state;
    files_make(&f);
    assert_int_equal(load(GOOD, 1, &why), 0);
    if (dp_secrets_open(conf, NOW, &s, &why))
        fail_msg("%s", why.text);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.identity[0].curve, CURVE_P256);
    assert_true(span_eq(s.identity[0].cert, buf_span(&f.cert)));
    dp_secrets_close(&s);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(line - GOOD), GOOD, BAD[i].gsma, end);
        assert_int_equal(load(text, 1, &why), 0);
        assert_int_equal(dp_secrets_open(conf, BAD[i].now, &s, &why), ERR_CONFIG);
        if (!strstr(why.text, BAD[i].says))
            fail_msg("row %zu: %s", i, why.text);
        assert_null(s.crypto);
    }
    files_fini(&f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(good_file),
        T(bad_files),
        T(missing_and_open_files),
        T(keys_and_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
