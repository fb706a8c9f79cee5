/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Scripts: both forms, bad formats, where a script stops, chaining, room for answers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "test/support/card_rig.h"

/* Sends a script as hex to this TAR and compares the whole answer. */
static void tar_answers(struct rig *r, uint32_t tar, const char *script, const char *want)
{
    uint8_t b[600];
    char got[1200];
    size_t n = 0;

    assert_int_equal(hex_decode(script, strlen(script), b, sizeof(b), &n), 0);
    rig_script(r, tar, span_of(b, n));
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
    assert_int_equal(hex_encode(span_of(r->por.data, r->por.n), got, sizeof(got)), 0);
    assert_string_equal(got, want);
}

static void answers(struct rig *r, const char *script, const char *want)
{
    tar_answers(r, 1, script, want);
}

static void both_forms(void **state)
{
    answers(*state, "AA07220580CAFF2100",
            "AB178001012312FF210D8101018204001000008302" "3A929000");
    answers(*state, "AE80220580CAFF21000000",
            "AF802312FF210D8101018204001000008302" "3A9290000000");
    answers(*state, "AA00", "AB03800100");
    answers(*state, "AE800000", "AF800000");
}

static void several_commands(void **state)
{
    struct rig *r = *state;

    answers(r, "AE80"
            "224580E60C003F10A0000005591010FFFFFFFF8900000D0010A0000005591010FFFFFFFF8900000E00"
            "10A0000005591010FFFFFFFF89000013000380C00006C904810203700000"
            "221D80F24002174F10A0000005591010FFFFFFFF89000013005C034F9F7000"
            "221880E40040124F10A0000005591010FFFFFFFF890000130000" "0000",
            "AF80" "2303009000"
            "231AE3164F10A0000005591010FFFFFFFF89000013009F7001079000" "2303009000" "0000");
    assert_int_equal(rig_row(r, 1)->position, 0);
    assert_int_equal(rig_row(r, 0)->position, 2);
}

static void stops_at_the_first_bad_word(void **state)
{
    struct rig *r = *state;

    answers(r, "AA21" "221880E40040124F10A0000005591010FFFFFFFF890000130000" "220580CAFF2100",
            "AB07800101" "23026A88");
}

static void bad_formats(void **state)
{
    /* real: an AA inside an AE */
    answers(*state, "AE80AA10220E80500000089F94BB687E2C3441000000", "AF809001010000");
    answers(*state, "AC00", "AB06800100900101");                   /* unknown template */
    answers(*state, "AA05220580CA", "AB06800100900102");           /* shorter than it says */
    answers(*state, "AB00", "AB06800100900101");                   /* an answer is no command */
    answers(*state, "AE80220580CAFF2100", "AF80900103" "0000");    /* no end */
    answers(*state, "80E40040124F1000", "AB06800100900101");       /* compact format */
    answers(*state, "AA03810100", "AB06800100900101");             /* immediate action */
    answers(*state, "AA028200", "AB06800100900101");               /* error action */
    /* the ISD-R has no SCP03t */
    answers(*state, "AE80840A30000102030405060708" "0000", "AF809001010000");
    answers(*state, "AE8022020000" "0000", "AF809001020000");      /* no room for an APDU */
}

/* What stood before the bad element was executed. */
static void bad_format_in_the_middle(void **state)
{
    answers(*state, "AE80220580CAFF21004201000000",
            "AF802312FF210D8101018204001000008302" "3A9290009001010000");
    answers(*state, "AE80220580CAFF21008301110000",
            "AF802312FF210D8101018204001000008302" "3A9290009001010000");
}

static void chaining(void **state)
{
    struct rig *r = *state;

    answers(r, "AE80830102" "220580CAFF2100" "0000", "AF808301010000");    /* no script before */
    answers(r, "AE80830103" "220580CAFF2100" "0000", "AF808301010000");
    answers(r, "AE80830101" "0000", "AF800000");
    answers(r, "AE80830102" "0000", "AF800000");
    answers(r, "AE80830103" "0000", "AF800000");
    answers(r, "AE80830102" "0000", "AF808301010000");
    answers(r, "AE80830111" "0000", "AF800000");
    rig_power(r);
    answers(r, "AE80830102" "0000", "AF808301010000");                     /* a reset ends both */
    answers(r, "AE80830104" "0000", "AF809001010000");
    answers(r, "AE80830111" "0000", "AF800000");
    answers(r, "AA00", "AB03800100");          /* no link of the chain: leaves it as it is */
    answers(r, "AE80830103" "0000", "AF800000");
}

/* Each security domain has its own. */
static void chaining_by_application(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    answers(r, "AE80830111" "0000", "AF800000");
    tar_answers(r, 0x13, "AE80830102" "0000", "AF808301010000");
    tar_answers(r, 0x13, "AE80830111" "0000", "AF800000");
    answers(r, "AE80830102" "0000", "AF800000");
    tar_answers(r, 0x13, "AE80830103" "0000", "AF800000");
    answers(r, "AE80830103" "0000", "AF800000");
    assert_int_equal(rig_create(r, 0x14, 0), 0x9000);
    tar_answers(r, 0x13, "AE80830111" "0000", "AF800000");
    tar_answers(r, 0x14, "AE80830102" "0000", "AF808301010000");
}

/* An answer that would not fit any more is not begun: 62F1, and the commands behind did not run. */
static void room_ends(void **state)
{
    struct rig *r = *state;
    uint8_t script[1200];
    struct writer w = wr_init(script, sizeof(script));
    unsigned count = 0;

    wr_u16(&w, 0xAE80);
    for (unsigned i = 0; i < 100; i++)
        wr_bytes(&w, "\x22\x05\x80\xCA\xFF\x21\x00", 7);
    wr_bytes(&w, "\x22\x05\x80\xE4\x00\x40\x00", 7);
    wr_u16(&w, 0);
    rig_script(r, 1, wr_view(&w));
    assert_true(r->por.got && r->por.n < 2000);
    for (size_t at = 2; at + 1 < r->por.n && r->por.data[at] == 0x23; count++)
        at += 2u + r->por.data[at + 1];
    assert_memory_equal(r->por.data + r->por.n - 6, "\x23\x02\x62\xF1\x00\x00", 6);
    assert_true(count > 50 && count < 101);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(both_forms), CASE(several_commands), CASE(stops_at_the_first_bad_word),
        CASE(bad_formats), CASE(bad_format_in_the_middle), CASE(chaining),
        CASE(chaining_by_application), CASE(room_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
