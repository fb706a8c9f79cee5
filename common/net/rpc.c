/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange of design 3.3 over a stream port: HELLO and WELCOME, growing message ids, the window
 * of open requests, refusals by name. Pure: no socket and no loop. */
#include "common/net/rpc_int.h"

#include "common/base/rng.h"
#include "common/net/frame.h"
#include "common/wire/wire.h"

#include <stdlib.h>

#define ARENA_MAX (8u << 20)  /* one decoded envelope; wire bounds it further by frame size */
#define KEEP_CAP  (64u << 10) /* larger buffers are given back once empty */

/* --- life --- */

static struct rpc *rpc_new(const struct rpc_stream *s, const struct rpc_handler *h)
{
    struct rpc *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->s = *s;
    r->h = *h;
    r->id = s->id;
    if (r->id == 0) {
        struct rng rng;
        rng_init_system(&rng);
        r->id = rng_u64(&rng);
    }
    if (r->s.max_backlog == 0)
        r->s.max_backlog = RPC_BACKLOG_PAUSE;
    buf_init(&r->in, RPC_INPUT_MAX);
    buf_init(&r->out, RPC_BACKLOG_MAX + WIRE_FRAME_MAX);
    arena_init(&r->arena, ARENA_MAX);
    return r;
}

static void rpc_destroy(struct rpc *r)
{
    buf_fini(&r->in);
    buf_fini(&r->out);
    arena_fini(&r->arena);
    free(r);
}

void rpc_leave(struct rpc *r)
{
    if (--r->busy)
        return;
    if (r->behind && !r->ended && !r->free_later) {
        r->behind = false;
        rpc_input(r, (struct span){NULL, 0}); /* leaves in its turn; r may be gone afterwards */
        return;
    }
    if (r->ended && !r->told) {
        r->told = true;
        r->busy++;
        if (r->h.on_closed)
            r->h.on_closed(r->h.ctx, r, r->close_err, r->close_why.text);
        r->busy--;
    }
    if (r->free_later)
        rpc_destroy(r);
}

void rpc_free(struct rpc *r)
{
    if (!r)
        return;
    if (r->busy)
        r->free_later = true;
    else
        rpc_destroy(r);
}

uint64_t rpc_id(const struct rpc *r)
{
    return r->id;
}

const struct rpc_party *rpc_peer(const struct rpc *r)
{
    return &r->peer;
}

bool rpc_is_up(const struct rpc *r)
{
    return r->state == RPC_UP;
}

void *rpc_user(const struct rpc *r)
{
    return r->user;
}

void rpc_set_user(struct rpc *r, void *user)
{
    r->user = user;
}

size_t rpc_backlog(const struct rpc *r)
{
    return r->out.n + (r->s.backlog ? r->s.backlog(r->s.ctx) : 0);
}

size_t rpc_in_flight(const struct rpc *r)
{
    return r->open;
}

/* --- window and back-pressure --- */

void rpc_window_close(struct rpc *r, uint64_t id)
{
    for (size_t i = 0; i < r->open; i++) {
        if (r->window[i] == id) {
            r->window[i] = r->window[--r->open];
            return;
        }
    }
}

/* Only a server stops reading: its input makes its output. A client that stopped while its own
 * output is stuck would wait for a server that waits for it. */
static bool rpc_pressed(const struct rpc *r)
{
    return r->server && (r->open > RPC_WINDOW || rpc_backlog(r) > r->s.max_backlog);
}

void rpc_press(struct rpc *r)
{
    if (!r->s.pause || r->state >= RPC_CLOSING)
        return;
    bool on = rpc_pressed(r);
    if (on == r->paused)
        return;
    r->paused = on;
    r->s.pause(r->s.ctx, on);
}

void rpc_drained(struct rpc *r)
{
    rpc_press(r);
}

/* --- output --- */

int rpc_queue(struct rpc *r, struct envelope *e, uint64_t *ret_id)
{
    if (rpc_backlog(r) > RPC_BACKLOG_MAX)
        return ERR_FULL;
    if (e->message_id && e->message_id <= r->last_out)
        return ERR_INVAL;
    uint64_t asked = e->message_id;
    bool first = r->out.n == 0;
    if (!asked)
        e->message_id = r->last_out + 1;
    size_t mark = frame_begin(&r->out);
    int err = wire_envelope_encode(e, &r->out);
    if (err)
        frame_cancel(&r->out, mark);
    else
        err = frame_end(&r->out, mark, WIRE_FRAME_MAX);
    if (err) {
        e->message_id = asked;
        return err;
    }
    r->last_out = e->message_id;
    if (ret_id)
        *ret_id = e->message_id;
    if (first && r->s.queued)
        r->s.queued(r->s.ctx);
    return ERR_OK;
}

void rpc_flush(struct rpc *r)
{
    if (r->out.n == 0 || r->state == RPC_DEAD)
        return;
    /* A memory stream may answer from inside write: what is then queued must not move these octets.
     */
    struct buf leaving = r->out;
    buf_init(&r->out, RPC_BACKLOG_MAX + WIRE_FRAME_MAX);
    r->busy++;
    bool ok = r->s.write(r->s.ctx, buf_span(&leaving));
    buf_reset(&leaving);
    if (r->out.cap == 0 && leaving.cap <= KEEP_CAP)
        r->out = leaving;
    else
        buf_fini(&leaving);
    if (!ok && r->state < RPC_CLOSING)
        r->state = RPC_CLOSING;
    rpc_press(r);
    rpc_leave(r);
}

bool rpc_may_send(const struct rpc *r, enum envelope_kind kind)
{
    switch (kind) {
    case ENV_REQUEST:
    case ENV_ACK:
        return !r->server;
    case ENV_ACCEPTED:
    case ENV_RESPONSE:
    case ENV_NOTICE:
        return r->server;
    case ENV_ERROR:
        return true;
    default:
        return false;
    }
}

int rpc_send(struct rpc *r, struct envelope *e, uint64_t *ret_id)
{
    if (r->state != RPC_UP)
        return r->state == RPC_GREETING ? ERR_STATE : ERR_CLOSED;
    if (!rpc_may_send(r, e->kind))
        return ERR_INVAL;
    if (e->kind == ENV_REQUEST && r->open >= RPC_WINDOW)
        return ERR_FULL;
    int err = rpc_queue(r, e, ret_id);
    if (err)
        return err;
    if (e->kind == ENV_REQUEST)
        r->window[r->open++] = e->message_id;
    else if (r->server && rpc_is_answer(e->kind) && e->relates_to)
        rpc_window_close(r, e->relates_to);
    rpc_press(r);
    return ERR_OK;
}

void rpc_end(struct rpc *r, uint64_t relates_to, int err, const char *why, bool tell)
{
    if (r->state >= RPC_CLOSING)
        return;
    if (r->close_err == ERR_OK)
        r->close_err = errmsg_set(&r->close_why, err, "%s", why);
    if (tell) {
        struct envelope e = {
            .kind = ENV_ERROR, .relates_to = relates_to, .error_text = span_str(why)};
        tell = rpc_queue(r, &e, NULL) == ERR_OK; /* without memory the end comes without a word */
    }
    r->busy++;
    rpc_flush(r);
    r->state = r->state < RPC_CLOSING ? RPC_CLOSING : r->state;
    r->s.close(r->s.ctx);
    rpc_leave(r);
}

void rpc_close(struct rpc *r, const char *why)
{
    rpc_end(r, 0, ERR_CLOSED, why ? why : "closed by this end", why != NULL);
}

void rpc_eof(struct rpc *r, int err, const char *why)
{
    if (r->state == RPC_DEAD)
        return;
    r->state = RPC_DEAD;
    if (r->close_err == ERR_OK && r->in.n && (err == ERR_OK || err == ERR_CLOSED))
        r->close_err =
            errmsg_set(&r->close_why, ERR_TRUNCATED, "the connection ended inside a frame");
    if (r->close_err == ERR_OK)
        r->close_err =
            errmsg_set(&r->close_why, err ? err : ERR_CLOSED, "%s", why ? why : "closed");
    r->ended = true;
    r->busy++;
    rpc_leave(r);
}

/* --- the two ends --- */

struct rpc *rpc_server(const struct rpc_stream *s, const struct rpc_handler *h,
                       const struct rpc_party *peer)
{
    struct rpc *r = rpc_new(s, h);
    if (!r)
        return NULL;
    r->server = true;
    if (peer)
        r->peer = *peer;
    return r;
}

struct rpc *rpc_client(const struct rpc_stream *s, const struct rpc_handler *h, bool subscribe,
                       uint64_t last_delivery_no)
{
    struct rpc *r = rpc_new(s, h);
    if (!r)
        return NULL;
    struct envelope hello = {.kind = ENV_HELLO,
                             .version = RPC_VERSION,
                             .subscribe = subscribe,
                             .last_delivery_no = subscribe ? last_delivery_no : 0};
    if (rpc_queue(r, &hello, NULL)) {
        rpc_destroy(r);
        return NULL;
    }
    rpc_flush(r);
    return r;
}
