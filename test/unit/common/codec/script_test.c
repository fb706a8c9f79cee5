/* SPDX-License-Identifier: Apache-2.0 */
/* Both script forms at every length border, and what a card answers 90 01 xx to (TS 102 226 5.2).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/script.h"

#include <stdlib.h>

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void forms_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {4, 126, 127, 128, 255, 256, 65535};
    uint8_t *room = calloc(2, 65600);
    assert_non_null(room);
    for (size_t i = 0; i < sizeof N / sizeof *N * 4; i++) {
        enum script_form form = i & 1 ? SCRIPT_DEFINITE : SCRIPT_INDEFINITE;
        bool response = (i & 2) != 0;
        struct span v = span_of(room + 65600, N[i / 4]);
        struct writer w = wr_init(room, 65600);
        struct script_writer sw;
        struct script_reader r;
        struct script_item it;
        script_begin(&sw, &w, form, response);
        if (response) {
            script_put_rsp(&sw, v);
        } else {
            script_put_cmd(&sw, v);
        }
        script_end(&sw, 300);
        assert_int_equal(script_open(wr_view(&w), &r), ERR_OK);
        assert_true(r.form == form && r.response == response);
        if (response && form == SCRIPT_DEFINITE) {
            assert_int_equal(script_next(&r, &it), ERR_OK);
            assert_int_equal(it.tag, SCRIPT_TAG_COUNT);
            assert_true(span_eq(it.value, BYTES(0x01, 0x2C)));
        }
        assert_int_equal(script_next(&r, &it), ERR_OK);
        assert_int_equal(it.tag, response ? SCRIPT_TAG_RSP : SCRIPT_TAG_CMD);
        assert_int_equal(it.value.n, v.n);
        assert_int_equal(script_next(&r, &it), ERR_NOT_FOUND);
        assert_int_equal(script_next(&r, &it), ERR_NOT_FOUND);
    }
    free(room);
}

static void empty_scripts(void **state)
{
    (void)state;
    uint8_t room[16];
    struct script_writer sw;
    struct script_reader r;
    struct script_item it;
    struct writer w = wr_init(room, sizeof room);
    script_begin(&sw, &w, SCRIPT_DEFINITE, true);
    script_end(&sw, 0);
    assert_true(span_eq(wr_view(&w), BYTES(0xAB, 0x03, 0x80, 0x01, 0x00)));
    w = wr_init(room, sizeof room);
    script_begin(&sw, &w, SCRIPT_INDEFINITE, false);
    script_end(&sw, 0);
    assert_true(span_eq(wr_view(&w), BYTES(0xAE, 0x80, 0x00, 0x00)));
    assert_int_equal(script_open(wr_view(&w), &r), ERR_OK);
    assert_int_equal(script_next(&r, &it), ERR_NOT_FOUND);
    assert_true(r.ended);
}

static void zeros_inside_values_do_not_end(void **state)
{
    (void)state;
    struct script_reader r;
    struct script_item it;
    struct span s = BYTES(0xAE, 0x80, 0x22, 0x06, 0x80, 0xE2, 0, 0, 0, 0, 0x86, 0x00, 0, 0);
    assert_int_equal(script_open(s, &r), ERR_OK);
    assert_int_equal(script_next(&r, &it), ERR_OK);
    assert_int_equal(script_next(&r, &it), ERR_OK);
    assert_int_equal(it.tag, 0x86);
    assert_int_equal(it.raw.n, 2);
    assert_int_equal(script_next(&r, &it), ERR_NOT_FOUND);
}

static void trailing_zeros_are_counted(void **state)
{
    (void)state;
    struct script_reader r;
    assert_int_equal(script_open(BYTES(0xAE, 0x80, 0x86, 0x00, 0, 0, 0, 0, 0), &r), ERR_OK);
    assert_int_equal(r.trailing, 3);
    assert_int_equal(script_open(BYTES(0xAE, 0x80, 0x86, 0x00, 0, 0, 1), &r), ERR_FORMAT);
    assert_int_equal(r.bad, SCRIPT_BAD_LENGTH);
}

static void templates_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct span s;
        uint8_t bad;
    } CASES[] = {
        {{NULL, 0}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\xAC\x00", 2}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\x22\x00", 2}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\xAA", 1}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAA\x02\x86", 3}, SCRIPT_BAD_LENGTH},             /* too short */
        {{(const uint8_t *)"\xAA\x02\x86\x00\x00", 5}, SCRIPT_BAD_LENGTH},     /* too long */
        {{(const uint8_t *)"\xAA\x80\x86\x00\x00\x00", 6}, SCRIPT_BAD_LENGTH}, /* AA is definite */
        {{(const uint8_t *)"\xAE\x02\x86\x00", 4}, SCRIPT_BAD_LENGTH},         /* AE is not */
        {{(const uint8_t *)"\xAE", 1}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAE\x80", 2}, SCRIPT_BAD_NO_LENGTH},
        {{(const uint8_t *)"\xAE\x80\x00", 3}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAE\x80\x86\x00", 4}, SCRIPT_BAD_NO_LENGTH}, /* no end */
        {{(const uint8_t *)"\xAE\x80\x86\x00\x00", 5}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAE\x80\x86\x05\x00\x00", 6}, SCRIPT_BAD_NO_LENGTH},
        {{(const uint8_t *)"\xAE\x80\x86\x81\x01\x00\x00\x00", 8}, SCRIPT_BAD_LENGTH},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct script_reader r;
        struct script_item it;
        assert_int_equal(script_open(CASES[i].s, &r), ERR_FORMAT);
        assert_int_equal(r.bad, CASES[i].bad);
        assert_int_equal(script_next(&r, &it), ERR_FORMAT);
    }
}

static void elements_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct span s;
        uint8_t bad;
    } CASES[] = {
        {{(const uint8_t *)"\xAA\x04\x23\x02\x90\x00", 6},
         SCRIPT_BAD_TAG}, /* answer in a command */
        {{(const uint8_t *)"\xAA\x03\x80\x01\x01", 5}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\xAA\x02\xAA\x00", 4}, SCRIPT_BAD_TAG}, /* nested */
        {{(const uint8_t *)"\xAA\x04\x9F\x44\x01\x01", 6}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\xAA\x05\x22\x03\x80\xE2\x00", 7}, SCRIPT_BAD_LENGTH}, /* no APDU */
        {{(const uint8_t *)"\xAA\x02\x83\x00", 4}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAA\x04\x83\x02\x01\x01", 6}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAA\x02\x22\x05", 4}, SCRIPT_BAD_NO_LENGTH},
        {{(const uint8_t *)"\xAA\x01\x22", 3}, SCRIPT_BAD_NO_LENGTH},
        {{(const uint8_t *)"\xAB\x06\x22\x04\x80\xE2\x00\x00", 8}, SCRIPT_BAD_TAG},
        {{(const uint8_t *)"\xAB\x03\x23\x01\x90", 5}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAB\x02\x80\x00", 4}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAB\x05\x80\x03\x00\x00\x01", 7}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAB\x05\x9F\x46\x02\x01\x02", 7}, SCRIPT_BAD_LENGTH},
        {{(const uint8_t *)"\xAB\x02\x90\x00", 4}, SCRIPT_BAD_LENGTH},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct script_reader r;
        struct script_item it;
        assert_int_equal(script_open(CASES[i].s, &r), ERR_OK);
        assert_int_equal(script_next(&r, &it), ERR_FORMAT);
        assert_int_equal(r.bad, CASES[i].bad);
        assert_int_equal(script_next(&r, &it), ERR_FORMAT);
    }
}

static void chaining_and_raw_elements(void **state)
{
    (void)state;
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof room);
    struct script_writer sw;
    struct script_reader r;
    struct script_item it;
    script_begin(&sw, &w, SCRIPT_DEFINITE, false);
    script_put_raw(&sw, BYTES(0x83, 0x01, 0x11));
    script_put_raw(&sw, BYTES(0x86, 0x02, 0xCA, 0xFE));
    script_end(&sw, 0);
    assert_int_equal(script_open(wr_view(&w), &r), ERR_OK);
    assert_int_equal(script_next(&r, &it), ERR_OK);
    assert_int_equal(it.tag, SCRIPT_TAG_CHAINING);
    assert_int_equal(it.value.p[0], 0x11);
    assert_int_equal(script_next(&r, &it), ERR_OK);
    assert_true(span_eq(it.raw, BYTES(0x86, 0x02, 0xCA, 0xFE)));
}

static void writer_overflow(void **state)
{
    (void)state;
    uint8_t room[9];
    struct script_writer sw;
    struct writer w = wr_init(room, sizeof room);
    script_begin(&sw, &w, SCRIPT_DEFINITE, true);
    script_put_rsp(&sw, BYTES(0x90, 0x00));
    script_end(&sw, 1); /* AB 07 80 01 01 23 02 90 00 */
    assert_false(w.failed);
    assert_int_equal(w.len, 9);
    w = wr_init(room, 8);
    script_begin(&sw, &w, SCRIPT_DEFINITE, true);
    script_put_rsp(&sw, BYTES(0x90, 0x00));
    script_end(&sw, 1);
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    script_begin(&sw, &w, SCRIPT_DEFINITE, true);
    script_end(&sw, 65536);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_go_round),
        cmocka_unit_test(empty_scripts),
        cmocka_unit_test(zeros_inside_values_do_not_end),
        cmocka_unit_test(trailing_zeros_are_counted),
        cmocka_unit_test(templates_are_refused),
        cmocka_unit_test(elements_are_refused),
        cmocka_unit_test(chaining_and_raw_elements),
        cmocka_unit_test(writer_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
