/* SPDX-License-Identifier: Apache-2.0 */
/* The exchange over memory: greeting, window, split and joined frames, callbacks that end it
 * (design 3.3). */
#include "test/unit/common/net/rpc_world.h"

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
    assert_int_equal(id, 2); /* HELLO was 1 */
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

/* The octets of n REQUESTs with the ids from..from+n-1, as a client without a window would send
 * them. */
static void raw_requests(struct buf *out, uint64_t from, unsigned n)
{
    struct es3_send_data_request body = {0};
    for (unsigned i = 0; i < n; i++) {
        struct envelope e = {.kind = ENV_REQUEST,
                             .message_id = from + i,
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
    rpc_input(p->server.rpc, span_of("\0\0", 2)); /* octets that were under way are kept */
    assert_int_equal(p->server.messages, RPC_WINDOW + 1);
    answer(p->server.rpc, 2, ENV_RESPONSE);
    assert_false(p->server.paused);
    assert_int_equal(p->server.messages, RPC_WINDOW + 1); /* never from within rpc_send */
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
    p->server.stuck = RPC_BACKLOG_PAUSE + 1; /* the carrier took it but could not send */
    rpc_flush(p->server.rpc);
    assert_true(p->server.paused);
    p->server.stuck = 0;
    rpc_drained(p->server.rpc);
    assert_false(p->server.paused);
    buf_fini(&p->server.wire);
}

/* Two ends that both stop reading would wait for each other for ever. */
static void test_client_never_pauses(void **state)
{
    struct pair *p = *state;
    p->client.pausable = true;
    connect_pair(p);
    p->client.stuck = 4 * RPC_BACKLOG_PAUSE;
    for (unsigned i = 0; i < RPC_WINDOW; i++)
        assert_int_equal(send_data(p->client.rpc, 60000, NULL), ERR_OK);
    rpc_flush(p->client.rpc);
    rpc_drained(p->client.rpc);
    assert_false(p->client.paused);
}

static void test_callbacks_may_close_and_free(void **state)
{
    struct pair *p = *state;
    connect_pair(p);
    p->server.close_in_callback = true;
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    assert_int_equal(send_data(p->client.rpc, 10, NULL), ERR_OK);
    pump(p);
    assert_int_equal(p->server.messages, 1); /* the second is not looked at any more */
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
    /* WELCOME came before rpc_client returned: the client had no address to receive it under yet.
     */
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_greeting),
        T(test_request_and_answer),
        T(test_one_write_a_turn),
        T(test_split_at_each_byte),
        T(test_length_boundaries),
        T(test_client_window),
        T(test_server_window_pauses),
        T(test_backlog_pauses_and_bounds),
        T(test_client_never_pauses),
        T(test_callbacks_may_close_and_free),
        T(test_synchronous_carrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
