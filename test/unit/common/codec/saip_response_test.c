/* SPDX-License-Identifier: Apache-2.0 */
/* EUICCResponse: the forms seen in the field, and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/saip.h"

static int read_bytes(const uint8_t *p, size_t n, struct saip_response *r)
{
    return saip_response_read(span_of(p, n), r);
}
#define READ(r, ...)                                                                               \
    read_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), r)

static void ok_form(void **state)
{
    (void)state;
    struct saip_response r;
    assert_int_equal(READ(&r, 0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00), ERR_OK);
    assert_int_equal(r.n, 1);
    assert_false(r.pe[0].has_identification);
    assert_true(saip_response_ok(&r));
    uint8_t b[16];
    struct writer w = wr_init(b, sizeof(b));
    saip_response_put(&w, &r);
    assert_int_equal(w.len, 9);
    assert_memory_equal(b, "\x30\x07\xA0\x05\x30\x03\x80\x01\x00", 9);
}

static void aborted_form(void **state)
{
    (void)state;
    struct saip_response r;
    static const uint8_t b[] = {0x30, 0x0C, 0xA0, 0x08, 0x30, 0x06, 0x80,
                                0x01, 0x05, 0x81, 0x01, 0x0C, 0x81, 0x00};
    assert_int_equal(read_bytes(b, sizeof(b), &r), ERR_OK);
    assert_int_equal(r.pe[0].status, 5);
    assert_string_equal(saip_status_text(r.pe[0].status), "invalid-request-format");
    assert_true(r.pe[0].has_identification);
    assert_int_equal(r.pe[0].identification, 12);
    assert_true(r.aborted);
    assert_false(saip_response_ok(&r));
    uint8_t out[32];
    struct writer w = wr_init(out, sizeof(out));
    saip_response_put(&w, &r);
    assert_int_equal(w.len, sizeof(b));
    assert_memory_equal(out, b, sizeof(b));
}

static void round_trip_of_all_fields(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 127, 128, 255};
    for (size_t i = 0; i < 5; i++) {
        struct saip_response in = {.n = 2, .message = "card is full"}, out;
        in.pe[0] = (struct saip_status){0x6A84,
                                        true,
                                        32767,
                                        true,
                                        (uint8_t)values[i],
                                        true,
                                        i == 4 ? 0x7FFFFFFF : values[i] << 8};
        in.pe[1] = (struct saip_status){.status = 31};
        uint8_t b[80];
        struct writer w = wr_init(b, sizeof(b));
        saip_response_put(&w, &in);
        assert_int_equal(saip_response_read(wr_view(&w), &out), ERR_OK);
        assert_int_equal(out.n, 2);
        assert_int_equal(out.pe[0].status, 0x6A84);
        assert_int_equal(out.pe[0].identification, 32767);
        assert_int_equal(out.pe[0].additional, values[i]);
        assert_int_equal(out.pe[0].offset, in.pe[0].offset);
        assert_string_equal(out.message, "card is full");
        assert_false(saip_response_ok(&out));
    }
}

static void unknown_fields_pass(void **state)
{
    (void)state;
    struct saip_response r;
    assert_int_equal(READ(&r, 0x30, 0x0B, 0xA0, 0x07, 0x30, 0x05, 0x80, 1, 0, 0x84, 0, 0x83, 0),
                     ERR_OK);
    assert_true(saip_response_ok(&r));
}

static void status_texts(void **state)
{
    (void)state;
    assert_string_equal(saip_status_text(0), "ok");
    assert_string_equal(saip_status_text(8), "lib-not-supported");
    assert_string_equal(saip_status_text(11), "pin-code-missing");
    assert_string_equal(saip_status_text(12), "unknown");
    assert_string_equal(saip_status_text(31), "unsupported-profile-version");
    assert_string_equal(saip_status_text(0x6A80), "status word");
    assert_string_equal(saip_status_text(0xA001), "proprietary");
}

static void refusals(void **state)
{
    (void)state;
    struct saip_response r;
    assert_int_equal(READ(&r, 0x30, 0x00), ERR_FORMAT); /* no status list */
    assert_int_equal(READ(&r, 0x31, 0x02, 0xA0, 0x00), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x02, 0xA0, 0x00, 0x00), ERR_FORMAT);       /* padding left */
    assert_int_equal(READ(&r, 0x30, 0x04, 0xA0, 0x02, 0x30, 0x00), ERR_FORMAT); /* no status */
    assert_int_equal(READ(&r, 0x30, 0x05, 0xA0, 0x03, 0x31, 0x01, 0x00), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x04, 0xA0, 0x00, 0xA0, 0x00), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x06, 0xA0, 0x04, 0x30, 0x02, 0x80, 0x00), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x80), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x0A, 0xA0, 8, 0x30, 6, 0x80, 4, 1, 0, 0, 0), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x0B, 0xA0, 9, 0x30, 7, 0x80, 1, 0, 0x82, 2, 1, 0), ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x0C, 0xA0, 10, 0x30, 8, 0x80, 1, 0, 0x81, 3, 0, 0x80, 0),
                     ERR_FORMAT);
    assert_int_equal(READ(&r, 0x30, 0x07, 0xA0, 0x05, 0x30, 0x04, 0x80, 0x01, 0x00), ERR_TRUNCATED);
}

static void empty_list_is_not_ok(void **state)
{
    (void)state;
    struct saip_response r;
    assert_int_equal(READ(&r, 0x30, 0x02, 0xA0, 0x00), ERR_OK);
    assert_false(saip_response_ok(&r));
}

static void too_many_statuses(void **state)
{
    (void)state;
    struct saip_response r;
    uint8_t b[4 + 5 * (SAIP_STATUS_MAX + 1)] = {0x30, 2 + 5 * (SAIP_STATUS_MAX + 1), 0xA0,
                                                5 * (SAIP_STATUS_MAX + 1)};
    for (size_t i = 0; i <= SAIP_STATUS_MAX; i++)
        memcpy(b + 4 + 5 * i, "\x30\x03\x80\x01\x00", 5);
    assert_int_equal(read_bytes(b, sizeof(b), &r), ERR_TOO_LARGE);
}

static void message_bounds(void **state)
{
    (void)state;
    struct saip_response r;
    uint8_t b[6 + 65] = {0x30, 4 + 65, 0xA0, 0, 0x82, 65};
    memset(b + 6, 'x', 65);
    assert_int_equal(read_bytes(b, sizeof(b), &r), ERR_FORMAT);
    b[1] = 4 + 64;
    b[5] = 64;
    assert_int_equal(read_bytes(b, sizeof(b) - 1, &r), ERR_OK);
    assert_int_equal(strlen(r.message), 64);
    b[10] = 0;
    assert_int_equal(read_bytes(b, sizeof(b) - 1, &r), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ok_form),
        cmocka_unit_test(aborted_form),
        cmocka_unit_test(round_trip_of_all_fields),
        cmocka_unit_test(unknown_fields_pass),
        cmocka_unit_test(status_texts),
        cmocka_unit_test(refusals),
        cmocka_unit_test(empty_list_is_not_ok),
        cmocka_unit_test(too_many_statuses),
        cmocka_unit_test(message_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
