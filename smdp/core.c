/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the core and its turn. */
#include "smdp/core_int.h"

#include <stdlib.h>

#define DUE_BATCH  256u  /* timers of one turn */
#define STOCK_HELD 4096u /* stock entries in memory above which state.db is written */

/* --- counters --- */
static unsigned counters(void *ctx, struct admin_counter *ret, unsigned max)
{
    const struct smdp_core *c = ctx;
    const struct peer_calls_count *n_calls = peer_calls_count(c->calls);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"es3_calls", n_calls->sent},
        {"es3_calls_again", n_calls->again},
        {"es3_waiting", peer_calls_waiting(c->calls)},
        {"es3_answers", n_calls->answers},
        {"es3_answers_unmatched", n_calls->unmatched},
        {"es3_answers_lost", n_calls->lost},
        {"es3_notices", c->count.notices},
        {"es3_notices_unknown", c->count.notices_unknown},
        {"key_jobs", c->count.jobs},
        {"key_jobs_failed", c->count.job_errors},
        {"packages_in_memory", c->n_loads},
    };
    unsigned n = 0;

    for (; n < sizeof rows / sizeof *rows && n < max; n++)
        ret[n] = (struct admin_counter){span_str(rows[n].name), rows[n].value};
    return n;
}

static uint64_t rss(void *ctx)
{
    const struct smdp_core *c = ctx;
    return c->cfg.rss ? c->cfg.rss(c->cfg.ctx) : 0;
}

/* --- life --- */
static int name_tenants(struct smdp_core *c)
{
    struct mbox house = {.kind = MBOX_HOUSE};
    struct dp_env *env = c->cfg.env;

    for (unsigned i = 0; i < env->n_parties; i++) {
        struct dp_party *p = &env->parties[i];
        struct plan *plan;
        struct event *ev;
        int err;
        p->number = dp_store_tenant(c->store, p->tenant);
        if (p->number || !p->tenant[0])
            continue;
        plan = engine_plan_begin(c->engine);
        if (!plan)
            return ERR_NOMEM;
        ev = plan_record(plan, EV_ADMIN_TENANT_ADDED);
        ev->number = dp_store_next_tenant(c->store);
        ev->text = span_str(p->tenant);
        p->number = (uint32_t)ev->number;
        err = engine_plan_end(c->engine, plan, &house);
        if (err)
            return err;
    }
    return ERR_OK;
}

/* A threshold that is new, over a stock that is under it already. */
static int ran_low(void *ctx, const struct dp_level *l)
{
    struct smdp_core *c = ctx;
    struct mbox house = {.kind = MBOX_HOUSE};
    unsigned below = dp_env_low(c->cfg.env, &l->mno, l->profile_type);
    struct plan *p;
    struct event *ev;

    if (l->below || l->state[STOCK_AVAILABLE] >= below)
        return ERR_OK;
    p = engine_plan_begin(c->engine);
    if (!p)
        return ERR_NOMEM;
    ev = plan_record(p, EV_STOCK_RAN_LOW);
    ev->mno = l->mno;
    ev->profile_type = span_str(l->profile_type);
    ev->number = l->state[STOCK_AVAILABLE];
    ev->counter = below;
    return engine_plan_end(c->engine, p, &house);
}

static int open_engine(struct smdp_core *c, struct errmsg *why)
{
    const struct engine_app app = dp_core_app(c);
    const struct engine_config cfg = {.journal_path = c->cfg.journal_path,
                                      .state_path = c->cfg.state_path,
                                      .vfs = c->cfg.vfs,
                                      .overlay_max = c->cfg.overlay_max,
                                      .flush_dirty = c->cfg.flush_dirty,
                                      .space = c->cfg.space,
                                      .min_free_bytes = c->cfg.min_free_bytes,
                                      .witness = c->cfg.witness};

    int err = engine_open(&cfg, &app, c->cfg.crypto, c->cfg.clock, c->cfg.rng, &c->engine, why);

    if (!err)
        c->cfg.clock = engine_clock(c->engine);
    return err;
}

static int turn_end(struct smdp_core *c)
{
    int err = engine_turn_end(c->engine);

    if (!err && dp_store_unflushed(c->store) > STOCK_HELD)
        err = engine_flush(c->engine);
    return err == ERR_AGAIN ? ERR_OK : err;
}

static int start(struct smdp_core *c, struct errmsg *why)
{
    struct dp_api_config api = {.store = c->store,
                                .crypto = c->cfg.crypto,
                                .keystore = c->cfg.keystore,
                                .rng = c->cfg.rng,
                                .env = c->cfg.env,
                                .version = c->cfg.version,
                                .read_eis = dp_core_read,
                                .counters = counters,
                                .rss = rss,
                                .ctx = c};
    int err = open_engine(c, why);

    if (err)
        return err;
    api.engine = c->engine;
    api.clock = c->cfg.clock;
    c->api = dp_api_new(&api);
    err = c->api ? name_tenants(c) : ERR_NOMEM;
    if (!err)
        err = dp_store_kinds(c->store, ran_low, c);
    if (!err)
        err = engine_restart_all(c->engine);
    if (!err)
        err = turn_end(c);
    if (err)
        (void)errmsg_set(why, err, "%s",
                         engine_failed(c->engine) ? engine_why(c->engine) : err_text(err));
    return err;
}

int smdp_core_new(const struct smdp_core_config *cfg, struct smdp_core **ret, struct errmsg *why)
{
    struct smdp_core *c = calloc(1, sizeof *c);
    int err;

    *ret = NULL;
    if (!c)
        return ERR_NOMEM;
    c->cfg = *cfg;
    c->store = dp_store_new();
    list_init(&c->waiting);
    list_init(&c->key_waits);
    c->benches = map_new(0);
    err = c->store && c->benches ? dp_core_links_init(c) : ERR_NOMEM;
    if (!err)
        err = start(c, why);
    if (err) {
        smdp_core_free(c);
        return err;
    }
    *ret = c;
    return ERR_OK;
}

void smdp_core_free(struct smdp_core *c)
{
    if (!c)
        return;
    dp_api_free(c->api);
    engine_close(c->engine);
    dp_core_links_fini(c);
    dp_core_keys_fini(c);
    dp_core_jobs_fini(c);
    dp_store_free(c->store);
    free(c);
}

struct rpc_handler smdp_core_handler(struct smdp_core *c)
{
    return dp_api_handler(c->api);
}

void smdp_core_stop(struct smdp_core *c)
{
    dp_api_stop(c->api);
}

int64_t smdp_core_due(struct smdp_core *c)
{
    int64_t due = engine_next_due(c->engine), reads = dp_core_reads_due(c);
    int64_t now = clock_wall_ms(c->cfg.clock), mono = clock_mono_ms(c->cfg.clock);
    int64_t keys = dp_core_keys_due(c);

    due = reads < due ? reads : due;
    if (due != INT64_MAX)
        due = mono + (due > now ? due - now : 0);
    due = keys < due ? keys : due;
    return due == INT64_MAX ? -1 : due;
}

int smdp_core_turn(struct smdp_core *c)
{
    int err;

    dp_core_reads_expire(c);
    dp_core_keys_run(c);
    err = engine_run_due(c->engine, DUE_BATCH);
    /* A decision that could not be carried out left no trace; only a failed engine is the end. */
    return err && engine_failed(c->engine) ? err : turn_end(c);
}

int smdp_core_idle(struct smdp_core *c)
{
    int err = engine_idle(c->engine);

    return err && engine_failed(c->engine) ? err : ERR_OK;
}

bool smdp_core_failed(const struct smdp_core *c)
{
    return engine_failed(c->engine);
}

const char *smdp_core_why(const struct smdp_core *c)
{
    return engine_why(c->engine);
}

struct engine *smdp_core_engine(struct smdp_core *c)
{
    return c->engine;
}

struct dp_store *smdp_core_store(struct smdp_core *c)
{
    return c->store;
}
