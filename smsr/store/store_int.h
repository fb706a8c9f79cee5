/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the store: statements, and what the tables do not hold yet. */
#pragma once

#include "common/base/map.h"
#include "common/db/stmt.h"
#include "smsr/store/euicc_blob.h"
#include "smsr/store/store.h"

enum store_stmt {
    SQ_CARD_GET,
    SQ_CARD_PUT,
    SQ_CARD_SCAN,
    SQ_CARD_COUNT,
    SQ_CARD_ALL,
    SQ_CARD_TENANT,
    SQ_CARD_OWNER,
    SQ_CARD_ICCID,
    SQ_CARD_IMSI,
    SQ_CARD_MSISDN,
    SQ_CARD_LIFE,
    SQ_CARD_BATCH,
    SQ_BATCH_GET,
    SQ_BATCH_PUT,
    SQ_BATCH_ALL,
    SQ_PROFILE_DEL,
    SQ_PROFILE_PUT,
    SQ_PROFILE_GET,
    SQ_ADDRESS_DEL,
    SQ_ADDRESS_PUT,
    SQ_ADDRESS_GET,
    SQ_OP_GET,
    SQ_OP_PUT,
    SQ_OP_ALL,
    SQ_OP_EID,
    SQ_OP_LIVE,
    SQ_TENANT_ALL,
    SQ_TENANT_PUT,
    SQ_COUNT
};
extern const char *const STORE_SQL[SQ_COUNT];

struct claim {                     /* where an ICCID stands, or that it stands no longer */
    struct eid eid;
    bool present;
};
struct number_claim {
    struct eid eid;
    bool present;
};
struct number_claims {             /* changes of one number since the last write-behind */
    unsigned n, cap;
    struct number_claim *at;
};
struct tenant_row {
    char id[48];
    uint32_t number;
    bool dirty;
};

struct store {
    struct stmt_set *sql;
    uint8_t *blob;                 /* EUICC_BLOB_MAX */
    struct map *iccids;            /* iccid -> struct claim */
    struct map *numbers;           /* msisdn -> struct number_claims */
    struct map *changed; /* eid -> struct eid: profiles, addresses or life differ from the tables */
    struct map *batches;           /* SHA-256 of a file -> its rows newer than the table (batch.c) */
    struct map *ops;               /* op -> struct op_row, newer than the tables */
    struct map *tenants;           /* id -> struct tenant_row, all of them */
    uint32_t last_tenant;
    uint64_t cards, live;          /* of the tables, when they were last counted */
};

/* index.c */
struct index_state {               /* what the indexes hold of one card */
    unsigned n;
    struct iccid iccid[EUICC_PROFILES_MAX];
    struct msisdn number[EUICC_PROFILES_MAX];
    struct imsi imsi[EUICC_PROFILES_MAX];
    enum card_state life;
};
void index_read(const struct euicc *e, struct index_state *ret);      /* e NULL: nothing */
MUST_CHECK int index_change(struct store *s, const struct eid *eid,
                            const struct index_state *before, const struct index_state *after);
MUST_CHECK int index_save(struct store *s, const struct eid *eid, const struct euicc *e);
void index_clear(struct store *s);

/* batch.c */
MUST_CHECK int batches_save(struct store *s);
void batches_clear(struct store *s);

/* ops.c */
MUST_CHECK int ops_apply(struct store *s, const struct journal_record *rec, const struct event *ev);
MUST_CHECK int ops_save(struct store *s);
void ops_clear(struct store *s);
