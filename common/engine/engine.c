/* SPDX-License-Identifier: Apache-2.0 */
/* The turn: inputs -> decisions -> records applied at once -> one commit -> release (design law
 * 1). */
#include "common/engine/engine_int.h"

#include "common/base/mutant.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

static const char *cure(const struct engine *e)
{
    if ((e->journal && journal_disk_full(e->journal)) || (e->state && db_disk_full(e->state)))
        return "; the disk is full: make room and start it again";
    return "; see what the system log says of the disk, then start it again";
}

/* Fail-stop: after a failed write the overlay may be ahead of the disk (law 11). */
int engine_fail(struct engine *e, int err, const char *fmt, ...)
{
    va_list ap;
    size_t n;

    if (e->failed)
        return err;
    e->failed = true;
    va_start(ap, fmt);
    (void)vsnprintf(e->why, sizeof e->why, fmt, ap);
    va_end(ap);
    n = strlen(e->why);
    if (err == ERR_IO)
        (void)snprintf(e->why + n, sizeof e->why - n, "%s", cure(e));
    return err;
}

void engine_give_up(struct engine *e, int err, const char *what)
{
    (void)engine_fail(e, err, "%s: %s", what, err_text(err));
}

bool engine_failed(const struct engine *e)
{
    return e->failed;
}

const char *engine_why(const struct engine *e)
{
    return e->why;
}

int engine_view(struct engine *e, const struct mbox *key, const void **ret_obj)
{
    struct agg *a;
    int err = overlay_find(e, key, &a);

    if (a && a->dirty && mutant("VIEW_WITHOUT_OVERLAY"))
        a = NULL;
    *ret_obj = a ? a->obj : NULL;
    return err ? engine_fail(e, err, "state.db: an aggregate cannot be read: %s", err_text(err))
               : ERR_OK;
}

int engine_apply_record(struct engine *e, const struct journal_record *rec, const struct event *ev,
                        bool live)
{
    struct mbox key = {.kind = MBOX_HOUSE};
    struct agg *a = NULL;
    void *none = NULL;
    int64_t due;
    int err = deliveries_apply(e, rec->lsn, ev, live);

    if (!err)
        err = idem_apply(e, rec, ev);
    if (err)
        return err;
    e->last_lsn = rec->lsn;
    e->app.route(e->app.ctx, rec, ev, &key);
    if (key.kind == MBOX_HOUSE)
        return e->app.apply(e->app.ctx, rec, ev, &none);
    err = overlay_find(e, &key, &a);
    if (!err && !a) {
        void *obj = NULL;
        err = e->app.apply(e->app.ctx, rec, ev, &obj);
        if (err || !obj)
            return err;
        err = overlay_insert(e, &key, &a);
        if (err)
            return err;
        a->obj = obj;
    } else if (!err) {
        err = e->app.apply(e->app.ctx, rec, ev, &a->obj);
    }
    if (err)
        return err;
    overlay_touch(e, a, rec->lsn);
    due = a->obj ? e->app.due(e->app.ctx, a->obj) : 0;
    /* A record that leaves the durable time alone leaves the moved one alone too. */
    if (due != a->due) {
        a->due = due;
        a->volatile_due = 0;
        a->restart_owed = false; /* something else took it up */
        if (live)
            agg_reschedule(e, a);
    }
    return ERR_OK;
}

static int ensure_tx(struct engine *e)
{
    int err;

    if (e->in_tx)
        return ERR_OK;
    err = journal_begin(e->journal);
    e->in_tx = !err;
    return err;
}

static int put_secrets(struct engine *e, const struct event *ev)
{
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < ev->n_secrets; i++) {
        const struct event_secret *s = &ev->secrets[i];
        err = s->sealed.n ? journal_secret_put(e->journal, s->id, s->kek_version, s->sealed)
                          : journal_secret_del(e->journal, s->id);
        if (err == ERR_NOT_FOUND && !s->sealed.n)
            err = ERR_OK;
    }
    return err;
}

static int append(struct engine *e, struct event *ev, struct span body, const struct plan *p,
                  const struct input *in)
{
    struct journal_record rec;
    int err = ensure_tx(e);

    memset(&rec, 0, sizeof rec);
    rec.at_ms = p->now_ms;
    rec.stream = e->app.stream(e->app.ctx, ev, in);
    (void)snprintf(rec.type, sizeof rec.type, "%s", event_type_name(ev->type));
    rec.class_ = (uint8_t)event_type_class(ev->type);
    rec.op = ev->op;
    rec.eid = ev->eid;
    rec.body = body;
    if (!err)
        err = put_secrets(e, ev);
    if (!err)
        err = journal_append(e->journal, &rec);
    if (err)
        return err;
    e->count.records++;
    e->count.body_bytes += rec.body.n;
    err = engine_apply_record(e, &rec, ev, true);
    if (!err && e->cfg.witness.at) {
        e->written |= UINT64_C(1) << ev->type;
        e->cfg.witness.at(e->cfg.witness.ctx, ENGINE_APPENDED, ev->type);
    }
    return err;
}

/* Everything that can be wrong with a record is found before the first one of the plan is appended.
 * ends[i] is where the body of record i ends in e->body. */
static int encode_records(struct engine *e, const struct plan *p, size_t ends[PLAN_RECORDS_MAX])
{
    int err = ERR_OK;

    buf_reset(&e->body);
    for (unsigned i = 0; !err && i < p->n_records; i++) {
        struct errmsg why;
        err = event_check(p->records[i], &why);
        if (err) {
            (void)snprintf(e->why, sizeof e->why, "%s", why.text);
            err = ERR_INTERNAL;
        }
        if (!err)
            err = wire_event_encode(p->records[i], &e->body);
        ends[i] = e->body.n;
    }
    return err;
}

static int append_records(struct engine *e, const struct plan *p, const struct input *in)
{
    size_t ends[PLAN_RECORDS_MAX];
    int err = encode_records(e, p, ends);

    if (err)
        return err;
    for (unsigned i = 0; i < p->n_records; i++) {
        size_t from = i ? ends[i - 1] : 0;
        err = append(e, p->records[i], span_of(e->body.p + from, ends[i] - from), p, in);
        if (err)
            return engine_fail(e, err, "record %s cannot be made durable: %s",
                               event_type_name(p->records[i]->type), err_text(err));
    }
    return ERR_OK;
}

static int push_out(struct engine *e, const struct plan_out *out, uint64_t lsn)
{
    if (e->n_outs == e->cap_outs) {
        size_t cap = e->cap_outs ? e->cap_outs * 2 : 256;
        struct out_item *o = realloc(e->outs, cap * sizeof *o);
        if (!o)
            return ERR_NOMEM;
        e->outs = o;
        e->cap_outs = cap;
    }
    e->outs[e->n_outs++] = (struct out_item){lsn, *out};
    return ERR_OK;
}

/* Turns a plan into records. Before the first record is appended an error leaves no trace; after it
 * the only way out is to stop, since later plans of the turn build on it. */
int engine_execute(struct engine *e, struct plan *p, const struct mbox *key, const struct input *in)
{
    struct agg *a = NULL;
    uint64_t lsn;
    /* A decision that did not get all the memory it asked for may lack anything. */
    int err = e->arena.failed ? ERR_NOMEM : p->err;

    if (!err && key->kind != MBOX_HOUSE)
        err = overlay_find(e, key, &a);
    if (!err && p->unit.set)
        err = e->app.arm(e->app.ctx, a ? a->obj : NULL, &p->unit, p);
    if (!err)
        err = deliveries_number(e, p);
    if (!err && e->arena.failed)
        err = ERR_NOMEM;
    if (!err)
        err = append_records(e, p, in);
    if (!err && key->kind != MBOX_HOUSE)
        err = overlay_find(e, key, &a);
    if (err)
        return err;
    lsn = p->n_records ? e->last_lsn : 0;
    if (!lsn) /* reads depend on the lsn of what they show */
        lsn = a ? a->last_lsn : e->last_lsn;
    if (a && p->volatile_due_ms) {
        /* It moves a time that has come, never one that is still to come. */
        a->volatile_due = a->due > p->now_ms && a->due < p->volatile_due_ms ? a->due
                                                                           : p->volatile_due_ms;
        agg_reschedule(e, a);
    }
    for (unsigned i = 0; i < p->n_outs; i++) {
        err = push_out(e, &p->outs[i], lsn);
        if (err)
            return engine_fail(e, err, "no memory for outputs");
    }
    return ERR_OK;
}

struct plan *engine_plan_begin(struct engine *e)
{
    struct plan *p;

    e->arena.failed = false;
    p = arena_alloc(&e->arena, sizeof *p);
    if (!p)
        return NULL;
    p->arena = &e->arena;
    p->now_ms = clock_wall_ms(e->clock);
    return p;
}

int engine_plan_end(struct engine *e, struct plan *p, const struct mbox *key)
{
    bool outer = e->deciding;
    int err;

    if (e->failed)
        return ERR_IO;
    e->deciding = true;
    err = engine_execute(e, p, key, NULL);
    e->deciding = outer;
    return err;
}

static int first_turn(struct engine *e)
{
    struct mbox house = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(e);
    struct event *ev;

    e->started = true;
    if (!p)
        return ERR_NOMEM;
    ev = plan_record(p, EV_ADMIN_STARTED);
    ev->text = span_str(e->app.version);
    ev->number = journal_epoch(e->journal);
    return engine_plan_end(e, p, &house);
}

static void release_all(struct engine *e)
{
    uint64_t durable = mutant("SEND_BEFORE_COMMIT") ? UINT64_MAX : journal_durable_lsn(e->journal);
    size_t kept = 0;

    e->releasing = true;
    for (size_t i = 0; i < e->n_outs; i++) {
        if (e->outs[i].lsn > durable)
            e->outs[kept++] = e->outs[i];
        else
            e->app.release(e->app.ctx, &e->outs[i].out, e->outs[i].lsn);
    }
    e->n_outs = kept;
    deliveries_release(e);
    e->releasing = false;
}

void engine_witness_at(struct engine *e, enum engine_instant instant)
{
    if (e->cfg.witness.at)
        e->cfg.witness.at(e->cfg.witness.ctx, instant, EV_NONE);
}

static void witness(struct engine *e, uint64_t types, enum engine_instant instant)
{
    _Static_assert(EV_TYPE_COUNT <= 64, "a bit for each type");
    for (unsigned t = 0; types; t++, types >>= 1)
        if (types & 1)
            e->cfg.witness.at(e->cfg.witness.ctx, instant, (enum event_type)t);
}

/* One commit for all that was decided since the last one, then what depends on it. */
static int commit_round(struct engine *e)
{
    int err = deliveries_turn_records(e);
    uint64_t written = e->written;

    e->written = 0;
    if (err)
        return engine_fail(e, err, "the records of a turn cannot be written: %s", err_text(err));
    if (e->in_tx) {
        e->in_tx = false;
        if (mutant("SEND_BEFORE_COMMIT"))
            release_all(e);
        err = journal_commit(e->journal);
        if (err)
            return engine_fail(e, err, "journal.db: commit failed: %s", err_text(err));
        e->count.commits++;
    }
    witness(e, written, ENGINE_COMMITTED);
    release_all(e);
    witness(e, written, ENGINE_RELEASED);
    return e->failed ? ERR_IO : ERR_OK;
}

static int write_behind(struct engine *e)
{
    int err = ERR_OK;

    if (e->n_dirty >= e->cfg.flush_dirty || map_count(e->aggs) > e->cfg.overlay_max ||
        e->n_unsaved >= ENGINE_UNSAVED_MAX) {
        err = engine_flush(e);
        if (err && err != ERR_AGAIN)
            return err;
        overlay_trim(e);
    }
    err = ERR_OK;
    if (!e->cfg.read_only && journal_wal_pages(e->journal) > ENGINE_LOG_PAGES) {
        err = journal_checkpoint(e->journal, false);
        if (err && err != ERR_BUSY)
            return engine_fail(e, err, "journal.db: checkpoint failed: %s", err_text(err));
    }
    return ERR_OK;
}

/* Law 11: a connection that met an error of the disk refuses everything from then on, and what it
 * refused was perhaps only an answer; nothing more leaves. */
static int check_disks(struct engine *e)
{
    if (db_failed(e->state))
        return engine_fail(e, ERR_IO, "state.db cannot be read: %s", err_text(ERR_IO));
    if (journal_failed(e->journal))
        return engine_fail(e, ERR_IO, "journal.db cannot be read: %s", err_text(ERR_IO));
    return ERR_OK;
}

int engine_turn_end(struct engine *e)
{
    int err;

    if (e->failed)
        return ERR_IO;
    err = check_disks(e);
    if (err)
        return err;
    if (!e->started && !e->cfg.read_only)
        err = first_turn(e);
    if (err)
        return engine_fail(e, err, "the first record of a start cannot be written: %s",
                           err_text(err));
    for (unsigned round = 0; round < ENGINE_ROUNDS_MAX; round++) {
        err = engine_drain(e);
        if (!e->failed)
            err = commit_round(e);
        if (e->failed)
            return err ? err : ERR_IO;
        if (!e->n_queue)
            break;
    }
    e->count.turns++;
    /* Outputs still waiting for durability own memory of this turn: then it must live on. */
    if (!e->n_outs && !e->n_queue) {
        arena_reset(&e->arena);
        e->turn++;
    }
    err = db_read_end(e->state);
    if (err)
        return engine_fail(e, err, "state.db cannot be read: %s", err_text(err));
    err = check_disks(e); /* deliveries are read while they leave */
    return err ? err : write_behind(e);
}

int engine_idle(struct engine *e)
{
    int err;

    if (e->failed)
        return ERR_IO;
    if (e->cfg.read_only || e->in_tx)
        return ERR_OK;
    err = engine_flush(e);
    if (err)
        return err == ERR_AGAIN ? ERR_OK : err;
    if (!journal_wal_pages(e->journal))
        return ERR_OK;
    err = journal_checkpoint(e->journal, true);
    if (err && err != ERR_BUSY)
        return engine_fail(e, err, "journal.db: checkpoint failed: %s", err_text(err));
    return ERR_OK;
}

int engine_restart_all(struct engine *e)
{
    struct input in = {.kind = IN_RESTART};
    int err = ERR_OK;

    for (size_t i = 0; i < e->n_restart && !e->failed; i++) {
        in.to = e->restart[i];
        err = engine_post(e, &in);
    }
    err = e->failed ? err ? err : ERR_IO : ERR_OK;
    free(e->restart);
    e->restart = NULL;
    e->n_restart = e->cap_restart = 0;
    return err;
}

const struct clock *engine_clock(const struct engine *e)
{
    return e->clock;
}

struct arena *engine_arena(struct engine *e)
{
    return &e->arena;
}

struct journal *engine_journal(struct engine *e)
{
    return e->journal;
}

struct db *engine_state(struct engine *e)
{
    return e->state;
}

uint64_t engine_last_lsn(const struct engine *e)
{
    return e->last_lsn;
}

uint64_t engine_durable_lsn(const struct engine *e)
{
    return journal_durable_lsn(e->journal);
}

void engine_get_counters(const struct engine *e, struct engine_counters *ret)
{
    *ret = e->count;
    ret->deliveries_held = deliveries_held(e);
}
