/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the simulated world. */
#pragma once

#include "test/sim/hostile.h"
#include "test/sim/numbers.h"
#include "test/sim/ranges.h"
#include "test/sim/watch.h"
#include "test/sim/world.h"

#define WORLD_START_MS 1750000000000ll
#define WORLD_RESULTS_MAX 4096u
#define WORLD_CONNS_MAX 1024u

struct sms_result {
    uint64_t tag, message;         /* message: named by the network, whose receipts are asked for; 0: not */
    char network[32];
    enum carrier_result result;
};

struct sha_chain {                 /* hash over everything that went onto the air */
    uint8_t h[32];
};
struct daemon_clock {
    struct clock port;
    const struct world *w;
    int64_t drift;                 /* how much faster than the world's, of RATE_ONE */
    int64_t step_ms;               /* how far its wall clock was set forward so far */
    const struct life *life;
};
struct world {
    struct world_plan plan;
    int64_t now_ms;                /* since the start: monotonic; wall is WORLD_START_MS + now */
    struct clock clock;            /* of the disks */
    struct daemon_clock sr_clock, dp_clock;
    struct rng rng, net_rng, id_rng, story_rng, life_rng, range_rng, call_rng;
    struct world_ranges ranges;
    struct world_numbers numbers;
    struct crypto *crypto;
    struct factory factory;
    struct links *links;
    /* SM-SR */
    struct conf *conf;
    struct keystore *sr_keys;
    struct pki *sr_pki;
    struct transport_key transport;
    struct smsr_core *sr;          /* NULL while it is dead */
    struct life sr_life, dp_life;
    uint64_t conns[WORLD_CONNS_MAX]; /* streams that the SM-SR holds */
    unsigned n_conns;
    struct carrier carrier;
    /* SM-DP */
    struct dp_env dp_env;
    struct dp_party dp_parties[3];
    struct dp_smsr dp_smsr;
    struct keystore *dp_keys;
    struct pki *dp_pki;
    struct smdp_identity dp_identity;
    struct smdp_core *dp;
    unsigned dp_link;
    struct rpc *dp_rpc;
    int64_t dp_reconnect_ms;
    unsigned dp_refused;
    struct oid smsr_oid;
    /* network */
    struct card_world cards;
    struct scp81_ctx *scp81;
    struct ledger_file *ledger;
    struct simnet *net;
    /* outside */
    struct client eum, a, b, b_dp, fleet[FACTORY_REALMS], admin;
    struct hostile hostile;
    struct client *all[16];
    struct sms_result results[WORLD_RESULTS_MAX];
    unsigned n_results;
    unsigned same_ms;
    struct sha_chain air;
    struct watch *watch;
    struct world_stats stats;
    int64_t quiet_ms;              /* faults end here */
    int64_t next_story_ms;
    int64_t next_call_ms;          /* a card calls by itself ... */
    unsigned next_caller;          /* ... 1 + this one; 0: any */
    unsigned stories, outages, steps; /* told, begun, made */
    struct errmsg fault;
};

int64_t world_wall(const struct world *w);
void world_air(struct world *w, char kind, struct span bytes);
void world_fault(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The next choice, in words; false: it was left out. Every trouble and every call passes here, when all
 * that belongs to it is drawn. */
bool world_choice(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* One step of time: everything due at the next moment, one turn of each daemon. false: nothing is due
 * before limit, the clock stands there now. */
bool world_step(struct world *w, int64_t limit_ms);
int world_open_smsr(struct world *w, struct errmsg *why); /* on what its disk holds */
int world_open_smdp(struct world *w, struct errmsg *why);
/* The EIS as the SM-SR sees it now; NULL: not registered. */
const struct euicc *world_eis(struct world *w, const struct eid *eid);
/* The fleet manager of the realm of this card. */
struct client *world_fleet(struct world *w, const struct eid *eid);
/* Everybody outside. */
struct client *const *world_parties(struct world *w, unsigned *n);
void world_carrier(struct world *w);                      /* between SM-SR and network */
void world_conn_gone(struct world *w, uint64_t conn);
void world_tell_results(struct world *w);                 /* of short messages, to the SM-SR */
void world_tell_receipt(struct world *w, uint64_t message, enum message_report r);   /* a hint */
void world_connect_dp(struct world *w);                   /* when its time has come */
int world_parts(struct world *w, struct errmsg *why);     /* builds everything */
int world_network(struct world *w, struct errmsg *why);   /* of it: the network and its devices */
void world_trouble(struct world *w);                      /* what is due of the planned troubles */
void world_calls_soon(struct world *w, unsigned card);    /* within seconds, where cards call at all */
int64_t world_trouble_due(const struct world *w);         /* INT64_MAX: none any more */
void world_story(struct world *w);                        /* lets the parties ask for something */
void world_check_step(struct world *w);                   /* what the step touched */
int world_check_end(struct world *w, struct errmsg *why); /* everything, when all is quiet */
int world_check_live(struct world *w, struct errmsg *why);  /* nothing is under way, nothing left behind */
int world_check_stock(struct world *w, struct errmsg *why);
int world_check_heard(struct world *w, struct errmsg *why);
void world_print(struct world *w);                        /* both journals, for --trace */
int world_log_hash(struct world *w, uint8_t ret[32]);
