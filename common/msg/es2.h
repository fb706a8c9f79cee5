/* SPDX-License-Identifier: Apache-2.0 */
/* ES2, operator -> SM-DP (SGP.02 5.3). */
#pragma once

#include "common/msg/base.h"
#include "common/msg/eis.h"

struct es2_get_eis_request { /* ES2-GetEIS, synchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
};
struct es2_get_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es2_download_profile_request { /* ES2-DownloadProfile, asynchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct span profile_type; /* profile type or ICCID names the profile */
    struct iccid iccid;
    bool enable_profile;
};
struct es2_download_profile_response {
    struct base_response base;
    struct iccid iccid;
};

/* ES2-EnableProfile, ES2-DisableProfile, ES2-DeleteProfile, asynchronous. */
struct es2_enable_profile_request {
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
};
struct es2_enable_profile_response {
    struct base_response base;
};
struct es2_disable_profile_request {
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
};
struct es2_disable_profile_response {
    struct base_response base;
};
struct es2_delete_profile_request {
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
};
struct es2_delete_profile_response {
    struct base_response base;
};

/* Notifications, SM-DP -> operator. */
struct es2_handle_profile_enabled_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es2_handle_profile_disabled_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es2_handle_profile_deleted_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};

struct es2_update_policy_rules_request { /* ES2-UpdatePolicyRules, synchronous */
    struct base_request base;
    struct eid eid;
    struct iccid iccid;
    struct oid smsr_id;
    struct pol2 pol2; /* all of them; not present = no rules */
};
struct es2_update_policy_rules_response {
    struct base_response base;
};

struct es2_update_subscription_address_request { /* ES2-UpdateSubscriptionAddress, synchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
    struct subscription_address new_address;
};
struct es2_update_subscription_address_response {
    struct base_response base;
};

struct es2_audit_eis_request { /* ES2-AuditEIS, asynchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccids[AUDIT_ICCIDS_MAX]; /* none = all of the caller's */
    unsigned n_iccids;
};
struct es2_audit_eis_response {
    struct base_response base;
    const struct eis *eis; /* NULL = absent */
};

struct es2_set_fall_back_attribute_request { /* ES2-SetFallBackAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
};
struct es2_set_fall_back_attribute_response {
    struct base_response base;
};

struct es2_set_emergency_profile_attribute_request { /* ES2-SetEmergencyProfileAttribute, asynchronous */
    struct base_request base;
    struct eid eid;
    struct oid smsr_id;
    struct iccid iccid;
};
struct es2_set_emergency_profile_attribute_response {
    struct base_response base;
};

/* Notifications of v4: all but one have this shape. */
struct es2_profile_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
};
struct es2_handle_policy_rules_updated_notification {
    struct eid eid;
    struct iccid iccid;
    int64_t completion_timestamp_ms;
    struct pol2 pol2; /* all of them; not present = no rules */
};
