/* SPDX-License-Identifier: Apache-2.0 */
/* state.db of the SM-SR: cards, where an ICCID or a number stands, operations, tenants. The view of
 * all of it is the tables plus what the engine has not written behind yet (design law 2); every
 * look-up here answers from both. Reads on behalf of a party take its scope: foreign = unknown (law
 * 8). */
#pragma once

#include "common/db/db.h"
#include "common/journal/journal.h"
#include "smsr/domain/authz.h"
#include "smsr/domain/euicc.h"

#define STORE_APPLICATION_ID 0x524D5352u   /* "RMSR" */

struct store;
struct store *store_new(void);             /* NULL: out of memory */
void store_free(struct store *s);

/* --- the engine's side --- */
extern const char *const STORE_MIGRATIONS[];
extern const unsigned STORE_MIGRATION_COUNT;
/* The rows of each table in the order of their key, one text each: for the check of the state. */
struct store_dump {
    const char *table, *sql;
};
extern const struct store_dump STORE_DUMPS[];
extern const unsigned STORE_DUMP_COUNT;
MUST_CHECK int store_open(struct store *s, struct db *state, struct errmsg *why);
void store_close(struct store *s);
MUST_CHECK int store_load(struct store *s, const struct eid *eid,
                          struct euicc **ret); /* ERR_NOT_FOUND */
MUST_CHECK int store_save(struct store *s, const struct eid *eid, const struct euicc *e);
MUST_CHECK int store_save_rest(struct store *s);
/* Cards with a due time or an operation. */
MUST_CHECK int store_scan(struct store *s,
                          int (*cb)(void *ctx, const struct eid *eid, int64_t due_ms), void *ctx);
void store_flushed(struct store *s);       /* the tables hold everything now */

/* One record of a card: euicc_apply, then the indexes and the operation's row. ERR_CORRUPT: also
 * when an ICCID would stand on two cards. */
MUST_CHECK int store_apply(struct store *s, const struct journal_record *rec,
                           const struct euicc_record *r, struct euicc **e);
/* admin.tenant-added; other records of the house change nothing here. */
MUST_CHECK int store_apply_house(struct store *s, const struct event *ev);

/* --- the whole fleet, for deciders and the channel --- */
MUST_CHECK int store_iccid(struct store *s, const struct iccid *iccid,
                           struct eid *ret); /* ERR_NOT_FOUND */
/* Cards one of whose profiles has this number: at most max. */
MUST_CHECK int store_candidates(struct store *s, const struct msisdn *number, struct eid *ret,
                                unsigned max, unsigned *ret_n);
/* Number (stream) of a tenant; ERR_NOT_FOUND. Numbers start at 1. */
MUST_CHECK int store_tenant(struct store *s, const char *id, uint32_t *ret);
uint32_t store_next_tenant(const struct store *s);

/* --- operations --- */
struct op_row {
    struct uuid op;
    struct eid eid;
    uint32_t stream;                       /* tenant whose record it is */
    enum function function;
    enum interface iface;
    struct oid party, mno;
    char fcid[256];
    struct iccid iccid;
    unsigned state;
    enum verdict verdict;                  /* VERDICT_NONE while it runs */
    enum exec_status status;               /* the answer that was given; EXEC_NONE: none yet */
    struct gsma_code code;
    int64_t accepted_ms, validity_end_ms, concluded_ms;
    uint32_t attempts;
    enum stage stage;
    char text[256];                        /* reason */
};

/* Who asks. party stands in the configuration; role is the certificate's. */
struct scope {
    const struct env *env;
    const struct party *party;
    enum party_role role;
};
/* Everything: an admin or auditor of the house. */
bool scope_is_house(const struct scope *sc);
/* The caller has a relation to the card at all (domain/authz). */
bool scope_sees_card(const struct scope *sc, const struct euicc *e);
/* Its own operations; those of its realm for fleet, admin and auditor. */
bool scope_sees_operation(const struct scope *sc, const struct op_row *row);
/* Records of this stream. */
bool scope_sees_stream(const struct scope *sc, uint32_t stream);

/* Without a scope: the current verdict of an operation that the caller is known to own. */
MUST_CHECK int store_verdict(struct store *s, const struct uuid *op, enum verdict *ret,
                             int64_t *ret_concluded_ms);
/* ERR_NOT_FOUND: unknown or foreign. */
MUST_CHECK int store_operation(struct store *s, const struct scope *sc, const struct uuid *op,
                               struct op_row *ret);
struct op_filter {
    struct eid eid;                        /* zero: any */
    enum verdict verdict;                  /* VERDICT_NONE: any */
    bool live_only;
    struct uuid after;                     /* zero: from the first */
};
/* Rows the caller may see, in order of their id; at most max. *ret_n < max: there are no more. */
MUST_CHECK int store_operations(struct store *s, const struct scope *sc, const struct op_filter *f,
                                struct op_row *ret, unsigned max, unsigned *ret_n);

/* What cards are searched by; zero does not filter. */
struct card_filter {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    struct oid mno;
    enum profile_state state;      /* a profile in this state; with the four above, the same profile */
    enum card_state life;
    uint8_t batch[32];
    bool has_batch;
    int64_t unheard_since_ms;      /* registered by then, and never heard */
};
/* The card is what is searched for, as far as the caller may know it: of a profile that is not shown to it
 * nothing is found, not even that it is there. */
bool scope_matches(const struct scope *sc, const struct euicc *e, const struct card_filter *f);
/* Cards that may be searched for, in order of EID, after this one: candidates, to be checked by
 * scope_sees_card and scope_matches against the view. *ret_n < max: there are no more. */
MUST_CHECK int store_eids(struct store *s, const struct scope *sc, const struct card_filter *f,
                          const struct eid *after, struct eid *ret, unsigned max, unsigned *ret_n);

/* --- files of cards --- */
struct batch_row {
    struct oid party;
    uint8_t batch[32];
    char order_reference[101];
    uint32_t rows, accepted, refused;
    int64_t first_ms, last_ms;
};
/* batch.imported: rows accepted add up over the runs, those refused are of the last one. */
MUST_CHECK int store_apply_batch(struct store *s, int64_t at_ms, const struct event *ev);
MUST_CHECK int store_batch(struct store *s, const struct oid *party, const uint8_t batch[32],
                           struct batch_row *ret); /* ERR_NOT_FOUND */
/* Of this party (empty: of all), in order of file and party, after that one; at most max. */
MUST_CHECK int store_batches(struct store *s, const struct oid *party, const uint8_t after[32],
                             const struct oid *after_party, struct batch_row *ret, unsigned max,
                             unsigned *ret_n);
/* Cards registered, and operations that run; of the whole fleet, for the status. */
MUST_CHECK int store_counts(struct store *s, uint64_t *ret_cards, uint64_t *ret_live);
