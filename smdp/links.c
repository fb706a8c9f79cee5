/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the SM-SRs (design 3.3): a request stays here until it is answered, is sent again on
 * every new connection, and never more than the link's window are out. Answers find their call by
 * the request they relate to or by the SM-SR's operation; each call is answered once. */
#include "smdp/core_int.h"

#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

int dp_core_links_init(struct smdp_core *c)
{
    list_init(&c->reads);
    c->by_order = map_new(0);
    c->links = calloc(c->cfg.env->n_smsrs ? c->cfg.env->n_smsrs : 1, sizeof *c->links);
    if (!c->by_order || !c->links)
        return ERR_NOMEM;
    for (unsigned i = 0; i < c->cfg.env->n_smsrs; i++) {
        struct link *l = &c->links[i];
        l->smsr = c->cfg.env->smsrs[i].oid;
        list_init(&l->queue);
        list_init(&l->sent);
        l->by_id = map_new(0);
        l->by_operation = map_new(0);
        c->n_links++;
        if (!l->by_id || !l->by_operation)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static struct link *link_of(struct smdp_core *c, const struct oid *smsr)
{
    for (unsigned i = 0; i < c->n_links; i++)
        if (oid_eq(&c->links[i].smsr, smsr))
            return &c->links[i];
    return NULL;
}

static void off_connection(struct call *k)
{
    if (k->message_id)
        (void)map_del(k->link->by_id, span_of(&k->message_id, sizeof k->message_id));
    if (!uuid_is_zero(&k->operation))
        (void)map_del(k->link->by_operation, span_of(k->operation.b, 16));
    k->message_id = 0;
    memset(&k->operation, 0, sizeof k->operation);
}

static void call_free(struct smdp_core *c, struct call *k)
{
    off_connection(k);
    list_del(&k->item);
    if (!list_empty(&k->read)) {
        list_del(&k->read);
        c->n_reads--;
    }
    if (!uuid_is_zero(&k->order))
        (void)map_del(c->by_order, span_of(k->order.b, 16));
    buf_fini(&k->message);
    free(k);
}

void dp_core_links_fini(struct smdp_core *c)
{
    for (unsigned i = 0; i < c->n_links; i++) {
        struct link *l = &c->links[i];
        LIST_EACH_SAFE(it, next, &l->queue)
        call_free(c, LIST_ENTRY(it, struct call, item));
        LIST_EACH_SAFE(it, next, &l->sent)
        call_free(c, LIST_ENTRY(it, struct call, item));
        map_free(l->by_id);
        map_free(l->by_operation);
    }
    free(c->links);
    map_free(c->by_order);
    c->links = NULL;
    c->n_links = 0;
    c->by_order = NULL;
}

/* --- sending --- */
static int send(struct smdp_core *c, struct call *k)
{
    struct envelope e = {.kind = ENV_REQUEST, .mno_id = k->mno, .context_id = span_str(k->context)};
    struct arena a;
    int err;

    if (!k->context[0])
        e.context_id = (struct span){NULL, 0};
    arena_init(&a, 0);
    err = wire_message_decode(buf_span(&k->message), &a, &e.message, NULL);
    if (!err)
        err = c->cfg.link.call(c->cfg.link.ctx, &k->link->smsr, &e);
    arena_fini(&a);
    if (err)
        return err;
    k->message_id = e.message_id;
    if (map_put(k->link->by_id, span_of(&k->message_id, sizeof k->message_id), k))
        c->count.answers_lost++; /* it finds nobody: the timer of the order repeats the call */
    list_del(&k->item);
    list_push(&k->link->sent, &k->item);
    return ERR_OK;
}

static void pump(struct smdp_core *c, struct link *l)
{
    while (l->up && !list_empty(&l->queue)) {
        struct call *k = LIST_ENTRY(l->queue.next, struct call, item);
        if (send(c, k))
            return;
        c->count.calls++;
    }
}

static struct call *call_new(struct smdp_core *c, const struct oid *smsr, const struct message *m)
{
    struct link *l = link_of(c, smsr);
    struct call *k = l ? calloc(1, sizeof *k) : NULL;

    if (!k)
        return NULL;
    k->link = l;
    list_init(&k->item);
    list_init(&k->read);
    buf_init(&k->message, WIRE_FRAME_MAX);
    if (wire_message_encode(m, &k->message)) {
        call_free(c, k);
        return NULL;
    }
    list_push(&l->queue, &k->item);
    return k;
}

/* Without memory, or without that SM-SR in the configuration any more, the order's timer comes back
 * to it. */
void dp_core_call(struct smdp_core *c, const struct dp_out_call *o)
{
    struct call *k;

    dp_core_forget_call(c, &o->order);
    k = call_new(c, &o->smsr, &o->message);
    if (!k)
        return;
    if (map_put(c->by_order, span_of(o->order.b, 16), k)) {
        call_free(c, k);
        return;
    }
    k->order = o->order;
    k->mno = o->mno;
    (void)snprintf(k->fcid, sizeof k->fcid, "%s", o->fcid);
    (void)snprintf(k->context, sizeof k->context, "%.*s", (int)o->context_id.n,
                   o->context_id.n ? (const char *)o->context_id.p : "");
    pump(c, k->link);
}

void dp_core_forget_call(struct smdp_core *c, const struct uuid *order)
{
    struct call *k = map_get(c->by_order, span_of(order->b, 16));

    if (k)
        call_free(c, k);
}

/* The SM-SR's operation stays the same on the next connection: its answer may come there as a delivery,
 * before the call was made again, and in its place among the news. */
static void again(struct call *k)
{
    if (k->message_id)
        (void)map_del(k->link->by_id, span_of(&k->message_id, sizeof k->message_id));
    k->message_id = 0;
    list_del(&k->item);
    list_push(&k->link->queue, &k->item);
}

void dp_core_repeat(struct smdp_core *c, const struct dp_out_repeat *o)
{
    struct call *k = map_get(c->by_order, span_of(o->order.b, 16));
    struct input in = {.kind = IN_RESTART};

    if (k) {
        if (k->message_id) {
            again(k);
            c->count.calls_again++;
        }
        pump(c, k->link);
        return;
    }
    /* Its octets are gone (no memory when it was made): the order makes them again. */
    order_mbox(&o->order, &in.to);
    if (engine_post(c->engine, &in))
        c->count.job_errors++;
}

/* --- connections --- */
uint64_t smdp_core_last_delivery(struct smdp_core *c, const struct oid *smsr)
{
    return engine_peer_last(c->engine, smsr);
}

static void all_again(struct link *l)
{
    struct list waiting;

    /* What was out goes first, in the order it was made. */
    list_init(&waiting);
    LIST_EACH_SAFE(it, next, &l->queue)
    {
        list_del(it);
        list_push(&waiting, it);
    }
    LIST_EACH_SAFE(it, next, &l->sent)
    again(LIST_ENTRY(it, struct call, item));
    LIST_EACH_SAFE(it, next, &waiting)
    {
        list_del(it);
        list_push(&l->queue, it);
    }
}

void smdp_core_link_up(struct smdp_core *c, const struct oid *smsr)
{
    struct link *l = link_of(c, smsr);

    if (!l)
        return;
    all_again(l);
    l->up = true;
    pump(c, l);
}

void smdp_core_link_down(struct smdp_core *c, const struct oid *smsr)
{
    struct link *l = link_of(c, smsr);

    if (!l)
        return;
    l->up = false;
    all_again(l);
}

/* --- answers --- */
static struct call *match(struct link *l, const struct envelope *e)
{
    if (e->relates_to)
        return map_get(l->by_id, span_of(&e->relates_to, sizeof e->relates_to));
    if (!uuid_is_zero(&e->operation))
        return map_get(l->by_operation, span_of(e->operation.b, 16));
    return NULL;
}

static void accepted(struct call *k, const struct envelope *e)
{
    if (uuid_is_zero(&e->operation) || !uuid_is_zero(&k->operation))
        return;
    if (map_put(k->link->by_operation, span_of(e->operation.b, 16), k) == ERR_OK)
        k->operation = e->operation;
}

static void read_answer(struct smdp_core *c, const struct call *k, const struct envelope *e)
{
    if (e->kind == ENV_RESPONSE && e->message.type == MSG_ES3_GET_EIS_RESPONSE)
        dp_api_eis(c->api, k->conn, k->request, e->message.body);
    else
        dp_api_no_eis(c->api, k->conn, k->request, "the SM-SR refused the request");
}

/* The call is over before its answer is looked at: a second copy of it must find nobody, least of
 * all the next call of the same order. */
static void answer(struct smdp_core *c, struct link *l, const struct envelope *e)
{
    struct call *k = match(l, e);
    struct uuid order;

    if (!k) {
        c->count.answers_unmatched++;
        return;
    }
    c->count.answers++;
    if (uuid_is_zero(&k->order)) {
        read_answer(c, k, e);
        call_free(c, k);
        return;
    }
    order = k->order;
    call_free(c, k);
    dp_core_answered(c, &l->smsr, &order, e);
}

void smdp_core_peer(struct smdp_core *c, const struct oid *smsr, const struct envelope *e)
{
    struct link *l = link_of(c, smsr);
    struct call *k;

    if (!l || engine_failed(c->engine))
        return;
    /* A delivery heard before is acknowledged again and does nothing. */
    if (e->delivery_no && engine_peer_delivery(c->engine, smsr, e->delivery_no))
        return;
    switch (e->kind) {
    case ENV_ACCEPTED:
        k = match(l, e);
        if (k)
            accepted(k, e);
        break;
    case ENV_RESPONSE:
        answer(c, l, e);
        break;
    case ENV_ERROR:
        if (e->relates_to)
            answer(c, l, e);
        break;
    case ENV_NOTICE:
        dp_core_notice(c, &l->smsr, e);
        break;
    default:
        break;
    }
    pump(c, l);
}

/* --- reads --- */
int dp_core_read(void *ctx, const struct dp_read *q)
{
    struct smdp_core *c = ctx;
    struct es3_get_eis_request req = {.eid = q->request->eid};
    char text[UUID_TEXT], fcid[ORDER_FCID];
    struct uuid id;
    struct call *k;

    if (c->n_reads >= READS_MAX)
        return ERR_FULL;
    uuid_v7(&id, clock_wall_ms(c->cfg.clock), c->cfg.rng);
    uuid_text(&id, text);
    (void)snprintf(fcid, sizeof fcid, "read/%s", text);
    req.base.function_call_identifier = span_str(fcid);
    k = call_new(c, &q->request->smsr_id, &(struct message){MSG_ES3_GET_EIS_REQUEST, &req});
    if (!k)
        return ERR_NOMEM;
    k->mno = q->party;
    k->conn = q->conn;
    k->request = q->message_id;
    k->deadline = clock_wall_ms(c->cfg.clock) + c->cfg.env->timer_ms[DP_TIMER_READ];
    (void)snprintf(k->fcid, sizeof k->fcid, "%s", fcid);
    (void)snprintf(k->context, sizeof k->context, "%.*s", (int)q->context_id.n,
                   q->context_id.n ? (const char *)q->context_id.p : "");
    list_push(&c->reads, &k->read);
    c->n_reads++;
    pump(c, k->link);
    return ERR_OK;
}

int64_t dp_core_reads_due(const struct smdp_core *c)
{
    return list_empty(&c->reads) ? INT64_MAX
                                 : LIST_ENTRY(c->reads.next, struct call, read)->deadline;
}

void dp_core_reads_expire(struct smdp_core *c)
{
    int64_t now = clock_wall_ms(c->cfg.clock);

    while (dp_core_reads_due(c) <= now) {
        struct call *k = LIST_ENTRY(c->reads.next, struct call, read);
        dp_api_no_eis(c->api, k->conn, k->request, NULL);
        call_free(c, k);
    }
}
