/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of what the interfaces share and of the EIS (proto/types.proto, eis.proto). */
#include "common/wire/wire_table.h"

#include "common/msg/eis.h"
#include "eis.pb-c.h"
#include "types.pb-c.h"

static const struct wire_field STATUS_CODE_DATA_ROWS[] = {
    WIRE_F_CHARS(exec_answer, "Subject", code.subject),
    WIRE_F_CHARS(exec_answer, "Reason", code.reason),
    WIRE_F_TEXT(exec_answer, "SubjectIdentifier", subject_identifier, 255),
    WIRE_F_TEXT(exec_answer, "Message", message, 1024),
};
static const struct wire_table STATUS_CODE_DATA =
    WIRE_TABLE(exec_answer, STATUS_CODE_DATA_ROWS, remora__status_code_data__descriptor);

static const struct wire_field EXEC_STATUS_ROWS[] = {
    WIRE_F_ENUM(exec_answer, "Status", status, enum exec_status, exec_status),
    WIRE_F_FLAT("StatusCodeData", STATUS_CODE_DATA),
};
const struct wire_table WIRE_EXEC_STATUS =
    WIRE_TABLE(exec_answer, EXEC_STATUS_ROWS, remora__function_execution_status__descriptor);

static const struct wire_field CODE_ROWS[] = {
    WIRE_F_CHARS(gsma_code, "Subject", subject),
    WIRE_F_CHARS(gsma_code, "Reason", reason),
};
const struct wire_table WIRE_CODE =
    WIRE_TABLE(gsma_code, CODE_ROWS, remora__status_code__descriptor);

static const struct wire_field ADDRESS_ROWS[] = {
    WIRE_F_IMSI(subscription_address, "Imsi", imsi),
    WIRE_F_MSISDN(subscription_address, "Msisdn", msisdn),
};
const struct wire_table WIRE_ADDRESS =
    WIRE_TABLE(subscription_address, ADDRESS_ROWS, remora__subscription_address__descriptor);

static const struct wire_field RULE_ROWS[] = {
    WIRE_F_TEXT(pol2_rule, "Subject", subject, 32),
    WIRE_F_TEXT(pol2_rule, "Action", action, 32),
    WIRE_F_TEXT(pol2_rule, "Qualification", qualification, 32),
};
static const struct wire_table RULE = WIRE_TABLE(pol2_rule, RULE_ROWS, remora__rule__descriptor);

static const struct wire_field POL2_ROWS[] = {
    WIRE_F_ARRAY(pol2, "Rule", rules, n, EIS_POL2_MAX, RULE),
};
const struct wire_table WIRE_POL2 =
    WIRE_TABLE_PRESENT(pol2, POL2_ROWS, present, remora__pol2__descriptor);

static const struct wire_field CAPABILITIES_ROWS[] = {
    WIRE_F_BOOL(eis_capabilities, "CattpSupport", cattp),
    WIRE_F_BOOL(eis_capabilities, "HttpSupport", http),
    WIRE_F_BOOL(eis_capabilities, "SecurePacket", secure_packet),
    WIRE_F_TEXT(eis_capabilities, "RemoteProvisioningVersion", remote_provisioning_version, 32),
    WIRE_F_TEXT(eis_capabilities, "Platform", platform, 128),
};
static const struct wire_table CAPABILITIES =
    WIRE_TABLE(eis_capabilities, CAPABILITIES_ROWS, remora__euicc_capabilities__descriptor);

static const struct wire_field PROFILE_INFO_ROWS[] = {
    WIRE_F_ICCID(eis_profile, "Iccid", iccid),
    WIRE_F_AID(eis_profile, "Isd_p_aid", isdp_aid),
    WIRE_F_OID(eis_profile, "Mno_id", mno_id),
    WIRE_F_BOOL(eis_profile, "FallbackAttribute", fallback_attribute),
    WIRE_F_MSG(eis_profile, "SubscriptionAddress", address, WIRE_ADDRESS),
    WIRE_F_ENUM(eis_profile, "State", state, enum profile_state, profile_state),
    WIRE_F_OID(eis_profile, "Smdp_id", smdp_id),
    WIRE_F_TEXT(eis_profile, "ProfileType", profile_type, 100),
    WIRE_F_U32(eis_profile, "AllocatedMemory", allocated_memory),
    WIRE_F_U32(eis_profile, "FreeMemory", free_memory),
    WIRE_F_MSG(eis_profile, "pol2", pol2, WIRE_POL2),
    WIRE_F_BOOL(eis_profile, "emergency", emergency),
    WIRE_F_BOOL(eis_profile, "test", test),
};
static const struct wire_table PROFILE_INFO =
    WIRE_TABLE(eis_profile, PROFILE_INFO_ROWS, remora__profile_info__descriptor);

static const struct wire_field KEY_ROWS[] = {
    WIRE_F_U8(eis_key, "Index", kid),
    WIRE_F_U8(eis_key, "Type", type),
    WIRE_F_SECRET(eis_key, "Value", wrapped, 256),
    WIRE_F_OCTETS_HAS(eis_key, "kcv", kcv, has_kcv),
};
static const struct wire_table KEY = WIRE_TABLE(eis_key, KEY_ROWS, remora__key__descriptor);

static const struct wire_field KEYSET_ROWS[] = {
    WIRE_F_U8(eis_keyset, "Version", version),
    WIRE_F_U8(eis_keyset, "Type", type),
    WIRE_F_U64_CAP(eis_keyset, "Cntr", counter, 0xFFFFFFFFFF),
    WIRE_F_ARRAY(eis_keyset, "Key", keys, n_keys, EIS_KEYS_MAX, KEY),
};
static const struct wire_table KEYSET =
    WIRE_TABLE(eis_keyset, KEYSET_ROWS, remora__keyset__descriptor);

static const struct wire_field KEYSET_INFO_ROWS[] = {
    WIRE_F_U8(eis_keyset, "Version", version),
    WIRE_F_U8(eis_keyset, "Type", type),
    WIRE_F_U64_CAP(eis_keyset, "Cntr", counter, 0xFFFFFFFFFF),
};
static const struct wire_table KEYSET_INFO =
    WIRE_TABLE(eis_keyset, KEYSET_INFO_ROWS, remora__keyset_info__descriptor);

static const struct wire_field EUM_INFO_ROWS[] = {
    WIRE_F_EID(eum_signed_info, "Eid", eid),
    WIRE_F_OID(eum_signed_info, "Eum_id", eum_id),
    WIRE_F_I64(eum_signed_info, "ProductionDate", production_date_ms),
    WIRE_F_TEXT(eum_signed_info, "PlatformType", platform_type, 100),
    WIRE_F_TEXT(eum_signed_info, "PlatformVersion", platform_version, 32),
    WIRE_F_AID(eum_signed_info, "Isd_p_loadfile_aid", isd_p_load_file),
    WIRE_F_AID(eum_signed_info, "Isd_p_module_aid", isd_p_module),
    WIRE_F_BYTES(eum_signed_info, "Ecasd", ecasd_certificate, 2048),
    WIRE_F_MSG(eum_signed_info, "EuiccCapabilities", capabilities, CAPABILITIES),
};
const struct wire_table WIRE_EUM_INFO =
    WIRE_TABLE(eum_signed_info, EUM_INFO_ROWS, remora__eum_signed_info__descriptor);

static const struct wire_field SIGNED_EIS_ROWS[] = {
    WIRE_F_BYTES(signed_eis, "eum_signed_info", eum_signed_info, 8192),
    WIRE_F_BYTES(signed_eis, "eum_signature", eum_signature, 512),
    WIRE_F_BYTES(signed_eis, "eum_certificate", eum_certificate, 4096),
    WIRE_F_U32(signed_eis, "RemainingMemory", remaining_memory),
    WIRE_F_U32(signed_eis, "AvailableMemoryForProfiles", available_memory_for_profiles),
    WIRE_F_OID(signed_eis, "Smsr_id", smsr_id),
    WIRE_F_TEXT(signed_eis, "transport_key_id", transport_key_id, 64),
    WIRE_F_ARRAY(signed_eis, "ProfileInfo", profiles, n_profiles, EIS_PROFILES_MAX, PROFILE_INFO),
    WIRE_F_ARRAY(signed_eis, "Keyset", keysets, n_keysets, EIS_KEYSETS_MAX, KEYSET),
    WIRE_F_BYTES(signed_eis, "eum_info", eum_info, 8192),
    WIRE_F_BYTES(signed_eis, "eum_reference", eum_reference, 4096),
};
const struct wire_table WIRE_SIGNED_EIS =
    WIRE_TABLE(signed_eis, SIGNED_EIS_ROWS, remora__signed_eis__descriptor);

static const struct wire_field PROPERTY_ROWS[] = {
    WIRE_F_TEXT(eis_property, "key", key, 100),
    WIRE_F_TEXT(eis_property, "value", value, 255),
};
static const struct wire_table PROPERTY =
    WIRE_TABLE(eis_property, PROPERTY_ROWS, remora__property__descriptor);

static const struct wire_field PROPERTIES_ROWS[] = {
    WIRE_F_ARRAY(eis_properties, "Property", list, n, EIS_PROPERTIES_MAX, PROPERTY),
};
const struct wire_table WIRE_PROPERTIES =
    WIRE_TABLE(eis_properties, PROPERTIES_ROWS, remora__additional_properties__descriptor);

static const struct wire_field EIS_ROWS[] = {
    WIRE_F_EID(eis, "Eid", eid),
    WIRE_F_OID(eis, "Eum_id", eum_id),
    WIRE_F_OID(eis, "Smsr_id", smsr_id),
    WIRE_F_TEXT(eis, "PlatformType", platform_type, 100),
    WIRE_F_TEXT(eis, "PlatformVersion", platform_version, 32),
    WIRE_F_U32(eis, "RemainingMemory", remaining_memory),
    WIRE_F_U32(eis, "AvailableMemoryForProfiles", available_memory_for_profiles),
    WIRE_F_I64(eis, "LastAuditDate", last_audit_ms),
    WIRE_F_MSG(eis, "EuiccCapabilities", capabilities, CAPABILITIES),
    WIRE_F_AID(eis, "Isd_p_loadfile_aid", isd_p_load_file),
    WIRE_F_AID(eis, "Isd_p_module_aid", isd_p_module),
    WIRE_F_BYTES(eis, "eum_signed_info", eum_signed_info, 8192),
    WIRE_F_BYTES(eis, "eum_signature", eum_signature, 512),
    WIRE_F_BYTES(eis, "eum_certificate", eum_certificate, 4096),
    WIRE_F_BYTES(eis, "Ecasd", ecasd_certificate, 2048),
    WIRE_F_ARRAY(eis, "ProfileInfo", profiles, n_profiles, EIS_PROFILES_MAX, PROFILE_INFO),
    WIRE_F_ARRAY(eis, "Keyset", keysets, n_keysets, EIS_KEYSETS_MAX, KEYSET_INFO),
    WIRE_F_I64(eis, "last_contact_ms", last_contact_ms),
    WIRE_F_I64(eis, "last_wake_ms", last_wake_ms),
    WIRE_F_I64(eis, "wakes_every_ms", wakes_every_ms),
    WIRE_F_I64(eis, "awake_ms", awake_ms),
    WIRE_F_ENUM(eis, "card_state", card_state, enum card_state, card_state),
    WIRE_F_BYTES(eis, "imei", imei, 16),
    WIRE_F_I64(eis, "registered_ms", registered_ms),
    WIRE_F_MSG(eis, "AdditionalProperties", properties, WIRE_PROPERTIES),
};
const struct wire_table WIRE_EIS = WIRE_TABLE(eis, EIS_ROWS, remora__eis__descriptor);
