/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* SendData: cut at the borders of C-APDUs and SCP03t TLVs, answers framed behind each other. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "smsr/es5/es5.h"

static uint8_t room[16384];

static struct span hex(const char *text)
{
    static uint8_t b[8192];
    size_t n = 0;

    assert_int_equal(hex_decode(text, strlen(text), b, sizeof b, &n), ERR_OK);
    return span_of(b, n);
}

static void body(const char *payload, const char *expect)
{
    struct writer w = wr_init(room, sizeof room);
    static char got[32768];
    size_t next = 0;

    assert_int_equal(es5_send_data_check(hex(payload)), ERR_OK);
    assert_int_equal(es5_send_data(&w, hex(payload), 0, 1020, NULL, &next), ERR_OK);
    assert_int_equal(next, strlen(payload) / 2);
    assert_int_equal(hex_encode(wr_view(&w), got, sizeof got), ERR_OK);
    assert_string_equal(got, expect);
}

static void commands_are_wrapped(void **state)
{
    body("80E6200000", "AE80220580E62000000000");
    body("80CABF30035C0166", "AE80220880CABF30035C01660000");             /* Lc, no Le */
    body("80CABF30035C016600", "AE80220980CABF30035C0166000000");         /* Lc and Le */
    body("80CABF30035C01660080E6200000", "AE80220980CABF30035C016600220580E62000000000");
    body("80E20900", "AE80220480E209000000");                                /* case 1 alone */
    body("848200001000112233445566778899AABBCCDDEEFF",                    /* 84 is a CLA here */
         "AE802215848200001000112233445566778899AABBCCDDEEFF0000");
    (void)state;
}

static void scp03t_goes_as_it_is(void **state)
{
    body("8600", "AE8086000000");
    body("840A3000331372867591FA71", "AE80840A3000331372867591FA710000");
    body("8402AAAA8503BBBBBB8600", "AE808402AAAA8503BBBBBB86000000");
    body("8701CC", "AE808701CC0000");
    (void)state;
}

static void chained(bool begun, bool more, size_t limit, const char *expect, bool after)
{
    struct writer w = wr_init(room, sizeof room);
    struct es5_chain chain = {begun, more};
    char got[100];
    size_t next = 0;

    assert_int_equal(es5_send_data(&w, hex("86008600"), 0, limit, &chain, &next), ERR_OK);
    assert_int_equal(hex_encode(wr_view(&w), got, sizeof got), ERR_OK);
    assert_string_equal(got, expect);
    assert_int_equal(chain.begun, after);
}

/* TS 102 226: 11 the first, 02 one that others follow, 03 the last. */
static void packets_are_chained(void **state)
{
    chained(false, false, 1020, "AE80860086000000", false);
    chained(false, true, 1020, "AE80830111860086000000", true);
    chained(false, false, 2, "AE8083011186000000", true);
    chained(true, false, 2, "AE8083010286000000", true);
    chained(true, true, 1020, "AE80830102860086000000", true);
    chained(true, false, 1020, "AE80830103860086000000", false);
    (void)state;
}

static void neither(void **state)
{
    static const char *const BAD[] = {
        "", "80", "80E2", "80E209", "80E209000511", "8602AA", "868202", "860000", "A0", "0000",
        "80E2090003AABB", "80E620000080E2",
    };

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        if (es5_send_data_check(hex(BAD[i])) == ERR_OK)
            fail_msg("payload %u was taken", (unsigned)i);
    (void)state;
}

static size_t tlvs(uint8_t *p, size_t value, unsigned n)
{
    size_t at = 0;

    for (unsigned i = 0; i < n; i++) {
        p[at++] = 0x86;
        if (value > 0xFF) {
            p[at++] = 0x82;
            p[at++] = (uint8_t)(value >> 8);
        } else if (value > 0x7F) {
            p[at++] = 0x81;
        }
        p[at++] = (uint8_t)value;
        memset(p + at, (int)i, value);
        at += value;
    }
    return at;
}

/* Bodies of at most limit octets; every octet once and in order. */
static void cut_at_borders(void **state)
{
    static const struct { size_t value; unsigned n, bodies; } ROWS[] = {
        {0, 3, 1}, {1, 340, 1}, {1, 341, 2}, {126, 7, 1}, {127, 8, 2}, {128, 8, 2}, {255, 4, 2},
        {256, 4, 2}, {506, 2, 1}, {507, 2, 2}, {1020, 3, 3}, {1016, 2, 2}, {2044, 2, 2},
    };
    static uint8_t payload[16384];

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        size_t n = tlvs(payload, ROWS[i].value, ROWS[i].n), at = 0;
        unsigned bodies = 0;
        assert_int_equal(es5_send_data_check(span_of(payload, n)), ERR_OK);
        while (at < n) {
            struct writer w = wr_init(room, ES5_BODY_MAX(1020));
            size_t next = 0;
            assert_int_equal(es5_send_data(&w, span_of(payload, n), at, 1020, NULL, &next), ERR_OK);
            assert_true(next > at);
            assert_true(next - at <= 1020 || next - at == ROWS[i].value + 4);
            assert_int_equal(w.len, 2 + (next - at) + 2);
            assert_memory_equal(w.p + 2, payload + at, next - at);
            at = next;
            bodies++;
        }
        assert_int_equal(at, n);
        if (bodies != ROWS[i].bodies)
            fail_msg("row %u: %u bodies", (unsigned)i, bodies);
    }
    (void)state;
}

static void commands_cut_at_borders(void **state)
{
    static uint8_t payload[4096];
    size_t n = 0, next = 0;

    for (unsigned i = 0; i < 8; i++) { /* 5 + 200 octets each */
        memcpy(payload + n, (const uint8_t[]){0x80, 0xE2, 0x09, (uint8_t)i, 200}, 5);
        memset(payload + n + 5, 0x11, 200);
        n += 205;
    }
    struct writer w = wr_init(room, ES5_BODY_MAX(1020));
    assert_int_equal(es5_send_data(&w, span_of(payload, n), 0, 1020, NULL, &next), ERR_OK);
    assert_int_equal(next, 4 * 205);
    assert_int_equal(w.len, 4 + 4 * (3 + 205)); /* 22 81 CD */
    w = wr_init(room, ES5_BODY_MAX(1020));
    assert_int_equal(es5_send_data(&w, span_of(payload, n), next, 1020, NULL, &next), ERR_OK);
    assert_int_equal(next, n);
    w = wr_init(room, 100);
    assert_int_equal(es5_send_data(&w, span_of(payload, n), 0, 1020, NULL, &next), ERR_TOO_LARGE);
    (void)state;
}

/* The smallest commands there are: the room for a body holds their wrapping too. */
static void many_small_commands(void **state)
{
    static uint8_t payload[1020];
    struct writer w = wr_init(room, ES5_BODY_MAX(1020));
    size_t next = 0;

    for (size_t i = 0; i < sizeof payload; i += 5)
        memcpy(payload + i, "\x80\xCA\xFF\x21\x00", 5);
    assert_int_equal(es5_send_data(&w, span_of(payload, sizeof payload), 0, 1020, NULL, &next), ERR_OK);
    assert_int_equal(next, 1020);
    (void)state;
}

static void answers(void **state)
{
    static const struct { const char *text; int err; bool ok; const char *out; } ROWS[] = {
        {"AF80230290000000", ERR_OK, true, "23029000"},
        {"AF802304AABB90000000", ERR_OK, true, "2304AABB9000"},
        {"AF8023029000230261100000", ERR_OK, true, "2302900023026110"},
        {"AF80840385010286000000", ERR_OK, true, "84038501028600"},
        {"AF80230290009F4401010000", ERR_OK, false, "230290009F440101"},
        {"AF809F4501000000", ERR_OK, false, "9F450100"},
        {"AF809F4601000000", ERR_OK, false, "9F460100"},
        {"AF8023026A800000", ERR_OK, false, "23026A80"},
        {"AF809001010000", ERR_OK, false, "900101"},
        {"AF800000", ERR_OK, false, ""},
        {"AB0780010123029000", ERR_OK, true, "23029000"},
        {"AE80220580E62000000000", ERR_FORMAT, false, ""},
        {"AF80800101230290000000", ERR_FORMAT, false, ""},
        {"AF80230190000000", ERR_FORMAT, false, ""},
        {"AF8023029000", ERR_FORMAT, false, ""},
        {"", ERR_FORMAT, false, ""},
    };
    static char got[1024];

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct buf out;
        bool ok = true;
        int err;
        buf_init(&out, 4096);
        err = es5_send_data_read(hex(ROWS[i].text), &out, &ok);
        if ((err == ERR_OK) != (ROWS[i].err == ERR_OK))
            fail_msg("row %u: %s", (unsigned)i, err_name(err));
        if (err == ERR_OK) {
            assert_int_equal(ok, ROWS[i].ok);
            assert_int_equal(hex_encode(buf_span(&out), got, sizeof got), ERR_OK);
            assert_string_equal(got, ROWS[i].out);
        }
        buf_fini(&out);
    }
    (void)state;
}

static void more_answer_than_room(void **state)
{
    struct buf out;
    bool ok;

    buf_init(&out, 3);
    assert_int_equal(es5_send_data_read(hex("AF80230290000000"), &out, &ok), ERR_TOO_LARGE);
    buf_fini(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_wrapped), cmocka_unit_test(scp03t_goes_as_it_is),
        cmocka_unit_test(packets_are_chained),
        cmocka_unit_test(neither), cmocka_unit_test(cut_at_borders),
        cmocka_unit_test(commands_cut_at_borders), cmocka_unit_test(many_small_commands),
        cmocka_unit_test(answers), cmocka_unit_test(more_answer_than_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
