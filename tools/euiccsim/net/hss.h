/* SPDX-License-Identifier: Apache-2.0 */
/* The HSS and authentication centre of one operator, loaded from the operator's own CSV and never
 * from an SM-DP: the second witness of design law 12. AKA of TS 33.102 6.3 with Milenage. */
#pragma once

#include "common/base/ids.h"
#include "common/base/list.h"
#include "common/crypto/crypto.h"

#define ROAMING_MAX 4u

enum subscriber_status { SUB_ACTIVE, SUB_NOT_PROVISIONED, SUB_BARRED };

struct subscriber {
    struct imsi imsi;
    struct msisdn msisdn;         /* empty: none yet */
    uint8_t k[16], opc[16], amf[2];
    uint8_t status;               /* enum subscriber_status */
    uint8_t n_roaming;            /* PLMNs it may roam into; UINT8_MAX: all */
    struct plmn roaming[ROAMING_MAX];
    uint64_t sqn;                 /* of the last vector given out */
    uint32_t index;               /* in its HSS */
    /* of the SMSC and the mobility management: */
    uint32_t device;              /* 1 + device attached with it; 0 = none */
    uint16_t queued;
    bool busy;
    struct list mt;               /* messages waiting */
};

struct hss;
struct hss *hss_new(struct crypto *c);
void hss_free(struct hss *h);     /* wipes the keys */
/* Columns, named by the first line in any order, all there: imsi, msisdn (may be empty), k, opc,
 * amf (hex), sqn (12 hex digits), status (active, not-provisioned, barred), roaming (PLMNs
 * joined by ';', '*' all, empty none). ERR_FORMAT, ERR_EXISTS (IMSI or MSISDN twice): why names
 * line and column, never a value. */
MUST_CHECK int hss_load_csv(struct hss *h, struct span text, unsigned *ret_rows,
                            struct errmsg *why);
MUST_CHECK int hss_add(struct hss *h, const struct subscriber *s);    /* ERR_EXISTS, ERR_NOMEM */
/* ERR_NOT_FOUND, ERR_EXISTS: the number is another subscriber's; ERR_NOMEM. */
MUST_CHECK int hss_renumber(struct hss *h, const struct imsi *i, const struct msisdn *to);
size_t hss_count(const struct hss *h);
struct subscriber *hss_at(struct hss *h, size_t i);
struct subscriber *hss_by_imsi(struct hss *h, const struct imsi *i);      /* NULL: unknown */
struct subscriber *hss_by_msisdn(struct hss *h, const struct msisdn *m);

struct auth_vector {
    uint8_t rand[16], autn[16], xres[8];
};
/* A fresh vector: SQN goes up first. */
MUST_CHECK int hss_vector(struct hss *h, struct subscriber *s, struct rng *rng,
                          struct auth_vector *ret);
/* AUTS of a card that refused rand for its SQN: ERR_AUTH when MAC-S is wrong, else the card's
 * SQN is taken over (6.3.5). */
MUST_CHECK int hss_resync(struct hss *h, struct subscriber *s, const uint8_t rand[16],
                          const uint8_t auts[14]);
