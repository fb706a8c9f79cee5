/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as the file says it, before it means anything: inside of conf only. */
#pragma once

#include "common/conf/schema.h"
#include "smdp/domain/env.h"

struct dp_raw_party {
    char *oid, *tenant;
    char **roles;
    unsigned roles_count;
    char **plmn;
    unsigned plmn_count;
    char **iccid;
    unsigned iccid_count;
};
struct dp_raw_pair {
    char *first, *second;
};
struct dp_raw_platform {
    char *platform;
    char **services;
    unsigned services_count;
};
struct dp_raw_low {
    char *profile_type, *mno;
    unsigned *below;
};
struct dp_raw_limits {
    unsigned *connections, *orders, *orders_in_memory, *packages, *write_behind, *min_free_mb,
        *reserve_mb, *profile_memory_kb;
};
struct dp_raw_conf {
    struct {
        char *oid, *listen, *state;
    } smdp;
    struct dp_raw_pair *smsr;
    unsigned smsr_count;
    struct conf_raw_tls tls;
    struct {
        char **ci;
        unsigned ci_count;
        char *cert, *key;
        struct dp_raw_pair *certs;
        unsigned certs_count;
    } gsma;
    struct conf_raw_keystore keystore;
    struct dp_raw_party *parties;
    unsigned parties_count;
    struct conf_raw_range *test_eids;
    unsigned test_eids_count;
    struct conf_raw_range *denied_eids;
    unsigned denied_eids_count;
    struct dp_raw_platform *platforms;
    unsigned platforms_count;
    struct dp_raw_low *low_stock;
    unsigned low_stock_count;
    struct {
        char *t[DP_TIMER_COUNT];
    } timers;
    struct dp_raw_limits limits;
};
/* ERR_CONFIG names the key and the line. */
MUST_CHECK int dp_raw_conf_load(const char *file, struct dp_raw_conf **ret, struct errmsg *why);
void dp_raw_conf_free(struct dp_raw_conf *raw);
