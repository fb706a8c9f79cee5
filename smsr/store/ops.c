/* SPDX-License-Identifier: Apache-2.0 */
/* One row an operation: what was asked, what was answered, what is true now (design 3.4). */
#include "smsr/store/store_int.h"

#include <stdlib.h>

static struct span op_span(const struct uuid *op)
{
    return span_of(op->b, sizeof op->b);
}

static void copy_text(char *dst, size_t cap, struct span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;

    memset(dst, 0, cap);
    if (n)
        memcpy(dst, s.p, n);
}
#define COPY(field, span) copy_text(field, sizeof(field), span)

static void read_row(struct stmt *st, struct op_row *r)
{
    memset(r, 0, sizeof *r);
    stmt_copy(st, 0, r->op.b, sizeof r->op.b);
    stmt_copy(st, 1, r->eid.b, sizeof r->eid.b);
    r->stream = stmt_u32(st, 2);
    r->function = (enum function)stmt_u32(st, 3);
    r->iface = (enum interface)stmt_u32(st, 4);
    COPY(r->party.s, stmt_text(st, 5));
    COPY(r->mno.s, stmt_text(st, 6));
    COPY(r->fcid, stmt_text(st, 7));
    COPY(r->iccid.s, stmt_text(st, 8));
    r->state = stmt_u32(st, 9);
    r->verdict = (enum verdict)stmt_u32(st, 10);
    r->status = (enum exec_status)stmt_u32(st, 11);
    COPY(r->code.subject, stmt_text(st, 12));
    COPY(r->code.reason, stmt_text(st, 13));
    r->accepted_ms = stmt_i64(st, 14);
    r->validity_end_ms = stmt_i64(st, 15);
    r->concluded_ms = stmt_i64(st, 16);
    r->attempts = stmt_u32(st, 17);
    r->stage = (enum stage)stmt_u32(st, 18);
    COPY(r->text, stmt_text(st, 19));
}

static int write_row(struct store *s, const struct op_row *r)
{
    struct stmt *st = stmt_at(s->sql, SQ_OP_PUT);

    stmt_bind_blob(st, 1, op_span(&r->op));
    stmt_bind_blob(st, 2, span_of(r->eid.b, sizeof r->eid.b));
    stmt_bind_u64(st, 3, r->stream);
    stmt_bind_u64(st, 4, (uint64_t)r->function);
    stmt_bind_u64(st, 5, (uint64_t)r->iface);
    stmt_bind_text(st, 6, span_str(r->party.s));
    stmt_bind_text(st, 7, span_str(r->mno.s));
    stmt_bind_text(st, 8, span_str(r->fcid));
    stmt_bind_text(st, 9, span_str(r->iccid.s));
    stmt_bind_u64(st, 10, r->state);
    stmt_bind_u64(st, 11, (uint64_t)r->verdict);
    stmt_bind_u64(st, 12, (uint64_t)r->status);
    stmt_bind_text(st, 13, span_str(r->code.subject));
    stmt_bind_text(st, 14, span_str(r->code.reason));
    stmt_bind_i64(st, 15, r->accepted_ms);
    stmt_bind_i64(st, 16, r->validity_end_ms);
    stmt_bind_i64(st, 17, r->concluded_ms);
    stmt_bind_u64(st, 18, r->attempts);
    stmt_bind_u64(st, 19, (uint64_t)r->stage);
    stmt_bind_text(st, 20, span_str(r->text));
    return stmt_run(st);
}

static int get_row(struct store *s, const struct uuid *op, struct op_row *ret)
{
    const struct op_row *m = map_get(s->ops, op_span(op));
    struct stmt *st = stmt_at(s->sql, SQ_OP_GET);
    int err;

    if (m) {
        *ret = *m;
        return ERR_OK;
    }
    stmt_bind_blob(st, 1, op_span(op));
    err = stmt_row(st);
    if (!err)
        read_row(st, ret);
    return stmt_end(st, err);
}

/* The row in memory, to be changed; loaded from the table when it stands there. */
static int edit_row(struct store *s, const struct uuid *op, bool create, struct op_row **ret)
{
    struct op_row *m = map_get(s->ops, op_span(op));
    struct op_row row;
    int err;

    *ret = m;
    if (m)
        return ERR_OK;
    err = get_row(s, op, &row);
    if (err == ERR_NOT_FOUND && create)
        memset(&row, 0, sizeof row);
    else if (err)
        return err;
    m = malloc(sizeof *m);
    if (!m)
        return ERR_NOMEM;
    *m = row;
    m->op = *op;
    err = map_put(s->ops, op_span(op), m);
    if (err) {
        free(m);
        return err;
    }
    *ret = m;
    return ERR_OK;
}

static void begin(struct op_row *m, const struct journal_record *rec, const struct event *ev)
{
    m->eid = ev->eid;
    m->stream = rec->stream;
    m->function = ev->function;
    m->iface = ev->iface;
    m->party = ev->party;
    m->mno = ev->mno;
    COPY(m->fcid, ev->fcid);
    m->iccid = ev->iccid;
    m->accepted_ms = rec->at_ms;
    m->validity_end_ms = ev->validity_end_ms;
    m->attempts = 1;
}

static enum exec_status status_of(const struct event *ev)
{
    switch (ev->result) {
    case VERDICT_SUCCESS:
        return ev->code.subject[0] ? EXEC_WARNING : EXEC_SUCCESS;
    case VERDICT_EXPIRED:
        return EXEC_EXPIRED;
    default:
        return EXEC_FAILED;
    }
}

static void conclude(struct op_row *m, const struct journal_record *rec, const struct event *ev)
{
    m->verdict = ev->result;
    m->concluded_ms = ev->completed_at_ms ? ev->completed_at_ms : rec->at_ms;
    m->stage = ev->stage;
    COPY(m->text, ev->text);
    /* The answer was given once: after EXPIRED the verdict changes, the status and its code do
     * not. */
    if (m->status == EXEC_NONE) {
        m->code = ev->code;
        if (m->party.s[0])
            m->status = status_of(ev);
    }
}

static void change(struct op_row *m, const struct journal_record *rec, const struct event *ev)
{
    if (ev->op_state)
        m->state = ev->op_state - 1;
    if (ev->attempt)
        m->attempts = ev->attempt;
    switch (ev->type) {
    case EV_OPERATION_IN_DOUBT:
        m->verdict = VERDICT_IN_DOUBT;
        COPY(m->text, ev->text);
        break;
    case EV_OPERATION_EXPIRED:
        if (m->party.s[0])
            m->status = EXEC_EXPIRED;
        m->code = ev->code;
        break;
    case EV_OPERATION_CONCLUDED:
        conclude(m, rec, ev);
        break;
    default:
        break;
    }
}

int ops_apply(struct store *s, const struct journal_record *rec, const struct event *ev)
{
    bool refused = ev->type == EV_OPERATION_CONCLUDED && ev->stage == STAGE_ADMISSION;
    struct op_row *m;
    int err;

    if (uuid_is_zero(&ev->op))
        return ERR_OK;
    if (ev->type != EV_OPERATION_ACCEPTED && ev->type != EV_OPERATION_CONCLUDED &&
        ev->type != EV_OPERATION_IN_DOUBT && ev->type != EV_OPERATION_EXPIRED && !ev->op_state)
        return ERR_OK;
    err = edit_row(s, &ev->op, ev->type == EV_OPERATION_ACCEPTED || refused, &m);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
    if (ev->type == EV_OPERATION_ACCEPTED || (refused && eid_is_zero(&m->eid)))
        begin(m, rec, ev);
    change(m, rec, ev);
    return ERR_OK;
}

int ops_save(struct store *s)
{
    void *cursor = NULL;
    void *value;
    int err = ERR_OK;

    while (!err && map_next(s->ops, &cursor, NULL, &value))
        err = write_row(s, value);
    return err;
}

void ops_clear(struct store *s)
{
    void *cursor = NULL;
    void *value;

    while (map_next(s->ops, &cursor, NULL, &value))
        free(value);
    map_clear(s->ops);
}

int store_verdict(struct store *s, const struct uuid *op, enum verdict *ret,
                  int64_t *ret_concluded_ms)
{
    struct op_row row;
    int err = get_row(s, op, &row);

    *ret = err ? VERDICT_NONE : row.verdict;
    *ret_concluded_ms = err ? 0 : row.concluded_ms;
    return err;
}

int store_operation(struct store *s, const struct scope *sc, const struct uuid *op,
                    struct op_row *ret)
{
    int err = get_row(s, op, ret);

    if (!err && !scope_sees_operation(sc, ret))
        err = ERR_NOT_FOUND;
    if (err)
        memset(ret, 0, sizeof *ret);
    return err;
}

static bool wanted(const struct scope *sc, const struct op_filter *f, const struct op_row *r)
{
    return memcmp(r->op.b, f->after.b, sizeof r->op.b) > 0 &&
           (eid_is_zero(&f->eid) || eid_eq(&f->eid, &r->eid)) &&
           (!f->verdict || f->verdict == r->verdict) && (!f->live_only || !r->concluded_ms) &&
           scope_sees_operation(sc, r);
}

struct listing {
    struct store *s;
    const struct scope *sc;
    const struct op_filter *f;
    struct op_row *at;
    unsigned n, max;
};

/* In order of id; when full, the last one goes. */
static void insert_row(struct listing *l, const struct op_row *r)
{
    unsigned i = l->n;

    while (i > 0 && memcmp(l->at[i - 1].op.b, r->op.b, sizeof r->op.b) > 0)
        i--;
    if (i == l->max)
        return;
    if (l->n == l->max)
        l->n--;
    memmove(&l->at[i + 1], &l->at[i], (l->n - i) * sizeof *l->at);
    l->at[i] = *r;
    l->n++;
}

static int list_row(void *ctx, struct stmt *st)
{
    struct listing *l = ctx;
    struct op_row row;

    if (l->n == l->max)
        return ERR_FULL; /* rows come in order: what follows is of the next page */
    read_row(st, &row);
    if (!map_get(l->s->ops, op_span(&row.op)) && wanted(l->sc, l->f, &row))
        l->at[l->n++] = row;
    return ERR_OK;
}

int store_operations(struct store *s, const struct scope *sc, const struct op_filter *f,
                     struct op_row *ret, unsigned max, unsigned *ret_n)
{
    struct listing l = {s, sc, f, ret, 0, max};
    struct stmt *st = stmt_at(s->sql, !eid_is_zero(&f->eid) ? SQ_OP_EID
                                      : f->live_only       ? SQ_OP_LIVE
                                                           : SQ_OP_ALL);
    void *cursor = NULL;
    void *value;
    int err;

    stmt_bind_blob(st, 1, op_span(&f->after));
    if (!eid_is_zero(&f->eid))
        stmt_bind_blob(st, 2, span_of(f->eid.b, sizeof f->eid.b));
    err = stmt_each(st, list_row, &l);
    if (err && err != ERR_FULL)
        return err;
    while (map_next(s->ops, &cursor, NULL, &value))
        if (wanted(sc, f, value))
            insert_row(&l, value);
    *ret_n = l.n;
    return ERR_OK;
}
