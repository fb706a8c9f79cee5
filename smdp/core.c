/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of the SM-DP, and the life of the core. */
#include "smdp/core_int.h"

#include "common/msg/es2.h"

#include <stdlib.h>

#define DUE_BATCH  256u  /* timers of one turn */
#define STOCK_HELD 4096u /* stock entries in memory above which state.db is written */

static struct order *order_of(void *obj)
{
    return obj;
}

/* --- engine_app: storage --- */
static int app_open(void *ctx, struct db *state, struct errmsg *why)
{
    return dp_store_open(((struct smdp_core *)ctx)->store, state, why);
}

static void app_close(void *ctx)
{
    dp_store_close(((struct smdp_core *)ctx)->store);
}

static int app_load(void *ctx, struct db *state, const struct mbox *key, void **ret_obj)
{
    struct order *o = NULL;
    int err = dp_store_load(((struct smdp_core *)ctx)->store, key, &o);

    (void)state;
    *ret_obj = o;
    return err;
}

static int app_save_rest(void *ctx, struct db *state)
{
    (void)state;
    return dp_store_save_rest(((struct smdp_core *)ctx)->store);
}

static int app_save(void *ctx, struct db *state, const struct mbox *key, const void *obj)
{
    (void)state;
    (void)key;
    return obj ? dp_store_save(((struct smdp_core *)ctx)->store, obj) : ERR_OK;
}

static void app_drop(void *ctx, void *obj)
{
    (void)ctx;
    free(obj);
}

static int64_t app_due(void *ctx, const void *obj)
{
    const struct order *o = obj;

    (void)ctx;
    return order_live(o) ? o->due_ms : 0;
}

static int app_scan(void *ctx, struct db *state,
                    int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms), void *cb_ctx)
{
    (void)state;
    return dp_store_scan(((struct smdp_core *)ctx)->store, cb, cb_ctx);
}

static void app_flushed(void *ctx, uint64_t lsn)
{
    (void)lsn;
    dp_store_flushed(((struct smdp_core *)ctx)->store);
}

/* --- engine_app: records --- */
static void app_route(void *ctx, const struct journal_record *rec, const struct event *ev,
                      struct mbox *ret)
{
    (void)ctx;
    (void)rec;
    switch (ev->type) {
    case EV_ORDER_ACCEPTED:
    case EV_ORDER_ADVANCED:
    case EV_ORDER_IN_DOUBT:
    case EV_ORDER_CONCLUDED:
    case EV_PROFILE_INSTALLED:
        order_mbox(&ev->op, ret);
        return;
    default:
        ret->kind = MBOX_HOUSE;
        return;
    }
}

static uint32_t app_stream(void *ctx, const struct event *ev, const struct input *in)
{
    const struct smdp_core *c = ctx;
    const struct dp_party *p = ev->mno.s[0] ? dp_env_party(c->cfg.env, &ev->mno) : NULL;

    (void)in;
    return p ? p->number : 0;
}

static int app_apply(void *ctx, const struct journal_record *rec, const struct event *ev,
                     void **obj)
{
    struct smdp_core *c = ctx;
    struct order *o = *obj;
    struct mbox key = {.kind = MBOX_HOUSE};
    int err = dp_store_apply(c->store, rec->lsn, ev);

    app_route(ctx, rec, ev, &key);
    if (err || key.kind == MBOX_HOUSE)
        return err;
    err = order_apply(&o, rec->at_ms, ev);
    *obj = o;
    if (!err)
        err = dp_store_order(c->store, o);
    if (err)
        return err;
    /* What only the running attempt needs. */
    if (o->state != ORDER_KEYSET && o->state != ORDER_LOAD)
        dp_core_bench_drop(c, &o->id);
    if (!order_live(o))
        dp_core_forget_call(c, &o->id);
    return ERR_OK;
}

/* --- engine_app: decisions --- */
static void look_up_stock(struct smdp_core *c, const struct input *in, struct dp_proc_env *pe,
                          struct stock_item *item)
{
    const struct in_call *call = &in->u.call;
    struct dp_scope scope = {.mno = call->party};
    const struct es2_download_profile_request *q = call->msg->body;
    int err;

    if (call->msg->type != MSG_ES2_DOWNLOAD_PROFILE_REQUEST)
        return;
    if (q->iccid.s[0]) {
        const struct dp_party *p = dp_env_party(c->cfg.env, &call->party);
        if (!p || !dp_env_covers_iccid(p, &q->iccid)) {
            pe->stock =
                DP_ST_ICCID_FOREIGN; /* by the caller's ranges alone: says nothing of the stock */
            return;
        }
        err = dp_store_stock(c->store, &scope, &q->iccid, item);
        pe->stock = err                              ? DP_ST_ICCID_UNKNOWN
                    : item->state == STOCK_DELETED   ? DP_ST_ICCID_DELETED
                    : item->state != STOCK_AVAILABLE ? DP_ST_ICCID_IN_USE
                    : q->profile_type.n && !span_eq(q->profile_type, span_str(item->profile_type))
                        ? DP_ST_TYPE_MISMATCH
                        : DP_ST_OK;
    } else if (q->profile_type.n) {
        err = dp_store_pick(c->store, &call->party, q->profile_type, item);
        pe->stock = err == ERR_OK     ? DP_ST_OK
                    : err == ERR_FULL ? DP_ST_TYPE_EMPTY
                                      : DP_ST_TYPE_UNKNOWN;
    } else {
        pe->stock = DP_ST_NO_PROFILE_NAMED;
    }
    pe->item = item;
    pe->card_busy = dp_store_card_busy(c->store, &q->eid, &pe->new_op);
}

static void look_up(struct smdp_core *c, const struct order *o, const struct input *in,
                    struct dp_proc_env *pe, struct stock_item *item)
{
    memset(pe, 0, sizeof *pe);
    memset(item, 0, sizeof *item);
    pe->env = c->cfg.env;
    memcpy(pe->new_op.b, in->to.id, sizeof pe->new_op.b);
    pe->orders_full = dp_store_live(c->store) >= c->cfg.env->orders_max;
    pe->disk_full = !engine_has_room(c->engine);
    if (!o) {
        if (in->kind == IN_CALL)
            look_up_stock(c, in, pe, item);
        return;
    }
    struct dp_scope scope = {.mno = o->mno};
    if (dp_store_stock(c->store, &scope, &o->iccid, item) == ERR_OK)
        pe->item = item;
    if (o->function == FN_DOWNLOAD_PROFILE && o->state == ORDER_WAITING)
        pe->card_busy = dp_store_card_busy(c->store, &o->eid, &o->id);
    if (o->has_card_key) {
        const struct smdp_identity *id = dp_core_identity(c, (enum curve)o->curve);
        pe->cert = id ? id->cert : (struct span){NULL, 0};
    }
}

/* Jobs are taken out of the plan: nothing leaves by them, and the soft keystore ends them in this
 * turn. */
static int run_jobs(struct smdp_core *c, const struct order *o, struct plan *p)
{
    unsigned kept = 0;
    int err = ERR_OK;

    for (unsigned i = 0; i < p->n_outs; i++) {
        if (p->outs[i].kind != DP_OUT_JOB)
            p->outs[kept++] = p->outs[i];
        else if (!err && o)
            err = dp_core_job(c, o, p->outs[i].body);
    }
    p->n_outs = kept;
    return err;
}

static int app_decide(void *ctx, void *obj, const struct input *in, struct plan *plan)
{
    struct smdp_core *c = ctx;
    struct stock_item *item = arena_alloc(plan->arena, sizeof *item);
    struct dp_proc_env pe;
    int err;

    if (!item)
        return ERR_NOMEM;
    look_up(c, obj, in, &pe, item);
    err = dp_order_decide(&pe, obj, in, plan);
    if (!err)
        err = plan->err;
    if (!err)
        err = run_jobs(c, order_of(obj), plan);
    return err ? err : dp_api_finish_plan(c->api, plan);
}

static int app_arm(void *ctx, const void *obj, const struct card_unit *unit, struct plan *plan)
{
    (void)ctx;
    (void)obj;
    (void)unit;
    (void)plan;
    return ERR_INTERNAL; /* an SM-DP sends no packets to cards */
}

/* --- engine_app: what leaves --- */
static void app_release(void *ctx, const struct plan_out *out, uint64_t lsn)
{
    struct smdp_core *c = ctx;

    (void)lsn;
    switch (out->kind) {
    case DP_OUT_REPLY:
        dp_api_reply(c->api, out->body);
        return;
    case DP_OUT_ANSWER:
        dp_api_answer(c->api, out->body);
        return;
    case DP_OUT_CALL:
        dp_core_call(c, out->body);
        return;
    case DP_OUT_REPEAT:
        dp_core_repeat(c, out->body);
        return;
    default:
        return;
    }
}

static void app_deliver(void *ctx, uint64_t conn, const struct event *ev, unsigned index)
{
    dp_api_deliver(((struct smdp_core *)ctx)->api, conn, ev, index);
}

static void app_peer_ack(void *ctx, const struct oid *peer, uint64_t number)
{
    struct smdp_core *c = ctx;
    c->cfg.link.ack(c->cfg.link.ctx, peer, number);
}

/* --- counters --- */
static unsigned counters(void *ctx, struct admin_counter *ret, unsigned max)
{
    const struct smdp_core *c = ctx;
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"es3_calls", c->count.calls},
        {"es3_calls_again", c->count.calls_again},
        {"es3_waiting", map_count(c->by_order) + c->n_reads},
        {"es3_answers", c->count.answers},
        {"es3_answers_unmatched", c->count.answers_unmatched},
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
    return c->cfg.rss ? c->cfg.rss(c->cfg.rss_ctx) : 0;
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

static void app_trouble(void *ctx, const struct mbox *key, int err)
{
    const struct smdp_core *c = ctx;
    struct uuid order = {{0}};

    if (key->kind == MBOX_ORDER)
        memcpy(order.b, key->id, sizeof order.b);
    if (c->cfg.on_trouble)
        c->cfg.on_trouble(&order, err);
}

struct engine_app dp_core_app(struct smdp_core *c)
{
    return (struct engine_app){.ctx = c,
                               .migrations = DP_STORE_MIGRATIONS,
                               .n_migrations = DP_STORE_MIGRATION_COUNT,
                               .application_id = DP_STORE_APPLICATION_ID,
                               .program = "smdp",
                               .version = c->cfg.version,
                               .open = app_open,
                               .close = app_close,
                               .load = app_load,
                               .save_rest = app_save_rest,
                               .save = app_save,
                               .drop = app_drop,
                               .due = app_due,
                               .decide = app_decide,
                               .arm = app_arm,
                               .route = app_route,
                               .stream = app_stream,
                               .apply = app_apply,
                               .scan = app_scan,
                               .release = app_release,
                               .deliver = app_deliver,
                               .peer_ack = app_peer_ack,
                               .trouble = app_trouble,
                               .flushed = app_flushed};
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
        err = engine_restart_all(c->engine);
    if (!err)
        err = smdp_core_turn_end(c);
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
    int64_t now = clock_wall_ms(c->cfg.clock);

    due = reads < due ? reads : due;
    return due == INT64_MAX ? -1 : clock_mono_ms(c->cfg.clock) + (due > now ? due - now : 0);
}

int smdp_core_run_due(struct smdp_core *c)
{
    dp_core_reads_expire(c);
    return engine_run_due(c->engine, DUE_BATCH);
}

int smdp_core_turn_end(struct smdp_core *c)
{
    int err = engine_turn_end(c->engine);

    if (!err && dp_store_unflushed(c->store) > STOCK_HELD)
        err = engine_flush(c->engine);
    return err == ERR_AGAIN ? ERR_OK : err;
}

int smdp_core_idle(struct smdp_core *c)
{
    return engine_idle(c->engine);
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
