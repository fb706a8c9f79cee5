/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the configuration file; libcyaml refuses unknown, doubled and missing ones. */
#include "smdp/conf_raw.h"

#include "common/conf/schema.h"

#include <assert.h>

static const cyaml_schema_field_t PARTY_FIELDS[] = {
    CONF_STR("oid", struct dp_raw_party, oid),
    CONF_STR_OPT("tenant", struct dp_raw_party, tenant),
    CONF_SEQ("roles", struct dp_raw_party, roles, &CONF_STRING, 1),
    CONF_SEQ_OPT("plmn", struct dp_raw_party, plmn, &CONF_STRING),
    CONF_SEQ_OPT("iccid", struct dp_raw_party, iccid, &CONF_STRING),
    CYAML_FIELD_END};
static const cyaml_schema_value_t PARTY = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct dp_raw_party, PARTY_FIELDS)};

static const cyaml_schema_field_t SMSR_FIELDS[] = {CONF_STR("oid", struct dp_raw_pair, first),
                                                   CONF_STR("address", struct dp_raw_pair, second),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t SMSR = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct dp_raw_pair, SMSR_FIELDS)};

static const cyaml_schema_field_t CERT_FIELDS[] = {CONF_STR("cert", struct dp_raw_pair, first),
                                                   CONF_STR("key", struct dp_raw_pair, second),
                                                   CYAML_FIELD_END};
static const cyaml_schema_value_t CERT = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct dp_raw_pair, CERT_FIELDS)};

static const cyaml_schema_field_t PLATFORM_FIELDS[] = {
    CONF_STR("platform", struct dp_raw_platform, platform),
    CONF_SEQ("services", struct dp_raw_platform, services, &CONF_STRING, 1), CYAML_FIELD_END};
static const cyaml_schema_value_t PLATFORM = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct dp_raw_platform, PLATFORM_FIELDS)};

static const cyaml_schema_field_t LOW_FIELDS[] = {
    CONF_STR_OPT("profile_type", struct dp_raw_low, profile_type),
    CONF_STR_OPT("mno", struct dp_raw_low, mno), CONF_NUM_OPT("below", struct dp_raw_low, below),
    CYAML_FIELD_END};
static const cyaml_schema_value_t LOW = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct dp_raw_low, LOW_FIELDS)};

/* The sections are anonymous structs of dp_raw_conf: named here for the offsets inside them. */
#define SECTION(name) __typeof__(((struct dp_raw_conf *)0)->name)

static const cyaml_schema_field_t SMDP_FIELDS[] = {
    CONF_STR("oid", SECTION(smdp), oid), CONF_STR("listen", SECTION(smdp), listen),
    CONF_STR_OPT("state", SECTION(smdp), state), CYAML_FIELD_END};
static const cyaml_schema_field_t GSMA_FIELDS[] = {
    CONF_SEQ("ci", SECTION(gsma), ci, &CONF_STRING, 1), CONF_STR("cert", SECTION(gsma), cert),
    CONF_STR("key", SECTION(gsma), key), CONF_SEQ_OPT("certs", SECTION(gsma), certs, &CERT),
    CYAML_FIELD_END};
#define TIMER_FIELD(key, timer) CONF_STR_OPT(key, SECTION(timers), t[timer])
/* The names are those of DP_TIMERS; conf_test compares the two. */
static const cyaml_schema_field_t TIMER_FIELDS[] = {
    TIMER_FIELD("validity_download", DP_TIMER_VALIDITY_DOWNLOAD),
    TIMER_FIELD("validity_switch", DP_TIMER_VALIDITY_SWITCH),
    TIMER_FIELD("validity_max", DP_TIMER_VALIDITY_MAX),
    TIMER_FIELD("call_repeat", DP_TIMER_CALL_REPEAT),
    TIMER_FIELD("wait", DP_TIMER_WAIT),
    TIMER_FIELD("busy", DP_TIMER_BUSY),
    TIMER_FIELD("cleanup_1", DP_TIMER_CLEANUP_1),
    TIMER_FIELD("cleanup_2", DP_TIMER_CLEANUP_2),
    TIMER_FIELD("cleanup_3", DP_TIMER_CLEANUP_3),
    TIMER_FIELD("read", DP_TIMER_READ),
    CYAML_FIELD_END};
static_assert(sizeof TIMER_FIELDS / sizeof *TIMER_FIELDS == DP_TIMER_COUNT + 1, "one key a timer");

static const cyaml_schema_field_t LIMIT_FIELDS[] = {
    CONF_NUM_OPT("connections", struct dp_raw_limits, connections),
    CONF_NUM_OPT("orders", struct dp_raw_limits, orders),
    CONF_NUM_OPT("orders_in_memory", struct dp_raw_limits, orders_in_memory),
    CONF_NUM_OPT("packages", struct dp_raw_limits, packages),
    CONF_NUM_OPT("write_behind", struct dp_raw_limits, write_behind),
    CONF_NUM_OPT("min_free_mb", struct dp_raw_limits, min_free_mb),
    CONF_NUM_OPT("reserve_mb", struct dp_raw_limits, reserve_mb),
    CONF_NUM_OPT("profile_memory_kb", struct dp_raw_limits, profile_memory_kb),
    CYAML_FIELD_END};

static const cyaml_schema_field_t FIELDS[] = {
    CYAML_FIELD_MAPPING("smdp", CYAML_FLAG_DEFAULT, struct dp_raw_conf, smdp, SMDP_FIELDS),
    CONF_SEQ("smsr", struct dp_raw_conf, smsr, &SMSR, 1),
    CYAML_FIELD_MAPPING("tls", CYAML_FLAG_DEFAULT, struct dp_raw_conf, tls, CONF_TLS_FIELDS),
    CYAML_FIELD_MAPPING("gsma", CYAML_FLAG_DEFAULT, struct dp_raw_conf, gsma, GSMA_FIELDS),
    CYAML_FIELD_MAPPING("keystore", CYAML_FLAG_DEFAULT, struct dp_raw_conf, keystore,
                        CONF_KEYSTORE_FIELDS),
    CONF_SEQ_OPT("parties", struct dp_raw_conf, parties, &PARTY),
    CONF_SEQ_OPT("test_eids", struct dp_raw_conf, test_eids, &CONF_RANGE),
    CONF_SEQ_OPT("denied_eids", struct dp_raw_conf, denied_eids, &CONF_RANGE),
    CONF_SEQ_OPT("platforms", struct dp_raw_conf, platforms, &PLATFORM),
    CONF_SEQ_OPT("low_stock", struct dp_raw_conf, low_stock, &LOW),
    CYAML_FIELD_MAPPING("timers", CYAML_FLAG_OPTIONAL, struct dp_raw_conf, timers, TIMER_FIELDS),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct dp_raw_conf, limits, LIMIT_FIELDS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct dp_raw_conf, FIELDS)};

int dp_raw_conf_load(const char *file, struct dp_raw_conf **ret, struct errmsg *why)
{
    void *raw = NULL;
    int err = conf_daemon_load(file, &SCHEMA, &raw, why);

    *ret = raw;
    return err;
}

void dp_raw_conf_free(struct dp_raw_conf *raw)
{
    conf_file_free(&SCHEMA, raw);
}
