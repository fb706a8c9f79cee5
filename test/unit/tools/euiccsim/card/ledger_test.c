/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* The ledger: one row for each effect command, none for others, numbers without a gap. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

/* Rows are about commands that change the card, whether they succeeded or not. */
static void what_has_a_row(void **state)
{
    static const struct {
        const char *capdu;
        unsigned rows;
    } TRY[] = {
        {"80CAFF2100", 0},                                                    /* reads */
        {"80F24002024F0000", 0},
        {"80E28900073A08044E02000900", 0},                                    /* confirmation */
        {"80D8000101AA00", 0},                                                /* no command */
        {"80E28800033A0300", 1},
        {"80E28800033A0600", 1},
        {"80E40040124F10A0000005591010FFFFFFFF890000130000", 1},
        {"80E6200016000010A0000005591010FFFFFFFF890000100000000000", 1},
        {"80E60C0001" "10" "00", 1},
        {"80E4000005F20301010300", 1},
        {"80E288000F3A070CA30A81080C91947101000000", 1},
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(TRY) / sizeof(TRY[0]); i++) {
        unsigned before = r->n_rows;

        (void)rig_hex(r, TRY[i].capdu, NULL);
        assert_int_equal(r->n_rows, before + TRY[i].rows);
        if (TRY[i].rows) {
            assert_int_equal(rig_row(r, 0)->n, before + 1);
            assert_int_equal(rig_row(r, 0)->channel, 'S');
            assert_int_equal(rig_row(r, 0)->counter, r->counter);
        }
    }
}

static void positions_in_a_script(void **state)
{
    struct rig *r = *state;
    static const uint8_t CREATE[] =
        "\x80\xE6\x0C\x00\x3F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x0D\x00"
        "\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x0E\x00"
        "\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x13\x00"
        "\x03\x80\xC0\x00\x06\xC9\x04\x81\x02\x03\x70\x00\x00";
    static const uint8_t DELETE[] = "\x80\xE4\x00\x40\x12\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF"
                                    "\xFF\xFF\xFF\x89\x00\x00\x13\x00\x00";
    uint8_t script[300];
    struct writer w = wr_init(script, sizeof(script));

    wr_bytes(&w, "\xAE\x80\x83\x01\x01\x22\x45", 7);
    wr_bytes(&w, CREATE, sizeof(CREATE) - 1);
    wr_bytes(&w, "\x22\x05\x80\xCA\xFF\x21\x00\x22\x18", 9);
    wr_bytes(&w, DELETE, sizeof(DELETE) - 1);
    wr_u16(&w, 0);
    rig_script(r, 1, wr_view(&w));
    assert_int_equal(r->n_rows, 2);
    assert_int_equal(r->row[0].position, 0);       /* script chaining is no command */
    assert_int_equal(r->row[1].position, 2);
    assert_int_equal(r->row[0].state_after, ISDP_SELECTABLE);
    assert_int_equal(r->row[1].state_before, ISDP_SELECTABLE);
    assert_int_equal(r->row[0].counter, r->row[1].counter);
}

static void taken_in_pieces(void **state)
{
    struct rig *r = *state;
    const struct msisdn from = {RIG_SMSR};
    struct card_ledger_row row[2];

    for (unsigned i = 0; i < 3; i++) {
        uint8_t room[PACKET_MAX], ud[140];
        struct span packet = rig_wrap(r, 1, span_of("\xAA\x08\x22\x06\x80\xE4\x00\x40\x01\x00", 10),
                                      room);
        struct writer w = wr_init(ud, sizeof(ud));

        assert_int_equal(sms_part_put(&w, SMS_COMMAND, packet, 1, 1), 0);
        arena_reset(&r->arena);
        r->out = (struct card_actions){.arena = &r->arena};
        assert_int_equal(card_sms(r->card, &from, wr_view(&w), r->now, &r->out), 0);
    }
    assert_int_equal(card_ledger_take(r->card, row, 0), 0);
    assert_int_equal(card_ledger_take(r->card, row, 2), 2);
    assert_int_equal(row[0].n, 1);
    assert_int_equal(row[1].n, 2);
    assert_int_equal(card_ledger_take(r->card, row, 2), 1);
    assert_int_equal(row[0].n, 3);
    assert_int_equal(card_ledger_take(r->card, row, 2), 0);
    assert_int_equal(card_ledger_count(r->card), 3);
    r->n_rows = 3;
    (void)rig_delete(r, 0x13);
    assert_int_equal(rig_row(r, 0)->n, 4);
}

static void numbers_outlive_power(void **state)
{
    struct rig *r = *state;

    (void)rig_delete(r, 0x13);
    rig_reboot(r);
    (void)rig_delete(r, 0x13);
    assert_int_equal(rig_row(r, 0)->n, 2);
}

static void command_with_a_low_counter_has_no_row(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];
    struct span packet = rig_wrap(r, 1, span_of("\xAA\x08\x22\x06\x80\xE4\x00\x40\x01\x00", 10),
                                  room);

    rig_packet(r, packet);
    assert_int_equal(r->n_rows, 1);
    rig_packet(r, packet);
    assert_int_equal(r->n_rows, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_has_a_row), CASE(positions_in_a_script), CASE(taken_in_pieces),
        CASE(numbers_outlive_power), CASE(command_with_a_low_counter_has_no_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
