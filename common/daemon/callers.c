/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/callers.h"

#include "common/base/map.h"
#include "common/wire/wire.h"

#include <stdlib.h>

#define WAITING_MAX 65536u

struct callers {
    struct callers_port port;
    struct map *conns;             /* rpc id -> struct rpc */
    struct map *waiting;           /* operation -> struct waiting_call */
    struct arena scratch;          /* one delivery */
    struct callers_counters count;
    bool stopped;
};

struct callers *callers_new(const struct callers_port *port)
{
    struct callers *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    c->port = *port;
    arena_init(&c->scratch, 0);
    c->conns = map_new(0);
    c->waiting = map_new(WAITING_MAX);
    if (c->conns && c->waiting)
        return c;
    callers_free(c);
    return NULL;
}

void callers_free(struct callers *c)
{
    void *cursor = NULL, *value;

    if (!c)
        return;
    while (c->waiting && map_next(c->waiting, &cursor, NULL, &value))
        free(value);
    map_free(c->waiting);
    map_free(c->conns);
    arena_fini(&c->scratch);
    free(c);
}

void callers_stop(struct callers *c)
{
    c->stopped = true;
}

bool callers_stopped(const struct callers *c)
{
    return c->stopped;
}

struct callers_counters callers_count(const struct callers *c)
{
    return c->count;
}

static struct span conn_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static struct span op_key(const struct uuid *op)
{
    return span_of(op->b, sizeof op->b);
}

const struct rpc_party *callers_peer(const struct callers *c, uint64_t conn)
{
    struct rpc *r = map_get(c->conns, conn_key(&conn));
    return r ? rpc_peer(r) : NULL;
}

/* --- HELLO --- */
static int subscribe(struct callers *c, struct rpc *r, uint64_t last, struct errmsg *why)
{
    int err = engine_subscribe(c->port.engine, &rpc_peer(r)->oid, rpc_id(r), last);

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
static int admit(struct callers *c, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    const struct rpc_party *peer = rpc_peer(r);

    if (c->stopped || engine_failed(c->port.engine))
        return errmsg_set(why, ERR_BUSY, "this %s is stopping", c->port.what);
    if (!c->port.admits(c->port.ctx, peer))
        return errmsg_set(why, ERR_DENIED,
                          "%s is not a party of this %s in that role: parties: does not name it as "
                          "%s",
                          peer->oid.s, c->port.what, role_text(peer->role));
    return hello->subscribe ? subscribe(c, r, hello->last_delivery_no, why) : ERR_OK;
}

static int on_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    struct callers *c = ctx;
    uint64_t id = rpc_id(r);
    int err = admit(c, r, hello, why);

    if (!err && map_put(c->conns, conn_key(&id), r)) {
        engine_unsubscribe(c->port.engine, id);
        err = errmsg_set(why, ERR_NOMEM, "no memory for the connection");
    }
    if (err)
        c->count.hello_refused++;
    else
        c->count.connections++;
    return err;
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct callers *c = ctx;

    switch (e->kind) {
    case ENV_REQUEST:
        c->count.requests++;
        c->port.request(c->port.ctx, r, e);
        return;
    case ENV_ACK:
        if (engine_delivery_ack(c->port.engine, rpc_id(r), e->delivery_no))
            rpc_close(r, "ACK of a delivery that was not sent on this connection");
        return;
    default: /* an ERROR about a delivery: it stays unacknowledged and is sent again later */
        return;
    }
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct callers *c = ctx;
    uint64_t id = rpc_id(r);
    void *cursor = NULL, *value;

    (void)err;
    (void)why;
    if (!map_del(c->conns, conn_key(&id)))
        return;
    if (c->port.gone)
        c->port.gone(c->port.ctx, id);
    engine_unsubscribe(c->port.engine, id);
    while (map_next(c->waiting, &cursor, NULL, &value)) {
        struct waiting_call *call = value;
        if (call->conn != id)
            continue;
        (void)map_del(c->waiting, op_key(&call->op));
        free(call);
    }
}

struct rpc_handler callers_handler(struct callers *c)
{
    return (struct rpc_handler){
        .on_hello = on_hello, .on_message = on_message, .on_closed = on_closed, .ctx = c};
}

/* --- what leaves --- */
void callers_send(struct callers *c, uint64_t conn, struct envelope *e)
{
    struct rpc *r = map_get(c->conns, conn_key(&conn));
    int err;

    if (!r || !rpc_is_up(r))
        return;
    err = rpc_send(r, e, NULL);
    if (!err || err == ERR_CLOSED)
        return;
    c->count.undeliverable++;
    rpc_close(r, e->delivery_no ? "too much output waits on this connection"
                                : "the answer cannot be sent on this connection");
}

void callers_hang_up(struct callers *c, uint64_t conn, int err)
{
    struct rpc *r = map_get(c->conns, conn_key(&conn));

    if (!r)
        return;
    c->count.undeliverable++;
    rpc_close(r, err == ERR_NOMEM ? "no memory for an answer now; connect and ask again"
                                  : "an answer cannot be made; the log of this daemon says why");
}

void callers_deliver(struct callers *c, uint64_t conn, const struct event *ev, unsigned index)
{
    const struct event_delivery *d = &ev->deliveries[index];
    struct rpc *r = map_get(c->conns, conn_key(&conn));
    struct envelope e = {.delivery_no = d->number, .context_id = ev->correlation_id,
                         .operation = ev->op, .verdict = ev->result};
    const struct msg_info *info;

    if (!r || !rpc_is_up(r))
        return;
    arena_reset(&c->scratch);
    if (wire_message_decode(d->message, &c->scratch, &e.message, NULL)) {
        rpc_close(r, "a delivery cannot be read");
        return;
    }
    info = msg_type_info(e.message.type);
    e.kind = info && info->kind == MSG_KIND_RESPONSE ? ENV_RESPONSE : ENV_NOTICE;
    if (c->port.head)
        c->port.head(ev, &e.message, &e);
    callers_send(c, conn, &e);
}

/* --- who waits --- */
void callers_remember(struct callers *c, const struct waiting_call *call)
{
    struct waiting_call *kept = map_get(c->waiting, op_key(&call->op));

    if (!kept) {
        kept = calloc(1, sizeof *kept);
        if (!kept || map_put(c->waiting, op_key(&call->op), kept)) {
            free(kept);
            return;
        }
    }
    *kept = *call;
}

bool callers_recall(struct callers *c, const struct uuid *op, bool delivered, struct waiting_call *ret)
{
    struct waiting_call *kept = map_del(c->waiting, op_key(op));
    const struct rpc *r;

    if (!kept)
        return false;
    *ret = *kept;
    free(kept);
    r = map_get(c->conns, conn_key(&ret->conn));
    return r && rpc_is_up(r) &&
           !(delivered && engine_is_subscriber(c->port.engine, &ret->party, ret->conn));
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

int callers_encode_answers(struct plan *p)
{
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < p->n_records; i++)
        err = encode_answer(p, p->records[i]);
    return err;
}
