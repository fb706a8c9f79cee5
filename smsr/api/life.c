/* SPDX-License-Identifier: Apache-2.0 */
/* The life of cards for the tools of the house: their states, the files they came from, and how the
 * EIS and the card itself differ. Ours; a card that the caller may not see is unknown to it. */
#include "smsr/api/api_int.h"

#include "smsr/domain/card_state.h"
#include "smsr/domain/drift.h"

#define BATCH_PAGE 256u

static struct arena *mem(struct request *q)
{
    return engine_arena(q->a->cfg.engine);
}

/* NULL: answered as unknown. */
static const struct euicc *find_card(struct request *q, const struct eid *eid)
{
    struct mbox key = {.kind = MBOX_EUICC};
    const struct euicc *e;
    const void *view = NULL;

    memcpy(key.id, eid->b, sizeof eid->b);
    if (engine_view(q->a->cfg.engine, &key, &view))
        return NULL; /* the engine has failed: the process stops */
    e = view;
    if (e && scope_sees_card(&q->scope, e))
        return e;
    api_refuse(q, ST_EID_UNKNOWN, (struct span){NULL, 0});
    return NULL;
}

/* --- states --- */
/* Back from quarantine or lost is to where the card was: SEEN only when it was heard. */
static enum card_state wanted(const struct euicc *e, enum card_state asked)
{
    return asked == CARD_SEEN && !e->reach.seen_ms ? CARD_REGISTERED : asked;
}

void api_card_state(struct request *q)
{
    const struct admin_card_state_request *req = q->msg.body;
    const struct euicc *e = find_card(q, &req->eid);
    struct admin_card_state_response *body;
    enum card_state to;
    struct message m;
    struct event *ev;
    struct plan *p;

    if (!e)
        return;
    to = wanted(e, req->card_state);
    if (to != e->life && card_state_move(e->life, to) != MOVE_COMMAND) {
        api_refuse(q, ST_CARD_MOVE, (struct span){NULL, 0});
        return;
    }
    body = api_response(q, &m);
    if (!body) {
        api_refuse(q, ST_STORAGE, span_str("no memory for the answer"));
        return;
    }
    body->card_state = to;
    body->previous = e->life;
    if (to == e->life) { /* it is there: nothing to record */
        api_respond(q, m, &(struct outcome){.verdict = VERDICT_SUCCESS});
        return;
    }
    p = engine_plan_begin(q->a->cfg.engine);
    if (!p) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    ev = api_call_record(q, p, EV_EUICC_STATE_CHANGED, &req->eid);
    ev->number = (uint64_t)to;
    ev->kind = (uint32_t)e->life;
    ev->text = req->text;
    api_call_end(q, p, ev, m, VERDICT_SUCCESS);
}

/* --- files of cards --- */
static void batch_view(const struct batch_row *r, struct arena *a, struct admin_batch_row *ret)
{
    ret->party = r->party;
    memcpy(ret->batch, r->batch, sizeof ret->batch);
    ret->order_reference = span_str(arena_str(a, span_str(r->order_reference)));
    ret->rows = r->rows;
    ret->accepted = r->accepted;
    ret->refused = r->refused;
    ret->known = r->rows - r->accepted - r->refused;
    ret->first_ms = r->first_ms;
    ret->last_ms = r->last_ms;
}

/* What the row will be behind this run; *ret_changes: it differs from what stands. */
static enum status_code batch_next(struct request *q, const struct admin_batch_request *req,
                                   struct batch_row *ret, bool *ret_changes)
{
    int64_t now = clock_wall_ms(q->a->cfg.clock);
    int err = store_batch(q->a->cfg.store, &q->call.party, req->batch, ret);

    if (err && err != ERR_NOT_FOUND)
        return ST_STORAGE;
    if (err) {
        memset(ret, 0, sizeof *ret);
        ret->party = q->call.party;
        memcpy(ret->batch, req->batch, sizeof ret->batch);
        ret->rows = req->rows;
        ret->first_ms = ret->last_ms = now;
    }
    if (!req->rows || req->rows != ret->rows ||
        (uint64_t)req->accepted + req->refused + req->known != req->rows ||
        (uint64_t)ret->accepted + req->accepted + req->refused > req->rows)
        return ST_BATCH_SUM;
    *ret_changes =
        err || req->accepted || req->refused != ret->refused ||
        (req->order_reference.n && !span_eq(req->order_reference, span_str(ret->order_reference)));
    ret->accepted += req->accepted;
    ret->refused = req->refused;
    if (*ret_changes)
        ret->last_ms = now;
    return ST_OK;
}

void api_batch(struct request *q)
{
    const struct admin_batch_request *req = q->msg.body;
    struct admin_batch_row *row = arena_alloc(mem(q), sizeof *row);
    struct admin_batch_response *body;
    struct eid none = {{0}};
    bool changes = false;
    struct batch_row r;
    struct message m;
    struct event *ev;
    struct plan *p;
    enum status_code st = batch_next(q, req, &r, &changes);

    body = st ? NULL : api_response(q, &m);
    if (st || !body || !row) {
        api_refuse(q, st ? st : ST_STORAGE, (struct span){NULL, 0});
        return;
    }
    batch_view(&r, mem(q), row);
    if (req->order_reference.n)
        row->order_reference = req->order_reference;
    body->row = row;
    if (!changes) { /* the same file once more: nothing new */
        api_respond(q, m, &(struct outcome){.verdict = VERDICT_SUCCESS});
        return;
    }
    p = engine_plan_begin(q->a->cfg.engine);
    if (!p) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    ev = api_call_record(q, p, EV_BATCH_IMPORTED, &none);
    ev->has_batch = true;
    memcpy(ev->batch, req->batch, sizeof ev->batch);
    ev->text = req->order_reference;
    ev->number = req->rows;
    ev->rows_accepted = req->accepted;
    ev->rows_refused = req->refused;
    ev->rows_known = req->known;
    api_call_end(q, p, ev, m, VERDICT_SUCCESS);
}

/* An EUM its own; the house all; a tenant's people none, since a file is no tenant's. */
void api_batch_list(struct request *q)
{
    const struct admin_batch_list_request *req = q->msg.body;
    unsigned max = req->limit && req->limit < BATCH_PAGE ? req->limit : BATCH_PAGE, n = 0;
    struct batch_row *found = arena_alloc(mem(q), max * sizeof *found);
    struct admin_batch_row *rows = arena_alloc(mem(q), max * sizeof *rows);
    struct oid whose = {{0}};
    struct message m;
    struct admin_batch_list_response *body = api_response(q, &m);

    if (!scope_is_house(&q->scope))
        whose = q->call.party;
    if (!found || !rows || !body ||
        store_batches(q->a->cfg.store, &whose, req->after, &req->after_party, found, max, &n)) {
        api_refuse(q, ST_STORAGE, span_str("no memory for the answer"));
        return;
    }
    for (unsigned i = 0; i < n; i++)
        batch_view(&found[i], mem(q), &rows[i]);
    body->rows = rows;
    body->n_rows = n;
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}

/* --- drift --- */
static const struct event *read_audit(struct request *q, uint64_t lsn)
{
    struct event *ev = lsn ? arena_alloc(mem(q), sizeof *ev) : NULL;
    struct journal_record rec;
    struct buf body;
    int err;

    if (!ev)
        return NULL;
    buf_init(&body, 0);
    err = journal_get(engine_journal(q->a->cfg.engine), lsn, &rec, &body);
    if (!err)
        err = wire_event_decode(EV_EUICC_AUDITED, buf_span(&body), mem(q), ev, NULL);
    buf_fini(&body);
    return err ? NULL : ev;
}

void api_drift(struct request *q)
{
    const struct admin_drift_request *req = q->msg.body;
    const struct euicc *e = find_card(q, &req->eid);
    struct admin_drift_row *rows;
    struct admin_drift_response *body;
    const struct event *audit;
    struct message m;

    if (!e)
        return;
    rows = arena_alloc(mem(q), DRIFT_ROWS_MAX * sizeof *rows);
    body = api_response(q, &m);
    audit = read_audit(q, e->audit_lsn);
    if (!rows || !body) {
        api_refuse(q, ST_STORAGE, span_str("no memory for the answer"));
        return;
    }
    body->audited_ms = audit ? e->last_audit_ms : 0;
    body->partial = audit && audit->more_to_do;
    body->rows = rows;
    body->n_rows = drift(e, audit, mem(q), rows);
    api_respond(q, m, &(struct outcome){.verdict = VERDICT_NONE});
}
