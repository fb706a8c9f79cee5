/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of secured packets in both dialects at their borders (TS 102 225 5.1). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static const struct packet_cmd_head HEAD = {0x16, 0x39, 0x12, 0x12, 0x000001};

static void commands_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {14, 15, 113, 114, 120, 126, 127, 128, 239, 240, 255, 256, 4080};
    static uint8_t room[PACKET_MAX + 1];
    for (size_t i = 0; i < sizeof N / sizeof *N * 2; i++) {
        enum packet_dialect d = i & 1 ? PACKET_CATTP : PACKET_SMS;
        struct writer w = wr_init(room, sizeof room);
        struct packet_cmd c;
        packet_cmd_head_put(&w, &HEAD, 8, N[i / 2], d);
        size_t head = w.len;
        wr_fill(&w, 0xA5, N[i / 2]);
        assert_int_equal(packet_cmd_split(wr_view(&w), d, &c), ERR_OK);
        assert_memory_equal(&c.head, &HEAD, sizeof HEAD);
        assert_int_equal(c.cc_len, 8);
        assert_int_equal(c.body.n, N[i / 2]);
        assert_int_equal(c.head_raw.n, head);
        assert_int_equal(packet_cmd_split(span_of(room, w.len - 1), d, &c), ERR_TRUNCATED);
        assert_int_equal(packet_cmd_split(span_of(room, w.len + 1), d, &c), ERR_FORMAT);
    }
}

static void responses_go_round(void **state)
{
    (void)state;
    static const size_t N[] = {15, 16, 123, 124, 127, 128, 243, 244, 256, 4080};
    static uint8_t room[PACKET_MAX + 1];
    for (size_t i = 0; i < sizeof N / sizeof *N * 2; i++) {
        enum packet_dialect d = i & 1 ? PACKET_CATTP : PACKET_SMS;
        struct writer w = wr_init(room, sizeof room);
        struct packet_rsp r;
        packet_rsp_head_put(&w, 0xB00011, 8, N[i / 2], d);
        wr_fill(&w, 0, N[i / 2]);
        assert_int_equal(packet_rsp_split(wr_view(&w), d, &r), ERR_OK);
        assert_int_equal(r.tar, 0xB00011);
        assert_int_equal(r.cc_len, 8);
        assert_int_equal(r.body.n, N[i / 2]);
        assert_int_equal(packet_rsp_split(span_of(room, w.len - 1), d, &r), ERR_TRUNCATED);
        assert_int_equal(packet_rsp_split(span_of(room, w.len + 1), d, &r), ERR_FORMAT);
    }
}

static void every_checksum_length(void **state)
{
    (void)state;
    static const struct {
        uint8_t spi1;
        size_t cc;
        bool ok;
    } CASES[] = {
        {0x04, 0, true},  {0x05, 2, true},  {0x05, 4, true},   {0x06, 8, true},
        {0x06, 4, true},  {0x06, 0, false}, {0x05, 0, false},  {0x04, 8, false},
        {0x04, 2, false}, {0x06, 3, false}, {0x06, 16, false},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t s[64] = {0, (uint8_t)(14 + CASES[i].cc), (uint8_t)(13 + CASES[i].cc),
                         CASES[i].spi1};
        struct packet_cmd c;
        int want = CASES[i].ok ? ERR_OK : ERR_FORMAT;
        assert_int_equal(packet_cmd_split(span_of(s, 16 + CASES[i].cc), PACKET_SMS, &c), want);
    }
}

static void commands_are_refused(void **state)
{
    (void)state;
    static uint8_t big[PACKET_MAX + 1];
    struct packet_cmd c;
    assert_int_equal(packet_cmd_split((struct span){NULL, 0}, PACKET_SMS, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split((struct span){NULL, 0}, PACKET_CATTP, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split(BYTES(0x00), PACKET_SMS, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split(BYTES(0x00, 0x00), PACKET_SMS, &c), ERR_FORMAT);
    assert_int_equal(packet_cmd_split(BYTES(0, 1, 0x15), PACKET_SMS, &c), ERR_FORMAT);
    assert_int_equal(packet_cmd_split(BYTES(0, 1, 0x0C), PACKET_SMS, &c), ERR_FORMAT);
    assert_int_equal(packet_cmd_split(BYTES(2, 1, 0x0D), PACKET_CATTP, &c), ERR_FORMAT);
    assert_int_equal(packet_cmd_split(BYTES(1, 0x80), PACKET_CATTP, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split(BYTES(1, 0x81, 0x0E), PACKET_CATTP, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split(BYTES(1, 0x83, 0, 0, 1), PACKET_CATTP, &c), ERR_TRUNCATED);
    assert_int_equal(packet_cmd_split(span_of(big, sizeof big), PACKET_SMS, &c), ERR_TOO_LARGE);
}

static void responses_are_refused(void **state)
{
    (void)state;
    static uint8_t big[PACKET_MAX + 1];
    struct packet_rsp r;
    assert_int_equal(packet_rsp_split((struct span){NULL, 0}, PACKET_SMS, &r), ERR_TRUNCATED);
    assert_int_equal(packet_rsp_split(BYTES(0, 1, 0x0A), PACKET_SMS, &r), ERR_FORMAT);
    assert_int_equal(packet_rsp_split(BYTES(0, 10, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0), PACKET_SMS, &r),
                     ERR_FORMAT);
    assert_int_equal(
        packet_rsp_split(BYTES(0, 12, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), PACKET_SMS, &r),
        ERR_FORMAT);
    assert_int_equal(packet_rsp_split(BYTES(1, 1, 0x0A), PACKET_CATTP, &r), ERR_FORMAT);
    assert_int_equal(packet_rsp_split(span_of(big, sizeof big), PACKET_CATTP, &r), ERR_TOO_LARGE);
}

static void writers_refuse(void **state)
{
    (void)state;
    static const struct {
        size_t cc, body;
    } CASES[] = {{8, 13}, {3, 30}, {0, 5}, {8, PACKET_MAX + 1}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t room[32];
        struct writer w = wr_init(room, sizeof room);
        packet_cmd_head_put(&w, &HEAD, CASES[i].cc, CASES[i].body, PACKET_SMS);
        assert_true(w.failed);
        w = wr_init(room, sizeof room);
        packet_rsp_head_put(&w, 1, CASES[i].cc, CASES[i].body, PACKET_CATTP);
        assert_true(w.failed);
    }
}

static void algorithms(void **state)
{
    (void)state;
    assert_int_equal(packet_kic_alg(0x12), PACKET_ALG_AES);
    assert_int_equal(packet_kic_alg(0x11), PACKET_ALG_DES);
    assert_int_equal(packet_kic_alg(0x15), PACKET_ALG_3DES2);
    assert_int_equal(packet_kic_alg(0xF9), PACKET_ALG_3DES3);
    assert_int_equal(packet_kic_alg(0x1D), PACKET_ALG_UNKNOWN);
    assert_int_equal(packet_kic_alg(0x10), PACKET_ALG_UNKNOWN);
    assert_int_equal(packet_kic_alg(0x16), PACKET_ALG_UNKNOWN);
    assert_int_equal(packet_kid_alg(0x12, 0x16), PACKET_ALG_AES);
    assert_int_equal(packet_kid_alg(0x15, 0x02), PACKET_ALG_3DES2);
    assert_int_equal(packet_kid_alg(0x11, 0x01), PACKET_ALG_CRC16);
    assert_int_equal(packet_kid_alg(0x15, 0x01), PACKET_ALG_CRC32);
    assert_int_equal(packet_kid_alg(0x12, 0x01), PACKET_ALG_UNKNOWN);
    assert_int_equal(packet_kid_alg(0x12, 0x00), PACKET_ALG_UNKNOWN);
    assert_int_equal(packet_kid_alg(0x12, 0x03), PACKET_ALG_UNKNOWN); /* digital signature */
    assert_int_equal(packet_kvn(0xF2), 15);
}

static void crc_of_nothing(void **state)
{
    (void)state;
    assert_int_equal(packet_crc32((struct span){NULL, 0}), 0);
    assert_int_equal(packet_crc16((struct span){NULL, 0}), 0);
    assert_int_equal(packet_crc32(span_str("123456789")), 0xCBF43926);
    assert_int_equal(packet_crc16(span_str("123456789")), 0x906E);
}

static void status_texts(void **state)
{
    (void)state;
    assert_string_equal(por_status_text(POR_OK), "done");
    assert_string_equal(por_status_text(POR_CNTR_LOW), "counter too low");
    assert_string_equal(por_status_text(POR_TAR_UNKNOWN), "application (TAR) unknown");
    assert_string_equal(por_status_text(POR_BY_USSD), "answer follows by USSD");
    assert_string_equal(por_status_text(0x0D), "reserved status");
    assert_string_equal(por_status_text(0xC0), "proprietary status");
    assert_string_equal(por_status_text(0xFF), "reserved status");
}

static void counters_end_and_never_go_round(void **state)
{
    uint64_t next = 7;

    (void)state;
    assert_true(cntr_next(0, &next) && next == 1);
    assert_true(cntr_next(0xFFFFFFFF, &next) && next == 0x100000000);
    assert_true(cntr_next(CNTR_MAX - 1, &next) && next == CNTR_MAX);
    assert_false(cntr_next(CNTR_MAX, &next) || cntr_next(CNTR_MAX + 1, &next));
    assert_false(cntr_next(UINT64_MAX, &next));
    assert_true(next == CNTR_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_go_round),
        cmocka_unit_test(responses_go_round),
        cmocka_unit_test(every_checksum_length),
        cmocka_unit_test(commands_are_refused),
        cmocka_unit_test(responses_are_refused),
        cmocka_unit_test(writers_refuse),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(crc_of_nothing),
        cmocka_unit_test(status_texts),
        cmocka_unit_test(counters_end_and_never_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
