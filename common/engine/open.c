/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: state.db as far as it is, then every later record of journal.db through apply (law
 * 2). */
#include "common/engine/engine_int.h"

#include "common/db/space.h"
#include "common/wire/wire.h"

#include <stdlib.h>

static int replay_one(void *ctx, const struct journal_record *rec)
{
    struct engine *e = ctx;
    struct event *ev;
    int err;

    if (e->cfg.stop_at_lsn && rec->lsn > e->cfg.stop_at_lsn)
        return ERR_NOT_FOUND;
    /* Erased by retention: nothing live depends on it (design 3.2). */
    if (!rec->body.p) {
        e->last_lsn = rec->lsn;
        return ERR_OK;
    }
    arena_reset(&e->scratch);
    ev = arena_alloc(&e->scratch, sizeof *ev);
    if (!ev)
        return ERR_NOMEM;
    err = wire_event_decode(event_type_parse(rec->type), rec->body, &e->scratch, ev, NULL);
    if (!err) {
        ev->eid = rec->eid;
        ev->op = rec->op;
        err = engine_apply_record(e, rec, ev, false);
    }
    if (err)
        return engine_fail(e, err, "journal.db: record %llu (%s) does not follow the state: %s",
                           (unsigned long long)rec->lsn, rec->type, err_text(err));
    return ERR_OK;
}

/* Replays in pages so that a long log does not pin the whole fleet in memory. */
static int replay(struct engine *e)
{
    for (;;) {
        uint64_t from = e->last_lsn + 1;
        int err = journal_read(e->journal, from, e->cfg.flush_dirty, replay_one, e);
        if (err && err != ERR_NOT_FOUND)
            return err;
        if (e->n_dirty >= e->cfg.flush_dirty || e->n_unsaved >= ENGINE_UNSAVED_MAX) {
            int flush = engine_flush(e);
            if (flush && flush != ERR_AGAIN)
                return flush;
            overlay_trim(e);
        }
        if (err == ERR_NOT_FOUND || e->last_lsn < from)
            return ERR_OK;
    }
}

static int scan_one(void *ctx, const struct mbox *key, int64_t due)
{
    struct engine *e = ctx;

    if (e->n_restart == e->cap_restart) {
        size_t cap = e->cap_restart ? e->cap_restart * 2 : 256;
        struct mbox *r = realloc(e->restart, cap * sizeof *r);
        if (!r)
            return ERR_NOMEM;
        e->restart = r;
        e->cap_restart = cap;
    }
    e->restart[e->n_restart++] = *key;
    return sched_push(e, key, due);
}

/* state.db is written up to the end of the journal first, so that a mailbox is listed once and as
 * it is. */
static int schedule(struct engine *e)
{
    int err;

    if (e->cfg.read_only)
        return ERR_OK;
    err = engine_flush(e);
    return err ? err : e->app.scan(e->app.ctx, e->state, scan_one, e);
}

static int check_applied(struct engine *e, struct errmsg *why)
{
    uint64_t last = journal_last_lsn(e->journal);

    if (e->applied_lsn > last)
        return errmsg_set(
            why, ERR_SCHEMA,
            "%s has applied record %llu but %s ends at %llu: it belongs to another "
            "journal or was restored alone; move state.db away and start again, it is "
            "rebuilt from the journal",
            e->cfg.state_path, (unsigned long long)e->applied_lsn, e->cfg.journal_path,
            (unsigned long long)last);
    e->last_lsn = e->applied_lsn;
    return ERR_OK;
}

static int init(struct engine *e)
{
    if (!e->cfg.overlay_max)
        e->cfg.overlay_max = 65536;
    if (!e->cfg.flush_dirty)
        e->cfg.flush_dirty = 2048;
    arena_init(&e->arena, ENGINE_TURN_ARENA);
    arena_init(&e->scratch, 0);
    buf_init(&e->body, 0);
    list_init(&e->lru);
    list_init(&e->dirty);
    e->aggs = map_new(0);
    e->parties = map_new(0);
    e->peers = map_new(0);
    e->conns = map_new(0);
    e->idems = map_new(0);
    e->turn = 1;
    return e->aggs && e->parties && e->peers && e->conns && e->idems ? ERR_OK : ERR_NOMEM;
}

int engine_open(const struct engine_config *cfg, const struct engine_app *app,
                struct crypto *crypto, const struct clock *clock, struct rng *rng,
                struct engine **ret, struct errmsg *why)
{
    struct journal_options jo = {.vfs = cfg->vfs, .rng = rng, .read_only = cfg->read_only};
    struct engine *e = calloc(1, sizeof *e);
    int err;

    if (!e)
        return ERR_NOMEM;
    e->cfg = *cfg;
    e->app = *app;
    e->crypto = crypto;
    e->rng = rng;
    err = init(e);
    if (!err)
        err = journal_open(cfg->journal_path, &jo, crypto, &e->journal, why);
    if (!err)
        err = state_open(e, why);
    if (!err)
        err = check_applied(e, why);
    if (!err) /* on behind the last record, whatever the wall clock says (I6 of facts: trust 3.11) */
        err = state_clock(e, clock, why);
    if (!err)
        err = replay(e);
    if (!err)
        err = schedule(e);
    if (err) {
        if (e->failed)
            (void)errmsg_set(why, err, "%s", e->why);
        engine_close(e);
        return err;
    }
    e->opened = true;
    *ret = e;
    return ERR_OK;
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    /* A file that was refused at open is left as it was; what cannot be written behind now is
     * replayed from the journal at the next open. */
    if (e->opened && !e->failed && !e->in_tx && engine_flush(e))
        e->failed = true;
    if (e->aggs)
        overlay_free(e);
    deliveries_free(e);
    idem_free(e);
    if (e->stmts) {
        stmt_set_free(e->stmts);
        e->app.close(e->app.ctx);
    }
    db_close(e->state);
    journal_close(e->journal);
    free(e->outs);
    free(e->queue);
    free(e->heap);
    free(e->restart);
    buf_fini(&e->body);
    arena_fini(&e->scratch);
    arena_fini(&e->arena);
    free(e);
}

bool engine_has_room(struct engine *e)
{
    return !e->failed && (!e->cfg.space || !space_check(e->cfg.space, e->cfg.min_free_bytes));
}
