/* SPDX-License-Identifier: Apache-2.0 */
/* Types of records: names, classes, mandatory fields (design 3.2). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/event.h"

static void test_every_type_has_a_name_and_a_class(void **state)
{
    (void)state;
    for (unsigned t = EV_NONE + 1; t < EV_TYPE_COUNT; t++) {
        const char *name = event_type_name((enum event_type)t);
        assert_non_null(name);
        const char *dot = strchr(name, '.');
        assert_non_null(dot);
        assert_true(dot > name && dot[1] != '\0');
        assert_int_equal(event_type_parse(name), t);
        enum event_class class = event_type_class((enum event_type)t);
        assert_true(class >= CLASS_SEC && class <= CLASS_IDEM);
        assert_true(event_type_fields((enum event_type)t) != 0);
        assert_int_equal(event_type_fields((enum event_type)t) >> EVF_COUNT, 0);
    }
}

static void test_words_that_are_promised(void **state)
{
    (void)state;
    assert_string_equal(event_type_name(EV_PROFILE_ENABLED), "profile.enabled");
    assert_string_equal(event_type_name(EV_PROFILE_ROLLED_BACK), "profile.rolled-back");
    assert_string_equal(event_type_name(EV_PROFILE_FALLEN_BACK), "profile.fallen-back");
    assert_string_equal(event_type_name(EV_OPERATION_IN_DOUBT), "operation.in-doubt");
    assert_string_equal(event_type_name(EV_ADMIN_TENANT_ADDED), "admin.tenant-added");
    assert_int_equal(event_type_class(EV_PROFILE_ENABLED), CLASS_LIFE);
    assert_int_equal(event_type_class(EV_OPERATION_ARMED), CLASS_OTA);
    assert_int_equal(event_type_class(EV_ADMIN_STARTED), CLASS_SEC);
    assert_string_equal(event_class_text(CLASS_LIFE), "LIFE");
    assert_string_equal(packet_purpose_text(PURPOSE_FENCE), "fence");
    assert_string_equal(bearer_text(BEARER_HTTPS), "HTTPS");
}

static void test_unknown_types(void **state)
{
    (void)state;
    assert_null(event_type_name(EV_NONE));
    assert_null(event_type_name(EV_TYPE_COUNT));
    assert_null(event_type_name((enum event_type) - 1));
    assert_int_equal(event_type_parse(NULL), EV_NONE);
    assert_int_equal(event_type_parse(""), EV_NONE);
    assert_int_equal(event_type_parse("profile.enable"), EV_NONE);
    assert_int_equal(event_type_parse("Profile.enabled"), EV_NONE);
    assert_int_equal(event_type_fields(EV_TYPE_COUNT), 0);
    assert_int_equal(event_type_class(EV_TYPE_COUNT), CLASS_SEC);
    assert_string_equal(event_class_text((enum event_class)99), "?");
    assert_string_equal(packet_purpose_text((enum packet_purpose)99), "?");
    assert_string_equal(bearer_text((enum bearer)99), "?");
    assert_null(event_field_name((enum event_field)0));
    assert_null(event_field_name((enum event_field)3));
}

/* Sets the field of one EVF_ bit to something. */
static void set_field(struct event *ev, enum event_field bit)
{
    static const uint8_t OCTETS[] = {1};
    switch (bit) {
    case EVF_OP:
        ev->op.b[0] = 1;
        break;
    case EVF_EID:
        ev->eid.b[0] = 0x89;
        break;
    case EVF_ICCID:
        ev->iccid.s[0] = '8';
        break;
    case EVF_PARTY:
        ev->party.s[0] = '1';
        break;
    case EVF_FUNCTION:
        ev->function = FN_ENABLE_PROFILE;
        break;
    case EVF_AID:
        ev->aid.n = 16;
        break;
    case EVF_KVN:
        ev->kvn = 1;
        break;
    case EVF_COUNTER:
        ev->counter = 1;
        break;
    case EVF_PURPOSE:
        ev->purpose = PURPOSE_CMD;
        break;
    case EVF_DATA:
        ev->data = span_of(OCTETS, 1);
        break;
    case EVF_TEXT:
        ev->text = span_of(OCTETS, 1);
        break;
    case EVF_NUMBER:
        ev->number = 1;
        break;
    case EVF_RESULT:
        ev->result = VERDICT_SUCCESS;
        break;
    case EVF_SESSION:
        ev->session.b[0] = 1;
        break;
    case EVF_DIGEST:
        ev->has_digest = true;
        break;
    case EVF_SEQUENCE:
        ev->sequence = 1;
        break;
    case EVF_KIND:
        ev->kind = 1;
        break;
    case EVF_PROFILE_TYPE:
        ev->profile_type = span_of(OCTETS, 1);
        break;
    case EVF_MNO:
        ev->mno.s[0] = '1';
        break;
    case EVF_IMSI:
        ev->imsi.s[0] = '2';
        break;
    case EVF_PREVIOUS:
        ev->previous.s[0] = '8';
        break;
    case EVF_POL2:
        ev->pol2 = 0x100;
        break;
    case EVF_ATTEMPT:
        ev->attempt = 1;
        break;
    case EVF_OP_STATE:
        ev->op_state = 1;
        break;
    case EVF_DECISION:
        ev->decision = 1;
        break;
    case EVF_BATCH:
        ev->has_batch = true;
        break;
    case EVF_IMEI:
        ev->imei = span_of(OCTETS, 1);
        break;
    }
}

static void test_each_mandatory_field_is_missed(void **state)
{
    (void)state;
    for (unsigned t = EV_NONE + 1; t < EV_TYPE_COUNT; t++) {
        unsigned fields = event_type_fields((enum event_type)t);
        struct event whole = {.type = (enum event_type)t};
        for (unsigned i = 0; i < EVF_COUNT; i++) {
            if (fields & 1u << i)
                set_field(&whole, (enum event_field)(1u << i));
        }
        assert_int_equal(event_check(&whole, NULL), ERR_OK);
        for (unsigned left_out = 0; left_out < EVF_COUNT; left_out++) {
            if (!(fields & 1u << left_out))
                continue;
            struct event part = {.type = (enum event_type)t};
            for (unsigned i = 0; i < EVF_COUNT; i++) {
                if (i != left_out && fields & 1u << i)
                    set_field(&part, (enum event_field)(1u << i));
            }
            struct errmsg why = {""};
            assert_int_equal(event_check(&part, &why), ERR_INVAL);
            assert_non_null(strstr(why.text, event_field_name((enum event_field)(1u << left_out))));
        }
    }
    struct event none = {.type = EV_NONE};
    assert_int_equal(event_check(&none, NULL), ERR_INVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_has_a_name_and_a_class),
        cmocka_unit_test(test_words_that_are_promised),
        cmocka_unit_test(test_unknown_types),
        cmocka_unit_test(test_each_mandatory_field_is_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
