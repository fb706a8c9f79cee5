/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV and DGI: every length border both ways, every malformed head refused (X.690 8.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"

#include <stdlib.h>

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static const size_t BORDERS[] = {0, 1, 126, 127, 128, 255, 256, 65535, 65536, 70000};
#define N_BORDERS (sizeof BORDERS / sizeof *BORDERS)

static void lengths_go_round(void **state)
{
    (void)state;
    uint8_t *room = calloc(2, 70016);
    uint8_t *value = room + 70016;
    assert_non_null(room);
    for (size_t i = 0; i < N_BORDERS; i++) {
        struct writer w = wr_init(room, 70016);
        struct tlv t;
        tlv_put(&w, 0x7F21, span_of(value, BORDERS[i]));
        assert_int_equal(w.len, 2 + tlv_len_size(BORDERS[i]) + BORDERS[i]);
        struct reader r = rd_init(wr_view(&w));
        assert_int_equal(tlv_next(&r, &t), ERR_OK);
        assert_int_equal(t.tag, 0x7F21);
        assert_int_equal(t.value.n, BORDERS[i]);
        assert_int_equal(t.raw.n, w.len);
        assert_int_equal(tlv_next(&r, &t), ERR_NOT_FOUND);
        assert_int_equal(tlv_only(span_of(room, w.len - 1), 0x7F21, &t), ERR_FORMAT);
    }
    free(room);
}

static void open_and_close_match_put(void **state)
{
    (void)state;
    uint8_t *room = calloc(3, 70016);
    uint8_t *other = room + 70016, *value = other + 70016;
    assert_non_null(room);
    for (size_t i = 0; i < N_BORDERS; i++) {
        struct writer a = wr_init(room, 70016), b = wr_init(other, 70016);
        tlv_put(&a, 0xE3, span_of(value, BORDERS[i]));
        size_t mark = tlv_open(&b, 0xE3);
        wr_bytes(&b, value, BORDERS[i]);
        tlv_close(&b, mark);
        assert_true(span_eq(wr_view(&a), wr_view(&b)));
    }
    free(room);
}

static void open_nests(void **state)
{
    (void)state;
    uint8_t room[300], fill[200] = {0};
    struct writer w = wr_init(room, sizeof room);
    struct tlv t;
    size_t outer = tlv_open(&w, 0x81);
    size_t inner = tlv_open(&w, 0x83);
    tlv_put(&w, 0x5F37, span_of(fill, sizeof fill));
    tlv_close(&w, inner);
    tlv_put_u8(&w, 0xC8, 1);
    tlv_close(&w, outer);
    assert_int_equal(tlv_only(wr_view(&w), 0x81, &t), ERR_OK);
    struct span body = t.value;
    assert_int_equal(tlv_find(body, 0xC8, &t), ERR_OK);
    assert_int_equal(t.value.p[0], 1);
    assert_int_equal(tlv_find(body, 0x83, &t), ERR_OK);
    assert_int_equal(tlv_only(t.value, 0x5F37, &t), ERR_OK);
    assert_int_equal(t.value.n, sizeof fill);
}

static void tags_go_round(void **state)
{
    (void)state;
    static const uint32_t TAGS[] = {0x01,   0x5A,   0xE3,   0x5F20,  0x7F49,
                                    0x9F06, 0xBF30, 0xFF21, 0x7F8101};
    for (size_t i = 0; i < sizeof TAGS / sizeof *TAGS; i++) {
        uint8_t room[8];
        struct writer w = wr_init(room, sizeof room);
        struct tlv t;
        tlv_put_u8(&w, TAGS[i], 0x2A);
        assert_int_equal(tlv_only(wr_view(&w), TAGS[i], &t), ERR_OK);
        assert_int_equal(tlv_only(wr_view(&w), TAGS[i] ^ 0x40, &t), ERR_FORMAT);
    }
}

static void malformed_heads_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct span s;
        int want;
    } CASES[] = {
        {{(const uint8_t *)"\x00\x00", 2}, ERR_FORMAT},         /* tag 00 */
        {{(const uint8_t *)"\x5A\x80\x00\x00", 4}, ERR_FORMAT}, /* indefinite */
        {{(const uint8_t *)"\x5A\x81\x7F", 3}, ERR_FORMAT},     /* not minimal */
        {{(const uint8_t *)"\x5A\x82\x00\xFF", 4}, ERR_FORMAT},
        {{(const uint8_t *)"\x5A\x83\x00\xFF\xFF", 5}, ERR_FORMAT},
        {{(const uint8_t *)"\x5A\x84\x00\x00\x00\x01\x00", 7}, ERR_FORMAT},
        {{(const uint8_t *)"\x5A\xFF\x00", 3}, ERR_FORMAT},
        {{(const uint8_t *)"\x5F\x80\x01\x00", 4}, ERR_FORMAT}, /* seven zero bits */
        {{(const uint8_t *)"\x5F\x00\x00", 3}, ERR_FORMAT},
        {{(const uint8_t *)"\x5F\x81\x81\x01\x00", 5}, ERR_FORMAT}, /* four octets */
        {{(const uint8_t *)"\x5A", 1}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5F", 1}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5F\x81", 2}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5A\x81", 2}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5A\x82\x01", 3}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5A\x02\x01", 3}, ERR_TRUNCATED},
        {{(const uint8_t *)"\x5A\x83\xFF\xFF\xFF\x00", 6}, ERR_TRUNCATED},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct reader r = rd_init(CASES[i].s);
        struct tlv t;
        assert_int_equal(tlv_next(&r, &t), CASES[i].want);
        assert_int_equal(tlv_next(&r, &t), ERR_TRUNCATED); /* sticky */
    }
}

static void find_tells_absent_from_broken(void **state)
{
    (void)state;
    struct tlv t;
    assert_int_equal(tlv_find(BYTES(0x80, 0x01, 0x05), 0x81, &t), ERR_NOT_FOUND);
    assert_int_equal(tlv_find((struct span){NULL, 0}, 0x81, &t), ERR_NOT_FOUND);
    assert_int_equal(tlv_find(BYTES(0x80, 0x01, 0x05, 0x81, 0x02, 0x00), 0x81, &t), ERR_TRUNCATED);
    assert_int_equal(tlv_find(BYTES(0x80, 0x01, 0x81), 0x81, &t), ERR_NOT_FOUND);
    assert_int_equal(tlv_only(BYTES(0x80, 0x00, 0x00), 0x80, &t), ERR_FORMAT);
    assert_int_equal(tlv_only((struct span){NULL, 0}, 0x80, &t), ERR_FORMAT);
}

static void writer_overflow_is_sticky(void **state)
{
    (void)state;
    uint8_t room[130];
    struct writer w = wr_init(room, 3);
    tlv_put(&w, 0x5A, BYTES(1, 2));
    assert_true(w.failed);
    w = wr_init(room, 129); /* 1 + 127 would fit, the longer length of 128 does not */
    size_t mark = tlv_open(&w, 0x5A);
    wr_fill(&w, 0, 128);
    assert_false(w.failed);
    tlv_close(&w, mark);
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    tlv_put_tag(&w, 0);
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    tlv_put_tag(&w, 0x1000000);
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    tlv_put_len(&w, 0x1000000);
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    tlv_close(&w, 1);
    assert_true(w.failed);
}

static void dgi_lengths_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {0, 1, 126, 127, 128, 254, 255, 256, 65535};
    uint8_t *room = calloc(2, 65545);
    assert_non_null(room);
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct writer w = wr_init(room, 65545);
        struct dgi d;
        dgi_put(&w, 0x3A01, span_of(room + 65545, N[i]));
        assert_int_equal(w.len, 2 + (N[i] < 255 ? 1u : 3u) + N[i]);
        struct reader r = rd_init(wr_view(&w));
        assert_int_equal(dgi_next(&r, &d), ERR_OK);
        assert_int_equal(d.tag, 0x3A01);
        assert_int_equal(d.value.n, N[i]);
        assert_int_equal(dgi_next(&r, &d), ERR_NOT_FOUND);
        r = rd_init(span_of(room, w.len - 1));
        assert_int_equal(dgi_next(&r, &d), ERR_TRUNCATED);
    }
    struct writer w = wr_init(room, 10);
    dgi_put(&w, 1, span_of(room, 65536));
    assert_true(w.failed);
    free(room);
}

static void dgi_refuses(void **state)
{
    (void)state;
    struct dgi d;
    struct reader r = rd_init(BYTES(0x3A, 0x01, 0xFF, 0x00, 0xFE));
    assert_int_equal(dgi_next(&r, &d), ERR_FORMAT); /* the long form of a short length */
    r = rd_init(BYTES(0x3A, 0x01, 0xFF, 0x01));
    assert_int_equal(dgi_next(&r, &d), ERR_TRUNCATED);
    r = rd_init(BYTES(0x3A));
    assert_int_equal(dgi_next(&r, &d), ERR_TRUNCATED);
    assert_int_equal(dgi_next(&r, &d), ERR_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_go_round),
        cmocka_unit_test(open_and_close_match_put),
        cmocka_unit_test(open_nests),
        cmocka_unit_test(tags_go_round),
        cmocka_unit_test(malformed_heads_are_refused),
        cmocka_unit_test(find_tells_absent_from_broken),
        cmocka_unit_test(writer_overflow_is_sticky),
        cmocka_unit_test(dgi_lengths_go_round),
        cmocka_unit_test(dgi_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
