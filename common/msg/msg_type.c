/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of messages: published name, interface, function, mode, struct (SGP.02 5.2 to 5.6).
 */
#include "common/msg/msg_type.h"

#include "common/msg/admin.h"
#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/es7.h"
#include "common/msg/message.h"

/* Every call starts with the common part: message_request and message_response rely on it. */
#define BASE_FIRST(st)                                                                             \
    _Static_assert(offsetof(struct st##_request, base) == 0 &&                                     \
                       offsetof(struct st##_response, base) == 0,                                  \
                   "the common part comes first")
BASE_FIRST(es1_register_eis);
BASE_FIRST(es2_get_eis);
BASE_FIRST(es2_download_profile);
BASE_FIRST(es2_enable_profile);
BASE_FIRST(es2_disable_profile);
BASE_FIRST(es2_delete_profile);
BASE_FIRST(es3_get_eis);
BASE_FIRST(es3_create_isdp);
BASE_FIRST(es3_send_data);
BASE_FIRST(es3_profile_download_completed);
BASE_FIRST(es3_enable_profile);
BASE_FIRST(es3_disable_profile);
BASE_FIRST(es3_delete_isdp);
BASE_FIRST(es4_get_eis);
BASE_FIRST(es4_audit_eis);
BASE_FIRST(es4_update_subscription_address);
BASE_FIRST(es4_update_policy_rules);
BASE_FIRST(es4_enable_profile);
BASE_FIRST(es4_disable_profile);
BASE_FIRST(es4_delete_profile);
BASE_FIRST(es1_update_eis_additional_properties);
BASE_FIRST(es2_update_policy_rules);
BASE_FIRST(es2_update_subscription_address);
BASE_FIRST(es2_audit_eis);
BASE_FIRST(es2_set_fall_back_attribute);
BASE_FIRST(es2_set_emergency_profile_attribute);
BASE_FIRST(es3_audit_eis);
BASE_FIRST(es3_update_policy_rules);
BASE_FIRST(es3_update_subscription_address);
BASE_FIRST(es3_update_connectivity_parameters);
BASE_FIRST(es3_set_fall_back_attribute);
BASE_FIRST(es3_set_emergency_profile_attribute);
BASE_FIRST(es4_set_fall_back_attribute);
BASE_FIRST(es4_set_emergency_profile_attribute);
BASE_FIRST(es4_prepare_smsr_change);
BASE_FIRST(es4_smsr_change);
BASE_FIRST(es7_handover_euicc);
BASE_FIRST(es7_authenticate_smsr);
BASE_FIRST(es7_create_additional_key_set);
BASE_FIRST(admin_operation_show);
BASE_FIRST(admin_operation_list);
BASE_FIRST(admin_events);
BASE_FIRST(admin_heads);
BASE_FIRST(admin_eis_list);
BASE_FIRST(admin_profile_list);
BASE_FIRST(admin_template_add);
BASE_FIRST(admin_subscriptions_import);
BASE_FIRST(admin_status);
BASE_FIRST(admin_strangers);
BASE_FIRST(admin_card_state);
BASE_FIRST(admin_batch);
BASE_FIRST(admin_batch_list);
BASE_FIRST(admin_drift);
BASE_FIRST(admin_keys_rotate);
BASE_FIRST(admin_stock);
BASE_FIRST(admin_profile_replace);
BASE_FIRST(admin_loss_declare);

#define SYNC  true
#define ASYNC false
#define REQUEST(st, text, f, fn, mode)                                                             \
    {                                                                                              \
        text, f, fn, MSG_KIND_REQUEST, mode, sizeof(struct st)                                     \
    }
#define RESPONSE(st, text, f, fn, mode)                                                            \
    {                                                                                              \
        text, f, fn, MSG_KIND_RESPONSE, mode, sizeof(struct st)                                    \
    }
#define NOTICE(st, text, f, fn)                                                                    \
    {                                                                                              \
        text, f, fn, MSG_KIND_NOTICE, ASYNC, sizeof(struct st)                                     \
    }
/* Both directions of a call. */
#define PAIR(ID, st, text, f, fn, mode)                                                            \
    [MSG_##ID##_REQUEST] = REQUEST(st##_request, text "Request", f, fn, mode),                     \
    [MSG_##ID##_RESPONSE] = RESPONSE(st##_response, text "Response", f, fn, mode)

static const struct msg_info INFO[MSG_TYPE_COUNT] = {
    PAIR(ES1_REGISTER_EIS, es1_register_eis, "ES1-RegisterEIS", IF_ES1, FN_REGISTER_EIS, SYNC),
    PAIR(ES1_UPDATE_EIS_ADDITIONAL_PROPERTIES, es1_update_eis_additional_properties,
         "ES1-UpdateEISAdditionalProperties", IF_ES1, FN_UPDATE_EIS_PROPERTIES,
         SYNC),

    PAIR(ES2_GET_EIS, es2_get_eis, "ES2-GetEIS", IF_ES2, FN_GET_EIS, SYNC),
    PAIR(ES2_DOWNLOAD_PROFILE, es2_download_profile, "ES2-DownloadProfile", IF_ES2,
         FN_DOWNLOAD_PROFILE, ASYNC),
    PAIR(ES2_ENABLE_PROFILE, es2_enable_profile, "ES2-EnableProfile", IF_ES2, FN_ENABLE_PROFILE,
         ASYNC),
    PAIR(ES2_DISABLE_PROFILE, es2_disable_profile, "ES2-DisableProfile", IF_ES2, FN_DISABLE_PROFILE,
         ASYNC),
    PAIR(ES2_DELETE_PROFILE, es2_delete_profile, "ES2-DeleteProfile", IF_ES2, FN_DELETE_PROFILE,
         ASYNC),
    [MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION] =
        NOTICE(es2_handle_profile_enabled_notification, "ES2-HandleProfileEnabledNotification",
               IF_ES2, FN_ENABLE_PROFILE),
    [MSG_ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION] =
        NOTICE(es2_handle_profile_disabled_notification, "ES2-HandleProfileDisabledNotification",
               IF_ES2, FN_DISABLE_PROFILE),
    [MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION] =
        NOTICE(es2_handle_profile_deleted_notification, "ES2-HandleProfileDeletedNotification",
               IF_ES2, FN_DELETE_PROFILE),
    PAIR(ES2_UPDATE_POLICY_RULES, es2_update_policy_rules,
         "ES2-UpdatePolicyRules", IF_ES2, FN_UPDATE_POLICY_RULES,
         SYNC),
    PAIR(ES2_UPDATE_SUBSCRIPTION_ADDRESS, es2_update_subscription_address,
         "ES2-UpdateSubscriptionAddress", IF_ES2, FN_UPDATE_SUBSCRIPTION_ADDRESS,
         SYNC),
    PAIR(ES2_AUDIT_EIS, es2_audit_eis, "ES2-AuditEIS", IF_ES2, FN_AUDIT_EIS, ASYNC),
    PAIR(ES2_SET_FALL_BACK_ATTRIBUTE, es2_set_fall_back_attribute,
         "ES2-SetFallBackAttribute", IF_ES2, FN_SET_FALLBACK_ATTRIBUTE,
         ASYNC),
    PAIR(ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE, es2_set_emergency_profile_attribute,
         "ES2-SetEmergencyProfileAttribute", IF_ES2, FN_SET_EMERGENCY_ATTRIBUTE,
         ASYNC),
    [MSG_ES2_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION] =
        NOTICE(es2_profile_notification, "ES2-HandleProfileDownloadedNotification", IF_ES2,
               FN_PROFILE_DOWNLOAD_COMPLETED),
    [MSG_ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION] =
        NOTICE(es2_handle_policy_rules_updated_notification, "ES2-HandlePolicyRulesUpdatedNotification", IF_ES2,
               FN_UPDATE_POLICY_RULES),
    [MSG_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es2_profile_notification, "ES2-HandleProfileFallBackAttributeSetNotification", IF_ES2,
               FN_SET_FALLBACK_ATTRIBUTE),
    [MSG_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es2_profile_notification, "ES2-HandleProfileFallBackAttributeUnsetNotification", IF_ES2,
               FN_UNSET_FALLBACK_ATTRIBUTE),
    [MSG_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es2_profile_notification, "ES2-HandleEmergencyProfileAttributeSetNotification", IF_ES2,
               FN_SET_EMERGENCY_ATTRIBUTE),
    [MSG_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es2_profile_notification, "ES2-HandleEmergencyProfileAttributeUnsetNotification", IF_ES2,
               FN_UNSET_EMERGENCY_ATTRIBUTE),

    PAIR(ES3_GET_EIS, es3_get_eis, "ES3-GetEIS", IF_ES3, FN_GET_EIS, SYNC),
    PAIR(ES3_CREATE_ISDP, es3_create_isdp, "ES3-CreateISDP", IF_ES3, FN_CREATE_ISDP, ASYNC),
    PAIR(ES3_SEND_DATA, es3_send_data, "ES3-SendData", IF_ES3, FN_SEND_DATA, ASYNC),
    PAIR(ES3_PROFILE_DOWNLOAD_COMPLETED, es3_profile_download_completed,
         "ES3-ProfileDownloadCompleted", IF_ES3, FN_PROFILE_DOWNLOAD_COMPLETED, SYNC),
    PAIR(ES3_ENABLE_PROFILE, es3_enable_profile, "ES3-EnableProfile", IF_ES3, FN_ENABLE_PROFILE,
         ASYNC),
    PAIR(ES3_DISABLE_PROFILE, es3_disable_profile, "ES3-DisableProfile", IF_ES3, FN_DISABLE_PROFILE,
         ASYNC),
    PAIR(ES3_DELETE_ISDP, es3_delete_isdp, "ES3-DeleteISDP", IF_ES3, FN_DELETE_PROFILE, ASYNC),
    [MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION] =
        NOTICE(es3_handle_profile_enabled_notification, "ES3-HandleProfileEnabledNotification",
               IF_ES3, FN_ENABLE_PROFILE),
    [MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION] =
        NOTICE(es3_handle_profile_disabled_notification, "ES3-HandleProfileDisabledNotification",
               IF_ES3, FN_DISABLE_PROFILE),
    [MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION] =
        NOTICE(es3_handle_profile_deleted_notification, "ES3-HandleProfileDeletedNotification",
               IF_ES3, FN_DELETE_PROFILE),
    PAIR(ES3_AUDIT_EIS, es3_audit_eis, "ES3-AuditEIS", IF_ES3, FN_AUDIT_EIS, ASYNC),
    PAIR(ES3_UPDATE_POLICY_RULES, es3_update_policy_rules,
         "ES3-UpdatePolicyRules", IF_ES3, FN_UPDATE_POLICY_RULES,
         SYNC),
    PAIR(ES3_UPDATE_SUBSCRIPTION_ADDRESS, es3_update_subscription_address,
         "ES3-UpdateSubscriptionAddress", IF_ES3, FN_UPDATE_SUBSCRIPTION_ADDRESS,
         SYNC),
    PAIR(ES3_UPDATE_CONNECTIVITY_PARAMETERS, es3_update_connectivity_parameters,
         "ES3-UpdateConnectivityParameters", IF_ES3, FN_UPDATE_CONNECTIVITY,
         ASYNC),
    PAIR(ES3_SET_FALL_BACK_ATTRIBUTE, es3_set_fall_back_attribute,
         "ES3-SetFallBackAttribute", IF_ES3, FN_SET_FALLBACK_ATTRIBUTE,
         ASYNC),
    PAIR(ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE, es3_set_emergency_profile_attribute,
         "ES3-SetEmergencyProfileAttribute", IF_ES3, FN_SET_EMERGENCY_ATTRIBUTE,
         ASYNC),
    [MSG_ES3_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION] =
        NOTICE(es3_profile_notification, "ES3-HandleProfileDownloadedNotification", IF_ES3,
               FN_PROFILE_DOWNLOAD_COMPLETED),
    [MSG_ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION] =
        NOTICE(es3_handle_policy_rules_updated_notification, "ES3-HandlePolicyRulesUpdatedNotification", IF_ES3,
               FN_UPDATE_POLICY_RULES),
    [MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es3_profile_notification, "ES3-HandleProfileFallBackAttributeSetNotification", IF_ES3,
               FN_SET_FALLBACK_ATTRIBUTE),
    [MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es3_profile_notification, "ES3-HandleProfileFallBackAttributeUnsetNotification", IF_ES3,
               FN_UNSET_FALLBACK_ATTRIBUTE),
    [MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es3_profile_notification, "ES3-HandleEmergencyProfileAttributeSetNotification", IF_ES3,
               FN_SET_EMERGENCY_ATTRIBUTE),
    [MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es3_profile_notification, "ES3-HandleEmergencyProfileAttributeUnsetNotification", IF_ES3,
               FN_UNSET_EMERGENCY_ATTRIBUTE),

    PAIR(ES4_GET_EIS, es4_get_eis, "ES4-GetEIS", IF_ES4, FN_GET_EIS, SYNC),
    PAIR(ES4_AUDIT_EIS, es4_audit_eis, "ES4-AuditEIS", IF_ES4, FN_AUDIT_EIS, ASYNC),
    PAIR(ES4_UPDATE_SUBSCRIPTION_ADDRESS, es4_update_subscription_address,
         "ES4-UpdateSubscriptionAddress", IF_ES4, FN_UPDATE_SUBSCRIPTION_ADDRESS, SYNC),
    PAIR(ES4_UPDATE_POLICY_RULES, es4_update_policy_rules, "ES4-UpdatePolicyRules", IF_ES4,
         FN_UPDATE_POLICY_RULES, SYNC),
    PAIR(ES4_ENABLE_PROFILE, es4_enable_profile, "ES4-EnableProfile", IF_ES4, FN_ENABLE_PROFILE,
         ASYNC),
    PAIR(ES4_DISABLE_PROFILE, es4_disable_profile, "ES4-DisableProfile", IF_ES4, FN_DISABLE_PROFILE,
         ASYNC),
    PAIR(ES4_DELETE_PROFILE, es4_delete_profile, "ES4-DeleteProfile", IF_ES4, FN_DELETE_PROFILE,
         ASYNC),
    [MSG_ES4_HANDLE_PROFILE_ENABLED_NOTIFICATION] =
        NOTICE(es4_handle_profile_enabled_notification, "ES4-HandleProfileEnabledNotification",
               IF_ES4, FN_ENABLE_PROFILE),
    [MSG_ES4_HANDLE_PROFILE_DISABLED_NOTIFICATION] =
        NOTICE(es4_handle_profile_disabled_notification, "ES4-HandleProfileDisabledNotification",
               IF_ES4, FN_DISABLE_PROFILE),
    [MSG_ES4_HANDLE_PROFILE_DELETED_NOTIFICATION] =
        NOTICE(es4_handle_profile_deleted_notification, "ES4-HandleProfileDeletedNotification",
               IF_ES4, FN_DELETE_PROFILE),
    PAIR(ES4_SET_FALL_BACK_ATTRIBUTE, es4_set_fall_back_attribute,
         "ES4-SetFallBackAttribute", IF_ES4, FN_SET_FALLBACK_ATTRIBUTE,
         ASYNC),
    PAIR(ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE, es4_set_emergency_profile_attribute,
         "ES4-SetEmergencyProfileAttribute", IF_ES4, FN_SET_EMERGENCY_ATTRIBUTE,
         ASYNC),
    [MSG_ES4_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION] =
        NOTICE(es4_profile_notification, "ES4-HandleProfileDownloadedNotification", IF_ES4,
               FN_PROFILE_DOWNLOAD_COMPLETED),
    [MSG_ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION] =
        NOTICE(es4_handle_policy_rules_updated_notification, "ES4-HandlePolicyRulesUpdatedNotification", IF_ES4,
               FN_UPDATE_POLICY_RULES),
    [MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es4_profile_notification, "ES4-HandleProfileFallBackAttributeSetNotification", IF_ES4,
               FN_SET_FALLBACK_ATTRIBUTE),
    [MSG_ES4_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es4_profile_notification, "ES4-HandleProfileFallBackAttributeUnsetNotification", IF_ES4,
               FN_UNSET_FALLBACK_ATTRIBUTE),
    [MSG_ES4_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION] =
        NOTICE(es4_profile_notification, "ES4-HandleEmergencyProfileAttributeSetNotification", IF_ES4,
               FN_SET_EMERGENCY_ATTRIBUTE),
    [MSG_ES4_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION] =
        NOTICE(es4_profile_notification, "ES4-HandleEmergencyProfileAttributeUnsetNotification", IF_ES4,
               FN_UNSET_EMERGENCY_ATTRIBUTE),

    PAIR(ES4_PREPARE_SMSR_CHANGE, es4_prepare_smsr_change, "ES4-PrepareSMSRChange", IF_ES4, FN_PREPARE_SMSR_CHANGE, ASYNC),
    PAIR(ES4_SMSR_CHANGE, es4_smsr_change, "ES4-SMSRChange", IF_ES4, FN_SMSR_CHANGE, ASYNC),
    PAIR(ES7_HANDOVER_EUICC, es7_handover_euicc, "ES7-HandoverEUICC", IF_ES7, FN_HANDOVER_EUICC, ASYNC),
    PAIR(ES7_AUTHENTICATE_SMSR, es7_authenticate_smsr, "ES7-AuthenticateSMSR", IF_ES7, FN_AUTHENTICATE_SMSR, ASYNC),
    PAIR(ES7_CREATE_ADDITIONAL_KEY_SET, es7_create_additional_key_set, "ES7-CreateAdditionalKeySet", IF_ES7, FN_CREATE_ADDITIONAL_KEY_SET, ASYNC),

    PAIR(ADMIN_OPERATION_SHOW, admin_operation_show, "AdminOperationShow", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_OPERATION_LIST, admin_operation_list, "AdminOperationList", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_EVENTS, admin_events, "AdminEvents", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_HEADS, admin_heads, "AdminHeads", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_EIS_LIST, admin_eis_list, "AdminEisList", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_PROFILE_LIST, admin_profile_list, "AdminProfileList", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_TEMPLATE_ADD, admin_template_add, "AdminTemplateAdd", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_SUBSCRIPTIONS_IMPORT, admin_subscriptions_import, "AdminSubscriptionsImport",
         IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_STATUS, admin_status, "AdminStatus", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_STRANGERS, admin_strangers, "AdminStrangers", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_CARD_STATE, admin_card_state, "AdminCardState", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_BATCH, admin_batch, "AdminBatch", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_BATCH_LIST, admin_batch_list, "AdminBatchList", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_DRIFT, admin_drift, "AdminDrift", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_KEYS_ROTATE, admin_keys_rotate, "AdminKeysRotate", IF_ADMIN, FN_ROTATE_KEYS, ASYNC),
    PAIR(ADMIN_STOCK, admin_stock, "AdminStock", IF_ADMIN, FN_NONE, SYNC),
    PAIR(ADMIN_PROFILE_REPLACE, admin_profile_replace, "AdminProfileReplace", IF_ADMIN,
         FN_REPLACE_PROFILE, ASYNC),
    PAIR(ADMIN_LOSS_DECLARE, admin_loss_declare, "AdminLossDeclare", IF_ADMIN, FN_DECLARE_LOSS,
         SYNC),
    [MSG_OPERATION_CONCLUDED] =
        NOTICE(operation_concluded, "OperationConcluded", IF_ADMIN, FN_NONE),
    [MSG_DEVICE_CHANGED] = NOTICE(device_changed, "DeviceChanged", IF_ADMIN, FN_NONE),
};

const struct msg_info *msg_type_info(enum msg_type t)
{
    return (unsigned)t > MSG_NONE && (unsigned)t < MSG_TYPE_COUNT ? &INFO[t] : NULL;
}

const char *msg_type_name(enum msg_type t)
{
    const struct msg_info *info = msg_type_info(t);
    return info ? info->name : "MSG_?";
}

enum msg_type msg_type_parse(struct span name)
{
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        if (span_eq(name, span_str(INFO[t].name)))
            return (enum msg_type)t;
    }
    return MSG_NONE;
}

/* A RESPONSE stands right behind its REQUEST; the test of this table holds it to that. */
enum msg_type msg_type_response(enum msg_type request)
{
    const struct msg_info *info = msg_type_info(request);
    return info && info->kind == MSG_KIND_REQUEST ? (enum msg_type)(request + 1) : MSG_NONE;
}

enum msg_type msg_type_request(enum msg_type response)
{
    const struct msg_info *info = msg_type_info(response);
    return info && info->kind == MSG_KIND_RESPONSE ? (enum msg_type)(response - 1) : MSG_NONE;
}

enum msg_type msg_type_find(enum interface iface, enum function f, enum msg_kind kind)
{
    for (unsigned t = MSG_NONE + 1; f != FN_NONE && t < MSG_TYPE_COUNT; t++) {
        if (INFO[t].iface == iface && INFO[t].function == f && INFO[t].kind == kind)
            return (enum msg_type)t;
    }
    return MSG_NONE;
}

static const char *const ENVELOPE_KIND_TEXT[] = {
    [ENV_NONE] = "NONE",       [ENV_HELLO] = "HELLO",       [ENV_WELCOME] = "WELCOME",
    [ENV_REQUEST] = "REQUEST", [ENV_ACCEPTED] = "ACCEPTED", [ENV_RESPONSE] = "RESPONSE",
    [ENV_NOTICE] = "NOTICE",   [ENV_ACK] = "ACK",           [ENV_ERROR] = "ERROR",
};

const char *envelope_kind_text(enum envelope_kind k)
{
    unsigned n = sizeof(ENVELOPE_KIND_TEXT) / sizeof(ENVELOPE_KIND_TEXT[0]);
    return (unsigned)k < n ? ENVELOPE_KIND_TEXT[k] : "?";
}

const struct base_request *message_request(const struct message *m)
{
    const struct msg_info *info = msg_type_info(m->type);
    return info && info->kind == MSG_KIND_REQUEST ? m->body : NULL;
}

const struct base_response *message_response(const struct message *m)
{
    const struct msg_info *info = msg_type_info(m->type);
    return info && info->kind == MSG_KIND_RESPONSE ? m->body : NULL;
}
