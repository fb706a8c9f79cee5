/* SPDX-License-Identifier: Apache-2.0 */
/* Our own interface (common/msg/admin.h): orders, stock, log and status, each for what the caller
 * may see. Pages are bounded so that each fits into one frame. */
#include "smdp/api/api_int.h"

#include "smdp/proc/procs.h"

#include "common/daemon/log_view.h"

#define ORDERS_PAGE   256u
#define PROFILES_PAGE 1024u
#define COUNTERS_MAX  64u

static unsigned page(uint32_t asked, unsigned most)
{
    return asked && asked < most ? asked : most;
}

static void broken(struct request *q)
{
    dp_request_refuse(q, DP_ST_BUSY, "the answer cannot be made now");
}

/* Lists come from state.db: what is durable and not there yet is written first. */
static bool flushed(struct request *q)
{
    int err = engine_flush(q->a->cfg.engine);
    return !err || err == ERR_AGAIN;
}

static struct span copy(struct request *q, const char *s)
{
    return s[0] ? span_str(arena_str(dp_request_memory(q), span_str(s))) : (struct span){NULL, 0};
}

/* --- orders --- */
static void row_of(struct request *q, const struct order *o, struct admin_operation *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->op = o->id;
    ret->eid = o->eid;
    ret->function = o->function;
    ret->iface = dp_answer_iface(o->function);
    ret->party = o->party;
    ret->fcid = copy(q, o->fcid);
    ret->iccid = o->iccid;
    ret->state = copy(q, order_state_text(o->state));
    ret->verdict = o->verdict;
    ret->status = o->status;
    ret->code = o->code;
    ret->accepted_at_ms = o->accepted_ms;
    ret->validity_end_ms = o->validity_end_ms;
    ret->concluded_at_ms = o->concluded_ms;
    ret->attempts = o->attempt;
    ret->stage = o->stage;
    ret->text = copy(q, o->answered || !o->fail_text[0] ? o->text : o->fail_text);
}

static void show(struct request *q)
{
    const struct admin_operation_show_request *req = q->msg.body;
    struct message m;
    struct admin_operation_show_response *body = dp_request_response(q, &m);
    struct admin_operation *row = arena_alloc(dp_request_memory(q), sizeof *row);
    struct mbox key;
    const void *obj = NULL;
    const struct order *o;

    order_mbox(&req->op, &key);
    if (!body || !row || engine_view(q->a->cfg.engine, &key, &obj)) {
        broken(q);
        return;
    }
    o = obj;
    if (o && (q->scope.all || oid_eq(&o->mno, &q->scope.mno))) {
        row_of(q, o, row);
        body->operation = row;
    }
    dp_request_respond(q, m);
}

struct orders {
    struct request *q;
    struct admin_operation *rows;
    unsigned n, max;
};

static int one_order(void *ctx, const struct order *o)
{
    struct orders *l = ctx;

    if (l->n < l->max)
        row_of(l->q, o, &l->rows[l->n++]);
    return ERR_OK;
}

static void list(struct request *q)
{
    const struct admin_operation_list_request *req = q->msg.body;
    struct dp_order_filter f = {req->eid, req->verdict, req->live_only, req->after,
                                page(req->limit, ORDERS_PAGE)};
    struct orders l = {.q = q, .max = f.limit};
    struct message m;
    struct admin_operation_list_response *body = dp_request_response(q, &m);

    l.rows = arena_alloc(dp_request_memory(q), l.max * sizeof *l.rows);
    if (!body || !l.rows || !flushed(q) ||
        dp_store_orders(q->a->cfg.store, &q->scope, &f, one_order, &l)) {
        broken(q);
        return;
    }
    body->operations = l.rows;
    body->n_operations = l.n;
    dp_request_respond(q, m);
}

/* --- stock --- */
struct profiles {
    struct request *q;
    struct admin_profile_row *rows;
    unsigned n, max;
};

static int one_profile(void *ctx, const struct stock_item *i)
{
    struct profiles *l = ctx;
    struct admin_profile_row *r;

    if (l->n >= l->max)
        return ERR_OK;
    r = &l->rows[l->n++];
    memset(r, 0, sizeof *r);
    r->iccid = i->iccid;
    r->imsi = i->imsi;
    r->msisdn = i->msisdn;
    r->profile_type = copy(l->q, i->profile_type);
    r->mno = i->mno;
    r->state = copy(l->q, stock_state_text(i->state));
    r->eid = i->eid;
    r->order = i->order;
    return ERR_OK;
}

/* A reservation lives as long as its order: until the validity period ends it is waited for, and
 * then until the card is proved not to hold the profile. */
static void reservations(struct profiles *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        struct admin_profile_row *r = &l->rows[i];
        const void *obj = NULL;
        struct mbox key;
        const struct order *o;
        if (!span_eq(r->state, span_str(stock_state_text(STOCK_RESERVED))))
            continue;
        order_mbox(&r->order, &key);
        if (engine_view(l->q->a->cfg.engine, &key, &obj) || !obj)
            continue;
        o = obj;
        if (!o->answered)
            r->reserved_until_ms = o->validity_end_ms;
    }
}

static void profile_list(struct request *q)
{
    const struct admin_profile_list_request *req = q->msg.body;
    struct dp_stock_filter f = {req->profile_type, stock_state_parse(req->state), req->after,
                                page(req->limit, PROFILES_PAGE)};
    struct dp_scope scope = q->scope;
    struct profiles l = {.q = q, .max = f.limit};
    struct message m;
    struct admin_profile_list_response *body = dp_request_response(q, &m);

    if (req->state.n && f.state == STOCK_NONE) {
        dp_request_refuse(q, DP_ST_REQUEST_INVALID,
                          "state is one of Available, Reserved, Installed, Deleted, Lost");
        return;
    }
    /* An operator's own stock whatever it filters by; the house may narrow to one operator. */
    if (scope.all) {
        scope.mno = req->mno;
        scope.all = !req->mno.s[0];
    }
    l.rows = arena_alloc(dp_request_memory(q), l.max * sizeof *l.rows);
    if (!body || !l.rows || !flushed(q) ||
        dp_store_stock_list(q->a->cfg.store, &scope, &f, one_profile, &l)) {
        broken(q);
        return;
    }
    reservations(&l);
    body->rows = l.rows;
    body->n_rows = l.n;
    dp_request_respond(q, m);
}

/* --- the log --- */
/* An operator reads the stream of its own tenant. */
static bool sees(void *ctx, uint32_t stream)
{
    const struct request *q = ctx;

    return q->scope.all || (stream && q->party->number == stream);
}

static void events(struct request *q)
{
    const struct log_view v = {.engine = q->a->cfg.engine, .sees = sees, .ctx = q};
    struct message m;
    struct admin_events_response *body = dp_request_response(q, &m);
    int err = body ? log_view_events(&v, q->msg.body, body) : ERR_NOMEM;

    if (err == ERR_NOMEM)
        broken(q);
    else if (err)
        dp_request_refuse(q, DP_ST_BUSY, "the log cannot be read; check it with smctl log verify");
    else
        dp_request_respond(q, m);
}

static void heads(struct request *q)
{
    const struct log_view v = {.engine = q->a->cfg.engine, .sees = sees, .ctx = q};
    struct message m;
    struct admin_heads_response *body = dp_request_response(q, &m);

    if (body && log_view_heads(&v, body) == ERR_OK)
        dp_request_respond(q, m);
    else
        broken(q);
}

/* --- status --- */
static void own_counters(struct request *q, struct counter_list *l)
{
    const struct dp_api_counters *c = &q->a->count;
    struct engine_counters e;

    engine_get_counters(q->a->cfg.engine, &e);
    counter_add(l, "orders_running", dp_store_live(q->a->cfg.store));
    counter_add(l, "orders_loaded", e.loads);
    counters_of_daemon(l, q->a->cfg.engine, q->a->callers);
    counter_add(l, "requests_denied", c->denied);
    counter_add(l, "requests_malformed", c->malformed);
    counter_add(l, "requests_repeated", c->repeated);
    counter_add(l, "identifiers_reused", c->reused);
    counter_add(l, "subscriptions_imported", c->imported);
}

static void status(struct request *q)
{
    const struct dp_api_config *cfg = &q->a->cfg;
    struct counter_list l = {.max = COUNTERS_MAX};
    struct message m;
    struct admin_status_response *body = dp_request_response(q, &m);

    l.list = arena_alloc(dp_request_memory(q), COUNTERS_MAX * sizeof *l.list);
    if (!l.list || !body) {
        broken(q);
        return;
    }
    own_counters(q, &l);
    if (cfg->counters)
        l.n += cfg->counters(cfg->ctx, l.list + l.n, l.max - l.n);
    log_view_status(cfg->engine, cfg->version, cfg->rss ? cfg->rss(cfg->ctx) : 0, &l, body);
    dp_request_respond(q, m);
}

#define R(role) (1u << (unsigned)(role))
#define READERS (R(ROLE_OPERATOR) | R(ROLE_ADMIN) | R(ROLE_AUDITOR))
static const struct {
    enum msg_type type;
    uint32_t roles;
    void (*run)(struct request *q);
} TABLE[] = {
    {MSG_ADMIN_OPERATION_SHOW_REQUEST, READERS, show},
    {MSG_ADMIN_OPERATION_LIST_REQUEST, READERS, list},
    {MSG_ADMIN_PROFILE_LIST_REQUEST, READERS, profile_list},
    {MSG_ADMIN_STOCK_REQUEST, READERS, dp_request_stock},
    {MSG_ADMIN_LOSS_DECLARE_REQUEST, R(ROLE_ADMIN), dp_request_loss},
    {MSG_ADMIN_EVENTS_REQUEST, READERS, events},
    {MSG_ADMIN_HEADS_REQUEST, READERS, heads},
    {MSG_ADMIN_STATUS_REQUEST, R(ROLE_ADMIN) | R(ROLE_AUDITOR), status},
    {MSG_ADMIN_TEMPLATE_ADD_REQUEST, R(ROLE_ADMIN), dp_request_template_add},
    {MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, R(ROLE_ADMIN) | R(ROLE_OPERATOR), dp_request_import},
};

bool dp_request_admin(struct request *q)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].type != q->msg.type || !(TABLE[i].roles & R(q->call.role)))
            continue;
        TABLE[i].run(q);
        return true;
    }
    return false;
}
