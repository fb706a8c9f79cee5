/* SPDX-License-Identifier: Apache-2.0 */
/* ES4, operator or fleet manager (M2M service provider) -> SM-SR (SGP.02 5.5). */
#pragma once

#include "common/msg/base.h"
#include "common/msg/eis.h"

struct es4_get_eis_request { /* ES4-GetEIS, synchronous */
    struct base_request base;
    struct eid eid;
};
struct es4_get_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es4_audit_eis_request { /* ES4-AuditEIS, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccids[AUDIT_ICCIDS_MAX]; /* none = all of the caller's */
    unsigned n_iccids;
};
struct es4_audit_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es4_update_subscription_address_request { /* ES4-UpdateSubscriptionAddress, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct subscription_address new_address;
};
struct es4_update_subscription_address_response {
    struct base_response base;
};

struct es4_update_policy_rules_request { /* ES4-UpdatePolicyRules, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct pol2 pol2; /* all of them; not present = no rules */
};
struct es4_update_policy_rules_response {
    struct base_response base;
};

/* ES4-EnableProfile, ES4-DisableProfile, ES4-DeleteProfile, asynchronous. */
struct es4_enable_profile_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es4_enable_profile_response {
    struct base_response base;
    struct span euicc_response_data;
};
struct es4_disable_profile_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es4_disable_profile_response {
    struct base_response base;
    struct span euicc_response_data;
};
struct es4_delete_profile_request {
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es4_delete_profile_response {
    struct base_response base;
    struct span euicc_response_data;
};

/* Notifications, SM-SR -> operator or fleet manager. */
struct es4_handle_profile_enabled_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es4_handle_profile_disabled_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es4_handle_profile_deleted_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};

struct es4_set_fall_back_attribute_request { /* ES4-SetFallBackAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es4_set_fall_back_attribute_response {
    struct base_response base;
    struct span euicc_response_data;
};

struct es4_set_emergency_profile_attribute_request { /* ES4-SetEmergencyProfileAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
};
struct es4_set_emergency_profile_attribute_response {
    struct base_response base;
    struct span euicc_response_data;
};

/* Notifications of v4: all but one have this shape. */
struct es4_profile_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es4_handle_policy_rules_updated_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
    struct pol2 pol2; /* all of them; not present = no rules */
};

struct es4_prepare_smsr_change_request { /* ES4-PrepareSMSRChange, to SM-SR2 */
    struct base_request base;
    struct eid eid;
    struct oid current_smsr_id;
};
struct es4_prepare_smsr_change_response {
    struct base_response base;
};

struct es4_smsr_change_request { /* ES4-SMSRChange, to SM-SR1 */
    struct base_request base;
    struct eid eid;
    struct oid target_smsr_id;
};
struct es4_smsr_change_response {
    struct base_response base;
};
