/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/peer_calls.h"

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

struct call {
    struct list item;              /* of its link: queue or sent, in order of making */
    struct link *link;
    struct uuid id;
    struct oid mno;
    char context[256];
    struct buf message;            /* encoded */
    struct uuid operation;         /* the peer's, once it accepted */
    uint64_t message_id;           /* on the present connection; 0: not sent on it */
};
struct link {
    struct oid peer;
    bool up;
    struct list queue;             /* not on this connection yet: it is down, or its window is full */
    struct list sent;
    struct map *by_message;        /* message_id -> struct call */
    struct map *by_operation;      /* the peer's operation -> struct call */
};
struct peer_calls {
    struct peer_calls_port port;
    struct link *links;
    unsigned n_links;
    struct map *by_id;
    struct peer_calls_count count;
};

static bool link_init(struct link *l, const struct oid *peer)
{
    l->peer = *peer;
    list_init(&l->queue);
    list_init(&l->sent);
    l->by_message = map_new(0);
    l->by_operation = map_new(0);
    return l->by_message && l->by_operation;
}

struct peer_calls *peer_calls_new(const struct peer_calls_port *port, const struct oid *peers, unsigned n)
{
    struct peer_calls *p = calloc(1, sizeof *p);
    bool ok;

    if (!p)
        return NULL;
    p->port = *port;
    p->by_id = map_new(0);
    p->links = calloc(n ? n : 1, sizeof *p->links);
    ok = p->by_id && p->links;
    while (ok && p->n_links < n) {
        ok = link_init(&p->links[p->n_links], &peers[p->n_links]);
        p->n_links++;
    }
    if (ok)
        return p;
    peer_calls_free(p);
    return NULL;
}

static void off_connection(struct call *k)
{
    if (k->message_id)
        (void)map_del(k->link->by_message, span_of(&k->message_id, sizeof k->message_id));
    k->message_id = 0;
}

static void call_free(struct peer_calls *p, struct call *k)
{
    off_connection(k);
    if (!uuid_is_zero(&k->operation))
        (void)map_del(k->link->by_operation, span_of(k->operation.b, 16));
    (void)map_del(p->by_id, span_of(k->id.b, 16));
    list_del(&k->item);
    buf_fini(&k->message);
    free(k);
}

static void link_fini(struct peer_calls *p, struct link *l)
{
    LIST_EACH_SAFE (it, next, &l->queue)
        call_free(p, LIST_ENTRY(it, struct call, item));
    LIST_EACH_SAFE (it, next, &l->sent)
        call_free(p, LIST_ENTRY(it, struct call, item));
    map_free(l->by_message);
    map_free(l->by_operation);
}

void peer_calls_free(struct peer_calls *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->n_links; i++)
        link_fini(p, &p->links[i]);
    free(p->links);
    map_free(p->by_id);
    free(p);
}

static struct link *link_of(const struct peer_calls *p, const struct oid *peer)
{
    for (unsigned i = 0; i < p->n_links; i++)
        if (oid_eq(&p->links[i].peer, peer))
            return &p->links[i];
    return NULL;
}

bool peer_calls_knows(const struct peer_calls *p, const struct oid *peer)
{
    return link_of(p, peer) != NULL;
}

/* --- sending --- */
static int send(struct peer_calls *p, struct call *k)
{
    struct envelope e = {.kind = ENV_REQUEST, .mno_id = k->mno};
    struct arena a;
    int err;

    if (k->context[0])
        e.context_id = span_str(k->context);
    arena_init(&a, 0);
    err = wire_message_decode(buf_span(&k->message), &a, &e.message, NULL);
    if (!err)
        err = p->port.call(p->port.ctx, &k->link->peer, &e);
    arena_fini(&a);
    if (err)
        return err;
    k->message_id = e.message_id;
    if (map_put(k->link->by_message, span_of(&k->message_id, sizeof k->message_id), k))
        p->count.lost++; /* it finds nobody: the timer of its owner repeats the call */
    list_del(&k->item);
    list_push(&k->link->sent, &k->item);
    p->count.sent++;
    return ERR_OK;
}

static void pump(struct peer_calls *p, struct link *l)
{
    while (l->up && !list_empty(&l->queue))
        if (send(p, LIST_ENTRY(l->queue.next, struct call, item)))
            return;
}

static struct call *call_new(struct link *l, const struct peer_call *from)
{
    struct call *k = calloc(1, sizeof *k);

    if (!k)
        return NULL;
    k->link = l;
    k->id = from->id;
    k->mno = from->mno;
    list_init(&k->item);
    buf_init(&k->message, WIRE_FRAME_MAX);
    (void)snprintf(k->context, sizeof k->context, "%.*s", (int)from->context_id.n,
                   from->context_id.n ? (const char *)from->context_id.p : "");
    return k;
}

int peer_calls_make(struct peer_calls *p, const struct peer_call *call)
{
    struct link *l = link_of(p, &call->peer);
    struct call *k;
    int err;

    peer_calls_forget(p, &call->id);
    if (!l)
        return ERR_NOT_FOUND;
    k = call_new(l, call);
    if (!k)
        return ERR_NOMEM;
    err = wire_message_encode(&call->message, &k->message);
    if (!err)
        err = map_put(p->by_id, span_of(k->id.b, 16), k);
    if (err) {
        buf_fini(&k->message);
        free(k);
        return err;
    }
    list_push(&l->queue, &k->item);
    pump(p, l);
    return ERR_OK;
}

void peer_calls_forget(struct peer_calls *p, const struct uuid *id)
{
    struct call *k = map_get(p->by_id, span_of(id->b, 16));

    if (k)
        call_free(p, k);
}

/* The peer's operation stays the same on the next connection: its answer may come there as a delivery,
 * before the call was made again, and in its place among the news. */
static void again(struct call *k)
{
    off_connection(k);
    list_del(&k->item);
    list_push(&k->link->queue, &k->item);
}

bool peer_calls_repeat(struct peer_calls *p, const struct uuid *id)
{
    struct call *k = map_get(p->by_id, span_of(id->b, 16));

    if (!k)
        return false;
    if (k->message_id) {
        again(k);
        p->count.again++;
    }
    pump(p, k->link);
    return true;
}

unsigned peer_calls_waiting(const struct peer_calls *p)
{
    return (unsigned)map_count(p->by_id);
}

const struct peer_calls_count *peer_calls_count(const struct peer_calls *p)
{
    return &p->count;
}

/* --- connections --- */
/* What was out goes first, in the order it was made. */
static void all_again(struct link *l)
{
    struct list waiting;

    list_init(&waiting);
    LIST_EACH_SAFE (it, next, &l->queue) {
        list_del(it);
        list_push(&waiting, it);
    }
    LIST_EACH_SAFE (it, next, &l->sent)
        again(LIST_ENTRY(it, struct call, item));
    LIST_EACH_SAFE (it, next, &waiting) {
        list_del(it);
        list_push(&l->queue, it);
    }
}

void peer_calls_up(struct peer_calls *p, const struct oid *peer)
{
    struct link *l = link_of(p, peer);

    if (!l)
        return;
    all_again(l);
    l->up = true;
    pump(p, l);
}

void peer_calls_down(struct peer_calls *p, const struct oid *peer)
{
    struct link *l = link_of(p, peer);

    if (!l)
        return;
    l->up = false;
    all_again(l);
}

/* --- answers --- */
static struct call *match(const struct link *l, const struct envelope *e)
{
    if (e->relates_to)
        return map_get(l->by_message, span_of(&e->relates_to, sizeof e->relates_to));
    if (!uuid_is_zero(&e->operation))
        return map_get(l->by_operation, span_of(e->operation.b, 16));
    return NULL;
}

static void accepted(struct call *k, const struct envelope *e)
{
    if (k && !uuid_is_zero(&e->operation) && uuid_is_zero(&k->operation) &&
        map_put(k->link->by_operation, span_of(e->operation.b, 16), k) == ERR_OK)
        k->operation = e->operation;
}

static void answered(struct peer_calls *p, const struct link *l, const struct envelope *e)
{
    struct call *k = match(l, e);
    struct uuid id;

    if (!k) {
        p->count.unmatched++;
        return;
    }
    p->count.answers++;
    id = k->id;
    call_free(p, k);
    p->port.answered(p->port.ctx, &l->peer, &id, e);
}

void peer_calls_heard(struct peer_calls *p, const struct oid *peer, const struct envelope *e)
{
    struct link *l = link_of(p, peer);

    if (!l)
        return;
    if (e->kind == ENV_ACCEPTED)
        accepted(match(l, e), e);
    else if (e->kind == ENV_RESPONSE || (e->kind == ENV_ERROR && e->relates_to))
        answered(p, l, e);
    pump(p, l);
}
