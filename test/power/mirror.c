/* SPDX-License-Identifier: Apache-2.0 */
#include "test/power/mirror.h"

#include "common/engine/engine_int.h"
#include "common/journal/journal_int.h"
#include "common/wire/wire.h"

static int prepare(const struct daemon *d, struct engine *e, struct stmt_set **ret, struct errmsg *why)
{
    const char *sql[DAEMON_DUMPS_MAX + 4];
    unsigned n = 0;

    for (unsigned i = 0; i < d->n_dumps; i++)
        sql[n++] = d->dumps[i].sql;
    for (unsigned i = 0; i < ENGINE_DUMP_COUNT; i++)
        sql[n++] = ENGINE_DUMPS[i].sql;
    return stmt_set_new(engine_state(e), sql, n, ret, why);
}

/* As a replay does it. */
static int take(void *ctx, const struct journal_record *rec)
{
    struct engine *e = ctx;
    struct event *ev;
    int err;

    arena_reset(&e->scratch);
    ev = arena_alloc(&e->scratch, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, &e->scratch, ev, NULL) : ERR_NOMEM;
    if (err)
        return err;
    ev->eid = rec->eid;
    ev->op = rec->op;
    return engine_apply_record(e, rec, ev, false);
}

/* Its own connection to the journal dies with the first power cut; it is fed by hand. */
static int catch_up(struct mirror *m, struct engine *of)
{
    struct journal *j = engine_journal(of);
    int err = journal_read(j, m->e->last_lsn + 1, 0, take, m->e);

    engine_journal(m->e)->durable_lsn = journal_durable_lsn(j);
    return err ? err : engine_flush(m->e);
}

int mirror_follow(struct mirror *m, const struct engine_config *cfg,
                  int (*make)(struct crypto *crypto, struct daemon *ret), struct crypto *crypto,
                  const struct clock *clock, struct rng *rng, struct engine *of, struct errmsg *why)
{
    const struct engine_config mine = {.journal_path = cfg->journal_path, .state_path = ":memory:",
                                       .vfs = cfg->vfs, .read_only = true};
    int err;

    if (m->e)
        return catch_up(m, of);
    err = make(crypto, &m->d);
    if (!err)
        err = engine_open(&mine, &m->d.app, crypto, clock, rng, &m->e, why);
    if (!err)
        err = prepare(&m->d, m->e, &m->sql, why);
    return err ? err : engine_flush(m->e);
}

static int compare_table(struct stmt *a, struct stmt *b)
{
    int ra, rb;

    do {
        ra = stmt_row(a);
        rb = stmt_row(b);
        if (!ra && !rb && !span_eq(stmt_text(a, 0), stmt_text(b, 0)))
            ra = ERR_CORRUPT;
    } while (!ra && !rb);
    (void)stmt_end(a, ERR_OK);
    (void)stmt_end(b, ERR_OK);
    return ra == ERR_NOT_FOUND && rb == ERR_NOT_FOUND ? ERR_OK : ERR_CORRUPT;
}

int mirror_compare(struct mirror *m, struct engine *of, struct errmsg *why)
{
    struct stmt_set *sql = NULL;
    int err = engine_flush(of);

    if (!err && of->applied_lsn != m->e->applied_lsn)
        err = errmsg_set(why, ERR_CORRUPT, "it has not applied all of its journal");
    if (!err)
        err = prepare(&m->d, of, &sql, why);
    for (unsigned i = 0; !err && i < m->d.n_dumps + ENGINE_DUMP_COUNT; i++)
        if (compare_table(stmt_at(sql, i), stmt_at(m->sql, i)))
            err = errmsg_set(why, ERR_CORRUPT, "table %s is not what the journal gives",
                             i < m->d.n_dumps ? m->d.dumps[i].table : ENGINE_DUMPS[i - m->d.n_dumps].table);
    stmt_set_free(sql);
    return err;
}

void mirror_fini(struct mirror *m)
{
    stmt_set_free(m->sql);
    engine_close(m->e);
    daemon_fini(&m->d);
}
