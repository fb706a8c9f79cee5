/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and statements of state.db (SGP.02 annex E says what an EIS is; it stands in the blob,
 * beside it only what is searched for). A step of the schema never changes once it was released. */
#include "smsr/store/store_int.h"

#include "common/engine/engine.h"

const char *const STORE_MIGRATIONS[] = {
    /* A rowid table: blobs of some hundred octets do not belong into a WITHOUT ROWID tree. */
    "CREATE TABLE euicc(id INTEGER PRIMARY KEY, eid BLOB NOT NULL UNIQUE CHECK(length(eid) = 16),"
    " tenant INTEGER NOT NULL, due_ms INTEGER NOT NULL, live INTEGER NOT NULL, blob BLOB NOT NULL) "
    "STRICT;"
    "CREATE INDEX euicc_live ON euicc(id) WHERE live > 0 OR due_ms > 0;"
    "CREATE INDEX euicc_tenant ON euicc(tenant, eid);"
    "CREATE TABLE profile(iccid TEXT PRIMARY KEY, eid BLOB NOT NULL CHECK(length(eid) = 16),"
    " mno TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX profile_eid ON profile(eid);"
    "CREATE INDEX profile_mno ON profile(mno, eid);"
    "CREATE TABLE address(msisdn TEXT NOT NULL, eid BLOB NOT NULL CHECK(length(eid) = 16),"
    " PRIMARY KEY(msisdn, eid)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX address_eid ON address(eid);"
    "CREATE TABLE operation(op BLOB PRIMARY KEY CHECK(length(op) = 16),"
    " eid BLOB NOT NULL CHECK(length(eid) = 16), stream INTEGER NOT NULL, function INTEGER NOT "
    "NULL,"
    " iface INTEGER NOT NULL, party TEXT NOT NULL, mno TEXT NOT NULL, fcid TEXT NOT NULL,"
    " iccid TEXT NOT NULL, state INTEGER NOT NULL, verdict INTEGER NOT NULL, status INTEGER NOT "
    "NULL,"
    " subject TEXT NOT NULL, reason TEXT NOT NULL, accepted_ms INTEGER NOT NULL,"
    " validity_end_ms INTEGER NOT NULL, concluded_ms INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " stage INTEGER NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX operation_eid ON operation(eid, op);"
    "CREATE INDEX operation_live ON operation(op) WHERE concluded_ms = 0;"
    "CREATE TABLE tenant(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;",
    /* A late notification sets `unheard` by other rules than in the blobs of before: made again. */
    "DELETE FROM euicc; DELETE FROM profile; DELETE FROM address; DELETE FROM operation; DELETE FROM tenant;"
    ENGINE_SQL_REBUILD,
    /* And again: a roll-back leaves it set until its confirmation was taken. */
    "DELETE FROM euicc; DELETE FROM profile; DELETE FROM address; DELETE FROM operation; DELETE FROM tenant;"
    ENGINE_SQL_REBUILD,
    /* Blobs with how each bearer did on the card. */
    "DELETE FROM euicc; DELETE FROM profile; DELETE FROM address; DELETE FROM operation; DELETE FROM tenant;"
    ENGINE_SQL_REBUILD,
    /* Blobs with the key sets of a card. */
    "DELETE FROM euicc; DELETE FROM profile; DELETE FROM address; DELETE FROM operation; DELETE FROM tenant;"
    ENGINE_SQL_REBUILD,
    /* The life of a card, the file it came from, and what profiles are searched by. */
    "DROP TABLE profile; DELETE FROM euicc; DELETE FROM address; DELETE FROM operation; DELETE FROM tenant;"
    "CREATE TABLE profile(iccid TEXT PRIMARY KEY, eid BLOB NOT NULL CHECK(length(eid) = 16),"
    " mno TEXT NOT NULL, imsi TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX profile_eid ON profile(eid);"
    "CREATE INDEX profile_mno ON profile(mno, eid);"
    "CREATE INDEX profile_imsi ON profile(imsi, eid) WHERE imsi <> '';"
    "ALTER TABLE euicc ADD COLUMN life INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE euicc ADD COLUMN batch BLOB;"
    "CREATE INDEX euicc_life ON euicc(life, eid);"
    "CREATE INDEX euicc_batch ON euicc(batch, eid) WHERE batch IS NOT NULL;"
    "CREATE TABLE batch(party TEXT NOT NULL, batch BLOB NOT NULL CHECK(length(batch) = 32),"
    " order_reference TEXT NOT NULL, rows INTEGER NOT NULL, accepted INTEGER NOT NULL,"
    " refused INTEGER NOT NULL, first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
    " PRIMARY KEY(batch, party)) STRICT, WITHOUT ROWID;"
    ENGINE_SQL_REBUILD,
};
const unsigned STORE_MIGRATION_COUNT = sizeof STORE_MIGRATIONS / sizeof *STORE_MIGRATIONS;

#define OP_COLUMNS                                                                                 \
    "op, eid, stream, function, iface, party, mno, fcid, iccid, state, verdict, status, subject, " \
    "reason, accepted_ms, validity_end_ms, concluded_ms, attempts, stage, text"

const char *const STORE_SQL[SQ_COUNT] = {
    [SQ_CARD_GET] = "SELECT blob FROM euicc WHERE eid = ?1",
    [SQ_CARD_PUT] =
        "INSERT INTO euicc(eid, tenant, due_ms, live, blob, life, batch) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        " ON CONFLICT(eid) DO UPDATE SET tenant = ?2, due_ms = ?3, live = ?4, blob = ?5, life = ?6",
    [SQ_CARD_SCAN] = "SELECT eid, due_ms FROM euicc WHERE live > 0 OR due_ms > 0 ORDER BY id",
    [SQ_CARD_COUNT] = "SELECT (SELECT count(*) FROM euicc),"
                      " (SELECT count(*) FROM operation WHERE concluded_ms = 0)",
    [SQ_CARD_ALL] = "SELECT eid FROM euicc WHERE eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_TENANT] = "SELECT eid FROM euicc WHERE tenant = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_OWNER] =
        "SELECT DISTINCT eid FROM profile WHERE mno = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_ICCID] = "SELECT eid FROM profile WHERE iccid = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_IMSI] = "SELECT DISTINCT eid FROM profile WHERE imsi = ?3 AND imsi <> '' AND eid > ?1"
                     " ORDER BY eid LIMIT ?2",
    [SQ_CARD_MSISDN] = "SELECT eid FROM address WHERE msisdn = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_LIFE] = "SELECT eid FROM euicc WHERE life = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_CARD_BATCH] = "SELECT eid FROM euicc WHERE batch = ?3 AND eid > ?1 ORDER BY eid LIMIT ?2",
    [SQ_BATCH_GET] = "SELECT party, batch, order_reference, rows, accepted, refused, first_ms, last_ms"
                     " FROM batch WHERE batch = ?1 AND party = ?2",
    [SQ_BATCH_PUT] = "INSERT OR REPLACE INTO batch(party, batch, order_reference, rows, accepted, refused,"
                     " first_ms, last_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [SQ_BATCH_ALL] = "SELECT party, batch, order_reference, rows, accepted, refused, first_ms, last_ms"
                     " FROM batch WHERE (batch, party) > (?1, ?2) ORDER BY batch, party",
    [SQ_PROFILE_DEL] = "DELETE FROM profile WHERE eid = ?1",
    /* A profile that moved within one batch is taken over; two cards at once never pass the
     * view. */
    [SQ_PROFILE_PUT] = "INSERT OR REPLACE INTO profile VALUES(?1, ?2, ?3, ?4)",
    [SQ_PROFILE_GET] = "SELECT eid FROM profile WHERE iccid = ?1",
    [SQ_ADDRESS_DEL] = "DELETE FROM address WHERE eid = ?1",
    [SQ_ADDRESS_PUT] = "INSERT OR IGNORE INTO address VALUES(?1, ?2)",
    [SQ_ADDRESS_GET] = "SELECT eid FROM address WHERE msisdn = ?1 ORDER BY eid LIMIT ?2",
    [SQ_OP_GET] = "SELECT " OP_COLUMNS " FROM operation WHERE op = ?1",
    [SQ_OP_PUT] =
        "INSERT OR REPLACE INTO operation(" OP_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,"
        " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    [SQ_OP_ALL] = "SELECT " OP_COLUMNS " FROM operation WHERE op > ?1 ORDER BY op",
    [SQ_OP_EID] = "SELECT " OP_COLUMNS " FROM operation WHERE eid = ?2 AND op > ?1 ORDER BY op",
    [SQ_OP_LIVE] =
        "SELECT " OP_COLUMNS " FROM operation WHERE concluded_ms = 0 AND op > ?1 ORDER BY op",
    [SQ_TENANT_ALL] = "SELECT number, id FROM tenant ORDER BY number",
    [SQ_TENANT_PUT] = "INSERT OR IGNORE INTO tenant VALUES(?1, ?2)",
};

const struct store_dump STORE_DUMPS[] = {
    {"euicc", "SELECT hex(eid) || '|' || tenant || '|' || due_ms || '|' || live || '|' || life || '|' ||"
              " coalesce(hex(batch), '') || '|' || hex(blob) FROM euicc ORDER BY eid"},
    {"profile", "SELECT iccid || '|' || hex(eid) || '|' || mno || '|' || imsi FROM profile ORDER BY iccid"},
    {"batch", "SELECT party || '|' || hex(batch) || '|' || order_reference || '|' || rows || '|' || accepted"
              " || '|' || refused || '|' || first_ms || '|' || last_ms FROM batch ORDER BY batch, party"},
    {"address", "SELECT msisdn || '|' || hex(eid) FROM address ORDER BY msisdn, eid"},
    {"operation",
     "SELECT hex(op) || '|' || hex(eid) || '|' || stream || '|' || function || '|' || iface || '|' "
     "||"
     " party || '|' || mno || '|' || fcid || '|' || iccid || '|' || state || '|' || verdict || '|' "
     "||"
     " status || '|' || subject || '|' || reason || '|' || accepted_ms || '|' || validity_end_ms ||"
     " '|' || concluded_ms || '|' || attempts || '|' || stage || '|' || text"
     " FROM operation ORDER BY op"},
    {"tenant", "SELECT number || '|' || id FROM tenant ORDER BY number"},
};
const unsigned STORE_DUMP_COUNT = sizeof STORE_DUMPS / sizeof *STORE_DUMPS;
