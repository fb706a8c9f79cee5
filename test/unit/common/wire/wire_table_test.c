/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_pb remora_msg remora_base */
/* Field tables against the schema: nothing without a row, no row without a field (proto/RULES.md).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/wire/wire_table.h"

static ProtobufCType wire_type(enum wire_kind k)
{
    if (k <= WIRE_OCTETS)
        return PROTOBUF_C_TYPE_BYTES;
    switch (k) {
    case WIRE_I64:
        return PROTOBUF_C_TYPE_INT64;
    case WIRE_BOOL:
        return PROTOBUF_C_TYPE_BOOL;
    case WIRE_ENUM:
        return PROTOBUF_C_TYPE_ENUM;
    case WIRE_MSG:
    case WIRE_PTR:
        return PROTOBUF_C_TYPE_MESSAGE;
    default:
        return PROTOBUF_C_TYPE_UINT64;
    }
}

static void check_enum(const struct wire_field *f, const ProtobufCEnumDescriptor *list)
{
    assert_non_null(f->text);
    assert_int_equal(list->values[0].value, 0);
    for (unsigned v = 0; v < list->n_values; v++) {
        const char *word = f->text((unsigned)list->values[v].value);
        assert_string_not_equal(word, "?");
        assert_true(strlen(word) > 0);
    }
}

static void check_table(const struct wire_table *t, unsigned n);

static void check_row(const struct wire_table *t, unsigned i)
{
    const struct wire_field *f = &t->fields[i];
    const ProtobufCFieldDescriptor *fd = &t->pb->fields[i];
    assert_string_equal(f->name, fd->name);
    assert_int_equal(fd->type, wire_type((enum wire_kind)f->kind));
    assert_int_equal(fd->label == PROTOBUF_C_LABEL_REPEATED, f->repeat != WIRE_ONCE);
    assert_true(fd->label != PROTOBUF_C_LABEL_REQUIRED);
    assert_true(f->offset < t->size);
    if (f->kind >= WIRE_BYTES && f->kind <= WIRE_U64)
        assert_true(f->cap > 0);
    if (f->kind == WIRE_ENUM)
        check_enum(f, fd->descriptor);
    if (f->repeat != WIRE_ONCE) {
        assert_true(f->max > 0 && f->size > 0);
        if (f->kind == WIRE_MSG)
            assert_int_equal(f->size, f->sub->size);
    }
    if (f->kind == WIRE_MSG || f->kind == WIRE_PTR) {
        assert_non_null(f->sub);
        assert_ptr_equal(f->sub->pb, fd->descriptor);
        assert_ptr_not_equal(f->sub, t);
        check_table(f->sub, f->sub->pb->n_fields);
    }
}

static void check_table(const struct wire_table *t, unsigned n)
{
    assert_int_equal(t->n, n);
    assert_true(t->pb->sizeof_message > 0);
    for (unsigned i = 0; i < t->n; i++)
        check_row(t, i);
}

static void test_every_field_has_its_row(void **state)
{
    (void)state;
    check_table(&WIRE_EVENT, WIRE_EVENT.pb->n_fields);
    check_table(&WIRE_SIGNED_EIS, WIRE_SIGNED_EIS.pb->n_fields);
    check_table(&WIRE_EUM_INFO, WIRE_EUM_INFO.pb->n_fields);
    check_table(&WIRE_ENVELOPE, WIRE_ENVELOPE.pb->n_fields - (MSG_TYPE_COUNT - 1));
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        const struct wire_table *table = wire_arm_of((enum msg_type)t)->table;
        assert_non_null(table);
        check_table(table, table->pb->n_fields);
    }
}

static void test_every_arm_is_a_message(void **state)
{
    (void)state;
    uint32_t before = 99;
    for (unsigned i = MSG_NONE + 1; i < MSG_TYPE_COUNT; i++) {
        enum msg_type t = (enum msg_type)i;
        const struct wire_arm *arm = wire_arm_of(t);
        const struct msg_info *info = msg_type_info(t);
        const ProtobufCFieldDescriptor *fd = wire_arm_field(t);
        assert_int_equal(fd->id, arm->tag);
        assert_ptr_equal(fd->descriptor, arm->table->pb);
        assert_int_equal(arm->table->size, info->size);
        assert_true(arm->tag > before);
        before = arm->tag;
        assert_int_equal(wire_arm_type(arm->tag), t);
        /* The spelling rule: '-' becomes '_', nothing else changes. */
        char name[80];
        size_t n = strlen(info->name);
        assert_true(n < sizeof(name));
        for (size_t k = 0; k <= n; k++)
            name[k] = (char)(info->name[k] == '-' ? '_' : info->name[k]);
        assert_string_equal(fd->name, name);
        assert_string_equal(wire_message_name(arm->table->pb), name);
        static const uint32_t HUNDRED[] = {
            [IF_ES1] = 1, [IF_ES2] = 2, [IF_ES3] = 3, [IF_ES4] = 4, [IF_ES7] = 7,
            [IF_ADMIN] = 9,
        };
        assert_int_equal(arm->tag / 100, HUNDRED[info->iface]);
        if (info->kind != MSG_KIND_NOTICE)
            assert_int_equal(arm->tag % 2, info->kind == MSG_KIND_RESPONSE);
    }
}

static void test_unknown_arms(void **state)
{
    (void)state;
    static const uint32_t TAGS[] = {0, 1, 12, 99, 198, 199, 699, 799, 959, 989, 992, UINT32_MAX};
    for (size_t i = 0; i < sizeof(TAGS) / sizeof(TAGS[0]); i++)
        assert_int_equal(wire_arm_type(TAGS[i]), MSG_NONE);
    assert_null(wire_arm_of(MSG_NONE));
    assert_null(wire_arm_of(MSG_TYPE_COUNT));
}

/* The odd spellings of the published schema are kept (SGP.02 annex A; proto/RULES.md). */
static void test_odd_spellings(void **state)
{
    (void)state;
    const struct {
        enum msg_type type;
        const char *name;
    } ODD[] = {
        {MSG_ES2_DOWNLOAD_PROFILE_REQUEST, "SmSr_id"},
        {MSG_ES2_ENABLE_PROFILE_REQUEST, "SmSr_id"},
        {MSG_ES2_DISABLE_PROFILE_REQUEST, "Smsr_id"},
        {MSG_ES2_DELETE_PROFILE_REQUEST, "Smsr_id"},
        {MSG_ES2_GET_EIS_REQUEST, "Smsr_id"},
        {MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION, "completionTimestamp"},
        {MSG_ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION, "CompletionTimestamp"},
        {MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, "Mno_id"},
        {MSG_ES3_CREATE_ISDP_RESPONSE, "Isd_p_aid"},
        {MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, "pol2"},
        {MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, "newSubscriptionAddress"},
    };
    for (size_t i = 0; i < sizeof(ODD) / sizeof(ODD[0]); i++) {
        const struct wire_table *t = wire_arm_of(ODD[i].type)->table;
        assert_non_null(protobuf_c_message_descriptor_get_field_by_name(t->pb, ODD[i].name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_its_row),
        cmocka_unit_test(test_every_arm_is_a_message),
        cmocka_unit_test(test_unknown_arms),
        cmocka_unit_test(test_odd_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
