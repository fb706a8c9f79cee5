/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "smsr/domain/notification.h"

#define EID "89001012012341234012345678901224"
#define AID "A0000005591010FFFFFFFF8900001100"

static int parse(const char *hex, struct notification *ret)
{
    static uint8_t b[512];
    size_t n = 0;

    assert_int_equal(hex_decode(hex, strlen(hex), b, sizeof b, &n), ERR_OK);
    return notification_parse(span_of(b, n), ret);
}

static void the_published_form(void **state)
{
    struct notification n;
    char eid[EID_TEXT], aid[AID_TEXT];

    /* facts: sgp02 6.9 */
    assert_int_equal(parse("E1354C10" EID "4D01024E0200002F10" AID "14081122334455667788", &n),
                     ERR_OK);
    eid_text(&n.eid, eid);
    aid_text(&n.aid, aid);
    assert_string_equal(eid, EID);
    assert_string_equal(aid, AID);
    assert_int_equal(n.kind, 2);
    assert_int_equal(n.sequence, 0);
    assert_int_equal(n.imei.n, 8);
    assert_int_equal(n.imei.p[0], 0x11);
    (void)state;
}

static void tags_of_other_cards(void **state)
{
    static const char *const FORMS[] = {
        "E12B4C10" EID "4D01054E02FFFF4F10" AID,                        /* 4F for 2F, no IMEI */
        "E12B4C10" EID "4D01054E02FFFFAF10" AID,                        /* AF for 2F */
        "E12B4D01054E02FFFF2F10" AID "4C10" EID,                        /* any order */
        "E1354C10" EID "4D01054E02FFFF2F10" AID "94081122334455667788", /* 94 for 14 */
        "E1344C10" EID "4D01054E02FFFF2F10" AID "6D0711223344556677",   /* MEID */
        "E1344C10" EID "4D01054E02FFFF2F10" AID "ED0711223344556677",
        "E12F4C10" EID "4D01054E02FFFF2F10" AID "5F200100", /* what later versions add */
    };

    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct notification n;
        if (parse(FORMS[i], &n) != ERR_OK)
            fail_msg("form %u", (unsigned)i);
        assert_int_equal(n.kind, 5);
        assert_int_equal(n.sequence, 0xFFFF);
    }
    (void)state;
}

static void refused(void **state)
{
    static const char *const FORMS[] = {
        "", "E1", "E100", "E2354C10" EID "4D01024E0200002F10" AID "14081122334455667788",
        "E12B4C10" EID "4D01024E0200002F10" AID "00",        /* more behind it */
        "E12A4C10" EID "4D01024E0200002F10" AID,             /* shorter than it says */
        "E1194D01024E0200002F10" AID,                         /* no EID */
        "E1284C10" EID "4E0200002F10" AID,                    /* no type */
        "E1274C10" EID "4D01022F10" AID,                      /* no sequence */
        "E1194C10" EID "4D01024E020000",                      /* no AID */
        "E12C4C10" EID "4D0200024E0200002F10" AID,            /* type of two octets */
        "E12A4C10" EID "4D01024E01002F10" AID,                /* sequence of one */
        "E12C4C10" EID "4D01024E030000002F10" AID,            /* sequence of three */
        "E12A4C0F" "89001012012341234012345678901" "2" "4D01024E0200002F10" AID,
        "E12B4C10" "89001012012341234012345678901225" "4D01024E0200002F10" AID,  /* check digits */
        "E11F4C10" EID "4D01024E0200002F04" "A0000005",       /* AID too short */
        "E12B4C10" EID "4D01004E0200002F10" AID,              /* type 0 */
        "E13E4C10" EID "4D01024E0200002F10" AID "14111122334455667788112233445566778811",
    };

    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct notification n;
        int err = parse(FORMS[i], &n);
        if (err == ERR_OK)
            fail_msg("form %u was taken", (unsigned)i);
        assert_true(err == ERR_FORMAT || err == ERR_TRUNCATED);
    }
    (void)state;
}

static void every_length_of_it(void **state)
{
    static const char WHOLE[] = "E1354C10" EID "4D01024E0200002F10" AID "14081122334455667788";
    char cut[sizeof WHOLE];
    struct notification n;

    for (size_t len = 0; len < sizeof WHOLE - 1; len += 2) {
        memcpy(cut, WHOLE, len);
        cut[len] = 0;
        assert_int_not_equal(parse(cut, &n), ERR_OK);
    }
    (void)state;
}

static void rfc_1982(void **state)
{
    static const struct { uint16_t a, b; bool newer; } ROWS[] = {
        {1, 0, true},        {0, 1, false},      {0, 0, false},      {0, 65535, true},
        {65535, 0, false},   {32767, 0, true},   {32768, 0, false},  {0, 32768, false},
        {32769, 0, false},   {0, 32769, true},   {100, 65500, true}, {65500, 100, false},
        {40000, 7232, false}, {40000, 7233, true}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        assert_int_equal(sequence_newer(ROWS[i].a, ROWS[i].b), ROWS[i].newer);
    for (unsigned a = 0; a < 65536;
         a += 17) { /* never both; neither only when equal or half apart */
        uint16_t b = (uint16_t)(a * 31 + 7);
        bool x = sequence_newer((uint16_t)a, b), y = sequence_newer(b, (uint16_t)a);
        assert_false(x && y);
        assert_int_equal(x || y, a != b && (uint16_t)(a - b) != 0x8000);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_form), cmocka_unit_test(tags_of_other_cards),
        cmocka_unit_test(refused), cmocka_unit_test(every_length_of_it), cmocka_unit_test(rfc_1982),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
