/* SPDX-License-Identifier: Apache-2.0 */
/* The same POST again and sessions that outlive their streams (design law 3; facts: ota 4.1). */
#include "test/unit/smsr/channel/session_world.h"

/* --- the same POST again --- */

static void same_post_same_bytes_one_input(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct admin_response first, again;
    struct out_step o = step_of(&id, 2, BODY(SCRIPT));
    char uri[ADMIN_URI_MAX];
    struct buf a, b;

    (void)state;
    buf_init(&a, 0);
    buf_init(&b, 0);
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    first = dev_response(0);
    admin_response_put(&a, &first);
    dev_cut(0);
    dev_connect(1, c);
    dev_post(1, c, uri, BODY(ANSWER), true);
    again = dev_response(1);
    admin_response_put(&b, &again);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    assert_int_equal(W.n_posts, 2);
    assert_int_equal(COUNT(step_repeated), 1);
    assert_int_equal(COUNT(session_resumed), 1);
    buf_fini(&a);
    buf_fini(&b);
}

static void same_step_on_the_same_stream(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char uri[ADMIN_URI_MAX], next[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 7, BODY(SCRIPT)), sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    memcpy(next, serve(0, &id, 8, BODY(SCRIPT)), sizeof next);
    dev_post(0, c, uri, BODY("\xAF\x80\x23\x02\x6A\x88\x00\x00"), false);  /* another answer */
    assert_string_equal(dev_response(0).next_uri, next);
    assert_int_equal(W.n_posts, 2);                     /* the first answer stands */
    assert_memory_equal(last_post()->data, ANSWER, sizeof ANSWER - 1);
    dev_post(0, c, next, BODY(ANSWER), false);
    assert_int_equal(W.n_posts, 3);
}

/* A card that did not get the last response may ask again. */
static void last_response_again(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o = step_of(&id, 0, NONE);
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 3, BODY(SCRIPT)), sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    dev_cut(0);
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    dev_connect(1, c);
    dev_post(1, c, uri, BODY(ANSWER), true);
    assert_int_equal(dev_response(1).code, 204);
    assert_true(W.dev[1].closed);
    assert_int_equal(W.n_posts, 2);
    assert_int_equal(posts_of(IN_SESSION_END), 0);
}

/* --- cuts --- */

static void cut_while_the_card_works(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    dev_cut(0);
    pass(IDLE_MS - 1000);
    dev_connect(1, c);
    dev_post(1, c, uri, BODY(ANSWER), true);            /* it had the script, here is the answer */
    assert_int_equal(W.n_posts, 2);
    assert_true(last_post()->in.u.post.resume);
    assert_true(uuid_eq(&last_post()->in.u.post.session, &id));
    assert_non_null(serve(1, &id, 2, BODY(SCRIPT)));
    assert_int_equal(posts_of(IN_SESSION_END), 0);
}

static void cut_while_we_work(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c), held;
    struct out_step o = step_of(&id, 1, BODY(SCRIPT));

    (void)state;
    dev_cut(0);
    assert_false(channel_held(W.ch, &c->e.eid, &held)); /* nobody listens right now */
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);   /* kept */
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, true);
    assert_memory_equal(dev_response(1).body.p, SCRIPT, sizeof SCRIPT - 1);
    assert_int_equal(W.n_posts, 1);
}

static void resumed_before_we_answered(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c), held;

    (void)state;
    dev_cut(0);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, true);
    assert_int_equal(W.n_posts, 1);
    assert_true(channel_held(W.ch, &c->e.eid, &held));
    assert_true(uuid_eq(&held, &id));
    assert_non_null(serve(1, &id, 1, BODY(SCRIPT)));
}

static void held_again_after_a_resume(void **state)
{
    struct card *c = &W.card[0];

    (void)state;
    (void)begin(0, c);
    dev_cut(0);
    pass(HOLD_MS);                                      /* nobody listens: nothing to hold */
    assert_int_equal(COUNT(session_held_out), 0);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, true);
    pass(HOLD_MS - 1);
    assert_false(dev_has_response(1));
    pass(1);
    assert_int_equal(dev_response(1).code, 204);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
}

/* The network did not tell us of the cut: only X-Admin-Resume does. */
static void resumed_over_a_stream_that_seems_alive(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    dev_connect(1, c);
    dev_post(1, c, uri, BODY(ANSWER), true);
    assert_true(W.dev[0].closed);
    assert_int_equal(W.n_posts, 2);
    assert_non_null(serve(1, &id, 2, BODY(SCRIPT)));
}

static void stays_away(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    dev_cut(0);
    pass(IDLE_MS - 1);
    assert_int_equal(posts_of(IN_SESSION_END), 0);
    pass(1);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_true(posted_to(last_post(), c));
    assert_true(uuid_eq(&last_post()->in.u.session_end.session, &id));
    assert_true(last_post()->in.u.session_end.why.n > 0);
    assert_int_equal(COUNT(session_lost), 1);
    dev_connect(1, c);                                  /* too late: a step of a dead session */
    dev_post(1, c, uri, BODY(ANSWER), true);
    assert_int_equal(dev_response(1).code, 404);
    assert_true(W.dev[1].closed);
    assert_int_equal(posts_of(IN_POST), 1);
    assert_int_equal(COUNT(session_unknown), 1);
}

static void silent_on_an_open_stream(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);

    (void)state;
    assert_non_null(serve(0, &id, 1, BODY(SCRIPT)));
    pass(IDLE_MS);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_true(W.dev[0].closed);
    assert_int_equal(channel_streams(W.ch), 0);
}

static void begins_anew_after_a_cut(void **state)
{
    struct card *c = &W.card[0];
    struct uuid old = begin(0, c), id;
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &old, 1, BODY(SCRIPT)), sizeof uri);
    dev_cut(0);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, false);
    assert_int_equal(W.n_posts, 3);
    assert_int_equal(W.post[1]->in.kind, IN_SESSION_END);       /* first the end of the old one */
    assert_true(uuid_eq(&W.post[1]->in.u.session_end.session, &old));
    assert_true(last_post()->in.u.post.first);
    id = last_post()->in.u.post.session;
    assert_false(uuid_eq(&id, &old));
    assert_int_equal(channel_sessions(W.ch), 1);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
}

/* A card that lost its power behind the script has forgotten the session it ran in. When the first POST
 * of its next session is cut on the way, it comes with X-Admin-Resume like that of a card which never saw
 * the script: nothing tells the two apart, so the script is not given again. */
static void first_post_behind_a_script_is_another_session(void **state)
{
    struct card *c = &W.card[0];
    struct uuid old = begin(0, c);

    (void)state;
    assert_non_null(serve(0, &old, 1, BODY(SCRIPT)));
    dev_cut(0);
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, true);
    assert_false(dev_has_response(1));
    assert_int_equal(W.n_posts, 3);
    assert_int_equal(W.post[1]->in.kind, IN_SESSION_END);
    assert_true(uuid_eq(&W.post[1]->in.u.session_end.session, &old));
    assert_true(last_post()->in.u.post.first);
    assert_false(uuid_eq(&last_post()->in.u.post.session, &old));
    assert_int_equal(COUNT(step_repeated), 0);
}

static void begins_anew_on_the_same_stream(void **state)
{
    struct card *c = &W.card[0];
    struct uuid old = begin(0, c);
    const char *uri = serve(0, &old, 1, BODY(SCRIPT));

    (void)state;
    dev_post(0, c, uri, BODY(ANSWER), false);
    assert_non_null(serve(0, &old, 2, BODY(SCRIPT)));
    dev_post(0, c, "/polling", NONE, false);
    assert_int_equal(posts_of(IN_SESSION_END), 1);
    assert_true(last_post()->in.u.post.first);
    assert_false(uuid_eq(&last_post()->in.u.post.session, &old));
    assert_false(W.dev[0].closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(same_post_same_bytes_one_input), T(same_step_on_the_same_stream), T(last_response_again),
        T(cut_while_the_card_works), T(cut_while_we_work), T(resumed_before_we_answered),
        T(held_again_after_a_resume), T(resumed_over_a_stream_that_seems_alive), T(stays_away),
        T(silent_on_an_open_stream), T(begins_anew_after_a_cut),
        T(first_post_behind_a_script_is_another_session), T(begins_anew_on_the_same_stream),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
