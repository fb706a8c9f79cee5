/* SPDX-License-Identifier: Apache-2.0 */
/* Admin messages about the stock of the SM-DP: how much is left, profiles for another card, cards
 * that are lost. */
#include "common/msg/admin.h"

#include "common/wire/table_arms.h"
#include "common/wire/wire_table.h"

#include "admin.pb-c.h"

static const struct wire_field ADMIN_STOCK_ROW_ROWS[] = {
    WIRE_F_OID(admin_stock_row, "mno", mno),
    WIRE_F_TEXT(admin_stock_row, "profile_type", profile_type, 100),
    WIRE_F_U64(admin_stock_row, "available", available),
    WIRE_F_U64(admin_stock_row, "reserved", reserved),
    WIRE_F_U64(admin_stock_row, "installed", installed),
    WIRE_F_U64(admin_stock_row, "deleted", deleted),
    WIRE_F_U64(admin_stock_row, "lost", lost),
    WIRE_F_U32(admin_stock_row, "below", below),
    WIRE_F_BOOL(admin_stock_row, "low", low),
};
static const struct wire_table ADMIN_STOCK_ROW =
    WIRE_TABLE(admin_stock_row, ADMIN_STOCK_ROW_ROWS, remora__admin_stock_row__descriptor);

static const struct wire_field ADMIN_STOCK_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_stock_request),
    WIRE_F_OID(admin_stock_request, "mno", mno),
    WIRE_F_TEXT(admin_stock_request, "profile_type", profile_type, 100),
};
const struct wire_table WIRE_ADMIN_STOCK_REQUEST = WIRE_TABLE(
    admin_stock_request, ADMIN_STOCK_REQUEST_ROWS, remora__admin_stock_request__descriptor);

static const struct wire_field ADMIN_STOCK_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_stock_response),
    WIRE_F_LIST(admin_stock_response, "rows", rows, n_rows, ADMIN_LIST_MAX, ADMIN_STOCK_ROW),
};
const struct wire_table WIRE_ADMIN_STOCK_RESPONSE = WIRE_TABLE(
    admin_stock_response, ADMIN_STOCK_RESPONSE_ROWS, remora__admin_stock_response__descriptor);

static const struct wire_field ADMIN_PROFILE_REPLACE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_profile_replace_request),
    WIRE_F_EID(admin_profile_replace_request, "old_eid", old_eid),
    WIRE_F_ICCID(admin_profile_replace_request, "old_iccid", old_iccid),
    WIRE_F_EID(admin_profile_replace_request, "new_eid", new_eid),
    WIRE_F_OID(admin_profile_replace_request, "smsr_id", smsr_id),
    WIRE_F_BOOL(admin_profile_replace_request, "enable_profile", enable_profile),
};
const struct wire_table WIRE_ADMIN_PROFILE_REPLACE_REQUEST =
    WIRE_TABLE(admin_profile_replace_request, ADMIN_PROFILE_REPLACE_REQUEST_ROWS,
               remora__admin_profile_replace_request__descriptor);

static const struct wire_field ADMIN_PROFILE_REPLACE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_profile_replace_response),
    WIRE_F_ICCID(admin_profile_replace_response, "iccid", iccid),
};
const struct wire_table WIRE_ADMIN_PROFILE_REPLACE_RESPONSE =
    WIRE_TABLE(admin_profile_replace_response, ADMIN_PROFILE_REPLACE_RESPONSE_ROWS,
               remora__admin_profile_replace_response__descriptor);

static const struct wire_field ADMIN_LOSS_DECLARE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(admin_loss_declare_request),
    WIRE_F_EID(admin_loss_declare_request, "eid", eid),
    WIRE_F_ICCID(admin_loss_declare_request, "iccid", iccid),
    WIRE_F_TEXT(admin_loss_declare_request, "reason", reason, 1024),
};
const struct wire_table WIRE_ADMIN_LOSS_DECLARE_REQUEST =
    WIRE_TABLE(admin_loss_declare_request, ADMIN_LOSS_DECLARE_REQUEST_ROWS,
               remora__admin_loss_declare_request__descriptor);

static const struct wire_field ADMIN_LOSS_DECLARE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(admin_loss_declare_response),
    WIRE_F_U32(admin_loss_declare_response, "persons", persons),
};
const struct wire_table WIRE_ADMIN_LOSS_DECLARE_RESPONSE =
    WIRE_TABLE(admin_loss_declare_response, ADMIN_LOSS_DECLARE_RESPONSE_ROWS,
               remora__admin_loss_declare_response__descriptor);
