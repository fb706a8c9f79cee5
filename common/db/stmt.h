/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements as a table: an enum and an array of SQL text per file that stores
 * something, prepared once. Parameters are numbered from 1, columns from 0. A failing bind or
 * column is kept and comes back from the call that ends the statement; whatever happens the
 * statement is reset, so no reader holds the log back. */
#pragma once

#include "common/db/db.h"

struct stmt;
struct stmt_set;

/* Prepares sql[0..n-1]; they are valid until stmt_set_free or db_close, whichever the caller must
 * order: free the set first. why names the statement that does not compile. */
MUST_CHECK int stmt_set_new(struct db *db, const char *const *sql, size_t n, struct stmt_set **ret,
                            struct errmsg *why);
void stmt_set_free(struct stmt_set *set);
struct stmt *stmt_at(struct stmt_set *set, size_t id);

/* Values are borrowed until the statement ends. */
void stmt_bind_u64(struct stmt *st, int i, uint64_t v);     /* above 2^63-1: ERR_INVAL */
void stmt_bind_i64(struct stmt *st, int i, int64_t v);
void stmt_bind_blob(struct stmt *st, int i, struct span s); /* the absent span becomes NULL */
void stmt_bind_text(struct stmt *st, int i, struct span s);
void stmt_bind_null(struct stmt *st, int i);

/* Runs a statement that gives no rows. ERR_EXISTS (uniqueness), ERR_DENIED (a trigger refused),
 * ERR_INVAL (another constraint), ERR_IO, ERR_CORRUPT, ERR_STATE (still delivering rows). */
MUST_CHECK int stmt_run(struct stmt *st);

/* One step: ERR_OK stands on a row, ERR_NOT_FOUND there is no further one. After ERR_OK the caller
 * reads columns and calls stmt_row again or stmt_end. */
MUST_CHECK int stmt_row(struct stmt *st);
/* Resets; returns err, or what a bind or column kept when err is ERR_OK. */
int stmt_end(struct stmt *st, int err);

/* Calls fn on each row until it returns other than 0, which is then returned. ERR_OK also for no
 * row at all. */
typedef int (*stmt_row_fn)(void *ctx, struct stmt *st);
MUST_CHECK int stmt_each(struct stmt *st, stmt_row_fn fn, void *ctx);

/* A negative number is kept as ERR_CORRUPT. Spans are valid until the next step. */
uint64_t stmt_u64(struct stmt *st, int col);
uint32_t stmt_u32(struct stmt *st, int col);
int64_t stmt_i64(struct stmt *st, int col);
struct span stmt_blob(struct stmt *st, int col); /* NULL: the absent span; empty has p != NULL */
struct span stmt_text(struct stmt *st, int col);
void stmt_copy(struct stmt *st, int col, void *dst, size_t n); /* exactly n, else ERR_CORRUPT */
/* What a bind or column of this run has kept so far, for a caller that must know before the end. */
int stmt_kept(const struct stmt *st);
bool stmt_is_null(struct stmt *st, int col);
