/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange of design 3.3 over a stream port: HELLO and WELCOME, growing message ids, the window of
 * open requests, refusals by name. Pure: no socket and no loop. */
#include "common/net/rpc.h"

#include "common/base/rng.h"
#include "common/net/frame.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX (8u << 20)        /* one decoded envelope; wire bounds it further by frame size */
#define KEEP_CAP (64u << 10)        /* larger buffers are given back once empty */

enum rpc_state { RPC_GREETING, RPC_UP, RPC_CLOSING, RPC_DEAD };

struct rpc {
    struct rpc_stream s;
    struct rpc_handler h;
    struct rpc_party peer;
    uint64_t id;
    void *user;
    enum rpc_state state;
    bool server;
    bool paused;
    unsigned busy;                  /* callbacks of ours on the stack: ends and frees wait for them */
    bool ended;                     /* rpc_eof came, on_closed not yet */
    bool told;                      /* on_closed was called */
    bool behind;                    /* input came while callbacks ran */
    bool free_later;
    int close_err;                  /* ERR_OK: nothing of our own to say about the end */
    struct errmsg close_why;
    struct buf in;
    struct buf out;
    struct arena arena;
    uint64_t last_in;
    uint64_t last_out;
    /* Message ids of the requests without an answer. A server takes one more than it grants before it
     * stops reading, so a client that keeps to the window is always heard (ACK, end of connection). */
    uint64_t window[RPC_WINDOW + 1];
    size_t open;
};

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

/* Leaves a section that runs callbacks; what they asked for happens at the outermost end. */
static void rpc_leave(struct rpc *r)
{
    if (--r->busy)
        return;
    if (r->behind && !r->ended && !r->free_later) {
        r->behind = false;
        rpc_input(r, (struct span){NULL, 0});   /* leaves in its turn; r may be gone afterwards */
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

static void window_close(struct rpc *r, uint64_t id)
{
    for (size_t i = 0; i < r->open; i++) {
        if (r->window[i] == id) {
            r->window[i] = r->window[--r->open];
            return;
        }
    }
}

static bool rpc_pressed(const struct rpc *r)
{
    if (rpc_backlog(r) > r->s.max_backlog)
        return true;
    return r->server && r->open > RPC_WINDOW;
}

static void rpc_press(struct rpc *r)
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

static int rpc_queue(struct rpc *r, struct envelope *e, uint64_t *ret_id)
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
    /* A memory stream may answer from inside write: what is then queued must not move these octets. */
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

static bool rpc_may_send(const struct rpc *r, enum envelope_kind kind)
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

static bool is_answer(enum envelope_kind kind)
{
    return kind == ENV_ACCEPTED || kind == ENV_RESPONSE || kind == ENV_ERROR;
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
    else if (r->server && is_answer(e->kind) && e->relates_to)
        window_close(r, e->relates_to);
    rpc_press(r);
    return ERR_OK;
}

/* ERROR to the peer, then the end. The text is ours: octets of the peer are never sent back. */
static void rpc_end(struct rpc *r, uint64_t relates_to, int err, const char *why, bool tell)
{
    if (r->state >= RPC_CLOSING)
        return;
    if (r->close_err == ERR_OK)
        r->close_err = errmsg_set(&r->close_why, err, "%s", why);
    if (tell) {
        struct envelope e = {.kind = ENV_ERROR, .relates_to = relates_to, .error_text = span_str(why)};
        tell = rpc_queue(r, &e, NULL) == ERR_OK;    /* without memory the end comes without a word */
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
        r->close_err = errmsg_set(&r->close_why, ERR_TRUNCATED, "the connection ended inside a frame");
    if (r->close_err == ERR_OK)
        r->close_err = errmsg_set(&r->close_why, err ? err : ERR_CLOSED, "%s", why ? why : "closed");
    r->ended = true;
    r->busy++;
    rpc_leave(r);
}

/* --- input --- */

/* A sentence of the peer, for a person here: printable ASCII only, cut to fit. */
static void rpc_keep_error(struct rpc *r, int err, struct span text)
{
    size_t n = 0;
    r->close_err = err;
    for (; n < text.n && n + 1 < sizeof(r->close_why.text); n++) {
        uint8_t c = text.p[n];
        r->close_why.text[n] = c >= 0x20 && c < 0x7F ? (char)c : '?';
    }
    r->close_why.text[n] = '\0';
    if (n == 0)
        errmsg_set(&r->close_why, err, "the peer reported an error without a text");
}

static void rpc_hello(struct rpc *r, const struct envelope *e)
{
    struct errmsg why = {""};
    if (e->kind != ENV_HELLO) {
        rpc_end(r, e->message_id, ERR_STATE, "HELLO must come first", e->kind != ENV_ERROR);
        return;
    }
    if (e->version != RPC_VERSION) {
        errmsg_set(&why, ERR_UNSUPPORTED, "protocol version %u is not spoken here: use version %u",
                   (unsigned)e->version, RPC_VERSION);
        rpc_end(r, e->message_id, ERR_UNSUPPORTED, why.text, true);
        return;
    }
    int err = r->h.on_hello ? r->h.on_hello(r->h.ctx, r, e, &why) : ERR_OK;
    if (r->state != RPC_GREETING)
        return;
    if (err) {
        rpc_end(r, e->message_id, err, why.text[0] ? why.text : err_text(err), true);
        return;
    }
    struct envelope welcome = {.kind = ENV_WELCOME, .relates_to = e->message_id, .version = RPC_VERSION};
    err = rpc_queue(r, &welcome, NULL);
    if (err) {
        rpc_end(r, 0, err, "WELCOME could not be sent", false);
        return;
    }
    r->state = RPC_UP;
    rpc_flush(r);
}

static void rpc_welcome(struct rpc *r, const struct envelope *e)
{
    if (e->kind == ENV_ERROR) {
        rpc_keep_error(r, ERR_DENIED, e->error_text);
        rpc_end(r, 0, ERR_DENIED, "refused", false);
    } else if (e->kind != ENV_WELCOME) {
        rpc_end(r, e->message_id, ERR_STATE, "WELCOME must come first", true);
    } else if (e->version != RPC_VERSION) {
        rpc_end(r, e->message_id, ERR_UNSUPPORTED, "WELCOME names a protocol version not asked for", true);
    } else {
        r->state = RPC_UP;
        if (r->h.on_welcome)
            r->h.on_welcome(r->h.ctx, r);
    }
}

static void rpc_message(struct rpc *r, const struct envelope *e)
{
    if (e->kind == ENV_HELLO || e->kind == ENV_WELCOME) {
        rpc_end(r, e->message_id, ERR_STATE, "HELLO and WELCOME come once", true);
        return;
    }
    /* What we may send is what the peer must not: the roles are each other's complement. */
    if (e->kind != ENV_ERROR && (e->kind == ENV_NONE || rpc_may_send(r, e->kind))) {
        rpc_end(r, e->message_id, ERR_FORMAT, "this kind of envelope never travels this way", true);
        return;
    }
    if (e->kind == ENV_REQUEST && r->open <= RPC_WINDOW)
        r->window[r->open++] = e->message_id;
    if (!r->server && is_answer(e->kind) && e->relates_to)
        window_close(r, e->relates_to);
    if (e->kind == ENV_ERROR && e->relates_to == 0)
        rpc_keep_error(r, ERR_CLOSED, e->error_text);
    if (r->h.on_message)
        r->h.on_message(r->h.ctx, r, e);
    rpc_press(r);
}

static void rpc_frame(struct rpc *r, struct span frame)
{
    struct envelope e = {0};
    struct errmsg why = {""};
    arena_reset(&r->arena);
    int err = wire_envelope_decode(frame, &r->arena, &e, &why);
    if (err) {
        rpc_end(r, 0, err, why.text[0] ? why.text : "the envelope cannot be read", true);
        return;
    }
    if (e.message_id <= r->last_in) {
        rpc_end(r, 0, ERR_FORMAT, "message_id must grow with every envelope", true);
        return;
    }
    r->last_in = e.message_id;
    if (r->state == RPC_UP)
        rpc_message(r, &e);
    else if (r->server)
        rpc_hello(r, &e);
    else
        rpc_welcome(r, &e);
}

/* Handles every whole frame of *view while the connection reads, and leaves the rest in it. */
static void rpc_consume(struct rpc *r, struct span *view)
{
    while (r->state < RPC_CLOSING && !r->paused) {
        struct span frame;
        size_t max = r->state == RPC_UP ? WIRE_FRAME_MAX : RPC_HELLO_MAX;
        int err = frame_next(view, max, &frame);
        if (err == ERR_AGAIN)
            return;
        if (err) {
            struct errmsg why;
            if (err == ERR_FORMAT)
                errmsg_set(&why, err, "a frame must not be empty");
            else
                errmsg_set(&why, err, "a frame is longer than %zu octets", max);
            rpc_end(r, 0, err, why.text, true);
            return;
        }
        rpc_frame(r, frame);
    }
}

static void rpc_hold(struct rpc *r, struct span bytes)
{
    buf_add_span(&r->in, bytes);
    if (r->in.failed)
        rpc_end(r, 0, ERR_FULL, "too much was sent while reading was paused", true);
}

void rpc_input(struct rpc *r, struct span bytes)
{
    if (r->state >= RPC_CLOSING)
        return;
    if (r->busy || r->paused) {
        r->behind = !r->paused;
        rpc_hold(r, bytes);
        return;
    }
    r->busy++;
    struct buf held = r->in;
    buf_init(&r->in, RPC_INPUT_MAX);
    if (held.n)
        buf_add_span(&held, bytes);
    struct span view = held.n ? buf_span(&held) : bytes;
    for (;;) {
        rpc_consume(r, &view);
        if (held.n)
            buf_drain(&held, held.n - view.n);
        else
            buf_add_span(&held, view);
        if (r->in.n == 0 || r->state >= RPC_CLOSING)
            break;
        /* Octets that came while callbacks ran follow what is left. */
        buf_add_span(&held, buf_span(&r->in));
        buf_reset(&r->in);
        view = buf_span(&held);
        if (r->paused)
            break;
    }
    bool overrun = held.failed;
    buf_fini(&r->in);
    if (held.n == 0)
        buf_fini(&held);
    r->in = held;
    r->in.max = RPC_INPUT_MAX;
    r->behind = false;
    arena_fini(&r->arena);
    if (overrun)
        rpc_end(r, 0, ERR_FULL, "too much was sent while reading was paused", true);
    rpc_leave(r);
}

/* --- the two ends --- */

struct rpc *rpc_server(const struct rpc_stream *s, const struct rpc_handler *h, const struct rpc_party *peer)
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
    struct envelope hello = {.kind = ENV_HELLO, .version = RPC_VERSION, .subscribe = subscribe,
                             .last_delivery_no = subscribe ? last_delivery_no : 0};
    if (rpc_queue(r, &hello, NULL)) {
        rpc_destroy(r);
        return NULL;
    }
    rpc_flush(r);
    return r;
}
