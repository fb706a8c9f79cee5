/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, appending and committing (design laws 1, 2 and 11). */
#include "common/journal/journal_int.h"

#include "common/base/mutant.h"
#include <stdlib.h>

#define BUSY_MS 5000 /* a verifier or a backup may hold a lock for a moment */

int journal_may_write(const struct journal *j)
{
    if (j->read_only || j->reading)
        return ERR_STATE;
    return j->failed;
}

int journal_fail(struct journal *j, int err)
{
    bool harmless = err == ERR_STATE || err == ERR_INVAL || err == ERR_BUSY;

    if (err != ERR_OK && !harmless && j->failed == ERR_OK)
        j->failed = err;
    return err;
}

static int load_last(struct journal *j)
{
    struct stmt *st = stmt_at(j->sql, SQL_LAST);
    int err = stmt_row(st);

    if (err == ERR_NOT_FOUND)
        return ERR_OK;
    if (err != ERR_OK)
        return err;
    j->last_lsn = j->durable_lsn = stmt_u64(st, 0);
    j->epoch = stmt_u32(st, 1);
    return stmt_end(st, ERR_OK);
}

/* The tail a new record will be chained to is verified, so no append ever builds on a broken
 * one. */
static int load_head(struct journal *j, uint32_t stream, struct errmsg *why)
{
    struct stmt *st = stmt_at(j->sql, SQL_STREAM_LAST);
    struct walk w = {.crypto = j->crypto, .sql = j->sql};
    struct journal_head *head;
    struct journal_row row = {0};
    int err;

    stmt_bind_u64(st, 1, stream);
    err = stmt_row(st);
    if (err == ERR_OK) {
        err = row_load(st, &row);
        if (err == ERR_OK)
            err = walk_row(&w, &row);
        err = stmt_end(st, err);
    }
    walk_fini(&w);
    if (err != ERR_OK)
        return errmsg_set(why, err,
                          "%s: the newest record of stream %u, lsn %llu, cannot be used: %s",
                          db_path(j->db), stream, (unsigned long long)row.rec.lsn,
                          w.why ? w.why : err_text(err));
    err = streams_make(&j->streams, stream, &head);
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: more than %u streams", db_path(j->db),
                          JOURNAL_STREAMS_MAX);
    head->seq = row.rec.seq;
    head->lsn = row.rec.lsn;
    memcpy(head->hash, row.hash, sizeof(head->hash));
    return ERR_OK;
}

/* One index seek a stream, however long the journal is. */
static int load_heads(struct journal *j, struct errmsg *why)
{
    struct stmt *st = stmt_at(j->sql, SQL_NEXT_STREAM);
    uint64_t from = 0;
    int err;

    for (;;) {
        uint32_t stream;

        stmt_bind_u64(st, 1, from);
        err = stmt_row(st);
        if (err == ERR_NOT_FOUND)
            return ERR_OK;
        if (err != ERR_OK)
            return errmsg_set(why, err, "%s: the streams cannot be read", db_path(j->db));
        stream = stmt_u32(st, 0);
        err = stmt_end(st, ERR_OK);
        if (err == ERR_OK && stream < from) /* a corrupt index would lead in a circle */
            err = errmsg_set(why, ERR_CORRUPT, "%s: its index of streams is corrupt", db_path(j->db));
        if (err == ERR_OK)
            err = load_head(j, stream, why);
        if (err != ERR_OK)
            return err;
        from = (uint64_t)stream + 1;
    }
}

static int load(struct journal *j, struct errmsg *why)
{
    int err = stmt_set_new(j->db, JOURNAL_SQL, SQL_COUNT, &j->sql, why);

    if (err == ERR_OK)
        err = journal_schema_check(j->sql, why);
    if (err != ERR_OK)
        return err;
    err = load_last(j);
    if (err != ERR_OK)
        return errmsg_set(why, err, "%s: the last record cannot be read", db_path(j->db));
    err = load_heads(j, why);
    if (err != ERR_OK || j->read_only)
        return err;
    if (j->epoch == UINT32_MAX)
        return errmsg_set(why, ERR_FULL, "%s: the epochs are used up", db_path(j->db));
    j->epoch++;
    return ERR_OK;
}

int journal_open_with(const char *path, const struct journal_options *o, enum db_sync sync,
                      struct crypto *crypto, struct journal **ret, struct errmsg *why)
{
    const struct db_options dbo = {
        .vfs = o->vfs,
        .application_id = JOURNAL_APPLICATION_ID,
        .sync = sync,
        .read_only = o->read_only,
        .busy_ms = BUSY_MS,
    };
    struct journal *j = calloc(1, sizeof(*j));
    int err;

    if (j == NULL)
        return ERR_NOMEM;
    j->crypto = crypto;
    j->rng = o->rng;
    j->read_only = o->read_only;
    err = db_open(path, &dbo, &j->db, why);
    if (err == ERR_OK)
        err = db_migrate(j->db, JOURNAL_STEPS, JOURNAL_N_STEPS, why);
    if (err == ERR_OK)
        err = load(j, why);
    if (err != ERR_OK) {
        journal_close(j);
        return err;
    }
    *ret = j;
    return ERR_OK;
}

int journal_open(const char *path, const struct journal_options *o, struct crypto *crypto,
                 struct journal **ret, struct errmsg *why)
{
    return journal_open_with(path, o, mutant("SYNC_NORMAL") ? DB_SYNC_NORMAL : DB_SYNC_FULL, crypto,
                             ret, why);
}

void journal_close(struct journal *j)
{
    if (j == NULL)
        return;
    stmt_set_free(j->sql);
    db_close(j->db);
    streams_fini(&j->streams);
    mem_wipe(j->salt, sizeof(j->salt));
    free(j);
}

int journal_begin(struct journal *j)
{
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    return journal_fail(j, db_begin(j->db));
}

int journal_commit(struct journal *j)
{
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    err = journal_fail(j, db_commit(j->db));
    if (err == ERR_OK)
        j->durable_lsn = j->last_lsn;
    return err;
}

static bool type_ok(const char *type, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = type[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
            return false;
    }
    return n > 0;
}

/* The generator is asked for many salts at once; a used one does not stay in memory. */
static void take_salt(struct journal *j, uint8_t dst[JOURNAL_SALT])
{
    if (j->salts == 0) {
        if (j->rng != NULL)
            rng_fill(j->rng, j->salt, sizeof(j->salt));
        else
            crypto_random(j->crypto, j->salt, sizeof(j->salt));
        j->salts = SALT_POOL;
    }
    j->salts--;
    memcpy(dst, j->salt[j->salts], JOURNAL_SALT);
    mem_wipe(j->salt[j->salts], JOURNAL_SALT);
}

static struct span id_span(const uint8_t id[16], bool absent)
{
    return absent ? (struct span){NULL, 0} : (struct span){id, 16};
}

static int insert(struct journal *j, const struct journal_row *row)
{
    struct stmt *st = stmt_at(j->sql, SQL_INSERT);
    const struct journal_record *r = &row->rec;

    stmt_bind_u64(st, 1, r->lsn);
    stmt_bind_u64(st, 2, r->epoch);
    stmt_bind_u64(st, 3, r->stream);
    stmt_bind_u64(st, 4, r->seq);
    stmt_bind_i64(st, 5, r->at_ms);
    stmt_bind_text(st, 6, span_str(r->type));
    stmt_bind_u64(st, 7, r->class_);
    stmt_bind_blob(st, 8, id_span(r->op.b, uuid_is_zero(&r->op)));
    stmt_bind_blob(st, 9, id_span(r->eid.b, eid_is_zero(&r->eid)));
    stmt_bind_blob(st, 10, row->salt);
    stmt_bind_blob(st, 11, r->body);
    stmt_bind_blob(st, 12, span_of(row->body_hash, 32));
    stmt_bind_blob(st, 13, span_of(row->hash, 32));
    return stmt_run(st);
}

static int append(struct journal *j, struct journal_record *rec)
{
    uint8_t salt[JOURNAL_SALT], leaf[32];
    struct journal_head *head;
    struct journal_row row;
    int err;

    err = streams_make(&j->streams, rec->stream, &head);
    if (err != ERR_OK)
        return err;
    rec->lsn = j->last_lsn + 1;
    rec->epoch = j->epoch;
    rec->seq = head->seq + 1;
    row.rec = *rec;
    if (row.rec.body.p == NULL)
        row.rec.body = (struct span){(const uint8_t *)"", 0};
    take_salt(j, salt);
    row.salt = span_of(salt, sizeof(salt));
    chain_body_hash(j->crypto, salt, row.rec.body, row.body_hash);
    chain_leaf(j->crypto, &row.rec, row.body_hash, leaf);
    chain_link(j->crypto, head->hash, leaf, row.hash);
    err = insert(j, &row);
    mem_wipe(salt, sizeof(salt));
    if (err != ERR_OK)
        return err;
    head->seq = rec->seq;
    head->lsn = j->last_lsn = rec->lsn;
    memcpy(head->hash, row.hash, sizeof(head->hash));
    return ERR_OK;
}

int journal_append(struct journal *j, struct journal_record *rec)
{
    size_t n = strnlen(rec->type, sizeof(rec->type));
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    if (n == sizeof(rec->type) || !type_ok(rec->type, n) || rec->body.n > JOURNAL_BODY_MAX)
        return ERR_INVAL;
    if (!db_in_tx(j->db))
        return ERR_STATE;
    return journal_fail(j, append(j, rec));
}

int journal_erase(struct journal *j, uint64_t lsn)
{
    struct stmt *st = stmt_at(j->sql, SQL_ERASE);
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    if (!db_in_tx(j->db))
        return ERR_STATE;
    stmt_bind_u64(st, 1, lsn);
    err = journal_fail(j, stmt_run(st));
    if (err == ERR_OK && db_changes(j->db) == 0)
        return ERR_NOT_FOUND;
    return err;
}

uint64_t journal_durable_lsn(const struct journal *j)
{
    return j->durable_lsn;
}

uint64_t journal_last_lsn(const struct journal *j)
{
    return j->last_lsn;
}

uint32_t journal_epoch(const struct journal *j)
{
    return j->epoch;
}

bool journal_failed(const struct journal *j)
{
    return j->failed != ERR_OK || db_failed(j->db);
}

bool journal_disk_full(const struct journal *j)
{
    return db_disk_full(j->db);
}

int journal_checkpoint(struct journal *j, bool truncate)
{
    int err = journal_may_write(j);

    if (err != ERR_OK)
        return err;
    return journal_fail(j, db_checkpoint(j->db, truncate));
}

uint32_t journal_wal_pages(const struct journal *j)
{
    return db_wal_pages(j->db);
}
