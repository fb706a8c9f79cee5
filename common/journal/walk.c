/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as stored, and the one place that says whether a row is what was written. */
#include "common/journal/journal_int.h"

static void load_id(struct stmt *st, int col, uint8_t dst[16])
{
    if (!stmt_is_null(st, col))
        stmt_copy(st, col, dst, 16);
}

static bool is_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return any == 0;
}

int row_load(struct stmt *st, struct journal_row *ret)
{
    struct journal_record *r = &ret->rec;
    struct span type = stmt_text(st, 5);
    uint64_t class = stmt_u64(st, 6);

    *ret = (struct journal_row){0};
    r->lsn = stmt_u64(st, 0);
    r->epoch = stmt_u32(st, 1);
    r->stream = stmt_u32(st, 2);
    r->seq = stmt_u64(st, 3);
    r->at_ms = stmt_i64(st, 4);
    if (type.n == 0 || type.n >= sizeof(r->type) || memchr(type.p, 0, type.n) != NULL ||
        class > UINT8_MAX)
        return ERR_CORRUPT;
    memcpy(r->type, type.p, type.n);
    r->class_ = (uint8_t)class;
    load_id(st, 7, r->op.b);
    load_id(st, 8, r->eid.b);
    ret->salt = stmt_blob(st, 9);
    r->body = stmt_blob(st, 10);
    stmt_copy(st, 11, ret->body_hash, 32);
    stmt_copy(st, 12, ret->hash, 32);
    /* Zeros and NULL hash alike: only one of them is ours. */
    if ((!stmt_is_null(st, 7) && is_zero(r->op.b, 16)) ||
        (!stmt_is_null(st, 8) && is_zero(r->eid.b, 16)))
        return ERR_CORRUPT;
    if ((r->body.p == NULL) != (ret->salt.p == NULL) ||
        (ret->salt.p != NULL && ret->salt.n != JOURNAL_SALT))
        return ERR_CORRUPT;
    return stmt_kept(st);
}

static int bad(struct walk *w, const char *why)
{
    w->why = why;
    return ERR_CORRUPT;
}

/* A walk that starts amid the journal meets each stream with a predecessor on the disk. */
static int find_before(struct walk *w, const struct journal_record *r, struct journal_head *head)
{
    struct stmt *st = stmt_at(w->sql, SQL_BEFORE);
    int err;

    if (r->seq == 1)
        return ERR_OK;
    stmt_bind_u64(st, 1, r->stream);
    stmt_bind_u64(st, 2, r->seq - 1);
    err = stmt_row(st);
    if (err == ERR_NOT_FOUND)
        return bad(w, "the record before it in its stream is missing");
    if (err != ERR_OK)
        return err;
    head->seq = r->seq - 1;
    head->lsn = stmt_u64(st, 0);
    stmt_copy(st, 1, head->hash, sizeof(head->hash));
    return stmt_end(st, ERR_OK);
}

static int find_head(struct walk *w, const struct journal_record *r, struct journal_head **ret)
{
    int err = streams_make(&w->streams, r->stream, ret);

    if (err == ERR_OK && (*ret)->seq == 0 && w->sql != NULL)
        err = find_before(w, r, *ret);
    return err;
}

int walk_row(struct walk *w, const struct journal_row *row)
{
    const struct journal_record *r = &row->rec;
    struct journal_head *head;
    uint8_t hash[32];
    int err;

    if (w->next_lsn != 0 && r->lsn != w->next_lsn)
        return bad(w, "the record with this lsn is missing");
    if (r->epoch < w->epoch)
        return bad(w, "its epoch is older than that of the record before it");
    err = find_head(w, r, &head);
    if (err != ERR_OK)
        return err;
    if (r->seq != head->seq + 1 || head->lsn >= r->lsn)
        return bad(w, "its number does not follow in its stream");
    if (r->body.p != NULL) {
        chain_body_hash(w->crypto, row->salt.p, r->body, hash);
        if (memcmp(hash, row->body_hash, 32) != 0)
            return bad(w, "its body is not what was written");
    }
    chain_leaf(w->crypto, r, row->body_hash, hash);
    chain_link(w->crypto, head->hash, hash, hash);
    if (memcmp(hash, row->hash, 32) != 0)
        return bad(w, "its hash does not follow from its content and the record before it");
    head->seq = r->seq;
    head->lsn = r->lsn;
    memcpy(head->hash, row->hash, sizeof(head->hash));
    w->epoch = r->epoch;
    w->next_lsn = r->lsn + 1;
    return ERR_OK;
}

void walk_fini(struct walk *w)
{
    streams_fini(&w->streams);
}
