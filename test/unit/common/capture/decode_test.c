/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded octets between SM-SR and card, field by field. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/capture/decode.h"
#include "test/support/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static struct rows rows;

static struct span octets(const char *hex)
{
    static uint8_t b[1024];
    size_t n;

    assert_int_equal(hex_decode(hex, strlen(hex), b, sizeof b, &n), ERR_OK);
    return span_of(b, n);
}

static const struct row *find(const char *name, const char *meaning)
{
    for (unsigned i = 0; i < rows.n; i++)
        if ((!name || !strcmp(rows.v[i].name, name)) && strstr(rows.v[i].meaning, meaning))
            return &rows.v[i];
    fail_msg("no row '%s' that says '%s'", name ? name : "*", meaning);
    return NULL;
}

static void an_scp80_packet(void **state)
{
    const struct row *r;

    (void)state;
    memset(&rows, 0, sizeof rows);
    decode_packet(
        &rows, 0, PACKET_SMS,
        octets("003815163912120000015AEEFB6849994111BF40ECA01FDC6F2A8F76F359F82CEEA8D8D160"
               "FF0C098F64B2900714E4AC7F8D956CF22FDE903D98"),
        1);
    r = find("CPL", "56 octets follow");
    assert_string_equal(r->value, "0038");
    assert_string_equal(r->clause, "TS 102 225 5.1");
    assert_string_equal(find("CHL", "checksum of 8")->value, "15");
    r = find("SPI",
             "counter must be higher, ciphered, cryptographic checksum; PoR always ciphered, "
             "cryptographic checksum, by SMS-SUBMIT");
    assert_string_equal(r->value, "1639");
    assert_string_equal(find("KIc", "key set 01, AES")->value, "12");
    assert_string_equal(find("KID", "key set 01, AES")->value, "12");
    assert_string_equal(find("TAR", "ISD-R")->value, "000001");
    find("ciphered", "CNTR 1 (0000000001)");
}

static void packets_that_are_none(void **state)
{
    (void)state;
    for (size_t n = 0; n < 20; n++) {
        memset(&rows, 0, sizeof rows);
        decode_packet(&rows, 0, PACKET_SMS,
                      span_of("\x00\x38\x15\x16\x39\x12\x12\x00\x00\x01\x5A\xEE"
                              "\xFB\x68\x49\x99\x41\x11\xBF\x40",
                              n),
                      0);
        assert_int_equal(rows.n, 1);
        find("packet", "no command packet");
    }
}

/* Each recorded exchange is read to its end, with the answer understood by its command. */
static void recorded_exchanges(void **state)
{
    struct vec *v = vec_open("expanded");
    unsigned n = 0;

    (void)state;
    while (vec_next(v)) {
        struct commands sent = {.n = 0};
        if (!vec_has(v, "response") || strcmp(vec_text(v, "block"), "expanded") != 0)
            continue;
        memset(&rows, 0, sizeof rows);
        if (vec_has(v, "parses") && strncmp(vec_text(v, "name"), "bad format", 10) != 0)
            decode_script(&rows, 0, vec_get(v, "command"), &sent);
        decode_script(&rows, 0, vec_get(v, "response"), &sent);
        assert_false(rows.full);
        for (unsigned i = 0; i < rows.n; i++)
            if (strstr(rows.v[i].meaning, "cannot be read"))
                fail_msg("%s: row %u", vec_text(v, "name"), i);
        n++;
    }
    vec_close(v);
    assert_true(n >= 14);
}

static void the_functions_of_es5(void **state)
{
    static const struct {
        const char *capdu, *says, *clause;
    } KNOWN[] = {
        {"80E28800153A03124F10A0000005591010FFFFFFFF8900001300", "EnableProfile", "SGP.02 4.1.1.2"},
        {"80E28800153A04124F10A0000005591010FFFFFFFF8900001300", "DisableProfile",
         "SGP.02 4.1.1.3"},
        {"80E40040124F10A0000005591010FFFFFFFF890000130000", "DELETE", "SGP.02 4.1.1.4"},
        {"80F24002074F005C034F9F7000", "GET STATUS", "SGP.02 4.1.1.5"},
        {"80CAFF2100", "GET DATA", "SGP.02 4.1.1.5"},
        {"80E28800153A05124F10A0000005591010FFFFFFFF890000130000", "SetFallBack", "SGP.02 4.1.1.7"},
        {"80E28900073A08044E02000700", "HandleNotificationConfirmation", "SGP.02 4.1.1.11"},
        {"80E6200016000010A0000005591010FFFFFFFF890000130000000000", "personalization",
         "SGP.02 4.1.3.1"},
        {"80E60C003F10A0000005591010FFFFFFFF8900000D0010A0000005591010FFFFFFFF8900000E0010A00000055"
         "9"
         "1010FFFFFFFF89000013000380C00006C904810203700000",
         "CreateISDP", "SGP.02 4.1.1.1"},
    };
    struct apdu_cmd c;

    (void)state;
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        memset(&rows, 0, sizeof rows);
        decode_capdu(&rows, 0, "C-APDU", octets(KNOWN[i].capdu), &c);
        assert_string_equal(find("C-APDU", KNOWN[i].says)->clause, KNOWN[i].clause);
        for (unsigned k = 0; k < rows.n; k++)
            assert_string_not_equal(rows.v[k].name, "?");
    }
    find("ISD-P", "(ISD-P)");
    find("81", "secure channel");
}

static void answers_by_their_command(void **state)
{
    struct apdu_cmd status = {.ins = 0xF2};

    (void)state;
    memset(&rows, 0, sizeof rows);
    decode_rapdu(&rows, 0, "R-APDU", octets("E3164F10A0000005591010FFFFFFFF89000013009F70013F9000"),
                 &status);
    find("R-APDU", "SW 9000");
    find("4F", "(ISD-P)");
    find("9F70", "3F ENABLED");
    decode_rapdu(&rows, 0, "R-APDU", octets("FF210D810102820400077E3083023A929000"), NULL);
    find("82", "free non-volatile memory 491056");
    find("81", "installed applications 2");
}

static void answers_more(void **state)
{
    struct apdu_cmd del = {.ins = 0xE4}, confirm = {.ins = 0xE2};

    (void)state;
    confirm.data = span_of("\x3A\x08", 2);
    memset(&rows, 0, sizeof rows);
    decode_rapdu(&rows, 0, "R1", octets("009000"), &del);
    find("data", "no confirmation data");
    memset(&rows, 0, sizeof rows);
    decode_rapdu(&rows, 0, "R1", octets("80124F10A0000005591010FFFFFFFF89000013009000"), &confirm);
    find("80", "deleted by POL1");
    find("4F", "(ISD-P)");
    memset(&rows, 0, sizeof rows);
    decode_rapdu(&rows, 0, "R1", octets("69E1"), NULL);
    find("R1", "refused by POL1");
    memset(&rows, 0, sizeof rows);
    decode_rapdu(&rows, 0, "R1", octets("90"), NULL);
    find("R1", "no R-APDU");
}

static void scp03t_elements(void **state)
{
    (void)state;
    memset(&rows, 0, sizeof rows);
    decode_elements(&rows, 0,
                    octets("84200000000000000000000030037089FD29189E851E8AE57319C394557E1C"
                           "000001850086009F46010223029000"));
    find("84", "INITIALIZE UPDATE");
    find("85", "EXTERNAL AUTHENTICATE");
    find("86", "segment taken");
    find("9F46", "error to 86: security error");
    find("R-APDU 1", "SW 9000");
    memset(&rows, 0, sizeof rows);
    decode_elements(&rows, 0, octets("8620AA"));
    find("?", "no elements");
    memset(&rows, 0, sizeof rows);
    decode_script(&rows, 0,
                  octets("AF80900101"
                         "0000"),
                  NULL);
    find("90", "unknown tag");
}

/* An answer finds its command by its place: one that cannot be read keeps its own. */
static void commands_keep_their_places(void **state)
{
    struct commands sent;

    (void)state;
    commands_read(octets("AE80" "220680E288000500" "220580F2400200" "0000"), &sent);
    assert_int_equal(sent.n, 2);
    assert_int_equal(sent.v[0].ins, 0);
    assert_int_equal(sent.v[1].ins, 0xF2);
}

/* What no answer has is no SCP03t error, and is not shown where values are hidden. */
static void elements_that_are_none(void **state)
{
    (void)state;
    memset(&rows, 0, sizeof rows);
    rows.wire = crypto_new(NULL);
    decode_elements(&rows, 0, octets("8704DEADBEEF"));
    find("?", "not an element of an answer");
    assert_null(strstr(rows.v[0].value, "DEADBEEF"));
    crypto_free(rows.wire);
}

/* --- for the wire --- */
static char *printed(struct span content)
{
    struct crypto *c = crypto_new(NULL);
    struct buf b;
    char *text;

    assert_non_null(c);
    buf_init(&b, 0);
    memset(&rows, 0, sizeof rows);
    rows.wire = c;
    decode_content(&rows, 0, content);
    rows_print(&rows, 0, &b);
    text = calloc(1, b.n + 1);
    assert_non_null(text);
    memcpy(text, b.p, b.n);
    buf_fini(&b);
    crypto_free(c);
    return text;
}

/* Of commands that may hold a key or a part of a profile, and of segments, nothing is told but
 * length, digest and header. */
static void what_the_wire_form_does_not_show(void **state)
{
    static const struct {
        const char *content, *says;
    } HIDDEN[] = {
        {"AA1D221B80D8018116" "4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "PUT KEY"},
        {"AA1D221B84D8018116" "4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "PUT KEY"},
        {"AA1D221B84E2880016" "4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "STORE DATA"},
        {"AA1D221B80E2880016" "3A07134B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "connectivity"},
        {"AA1D221B80E2880016" "3A09134B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "STORE DATA"},
        {"AA1D221B80E2880016" "00FF4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "STORE DATA"},
        {"AA1D221B80E2880016" "3A03024F003A090D4B4B4B4B4B4B4B4B4B4B4B4B4B4B", "STORE DATA"},
        {"AA09220700A4B4B44B4B4B", "no C-APDU"},
        {"AE8086184B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B0000", "profile data"},
        {"AF8086184B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B4B0000", "for the SM-DP"},
        {"4B4B4B4B", "no script"},
        {"814B4B4B4B", "no script"},
        {"E14B4B4B", "no script"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof HIDDEN / sizeof *HIDDEN; i++) {
        char *text = printed(octets(HIDDEN[i].content));
        if (strstr(text, "4B4B") || !strstr(text, HIDDEN[i].says) || !strstr(text, "SHA-256"))
            fail_msg("%s: %s", HIDDEN[i].content, text);
        free(text);
    }
}

static void the_wire_form_is_whole(void **state)
{
    static const char ENABLE[] = "80E28800153A03124F10A0000005591010FFFFFFFF8900001300";
    char script[100], *text;

    (void)state;
    (void)snprintf(script, sizeof script, "AA1C221A%s", ENABLE);
    text = printed(octets(script));
    assert_non_null(strstr(text, ENABLE));
    assert_non_null(strstr(text, "EnableProfile  [SGP.02 4.1.1.2]"));
    /* echo -n AA1C221A80...1300 | xxd -r -p | sha256sum: the digest of step.opened is this one */
    assert_non_null(strstr(text, "<30 octets, SHA-256 7f91c2191d7deb839317cb39079b3012"
                                 "551bbea936867b1dbce9b967e486372a>"));
    free(text);
    text = printed(octets("E1354C10890440450000000000000000000000014D01024E0200072F10A0000005591010"
                          "FFFFFFFF8900001300140853611750000000"
                          "00"));
    assert_non_null(strstr(text, "sequence number"));
    assert_non_null(strstr(text, "IMEI"));
    free(text);
}

static bool has_row(const char *name, const char *meaning, const char *value)
{
    for (unsigned i = 0; i < rows.n; i++)
        if (!strcmp(rows.v[i].name, name) && strstr(rows.v[i].meaning, meaning) &&
            !strcasecmp(rows.v[i].value, value))
            return true;
    return false;
}

/* Identifier and BER length in front (TS 102 225 5.1 for CAT_TP). */
static unsigned dialect_rows(struct vec *v)
{
    struct span p = vec_get(v, "packet");

    decode_packet(&rows, 0, PACKET_CATTP, p, 0x55);
    assert_true(has_row("CPI", "command packet", "01"));
    assert_true(has_row("CPL", p.n < 0x80 ? "56 octets" : "568 octets",
                        p.n < 0x80 ? "38" : "820238"));
    return 1;
}

/* Packets that a real SM-SR sent, in the TP-UD they had, and others' concatenation: each field by
 * its clause. */
static void recorded_packets_whole(void **state)
{
    struct vec *v = vec_open("scp80");
    unsigned n = 0, parts = 0, cattp = 0;

    (void)state;
    memset(&rows, 0, sizeof rows);
    rows.wire = crypto_new(NULL);
    while (vec_next(v)) {
        const char *block = vec_text(v, "block");
        rows.n = 0;
        if (!strcmp(block, "whty_real") && vec_has(v, "SPI")) {
            uint8_t ud[600];
            struct writer w = wr_init(ud, sizeof ud);
            wr_span(&w, vec_get(v, "udh"));
            wr_span(&w, vec_get(v, "packet"));
            decode_tp_ud(&rows, 0, "TP-UD", wr_view(&w));
            assert_true(has_row("IE 70", "command packet", ""));
            assert_true(has_row("data", "of the packet", vec_text(v, "packet")));
            rows.n = 0;
            decode_packet(&rows, 0, PACKET_SMS, vec_get(v, "packet"), 21);
            assert_true(has_row("packet", "SCP80 command packet", vec_text(v, "packet")));
            assert_true(has_row("SPI", "ciphered, cryptographic", vec_text(v, "SPI")));
            assert_true(has_row("TAR", "", vec_text(v, "TAR")));
            n++;
        } else if (!strcmp(block, "generated_cattp_dialect") && vec_has(v, "packet")) {
            cattp += dialect_rows(v);
        } else if (!strcmp(block, "generated_concatenation")) {
            decode_tp_ud(&rows, 0, "TP-UD 1", vec_get(v, "tp_ud_1"));
            assert_true(has_row("UDHL", "7 octets", "07"));
            assert_true(has_row("IE 00", "reference 90, part 1 of 2", "5A0201"));
            assert_true(has_row("IE 70", "command packet", ""));
            decode_tp_ud(&rows, 0, "TP-UD 2", vec_get(v, "tp_ud_2"));
            assert_true(has_row("IE 00", "reference 90, part 2 of 2", "5A0202"));
            parts++;
        }
    }
    vec_close(v);
    assert_true(n >= 20 && parts == 1 && cattp == 2);
    crypto_free(rows.wire);
}

/* Any prefix of a header is said to be none, 16-bit references are read. */
static void headers_that_are_cut(void **state)
{
    (void)state;
    for (size_t n = 0; n < 8; n++) {
        memset(&rows, 0, sizeof rows);
        decode_tp_ud(&rows, 0, "TP-UD", span_of("\x07\x00\x03\x05\x02\x01\x70\x00", n));
        find("TP-UD", "without a whole header");
    }
    memset(&rows, 0, sizeof rows);
    decode_tp_ud(&rows, 0, "TP-UD", span_of("\x03\x00\x09\x05", 4));
    find("?", "longer than its header");
    memset(&rows, 0, sizeof rows);
    decode_tp_ud(&rows, 0, "TP-UD", span_of("\x06\x08\x04\x01\x02\x03\x02\xAA", 8));
    find("IE 08", "reference 258, part 2 of 3");
    memset(&rows, 0, sizeof rows);
    decode_tp_ud(&rows, 0, "TP-UD", span_of("\x04\x00\x02\x05\x02", 5));
    assert_string_equal(find("IE 00", "")->meaning, "");
}

/* A long value stands in lines of its own, none longer than readers show. */
static void long_values_are_wrapped(void **state)
{
    struct buf b;
    size_t line = 0, digits = 0;

    (void)state;
    memset(&rows, 0, sizeof rows);
    rows.wire = crypto_new(NULL);
    (void)rows_add(&rows, 2, "packet", octets("0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123"
                                              "456789ABCDEF0123456789ABCDEF0123456789ABCDEF012345"
                                              "6789ABCDEF0123456789ABCDEF0123456789ABCDEF01234567"
                                              "89ABCDEF0123456789ABCDEF0123456789ABCDEF"), NULL);
    buf_init(&b, 0);
    rows_print(&rows, 17, &b);
    for (size_t i = 0; i < b.n; i++) {
        line = b.p[i] == '\n' ? 0 : line + 1;
        assert_true(line < 160);
        digits += b.p[i] >= '0' && b.p[i] <= '9';
    }
    assert_int_equal(digits, 12 * 10);
    buf_fini(&b);
    crypto_free(rows.wire);
}

static void hostile_depth_and_length(void **state)
{
    static uint8_t deep[4096];
    struct apdu_cmd c;
    size_t n = sizeof deep;

    (void)state;
    /* E3 inside E3 inside E3: rows are bounded, and so is the recursion. */
    for (size_t at = n; at >= 4; at -= 4) {
        struct writer w = wr_init(deep + at - 4, 4);
        wr_u8(&w, 0xE3);
        wr_u8(&w, 0x82);
        wr_u16(&w, (uint16_t)(n - at));
    }
    memset(&rows, 0, sizeof rows);
    decode_rdata(&rows, 0, span_of(deep, n), NULL);
    assert_true(rows.n < 20);
    /* More elements than rows. */
    for (size_t i = 0; i + 2 <= n; i += 2) {
        deep[i] = 0x86;
        deep[i + 1] = 0;
    }
    memset(&rows, 0, sizeof rows);
    decode_elements(&rows, 0, span_of(deep, n));
    assert_int_equal(rows.n, ROWS_MAX);
    assert_true(rows.full);
    memset(&rows, 0, sizeof rows);
    decode_capdu(&rows, 0, "C", (struct span){NULL, 0}, &c);
    find("C", "no C-APDU");
    decode_script(&rows, 0, (struct span){NULL, 0}, NULL);
    find("script", "empty");
    decode_elements(&rows, 0, (struct span){NULL, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_scp80_packet),          cmocka_unit_test(packets_that_are_none),
        cmocka_unit_test(recorded_exchanges),       cmocka_unit_test(the_functions_of_es5),
        cmocka_unit_test(answers_by_their_command), cmocka_unit_test(answers_more),
        cmocka_unit_test(scp03t_elements),          cmocka_unit_test(elements_that_are_none),
        cmocka_unit_test(commands_keep_their_places),
        cmocka_unit_test(what_the_wire_form_does_not_show),
        cmocka_unit_test(the_wire_form_is_whole),
        cmocka_unit_test(recorded_packets_whole),
        cmocka_unit_test(headers_that_are_cut),
        cmocka_unit_test(long_values_are_wrapped),
        cmocka_unit_test(hostile_depth_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
