/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/cattp.h"

static int again(const struct cattp_pdu *p, struct cattp_pdu *ret, uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);

    cattp_put(&w, p);
    assert_false(w.failed);
    return cattp_parse(wr_view(&w), ret);
}

static void flags_that_exclude_each_other(void **state)
{
    static const struct {
        uint8_t flags;
        bool ok;
    } ROWS[] = {
        {CATTP_SYN, true}, {CATTP_SYN | CATTP_ACK, true}, {CATTP_SYN | CATTP_EACK, false},
        {CATTP_SYN | CATTP_RST, false}, {CATTP_SYN | CATTP_NUL, false},
        {CATTP_SYN | CATTP_SEG, false}, {CATTP_RST, true}, {CATTP_RST | CATTP_ACK, true},
        {CATTP_RST | CATTP_NUL, false}, {CATTP_RST | CATTP_SEG, false}, {CATTP_ACK, true},
        {CATTP_ACK | CATTP_NUL, true}, {CATTP_NUL, false}, {CATTP_EACK, false}, {0, false},
        {CATTP_ACK | CATTP_EACK, true}, {CATTP_ACK | CATTP_SEG, false}};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct cattp_pdu p = {.flags = ROWS[i].flags, .max_pdu = 100,
                              .eacks = span_of("\0\1", ROWS[i].flags & CATTP_EACK ? 2 : 0)};
        uint8_t room[64];
        assert_int_equal(again(&p, &p, room, sizeof room), ROWS[i].ok ? ERR_OK : ERR_FORMAT);
    }
}

static void only_data_pdus_carry_data(void **state)
{
    static const uint8_t NONE[] = {CATTP_SYN, CATTP_RST, CATTP_ACK | CATTP_NUL};
    static const uint8_t SOME[] = {CATTP_ACK, CATTP_ACK | CATTP_SEG, CATTP_ACK | CATTP_EACK};
    uint8_t room[64];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct cattp_pdu p = {.flags = NONE[i], .data = span_str("x")};
        assert_int_equal(again(&p, &p, room, sizeof room), ERR_FORMAT);
        p = (struct cattp_pdu){.flags = SOME[i], .data = span_str("xyz"),
                               .eacks = span_of("\0\1", SOME[i] & CATTP_EACK ? 2 : 0)};
        assert_int_equal(again(&p, &p, room, sizeof room), ERR_OK);
        assert_int_equal(p.data.n, 3);
    }
}

static void a_wrong_octet_is_seen(void **state)
{
    struct cattp_pdu p = {.flags = CATTP_ACK, .seq = 7, .data = span_str("odd length")}, q;
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    cattp_put(&w, &p);
    for (size_t i = 0; i < w.len * 8; i++) {
        room[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(cattp_parse(wr_view(&w), &q), ERR_AUTH);
        room[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    assert_int_equal(cattp_parse(wr_view(&w), &q), ERR_OK);
}

static void another_version_is_named(void **state)
{
    struct cattp_pdu p = {.flags = CATTP_SYN | 1, .source = 5, .destination = 6, .max_pdu = 99}, q;
    uint8_t room[64];

    (void)state;
    assert_int_equal(again(&p, &q, room, sizeof room), ERR_UNSUPPORTED);
    assert_int_equal(q.source, 5);
    assert_int_equal(q.destination, 6);
}

static void what_does_not_fit_is_not_written(void **state)
{
    static uint8_t big[70000];
    uint8_t room[512];
    struct cattp_pdu p = {.flags = CATTP_SYN, .id = span_of(big, CATTP_ID_MAX)};
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    cattp_put(&w, &p);
    assert_false(w.failed);
    assert_int_equal(cattp_parse(wr_view(&w), &p), ERR_OK);
    assert_int_equal(p.id.n, CATTP_ID_MAX);
    p.id.n++;
    w = wr_init(room, sizeof room);
    cattp_put(&w, &p);
    assert_true(w.failed);
    p = (struct cattp_pdu){.flags = CATTP_ACK | CATTP_EACK, .eacks = span_of(big, 3)};
    w = wr_init(room, sizeof room);
    cattp_put(&w, &p);
    assert_true(w.failed);
    p = (struct cattp_pdu){.flags = CATTP_ACK, .data = span_of(big, 65536)};
    w = wr_init(big, sizeof big);
    cattp_put(&w, &p);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_that_exclude_each_other),
        cmocka_unit_test(only_data_pdus_carry_data),
        cmocka_unit_test(a_wrong_octet_is_seen),
        cmocka_unit_test(another_version_is_named),
        cmocka_unit_test(what_does_not_fit_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
