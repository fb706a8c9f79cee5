/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the store. */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/db/stmt.h"
#include "smdp/store/store.h"

enum dp_stmt {
    DS_ORDER_GET,
    DS_ORDER_PUT,
    DS_ORDER_LIVE,
    DS_ORDER_LIST,
    DS_STOCK_GET,
    DS_STOCK_IMSI,
    DS_STOCK_MSISDN,
    DS_STOCK_PUT,
    DS_STOCK_PICK,
    DS_STOCK_LIST,
    DS_STOCK_KINDS,
    DS_STOCK_CARD,
    DS_STOCK_COUNTS,
    DS_LOW_ALL,
    DS_LOW_PUT,
    DS_LOW_DEL,
    DS_TEMPLATE_ALL,
    DS_TEMPLATE_PUT,
    DS_TENANT_ALL,
    DS_TENANT_PUT,
    DS_COUNT
};
extern const char *const DP_STORE_SQL[DS_COUNT];

#define KINDS_MAX     4096u /* operators times types */
#define TEMPLATES_MAX 4096u
#define TENANTS_MAX   1024u

/* A type an operator has or had stock of. */
struct kind {
    struct oid mno;
    char profile_type[101];
    uint64_t available;
    uint32_t below; /* the threshold it ran below and has not reached since; 0: none */
    bool below_dirty;
    struct iccid cursor; /* where the next search starts; only for speed */
};
struct template_row {
    char profile_type[101];
    uint64_t lsn;
    bool dirty;
};
struct tenant_row {
    char id[48];
    uint32_t number;
    bool dirty;
};
struct live {
    struct uuid id;
    bool waiting;
    struct list of_card;
};
struct live_card {
    struct eid eid;
    struct list orders;
};

struct dp_store {
    struct db *db;
    struct stmt_set *stmts;
    struct map *items; /* ICCID -> struct stock_item not yet in state.db */
    struct map *imsis; /* IMSI -> the same, of fresh imports */
    struct map *msisdns; /* MSISDN -> the newest of them */
    struct kind *kinds;
    size_t n_kinds;
    struct template_row *templates;
    size_t n_templates;
    struct tenant_row *tenants;
    size_t n_tenants;
    struct map *live;  /* order id -> struct live */
    struct map *cards; /* EID -> struct live_card */
};

/* stock.c */
MUST_CHECK int dp_stock_open(struct dp_store *s);
MUST_CHECK int dp_stock_apply(struct dp_store *s, const struct event *ev);
MUST_CHECK int dp_stock_save(struct dp_store *s);
void dp_stock_flushed(struct dp_store *s);
struct kind *dp_kind_find(const struct dp_store *s, const struct oid *mno, struct span type);
/* Makes it when there is none. */
MUST_CHECK int dp_kind_get(struct dp_store *s, const struct oid *mno, struct span type,
                           struct kind **ret);
/* Of the row's first two columns: Mno-id, profile type. */
MUST_CHECK int dp_kind_row(struct dp_store *s, struct stmt *st, struct kind **ret);
MUST_CHECK int dp_item_row(struct stmt *st, struct stock_item *ret);

/* level.c */
MUST_CHECK int dp_low_open(struct dp_store *s);
MUST_CHECK int dp_low_save(struct dp_store *s);
MUST_CHECK int dp_low_apply(struct dp_store *s, const struct event *ev);
void dp_low_filled(struct kind *k); /* its number rose */
void dp_stock_free(struct dp_store *s);

/* live.c */
MUST_CHECK int dp_live_set(struct dp_store *s, const struct uuid *id, const struct eid *eid,
                           bool waiting);
void dp_live_drop(struct dp_store *s, const struct uuid *id, const struct eid *eid);
void dp_live_free(struct dp_store *s);

/* names.c */
MUST_CHECK int dp_names_open(struct dp_store *s);
MUST_CHECK int dp_names_apply(struct dp_store *s, uint64_t lsn, const struct event *ev);
MUST_CHECK int dp_names_save(struct dp_store *s);
void dp_names_free(struct dp_store *s);
