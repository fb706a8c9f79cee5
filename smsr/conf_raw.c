/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the configuration file; libcyaml refuses unknown, doubled and missing ones. */
#include "smsr/conf_raw.h"

#include "common/conf/schema.h"

#include <assert.h>

static const cyaml_schema_field_t TENANT_FIELDS[] = {
    CONF_STR("id", struct raw_tenant, id),
    CONF_SEQ_OPT("eid_ranges", struct raw_tenant, eid_ranges, &CONF_RANGE),
    CONF_SEQ_OPT("admits", struct raw_tenant, admits, &CONF_STRING),
    CONF_NUM_OPT("operations", struct raw_tenant, operations), CYAML_FIELD_END};
static const cyaml_schema_value_t TENANT = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_tenant, TENANT_FIELDS)};

static const cyaml_schema_field_t PARTY_FIELDS[] = {
    CONF_STR("oid", struct raw_party, oid),
    CONF_STR("tenant", struct raw_party, tenant),
    CONF_SEQ("roles", struct raw_party, roles, &CONF_STRING, 1),
    CONF_SEQ_OPT("plmn", struct raw_party, plmn, &CONF_STRING),
    CONF_SEQ_OPT("iccid", struct raw_party, iccid, &CONF_STRING),
    CONF_SEQ_OPT("on_behalf", struct raw_party, on_behalf, &CONF_STRING),
    CONF_SEQ_OPT("bearers", struct raw_party, bearers, &CONF_STRING),
    CONF_NUM_OPT("cattp_up_to", struct raw_party, cattp_up_to),
    CONF_NUM_OPT("operations", struct raw_party, operations),
    CYAML_FIELD_END};
static const cyaml_schema_value_t PARTY = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_party, PARTY_FIELDS)};

static const cyaml_schema_field_t PLMA_FIELDS[] = {
    CONF_STR("mno", struct raw_plma, mno), CONF_STR("profile_type", struct raw_plma, profile_type),
    CONF_STR("m2m_sp", struct raw_plma, m2m_sp),
    CONF_SEQ("operations", struct raw_plma, operations, &CONF_STRING, 1), CYAML_FIELD_END};
static const cyaml_schema_value_t PLMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_plma, PLMA_FIELDS)};

static const cyaml_schema_field_t ROUTE_FIELDS[] = {
    CONF_STR("mno", struct raw_route, mno),
    CONF_STR("profile_type", struct raw_route, profile_type),
    CONF_STR("network", struct raw_route, network),
    CONF_STR("source", struct raw_route, source),
    CONF_STR_OPT("apn", struct raw_route, apn),
    CONF_STR_OPT("host", struct raw_route, host),
    CONF_STR_OPT("ipv4", struct raw_route, ipv4),
    CYAML_FIELD_UINT("port", CYAML_FLAG_OPTIONAL, struct raw_route, port),
    CYAML_FIELD_UINT("udp_port", CYAML_FLAG_OPTIONAL, struct raw_route, udp_port),
    CONF_SEQ_OPT("bearers", struct raw_route, bearers, &CONF_STRING),
    CYAML_FIELD_END};
static const cyaml_schema_value_t ROUTE = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_route, ROUTE_FIELDS)};

static const cyaml_schema_field_t SMPP_FIELDS[] = {
    CONF_STR("address", struct raw_smpp, address),
    CONF_STR("system_id", struct raw_smpp, system_id),
    CONF_STR("password", struct raw_smpp, password),
    CONF_STR_OPT("system_type", struct raw_smpp, system_type),
    CONF_NUM_OPT("window", struct raw_smpp, window),
    CYAML_FIELD_END};
static const cyaml_schema_field_t NETWORK_FIELDS[] = {
    CONF_STR("id", struct raw_network, id), CONF_STR_OPT("coap", struct raw_network, coap),
    CONF_NUM_OPT("parts_per_second", struct raw_network, parts_per_second),
    CYAML_FIELD_BOOL("receipts", CYAML_FLAG_OPTIONAL, struct raw_network, receipts),
    CONF_NUM_OPT("data_sessions", struct raw_network, data_sessions),
    CYAML_FIELD_MAPPING_PTR("smpp", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct raw_network,
                            smpp, SMPP_FIELDS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t NETWORK = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_network, NETWORK_FIELDS)};

static const cyaml_schema_field_t TRANSPORT_FIELDS[] = {
    CONF_STR("id", struct raw_pair, id), CONF_STR("file", struct raw_pair, value), CYAML_FIELD_END};
static const cyaml_schema_value_t TRANSPORT = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_pair, TRANSPORT_FIELDS)};

/* The sections are anonymous structs of raw_conf: named here for the offsets inside them. */
#define SECTION(name) __typeof__(((struct raw_conf *)0)->name)

static const cyaml_schema_field_t SMSR_FIELDS[] = {
    CONF_STR("oid", SECTION(smsr), oid),         CONF_STR("listen", SECTION(smsr), listen),
    CONF_STR("coap", SECTION(smsr), coap),       CONF_STR_OPT("https", SECTION(smsr), https),
    CONF_STR_OPT("cattp", SECTION(smsr), cattp),
    CONF_STR_OPT("state", SECTION(smsr), state), CYAML_FIELD_END};
static const cyaml_schema_field_t GSMA_FIELDS[] = {
    CONF_SEQ("ci", SECTION(gsma), ci, &CONF_STRING, 1), CONF_STR_OPT("cert", SECTION(gsma), cert),
    CONF_STR_OPT("key", SECTION(gsma), key), CYAML_FIELD_END};
#define TIMER_FIELD(key, timer) CONF_STR_OPT(key, SECTION(timers), t[timer])
/* The names are those of TIMERS; conf_test compares the two. */
static const cyaml_schema_field_t TIMER_FIELDS[] = {
    TIMER_FIELD("validity_enable", TIMER_VALIDITY_ENABLE),
    TIMER_FIELD("validity_download", TIMER_VALIDITY_DOWNLOAD),
    TIMER_FIELD("validity_other", TIMER_VALIDITY_OTHER),
    TIMER_FIELD("validity_max", TIMER_VALIDITY_MAX),
    TIMER_FIELD("resend_1", TIMER_RESEND_1),
    TIMER_FIELD("resend_2", TIMER_RESEND_2),
    TIMER_FIELD("resend_3", TIMER_RESEND_3),
    TIMER_FIELD("fence_1", TIMER_FENCE_1),
    TIMER_FIELD("fence_2", TIMER_FENCE_2),
    TIMER_FIELD("fence_3", TIMER_FENCE_3),
    TIMER_FIELD("fence_4", TIMER_FENCE_4),
    TIMER_FIELD("fence_5", TIMER_FENCE_5),
    TIMER_FIELD("fence_6", TIMER_FENCE_6),
    TIMER_FIELD("session_hold", TIMER_SESSION_HOLD),
    TIMER_FIELD("session_idle", TIMER_SESSION_IDLE),
    TIMER_FIELD("notification_wait", TIMER_NOTIFICATION_WAIT),
    TIMER_FIELD("confirm_resend", TIMER_CONFIRM_RESEND),
    TIMER_FIELD("rollback_window", TIMER_ROLLBACK_WINDOW),
    TIMER_FIELD("bearer_rest", TIMER_BEARER_REST),
    TIMER_FIELD("wake_deadline", TIMER_WAKE_DEADLINE),
    TIMER_FIELD("asleep", TIMER_ASLEEP),
    TIMER_FIELD("resend_max", TIMER_RESEND_MAX),
    CYAML_FIELD_END};
static_assert(sizeof TIMER_FIELDS / sizeof *TIMER_FIELDS == TIMER_COUNT + 1, "one key a timer");

static const cyaml_schema_field_t LIMIT_FIELDS[] = {
    CONF_NUM_OPT("connections", struct raw_limits, connections),
    CONF_NUM_OPT("cards_in_memory", struct raw_limits, cards_in_memory),
    CONF_NUM_OPT("keys_in_memory", struct raw_limits, keys_in_memory),
    CONF_NUM_OPT("write_behind", struct raw_limits, write_behind),
    CONF_NUM_OPT("min_free_mb", struct raw_limits, min_free_mb),
    CONF_NUM_OPT("reserve_mb", struct raw_limits, reserve_mb),
    CONF_NUM_OPT("effects_per_hour", struct raw_limits, effects_per_hour),
    CONF_NUM_OPT("rollbacks_per_day", struct raw_limits, rollbacks_per_day),
    CONF_NUM_OPT("jitter_percent", struct raw_limits, jitter_percent),
    CYAML_FIELD_END};

static const cyaml_schema_field_t FIELDS[] = {
    CYAML_FIELD_MAPPING("smsr", CYAML_FLAG_DEFAULT, struct raw_conf, smsr, SMSR_FIELDS),
    CYAML_FIELD_MAPPING("tls", CYAML_FLAG_DEFAULT, struct raw_conf, tls, CONF_TLS_FIELDS),
    CYAML_FIELD_MAPPING("gsma", CYAML_FLAG_DEFAULT, struct raw_conf, gsma, GSMA_FIELDS),
    CYAML_FIELD_MAPPING("keystore", CYAML_FLAG_DEFAULT, struct raw_conf, keystore,
                        CONF_KEYSTORE_FIELDS),
    CONF_SEQ("networks", struct raw_conf, networks, &NETWORK, 1),
    CONF_SEQ_OPT("transport_keys", struct raw_conf, transport_keys, &TRANSPORT),
    CONF_SEQ_OPT("tenants", struct raw_conf, tenants, &TENANT),
    CONF_SEQ_OPT("parties", struct raw_conf, parties, &PARTY),
    CONF_SEQ_OPT("plma", struct raw_conf, plma, &PLMA),
    CONF_SEQ_OPT("routes", struct raw_conf, routes, &ROUTE),
    CYAML_FIELD_MAPPING("timers", CYAML_FLAG_OPTIONAL, struct raw_conf, timers, TIMER_FIELDS),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct raw_conf, limits, LIMIT_FIELDS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct raw_conf, FIELDS)};

int raw_conf_load(const char *file, struct raw_conf **ret, struct errmsg *why)
{
    void *raw = NULL;
    int err = conf_daemon_load(file, &SCHEMA, &raw, why);

    *ret = raw;
    return err;
}

void raw_conf_free(struct raw_conf *raw)
{
    conf_file_free(&SCHEMA, raw);
}
