/* SPDX-License-Identifier: Apache-2.0 */
/* Ordered schema steps, each one transaction together with its version number. */
#include "common/db/db_int.h"

#include <stdio.h>

int db_version(struct db *db, uint32_t *ret)
{
    int64_t v = 0;
    int err = db_number(db, "PRAGMA user_version", &v);

    if (err != ERR_OK)
        return err;
    if (v < 0 || v > INT32_MAX)
        return ERR_CORRUPT;
    *ret = (uint32_t)v;
    return ERR_OK;
}

/* The version is read again inside the transaction: another process may have migrated meanwhile. */
static int run_step(struct db *db, const char *step, uint32_t version, struct errmsg *why)
{
    char sql[96];
    uint32_t now = 0;
    int err = db_begin(db);

    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: schema step %u cannot start: %s", db->path, version + 1,
                          err_text(err));
    err = db_version(db, &now);
    if (err == ERR_OK && now != version)
        err = ERR_BUSY;
    if (err == ERR_OK)
        err = db_exec(db, step);
    snprintf(sql, sizeof(sql), "PRAGMA application_id=%u; PRAGMA user_version=%u",
             db->application_id, version + 1);
    if (err == ERR_OK)
        err = db_exec(db, sql);
    if (err == ERR_OK)
        err = db_commit(db);
    if (err == ERR_OK)
        return ERR_OK;
    err = errmsg_set(why, err, "%s: schema step %u fails: %s", db->path, version + 1,
                     sqlite3_errmsg(db->h));
    if (db->in_tx && db_rollback(db) != ERR_OK)
        db->failed = true;
    return err;
}

int db_migrate(struct db *db, const char *const *steps, uint32_t n_steps, struct errmsg *why)
{
    uint32_t version = 0;
    int err = db_version(db, &version);

    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: the schema version cannot be read", db->path);
    if (version > n_steps)
        return errmsg_set(why, ERR_SCHEMA,
                          "%s: has schema version %u, this program knows up to %u; start the "
                          "program that wrote it or restore a backup from before the upgrade",
                          db->path, version, n_steps);
    if (version < n_steps && db->read_only)
        return errmsg_set(why, ERR_SCHEMA,
                          "%s: has schema version %u, this program needs %u; start the daemon once "
                          "to upgrade it",
                          db->path, version, n_steps);
    for (; version < n_steps && err == ERR_OK; version++)
        err = run_step(db, steps[version], version, why);
    return err;
}
