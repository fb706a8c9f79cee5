/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of common/db only. */
#pragma once

#include "common/db/db.h"

#include <sqlite3.h>

enum db_tx_stmt { TX_BEGIN, TX_READ, TX_COMMIT, TX_ROLLBACK, TX_COUNT };

struct db {
    sqlite3 *h;
    sqlite3_stmt *tx[TX_COUNT];
    bool read_only;
    bool in_tx;
    bool hold_reads;
    bool reading;  /* a held read transaction is open; never together with in_tx */
    bool failed, disk_full;
    uint32_t application_id;
    uint32_t wal_pages;
    uint32_t autocheckpoint;
    char path[];
};

int db_err_map(int sqlite_rc);              /* extended result code to enum err */
int db_result(struct db *db, int sqlite_rc); /* the same, and an I/O error fails the connection */
/* Sets a pragma (value NULL: only reads), reads it back and compares without case. */
int db_pragma(struct db *db, const char *name, const char *value, const char *want,
              struct errmsg *why);
/* First column of the first row as a number. */
int db_number(struct db *db, const char *sql, int64_t *ret);
/* Before a statement that only reads: opens the held read transaction, where that is asked for. */
int db_read_begin(struct db *db);
int db_tx_prepare(struct db *db);
void db_tx_finalize(struct db *db);
