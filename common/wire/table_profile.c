/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of what changes the data or the attributes of a profile, of ES2 and ES3 audits, and of the
 * notifications that came with v4 (proto/es1.proto to es4.proto; SGP.02 5.2 to 5.5). */
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

static const struct wire_field ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es1_update_eis_additional_properties_request),
    WIRE_F_EID(es1_update_eis_additional_properties_request, "Eid", eid),
    WIRE_F_MSG(es1_update_eis_additional_properties_request, "AdditionalProperties", properties,
               WIRE_PROPERTIES),
};
const struct wire_table WIRE_ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_REQUEST = WIRE_TABLE(
    es1_update_eis_additional_properties_request,
    ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_REQUEST_ROWS,
    remora__es1__update_eisadditional_properties_request__descriptor);

static const struct wire_field ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es1_update_eis_additional_properties_response),
};
const struct wire_table WIRE_ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_RESPONSE = WIRE_TABLE(
    es1_update_eis_additional_properties_response,
    ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES_RESPONSE_ROWS,
    remora__es1__update_eisadditional_properties_response__descriptor);

static const struct wire_field ES2_UPDATE_POLICY_RULES_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_update_policy_rules_request),
    WIRE_F_EID(es2_update_policy_rules_request, "Eid", eid),
    WIRE_F_ICCID(es2_update_policy_rules_request, "Iccid", iccid),
    WIRE_F_OID(es2_update_policy_rules_request, "Smsr_id", smsr_id),
    WIRE_F_MSG(es2_update_policy_rules_request, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES2_UPDATE_POLICY_RULES_REQUEST =
    WIRE_TABLE(es2_update_policy_rules_request, ES2_UPDATE_POLICY_RULES_REQUEST_ROWS,
               remora__es2__update_policy_rules_request__descriptor);

static const struct wire_field ES2_UPDATE_POLICY_RULES_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_update_policy_rules_response),
};
const struct wire_table WIRE_ES2_UPDATE_POLICY_RULES_RESPONSE =
    WIRE_TABLE(es2_update_policy_rules_response, ES2_UPDATE_POLICY_RULES_RESPONSE_ROWS,
               remora__es2__update_policy_rules_response__descriptor);

static const struct wire_field ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_update_subscription_address_request),
    WIRE_F_EID(es2_update_subscription_address_request, "Eid", eid),
    WIRE_F_OID(es2_update_subscription_address_request, "Smsr_id", smsr_id),
    WIRE_F_ICCID(es2_update_subscription_address_request, "Iccid", iccid),
    WIRE_F_MSG(es2_update_subscription_address_request, "newSubscriptionAddress", new_address,
               WIRE_ADDRESS),
};
const struct wire_table WIRE_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST = WIRE_TABLE(
    es2_update_subscription_address_request,
    ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS,
    remora__es2__update_subscription_address_request__descriptor);

static const struct wire_field ES2_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_update_subscription_address_response),
};
const struct wire_table WIRE_ES2_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE = WIRE_TABLE(
    es2_update_subscription_address_response,
    ES2_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS,
    remora__es2__update_subscription_address_response__descriptor);

static const struct wire_field ES2_AUDIT_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_audit_eis_request),
    WIRE_F_EID(es2_audit_eis_request, "Eid", eid),
    WIRE_F_OID(es2_audit_eis_request, "Smsr_id", smsr_id),
    WIRE_F_ICCIDS(es2_audit_eis_request, "Iccid", iccids, n_iccids, AUDIT_ICCIDS_MAX),
};
const struct wire_table WIRE_ES2_AUDIT_EIS_REQUEST =
    WIRE_TABLE(es2_audit_eis_request, ES2_AUDIT_EIS_REQUEST_ROWS,
               remora__es2__audit_eisrequest__descriptor);

static const struct wire_field ES2_AUDIT_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_audit_eis_response),
    WIRE_F_PTR(es2_audit_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES2_AUDIT_EIS_RESPONSE =
    WIRE_TABLE(es2_audit_eis_response, ES2_AUDIT_EIS_RESPONSE_ROWS,
               remora__es2__audit_eisresponse__descriptor);

static const struct wire_field ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_set_fall_back_attribute_request),
    WIRE_F_EID(es2_set_fall_back_attribute_request, "Eid", eid),
    WIRE_F_OID(es2_set_fall_back_attribute_request, "Smsr_id", smsr_id),
    WIRE_F_ICCID(es2_set_fall_back_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST =
    WIRE_TABLE(es2_set_fall_back_attribute_request, ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS,
               remora__es2__set_fall_back_attribute_request__descriptor);

static const struct wire_field ES2_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_set_fall_back_attribute_response),
};
const struct wire_table WIRE_ES2_SET_FALL_BACK_ATTRIBUTE_RESPONSE =
    WIRE_TABLE(es2_set_fall_back_attribute_response, ES2_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS,
               remora__es2__set_fall_back_attribute_response__descriptor);

static const struct wire_field ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es2_set_emergency_profile_attribute_request),
    WIRE_F_EID(es2_set_emergency_profile_attribute_request, "Eid", eid),
    WIRE_F_OID(es2_set_emergency_profile_attribute_request, "Smsr_id", smsr_id),
    WIRE_F_ICCID(es2_set_emergency_profile_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST = WIRE_TABLE(
    es2_set_emergency_profile_attribute_request,
    ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS,
    remora__es2__set_emergency_profile_attribute_request__descriptor);

static const struct wire_field ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es2_set_emergency_profile_attribute_response),
};
const struct wire_table WIRE_ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE = WIRE_TABLE(
    es2_set_emergency_profile_attribute_response,
    ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS,
    remora__es2__set_emergency_profile_attribute_response__descriptor);

static const struct wire_field ES3_AUDIT_EIS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_audit_eis_request),
    WIRE_F_EID(es3_audit_eis_request, "Eid", eid),
    WIRE_F_ICCIDS(es3_audit_eis_request, "Iccid", iccids, n_iccids, AUDIT_ICCIDS_MAX),
};
const struct wire_table WIRE_ES3_AUDIT_EIS_REQUEST =
    WIRE_TABLE(es3_audit_eis_request, ES3_AUDIT_EIS_REQUEST_ROWS,
               remora__es3__audit_eisrequest__descriptor);

static const struct wire_field ES3_AUDIT_EIS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_audit_eis_response),
    WIRE_F_PTR(es3_audit_eis_response, "Eis", eis, WIRE_EIS),
};
const struct wire_table WIRE_ES3_AUDIT_EIS_RESPONSE =
    WIRE_TABLE(es3_audit_eis_response, ES3_AUDIT_EIS_RESPONSE_ROWS,
               remora__es3__audit_eisresponse__descriptor);

static const struct wire_field ES3_UPDATE_POLICY_RULES_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_update_policy_rules_request),
    WIRE_F_EID(es3_update_policy_rules_request, "Eid", eid),
    WIRE_F_ICCID(es3_update_policy_rules_request, "Iccid", iccid),
    WIRE_F_MSG(es3_update_policy_rules_request, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES3_UPDATE_POLICY_RULES_REQUEST =
    WIRE_TABLE(es3_update_policy_rules_request, ES3_UPDATE_POLICY_RULES_REQUEST_ROWS,
               remora__es3__update_policy_rules_request__descriptor);

static const struct wire_field ES3_UPDATE_POLICY_RULES_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_update_policy_rules_response),
};
const struct wire_table WIRE_ES3_UPDATE_POLICY_RULES_RESPONSE =
    WIRE_TABLE(es3_update_policy_rules_response, ES3_UPDATE_POLICY_RULES_RESPONSE_ROWS,
               remora__es3__update_policy_rules_response__descriptor);

static const struct wire_field ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_update_subscription_address_request),
    WIRE_F_EID(es3_update_subscription_address_request, "Eid", eid),
    WIRE_F_ICCID(es3_update_subscription_address_request, "Iccid", iccid),
    WIRE_F_MSG(es3_update_subscription_address_request, "newSubscriptionAddress", new_address,
               WIRE_ADDRESS),
};
const struct wire_table WIRE_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST = WIRE_TABLE(
    es3_update_subscription_address_request,
    ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST_ROWS,
    remora__es3__update_subscription_address_request__descriptor);

static const struct wire_field ES3_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_update_subscription_address_response),
};
const struct wire_table WIRE_ES3_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE = WIRE_TABLE(
    es3_update_subscription_address_response,
    ES3_UPDATE_SUBSCRIPTION_ADDRESS_RESPONSE_ROWS,
    remora__es3__update_subscription_address_response__descriptor);

static const struct wire_field ES3_UPDATE_CONNECTIVITY_PARAMETERS_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_update_connectivity_parameters_request),
    WIRE_F_EID(es3_update_connectivity_parameters_request, "Eid", eid),
    WIRE_F_ICCID(es3_update_connectivity_parameters_request, "Iccid", iccid),
    WIRE_F_BYTES(es3_update_connectivity_parameters_request, "ConnectivityParameters", parameters,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_UPDATE_CONNECTIVITY_PARAMETERS_REQUEST = WIRE_TABLE(
    es3_update_connectivity_parameters_request,
    ES3_UPDATE_CONNECTIVITY_PARAMETERS_REQUEST_ROWS,
    remora__es3__update_connectivity_parameters_request__descriptor);

static const struct wire_field ES3_UPDATE_CONNECTIVITY_PARAMETERS_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_update_connectivity_parameters_response),
    WIRE_F_BYTES(es3_update_connectivity_parameters_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_UPDATE_CONNECTIVITY_PARAMETERS_RESPONSE = WIRE_TABLE(
    es3_update_connectivity_parameters_response,
    ES3_UPDATE_CONNECTIVITY_PARAMETERS_RESPONSE_ROWS,
    remora__es3__update_connectivity_parameters_response__descriptor);

static const struct wire_field ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_set_fall_back_attribute_request),
    WIRE_F_EID(es3_set_fall_back_attribute_request, "Eid", eid),
    WIRE_F_ICCID(es3_set_fall_back_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST =
    WIRE_TABLE(es3_set_fall_back_attribute_request, ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS,
               remora__es3__set_fall_back_attribute_request__descriptor);

static const struct wire_field ES3_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_set_fall_back_attribute_response),
    WIRE_F_BYTES(es3_set_fall_back_attribute_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_SET_FALL_BACK_ATTRIBUTE_RESPONSE =
    WIRE_TABLE(es3_set_fall_back_attribute_response, ES3_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS,
               remora__es3__set_fall_back_attribute_response__descriptor);

static const struct wire_field ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es3_set_emergency_profile_attribute_request),
    WIRE_F_EID(es3_set_emergency_profile_attribute_request, "Eid", eid),
    WIRE_F_ICCID(es3_set_emergency_profile_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST = WIRE_TABLE(
    es3_set_emergency_profile_attribute_request,
    ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS,
    remora__es3__set_emergency_profile_attribute_request__descriptor);

static const struct wire_field ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es3_set_emergency_profile_attribute_response),
    WIRE_F_BYTES(es3_set_emergency_profile_attribute_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE = WIRE_TABLE(
    es3_set_emergency_profile_attribute_response,
    ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS,
    remora__es3__set_emergency_profile_attribute_response__descriptor);

static const struct wire_field ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_set_fall_back_attribute_request),
    WIRE_F_WAKE(es4_set_fall_back_attribute_request),
    WIRE_F_EID(es4_set_fall_back_attribute_request, "Eid", eid),
    WIRE_F_ICCID(es4_set_fall_back_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST =
    WIRE_TABLE(es4_set_fall_back_attribute_request, ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST_ROWS,
               remora__es4__set_fall_back_attribute_request__descriptor);

static const struct wire_field ES4_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_set_fall_back_attribute_response),
    WIRE_F_BYTES(es4_set_fall_back_attribute_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES4_SET_FALL_BACK_ATTRIBUTE_RESPONSE =
    WIRE_TABLE(es4_set_fall_back_attribute_response, ES4_SET_FALL_BACK_ATTRIBUTE_RESPONSE_ROWS,
               remora__es4__set_fall_back_attribute_response__descriptor);

static const struct wire_field ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS[] = {
    WIRE_F_BASE_REQUEST(es4_set_emergency_profile_attribute_request),
    WIRE_F_WAKE(es4_set_emergency_profile_attribute_request),
    WIRE_F_EID(es4_set_emergency_profile_attribute_request, "Eid", eid),
    WIRE_F_ICCID(es4_set_emergency_profile_attribute_request, "Iccid", iccid),
};
const struct wire_table WIRE_ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST = WIRE_TABLE(
    es4_set_emergency_profile_attribute_request,
    ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST_ROWS,
    remora__es4__set_emergency_profile_attribute_request__descriptor);

static const struct wire_field ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS[] = {
    WIRE_F_BASE_RESPONSE(es4_set_emergency_profile_attribute_response),
    WIRE_F_BYTES(es4_set_emergency_profile_attribute_response, "EuiccResponseData", euicc_response_data,
                 WIRE_DATA_MAX),
};
const struct wire_table WIRE_ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE = WIRE_TABLE(
    es4_set_emergency_profile_attribute_response,
    ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_RESPONSE_ROWS,
    remora__es4__set_emergency_profile_attribute_response__descriptor);

static const struct wire_field ES2_PROFILE_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es2_profile_notification, "Eid", eid),
    WIRE_F_ICCID(es2_profile_notification, "Iccid", iccid),
    WIRE_F_I64(es2_profile_notification, "CompletionTimestamp", completion_timestamp_ms),
};
const struct wire_table WIRE_ES2_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION =
    WIRE_TABLE(es2_profile_notification, ES2_PROFILE_NOTIFICATION_ROWS,
               remora__es2__handle_profile_downloaded_notification__descriptor);

static const struct wire_field ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es2_handle_policy_rules_updated_notification, "Eid", eid),
    WIRE_F_ICCID(es2_handle_policy_rules_updated_notification, "Iccid", iccid),
    WIRE_F_I64(es2_handle_policy_rules_updated_notification, "CompletionTimestamp",
               completion_timestamp_ms),
    WIRE_F_MSG(es2_handle_policy_rules_updated_notification, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION = WIRE_TABLE(
    es2_handle_policy_rules_updated_notification,
    ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS,
    remora__es2__handle_policy_rules_updated_notification__descriptor);
const struct wire_table WIRE_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es2_profile_notification, ES2_PROFILE_NOTIFICATION_ROWS,
               remora__es2__handle_profile_fall_back_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es2_profile_notification, ES2_PROFILE_NOTIFICATION_ROWS,
               remora__es2__handle_profile_fall_back_attribute_unset_notification__descriptor);
const struct wire_table WIRE_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es2_profile_notification, ES2_PROFILE_NOTIFICATION_ROWS,
               remora__es2__handle_emergency_profile_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es2_profile_notification, ES2_PROFILE_NOTIFICATION_ROWS,
               remora__es2__handle_emergency_profile_attribute_unset_notification__descriptor);

static const struct wire_field ES3_PROFILE_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es3_profile_notification, "Eid", eid),
    WIRE_F_ICCID(es3_profile_notification, "Iccid", iccid),
    WIRE_F_OID(es3_profile_notification, "Mno_id", mno_id),
    WIRE_F_I64(es3_profile_notification, "CompletionTimestamp", completion_timestamp_ms),
};
const struct wire_table WIRE_ES3_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION =
    WIRE_TABLE(es3_profile_notification, ES3_PROFILE_NOTIFICATION_ROWS,
               remora__es3__handle_profile_downloaded_notification__descriptor);

static const struct wire_field ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es3_handle_policy_rules_updated_notification, "Eid", eid),
    WIRE_F_ICCID(es3_handle_policy_rules_updated_notification, "Iccid", iccid),
    WIRE_F_OID(es3_handle_policy_rules_updated_notification, "Mno_id", mno_id),
    WIRE_F_I64(es3_handle_policy_rules_updated_notification, "CompletionTimestamp",
               completion_timestamp_ms),
    WIRE_F_MSG(es3_handle_policy_rules_updated_notification, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION = WIRE_TABLE(
    es3_handle_policy_rules_updated_notification,
    ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS,
    remora__es3__handle_policy_rules_updated_notification__descriptor);
const struct wire_table WIRE_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es3_profile_notification, ES3_PROFILE_NOTIFICATION_ROWS,
               remora__es3__handle_profile_fall_back_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es3_profile_notification, ES3_PROFILE_NOTIFICATION_ROWS,
               remora__es3__handle_profile_fall_back_attribute_unset_notification__descriptor);
const struct wire_table WIRE_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es3_profile_notification, ES3_PROFILE_NOTIFICATION_ROWS,
               remora__es3__handle_emergency_profile_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es3_profile_notification, ES3_PROFILE_NOTIFICATION_ROWS,
               remora__es3__handle_emergency_profile_attribute_unset_notification__descriptor);

static const struct wire_field ES4_PROFILE_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es4_profile_notification, "Eid", eid),
    WIRE_F_ICCID(es4_profile_notification, "Iccid", iccid),
    WIRE_F_I64(es4_profile_notification, "CompletionTimestamp", completion_timestamp_ms),
};
const struct wire_table WIRE_ES4_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION =
    WIRE_TABLE(es4_profile_notification, ES4_PROFILE_NOTIFICATION_ROWS,
               remora__es4__handle_profile_downloaded_notification__descriptor);

static const struct wire_field ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS[] = {
    WIRE_F_EID(es4_handle_policy_rules_updated_notification, "Eid", eid),
    WIRE_F_ICCID(es4_handle_policy_rules_updated_notification, "Iccid", iccid),
    WIRE_F_I64(es4_handle_policy_rules_updated_notification, "CompletionTimestamp",
               completion_timestamp_ms),
    WIRE_F_MSG(es4_handle_policy_rules_updated_notification, "pol2", pol2, WIRE_POL2),
};
const struct wire_table WIRE_ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION = WIRE_TABLE(
    es4_handle_policy_rules_updated_notification,
    ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION_ROWS,
    remora__es4__handle_policy_rules_updated_notification__descriptor);
const struct wire_table WIRE_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es4_profile_notification, ES4_PROFILE_NOTIFICATION_ROWS,
               remora__es4__handle_profile_fall_back_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es4_profile_notification, ES4_PROFILE_NOTIFICATION_ROWS,
               remora__es4__handle_profile_fall_back_attribute_unset_notification__descriptor);
const struct wire_table WIRE_ES4_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION =
    WIRE_TABLE(es4_profile_notification, ES4_PROFILE_NOTIFICATION_ROWS,
               remora__es4__handle_emergency_profile_attribute_set_notification__descriptor);
const struct wire_table WIRE_ES4_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION =
    WIRE_TABLE(es4_profile_notification, ES4_PROFILE_NOTIFICATION_ROWS,
               remora__es4__handle_emergency_profile_attribute_unset_notification__descriptor);
