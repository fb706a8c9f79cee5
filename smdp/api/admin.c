/* SPDX-License-Identifier: Apache-2.0 */
/* Our own interface (common/msg/admin.h): orders, stock, log and status, each for what the caller
 * may see. Pages are bounded so that each fits into one frame. */
#include "smdp/api/api_int.h"

#include "common/journal/journal.h"

#define ORDERS_PAGE   256u
#define PROFILES_PAGE 1024u
#define EVENTS_PAGE   512u
#define EVENTS_OCTETS (WIRE_EVENT_MAX + 8192u) /* of one page; any one record fits */
#define RECORD_OCTETS 256u                     /* a record without its body */
#define EVENTS_SCAN   20000u                   /* records looked at for one page */
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
    ret->iface = IF_ES2;
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
                          "state is one of Available, Reserved, Installed, Deleted");
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
struct events {
    struct request *q;
    const struct admin_events_request *req;
    struct admin_record *list;
    unsigned n, max;
    size_t octets;
    uint64_t scanned, next, durable;
};

/* An operator reads the stream of its own tenant. */
static bool sees(const struct request *q, uint32_t stream)
{
    return q->scope.all || (stream && q->party->number == stream);
}

static bool wanted(const struct events *ev, const struct journal_record *r)
{
    const struct admin_events_request *req = ev->req;

    return (uuid_is_zero(&req->op) || uuid_eq(&req->op, &r->op)) &&
           (eid_is_zero(&req->eid) || eid_eq(&req->eid, &r->eid)) &&
           (!req->has_stream || req->stream == r->stream) && sees(ev->q, r->stream);
}

static struct span dup_span(struct arena *a, struct span s)
{
    return s.p ? span_of(arena_dup(a, s.n ? (const void *)s.p : "", s.n ? s.n : 1), s.n) : s;
}

static int one_row(void *ctx, const struct journal_row *row)
{
    struct events *ev = ctx;
    struct arena *mem = dp_request_memory(ev->q);
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
    r->type = span_str(arena_str(mem, span_str(row->rec.type)));
    r->class = (enum event_class)row->rec.class_;
    r->op = row->rec.op;
    r->eid = row->rec.eid;
    r->salt = dup_span(mem, row->salt);
    r->body = dup_span(mem, row->rec.body);
    memcpy(r->body_hash, row->body_hash, sizeof r->body_hash);
    memcpy(r->hash, row->hash, sizeof r->hash);
    ev->octets += row->rec.body.n + RECORD_OCTETS;
    return ERR_OK;
}

static void events(struct request *q)
{
    const struct admin_events_request *req = q->msg.body;
    struct events ev = {.q = q,
                        .req = req,
                        .max = page(req->limit, EVENTS_PAGE),
                        .durable = engine_durable_lsn(q->a->cfg.engine),
                        .next = req->from_lsn ? req->from_lsn : 1};
    struct message m;
    struct admin_events_response *body = dp_request_response(q, &m);
    int err;

    ev.list = arena_alloc(dp_request_memory(q), ev.max * sizeof *ev.list);
    if (!body || !ev.list) {
        broken(q);
        return;
    }
    err = journal_read_rows(engine_journal(q->a->cfg.engine), ev.next, 0, one_row, &ev);
    if (err && err != ERR_FULL) {
        dp_request_refuse(q, DP_ST_BUSY, "the log cannot be read; check it with smctl log verify");
        return;
    }
    body->records = ev.list;
    body->n_records = ev.n;
    body->next_lsn = ev.next;
    body->durable_lsn = ev.durable;
    dp_request_respond(q, m);
}

struct heads {
    struct request *q;
    struct admin_head *list;
    unsigned n;
};

static int one_head(void *ctx, const struct journal_head *head)
{
    struct heads *h = ctx;

    if (!sees(h->q, head->stream) || h->n == ADMIN_LIST_MAX)
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
    struct admin_heads_response *body = dp_request_response(q, &m);

    h.list = arena_alloc(dp_request_memory(q), ADMIN_LIST_MAX * sizeof *h.list);
    if (!body || !h.list || journal_heads(engine_journal(q->a->cfg.engine), one_head, &h)) {
        broken(q);
        return;
    }
    body->heads = h.list;
    body->n_heads = h.n;
    dp_request_respond(q, m);
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
    const struct dp_api_counters *c = &q->a->count;
    const struct callers_counters at = callers_count(q->a->callers);
    struct engine_counters e;
    unsigned n = 0;

    engine_get_counters(q->a->cfg.engine, &e);
    count(list, &n, "orders_running", dp_store_live(q->a->cfg.store));
    count(list, &n, "turns", e.turns);
    count(list, &n, "commits", e.commits);
    count(list, &n, "records", e.records);
    count(list, &n, "inputs", e.inputs);
    count(list, &n, "inputs_refused", e.refused);
    count(list, &n, "timers_failed", e.errors);
    count(list, &n, "write_behinds", e.flushes);
    count(list, &n, "orders_loaded", e.loads);
    count(list, &n, "deliveries_sent", e.deliveries_sent);
    count(list, &n, "deliveries_held", e.deliveries_held);
    count(list, &n, "connections", at.connections);
    count(list, &n, "hello_refused", at.hello_refused);
    count(list, &n, "requests", at.requests);
    count(list, &n, "requests_denied", c->denied);
    count(list, &n, "requests_malformed", c->malformed);
    count(list, &n, "requests_repeated", c->repeated);
    count(list, &n, "identifiers_reused", c->reused);
    count(list, &n, "subscriptions_imported", c->imported);
    count(list, &n, "answers_undeliverable", c->undeliverable + at.undeliverable);
    return n;
}

static void status(struct request *q)
{
    const struct dp_api_config *cfg = &q->a->cfg;
    struct admin_counter *l = arena_alloc(dp_request_memory(q), COUNTERS_MAX * sizeof *l);
    struct message m;
    struct admin_status_response *body = dp_request_response(q, &m);
    struct engine_counters e;

    if (!l || !body) {
        broken(q);
        return;
    }
    engine_get_counters(cfg->engine, &e);
    body->version = span_str(cfg->version);
    body->epoch = journal_epoch(engine_journal(cfg->engine));
    body->durable_lsn = engine_durable_lsn(cfg->engine);
    body->counters = l;
    body->n_counters = own_counters(q, l);
    if (cfg->counters)
        body->n_counters +=
            cfg->counters(cfg->ctx, l + body->n_counters, COUNTERS_MAX - body->n_counters);
    body->memory_rss = cfg->rss ? cfg->rss(cfg->ctx) : 0;
    body->fsyncs = e.commits; /* one synced write of the journal a commit */
    body->bytes_written = e.body_bytes;
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
