/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and statements of the SM-DP's state.db. Columns beside a blob are for lists and indexes;
 * the blob is the order. */
#include "smdp/store/store_int.h"

#include "common/engine/engine.h"

const char *const DP_STORE_MIGRATIONS[] = {
    "CREATE TABLE orders(n INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE CHECK(length(id) = 16),"
    " eid BLOB NOT NULL CHECK(length(eid) = 16), function INTEGER NOT NULL, mno TEXT NOT NULL,"
    " iccid TEXT NOT NULL, state INTEGER NOT NULL, due INTEGER NOT NULL, verdict INTEGER NOT NULL,"
    " live INTEGER NOT NULL CHECK(live IN (0, 1)), blob BLOB NOT NULL) STRICT;"
    "CREATE INDEX orders_live ON orders(live) WHERE live = 1;"
    "CREATE INDEX orders_mno ON orders(mno, id);"
    "CREATE TABLE inventory(iccid TEXT PRIMARY KEY, imsi TEXT NOT NULL UNIQUE, msisdn TEXT NOT "
    "NULL,"
    " mno TEXT NOT NULL, profile_type TEXT NOT NULL, state INTEGER NOT NULL CHECK(state BETWEEN 1 "
    "AND 4),"
    " enabled INTEGER NOT NULL, eid BLOB NOT NULL CHECK(length(eid) = 16),"
    " order_id BLOB NOT NULL CHECK(length(order_id) = 16)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX inventory_kind ON inventory(mno, profile_type, state, iccid);"
    "CREATE TABLE template(profile_type TEXT PRIMARY KEY, lsn INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID;"
    "CREATE TABLE tenant(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;",
    /* Not unique: the number of a deleted profile may be given away again. */
    "CREATE INDEX inventory_msisdn ON inventory(msisdn) WHERE msisdn <> '';",
    "ALTER TABLE inventory ADD COLUMN told_ms INTEGER NOT NULL DEFAULT 0;"
    "DELETE FROM orders; DELETE FROM inventory; DELETE FROM template; DELETE FROM tenant;" ENGINE_SQL_REBUILD,
    /* Blobs with what a call says beside EID and ICCID. */
    "DELETE FROM orders; DELETE FROM inventory; DELETE FROM template; DELETE FROM tenant;" ENGINE_SQL_REBUILD,
    /* Lost cards, numbers that moved to another profile, and types that ran low. */
    "DROP TABLE inventory;"
    "CREATE TABLE inventory(iccid TEXT PRIMARY KEY, imsi TEXT NOT NULL UNIQUE, msisdn TEXT NOT "
    "NULL,"
    " mno TEXT NOT NULL, profile_type TEXT NOT NULL, state INTEGER NOT NULL CHECK(state BETWEEN 1 "
    "AND 5),"
    " enabled INTEGER NOT NULL, eid BLOB NOT NULL CHECK(length(eid) = 16),"
    " order_id BLOB NOT NULL CHECK(length(order_id) = 16), told_ms INTEGER NOT NULL,"
    " declared_by TEXT NOT NULL, successor BLOB NOT NULL CHECK(length(successor) = 16),"
    " replaced_by TEXT NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX inventory_kind ON inventory(mno, profile_type, state, iccid);"
    "CREATE INDEX inventory_msisdn ON inventory(msisdn) WHERE msisdn <> '';"
    "CREATE INDEX inventory_eid ON inventory(eid);"
    "CREATE TABLE low(mno TEXT NOT NULL, profile_type TEXT NOT NULL, below INTEGER NOT NULL,"
    " PRIMARY KEY(mno, profile_type)) STRICT, WITHOUT ROWID;"
    "DELETE FROM orders; DELETE FROM template; DELETE FROM tenant;" ENGINE_SQL_REBUILD,
};
const unsigned DP_STORE_MIGRATION_COUNT = sizeof DP_STORE_MIGRATIONS / sizeof *DP_STORE_MIGRATIONS;

#define ITEM "iccid, imsi, msisdn, mno, profile_type, state, enabled, eid, order_id, told_ms," \
    " declared_by, successor, replaced_by"

const char *const DP_STORE_SQL[DS_COUNT] = {
    [DS_ORDER_GET] = "SELECT blob FROM orders WHERE id = ?1",
    [DS_ORDER_PUT] =
        ("INSERT INTO orders(id, eid, function, mno, iccid, state, due, verdict, live, blob)"
         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
         " ON CONFLICT(id) DO UPDATE SET eid = ?2, iccid = ?5, state = ?6, due = ?7,"
         " verdict = ?8, live = ?9, blob = ?10"),
    [DS_ORDER_LIVE] = "SELECT id, due, eid, state, function FROM orders WHERE live = 1 ORDER BY id",
    [DS_ORDER_LIST] = ("SELECT blob FROM orders WHERE id > ?1 AND (?2 = '' OR mno = ?2)"
                       " AND (?3 IS NULL OR eid = ?3) AND (?4 = 0 OR verdict = ?4)"
                       " AND (?5 = 0 OR live = 1) ORDER BY id LIMIT ?6"),
    [DS_STOCK_GET] = ("SELECT " ITEM " FROM inventory WHERE iccid = ?1"),
    [DS_STOCK_IMSI] = "SELECT iccid FROM inventory WHERE imsi = ?1",
    [DS_STOCK_MSISDN] = ("SELECT " ITEM " FROM inventory WHERE msisdn = ?1 AND msisdn <> ''"
                         " AND state <> 4"),
    [DS_STOCK_PUT] = ("INSERT INTO inventory(" ITEM ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                      " ?11, ?12, ?13)"
                      " ON CONFLICT(iccid) DO UPDATE SET msisdn = ?3, state = ?6, enabled = ?7,"
                      " eid = ?8, order_id = ?9, told_ms = ?10, declared_by = ?11,"
                      " successor = ?12, replaced_by = ?13"),
    [DS_STOCK_CARD] = ("SELECT " ITEM " FROM inventory WHERE eid = ?1 ORDER BY iccid"),
    [DS_STOCK_COUNTS] = ("SELECT mno, profile_type, sum(state = 1), sum(state = 2), sum(state = 3),"
                         " sum(state = 4), sum(state = 5) FROM inventory"
                         " WHERE (?1 = '' OR mno = ?1) AND (?2 = '' OR profile_type = ?2)"
                         " GROUP BY mno, profile_type ORDER BY mno, profile_type"),
    [DS_LOW_ALL] = "SELECT mno, profile_type, below FROM low ORDER BY mno, profile_type",
    [DS_LOW_PUT] = ("INSERT INTO low VALUES(?1, ?2, ?3)"
                    " ON CONFLICT(mno, profile_type) DO UPDATE SET below = ?3"),
    [DS_LOW_DEL] = "DELETE FROM low WHERE mno = ?1 AND profile_type = ?2",
    [DS_STOCK_PICK] = ("SELECT " ITEM " FROM inventory WHERE mno = ?1 AND profile_type = ?2"
                       " AND state = 1 AND iccid > ?3 ORDER BY iccid"),
    [DS_STOCK_LIST] = ("SELECT " ITEM " FROM inventory WHERE iccid > ?1 AND (?2 = '' OR mno = ?2)"
                       " AND (?3 = '' OR profile_type = ?3) AND (?4 = 0 OR state = ?4)"
                       " ORDER BY iccid LIMIT ?5"),
    [DS_STOCK_KINDS] = ("SELECT mno, profile_type, sum(state = 1) FROM inventory"
                        " GROUP BY mno, profile_type ORDER BY mno, profile_type"),
    [DS_TEMPLATE_ALL] = "SELECT profile_type, lsn FROM template ORDER BY profile_type",
    [DS_TEMPLATE_PUT] = "INSERT INTO template VALUES(?1, ?2)",
    [DS_TENANT_ALL] = "SELECT number, id FROM tenant ORDER BY number",
    [DS_TENANT_PUT] = "INSERT INTO tenant VALUES(?1, ?2)",
};

const struct dp_store_dump DP_STORE_DUMPS[] = {
    {"orders",
     "SELECT hex(id) || '|' || hex(eid) || '|' || function || '|' || mno || '|' || iccid || '|' ||"
     " state || '|' || due || '|' || verdict || '|' || live || '|' || hex(blob)"
     " FROM orders ORDER BY id"},
    {"inventory",
     "SELECT iccid || '|' || imsi || '|' || msisdn || '|' || mno || '|' || profile_type || '|' ||"
     " state || '|' || enabled || '|' || hex(eid) || '|' || hex(order_id) || '|' || told_ms"
     " || '|' || declared_by || '|' || hex(successor) || '|' || replaced_by"
     " FROM inventory ORDER BY iccid"},
    {"low", "SELECT mno || '|' || profile_type || '|' || below FROM low ORDER BY mno, profile_type"},
    {"template", "SELECT profile_type || '|' || lsn FROM template ORDER BY profile_type"},
    {"tenant", "SELECT number || '|' || id FROM tenant ORDER BY number"},
};
const unsigned DP_STORE_DUMP_COUNT = sizeof DP_STORE_DUMPS / sizeof *DP_STORE_DUMPS;
