/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_simnet */
/* Frames of vpcd: each length there is and each that must not be, in one piece and octet by octet. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/euiccsim/net/vpcd.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void controls(void **state)
{
    static const struct {
        uint8_t code;
        enum vpcd_kind kind;
    } ROWS[] = {{0, VPCD_OFF}, {1, VPCD_ON}, {2, VPCD_RESET}, {4, VPCD_ATR}};
    struct vpcd v = {0};
    struct vpcd_msg m;

    (void)state;
    for (unsigned i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct span s = BYTES(0, 1, ROWS[i].code);

        assert_int_equal(vpcd_next(&v, &s, &m), ERR_OK);
        assert_int_equal(m.kind, ROWS[i].kind);
        assert_int_equal(s.n, 0);
        assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    }
    for (unsigned code = 0; code < 256; code++) {
        struct span s = BYTES(0, 1, (uint8_t)code);

        if (code == 0 || code == 1 || code == 2 || code == 4)
            continue;
        v = (struct vpcd){0};
        assert_int_equal(vpcd_next(&v, &s, &m), ERR_FORMAT);
    }
}

static void several_in_one_piece(void **state)
{
    struct span s = BYTES(0, 1, 1, 0, 4, 0x80, 0xCA, 0xFF, 0x21, 0, 1, 4, 0);
    struct vpcd v = {0};
    struct vpcd_msg m;

    (void)state;
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_OK);
    assert_int_equal(m.kind, VPCD_ON);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_OK);
    assert_int_equal(m.kind, VPCD_APDU);
    assert_true(span_eq(m.apdu, BYTES(0x80, 0xCA, 0xFF, 0x21)));
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_OK);
    assert_int_equal(m.kind, VPCD_ATR);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    assert_int_equal(s.n, 0);
    s = BYTES(2, 0x80);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    s = BYTES(0xCA);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_OK);
    assert_true(span_eq(m.apdu, BYTES(0x80, 0xCA)));
}

/* piece: octets handed over at once. */
static void one_length(struct vpcd *v, size_t n, size_t piece)
{
    uint8_t *frame = malloc(n + 2);
    struct vpcd_msg m = {0};
    size_t at = 0;
    int rc = ERR_AGAIN;

    assert_non_null(frame);
    frame[0] = (uint8_t)(n >> 8);
    frame[1] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        frame[2 + i] = (uint8_t)(i * 7 + n);
    while (at < n + 2) {
        struct span s = span_of(frame + at, piece < n + 2 - at ? piece : n + 2 - at);

        assert_int_equal(rc, ERR_AGAIN);
        at += s.n;
        rc = vpcd_next(v, &s, &m);
        assert_int_equal(s.n, 0);
    }
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(m.kind, VPCD_APDU);
    assert_true(span_eq(m.apdu, span_of(frame + 2, n < VPCD_KEPT ? n : VPCD_KEPT)));
    free(frame);
}

static void every_length(void **state)
{
    static const size_t N[] = {2,   3,   4,   5,   126, 127,  128,  255,   256,
                               260, 261, 262, 263, 264, 1000, 4096, 65534, 65535};
    struct vpcd v = {0};

    (void)state;
    for (unsigned i = 0; i < sizeof(N) / sizeof(N[0]); i++) {
        one_length(&v, N[i], 65537);
        one_length(&v, N[i], 1);
        one_length(&v, N[i], 259);
        one_length(&v, N[i], 264); /* the end of what is kept, and its head */
    }
}

static void nothing_is_no_frame(void **state)
{
    struct span s = BYTES(0, 0, 0, 1, 1);
    struct vpcd v = {0};
    struct vpcd_msg m;

    (void)state;
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_FORMAT);
    v = (struct vpcd){0};
    s = span_of(NULL, 0);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    s = BYTES(0);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_AGAIN);
    s = BYTES(0);
    assert_int_equal(vpcd_next(&v, &s, &m), ERR_FORMAT);
}

static void answers(void **state)
{
    static uint8_t data[65536], room[65540];
    struct writer w = wr_init(room, sizeof(room));

    (void)state;
    vpcd_put(&w, BYTES(0x90, 0x00));
    assert_true(span_eq(wr_view(&w), BYTES(0, 2, 0x90, 0)));
    w = wr_init(room, sizeof(room));
    vpcd_put(&w, span_of(data, 65535));
    assert_false(w.failed);
    assert_int_equal(w.len, 65537);
    assert_memory_equal(room, "\xFF\xFF", 2);
    w = wr_init(room, sizeof(room));
    vpcd_put(&w, span_of(data, 65536));
    assert_true(w.failed);
    w = wr_init(room, sizeof(room));
    vpcd_put(&w, span_of(data, 0));
    assert_true(w.failed);
    w = wr_init(room, 3);
    vpcd_put(&w, BYTES(0x90, 0x00));
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controls),     cmocka_unit_test(several_in_one_piece),
        cmocka_unit_test(every_length), cmocka_unit_test(nothing_is_no_frame),
        cmocka_unit_test(answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
