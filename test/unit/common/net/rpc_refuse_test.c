/* SPDX-License-Identifier: Apache-2.0 */
/* What the exchange refuses, and how it ends: malformed, early, misdirected, oversize (design 3.3).
 */
#include "test/unit/common/net/rpc_world.h"

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
    rpc_input(p->server.rpc, span_of("abc", 3)); /* nothing more happens */
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
    static const enum envelope_kind kinds[] = {ENV_REQUEST,  ENV_ACK,    ENV_WELCOME,
                                               ENV_RESPONSE, ENV_NOTICE, ENV_ACCEPTED};
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
        feed_envelope(&p->server, &(struct envelope){
                                      .kind = ENV_HELLO, .message_id = 1, .version = versions[i]});
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

static void refuse_bytes(struct pair *p, bool up, const void *bytes, size_t n, int err,
                         const char *text)
{
    memset(p, 0, sizeof(*p));
    server_start(&p->server);
    if (up) {
        feed_envelope(&p->server,
                      &(struct envelope){.kind = ENV_HELLO, .message_id = 1, .version = 1});
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

/* An EID whose check digits fail ends its own call; the connection serves the next one. */
static void test_a_wrong_body_ends_its_call_alone(void **state)
{
    struct pair *p = *state;
    struct es3_send_data_request body = {.sd_aid = AID_ISD_R};
    struct envelope e = {
        .kind = ENV_REQUEST, .message_id = 5, .message = {MSG_ES3_SEND_DATA_REQUEST, &body}};
    struct buf b;
    size_t at = 0;

    connect_pair(p);
    assert_int_equal(eid_make("890440459300000000000014923243", &body.eid), ERR_OK);
    buf_init(&b, 0);
    size_t mark = frame_begin(&b);
    assert_int_equal(wire_envelope_encode(&e, &b), ERR_OK);
    assert_int_equal(frame_end(&b, mark, WIRE_FRAME_MAX), ERR_OK);
    while (memcmp(b.p + at, body.eid.b, sizeof body.eid.b))
        assert_true(++at + sizeof body.eid.b <= b.n);
    b.p[at + 15] ^= 1;
    rpc_input(p->server.rpc, buf_span(&b));
    buf_fini(&b);
    assert_int_equal(p->server.messages, 0);
    pump(p);
    assert_int_equal(p->client.last.kind, ENV_ERROR);
    assert_int_equal(p->client.last.relates_to, 5);
    assert_non_null(strstr(p->client.error_text, "Eid"));
    assert_false(p->server.close_asked);
    e.message_id = 6;
    feed_envelope(&p->server, &e);
    assert_int_equal(p->server.messages, 1);
    feed_envelope(&p->server, &e); /* numbers grow still */
    assert_true(p->server.close_asked);
}

static void test_refuses_wrong_kinds_and_ids(void **state)
{
    static const struct envelope wrong[] = {
        {.kind = ENV_HELLO, .message_id = 2, .version = 1},
        {.kind = ENV_WELCOME, .message_id = 2},
        {.kind = ENV_RESPONSE, .message_id = 2},
        {.kind = ENV_ACCEPTED, .message_id = 2},
        {.kind = ENV_NOTICE, .message_id = 2},
        {.kind = ENV_ACK, .message_id = 1},
        {.kind = ENV_ACK, .message_id = 0},
    };
    struct pair *p = *state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memset(p, 0, sizeof(*p));
        server_start(&p->server);
        feed_envelope(&p->server,
                      &(struct envelope){.kind = ENV_HELLO, .message_id = 1, .version = 1});
        feed_envelope(&p->server, &wrong[i]);
        expect_refusal(p, i < 2 ? ERR_STATE : ERR_FORMAT,
                       i < 2   ? "come once"
                       : i < 5 ? "never travels"
                               : "must grow");
        end_fini(&p->server);
    }
    memset(p, 0, sizeof(*p));
}

static void test_client_refuses_wrong_welcome(void **state)
{
    static const struct envelope wrong[] = {
        {.kind = ENV_WELCOME, .message_id = 1, .version = 2},
        {.kind = ENV_HELLO, .message_id = 1, .version = 1},
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
    feed_envelope(&p->client, &(struct envelope){.kind = ENV_ERROR,
                                                 .message_id = 2,
                                                 .error_text = span_str("bad\nline\x1b[2J")});
    assert_int_equal(p->client.messages, 1);
    rpc_eof(p->client.rpc, ERR_CLOSED, "x");
    assert_string_equal(p->client.close_why, "bad?line?[2J");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_refuses_before_hello),
        T(test_refuses_other_version),
        T(test_refused_by_handler),
        T(test_refuses_malformed_frames),
        T(test_a_wrong_body_ends_its_call_alone),
        T(test_refuses_wrong_kinds_and_ids),
        T(test_client_refuses_wrong_welcome),
        T(test_send_refusals),
        T(test_ends),
        T(test_error_text_is_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
