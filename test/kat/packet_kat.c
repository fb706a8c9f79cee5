/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of secured packets of five implementations, split and written back, and the SMS that carry
 * them (TS 102 225 5, TS 31.115 4, TS 23.040 9.2). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/packet.h"
#include "common/codec/sms.h"
#include "test/support/vec.h"

static bool in_block(const struct vec *v, const char *name)
{
    return strcmp(vec_text(v, "block"), name) == 0;
}

static uint32_t number(struct span s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n = n << 8 | s.p[i];
    }
    return n;
}

static void command_both_ways(const struct vec *v, struct span s, enum packet_dialect d)
{
    static uint8_t room[PACKET_MAX];
    struct writer w = wr_init(room, sizeof room);
    struct packet_cmd c;
    assert_int_equal(packet_cmd_split(s, d, &c), ERR_OK);
    if (vec_has(v, "SPI")) {
        assert_int_equal(c.head.spi1 << 8 | c.head.spi2, number(vec_get(v, "SPI")));
    }
    if (vec_has(v, "TAR")) {
        assert_int_equal(c.head.kic, number(vec_get(v, "KIc")));
        assert_int_equal(c.head.kid, number(vec_get(v, "KID")));
        assert_int_equal(c.head.tar, number(vec_get(v, "TAR")));
    }
    if (vec_has(v, "CC")) {
        assert_int_equal(c.cc_len, vec_get(v, "CC").n);
    }
    if (vec_has(v, "cc_input")) {
        assert_memory_equal(c.head_raw.p, vec_get(v, "cc_input").p, c.head_raw.n);
    }
    packet_cmd_head_put(&w, &c.head, c.cc_len, c.body.n, d);
    assert_true(span_eq(wr_view(&w), c.head_raw));
    wr_span(&w, c.body);
    assert_true(span_eq(wr_view(&w), s));
    for (size_t n = 0; n < s.n; n++) {
        assert_int_not_equal(packet_cmd_split(span_of(s.p, n), d, &c), ERR_OK);
    }
}

static void response_both_ways(struct span s, uint32_t tar)
{
    static uint8_t room[PACKET_MAX];
    struct writer w = wr_init(room, sizeof room);
    struct packet_rsp r;
    assert_int_equal(packet_rsp_split(s, PACKET_SMS, &r), ERR_OK);
    assert_int_equal(r.tar, tar);
    packet_rsp_head_put(&w, r.tar, r.cc_len, r.body.n, PACKET_SMS);
    assert_true(span_eq(wr_view(&w), r.head_raw));
    wr_span(&w, r.body);
    assert_true(span_eq(wr_view(&w), s));
    for (size_t n = 0; n < s.n; n++) {
        assert_int_not_equal(packet_rsp_split(span_of(s.p, n), PACKET_SMS, &r), ERR_OK);
    }
}

/* A PoR as it stands in the TP-UD, 02 71 00 in front. */
static void por_both_ways(struct span tp_ud)
{
    struct sms_ud ud;
    assert_int_equal(sms_ud_parse(tp_ud, &ud), ERR_OK);
    assert_true(ud.has_kind && !ud.has_concat);
    assert_int_equal(ud.kind, SMS_RESPONSE);
    response_both_ways(ud.data, number(span_of(ud.data.p + 3, 3)));
    uint8_t room[SMS_UD_MAX];
    struct writer w = wr_init(room, sizeof room);
    assert_int_equal(sms_part_put(&w, SMS_RESPONSE, ud.data, 0, 1), ERR_OK);
    assert_true(span_eq(wr_view(&w), tp_ud));
}

static void packets(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned commands = 0, cattp = 0, answers = 0;
    while (vec_next(v)) {
        bool cattp_block = in_block(v, "generated_cattp_dialect") ||
                           strstr(vec_has(v, "name") ? vec_text(v, "name") : "", "CAT_TP dialect");
        if (in_block(v, "generated_por")) {
            por_both_ways(vec_get(v, "packet"));
            answers++;
        } else if (vec_has(v, "fields_Data")) {
            response_both_ways(vec_get(v, "fields_Data"), number(vec_get(v, "result_TAR")));
            answers++;
        } else if (vec_has(v, "packet")) {
            command_both_ways(v, vec_get(v, "packet"), cattp_block ? PACKET_CATTP : PACKET_SMS);
            commands += cattp_block ? 0 : 1;
            cattp += cattp_block ? 1 : 0;
        }
        if (vec_has(v, "por")) {
            por_both_ways(vec_get(v, "por"));
            answers++;
        }
    }
    assert_int_equal(commands, 83);
    assert_int_equal(cattp, 3);
    assert_int_equal(answers, 36);
    vec_close(v);
}

static void sgp02_packets(void **state)
{
    (void)state;
    struct vec *v = vec_open("sgp02");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (in_block(v, "scp80_command")) {
            command_both_ways(v, vec_get(v, "packet"), PACKET_SMS);
            seen++;
        }
    }
    assert_int_equal(seen, 2);
    vec_close(v);
}

static void concatenation(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!in_block(v, "generated_concatenation")) {
            continue;
        }
        struct span packet = vec_get(v, "packet");
        uint8_t ref = vec_get(v, "ref").p[0];
        uint8_t joined[PACKET_MAX];
        struct writer all = wr_init(joined, sizeof joined);
        assert_int_equal(sms_parts(packet.n), vec_uint(v, "tp_ud_count"));
        for (unsigned i = 1; i <= 2; i++) {
            struct span want = vec_get(v, i == 1 ? "tp_ud_1" : "tp_ud_2");
            uint8_t room[SMS_UD_MAX];
            struct writer w = wr_init(room, sizeof room);
            struct sms_ud ud;
            assert_int_equal(sms_part_put(&w, SMS_COMMAND, packet, ref, i), ERR_OK);
            assert_true(span_eq(wr_view(&w), want));
            assert_int_equal(sms_ud_parse(want, &ud), ERR_OK);
            assert_true(ud.has_concat && ud.ref == ref && ud.total == 2 && ud.index == i);
            assert_int_equal(ud.has_kind, i == 1);
            wr_span(&all, ud.data);
        }
        assert_true(span_eq(wr_view(&all), packet));
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

static void deliver_both_ways(struct span tpdu, const char *from)
{
    struct sms_deliver d;
    struct sms_ud ud;
    uint8_t room[200];
    struct writer w = wr_init(room, sizeof room);
    assert_int_equal(sms_deliver_parse(tpdu, &d), ERR_OK);
    assert_string_equal(d.oa.s, from);
    assert_int_equal(d.pid, SMS_PID_SIM_DATA);
    assert_int_equal(d.dcs, SMS_DCS_CLASS2);
    assert_int_equal(sms_ud_parse(d.ud, &ud), ERR_OK);
    assert_int_equal(ud.kind, SMS_COMMAND);
    sms_deliver_put(&w, &d);
    assert_int_equal(w.len, tpdu.n);
    assert_true(room[0] == (tpdu.p[0] & ~0x04)); /* we leave the MMS bit clear */
    assert_memory_equal(room + 1, tpdu.p + 1, tpdu.n - 1);
}

static void tpdu_and_envelope(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned tpdus = 0, envelopes = 0;
    while (vec_next(v)) {
        if (!in_block(v, "generated_tpdu")) {
            continue;
        }
        if (vec_has(v, "tpdu")) {
            deliver_both_ways(vec_get(v, "tpdu"), "01555");
            tpdus++;
            continue;
        }
        struct apdu_cmd c;
        struct span tpdu;
        struct msisdn sc = {"44333333333"};
        uint8_t room[255];
        struct writer w = wr_init(room, sizeof room);
        assert_int_equal(sms_envelope_parse(vec_get(v, "tlv"), &tpdu), ERR_OK);
        deliver_both_ways(tpdu, "01555");
        sms_envelope_put(&w, &sc, tpdu);
        assert_true(span_eq(wr_view(&w), vec_get(v, "tlv")));
        assert_int_equal(apdu_cmd_parse(vec_get(v, "apdu"), &c), ERR_OK);
        assert_true(span_eq(c.data, vec_get(v, "tlv")));
        envelopes++;
    }
    assert_int_equal(tpdus, 1);
    assert_int_equal(envelopes, 1);
    vec_close(v);
}

/* One real card: ENVELOPE without an SC address, PoR in SEND SHORT MESSAGE as an SMS-SUBMIT. */
static void real_envelope_and_submit(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!vec_has(v, "envelope")) {
            continue;
        }
        struct span tpdu, proactive = vec_get(v, "por_proactive");
        uint8_t room[255];
        struct writer w = wr_init(room, sizeof room);
        assert_int_equal(sms_envelope_parse(vec_get(v, "envelope"), &tpdu), ERR_OK);
        deliver_both_ways(tpdu, "910");
        sms_envelope_put(&w, NULL, tpdu);
        assert_true(span_eq(wr_view(&w), vec_get(v, "envelope")));

        struct sms_submit s;
        size_t n = vec_get(v, "por").n + 9; /* 41 MR DA(4) PID DCS UDL, then the TP-UD */
        struct span submit = span_of(proactive.p + proactive.n - n, n);
        assert_int_equal(sms_submit_parse(submit, &s), ERR_OK);
        assert_string_equal(s.da.s, "910");
        assert_true(span_eq(s.ud, vec_get(v, "por")));
        w = wr_init(room, sizeof room);
        sms_submit_put(&w, &s);
        assert_true(span_eq(wr_view(&w), submit));
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

static void redundancy_checks(void **state)
{
    (void)state;
    struct vec *v = vec_open("primitives");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!in_block(v, "crc")) {
            continue;
        }
        struct span msg = vec_get(v, "msg");
        struct span crc = vec_get(v, "crc");
        assert_int_equal(crc.n == 4 ? packet_crc32(msg) : packet_crc16(msg), number(crc));
        seen++;
    }
    assert_int_equal(seen, 2);
    vec_close(v);
}

/* The CRC32 command and its PoR of a real card: the algorithm nibble of KID means RC there. */
static void redundancy_check_in_a_packet(void **state)
{
    (void)state;
    struct vec *v = vec_open("scp80");
    unsigned seen = 0;
    while (vec_next(v)) {
        if (!vec_has(v, "por_rc")) {
            continue;
        }
        struct packet_cmd c;
        assert_int_equal(packet_cmd_split(vec_get(v, "packet"), PACKET_SMS, &c), ERR_OK);
        assert_int_equal(packet_kid_alg(c.head.kid, c.head.spi1), PACKET_ALG_CRC32);
        assert_int_equal(packet_kic_alg(c.head.kic), PACKET_ALG_3DES2);
        assert_int_equal(packet_crc32(vec_get(v, "cc_input")), number(vec_get(v, "CC")));
        assert_int_equal(packet_crc32(vec_get(v, "por_rc_input")), number(vec_get(v, "por_rc")));
        seen++;
    }
    assert_int_equal(seen, 1);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets),
        cmocka_unit_test(sgp02_packets),
        cmocka_unit_test(concatenation),
        cmocka_unit_test(tpdu_and_envelope),
        cmocka_unit_test(real_envelope_and_submit),
        cmocka_unit_test(redundancy_checks),
        cmocka_unit_test(redundancy_check_in_a_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
