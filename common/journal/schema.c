/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, triggers and statements of journal.db (design section 3.2): two tables and no other. */
#include "common/journal/journal_int.h"


/* Erased means body and salt NULL together: a salt left behind would let a short body be guessed
 * from its hash. An empty body is the empty blob. */
#define TABLE_JOURNAL                                                                              \
    "CREATE TABLE journal(lsn INTEGER PRIMARY KEY CHECK(lsn > 0),"                                 \
    " epoch INTEGER NOT NULL CHECK(epoch > 0), stream INTEGER NOT NULL CHECK(stream >= 0),"        \
    " seq INTEGER NOT NULL CHECK(seq > 0), at_ms INTEGER NOT NULL, type TEXT NOT NULL,"            \
    " class INTEGER NOT NULL, op BLOB, eid BLOB, salt BLOB, body BLOB, body_hash BLOB NOT NULL,"   \
    " hash BLOB NOT NULL, CHECK((body IS NULL) = (salt IS NULL)), UNIQUE(stream, seq)) STRICT"
#define TABLE_SECRET                                                                               \
    "CREATE TABLE secret(id BLOB PRIMARY KEY NOT NULL CHECK(length(id) BETWEEN 1 AND 48),"         \
    " kek_version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT"
#define TRIGGER_DELETE                                                                             \
    "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN"                              \
    " SELECT RAISE(ABORT, 'a record is never deleted'); END"
#define TRIGGER_UPDATE                                                                             \
    "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"                                    \
    " WHEN NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.lsn IS NOT OLD.lsn"                 \
    " OR NEW.epoch IS NOT OLD.epoch OR NEW.stream IS NOT OLD.stream OR NEW.seq IS NOT OLD.seq"     \
    " OR NEW.at_ms IS NOT OLD.at_ms OR NEW.type IS NOT OLD.type OR NEW.class IS NOT OLD.class"     \
    " OR NEW.op IS NOT OLD.op OR NEW.eid IS NOT OLD.eid OR NEW.body_hash IS NOT OLD.body_hash"     \
    " OR NEW.hash IS NOT OLD.hash BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END"

const char *const JOURNAL_STEPS[] = {
    TABLE_JOURNAL ";" TABLE_SECRET ";" TRIGGER_DELETE ";" TRIGGER_UPDATE,
};
const uint32_t JOURNAL_N_STEPS = sizeof(JOURNAL_STEPS) / sizeof(JOURNAL_STEPS[0]);

#define COLUMNS "lsn,epoch,stream,seq,at_ms,type,class,op,eid,salt,body,body_hash,hash"

const char *const JOURNAL_SQL[SQL_COUNT] = {
    [SQL_INSERT] = "INSERT INTO journal(" COLUMNS ")"
                   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    [SQL_LAST] = "SELECT lsn,epoch FROM journal ORDER BY lsn DESC LIMIT 1",
    [SQL_PAGE] = "SELECT " COLUMNS " FROM journal WHERE lsn >= ?1 ORDER BY lsn LIMIT ?2",
    [SQL_ONE] = "SELECT " COLUMNS " FROM journal WHERE lsn = ?1",
    [SQL_BEFORE] = "SELECT lsn,hash FROM journal WHERE stream = ?1 AND seq = ?2",
    [SQL_NEXT_STREAM] = "SELECT stream FROM journal WHERE stream >= ?1 ORDER BY stream LIMIT 1",
    [SQL_STREAM_LAST] = "SELECT " COLUMNS
                        " FROM journal WHERE stream = ?1 ORDER BY seq DESC LIMIT 1",
    [SQL_ERASE] = "UPDATE journal SET body = NULL, salt = NULL WHERE lsn = ?1",
    [SQL_SECRET_PUT] = "INSERT INTO secret(id,kek_version,sealed) VALUES(?1,?2,?3)",
    [SQL_SECRET_REWRAP] = "UPDATE secret SET kek_version = ?2, sealed = ?3 WHERE id = ?1",
    [SQL_SECRET_DEL] = "DELETE FROM secret WHERE id = ?1",
    [SQL_SECRET_GET] = "SELECT kek_version,sealed FROM secret WHERE id = ?1",
    [SQL_SECRET_PAGE] = "SELECT id,kek_version FROM secret WHERE id > ?1 ORDER BY id LIMIT ?2",
    [SQL_SCHEMA] = "SELECT name,sql FROM sqlite_schema ORDER BY name",
};

struct object {
    const char *name;
    const char *sql; /* NULL: an index SQLite makes by itself */
};

/* In order of name, as SQL_SCHEMA delivers them. */
static const struct object OBJECTS[] = {
    {"journal", TABLE_JOURNAL},
    {"journal_no_delete", TRIGGER_DELETE},
    {"journal_no_update", TRIGGER_UPDATE},
    {"secret", TABLE_SECRET},
    {"sqlite_autoindex_journal_1", NULL},
    {"sqlite_autoindex_secret_1", NULL},
};
#define N_OBJECTS (sizeof(OBJECTS) / sizeof(OBJECTS[0]))

static int compare(const struct object *o, struct stmt *st, struct errmsg *why)
{
    struct span name = stmt_text(st, 0), sql = stmt_text(st, 1);

    if (!span_eq(name, span_str(o->name)))
        return errmsg_set(why, ERR_CORRUPT, "the schema has %.*s where %s belongs",
                          (int)(name.n < 64 ? name.n : 64), (const char *)name.p, o->name);
    if (o->sql == NULL ? sql.p != NULL : !span_eq(sql, span_str(o->sql)))
        return errmsg_set(why, ERR_CORRUPT, "%s in the schema was altered", o->name);
    return ERR_OK;
}

int journal_schema_check(struct stmt_set *sql, struct errmsg *why)
{
    struct stmt *st = stmt_at(sql, SQL_SCHEMA);
    size_t i = 0;
    int err;

    while ((err = stmt_row(st)) == ERR_OK) {
        if (i == N_OBJECTS)
            return stmt_end(st, errmsg_set(why, ERR_CORRUPT, "the schema has an object too many"));
        err = compare(&OBJECTS[i++], st, why);
        if (err != ERR_OK)
            return stmt_end(st, err);
    }
    if (err != ERR_NOT_FOUND)
        return errmsg_set(why, err, "the schema cannot be read");
    if (i < N_OBJECTS)
        return errmsg_set(why, ERR_CORRUPT, "%s is missing in the schema", OBJECTS[i].name);
    return ERR_OK;
}
