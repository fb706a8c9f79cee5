/* SPDX-License-Identifier: Apache-2.0 */
/* What inspect tells of a package, what it never tells, and one sentence for a bad one. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/codec/tlv.h"
#include "smdp/profile/inspect.h"
#include "smdp/profile/personalise.h"
#include "smdp/profile/template.h"

/* Everything on one line an object, "name=value " each, lists as "name[" and "]". */
static char said[65536];
static size_t n_said;

static void say(const char *fmt, ...) PRINTF_LIKE(1, 2);

static void say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(said + n_said, sizeof(said) - n_said, fmt, args);
    va_end(args);
    n_said += (size_t)n;
    assert_true(n >= 0 && n_said < sizeof(said));
}

static void on_open(void *ctx, const char *name, bool list)
{
    (void)ctx;
    say(list ? "%s[" : "\n%s{", name ? name : "");
}

static void on_close(void *ctx, bool list)
{
    (void)ctx;
    say(list ? "]" : "}");
}

static void on_text(void *ctx, const char *name, struct span s)
{
    (void)ctx;
    say("%s=%.*s ", name ? name : "", (int)s.n, (const char *)s.p);
}

static void on_hex(void *ctx, const char *name, struct span s)
{
    (void)ctx;
    say("%s=", name ? name : "");
    for (size_t i = 0; i < s.n; i++)
        say("%02X", s.p[i]);
    say(" ");
}

static void on_number(void *ctx, const char *name, uint64_t v)
{
    (void)ctx;
    say("%s=%llu ", name ? name : "", (unsigned long long)v);
}

static const struct profile_sink SINK = {NULL, on_open, on_close, on_text, on_hex, on_number};

struct kit {
    struct subscription s;
    struct buf package;
    struct saip_map map;
    struct crypto *crypto;
};

static int setup(void **state)
{
    static struct kit k;
    struct profile_report report;
    struct errmsg why = {""};
    struct buf template;
    memset(&k, 0, sizeof(k));
    assert_int_equal(iccid_parse(span_str("89490100000000000006"), &k.s.iccid), ERR_OK);
    assert_int_equal(imsi_parse(span_str("262011234567894"), &k.s.imsi), ERR_OK);
    for (size_t i = 0; i < 16; i++) {
        k.s.k[i] = (uint8_t)(0xA1 + i * i * 7);
        k.s.opc[i] = (uint8_t)(0x5B + i * i * 11);
        k.s.ota_kic.v[i] = (uint8_t)(0x31 + i * i * 13);
        k.s.ota_kid.v[i] = (uint8_t)(0x71 + i * i * 17);
        k.s.ota_dek.v[i] = (uint8_t)(0x91 + i * i * 19);
    }
    k.s.ota_kic.n = k.s.ota_kid.n = k.s.ota_dek.n = 16;
    k.s.ota_kvn = 1;
    k.s.puk1 = (struct code8){true, "71829304"};
    k.s.puk2 = (struct code8){true, "61829305"};
    k.s.adm1 = (struct code8){true, "51829306"};
    buf_init(&template, 0);
    buf_init(&k.package, 0);
    assert_int_equal(profile_template_build(0, &template), ERR_OK);
    assert_int_equal(
        profile_personalise(buf_span(&template), &k.s, NULL, &k.package, &report, &why), ERR_OK);
    buf_fini(&template);
    assert_int_equal(saip_locate(buf_span(&k.package), &k.map, NULL), ERR_OK);
    k.crypto = crypto_new(NULL);
    n_said = 0;
    said[0] = '\0';
    *state = &k;
    return 0;
}

static int teardown(void **state)
{
    struct kit *k = *state;
    buf_fini(&k->package);
    crypto_free(k->crypto);
    return 0;
}

static void shows(const char *what)
{
    if (!strstr(said, what))
        print_error("nothing says '%s' in:%s\n", what, said);
    assert_non_null(strstr(said, what));
}

static void every_element(void **state)
{
    struct kit *k = *state;
    struct errmsg why = {""};
    char line[160];
    struct reader r = rd_init(buf_span(&k->package));
    struct saip_pe pe;
    assert_int_equal(profile_inspect(buf_span(&k->package), k->crypto, &SINK, &why), ERR_OK);
    while (saip_next(&r, &pe) == ERR_OK) {
        (void)snprintf(line, sizeof(line), "\n{element=%s ", pe.name);
        shows(line);
        (void)snprintf(line, sizeof(line), "offset=%zu octets=%zu ",
                       (size_t)(pe.raw.p - k->package.p), pe.raw.n);
        shows(line);
    }
    (void)snprintf(line, sizeof(line), "octets=%zu memory=%u ", k->package.n, k->map.memory);
    shows(line);
    shows("iccid=89490100000000000006 imsi=262011234567894 ");
    shows("refused=0 warned=0 findings[]");
    shows("file=ef-imsi ");
    shows("fid=6F07 ");
    shows("naa=usim aid=A0000000871002");
    shows("algorithm=milenage key=present, 16 octets opc=present, 16 octets ");
    shows("{reference=01 value=present }");
    shows("{version=01 identifier=01 type=AES octets=16 components=1 kcv=");
    shows("{tar=B00000 level=16 }");
}

/* The octets of no key and no code, whole or in parts of four, as hex or as they are. */
static void no_secrets(void **state)
{
    struct kit *k = *state;
    const struct span secrets[] = {
        span_of(k->s.k, 16),         span_of(k->s.opc, 16),      span_of(k->s.ota_kic.v, 16),
        span_of(k->s.ota_kid.v, 16), span_of(k->s.ota_dek.v, 16), span_of(k->s.puk1.v, 8),
        span_of(k->s.puk2.v, 8),     span_of(k->s.adm1.v, 8),
    };
    struct errmsg why = {""};
    assert_int_equal(profile_inspect(buf_span(&k->package), k->crypto, &SINK, &why), ERR_OK);
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        for (size_t at = 0; at + 4 <= secrets[i].n; at++) {
            const uint8_t *p = secrets[i].p + at;
            char hex[9], as_is[5] = "";
            (void)snprintf(hex, sizeof(hex), "%02X%02X%02X%02X", p[0], p[1], p[2], p[3]);
            assert_null(strstr(said, hex));
            memcpy(as_is, p, 4);
            assert_null(as_is[0] && as_is[3] ? strstr(said, as_is) : NULL);
        }
    }
}

/* The check value is that of the key, and an AES one differs from what DES would give. */
static void check_values(void **state)
{
    struct kit *k = *state;
    struct errmsg why = {""};
    struct key *key = NULL;
    uint8_t kcv[3];
    char line[64];
    assert_int_equal(key_new(KEY_AES, span_of(k->s.ota_kid.v, 16), &key), ERR_OK);
    assert_int_equal(key_kcv(k->crypto, key, kcv), ERR_OK);
    key_free(key);
    assert_int_equal(profile_inspect(buf_span(&k->package), k->crypto, &SINK, &why), ERR_OK);
    (void)snprintf(line, sizeof(line), "identifier=02 type=AES octets=16 components=1 kcv=%02X%02X%02X ",
                   kcv[0], kcv[1], kcv[2]);
    shows(line);
    n_said = 0;
    assert_int_equal(profile_inspect(buf_span(&k->package), NULL, &SINK, &why), ERR_OK);
    assert_null(strstr(said, "kcv="));
}

static void findings(void **state)
{
    struct kit *k = *state;
    struct errmsg why = {""};
    struct saip_editor e;
    struct tlv rfm;
    struct buf bad;
    struct reader r = rd_init(buf_span(&k->package));
    struct saip_pe pe;
    while (saip_next(&r, &pe) == ERR_OK && pe.tag != SAIP_PE_RFM)
        continue;
    assert_int_equal(tlv_find(pe.value, 0x81, &rfm), ERR_OK);
    saip_edit_init(&e, buf_span(&k->package));
    saip_edit_value(&e, rfm.raw, span_of("\x02", 1));
    buf_init(&bad, 0);
    assert_int_equal(saip_edit_build(&e, &bad), ERR_OK);
    assert_int_equal(profile_inspect(buf_span(&bad), NULL, &SINK, &why), ERR_OK);
    shows("refused=1 warned=0 findings[\n{rule=msl-weak commercial=refused test_range=warned "
          "place=rfm, element ");
    shows("tar=B00000 level=02 ");
    buf_fini(&bad);
}

/* Cut and bent anywhere: nothing is shown as a whole, one sentence says where. */
static void bad_packages(void **state)
{
    struct kit *k = *state;
    uint8_t *b = test_malloc(k->package.n);
    for (size_t n = 0; n < k->package.n; n += 7) {
        struct errmsg why = {""};
        memcpy(b, k->package.p, n);
        assert_int_not_equal(profile_inspect(span_of(b, n), NULL, &SINK, &why), ERR_OK);
        assert_true(strstr(why.text, "at octet ") || strstr(why.text, "no end element"));
    }
    test_free(b);
}

/* One octet of a field inside an element is wrong: the sentence names both. */
static void element_and_octet(void **state)
{
    struct kit *k = *state;
    struct errmsg why = {""};
    char place[32];
    uint8_t *length = (uint8_t *)(uintptr_t)k->map.puk[0].value.p + 1;
    *length = 0x09;
    assert_int_not_equal(profile_inspect(buf_span(&k->package), NULL, &SINK, &why), ERR_OK);
    (void)snprintf(place, sizeof(place), "at octet %zu:", (size_t)(length - 1 - k->package.p));
    assert_non_null(strstr(why.text, "profile element pukCodes (identification "));
    assert_non_null(strstr(why.text, place));
    *length = 0x08;
    ((uint8_t *)(uintptr_t)saip_value(k->map.iccid).p)[0] = 0xA9;
    assert_int_not_equal(profile_inspect(buf_span(&k->package), NULL, &SINK, &why), ERR_OK);
    (void)snprintf(place, sizeof(place), "header iccid at octet %zu ",
                   (size_t)(k->map.iccid.p - k->package.p));
    assert_non_null(strstr(why.text, place));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_element), TEST(no_secrets),   TEST(check_values),
        TEST(findings),      TEST(bad_packages), TEST(element_and_octet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
