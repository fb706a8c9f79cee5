/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's result codes as the house's errors. */
#include "common/db/db_int.h"

static int map_constraint(int rc)
{
    switch (rc) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return ERR_EXISTS;
    case SQLITE_CONSTRAINT_TRIGGER:
        return ERR_DENIED;
    default:
        return ERR_INVAL;
    }
}

int db_err_map(int sqlite_rc)
{
    switch (sqlite_rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_CONSTRAINT:
        return map_constraint(sqlite_rc);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ERR_BUSY;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOLFS:
        return ERR_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_READONLY:
        return ERR_STATE;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_DENIED;
    case SQLITE_TOOBIG:
        return ERR_TOO_LARGE;
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return ERR_INVAL;
    default:
        return ERR_INTERNAL;
    }
}

int db_result(struct db *db, int sqlite_rc)
{
    int err = db_err_map(sqlite_rc);

    /* What the disk holds is unknown now: a second fsync may report success for pages the kernel
     * has already dropped, so nothing may be tried again on this connection. */
    if (err == ERR_IO) {
        db->disk_full = db->disk_full || (!db->failed && (sqlite_rc & 0xff) == SQLITE_FULL);
        db->failed = true;
    }
    return err;
}
