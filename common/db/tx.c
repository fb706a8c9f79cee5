/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions and checkpoints. */
#include "common/base/mutant.h"
#include "common/db/db_int.h"

int db_tx_prepare(struct db *db)
{
    static const char *const sql[TX_COUNT] = {[TX_BEGIN] = "BEGIN IMMEDIATE",
                                              [TX_READ] = "BEGIN",
                                              [TX_COMMIT] = "COMMIT",
                                              [TX_ROLLBACK] = "ROLLBACK"};
    int rc = SQLITE_OK;

    for (int i = 0; i < TX_COUNT && rc == SQLITE_OK; i++)
        rc = sqlite3_prepare_v3(db->h, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &db->tx[i], NULL);
    return db_result(db, rc);
}

void db_tx_finalize(struct db *db)
{
    for (int i = 0; i < TX_COUNT; i++)
        sqlite3_finalize(db->tx[i]);
}

static int run(struct db *db, enum db_tx_stmt which)
{
    int rc = sqlite3_step(db->tx[which]);

    sqlite3_reset(db->tx[which]);
    return db_result(db, rc);
}

int db_read_begin(struct db *db)
{
    int err;

    if (!db->hold_reads || db->in_tx || db->reading)
        return ERR_OK;
    err = run(db, TX_READ);
    db->reading = err == ERR_OK;
    return err;
}

int db_read_end(struct db *db)
{
    if (!db->reading)
        return ERR_OK;
    db->reading = false;
    return sqlite3_get_autocommit(db->h) ? ERR_OK : run(db, TX_COMMIT);
}

int db_begin(struct db *db)
{
    int err;

    if (db->failed)
        return ERR_IO;
    if (db->in_tx || db->read_only)
        return ERR_STATE;
    err = db_read_end(db);
    if (err == ERR_OK)
        err = run(db, TX_BEGIN);
    db->in_tx = err == ERR_OK;
    return err;
}

static int db_ckpt(struct db *db, int mode)
{
    int log = 0, moved = 0;
    int err = db_result(db, sqlite3_wal_checkpoint_v2(db->h, NULL, mode, &log, &moved));

    if (err != ERR_OK)
        return err;
    if (log >= 0 && moved < log)
        return ERR_BUSY;
    db->wal_pages = 0;
    return ERR_OK;
}

int db_commit(struct db *db)
{
    int err;

    if (!db->in_tx)
        return ERR_STATE;
    /* An I/O error inside has made SQLite roll back already; COMMIT would succeed on nothing. */
    err = db->failed || sqlite3_get_autocommit(db->h) ? ERR_IO : run(db, TX_COMMIT);
    db->in_tx = false;
    if (err == ERR_OK) {
        /* The commit stands whatever the checkpoint says; an I/O error in it shows at the next
         * call, a reader that holds the log only puts it off. */
        if (db->autocheckpoint != 0 && db->wal_pages >= db->autocheckpoint)
            (void)db_ckpt(db, SQLITE_CHECKPOINT_PASSIVE);
        return ERR_OK;
    }
    db->failed = !mutant("COMMIT_ERROR_IGNORED");
    if (!sqlite3_get_autocommit(db->h))
        (void)run(db, TX_ROLLBACK);
    return mutant("COMMIT_ERROR_IGNORED") ? ERR_OK : err;
}

int db_rollback(struct db *db)
{
    int err = ERR_OK;

    if (!db->in_tx)
        return ERR_STATE;
    if (!sqlite3_get_autocommit(db->h))
        err = run(db, TX_ROLLBACK);
    db->in_tx = false;
    return err;
}

bool db_in_tx(const struct db *db)
{
    return db->in_tx;
}

uint64_t db_changes(struct db *db)
{
    return (uint64_t)sqlite3_changes64(db->h);
}

uint32_t db_wal_pages(const struct db *db)
{
    return db->wal_pages;
}

int db_checkpoint(struct db *db, bool truncate)
{
    if (db->failed)
        return ERR_IO;
    if (db->in_tx || db->read_only)
        return ERR_STATE;
    if (db_read_end(db) != ERR_OK)
        return ERR_IO;
    return db_ckpt(db, truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
}
