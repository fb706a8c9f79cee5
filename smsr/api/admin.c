/* SPDX-License-Identifier: Apache-2.0 */
/* Our own interface (common/msg/admin.h): operations, log, fleet and status, each for what the
 * caller may see. Pages are bounded so that each fits into one frame; what changes stands in life.c. */
#include "smsr/api/api_int.h"

#include "common/daemon/log_view.h"
#include "smsr/proc/procs.h"

#define OPERATIONS_PAGE 256u
#define EIS_PAGE 1024u
#define STRANGERS_PAGE 1024u
#define COUNTERS_MAX 160u

static struct arena *mem(struct request *q)
{
    return engine_arena(q->a->cfg.engine);
}

static unsigned page(uint32_t asked, unsigned most)
{
    return asked && asked < most ? asked : most;
}

static void no_memory(struct request *q)
{
    api_refuse(q, ST_STORAGE, span_str("no memory for the answer"));
}

/* --- operations --- */
static void operation(const struct op_row *r, struct arena *a, struct admin_operation *ret)
{
    ret->op = r->op;
    ret->eid = r->eid;
    ret->function = r->function;
    ret->iface = r->iface;
    ret->party = r->party;
    ret->fcid = span_str(arena_str(a, span_str(r->fcid)));
    ret->iccid = r->iccid;
    ret->state = span_str(r->concluded_ms ? "CONCLUDED" : proc_state_name(r->function, r->state));
    ret->verdict = r->verdict;
    ret->status = r->status;
    ret->code = r->code;
    ret->accepted_at_ms = r->accepted_ms;
    ret->validity_end_ms = r->validity_end_ms;
    ret->concluded_at_ms = r->concluded_ms;
    ret->attempts = r->attempts;
    ret->stage = r->stage;
    ret->text = span_str(arena_str(a, span_str(r->text)));
}

/* What waits for its turn has no record of it: it is as things stand now. */
static void tell_waiting(struct request *q, const struct op_row *r, struct admin_operation *ret)
{
    const struct api_config *cfg = &q->a->cfg;

    if (cfg->waiting && !r->concluded_ms && !r->state)
        ret->text = cfg->waiting(cfg->ctx, &r->eid, &r->op, mem(q));
}

static void operation_show(struct request *q)
{
    const struct admin_operation_show_request *req = q->msg.body;
    struct message m;
    struct admin_operation_show_response *body = api_response(q, &m);
    struct admin_operation *o = arena_alloc(mem(q), sizeof *o);
    struct op_row row;
    int err = store_operation(q->a->cfg.store, &q->scope, &req->op, &row);

    if (!body || !o || (err && err != ERR_NOT_FOUND)) {
        no_memory(q);
        return;
    }
    if (!err) {
        operation(&row, mem(q), o);
        tell_waiting(q, &row, o);
        body->operation = o;
    }
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

static void operation_list(struct request *q)
{
    const struct admin_operation_list_request *req = q->msg.body;
    struct op_filter f = {req->eid, req->verdict, req->live_only, req->after};
    unsigned max = page(req->limit, OPERATIONS_PAGE), n = 0;
    struct op_row *rows = arena_alloc(mem(q), max * sizeof *rows);
    struct admin_operation *list = arena_alloc(mem(q), max * sizeof *list);
    struct message m;
    struct admin_operation_list_response *body = api_response(q, &m);

    if (!rows || !list || !body ||
        store_operations(q->a->cfg.store, &q->scope, &f, rows, max, &n)) {
        no_memory(q);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        operation(&rows[i], mem(q), &list[i]);
        tell_waiting(q, &rows[i], &list[i]);
    }
    body->operations = list;
    body->n_operations = n;
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

/* --- the log --- */
struct log_reader {
    struct request *q;
    bool own_op;                           /* the filter names an operation the caller may see */
    struct op_row op;                      /* it, then */
    struct buf part;                       /* a body without what is others' */
};

static bool sees(void *ctx, uint32_t stream)
{
    const struct log_reader *r = ctx;

    return scope_sees_stream(&r->q->scope, stream);
}

/* Salt and body as an owner may see them: no salt with a part, it proves nothing. */
static bool owner_part(void *ctx, const struct journal_row *row, struct span *salt,
                       struct span *body)
{
    struct log_reader *r = ctx;
    bool cut = false;

    if (!r->own_op || !row->rec.body.p)
        return r->own_op;
    buf_reset(&r->part);
    if (api_owner_body(r->q, &r->op, &row->rec, &r->part, &cut))
        *body = (struct span){NULL, 0};
    else if (cut)
        *body = buf_span(&r->part);
    else
        return true;
    *salt = (struct span){NULL, 0};
    return true;
}

static struct log_view view_of(struct log_reader *r)
{
    return (struct log_view){
        .engine = r->q->a->cfg.engine, .sees = sees, .part = owner_part, .ctx = r};
}

static void events(struct request *q)
{
    const struct admin_events_request *req = q->msg.body;
    struct log_reader r = {.q = q};
    const struct log_view v = view_of(&r);
    struct message m;
    struct admin_events_response *body = api_response(q, &m);
    int err = ERR_NOMEM;

    r.own_op = !uuid_is_zero(&req->op) &&
               !store_operation(q->a->cfg.store, &q->scope, &req->op, &r.op);
    buf_init(&r.part, WIRE_EVENT_MAX);
    if (body)
        err = log_view_events(&v, req, body);
    buf_fini(&r.part);
    if (err == ERR_NOMEM)
        no_memory(q);
    else if (err)
        api_refuse(q, ST_STORAGE,
                   span_str("the log cannot be read; check it with smctl log verify"));
    else
        api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

static void heads(struct request *q)
{
    struct log_reader r = {.q = q};
    const struct log_view v = view_of(&r);
    struct message m;
    struct admin_heads_response *body = api_response(q, &m);

    if (body && log_view_heads(&v, body) == ERR_OK)
        api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
    else
        no_memory(q);
}

/* --- the fleet --- */
/* What an owner is shown of a card are its own profiles. */
static void eis_row(struct request *q, const struct euicc *e, struct admin_eis_row *ret)
{
    bool realm = q->scope.role != ROLE_OPERATOR && q->scope.role != ROLE_M2M_SP;
    const struct tenant *t = env_tenant(q->a->cfg.env, e->tenant);

    ret->eid = e->eid;
    if (realm && t)
        ret->tenant = span_str(t->id);
    for (unsigned i = 0; i < e->n_profiles; i++) {
        const struct euicc_profile *p = &e->profiles[i];
        if (p->state == PROFILE_IN_CREATION || (!realm && !oid_eq(&p->mno, &q->scope.party->oid)))
            continue;
        ret->profiles++;
        if (p->state == PROFILE_ENABLED)
            ret->enabled = p->iccid;
    }
    if (realm) {
        ret->last_audit_ms = e->last_audit_ms;
        ret->card_state = e->life;
        ret->registered_ms = e->registered_ms;
        ret->last_contact_ms = e->reach.seen_ms;
    }
}

/* One page of candidates into rows; *after moves on. false: no further candidates, or failed. */
static bool eis_page(struct request *q, const struct card_filter *f, struct eid *after,
                     struct admin_eis_row *rows, unsigned *n, unsigned max)
{
    struct eid eids[256];
    unsigned found = 0;

    if (store_eids(q->a->cfg.store, &q->scope, f, after, eids, 256, &found))
        return false;
    for (unsigned i = 0; i < found && *n < max; i++) {
        struct mbox key = {.kind = MBOX_EUICC};
        const void *e = NULL;
        *after = eids[i];
        memcpy(key.id, eids[i].b, sizeof eids[i].b);
        if (engine_view(q->a->cfg.engine, &key, &e))
            return false;
        if (e && scope_sees_card(&q->scope, e) && scope_matches(&q->scope, e, f))
            eis_row(q, e, &rows[(*n)++]);
    }
    return found == 256 && *n < max;
}

static void eis_list(struct request *q)
{
    const struct admin_eis_list_request *req = q->msg.body;
    unsigned max = page(req->limit, EIS_PAGE), n = 0;
    struct admin_eis_row *rows = arena_alloc(mem(q), max * sizeof *rows);
    struct eid after = req->after;
    struct card_filter f = {.iccid = req->iccid, .imsi = req->imsi, .msisdn = req->msisdn, .mno = req->mno,
                            .state = req->state, .life = req->card_state, .has_batch = req->has_batch,
                            .unheard_since_ms = req->unheard_since_ms};
    struct message m;
    struct admin_eis_list_response *body = api_response(q, &m);

    if (!rows || !body) {
        no_memory(q);
        return;
    }
    memcpy(f.batch, req->batch, sizeof f.batch);
    while (eis_page(q, &f, &after, rows, &n, max))
        ;
    body->rows = rows;
    body->n_rows = n;
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

/* --- status --- */
static void own_counters(struct request *q, struct counter_list *l)
{
    const struct api_counters *c = &q->a->count;
    struct engine_counters e;
    uint64_t cards = 0, live = 0;

    engine_get_counters(q->a->cfg.engine, &e);
    if (!store_counts(q->a->cfg.store, &cards, &live)) {
        counter_add(l, "cards_written", cards);
        counter_add(l, "operations_running_written", live);
    }
    counter_add(l, "cards_loaded", e.loads);
    counters_of_daemon(l, q->a->cfg.engine, q->a->callers);
    counter_add(l, "requests_denied", c->denied);
    counter_add(l, "requests_malformed", c->malformed);
    counter_add(l, "requests_repeated", c->repeated);
    counter_add(l, "identifiers_reused", c->reused);
    counter_add(l, "requests_no_room", c->no_room);
}

static void status(struct request *q)
{
    const struct api_config *cfg = &q->a->cfg;
    struct counter_list l = {.max = COUNTERS_MAX};
    struct message m;
    struct admin_status_response *body = api_response(q, &m);

    l.list = arena_alloc(mem(q), COUNTERS_MAX * sizeof *l.list);
    if (!l.list || !body) {
        no_memory(q);
        return;
    }
    own_counters(q, &l);
    if (cfg->counters)
        cfg->counters(cfg->ctx, &l);
    log_view_status(cfg->engine, cfg->version, cfg->rss ? cfg->rss(cfg->ctx) : 0, &l, body);
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

/* --- who is nobody's card --- */
static void strangers(struct request *q)
{
    const struct api_config *cfg = &q->a->cfg;
    const struct admin_strangers_request *req = q->msg.body;
    unsigned max = page(req->limit, STRANGERS_PAGE);
    struct admin_stranger_row *rows = arena_alloc(mem(q), max * sizeof *rows);
    struct message m;
    struct admin_strangers_response *body = api_response(q, &m);

    if (!rows || !body) {
        no_memory(q);
        return;
    }
    body->rows = rows;
    body->n_rows = cfg->strangers ? cfg->strangers(cfg->ctx, rows, max, &body->known, &body->forgotten) : 0;
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

#define R(role) (1u << (unsigned)(role))
#define EVERYBODY                                                                                  \
    (R(ROLE_OPERATOR) | R(ROLE_M2M_SP) | R(ROLE_SMDP) | R(ROLE_FLEET) | R(ROLE_ADMIN) |            \
     R(ROLE_AUDITOR))
static const struct {
    enum msg_type type;
    uint32_t roles;
    void (*run)(struct request *q);
    bool changes;
} TABLE[] = {
    {MSG_ADMIN_OPERATION_SHOW_REQUEST, EVERYBODY, operation_show, false},
    {MSG_ADMIN_OPERATION_LIST_REQUEST, EVERYBODY, operation_list, false},
    {MSG_ADMIN_EVENTS_REQUEST, EVERYBODY, events, false},
    {MSG_ADMIN_HEADS_REQUEST, R(ROLE_FLEET) | R(ROLE_ADMIN) | R(ROLE_AUDITOR), heads, false},
    {MSG_ADMIN_EIS_LIST_REQUEST, EVERYBODY & ~R(ROLE_SMDP), eis_list, false},
    {MSG_ADMIN_STATUS_REQUEST, R(ROLE_ADMIN) | R(ROLE_AUDITOR), status, false},
    {MSG_ADMIN_STRANGERS_REQUEST, R(ROLE_ADMIN) | R(ROLE_AUDITOR), strangers, false},
    {MSG_ADMIN_CARD_STATE_REQUEST, R(ROLE_FLEET) | R(ROLE_ADMIN), api_card_state, true},
    {MSG_ADMIN_BATCH_REQUEST, R(ROLE_EUM), api_batch, true},
    {MSG_ADMIN_BATCH_LIST_REQUEST, R(ROLE_EUM) | R(ROLE_ADMIN) | R(ROLE_AUDITOR), api_batch_list, false},
    {MSG_ADMIN_DRIFT_REQUEST, R(ROLE_FLEET) | R(ROLE_ADMIN) | R(ROLE_AUDITOR), api_drift, false},
};

uint32_t api_admin_roles(enum msg_type t)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].type == t)
            return TABLE[i].roles;
    return 0;
}

bool api_admin_may(const struct request *q, bool *ret_changes)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].type != q->msg.type || !(TABLE[i].roles & R(q->call.role)) ||
            !(q->party->roles & R(q->call.role)))
            continue;
        *ret_changes = TABLE[i].changes;
        return true;
    }
    return false;
}

void api_admin(struct request *q)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].type == q->msg.type)
            TABLE[i].run(q);
}
