/* SPDX-License-Identifier: Apache-2.0 */
/* Personalisation of the built-in template: what is set reads back, contradictions are named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"
#include "smdp/profile/lint.h"
#include "smdp/profile/personalise.h"
#include "smdp/profile/template.h"

struct kit {
    struct buf template;
    struct buf out;
    struct subscription s;
    struct profile_options o;
    struct profile_report report;
    struct errmsg why;
    struct saip_profile p;
    struct saip_map map;
};

static void secret(uint8_t *dst, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(seed + i * i * 37 + i * 11);
}

static void code(struct code8 *c, const char *digits)
{
    c->set = true;
    memset(c->v, 0xFF, 8);
    memcpy(c->v, digits, strlen(digits));
}

static void ota(struct subscription *s, uint8_t n)
{
    s->ota_kvn = 1;
    s->ota_kic.n = s->ota_kid.n = s->ota_dek.n = n;
    secret(s->ota_kic.v, n, 1);
    secret(s->ota_kid.v, n, 2);
    secret(s->ota_dek.v, n, 3);
}

static int setup(void **state)
{
    static struct kit k;
    memset(&k, 0, sizeof(k));
    buf_init(&k.template, 0);
    buf_init(&k.out, 0);
    assert_int_equal(profile_template_build(0, &k.template), ERR_OK);
    assert_int_equal(iccid_parse(span_str("89490100000000000006"), &k.s.iccid), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011234567894"), &k.s.imsi), ERR_OK);
    secret(k.s.k, 16, 0x71);
    secret(k.s.opc, 16, 0x42);
    code(&k.s.puk1, "71829304");
    code(&k.s.puk2, "61829305");
    code(&k.s.adm1, "51829306");
    ota(&k.s, 16);
    *state = &k;
    return 0;
}

static int teardown(void **state)
{
    struct kit *k = *state;
    buf_fini(&k->template);
    buf_fini(&k->out);
    return 0;
}

static int run(struct kit *k)
{
    buf_reset(&k->out);
    memset(&k->why, 0, sizeof(k->why));
    int rc =
        profile_personalise(buf_span(&k->template), &k->s, &k->o, &k->out, &k->report, &k->why);
    if (rc)
        assert_int_equal(k->out.n, 0);
    else
        assert_int_equal(saip_read(buf_span(&k->out), &k->p, &k->why), ERR_OK);
    return rc;
}

static void refused(struct kit *k, int rc, const char *names)
{
    int got = run(k);
    if (got != rc || !strstr(k->why.text, names))
        print_error("%d: %s\n", got, k->why.text);
    assert_int_equal(got, rc);
    assert_non_null(strstr(k->why.text, names));
}

/* Edits the template itself. */
static void template_value(struct kit *k, struct span at, struct span value)
{
    static struct saip_editor e;
    struct buf next;
    buf_init(&next, 0);
    saip_edit_init(&e, buf_span(&k->template));
    saip_edit_value(&e, at, value);
    assert_int_equal(saip_edit_build(&e, &next), ERR_OK);
    buf_fini(&k->template);
    k->template = next;
}

static void template_delete(struct kit *k, struct span at)
{
    static struct saip_editor e;
    struct buf next;
    buf_init(&next, 0);
    saip_edit_init(&e, buf_span(&k->template));
    saip_edit_replace(&e, at, span_of("", 0));
    assert_int_equal(saip_edit_build(&e, &next), ERR_OK);
    buf_fini(&k->template);
    k->template = next;
}

static struct saip_map *map(struct kit *k)
{
    assert_int_equal(saip_locate(buf_span(&k->template), &k->map, NULL), ERR_OK);
    return &k->map;
}

/* The n-th element of a kind. */
static struct span element(struct kit *k, uint32_t tag)
{
    struct reader r = rd_init(buf_span(&k->template));
    struct saip_pe pe = {.raw = {NULL, 0}};
    while (saip_next(&r, &pe) == ERR_OK) {
        if (pe.tag == tag)
            return pe.raw;
    }
    fail();
    return pe.raw;
}

/* --- what is set --- */

static void least_subscription(void **state)
{
    struct kit *k = *state;
    assert_int_equal(run(k), ERR_OK);
    assert_string_equal(k->p.iccid_header.s, k->s.iccid.s);
    assert_string_equal(k->p.iccid_ef.s, k->s.iccid.s);
    assert_string_equal(k->p.imsi.s, k->s.imsi.s);
    assert_memory_equal(k->p.k, k->s.k, 16);
    assert_memory_equal(k->p.opc, k->s.opc, 16);
    assert_memory_equal(k->p.acc, "\x00\x10", 2); /* last digit 4 */
    assert_int_equal(k->p.ad[3], 2);
    assert_string_equal(k->p.profile_type, PROFILE_TEMPLATE_TYPE);
    assert_false(k->p.has_pol);
    assert_int_equal(k->p.connectivity_len, 0);
    assert_int_equal(k->report.size, k->out.n);
    assert_true(k->report.set & PROFILE_AKA);
    assert_int_equal(k->report.kept, PROFILE_PIN1 | PROFILE_PIN2);
    assert_true(k->report.memory > 0);
}

static void whole_subscription(void **state)
{
    struct kit *k = *state;
    struct subscription *s = &k->s;
    assert_int_equal(msisdn_parse(span_str("4917112345678"), &s->msisdn), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("33689924110"), &s->smsc), ERR_OK);
    s->has_acc = true;
    s->acc[0] = 0x02;
    s->mnc_len = 3;
    code(&s->pin1, "1357");
    code(&s->pin2, "2468");
    ota(s, 32);
    s->has_pol1 = true;
    s->pol1 = 3;
    memcpy(s->profile_type, "blue 10 MB", 11);
    assert_int_equal(run(k), ERR_OK);
    assert_string_equal(k->p.msisdn.s, s->msisdn.s);
    assert_string_equal(k->p.smsc.s, s->smsc.s);
    assert_int_equal(k->p.smsp_len, 40);
    assert_memory_equal(k->p.connectivity, "\xA0\x09\x06\x07\x91\x33\x86\x99\x42\x11\xF0", 11);
    assert_int_equal(k->p.connectivity_len, 11);
    assert_memory_equal(k->p.acc, s->acc, 2);
    assert_int_equal(k->p.ad[3], 3);
    assert_int_equal(k->report.mnc_len, 3);
    assert_memory_equal(k->p.pin[0].value, "1357\xFF\xFF\xFF\xFF", 8);
    assert_memory_equal(k->p.pin[2].value, "2468\xFF\xFF\xFF\xFF", 8);
    assert_memory_equal(k->p.puk[0].value, "71829304", 8);
    assert_memory_equal(k->p.puk[1].value, "61829305", 8);
    assert_memory_equal(k->p.pin[1].value, "51829306", 8);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(k->p.ota[i].n, 32);
    assert_memory_equal(k->p.ota[0].value, s->ota_kic.v, 32);
    assert_memory_equal(k->p.ota[1].value, s->ota_kid.v, 32);
    assert_memory_equal(k->p.ota[2].value, s->ota_dek.v, 32);
    assert_true(k->p.has_pol);
    assert_int_equal(k->p.pol, 3);
    assert_string_equal(k->p.profile_type, "blue 10 MB");
    assert_int_equal(k->report.kept, 0);
}

/* A package is a template again: everything is replaced a second time, in place. */
static void twice(void **state)
{
    struct kit *k = *state;
    k->s.has_pol1 = true;
    k->s.pol1 = 4;
    assert_int_equal(msisdn_parse(span_str("491710000"), &k->s.smsc), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("4917112345678"), &k->s.msisdn), ERR_OK);
    assert_int_equal(run(k), ERR_OK);
    size_t n = k->out.n;
    buf_reset(&k->template);
    buf_add_span(&k->template, buf_span(&k->out));
    k->s.pol1 = 1;
    assert_int_equal(iccid_parse(span_str("89490100000000000014"), &k->s.iccid), ERR_OK);
    assert_int_equal(run(k), ERR_OK);
    assert_int_equal(k->out.n, n);
    assert_int_equal(k->p.pol, 1);
    assert_string_equal(k->p.iccid_ef.s, "89490100000000000014");
    k->s.msisdn = (struct msisdn){{0}}; /* no number clears the template's */
    assert_int_equal(run(k), ERR_OK);
    assert_string_equal(k->p.msisdn.s, "");
}

static void lengths_of_identities(void **state)
{
    struct kit *k = *state;
    static const char *const iccids[] = {"894901000000000000", "8949010000000000000",
                                         "89490100000000000006"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(iccid_parse(span_str(iccids[i]), &k->s.iccid), ERR_OK);
        assert_int_equal(imsi_parse(span_of("262011234567890", 13 + i), &k->s.imsi), ERR_OK);
        assert_int_equal(run(k), ERR_OK);
        assert_string_equal(k->p.iccid_ef.s, iccids[i]);
        assert_int_equal(strlen(k->p.imsi.s), 13 + i);
    }
}

static void package_passes_lint(void **state)
{
    struct kit *k = *state;
    static struct lint_report r;
    struct errmsg why = {""};
    assert_int_equal(run(k), ERR_OK);
    profile_lint(buf_span(&k->out), NULL, &r);
    if (lint_sentence(&r, &why))
        print_error("%s\n", why.text);
    assert_int_equal(r.n, 0);
}

static void padded_template(void **state)
{
    struct kit *k = *state;
    buf_reset(&k->template);
    assert_int_equal(profile_template_build(30000, &k->template), ERR_OK);
    assert_int_equal(run(k), ERR_OK);
    assert_in_range(k->out.n, k->template.n, k->template.n + 64);
    assert_true(k->report.memory > 27000);
}

static void connectivity_of_the_route(void **state)
{
    struct kit *k = *state;
    static const uint8_t route[] = {0xA2, 5,    0x47, 3,    'i',  'o',  't', 0xA0,
                                    6,    0x06, 4,    0x91, 0x94, 0x71, 0xF1};
    k->o.connectivity = span_of(route, sizeof(route));
    assert_int_equal(run(k), ERR_OK);
    assert_int_equal(k->p.connectivity_len, sizeof(route));
    assert_memory_equal(k->p.connectivity, route, sizeof(route));
    assert_int_equal(msisdn_parse(span_str("49172"), &k->s.smsc), ERR_OK);
    refused(k, ERR_CONFIG, "smsp"); /* the route says 49171 */
}

static void connectivity_agrees(void **state)
{
    struct kit *k = *state;
    static const uint8_t route[] = {0xA0, 9, 0x06, 4, 0x91, 0x94, 0x17, 0xF1, 0x35, 1, 7};
    k->o.connectivity = span_of(route, sizeof(route));
    assert_int_equal(msisdn_parse(span_str("49711"), &k->s.smsc), ERR_OK);
    assert_int_equal(run(k), ERR_OK);
    assert_memory_equal(k->p.connectivity, route, sizeof(route));
    k->o.connectivity = span_of(route, sizeof(route) - 1);
    refused(k, ERR_FORMAT, "operator's route");
}

/* --- MNC length --- */

static void mnc_length_from_plmn(void **state)
{
    struct kit *k = *state;
    static const struct plmn two[] = {{"26201"}}, three[] = {{"262011"}};
    static const struct plmn both[] = {{"26201"}, {"262011"}}, other[] = {{"26202"}, {"310260"}};
    k->o.plmn = three;
    k->o.n_plmn = 1;
    assert_int_equal(run(k), ERR_OK);
    assert_int_equal(k->p.ad[3], 3);
    k->s.mnc_len = 2;
    refused(k, ERR_CONFIG, "ad_mnc_len");
    k->o.plmn = two;
    assert_int_equal(run(k), ERR_OK);
    assert_int_equal(k->p.ad[3], 2);
    k->o.plmn = both;
    k->o.n_plmn = 2;
    assert_int_equal(run(k), ERR_OK);
    k->s.mnc_len = 0;
    refused(k, ERR_CONFIG, "add column ad_mnc_len");
    k->o.plmn = other;
    refused(k, ERR_CONFIG, "none of the operator's networks");
}

static void mnc_length_from_nowhere(void **state)
{
    struct kit *k = *state;
    template_delete(k, map(k)->ef[SAIP_EF_AD].raw);
    refused(k, ERR_CONFIG, "MNC");
    k->s.mnc_len = 2;
    refused(k, ERR_NOT_FOUND, "EF-AD");
    static const struct plmn two = {"26201"};
    k->s.mnc_len = 0;
    k->o.plmn = &two;
    k->o.n_plmn = 1;
    assert_int_equal(run(k), ERR_OK);
    assert_int_equal(k->p.ad_len, 0);
}

/* --- contradictions and missing places --- */

static void order_of_another_iccid(void **state)
{
    struct kit *k = *state;
    struct iccid other;
    assert_int_equal(iccid_parse(span_str("89490100000000000014"), &other), ERR_OK);
    k->o.iccid = &other;
    refused(k, ERR_CONFIG, "ICCID");
    k->o.iccid = &k->s.iccid;
    assert_int_equal(run(k), ERR_OK);
}

static void places_that_are_missing(void **state)
{
    static const struct {
        enum saip_ef ef;
        const char *names;
    } files[] = {{SAIP_EF_ICCID, "EF-ICCID"},
                 {SAIP_EF_IMSI, "EF-IMSI"},
                 {SAIP_EF_ACC, "EF-ACC"},
                 {SAIP_EF_SMSP, "smsp"},
                 {SAIP_EF_MSISDN, "msisdn"}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)teardown(state);
        assert_int_equal(setup(state), 0);
        struct kit *k = *state;
        assert_int_equal(msisdn_parse(span_str("49171"), &k->s.smsc), ERR_OK);
        k->s.msisdn = k->s.smsc;
        template_delete(k, map(k)->ef[files[i].ef].raw);
        refused(k, ERR_NOT_FOUND, files[i].names);
    }
}

static void elements_that_are_missing(void **state)
{
    static const struct {
        uint32_t tag;
        const char *names;
    } elements[] = {{SAIP_PE_USIM, "USIM"},
                    {SAIP_PE_AKA, "akaParameter"},
                    {SAIP_PE_PUK, "puk1"},
                    {SAIP_PE_PIN, "adm1"},
                    {SAIP_PE_SD, "key set 01"}};
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        (void)teardown(state);
        assert_int_equal(setup(state), 0);
        struct kit *k = *state;
        template_delete(k, element(k, elements[i].tag));
        refused(k, ERR_NOT_FOUND, elements[i].names);
    }
}

static void two_usims(void **state)
{
    struct kit *k = *state;
    static struct saip_editor e;
    struct buf next;
    buf_init(&next, 0);
    saip_edit_init(&e, buf_span(&k->template));
    saip_edit_after(&e, element(k, SAIP_PE_USIM), element(k, SAIP_PE_USIM));
    assert_int_equal(saip_edit_build(&e, &next), ERR_OK);
    buf_fini(&k->template);
    k->template = next;
    refused(k, ERR_NOT_FOUND, "2 USIMs");
}

static void algorithm_must_fit(void **state)
{
    struct kit *k = *state;
    struct tlv t;
    struct span aka = element(k, SAIP_PE_AKA);
    assert_int_equal(tlv_only(aka, 0xA4, &t), ERR_OK);
    assert_int_equal(tlv_find(t.value, 0xA1, &t), ERR_OK);
    assert_int_equal(tlv_find(t.value, 0xA1, &t), ERR_OK);
    assert_int_equal(tlv_find(t.value, 0x80, &t), ERR_OK);
    struct span at = t.raw;
    template_value(k, at, span_of("\x03", 1));
    refused(k, ERR_UNSUPPORTED, "algorithm 3");
    k->o.test = true;
    assert_int_equal(run(k), ERR_OK);
    (void)teardown(state);
    assert_int_equal(setup(state), 0);
    template_delete(k, map(k)->aka[0].opc);
    refused(k, ERR_NOT_FOUND, "opc");
}

static void ota_keys_must_be_own(void **state)
{
    struct kit *k = *state;
    k->s.ota_dek.n = 0;
    refused(k, ERR_CONFIG, "ota_dek");
    k->s.ota_kvn = 0;
    refused(k, ERR_CONFIG, "ota_kic");
    k->o.test = true;
    assert_int_equal(run(k), ERR_OK);
    assert_true(k->report.kept & PROFILE_OTA);
    k->o.test = false;
    ota(&k->s, 16);
    k->s.ota_kvn = 2;
    refused(k, ERR_CONFIG, "remove that key set");
    k->o.test = true;
    refused(k, ERR_NOT_FOUND, "key set 02");
}

static void ota_keys_must_be_aes(void **state)
{
    struct kit *k = *state;
    struct span data = map(k)->key[1].data;
    template_value(k, span_of(data.p - 3, 3), span_of("\x82", 1)); /* keyType in front of it */
    refused(k, ERR_UNSUPPORTED, "01/02");
}

static void not_a_template(void **state)
{
    struct kit *k = *state;
    k->template.n -= 1;
    refused(k, ERR_TRUNCATED, "element");
    k->template.n = 0;
    refused(k, ERR_FORMAT, "element");
}

static void out_of_memory_leaves_nothing(void **state)
{
    struct kit *k = *state;
    buf_fini(&k->out);
    buf_init(&k->out, 64);
    assert_int_equal(
        profile_personalise(buf_span(&k->template), &k->s, NULL, &k->out, &k->report, &k->why),
        ERR_NOMEM);
    assert_int_equal(k->out.n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(least_subscription),
        TEST(whole_subscription),
        TEST(twice),
        TEST(lengths_of_identities),
        TEST(package_passes_lint),
        TEST(padded_template),
        TEST(connectivity_of_the_route),
        TEST(connectivity_agrees),
        TEST(mnc_length_from_plmn),
        TEST(mnc_length_from_nowhere),
        TEST(order_of_another_iccid),
        TEST(places_that_are_missing),
        TEST(elements_that_are_missing),
        TEST(two_usims),
        TEST(algorithm_must_fit),
        TEST(ota_keys_must_be_own),
        TEST(ota_keys_must_be_aes),
        TEST(not_a_template),
        TEST(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
