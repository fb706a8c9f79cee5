/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/smpp.h"

#include <stdio.h>

static struct smpp_message a_message(size_t n)
{
    static const uint8_t OCTETS[300];

    return (struct smpp_message){.source = {3, 1, "4917"}, .dest = {1, 1, "491510000011"},
                                 .esm_class = SMPP_UDHI, .protocol_id = 0x7F, .data_coding = 0xF6,
                                 .ud = span_of(OCTETS, n)};
}

static struct span submit(const struct smpp_message *m, uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);

    smpp_put_submit(&w, 7, m);
    return wr_view(&w);
}

static void every_cut_is_seen(void **state)
{
    struct smpp_message m = a_message(140);
    uint8_t room[600];
    struct span s = submit(&m, room, sizeof room);
    struct smpp_pdu p;

    (void)state;
    assert_int_equal(smpp_parse(s, &p), ERR_OK);
    for (size_t n = 0; n < s.n; n++) {
        assert_int_not_equal(smpp_parse(span_of(s.p, n), &p), ERR_OK);
        if (n >= SMPP_HEAD) { /* the same with a length that agrees */
            uint8_t cut[600];
            memcpy(cut, s.p, n);
            cut[2] = (uint8_t)(n >> 8);
            cut[3] = (uint8_t)n;
            assert_int_not_equal(smpp_parse(span_of(cut, n), &p), ERR_OK);
            assert_int_equal(p.sequence, 7);
        }
    }
}

static void lengths(void **state)
{
    static const struct {
        uint8_t b[4];
        size_t n, length;
        int err;
    } ROWS[] = {
        {{0, 0, 0, 0}, 0, 0, ERR_OK},          {{0, 0, 0, 16}, 3, 0, ERR_OK},
        {{0, 0, 0, 15}, 4, 0, ERR_FORMAT},     {{0, 0, 0, 0}, 4, 0, ERR_FORMAT},
        {{0, 0, 0, 16}, 4, 16, ERR_OK},        {{0, 0, 16, 0}, 4, 4096, ERR_OK},
        {{0, 0, 16, 1}, 4, 0, ERR_TOO_LARGE},  {{0xFF, 0xFF, 0xFF, 0xFF}, 4, 0, ERR_TOO_LARGE},
    };
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_int_equal(smpp_length(span_of(ROWS[i].b, ROWS[i].n), &length), ROWS[i].err);
        assert_int_equal(length, ROWS[i].length);
    }
}

static void what_cannot_be_written_is_not(void **state)
{
    struct smpp_message m = a_message(SMPP_UD_MAX);
    struct smpp_bind b = {"fifteen octets.", "eight ok", "twelve okay."};
    uint8_t room[600];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    assert_non_null(submit(&m, room, sizeof room).p);
    m = a_message(SMPP_UD_MAX + 1);
    assert_null(submit(&m, room, sizeof room).p);
    m = a_message(10);
    (void)snprintf(m.dest.digits, sizeof m.dest.digits, "%s", "123456789012345678901");
    assert_null(submit(&m, room, sizeof room).p);
    m = a_message(10);
    memset(m.service_type, 'x', sizeof m.service_type);
    assert_null(submit(&m, room, sizeof room).p);
    smpp_put_bind(&w, 1, &b);
    assert_false(w.failed);
    memset(b.password, 'x', sizeof b.password); /* no end */
    smpp_put_bind(&w, 1, &b);
    assert_true(w.failed);
}

/* Validity as the relative time of the protocol; at most 99 days. */
static void validity(void **state)
{
    static const struct {
        int64_t s;
        const char *text;
    } ROWS[] = {{0, ""}, {59, "000000000059000R"}, {900, "000000001500000R"},
                {86399, "000000235959000R"}, {259200, "000003000000000R"},
                {10000000000, "000099000000000R"}};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct smpp_message m = a_message(1);
        uint8_t room[300];
        struct span s;
        m.validity_s = ROWS[i].s;
        s = submit(&m, room, sizeof room);
        /* head, service type, two addresses, three octets, schedule */
        assert_string_equal((const char *)s.p + 16 + 1 + 7 + 15 + 3 + 1, ROWS[i].text);
    }
}

static size_t with_options(uint8_t *room, size_t cap, const void *options, size_t n, size_t ud)
{
    struct smpp_message m = a_message(ud);
    struct span s = submit(&m, room, cap);

    memcpy(room + s.n, options, n);
    room[7] = SMPP_DELIVER_SM;
    room[2] = (uint8_t)((s.n + n) >> 8);
    room[3] = (uint8_t)(s.n + n);
    return s.n + n;
}

static void options(void **state)
{
    static const struct {
        const char *b;
        size_t n, ud;
        int err;
    } ROWS[] = {
        {"\x04\x24\0\2ab", 6, 0, ERR_OK},           {"\x04\x24\0\2ab", 6, 5, ERR_FORMAT},
        {"\x04\x27\0\1\x02", 5, 0, ERR_OK},         {"\x04\x27\0\1\x09", 5, 0, ERR_FORMAT},
        {"\x04\x27\0\2\x02\x02", 6, 0, ERR_FORMAT}, {"\x04\x27\0\0", 4, 0, ERR_FORMAT},
        {"\0\x1E\0\3id\0", 7, 0, ERR_OK},           {"\0\x1E\0\2id", 6, 0, ERR_TRUNCATED},
        {"\x77\x77\0\5abcde", 9, 3, ERR_OK},        {"\x77\x77\0\5abcd", 8, 3, ERR_TRUNCATED},
        {"\x77\x77\0", 3, 3, ERR_TRUNCATED},        {"\x77", 1, 3, ERR_TRUNCATED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        uint8_t room[300];
        struct smpp_pdu p;
        size_t n = with_options(room, sizeof room, ROWS[i].b, ROWS[i].n, ROWS[i].ud);
        assert_int_equal(smpp_parse(span_of(room, n), &p), ROWS[i].err);
        if (i == 0)
            assert_true(span_eq(p.message.ud, span_str("ab")));
    }
}

/* A refusal may be a head alone; an id of 64 characters is the longest. */
static void answers(void **state)
{
    uint8_t b[200] = {0, 0, 0, 16, 0x80, 0, 0, 4, 0, 0, 0, 0x58, 0, 0, 0, 9};
    struct smpp_pdu p;

    (void)state;
    assert_int_equal(smpp_parse(span_of(b, 16), &p), ERR_OK);
    assert_int_equal(p.status, SMPP_THROTTLED);
    memset(b + 16, 'a', 65);
    b[3] = 16 + 65;
    b[16 + 64] = '\0';
    assert_int_equal(smpp_parse(span_of(b, 16 + 65), &p), ERR_OK);
    assert_int_equal(strlen(p.message_id), 64);
    b[16 + 64] = 'a';
    b[3] = 16 + 66;
    assert_int_equal(smpp_parse(span_of(b, 16 + 66), &p), ERR_TOO_LARGE);
}

/* --- receipts --- */
#define DATES " submit date:2611230045 done date:2611230046"

/* What SMSCs write: parameters first, then the text, whatever the case and the order. */
static void receipts(void **state)
{
    static const struct {
        const char *receipted;
        enum smpp_message_state state;
        uint32_t error;
        const char *text, *id;
        enum smpp_message_state want;
        const char *want_error;
    } ROWS[] = {
        {"", 0, 0, "id:42 sub:001 dlvrd:001" DATES " stat:DELIVRD err:000 text:", "42", SMPP_STATE_DELIVERED,
         "000"},
        {"", 0, 0, "ID:7f-1 Stat:Undeliv Err:1A Text:hello", "7f-1", SMPP_STATE_UNDELIVERABLE, "1A"},
        {"", 0, 0, "id:1 stat:EXPIRED", "1", SMPP_STATE_EXPIRED, ""},
        {"", 0, 0, "id:1 stat:DELETED", "1", SMPP_STATE_DELETED, ""},
        {"", 0, 0, "id:1 stat:ACCEPTD", "1", SMPP_STATE_ACCEPTED, ""},
        {"", 0, 0, "id:1 stat:UNKNOWN", "1", SMPP_STATE_UNKNOWN, ""},
        {"", 0, 0, "id:1 stat:REJECTD err:a-b", "1", SMPP_STATE_REJECTED, ""},
        {"", 0, 0, "id:1 stat:ENROUTE err:12345678", "1", SMPP_STATE_ENROUTE, ""},
        {"", 0, 0, "id:1\0 stat:EXPIRED", "1", SMPP_STATE_NONE, ""},          /* the C text ends */
        {"ab", SMPP_STATE_EXPIRED, 0x030017, "id:1 stat:DELIVRD err:000", "ab", SMPP_STATE_EXPIRED, "23"},
        {"ab", SMPP_STATE_DELIVERED, 0, "", "ab", SMPP_STATE_DELIVERED, ""},
        {"ab", 0, 0, "stat:UNDELIV", "ab", SMPP_STATE_UNDELIVERABLE, ""},
        {"", SMPP_STATE_DELIVERED, 0, "id:9", "9", SMPP_STATE_DELIVERED, ""},
        /* neither what the text of the message says, nor part of a word */
        {"", 0, 0, "id:1 text: stat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "text:id:1 id:2 stat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "grid:1 stat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 restat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id: stat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 stat:", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 stat:DELIVR", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 stat:DELIVRDX", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 stat:SEVENCH", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "id:1 stat:DELIVRDDELIVRDDELIVRD", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "stat:DELIVRD", "", SMPP_STATE_NONE, ""},
        {"ab", 0, 0, "", "", SMPP_STATE_NONE, ""},
        {"", 0, 0, "", "", SMPP_STATE_NONE, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct smpp_message m = {.state = ROWS[i].state, .network_error = ROWS[i].error,
                                 .ud = span_str(ROWS[i].text)};
        struct smpp_receipt r;
        (void)snprintf(m.receipted, sizeof m.receipted, "%s", ROWS[i].receipted);
        if (smpp_receipt_read(&m, &r) != (ROWS[i].want ? ERR_OK : ERR_FORMAT))
            fail_msg("row %zu: %s", i, ROWS[i].text);
        if (!ROWS[i].want)
            continue;
        assert_string_equal(r.id, ROWS[i].id);
        assert_int_equal(r.state, ROWS[i].want);
        assert_string_equal(r.error, ROWS[i].want_error);
    }
}

/* Of any length: an id of 64 characters is the longest, and every cut of a receipt is read or refused. */
static void receipts_of_any_length(void **state)
{
    static const char WHOLE[] = "id:42 sub:001 dlvrd:001" DATES " stat:DELIVRD err:000 text:abc";
    char text[65536 + 16];

    (void)state;
    for (size_t n = 0; n <= 65535; n = n < 300 ? n + 1 : n * 2 + 1) {
        struct smpp_message m = {.ud = span_of(text, 3 + n + 13)};
        struct smpp_receipt r;
        memcpy(text, "id:", 3);
        memset(text + 3, 'a', n);
        memcpy(text + 3 + n, " stat:DELIVRD", 13);
        assert_int_equal(smpp_receipt_read(&m, &r), n >= 1 && n <= 64 ? ERR_OK : ERR_FORMAT);
    }
    for (size_t n = 0; n < sizeof WHOLE; n++) {
        struct smpp_message m = {.ud = span_of(WHOLE, n)};
        struct smpp_receipt r;
        const char *stat = strstr(WHOLE, "stat:DELIVRD");
        bool whole = n >= (size_t)(stat - WHOLE) + 12;
        assert_int_equal(smpp_receipt_read(&m, &r), whole ? ERR_OK : ERR_FORMAT);
    }
}

static void a_network_error_code_is_three_octets(void **state)
{
    struct smpp_message m = a_message(10);
    uint8_t room[300];
    struct span s = submit(&m, room, sizeof room);
    struct smpp_pdu p;

    (void)state;
    for (uint8_t n = 0; n < 6; n++) {
        uint8_t b[320];
        memcpy(b, s.p, s.n);
        memcpy(b + s.n, "\x04\x23\x00\x00\x03\x00\x17\x00\x00\x00", 10);
        b[s.n + 3] = n;
        b[2] = (uint8_t)((s.n + 4 + n) >> 8);
        b[3] = (uint8_t)(s.n + 4 + n);
        assert_int_equal(smpp_parse(span_of(b, s.n + 4 + n), &p), n == 3 ? ERR_OK : ERR_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cut_is_seen), cmocka_unit_test(lengths),
        cmocka_unit_test(what_cannot_be_written_is_not), cmocka_unit_test(validity),
        cmocka_unit_test(options), cmocka_unit_test(answers),
        cmocka_unit_test(receipts), cmocka_unit_test(receipts_of_any_length),
        cmocka_unit_test(a_network_error_code_is_three_octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
