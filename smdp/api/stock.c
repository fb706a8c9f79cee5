/* SPDX-License-Identifier: Apache-2.0 */
/* How much of each type is left, and cards that are declared lost: by two persons, one after the
 * other, each under a certificate of its own. */
#include "smdp/api/api_int.h"

#define ROWS_MAX ADMIN_LIST_MAX

struct levels {
    struct request *q;
    struct admin_stock_row *rows;
    unsigned n;
};

static int one_level(void *ctx, const struct dp_level *l)
{
    struct levels *v = ctx;
    struct admin_stock_row *r = &v->rows[v->n];

    if (v->n == ROWS_MAX)
        return ERR_OK;
    memset(r, 0, sizeof *r);
    r->mno = l->mno;
    r->profile_type = span_str(arena_str(dp_request_memory(v->q), span_str(l->profile_type)));
    r->available = l->state[STOCK_AVAILABLE];
    r->reserved = l->state[STOCK_RESERVED];
    r->installed = l->state[STOCK_INSTALLED];
    r->deleted = l->state[STOCK_DELETED];
    r->lost = l->state[STOCK_LOST];
    r->below = dp_env_low(v->q->a->cfg.env, &l->mno, l->profile_type);
    r->low = l->below != 0;
    v->n++;
    return ERR_OK;
}

void dp_request_stock(struct request *q)
{
    const struct admin_stock_request *req = q->msg.body;
    struct dp_scope scope = q->scope;
    struct levels v = {.q = q};
    struct message m;
    struct admin_stock_response *body = dp_request_response(q, &m);
    int err = engine_flush(q->a->cfg.engine);

    if (scope.all) {
        scope.mno = req->mno;
        scope.all = !req->mno.s[0];
    }
    v.rows = arena_alloc(dp_request_memory(q), ROWS_MAX * sizeof *v.rows);
    if (!body || !v.rows || (err && err != ERR_AGAIN) ||
        dp_store_levels(q->a->cfg.store, &scope, req->profile_type, one_level, &v)) {
        dp_request_refuse(q, DP_ST_BUSY, "the answer cannot be made now");
        return;
    }
    body->rows = v.rows;
    body->n_rows = v.n;
    dp_request_respond(q, m);
}

/* --- a card that is lost --- */
static enum status_code judge(struct request *q, const struct admin_loss_declare_request *req,
                            struct stock_item *item)
{
    const struct dp_scope all = {.all = true};
    int err = dp_store_stock(q->a->cfg.store, &all, &req->iccid, item);

    if (err)
        return err == ERR_NOT_FOUND ? DP_ST_ICCID_UNKNOWN : DP_ST_BUSY;
    if (item->state != STOCK_INSTALLED || !eid_eq(&item->eid, &req->eid))
        return DP_ST_LOSS_NONE;
    if (oid_eq(&item->declared_by, &q->call.party))
        return DP_ST_LOSS_SAME_PERSON;
    return engine_has_room(q->a->cfg.engine) ? ST_OK : DP_ST_DISK_FULL;
}

void dp_request_loss(struct request *q)
{
    const struct admin_loss_declare_request *req = q->msg.body;
    struct mbox house = {.kind = MBOX_HOUSE};
    struct admin_loss_declare_response *body;
    struct message m = {MSG_NONE, NULL};
    struct stock_item item;
    enum status_code st;
    struct event *ev;
    struct plan *p;

    if (dp_request_repeated(q))
        return;
    st = judge(q, req, &item);
    p = st ? NULL : engine_plan_begin(q->a->cfg.engine);
    body = p ? dp_request_response(q, &m) : NULL;
    if (!body) {
        dp_request_refuse(q, st ? st : DP_ST_BUSY, NULL);
        return;
    }
    body->persons = item.declared_by.s[0] ? 2 : 1;
    ev = plan_record(p, EV_LOSS_DECLARED);
    dp_request_put(q, ev, &m);
    ev->eid = req->eid;
    ev->iccid = req->iccid;
    ev->mno = item.mno;
    ev->number = body->persons;
    ev->text = req->reason;
    if (dp_api_finish_plan(q->a, p) || engine_plan_end(q->a->cfg.engine, p, &house))
        dp_request_refuse(q, DP_ST_BUSY, "the declaration could not be stored");
    else
        dp_request_respond(q, m);
}
