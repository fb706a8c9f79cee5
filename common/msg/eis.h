/* SPDX-License-Identifier: Apache-2.0 */
/* EIS as it is delivered by an EUM (ES1) and shown by GetEIS (facts: sgp02 section 3; design 3.6).
 */
#pragma once

#include "common/msg/status.h"

#define EIS_PROFILES_MAX 16
#define EIS_KEYSETS_MAX  8
#define EIS_KEYS_MAX     8
#define EIS_POL2_MAX     8
#define EIS_PROPERTIES_MAX 16
#define AUDIT_ICCIDS_MAX 16

struct pol2_rule {             /* strings of the published schema */
    struct span subject;       /* "PROFILE" */
    struct span action;        /* "ENABLE" "DISABLE" "DELETE" */
    struct span qualification; /* "Not-Allowed" "Auto-Delete" */
};
struct pol2 {
    struct pol2_rule rules[EIS_POL2_MAX];
    unsigned n;
    bool present; /* an empty list is an explicit value */
};
/* The rules as POL2_ bits; false: one of them is not known. */
bool pol2_read(const struct pol2 *p, uint8_t *ret);
void pol2_write(uint8_t bits, struct pol2 *ret);
struct subscription_address {
    struct imsi imsi;
    struct msisdn msisdn;
};
struct eis_profile {
    struct iccid iccid;
    struct aid isdp_aid;
    struct oid mno_id;
    bool fallback_attribute;
    struct subscription_address address;
    enum profile_state state;
    struct oid smdp_id;
    struct span profile_type;
    uint32_t allocated_memory, free_memory;
    struct pol2 pol2;
    bool emergency, test; /* ours: attributes of SGP.02 v4 */
};
struct eis_key {
    uint8_t kid;
    uint8_t type;        /* 88 AES, 85 PSK */
    struct span wrapped; /* by the transport key, AES-128-ECB PKCS#7; never clear */
    uint8_t kcv[3];
    bool has_kcv;
};
struct eis_keyset {
    uint8_t version; /* 01-0F SCP80, 40-4F SCP81 */
    uint8_t type;    /* 80 SCP80, 81 SCP81, 03 SCP03 */
    uint64_t counter;
    struct eis_key keys[EIS_KEYS_MAX];
    unsigned n_keys;
};
struct eis_capabilities {
    bool cattp, http, secure_packet;
    struct span remote_provisioning_version; /* "3.2.0" */
    struct span platform;                    /* platformType + version, keys the dialect table */
};
struct eum_signed_info { /* signed by the EUM: octets are kept as received */
    struct eid eid;
    struct oid eum_id;
    int64_t production_date_ms;
    struct span platform_type, platform_version;
    struct aid isd_p_load_file, isd_p_module;
    struct span ecasd_certificate; /* 7F21 */
    struct eis_capabilities capabilities;
};
struct signed_eis {
    struct span eum_signed_info; /* encoded EumSignedInfo, as received */
    struct span eum_signature;   /* r||s or DER */
    struct span eum_certificate; /* X.509 DER */
    /* rest: not signed */
    uint32_t remaining_memory, available_memory_for_profiles;
    struct oid smsr_id;
    struct span transport_key_id;
    struct eis_profile profiles[EIS_PROFILES_MAX];
    unsigned n_profiles;
    struct eis_keyset keysets[EIS_KEYSETS_MAX];
    unsigned n_keysets;
    /* Of a signature by XML-DSig: eum_signed_info is the canonical XML the digest is over, as it came; eum_info says
     * the same as EumSignedInfo of ours; eum_reference is the canonical ds:SignedInfo, which the signature is over.
     * Empty: the signature is over eum_signed_info, which is ours. */
    struct span eum_info, eum_reference;
};
struct eis_property { /* names and values are whoever writes them's: none are published */
    struct span key, value;
};
struct eis_properties {
    struct eis_property list[EIS_PROPERTIES_MAX];
    unsigned n;
};
struct eis { /* what GetEIS returns, filtered by the role (facts: sgp02 3.4) */
    struct eid eid;
    struct oid eum_id;
    struct oid smsr_id;
    struct span platform_type, platform_version;
    uint32_t remaining_memory, available_memory_for_profiles;
    int64_t last_audit_ms;
    struct eis_capabilities capabilities;
    struct aid isd_p_load_file, isd_p_module;
    struct span eum_signed_info, eum_signature, eum_certificate;
    struct span ecasd_certificate;
    struct eis_profile profiles[EIS_PROFILES_MAX];
    unsigned n_profiles;
    struct eis_keyset keysets[EIS_KEYSETS_MAX]; /* versions and counters only, never keys */
    unsigned n_keysets;
    struct eis_properties properties;
    /* ours: when it can be reached, as its contacts told; wakes_every_ms 0: it is not known to sleep */
    int64_t last_contact_ms, last_wake_ms, wakes_every_ms, awake_ms;
    /* ours, for the realm: its life, and the device it was last heard in (octets as the card coded them) */
    enum card_state card_state;
    struct span imei;
    int64_t registered_ms;
};
