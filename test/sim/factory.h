/* SPDX-License-Identifier: Apache-2.0 */
/* The world before it starts: CI, EUM, keys, cards as they leave the factory, subscriptions of operator A
 * (bootstrap) and B (to be pushed), all from one seed. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "tools/euiccsim/card/card.h"

#define FACTORY_CARDS_MAX 512u
#define FACTORY_MEMORY (512u * 1024) /* of a card with room for all it may get */
#define FACTORY_TRANSPORT_ID "eum-transport"

enum factory_fate {                /* of the profile pushed to this card */
    FATE_FINE,
    FATE_NO_COVERAGE,              /* B has no network where the meter stands */
    FATE_IMSI_UNKNOWN,             /* not provisioned in B's HSS */
};
#define FACTORY_AIR_FIRST 8u       /* bits of the quirks about the air: of enum card_quirk ... */
#define FACTORY_AIR_QUIRKS 10u
#define FACTORY_NET_FIRST 3u       /* ... and of enum net_quirk */
#define FACTORY_NET_QUIRKS 8u
#define FACTORY_REALMS 2u          /* the last quarter of the cards is in another realm */
struct factory_card {
    unsigned realm;
    struct card_factory f;
    uint32_t net_quirks;           /* of the network and the device around it */
    bool cattp;                    /* as the EIS says; every simulated card can */
    struct eid eid;
    enum factory_fate fate;
    struct buf ecasd, eis;         /* 7F21; SignedEis as the EUM delivers it */
    struct iccid iccid_b;          /* reserved for it in the test's plan */
    struct imsi imsi_b;
};
struct factory {
    struct crypto *crypto;
    struct pki_entity ci, eum;
    struct key *smdp_key, *transport;
    struct buf smdp_cert;          /* 7F21 */
    struct factory_card cards[FACTORY_CARDS_MAX];
    unsigned n;
    struct buf hss_a, hss_b;       /* CSV */
    struct buf subscriptions;      /* CSV for the SM-DP */
    struct buf package;            /* template of the profile type "meter" */
};
struct factory_plan {
    unsigned n, no_coverage, imsi_unknown; /* counts */
    unsigned realms;
    uint32_t quirks;               /* from which a card may get one */
    uint32_t card_quirks, net_quirks; /* that all of them have */
    bool odd;                      /* some have one of the quirks about the air as well ... */
    uint64_t seed;                 /* ... drawn apart: worlds without stay as they are */
    uint32_t tight, keeps_memory;  /* rates (RATE_ONE): little memory; what is deleted keeps its own */
    int64_t now_ms;                /* certificates are valid around it */
};
MUST_CHECK int factory_make(struct factory *f, struct crypto *c, struct rng *rng,
                            const struct factory_plan *p);
/* NULL: none of ours. */
const struct factory_card *factory_card_of(const struct factory *f, const struct eid *eid);
void factory_fini(struct factory *f);

extern const char *const FACTORY_SMSR, *const FACTORY_SMDP, *const FACTORY_A, *const FACTORY_B,
    *const FACTORY_FLEETS[FACTORY_REALMS], *const FACTORY_EUM, *const FACTORY_RIVAL,
    *const FACTORY_RIVAL_FLEET, *const FACTORY_RIVAL_SMDP, *const FACTORY_RIVAL_EUM;
#define FACTORY_PLMN_A "20404"
#define FACTORY_PLMN_B "26201"
#define FACTORY_PLMN_HERE "26202"  /* where the meters stand: A and B are heard */
#define FACTORY_PLMN_THERE "23430" /* only A is heard */
#define FACTORY_NUMBERS_A "31970"
#define FACTORY_NUMBERS_B "49172"
#define FACTORY_SMSR_NUMBER "4915100000000"
