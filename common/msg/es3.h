/* SPDX-License-Identifier: Apache-2.0 */
/* ES3, SM-DP -> SM-SR (SGP.02 5.4). The Mno-id on whose behalf a call is made stands in the
 * envelope. */
#pragma once

#include "common/msg/base.h"
#include "common/msg/eis.h"

struct es3_get_eis_request { /* ES3-GetEIS, synchronous */
    struct base_request base;
    struct eid eid;
};
struct es3_get_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es3_create_isdp_request { /* ES3-CreateISDP, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    uint32_t required_memory; /* octets */
    bool more_to_do;
};
struct es3_create_isdp_response {
    struct base_response base;
    struct aid isdp_aid; /* allocated by the SM-SR; n == 0 on failure */
    struct span euicc_response_data;
};

struct es3_send_data_request { /* ES3-SendData, asynchronous */
    struct base_request base;
    struct eid eid;
    struct aid sd_aid;
    struct span data; /* C-APDUs or SCP03t TLVs */
    bool more_to_do;
};
struct es3_send_data_response {
    struct base_response base;
    struct span euicc_response_data;
};

struct es3_profile_download_completed_request { /* ES3-ProfileDownloadCompleted, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct span profile_type;
    struct subscription_address address;
    struct pol2 pol2; /* not present = no rules */
};
struct es3_profile_download_completed_response {
    struct base_response base;
};

/* ES3-EnableProfile, ES3-DisableProfile, ES3-DeleteISDP, asynchronous. */
struct es3_enable_profile_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es3_enable_profile_response {
    struct base_response base;
    struct span euicc_response_data;
};
struct es3_disable_profile_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es3_disable_profile_response {
    struct base_response base;
    struct span euicc_response_data;
};
struct es3_delete_isdp_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es3_delete_isdp_response {
    struct base_response base;
    struct span euicc_response_data;
};

/* Notifications, SM-SR -> SM-DP: those of ES2 with the operator they are for. */
struct es3_handle_profile_enabled_notification {
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    int64_t completion_timestamp_ms;
};
struct es3_handle_profile_disabled_notification {
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    int64_t completion_timestamp_ms;
};
struct es3_handle_profile_deleted_notification {
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    int64_t completion_timestamp_ms;
};

struct es3_audit_eis_request { /* ES3-AuditEIS, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccids[AUDIT_ICCIDS_MAX]; /* none = all of the caller's */
    unsigned n_iccids;
};
struct es3_audit_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es3_update_policy_rules_request { /* ES3-UpdatePolicyRules, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct pol2 pol2; /* all of them; not present = no rules */
};
struct es3_update_policy_rules_response {
    struct base_response base;
};

struct es3_update_subscription_address_request { /* ES3-UpdateSubscriptionAddress, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct subscription_address new_address;
};
struct es3_update_subscription_address_response {
    struct base_response base;
};

struct es3_update_connectivity_parameters_request { /* ES3-UpdateConnectivityParameters, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct span parameters; /* secured for the ISD-P: a command of SCP03 */
};
struct es3_update_connectivity_parameters_response {
    struct base_response base;
    struct span euicc_response_data;
};

struct es3_set_fall_back_attribute_request { /* ES3-SetFallBackAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es3_set_fall_back_attribute_response {
    struct base_response base;
    struct span euicc_response_data;
};

struct es3_set_emergency_profile_attribute_request { /* ES3-SetEmergencyProfileAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es3_set_emergency_profile_attribute_response {
    struct base_response base;
    struct span euicc_response_data;
};

/* Notifications of v4: all but one have this shape. */
struct es3_profile_notification {
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    int64_t completion_timestamp_ms;
};
struct es3_handle_policy_rules_updated_notification {
    struct eid eid;
    struct iccid iccid;
    struct oid mno_id;
    int64_t completion_timestamp_ms;
    struct pol2 pol2; /* all of them; not present = no rules */
};
