/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of common/journal; its tests may use it too. */
#pragma once

#include "common/db/stmt.h"
#include "common/journal/chain.h"
#include "common/journal/journal.h"

#define JOURNAL_APPLICATION_ID 0x524D4A4Cu /* "RMJL" */
#define SALT_POOL 64

/* Last seq and hash of each stream, in order of stream. */
struct streams {
    struct journal_head *v;
    size_t n;
    size_t cap;
};
const struct journal_head *streams_get(const struct streams *s, uint32_t stream);
/* The head of a stream, made with seq 0 and the genesis hash if it is new. ERR_FULL, ERR_NOMEM. */
MUST_CHECK int streams_make(struct streams *s, uint32_t stream, struct journal_head **ret);
void streams_fini(struct streams *s);

enum journal_sql {
    SQL_INSERT,
    SQL_LAST,
    SQL_PAGE,
    SQL_ONE,
    SQL_BEFORE,
    SQL_NEXT_STREAM,
    SQL_STREAM_LAST,
    SQL_ERASE,
    SQL_SECRET_PUT,
    SQL_SECRET_REWRAP,
    SQL_SECRET_DEL,
    SQL_SECRET_GET,
    SQL_SECRET_PAGE,
    SQL_SCHEMA,
    SQL_COUNT,
};
extern const char *const JOURNAL_SQL[SQL_COUNT];
extern const char *const JOURNAL_STEPS[];
extern const uint32_t JOURNAL_N_STEPS;
/* Compares tables, triggers and their text with what this program creates. ERR_CORRUPT: why names
 * the object. */
MUST_CHECK int journal_schema_check(struct stmt_set *sql, struct errmsg *why);

struct journal {
    struct db *db;
    struct stmt_set *sql;
    struct crypto *crypto;
    struct rng *rng;
    struct streams streams;
    uint64_t last_lsn;
    uint64_t durable_lsn;
    uint32_t epoch;
    bool read_only;
    bool reading;     /* inside a callback of ours */
    int failed;       /* the first error of a write */
    size_t salts;     /* unused ones at the end of salt */
    uint8_t salt[SALT_POOL][JOURNAL_SALT];
};

/* journal_open with another synchronous setting: the tests show with NORMAL what FULL is for. */
MUST_CHECK int journal_open_with(const char *path, const struct journal_options *o,
                                 enum db_sync sync, struct crypto *crypto, struct journal **ret,
                                 struct errmsg *why);

/* ERR_OK when a write may start: right kind of handle, not failed, not inside a callback. */
MUST_CHECK int journal_may_write(const struct journal *j);
/* Keeps the first error of a write that is more than a wrong call or a lock; returns err. */
int journal_fail(struct journal *j, int err);

/* A row as stored; spans live until the statement's next step. */
MUST_CHECK int row_load(struct stmt *st, struct journal_row *ret);

/* Verification of rows in the order of lsn. */
struct walk {
    struct crypto *crypto;
    struct stmt_set *sql;    /* looks up predecessors; NULL: the walk starts at lsn 1 */
    struct streams streams;
    uint64_t next_lsn;       /* expected; 0: any */
    uint32_t epoch;
    const char *why;         /* set on ERR_CORRUPT */
};
MUST_CHECK int walk_row(struct walk *w, const struct journal_row *row);
void walk_fini(struct walk *w);
