/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/bearer/sms_rx.h"

#define HOLD 60000
#define A "491701"
#define B "491702"

static struct sms_packet got;
static uint8_t packet[4020];

static void fill(uint8_t seed)
{
    for (size_t i = 0; i < sizeof(packet); i++)
        packet[i] = (uint8_t)(seed + i * 31 + (i >> 8));
}

static struct span part(enum sms_kind kind, size_t n, uint8_t ref, unsigned index, uint8_t ud[140])
{
    struct writer w = wr_init(ud, 140);

    assert_int_equal(sms_part_put(&w, kind, span_of(packet, n), ref, index), ERR_OK);
    return wr_view(&w);
}

static int feed(struct sms_rx *rx, const char *source, size_t n, uint8_t ref, unsigned index,
                int64_t now)
{
    uint8_t ud[140];

    return sms_rx_part(rx, source, part(SMS_COMMAND, n, ref, index, ud), now, &got);
}

static int feed_raw(struct sms_rx *rx, const char *b, size_t n)
{
    return sms_rx_part(rx, A, span_of(b, n), 0, &got);
}

static void assert_got(size_t n)
{
    assert_int_equal(got.n, n);
    assert_memory_equal(got.b, packet, n);
    memset(&got, 0xEE, sizeof(got));
}

static struct sms_rx *rx_new(void)
{
    struct sms_rx *rx = sms_rx_new(8, 4, HOLD);

    assert_non_null(rx);
    fill(1);
    return rx;
}

static void every_length_in_order(void **state)
{
    static const size_t LENGTHS[] = {1,   126, 127, 128, 136, 137, 138,  255, 256,
                                     266, 267, 400, 401, 534, 668, 3886, 4018};
    struct sms_rx *rx = rx_new();

    (void)state;
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        unsigned total = sms_parts(LENGTHS[i]);
        for (unsigned k = 1; k < total; k++)
            assert_int_equal(feed(rx, A, LENGTHS[i], (uint8_t)i, k, 0), ERR_AGAIN);
        assert_int_equal(feed(rx, A, LENGTHS[i], (uint8_t)i, total, 0), ERR_OK);
        assert_int_equal(got.kind, SMS_COMMAND);
        assert_got(LENGTHS[i]);
        assert_int_equal(sms_rx_open_count(rx), 0);
    }
    sms_rx_free(rx);
}

static void kind_of_the_first_part_counts(void **state)
{
    struct sms_rx *rx = rx_new();
    uint8_t ud[140];

    (void)state;
    assert_int_equal(sms_rx_part(rx, "", part(SMS_RESPONSE, 20, 0, 1, ud), 0, &got), ERR_OK);
    assert_int_equal(got.kind, SMS_RESPONSE);
    assert_got(20);
    assert_int_equal(sms_rx_part(rx, "", part(SMS_RESPONSE, 200, 9, 2, ud), 0, &got), ERR_AGAIN);
    assert_int_equal(sms_rx_part(rx, "", part(SMS_RESPONSE, 200, 9, 1, ud), 0, &got), ERR_OK);
    assert_int_equal(got.kind, SMS_RESPONSE);
    assert_got(200);
    sms_rx_free(rx);
}

/* All orders of five parts: 120 messages. */
static void any_order(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    for (unsigned p = 0; p < 120; p++) {
        unsigned left[5] = {1, 2, 3, 4, 5}, rest = p;
        for (unsigned n = 5; n > 0; n--) {
            unsigned pick = rest % n, k = left[pick];
            rest /= n;
            memmove(&left[pick], &left[pick + 1], (n - pick - 1) * sizeof(left[0]));
            assert_int_equal(feed(rx, A, 668, (uint8_t)p, k, 0), n > 1 ? ERR_AGAIN : ERR_OK);
        }
        assert_got(668);
    }
    sms_rx_free(rx);
}

static void duplicates_change_nothing(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(feed(rx, A, 400, 1, 1, i), ERR_AGAIN);
    for (int i = 0; i < 5; i++)
        assert_int_equal(feed(rx, A, 400, 1, 3, i), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 1);
    assert_int_equal(feed(rx, A, 400, 1, 2, 9), ERR_OK);
    assert_got(400);
    sms_rx_free(rx);
}

/* The first send lost part 2, the second lost part 1: same bytes, same reference, one packet. And a
 * whole second send gives the packet a second time, for the card has to answer it again. */
static void two_identical_sends_complete_each_other(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed(rx, A, 400, 7, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 7, 3, 1), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 7, 3, 2), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 7, 2, 3), ERR_OK);
    assert_got(400);
    for (unsigned k = 1; k <= 2; k++)
        assert_int_equal(feed(rx, A, 400, 7, k, 4), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 7, 3, 5), ERR_OK);
    assert_got(400);
    sms_rx_free(rx);
}

static void references_and_sources_are_kept_apart(void **state)
{
    struct sms_rx *rx = rx_new();
    uint8_t ud[140];

    (void)state;
    assert_int_equal(feed(rx, A, 200, 0, 1, 0), ERR_AGAIN);
    fill(2);
    assert_int_equal(feed(rx, A, 200, 1, 1, 0), ERR_AGAIN);
    fill(3);
    assert_int_equal(feed(rx, B, 200, 0, 1, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 3);
    assert_int_equal(sms_rx_part(rx, B, part(SMS_COMMAND, 200, 0, 2, ud), 0, &got), ERR_OK);
    assert_got(200);
    fill(2);
    assert_int_equal(feed(rx, A, 200, 1, 2, 0), ERR_OK);
    assert_got(200);
    fill(1);
    assert_int_equal(feed(rx, A, 200, 0, 2, 0), ERR_OK);
    assert_got(200);
    sms_rx_free(rx);
}

static void sixteen_bit_reference_and_other_element_order(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed_raw(rx, "\x08\x70\x00\x08\x04\xAB\x01\x02\x01hel", 12), ERR_AGAIN);
    /* Same low octet, another message. */
    assert_int_equal(feed_raw(rx, "\x06\x08\x04\xAC\x01\x02\x02xx", 9), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 2);
    assert_int_equal(feed_raw(rx, "\x06\x08\x04\xAB\x01\x02\x02lo", 9), ERR_OK);
    assert_int_equal(got.n, 5);
    assert_memory_equal(got.b, "hello", 5);
    sms_rx_free(rx);
}

static void one_of_one_with_a_concatenation_element(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed_raw(rx, "\x07\x00\x03\x05\x01\x01\x71\x00hi", 10), ERR_OK);
    assert_int_equal(got.kind, SMS_RESPONSE);
    assert_int_equal(got.n, 2);
    assert_int_equal(sms_rx_open_count(rx), 0);
    sms_rx_free(rx);
}

/* A reused reference: the newer message wins as a whole, whichever of its parts comes first. */
static void a_differing_part_replaces_the_message(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed(rx, A, 400, 4, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 4, 2, 0), ERR_AGAIN);
    fill(9);
    assert_int_equal(feed(rx, A, 400, 4, 2, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 400, 4, 3, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 1);
    assert_int_equal(feed(rx, A, 400, 4, 1, 0), ERR_OK);
    assert_got(400);
    sms_rx_free(rx);
}

static void a_differing_length_total_or_kind_replaces_too(void **state)
{
    struct sms_rx *rx = rx_new();
    uint8_t ud[140];

    (void)state;
    assert_int_equal(feed(rx, A, 266, 4, 2, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 4, 2, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 4, 1, 0), ERR_OK);
    assert_got(200);
    assert_int_equal(feed(rx, A, 400, 5, 3, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 5, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 5, 2, 0), ERR_OK);
    assert_got(200);
    assert_int_equal(feed(rx, A, 200, 6, 1, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_part(rx, A, part(SMS_RESPONSE, 200, 6, 1, ud), 0, &got), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 6, 2, 0), ERR_OK);
    assert_int_equal(got.kind, SMS_RESPONSE);
    assert_int_equal(sms_rx_open_count(rx), 0);
    sms_rx_free(rx);
}

static void unfinished_messages_expire(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed(rx, A, 200, 1, 1, 1000), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 2, 1, 1001), ERR_AGAIN);
    /* Held from the first part on: a duplicate does not prolong. */
    assert_int_equal(feed(rx, A, 200, 1, 1, 1000 + HOLD - 1), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 2);
    assert_int_equal(feed(rx, A, 200, 1, 2, 1000 + HOLD), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 2);
    assert_int_equal(feed(rx, A, 200, 2, 2, 1000 + HOLD), ERR_OK);
    assert_got(200);
    assert_int_equal(feed(rx, B, 20, 0, 1, 1000 + 2 * HOLD), ERR_OK);
    assert_int_equal(sms_rx_open_count(rx), 0);
    sms_rx_free(rx);
}

static void a_source_has_a_limit_of_its_own(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    for (uint8_t ref = 0; ref < 4; ref++)
        assert_int_equal(feed(rx, A, 200, ref, 1, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_pushed_out(rx), 0);
    /* Its own oldest one goes: whoever fills the places can keep none of them shut. */
    assert_int_equal(feed(rx, A, 200, 4, 1, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 4);
    assert_int_equal(sms_rx_pushed_out(rx), 1);
    /* Others, whole packets and open messages go on. */
    assert_int_equal(feed(rx, B, 200, 4, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 20, 0, 1, 0), ERR_OK);
    assert_int_equal(feed(rx, A, 200, 4, 2, 0), ERR_OK);
    assert_int_equal(feed(rx, A, 200, 1, 2, 0), ERR_OK);
    assert_int_equal(feed(rx, A, 200, 0, 2, 0), ERR_AGAIN);     /* its first part went */
    assert_int_equal(sms_rx_pushed_out(rx), 1);
    /* And so does the source after its old ones expired. */
    assert_int_equal(feed(rx, A, 200, 5, 1, HOLD), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 1);
    sms_rx_free(rx);
}

static void the_table_has_a_limit(void **state)
{
    static const char *const SOURCES[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
    struct sms_rx *rx = rx_new();

    (void)state;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(feed(rx, SOURCES[i], 200, 0, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, "9", 200, 0, 1, 0), ERR_AGAIN);   /* the oldest of all goes */
    assert_int_equal(sms_rx_open_count(rx), 8);
    assert_int_equal(sms_rx_pushed_out(rx), 1);
    assert_int_equal(feed(rx, "9", 200, 0, 2, 0), ERR_OK);
    assert_int_equal(feed(rx, "2", 200, 0, 2, 0), ERR_OK);
    assert_int_equal(feed(rx, "1", 200, 0, 2, 0), ERR_AGAIN);
    sms_rx_free(rx);
    rx = sms_rx_new(1, 1, HOLD);                                /* the last place of a source */
    assert_non_null(rx);
    for (uint8_t ref = 0; ref < 5; ref++)
        assert_int_equal(feed(rx, ref % 2 ? A : B, 200, ref, 1, 0), ERR_AGAIN);
    for (uint8_t ref = 0; ref < 5; ref++)
        assert_int_equal(feed(rx, A, 200, ref, 1, 0), ERR_AGAIN);
    assert_int_equal(sms_rx_open_count(rx), 1);
    assert_int_equal(feed(rx, A, 200, 4, 2, 0), ERR_OK);
    sms_rx_free(rx);
}

static void what_is_not_ota_is_refused(void **state)
{
    static const struct {
        const char *b;
        size_t n;
    } BAD[] = {
        {"", 0},                                           /* nothing */
        {"\x02\x70", 2},                                   /* header cut */
        {"\x00hello", 6},                                  /* a text message */
        {"\x02\x70\x00", 3},                               /* no packet */
        {"\x05\x00\x03\x01\x02\x01x", 7},                  /* first part without 70/71 */
        {"\x07\x00\x03\x01\x02\x01\x70\x00", 8},           /* first part without data */
        {"\x05\x00\x03\x01\x02\x02", 6},                   /* later part without data */
        {"\x05\x00\x03\x01\x00\x00x", 7},                  /* 0 of 0 */
        {"\x05\x00\x03\x01\x02\x00x", 7},                  /* 0 of 2 */
        {"\x05\x00\x03\x01\x02\x03x", 7},                  /* 3 of 2 */
        {"\x05\x00\x03\x01\x1F\x02x", 7},                  /* 31 parts */
        {"\x05\x00\x03\x01\xFF\xFFx", 7},                  /* 255 parts */
        {"\x04\x00\x02\x01\x02x", 6},                      /* short element */
        {"\x07\x00\x03\x01\x01\x01\x24\x00x", 9},          /* one of one without 70/71 */
        {"\x02\x24\x00x", 4},                              /* another header */
    };
    uint8_t long_ud[141] = {0x02, 0x70, 0x00};
    struct sms_rx *rx = rx_new();

    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(feed_raw(rx, BAD[i].b, BAD[i].n), ERR_FORMAT);
    assert_int_equal(sms_rx_part(rx, A, span_of(long_ud, 141), 0, &got), ERR_FORMAT);
    assert_int_equal(sms_rx_open_count(rx), 0);
    assert_int_equal(feed(rx, "1234567890123456789012345", 200, 0, 1, 0), ERR_INVAL);
    sms_rx_free(rx);
}

static void put_head(struct writer *w, uint8_t k)
{
    wr_bytes(w, k == 1 ? "\x07\x00\x03\x01\x1E" : "\x05\x00\x03\x01\x1E", 5);
    wr_u8(w, k);
    if (k == 1)
        wr_bytes(w, "\x70\x00", 2);
}

/* Thirty full parts are the most there is, and still a packet; they need every slot of the
 * table. */
static void thirty_full_parts(void **state)
{
    struct sms_rx *rx = rx_new();
    uint8_t ud[140];

    (void)state;
    for (uint8_t k = 30; k >= 1; k--) {
        struct writer w = wr_init(ud, sizeof(ud));
        put_head(&w, k);
        wr_fill(&w, k, 140 - w.len);
        assert_int_equal(sms_rx_part(rx, A, wr_view(&w), 0, &got), k > 1 ? ERR_AGAIN : ERR_OK);
    }
    assert_int_equal(got.n, 132 + 29 * 134);
    assert_int_equal(got.b[131], 1);
    assert_int_equal(got.b[132], 2);
    assert_int_equal(got.b[got.n - 1], 30);
    assert_int_equal(sms_rx_open_count(rx), 0);
    sms_rx_free(rx);
}

static void limits_of_zero_are_refused(void **state)
{
    (void)state;
    assert_null(sms_rx_new(0, 1, 1));
    assert_null(sms_rx_new(1, 0, 1));
    assert_null(sms_rx_new(1, 1, 0));
    assert_null(sms_rx_new(1, 1, -1));
    sms_rx_free(NULL);
}

static void freed_with_messages_open(void **state)
{
    struct sms_rx *rx = rx_new();

    (void)state;
    assert_int_equal(feed(rx, A, 200, 1, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, A, 200, 2, 1, 0), ERR_AGAIN);
    assert_int_equal(feed(rx, B, 200, 2, 1, 0), ERR_AGAIN);
    sms_rx_free(rx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_in_order),
        cmocka_unit_test(kind_of_the_first_part_counts),
        cmocka_unit_test(any_order),
        cmocka_unit_test(duplicates_change_nothing),
        cmocka_unit_test(two_identical_sends_complete_each_other),
        cmocka_unit_test(references_and_sources_are_kept_apart),
        cmocka_unit_test(sixteen_bit_reference_and_other_element_order),
        cmocka_unit_test(one_of_one_with_a_concatenation_element),
        cmocka_unit_test(a_differing_part_replaces_the_message),
        cmocka_unit_test(a_differing_length_total_or_kind_replaces_too),
        cmocka_unit_test(unfinished_messages_expire),
        cmocka_unit_test(a_source_has_a_limit_of_its_own),
        cmocka_unit_test(the_table_has_a_limit),
        cmocka_unit_test(what_is_not_ota_is_refused),
        cmocka_unit_test(thirty_full_parts),
        cmocka_unit_test(limits_of_zero_are_refused),
        cmocka_unit_test(freed_with_messages_open),
    };

    return cmocka_run_group_tests_name("sms_rx", tests, NULL, NULL);
}
