/* SPDX-License-Identifier: Apache-2.0 */
/* A world: who made the cards, which operators there are, where the meters stand. `world` writes
 * one directory from a seed; `run` reads what the network and the fleet need of it. Operator A
 * delivers the cards with its bootstrap profile, operator B is who they are to end up with. */
#pragma once

#include "tools/euiccsim/net/simnet.h"

/* Files of the directory. The last four are for the SM-SR, the SM-DP and the demo. */
#define WORLD_JSON "world.json"       /* everything that is no secret */
#define WORLD_FLEET "fleet.bin"
#define WORLD_LEDGER "fleet.ledger"   /* made by run */
#define WORLD_HSS_A "hss-a.csv"
#define WORLD_HSS_B "hss-b.csv"
#define WORLD_EIS "fleet.eis"         /* for eis import */
#define WORLD_STOCK_B "subscriptions-b.csv"
#define WORLD_EIDS "eids.txt"         /* one EID a line */
#define WORLD_PUSH "push.csv"         /* eid,iccid: which subscription of B each meter gets */
#define WORLD_EXPECTED "expected.json"    /* who cannot end up with B, and why */
#define WORLD_TRANSPORT "transport.key"   /* when no key was given */

struct world_order {
    const char *dir;                  /* made when it is not there; must hold no world */
    unsigned meters;
    uint64_t seed;
    uint32_t no_coverage, unknown_imsi;   /* rates (RATE_ONE); exact numbers, the sets apart */
    const char *eum_cert, *eum_key, *ci_cert, *ci_key;
    const char *transport_key;        /* NULL: a new one is written into the directory */
    const char *transport_id;
    struct oid eum, smsr, mno_a, mno_b;
    const char *eid_prefix;           /* at most 22 digits; the serial fills up to 30 */
    const char *profile_type;         /* of B's subscriptions */
    uint32_t memory_bytes;
    uint32_t cattp;                   /* share of the meters that speak CAT_TP and no HTTPS */
    const struct fleet_kind *fleet;   /* how its devices live; written down for run */
    int64_t now_ms;
};
void world_order_defaults(struct world_order *o);
struct world_counts {
    unsigned meters, no_coverage, unknown_imsi;
};
MUST_CHECK int world_make(const struct world_order *o, struct world_counts *ret,
                          struct errmsg *why);

struct world {
    struct msisdn smsr;
    const struct fleet_kind *kind;    /* how the devices live */
    unsigned meters;
    unsigned n_operators, n_coverage;
    struct operator_config operators[OPERATORS_MAX];      /* hss_csv points into csv */
    struct {
        struct plmn home, visited;
    } coverage[32];
    struct buf csv[OPERATORS_MAX];
    struct buf ci_points;
    struct buf fleet;                 /* the whole of fleet.bin */
};
/* ERR_CONFIG names the file and what is wrong with it. */
MUST_CHECK int world_load(const char *dir, struct world *ret, struct errmsg *why);
void world_fini(struct world *w);     /* wipes keys */
/* dir/name; ERR_TOO_LARGE. A file's whole content, at most max octets, into out. */
MUST_CHECK int world_path(const char *dir, const char *name, char *dst, size_t cap);
MUST_CHECK int world_read(const char *dir, const char *name, size_t max, struct buf *out,
                          struct errmsg *why);
