/* SPDX-License-Identifier: Apache-2.0 */
/* Idempotency (design 3.2): (party, FunctionCallIdentifier) -> digest of the canonical request, the
 * operation and the stored answer; kept at least 400 days. Unflushed entries in memory, the rest in
 * state.db. */
#include "common/engine/engine_int.h"

#include "common/base/mutant.h"
#include "common/wire/wire.h"

#include <stdlib.h>

static void idem_key(struct engine *e, const struct oid *party, struct span fcid, uint8_t ret[16])
{
    static const uint8_t zero = 0;
    const struct span who = span_str(mutant("CALLS_WITHOUT_PARTY") ? "" : party->s);
    const struct span parts[3] = {who, {&zero, 1}, fcid};
    uint8_t hash[32];

    sha256(e->crypto, parts, 3, hash);
    memcpy(ret, hash, 16);
}

/* The entry as the view sees it; loads it from state.db into memory when it stands there. */
static int idem_get(struct engine *e, const uint8_t key[16], struct idem_entry *ret,
                    bool *ret_memory)
{
    struct idem_entry *m = map_get(e->idems, span_of(key, 16));
    struct stmt *st = stmt_at(e->stmts, ES_IDEM_GET);
    int err;

    *ret_memory = m != NULL;
    if (m) {
        *ret = *m;
        return ERR_OK;
    }
    memset(ret, 0, sizeof *ret);
    memcpy(ret->key, key, 16);
    stmt_bind_blob(st, 1, span_of(key, 16));
    err = stmt_row(st);
    if (!err) {
        stmt_copy(st, 0, ret->digest, 32);
        stmt_copy(st, 1, ret->op.b, 16);
        ret->answer_lsn = stmt_u64(st, 2);
        ret->at_ms = stmt_i64(st, 3);
    }
    return stmt_end(st, err);
}

int idem_apply(struct engine *e, const struct journal_record *rec, const struct event *ev)
{
    struct idem_entry entry, *m;
    uint8_t key[16];
    bool in_memory;
    int err;

    if (!ev->fcid.n || !ev->party.s[0] || (!ev->has_digest && !ev->answer.n) ||
        (ev->type == EV_STEP_OPENED))
        return ERR_OK;
    idem_key(e, &ev->party, ev->fcid, key);
    err = idem_get(e, key, &entry, &in_memory);
    if (err == ERR_NOT_FOUND) {
        if (!ev->has_digest)
            return ERR_CORRUPT;
        memcpy(entry.digest, ev->digest, 32);
        entry.op = ev->op;
        entry.at_ms = rec->at_ms;
    } else if (err) {
        return err;
    }
    /* The first answer stands: it was sent once, and a repeat gets the same bytes. */
    if (ev->answer.n && !entry.answer_lsn)
        entry.answer_lsn = rec->lsn;
    m = map_get(e->idems, span_of(key, 16));
    if (!m) {
        m = malloc(sizeof *m);
        if (!m)
            return ERR_NOMEM;
        err = map_put(e->idems, span_of(key, 16), m);
        if (err) {
            free(m);
            return err;
        }
    }
    *m = entry;
    return ERR_OK;
}

int engine_idem_find(struct engine *e, const struct oid *party, struct span fcid,
                     const uint8_t digest[32], struct engine_idem *ret)
{
    struct idem_entry entry;
    struct journal_record rec;
    struct event *ev;
    struct buf body;
    uint8_t key[16];
    bool in_memory;
    int err;

    memset(ret, 0, sizeof *ret);
    idem_key(e, party, fcid, key);
    err = idem_get(e, key, &entry, &in_memory);
    if (err)
        return err;
    ret->same_digest = memcmp(entry.digest, digest, 32) == 0;
    ret->op = entry.op;
    ret->answered = entry.answer_lsn != 0;
    if (!ret->answered)
        return ERR_OK;
    buf_init(&body, 0);
    ev = arena_alloc(&e->arena, sizeof *ev);
    err = ev ? journal_get(e->journal, entry.answer_lsn, &rec, &body) : ERR_NOMEM;
    if (!err)
        err = wire_event_decode(event_type_parse(rec.type), buf_span(&body), &e->arena, ev, NULL);
    buf_fini(&body);
    if (!err)
        ret->answer = ev->answer;
    return err;
}

int idem_save(struct engine *e)
{
    struct stmt *st = stmt_at(e->stmts, ES_IDEM_PUT);
    void *cursor = NULL;
    void *value;
    int err = ERR_OK;

    while (!err && map_next(e->idems, &cursor, NULL, &value)) {
        const struct idem_entry *m = value;
        struct span key = span_of(m->key, 16);
        stmt_bind_blob(st, 1, key);
        stmt_bind_blob(st, 2, span_of(m->digest, 32));
        stmt_bind_blob(st, 3, span_of(m->op.b, 16));
        stmt_bind_u64(st, 4, m->answer_lsn);
        stmt_bind_i64(st, 5, m->at_ms);
        err = stmt_run(st);
    }
    if (err)
        return err;
    cursor = NULL;
    while (map_next(e->idems, &cursor, NULL, &value))
        free(value);
    map_clear(e->idems);
    return ERR_OK;
}

void idem_free(struct engine *e)
{
    void *cursor = NULL;
    void *value;

    while (e->idems && map_next(e->idems, &cursor, NULL, &value))
        free(value);
    map_free(e->idems);
    e->idems = NULL;
}
