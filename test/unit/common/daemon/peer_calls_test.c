/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/daemon/peer_calls.h"
#include "common/msg/es3.h"

#include <stdio.h>
#include <string.h>

static const struct oid PEER = {"1.3.6.1.4.1.99999.1"}, OTHER = {"1.3.6.1.4.1.99999.2"};
static const struct oid NOBODY = {"1.3.6.1.4.1.99999.3"};

/* Two peers that take so many requests each; who was called, and what was answered. */
struct fix {
    struct peer_calls *calls;
    unsigned room;                 /* of the present connection */
    uint64_t next;                 /* message_id */
    char sent[200], heard[200];    /* "a1 b2 ": call and message_id */
    bool again_from_answer;
};

static void note(char *text, size_t n, char call, uint64_t id)
{
    size_t have = strlen(text);

    (void)snprintf(text + have, n - have, "%c%llu ", call, (unsigned long long)id);
}

static struct uuid id_of(char call)
{
    struct uuid id = {{0}};

    id.b[0] = (uint8_t)call;
    return id;
}

static void make(struct fix *f, const struct oid *peer, char call, int want)
{
    struct es3_get_eis_request req = {.base = {.function_call_identifier = span_of(&call, 1)}};
    struct peer_call k = {*peer, id_of(call), OTHER, span_str("story"), {MSG_ES3_GET_EIS_REQUEST, &req}};

    assert_int_equal(peer_calls_make(f->calls, &k), want);
}

static int on_call(void *ctx, const struct oid *peer, struct envelope *e)
{
    const struct es3_get_eis_request *req = e->message.body;
    struct fix *f = ctx;

    assert_false(oid_eq(peer, &NOBODY));
    if (!f->room)
        return ERR_FULL;
    f->room--;
    e->message_id = f->next++;
    assert_int_equal(e->kind, ENV_REQUEST);
    assert_int_equal(e->message.type, MSG_ES3_GET_EIS_REQUEST);
    assert_true(oid_eq(&e->mno_id, &OTHER));
    assert_true(span_eq(e->context_id, span_str("story")));
    note(f->sent, sizeof f->sent, (char)req->base.function_call_identifier.p[0], e->message_id);
    return ERR_OK;
}

static void on_answer(void *ctx, const struct oid *peer, const struct uuid *id, const struct envelope *e)
{
    struct fix *f = ctx;

    (void)peer;
    note(f->heard, sizeof f->heard, (char)id->b[0], e->relates_to);
    if (f->again_from_answer)
        make(f, &PEER, (char)id->b[0], ERR_OK);
}

static int setup(void **state)
{
    static struct fix f;
    const struct peer_calls_port port = {on_call, on_answer, &f};
    const struct oid peers[2] = {PEER, OTHER};

    memset(&f, 0, sizeof f);
    f.room = 100;
    f.next = 1;
    f.calls = peer_calls_new(&port, peers, 2);
    assert_non_null(f.calls);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    peer_calls_free(f->calls);
    return 0;
}

static void hear(struct fix *f, enum envelope_kind kind, uint64_t relates_to, char operation)
{
    struct envelope e = {.kind = kind, .relates_to = relates_to};

    if (operation)
        e.operation = id_of(operation);
    peer_calls_heard(f->calls, &PEER, &e);
}

static void a_call_waits_for_the_connection_and_is_answered_once(void **state)
{
    struct fix *f = *state;

    make(f, &PEER, 'a', ERR_OK);
    assert_string_equal(f->sent, "");
    peer_calls_up(f->calls, &OTHER);
    assert_string_equal(f->sent, "");
    peer_calls_up(f->calls, &PEER);
    assert_string_equal(f->sent, "a1 ");
    make(f, &PEER, 'b', ERR_OK);
    assert_string_equal(f->sent, "a1 b2 ");
    hear(f, ENV_RESPONSE, 2, 0);
    hear(f, ENV_RESPONSE, 2, 0);
    hear(f, ENV_ERROR, 1, 0);
    assert_string_equal(f->heard, "b2 a1 ");
    assert_int_equal(peer_calls_waiting(f->calls), 0);
    assert_int_equal(peer_calls_count(f->calls)->answers, 2);
    assert_int_equal(peer_calls_count(f->calls)->unmatched, 1);
}

static void only_known_peers_are_called(void **state)
{
    struct fix *f = *state;

    assert_true(peer_calls_knows(f->calls, &OTHER));
    assert_false(peer_calls_knows(f->calls, &NOBODY));
    make(f, &NOBODY, 'a', ERR_NOT_FOUND);
    peer_calls_up(f->calls, &NOBODY);
    peer_calls_down(f->calls, &NOBODY);
    assert_int_equal(peer_calls_waiting(f->calls), 0);
}

/* The answer may come as a delivery, on a later connection and before the call was made again there. */
static void a_peer_names_its_operation(void **state)
{
    struct fix *f = *state;

    peer_calls_up(f->calls, &PEER);
    make(f, &PEER, 'a', ERR_OK);
    make(f, &PEER, 'b', ERR_OK);
    hear(f, ENV_ACCEPTED, 1, 'x');
    hear(f, ENV_ACCEPTED, 2, 'y');
    peer_calls_down(f->calls, &PEER);
    hear(f, ENV_RESPONSE, 0, 'y');
    hear(f, ENV_RESPONSE, 0, 'y');
    hear(f, ENV_RESPONSE, 0, 0);
    assert_string_equal(f->heard, "b0 ");
    assert_int_equal(peer_calls_waiting(f->calls), 1);
}

static void a_new_connection_hears_all_of_it_again_in_order(void **state)
{
    struct fix *f = *state;

    f->room = 2;
    peer_calls_up(f->calls, &PEER);
    make(f, &PEER, 'a', ERR_OK);
    make(f, &PEER, 'b', ERR_OK);
    make(f, &PEER, 'c', ERR_OK);
    assert_string_equal(f->sent, "a1 b2 ");
    peer_calls_down(f->calls, &PEER);
    make(f, &PEER, 'd', ERR_OK);
    f->room = 100;
    f->next = 1;
    f->sent[0] = '\0';
    peer_calls_up(f->calls, &PEER);
    assert_string_equal(f->sent, "a1 b2 c3 d4 ");
    /* The numbers are this connection's: 2 is b here. */
    hear(f, ENV_RESPONSE, 2, 0);
    assert_string_equal(f->heard, "b2 ");
}

static void what_does_not_fit_waits_for_an_answer(void **state)
{
    struct fix *f = *state;

    f->room = 1;
    peer_calls_up(f->calls, &PEER);
    make(f, &PEER, 'a', ERR_OK);
    make(f, &PEER, 'b', ERR_OK);
    assert_string_equal(f->sent, "a1 ");
    f->room = 1;
    hear(f, ENV_RESPONSE, 1, 0);
    assert_string_equal(f->sent, "a1 b2 ");
}

static void a_repeated_call_hears_only_its_last_copy(void **state)
{
    struct fix *f = *state;
    struct uuid a = id_of('a'), b = id_of('b');

    make(f, &PEER, 'a', ERR_OK);
    assert_true(peer_calls_repeat(f->calls, &a));
    assert_false(peer_calls_repeat(f->calls, &b));
    assert_string_equal(f->sent, "");
    peer_calls_up(f->calls, &PEER);
    assert_true(peer_calls_repeat(f->calls, &a));
    assert_string_equal(f->sent, "a1 a2 ");
    assert_int_equal(peer_calls_count(f->calls)->again, 1);
    hear(f, ENV_RESPONSE, 1, 0);
    hear(f, ENV_RESPONSE, 2, 0);
    assert_string_equal(f->heard, "a2 ");
}

static void a_call_takes_the_place_of_the_one_with_its_id(void **state)
{
    struct fix *f = *state;

    peer_calls_up(f->calls, &PEER);
    peer_calls_up(f->calls, &OTHER);
    make(f, &PEER, 'a', ERR_OK);
    hear(f, ENV_ACCEPTED, 1, 'x');
    make(f, &OTHER, 'a', ERR_OK);
    assert_int_equal(peer_calls_waiting(f->calls), 1);
    hear(f, ENV_RESPONSE, 1, 0);
    hear(f, ENV_RESPONSE, 2, 0); /* of the other connection */
    hear(f, ENV_RESPONSE, 0, 'x');
    assert_string_equal(f->heard, "");
    peer_calls_forget(f->calls, &(struct uuid){{'a'}});
    peer_calls_forget(f->calls, &(struct uuid){{'a'}});
    assert_int_equal(peer_calls_waiting(f->calls), 0);
}

static void who_is_answered_may_ask_again_at_once(void **state)
{
    struct fix *f = *state;

    f->again_from_answer = true;
    peer_calls_up(f->calls, &PEER);
    make(f, &PEER, 'a', ERR_OK);
    hear(f, ENV_RESPONSE, 1, 0);
    assert_string_equal(f->heard, "a1 ");
    assert_string_equal(f->sent, "a1 a2 ");
    assert_int_equal(peer_calls_waiting(f->calls), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_call_waits_for_the_connection_and_is_answered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(only_known_peers_are_called, setup, teardown),
        cmocka_unit_test_setup_teardown(a_peer_names_its_operation, setup, teardown),
        cmocka_unit_test_setup_teardown(a_new_connection_hears_all_of_it_again_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(what_does_not_fit_waits_for_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_repeated_call_hears_only_its_last_copy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_takes_the_place_of_the_one_with_its_id, setup, teardown),
        cmocka_unit_test_setup_teardown(who_is_answered_may_ask_again_at_once, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
