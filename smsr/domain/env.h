/* SPDX-License-Identifier: Apache-2.0 */
/* What deciders may know besides the card: who the parties are, which relations they have, how a
 * card is addressed, and the timers (design 3.5, 3.7). Built by conf, read-only afterwards. */
#pragma once

#include "common/msg/event.h"

#define PARTY_LIST_MAX 16
#define BEARERS 3u                 /* sms, https, cattp */

struct eid_range {
    char from[31], to[31];         /* first 30 digits, inclusive */
};
struct tenant {
    char id[48];
    uint32_t number;               /* stream, given by admin.tenant-added, never reused */
    struct eid_range *ranges;
    unsigned n_ranges;
    struct oid *admits;            /* owners that may operate on cards of this realm */
    unsigned n_admits;
    unsigned operations;           /* in flight on its cards at once; 0: any number */
};
struct party {
    struct oid oid;
    const struct tenant *tenant;
    uint32_t roles;                /* bits 1 << enum party_role */
    struct plmn plmn[PARTY_LIST_MAX];
    unsigned n_plmn;
    char iccid_prefix[PARTY_LIST_MAX][21];
    unsigned n_iccid;
    struct oid on_behalf[PARTY_LIST_MAX];   /* operator: the SM-DPs that may act for it */
    unsigned n_on_behalf;
    enum bearer bearers[BEARERS]; /* of what it asks for: tried in this order (bearer.h) */
    unsigned n_bearers;           /* 0: as the routes say */
    unsigned operations;          /* in flight at once, asked for by it or for it; 0: any number */
    uint32_t cattp_up_to;         /* octets of a SendData that still go by CAT_TP first; 0: all */
};
struct plma {
    struct oid mno;
    char profile_type[32];         /* "*" = any */
    struct oid m2m_sp;
    uint64_t functions;            /* FN_BIT of each */
};
struct route {
    struct oid mno;
    char profile_type[32];         /* "*" = any */
    char network[32];
    char source[17];               /* the SM-SR's own number in that network */
    char apn[64];
    char host[64];
    uint16_t port;
    uint8_t ipv4[4];
    bool sms, https, cattp;        /* bearers allowed */
    bool cattp_first;              /* CAT_TP is listed before HTTPS */
    bool cattp_commands;           /* and before SMS: switches and deletions go by it */
    uint16_t udp_port;             /* CAT_TP: where its datagrams go */
};

struct env_network {
    const char *id;
    unsigned parts_per_second;     /* of SMS; 1 to ENV_PARTS_MAX; 0: any number */
    unsigned data_sessions;        /* of orders in flight, HTTPS and CAT_TP; 0: any number */
};
#define ENV_IN_FLIGHT_MAX 1000000u
#define ENV_PARTS_MAX 100000u

/* The port of CAT_TP itself at this SM-SR, whatever the UDP port (TS 102 127). */
#define CATTP_PORT 7444u
#define CATTP_UDP_PORT 7444u       /* where its datagrams go unless a route says otherwise */

/* One table of timers (design 3.7); milliseconds at time scale 1, already divided when in struct
 * env. */
enum timer {
    TIMER_VALIDITY_ENABLE, TIMER_VALIDITY_DOWNLOAD, TIMER_VALIDITY_OTHER, TIMER_VALIDITY_MAX,
    TIMER_RESEND_1, TIMER_RESEND_2, TIMER_RESEND_3, TIMER_FENCE_1, TIMER_FENCE_2, TIMER_FENCE_3,
    TIMER_FENCE_4, TIMER_FENCE_5, TIMER_FENCE_6, TIMER_SESSION_HOLD, TIMER_SESSION_IDLE,
    TIMER_NOTIFICATION_WAIT, TIMER_CONFIRM_RESEND, TIMER_ROLLBACK_WINDOW, TIMER_BEARER_REST,
    TIMER_WAKE_DEADLINE, TIMER_ASLEEP, TIMER_RESEND_MAX, TIMER_COUNT
};
struct timer_row {
    const char *name;              /* configuration key */
    int64_t default_ms, min_ms, max_ms;
    const char *doc;
};
extern const struct timer_row TIMERS[TIMER_COUNT];
void timers_default(int64_t ret[TIMER_COUNT], unsigned time_scale);
/* The default validity of a switch ends before a card that gets no confirmation has rolled back and
 * two SMS (60 s each) have passed: such verdicts come late. Warned of at start. */
bool timers_validity_is_short(const int64_t timer_ms[TIMER_COUNT], unsigned time_scale);

struct env {
    struct oid smsr_oid;
    const struct tenant *tenants;
    unsigned n_tenants;
    const struct party *parties;
    unsigned n_parties;
    const struct plma *plmas;
    unsigned n_plmas;
    const struct route *routes;
    unsigned n_routes;
    const struct env_network *networks;     /* those with a rate or a limit */
    unsigned n_networks;
    int64_t timer_ms[TIMER_COUNT];
    unsigned time_scale;
    unsigned effects_per_hour;     /* limit.h; default 10, at most 10 are counted; 0 = no limit */
    unsigned jitter_percent;       /* repeats come later by up to so much of their pause, each card by its own */
    unsigned rollbacks_per_day;    /* breaker: 1 or 2, default 2; 0 = off */
};
const struct tenant *env_realm(const struct env *env, const struct eid *eid);   /* NULL: nobody's */
const struct tenant *env_tenant(const struct env *env, uint32_t number);
const struct party *env_party(const struct env *env, const struct oid *oid);
const struct route *env_route(const struct env *env, const struct oid *mno,
                              const char *profile_type);
bool env_admits(const struct tenant *realm, const struct oid *mno);
bool env_on_behalf(const struct env *env, const struct oid *mno, const struct oid *smdp);
bool env_plma(const struct env *env, const struct oid *mno, const char *profile_type,
              const struct oid *m2m_sp, enum function f);
/* Service providers that hear of f on profiles of this owner and type on the cards of this realm:
 * those with an authorisation for it that may see these cards, each once, in the order of the
 * configuration. Counts to ENV_NOTIFIED_MAX + 1: a configuration with so many is refused, since the
 * deliveries of one record could not tell them all. */
#define ENV_NOTIFIED_MAX 3u
unsigned env_notified(const struct env *env, const struct tenant *realm, const struct oid *mno,
                      const char *profile_type, enum function f,
                      const struct oid *ret[ENV_NOTIFIED_MAX + 1]);
/* Fleet managers of this realm, in the order of the configuration: at most ENV_FLEETS_MAX. */
#define ENV_FLEETS_MAX 4u
unsigned env_fleets(const struct env *env, const struct tenant *realm,
                    const struct oid *ret[ENV_FLEETS_MAX]);
/* The profile falls in the owner's ICCID prefixes and networks. An empty list holds nothing:
 * default reject. */
bool env_owner_covers(const struct party *owner, const struct iccid *iccid);
bool env_owner_has_imsi(const struct party *owner, const struct imsi *imsi);
