/* SPDX-License-Identifier: Apache-2.0 */
/* The connection of smctl (design 3.3). All calls live in one of four lists; a lost connection puts
 * what was sent back to the front of what waits, and the server recognises the repeats. */
#include "tools/smctl/client.h"

#include "common/base/map.h"
#include "tools/smctl/out.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TICK_MS       200
#define ASK_AGAIN     2000 /* between two questions after a verdict */
#define REQUEST_ARENA (1u << 20)

struct client {
    struct loop *loop;
    struct tls_client *tls;
    struct loop_timer *timer;
    struct client_opt opt;
    struct rpc *rpc; /* NULL while not connected */
    struct list pending, sent, accepted, later;
    struct map *by_id, *by_op;
    struct arena arena; /* of the request being sent */
    size_t open;        /* calls without an end */
    size_t n_accepted;  /* of them in that list */
    bool running, ever_up;
    int64_t down_ms;    /* since when, while down */
    int64_t give_up_ms; /* of opt.timeout_ms; 0 = never */
    int64_t next_ask_ms;
    uint64_t last_no; /* delivered and taken */
    int end;          /* why client_run ends, ERR_OK while it goes on */
    struct errmsg why;
};

static int64_t now_ms(void)
{
    return clock_mono_ms(&CLOCK_SYSTEM);
}

static struct span id_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static void stop(struct client *c, int end, const char *why)
{
    if (c->end == ERR_OK && end != ERR_OK)
        c->end = errmsg_set(&c->why, end, "%s", why);
    c->running = false;
    loop_stop(c->loop);
}

/* --- the life of a call --- */

static void forget(struct client *c, struct call *call)
{
    if (call->message_id)
        (void)map_del(c->by_id, id_key(&call->message_id));
    call->message_id = 0;
    if (call->state == CALL_ACCEPTED)
        c->n_accepted--;
    list_del(&call->item);
}

static void finish(struct client *c, struct call *call, const struct call_result *r)
{
    forget(c, call);
    if (!uuid_is_zero(&call->operation))
        (void)map_del(c->by_op, span_of(call->operation.b, sizeof call->operation.b));
    call->state = CALL_DONE;
    call->ended_ms = now_ms();
    c->open--;
    call->port->done(call, r);
    if (c->open == 0 && !c->opt.subscribe)
        stop(c, ERR_OK, "");
}

static void finish_text(struct client *c, struct call *call, enum call_outcome o, const char *text)
{
    finish(c, call, &(struct call_result){.outcome = o, .text = text});
}

void client_call(struct client *c, struct call *call)
{
    call->state = CALL_PENDING;
    call->message_id = 0;
    call->sends = 0;
    call->was_accepted = false;
    call->operation = (struct uuid){{0}};
    list_push(&c->pending, &call->item);
    c->open++;
}

/* False: not now. The call is gone from the pending list when it was sent or can never be. */
static bool send_one(struct client *c, struct call *call)
{
    struct envelope e = {.kind = ENV_REQUEST};
    struct errmsg why;
    int err;

    arena_reset(&c->arena);
    err = call->port->request(call, &c->arena, &e.message);
    if (!err)
        err = rpc_send(c->rpc, &e, &call->message_id);
    if (err == ERR_FULL || err == ERR_CLOSED || err == ERR_STATE) {
        call->message_id = 0;
        return false;
    }
    if (!err)
        err = map_put(c->by_id, id_key(&call->message_id), call);
    if (err) {
        errmsg_set(&why, err, "the request cannot be sent: %s", err_text(err));
        finish_text(c, call, CALL_ERROR, why.text);
        return true;
    }
    if (call->sends++ == 0)
        call->started_ms = now_ms();
    call->state = CALL_SENT;
    list_del(&call->item);
    list_push(&c->sent, &call->item);
    return true;
}

static void pump(struct client *c)
{
    size_t window = c->opt.window ? c->opt.window : CLIENT_WINDOW;

    while (c->rpc && !list_empty(&c->pending) && rpc_in_flight(c->rpc) < RPC_WINDOW &&
           c->n_accepted + rpc_in_flight(c->rpc) < window)
        if (!send_one(c, LIST_ENTRY(c->pending.next, struct call, item)))
            return;
}

/* What was sent waits again, in front and in its old order. */
static void back_to_pending(struct client *c, struct list *from)
{
    for (struct list *it = from->prev; it != from; it = from->prev) {
        struct call *call = LIST_ENTRY(it, struct call, item);
        forget(c, call);
        call->state = CALL_PENDING;
        /* in front: behind the head */
        call->item.prev = &c->pending;
        call->item.next = c->pending.next;
        c->pending.next->prev = &call->item;
        c->pending.next = &call->item;
    }
}

/* --- what comes in --- */

static struct call *call_of(struct client *c, const struct envelope *e)
{
    struct call *call = e->relates_to ? map_get(c->by_id, id_key(&e->relates_to)) : NULL;

    if (!call && !uuid_is_zero(&e->operation))
        call = map_get(c->by_op, span_of(e->operation.b, sizeof e->operation.b));
    return call;
}

static void on_accepted(struct client *c, const struct envelope *e)
{
    struct call *call = call_of(c, e);

    if (!call || call->state != CALL_SENT)
        return;
    call->state = CALL_ACCEPTED;
    c->n_accepted++;
    call->was_accepted = true;
    list_del(&call->item);
    list_push(&c->accepted, &call->item);
    if (!uuid_is_zero(&call->operation) || uuid_is_zero(&e->operation))
        return;
    call->operation = e->operation;
    /* Without room for it the answer is still found by its message id. */
    if (map_put(c->by_op, span_of(e->operation.b, sizeof e->operation.b), call) != ERR_OK)
        call->operation = (struct uuid){{0}};
}

static void on_response(struct client *c, const struct envelope *e)
{
    struct call_result r = {.outcome = CALL_ERROR, .env = e, .text = "the answer has no status"};
    struct call *call = call_of(c, e);

    if (!call)
        return;
    r.base = message_response(&e->message);
    if (r.base)
        r.outcome = call_classify(e, r.base, call->was_accepted);
    if (r.outcome == CALL_IN_DOUBT && call->until_verdict) {
        call->was_accepted = true;
        forget(c, call);
        call->state = CALL_LATER;
        list_push(&c->later, &call->item);
        return;
    }
    finish(c, call, &r);
}

static void on_error(struct client *c, const struct envelope *e)
{
    struct call *call = e->relates_to ? call_of(c, e) : NULL;
    struct errmsg why;
    char text[240];

    if (!call)
        return;
    errmsg_set(&why, ERR_FORMAT, "the server refused the request: %s",
               text_safe(e->error_text, text, sizeof text));
    finish_text(c, call, CALL_ERROR, why.text);
}

/* A numbered one is acknowledged once it was taken; in order, so the highest stands for all. A lost
 * ACK is answered by a repeat, which is acknowledged again. */
static void on_delivery(struct client *c, struct rpc *r, const struct envelope *e)
{
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = e->delivery_no};
    enum client_delivery d = DELIVERY_TAKEN;

    if (!c->running)
        return;
    if (!e->delivery_no || e->delivery_no > c->last_no)
        d = c->opt.delivery ? c->opt.delivery(c->opt.ctx, e) : DELIVERY_LOST;
    if (d == DELIVERY_LOST) {
        stop(c, ERR_IO, "a delivery could not be printed; it is not acknowledged and comes again");
        return;
    }
    if (e->delivery_no > c->last_no)
        c->last_no = e->delivery_no;
    if (e->delivery_no && rpc_send(r, &ack, NULL) == ERR_OK)
        rpc_flush(r);
    if (d == DELIVERY_LAST)
        stop(c, ERR_OK, "");
}

static void client_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct client *c = ctx;

    if (e->kind == ENV_ACCEPTED)
        on_accepted(c, e);
    else if (e->kind == ENV_NOTICE || (e->kind == ENV_RESPONSE && e->delivery_no))
        on_delivery(c, r, e);
    else if (e->kind == ENV_RESPONSE)
        on_response(c, e);
    else if (e->kind == ENV_ERROR)
        on_error(c, e);
    pump(c);
}

/* --- up and down --- */

static void client_welcome(void *ctx, struct rpc *r)
{
    struct client *c = ctx;

    c->rpc = r;
    c->ever_up = true;
    pump(c);
}

static void client_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct client *c = ctx;
    /* A subscriber that comes back may be refused while the server still holds its dead connection.
     */
    bool refused =
        (err == ERR_DENIED && !c->ever_up) || err == ERR_UNSUPPORTED || err == ERR_FORMAT;

    (void)r;
    if (c->rpc || !c->down_ms)
        c->down_ms = now_ms();
    c->rpc = NULL;
    back_to_pending(c, &c->accepted);
    back_to_pending(c, &c->sent);
    if (strstr(why, c->opt.address))
        (void)errmsg_set(&c->why, err, "%s", why);
    else
        (void)errmsg_set(&c->why, err, "%s: %s", c->opt.address, why);
    /* Trying again cannot help against a refusal by name or a peer that speaks otherwise. */
    if (refused && c->running) {
        struct errmsg copy = c->why;
        stop(c, err == ERR_DENIED ? ERR_DENIED : ERR_CLOSED, copy.text);
    }
}

static void ask_again(struct client *c, int64_t now)
{
    if (list_empty(&c->later) || now < c->next_ask_ms)
        return;
    c->next_ask_ms = now + ASK_AGAIN;
    for (struct list *it = list_pop(&c->later); it; it = list_pop(&c->later)) {
        LIST_ENTRY(it, struct call, item)->state = CALL_PENDING;
        list_push(&c->pending, it);
    }
    pump(c);
}

/* Nobody listens there: the daemon may be stopped, and a laboratory's is started by tools/world. */
static void stop_unreached(struct client *c, const char *text)
{
    bool nobody = strstr(text, strerror(ECONNREFUSED)) != NULL;
    char said[600];

    (void)snprintf(said, sizeof said, "%s%s", *text ? text : "the server cannot be reached",
                   nobody ? "; the daemon may be stopped: tools/world status DIR says so of a "
                            "laboratory's, tools/world start DIR starts it"
                          : "");
    stop(c, ERR_CLOSED, said);
}

static void client_tick(void *ctx)
{
    struct client *c = ctx;
    int64_t now = now_ms();
    int64_t patience = c->ever_up ? c->opt.retry_ms : c->opt.first_retry_ms;
    struct errmsg copy = c->why;

    ask_again(c, now);
    if (c->opt.tick)
        c->opt.tick(c->opt.ctx);
    if (!c->rpc && c->down_ms && now - c->down_ms >= patience)
        stop_unreached(c, copy.text);
    else if (c->give_up_ms && now >= c->give_up_ms)
        stop(c, ERR_TIMEOUT, "no answer within --timeout");
    else
        loop_timer_at(c->timer, now + TICK_MS);
}

static void client_signal(void *ctx)
{
    stop(ctx, ERR_STATE, "interrupted");
}

static uint64_t client_last_no(void *ctx)
{
    const struct client *c = ctx;
    return c->last_no;
}

/* --- outside --- */

static int dial(struct client *c, struct errmsg *why)
{
    const struct rpc_handler h = {.on_welcome = client_welcome,
                                  .on_message = client_message,
                                  .on_closed = client_closed,
                                  .ctx = c};
    const struct tls_client_opt o = {.host_port = c->opt.address,
                                     .subscribe = c->opt.subscribe,
                                     .last_delivery_no = client_last_no,
                                     .reconnect = true};

    c->down_ms = now_ms();
    return tls_dial(c->loop, &c->opt.files, &o, &h, &c->tls, why);
}

int client_new(const struct client_opt *o, struct client **ret, struct errmsg *why)
{
    struct client *c = calloc(1, sizeof *c);
    int err = ERR_NOMEM;

    *ret = NULL;
    if (!c)
        return errmsg_set(why, err, "%s", err_text(err));
    c->opt = *o;
    list_init(&c->pending);
    list_init(&c->sent);
    list_init(&c->accepted);
    list_init(&c->later);
    arena_init(&c->arena, REQUEST_ARENA);
    c->by_id = map_new(0);
    c->by_op = map_new(0);
    c->loop = loop_new();
    c->timer = c->loop ? loop_timer_new(c->loop, client_tick, c) : NULL;
    if (c->by_id && c->by_op && c->timer) {
        loop_signals(c->loop, client_signal, NULL, c);
        err = dial(c, why);
    } else {
        (void)errmsg_set(why, err, "%s", err_text(err));
    }
    if (err) {
        client_free(c);
        return err;
    }
    *ret = c;
    return ERR_OK;
}

void client_free(struct client *c)
{
    if (!c)
        return;
    c->running = false;
    if (c->tls)
        tls_client_free(c->tls);
    loop_timer_free(c->timer);
    loop_free(c->loop);
    map_free(c->by_id);
    map_free(c->by_op);
    arena_fini(&c->arena);
    free(c);
}

void client_set_tick(struct client *c, void (*tick)(void *ctx), void *ctx)
{
    c->opt.tick = tick;
    c->opt.ctx = ctx;
}

static void give_up(struct client *c, struct list *from, const char *why)
{
    while (!list_empty(from))
        finish_text(c, LIST_ENTRY(from->next, struct call, item), CALL_UNANSWERED, why);
}

int client_run(struct client *c, struct errmsg *why)
{
    int64_t now = now_ms();
    int err = ERR_OK;

    if (c->open == 0 && !c->opt.subscribe)
        return ERR_OK;
    c->end = ERR_OK;
    c->running = true;
    c->give_up_ms = c->opt.timeout_ms ? now + c->opt.timeout_ms : 0;
    loop_timer_at(c->timer, now + TICK_MS);
    pump(c);
    if (c->running)
        err = loop_run(c->loop);
    loop_timer_at(c->timer, -1);
    c->running = false;
    if (c->end == ERR_OK && err)
        c->end = errmsg_set(&c->why, err, "the event loop failed: %s", err_text(err));
    if (c->end != ERR_OK) {
        struct errmsg copy = c->why;
        give_up(c, &c->accepted, copy.text);
        give_up(c, &c->sent, copy.text);
        give_up(c, &c->later, copy.text);
        give_up(c, &c->pending, copy.text);
        return errmsg_set(why, c->end, "%s", copy.text);
    }
    return ERR_OK;
}

bool client_is_up(const struct client *c)
{
    return c->rpc != NULL;
}
