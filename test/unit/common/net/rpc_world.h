/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of the exchange over memory, for the rpc tests. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es3.h"
#include "common/net/frame.h"
#include "common/net/rpc.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

/* One end and what it was told. Octets wait in wire until pump() carries them over. */
struct end {
    struct rpc *rpc;
    struct buf wire;
    bool close_asked;
    bool paused;
    bool pausable;
    bool dead;    /* write answers false */
    size_t stuck; /* backlog the carrier reports */
    unsigned writes;
    unsigned hellos, welcomes, messages, closes;
    int hello_answer;
    bool hello_subscribe;
    uint64_t hello_last;
    int close_err;
    char close_why[400];
    struct envelope last; /* spans are not kept */
    uint64_t ids[256];
    char error_text[400];
    bool echo;         /* answer each REQUEST at once */
    struct end *other; /* of the synchronous carrier */
    bool free_in_callback;
    bool close_in_callback;
    size_t data_n;
    uint8_t data[256 * 1024];
};

static inline bool end_write(void *ctx, struct span bytes)
{
    struct end *e = ctx;
    if (e->dead)
        return false;
    e->writes++;
    buf_add_span(&e->wire, bytes);
    assert_false(e->wire.failed);
    return true;
}

static inline void end_close(void *ctx)
{
    struct end *e = ctx;
    e->close_asked = true;
}

static inline void end_pause(void *ctx, bool on)
{
    struct end *e = ctx;
    assert_true(e->paused != on);
    e->paused = on;
}

static inline size_t end_backlog(void *ctx)
{
    const struct end *e = ctx;
    return e->stuck;
}

static inline int on_hello(void *ctx, struct rpc *r, const struct envelope *hello,
                           struct errmsg *why)
{
    struct end *e = ctx;
    assert_false(rpc_is_up(r));
    e->hellos++;
    e->hello_subscribe = hello->subscribe;
    e->hello_last = hello->last_delivery_no;
    if (e->hello_answer)
        return errmsg_set(why, e->hello_answer, "party 1.2.3 is not known here");
    return ERR_OK;
}

static inline void on_welcome(void *ctx, struct rpc *r)
{
    struct end *e = ctx;
    assert_true(rpc_is_up(r));
    e->welcomes++;
}

static inline void answer(struct rpc *r, uint64_t id, enum envelope_kind kind)
{
    struct es3_send_data_response body = {0};
    struct envelope e = {.kind = kind, .relates_to = id};
    if (kind == ENV_RESPONSE)
        e.message = (struct message){MSG_ES3_SEND_DATA_RESPONSE, &body};
    assert_int_equal(rpc_send(r, &e, NULL), ERR_OK);
}

static inline void on_message(void *ctx, struct rpc *r, const struct envelope *env)
{
    struct end *e = ctx;
    assert_true(e->messages < 256);
    e->ids[e->messages++] = env->message_id;
    e->last = *env;
    if (env->kind == ENV_ERROR)
        snprintf(e->error_text, sizeof(e->error_text), "%.*s", (int)env->error_text.n,
                 (const char *)env->error_text.p);
    if (env->message.type == MSG_ES3_SEND_DATA_REQUEST) {
        const struct es3_send_data_request *q = env->message.body;
        assert_true(q->data.n <= sizeof(e->data));
        e->data_n = q->data.n;
        if (q->data.n)
            memcpy(e->data, q->data.p, q->data.n);
    }
    if (e->echo && env->kind == ENV_REQUEST)
        answer(r, env->message_id, ENV_RESPONSE);
    if (e->close_in_callback)
        rpc_close(r, "enough");
    if (e->free_in_callback) {
        rpc_free(r);
        e->rpc = NULL;
    }
}

static inline void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct end *e = ctx;
    (void)r;
    e->closes++;
    e->close_err = err;
    snprintf(e->close_why, sizeof(e->close_why), "%s", why);
}

struct pair {
    struct end client;
    struct end server;
};

static inline struct rpc_stream stream_of(struct end *e, uint64_t id)
{
    return (struct rpc_stream){.write = end_write,
                               .close = end_close,
                               .pause = e->pausable ? end_pause : NULL,
                               .ctx = e,
                               .backlog = end_backlog,
                               .id = id};
}

static inline struct rpc_handler handler_of(struct end *e)
{
    return (struct rpc_handler){on_hello, on_welcome, on_message, on_closed, e};
}

static const struct rpc_party PARTY = {{"1.3.6.1.4.1.99999.10"}, ROLE_OPERATOR};

static inline void server_start(struct end *e)
{
    buf_init(&e->wire, 32u << 20);
    struct rpc_stream s = stream_of(e, 7);
    struct rpc_handler h = handler_of(e);
    e->rpc = rpc_server(&s, &h, &PARTY);
    assert_non_null(e->rpc);
}

static inline void client_start(struct end *e, bool subscribe, uint64_t last)
{
    buf_init(&e->wire, 32u << 20);
    struct rpc_stream s = stream_of(e, 0);
    struct rpc_handler h = handler_of(e);
    e->rpc = rpc_client(&s, &h, subscribe, last);
    assert_non_null(e->rpc);
}

static inline void carry(struct end *from, struct end *to, size_t chunk)
{
    struct buf b = from->wire;
    buf_init(&from->wire, 32u << 20);
    for (size_t at = 0; at < b.n; at += chunk) {
        size_t n = b.n - at < chunk ? b.n - at : chunk;
        if (to->rpc)
            rpc_input(to->rpc, span_of(b.p + at, n));
    }
    buf_fini(&b);
}

static inline void pump_by(struct pair *p, size_t chunk)
{
    for (int i = 0; i < 100; i++) {
        if (p->client.rpc)
            rpc_flush(p->client.rpc);
        if (p->server.rpc)
            rpc_flush(p->server.rpc);
        if (p->client.wire.n == 0 && p->server.wire.n == 0)
            break;
        carry(&p->client, &p->server, chunk);
        carry(&p->server, &p->client, chunk);
    }
    struct end *ends[2] = {&p->client, &p->server};
    for (int i = 0; i < 2; i++) {
        if (!ends[i]->close_asked || ends[i]->closes)
            continue;
        if (ends[i]->rpc)
            rpc_eof(ends[i]->rpc, ERR_CLOSED, "closed");
        if (ends[1 - i]->rpc)
            rpc_eof(ends[1 - i]->rpc, ERR_CLOSED, "the other end closed");
    }
}

static inline void pump(struct pair *p)
{
    pump_by(p, SIZE_MAX / 2);
}

static inline int setup(void **state)
{
    *state = calloc(1, sizeof(struct pair));
    return *state ? 0 : -1;
}

static inline void end_fini(struct end *e)
{
    rpc_free(e->rpc);
    buf_fini(&e->wire);
}

static inline int teardown(void **state)
{
    struct pair *p = *state;
    end_fini(&p->client);
    end_fini(&p->server);
    free(p);
    return 0;
}

static inline void connect_pair(struct pair *p)
{
    server_start(&p->server);
    client_start(&p->client, false, 0);
    pump(p);
    assert_true(rpc_is_up(p->client.rpc));
    assert_true(rpc_is_up(p->server.rpc));
}

static inline int send_data(struct rpc *r, size_t n, uint64_t *ret_id)
{
    static const uint8_t fill[256 * 1024] = {1};
    struct es3_send_data_request body = {.data = span_of(fill, n)};
    struct envelope e = {.kind = ENV_REQUEST, .message = {MSG_ES3_SEND_DATA_REQUEST, &body}};
    memcpy(body.sd_aid.b, AID_ISD_R.b, 16);
    body.sd_aid.n = 16;
    int err = eid_make("890440459300000000000014923243", &body.eid);
    if (err == ERR_OK)
        err = rpc_send(r, &e, ret_id);
    return err;
}
