/* SPDX-License-Identifier: Apache-2.0 */
/* Links: two queues of chunks each; an end that is closed is freed when nobody is inside it. */
#include "test/sim/link.h"

#include "common/base/list.h"
#include "test/sim/alloc.h"

#include <stdlib.h>

struct chunk {
    struct list at;
    int64_t due_ms;
    size_t n;
    uint8_t b[];
};
struct end {
    struct link *link;
    struct rpc *rpc;
    struct list in;                /* chunks on their way to this end, in order */
    bool is_server;
    const void *owner;             /* ctx of its handler */
    bool closing;                  /* writes no more; what it wrote still arrives */
};
struct link {
    struct links *all;
    unsigned number;
    struct end client, server;
    int64_t delay_ms, now_ms;
    bool up;
    struct list at;
};
struct links {
    struct rng *rng;
    struct list list;
    unsigned next;
    uint64_t octets;
    bool (*muted)(void *ctx, const void *writer);
    void *muted_ctx;
};

struct links *links_new(struct rng *rng)
{
    struct links *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->rng = rng;
    l->next = 1;
    list_init(&l->list);
    return l;
}

static void drop_chunks(struct end *e)
{
    struct list *it;

    while ((it = list_pop(&e->in)))
        free(LIST_ENTRY(it, struct chunk, at));
}

static void link_free(struct link *k)
{
    list_del(&k->at);
    drop_chunks(&k->client);
    drop_chunks(&k->server);
    rpc_free(k->client.rpc);
    rpc_free(k->server.rpc);
    free(k);
}

void links_free(struct links *l)
{
    if (!l)
        return;
    LIST_EACH_SAFE (it, tmp, &l->list)
        link_free(LIST_ENTRY(it, struct link, at));
    free(l);
}

static bool stream_write(void *ctx, struct span bytes)
{
    struct end *from = ctx, *to = from->is_server ? &from->link->client : &from->link->server;
    struct link *k = from->link;
    int64_t delay = k->delay_ms > 0 ? (int64_t)rng_below(k->all->rng, (uint64_t)k->delay_ms + 1) : 0;
    struct chunk *c;

    if (!k->up || from->closing)
        return false;
    if (k->all->muted && k->all->muted(k->all->muted_ctx, from->owner))
        return true;
    c = world_malloc(sizeof *c + bytes.n);
    if (!c)
        return false;
    c->n = bytes.n;
    c->due_ms = k->now_ms + delay;
    memcpy(c->b, bytes.p, bytes.n);
    if (!list_empty(&to->in)) { /* a stream keeps its order */
        const struct chunk *last = LIST_ENTRY(to->in.prev, struct chunk, at);
        if (last->due_ms > c->due_ms)
            c->due_ms = last->due_ms;
    }
    list_push(&to->in, &c->at);
    k->all->octets += bytes.n;
    return true;
}

static void stream_close(void *ctx)
{
    struct end *e = ctx;

    e->closing = true;
}

void links_on_muted(struct links *l, bool (*muted)(void *ctx, const void *writer), void *ctx)
{
    l->muted = muted;
    l->muted_ctx = ctx;
}

unsigned links_connect(struct links *l, const struct rpc_party *peer, const struct rpc_handler *server,
                       const struct rpc_handler *client, bool subscribe, uint64_t last_delivery_no,
                       int64_t now_ms, int64_t delay_ms, struct rpc **ret_client)
{
    struct link *k = calloc(1, sizeof *k);
    struct rpc_stream s = {.write = stream_write, .close = stream_close};

    if (!k)
        return 0;
    k->all = l;
    k->number = l->next++;
    k->now_ms = now_ms;
    k->delay_ms = delay_ms;
    k->up = true;
    list_init(&k->client.in);
    list_init(&k->server.in);
    k->client.link = k->server.link = k;
    k->server.is_server = true;
    k->server.owner = server->ctx;
    k->client.owner = client->ctx;
    list_push(&l->list, &k->at);
    s.ctx = &k->server;
    s.id = 2ull * k->number;
    k->server.rpc = rpc_server(&s, server, peer);
    s.ctx = &k->client;
    s.id = 2ull * k->number + 1;
    k->client.rpc = rpc_client(&s, client, subscribe, last_delivery_no);
    if (!k->server.rpc || !k->client.rpc) {
        link_free(k);
        return 0;
    }
    *ret_client = k->client.rpc;
    return k->number;
}

static struct link *find(const struct links *l, unsigned number)
{
    LIST_EACH (it, &l->list) {
        struct link *k = LIST_ENTRY(it, struct link, at);
        if (k->number == number)
            return k;
    }
    return NULL;
}

static void end_link(struct link *k)
{
    k->up = false;
    drop_chunks(&k->client);
    drop_chunks(&k->server);
    rpc_eof(k->server.rpc, ERR_CLOSED, "cut");
    rpc_eof(k->client.rpc, ERR_CLOSED, "cut");
    link_free(k);
}

void links_cut(struct links *l, unsigned link, int64_t now_ms)
{
    struct link *k = find(l, link);

    if (!k)
        return;
    k->now_ms = now_ms;
    end_link(k);
}

void links_cut_of(struct links *l, const void *handler_ctx, int64_t now_ms)
{
    LIST_EACH_SAFE (it, tmp, &l->list) {
        struct link *k = LIST_ENTRY(it, struct link, at);
        if (k->server.owner != handler_ctx && k->client.owner != handler_ctx)
            continue;
        k->now_ms = now_ms;
        end_link(k);
    }
}

bool links_is_up(const struct links *l, unsigned link)
{
    const struct link *k = find(l, link);

    return k && k->up && rpc_is_up(k->client.rpc);
}

static int64_t end_due(const struct end *e)
{
    return list_empty(&e->in) ? INT64_MAX : LIST_ENTRY(e->in.next, struct chunk, at)->due_ms;
}

int64_t links_due(const struct links *l)
{
    int64_t due = INT64_MAX;

    LIST_EACH (it, &l->list) {
        const struct link *k = LIST_ENTRY(it, struct link, at);
        int64_t a = end_due(&k->client), b = end_due(&k->server);
        due = a < due ? a : due;
        due = b < due ? b : due;
    }
    return due;
}

static void deliver(struct end *e, int64_t now_ms)
{
    while (e->link->up && !e->closing && end_due(e) <= now_ms) {
        struct chunk *c = LIST_ENTRY(e->in.next, struct chunk, at);
        list_del(&c->at);
        rpc_input(e->rpc, span_of(c->b, c->n));
        free(c);
    }
}

/* What an end wrote before it closed still arrives; what is on its way to it finds nobody. */
static void hears_no_more(struct end *e)
{
    if (e->closing)
        drop_chunks(e);
}

void links_run(struct links *l, int64_t now_ms)
{
    LIST_EACH_SAFE (it, tmp, &l->list) {
        struct link *k = LIST_ENTRY(it, struct link, at);
        k->now_ms = now_ms;
        deliver(&k->server, now_ms);
        deliver(&k->client, now_ms);
        hears_no_more(&k->server);
        hears_no_more(&k->client);
        if ((k->server.closing && list_empty(&k->client.in)) ||
            (k->client.closing && list_empty(&k->server.in)))
            end_link(k);
    }
}

void links_flush(struct links *l, int64_t now_ms)
{
    LIST_EACH (it, &l->list) {
        struct link *k = LIST_ENTRY(it, struct link, at);
        k->now_ms = now_ms;
        rpc_flush(k->server.rpc);
        rpc_flush(k->client.rpc);
    }
}

uint64_t links_octets(const struct links *l)
{
    return l->octets;
}
