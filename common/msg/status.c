/* SPDX-License-Identifier: Apache-2.0 */
/* Spelling of answers, verdicts, roles and functions: one table each (SGP.02 5.1; design 3.4, 3.5).
 */
#include "common/msg/status.h"

#define TEXT_OF(table, v)  text_of(table, sizeof(table) / sizeof(table[0]), (unsigned)(v))
#define VALUE_OF(table, s) value_of(table, sizeof(table) / sizeof(table[0]), s)

static const char *text_of(const char *const *table, unsigned n, unsigned v)
{
    return v < n ? table[v] : "?";
}

static unsigned value_of(const char *const *table, unsigned n, struct span s)
{
    for (unsigned v = 1; v < n; v++) {
        if (span_eq(s, span_str(table[v])))
            return v;
    }
    return 0;
}

/* The published spelling: WITHWARNING is one word. */
static const char *const EXEC_TEXT[] = {
    [EXEC_NONE] = "NONE",
    [EXEC_SUCCESS] = "EXECUTED_SUCCESS",
    [EXEC_WARNING] = "EXECUTED_WITHWARNING",
    [EXEC_FAILED] = "FAILED",
    [EXEC_EXPIRED] = "EXPIRED",
};

static const char *const VERDICT_TEXT[] = {
    [VERDICT_NONE] = "NONE",         [VERDICT_SUCCESS] = "SUCCESS",
    [VERDICT_FAILED] = "FAILED",     [VERDICT_ROLLED_BACK] = "ROLLED_BACK",
    [VERDICT_EXPIRED] = "EXPIRED",   [VERDICT_CANCELLED] = "CANCELLED",
    [VERDICT_IN_DOUBT] = "IN_DOUBT",
};

static const char *const STAGE_TEXT[] = {
    [STAGE_NONE] = "none",
    [STAGE_ADMISSION] = "admission",
    [STAGE_PREPARATION] = "preparation",
    [STAGE_BEARER] = "bearer",
    [STAGE_CARD] = "card",
    [STAGE_ATTACH] = "attach",
    [STAGE_CONFIRMATION] = "confirmation",
};

static const char *const ROLE_TEXT[] = {
    [ROLE_NONE] = "none",     [ROLE_EUM] = "eum",     [ROLE_OPERATOR] = "operator",
    [ROLE_M2M_SP] = "m2m-sp", [ROLE_SMDP] = "smdp",   [ROLE_SMSR] = "smsr",
    [ROLE_FLEET] = "fleet",   [ROLE_ADMIN] = "admin", [ROLE_AUDITOR] = "auditor",
};

static const char *const FUNCTION_TEXT[] = {
    [FN_NONE] = "None",
    [FN_REGISTER_EIS] = "RegisterEIS",
    [FN_GET_EIS] = "GetEIS",
    [FN_AUDIT_EIS] = "AuditEIS",
    [FN_CREATE_ISDP] = "CreateISDP",
    [FN_SEND_DATA] = "SendData",
    [FN_PROFILE_DOWNLOAD_COMPLETED] = "ProfileDownloadCompleted",
    [FN_ENABLE_PROFILE] = "EnableProfile",
    [FN_DISABLE_PROFILE] = "DisableProfile",
    [FN_DELETE_PROFILE] = "DeleteProfile",
    [FN_UPDATE_SUBSCRIPTION_ADDRESS] = "UpdateSubscriptionAddress",
    [FN_UPDATE_POLICY_RULES] = "UpdatePolicyRules",
    [FN_DOWNLOAD_PROFILE] = "DownloadProfile",
    [FN_NOTIFICATION] = "Notification",
    [FN_SET_FALLBACK_ATTRIBUTE] = "SetFallBackAttribute",
    [FN_SET_EMERGENCY_ATTRIBUTE] = "SetEmergencyProfileAttribute",
    [FN_UPDATE_CONNECTIVITY] = "UpdateConnectivityParameters",
    [FN_UPDATE_EIS_PROPERTIES] = "UpdateEISAdditionalProperties",
    [FN_UNSET_FALLBACK_ATTRIBUTE] = "UnsetFallBackAttribute",
    [FN_UNSET_EMERGENCY_ATTRIBUTE] = "UnsetEmergencyProfileAttribute",
    [FN_MASTER_DELETE] = "MasterDelete",
    [FN_ROTATE_KEYS] = "RotateKeys",
    [FN_PREPARE_SMSR_CHANGE] = "PrepareSMSRChange",
    [FN_SMSR_CHANGE] = "SMSRChange",
    [FN_HANDOVER_EUICC] = "HandoverEUICC",
    [FN_AUTHENTICATE_SMSR] = "AuthenticateSMSR",
    [FN_CREATE_ADDITIONAL_KEY_SET] = "CreateAdditionalKeySet",
    [FN_REPLACE_PROFILE] = "ReplaceProfile",
    [FN_DECLARE_LOSS] = "DeclareLoss",
};

static const char *const INTERFACE_TEXT[] = {
    [IF_NONE] = "none", [IF_ES1] = "ES1", [IF_ES2] = "ES2",     [IF_ES3] = "ES3",
    [IF_ES4] = "ES4",   [IF_ES7] = "ES7", [IF_ADMIN] = "admin",
};

static const char *const PROFILE_STATE_TEXT[] = {
    [PROFILE_NONE] = "None",       [PROFILE_IN_CREATION] = "In-Creation",
    [PROFILE_CREATED] = "Created", [PROFILE_DISABLED] = "Disabled",
    [PROFILE_ENABLED] = "Enabled",
};

static const char *const CARD_STATE_TEXT[CARD_STATE_COUNT] = {
    [CARD_NONE] = "none",
    [CARD_REGISTERED] = "REGISTERED",
    [CARD_SEEN] = "SEEN",
    [CARD_QUARANTINED] = "QUARANTINED",
    [CARD_LOST] = "LOST",
    [CARD_RETIRED] = "RETIRED",
    [CARD_TRANSFERRED] = "TRANSFERRED",
};

const char *exec_status_text(enum exec_status s)
{
    return TEXT_OF(EXEC_TEXT, s);
}

const char *verdict_text(enum verdict v)
{
    return TEXT_OF(VERDICT_TEXT, v);
}

enum verdict verdict_parse(struct span s)
{
    return (enum verdict)VALUE_OF(VERDICT_TEXT, s);
}

const char *stage_text(enum stage s)
{
    return TEXT_OF(STAGE_TEXT, s);
}

const char *role_text(enum party_role r)
{
    return TEXT_OF(ROLE_TEXT, r);
}

enum party_role role_parse(struct span s)
{
    return (enum party_role)VALUE_OF(ROLE_TEXT, s);
}

const char *function_text(enum function f)
{
    return TEXT_OF(FUNCTION_TEXT, f);
}

enum function function_parse(struct span s)
{
    return (enum function)VALUE_OF(FUNCTION_TEXT, s);
}

const char *interface_text(enum interface i)
{
    return TEXT_OF(INTERFACE_TEXT, i);
}

const char *profile_state_text(enum profile_state s)
{
    return TEXT_OF(PROFILE_STATE_TEXT, s);
}

enum profile_state profile_state_parse(struct span s)
{
    return (enum profile_state)VALUE_OF(PROFILE_STATE_TEXT, s);
}

const char *card_state_text(enum card_state s)
{
    return TEXT_OF(CARD_STATE_TEXT, s);
}

enum card_state card_state_parse(struct span s)
{
    return (enum card_state)VALUE_OF(CARD_STATE_TEXT, s);
}
