/* SPDX-License-Identifier: Apache-2.0 */
/* The five public TS.48 test profiles, which are no part of this tree: read from $REMORA_SHARED or
 * ../shared beside the source tree, skipped by name when they are not there. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/codec/tlv.h"
#include "smdp/profile/inspect.h"
#include "smdp/profile/lint.h"
#include "smdp/profile/personalise.h"

static const char *const NAMES[] = {
    "TS48v4_SAIP2.1A_NoBERTLV", "TS48v4_SAIP2.3_BERTLV",      "TS48v5_SAIP2.1A_NoBERTLV",
    "TS48v5_SAIP2.3_NoBERTLV",  "TS48v5_SAIP2.3_BERTLV_SUCI",
};
#define N (sizeof(NAMES) / sizeof(NAMES[0]))

static struct {
    uint8_t b[32768];
    size_t n;
} package[N];

static void load(size_t i)
{
    const char *shared = getenv("REMORA_SHARED");
    const char *source = getenv("REMORA_SOURCE");
    char path[1024];
    if (shared)
        (void)snprintf(path, sizeof(path), "%s/profiles/%s.der", shared, NAMES[i]);
    else
        (void)snprintf(path, sizeof(path), "%s/../shared/profiles/%s.der", source ? source : ".",
                       NAMES[i]);
    FILE *f = fopen(path, "rb");
    if (!f) {
        print_message("skipped: no %s; set REMORA_SHARED to the folder that holds profiles/\n",
                      path);
        skip();
    }
    package[i].n = fread(package[i].b, 1, sizeof(package[i].b), f);
    (void)fclose(f);
    assert_in_range(package[i].n, 12000, 12500);
}

static struct span bytes(size_t i)
{
    return span_of(package[i].b, package[i].n);
}

static void they_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        static struct saip_profile p;
        struct errmsg why = {""};
        load(i);
        int rc = saip_read(bytes(i), &p, &why);
        if (rc)
            print_error("%s: %s\n", NAMES[i], why.text);
        assert_int_equal(rc, ERR_OK);
        assert_int_equal(p.version_major, 2);
        assert_string_equal(p.iccid_header.s, "89000123456789012341");
        assert_string_equal(p.iccid_ef.s, p.iccid_header.s);
        assert_string_equal(p.imsi.s, "001010123456063");
        assert_memory_equal(p.acc, "\x00\x01", 2);
        assert_int_equal(p.ad[3], 2);
        assert_int_equal(p.algorithm, 3);
        assert_true(p.has_k && p.has_opc);
        assert_int_equal(p.k[15], 15);
        assert_int_equal(p.n_pin, 7);
        assert_int_equal(p.n_puk, 2);
        assert_int_equal(p.n_ota, 6);
        assert_int_equal(p.n_des_keys, 3);
        assert_int_equal(p.min_msl, 2);
        assert_in_range(p.n_elements, 28, 30);
    }
}

static void a_commercial_range_refuses_them(void **state)
{
    static const char *const ids[] = {"iccid-test",   "imsi-test",  "usim-test-algorithm", "type-test",
                                      "ki-known",     "opc-known",  "ota-key-des",
                                      "sd-key-known", "code-known", "msl-weak"};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        static struct lint_report r;
        load(i);
        profile_lint(bytes(i), NULL, &r);
        for (size_t j = 0; j < sizeof(ids) / sizeof(ids[0]); j++) {
            bool named = false;
            for (unsigned f = 0; f < r.n; f++)
                named |= strcmp(r.finding[f].rule->id, ids[j]) == 0 &&
                         r.finding[f].severity == LINT_REFUSE;
            assert_true(named);
        }
        struct lint_options template = {.template = true};
        profile_lint(bytes(i), &template, &r);
        assert_true(r.n_refused > 0);
        struct lint_options test = {.test = true};
        profile_lint(bytes(i), &test, &r);
        assert_int_equal(r.n_refused, 0);
        assert_true(r.n_warned > 10);
    }
}

/* --- test profiles in disguise --- */
enum mend { TYPE, ICCID, IMSI, KI, OPC, ALGORITHM, KEYS, CODES, LEVELS, MENDS };

static void mend_secrets(struct saip_editor *e, const struct saip_map *m, unsigned mends)
{
    static const uint8_t secret[16] = {9, 2, 71, 33, 5, 81, 7, 99, 41, 12, 78, 3, 55, 18, 63, 1};
    for (unsigned i = 0; i < m->n_aka; i++) {
        if (mends & 1u << KI)
            saip_edit_value(e, m->aka[i].key, span_of(secret, 16));
        if (mends & 1u << OPC)
            saip_edit_value(e, m->aka[i].opc, span_of(secret, 16));
        if (mends & 1u << ALGORITHM) /* stands right in front of options and key */
            saip_edit_value(e, span_of(m->aka[i].key.p - 6, 3), span_of("\x01", 1));
    }
    for (unsigned i = 0; i < m->n_puk && mends & 1u << CODES; i++)
        saip_edit_value(e, m->puk[i].value, span_of("71829304", 8));
    for (unsigned i = 0; i < m->n_pin && mends & 1u << CODES; i++)
        saip_edit_value(e, m->pin[i].value, span_of("51829306", 8));
}

static void mend_elements(struct saip_editor *e, struct span whole, unsigned mends)
{
    struct reader r = rd_init(whole);
    struct saip_pe pe;
    struct tlv t;
    while (saip_next(&r, &pe) == ERR_OK) {
        if (pe.tag == SAIP_PE_SD && mends & 1u << KEYS &&
            tlv_find(pe.value, 0xA2, &t) == ERR_OK)
            saip_edit_replace(e, t.raw, span_of("", 0));
        /* Without a toolkit field the security domain states no level. */
        if (pe.tag == SAIP_PE_SD && mends & 1u << LEVELS) {
            struct tlv instance, group;
            assert_int_equal(tlv_find(pe.value, 0xA1, &instance), ERR_OK);
            assert_int_equal(tlv_find(instance.value, 0xEA, &group), ERR_OK);
            saip_edit_replace(e, group.raw, span_of("", 0));
        }
        if (pe.tag == SAIP_PE_RFM && mends & 1u << LEVELS) {
            assert_int_equal(tlv_find(pe.value, 0x81, &t), ERR_OK);
            saip_edit_value(e, t.raw, span_of("\x16", 1));
        }
    }
}

static void mended(struct span whole, unsigned mends, struct buf *out)
{
    static struct saip_editor e;
    static struct saip_map m;
    uint8_t coded[9];
    assert_int_equal(saip_locate(whole, &m, NULL), ERR_OK);
    saip_edit_init(&e, whole);
    if (mends & 1u << TYPE)
        saip_edit_value(&e, m.type, span_str("metering"));
    if (mends & 1u << ICCID) {
        saip_edit_value(&e, m.iccid, span_of("\x89\x49\x01\0\0\0\0\0\0\x06", 10));
        saip_edit_file(&e, &m.ef[SAIP_EF_ICCID], span_of("\x98\x94\x10\0\0\0\0\0\0\x60", 10));
    }
    saip_imsi_put(&(struct imsi){"262011234567894"}, coded);
    if (mends & 1u << IMSI)
        saip_edit_file(&e, &m.ef[SAIP_EF_IMSI], span_of(coded, 9));
    mend_secrets(&e, &m, mends);
    mend_elements(&e, whole, mends);
    buf_reset(out);
    assert_int_equal(saip_edit_build(&e, out), ERR_OK);
}

/* A package in which one published thing is mended, or all but one, is refused like the whole; the
 * one in which all are, is not: nothing else was refused. 5 packages, 18 disguises each. */
static void no_disguise_helps(void **state)
{
    static struct lint_report r;
    struct buf out;
    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < N; i++) {
        load(i);
        for (unsigned one = 0; one < MENDS; one++) {
            mended(bytes(i), 1u << one, &out);
            profile_lint(buf_span(&out), NULL, &r);
            assert_true(r.n_refused > 0);
            mended(bytes(i), ((1u << MENDS) - 1) & ~(1u << one), &out);
            profile_lint(buf_span(&out), NULL, &r);
            if (!r.n_refused)
                print_error("%s: disguise %u is taken\n", NAMES[i], one);
            assert_true(r.n_refused > 0);
        }
        mended(bytes(i), (1u << MENDS) - 1, &out);
        profile_lint(buf_span(&out), NULL, &r);
        for (unsigned f = 0; f < r.n; f++)
            if (r.finding[f].severity == LINT_REFUSE)
                print_error("%s: %s\n", r.finding[f].rule->id, r.finding[f].place);
        assert_int_equal(r.n_refused, 0);
    }
    buf_fini(&out);
}

static void subscription(struct subscription *s)
{
    memset(s, 0, sizeof(*s));
    assert_int_equal(iccid_parse(span_str("89490100000000000006"), &s->iccid), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011234567894"), &s->imsi), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("4917112345678"), &s->msisdn), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("491710000"), &s->smsc), ERR_OK);
    for (size_t i = 0; i < 16; i++) {
        s->k[i] = (uint8_t)(i * i + 3);
        s->opc[i] = (uint8_t)(i * i + 70);
    }
    s->puk1 = (struct code8){true, "71829304"};
    s->adm1 = (struct code8){true, "51829306"};
    s->pin2 = (struct code8){true, "4711\xFF\xFF\xFF\xFF"};
    s->has_pol1 = true;
    s->pol1 = 2;
}

static void they_are_templates_of_a_test_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++) {
        static struct saip_profile p;
        static struct subscription s;
        struct profile_options o = {.test = true};
        struct profile_report report;
        struct errmsg why = {""};
        struct buf out;
        load(i);
        subscription(&s);
        buf_init(&out, 0);
        int rc = profile_personalise(bytes(i), &s, &o, &out, &report, &why);
        if (rc)
            print_error("%s: %s\n", NAMES[i], why.text);
        assert_int_equal(rc, ERR_OK);
        assert_int_equal(saip_read(buf_span(&out), &p, &why), ERR_OK);
        assert_string_equal(p.imsi.s, s.imsi.s);
        assert_string_equal(p.smsc.s, s.smsc.s);
        assert_string_equal(p.msisdn.s, s.msisdn.s);
        for (unsigned n = 0; n < p.n_pin; n++)
            assert_int_equal(memcmp(p.pin[n].value, s.pin2.v, 8) == 0, p.pin[n].key_ref == 0x81);
        assert_int_equal(p.pol, 2);
        assert_int_equal(p.n_elements, report.size ? p.n_elements : 0);
        assert_in_range(out.n, package[i].n, package[i].n + 160);
        o.test = false;
        assert_int_equal(profile_personalise(bytes(i), &s, &o, &out, &report, &why),
                         ERR_UNSUPPORTED);
        buf_fini(&out);
    }
}

static unsigned elements;

static void on_name(void *ctx, const char *name, struct span s)
{
    (void)ctx;
    (void)s;
    elements += name && strcmp(name, "element") == 0;
}

static void on_bracket(void *ctx, const char *name, bool list)
{
    (void)ctx;
    (void)name;
    (void)list;
}

static void on_end(void *ctx, bool list)
{
    (void)ctx;
    (void)list;
}

static void on_value(void *ctx, const char *name, uint64_t v)
{
    (void)ctx;
    (void)name;
    (void)v;
}

static void they_are_shown_whole(void **state)
{
    static const struct profile_sink sink = {NULL, on_bracket, on_end, on_name, on_name, on_value};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        struct errmsg why = {""};
        unsigned n = 0;
        load(i);
        elements = 0;
        assert_int_equal(profile_inspect(bytes(i), NULL, &sink, &why), ERR_OK);
        assert_int_equal(saip_check(bytes(i), &n, &why), ERR_OK);
        assert_int_equal(elements, n);
    }
}

/* Cut anywhere, a package is refused and nothing is read behind its end. */
static void cut_packages(void **state)
{
    (void)state;
    load(0);
    for (size_t n = 0; n < package[0].n; n += 13) {
        static struct saip_profile p;
        uint8_t *exact = malloc(n ? n : 1);
        assert_non_null(exact);
        memcpy(exact, package[0].b, n);
        assert_int_not_equal(saip_read(span_of(exact, n), &p, NULL), ERR_OK);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_read),
        cmocka_unit_test(a_commercial_range_refuses_them),
        cmocka_unit_test(no_disguise_helps),
        cmocka_unit_test(they_are_templates_of_a_test_range),
        cmocka_unit_test(they_are_shown_whole),
        cmocka_unit_test(cut_packages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
