/* SPDX-License-Identifier: Apache-2.0 */
/* Each rule of profile lint: a package that keeps it and one that breaks it; the 1,280 cells of
 * security level and place; DES key sets of every version and type. One file for the one table of rules, though longer
 * than others. */
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
    struct buf good; /* personalised, no finding */
    struct buf bad;
    struct saip_map map; /* of good */
    struct saip_editor e;
    struct lint_options o;
    struct lint_report r;
};

static void secret(uint8_t *dst, size_t n, uint8_t seed)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = (uint8_t)(seed + i * i * 37 + i * 11);
}

static void subscription(struct subscription *s)
{
    memset(s, 0, sizeof(*s));
    assert_int_equal(iccid_parse(span_str("89490100000000000006"), &s->iccid), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011234567894"), &s->imsi), ERR_OK);
    secret(s->k, 16, 0x71);
    secret(s->opc, 16, 0x42);
    s->puk1 = (struct code8){true, "71829304"};
    s->puk2 = (struct code8){true, "61829305"};
    s->adm1 = (struct code8){true, "51829306"};
    s->has_pol1 = true;
    s->ota_kvn = 1;
    s->ota_kic.n = s->ota_kid.n = s->ota_dek.n = 16;
    secret(s->ota_kic.v, 16, 1);
    secret(s->ota_kid.v, 16, 2);
    secret(s->ota_dek.v, 16, 3);
}

static int setup(void **state)
{
    static struct kit k;
    static struct subscription s;
    struct profile_report report;
    struct errmsg why;
    struct buf template;
    memset(&k, 0, sizeof(k));
    subscription(&s);
    buf_init(&template, 0);
    buf_init(&k.good, 0);
    buf_init(&k.bad, 0);
    assert_int_equal(profile_template_build(0, &template), ERR_OK);
    assert_int_equal(profile_personalise(buf_span(&template), &s, NULL, &k.good, &report, &why),
                     ERR_OK);
    buf_fini(&template);
    assert_int_equal(saip_locate(buf_span(&k.good), &k.map, NULL), ERR_OK);
    saip_edit_init(&k.e, buf_span(&k.good));
    *state = &k;
    return 0;
}

static int teardown(void **state)
{
    struct kit *k = *state;
    buf_fini(&k->good);
    buf_fini(&k->bad);
    return 0;
}

static unsigned count(const struct lint_report *r, const char *id, enum lint_severity severity)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->n; i++)
        n += strcmp(r->finding[i].rule->id, id) == 0 && r->finding[i].severity == severity;
    return n;
}

/* Builds the edited package; the rule must be silent on good and speak on bad, commercial and test.
 */
static void breaks(struct kit *k, const char *id, enum lint_severity commercial,
                   enum lint_severity test)
{
    buf_reset(&k->bad);
    assert_int_equal(saip_edit_build(&k->e, &k->bad), ERR_OK);
    profile_lint(buf_span(&k->good), &k->o, &k->r);
    assert_int_equal(count(&k->r, id, LINT_WARN) + count(&k->r, id, LINT_REFUSE), 0);
    profile_lint(buf_span(&k->bad), &k->o, &k->r);
    assert_true(count(&k->r, id, commercial) > 0);
    struct lint_options o = k->o;
    o.test = true;
    profile_lint(buf_span(&k->bad), &o, &k->r);
    assert_true(count(&k->r, id, test) > 0);
    assert_true(test == LINT_REFUSE || k->r.n_refused == 0 || commercial == LINT_WARN);
    saip_edit_init(&k->e, buf_span(&k->good));
}

/* The TLV with these tags, one inside the other, from the first element of a kind. */
static struct span at(struct kit *k, uint32_t pe_tag, const uint32_t *tags, size_t n)
{
    struct reader r = rd_init(buf_span(&k->good));
    struct saip_pe pe;
    struct tlv t = {.tag = 0};
    while (saip_next(&r, &pe) == ERR_OK && pe.tag != pe_tag)
        continue;
    assert_int_equal(pe.tag, pe_tag);
    t.value = pe.value;
    t.raw = pe.raw;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(tlv_find(t.value, tags[i], &t), ERR_OK);
    return t.raw;
}
#define AT(k, pe, ...)                                                                             \
    at(k, pe, (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static void good_is_clean(void **state)
{
    struct kit *k = *state;
    profile_lint(buf_span(&k->good), NULL, &k->r);
    assert_int_equal(k->r.n, 0);
    assert_true(k->r.memory > 0);
    struct errmsg why;
    assert_false(lint_sentence(&k->r, &why));
}

static void structure(void **state)
{
    struct kit *k = *state;
    profile_lint(span_of(k->good.p, k->good.n - 9), NULL, &k->r); /* end cut off */
    assert_int_equal(count(&k->r, "structure", LINT_REFUSE), 1);
    assert_non_null(strstr(k->r.finding[0].place, "end"));
    profile_lint(span_of("", 0), NULL, &k->r);
    assert_int_equal(k->r.n_refused, 1);
    struct errmsg why;
    assert_true(lint_sentence(&k->r, &why));
    assert_non_null(strstr(why.text, "structure"));
}

static void elements(void **state)
{
    struct kit *k = *state;
    saip_edit_replace(&k->e, k->map.ef[SAIP_EF_ICCID].raw, span_of("", 0));
    breaks(k, "element-missing", LINT_REFUSE, LINT_REFUSE);
    saip_edit_replace(&k->e, at(k, SAIP_PE_AKA, NULL, 0), span_of("", 0));
    breaks(k, "element-missing", LINT_REFUSE, LINT_REFUSE);
    saip_edit_replace(&k->e, at(k, SAIP_PE_PIN, NULL, 0), span_of("", 0));
    buf_reset(&k->bad);
    assert_int_equal(saip_edit_build(&k->e, &k->bad), ERR_OK);
    profile_lint(buf_span(&k->bad), NULL, &k->r);
    assert_int_equal(count(&k->r, "element-missing", LINT_REFUSE), 0); /* PIN2 is still there */
    saip_edit_init(&k->e, buf_span(&k->good));
    saip_edit_after(&k->e, at(k, SAIP_PE_MF, NULL, 0), at(k, SAIP_PE_PUK, NULL, 0));
    breaks(k, "element-duplicate", LINT_REFUSE, LINT_REFUSE);
    saip_edit_value(&k->e, AT(k, SAIP_PE_END, 0xA0, 0x81), span_of("\x01", 1));
    breaks(k, "element-duplicate", LINT_REFUSE, LINT_REFUSE);
}

static void header_rules(void **state)
{
    struct kit *k = *state;
    saip_edit_value(&k->e, AT(k, SAIP_PE_HEADER, 0x80), span_of("\x04", 1));
    breaks(k, "version-unknown", LINT_WARN, LINT_WARN);
    saip_edit_value(&k->e, k->map.pol, span_of("\x08", 1));
    breaks(k, "pol1-reserved", LINT_REFUSE, LINT_REFUSE);
    saip_edit_value(&k->e, k->map.iccid, span_of("\x89\x49\x01\0\0\0\0\0\0\x14", 10));
    breaks(k, "iccid-differs", LINT_REFUSE, LINT_REFUSE);
    saip_edit_value(&k->e, k->map.iccid, span_of("\x89\x49\x01\0\0\0\0\0\0\x07", 10));
    breaks(k, "iccid-luhn", LINT_WARN, LINT_WARN);
    saip_edit_value(&k->e, k->map.iccid, span_of("\x89\0\x01\x23\x45\x67\x89\x01\x23\x41", 10));
    saip_edit_file(&k->e, &k->map.ef[SAIP_EF_ICCID],
                   span_of("\x98\0\x10\x32\x54\x76\x98\x10\x32\x14", 10));
    breaks(k, "iccid-test", LINT_REFUSE, LINT_WARN);
}

static void file_rules(void **state)
{
    struct kit *k = *state;
    uint8_t coded[9];
    saip_imsi_put(&(struct imsi){"001010123456063"}, coded);
    saip_edit_file(&k->e, &k->map.ef[SAIP_EF_IMSI], span_of(coded, 9));
    breaks(k, "imsi-test", LINT_REFUSE, LINT_WARN);
    saip_edit_file(&k->e, &k->map.ef[SAIP_EF_AD], span_of("\0\0\0\x04", 4));
    breaks(k, "mnc-length", LINT_REFUSE, LINT_REFUSE);
    saip_edit_file(&k->e, &k->map.ef[SAIP_EF_ACC], span_of("\x04\x01", 2));
    breaks(k, "acc", LINT_WARN, LINT_WARN);
    saip_edit_file(&k->e, &k->map.ef[SAIP_EF_ACC], span_of("\x80\x00", 2));
    breaks(k, "acc", LINT_WARN, LINT_WARN);
}

/* An ISIM whose identity is another subscriber's, then this one's. */
static void isim(void **state)
{
    struct kit *k = *state;
    static const char *const imsis[] = {"001010123456063", "262011234567894"};
    for (size_t i = 0; i < 2; i++) {
        uint8_t b[64];
        struct writer w = wr_init(b, sizeof(b));
        size_t pe = tlv_open(&w, 0xB5);
        size_t file = tlv_open(&w, 0xA3);
        wr_str(&w, "\x83\x13\x80\x11");
        wr_str(&w, imsis[i]);
        wr_str(&w, "@x");
        tlv_close(&w, file);
        tlv_close(&w, pe);
        saip_edit_after(&k->e, at(k, SAIP_PE_OPT_USIM, NULL, 0), wr_view(&w));
        if (i == 0) {
            breaks(k, "isim-identity", LINT_WARN, LINT_WARN);
            continue;
        }
        buf_reset(&k->bad);
        assert_int_equal(saip_edit_build(&k->e, &k->bad), ERR_OK);
        profile_lint(buf_span(&k->bad), NULL, &k->r);
        assert_int_equal(k->r.n, 0);
    }
}

static void aka_rules(void **state)
{
    struct kit *k = *state;
    static const uint8_t count16[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t zero[16];
    saip_edit_value(&k->e, AT(k, SAIP_PE_AKA, 0xA1, 0xA1, 0x80), span_of("\x03", 1));
    breaks(k, "usim-test-algorithm", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, k->map.aka[0].key, span_of(count16, 16));
    breaks(k, "ki-known", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, k->map.aka[0].opc, span_of(zero, 16));
    breaks(k, "opc-known", LINT_REFUSE, LINT_WARN);
    saip_edit_replace(&k->e, k->map.aka[0].opc, span_of("", 0));
    breaks(k, "opc-known", LINT_REFUSE, LINT_WARN);
}

static struct span key_field(const struct saip_key_at *key, size_t back)
{
    return span_of(key->data.p - back, 3); /* 80 01 type in front of 86 */
}

static void key_rules(void **state)
{
    struct kit *k = *state;
    static const uint8_t gp[] = {0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47,
                                 0x48, 0x49, 0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F};
    static const uint32_t kvn[] = {0xA2, 0x30, 0x83};
    saip_edit_value(&k->e, key_field(&k->map.key[0], 3), span_of("\x80", 1));
    breaks(k, "ota-key-des", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, key_field(&k->map.key[0], 3), span_of("\x82", 1));
    saip_edit_value(&k->e, at(k, SAIP_PE_SD, kvn, 3), span_of("\x20", 1));
    breaks(k, "sd-key-des", LINT_WARN, LINT_WARN);
    saip_edit_value(&k->e, k->map.key[2].data, span_of(gp, 16));
    breaks(k, "sd-key-known", LINT_REFUSE, LINT_WARN);
    saip_edit_replace(&k->e, AT(k, SAIP_PE_SD, 0xA2), span_of("", 0));
    breaks(k, "ota-key-missing", LINT_WARN, LINT_WARN);
}

static void code_rules(void **state)
{
    struct kit *k = *state;
    saip_edit_value(&k->e, k->map.puk[0].value, span_of("11111111", 8));
    breaks(k, "code-known", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, k->map.puk[1].value, span_of("12345678", 8));
    breaks(k, "code-known", LINT_REFUSE, LINT_WARN);
    assert_int_equal(k->map.pin[1].key_ref, 0x0A);
    saip_edit_value(&k->e, k->map.pin[1].value, span_of("5555\xFF\xFF\xFF\xFF", 8));
    breaks(k, "code-known", LINT_REFUSE, LINT_WARN);
}

static void level_rules(void **state)
{
    struct kit *k = *state;
    saip_edit_value(&k->e, AT(k, SAIP_PE_RFM, 0x81), span_of("\x02", 1));
    breaks(k, "msl-weak", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, AT(k, SAIP_PE_RFM, 0x81), span_of("\x06", 1));
    breaks(k, "msl-no-counter", LINT_WARN, LINT_WARN);
}

static void type_rules(void **state)
{
    struct kit *k = *state;
    saip_edit_value(&k->e, k->map.type, span_str("ACME generic TEST Profile 2"));
    breaks(k, "type-test", LINT_REFUSE, LINT_WARN);
    saip_edit_value(&k->e, k->map.type, span_str("ACME metering profile, tested"));
    buf_reset(&k->bad);
    assert_int_equal(saip_edit_build(&k->e, &k->bad), ERR_OK);
    profile_lint(buf_span(&k->bad), NULL, &k->r);
    assert_int_equal(k->r.n, 0);
}

static void memory_cap(void **state)
{
    struct kit *k = *state;
    profile_lint(buf_span(&k->good), NULL, &k->r);
    k->o.memory_max = k->r.memory;
    profile_lint(buf_span(&k->good), &k->o, &k->r);
    assert_int_equal(k->r.n, 0);
    k->o.memory_max--;
    profile_lint(buf_span(&k->good), &k->o, &k->r);
    assert_int_equal(count(&k->r, "memory", LINT_REFUSE), 1);
}

static void every_rule_has_a_cure(void **state)
{
    (void)state;
    size_t n = 0;
    const struct lint_rule *rules = lint_rules(&n);
    assert_int_equal(n, 26);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(rules[i].cure) > 10);
        assert_true(rules[i].commercial >= rules[i].test);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rules[i].id, rules[j].id);
    }
}

/* --- tables --- */

static struct span ended(struct writer *w, size_t pe)
{
    tlv_close(w, pe);
    tlv_put(w, 0xAA, span_of("", 0));
    assert_false(w->failed);
    return wr_view(w);
}

/* A package of three elements: the place under test says msl. */
static struct span level_package(uint8_t *dst, size_t cap, enum saip_msl_place place, uint8_t msl)
{
    static const uint8_t header[] = {0xA0, 12, 0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4};
    const uint8_t toolkit[] = {1, 0, 0, 0, 0, 2, 1, msl, 0, 0};
    const uint8_t sim[] = {1, 0, 1, 0, 0, 0, 0, 2, 1, msl, 0};
    bool sd = place == SAIP_MSL_SD_TOOLKIT || place == SAIP_MSL_SD_SIM;
    bool uicc = place == SAIP_MSL_SD_TOOLKIT || place == SAIP_MSL_APP_TOOLKIT;
    struct writer w = wr_init(dst, cap);
    wr_bytes(&w, header, sizeof(header));
    size_t pe = tlv_open(&w, place == SAIP_MSL_RFM ? 0xA7 : sd ? 0xA6 : 0xA8);
    if (place == SAIP_MSL_RFM) {
        tlv_put_u8(&w, 0x81, msl);
    } else {
        size_t list = tlv_open(&w, sd ? 0xA1 : 0xA2);
        size_t instance = sd ? 0 : tlv_open(&w, 0x30);
        size_t group = tlv_open(&w, uicc ? 0xEA : 0xEF);
        tlv_put(&w, uicc ? 0x80 : 0xCA,
                uicc ? span_of(toolkit, sizeof(toolkit)) : span_of(sim, sizeof(sim)));
        tlv_close(&w, group);
        if (!sd)
            tlv_close(&w, instance);
        tlv_close(&w, list);
    }
    return ended(&w, pe);
}

static void levels_in_all_places(void **state)
{
    (void)state;
    static struct lint_report r;
    unsigned cells = 0;
    for (unsigned place = SAIP_MSL_RFM; place <= SAIP_MSL_APP_SIM; place++) {
        for (unsigned msl = 0; msl < 256; msl++, cells++) {
            uint8_t b[128];
            profile_lint(level_package(b, sizeof(b), (enum saip_msl_place)place, (uint8_t)msl),
                         NULL, &r);
            bool integrity = (msl & 3) >= 2, cipher = msl & 4, counter = msl & 16;
            assert_int_equal(count(&r, "structure", LINT_REFUSE), 0);
            assert_int_equal(count(&r, "msl-weak", LINT_REFUSE), !(integrity && cipher));
            assert_int_equal(count(&r, "msl-no-counter", LINT_WARN),
                             integrity && cipher && !counter);
            if (msl < 0x06)
                assert_int_equal(count(&r, "msl-weak", LINT_REFUSE), 1);
            else if (msl < 0x16)
                assert_true(count(&r, "msl-weak", LINT_REFUSE) +
                                count(&r, "msl-no-counter", LINT_WARN) >
                            0);
        }
    }
    assert_int_equal(cells, 1280);
}

/* --- S@T and WIB --- */

/* One element that answers to this TAR at this level: RFM by its list (place 0), an application by
 * its toolkit parameters (1), by those of a SIM toolkit (2), by the end of its AID (3). */
static struct span browser_package(uint8_t *dst, size_t cap, unsigned place, const uint8_t tar[3],
                                   uint8_t level)
{
    static const uint8_t header[] = {0xA0, 12, 0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4};
    const uint8_t listed[] = {1, 0, 0, 0, 0, 2, 1, level, 3, tar[0], tar[1], tar[2], 0};
    const uint8_t silent[] = {1, 0, 0, 0, 0, 2, 1, level, 0, 0};
    const uint8_t sim[] = {1, 0, 1, 0, 0, 0, 0, 2, 1, level, 3, tar[0], tar[1], tar[2]};
    uint8_t aid[16] = {0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, tar[0], tar[1], tar[2], 0};
    struct writer w = wr_init(dst, cap);
    wr_bytes(&w, header, sizeof(header));
    size_t pe = tlv_open(&w, place ? 0xA8 : 0xA7);
    if (place == 0) {
        tlv_put(&w, 0x4F, span_of(aid, 7));
        size_t list = tlv_open(&w, 0xA0);
        tlv_put(&w, 0x04, span_of("\xB0\x00\x00", 3));
        tlv_put(&w, 0x04, span_of(tar, 3));
        tlv_close(&w, list);
        tlv_put_u8(&w, 0x81, level);
    } else {
        size_t list = tlv_open(&w, 0xA2);
        size_t instance = tlv_open(&w, 0x30);
        for (int i = 0; i < 3; i++)
            tlv_put(&w, 0x4F, span_of(aid, i == 2 && place == 3 ? 16 : 7));
        size_t group = tlv_open(&w, place == 2 ? 0xEF : 0xEA);
        tlv_put(&w, place == 2 ? 0xCA : 0x80,
                place == 2   ? span_of(sim, sizeof(sim))
                : place == 3 ? span_of(silent, sizeof(silent))
                             : span_of(listed, sizeof(listed)));
        tlv_close(&w, group);
        tlv_close(&w, instance);
        tlv_close(&w, list);
    }
    return ended(&w, pe);
}

static void browsers_in_all_places(void **state)
{
    static const uint8_t tars[][3] = {
        {0x50, 0x53, 0x48}, {0x53, 0x40, 0x54}, {0, 0, 1},          {0, 0, 9},
        {0xBF, 0xFF, 0},    {0xBF, 0xFF, 0x15}, {0xBF, 0xFF, 0xFF}, {0, 0, 0},
        {0, 0, 10},         {0xBF, 0xFF, 0x06}, {0xB0, 0, 0x10},    {0x53, 0x40, 0x55},
    };
    static struct lint_report r;
    (void)state;
    for (unsigned place = 0; place < 4; place++) {
        for (size_t i = 0; i < sizeof(tars) / 3; i++) {
            for (unsigned level = 0; level < 256; level++) {
                uint8_t b[192];
                bool known = i < 7, weak = lint_msl_weak((uint8_t)level);
                struct lint_options o = {.test = level & 1};
                profile_lint(browser_package(b, sizeof(b), place, tars[i], (uint8_t)level), &o, &r);
                assert_int_equal(count(&r, "structure", LINT_REFUSE), 0);
                assert_int_equal(count(&r, "browser-open", LINT_REFUSE), known && weak);
                assert_int_equal(count(&r, "browser", LINT_WARN), known && !weak);
            }
        }
    }
}

/* Versions 01..0F, key ids 1..3, the five DES types: 225 packages, all refused. */
static void des_key_sets(void **state)
{
    struct kit *k = *state;
    static const uint32_t kid[] = {0xA2, 0x30, 0x82}, kvn[] = {0xA2, 0x30, 0x83};
    unsigned refused = 0;
    for (unsigned v = 1; v <= 15; v++) {
        for (unsigned id = 1; id <= 3; id++) {
            for (unsigned type = 0x80; type <= 0x84; type++) {
                saip_edit_init(&k->e, buf_span(&k->good));
                saip_edit_value(&k->e, at(k, SAIP_PE_SD, kid, 3),
                                span_of(&(uint8_t){(uint8_t)id}, 1));
                saip_edit_value(&k->e, at(k, SAIP_PE_SD, kvn, 3),
                                span_of(&(uint8_t){(uint8_t)v}, 1));
                saip_edit_value(&k->e, key_field(&k->map.key[0], 3),
                                span_of(&(uint8_t){(uint8_t)type}, 1));
                buf_reset(&k->bad);
                assert_int_equal(saip_edit_build(&k->e, &k->bad), ERR_OK);
                profile_lint(buf_span(&k->bad), NULL, &k->r);
                assert_int_equal(count(&k->r, "ota-key-des", LINT_REFUSE), 1);
                refused++;
            }
        }
    }
    assert_int_equal(refused, 225);
}

static void known_keys(void **state)
{
    (void)state;
    uint8_t b[32];
    for (size_t n = 8; n <= 32; n += 8) {
        for (size_t i = 0; i < n; i++)
            b[i] = (uint8_t)i;
        assert_true(lint_key_known(span_of(b, n)));
        for (size_t i = 0; i < n; i++)
            b[i] = (uint8_t)(i % 16);
        assert_true(lint_key_known(span_of(b, n)));
        memset(b, 0xFF, n);
        assert_true(lint_key_known(span_of(b, n)));
        b[n - 1] = 0xFE;
        assert_false(lint_key_known(span_of(b, n)));
        secret(b, n, 5);
        assert_false(lint_key_known(span_of(b, n)));
    }
    assert_true(lint_key_known(
        span_of("\x01\x23\x45\x67\x89\xAB\xCD\xEF\x01\x23\x45\x67\x89\xAB\xCD\xEF", 16)));
    assert_false(lint_key_known(span_of("", 0)));
}

static void known_codes(void **state)
{
    (void)state;
    assert_true(lint_code_known((const uint8_t *)"00000000"));
    assert_true(lint_code_known((const uint8_t *)"12345678"));
    assert_true(lint_code_known((const uint8_t *)"01234567"));
    assert_true(lint_code_known((const uint8_t *)"7777\xFF\xFF\xFF\xFF"));
    assert_true(lint_code_known((const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
    assert_false(lint_code_known((const uint8_t *)"12345679"));
    assert_false(lint_code_known((const uint8_t *)"00000001"));
}

/* More findings than the list holds: all counted, and the refusals are the ones that are named. */
static void full_list(void **state)
{
    (void)state;
    static uint8_t b[2000];
    static struct lint_report r;
    static const uint8_t header[] = {0xA0, 12, 0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4};
    struct writer w = wr_init(b, sizeof(b));
    wr_bytes(&w, header, sizeof(header));
    for (int i = 0; i < 60; i++)
        wr_bytes(&w, "\xA7\x03\x81\x01\x06", 5);
    tlv_put(&w, 0xAA, span_of("", 0));
    struct lint_options o = {.template = true, .memory_max = 1};
    profile_lint(wr_view(&w), &o, &r);
    assert_int_equal(r.n, LINT_FINDINGS);
    assert_true(r.n_warned >= 60);
    assert_int_equal(count(&r, "memory", LINT_REFUSE), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_is_clean),
        TEST(structure),
        TEST(elements),
        TEST(header_rules),
        TEST(file_rules),
        TEST(isim),
        TEST(aka_rules),
        TEST(key_rules),
        TEST(code_rules),
        TEST(level_rules),
        TEST(memory_cap),
        TEST(type_rules),
        TEST(des_key_sets),
        cmocka_unit_test(every_rule_has_a_cure),
        cmocka_unit_test(levels_in_all_places),
        cmocka_unit_test(browsers_in_all_places),
        cmocka_unit_test(known_keys),
        cmocka_unit_test(known_codes),
        cmocka_unit_test(full_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
