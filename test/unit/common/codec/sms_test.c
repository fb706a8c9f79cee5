/* SPDX-License-Identifier: Apache-2.0 */
/* User-data headers, segmentation borders, TPDUs and validity (TS 23.040 9.2, TS 31.115 4). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/sms.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void part_counts(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        unsigned parts;
    } CASES[] = {{0, 0},   {1, 1},   {126, 1}, {127, 1},   {128, 1},  {137, 1},  {138, 2},
                 {255, 2}, {256, 2}, {266, 2}, {267, 3},   {400, 3},  {401, 4},  {534, 4},
                 {535, 5}, {668, 5}, {669, 6}, {4018, 30}, {4019, 0}, {65535, 0},
                 {SIZE_MAX - 1, 0}, {SIZE_MAX, 0}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        assert_int_equal(sms_parts(CASES[i].n), CASES[i].parts);
    }
}

static void parts_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {1, 126, 127, 128, 137, 138, 255, 256, 266, 267, 4018};
    static uint8_t packet[4018], joined[4018];
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] = (uint8_t)(i * 7);
    }
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct writer all = wr_init(joined, sizeof joined);
        unsigned total = sms_parts(N[i]);
        for (unsigned k = 1; k <= total; k++) {
            uint8_t room[SMS_UD_MAX];
            struct writer w = wr_init(room, sizeof room);
            struct sms_ud ud;
            assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, N[i]), 0x5A, k), ERR_OK);
            assert_int_equal(sms_ud_parse(wr_view(&w), &ud), ERR_OK);
            assert_int_equal(ud.has_concat, total > 1);
            assert_int_equal(ud.has_kind, k == 1);
            assert_true(total == 1 || (ud.ref == 0x5A && ud.total == total && ud.index == k));
            assert_true(k == total || w.len == SMS_UD_MAX);
            wr_span(&all, ud.data);
        }
        assert_true(span_eq(wr_view(&all), span_of(packet, N[i])));
    }
}

static void parts_are_refused(void **state)
{
    (void)state;
    static uint8_t packet[5000];
    uint8_t room[SMS_UD_MAX];
    struct writer w = wr_init(room, sizeof room);
    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, 0), 1, 1), ERR_INVAL);
    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, 200), 1, 0), ERR_INVAL);
    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, 200), 1, 3), ERR_INVAL);
    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, 4019), 1, 1), ERR_TOO_LARGE);
    w = wr_init(room, 139);
    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(packet, 200), 1, 1), ERR_TOO_LARGE);
}

static void header_elements_in_any_order(void **state)
{
    (void)state;
    struct sms_ud ud;
    assert_int_equal(sms_ud_parse(BYTES(7, 0x70, 0, 0, 3, 9, 2, 1, 0xAA), &ud), ERR_OK);
    assert_true(ud.has_kind && ud.kind == SMS_COMMAND && ud.has_concat && ud.ref == 9);
    assert_true(ud.total == 2 && ud.index == 1 && ud.data.n == 1);
    assert_int_equal(sms_ud_parse(BYTES(6, 8, 4, 0x12, 0x34, 3, 2), &ud), ERR_OK);
    assert_true(ud.has_concat && ud.ref == 0x1234 && ud.total == 3 && ud.index == 2);
    assert_true(!ud.has_kind && ud.data.n == 0);
    assert_int_equal(sms_ud_parse(BYTES(7, 0x24, 1, 5, 0x71, 0, 0x25, 0, 1, 2), &ud), ERR_OK);
    assert_true(ud.has_kind && ud.kind == SMS_RESPONSE && ud.data.n == 2);
    assert_int_equal(sms_ud_parse(BYTES(0, 1), &ud), ERR_OK); /* no element: not for us, no error */
    assert_false(ud.has_kind);
}

static void headers_are_refused(void **state)
{
    (void)state;
    static uint8_t big[SMS_UD_MAX + 1];
    struct sms_ud ud;
    assert_int_equal(sms_ud_parse((struct span){NULL, 0}, &ud), ERR_TRUNCATED);
    assert_int_equal(sms_ud_parse(BYTES(3, 0x70, 0), &ud), ERR_TRUNCATED);
    assert_int_equal(sms_ud_parse(BYTES(1, 0x70), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(2, 0x70, 1), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(3, 0x70, 1, 0), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(4, 0x70, 0, 0x71, 0), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(4, 0, 2, 1, 1), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(5, 0, 3, 1, 2, 0), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(5, 0, 3, 1, 2, 3), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(5, 0, 3, 1, 0, 0), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(6, 0, 4, 1, 2, 1, 1), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(5, 8, 3, 1, 2, 1), &ud), ERR_FORMAT);
    assert_int_equal(sms_ud_parse(BYTES(5, 0, 3, 1, 31, 1), &ud), ERR_TOO_LARGE);
    assert_int_equal(sms_ud_parse(span_of(big, sizeof big), &ud), ERR_TOO_LARGE);
    assert_int_equal(sms_ud_parse(span_of(big, sizeof big - 1), &ud), ERR_OK);
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        struct span wire;
    } CASES[] = {
        {"491701234567", {(const uint8_t *)"\x0C\x91\x94\x71\x10\x32\x54\x76", 8}},
        {"49170123456", {(const uint8_t *)"\x0B\x91\x94\x71\x10\x32\x54\xF6", 8}},
        {"01555", {(const uint8_t *)"\x05\x81\x10\x55\xF5", 5}},
        {"910", {(const uint8_t *)"\x03\x81\x19\xF0", 4}},
        {"123456789012345", {(const uint8_t *)"\x0F\x91\x21\x43\x65\x87\x09\x21\x43\xF5", 10}},
        {"", {(const uint8_t *)"\x00\x81", 2}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t room[16];
        struct writer w = wr_init(room, sizeof room);
        struct msisdn in = {""}, out;
        memcpy(in.s, CASES[i].digits, strlen(CASES[i].digits));
        sms_address_put(&w, &in);
        assert_true(span_eq(wr_view(&w), CASES[i].wire));
        struct reader r = rd_init(CASES[i].wire);
        assert_int_equal(sms_address_get(&r, &out), ERR_OK);
        assert_true(rd_done(&r));
        assert_string_equal(out.s, CASES[i].digits);
    }
}

static void addresses_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct span wire;
        int want;
    } CASES[] = {
        {{(const uint8_t *)"", 0}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x04\x91\x21", 3}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x04\xD0\x21\x43", 4}, ERR_UNSUPPORTED}, /* letters */
        {{(const uint8_t *)"\x03\x91\x21\x03", 4}, ERR_FORMAT},      /* no F filler */
        {{(const uint8_t *)"\x02\x91\x2A", 3}, ERR_FORMAT},          /* star */
        {{(const uint8_t *)"\x10\x91\x21\x43\x65\x87\x09\x21\x43\x65", 10}, ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reader r = rd_init(CASES[i].wire);
        struct msisdn m;
        assert_int_equal(sms_address_get(&r, &m), CASES[i].want);
    }
    uint8_t room[16];
    struct writer w = wr_init(room, sizeof room);
    struct msisdn bad = {"49x7"};
    sms_address_put(&w, &bad);
    assert_true(w.failed);
}

static void tpdus_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {0, 1, 126, 127, 128, 140};
    static uint8_t ud[140], room[200];
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct sms_deliver d = {.oa = {"4917"},
                                .pid = 0x7F,
                                .dcs = 0xF6,
                                .scts = {1, 2, 3, 4, 5, 6, 7},
                                .ud = span_of(ud, N[i])},
                           d2;
        struct sms_submit s = {.mr = 9,
                               .da = {"491701234567"},
                               .dcs = 0x04,
                               .ud = span_of(ud, N[i])},
                          s2;
        struct writer w = wr_init(room, sizeof room);
        sms_deliver_put(&w, &d);
        assert_int_equal(sms_deliver_parse(wr_view(&w), &d2), ERR_OK);
        assert_string_equal(d2.oa.s, "4917");
        assert_memory_equal(d2.scts, d.scts, 7);
        assert_int_equal(d2.ud.n, N[i]);
        assert_int_equal(sms_submit_parse(wr_view(&w), &s2), ERR_FORMAT);
        for (size_t n = 0; n < w.len; n++) {
            assert_int_not_equal(sms_deliver_parse(span_of(room, n), &d2), ERR_OK);
        }
        w = wr_init(room, sizeof room);
        sms_submit_put(&w, &s);
        assert_int_equal(sms_submit_parse(wr_view(&w), &s2), ERR_OK);
        assert_int_equal(s2.mr, 9);
        assert_string_equal(s2.da.s, "491701234567");
        assert_int_equal(s2.ud.n, N[i]);
        assert_int_equal(sms_deliver_parse(wr_view(&w), &d2), ERR_FORMAT);
        for (size_t n = 0; n < w.len; n++) {
            assert_int_not_equal(sms_submit_parse(span_of(room, n), &s2), ERR_OK);
        }
    }
}

static void submit_validity_forms_are_skipped(void **state)
{
    (void)state;
    struct sms_submit s;
    assert_int_equal(sms_submit_parse(BYTES(0x51, 1, 0, 0x81, 0, 4, 0xA7, 1, 0xEE), &s), ERR_OK);
    assert_int_equal(s.ud.p[0], 0xEE);
    struct span absolute = BYTES(0x59, 1, 0, 0x81, 0, 4, 1, 2, 3, 4, 5, 6, 7, 1, 0xEE);
    assert_int_equal(sms_submit_parse(absolute, &s), ERR_OK);
    assert_int_equal(s.ud.p[0], 0xEE);
    struct span enhanced = BYTES(0x49, 1, 0, 0x81, 0, 4, 1, 2, 3, 4, 5, 6, 7, 1, 0xEE);
    assert_int_equal(sms_submit_parse(enhanced, &s), ERR_OK);
    assert_int_equal(s.ud.n, 1);
}

static void tpdus_are_refused(void **state)
{
    (void)state;
    static uint8_t ud[141], room[300];
    struct sms_submit s;
    /* no header, septets, UCS2 classes are told apart from a damaged TPDU */
    assert_int_equal(sms_submit_parse(BYTES(0x01, 1, 0, 0x81, 0, 4, 1, 0xEE), &s), ERR_UNSUPPORTED);
    assert_int_equal(sms_submit_parse(BYTES(0x41, 1, 0, 0x81, 0, 0, 1, 0xEE), &s), ERR_UNSUPPORTED);
    assert_int_equal(sms_submit_parse(BYTES(0x41, 1, 0, 0x81, 0, 0xF1, 1, 0xEE), &s),
                     ERR_UNSUPPORTED);
    assert_int_equal(sms_submit_parse(BYTES(0x41, 1, 0, 0x81, 0, 0x24, 1, 0xEE), &s),
                     ERR_UNSUPPORTED);
    assert_int_equal(sms_submit_parse(BYTES(0x41, 1, 0, 0x81, 0, 4, 1, 0xEE, 0), &s), ERR_FORMAT);
    assert_int_equal(sms_submit_parse(BYTES(0x42, 1, 0, 0x81, 0, 4, 1, 0xEE), &s), ERR_FORMAT);
    struct sms_submit big = {.da = {"1"}, .dcs = 4, .ud = span_of(ud, 141)};
    struct writer w = wr_init(room, sizeof room);
    sms_submit_put(&w, &big);
    assert_true(w.failed);
    w = wr_init(room, sizeof room); /* the same by hand: 141 octets on the wire */
    wr_bytes(&w, "\x41\x01\x00\x81\x00\x04\x8D", 7);
    wr_bytes(&w, ud, 141);
    assert_int_equal(sms_submit_parse(wr_view(&w), &s), ERR_FORMAT);
}

static void envelopes(void **state)
{
    (void)state;
    static const size_t N[] = {1, 117, 118, 119, 126, 127, 128, 164};
    static uint8_t tpdu[164], room[255];
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct msisdn sc = {"4477"};
        struct writer w = wr_init(room, sizeof room);
        struct span out;
        sms_envelope_put(&w, &sc, span_of(tpdu, N[i]));
        assert_int_equal(sms_envelope_parse(wr_view(&w), &out), ERR_OK);
        assert_int_equal(out.n, N[i]);
        assert_int_equal(sms_envelope_parse(span_of(room, w.len - 1), &out), ERR_FORMAT);
        assert_null(out.p);
    }
}

static void envelopes_are_refused(void **state)
{
    (void)state;
    struct span out;
    assert_int_equal(sms_envelope_parse((struct span){NULL, 0}, &out), ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 0), &out), ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD6, 7, 0x82, 2, 0x83, 0x81, 0x8B, 1, 0), &out),
                     ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 4, 0x82, 2, 0x83, 0x81), &out), ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 3, 0x8B, 1, 0), &out), ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 7, 0x82, 2, 0x81, 0x83, 0x8B, 1, 0), &out),
                     ERR_FORMAT);
    assert_int_equal(
        sms_envelope_parse(BYTES(0xD1, 10, 0x82, 2, 0x83, 0x81, 0x8B, 1, 0, 0x0B, 1, 0), &out),
        ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 7, 0x82, 2, 0x83, 0x81, 0x8B, 2, 0), &out),
                     ERR_FORMAT);
    assert_int_equal(sms_envelope_parse(BYTES(0xD1, 7, 0x02, 2, 0x83, 0x81, 0x0B, 1, 0), &out),
                     ERR_OK);
}

static void validity(void **state)
{
    (void)state;
    assert_int_equal(sms_vp_seconds(0), 300);
    assert_int_equal(sms_vp_seconds(143), 12 * 3600);
    assert_int_equal(sms_vp_seconds(144), 12 * 3600 + 1800);
    assert_int_equal(sms_vp_seconds(167), 24 * 3600);
    assert_int_equal(sms_vp_seconds(168), 2 * 86400);
    assert_int_equal(sms_vp_seconds(196), 30 * 86400);
    assert_int_equal(sms_vp_seconds(197), 5 * 7 * 86400);
    assert_int_equal(sms_vp_seconds(255), 63 * 7 * 86400);
    for (unsigned vp = 0; vp <= 255; vp++) {
        int64_t s = sms_vp_seconds((uint8_t)vp);
        assert_int_equal(sms_vp_from_seconds(s), vp);
        assert_int_equal(sms_vp_from_seconds(s + 1), vp);
        assert_int_equal(sms_vp_from_seconds(s - 1), vp == 0 ? 0 : vp - 1);
    }
    assert_int_equal(sms_vp_from_seconds(-5), 0);
    assert_int_equal(sms_vp_from_seconds(INT64_MAX), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(part_counts),
        cmocka_unit_test(parts_go_round),
        cmocka_unit_test(parts_are_refused),
        cmocka_unit_test(header_elements_in_any_order),
        cmocka_unit_test(headers_are_refused),
        cmocka_unit_test(addresses),
        cmocka_unit_test(addresses_are_refused),
        cmocka_unit_test(tpdus_go_round),
        cmocka_unit_test(submit_validity_forms_are_skipped),
        cmocka_unit_test(tpdus_are_refused),
        cmocka_unit_test(envelopes),
        cmocka_unit_test(envelopes_are_refused),
        cmocka_unit_test(validity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
