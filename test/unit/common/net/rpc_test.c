/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange over memory: greeting, refusals, window, split and joined frames (design 3.3). */
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
    bool dead;                      /* write answers false */
    size_t stuck;                   /* backlog the carrier reports */
    unsigned writes;
    unsigned hellos, welcomes, messages, closes;
    int hello_answer;
    bool hello_subscribe;
    uint64_t hello_last;
    int close_err;
    char close_why[400];
    struct envelope last;           /* spans are not kept */
    uint64_t ids[256];
    char error_text[400];
    bool echo;                      /* answer each REQUEST at once */
    struct end *other;              /* of the synchronous carrier */
    bool free_in_callback;
    bool close_in_callback;
    size_t data_n;
    uint8_t data[256 * 1024];
};

static bool end_write(void *ctx, struct span bytes)
{
    struct end *e = ctx;
    if (e->dead)
        return false;
    e->writes++;
    buf_add_span(&e->wire, bytes);
    assert_false(e->wire.failed);
    return true;
}

static void end_close(void *ctx)
{
    struct end *e = ctx;
    e->close_asked = true;
}

static void end_pause(void *ctx, bool on)
{
    struct end *e = ctx;
    assert_true(e->paused != on);
    e->paused = on;
}

static size_t end_backlog(void *ctx)
{
    const struct end *e = ctx;
    return e->stuck;
}

static int on_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
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

static void on_welcome(void *ctx, struct rpc *r)
{
    struct end *e = ctx;
    assert_true(rpc_is_up(r));
    e->welcomes++;
}

static void answer(struct rpc *r, uint64_t id, enum envelope_kind kind)
{
    struct es3_send_data_response body = {0};
    struct envelope e = {.kind = kind, .relates_to = id};
    if (kind == ENV_RESPONSE)
        e.message = (struct message){MSG_ES3_SEND_DATA_RESPONSE, &body};
    assert_int_equal(rpc_send(r, &e, NULL), ERR_OK);
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *env)
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

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
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

static struct rpc_stream stream_of(struct end *e, uint64_t id)
{
    return (struct rpc_stream){.write = end_write, .close = end_close,
                               .pause = e->pausable ? end_pause : NULL, .ctx = e,
                               .backlog = end_backlog, .id = id};
}

static struct rpc_handler handler_of(struct end *e)
{
    return (struct rpc_handler){on_hello, on_welcome, on_message, on_closed, e};
}

static const struct rpc_party PARTY = {{"1.3.6.1.4.1.99999.10"}, ROLE_OPERATOR};

static void server_start(struct end *e)
{
    buf_init(&e->wire, 32u << 20);
    struct rpc_stream s = stream_of(e, 7);
    struct rpc_handler h = handler_of(e);
    e->rpc = rpc_server(&s, &h, &PARTY);
    assert_non_null(e->rpc);
}

static void client_start(struct end *e, bool subscribe, uint64_t last)
{
    buf_init(&e->wire, 32u << 20);
    struct rpc_stream s = stream_of(e, 0);
    struct rpc_handler h = handler_of(e);
    e->rpc = rpc_client(&s, &h, subscribe, last);
    assert_non_null(e->rpc);
}

static void carry(struct end *from, struct end *to, size_t chunk)
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

static void pump_by(struct pair *p, size_t chunk)
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

static void pump(struct pair *p)
{
    pump_by(p, SIZE_MAX / 2);
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct pair));
    return *state ? 0 : -1;
}

static void end_fini(struct end *e)
{
    rpc_free(e->rpc);
    buf_fini(&e->wire);
}

static int teardown(void **state)
{
    struct pair *p = *state;
    end_fini(&p->client);
    end_fini(&p->server);
    free(p);
    return 0;
}

static void connect_pair(struct pair *p)
{
    server_start(&p->server);
    client_start(&p->client, false, 0);
    pump(p);
    assert_true(rpc_is_up(p->client.rpc));
    assert_true(rpc_is_up(p->server.rpc));
}

static int send_data(struct rpc *r, size_t n, uint64_t *ret_id)
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

/* --- good cases --- */

static void test_greeting(void **state)
{
    struct pair *p = *state;
    server_start(&p->server);
    client_start(&p->client, true, 41);
    assert_false(rpc_is_up(p->client.rpc));
    pump(p);
    assert_true(rpc_is_up(p->client.rpc));
    assert_int_equal(p->server.hellos, 1);
    assert_true(p->server.hello_subscribe);
    assert_int_equal(p->server.hello_last, 41);
    assert_int_equal(p->client.welcomes, 1);
    assert_int_equal(rpc_id(p->server.rpc), 7);
    assert_int_not_equal(rpc_id(p->client.rpc), 0);
    assert_true(oid_eq(&rpc_peer(p->server.rpc)->oid, &PARTY.oid));
    assert_int_equal(rpc_peer(p->server.rpc)->role, ROLE_OPERATOR);
    rpc_set_user(p->server.rpc, p);
    assert_ptr_equal(rpc_user(p->server.rpc), p);
    assert_int_equal(p->client.closes + p->server.closes, 0);
}

static void test_request_and_answer(void **state)
{
    struct pair *p = *state;
    uint64_t id = 0;
    connect_pair(p);
    assert_int_equal(send_data(p->client.rpc, 1000, &id), ERR_OK);
    assert_int_equal(id, 2);        /* HELLO was 1 */
    assert_int_equal(rpc_in_flight(p->client.rpc), 1);
    pump(p);
    assert_int_equal(p->server.messages, 1);
    assert_int_equal(p->server.last.kind, ENV_REQUEST);
    assert_int_equal(p->server.data_n, 1000);
    answer(p->server.rpc, id, ENV_ACCEPTED);
    pump(p);
    assert_int_equal(p->client.last.kind, ENV_ACCEPTED);
    assert_int_equal(p->client.last.relates_to, id);
    assert_int_equal(rpc_in_flight(p->client.rpc), 0);
    answer(p->server.rpc, id, ENV_RESPONSE);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 5};
    assert_int_equal(rpc_send(p->client.rpc, &ack, NULL), ERR_OK);
    pump(p);
    assert_int_equal(p->client.messages, 2);
    assert_int_equal(p->server.last.kind, ENV_ACK);
    assert_int_equal(p->server.last.delivery_no, 5);
}

static void test_one_write_a_turn(void **state)
{
    struct pair *p = *state;
    connect_pair(p);
    unsigned before = p->client.writes;
    for (int i = 0; i < 40; i++)
        assert_int_equal(send_data(p->client.rpc, 100, NULL), ERR_OK);
    assert_int_equal(p->client.writes, before);
    assert_true(rpc_backlog(p->client.rpc) > 4000);
    rpc_flush(p->client.rpc);
    assert_int_equal(p->client.writes, before + 1);
    assert_int_equal(rpc_backlog(p->client.rpc), 0);
    pump(p);
    assert_int_equal(p->server.messages, 40);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(p->server.ids[i], i + 2);
}

static void test_split_at_each_byte(void **state)
{
    struct pair *p = *state;
    server_start(&p->server);
    client_start(&p->client, false, 0);
    p->server.echo = true;
    pump_by(p, 1);
    for (int i = 0; i < 5; i++)
        assert_int_equal(send_data(p->client.rpc, (size_t)i * 127, NULL), ERR_OK);
    pump_by(p, 1);
    assert_int_equal(p->server.messages, 5);
    assert_int_equal(p->client.messages, 5);
    for (size_t chunk = 2; chunk < 40; chunk++) {
        p->server.messages = p->client.messages = 0;
        for (int i = 0; i < 3; i++)
            assert_int_equal(send_data(p->client.rpc, 200, NULL), ERR_OK);
        pump_by(p, chunk);
        assert_int_equal(p->server.messages, 3);
        assert_int_equal(p->client.messages, 3);
    }
}

static void test_length_boundaries(void **state)
{
    static const size_t sizes[] = {0, 1, 126, 127, 128, 255, 256, 65535, 65536};
    struct pair *p = *state;
    connect_pair(p);
    p->server.echo = true;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        assert_int_equal(send_data(p->client.rpc, sizes[i], NULL), ERR_OK);
        pump_by(p, 16384);
        assert_int_equal(p->server.messages, i + 1);
        assert_int_equal(p->server.data_n, sizes[i]);
    }
}

static void test_client_window(void **state)
{
    struct pair *p = *state;
    uint64_t id = 0;
    connect_pair(p);
    for (unsigned i = 0; i < RPC_WINDOW; i++)
        assert_int_equal(send_data(p->client.rpc, 10, &id), ERR_OK);
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_FULL);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 1};
    assert_int_equal(rpc_send(p->client.rpc, &ack, NULL), ERR_OK);
    pump(p);
    assert_int_equal(p->server.messages, RPC_WINDOW + 1);
    struct envelope refusal = {.kind = ENV_ERROR, .relates_to = id, .error_text = span_str("no")};
    assert_int_equal(rpc_send(p->server.rpc, &refusal, NULL), ERR_OK);
    pump(p);
    assert_string_equal(p->client.error_text, "no");
    assert_int_equal(rpc_in_flight(p->client.rpc), RPC_WINDOW - 1);
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
}

/* The octets of n REQUESTs with the ids from..from+n-1, as a client without a window would send them. */
static void raw_requests(struct buf *out, uint64_t from, unsigned n)
{
    struct es3_send_data_request body = {0};
    for (unsigned i = 0; i < n; i++) {
        struct envelope e = {.kind = ENV_REQUEST, .message_id = from + i,
                             .message = {MSG_ES3_SEND_DATA_REQUEST, &body}};
        size_t mark = frame_begin(out);
        assert_int_equal(wire_envelope_encode(&e, out), ERR_OK);
        assert_int_equal(frame_end(out, mark, WIRE_FRAME_MAX), ERR_OK);
    }
}

static void test_server_window_pauses(void **state)
{
    struct pair *p = *state;
    struct buf raw;
    p->server.pausable = true;
    connect_pair(p);
    buf_init(&raw, 0);
    raw_requests(&raw, 2, 100);
    rpc_input(p->server.rpc, buf_span(&raw));
    assert_int_equal(p->server.messages, RPC_WINDOW + 1);
    assert_true(p->server.paused);
    rpc_input(p->server.rpc, span_of("\0\0", 2));   /* octets that were under way are kept */
    assert_int_equal(p->server.messages, RPC_WINDOW + 1);
    answer(p->server.rpc, 2, ENV_RESPONSE);
    assert_false(p->server.paused);
    assert_int_equal(p->server.messages, RPC_WINDOW + 1);   /* never from within rpc_send */
    rpc_input(p->server.rpc, (struct span){NULL, 0});
    assert_int_equal(p->server.messages, RPC_WINDOW + 2);
    assert_true(p->server.paused);
    for (uint64_t id = 3; id < 10; id++)
        answer(p->server.rpc, id, ENV_ACCEPTED);
    p->server.echo = true;
    rpc_input(p->server.rpc, (struct span){NULL, 0});
    assert_int_equal(p->server.messages, 100);
    assert_int_equal(p->server.closes, 0);
    buf_fini(&raw);
}

static void test_backlog_pauses_and_bounds(void **state)
{
    struct pair *p = *state;
    static const uint8_t big[65536] = {0};
    struct es3_send_data_response body = {.euicc_response_data = span_of(big, sizeof(big))};
    p->server.pausable = true;
    connect_pair(p);
    int err = ERR_OK;
    unsigned sent = 0;
    while (err == ERR_OK && sent < 1000) {
        struct envelope e = {.kind = ENV_NOTICE, .message = {MSG_ES3_SEND_DATA_RESPONSE, &body}};
        err = rpc_send(p->server.rpc, &e, NULL);
        sent += err == ERR_OK;
    }
    assert_int_equal(err, ERR_FULL);
    assert_true(p->server.paused);
    assert_true(rpc_backlog(p->server.rpc) <= RPC_BACKLOG_MAX + WIRE_FRAME_MAX + FRAME_HEAD);
    assert_true((uint64_t)sent * sizeof(big) + sizeof(big) > RPC_BACKLOG_MAX);
    p->server.stuck = RPC_BACKLOG_PAUSE + 1;        /* the carrier took it but could not send */
    rpc_flush(p->server.rpc);
    assert_true(p->server.paused);
    p->server.stuck = 0;
    rpc_drained(p->server.rpc);
    assert_false(p->server.paused);
    buf_fini(&p->server.wire);
}

static void test_callbacks_may_close_and_free(void **state)
{
    struct pair *p = *state;
    connect_pair(p);
    p->server.close_in_callback = true;
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    pump(p);
    assert_int_equal(p->server.messages, 1);        /* the second is not looked at any more */
    assert_int_equal(p->server.closes, 1);
    assert_int_equal(p->client.closes, 1);
    assert_string_equal(p->client.close_why, "enough");
    end_fini(&p->client);
    end_fini(&p->server);
    memset(p, 0, sizeof(*p));
    connect_pair(p);
    p->server.free_in_callback = true;
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    pump(p);
    assert_null(p->server.rpc);
}

/* --- a carrier that hands over at once: input arrives while a callback of the same end runs --- */

static bool sync_write(void *ctx, struct span bytes)
{
    const struct end *e = ctx;
    if (e->other->rpc)
        rpc_input(e->other->rpc, bytes);
    return true;
}
static void sync_close(void *ctx)
{
    (void)ctx;
}
static void sync_message(void *ctx, struct rpc *r, const struct envelope *env)
{
    struct end *e = ctx;
    e->messages++;
    if (env->kind == ENV_REQUEST)
        answer(r, env->message_id, ENV_RESPONSE);
    else if (e->messages < 20)
        assert_int_equal(send_data(r, 10, NULL), ERR_OK);
    rpc_flush(r);
}

static void test_synchronous_carrier(void **state)
{
    struct pair *p = *state;
    p->client.other = &p->server;
    p->server.other = &p->client;
    struct rpc_stream cs = {.write = sync_write, .close = sync_close, .ctx = &p->client, .id = 1};
    struct rpc_stream ss = {.write = sync_write, .close = sync_close, .ctx = &p->server, .id = 2};
    struct rpc_handler ch = {.on_message = sync_message, .on_closed = on_closed, .ctx = &p->client};
    struct rpc_handler sh = {.on_message = sync_message, .on_closed = on_closed, .ctx = &p->server};
    p->server.rpc = rpc_server(&ss, &sh, NULL);
    p->client.rpc = rpc_client(&cs, &ch, false, 0);
    assert_non_null(p->client.rpc);
    /* WELCOME came before rpc_client returned: the client had no address to receive it under yet. */
    assert_false(rpc_is_up(p->client.rpc));
    struct envelope welcome = {.kind = ENV_WELCOME, .message_id = 1, .version = RPC_VERSION};
    struct buf b;
    buf_init(&b, 0);
    size_t mark = frame_begin(&b);
    assert_int_equal(wire_envelope_encode(&welcome, &b), ERR_OK);
    assert_int_equal(frame_end(&b, mark, WIRE_FRAME_MAX), ERR_OK);
    rpc_input(p->client.rpc, buf_span(&b));
    buf_fini(&b);
    assert_true(rpc_is_up(p->client.rpc));
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    rpc_flush(p->client.rpc);
    assert_int_equal(p->client.messages, 20);
    assert_int_equal(p->server.messages, 20);
}

/* --- refusals --- */

static void expect_refusal(struct pair *p, int err, const char *text)
{
    assert_true(p->server.close_asked);
    assert_int_equal(p->server.messages, 0);
    /* What the server wrote last is an ERROR with a sentence. */
    struct span in = buf_span(&p->server.wire);
    struct span frame = {NULL, 0};
    while (in.n)
        assert_int_equal(frame_next(&in, WIRE_FRAME_MAX, &frame), ERR_OK);
    struct arena a;
    struct envelope e;
    struct errmsg why;
    arena_init(&a, 0);
    assert_int_equal(wire_envelope_decode(frame, &a, &e, &why), ERR_OK);
    assert_int_equal(e.kind, ENV_ERROR);
    char got[400];
    snprintf(got, sizeof(got), "%.*s", (int)e.error_text.n, (const char *)e.error_text.p);
    if (!strstr(got, text))
        fail_msg("\"%s\" is not in \"%s\"", text, got);
    arena_fini(&a);
    assert_int_equal(p->server.closes, 0);
    rpc_eof(p->server.rpc, ERR_CLOSED, "gone");
    rpc_eof(p->server.rpc, ERR_CLOSED, "gone again");
    assert_int_equal(p->server.closes, 1);
    assert_int_equal(p->server.close_err, err);
    rpc_input(p->server.rpc, span_of("abc", 3));    /* nothing more happens */
    assert_int_equal(p->server.closes, 1);
}

static void feed_envelope(struct end *e, const struct envelope *env)
{
    struct buf b;
    buf_init(&b, 0);
    size_t mark = frame_begin(&b);
    assert_int_equal(wire_envelope_encode(env, &b), ERR_OK);
    assert_int_equal(frame_end(&b, mark, WIRE_FRAME_MAX), ERR_OK);
    rpc_input(e->rpc, buf_span(&b));
    buf_fini(&b);
}

static void test_refuses_before_hello(void **state)
{
    static const enum envelope_kind kinds[] = {ENV_REQUEST, ENV_ACK, ENV_WELCOME, ENV_RESPONSE,
                                               ENV_NOTICE, ENV_ACCEPTED};
    struct pair *p = *state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        memset(p, 0, sizeof(*p));
        server_start(&p->server);
        feed_envelope(&p->server, &(struct envelope){.kind = kinds[i], .message_id = 1});
        expect_refusal(p, ERR_STATE, "HELLO must come first");
        end_fini(&p->server);
    }
    memset(p, 0, sizeof(*p));
}

static void test_refuses_other_version(void **state)
{
    static const uint32_t versions[] = {0, 2, UINT32_MAX};
    struct pair *p = *state;
    for (size_t i = 0; i < 3; i++) {
        memset(p, 0, sizeof(*p));
        server_start(&p->server);
        feed_envelope(&p->server, &(struct envelope){.kind = ENV_HELLO, .message_id = 1,
                                                     .version = versions[i]});
        assert_int_equal(p->server.hellos, 0);
        expect_refusal(p, ERR_UNSUPPORTED, "use version 1");
        end_fini(&p->server);
    }
    memset(p, 0, sizeof(*p));
}

static void test_refused_by_handler(void **state)
{
    struct pair *p = *state;
    server_start(&p->server);
    p->server.hello_answer = ERR_DENIED;
    client_start(&p->client, false, 0);
    pump(p);
    assert_int_equal(p->client.welcomes, 0);
    assert_int_equal(p->client.closes, 1);
    assert_int_equal(p->client.close_err, ERR_DENIED);
    assert_string_equal(p->client.close_why, "party 1.2.3 is not known here");
    assert_int_equal(p->server.close_err, ERR_DENIED);
}

static void refuse_bytes(struct pair *p, bool up, const void *bytes, size_t n, int err, const char *text)
{
    memset(p, 0, sizeof(*p));
    server_start(&p->server);
    if (up) {
        feed_envelope(&p->server, &(struct envelope){.kind = ENV_HELLO, .message_id = 1, .version = 1});
        assert_true(rpc_is_up(p->server.rpc));
    }
    rpc_input(p->server.rpc, span_of(bytes, n));
    expect_refusal(p, err, text);
    end_fini(&p->server);
    memset(p, 0, sizeof(*p));
}

static void test_refuses_malformed_frames(void **state)
{
    struct pair *p = *state;
    for (int up = 0; up < 2; up++) {
        refuse_bytes(p, up, "\0\0\0\0", 4, ERR_FORMAT, "must not be empty");
        refuse_bytes(p, up, "\0\0\0\3\377\377\377", 7, ERR_FORMAT, "");
        refuse_bytes(p, up, "\377\377\377\377", 4, ERR_TOO_LARGE, "longer than");
        refuse_bytes(p, up, "\0\0\0\1\0", 5, ERR_FORMAT, "");
    }
    refuse_bytes(p, true, "\0\4\0\1", 4, ERR_TOO_LARGE, "262144");
    refuse_bytes(p, false, "\0\0\20\1", 4, ERR_TOO_LARGE, "4096");
    /* No octet of the peer comes back: an HTTP request on this port. */
    refuse_bytes(p, false, "GET /secret HTTP/1.1\r\n\r\n", 24, ERR_TOO_LARGE, "longer than");
}

static void test_refuses_wrong_kinds_and_ids(void **state)
{
    static const struct envelope wrong[] = {
        {.kind = ENV_HELLO, .message_id = 2, .version = 1}, {.kind = ENV_WELCOME, .message_id = 2},
        {.kind = ENV_RESPONSE, .message_id = 2}, {.kind = ENV_ACCEPTED, .message_id = 2},
        {.kind = ENV_NOTICE, .message_id = 2}, {.kind = ENV_ACK, .message_id = 1},
        {.kind = ENV_ACK, .message_id = 0},
    };
    struct pair *p = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memset(p, 0, sizeof(*p));
        server_start(&p->server);
        feed_envelope(&p->server, &(struct envelope){.kind = ENV_HELLO, .message_id = 1, .version = 1});
        feed_envelope(&p->server, &wrong[i]);
        expect_refusal(p, i < 2 ? ERR_STATE : ERR_FORMAT, i < 2 ? "come once" : i < 5 ? "never travels"
                                                                                     : "must grow");
        end_fini(&p->server);
    }
    memset(p, 0, sizeof(*p));
}

static void test_client_refuses_wrong_welcome(void **state)
{
    static const struct envelope wrong[] = {
        {.kind = ENV_WELCOME, .message_id = 1, .version = 2}, {.kind = ENV_HELLO, .message_id = 1, .version = 1},
        {.kind = ENV_NOTICE, .message_id = 1},
    };
    struct pair *p = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memset(p, 0, sizeof(*p));
        client_start(&p->client, false, 0);
        feed_envelope(&p->client, &wrong[i]);
        assert_false(rpc_is_up(p->client.rpc));
        assert_true(p->client.close_asked);
        rpc_eof(p->client.rpc, ERR_CLOSED, "gone");
        assert_int_equal(p->client.close_err, i == 0 ? ERR_UNSUPPORTED : ERR_STATE);
        end_fini(&p->client);
    }
    memset(p, 0, sizeof(*p));
}

static void test_send_refusals(void **state)
{
    static const uint8_t big[WIRE_FRAME_MAX] = {0};
    struct pair *p = *state;
    server_start(&p->server);
    client_start(&p->client, false, 0);
    assert_int_equal(send_data(p->client.rpc, 1, NULL), ERR_STATE);
    pump(p);
    struct envelope e = {.kind = ENV_RESPONSE};
    assert_int_equal(rpc_send(p->client.rpc, &e, NULL), ERR_INVAL);
    e.kind = ENV_HELLO;
    assert_int_equal(rpc_send(p->client.rpc, &e, NULL), ERR_INVAL);
    e.kind = ENV_REQUEST;
    assert_int_equal(rpc_send(p->server.rpc, &e, NULL), ERR_INVAL);
    e.kind = ENV_NONE;
    assert_int_equal(rpc_send(p->server.rpc, &e, NULL), ERR_INVAL);
    e = (struct envelope){.kind = ENV_ACK, .message_id = 1};
    assert_int_equal(rpc_send(p->client.rpc, &e, NULL), ERR_INVAL);
    e = (struct envelope){.kind = ENV_ACK, .message_id = 9};
    assert_int_equal(rpc_send(p->client.rpc, &e, NULL), ERR_OK);
    struct es3_send_data_response body = {.euicc_response_data = span_of(big, sizeof(big))};
    e = (struct envelope){.kind = ENV_NOTICE, .message = {MSG_ES3_SEND_DATA_RESPONSE, &body}};
    size_t before = rpc_backlog(p->server.rpc);
    assert_int_equal(rpc_send(p->server.rpc, &e, NULL), ERR_TOO_LARGE);
    assert_int_equal(e.message_id, 0);
    assert_int_equal(rpc_backlog(p->server.rpc), before);
    uint64_t id = 0;
    assert_int_equal(send_data(p->client.rpc, 1, &id), ERR_OK);
    assert_int_equal(id, 10);
    pump(p);
    assert_int_equal(p->server.messages, 2);
    rpc_eof(p->client.rpc, ERR_CLOSED, "gone");
    assert_int_equal(send_data(p->client.rpc, 1, NULL), ERR_CLOSED);
}

static void test_ends(void **state)
{
    struct pair *p = *state;
    connect_pair(p);
    rpc_input(p->server.rpc, span_of("\0\0", 2));
    rpc_eof(p->server.rpc, ERR_CLOSED, "the other end closed");
    assert_int_equal(p->server.close_err, ERR_TRUNCATED);
    p->client.dead = true;
    assert_int_equal(send_data(p->client.rpc, 1, NULL), ERR_OK);
    rpc_flush(p->client.rpc);
    assert_int_equal(send_data(p->client.rpc, 1, NULL), ERR_CLOSED);
    assert_int_equal(p->client.closes, 0);
    rpc_eof(p->client.rpc, ERR_IO, "cut");
    assert_int_equal(p->client.closes, 1);
    assert_int_equal(p->client.close_err, ERR_IO);
    assert_string_equal(p->client.close_why, "cut");
}

static void test_error_text_is_made_printable(void **state)
{
    struct pair *p = *state;
    connect_pair(p);
    feed_envelope(&p->client, &(struct envelope){.kind = ENV_ERROR, .message_id = 2,
                                                 .error_text = span_str("bad\nline\x1b[2J")});
    assert_int_equal(p->client.messages, 1);
    rpc_eof(p->client.rpc, ERR_CLOSED, "x");
    assert_string_equal(p->client.close_why, "bad?line?[2J");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_greeting), T(test_request_and_answer), T(test_one_write_a_turn),
        T(test_split_at_each_byte), T(test_length_boundaries), T(test_client_window),
        T(test_server_window_pauses), T(test_backlog_pauses_and_bounds),
        T(test_callbacks_may_close_and_free), T(test_synchronous_carrier), T(test_refuses_before_hello),
        T(test_refuses_other_version), T(test_refused_by_handler), T(test_refuses_malformed_frames),
        T(test_refuses_wrong_kinds_and_ids), T(test_client_refuses_wrong_welcome), T(test_send_refusals),
        T(test_ends), T(test_error_text_is_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
