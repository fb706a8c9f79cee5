/* SPDX-License-Identifier: Apache-2.0 */
/* What arrives: frames, the greeting, direction and order of envelopes, refusals by name
 * (design 3.3). */
#include "common/net/rpc_int.h"

#include "common/net/frame.h"
#include "common/wire/wire.h"

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
    struct envelope welcome = {
        .kind = ENV_WELCOME, .relates_to = e->message_id, .version = RPC_VERSION};
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
        rpc_end(r, e->message_id, ERR_UNSUPPORTED, "WELCOME names a protocol version not asked for",
                true);
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
    if (!r->server && rpc_is_answer(e->kind) && e->relates_to)
        rpc_window_close(r, e->relates_to);
    if (e->kind == ENV_ERROR && e->relates_to == 0)
        rpc_keep_error(r, ERR_CLOSED, e->error_text);
    if (r->h.on_message)
        r->h.on_message(r->h.ctx, r, e);
    rpc_press(r);
}

static void rpc_decoded(struct rpc *r, const struct envelope *e)
{
    if (e->message_id <= r->last_in) {
        rpc_end(r, 0, ERR_FORMAT, "message_id must grow with every envelope", true);
        return;
    }
    r->last_in = e->message_id;
    if (r->state == RPC_UP)
        rpc_message(r, e);
    else if (r->server)
        rpc_hello(r, e);
    else
        rpc_welcome(r, e);
}

/* A request whose header can be read is answered when its body is wrong: the other calls of the connection have
 * done nothing to end with it. */
static bool rpc_refuse_body(struct rpc *r, const struct envelope *e, const struct errmsg *why)
{
    struct envelope no = {
        .kind = ENV_ERROR, .relates_to = e->message_id, .error_text = span_str(why->text)};

    if (!r->server || r->state != RPC_UP || e->kind != ENV_REQUEST || e->message_id <= r->last_in || !why->text[0])
        return false;
    r->last_in = e->message_id;
    return rpc_send(r, &no, NULL) == ERR_OK;
}

/* A frame may hold keys (a subscription file does): nothing of it stays in memory that is given
 * back, whoever handled it and however it ended. */
static void rpc_frame(struct rpc *r, struct span frame)
{
    struct envelope e = {0};
    struct errmsg why = {""};
    int err = wire_envelope_decode(frame, &r->arena, &e, &why);

    if (!err)
        rpc_decoded(r, &e);
    else if (!rpc_refuse_body(r, &e, &why))
        rpc_end(r, 0, err, why.text[0] ? why.text : "the envelope cannot be read", true);
    arena_wipe(&r->arena);
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
    buf_wipe(&r->in);
    buf_fini(&r->in);
    if (held.n == 0) {
        buf_wipe(&held);
        buf_fini(&held);
    }
    r->in = held;
    r->in.max = RPC_INPUT_MAX;
    r->behind = false;
    arena_fini(&r->arena);
    if (overrun)
        rpc_end(r, 0, ERR_FULL, "too much was sent while reading was paused", true);
    rpc_leave(r);
}
