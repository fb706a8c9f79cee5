/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: who is admitted, what leaves on them, who hears deliveries (design 3.3). */
#include "smdp/api/api_int.h"

#include <stdlib.h>

struct dp_api *dp_api_new(const struct dp_api_config *cfg)
{
    struct dp_api *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->cfg = *cfg;
    arena_init(&a->scratch, 0);
    a->clients = map_new(0);
    a->pending = map_new(PENDING_MAX);
    if (a->clients && a->pending)
        return a;
    dp_api_free(a);
    return NULL;
}

static void client_free(struct client *c)
{
    dp_upload_free(c->upload);
    free(c);
}

void dp_api_free(struct dp_api *a)
{
    void *cursor = NULL, *value;

    if (!a)
        return;
    while (a->pending && map_next(a->pending, &cursor, NULL, &value))
        free(value);
    cursor = NULL;
    while (a->clients && map_next(a->clients, &cursor, NULL, &value))
        client_free(value);
    map_free(a->pending);
    map_free(a->clients);
    arena_fini(&a->scratch);
    free(a);
}

void dp_api_stop(struct dp_api *a)
{
    a->stopped = true;
}

const struct dp_api_counters *dp_api_get_counters(const struct dp_api *a)
{
    return &a->count;
}

static struct client *client_of(const struct dp_api *a, uint64_t conn)
{
    return map_get(a->clients, span_of(&conn, sizeof conn));
}

static int subscribe(struct dp_api *a, struct rpc *r, uint64_t last, struct errmsg *why)
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
    struct dp_api *a = ctx;
    const struct rpc_party *peer = rpc_peer(r);
    struct client *c;
    uint64_t id = rpc_id(r);
    int err = ERR_OK;

    if (a->stopped || engine_failed(a->cfg.engine))
        err = errmsg_set(why, ERR_BUSY, "this SM-DP is stopping");
    else if (!dp_env_has_role(dp_env_party(a->cfg.env, &peer->oid), peer->role))
        err = errmsg_set(why, ERR_DENIED,
                         "%s is not a party of this SM-DP in that role: parties: does not name it as "
                         "%s",
                         peer->oid.s, role_text(peer->role));
    if (!err && hello->subscribe)
        err = subscribe(a, r, hello->last_delivery_no, why);
    c = err ? NULL : calloc(1, sizeof *c);
    if (c) {
        c->rpc = r;
        if (map_put(a->clients, span_of(&id, sizeof id), c) == ERR_OK) {
            a->count.connections++;
            return ERR_OK;
        }
        free(c);
    }
    engine_unsubscribe(a->cfg.engine, id);
    a->count.hello_refused++;
    return err ? err : errmsg_set(why, ERR_NOMEM, "no memory for the connection");
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct dp_api *a = ctx;
    struct client *c = client_of(a, rpc_id(r));

    switch (e->kind) {
    case ENV_REQUEST:
        a->count.requests++;
        if (c)
            dp_api_request(a, c, e);
        return;
    case ENV_ACK:
        if (engine_delivery_ack(a->cfg.engine, rpc_id(r), e->delivery_no))
            rpc_close(r, "ACK of a delivery that was not sent on this connection");
        return;
    default: /* an ERROR about a delivery: it stays unacknowledged and is sent again later */
        return;
    }
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct dp_api *a = ctx;
    uint64_t id = rpc_id(r);
    void *cursor = NULL, *value;
    struct client *c = map_del(a->clients, span_of(&id, sizeof id));

    (void)err;
    (void)why;
    if (!c)
        return;
    client_free(c);
    engine_unsubscribe(a->cfg.engine, id);
    while (map_next(a->pending, &cursor, NULL, &value)) {
        struct pending *p = value;
        if (p->conn != id)
            continue;
        (void)map_del(a->pending, span_of(p->order.b, sizeof p->order.b));
        free(p);
    }
}

struct rpc_handler dp_api_handler(struct dp_api *a)
{
    return (struct rpc_handler){
        .on_hello = on_hello, .on_message = on_message, .on_closed = on_closed, .ctx = a};
}

/* --- what leaves --- */
static void send(struct dp_api *a, uint64_t conn, struct envelope *e)
{
    struct client *c = client_of(a, conn);
    int err;

    if (!c || !rpc_is_up(c->rpc))
        return;
    err = rpc_send(c->rpc, e, NULL);
    if (!err || err == ERR_CLOSED)
        return;
    a->count.undeliverable++;
    rpc_close(c->rpc, e->delivery_no ? "too much output waits on this connection"
                                     : "the answer cannot be sent on this connection");
}

void dp_api_reply(struct dp_api *a, const struct dp_out_reply *o)
{
    struct envelope e = {.kind = o->kind,
                         .relates_to = o->message_id,
                         .context_id = o->context_id,
                         .operation = o->operation,
                         .verdict = o->verdict,
                         .error_text = o->error_text,
                         .message = o->message};

    send(a, o->conn, &e);
}

void dp_api_answer(struct dp_api *a, const struct dp_out_answer *o)
{
    struct pending *p = map_del(a->pending, span_of(o->order.b, sizeof o->order.b));
    struct envelope e = {.kind = ENV_RESPONSE,
                         .context_id = o->context_id,
                         .operation = o->order,
                         .verdict = o->verdict,
                         .message = o->message};

    if (!p)
        return;
    e.relates_to = p->message_id;
    if (!engine_is_subscriber(a->cfg.engine, &p->party, p->conn))
        send(a, p->conn, &e);
    free(p);
}

void dp_api_deliver(struct dp_api *a, uint64_t conn, const struct event *ev, unsigned index)
{
    const struct event_delivery *d = &ev->deliveries[index];
    struct envelope e = {.delivery_no = d->number,
                         .context_id = ev->correlation_id,
                         .operation = ev->op,
                         .verdict = ev->result};
    struct client *c = client_of(a, conn);
    const struct msg_info *info;

    if (!c)
        return;
    arena_reset(&a->scratch);
    if (wire_message_decode(d->message, &a->scratch, &e.message, NULL)) {
        rpc_close(c->rpc, "a delivery cannot be read");
        return;
    }
    info = msg_type_info(e.message.type);
    e.kind = info && info->kind == MSG_KIND_RESPONSE ? ENV_RESPONSE : ENV_NOTICE;
    send(a, conn, &e);
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

/* Full: the delivery alone tells the caller. */
static void remember(struct dp_api *a, const struct dp_out_reply *o, const struct oid *party)
{
    struct span key = span_of(o->operation.b, sizeof o->operation.b);
    struct pending *p = map_get(a->pending, key);

    if (!p) {
        p = calloc(1, sizeof *p);
        if (!p || map_put(a->pending, key, p)) {
            free(p);
            return;
        }
    }
    p->order = o->operation;
    p->party = *party;
    p->conn = o->conn;
    p->message_id = o->message_id;
}

int dp_api_finish_plan(struct dp_api *a, struct plan *p)
{
    int err = ERR_OK;

    for (unsigned i = 0; i < p->n_outs; i++) {
        const struct dp_out_reply *o = p->outs[i].body;
        const struct client *c;
        if (p->outs[i].kind != DP_OUT_REPLY || o->kind != ENV_ACCEPTED)
            continue;
        c = client_of(a, o->conn);
        if (c)
            remember(a, o, &rpc_peer(c->rpc)->oid);
    }
    for (unsigned i = 0; !err && i < p->n_records; i++)
        err = encode_answer(p, p->records[i]);
    return err;
}
