/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of its application: orders, decisions, streams, releases. */
#include "smdp/core_int.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "smdp/domain/replace.h"

#include <stdlib.h>

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
/* An error is none of the stock's words: what cannot be read is not known to be absent. */
static int look_up_stock(struct smdp_core *c, const struct input *in, struct dp_proc_env *pe,
                         struct stock_item *item)
{
    const struct in_call *call = &in->u.call;
    struct dp_scope scope = {.mno = call->party};
    const struct es2_download_profile_request *q = call->msg->body;
    int err = ERR_OK;

    if (call->msg->type != MSG_ES2_DOWNLOAD_PROFILE_REQUEST)
        return ERR_OK;
    if (q->iccid.s[0]) {
        const struct dp_party *p = dp_env_party(c->cfg.env, &call->party);
        if (!p || !dp_env_covers_iccid(p, &q->iccid)) {
            pe->stock =
                DP_ST_ICCID_FOREIGN; /* by the caller's ranges alone: says nothing of the stock */
            return ERR_OK;
        }
        err = dp_store_stock(c->store, &scope, &q->iccid, item);
        pe->stock = err                              ? DP_ST_ICCID_UNKNOWN
                    : stock_gone(item)               ? DP_ST_ICCID_DELETED
                    : item->state != STOCK_AVAILABLE ? DP_ST_ICCID_IN_USE
                    : q->profile_type.n && !span_eq(q->profile_type, span_str(item->profile_type))
                        ? DP_ST_TYPE_MISMATCH
                        : ST_OK;
    } else if (q->profile_type.n) {
        err = dp_store_pick(c->store, &call->party, q->profile_type, item);
        pe->stock = err == ERR_OK     ? ST_OK
                    : err == ERR_FULL ? DP_ST_TYPE_EMPTY
                                      : DP_ST_TYPE_UNKNOWN;
    } else {
        pe->stock = DP_ST_NO_PROFILE_NAMED;
    }
    pe->item = item;
    pe->card_busy = dp_store_card_busy(c->store, &q->eid, &pe->new_op);
    return err == ERR_NOT_FOUND || err == ERR_FULL ? ERR_OK : err;
}

/* What is replaced, and the item of its type that takes its place. */
static int look_up_replaced(struct smdp_core *c, const struct in_call *call, struct plan *p,
                            struct dp_proc_env *pe, struct stock_item *item)
{
    const struct admin_profile_replace_request *q = call->msg->body;
    struct dp_scope scope = {.mno = call->party};
    struct dp_replaced *r = arena_alloc(p->arena, sizeof *r);
    int err = r ? ERR_OK : ERR_NOMEM;

    if (!err) {
        r->wanted = q->old_iccid;
        err = dp_store_of_card(c->store, &scope, &q->old_eid, dp_replaced_see, r);
    }
    if (err)
        return err;
    pe->stock = dp_replaced_judge(r, &pe->old);
    if (!pe->stock && dp_store_order_live(c->store, &pe->old->successor))
        pe->stock = DP_ST_REPLACING;
    if (pe->stock)
        return ERR_OK;
    err = dp_store_pick(c->store, &call->party, span_str(pe->old->profile_type), item);
    pe->stock = err == ERR_OK     ? ST_OK
                : err == ERR_FULL ? DP_ST_TYPE_EMPTY
                                  : DP_ST_TYPE_UNKNOWN;
    pe->item = item;
    pe->card_busy = dp_store_card_busy(c->store, &q->new_eid, &pe->new_op);
    return err == ERR_NOT_FOUND || err == ERR_FULL ? ERR_OK : err;
}

static int look_up_call(struct smdp_core *c, const struct input *in, struct plan *p,
                        struct dp_proc_env *pe, struct stock_item *item)
{
    int err = in->u.call.msg->type == MSG_ADMIN_PROFILE_REPLACE_REQUEST
                  ? look_up_replaced(c, &in->u.call, p, pe, item)
                  : look_up_stock(c, in, pe, item);

    if (!err && pe->item)
        dp_store_level(c->store, &item->mno, item->profile_type, &pe->left, &pe->told_below);
    return err;
}

static int look_up(struct smdp_core *c, const struct order *o, const struct input *in,
                   struct plan *p, struct dp_proc_env *pe, struct stock_item *item)
{
    struct dp_scope scope = {0};
    int err;

    memset(pe, 0, sizeof *pe);
    memset(item, 0, sizeof *item);
    pe->env = c->cfg.env;
    memcpy(pe->new_op.b, in->to.id, sizeof pe->new_op.b);
    pe->orders_full = dp_store_live(c->store) >= c->cfg.env->orders_max;
    pe->disk_full = !engine_has_room(c->engine);
    if (!o)
        return in->kind == IN_CALL ? look_up_call(c, in, p, pe, item) : ERR_OK;
    scope.mno = o->mno;
    err = dp_store_stock(c->store, &scope, &o->iccid, item);
    if (err && err != ERR_NOT_FOUND)
        return err;
    pe->item = err ? NULL : item;
    if (order_installs(o->function) && o->state == ORDER_WAITING)
        pe->card_busy = dp_store_card_busy(c->store, &o->eid, &o->id);
    if (o->has_card_key) {
        const struct smdp_identity *id = dp_core_identity(c, (enum curve)o->curve);
        pe->cert = id ? id->cert : (struct span){NULL, 0};
    }
    return ERR_OK;
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
    err = look_up(c, obj, in, plan, &pe, item);
    if (!err)
        err = dp_order_decide(&pe, obj, in, plan);
    if (!err)
        err = plan->err;
    if (!err)
        err = run_jobs(c, obj, plan);
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

static void app_trouble(void *ctx, const struct mbox *key, int err)
{
    const struct smdp_core *c = ctx;
    struct uuid order = {{0}};

    if (key->kind == MBOX_ORDER)
        memcpy(order.b, key->id, sizeof order.b);
    if (c->cfg.on_trouble)
        c->cfg.on_trouble(c->cfg.ctx, &order, err);
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
