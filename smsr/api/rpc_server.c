/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: who is admitted, what leaves on them, who hears deliveries (design 3.3). */
#include "smsr/api/api_int.h"

#include "common/msg/es3.h"

#include <stdlib.h>

struct api *api_new(const struct api_config *cfg)
{
    struct api *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->cfg = *cfg;
    arena_init(&a->scratch, 0);
    a->conns = map_new(0);
    a->pending = map_new(API_PENDING_MAX);
    if (a->conns && a->pending)
        return a;
    api_free(a);
    return NULL;
}

void api_free(struct api *a)
{
    void *cursor = NULL;
    void *value;

    if (!a)
        return;
    while (a->pending && map_next(a->pending, &cursor, NULL, &value))
        free(value);
    map_free(a->pending);
    map_free(a->conns);
    arena_fini(&a->scratch);
    free(a);
}

void api_stop(struct api *a)
{
    a->stopped = true;
}

const struct api_counters *api_get_counters(const struct api *a)
{
    return &a->count;
}

static struct span conn_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static struct rpc *conn_of(const struct api *a, uint64_t id)
{
    struct rpc *r = map_get(a->conns, conn_key(&id));
    return r && rpc_is_up(r) ? r : NULL;
}

static int subscribe(struct api *a, struct rpc *r, uint64_t last, struct errmsg *why)
{
    int err = engine_subscribe(a->cfg.engine, &rpc_peer(r)->oid, rpc_id(r), last);

    switch (err) {
    case ERR_OK:
        return ERR_OK;
    case ERR_BUSY:
        return errmsg_set(why, err, "another connection of %s receives its deliveries already",
                          rpc_peer(r)->oid.s);
    case ERR_INVAL:
        return errmsg_set(why, err, "last_delivery_no %llu was never given to %s",
                          (unsigned long long)last, rpc_peer(r)->oid.s);
    default:
        return errmsg_set(why, err, "deliveries are not available");
    }
}

/* Identity is the certificate's; an unknown party and a role it does not have are told the same. */
static int on_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    struct api *a = ctx;
    const struct rpc_party *peer = rpc_peer(r);
    const struct party *party = env_party(a->cfg.env, &peer->oid);
    uint64_t id = rpc_id(r);
    int err = ERR_OK;

    if (a->stopped || engine_failed(a->cfg.engine))
        err = errmsg_set(why, ERR_BUSY, "this SM-SR is stopping");
    else if (!party || !(party->roles & (1u << (unsigned)peer->role)))
        err = errmsg_set(why, ERR_DENIED,
                         "%s is not a party of this SM-SR in that role: parties: does not name it as "
                         "%s",
                         peer->oid.s, role_text(peer->role));
    if (!err && hello->subscribe)
        err = subscribe(a, r, hello->last_delivery_no, why);
    if (!err && map_put(a->conns, conn_key(&id), r)) {
        engine_unsubscribe(a->cfg.engine, id);
        err = errmsg_set(why, ERR_NOMEM, "no memory for the connection");
    }
    if (err)
        a->count.hello_refused++;
    else
        a->count.connections++;
    return err;
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct api *a = ctx;

    switch (e->kind) {
    case ENV_REQUEST:
        a->count.requests++;
        api_request(a, r, e);
        return;
    case ENV_ACK:
        if (engine_delivery_ack(a->cfg.engine, rpc_id(r), e->delivery_no))
            rpc_close(r, "ACK of a delivery that was not sent on this connection");
        return;
    default: /* an ERROR about one of our deliveries: it stays unacknowledged and is sent again
                later */
        return;
    }
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct api *a = ctx;
    uint64_t id = rpc_id(r);
    void *cursor = NULL;
    void *value;

    (void)err;
    (void)why;
    if (!map_del(a->conns, conn_key(&id)))
        return;
    engine_unsubscribe(a->cfg.engine, id);
    while (map_next(a->pending, &cursor, NULL, &value)) {
        struct pending_call *c = value;
        if (c->conn != id)
            continue;
        (void)map_del(a->pending, span_of(c->op.b, sizeof c->op.b));
        free(c);
    }
}

struct rpc_handler api_handler(struct api *a)
{
    return (struct rpc_handler){
        .on_hello = on_hello, .on_message = on_message, .on_closed = on_closed, .ctx = a};
}

/* --- what leaves --- */
static void send(struct api *a, struct rpc *r, struct envelope *e)
{
    int err = rpc_send(r, e, NULL);

    if (!err || err == ERR_CLOSED)
        return;
    a->count.undeliverable++;
    if (e->delivery_no) /* kept until it is acknowledged: the peer comes back for it */
        rpc_close(r, "too much output waits on this connection");
    else
        rpc_close(r, "the answer cannot be sent on this connection");
}

void api_reply(struct api *a, const struct out_reply *o)
{
    struct rpc *r = conn_of(a, o->conn);
    struct envelope e = {.kind = o->kind, .relates_to = o->message_id, .context_id = o->context_id,
                         .mno_id = o->mno_id, .operation = o->operation, .verdict = o->verdict,
                         .error_text = o->error_text, .message = o->message};

    if (r)
        send(a, r, &e);
}

static const struct oid *mno_of(const struct event *ev, const struct message *m)
{
    switch (m->type) {
    case MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION:
        return &((const struct es3_handle_profile_enabled_notification *)m->body)->mno_id;
    case MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION:
        return &((const struct es3_handle_profile_disabled_notification *)m->body)->mno_id;
    case MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION:
        return &((const struct es3_handle_profile_deleted_notification *)m->body)->mno_id;
    default:
        return &ev->mno;
    }
}

/* Design 3.4: who is told EXPIRED because the card is silent is told that this is not the truth yet. */
static enum verdict verdict_of(const struct event *ev)
{
    return ev->type == EV_OPERATION_EXPIRED ? VERDICT_IN_DOUBT : ev->result;
}

void api_deliver(struct api *a, uint64_t conn, const struct event *ev, unsigned index)
{
    const struct event_delivery *d = &ev->deliveries[index];
    struct rpc *r = conn_of(a, conn);
    struct envelope e = {.delivery_no = d->number, .context_id = ev->correlation_id,
                         .operation = ev->op, .verdict = verdict_of(ev)};
    const struct msg_info *info;

    if (!r)
        return;
    arena_reset(&a->scratch);
    if (wire_message_decode(d->message, &a->scratch, &e.message, NULL)) {
        rpc_close(r, "a delivery cannot be read");
        return;
    }
    info = msg_type_info(e.message.type);
    e.kind = info && info->kind == MSG_KIND_RESPONSE ? ENV_RESPONSE : ENV_NOTICE;
    if (info && info->iface == IF_ES3)
        e.mno_id = *mno_of(ev, &e.message);
    send(a, r, &e);
}

/* --- plans --- */
static int encode_answer(struct plan *p, struct event *ev)
{
    struct buf out;
    int err;

    if (!ev->answer_msg || ev->answer_msg->type == MSG_NONE || ev->answer.n)
        return ERR_OK;
    buf_init(&out, WIRE_MESSAGE_MAX);
    err = wire_message_encode(ev->answer_msg, &out);
    if (!err) {
        ev->answer = span_of(arena_dup(p->arena, out.p, out.n), out.n);
        err = ev->answer.p ? ERR_OK : ERR_NOMEM;
    }
    buf_fini(&out);
    return err;
}

static void remember_call(struct api *a, const struct out_reply *o, const struct oid *party)
{
    struct span key = span_of(o->operation.b, sizeof o->operation.b);
    struct pending_call *c = map_get(a->pending, key);

    if (!c) {
        c = calloc(1, sizeof *c);
        if (!c || map_put(a->pending, key, c)) { /* full: the delivery alone tells it */
            free(c);
            return;
        }
    }
    c->op = o->operation;
    c->conn = o->conn;
    c->message_id = o->message_id;
    if (party)
        c->party = *party;
}

/* The RESPONSE goes to the calling connection without a number, unless that is the subscriber, who
 * gets it with one. */
static void answer_caller(struct api *a, struct plan *p, const struct event *ev)
{
    struct span key = span_of(ev->op.b, sizeof ev->op.b);
    struct pending_call *c = ev->answer_msg ? map_get(a->pending, key) : NULL;
    struct out_reply o = {.kind = ENV_RESPONSE};

    if (!c)
        return;
    if (p->n_outs < PLAN_OUTS_MAX && conn_of(a, c->conn) &&
        !engine_is_subscriber(a->cfg.engine, &c->party, c->conn)) {
        o.conn = c->conn;
        o.message_id = c->message_id;
        o.operation = ev->op;
        o.verdict = verdict_of(ev);
        o.context_id = ev->correlation_id;
        o.mno_id = ev->mno;
        o.message = *ev->answer_msg;
        plan_out(p, OUT_REPLY, &o, sizeof o);
    }
    (void)map_del(a->pending, key);
    free(c);
}

static int keep_span(struct plan *p, struct span *s)
{
    if (!s->n)
        return ERR_OK;
    s->p = arena_dup(p->arena, s->p, s->n);
    return s->p ? ERR_OK : ERR_NOMEM;
}

/* A reply leaves at the end of the turn: what it borrowed from the input or from an operation that this
 * very plan ends is gone by then. */
static int keep_reply(struct plan *p, unsigned i)
{
    struct out_reply o = *(const struct out_reply *)p->outs[i].body;
    struct buf b;
    int err = keep_span(p, &o.context_id);

    if (!err)
        err = keep_span(p, &o.error_text);
    if (!err && o.message.type != MSG_NONE) {
        struct span bytes;
        buf_init(&b, WIRE_FRAME_MAX);
        err = wire_message_encode(&o.message, &b);
        bytes = buf_span(&b);
        if (!err)
            err = keep_span(p, &bytes);
        buf_fini(&b);
        if (!err)
            err = wire_message_decode(bytes, p->arena, &o.message, NULL);
    }
    p->outs[i].body = err ? NULL : arena_dup(p->arena, &o, sizeof o);
    return err ? err : p->outs[i].body ? ERR_OK : ERR_NOMEM;
}

int api_finish_plan(struct api *a, struct plan *p)
{
    unsigned n_outs = p->n_outs;
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < n_outs; i++) {
        const struct out_reply *o = p->outs[i].body;
        if (p->outs[i].kind == OUT_REPLY && o->kind == ENV_ACCEPTED)
            remember_call(a, o, p->n_records ? &p->records[0]->party : NULL);
    }
    for (unsigned i = 0; !err && i < p->n_records; i++) {
        err = encode_answer(p, p->records[i]);
        if (!err && p->records[i]->stage != STAGE_ADMISSION)
            answer_caller(a, p, p->records[i]);
    }
    for (unsigned i = 0; !err && i < p->n_outs; i++)
        if (p->outs[i].kind == OUT_REPLY)
            err = keep_reply(p, i);
    return err;
}
