/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_wire remora_pb remora_msg remora_base */
/* What peers must not get through, value by value: identifiers, texts, numbers, enums, lists
 * (proto/RULES.md). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "test/support/wire_pen.h"
#include "test/unit/common/wire/fill.h"

static const uint8_t EID_GOOD[16] = {0x89, 0x00, 0x10, 0x12, 0x01, 0x23, 0x41, 0x23,
                                     0x40, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x24};

static void test_eid(void **state)
{
    struct pen *w = *state;
    uint8_t eid[17];
    memcpy(eid, EID_GOOD, 16);
    pen_octets(&w->body, 10, eid, 16);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    const struct es4_get_eis_request *req = w->e.message.body;
    assert_memory_equal(req->eid.b, EID_GOOD, 16);

    eid[15] = 0x25; /* check digits fail */
    pen_octets(&w->body, 10, eid, 16);
    pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "ES4_GetEISRequest.Eid");
    eid[15] = 0x2A; /* no digit */
    pen_octets(&w->body, 10, eid, 16);
    pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "Eid");
    memcpy(eid, EID_GOOD, 16);
    eid[0] = 0x88;
    pen_octets(&w->body, 10, eid, 16);
    pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "Eid");
    for (size_t n = 0; n <= 17; n += n == 0 ? 15 : 2) { /* 0, 15, 17 */
        pen_octets(&w->body, 10, EID_GOOD, n > 16 ? 16 : n);
        if (n > 16) {
            buf_reset(&w->body);
            memcpy(eid, EID_GOOD, 16);
            eid[16] = 0;
            pen_octets(&w->body, 10, eid, 17);
        }
        pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "Eid");
    }
    memset(eid, 0, 16);
    pen_octets(&w->body, 10, eid, 16);
    pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "Eid");
}

/* Text identifiers: the wrong one of each class. */
static void test_text_identifiers(void **state)
{
    struct pen *w = *state;
    static const struct {
        enum msg_type type;
        uint32_t tag;
        const char *text, *field;
    } WRONG[] = {
        {MSG_ES4_ENABLE_PROFILE_REQUEST, 11, "", "Iccid"},
        {MSG_ES4_ENABLE_PROFILE_REQUEST, 11, "89490100000000001", "Iccid"},
        {MSG_ES4_ENABLE_PROFILE_REQUEST, 11, "894901000000000000011", "Iccid"},
        {MSG_ES4_ENABLE_PROFILE_REQUEST, 11, "88490100000000000001", "Iccid"},
        {MSG_ES4_ENABLE_PROFILE_REQUEST, 11, "8949010000000000000a", "Iccid"},
        {MSG_ES2_GET_EIS_REQUEST, 11, "", "Smsr_id"},
        {MSG_ES2_GET_EIS_REQUEST, 11, "1..2", "Smsr_id"},
        {MSG_ES2_GET_EIS_REQUEST, 11, "1.3.6.", "Smsr_id"},
        {MSG_ES2_GET_EIS_REQUEST, 11, "operator", "Smsr_id"},
        {MSG_ES2_GET_EIS_REQUEST, 11,
         "1.3.6.1.4.1.99999.1234567.1234567.1234567.1234567.1234567.123456", "Smsr_id"},
        {MSG_ADMIN_PROFILE_LIST_REQUEST, 13, "no digits at all", "after"},
    };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        pen_octets(&w->body, WRONG[i].tag, WRONG[i].text, strlen(WRONG[i].text));
        pen_refused(w, WRONG[i].type, ERR_FORMAT, WRONG[i].field);
    }
}

static void test_subscription_address(void **state)
{
    struct pen *w = *state;
    static const struct {
        uint32_t tag;
        const char *text, *field;
    } WRONG[] = {
        {1, "12345", "SubscriptionAddress.Imsi"},
        {1, "1234567890123456", "SubscriptionAddress.Imsi"},
        {1, "26201x", "SubscriptionAddress.Imsi"},
        {2, "49", "SubscriptionAddress.Msisdn"},
        {2, "1234567890123456", "SubscriptionAddress.Msisdn"},
        {2, "4917 1", "SubscriptionAddress.Msisdn"},
    };
    struct buf address;
    buf_init(&address, 0);
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        buf_reset(&address);
        pen_octets(&address, WRONG[i].tag, WRONG[i].text, strlen(WRONG[i].text));
        pen_message(&w->body, 12, &address);
        pen_refused(w, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, ERR_FORMAT, WRONG[i].field);
    }
    buf_fini(&address);
}

static void test_aid_uuid_and_digest(void **state)
{
    struct pen *w = *state;
    static const uint8_t ZEROS[33];
    static const size_t AID_LENGTHS[] = {0, 1, 4, 17, 33};
    for (size_t i = 0; i < 5; i++) {
        pen_octets(&w->body, 11, ZEROS, AID_LENGTHS[i]);
        pen_refused(w, MSG_ES3_SEND_DATA_REQUEST, ERR_FORMAT, "Sd_aid");
    }
    static const size_t UUID_LENGTHS[] = {0, 1, 15, 17, 32};
    for (size_t i = 0; i < 5; i++) {
        pen_octets(&w->body, 10, ZEROS, UUID_LENGTHS[i]);
        pen_refused(w, MSG_ADMIN_OPERATION_SHOW_REQUEST, ERR_FORMAT, "op");
    }
    static const size_t HASH_LENGTHS[] = {0, 1, 31, 33};
    for (size_t i = 0; i < 4; i++) {
        struct buf head;
        buf_init(&head, 0);
        pen_octets(&head, 3, ZEROS, HASH_LENGTHS[i]);
        pen_message(&w->body, 10, &head);
        pen_refused(w, MSG_ADMIN_HEADS_RESPONSE, ERR_FORMAT, "AdminHead.hash");
        buf_fini(&head);
    }
}

static void test_text(void **state)
{
    struct pen *w = *state;
    static const struct {
        const char *octets;
        size_t n;
        bool ok;
    } TEXTS[] = {
        {"plain", 5, true},
        {"gr\xC3\xBC\xC3\x9F", 6, true},
        {"\xE2\x82\xAC \xF0\x9F\x93\xA1", 8, true},
        {"\xED\x9F\xBF\xEE\x80\x80", 6, true},
        {"\xF4\x8F\xBF\xBF", 4, true},
        {"nul\0inside", 10, false},
        {"\0", 1, false},
        {"\x80", 1, false},
        {"\xC3", 1, false},
        {"\xC0\xAF", 2, false},
        {"\xC1\xBF", 2, false},
        {"\xE0\x9F\xBF", 3, false},
        {"\xE2\x82", 2, false},
        {"\xED\xA0\x80", 3, false},
        {"\xF0\x8F\xBF\xBF", 4, false},
        {"\xF4\x90\x80\x80", 4, false},
        {"\xF5\x80\x80\x80", 4, false},
        {"\xF0\x9F\x93", 3, false},
        {"\xFF", 1, false},
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        pen_octets(&w->body, 1, TEXTS[i].octets, TEXTS[i].n);
        if (TEXTS[i].ok)
            assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
        else
            pen_refused(w, MSG_ES4_GET_EIS_REQUEST, ERR_FORMAT, "FunctionCallIdentifier");
    }
}

/* Lengths around every boundary of a length field, and around the cap. */
static void test_lengths(void **state)
{
    struct pen *w = *state;
    static const size_t LENGTHS[] = {0, 1, 126, 127, 128, 255, 256, 65535, 65536, 65537};
    uint8_t *octets = calloc(1, 70000);
    memset(octets, 'x', 70000);
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        size_t n = LENGTHS[i];
        pen_octets(&w->body, 12, octets, n);
        if (n <= WIRE_DATA_MAX) {
            assert_int_equal(pen_decode(w, MSG_ES3_SEND_DATA_REQUEST), ERR_OK);
            const struct es3_send_data_request *req = w->e.message.body;
            assert_int_equal(req->data.n, n);
            if (n)
                assert_memory_equal(req->data.p, octets, n);
        } else {
            pen_refused(w, MSG_ES3_SEND_DATA_REQUEST, ERR_TOO_LARGE, "Data");
        }
        pen_octets(&w->body, 1, octets, n);
        if (n <= 255)
            assert_int_equal(pen_decode(w, MSG_ES3_SEND_DATA_REQUEST), ERR_OK);
        else
            pen_refused(w, MSG_ES3_SEND_DATA_REQUEST, ERR_TOO_LARGE, "FunctionCallIdentifier");
    }
    free(octets);
}

static void test_numbers(void **state)
{
    struct pen *w = *state;
    pen_number(&w->body, 13, UINT32_MAX);
    assert_int_equal(pen_decode(w, MSG_ES3_CREATE_ISDP_REQUEST), ERR_OK);
    const struct es3_create_isdp_request *req = w->e.message.body;
    assert_true(req->required_memory == UINT32_MAX);
    pen_number(&w->body, 13, (uint64_t)UINT32_MAX + 2); /* would read as 1 without its upper bits */
    pen_refused(w, MSG_ES3_CREATE_ISDP_REQUEST, ERR_FORMAT, "RequiredMemory");
    pen_number(&w->body, 13, UINT64_MAX);
    pen_refused(w, MSG_ES3_CREATE_ISDP_REQUEST, ERR_FORMAT, "RequiredMemory");
    pen_number(&w->body, 2, (uint64_t)1 << 32);
    pen_refused(w, MSG_ES3_CREATE_ISDP_REQUEST, ERR_FORMAT, "ValidityPeriod");
}

static void test_validity_zero_is_not_absent(void **state)
{
    struct pen *w = *state;
    pen_number(&w->body, 2, 0);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    const struct es4_get_eis_request *req = w->e.message.body;
    assert_true(req->base.has_validity_period);
    assert_int_equal(pen_decode(w, MSG_ES4_GET_EIS_REQUEST), ERR_OK);
    req = w->e.message.body;
    assert_false(req->base.has_validity_period);
}

static void test_enums(void **state)
{
    struct pen *w = *state;
    static const uint64_t WRONG[] = {7, 99, 0x7FFFFFFF, 0xFFFFFFFF, UINT64_MAX};
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        pen_number(&w->body, 11, WRONG[i]);
        pen_refused(w, MSG_ADMIN_OPERATION_LIST_REQUEST, ERR_FORMAT, "verdict");
    }
    pen_number(&w->body, 12, PROFILE_IN_CREATION); /* never leaves the SM-SR */
    pen_refused(w, MSG_ADMIN_EIS_LIST_REQUEST, ERR_FORMAT, "state");
    pen_number(&w->body, 12, PROFILE_ENABLED);
    assert_int_equal(pen_decode(w, MSG_ADMIN_EIS_LIST_REQUEST), ERR_OK);
}

static void test_lists(void **state)
{
    struct pen *w = *state;
    for (unsigned n = AUDIT_ICCIDS_MAX; n <= AUDIT_ICCIDS_MAX + 1; n++) {
        for (unsigned i = 0; i < n; i++)
            pen_octets(&w->body, 11, "8949010000000000001", 19);
        if (n > AUDIT_ICCIDS_MAX) {
            pen_refused(w, MSG_ES4_AUDIT_EIS_REQUEST, ERR_TOO_LARGE, "Iccid");
        } else {
            assert_int_equal(pen_decode(w, MSG_ES4_AUDIT_EIS_REQUEST), ERR_OK);
            const struct es4_audit_eis_request *req = w->e.message.body;
            assert_int_equal(req->n_iccids, n);
        }
    }
    pen_octets(&w->body, 11, "8949010000000000001", 19);
    pen_octets(&w->body, 11, "", 0);
    pen_refused(w, MSG_ES4_AUDIT_EIS_REQUEST, ERR_FORMAT, "Iccid");
    static const uint8_t head[34] = {0x1A, 32, 1}; /* a hash */
    for (unsigned i = 0; i <= ADMIN_LIST_MAX; i++)
        pen_octets(&w->body, 10, head, sizeof(head));
    pen_refused(w, MSG_ADMIN_HEADS_RESPONSE, ERR_TOO_LARGE, "heads");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pen_setup, pen_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_eid),
        TEST(test_text_identifiers),
        TEST(test_subscription_address),
        TEST(test_aid_uuid_and_digest),
        TEST(test_text),
        TEST(test_lengths),
        TEST(test_numbers),
        TEST(test_validity_zero_is_not_absent),
        TEST(test_enums),
        TEST(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
