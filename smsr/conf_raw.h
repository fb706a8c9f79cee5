/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as the file says it, before it means anything: inside of conf only. */
#pragma once

#include "common/conf/schema.h"
#include "smsr/domain/env.h"

struct raw_tenant {
    char *id;
    struct conf_raw_range *eid_ranges;
    unsigned eid_ranges_count;
    char **admits;
    unsigned admits_count;
    unsigned *operations;
};
struct raw_party {
    char *oid, *tenant;
    char **roles;
    unsigned roles_count;
    char **plmn;
    unsigned plmn_count;
    char **iccid;
    unsigned iccid_count;
    char **on_behalf;
    unsigned on_behalf_count;
    char **bearers;
    unsigned bearers_count;
    unsigned *cattp_up_to, *operations;
};
struct raw_plma {
    char *mno, *profile_type, *m2m_sp;
    char **operations;
    unsigned operations_count;
};
struct raw_route {
    char *mno, *profile_type, *network, *source, *apn, *host, *ipv4;
    unsigned port, udp_port;
    char **bearers;
    unsigned bearers_count;
};
struct raw_pair {
    char *id, *value;
};
struct raw_smpp {
    char *address, *system_id, *password, *system_type;
    unsigned *window;
};
struct raw_network {
    char *id, *coap;
    unsigned *parts_per_second, *data_sessions;
    bool receipts;
    struct raw_smpp *smpp;
};
struct raw_limits {
    unsigned *connections, *cards_in_memory, *keys_in_memory, *write_behind, *min_free_mb,
        *reserve_mb, *effects_per_hour, *rollbacks_per_day, *jitter_percent;
};
struct raw_conf {
    struct { char *oid, *listen, *coap, *https, *cattp, *state; } smsr;
    struct conf_raw_tls tls;
    struct { char **ci; unsigned ci_count; char *cert, *key; } gsma;
    struct conf_raw_keystore keystore;
    struct raw_network *networks;
    unsigned networks_count;
    struct raw_pair *transport_keys;
    unsigned transport_keys_count;
    struct raw_tenant *tenants;
    unsigned tenants_count;
    struct raw_party *parties;
    unsigned parties_count;
    struct raw_plma *plma;
    unsigned plma_count;
    struct raw_route *routes;
    unsigned routes_count;
    struct { char *t[TIMER_COUNT]; } timers;
    struct raw_limits limits;
};
/* ERR_CONFIG names the key and the line. */
MUST_CHECK int raw_conf_load(const char *file, struct raw_conf **ret, struct errmsg *why);
void raw_conf_free(struct raw_conf *raw);
