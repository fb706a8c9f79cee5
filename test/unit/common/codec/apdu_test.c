/* SPDX-License-Identifier: Apache-2.0 */
/* The four cases of a short command, responses and status words (ISO 7816-4 5.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void four_cases(void **state)
{
    (void)state;
    struct apdu_cmd c;
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0x88, 0x00), &c), ERR_OK);
    assert_true(c.cla == 0x80 && c.ins == 0xE2 && c.p1 == 0x88 && c.p2 == 0 && !c.has_le);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xCA, 0xFF, 0x21, 0x00), &c), ERR_OK);
    assert_true(c.has_le && c.le == 0 && c.data.n == 0);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 0x02, 7, 8), &c), ERR_OK);
    assert_true(!c.has_le && c.data.n == 2 && c.data.p[1] == 8);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 0x02, 7, 8, 0x10), &c), ERR_OK);
    assert_true(c.has_le && c.le == 0x10 && c.data.n == 2);
}

static void data_lengths_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {0, 1, 126, 127, 128, 254, 255};
    static uint8_t data[256], room[300];
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        for (unsigned le = 0; le < 2; le++) {
            struct apdu_cmd in = {.cla = 0x80, .ins = 0xE2, .data = span_of(data, N[i])};
            struct apdu_cmd out;
            struct writer w = wr_init(room, sizeof room);
            in.has_le = le == 1;
            apdu_cmd_put(&w, &in);
            assert_int_equal(w.len, 4 + (N[i] ? 1 + N[i] : 0) + le);
            assert_int_equal(apdu_cmd_parse(wr_view(&w), &out), ERR_OK);
            assert_int_equal(out.data.n, N[i]);
            assert_int_equal(out.has_le, in.has_le);
        }
    }
    struct apdu_cmd big = {.data = span_of(data, 256)};
    struct writer w = wr_init(room, sizeof room);
    apdu_cmd_put(&w, &big);
    assert_true(w.failed);
}

static void commands_are_refused(void **state)
{
    (void)state;
    struct apdu_cmd c;
    assert_int_equal(apdu_cmd_parse((struct span){NULL, 0}, &c), ERR_TRUNCATED);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0), &c), ERR_TRUNCATED);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 2, 1), &c), ERR_TRUNCATED);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 1, 1, 0, 0), &c), ERR_FORMAT);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 0, 0, 1, 5), &c), ERR_FORMAT);
    assert_int_equal(apdu_cmd_parse(BYTES(0x80, 0xE2, 0, 0, 0, 0), &c), ERR_FORMAT);
}

static void responses(void **state)
{
    (void)state;
    static uint8_t data[300], room[310];
    static const size_t N[] = {0, 1, 127, 128, 255, 256};
    struct apdu_rsp r;
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct writer w = wr_init(room, sizeof room);
        apdu_rsp_put(&w, span_of(data, N[i]), 0x6A88);
        assert_int_equal(apdu_rsp_parse(wr_view(&w), &r), ERR_OK);
        assert_int_equal(r.sw, 0x6A88);
        assert_int_equal(r.data.n, N[i]);
    }
    assert_int_equal(apdu_rsp_parse(BYTES(0x90), &r), ERR_TRUNCATED);
    assert_int_equal(apdu_rsp_parse((struct span){NULL, 0}, &r), ERR_TRUNCATED);
}

static void status_words(void **state)
{
    (void)state;
    static const uint16_t GO_ON[] = {0x9000, 0x6110, 0x6200, 0x62F1, 0x6310, 0x9117};
    static const uint16_t STOP[] = {0x0000, 0x9001, 0x6985, 0x6A88, 0x69E1,
                                    0x6F00, 0x9300, 0x9484, 0x6400};
    for (size_t i = 0; i < sizeof GO_ON / sizeof *GO_ON; i++) {
        assert_true(sw_is_ok(GO_ON[i]));
    }
    for (size_t i = 0; i < sizeof STOP / sizeof *STOP; i++) {
        assert_false(sw_is_ok(STOP[i]));
    }
    assert_string_equal(sw_text(0x6985), "conditions of use not satisfied");
    assert_string_equal(sw_text(0x6A88), "referenced data not found");
    assert_string_equal(sw_text(0x62F1), "response truncated, script stopped");
    assert_string_equal(sw_text(0x6202), "warning, state unchanged");
    assert_string_equal(sw_text(0x1234), "unknown status word");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_cases),           cmocka_unit_test(data_lengths_go_round),
        cmocka_unit_test(commands_are_refused), cmocka_unit_test(responses),
        cmocka_unit_test(status_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
