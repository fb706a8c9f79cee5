/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/log_view.h"

#include "common/wire/wire.h"

#include <string.h>

#define EVENTS_PAGE   512u
#define EVENTS_OCTETS (WIRE_EVENT_MAX + 8192u) /* of one page; any one record fits */
#define RECORD_OCTETS 256u                     /* a record without its body */
#define EVENTS_SCAN   20000u                   /* records looked at for one page */

/* --- records --- */
struct events {
    const struct log_view *v;
    const struct admin_events_request *req;
    struct arena *mem;
    struct admin_record *list;
    unsigned n, max;
    size_t octets;
    uint64_t scanned, next, durable;
};

static bool wanted(const struct admin_events_request *req, const struct journal_record *r)
{
    return (uuid_is_zero(&req->op) || uuid_eq(&req->op, &r->op)) &&
           (eid_is_zero(&req->eid) || eid_eq(&req->eid, &r->eid)) &&
           (!req->has_stream || req->stream == r->stream);
}

static bool shown(const struct events *ev, const struct journal_row *row, struct span *salt,
                  struct span *body)
{
    const struct log_view *v = ev->v;

    *salt = row->salt;
    *body = row->rec.body;
    return wanted(ev->req, &row->rec) && (v->sees(v->ctx, row->rec.stream) ||
                                          (v->part && v->part(v->ctx, row, salt, body)));
}

static struct span dup_span(struct arena *a, struct span s)
{
    return s.p ? span_of(arena_dup(a, s.n ? (const void *)s.p : "", s.n ? s.n : 1), s.n) : s;
}

static void put(struct events *ev, const struct journal_row *row, struct span salt,
                struct span body)
{
    struct admin_record *r = &ev->list[ev->n++];

    r->lsn = row->rec.lsn;
    r->epoch = row->rec.epoch;
    r->stream = row->rec.stream;
    r->seq = row->rec.seq;
    r->at_ms = row->rec.at_ms;
    r->type = span_str(arena_str(ev->mem, span_str(row->rec.type)));
    r->class = (enum event_class)row->rec.class_;
    r->op = row->rec.op;
    r->eid = row->rec.eid;
    r->salt = dup_span(ev->mem, salt);
    r->body = dup_span(ev->mem, body);
    memcpy(r->body_hash, row->body_hash, sizeof r->body_hash);
    memcpy(r->hash, row->hash, sizeof r->hash);
}

static int one_row(void *ctx, const struct journal_row *row)
{
    struct events *ev = ctx;
    size_t octets = row->rec.body.n + RECORD_OCTETS;
    struct span salt, body;

    if (row->rec.lsn > ev->durable || ev->n == ev->max || ev->scanned == EVENTS_SCAN)
        return ERR_FULL;
    ev->scanned++;
    if (shown(ev, row, &salt, &body)) {
        if (ev->octets + octets > EVENTS_OCTETS)
            return ERR_FULL;
        ev->octets += octets;
        put(ev, row, salt, body);
    }
    ev->next = row->rec.lsn + 1;
    return ERR_OK;
}

int log_view_events(const struct log_view *v, const struct admin_events_request *req,
                    struct admin_events_response *ret)
{
    struct events ev = {.v = v, .req = req, .mem = engine_arena(v->engine), .max = EVENTS_PAGE,
                        .durable = engine_durable_lsn(v->engine),
                        .next = req->from_lsn ? req->from_lsn : 1};
    int err;

    if (req->limit && req->limit < ev.max)
        ev.max = req->limit;
    ev.list = arena_alloc(ev.mem, ev.max * sizeof *ev.list);
    if (!ev.list)
        return ERR_NOMEM;
    err = journal_read_rows(engine_journal(v->engine), ev.next, 0, one_row, &ev);
    if (err && err != ERR_FULL)
        return err;
    ret->records = ev.list;
    ret->n_records = ev.n;
    ret->next_lsn = ev.next;
    ret->durable_lsn = ev.durable;
    return ERR_OK;
}

/* --- heads --- */
struct heads {
    const struct log_view *v;
    struct admin_head *list;
    unsigned n;
};

static int one_head(void *ctx, const struct journal_head *head)
{
    struct heads *h = ctx;

    if (!h->v->sees(h->v->ctx, head->stream) || h->n == ADMIN_LIST_MAX)
        return ERR_OK;
    h->list[h->n].stream = head->stream;
    h->list[h->n].seq = head->seq;
    memcpy(h->list[h->n].hash, head->hash, sizeof head->hash);
    h->n++;
    return ERR_OK;
}

int log_view_heads(const struct log_view *v, struct admin_heads_response *ret)
{
    struct heads h = {.v = v};
    int err;

    h.list = arena_alloc(engine_arena(v->engine), ADMIN_LIST_MAX * sizeof *h.list);
    if (!h.list)
        return ERR_NOMEM;
    err = journal_heads(engine_journal(v->engine), one_head, &h);
    ret->heads = h.list;
    ret->n_heads = h.n;
    return err;
}

/* --- counters --- */
void counter_add(struct counter_list *l, const char *name, uint64_t value)
{
    if (l->n == l->max)
        return;
    l->list[l->n].name = span_str(name);
    l->list[l->n++].value = value;
}

void counters_of_daemon(struct counter_list *l, struct engine *e, const struct callers *c)
{
    const struct callers_counters at = callers_count(c);
    struct engine_counters n;

    engine_get_counters(e, &n);
    counter_add(l, "turns", n.turns);
    counter_add(l, "commits", n.commits);
    counter_add(l, "records", n.records);
    counter_add(l, "inputs", n.inputs);
    counter_add(l, "inputs_refused", n.refused);
    counter_add(l, "timers_failed", n.errors);
    counter_add(l, "write_behinds", n.flushes);
    counter_add(l, "deliveries_sent", n.deliveries_sent);
    counter_add(l, "deliveries_held", n.deliveries_held);
    counter_add(l, "connections", at.connections);
    counter_add(l, "hello_refused", at.hello_refused);
    counter_add(l, "requests", at.requests);
    counter_add(l, "outputs_undeliverable", at.undeliverable);
}

void log_view_status(struct engine *e, const char *version, uint64_t rss,
                     const struct counter_list *l, struct admin_status_response *ret)
{
    struct engine_counters n;

    engine_get_counters(e, &n);
    ret->version = span_str(version);
    ret->epoch = journal_epoch(engine_journal(e));
    ret->durable_lsn = engine_durable_lsn(e);
    ret->counters = l->list;
    ret->n_counters = l->n;
    ret->memory_rss = rss;
    ret->fsyncs = n.commits; /* one synced write of the journal a commit */
    ret->bytes_written = n.body_bytes;
}
