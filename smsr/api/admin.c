/* SPDX-License-Identifier: Apache-2.0 */
/* Our own interface (common/msg/admin.h): operations, log, fleet and status, each for what the
 * caller may see. Reads only; pages are bounded so that each fits into one frame. */
#include "smsr/api/api_int.h"

#include "smsr/proc/procs.h"

#define OPERATIONS_PAGE 256u
#define EIS_PAGE 1024u
#define EVENTS_PAGE 512u
#define EVENTS_OCTETS (WIRE_EVENT_MAX + 8192u) /* of one page; any one record fits */
#define RECORD_OCTETS 256u                 /* a record without its body */
#define EVENTS_SCAN 20000u                 /* records looked at for one page */
#define COUNTERS_MAX 128u

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
        body->operation = o;
    }
    api_respond(q, m, NULL, VERDICT_NONE);
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
    for (unsigned i = 0; i < n; i++)
        operation(&rows[i], mem(q), &list[i]);
    body->operations = list;
    body->n_operations = n;
    api_respond(q, m, NULL, VERDICT_NONE);
}

/* --- the log --- */
struct events {
    struct request *q;
    const struct admin_events_request *req;
    struct admin_record *list;
    unsigned n, max;
    size_t octets;
    uint64_t scanned, next, durable;
    bool own_op;                           /* the filter names an operation the caller may see */
    struct op_row op;                      /* it, then */
    struct buf part;                       /* a body without what is others' */
};

static bool wanted(const struct events *ev, const struct journal_record *r)
{
    const struct admin_events_request *req = ev->req;

    if (!uuid_is_zero(&req->op) && !uuid_eq(&req->op, &r->op))
        return false;
    if (!eid_is_zero(&req->eid) && !eid_eq(&req->eid, &r->eid))
        return false;
    if (req->has_stream && req->stream != r->stream)
        return false;
    return ev->own_op || scope_sees_stream(&ev->q->scope, r->stream);
}

static struct span dup_span(struct arena *a, struct span s)
{
    return s.p ? span_of(arena_dup(a, s.n ? (const void *)s.p : "", s.n ? s.n : 1), s.n) : s;
}

/* Salt and body as the caller may see them. An owner gets no salt with a part: it proves nothing. */
static void shown(struct events *ev, const struct journal_row *row, struct admin_record *ret)
{
    bool cut = false;

    ret->salt = row->salt;
    ret->body = row->rec.body;
    if (scope_sees_stream(&ev->q->scope, row->rec.stream) || !row->rec.body.p)
        return;
    buf_reset(&ev->part);
    if (api_owner_body(ev->q, &ev->op, &row->rec, &ev->part, &cut))
        ret->body = (struct span){NULL, 0};
    else if (cut)
        ret->body = buf_span(&ev->part);
    else
        return;
    ret->salt = (struct span){NULL, 0};
}

static int one_row(void *ctx, const struct journal_row *row)
{
    struct events *ev = ctx;
    struct admin_record *r;

    if (row->rec.lsn > ev->durable || ev->n == ev->max || ev->scanned == EVENTS_SCAN)
        return ERR_FULL;
    ev->scanned++;
    if (!wanted(ev, &row->rec)) {
        ev->next = row->rec.lsn + 1;
        return ERR_OK;
    }
    if (ev->octets + row->rec.body.n + RECORD_OCTETS > EVENTS_OCTETS)
        return ERR_FULL;
    ev->next = row->rec.lsn + 1;
    r = &ev->list[ev->n++];
    r->lsn = row->rec.lsn;
    r->epoch = row->rec.epoch;
    r->stream = row->rec.stream;
    r->seq = row->rec.seq;
    r->at_ms = row->rec.at_ms;
    r->type = span_str(arena_str(mem(ev->q), span_str(row->rec.type)));
    r->class = (enum event_class)row->rec.class_;
    r->op = row->rec.op;
    r->eid = row->rec.eid;
    shown(ev, row, r);
    r->salt = dup_span(mem(ev->q), r->salt);
    r->body = dup_span(mem(ev->q), r->body);
    memcpy(r->body_hash, row->body_hash, sizeof r->body_hash);
    memcpy(r->hash, row->hash, sizeof r->hash);
    ev->octets += row->rec.body.n + RECORD_OCTETS;
    return ERR_OK;
}

static void events(struct request *q)
{
    const struct admin_events_request *req = q->msg.body;
    struct events ev = {.q = q, .req = req, .max = page(req->limit, EVENTS_PAGE),
                        .durable = engine_durable_lsn(q->a->cfg.engine),
                        .next = req->from_lsn ? req->from_lsn : 1};
    struct message m;
    struct admin_events_response *body = api_response(q, &m);
    int err;

    ev.list = arena_alloc(mem(q), ev.max * sizeof *ev.list);
    if (!body || !ev.list) {
        no_memory(q);
        return;
    }
    ev.own_op = !uuid_is_zero(&req->op) &&
                !store_operation(q->a->cfg.store, &q->scope, &req->op, &ev.op);
    buf_init(&ev.part, WIRE_EVENT_MAX);
    err = journal_read_rows(engine_journal(q->a->cfg.engine), ev.next, 0, one_row, &ev);
    buf_fini(&ev.part);
    if (err && err != ERR_FULL) {
        api_refuse(q, ST_STORAGE,
                   span_str("the log cannot be read; check it with smctl log verify"));
        return;
    }
    body->records = ev.list;
    body->n_records = ev.n;
    body->next_lsn = ev.next;
    body->durable_lsn = ev.durable;
    api_respond(q, m, NULL, VERDICT_NONE);
}

struct heads {
    struct request *q;
    struct admin_head *list;
    unsigned n;
};

static int one_head(void *ctx, const struct journal_head *head)
{
    struct heads *h = ctx;

    if (!scope_sees_stream(&h->q->scope, head->stream) || h->n == ADMIN_LIST_MAX)
        return ERR_OK;
    h->list[h->n].stream = head->stream;
    h->list[h->n].seq = head->seq;
    memcpy(h->list[h->n].hash, head->hash, sizeof head->hash);
    h->n++;
    return ERR_OK;
}

static void heads(struct request *q)
{
    struct heads h = {.q = q};
    struct message m;
    struct admin_heads_response *body = api_response(q, &m);

    h.list = arena_alloc(mem(q), ADMIN_LIST_MAX * sizeof *h.list);
    if (!body || !h.list || journal_heads(engine_journal(q->a->cfg.engine), one_head, &h)) {
        no_memory(q);
        return;
    }
    body->heads = h.list;
    body->n_heads = h.n;
    api_respond(q, m, NULL, VERDICT_NONE);
}

/* --- the fleet --- */
static bool holds(const struct euicc *e, enum profile_state state)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state == state)
            return true;
    return state == PROFILE_NONE;
}

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
    if (realm)
        ret->last_audit_ms = e->last_audit_ms;
}

/* One page of candidates into rows; *after moves on. false: no further candidates, or failed. */
static bool eis_page(struct request *q, enum profile_state state, struct eid *after,
                     struct admin_eis_row *rows, unsigned *n, unsigned max)
{
    struct eid eids[256];
    unsigned found = 0;

    if (store_eids(q->a->cfg.store, &q->scope, after, eids, 256, &found))
        return false;
    for (unsigned i = 0; i < found && *n < max; i++) {
        struct mbox key = {.kind = MBOX_EUICC};
        const void *e = NULL;
        *after = eids[i];
        memcpy(key.id, eids[i].b, sizeof eids[i].b);
        if (engine_view(q->a->cfg.engine, &key, &e))
            return false;
        if (e && scope_sees_card(&q->scope, e) && holds(e, state))
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
    struct message m;
    struct admin_eis_list_response *body = api_response(q, &m);

    if (!rows || !body) {
        no_memory(q);
        return;
    }
    while (eis_page(q, req->state, &after, rows, &n, max))
        ;
    body->rows = rows;
    body->n_rows = n;
    api_respond(q, m, NULL, VERDICT_NONE);
}

/* --- status --- */
static void count(struct admin_counter *list, unsigned *n, const char *name, uint64_t value)
{
    if (*n == COUNTERS_MAX)
        return;
    list[*n].name = span_str(name);
    list[(*n)++].value = value;
}

static unsigned own_counters(struct request *q, struct admin_counter *list)
{
    const struct api_counters *c = &q->a->count;
    const struct callers_counters at = callers_count(q->a->callers);
    struct engine_counters e;
    uint64_t cards = 0, live = 0;
    unsigned n = 0;

    engine_get_counters(q->a->cfg.engine, &e);
    if (!store_counts(q->a->cfg.store, &cards, &live)) {
        count(list, &n, "cards_written", cards);
        count(list, &n, "operations_running_written", live);
    }
    count(list, &n, "turns", e.turns);
    count(list, &n, "commits", e.commits);
    count(list, &n, "records", e.records);
    count(list, &n, "inputs", e.inputs);
    count(list, &n, "inputs_refused", e.refused);
    count(list, &n, "timers_failed", e.errors);
    count(list, &n, "write_behinds", e.flushes);
    count(list, &n, "cards_loaded", e.loads);
    count(list, &n, "deliveries_sent", e.deliveries_sent);
    count(list, &n, "deliveries_held", e.deliveries_held);
    count(list, &n, "connections", at.connections);
    count(list, &n, "hello_refused", at.hello_refused);
    count(list, &n, "requests", at.requests);
    count(list, &n, "requests_denied", c->denied);
    count(list, &n, "requests_malformed", c->malformed);
    count(list, &n, "requests_repeated", c->repeated);
    count(list, &n, "identifiers_reused", c->reused);
    count(list, &n, "requests_no_room", c->no_room);
    count(list, &n, "answers_undeliverable", c->undeliverable + at.undeliverable);
    return n;
}

static void status(struct request *q)
{
    const struct api_config *cfg = &q->a->cfg;
    struct admin_counter *list = arena_alloc(mem(q), COUNTERS_MAX * sizeof *list);
    struct message m;
    struct admin_status_response *body = api_response(q, &m);
    struct engine_counters e;

    if (!list || !body) {
        no_memory(q);
        return;
    }
    engine_get_counters(cfg->engine, &e);
    body->version = span_str(cfg->version);
    body->epoch = journal_epoch(engine_journal(cfg->engine));
    body->durable_lsn = engine_durable_lsn(cfg->engine);
    body->counters = list;
    body->n_counters = own_counters(q, list);
    if (cfg->counters)
        body->n_counters += cfg->counters(cfg->ctx, list + body->n_counters,
                                          COUNTERS_MAX - body->n_counters);
    body->memory_rss = cfg->rss ? cfg->rss(cfg->ctx) : 0;
    body->fsyncs = e.commits; /* one synced write of the journal a commit */
    body->bytes_written = e.body_bytes;
    api_respond(q, m, NULL, VERDICT_NONE);
}

#define R(role) (1u << (unsigned)(role))
#define EVERYBODY                                                                                  \
    (R(ROLE_OPERATOR) | R(ROLE_M2M_SP) | R(ROLE_SMDP) | R(ROLE_FLEET) | R(ROLE_ADMIN) |            \
     R(ROLE_AUDITOR))
static const struct {
    enum msg_type type;
    uint32_t roles;
    void (*run)(struct request *q);
} TABLE[] = {
    {MSG_ADMIN_OPERATION_SHOW_REQUEST, EVERYBODY, operation_show},
    {MSG_ADMIN_OPERATION_LIST_REQUEST, EVERYBODY, operation_list},
    {MSG_ADMIN_EVENTS_REQUEST, EVERYBODY, events},
    {MSG_ADMIN_HEADS_REQUEST, R(ROLE_FLEET) | R(ROLE_ADMIN) | R(ROLE_AUDITOR), heads},
    {MSG_ADMIN_EIS_LIST_REQUEST, EVERYBODY & ~R(ROLE_SMDP), eis_list},
    {MSG_ADMIN_STATUS_REQUEST, R(ROLE_ADMIN) | R(ROLE_AUDITOR), status},
};

uint32_t api_admin_roles(enum msg_type t)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].type == t)
            return TABLE[i].roles;
    return 0;
}

bool api_admin(struct request *q)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].type != q->msg.type || !(TABLE[i].roles & R(q->call.role)) ||
            !(q->party->roles & R(q->call.role)))
            continue;
        TABLE[i].run(q);
        return true;
    }
    return false;
}
