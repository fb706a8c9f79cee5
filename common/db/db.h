/* SPDX-License-Identifier: Apache-2.0 */
/* One SQLite connection of the house: pragmas are set and read back, transactions are explicit and
 * never nested, and after an I/O error the connection refuses everything (design law 11: fail-stop,
 * an fsync is never tried again). No SQLite type leaves this folder. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

struct db;

/* FULL: a commit returns after the log is on the disk. NORMAL: a power cut may take back the newest
 * commits (never part of one); only for what can be rebuilt. */
enum db_sync { DB_SYNC_NORMAL = 1, DB_SYNC_FULL = 2 };

struct db_options {
    const char *vfs;           /* NULL: the operating system */
    uint32_t application_id;   /* of the file header, 1..7FFFFFFF; another one is refused */
    enum db_sync sync;
    bool read_only;            /* the file must exist; nothing is ever written */
    bool exclusive;            /* one owner: no shared memory, no second connection */
    uint32_t busy_ms;          /* how long a lock held by another connection is waited for */
    bool hold_reads;           /* reads share one transaction until db_read_end: less locking */
    uint32_t autocheckpoint;   /* log pages after which db_commit checkpoints; 0 = never */
};

/* Opens, or creates with mode 0600; the path ":memory:" is a database that dies with its
 * connection and may be written even when read_only is asked for. ERR_NOT_FOUND (read only and
 * absent), ERR_SCHEMA (file of another program), ERR_CORRUPT (no database), ERR_UNSUPPORTED (a
 * pragma does not hold: why names it), ERR_IO, ERR_BUSY, ERR_NOMEM. why may be NULL. */
MUST_CHECK int db_open(const char *path, const struct db_options *o, struct db **ret,
                       struct errmsg *why);
void db_close(struct db *db); /* NULL allowed; an open transaction is rolled back */

/* Raises the schema to n_steps: steps[i] takes version i to i + 1, each in one transaction together
 * with its version number. ERR_SCHEMA: the file is newer than this program, or older and opened
 * read only; why says what to do. */
MUST_CHECK int db_migrate(struct db *db, const char *const *steps, uint32_t n_steps,
                          struct errmsg *why);
MUST_CHECK int db_version(struct db *db, uint32_t *ret);

/* Runs constant SQL without results; several statements are allowed. Never give it outside text. */
MUST_CHECK int db_exec(struct db *db, const char *sql);

/* BEGIN IMMEDIATE, so a lock conflict shows here and nowhere later. ERR_STATE: already inside one
 * or read only; ERR_BUSY; ERR_IO. */
MUST_CHECK int db_begin(struct db *db);
/* On failure the transaction is gone and the connection has failed: the caller must stop. */
MUST_CHECK int db_commit(struct db *db);
MUST_CHECK int db_rollback(struct db *db);
/* Ends the transaction that reads share (hold_reads); db_begin, db_exec and db_checkpoint do too. Until then
 * this connection sees nothing that another one commits. */
MUST_CHECK int db_read_end(struct db *db);
bool db_in_tx(const struct db *db);
bool db_failed(const struct db *db); /* an I/O error was seen; every call answers ERR_IO */
bool db_disk_full(const struct db *db); /* that error was a full disk */
uint64_t db_changes(struct db *db);  /* rows changed by the last statement that wrote */

/* Copies the log into the database. truncate: wait for readers and empty the log file, else move
 * what can be moved without waiting. ERR_BUSY: a reader held part of it back; ERR_STATE inside a
 * transaction. */
MUST_CHECK int db_checkpoint(struct db *db, bool truncate);
uint32_t db_wal_pages(const struct db *db); /* pages in the log after the last commit */

/* full: indexes against tables and every constraint, slow; else page structure only.
 * ERR_CORRUPT. */
MUST_CHECK int db_check(struct db *db, bool full, struct errmsg *why);
const char *db_path(const struct db *db);
