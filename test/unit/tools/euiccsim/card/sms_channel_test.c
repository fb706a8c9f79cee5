/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* SCP80 at the card: counter, silence, levels, addressees, long messages, proofs of receipt. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "test/support/card_rig.h"

static const uint8_t AUDIT[] = {0xAA, 0x07, 0x22, 0x05, 0x80, 0xCA, 0xFF, 0x21, 0x00};

static struct span audit(void)
{
    return span_of(AUDIT, sizeof(AUDIT));
}

/* The answer to AUDIT: AB { 80 01 01, 23 { FF21.. 9000 } }. */
static void answered(const struct rig *r)
{
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
    assert_int_equal(r->por.n, 25);
    assert_memory_equal(r->por.data, "\xAB\x17\x80\x01\x01\x23\x12\xFF\x21", 9);
    assert_memory_equal(r->por.data + 23, "\x90\x00", 2);
}

static void silent(struct rig *r, struct span packet)
{
    uint32_t before = card_silent_count(r->card);
    uint64_t version = card_version(r->card);

    rig_packet(r, packet);
    assert_int_equal(r->n_sms, 0);
    assert_int_equal(card_silent_count(r->card), before + 1);
    assert_int_equal(card_version(r->card), version);
}

static void status_only(const struct rig *r, uint8_t status)
{
    assert_true(r->por.got);
    assert_int_equal(r->por.status, status);
    assert_int_equal(r->por.n, 0);
}

static void one_command(void **state)
{
    struct rig *r = *state;

    rig_script(r, 1, audit());
    answered(r);
    assert_int_equal(r->n_sms, 1);
}

/* facts ota 1.5: stored 5 in mode "higher": 5 and 4 are low, 6 and 2000 go. */
static void counter_higher(void **state)
{
    static const struct {
        uint64_t cntr;
        uint8_t status;
    } TRY[] = {{5, POR_OK}, {5, POR_CNTR_LOW}, {4, POR_CNTR_LOW}, {6, POR_OK}, {2000, POR_OK},
               {1999, POR_CNTR_LOW}, {CNTR_MAX - 1, POR_OK}, {CNTR_MAX, POR_CNTR_BLOCKED},
               {CNTR_MAX - 1, POR_CNTR_LOW}};
    struct rig *r = *state;

    rig_card_new(r);
    for (size_t i = 0; i < sizeof(TRY) / sizeof(TRY[0]); i++) {
        r->counter = TRY[i].cntr - 1;
        rig_script(r, 1, audit());
        if (TRY[i].status == POR_OK)
            answered(r);
        else
            status_only(r, TRY[i].status);
    }
}

static void counter_next(void **state)
{
    static const struct {
        uint64_t cntr;
        uint8_t status;
    } TRY[] = {{1, POR_OK}, {3, POR_CNTR_HIGH}, {2, POR_OK}, {2, POR_CNTR_LOW}, {3, POR_OK}};
    struct rig *r = *state;

    rig_card_new(r);
    r->spi1 = 0x1E;
    for (size_t i = 0; i < sizeof(TRY) / sizeof(TRY[0]); i++) {
        r->counter = TRY[i].cntr - 1;
        rig_script(r, 1, audit());
        assert_int_equal(r->por.status, TRY[i].status);
    }
}

static void duplicated_sms_runs_once(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX], script[40] = {0xAA, 0x1C, 0x22, 0x1A};
    struct span packet;
    unsigned rows;

    rig_install(r, 0x13, 0);
    memcpy(script + 4, "\x80\xE2\x88\x00\x15\x3A\x03\x12\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF"
                       "\xFF\xFF\xFF\x89\x00\x00\x13\x00", 26);
    packet = rig_wrap(r, 1, span_of(script, 30), room);
    rows = r->n_rows;
    rig_packet(r, packet);
    assert_int_equal(r->por.status, POR_OK);
    assert_int_equal(r->n_rows, rows + 1);
    for (unsigned i = 0; i < 3; i++) {
        rig_packet(r, packet);
        status_only(r, POR_CNTR_LOW);
        assert_false(r->refresh);
    }
    rig_reboot(r);
    rig_packet(r, packet);
    status_only(r, POR_CNTR_LOW);
    assert_int_equal(r->n_rows, rows + 1);
}

static void every_flipped_octet_is_met_with_silence(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX], bad[PACKET_MAX];
    struct span packet = rig_wrap(r, 1, audit(), room);

    for (size_t i = 0; i < packet.n; i++) {
        memcpy(bad, packet.p, packet.n);
        bad[i] ^= 0x10;
        silent(r, span_of(bad, packet.n));
    }
    rig_packet(r, packet);             /* the counter was not used up */
    answered(r);
}

static void cut_packets_are_met_with_silence(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];
    struct span packet = rig_wrap(r, 1, audit(), room);

    for (size_t n = 1; n < packet.n; n += 5)
        silent(r, span_of(packet.p, n));
}

static void unknown_key_set_is_met_with_silence(void **state)
{
    struct rig *r = *state;
    const struct scp80_keys keys = {r->kic, r->kid, 0};
    static const uint8_t KVN[][2] = {{0x22, 0x22}, {0x12, 0x22}, {0x22, 0x12}, {0x02, 0x02}};

    for (size_t i = 0; i < sizeof(KVN) / sizeof(KVN[0]); i++) {
        const struct packet_cmd_head h = {0x16, 0x39, KVN[i][0], KVN[i][1], 1};
        uint8_t room[200];
        struct writer w = wr_init(room, sizeof(room));

        assert_int_equal(scp80_wrap(r->crypto, &keys, PACKET_SMS, &h, ++r->counter, audit(), &w),
                         0);
        silent(r, wr_view(&w));
    }
}

/* Without a checksum nothing proves the sender: silence. With one, but unciphered or without a
 * counter that is compared: insufficient security level. */
static void levels(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];

    r->spi1 = 0x14;
    silent(r, rig_wrap(r, 1, audit(), room));
    r->spi1 = 0x00;
    silent(r, rig_wrap(r, 1, audit(), room));
    r->spi1 = 0x12;
    rig_script(r, 1, audit());
    status_only(r, POR_INSUFFICIENT_SECURITY);
    r->spi1 = 0x06;
    rig_script(r, 1, audit());
    status_only(r, POR_INSUFFICIENT_SECURITY);
    r->spi1 = 0x0E;
    rig_script(r, 1, audit());
    status_only(r, POR_INSUFFICIENT_SECURITY);
    r->spi1 = 0x16;
    r->counter = 1;                    /* none of them used a counter up */
    rig_script(r, 1, audit());
    answered(r);
}

static void tar_unknown(void **state)
{
    static const uint32_t TAR[] = {0x000000, 0x000002, 0x000013, 0xB00010, 0xFFFFFF, 0x010010};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(TAR) / sizeof(TAR[0]); i++) {
        rig_script(r, TAR[i], audit());
        status_only(r, POR_TAR_UNKNOWN);
    }
}

/* A C-APDU to an ISD-P without its secure channel. */
static void isdp_wants_its_own_channel(void **state)
{
    struct rig *r = *state;

    rig_script(r, 0x10, audit());
    assert_int_equal(r->por.status, POR_OK);
    assert_memory_equal(r->por.data, "\xAB\x07\x80\x01\x01\x23\x02\x69\x82", 9);
}

static void por_modes(void **state)
{
    struct rig *r = *state;
    static const struct {
        uint8_t spi2;
        bool on_success, on_error;
    } MODES[] = {{0x39, true, true}, {0x38, false, false}, {0x3A, false, true},
                 {0x00, false, false}, {0x01, true, true}, {0x21, true, true},
                 {0x19, true, true}};

    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
        r->spi2 = MODES[i].spi2;
        rig_script(r, 1, audit());
        assert_int_equal(r->n_sms > 0, MODES[i].on_success);
        rig_script(r, 0xB00010, audit());
        assert_int_equal(r->n_sms > 0, MODES[i].on_error);
    }
}

static void user_data_comes(struct rig *r, struct span tp_ud)
{
    const struct msisdn from = {RIG_SMSR};

    arena_reset(&r->arena);
    r->out = (struct card_actions){.arena = &r->arena};
    assert_int_equal(card_sms(r->card, &from, tp_ud, r->now, &r->out), 0);
}

/* So many audits that their packet takes two messages. */
static struct span audits(struct rig *r, uint8_t n, uint8_t room[PACKET_MAX])
{
    uint8_t script[400];
    struct writer w = wr_init(script, sizeof(script));
    struct span packet;

    wr_u16(&w, 0xAA81);
    wr_u8(&w, (uint8_t)(n * 7));
    for (unsigned i = 0; i < n; i++)
        wr_bytes(&w, AUDIT + 2, 7);
    packet = rig_wrap(r, 1, wr_view(&w), room);
    assert_int_equal(sms_parts(packet.n), 2);
    return packet;
}

static void part_comes(struct rig *r, struct span packet, unsigned i)
{
    uint8_t ud[SMS_UD_MAX];
    struct writer p = wr_init(ud, sizeof(ud));

    assert_int_equal(sms_part_put(&p, SMS_COMMAND, packet, 9, i), 0);
    user_data_comes(r, wr_view(&p));
}

/* Both ways need several SMS; parts come in any order and twice. */
static void long_messages(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];
    struct span packet = audits(r, 30, room);

    r->n_sms = 0;
    for (unsigned i = 0; i < 3; i++) {
        part_comes(r, packet, i == 2 ? 1 : 2);
        assert_int_equal(r->out.n > 0, i == 2);
    }
    assert_int_equal(r->out.n, 5);     /* 30 answers of 20 octets */
}

static void unfinished_message_expires(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];
    struct span packet = audits(r, 20, room);

    for (unsigned i = 1; i <= 2; i++) {
        part_comes(r, packet, i);
        assert_int_equal(r->out.n, 0);
        r->now += 600000;
    }
}

/* Half a message before the power cycle and half behind it are no message. */
static void power_takes_what_was_begun(void **state)
{
    struct rig *r = *state;
    uint8_t room[PACKET_MAX];
    struct span packet = audits(r, 20, room);

    for (unsigned i = 1; i <= 2; i++) {
        part_comes(r, packet, i);
        assert_int_equal(r->out.n, 0);
        rig_power(r);
    }
}

static void other_user_data_is_met_with_silence(void **state)
{
    static const char *const UD[] = {"\x00\x41", "\x02\x71\x00\x00\x01", "\x02\x70", "\xFF",
                                     "\x05\x00\x03\x01\x00\x01"};
    static const size_t N[] = {2, 5, 2, 1, 6};
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(N) / sizeof(N[0]); i++) {
        uint32_t before = card_silent_count(r->card);

        user_data_comes(r, span_of(UD[i], N[i]));
        assert_int_equal(r->out.n, 0);
        assert_int_equal(card_silent_count(r->card), before + 1);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(one_command), CASE(counter_higher), CASE(counter_next),
        CASE(duplicated_sms_runs_once), CASE(every_flipped_octet_is_met_with_silence),
        CASE(cut_packets_are_met_with_silence), CASE(unknown_key_set_is_met_with_silence),
        CASE(levels), CASE(tar_unknown), CASE(isdp_wants_its_own_channel), CASE(por_modes),
        CASE(long_messages), CASE(unfinished_message_expires),
        CASE(power_takes_what_was_begun),
        CASE(other_user_data_is_met_with_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
