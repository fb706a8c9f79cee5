/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* A terminal at the contacts of a card: what it may read, each way to ask wrongly, and a change of
 * the enabled profile under its eyes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/codec/saip.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig.h"
#include "tools/euiccsim/card/terminal.h"

#define SELECT_ISD_R "00A4040010A0000005591010FFFFFFFF8900000100"
#define SELECT_ECASD "00A4040010A0000005591010FFFFFFFF8900000200"
#define SELECT_USIM  "00A404040CA0000000871002FF49FF0589"

static struct terminal T;
static uint8_t room[TERMINAL_ANSWER_MAX];
static size_t room_n;

/* Sends a C-APDU in hex; its status word, and the data in room. The card is what it was. */
static uint16_t say(struct rig *r, const char *capdu)
{
    const uint64_t version = card_version(r->card);
    uint8_t b[600];
    struct writer w = wr_init(room, sizeof(room));
    size_t n = 0;

    assert_int_equal(hex_decode(capdu, strlen(capdu), b, sizeof(b), &n), 0);
    terminal_apdu(&T, r->card, span_of(b, n), &w);
    assert_false(w.failed);
    assert_true(w.len >= 2);
    assert_true(version == card_version(r->card));
    room_n = w.len - 2;
    return (uint16_t)(room[room_n] << 8 | room[room_n + 1]);
}

/* One after the other, each with its whole answer. */
struct talk {
    const char *capdu, *rapdu;
};
static void talk(struct rig *r, const struct talk *rows, size_t n)
{
    char text[2 * TERMINAL_ANSWER_MAX + 1];

    for (size_t i = 0; i < n; i++) {
        (void)say(r, rows[i].capdu);
        assert_int_equal(hex_encode(span_of(room, room_n + 2), text, sizeof(text)), 0);
        if (strcmp(text, rows[i].rapdu) != 0)
            fail_msg("%s: %s instead of %s", rows[i].capdu, text, rows[i].rapdu);
    }
}
#define TALK(r, ...)                                                                               \
    do {                                                                                           \
        static const struct talk ROWS[] = {__VA_ARGS__};                                           \
        talk((r), ROWS, sizeof(ROWS) / sizeof(ROWS[0]));                                           \
    } while (0)

static void fetch(struct rig *r, const char *capdu)
{
    char get[16];
    const unsigned sw = say(r, capdu);

    assert_int_equal(sw >> 8, 0x61);
    (void)snprintf(get, sizeof(get), "00C00000%02X", sw & 0xFF);
    assert_int_equal(say(r, get), 0x9000);
    assert_int_equal(room_n, sw & 0xFF);
}

static int start(void **state)
{
    const int rc = rig_setup(state);
    struct rig *r = *state;

    terminal_reset(&T, r->card);
    return rc;
}

static void iccid_is(struct rig *r, uint16_t number)
{
    uint8_t swapped[10];

    assert_int_equal(say(r, "00A4080C022FE2"), 0x9000);
    assert_int_equal(say(r, "00B000000A"), 0x9000);
    iccid_swapped(&rig_isdp(r, number)->data.iccid, swapped);
    assert_int_equal(room_n, 10);
    assert_memory_equal(room, swapped, 10);
}

static void imsi_is(struct rig *r, uint16_t number)
{
    struct imsi want, got;

    fetch(r, SELECT_USIM);
    assert_int_equal(say(r, "00A4000C026F07"), 0x9000);
    assert_int_equal(say(r, "00B0000009"), 0x9000);
    rig_imsi(number, &want);
    assert_int_equal(saip_imsi_get(span_of(room, room_n), &got), 0);
    assert_string_equal(got.s, want.s);
}

/* --- what is there --- */
static void the_atr_says_t0(void **state)
{
    const struct span atr = terminal_atr();
    uint8_t check = 0;

    (void)state;
    assert_memory_equal(atr.p, "\x3B\x8E\x80\x1F", 4); /* TD1: T=0; TD2: T=15 with its TA3 */
    assert_int_equal(atr.n, 1 + 1 + 3 + (atr.p[1] & 0x0F) + 1);
    for (size_t i = 1; i < atr.n; i++)
        check ^= atr.p[i];
    assert_int_equal(check, 0);
}

static void security_domains(void **state)
{
    struct rig *r = *state;
    struct tlv t;

    fetch(r, SELECT_ECASD);
    assert_memory_equal(room, "\x6F\x18\x84\x10\xA0\x00\x00\x05\x59", 9);
    TALK(r, {"80CA005A00", "6C12"});
    assert_int_equal(say(r, "80CA005A12"), 0x9000);
    assert_int_equal(tlv_only(span_of(room, room_n), 0x5A, &t), 0);
    assert_true(span_eq(t.value, span_of(card_eid(r->card)->b, 16)));
    TALK(r, {"80CAFF2100", "6A88"}, {"80CA005A0100", "6700"}, {SELECT_ISD_R, "611A"},
         {"80CAFF2100", "6C10"}, {"80CAFF21", "6C10"}, {"80CAFF2105", "6C10"},
         {"80CAFF2110", "FF210D81010182040010000083023A929000"},
         {"00CAFF2110", "FF210D81010182040010000083023A929000"}, {"80CA005A12", "6A88"},
         {"80CAFF21015C", "6A80"});
    fetch(r, "80CABF30045C027F21");
    assert_int_equal(tlv_only(span_of(room, room_n), 0xBF30, &t), 0);
    assert_true(span_eq(t.value, span_of(r->ecasd_cert, r->ecasd_cert_n)));
}

static void the_longest_answer(void **state)
{
    static uint8_t cert[CARD_CERT_MAX] = {0x7F, 0x21, 0x81, CARD_CERT_MAX - 4};
    struct rig *r = *state;

    r->factory.ecasd_cert = span_of(cert, sizeof(cert));
    rig_card_new(r);
    assert_int_equal(say(r, SELECT_ISD_R), 0x611A);
    fetch(r, "80CABF30045C027F21");
    assert_true(room_n > 245 && room_n <= 256);
}

static void files_of_the_enabled_profile(void **state)
{
    struct rig *r = *state;

    iccid_is(r, 0x10);
    imsi_is(r, 0x10);
    /* 62: transparent, FID, activated, READ always, three octets, SFI 03 */
    TALK(r, {"00A40004026FAD", "6118"},
         {"00C0000018", "62168202412183026FAD8A01058C020100800200038801189000"},
         {"00B0000003", "0000009000"}, {"00A4000C023F00", "9000"}, {"00A4000C022F00", "9000"},
         {"00B2010416", "61144F0CA0000000871002FF49FF058950045553494D9000"},
         {"00A40004023F00", "611D"}, {"00A4000C027FFF", "9000"}, {"00A4080C047FFF6F07", "9000"},
         {"00A4090C026FAD", "9000"});
}

static void a_downloaded_profile(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    iccid_is(r, 0x10);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    iccid_is(r, 0x13);
    imsi_is(r, 0x13);
    TALK(r, {"00A4000C026FAD", "9000"}, {"00B0000004", "000000029000"});
}

static void ways_to_name_a_file(void **state)
{
    TALK(*state, {"00B082000A", "989410000000000010F69000"}, /* SFI 02: EF-ICCID */
         {"00B0000802", "10F69000"}, {"00B0820803", "6C02"},
         {"00B201F416", "61144F0CA0000000871002FF49FF058950045553494D9000"}, /* SFI 1E: EF-DIR */
         {"00A4000C027FFF", "6A82"},           /* no application was selected */
         {"00A4040C07A0000000871002", "9000"}, /* the first octets of its AID */
         {"00B0870009", "0829261000000001619000"});
}

static void parts_of_an_answer(void **state)
{
    TALK(*state, {SELECT_ISD_R, "611A"}, {"00C0000002", "6F186118"}, {"00C0000000", "6C18"},
         {"00C0010018", "6A86"}, {"00C0000001", "846117"}, {"00C000000100", "6700"},
         {"00A4000C023F00", "9000"}, {"00C0000017", "6985"}, {"00C0000000", "6985"});
}

/* --- what is not --- */
static void wrong_commands(void **state)
{
    TALK(*state, {"", "6700"}, {"00", "6700"}, {"00A404", "6700"}, {"00A4040002", "6700"},
         {"00A40400023F", "6700"}, {"00A40400023F000000", "6700"}, {"00A4040000", "6700"},
         {"00A404000000023F00", "6700"}, /* extended length */
         {"A0A40000023F00", "6E00"}, {"80A40000023F00", "6E00"}, {"01A40000023F00", "6881"},
         {"04A40000023F00", "6882"}, {"0020000108", "6D00"}, {"00880081", "6D00"},
         {"00D6000001FF", "6D00"}, {"80F20000", "6D00"}, {"80CAFF2100", "6D00"});
}

static void wrong_selections(void **state)
{
    TALK(*state, {"00A40000026F07", "6A82"}, {"00A4000002FFFF", "6A82"}, {"00A40000013F", "6700"},
         {"00A40000033F0000", "6700"}, {"00A40000", "6700"}, {"00A40800", "6700"},
         {"00A40800032FE200", "6700"}, {"00A40800042FE22FE2", "6A82"}, {"00A40100023F00", "6A86"},
         {"00A40001023F00", "6A86"}, {"00A4040004A0000005", "6A80"},
         {"00A4040005A000000000", "6A82"},
         {"00A4040010A0000005591010FFFFFFFF8900001000", "6A82"}, /* an ISD-P */
         {"00A4040011A0000005591010FFFFFFFF890000010000", "6A80"},
         {"00B0000000", "6986"}); /* and nothing of it was selected */
}

static void wrong_reads(void **state)
{
    TALK(*state, {"00B0000000", "6986"}, {"00B2010400", "6986"}, {"00A4000C022FE2", "9000"},
         {"00B0000000", "6C0A"}, {"00B00000", "6C0A"}, {"00B000000B", "6C0A"},
         {"00B0000A01", "6B00"}, {"00B07FFF01", "6B00"}, {"00B0000001FF", "6700"},
         {"00B0A20001", "6A86"}, {"00B0800001", "6A86"}, {"00B0870001", "6A82"},
         {"00B09E0001", "6981"}, {"00B2010416", "6981"}, {"00A4000C022F00", "9000"},
         {"00B0000001", "6981"}, {"00B2020416", "6A83"}, {"00B2000416", "6A83"},
         {"00B2010216", "6A86"}, {"00B2010400", "6C16"}, {"00B2010401FF", "6700"},
         {"00B2013C16", "6A82"});
}

/* What changes a card comes over its secured channels only. */
static void nothing_can_be_changed(void **state)
{
    static const char *const INS[] = {"80E20000", "80E40040", "80E60C00", "80D80101", "80F24002"};
    struct rig *r = *state;

    for (unsigned i = 0; i < 2; i++) {
        (void)say(r, i ? SELECT_ISD_R : SELECT_ECASD);
        for (size_t k = 0; k < sizeof(INS) / sizeof(INS[0]); k++)
            assert_int_equal(say(r, INS[k]), 0x6982);
        assert_int_equal(say(r, "80500000080102030405060708"), 0x6D00);
    }
}

/* --- a change under the eyes of a terminal --- */
static void a_switch_shows_with_its_refresh(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    imsi_is(r, 0x10);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_int_equal(say(r, "00B0000009"), 0x6986); /* the card was reset: nothing is selected */
    assert_int_equal(say(r, "00A4000C027FFF"), 0x6A82);
    imsi_is(r, 0x13);
    assert_int_equal(say(r, "00B0000009"), 0x9000);
}

static void a_postponed_refresh_changes_nothing_yet(void **state)
{
    struct rig *r = *state;

    rig_fini(r);
    rig_init(r, QUIRK_REFRESH_POSTPONED);
    (void)rig_confirmed(r);
    rig_install(r, 0x13, 0);
    terminal_reset(&T, r->card);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_int_equal(rig_enabled(r), 0x13);
    iccid_is(r, 0x10);
    terminal_reset(&T, r->card);
    iccid_is(r, 0x10);
    rig_power(r);
    iccid_is(r, 0x13);
}

static void a_roll_back_shows(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    iccid_is(r, 0x13);
    rig_attach(r, false);
    for (unsigned i = 0; i < 8 && rig_enabled(r) != 0x10; i++)
        assert_true(rig_timer(r));
    iccid_is(r, 0x10);
}

static void no_profile_no_files(void **state)
{
    struct rig *r = *state;

    r->factory.has_bootstrap = false;
    rig_card_new(r);
    terminal_reset(&T, r->card);
    TALK(r, {"00A4000C023F00", "9000"}, {"00A4000C022FE2", "6A82"}, {"00A4000C022F00", "6A82"},
         {SELECT_USIM, "6A82"}, {"00B082000A", "6B00"}, {"00B201F400", "6A83"},
         {SELECT_ECASD, "611A"});
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_atr_says_t0),
        CASE(security_domains),
        CASE(the_longest_answer),
        CASE(files_of_the_enabled_profile),
        CASE(a_downloaded_profile),
        CASE(ways_to_name_a_file),
        CASE(parts_of_an_answer),
        CASE(wrong_commands),
        CASE(wrong_selections),
        CASE(wrong_reads),
        CASE(nothing_can_be_changed),
        CASE(a_switch_shows_with_its_refresh),
        CASE(a_postponed_refresh_changes_nothing_yet),
        CASE(a_roll_back_shows),
        CASE(no_profile_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
