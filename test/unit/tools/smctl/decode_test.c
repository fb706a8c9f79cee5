/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded octets between SM-SR and card, field by field. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "test/support/vec.h"
#include "tools/smctl/decode.h"

#include <stdlib.h>

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
        cmocka_unit_test(scp03t_elements),          cmocka_unit_test(hostile_depth_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
