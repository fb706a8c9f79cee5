/* SPDX-License-Identifier: Apache-2.0 */
/* Data sessions of a network: a card that calls by itself has one as well, and one too many is cut, so that it
 * comes again; what has begun is never kept from its answer. */
#include "test/unit/smsr/channel/session_world.h"

static struct env_network LIMIT[1];
static struct operation OP[CARDS];

static int one_session(void **state)
{
    int err = setup(state);

    LIMIT[0] = (struct env_network){"a", 0, 1};
    W.env.networks = LIMIT;
    W.env.n_networks = 1;
    for (unsigned i = 0; i < CARDS; i++) {
        W.card[i].profile[0].state = PROFILE_ENABLED;
        W.card[i].e.psk_kvn = PSK_KVN;
        W.card[i].e.http = true;
        OP[i] = (struct operation){.function = FN_CREATE_ISDP, .party = {"1.2.3"}, .id = {{(uint8_t)(i + 1)}}};
    }
    return err;
}

static int done(void **state)
{
    for (unsigned i = 0; i < CARDS; i++)
        W.card[i].e.n_ops = 0;
    return teardown(state);
}

static void has_operation(unsigned i, unsigned at)
{
    OP[i].state = at;
    W.card[i].e.ops[0] = &OP[i];
    W.card[i].e.n_ops = 1;
    channel_turns(W.ch, &W.card[i].e);
}

/* Without a word: that is what a card tries again after (GP Amendment B 3.3). */
static void is_cut(unsigned dev, unsigned card)
{
    struct admin_response r;
    unsigned posts = W.n_posts;

    dev_connect(dev, &W.card[card]);
    dev_post(dev, &W.card[card], "/polling", NONE, false);
    assert_true(W.dev[dev].closed);
    assert_int_not_equal(scp81_response(W.dev[dev].tls, &r), ERR_OK);
    assert_int_equal(W.n_posts, posts);
}

static void ends(unsigned dev, const struct uuid *id)
{
    struct out_step last = step_of(id, 0, NONE);

    assert_int_equal(channel_step(W.ch, &last), ERR_OK);
    assert_int_equal(dev_response(dev).code, 204);
}

static void who_calls_is_counted(void **state)
{
    struct uuid id = begin(0, &W.card[0]);

    (void)state;
    is_cut(1, 1);
    assert_int_equal(COUNT(session_deferred), 1);
    assert_int_equal(channel_sessions(W.ch), 1);
    ends(0, &id);                                 /* kept for a card that did not hear, but over */
    assert_int_equal(channel_sessions(W.ch), 1);
    dev_connect(2, &W.card[1]);
    dev_post(2, &W.card[1], "/polling", NONE, true);      /* it comes again */
    assert_true(last_post()->in.u.post.first);
    assert_true(posted_to(last_post(), &W.card[1]));
    assert_int_equal(COUNT(session_deferred), 1);
}

static void without_a_limit_nobody_is(void **state)
{
    (void)state;
    LIMIT[0].data_sessions = 0;
    (void)begin(0, &W.card[0]);
    (void)begin(1, &W.card[1]);
    W.env.n_networks = 0;
    (void)begin(2, &W.card[2]);
    assert_int_equal(COUNT(session_deferred), 0);
}

/* Orders wait for a card that called, and are let in when it is gone. */
static void an_order_waits_for_who_called(void **state)
{
    struct uuid id;

    (void)state;
    channel_turns_hold(W.ch, false);
    id = begin(0, &W.card[0]);
    assert_true(channel_pace(W.ch, &W.card[1].e, &OP[1]) > 0);
    has_operation(1, 0);
    assert_int_equal(channel_turns_waiting(W.ch), 1);
    ends(0, &id);
    assert_int_equal(channel_turns_waiting(W.ch), 0);
    assert_int_equal(last_post()->in.kind, IN_TURN);
    assert_true(posted_to(last_post(), &W.card[1]));
    is_cut(2, 2);                                 /* the place is its own from then on */
    (void)begin(1, &W.card[1]);
}

/* An operation that begins in its session takes no second place, and has it until the session is over. */
static void one_card_one_place(void **state)
{
    struct uuid id;

    (void)state;
    LIMIT[0].data_sessions = 2;
    channel_turns_hold(W.ch, false);
    id = begin(0, &W.card[0]);
    has_operation(0, 1);
    (void)begin(1, &W.card[1]);
    is_cut(2, 2);
    W.card[0].e.n_ops = 0;
    channel_turns(W.ch, &W.card[0].e);
    is_cut(2, 2);
    ends(0, &id);
    (void)begin(2, &W.card[2]);
}

/* Its own place was never counted as such: asked for by SMS, it comes while others have them all. */
static void what_has_begun_is_not_cut(void **state)
{
    struct uuid id = begin(0, &W.card[0]), other;
    char uri[ADMIN_URI_MAX];

    (void)state;
    OP[1].function = FN_ENABLE_PROFILE;           /* a switch, by SMS at first */
    has_operation(1, 1);
    other = begin(1, &W.card[1]);
    memcpy(uri, serve(1, &other, 1, BODY(SCRIPT)), sizeof uri);
    W.card[1].e.n_ops = 0;
    dev_cut(1);
    dev_connect(2, &W.card[1]);
    dev_post(2, &W.card[1], uri, BODY(ANSWER), true);     /* the answer of a step, on another stream */
    assert_int_equal(last_post()->in.kind, IN_POST);
    assert_false(last_post()->in.u.post.first);
    ends(0, &id);
    assert_int_equal(COUNT(session_deferred), 0);
}

/* A notification in the first POST is a card's word about what has run. */
static void who_tells_of_a_change_is_not_cut(void **state)
{
    (void)state;
    (void)begin(0, &W.card[0]);
    dev_connect(1, &W.card[1]);
    dev_post(1, &W.card[1], "/polling?msg=E100", NONE, false);
    assert_int_equal(COUNT(session_deferred), 0);
    assert_int_equal(channel_sessions(W.ch), 2);
}

/* It stays away: its place is free when its session is given up. */
static void a_session_that_is_lost_frees_its_place(void **state)
{
    (void)state;
    (void)begin(0, &W.card[0]);
    dev_cut(0);
    is_cut(1, 1);                                 /* it may come back */
    pass(IDLE_MS);
    (void)begin(1, &W.card[1]);
}

#define L(f) cmocka_unit_test_setup_teardown(f, one_session, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        L(who_calls_is_counted), L(without_a_limit_nobody_is), L(an_order_waits_for_who_called),
        L(one_card_one_place), L(what_has_begun_is_not_cut), L(who_tells_of_a_change_is_not_cut),
        L(a_session_that_is_lost_frees_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
