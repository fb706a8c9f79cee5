/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the four witnesses and adding them up; the sums must equal the number of meters. */
#include "tools/euiccsim/proof/report_int.h"

#include "common/journal/journal.h"
#include "common/wire/wire.h"

#include <stdlib.h>

struct meter *report_meter(struct report *r, const struct eid *eid)
{
    struct meter *m = map_get(r->meters, span_of(eid->b, 16));

    if (m)
        return m;
    m = calloc(1, sizeof *m);
    if (!m)
        return NULL;
    m->eid = *eid;
    if (map_put(r->meters, span_of(eid->b, 16), m)) {
        free(m);
        return NULL;
    }
    return m;
}

void samples_add(struct samples *s, int64_t ms)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 1024;
        int64_t *v = realloc(s->v, cap * sizeof *v);
        if (!v)
            return;
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n++] = ms < 0 ? 0 : ms;
}

static int order_of(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

int64_t samples_at(struct samples *s, unsigned percent)
{
    if (!s->n)
        return 0;
    qsort(s->v, s->n, sizeof *s->v, order_of);
    return s->v[(s->n - 1) * percent / 100];
}

/* --- SM-SR journal --- */
static struct op_seen *op_of(struct report *r, const struct event *ev)
{
    struct op_seen *op = map_get(r->ops, span_of(ev->op.b, 16));

    if (op)
        return op;
    op = calloc(1, sizeof *op);
    if (op && map_put(r->ops, span_of(ev->op.b, 16), op)) {
        free(op);
        op = NULL;
    }
    return op;
}

static void enable_concluded(struct report *r, struct meter *m, struct op_seen *op,
                             const struct event *ev)
{
    if (!m || ev->stage == STAGE_ADMISSION)
        return;
    m->enable = ev->result;
    m->enable_code = ev->code;
    m->target = op->iccid;
    if (ev->result == VERDICT_SUCCESS)
        samples_add(&r->enable_all, r->at_ms - op->accepted_ms);
}

static void concluded(struct report *r, struct op_seen *op, const struct event *ev)
{
    struct meter *m = report_meter(r, &ev->eid);

    switch (op->function) {
    case FN_ENABLE_PROFILE:
        enable_concluded(r, m, op, ev);
        break;
    case FN_CREATE_ISDP:
        samples_add(&r->create, r->at_ms - op->accepted_ms);
        break;
    case FN_SEND_DATA:
        samples_add(&r->send_data, r->at_ms - op->accepted_ms);
        break;
    default:
        break;
    }
    if (m && op->retried && op->function != FN_NOTIFICATION)
        m->retried = true;            /* what a card declares unasked is no step of this report */
    r->operations++;
    r->last_ms = r->at_ms;
}

static void armed_again(struct report *r, struct op_seen *op, enum packet_purpose purpose)
{
    uint32_t bit = 1u << (unsigned)purpose;

    (void)r;
    if (op->armed & bit)
        op->retried = true;
    op->armed |= bit;
}

/* The same bytes are sent again without a record; an answer later than the first resend tells of it. */
static bool after_resend(const struct report *r, const struct op_seen *op)
{
    return op->armed_ms && r->at_ms - op->armed_ms > 60000 / (int64_t)(r->time_scale ? r->time_scale : 1);
}

static void card_event(struct report *r, struct op_seen *op, const struct event *ev)
{
    switch (ev->type) {
    case EV_OPERATION_ACCEPTED:
        op->function = ev->function;
        op->iccid = ev->iccid;
        op->accepted_ms = r->at_ms;
        if (!r->first_ms)
            r->first_ms = r->at_ms;
        break;
    case EV_OPERATION_ARMED:
        op->armed_ms = r->at_ms;
        break;
    case EV_PACKET_ARMED:
        armed_again(r, op, ev->purpose);
        break;
    case EV_OPERATION_ANSWERED:
        if (op->function == FN_ENABLE_PROFILE && op->armed_ms && !op->answered) {
            op->answered = true;
            samples_add(&r->enable_por, r->at_ms - op->armed_ms);
        }
        op->retried = op->retried || after_resend(r, op);
        break;
    case EV_NOTIFICATION_RECEIVED:
        if (op->function == FN_ENABLE_PROFILE && op->armed_ms && !op->notified) {
            op->notified = true;
            samples_add(&r->enable_notification, r->at_ms - op->armed_ms);
        }
        break;
    case EV_OPERATION_IN_DOUBT:
        op->retried = true;
        break;
    case EV_OPERATION_CONCLUDED:
        concluded(r, op, ev);
        break;
    default:
        break;
    }
}

static int smsr_record(void *ctx, const struct journal_record *rec)
{
    struct report *r = ctx;
    struct event *ev;
    struct op_seen *op;
    int err;

    arena_reset(&r->arena);
    ev = arena_alloc(&r->arena, sizeof *ev);
    if (!ev)
        return ERR_NOMEM;
    err = wire_event_decode(event_type_parse(rec->type), rec->body, &r->arena, ev, NULL);
    if (err)
        return err;
    ev->op = rec->op;
    ev->eid = rec->eid;
    r->at_ms = rec->at_ms;
    if (ev->type == EV_EUICC_REGISTERED && !report_meter(r, &ev->eid))
        return ERR_NOMEM;
    err = join_event(r->join, ev);
    if (err || uuid_is_zero(&ev->op))
        return err;
    op = op_of(r, ev);
    if (!op)
        return ERR_NOMEM;
    card_event(r, op, ev);
    return ERR_OK;
}

/* --- SM-DP journal --- */
static int smdp_record(void *ctx, const struct journal_record *rec)
{
    struct report *r = ctx;
    struct event *ev;
    struct op_seen *op;
    struct meter *m;
    int err;

    arena_reset(&r->arena);
    ev = arena_alloc(&r->arena, sizeof *ev);
    if (!ev)
        return ERR_NOMEM;
    err = wire_event_decode(event_type_parse(rec->type), rec->body, &r->arena, ev, NULL);
    if (err)
        return err;
    ev->op = rec->op;
    ev->eid = rec->eid;
    err = join_order_event(r->join, ev);
    if (err || uuid_is_zero(&ev->op))
        return err;
    op = op_of(r, ev);
    if (!op)
        return ERR_NOMEM;
    if (ev->type == EV_ORDER_ACCEPTED) {
        op->function = ev->function;
        op->accepted_ms = rec->at_ms;
        if (!r->first_ms || rec->at_ms < r->first_ms)
            r->first_ms = rec->at_ms;
    }
    if (ev->type != EV_ORDER_CONCLUDED || op->function != FN_DOWNLOAD_PROFILE)
        return ERR_OK;
    m = report_meter(r, &ev->eid);
    if (!m)
        return ERR_NOMEM;
    m->download = ev->result;
    m->download_code = ev->code;
    if (ev->attempt > 1)
        m->retried = true;
    if (ev->result == VERDICT_SUCCESS)
        samples_add(&r->download, rec->at_ms - op->accepted_ms);
    r->operations++;
    if (rec->at_ms > r->last_ms)
        r->last_ms = rec->at_ms;
    return ERR_OK;
}

static int read_journal(struct report *r, const char *path, journal_read_fn fn, struct errmsg *why)
{
    struct journal_options o = {.read_only = true};
    struct journal_report verified;
    struct journal *j = NULL;
    int err = journal_verify(path, NULL, r->crypto, NULL, 0, &verified);

    if (err) {
        r->log_ok = false;
        return errmsg_set(why, err, "%s: %s", path, verified.why.text);
    }
    err = journal_open(path, &o, r->crypto, &j, why);
    if (!err)
        err = journal_read(j, 1, 0, fn, r);
    journal_close(j);
    r->records += verified.records;
    return err ? errmsg_set(why, err, "%s cannot be read: %s", path, err_text(err)) : ERR_OK;
}

/* --- the fleet's own file --- */
static int ledger_card(void *ctx, const struct eid *eid, struct span image)
{
    struct report *r = ctx;
    struct meter *m = report_meter(r, eid);
    struct card *c = NULL;
    const struct card_isdp *on;
    int err;

    if (!m)
        return ERR_NOMEM;
    err = card_from_image(&r->world, image, &c);
    if (err)
        return err;
    on = card_enabled(c);
    m->has_card = true;
    memset(&m->enabled, 0, sizeof m->enabled);
    if (on)
        m->enabled = on->data.iccid;
    card_free(c);
    return ERR_OK;
}

static int ledger_row(void *ctx, const struct card_ledger_row *row)
{
    struct report *r = ctx;

    return join_row(r->join, row);
}

static int ledger_attach(void *ctx, const struct attach_record *a)
{
    struct report *r = ctx;
    struct meter *m = report_meter(r, &a->eid);

    if (!m)
        return ERR_NOMEM;
    m->last_attach = *a;
    if (a->cause)
        m->last_refusal = *a;
    return ERR_OK;
}

static int read_ledger(struct report *r, const char *path, struct errmsg *why)
{
    struct ledger_visitor v = {ledger_card, ledger_row, ledger_attach, r};
    struct ledger_file *f = NULL;
    int err = ledger_file_open(path, LEDGER_READ, &f, why);

    if (err)
        return err;
    err = ledger_file_each(f, &v);
    ledger_file_close(f);
    return err ? errmsg_set(why, err, "%s cannot be read: %s", path, err_text(err)) : ERR_OK;
}

static int init(struct report *r, const struct report_files *f)
{
    memset(r, 0, sizeof *r);
    arena_init(&r->arena, 0);
    r->meters = map_new(0);
    r->ops = map_new(0);
    r->join = join_new();
    r->crypto = crypto_new(NULL);
    r->time_scale = f->time_scale;
    r->log_ok = true;
    rng_init_system(&r->rng);
    r->world.crypto = r->crypto;
    r->world.rng = &r->rng;
    return r->meters && r->ops && r->join && r->crypto ? ERR_OK : ERR_NOMEM;
}

static void free_map(struct map *m)
{
    void *cursor = NULL, *value;

    while (m && map_next(m, &cursor, NULL, &value))
        free(value);
    map_free(m);
}

static void fini(struct report *r)
{
    struct samples *const all[] = {&r->download, &r->create, &r->send_data, &r->enable_por,
                                   &r->enable_notification, &r->enable_all};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]->v);
    free_map(r->meters);
    free_map(r->ops);
    join_free(r->join);
    crypto_free(r->crypto);
    arena_fini(&r->arena);
}

int report_print(const struct report_files *f, bool *ret_ok, struct errmsg *why)
{
    struct report r;
    int err = init(&r, f);

    *ret_ok = false;
    if (!err)
        err = read_journal(&r, f->smsr_journal, smsr_record, why);
    if (!err && f->smdp_journal)
        err = read_journal(&r, f->smdp_journal, smdp_record, why);
    if (!err)
        err = read_ledger(&r, f->ledger, why);
    if (!err)
        report_write(&r, f, ret_ok);
    fini(&r);
    return err;
}
