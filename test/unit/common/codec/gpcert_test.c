/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates 7F21: every field at its border, every element missing, doubled or out of order once
 * (GP Amendment E). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/gpcert.h"
#include "common/codec/tlv.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static const uint8_t POINT[65] = {0x04, 1, 2, 3};
static const uint8_t SIGNATURE[64] = {9};
static const uint8_t IDS[33] = {7};

static struct gpcert sample(void)
{
    return (struct gpcert){
        .serial = span_of(IDS, 1),
        .ca_id = span_of(IDS, 16),
        .subject = span_of(IDS, 16),
        .usage = 0x82,
        .from_date = 20260131,
        .to_date = 20451231,
        .role = GPCERT_ROLE_SMSR,
        .authority_key_id = span_of(IDS, 20),
        .point = span_of(POINT, sizeof POINT),
        .curve = 3,
    };
}

static struct span build(const struct gpcert *c, uint8_t *room, size_t cap)
{
    uint8_t tbs[512];
    struct writer t = wr_init(tbs, sizeof tbs);
    struct writer w = wr_init(room, cap);
    gpcert_tbs_put(&t, c);
    assert_false(t.failed);
    gpcert_put(&w, wr_view(&t), span_of(SIGNATURE, sizeof SIGNATURE));
    return wr_view(&w);
}

static void goes_round(void **state)
{
    (void)state;
    uint8_t room[512];
    struct gpcert in = sample(), c;
    for (unsigned variant = 0; variant < 4; variant++) {
        if (variant == 1) {
            in.from_date = 0;
        } else if (variant == 2) {
            in.role = GPCERT_ROLE_NONE;
            in.authority_key_id = (struct span){NULL, 0};
        } else if (variant == 3) {
            in.usage = 0x8200;
        }
        struct span s = build(&in, room, sizeof room);
        assert_int_equal(gpcert_parse(s, &c), ERR_OK);
        assert_true(span_eq(c.serial, in.serial) && span_eq(c.ca_id, in.ca_id));
        assert_true(span_eq(c.subject, in.subject) && span_eq(c.point, in.point));
        assert_int_equal(c.usage, in.usage);
        assert_int_equal(c.from_date, in.from_date);
        assert_int_equal(c.to_date, in.to_date);
        assert_int_equal(c.role, in.role);
        assert_true(span_eq(c.authority_key_id, in.authority_key_id));
        assert_int_equal(c.curve, 3);
        assert_memory_equal(c.signature.p, SIGNATURE, 64);
        for (size_t n = 0; n < s.n; n++) {
            assert_int_equal(gpcert_parse(span_of(s.p, n), &c), ERR_FORMAT);
        }
        struct writer small = wr_init(room, 100);
        gpcert_put(&small, span_of(IDS, 33), span_of(SIGNATURE, 64));
        assert_true(small.failed);
    }
}

static void usages(void **state)
{
    (void)state;
    assert_true(gpcert_usage_signs(0x82));
    assert_true(gpcert_usage_signs(0x88));
    assert_false(gpcert_usage_signs(0x80));
    assert_false(gpcert_usage_signs(0x8200));
    assert_true(gpcert_usage_agrees(0x80));
    assert_true(gpcert_usage_agrees(0x0080));
    assert_false(gpcert_usage_agrees(0x82));
    assert_false(gpcert_usage_agrees(0x8000));
}

/* The elements of a good certificate in order, so that single ones can be changed. */
static const struct span PARTS[] = {
    {(const uint8_t *)"\x93\x01\x01", 3},
    {(const uint8_t *)"\x42\x01\x02", 3},
    {(const uint8_t *)"\x5F\x20\x01\x02", 4},
    {(const uint8_t *)"\x95\x01\x82", 3},
    {(const uint8_t *)"\x5F\x25\x04\x20\x26\x01\x01", 7},
    {(const uint8_t *)"\x5F\x24\x04\x20\x45\x01\x01", 7},
    {(const uint8_t *)"\x73\x03\xC8\x01\x01", 5},
};
#define N_PARTS (sizeof PARTS / sizeof *PARTS)

static void tail_put(struct writer *w, size_t point, size_t signature)
{
    size_t mark = tlv_open(w, 0x7F49);
    tlv_put(w, 0xB0, span_of(POINT, point));
    tlv_put_u8(w, 0xF0, 0);
    tlv_close(w, mark);
    tlv_put(w, 0x5F37, span_of(SIGNATURE, signature));
}

static int parse_with(size_t at, struct span instead)
{
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);
    struct gpcert c;
    size_t mark = tlv_open(&w, 0x7F21);
    for (size_t i = 0; i < N_PARTS; i++) {
        wr_span(&w, i == at ? instead : PARTS[i]);
    }
    tail_put(&w, 65, 64);
    tlv_close(&w, mark);
    assert_false(w.failed);
    return gpcert_parse(wr_view(&w), &c);
}

static void missing_doubled_moved(void **state)
{
    (void)state;
    assert_int_equal(parse_with(N_PARTS, PARTS[0]), ERR_OK);
    for (size_t i = 0; i < N_PARTS; i++) {
        uint8_t twice[32];
        struct writer w = wr_init(twice, sizeof twice);
        wr_span(&w, PARTS[i]);
        wr_span(&w, PARTS[i]);
        bool optional = i == 4 || i == 6;
        assert_int_equal(parse_with(i, (struct span){PARTS[i].p, 0}),
                         optional ? ERR_OK : ERR_FORMAT);
        assert_int_equal(parse_with(i, wr_view(&w)), ERR_FORMAT);
        assert_int_equal(parse_with(i, PARTS[(i + 1) % N_PARTS]), ERR_FORMAT);
    }
}

static void fields_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        struct span v;
        int want;
    } CASES[] = {
        {0, {(const uint8_t *)"\x93\x00", 2}, ERR_FORMAT},
        {0,
         {(const uint8_t *)"\x93\x10"
                           "0123456789abcdef",
          18},
         ERR_OK},
        {0,
         {(const uint8_t *)"\x93\x11"
                           "0123456789abcdefg",
          19},
         ERR_FORMAT},
        {2, {(const uint8_t *)"\x5F\x20\x00", 3}, ERR_FORMAT},
        {3, {(const uint8_t *)"\x95\x00", 2}, ERR_FORMAT},
        {3, {(const uint8_t *)"\x95\x02\x00\x80", 4}, ERR_OK},
        {3, {(const uint8_t *)"\x95\x03\x00\x00\x80", 5}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x03\x20\x45\x01", 6}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x04\x20\x4A\x01\x01", 7}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x04\x20\x45\x13\x01", 7}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x04\x20\x45\x00\x01", 7}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x04\x20\x45\x01\x32", 7}, ERR_FORMAT},
        {5, {(const uint8_t *)"\x5F\x24\x04\x20\x45\x01\x00", 7}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x03\xC8\x01\x03", 5}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x03\xC8\x01\x00", 5}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x04\xC8\x02\x01\x01", 6}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x06\xC8\x01\x01\xC8\x01\x01", 8}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x02\xC9\x00", 4}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x02\xC8\x05", 4}, ERR_FORMAT},
        {6, {(const uint8_t *)"\x73\x00", 2}, ERR_OK},
        {6, {(const uint8_t *)"\x73\x06\xC8\x01\x02\xCA\x01\x00", 8}, ERR_OK},
        {6, {(const uint8_t *)"\x74\x01\x00", 3}, ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(parse_with(CASES[i].at, CASES[i].v), CASES[i].want);
    }
}

static void tails_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t point, signature;
        bool more;
        int want;
    } CASES[] = {{65, 64, false, ERR_OK},
                 {64, 64, false, ERR_FORMAT},
                 {65, 63, false, ERR_FORMAT},
                 {65, 0, false, ERR_FORMAT},
                 {65, 64, true, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t room[512];
        struct writer w = wr_init(room, sizeof room);
        struct gpcert c;
        size_t mark = tlv_open(&w, 0x7F21);
        for (size_t k = 0; k < N_PARTS; k++) {
            wr_span(&w, PARTS[k]);
        }
        tail_put(&w, CASES[i].point, CASES[i].signature);
        if (CASES[i].more) {
            wr_span(&w, PARTS[0]);
        }
        tlv_close(&w, mark);
        assert_int_equal(gpcert_parse(wr_view(&w), &c), CASES[i].want);
        wr_u8(&w, 0);
        assert_int_equal(gpcert_parse(wr_view(&w), &c), ERR_FORMAT);
    }
}

static void key_encodings(void **state)
{
    (void)state;
    uint8_t room[80];
    for (unsigned bare = 0; bare < 2; bare++) {
        struct writer w = wr_init(room, sizeof room);
        struct tlv t;
        struct span point;
        uint8_t curve;
        bool is_bare;
        gpcert_key_put(&w, span_of(POINT, 65), 3, bare == 1);
        assert_int_equal(tlv_only(wr_view(&w), 0x7F49, &t), ERR_OK);
        assert_int_equal(gpcert_key_parse(t.value, &point, &curve, &is_bare), ERR_OK);
        assert_true(span_eq(point, span_of(POINT, 65)));
        assert_int_equal(is_bare, bare);
        assert_int_equal(curve, bare ? 0 : 3);
        for (size_t n = 0; n < t.value.n; n++) {
            assert_int_equal(gpcert_key_parse(span_of(t.value.p, n), &point, &curve, &is_bare),
                             ERR_FORMAT);
        }
    }
    struct writer w = wr_init(room, sizeof room);
    gpcert_key_put(&w, span_of(POINT, 64), 0, true);
    assert_true(w.failed);
    struct span point;
    uint8_t curve, compressed[65] = {0x02};
    bool bare;
    assert_int_equal(gpcert_key_parse(span_of(compressed, 65), &point, &curve, &bare), ERR_FORMAT);
}

static void bare_key_in_a_certificate_is_refused(void **state)
{
    (void)state;
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);
    struct gpcert c;
    size_t mark = tlv_open(&w, 0x7F21);
    for (size_t k = 0; k < N_PARTS; k++) {
        wr_span(&w, PARTS[k]);
    }
    gpcert_key_put(&w, span_of(POINT, 65), 0, true);
    tlv_put(&w, 0x5F37, span_of(SIGNATURE, 64));
    tlv_close(&w, mark);
    assert_int_equal(gpcert_parse(wr_view(&w), &c), ERR_FORMAT);
}

static void signature_length_when_writing(void **state)
{
    (void)state;
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);
    gpcert_put(&w, PARTS[0], span_of(SIGNATURE, 63));
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_round),
        cmocka_unit_test(usages),
        cmocka_unit_test(missing_doubled_moved),
        cmocka_unit_test(fields_are_refused),
        cmocka_unit_test(tails_are_refused),
        cmocka_unit_test(key_encodings),
        cmocka_unit_test(bare_key_in_a_certificate_is_refused),
        cmocka_unit_test(signature_length_when_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
