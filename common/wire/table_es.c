/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of ES1 to ES4 (proto/es1.proto to es4.proto; SGP.02 5.2 to 5.5). */
#include "common/wire/wire_table.h"

#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/wire/table_arms.h"
#include "es1.pb-c.h"
#include "es2.pb-c.h"
#include "es3.pb-c.h"
#include "es4.pb-c.h"

static const struct wire_field ES1_REGISTER_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es1_register_eis_request),
    WIRE_F_SECRET(es1_register_eis_request, "Eis", eis, WIRE_DATA_MAX),
    WIRE_F_TEXT(es1_register_eis_request, "order_reference", order_reference, 100),
    WIRE_F_OCTETS_HAS(es1_register_eis_request, "batch", batch, has_batch),
};
const struct wire_table WIRE_ES1_REGISTER_EIS_REQUEST =
    WIRE_TABLE(es1_register_eis_request, ES1_REGISTER_EIS_REQUEST_ROWS,
               remora__es1__register_eisrequest__descriptor);

static const struct wire_field ES1_REGISTER_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es1_register_eis_response),
};
const struct wire_table WIRE_ES1_REGISTER_EIS_RESPONSE =
    WIRE_TABLE(es1_register_eis_response, ES1_REGISTER_EIS_RESPONSE_ROWS,
               remora__es1__register_eisresponse__descriptor);

static const struct wire_field ES2_GET_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_get_eis_request),
    WIRE_F_EID(es2_get_eis_request, "Eid", eid),
    WIRE_F_OID(es2_get_eis_request, "Smsr_id", smsr_id),
};
const struct wire_table WIRE_ES2_GET_EIS_REQUEST = WIRE_TABLE(
    es2_get_eis_request, ES2_GET_EIS_REQUEST_ROWS, remora__es2__get_eisrequest__descriptor);

static const struct wire_field ES2_GET_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_get_eis_response),
    WIRE_F_PTR(es2_get_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES2_GET_EIS_RESPONSE = WIRE_TABLE(
    es2_get_eis_response, ES2_GET_EIS_RESPONSE_ROWS, remora__es2__get_eisresponse__descriptor);

static const struct wire_field ES2_DOWNLOAD_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_download_profile_request),
    WIRE_F_EID(es2_download_profile_request, "Eid", eid),
    WIRE_F_OID(es2_download_profile_request, "SmSr_id", smsr_id),
    WIRE_F_TEXT(es2_download_profile_request, "ProfileType", profile_type, 100),
    WIRE_F_ICCID(es2_download_profile_request, "Iccid", iccid),
    WIRE_F_BOOL(es2_download_profile_request, "EnableProfile", enable_profile),
};
const struct wire_table WIRE_ES2_DOWNLOAD_PROFILE_REQUEST =
    WIRE_TABLE(es2_download_profile_request, ES2_DOWNLOAD_PROFILE_REQUEST_ROWS,
               remora__es2__download_profile_request__descriptor);

static const struct wire_field ES2_DOWNLOAD_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_download_profile_response),
    WIRE_F_ICCID(es2_download_profile_response, "Iccid", iccid),
};
const struct wire_table WIRE_ES2_DOWNLOAD_PROFILE_RESPONSE =
    WIRE_TABLE(es2_download_profile_response, ES2_DOWNLOAD_PROFILE_RESPONSE_ROWS,
               remora__es2__download_profile_response__descriptor);

static const struct wire_field ES2_ENABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_enable_profile_request),
    WIRE_F_EID(es2_enable_profile_request, "Eid", eid),
    WIRE_F_OID(es2_enable_profile_request, "SmSr_id", smsr_id),
    WIRE_F_ICCID(es2_enable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES2_ENABLE_PROFILE_REQUEST =
    WIRE_TABLE(es2_enable_profile_request, ES2_ENABLE_PROFILE_REQUEST_ROWS,
               remora__es2__enable_profile_request__descriptor);

static const struct wire_field ES2_ENABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_enable_profile_response),
};
const struct wire_table WIRE_ES2_ENABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es2_enable_profile_response, ES2_ENABLE_PROFILE_RESPONSE_ROWS,
               remora__es2__enable_profile_response__descriptor);

static const struct wire_field ES2_DISABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_disable_profile_request),
    WIRE_F_EID(es2_disable_profile_request, "Eid", eid),
    WIRE_F_OID(es2_disable_profile_request, "Smsr_id", smsr_id),
    WIRE_F_ICCID(es2_disable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES2_DISABLE_PROFILE_REQUEST =
    WIRE_TABLE(es2_disable_profile_request, ES2_DISABLE_PROFILE_REQUEST_ROWS,
               remora__es2__disable_profile_request__descriptor);

static const struct wire_field ES2_DISABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_disable_profile_response),
};
const struct wire_table WIRE_ES2_DISABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es2_disable_profile_response, ES2_DISABLE_PROFILE_RESPONSE_ROWS,
               remora__es2__disable_profile_response__descriptor);

static const struct wire_field ES2_DELETE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_delete_profile_request),
    WIRE_F_EID(es2_delete_profile_request, "Eid", eid),
    WIRE_F_ICCID(es2_delete_profile_request, "Iccid", iccid),
    WIRE_F_OID(es2_delete_profile_request, "Smsr_id", smsr_id),
};
const struct wire_table WIRE_ES2_DELETE_PROFILE_REQUEST =
    WIRE_TABLE(es2_delete_profile_request, ES2_DELETE_PROFILE_REQUEST_ROWS,
               remora__es2__delete_profile_request__descriptor);

static const struct wire_field ES2_DELETE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_delete_profile_response),
};
const struct wire_table WIRE_ES2_DELETE_PROFILE_RESPONSE =
    WIRE_TABLE(es2_delete_profile_response, ES2_DELETE_PROFILE_RESPONSE_ROWS,
               remora__es2__delete_profile_response__descriptor);

static const struct wire_field ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es2_handle_profile_enabled_notification, "Eid", eid),
    WIRE_F_ICCID(es2_handle_profile_enabled_notification, "Iccid", iccid),
    WIRE_F_I64(es2_handle_profile_enabled_notification, "completionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION = WIRE_TABLE(
    es2_handle_profile_enabled_notification, ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS,
    remora__es2__handle_profile_enabled_notification__descriptor);

static const struct wire_field ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es2_handle_profile_disabled_notification, "Eid", eid),
    WIRE_F_ICCID(es2_handle_profile_disabled_notification, "Iccid", iccid),
    WIRE_F_I64(es2_handle_profile_disabled_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION = WIRE_TABLE(
    es2_handle_profile_disabled_notification, ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS,
    remora__es2__handle_profile_disabled_notification__descriptor);

static const struct wire_field ES2_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es2_handle_profile_deleted_notification, "Eid", eid),
    WIRE_F_ICCID(es2_handle_profile_deleted_notification, "Iccid", iccid),
    WIRE_F_I64(es2_handle_profile_deleted_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION = WIRE_TABLE(
    es2_handle_profile_deleted_notification, ES2_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS,
    remora__es2__handle_profile_deleted_notification__descriptor);

static const struct wire_field ES3_GET_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_get_eis_request),
    WIRE_F_EID(es3_get_eis_request, "Eid", eid),
};
const struct wire_table WIRE_ES3_GET_EIS_REQUEST = WIRE_TABLE(
    es3_get_eis_request, ES3_GET_EIS_REQUEST_ROWS, remora__es3__get_eisrequest__descriptor);

static const struct wire_field ES3_GET_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_get_eis_response),
    WIRE_F_PTR(es3_get_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES3_GET_EIS_RESPONSE = WIRE_TABLE(
    es3_get_eis_response, ES3_GET_EIS_RESPONSE_ROWS, remora__es3__get_eisresponse__descriptor);

static const struct wire_field ES3_CREATE_ISDP_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_create_isdp_request),
    WIRE_F_EID(es3_create_isdp_request, "Eid", eid),
    WIRE_F_ICCID(es3_create_isdp_request, "Iccid", iccid),
    WIRE_F_OID(es3_create_isdp_request, "Mno_id", mno_id),
    WIRE_F_U32(es3_create_isdp_request, "RequiredMemory", required_memory),
    WIRE_F_BOOL(es3_create_isdp_request, "MoreToDo", more_to_do),
};
const struct wire_table WIRE_ES3_CREATE_ISDP_REQUEST =
    WIRE_TABLE(es3_create_isdp_request, ES3_CREATE_ISDP_REQUEST_ROWS,
               remora__es3__create_isdprequest__descriptor);

static const struct wire_field ES3_CREATE_ISDP_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_create_isdp_response),
    WIRE_F_AID(es3_create_isdp_response, "Isd_p_aid", isdp_aid),
    WIRE_F_BYTES(es3_create_isdp_response, "EuiccResponseData", euicc_response_data, WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_CREATE_ISDP_RESPONSE =
    WIRE_TABLE(es3_create_isdp_response, ES3_CREATE_ISDP_RESPONSE_ROWS,
               remora__es3__create_isdpresponse__descriptor);

static const struct wire_field ES3_SEND_DATA_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_send_data_request),
    WIRE_F_EID(es3_send_data_request, "Eid", eid),
    WIRE_F_AID(es3_send_data_request, "Sd_aid", sd_aid),
    WIRE_F_BYTES(es3_send_data_request, "Data", data, WIRE_DATA_MAX),
    WIRE_F_BOOL(es3_send_data_request, "MoreToDo", more_to_do),
};
const struct wire_table WIRE_ES3_SEND_DATA_REQUEST = WIRE_TABLE(
    es3_send_data_request, ES3_SEND_DATA_REQUEST_ROWS, remora__es3__send_data_request__descriptor);

static const struct wire_field ES3_SEND_DATA_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_send_data_response),
    WIRE_F_BYTES(es3_send_data_response, "EuiccResponseData", euicc_response_data, WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_SEND_DATA_RESPONSE =
    WIRE_TABLE(es3_send_data_response, ES3_SEND_DATA_RESPONSE_ROWS,
               remora__es3__send_data_response__descriptor);

static const struct wire_field ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_profile_download_completed_request),
    WIRE_F_EID(es3_profile_download_completed_request, "Eid", eid),
    WIRE_F_ICCID(es3_profile_download_completed_request, "Iccid", iccid),
    WIRE_F_TEXT(es3_profile_download_completed_request, "ProfileType", profile_type, 100),
    WIRE_F_MSG(es3_profile_download_completed_request, "SubscriptionAddress", address,
               WIRE_ADDRESS),
    WIRE_F_MSG(es3_profile_download_completed_request, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST =
    WIRE_TABLE(es3_profile_download_completed_request, ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST_ROWS,
               remora__es3__profile_download_completed_request__descriptor);

static const struct wire_field ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_profile_download_completed_response),
};
const struct wire_table WIRE_ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE = WIRE_TABLE(
    es3_profile_download_completed_response, ES3_PROFILE_DOWNLOAD_COMPLETED_RESPONSE_ROWS,
    remora__es3__profile_download_completed_response__descriptor);

static const struct wire_field ES3_ENABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_enable_profile_request),
    WIRE_F_EID(es3_enable_profile_request, "Eid", eid),
    WIRE_F_ICCID(es3_enable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES3_ENABLE_PROFILE_REQUEST =
    WIRE_TABLE(es3_enable_profile_request, ES3_ENABLE_PROFILE_REQUEST_ROWS,
               remora__es3__enable_profile_request__descriptor);

static const struct wire_field ES3_ENABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_enable_profile_response),
    WIRE_F_BYTES(es3_enable_profile_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_ENABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es3_enable_profile_response, ES3_ENABLE_PROFILE_RESPONSE_ROWS,
               remora__es3__enable_profile_response__descriptor);

static const struct wire_field ES3_DISABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_disable_profile_request),
    WIRE_F_EID(es3_disable_profile_request, "Eid", eid),
    WIRE_F_ICCID(es3_disable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES3_DISABLE_PROFILE_REQUEST =
    WIRE_TABLE(es3_disable_profile_request, ES3_DISABLE_PROFILE_REQUEST_ROWS,
               remora__es3__disable_profile_request__descriptor);

static const struct wire_field ES3_DISABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_disable_profile_response),
    WIRE_F_BYTES(es3_disable_profile_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_DISABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es3_disable_profile_response, ES3_DISABLE_PROFILE_RESPONSE_ROWS,
               remora__es3__disable_profile_response__descriptor);

static const struct wire_field ES3_DELETE_ISDP_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_delete_isdp_request),
    WIRE_F_EID(es3_delete_isdp_request, "Eid", eid),
    WIRE_F_ICCID(es3_delete_isdp_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES3_DELETE_ISDP_REQUEST =
    WIRE_TABLE(es3_delete_isdp_request, ES3_DELETE_ISDP_REQUEST_ROWS,
               remora__es3__delete_isdprequest__descriptor);

static const struct wire_field ES3_DELETE_ISDP_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_delete_isdp_response),
    WIRE_F_BYTES(es3_delete_isdp_response, "EuiccResponseData", euicc_response_data, WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_DELETE_ISDP_RESPONSE =
    WIRE_TABLE(es3_delete_isdp_response, ES3_DELETE_ISDP_RESPONSE_ROWS,
               remora__es3__delete_isdpresponse__descriptor);

static const struct wire_field ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es3_handle_profile_enabled_notification, "Eid", eid),
    WIRE_F_ICCID(es3_handle_profile_enabled_notification, "Iccid", iccid),
    WIRE_F_OID(es3_handle_profile_enabled_notification, "Mno_id", mno_id),
    WIRE_F_I64(es3_handle_profile_enabled_notification, "completionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION = WIRE_TABLE(
    es3_handle_profile_enabled_notification, ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS,
    remora__es3__handle_profile_enabled_notification__descriptor);

static const struct wire_field ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es3_handle_profile_disabled_notification, "Eid", eid),
    WIRE_F_ICCID(es3_handle_profile_disabled_notification, "Iccid", iccid),
    WIRE_F_OID(es3_handle_profile_disabled_notification, "Mno_id", mno_id),
    WIRE_F_I64(es3_handle_profile_disabled_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION = WIRE_TABLE(
    es3_handle_profile_disabled_notification, ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS,
    remora__es3__handle_profile_disabled_notification__descriptor);

static const struct wire_field ES3_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es3_handle_profile_deleted_notification, "Eid", eid),
    WIRE_F_ICCID(es3_handle_profile_deleted_notification, "Iccid", iccid),
    WIRE_F_OID(es3_handle_profile_deleted_notification, "Mno_id", mno_id),
    WIRE_F_I64(es3_handle_profile_deleted_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION = WIRE_TABLE(
    es3_handle_profile_deleted_notification, ES3_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS,
    remora__es3__handle_profile_deleted_notification__descriptor);

static const struct wire_field ES4_GET_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_get_eis_request),
    WIRE_F_EID(es4_get_eis_request, "Eid", eid),
};
const struct wire_table WIRE_ES4_GET_EIS_REQUEST = WIRE_TABLE(
    es4_get_eis_request, ES4_GET_EIS_REQUEST_ROWS, remora__es4__get_eisrequest__descriptor);

static const struct wire_field ES4_GET_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_get_eis_response),
    WIRE_F_PTR(es4_get_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES4_GET_EIS_RESPONSE = WIRE_TABLE(
    es4_get_eis_response, ES4_GET_EIS_RESPONSE_ROWS, remora__es4__get_eisresponse__descriptor);

static const struct wire_field ES4_AUDIT_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_audit_eis_request),
    WIRE_F_WAKE(es4_audit_eis_request),
    WIRE_F_EID(es4_audit_eis_request, "Eid", eid),
    WIRE_F_ICCIDS(es4_audit_eis_request, "Iccid", iccids, n_iccids, AUDIT_ICCIDS_MAX),
};
const struct wire_table WIRE_ES4_AUDIT_EIS_REQUEST = WIRE_TABLE(
    es4_audit_eis_request, ES4_AUDIT_EIS_REQUEST_ROWS, remora__es4__audit_eisrequest__descriptor);

static const struct wire_field ES4_AUDIT_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_audit_eis_response),
    WIRE_F_PTR(es4_audit_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES4_AUDIT_EIS_RESPONSE =
    WIRE_TABLE(es4_audit_eis_response, ES4_AUDIT_EIS_RESPONSE_ROWS,
               remora__es4__audit_eisresponse__descriptor);

static const struct wire_field ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_update_subscription_address_request),
    WIRE_F_EID(es4_update_subscription_address_request, "Eid", eid),
    WIRE_F_ICCID(es4_update_subscription_address_request, "Iccid", iccid),
    WIRE_F_MSG(es4_update_subscription_address_request, "newSubscriptionAddress", new_address,
               WIRE_ADDRESS),
};
const struct wire_table WIRE_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST = WIRE_TABLE(
    es4_update_subscription_address_request, ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS,
    remora__es4__update_subscription_address_request__descriptor);

static const struct wire_field ES4_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_update_subscription_address_response),
};
const struct wire_table WIRE_ES4_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE = WIRE_TABLE(
    es4_update_subscription_address_response, ES4_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS,
    remora__es4__update_subscription_address_response__descriptor);

static const struct wire_field ES4_UPDATE_POLICY_RULES_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_update_policy_rules_request),
    WIRE_F_EID(es4_update_policy_rules_request, "Eid", eid),
    WIRE_F_ICCID(es4_update_policy_rules_request, "Iccid", iccid),
    WIRE_F_MSG(es4_update_policy_rules_request, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES4_UPDATE_POLICY_RULES_REQUEST =
    WIRE_TABLE(es4_update_policy_rules_request, ES4_UPDATE_POLICY_RULES_REQUEST_ROWS,
               remora__es4__update_policy_rules_request__descriptor);

static const struct wire_field ES4_UPDATE_POLICY_RULES_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_update_policy_rules_response),
};
const struct wire_table WIRE_ES4_UPDATE_POLICY_RULES_RESPONSE =
    WIRE_TABLE(es4_update_policy_rules_response, ES4_UPDATE_POLICY_RULES_RESPONSE_ROWS,
               remora__es4__update_policy_rules_response__descriptor);

static const struct wire_field ES4_ENABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_enable_profile_request),
    WIRE_F_WAKE(es4_enable_profile_request),
    WIRE_F_EID(es4_enable_profile_request, "Eid", eid),
    WIRE_F_ICCID(es4_enable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES4_ENABLE_PROFILE_REQUEST =
    WIRE_TABLE(es4_enable_profile_request, ES4_ENABLE_PROFILE_REQUEST_ROWS,
               remora__es4__enable_profile_request__descriptor);

static const struct wire_field ES4_ENABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_enable_profile_response),
    WIRE_F_BYTES(es4_enable_profile_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES4_ENABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es4_enable_profile_response, ES4_ENABLE_PROFILE_RESPONSE_ROWS,
               remora__es4__enable_profile_response__descriptor);

static const struct wire_field ES4_DISABLE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_disable_profile_request),
    WIRE_F_WAKE(es4_disable_profile_request),
    WIRE_F_EID(es4_disable_profile_request, "Eid", eid),
    WIRE_F_ICCID(es4_disable_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES4_DISABLE_PROFILE_REQUEST =
    WIRE_TABLE(es4_disable_profile_request, ES4_DISABLE_PROFILE_REQUEST_ROWS,
               remora__es4__disable_profile_request__descriptor);

static const struct wire_field ES4_DISABLE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_disable_profile_response),
    WIRE_F_BYTES(es4_disable_profile_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES4_DISABLE_PROFILE_RESPONSE =
    WIRE_TABLE(es4_disable_profile_response, ES4_DISABLE_PROFILE_RESPONSE_ROWS,
               remora__es4__disable_profile_response__descriptor);

static const struct wire_field ES4_DELETE_PROFILE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_delete_profile_request),
    WIRE_F_WAKE(es4_delete_profile_request),
    WIRE_F_EID(es4_delete_profile_request, "Eid", eid),
    WIRE_F_ICCID(es4_delete_profile_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES4_DELETE_PROFILE_REQUEST =
    WIRE_TABLE(es4_delete_profile_request, ES4_DELETE_PROFILE_REQUEST_ROWS,
               remora__es4__delete_profile_request__descriptor);

static const struct wire_field ES4_DELETE_PROFILE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_delete_profile_response),
    WIRE_F_BYTES(es4_delete_profile_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES4_DELETE_PROFILE_RESPONSE =
    WIRE_TABLE(es4_delete_profile_response, ES4_DELETE_PROFILE_RESPONSE_ROWS,
               remora__es4__delete_profile_response__descriptor);

static const struct wire_field ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es4_handle_profile_enabled_notification, "Eid", eid),
    WIRE_F_ICCID(es4_handle_profile_enabled_notification, "Iccid", iccid),
    WIRE_F_I64(es4_handle_profile_enabled_notification, "completionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION = WIRE_TABLE(
    es4_handle_profile_enabled_notification, ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION_ROWS,
    remora__es4__handle_profile_enabled_notification__descriptor);

static const struct wire_field ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es4_handle_profile_disabled_notification, "Eid", eid),
    WIRE_F_ICCID(es4_handle_profile_disabled_notification, "Iccid", iccid),
    WIRE_F_I64(es4_handle_profile_disabled_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION = WIRE_TABLE(
    es4_handle_profile_disabled_notification, ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION_ROWS,
    remora__es4__handle_profile_disabled_notification__descriptor);

static const struct wire_field ES4_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es4_handle_profile_deleted_notification, "Eid", eid),
    WIRE_F_ICCID(es4_handle_profile_deleted_notification, "Iccid", iccid),
    WIRE_F_I64(es4_handle_profile_deleted_notification, "CompletionTimestamp",
               completion_timestamp_ms),
};
const struct wire_table WIRE_ES4_HANDLE_PROFILE_DELETED_NOTIFICATION = WIRE_TABLE(
    es4_handle_profile_deleted_notification, ES4_HANDLE_PROFILE_DELETED_NOTIFICATION_ROWS,
    remora__es4__handle_profile_deleted_notification__descriptor);
