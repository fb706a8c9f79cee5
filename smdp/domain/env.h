/* SPDX-License-Identifier: Apache-2.0 */
/* What deciders may know besides the order: who the operators are, which SM-SRs can be called,
 * which cards are test cards, and the timers (design 3.5, 3.7). Built by conf; the core adds the
 * numbers of the tenants at start, nothing changes afterwards. */
#pragma once

#include "common/msg/status.h"

#define DP_LIST_MAX 16u

struct dp_eid_range {
    char from[31], to[31]; /* first 30 digits, inclusive */
};
/* What the cards of a platform can do, as their maker lists it. */
struct dp_platform {
    char name[101];    /* as the EIS has it */
    uint32_t services; /* bits of saip_service_name */
};
/* Fewer than below profiles left of a type: told once (stock.ran-low). */
struct dp_low {
    struct oid mno;         /* empty: any operator */
    char profile_type[101]; /* empty: any type */
    unsigned below;
};
struct dp_party {
    struct oid oid;
    char tenant[48];
    uint32_t number; /* stream of that tenant, given by admin.tenant-added */
    uint32_t roles;  /* bits 1 << enum party_role */
    struct plmn plmn[DP_LIST_MAX];
    unsigned n_plmn;
    char iccid_prefix[DP_LIST_MAX][21];
    unsigned n_iccid;
};
struct dp_smsr {
    struct oid oid;
    char address[256]; /* host:port */
};

/* Milliseconds at time scale 1 in DP_TIMERS, already divided when in struct dp_env. */
enum dp_timer {
    DP_TIMER_VALIDITY_DOWNLOAD,
    DP_TIMER_VALIDITY_SWITCH,
    DP_TIMER_VALIDITY_MAX,
    DP_TIMER_CALL_REPEAT,
    DP_TIMER_WAIT,
    DP_TIMER_BUSY,
    DP_TIMER_CLEANUP_1,
    DP_TIMER_CLEANUP_2,
    DP_TIMER_CLEANUP_3,
    DP_TIMER_READ,
    DP_TIMER_COUNT
};
struct dp_timer_row {
    const char *name; /* configuration key */
    int64_t default_ms, min_ms, max_ms;
    const char *doc;
};
extern const struct dp_timer_row DP_TIMERS[DP_TIMER_COUNT];
void dp_timers_default(int64_t ret[DP_TIMER_COUNT], unsigned time_scale);

struct dp_env {
    struct oid smdp_oid;
    struct dp_party *parties;
    unsigned n_parties;
    const struct dp_smsr *smsrs;
    unsigned n_smsrs;
    const struct dp_eid_range *test_eids; /* cards that may get test profiles (trust A8) */
    unsigned n_test_eids;
    const struct dp_eid_range *denied_eids; /* cards that get nothing (trust A8) */
    unsigned n_denied_eids;
    const struct dp_platform *platforms;
    unsigned n_platforms;
    const struct dp_low *low; /* the first row that fits counts */
    unsigned n_low;
    int64_t timer_ms[DP_TIMER_COUNT];
    unsigned time_scale;
    unsigned orders_max; /* live orders; beyond it new ones are refused */
    unsigned loads_max;  /* packages in memory at once */
    uint32_t memory_max; /* octets one profile may ask of a card (trust A3); 0 = none */
};
const struct dp_party *dp_env_party(const struct dp_env *env,
                                    const struct oid *oid); /* NULL: unknown */
const struct dp_smsr *dp_env_smsr(const struct dp_env *env, const struct oid *oid);
bool dp_env_has_role(const struct dp_party *p, enum party_role role);
bool dp_env_is_test(const struct dp_env *env, const struct eid *eid);
/* The threshold of that operator's type; 0: none. */
unsigned dp_env_low(const struct dp_env *env, const struct oid *mno, const char *profile_type);
bool dp_env_is_denied(const struct dp_env *env, const struct eid *eid);
const struct dp_platform *dp_env_platform(const struct dp_env *env, struct span name); /* or NULL */
/* The ICCID falls in the operator's prefixes, the IMSI in its networks. An empty list holds nothing:
 * default reject. */
bool dp_env_covers_iccid(const struct dp_party *p, const struct iccid *iccid);
bool dp_env_covers_imsi(const struct dp_party *p, const struct imsi *imsi);
