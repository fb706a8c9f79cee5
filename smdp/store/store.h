/* SPDX-License-Identifier: Apache-2.0 */
/* state.db of the SM-DP and the indexes of what is not written there yet (design law 2): orders,
 * stock, templates, tenants. Everything is a projection of the journal. Reads take a scope: what is
 * outside of it is unknown (design law 8). */
#pragma once

#include "common/engine/engine.h"
#include "smdp/domain/order.h"
#include "smdp/domain/stock.h"

struct dp_store;

struct dp_scope {
    bool all;       /* the house: admin, auditor, and the core itself */
    struct oid mno; /* else: this operator's alone */
};

extern const char *const DP_STORE_MIGRATIONS[];
extern const unsigned DP_STORE_MIGRATION_COUNT;
struct dp_store_dump {
    const char *table, *sql; /* rows in the order of their key, each as one text */
};
extern const struct dp_store_dump DP_STORE_DUMPS[];
extern const unsigned DP_STORE_DUMP_COUNT;
#define DP_STORE_APPLICATION_ID 0x524D4450u /* "RMDP" */

struct dp_store *dp_store_new(void);
void dp_store_free(struct dp_store *s);

/* --- the engine's side: contracts of struct engine_app --- */
MUST_CHECK int dp_store_open(struct dp_store *s, struct db *state, struct errmsg *why);
void dp_store_close(struct dp_store *s);
MUST_CHECK int dp_store_load(struct dp_store *s, const struct mbox *key, struct order **ret);
MUST_CHECK int dp_store_save(struct dp_store *s, const struct order *o);
MUST_CHECK int dp_store_save_rest(struct dp_store *s);
MUST_CHECK int dp_store_scan(struct dp_store *s,
                             int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms),
                             void *cb_ctx);
void dp_store_flushed(struct dp_store *s);
/* What a record means for stock, templates and tenants; the order itself is order_apply's.
 * ERR_CORRUPT. */
MUST_CHECK int dp_store_apply(struct dp_store *s, uint64_t lsn, const struct event *ev);
/* After order_apply: keeps the index of live orders. */
MUST_CHECK int dp_store_order(struct dp_store *s, const struct order *o);
size_t dp_store_unflushed(const struct dp_store *s); /* stock entries held in memory */

/* --- stock --- */
/* ERR_NOT_FOUND: not there, or not in the scope. */
MUST_CHECK int dp_store_stock(struct dp_store *s, const struct dp_scope *scope,
                              const struct iccid *iccid, struct stock_item *ret);
/* One available item of the type. ERR_NOT_FOUND: this operator never had one; ERR_FULL: none is
 * left. */
MUST_CHECK int dp_store_pick(struct dp_store *s, const struct oid *mno, struct span profile_type,
                             struct stock_item *ret);
/* Items that were on this card or are, whichever state, in order of ICCID within each half. */
typedef int (*dp_stock_fn)(void *ctx, const struct stock_item *i);
MUST_CHECK int dp_store_of_card(struct dp_store *s, const struct dp_scope *scope,
                                const struct eid *eid, dp_stock_fn fn, void *ctx);
/* How much of a type is left, and the threshold that was told as undercut (0: none). */
void dp_store_level(const struct dp_store *s, const struct oid *mno, const char *profile_type,
                    uint64_t *ret_available, uint32_t *ret_below);
struct dp_level {
    struct oid mno;
    char profile_type[101];
    uint64_t state[STOCK_LOST + 1]; /* items by state */
    uint32_t below;
};
typedef int (*dp_level_fn)(void *ctx, const struct dp_level *l);
/* As state.db has them: flush before. type empty: any. */
MUST_CHECK int dp_store_levels(struct dp_store *s, const struct dp_scope *scope, struct span type,
                               dp_level_fn fn, void *ctx);
/* Every type with stock, as the view has it. */
MUST_CHECK int dp_store_kinds(const struct dp_store *s, dp_level_fn fn, void *ctx);
/* Whether an import of these would break uniqueness, over all operators. The number of a deleted
 * profile may be given away again. */
struct dp_taken {
    bool iccid, imsi, msisdn;
};
MUST_CHECK int dp_store_taken(struct dp_store *s, const struct iccid *iccid,
                              const struct imsi *imsi, const struct msisdn *msisdn,
                              struct dp_taken *ret);
struct dp_stock_filter {
    struct span profile_type; /* empty: any */
    enum stock_state state;   /* STOCK_NONE: any */
    struct iccid after;
    uint32_t limit;
};
/* In order of ICCID, as state.db has them: flush before. */
MUST_CHECK int dp_store_stock_list(struct dp_store *s, const struct dp_scope *scope,
                                   const struct dp_stock_filter *f, dp_stock_fn fn, void *ctx);

/* --- orders --- */
struct dp_order_filter {
    struct eid eid; /* zero: any */
    enum verdict verdict;
    bool live_only;
    struct uuid after;
    uint32_t limit;
};
typedef int (*dp_order_fn)(void *ctx, const struct order *o);
/* Newest last, as state.db has them: flush before. */
MUST_CHECK int dp_store_orders(struct dp_store *s, const struct dp_scope *scope,
                               const struct dp_order_filter *f, dp_order_fn fn, void *ctx);
size_t dp_store_live(const struct dp_store *s);
bool dp_store_order_live(const struct dp_store *s, const struct uuid *id);
/* Another live download for this card goes first: one that has begun, or one accepted earlier. */
bool dp_store_card_busy(const struct dp_store *s, const struct eid *eid, const struct uuid *self);

/* --- templates and tenants --- */
MUST_CHECK int dp_store_template(struct dp_store *s, struct span profile_type, uint64_t *ret_lsn);
uint32_t dp_store_tenant(const struct dp_store *s, const char *id); /* 0: not known yet */
uint32_t dp_store_next_tenant(const struct dp_store *s);

/* --- blobs (order_blob.c): versioned, deterministic --- */
#define DP_ORDER_BLOB_MAX 4096u
MUST_CHECK int dp_order_pack(const struct order *o, struct writer *w);
/* ERR_SCHEMA: a version this program does not know; ERR_CORRUPT. */
MUST_CHECK int dp_order_unpack(struct span blob, struct order **ret);
