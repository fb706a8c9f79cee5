/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the world generator. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "tools/euiccsim/fleet_file.h"
#include "tools/euiccsim/world.h"

/* The numbers of the world (test ranges; B as in the sample configuration). */
#define A_PLMN "99901"
#define B_PLMN "26201"
#define NO_B_PLMN "26203"             /* heard where B has no network */
#define A_NUMBERS "882100"
#define B_NUMBERS "49170"
#define SMSR_NUMBER "491610000001"
#define A_ICCID "8988201"
#define B_ICCID "894901"
#define TRANSPORT_LEN 16u
#define FATE_OK 0
#define FATE_NO_COVERAGE 1
#define FATE_UNKNOWN_IMSI 2

struct making {
    const struct world_order *o;
    struct rng rng;                   /* seeded: numbers and keys of the cards */
    struct crypto *crypto;
    struct pki_entity eum, ci;
    struct key *transport;
    uint8_t transport_raw[TRANSPORT_LEN];     /* of a new one, until it is in its file */
    uint8_t *fate;                    /* of each meter */
    struct world_counts counts;
    struct buf fleet, eis, hss_a, hss_b, stock, eids, push;
};
/* One subscription of an operator, by number. */
struct made_sub {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    uint8_t k[16], opc[16];
};
MUST_CHECK int make_meter(struct making *m, unsigned i, struct fleet_meter *ret,
                          struct made_sub *ret_b);
void make_wipe_subs(struct made_sub *b);
/* Appends the SignedEis of a card with its length. */
MUST_CHECK int make_eis(struct making *m, const struct fleet_meter *meter, struct errmsg *why);
/* Rows of both HSS, of B's stock and of the lists. */
MUST_CHECK int make_rows(struct making *m, unsigned i, const struct fleet_meter *meter,
                         const struct made_sub *b);
/* world.json and expected.json. */
MUST_CHECK int make_world_json(struct making *m, struct buf *out);
MUST_CHECK int make_expected_json(struct making *m, struct buf *out);
void make_printf(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);
