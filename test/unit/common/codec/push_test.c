/* SPDX-License-Identifier: Apache-2.0 */
/* Session triggers: what we write is read back, field by field (GP Amendment B 3.7). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/push.h"
#include "common/codec/tlv.h"

#define BYTES(...) span_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static const struct push_trigger FULL = {
    .buffer_size = 0x0500,
    .apn = "iot.operator.example",
    .port = 7443,
    .ipv4 = {10, 0, 0, 1},
    .has_address = true,
    .host = "sr.example",
    .agent_id = "//se-id/x",
    .uri = "/admin?s=1",
    .psk_identity = {(const uint8_t *)"\x00\xFFid", 4},
    .psk_kvn = 0x40,
    .psk_kid = 1,
    .has_retry = true,
    .retry_count = 3,
    .retry_delay_s = 359999,
};

static void full_goes_round(void **state)
{
    (void)state;
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);
    struct push_trigger t;
    push_trigger_put(&w, &FULL);
    assert_int_equal(push_trigger_parse(wr_view(&w), &t), ERR_OK);
    assert_int_equal(t.buffer_size, 0x0500);
    assert_string_equal(t.apn, FULL.apn);
    assert_int_equal(t.port, 7443);
    assert_true(t.has_address);
    assert_memory_equal(t.ipv4, FULL.ipv4, 4);
    assert_string_equal(t.host, FULL.host);
    assert_string_equal(t.agent_id, FULL.agent_id);
    assert_string_equal(t.uri, FULL.uri);
    assert_true(span_eq(t.psk_identity, FULL.psk_identity));
    assert_true(t.psk_kvn == 0x40 && t.psk_kid == 1);
    assert_true(t.has_retry && t.retry_count == 3 && t.retry_delay_s == 359999);
    for (size_t n = 0; n < w.len; n++) {
        assert_int_not_equal(push_trigger_parse(span_of(room, n), &t), ERR_OK);
    }
    for (size_t cap = 0; cap < w.len; cap++) {
        struct writer small = wr_init(room, cap);
        push_trigger_put(&small, &FULL);
        assert_true(small.failed);
    }
}

static void empty_goes_round(void **state)
{
    (void)state;
    uint8_t room[16];
    struct writer w = wr_init(room, sizeof room);
    struct push_trigger none = {0}, t;
    push_trigger_put(&w, &none);
    assert_true(span_eq(wr_view(&w), BYTES(0x81, 2, 0x83, 0)));
    assert_int_equal(push_trigger_parse(wr_view(&w), &t), ERR_OK);
    assert_int_equal(t.port, 0);
    assert_null(t.psk_identity.p);
}

static void text_lengths(void **state)
{
    (void)state;
    static const size_t N[] = {1, 62, 63, 126, 127};
    for (size_t i = 0; i < sizeof N / sizeof *N; i++) {
        struct push_trigger in = {0}, t;
        uint8_t room[512];
        struct writer w = wr_init(room, sizeof room);
        memset(in.uri, 'u', N[i]);
        memset(in.host, 'h', N[i] < 63 ? N[i] : 63);
        memset(in.apn, 'a', N[i] < 63 ? N[i] : 63);
        in.port = 1;
        push_trigger_put(&w, &in);
        assert_int_equal(push_trigger_parse(wr_view(&w), &t), ERR_OK);
        assert_string_equal(t.uri, in.uri);
        assert_string_equal(t.host, in.host);
        assert_string_equal(t.apn, in.apn);
    }
}

/* 81{83{ outer L inner }}: the walk of one parameter. */
static int parse_one(uint32_t tag, struct span inner, struct push_trigger *t)
{
    static uint8_t room[1024];
    struct writer w = wr_init(room, sizeof room);
    size_t a = tlv_open(&w, 0x81);
    size_t b = tlv_open(&w, 0x83);
    tlv_put(&w, tag, inner);
    tlv_close(&w, b);
    tlv_close(&w, a);
    assert_false(w.failed);
    return push_trigger_parse(wr_view(&w), t);
}

static void too_long_texts(void **state)
{
    (void)state;
    static uint8_t long_tlv[300];
    static const struct {
        uint8_t tag;
        size_t n;
    } CASES[] = {{0x8A, 64}, {0x8B, 64}, {0x8C, 128}, {0x8A, 255}, {0x8C, 256}};
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct push_trigger t;
        struct writer w = wr_init(long_tlv, sizeof long_tlv);
        tlv_put_tag(&w, CASES[i].tag);
        tlv_put_len(&w, CASES[i].n);
        wr_fill(&w, 'x', CASES[i].n);
        assert_int_equal(parse_one(0x89, wr_view(&w), &t), ERR_TOO_LARGE);
    }
    struct push_trigger t;
    struct writer w = wr_init(long_tlv, sizeof long_tlv); /* 3 + 60 and a dot: one too many */
    tlv_put_tag(&w, 0x47);
    tlv_put_len(&w, 65);
    wr_u8(&w, 3);
    wr_fill(&w, 'a', 3);
    wr_u8(&w, 60);
    wr_fill(&w, 'b', 60);
    assert_int_equal(parse_one(0x84, wr_view(&w), &t), ERR_TOO_LARGE);
}

static void parameters_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        struct span v;
    } CASES[] = {
        {0x84, {(const uint8_t *)"\x39\x01\x05", 3}},
        {0x84, {(const uint8_t *)"\x3C\x03\x01\x1F\x9A", 5}}, /* UDP */
        {0x84, {(const uint8_t *)"\x3C\x02\x02\x1F", 4}},
        {0x84, {(const uint8_t *)"\x3E\x04\x21\x0A\x00\x00", 6}},
        {0x84, {(const uint8_t *)"\x3E\x00", 2}},
        {0x84, {(const uint8_t *)"\x47\x03\x03\x61\x62", 5}},     /* label too long */
        {0x84, {(const uint8_t *)"\x47\x02\x00\x61", 4}},         /* empty label */
        {0x84, {(const uint8_t *)"\x47\x04\x03\x61\x2E\x62", 6}}, /* a dot inside */
        {0x84, {(const uint8_t *)"\x47\x02\x01\x00", 4}},
        {0x84, {(const uint8_t *)"\x39\x02\x05", 3}},
        {0x85, {(const uint8_t *)"\x05\x41\x02\x40\x01", 5}},
        {0x85, {(const uint8_t *)"\x01\x41\x01\x40", 4}},
        {0x85, {(const uint8_t *)"\x01\x41\x02\x40\x01\x00", 6}},
        {0x85, {(const uint8_t *)"", 0}},
        {0x86, {(const uint8_t *)"\x00", 1}},
        {0x86, {(const uint8_t *)"\x00\x03", 2}},
        {0x86, {(const uint8_t *)"\x00\x03\x25\x02\x00\x00", 6}},
        {0x86, {(const uint8_t *)"\x00\x03\x25\x03\x0A\x00\x00", 7}}, /* no BCD */
        {0x86, {(const uint8_t *)"\x00\x03\x25\x03\x00\x06\x00", 7}}, /* 60 minutes */
        {0x86, {(const uint8_t *)"\x00\x03\x25\x03\x00\x00\x06", 7}}, /* 60 seconds */
        {0x86, {(const uint8_t *)"\x00\x03\x26\x03\x00\x00\x00", 7}},
        {0x89, {(const uint8_t *)"\x8A\x03\x61\x0D\x0A", 5}}, /* would split a head */
        {0x89, {(const uint8_t *)"\x8A\x02\x61\x20", 4}},
        {0x89, {(const uint8_t *)"\x8C\x01\x00", 3}},
        {0x89, {(const uint8_t *)"\x8C\x01\x80", 3}},
        {0x89, {(const uint8_t *)"\x8A\x02\x61", 3}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct push_trigger t;
        assert_int_not_equal(parse_one(CASES[i].tag, CASES[i].v, &t), ERR_OK);
    }
}

static void variants_are_read(void **state)
{
    (void)state;
    struct push_trigger t;
    assert_int_equal(parse_one(0x86, BYTES(0, 3, 0xA5, 3, 0x10, 0x20, 0x30, 0x87, 0), &t), ERR_OK);
    assert_int_equal(t.retry_delay_s, 1 * 3600 + 2 * 60 + 3);
    assert_int_equal(parse_one(0x84, BYTES(0xB9, 2, 1, 2, 0xBC, 3, 2, 0, 80), &t), ERR_OK);
    assert_true(t.buffer_size == 0x0102 && t.port == 80);
    assert_int_equal(parse_one(0x84, BYTES(0x3E, 3, 0x57, 1, 2), &t), ERR_OK); /* IPv6 is passed */
    assert_false(t.has_address);
    assert_int_equal(parse_one(0x8F, BYTES(1, 2, 3), &t), ERR_OK);
}

static void frames_are_refused(void **state)
{
    (void)state;
    struct push_trigger t;
    assert_int_not_equal(push_trigger_parse((struct span){NULL, 0}, &t), ERR_OK);
    assert_int_not_equal(push_trigger_parse(BYTES(0x82, 2, 0x83, 0), &t), ERR_OK);
    assert_int_not_equal(push_trigger_parse(BYTES(0x81, 0), &t), ERR_OK);
    assert_int_not_equal(push_trigger_parse(BYTES(0x81, 2, 0x84, 0), &t), ERR_OK);
    assert_int_not_equal(push_trigger_parse(BYTES(0x81, 2, 0x83, 0, 0), &t), ERR_OK);
    assert_int_not_equal(push_trigger_parse(BYTES(0x81, 3, 0x83, 2, 0), &t), ERR_OK);
}

static void writer_refuses(void **state)
{
    (void)state;
    static uint8_t identity[256], room[1024];
    struct push_trigger bad[4] = {FULL, FULL, FULL, FULL};
    bad[0].retry_delay_s = 360000;
    bad[1].psk_identity = span_of(identity, 256);
    memcpy(bad[2].apn, "a..b", 5);
    memcpy(bad[3].apn, ".a", 3);
    for (size_t i = 0; i < 4; i++) {
        struct writer w = wr_init(room, sizeof room);
        push_trigger_put(&w, &bad[i]);
        assert_true(w.failed);
    }
    bad[1].psk_identity.n = 255;
    struct push_trigger t;
    struct writer w = wr_init(room, sizeof room);
    push_trigger_put(&w, &bad[1]);
    assert_int_equal(push_trigger_parse(wr_view(&w), &t), ERR_OK);
    assert_int_equal(t.psk_identity.n, 255);
}

/* --- the two commands of a CAT_TP link --- */

/* facts: ota 2.4, the octets of an open peer. */
static void link_commands_are_written(void **state)
{
    static const uint8_t CHANNEL[] = {0x80, 0xEC, 0x01, 0x01, 0x1C, 0x35, 0x01, 0x03, 0x39, 0x02, 0x05,
                                      0x00, 0x47, 0x07, 0x03, 'i',  'o',  't',  0x02, 'a',  'b',  0x3C,
                                      0x03, 0x01, 0x1D, 0x14, 0x3E, 0x05, 0x21, 0x7F, 0x00, 0x00, 0x01};
    static const uint8_t LINK[] = {0x80, 0xEC, 0x01, 0x02, 0x09, 0x3C, 0x03,
                                   0x00, 0x1D, 0x14, 0x36, 0x02, 0x89, 0x44};
    const struct push_channel c = {
        .buffer_size = 0x0500, .apn = "iot.ab", .port = 7444, .ipv4 = {127, 0, 0, 1}, .has_address = true};
    const struct push_link l = {7444, {LINK + 12, 2}};
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    push_channel_put(&w, &c);
    assert_int_equal(w.len, sizeof CHANNEL);
    assert_memory_equal(room, CHANNEL, sizeof CHANNEL);
    w = wr_init(room, sizeof room);
    push_link_put(&w, &l);
    assert_int_equal(w.len, sizeof LINK);
    assert_memory_equal(room, LINK, sizeof LINK);
}

static void link_commands_go_round(void **state)
{
    const struct push_channel c = {.buffer_size = 0x0500, .apn = "iot.blue", .port = 65535};
    const struct push_link l = {1, {(const uint8_t *)"identity", 8}};
    struct push_channel c2;
    struct push_link l2;
    struct apdu_cmd cmd;
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    push_channel_put(&w, &c);
    assert_int_equal(apdu_cmd_parse(wr_view(&w), &cmd), ERR_OK);
    assert_int_equal(push_channel_parse(cmd.data, &c2), ERR_OK);
    assert_int_equal(c2.buffer_size, 0x0500);
    assert_string_equal(c2.apn, "iot.blue");
    assert_int_equal(c2.port, 65535);
    assert_false(c2.has_address);
    w = wr_init(room, sizeof room);
    push_link_put(&w, &l);
    assert_int_equal(apdu_cmd_parse(wr_view(&w), &cmd), ERR_OK);
    assert_int_equal(push_link_parse(cmd.data, &l2), ERR_OK);
    assert_int_equal(l2.port, 1);
    assert_true(span_eq(l2.id, l.id));
    w = wr_init(room, sizeof room);
    push_link_put(&w, &(struct push_link){7, {room, 250}}); /* beyond Lc */
    assert_true(w.failed);
    w = wr_init(room, sizeof room);
    push_channel_put(&w, &(struct push_channel){.apn = "a..b", .port = 7});
    assert_true(w.failed);
}

static void link_commands_are_refused(void **state)
{
    static const struct {
        uint8_t b[12];
        size_t n;
        bool link;
    } BAD[] = {
        {{0}, 0, false},                                     /* no port */
        {{0x35, 0x01, 0x03}, 3, false},
        {{0x3C, 0x03, 0x02, 0x1D, 0x14}, 5, false},          /* TCP */
        {{0x3C, 0x02, 0x01, 0x1D}, 4, false},
        {{0x3C, 0x04, 0x01, 0x1D, 0x14, 0x00}, 6, false},
        {{0x3C, 0x03, 0x01, 0x00, 0x00}, 5, false},          /* port 0 */
        {{0x3C, 0x03, 0x01, 0x1D, 0x14, 0x3E, 0x00}, 7, false},
        {{0x3C, 0x03, 0x01, 0x1D, 0x14, 0x39, 0x01, 0x05}, 8, false},
        {{0x3C, 0x03, 0x01, 0x1D, 0x14, 0x47, 0x02, 0x05, 'a'}, 9, false},
        {{0x3C, 0x03, 0x01, 0x1D}, 4, false},
        {{0}, 0, true},
        {{0x36, 0x01, 0x44}, 3, true},
        {{0x3C, 0x03, 0x01, 0x1D, 0x14}, 5, true},           /* a UDP port */
        {{0x3C, 0x03, 0x00, 0x00, 0x00}, 5, true},
        {{0x3C, 0x03, 0x00, 0x1D, 0x14, 0x36, 0x05, 0x44}, 8, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        struct push_channel c;
        struct push_link l;
        struct span s = span_of(BAD[i].b, BAD[i].n);
        assert_int_not_equal(BAD[i].link ? push_link_parse(s, &l) : push_channel_parse(s, &c),
                             ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_commands_are_written), cmocka_unit_test(link_commands_go_round),
        cmocka_unit_test(link_commands_are_refused),
        cmocka_unit_test(full_goes_round),        cmocka_unit_test(empty_goes_round),
        cmocka_unit_test(text_lengths),           cmocka_unit_test(too_long_texts),
        cmocka_unit_test(parameters_are_refused), cmocka_unit_test(variants_are_read),
        cmocka_unit_test(frames_are_refused),     cmocka_unit_test(writer_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
