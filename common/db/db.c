/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a database: harden the connection, refuse foreign files, set pragmas and read them
 * back. */
#include "common/db/db_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#define CACHE_KIB "-65536"          /* 64 MiB page cache a connection */
#define WAL_LIMIT "67108864"        /* the log file shrinks to this after a checkpoint */

int db_number(struct db *db, const char *sql, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    if (rc == SQLITE_DONE)
        return ERR_CORRUPT;
    return db_result(db, rc);
}

int db_exec(struct db *db, const char *sql)
{
    if (db->failed || db_read_end(db) != ERR_OK)
        return ERR_IO;
    return db_result(db, sqlite3_exec(db->h, sql, NULL, NULL, NULL));
}

int db_pragma(struct db *db, const char *name, const char *value, const char *want,
              struct errmsg *why)
{
    char sql[96], got[32] = "nothing";
    sqlite3_stmt *s = NULL;
    int rc, err;

    if (value != NULL) {
        snprintf(sql, sizeof(sql), "PRAGMA %s=%s", name, value);
        err = db_result(db, sqlite3_exec(db->h, sql, NULL, NULL, NULL));
        if (err != ERR_OK)
            return errmsg_set(why, err, "%s: PRAGMA %s=%s fails: %s", db->path, name, value,
                              sqlite3_errmsg(db->h));
    }
    snprintf(sql, sizeof(sql), "PRAGMA %s", name);
    rc = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    if (rc == SQLITE_ROW && sqlite3_column_text(s, 0) != NULL)
        snprintf(got, sizeof(got), "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    err = db_result(db, rc);
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: PRAGMA %s cannot be read: %s", db->path, name,
                          sqlite3_errmsg(db->h));
    /* SQLite answers OK to a pragma it does not know: only reading back shows it. */
    if (strcasecmp(got, want) != 0)
        return errmsg_set(why, ERR_UNSUPPORTED, "%s: PRAGMA %s is %s, not %s", db->path, name, got,
                          want);
    return ERR_OK;
}

static bool in_memory(const struct db *db)
{
    return strcmp(db->path, ":memory:") == 0;
}

static int on_commit(void *ctx, sqlite3 *h, const char *name, int pages)
{
    struct db *db = ctx;

    (void)h;
    (void)name;
    db->wal_pages = (uint32_t)pages;
    return SQLITE_OK;
}

static int harden(struct db *db)
{
    static const struct {
        int op, value;
    } config[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},          {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},            {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}, {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    int got, rc = sqlite3_extended_result_codes(db->h, 1);

    for (size_t i = 0; i < sizeof(config) / sizeof(config[0]) && rc == SQLITE_OK; i++) {
        got = -1;
        rc = sqlite3_db_config(db->h, config[i].op, config[i].value, &got);
        if (rc == SQLITE_OK && got != config[i].value)
            rc = SQLITE_ERROR;
    }
    return db_result(db, rc);
}

/* A file of another program must not even get its journal mode changed. */
static int check_owner(struct db *db, struct errmsg *why)
{
    int64_t id, version, objects;
    int err = db_number(db, "PRAGMA application_id", &id);

    if (err == ERR_OK)
        err = db_number(db, "PRAGMA user_version", &version);
    if (err == ERR_OK)
        err = db_number(db, "SELECT count(*) FROM sqlite_schema", &objects);
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: cannot be read: %s", db->path, sqlite3_errmsg(db->h));
    if (id == 0 && version == 0 && objects == 0)
        return ERR_OK;
    if (id != (int64_t)db->application_id)
        return errmsg_set(why, ERR_SCHEMA,
                          "%s: belongs to another program (application id %08llX, expected %08X); "
                          "give the right --state directory",
                          db->path, (unsigned long long)id, db->application_id);
    return ERR_OK;
}

static int set_pragmas(struct db *db, const struct db_options *o, struct errmsg *why)
{
    char sync[16], busy[16];
    const bool rw = !db->read_only, memory = in_memory(db);
    int err = ERR_OK;

    snprintf(sync, sizeof(sync), "%d", (int)o->sync);
    snprintf(busy, sizeof(busy), "%u", o->busy_ms);
    const struct {
        const char *name, *value, *want;
    } table[] = {
        {"journal_mode", rw && !memory ? "wal" : NULL, memory ? "memory" : "wal"},
        {"synchronous", sync, sync},
        {"wal_autocheckpoint", "0", "0"}, /* SQLite's own drops its errors; see db_commit */
        {"journal_size_limit", WAL_LIMIT, WAL_LIMIT},
        {"busy_timeout", busy, busy},
        {"foreign_keys", "1", "1"},
        {"trusted_schema", "0", "0"},
        {"cell_size_check", "1", "1"},
        {"recursive_triggers", "1", "1"}, /* else INSERT OR REPLACE slips past delete triggers */
        {"secure_delete", "1", "1"},
        /* An I/O error must be a result, not a signal; memory has no such pragma. */
        {"mmap_size", memory ? NULL : "0", memory ? "nothing" : "0"},
        {"cache_size", CACHE_KIB, CACHE_KIB},
        {"temp_store", "2", "2"},
        {"query_only", rw ? "0" : "1", rw ? "0" : "1"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]) && err == ERR_OK; i++)
        err = db_pragma(db, table[i].name, table[i].value, table[i].want, why);
    return err;
}

/* SQLite would create with the process umask; -wal and -shm take their mode from this file. An
 * existing file is not opened: closing a descriptor drops the process's POSIX locks on it. */
static int create_private(const char *path, struct errmsg *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return errmsg_set(why, ERR_IO, "%s: cannot be created: %s", path, strerror(errno));
    return ERR_OK;
}

static int open_handle(struct db *db, const struct db_options *o, struct errmsg *why)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(o->vfs);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int there = 0, err = ERR_OK;

    flags |= db->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    if (vfs == NULL)
        return errmsg_set(why, ERR_CONFIG, "%s: no such file system layer", o->vfs ? o->vfs : "?");
    if (db->read_only && vfs->xAccess(vfs, db->path, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK &&
        !there)
        return errmsg_set(why, ERR_NOT_FOUND, "%s: does not exist", db->path);
    if (!db->read_only && o->vfs == NULL && !in_memory(db))
        err = create_private(db->path, why);
    if (err != ERR_OK)
        return err;
    err = db_result(db, sqlite3_open_v2(db->path, &db->h, flags, o->vfs));
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: cannot be opened: %s", db->path,
                          db->h ? sqlite3_errmsg(db->h) : "out of memory");
    return ERR_OK;
}

static int prepare_handle(struct db *db, const struct db_options *o, struct errmsg *why)
{
    int err = harden(db);

    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: the connection cannot be hardened", db->path);
    sqlite3_busy_timeout(db->h, (int)o->busy_ms);
    err = db_pragma(db, "locking_mode", o->exclusive ? "exclusive" : "normal",
                    o->exclusive ? "exclusive" : "normal", why);
    if (err == ERR_OK)
        err = check_owner(db, why);
    if (err == ERR_OK)
        err = set_pragmas(db, o, why);
    if (err != ERR_OK)
        return err;
    sqlite3_wal_hook(db->h, on_commit, db);
    err = db_tx_prepare(db);
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: %s", db->path, sqlite3_errmsg(db->h));
    return ERR_OK;
}

int db_open(const char *path, const struct db_options *o, struct db **ret, struct errmsg *why)
{
    size_t n = strlen(path) + 1;
    struct db *db;
    int err;

    if (o->application_id == 0 || o->application_id > INT32_MAX ||
        (o->sync != DB_SYNC_FULL && o->sync != DB_SYNC_NORMAL) || o->busy_ms > INT32_MAX ||
        o->autocheckpoint > INT32_MAX)
        return errmsg_set(why, ERR_INVAL, "%s: the options of the database are out of range", path);
    db = calloc(1, sizeof(*db) + n);
    if (db == NULL)
        return errmsg_set(why, ERR_NOMEM, "%s: out of memory", path);
    memcpy(db->path, path, n);
    db->read_only = o->read_only && !in_memory(db);
    db->autocheckpoint = o->autocheckpoint;
    db->hold_reads = o->hold_reads;
    db->application_id = o->application_id;
    err = open_handle(db, o, why);
    if (err == ERR_OK)
        err = prepare_handle(db, o, why);
    if (err != ERR_OK) {
        db_close(db);
        return err;
    }
    *ret = db;
    return ERR_OK;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_tx_finalize(db);
    /* The last connection checkpoints while closing, which would be the forbidden second fsync. */
    if (db->failed && db->h != NULL)
        sqlite3_db_config(db->h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close_v2(db->h);
    free(db);
}

const char *db_path(const struct db *db)
{
    return db->path;
}

bool db_failed(const struct db *db)
{
    return db->failed;
}

bool db_disk_full(const struct db *db)
{
    return db->disk_full;
}

int db_check(struct db *db, bool full, struct errmsg *why)
{
    sqlite3_stmt *s = NULL;
    const char *sql = full ? "PRAGMA integrity_check(1)" : "PRAGMA quick_check(1)";
    const char *text = NULL;
    int rc = sqlite3_prepare_v2(db->h, sql, -1, &s, NULL), err;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(s);
    err = db_result(db, rc);
    if (rc == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(s, 0);
    if (err != ERR_OK)
        errmsg_set(why, err, "%s: cannot be checked: %s", db->path, sqlite3_errmsg(db->h));
    else if (text == NULL || strcmp(text, "ok") != 0)
        err = errmsg_set(why, ERR_CORRUPT, "%s: %s", db->path, text ? text : "no answer");
    sqlite3_finalize(s);
    return err;
}
