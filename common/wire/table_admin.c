/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of the admin interface (proto/admin.proto). */
#include "common/wire/wire_table.h"

#include "common/msg/admin.h"
#include "common/wire/table_arms.h"
#include "admin.pb-c.h"

static const struct wire_field ADMIN_OPERATION_ROWS[] = {
    WIRE_F_UUID(admin_operation, "op", op),
    WIRE_F_EID(admin_operation, "eid", eid),
    WIRE_F_ENUM(admin_operation, "function", function, enum function, function),
    WIRE_F_ENUM(admin_operation, "interface", iface, enum interface, interface),
    WIRE_F_OID(admin_operation, "party", party),
    WIRE_F_TEXT(admin_operation, "fcid", fcid, 255),
    WIRE_F_ICCID(admin_operation, "iccid", iccid),
    WIRE_F_TEXT(admin_operation, "state", state, 64),
    WIRE_F_ENUM(admin_operation, "verdict", verdict, enum verdict, verdict),
    WIRE_F_ENUM(admin_operation, "status", status, enum exec_status, exec_status),
    WIRE_F_MSG(admin_operation, "code", code, WIRE_CODE),
    WIRE_F_I64(admin_operation, "accepted_at_ms", accepted_at_ms),
    WIRE_F_I64(admin_operation, "validity_end_ms", validity_end_ms),
    WIRE_F_I64(admin_operation, "concluded_at_ms", concluded_at_ms),
    WIRE_F_U32(admin_operation, "attempts", attempts),
    WIRE_F_ENUM(admin_operation, "stage", stage, enum stage, stage),
    WIRE_F_TEXT(admin_operation, "text", text, 1024),
};
static const struct wire_table ADMIN_OPERATION =
    WIRE_TABLE(admin_operation, ADMIN_OPERATION_ROWS, remora__admin_operation__descriptor);

static const struct wire_field ADMIN_RECORD_ROWS[] = {
    WIRE_F_U64(admin_record, "lsn", lsn),
    WIRE_F_U32(admin_record, "epoch", epoch),
    WIRE_F_U32(admin_record, "stream", stream),
    WIRE_F_U64(admin_record, "seq", seq),
    WIRE_F_I64(admin_record, "at_ms", at_ms),
    WIRE_F_TEXT(admin_record, "type", type, 64),
    WIRE_F_ENUM(admin_record, "class", class, enum event_class, event_class),
    WIRE_F_UUID(admin_record, "op", op),
    WIRE_F_EID(admin_record, "eid", eid),
    WIRE_F_BYTES(admin_record, "salt", salt, 16),
    WIRE_F_SECRET(admin_record, "body", body, WIRE_EVENT_MAX),
    WIRE_F_OCTETS(admin_record, "body_hash", body_hash),
    WIRE_F_OCTETS(admin_record, "hash", hash),
};
static const struct wire_table ADMIN_RECORD =
    WIRE_TABLE(admin_record, ADMIN_RECORD_ROWS, remora__admin_record__descriptor);

static const struct wire_field ADMIN_HEAD_ROWS[] = {
    WIRE_F_U32(admin_head, "stream", stream),
    WIRE_F_U64(admin_head, "seq", seq),
    WIRE_F_OCTETS(admin_head, "hash", hash),
};
static const struct wire_table ADMIN_HEAD =
    WIRE_TABLE(admin_head, ADMIN_HEAD_ROWS, remora__admin_head__descriptor);

static const struct wire_field ADMIN_EIS_ROW_ROWS[] = {
    WIRE_F_EID(admin_eis_row, "eid", eid),
    WIRE_F_TEXT(admin_eis_row, "tenant", tenant, 64),
    WIRE_F_ICCID(admin_eis_row, "enabled", enabled),
    WIRE_F_U32(admin_eis_row, "profiles", profiles),
    WIRE_F_I64(admin_eis_row, "last_audit_ms", last_audit_ms),
    WIRE_F_ENUM(admin_eis_row, "card_state", card_state, enum card_state, card_state),
    WIRE_F_I64(admin_eis_row, "registered_ms", registered_ms),
    WIRE_F_I64(admin_eis_row, "last_contact_ms", last_contact_ms),
};
static const struct wire_table ADMIN_EIS_ROW =
    WIRE_TABLE(admin_eis_row, ADMIN_EIS_ROW_ROWS, remora__admin_eis_row__descriptor);

static const struct wire_field ADMIN_PROFILE_ROW_ROWS[] = {
    WIRE_F_ICCID(admin_profile_row, "iccid", iccid),
    WIRE_F_IMSI(admin_profile_row, "imsi", imsi),
    WIRE_F_MSISDN(admin_profile_row, "msisdn", msisdn),
    WIRE_F_TEXT(admin_profile_row, "profile_type", profile_type, 100),
    WIRE_F_OID(admin_profile_row, "mno", mno),
    WIRE_F_TEXT(admin_profile_row, "state", state, 32),
    WIRE_F_EID(admin_profile_row, "eid", eid),
    WIRE_F_UUID(admin_profile_row, "order", order),
    WIRE_F_I64(admin_profile_row, "reserved_until", reserved_until_ms),
};
static const struct wire_table ADMIN_PROFILE_ROW =
    WIRE_TABLE(admin_profile_row, ADMIN_PROFILE_ROW_ROWS, remora__admin_profile_row__descriptor);

static const struct wire_field ADMIN_COUNTER_ROWS[] = {
    WIRE_F_TEXT(admin_counter, "name", name, 64),
    WIRE_F_U64(admin_counter, "value", value),
};
static const struct wire_table ADMIN_COUNTER =
    WIRE_TABLE(admin_counter, ADMIN_COUNTER_ROWS, remora__admin_counter__descriptor);

static const struct wire_field ADMIN_OPERATION_SHOW_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_operation_show_request),
    WIRE_F_UUID(admin_operation_show_request, "op", op),
};
const struct wire_table WIRE_ADMIN_OPERATION_SHOW_REQUEST =
    WIRE_TABLE(admin_operation_show_request, ADMIN_OPERATION_SHOW_REQUEST_ROWS,
               remora__admin_operation_show_request__descriptor);

static const struct wire_field ADMIN_OPERATION_SHOW_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_operation_show_response),
    WIRE_F_PTR(admin_operation_show_response, "operation", operation, ADMIN_OPERATION),
};
const struct wire_table WIRE_ADMIN_OPERATION_SHOW_RESPONSE =
    WIRE_TABLE(admin_operation_show_response, ADMIN_OPERATION_SHOW_RESPONSE_ROWS,
               remora__admin_operation_show_response__descriptor);

static const struct wire_field ADMIN_OPERATION_LIST_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_operation_list_request),
    WIRE_F_EID(admin_operation_list_request, "eid", eid),
    WIRE_F_ENUM(admin_operation_list_request, "verdict", verdict, enum verdict, verdict),
    WIRE_F_BOOL(admin_operation_list_request, "live_only", live_only),
    WIRE_F_U32(admin_operation_list_request, "limit", limit),
    WIRE_F_UUID(admin_operation_list_request, "after", after),
};
const struct wire_table WIRE_ADMIN_OPERATION_LIST_REQUEST =
    WIRE_TABLE(admin_operation_list_request, ADMIN_OPERATION_LIST_REQUEST_ROWS,
               remora__admin_operation_list_request__descriptor);

static const struct wire_field ADMIN_OPERATION_LIST_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_operation_list_response),
    WIRE_F_LIST(admin_operation_list_response, "operations", operations, n_operations,
                ADMIN_LIST_MAX, ADMIN_OPERATION),
};
const struct wire_table WIRE_ADMIN_OPERATION_LIST_RESPONSE =
    WIRE_TABLE(admin_operation_list_response, ADMIN_OPERATION_LIST_RESPONSE_ROWS,
               remora__admin_operation_list_response__descriptor);

static const struct wire_field ADMIN_EVENTS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_events_request),
    WIRE_F_U64(admin_events_request, "from_lsn", from_lsn),
    WIRE_F_U32(admin_events_request, "limit", limit),
    WIRE_F_U32_HAS(admin_events_request, "stream", stream, has_stream),
    WIRE_F_UUID(admin_events_request, "op", op),
    WIRE_F_EID(admin_events_request, "eid", eid),
};
const struct wire_table WIRE_ADMIN_EVENTS_REQUEST = WIRE_TABLE(
    admin_events_request, ADMIN_EVENTS_REQUEST_ROWS, remora__admin_events_request__descriptor);

static const struct wire_field ADMIN_EVENTS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_events_response),
    WIRE_F_LIST(admin_events_response, "records", records, n_records, ADMIN_LIST_MAX, ADMIN_RECORD),
    WIRE_F_U64(admin_events_response, "next_lsn", next_lsn),
    WIRE_F_U64(admin_events_response, "durable_lsn", durable_lsn),
};
const struct wire_table WIRE_ADMIN_EVENTS_RESPONSE = WIRE_TABLE(
    admin_events_response, ADMIN_EVENTS_RESPONSE_ROWS, remora__admin_events_response__descriptor);

static const struct wire_field ADMIN_HEADS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_heads_request),
};
const struct wire_table WIRE_ADMIN_HEADS_REQUEST = WIRE_TABLE(
    admin_heads_request, ADMIN_HEADS_REQUEST_ROWS, remora__admin_heads_request__descriptor);

static const struct wire_field ADMIN_HEADS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_heads_response),
    WIRE_F_LIST(admin_heads_response, "heads", heads, n_heads, ADMIN_LIST_MAX, ADMIN_HEAD),
};
const struct wire_table WIRE_ADMIN_HEADS_RESPONSE = WIRE_TABLE(
    admin_heads_response, ADMIN_HEADS_RESPONSE_ROWS, remora__admin_heads_response__descriptor);

static const struct wire_field ADMIN_EIS_LIST_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_eis_list_request),
    WIRE_F_EID(admin_eis_list_request, "after", after),
    WIRE_F_U32(admin_eis_list_request, "limit", limit),
    WIRE_F_ENUM(admin_eis_list_request, "state", state, enum profile_state, profile_state),
    WIRE_F_ICCID(admin_eis_list_request, "iccid", iccid),
    WIRE_F_IMSI(admin_eis_list_request, "imsi", imsi),
    WIRE_F_MSISDN(admin_eis_list_request, "msisdn", msisdn),
    WIRE_F_OID(admin_eis_list_request, "mno", mno),
    WIRE_F_ENUM(admin_eis_list_request, "card_state", card_state, enum card_state, card_state),
    WIRE_F_OCTETS_HAS(admin_eis_list_request, "batch", batch, has_batch),
    WIRE_F_I64(admin_eis_list_request, "unheard_since_ms", unheard_since_ms),
};
const struct wire_table WIRE_ADMIN_EIS_LIST_REQUEST =
    WIRE_TABLE(admin_eis_list_request, ADMIN_EIS_LIST_REQUEST_ROWS,
               remora__admin_eis_list_request__descriptor);

static const struct wire_field ADMIN_EIS_LIST_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_eis_list_response),
    WIRE_F_LIST(admin_eis_list_response, "rows", rows, n_rows, ADMIN_LIST_MAX, ADMIN_EIS_ROW),
};
const struct wire_table WIRE_ADMIN_EIS_LIST_RESPONSE =
    WIRE_TABLE(admin_eis_list_response, ADMIN_EIS_LIST_RESPONSE_ROWS,
               remora__admin_eis_list_response__descriptor);

static const struct wire_field ADMIN_PROFILE_LIST_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_profile_list_request),
    WIRE_F_OID(admin_profile_list_request, "mno", mno),
    WIRE_F_TEXT(admin_profile_list_request, "profile_type", profile_type, 100),
    WIRE_F_TEXT(admin_profile_list_request, "state", state, 32),
    WIRE_F_ICCID(admin_profile_list_request, "after", after),
    WIRE_F_U32(admin_profile_list_request, "limit", limit),
};
const struct wire_table WIRE_ADMIN_PROFILE_LIST_REQUEST =
    WIRE_TABLE(admin_profile_list_request, ADMIN_PROFILE_LIST_REQUEST_ROWS,
               remora__admin_profile_list_request__descriptor);

static const struct wire_field ADMIN_PROFILE_LIST_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_profile_list_response),
    WIRE_F_LIST(admin_profile_list_response, "rows", rows, n_rows, ADMIN_LIST_MAX,
                ADMIN_PROFILE_ROW),
};
const struct wire_table WIRE_ADMIN_PROFILE_LIST_RESPONSE =
    WIRE_TABLE(admin_profile_list_response, ADMIN_PROFILE_LIST_RESPONSE_ROWS,
               remora__admin_profile_list_response__descriptor);

static const struct wire_field ADMIN_TEMPLATE_ADD_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_template_add_request),
    WIRE_F_TEXT(admin_template_add_request, "profile_type", profile_type, 100),
    WIRE_F_U32(admin_template_add_request, "part", part),
    WIRE_F_U32(admin_template_add_request, "total", total),
    WIRE_F_SECRET(admin_template_add_request, "data", data, ADMIN_PART_MAX),
};
const struct wire_table WIRE_ADMIN_TEMPLATE_ADD_REQUEST =
    WIRE_TABLE(admin_template_add_request, ADMIN_TEMPLATE_ADD_REQUEST_ROWS,
               remora__admin_template_add_request__descriptor);

static const struct wire_field ADMIN_WARNING_ROWS[] = {
    WIRE_F_U32(admin_warning, "row", row),
    WIRE_F_TEXT(admin_warning, "text", text, 300),
};
static const struct wire_table ADMIN_WARNING =
    WIRE_TABLE(admin_warning, ADMIN_WARNING_ROWS, remora__admin_warning__descriptor);

static const struct wire_field ADMIN_TEMPLATE_ADD_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_template_add_response),
    WIRE_F_LIST(admin_template_add_response, "warnings", warnings, n_warnings, ADMIN_WARNINGS_MAX,
                ADMIN_WARNING),
};
const struct wire_table WIRE_ADMIN_TEMPLATE_ADD_RESPONSE =
    WIRE_TABLE(admin_template_add_response, ADMIN_TEMPLATE_ADD_RESPONSE_ROWS,
               remora__admin_template_add_response__descriptor);

static const struct wire_field ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_subscriptions_import_request),
    WIRE_F_OID(admin_subscriptions_import_request, "mno", mno),
    WIRE_F_TEXT(admin_subscriptions_import_request, "profile_type", profile_type, 100),
    WIRE_F_U32(admin_subscriptions_import_request, "part", part),
    WIRE_F_U32(admin_subscriptions_import_request, "total", total),
    WIRE_F_SECRET(admin_subscriptions_import_request, "csv", csv, ADMIN_PART_MAX),
};
const struct wire_table WIRE_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST =
    WIRE_TABLE(admin_subscriptions_import_request, ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST_ROWS,
               remora__admin_subscriptions_import_request__descriptor);

static const struct wire_field ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_subscriptions_import_response),
    WIRE_F_U32(admin_subscriptions_import_response, "imported", imported),
    WIRE_F_U32(admin_subscriptions_import_response, "warned", warned),
    WIRE_F_LIST(admin_subscriptions_import_response, "warnings", warnings, n_warnings,
                ADMIN_WARNINGS_MAX, ADMIN_WARNING),
};
const struct wire_table WIRE_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE =
    WIRE_TABLE(admin_subscriptions_import_response, ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE_ROWS,
               remora__admin_subscriptions_import_response__descriptor);

static const struct wire_field ADMIN_STATUS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_status_request),
};
const struct wire_table WIRE_ADMIN_STATUS_REQUEST = WIRE_TABLE(
    admin_status_request, ADMIN_STATUS_REQUEST_ROWS, remora__admin_status_request__descriptor);

static const struct wire_field ADMIN_STATUS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_status_response),
    WIRE_F_TEXT(admin_status_response, "version", version, 64),
    WIRE_F_U32(admin_status_response, "epoch", epoch),
    WIRE_F_U64(admin_status_response, "durable_lsn", durable_lsn),
    WIRE_F_LIST(admin_status_response, "counters", counters, n_counters, ADMIN_LIST_MAX,
                ADMIN_COUNTER),
    WIRE_F_U64(admin_status_response, "memory_rss", memory_rss),
    WIRE_F_U64(admin_status_response, "fsyncs", fsyncs),
    WIRE_F_U64(admin_status_response, "bytes_written", bytes_written),
};
const struct wire_table WIRE_ADMIN_STATUS_RESPONSE = WIRE_TABLE(
    admin_status_response, ADMIN_STATUS_RESPONSE_ROWS, remora__admin_status_response__descriptor);

static const struct wire_field ADMIN_STRANGER_ROW_ROWS[] = {
    WIRE_F_MSISDN(admin_stranger_row, "msisdn", msisdn),
    WIRE_F_U64(admin_stranger_row, "messages", messages),
    WIRE_F_U64(admin_stranger_row, "declarations", declarations),
    WIRE_F_I64(admin_stranger_row, "first_ms", first_ms),
    WIRE_F_I64(admin_stranger_row, "last_ms", last_ms),
};
static const struct wire_table ADMIN_STRANGER_ROW = WIRE_TABLE(
    admin_stranger_row, ADMIN_STRANGER_ROW_ROWS, remora__admin_stranger_row__descriptor);

static const struct wire_field ADMIN_STRANGERS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_strangers_request),
    WIRE_F_U32(admin_strangers_request, "limit", limit),
};
const struct wire_table WIRE_ADMIN_STRANGERS_REQUEST =
    WIRE_TABLE(admin_strangers_request, ADMIN_STRANGERS_REQUEST_ROWS,
               remora__admin_strangers_request__descriptor);

static const struct wire_field ADMIN_STRANGERS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_strangers_response),
    WIRE_F_LIST(admin_strangers_response, "rows", rows, n_rows, ADMIN_LIST_MAX, ADMIN_STRANGER_ROW),
    WIRE_F_U64(admin_strangers_response, "known", known),
    WIRE_F_U64(admin_strangers_response, "forgotten", forgotten),
};
const struct wire_table WIRE_ADMIN_STRANGERS_RESPONSE =
    WIRE_TABLE(admin_strangers_response, ADMIN_STRANGERS_RESPONSE_ROWS,
               remora__admin_strangers_response__descriptor);

static const struct wire_field ADMIN_KEYS_ROTATE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_keys_rotate_request),
    WIRE_F_EID(admin_keys_rotate_request, "eid", eid),
    WIRE_F_BOOL(admin_keys_rotate_request, "sessions", sessions),
};
const struct wire_table WIRE_ADMIN_KEYS_ROTATE_REQUEST =
    WIRE_TABLE(admin_keys_rotate_request, ADMIN_KEYS_ROTATE_REQUEST_ROWS,
               remora__admin_keys_rotate_request__descriptor);

static const struct wire_field ADMIN_KEYS_ROTATE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_keys_rotate_response),
};
const struct wire_table WIRE_ADMIN_KEYS_ROTATE_RESPONSE =
    WIRE_TABLE(admin_keys_rotate_response, ADMIN_KEYS_ROTATE_RESPONSE_ROWS,
               remora__admin_keys_rotate_response__descriptor);

static const struct wire_field OPERATION_CONCLUDED_ROWS[] = {
    WIRE_F_UUID(operation_concluded, "operation", operation),
    WIRE_F_ENUM(operation_concluded, "function", function, enum function, function),
    WIRE_F_TEXT(operation_concluded, "fcid", fcid, 255),
    WIRE_F_EID(operation_concluded, "eid", eid),
    WIRE_F_ICCID(operation_concluded, "iccid", iccid),
    WIRE_F_ENUM(operation_concluded, "verdict", verdict, enum verdict, verdict),
    WIRE_F_MSG(operation_concluded, "code", code, WIRE_CODE),
    WIRE_F_TEXT(operation_concluded, "text", text, 1024),
};
const struct wire_table WIRE_OPERATION_CONCLUDED = WIRE_TABLE(
    operation_concluded, OPERATION_CONCLUDED_ROWS, remora__operation_concluded__descriptor);
