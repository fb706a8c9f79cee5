/* SPDX-License-Identifier: Apache-2.0 */
/* state.db against its journal: what was written behind must be what a rebuild gives. */
#include "common/engine/engine_int.h"

#define ROW_SHOWN 80

const struct engine_dump ENGINE_DUMPS[] = {
    {"party", "SELECT oid || '|' || next_no || '|' || acked_no FROM party ORDER BY oid"},
    {"delivery", "SELECT oid || '|' || number || '|' || lsn || '|' || position FROM delivery"
                 " ORDER BY oid, number"},
    {"peer", "SELECT oid || '|' || handled_no FROM peer ORDER BY oid"},
    {"call",
     "SELECT hex(key) || '|' || hex(digest) || '|' || hex(op) || '|' || answer_lsn || '|' ||"
     " at_ms FROM call ORDER BY key"},
};
const unsigned ENGINE_DUMP_COUNT = sizeof ENGINE_DUMPS / sizeof *ENGINE_DUMPS;

/* One row of each side; *ret_end when both have ended. */
static int compare_row(struct stmt *a, struct stmt *b, const char *table, bool *ret_end,
                       struct errmsg *why)
{
    int ra = stmt_row(a), rb = stmt_row(b);
    struct span left, right;

    *ret_end = ra == ERR_NOT_FOUND && rb == ERR_NOT_FOUND;
    if (*ret_end)
        return ERR_OK;
    if ((ra && ra != ERR_NOT_FOUND) || (rb && rb != ERR_NOT_FOUND))
        return ra && ra != ERR_NOT_FOUND ? ra : rb;
    if (ra || rb) {
        left = stmt_text(ra ? b : a, 0);
        return errmsg_set(why, ERR_CORRUPT, "table %s: row %.*s %s", table,
                          (int)(left.n < ROW_SHOWN ? left.n : ROW_SHOWN), (const char *)left.p,
                          ra ? "is missing" : "should not be there");
    }
    left = stmt_text(a, 0);
    right = stmt_text(b, 0);
    if (span_eq(left, right))
        return ERR_OK;
    return errmsg_set(why, ERR_CORRUPT, "table %s: row %.*s is not what the journal gives", table,
                      (int)(left.n < ROW_SHOWN ? left.n : ROW_SHOWN), (const char *)left.p);
}

static int compare_table(struct db *have, struct db *want, const struct engine_dump *d,
                         struct errmsg *why)
{
    struct stmt_set *a = NULL, *b = NULL;
    bool end = false;
    int err = stmt_set_new(have, &d->sql, 1, &a, why);

    if (!err)
        err = stmt_set_new(want, &d->sql, 1, &b, why);
    while (!err && !end)
        err = compare_row(stmt_at(a, 0), stmt_at(b, 0), d->table, &end, why);
    if (a)
        (void)stmt_end(stmt_at(a, 0), ERR_OK);
    if (b)
        (void)stmt_end(stmt_at(b, 0), ERR_OK);
    stmt_set_free(a);
    stmt_set_free(b);
    return err;
}

static int read_applied(struct db *state, uint64_t *ret, struct errmsg *why)
{
    struct stmt_set *s = NULL;
    int err = stmt_set_new(state, &ENGINE_SQL[ES_META_GET], 1, &s, why);

    if (err)
        return err;
    err = stmt_row(stmt_at(s, 0));
    if (!err)
        *ret = stmt_u64(stmt_at(s, 0), 0);
    err = stmt_end(stmt_at(s, 0), err);
    stmt_set_free(s);
    return err;
}

static int compare_all(struct engine *e, struct db *have, uint64_t applied,
                       const struct engine_dump *dumps, unsigned n_dumps, struct errmsg *why)
{
    const unsigned own = ENGINE_DUMP_COUNT;
    uint64_t now = 0;
    int err = engine_flush(e);

    if (!err && e->last_lsn != applied)
        err =
            errmsg_set(why, ERR_CORRUPT, "it has applied record %llu but the journal ends at %llu",
                       (unsigned long long)applied, (unsigned long long)e->last_lsn);
    for (unsigned i = 0; !err && i < own + n_dumps; i++)
        err = compare_table(have, e->state, i < own ? &ENGINE_DUMPS[i] : &dumps[i - own], why);
    /* Rows may be right where an index over them is not: look-ups of the daemon would go wrong. */
    if (!err)
        err = db_check(have, true, why);
    if (!read_applied(have, &now, why) && now != applied)
        return errmsg_set(why, ERR_AGAIN, "it was written while it was read: try again");
    return err;
}

int engine_verify_state(const struct engine_config *cfg, const struct engine_app *app,
                        struct crypto *crypto, const struct clock *clock, struct rng *rng,
                        const struct engine_dump *dumps, unsigned n_dumps, struct errmsg *why)
{
    struct db_options o = {.vfs = cfg->vfs, .application_id = app->application_id,
                           .sync = DB_SYNC_NORMAL, .read_only = true, .busy_ms = 5000};
    struct engine_config rebuild = *cfg;
    struct engine *e = NULL;
    struct db *have = NULL;
    uint64_t applied = 0;
    int err = db_open(cfg->state_path, &o, &have, why);

    if (!err)
        err = read_applied(have, &applied, why);
    rebuild.state_path = ":memory:";
    rebuild.read_only = true;
    rebuild.stop_at_lsn = applied;
    if (!err && applied) /* nothing was ever written behind: nothing to compare */
        err = engine_open(&rebuild, app, crypto, clock, rng, &e, why);
    if (!err && e)
        err = compare_all(e, have, applied, dumps, n_dumps, why);
    engine_close(e);
    db_close(have);
    return err;
}
