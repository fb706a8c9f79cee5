/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of the admin interface about the life of cards: states, files, drift, devices. */
#include "common/wire/wire_table.h"

#include "common/msg/admin.h"
#include "common/wire/table_arms.h"
#include "admin.pb-c.h"

static const struct wire_field ADMIN_CARD_STATE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_card_state_request),
    WIRE_F_EID(admin_card_state_request, "eid", eid),
    WIRE_F_ENUM(admin_card_state_request, "card_state", card_state, enum card_state, card_state),
    WIRE_F_TEXT(admin_card_state_request, "text", text, 300),
};
const struct wire_table WIRE_ADMIN_CARD_STATE_REQUEST =
    WIRE_TABLE(admin_card_state_request, ADMIN_CARD_STATE_REQUEST_ROWS,
               remora__admin_card_state_request__descriptor);

static const struct wire_field ADMIN_CARD_STATE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_card_state_response),
    WIRE_F_ENUM(admin_card_state_response, "card_state", card_state, enum card_state, card_state),
    WIRE_F_ENUM(admin_card_state_response, "previous", previous, enum card_state, card_state),
};
const struct wire_table WIRE_ADMIN_CARD_STATE_RESPONSE =
    WIRE_TABLE(admin_card_state_response, ADMIN_CARD_STATE_RESPONSE_ROWS,
               remora__admin_card_state_response__descriptor);

static const struct wire_field ADMIN_BATCH_ROW_ROWS[] = {
    WIRE_F_OID(admin_batch_row, "party", party),
    WIRE_F_OCTETS(admin_batch_row, "batch", batch),
    WIRE_F_TEXT(admin_batch_row, "order_reference", order_reference, 100),
    WIRE_F_U32(admin_batch_row, "rows", rows),
    WIRE_F_U32(admin_batch_row, "accepted", accepted),
    WIRE_F_U32(admin_batch_row, "refused", refused),
    WIRE_F_U32(admin_batch_row, "known", known),
    WIRE_F_I64(admin_batch_row, "first_ms", first_ms),
    WIRE_F_I64(admin_batch_row, "last_ms", last_ms),
};
static const struct wire_table ADMIN_BATCH_ROW =
    WIRE_TABLE(admin_batch_row, ADMIN_BATCH_ROW_ROWS, remora__admin_batch_row__descriptor);

static const struct wire_field ADMIN_BATCH_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_batch_request),
    WIRE_F_OCTETS(admin_batch_request, "batch", batch),
    WIRE_F_TEXT(admin_batch_request, "order_reference", order_reference, 100),
    WIRE_F_U32(admin_batch_request, "rows", rows),
    WIRE_F_U32(admin_batch_request, "accepted", accepted),
    WIRE_F_U32(admin_batch_request, "refused", refused),
    WIRE_F_U32(admin_batch_request, "known", known),
};
const struct wire_table WIRE_ADMIN_BATCH_REQUEST = WIRE_TABLE(
    admin_batch_request, ADMIN_BATCH_REQUEST_ROWS, remora__admin_batch_request__descriptor);

static const struct wire_field ADMIN_BATCH_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_batch_response),
    WIRE_F_PTR(admin_batch_response, "row", row, ADMIN_BATCH_ROW),
};
const struct wire_table WIRE_ADMIN_BATCH_RESPONSE = WIRE_TABLE(
    admin_batch_response, ADMIN_BATCH_RESPONSE_ROWS, remora__admin_batch_response__descriptor);

static const struct wire_field ADMIN_BATCH_LIST_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_batch_list_request),
    WIRE_F_U32(admin_batch_list_request, "limit", limit),
    WIRE_F_OCTETS(admin_batch_list_request, "after", after),
    WIRE_F_OID(admin_batch_list_request, "after_party", after_party),
};
const struct wire_table WIRE_ADMIN_BATCH_LIST_REQUEST =
    WIRE_TABLE(admin_batch_list_request, ADMIN_BATCH_LIST_REQUEST_ROWS,
               remora__admin_batch_list_request__descriptor);

static const struct wire_field ADMIN_BATCH_LIST_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_batch_list_response),
    WIRE_F_LIST(admin_batch_list_response, "rows", rows, n_rows, ADMIN_LIST_MAX, ADMIN_BATCH_ROW),
};
const struct wire_table WIRE_ADMIN_BATCH_LIST_RESPONSE =
    WIRE_TABLE(admin_batch_list_response, ADMIN_BATCH_LIST_RESPONSE_ROWS,
               remora__admin_batch_list_response__descriptor);

static const struct wire_field ADMIN_DRIFT_ROW_ROWS[] = {
    WIRE_F_ICCID(admin_drift_row, "iccid", iccid),
    WIRE_F_AID(admin_drift_row, "aid", aid),
    WIRE_F_TEXT(admin_drift_row, "found", found, 300),
    WIRE_F_TEXT(admin_drift_row, "next", next, 300),
};
static const struct wire_table ADMIN_DRIFT_ROW =
    WIRE_TABLE(admin_drift_row, ADMIN_DRIFT_ROW_ROWS, remora__admin_drift_row__descriptor);

static const struct wire_field ADMIN_DRIFT_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_drift_request),
    WIRE_F_EID(admin_drift_request, "eid", eid),
};
const struct wire_table WIRE_ADMIN_DRIFT_REQUEST = WIRE_TABLE(
    admin_drift_request, ADMIN_DRIFT_REQUEST_ROWS, remora__admin_drift_request__descriptor);

static const struct wire_field ADMIN_DRIFT_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_drift_response),
    WIRE_F_I64(admin_drift_response, "audited_ms", audited_ms),
    WIRE_F_BOOL(admin_drift_response, "partial", partial),
    WIRE_F_LIST(admin_drift_response, "rows", rows, n_rows, ADMIN_DRIFT_MAX, ADMIN_DRIFT_ROW),
};
const struct wire_table WIRE_ADMIN_DRIFT_RESPONSE = WIRE_TABLE(
    admin_drift_response, ADMIN_DRIFT_RESPONSE_ROWS, remora__admin_drift_response__descriptor);

static const struct wire_field DEVICE_CHANGED_ROWS[] = {
    WIRE_F_EID(device_changed, "eid", eid),
    WIRE_F_BYTES(device_changed, "imei", imei, 16),
    WIRE_F_BYTES(device_changed, "previous", previous, 16),
    WIRE_F_I64(device_changed, "at_ms", at_ms),
};
const struct wire_table WIRE_DEVICE_CHANGED =
    WIRE_TABLE(device_changed, DEVICE_CHANGED_ROWS, remora__device_changed__descriptor);
