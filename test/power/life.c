/* SPDX-License-Identifier: Apache-2.0 */
#include "test/power/life.h"

#include "common/journal/journal_int.h"
#include "test/power/mirror.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPERATIONS_MAX 110u /* that change the disk, until the power fails */

struct life {
    const struct power_plan *p;
    struct power_tally *t;
    uint64_t seed;
    struct memvfs *disk;
    struct crypto *crypto;
    struct rng rng, id_rng;
    struct clock clock;
    struct daemon d;
    struct mirror mirror;
    struct engine *e;
    size_t next;          /* row of the script that is written next */
    uint64_t told;        /* lsn of the last thing that left, or was acknowledged */
    struct journal_head heads[POWER_HEADS]; /* as they were told */
    size_t n_heads;
    uint64_t checked;     /* records up to here were compared with the script */
    unsigned states;      /* state.db was moved away so often */
    char state[32];
    bool failed;
};

static void say(struct life *l, uint64_t *what, const char *text)
{
    ++*what;
    l->failed = true;
    if (!l->t->first_bad_seed)
        l->t->first_bad_seed = l->seed;
    if (l->p->say)
        printf("seed %" PRIu64 " cut %" PRIu64 ": %s\n", l->seed, l->t->cuts, text);
}

/* --- the application: the daemon's, but rows of the script stand for decisions --- */
static struct life *living; /* the ports of an engine_app have the core as context, not the life */

static int write_row(const struct life *l, size_t i, struct plan *p)
{
    struct event *ev = plan_record(p, l->p->script->rows[i].type);

    return script_event(l->p->script, i, p->arena, ev);
}

static int decide(void *ctx, void *obj, const struct input *in, struct plan *p)
{
    uint64_t row = in->u.carrier.counter;

    (void)ctx;
    (void)obj;
    plan_out(p, 1, &row, sizeof row);
    return write_row(living, row, p);
}

static uint32_t stream(void *ctx, const struct event *ev, const struct input *in)
{
    (void)ctx;
    (void)in;
    return ev->type == EV_ADMIN_STARTED ? 0 : living->p->script->rows[living->next].stream;
}

static void release(void *ctx, const struct plan_out *out, uint64_t lsn)
{
    (void)ctx;
    (void)out;
    if (lsn > living->told)
        living->told = lsn;
}

static void deliver(void *ctx, uint64_t conn, const struct event *ev, unsigned index)
{
    (void)ctx;
    (void)conn;
    (void)ev;
    (void)index;
}

static int64_t now(void *ctx)
{
    const struct life *l = ctx;
    size_t i = l->next < l->p->script->n ? l->next : l->p->script->n - 1;

    return l->p->script->rows[i].at_ms;
}

static int open_engine(struct life *l, struct errmsg *why)
{
    struct engine_config cfg = {.journal_path = POWER_JOURNAL, .state_path = l->state,
                                .vfs = memvfs_name(l->disk),
                                .overlay_max = 2 + (size_t)rng_below(&l->rng, 30),
                                .flush_dirty = 1 + (size_t)rng_below(&l->rng, 8)};
    struct engine_app app;
    int err = l->p->make(l->crypto, &l->d);

    app = l->d.app;
    app.decide = decide;
    app.stream = stream;
    app.release = release;
    app.deliver = deliver;
    if (!err)
        err = engine_open(&cfg, &app, l->crypto, &l->clock, &l->id_rng, &l->e, why);
    if (!err && l->p->normal)
        err = db_exec(engine_journal(l->e)->db, "PRAGMA synchronous=NORMAL");
    if (!l->e)
        daemon_fini(&l->d);
    return err;
}

static void close_engine(struct life *l)
{
    engine_close(l->e);
    l->e = NULL;
    daemon_fini(&l->d);
}

/* --- living --- */
static int post_row(struct life *l)
{
    const struct script_row *r = &l->p->script->rows[l->next];
    struct input in = {.kind = IN_CARRIER, .to = r->to, .u.carrier.counter = l->next};
    struct plan *p;
    int err;

    if (r->to.kind != MBOX_HOUSE)
        return engine_post(l->e, &in);
    p = engine_plan_begin(l->e);
    err = p ? write_row(l, l->next, p) : ERR_NOMEM;
    return err ? err : engine_plan_end(l->e, p, &r->to);
}

static int keep_head(void *ctx, const struct journal_head *head)
{
    struct life *l = ctx;

    if (l->n_heads == POWER_HEADS)
        return ERR_FULL;
    l->heads[l->n_heads++] = *head;
    return ERR_OK;
}

static int care(struct life *l)
{
    int err = ERR_OK;

    if (rng_below(&l->rng, 5) == 0)
        err = engine_flush(l->e);
    if (!err && rng_below(&l->rng, 6) == 0)
        err = engine_idle(l->e);
    if (!err && rng_below(&l->rng, 6) == 0)
        err = db_checkpoint(engine_state(l->e), rng_below(&l->rng, 2) == 0);
    return err;
}

static int turn(struct life *l)
{
    uint64_t n = 1 + rng_below(&l->rng, 6);
    int err = ERR_OK;

    for (uint64_t i = 0; !err && i < n && l->next < l->p->script->n; i++) {
        err = post_row(l);
        l->next++;
    }
    if (!err)
        err = engine_turn_end(l->e);
    if (!err) {
        l->told = engine_durable_lsn(l->e);
        l->n_heads = 0;
        err = journal_heads(engine_journal(l->e), keep_head, l);
        l->t->turns++;
    }
    return err;
}

/* Until the power fails; at the end of the script it fails while nothing is done. */
static void live(struct life *l)
{
    int err = ERR_OK;

    while (!err && !memvfs_is_cut(l->disk) && l->next < l->p->script->n)
        err = turn(l) ? ERR_IO : care(l);
    if (err && !memvfs_is_cut(l->disk)) {
        printf("%s\n", engine_why(l->e));
        say(l, &l->t->broken, "the engine stopped without a reason");
    }
    l->t->at_rest += !memvfs_is_cut(l->disk);
}

/* --- after the cut --- */
struct reading {
    struct life *l;
    size_t row;
    struct arena mem;
};

/* What survived is the beginning of the script, each record whole. */
static int compare(void *ctx, const struct journal_record *rec)
{
    struct reading *r = ctx;
    const struct script *s = r->l->p->script;
    enum event_type type = event_type_parse(rec->type);

    r->l->checked = rec->lsn;
    if (type == EV_ADMIN_STARTED)
        return ERR_OK;
    if (r->row >= s->n || s->rows[r->row].type != type || !span_eq(s->rows[r->row].body, rec->body) ||
        !eid_eq(&s->rows[r->row].eid, &rec->eid) || !uuid_eq(&s->rows[r->row].op, &rec->op) ||
        s->rows[r->row].stream != rec->stream)
        return ERR_CORRUPT;
    r->row++;
    return ERR_OK;
}

struct ids {
    size_t n, wrong, rows;
};

static int one_secret(void *ctx, struct span id, uint32_t kek_version)
{
    struct ids *s = ctx;
    size_t i = 0;

    s->n++;
    for (size_t k = 4; k < id.n; k++)
        i = i * 10 + (size_t)(id.p[k] - '0');
    s->wrong += kek_version != 1 || !script_secret_stands(i, s->rows);
    return ERR_OK;
}

static void check_secrets(struct life *l)
{
    struct ids s = {.rows = l->next};
    size_t expected = 0;

    for (size_t i = 0; i < l->next; i++)
        expected += script_secret_stands(i, l->next);
    if (journal_secret_each(engine_journal(l->e), one_secret, &s) || s.wrong || s.n != expected)
        say(l, &l->t->split, "a secret is there without its record, or the record without it");
}

static void check_log(struct life *l)
{
    struct reading r = {.l = l};
    struct journal_report rep;
    uint64_t last = journal_last_lsn(engine_journal(l->e));

    if (last < l->told)
        say(l, &l->t->lost, "a record is lost that was told of");
    if (journal_read(engine_journal(l->e), 1, 0, compare, &r))
        say(l, &l->t->torn, "what stands in the log is not what was written");
    l->next = r.row;
    check_secrets(l);
    if (journal_verify(POWER_JOURNAL, memvfs_name(l->disk), l->crypto, l->heads,
                       l->failed ? 0 : l->n_heads, &rep) != ERR_OK || rep.records != last) {
        printf("%s\n", rep.why.text);
        say(l, &l->t->torn, "the chain does not verify");
    }
}

/* At each cut against a rebuild that keeps up, at the end of a life against one from the first record. */
static void check_state(struct life *l, bool from_scratch)
{
    const struct engine_config cfg = {.journal_path = POWER_JOURNAL, .vfs = memvfs_name(l->disk)};
    struct errmsg why = {""};
    int err = mirror_follow(&l->mirror, &cfg, l->p->make, l->crypto, &l->clock, &l->id_rng, l->e, &why);

    if (!err)
        err = mirror_compare(&l->mirror, l->e, &why);
    if (!err && from_scratch)
        err = l->d.verify_state(memvfs_name(l->disk), POWER_JOURNAL, l->state, &why);
    if (err) {
        printf("state.db: %s\n", why.text);
        say(l, &l->t->differs, "state.db is not what its journal gives");
    }
}

/* state.db is a projection: it may be moved away, and the next start rebuilds it. */
static void move_state(struct life *l)
{
    (void)snprintf(l->state, sizeof l->state, "/p/state-%u.db", l->states++);
    l->t->rebuilt += l->states > 1;
}

static void cut(struct life *l)
{
    close_engine(l);
    memvfs_crash(l->disk, MEMVFS_ANY, NULL);
    l->t->cuts++;
    l->t->told += l->told > 0;
    if (rng_below(&l->rng, 10) == 0)
        move_state(l);
}

/* One start, sometimes cut short itself. */
static bool start(struct life *l, uint64_t until)
{
    struct errmsg why = {""};

    while (l->t->cuts < until && rng_below(&l->rng, 5) == 0) {
        memvfs_cut_after(l->disk, 1 + rng_below(&l->rng, 40));
        if (open_engine(l, &why) && !memvfs_is_cut(l->disk))
            break;
        l->t->cut_starts++;
        if (l->e)
            memvfs_cut_now(l->disk);
        cut(l);
    }
    memvfs_cut_after(l->disk, 0);
    if (l->e || !open_engine(l, &why))
        return true;
    printf("%s\n", why.text);
    say(l, &l->t->broken, "the daemon does not start again");
    return false;
}

static void init(struct life *l)
{
    l->crypto = crypto_new(NULL);
    l->clock = (struct clock){now, now, l, NULL};
    rng_init_seeded(&l->rng, l->seed * 3 + 1);
    rng_init_seeded(&l->id_rng, l->seed * 5 + 2);
    living = l;
    move_state(l);
}

static void fini(struct life *l)
{
    close_engine(l);
    mirror_fini(&l->mirror);
    crypto_free(l->crypto);
    living = NULL;
}

void power_write(const struct power_plan *p, struct memvfs *disk, size_t rows,
                 struct journal_head heads[POWER_HEADS], size_t *ret_n)
{
    struct power_tally t = {0};
    struct life l = {.p = p, .t = &t, .seed = 1, .disk = disk};
    struct errmsg why = {""};

    init(&l);
    if (open_engine(&l, &why))
        abort();
    while (l.next < rows && l.next < p->script->n)
        if (turn(&l) || (l.next < rows / 2 && care(&l)))
            abort();
    if (engine_flush(l.e))
        abort();
    memvfs_crash(disk, MEMVFS_KEEP, NULL); /* a close would empty the log files */
    memcpy(heads, l.heads, sizeof l.heads);
    *ret_n = l.n_heads;
    fini(&l);
}

void power_life(const struct power_plan *p, uint64_t seed, uint64_t n, struct power_tally *t)
{
    struct life l = {.p = p, .t = t, .seed = seed};
    uint64_t until = t->cuts + n;

    l.disk = memvfs_register(p->name, seed);
    init(&l);
    if (start(&l, 0)) {
        while (!l.failed && t->cuts < until && l.next < p->script->n) {
            memvfs_cut_after(l.disk, 1 + rng_below(&l.rng, OPERATIONS_MAX));
            live(&l);
            cut(&l);
            if (!start(&l, until))
                break;
            check_log(&l);
            check_state(&l, t->cuts >= until || l.next == p->script->n);
        }
    }
    t->records += l.checked;
    fini(&l);
    memvfs_free(l.disk);
}
