/* SPDX-License-Identifier: Apache-2.0 */
/* Octets of a carrier into a server or a client connection, cut in pieces the input chooses: never
 * a crash, every end told once (design 3.3, law 10). */
#include "common/net/rpc.h"

#include <stdlib.h>

struct world {
    struct rpc *rpc;
    bool closed;
    bool paused;
    unsigned ends;
    uint8_t flags;
};

static bool w_write(void *ctx, struct span bytes)
{
    struct world *w = ctx;
    (void)bytes;
    return (w->flags & 2) == 0;
}

static void w_close(void *ctx)
{
    struct world *w = ctx;
    if (w->closed)
        abort();
    w->closed = true;
}

static void w_pause(void *ctx, bool on)
{
    struct world *w = ctx;
    if (w->paused == on)
        abort();
    w->paused = on;
}

static int w_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    const struct world *w = ctx;
    (void)r;
    (void)hello;
    return w->flags & 4 ? errmsg_set(why, ERR_DENIED, "not known here") : ERR_OK;
}

static void w_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    const struct world *w = ctx;
    if (!rpc_is_up(r))
        abort();
    struct envelope answer = {.kind = ENV_RESPONSE, .relates_to = e->message_id};
    if (w->flags & 8 && e->kind == ENV_REQUEST && rpc_send(r, &answer, NULL) == ERR_OK)
        rpc_flush(r);
    if (w->flags & 16)
        rpc_close(r, "enough");
}

static void w_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct world *w = ctx;
    (void)r;
    if (err == ERR_OK || !why)
        abort();
    w->ends++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct world w = {.flags = data[0]};
    size_t piece = data[1] ? data[1] : size;
    struct rpc_stream s = {
        .write = w_write, .close = w_close, .pause = w_pause, .ctx = &w, .id = 1};
    struct rpc_handler h = {
        .on_hello = w_hello, .on_message = w_message, .on_closed = w_closed, .ctx = &w};
    w.rpc = w.flags & 1 ? rpc_client(&s, &h, true, 3) : rpc_server(&s, &h, NULL);
    if (!w.rpc)
        return 0;
    for (size_t at = 2; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        rpc_input(w.rpc, span_of(data + at, n));
    }
    rpc_eof(w.rpc, ERR_CLOSED, "closed");
    rpc_free(w.rpc);
    if (w.ends != 1)
        abort();
    return 0;
}
