/* SPDX-License-Identifier: Apache-2.0 */
/* Administration sessions over real TLS-PSK: steps, one session a card, holds, notifications
 * (design law 3; facts: ota 4.1). */
#include "test/unit/smsr/channel/session_world.h"

#include "common/base/hex.h"

static void whole_session(void **state)
{
    struct card *c = &W.card[0];
    struct out_step o;
    struct admin_response r;
    struct uuid id = begin(0, c);
    char expect[64], hex[33];
    const char *uri;

    (void)state;
    assert_int_equal(hex_encode(span_of(id.b, 16), hex, sizeof hex), ERR_OK);
    for (unsigned step = 1; step <= 40; step++) {
        uri = serve(0, &id, step, BODY(SCRIPT));
        snprintf(expect, sizeof expect, "/s/%s/%u", hex, step);
        assert_string_equal(uri, expect);
        dev_post(0, c, uri, BODY(ANSWER), false);
        assert_int_equal(W.n_posts, step + 1);
        assert_false(last_post()->in.u.post.first);
        assert_string_equal(last_post()->uri, expect);
        assert_int_equal(last_post()->in.u.post.script_status, ADMIN_STATUS_OK);
        assert_int_equal(last_post()->n, sizeof ANSWER - 1);
        assert_memory_equal(last_post()->data, ANSWER, sizeof ANSWER - 1);
    }
    o = step_of(&id, 0, NONE);
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    r = dev_response(0);
    assert_int_equal(r.code, 204);
    assert_string_equal(r.next_uri, "");
    assert_true(W.dev[0].closed);
    assert_int_equal(channel_streams(W.ch), 0);
    assert_int_equal(channel_step(W.ch, &o), ERR_STATE);
    pass(IDLE_MS);
    assert_int_equal(channel_sessions(W.ch), 0);
    assert_int_equal(posts_of(IN_SESSION_END), 0);      /* it ended as the mailbox wanted */
    assert_int_equal(channel_due(W.ch), -1);
}

static void target_and_keep_alive(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o = step_of(&id, 1, BODY(SCRIPT));
    struct admin_response r;
    char uri[ADMIN_URI_MAX];

    (void)state;
    assert_int_equal(aid_isd_p(0x13, &o.target), ERR_OK);
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    r = dev_response(0);
    assert_true(aid_eq(&r.target, &o.target));
    memcpy(uri, r.next_uri, sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    memcpy(uri, serve(0, &id, 2, NONE), sizeof uri);    /* 204 with a Next-URI */
    assert_true(uri[0]);
    dev_post(0, c, uri, NONE, false);
    assert_int_equal(W.n_posts, 3);
    assert_int_equal(last_post()->n, 0);
    assert_int_equal(last_post()->in.u.post.script_status, ADMIN_STATUS_NONE);
}

/* A plan that answers within the input, as it is in the simulator. */
static void answer_at_once(struct world *w, const struct input *in)
{
    static const char body[] = "\xAE\x80\x00\x00";
    struct out_step o = step_of(&in->u.post.session, in->u.post.first ? 1 : 0,
                                in->u.post.first ? BODY(body) : NONE);

    if (in->kind == IN_POST)
        assert_int_equal(channel_step(w->ch, &o), ERR_OK);
}

static void answered_within_the_input(void **state)
{
    struct card *c = &W.card[0];
    char uri[ADMIN_URI_MAX];

    (void)state;
    W.on_post = answer_at_once;
    dev_connect(0, c);
    dev_post(0, c, "/polling", NONE, false);
    memcpy(uri, dev_response(0).next_uri, sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    assert_int_equal(dev_response(0).code, 204);
    assert_int_equal(W.n_posts, 2);
    assert_true(W.dev[0].closed);
}

static void big_bodies(void **state)
{
    static uint8_t up[ADMIN_BODY_MAX], down[ADMIN_BODY_MAX];
    static const size_t sizes[] = {1, 126, 127, 128, 255, 256, 1024, 1025, 16384, 17000, 65535,
                                   65536};
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o;
    uint32_t step = 0;

    (void)state;
    rng_fill(&W.rng, up, sizeof up);
    rng_fill(&W.rng, down, sizeof down);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *uri = serve(0, &id, ++step, span_of(down, sizes[i]));
        dev_post(0, c, uri, span_of(up, sizes[i]), false);
        assert_int_equal(last_post()->n, sizes[i]);
        assert_memory_equal(last_post()->data, up, sizes[i]);
    }
    o = step_of(&id, 99, span_of(down, sizeof down));
    o.body.n++;
    assert_int_equal(channel_step(W.ch, &o), ERR_TOO_LARGE);
    assert_true(channel_held(W.ch, &c->e.eid, &id));
}

static void carrier_full(void **state)
{
    static uint8_t down[40000];
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o = step_of(&id, 2, span_of(down, sizeof down));
    char uri[ADMIN_URI_MAX];

    (void)state;
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    dev_post(0, c, uri, BODY(ANSWER), false);
    W.send_result = ERR_FULL;
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    assert_false(dev_has_response(0));
    pass(10000);
    assert_false(dev_has_response(0));
    W.send_result = ERR_OK;
    pass(1000);
    assert_int_equal(dev_response(0).body.n, sizeof down);
    W.send_result = ERR_CLOSED;
    dev_post(0, c, uri, BODY(ANSWER), false);    /* the same POST: its answer cannot leave */
    assert_int_equal(channel_streams(W.ch), 0);
    assert_int_equal(channel_sessions(W.ch), 1);
}

/* --- one session a card --- */

static void parallel_session(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char uri[ADMIN_URI_MAX];

    (void)state;
    dev_connect(1, c);
    dev_post(1, c, "/polling", NONE, false);
    assert_int_equal(dev_response(1).code, 503);
    assert_true(W.dev[1].closed);
    assert_int_equal(W.n_posts, 1);
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);    /* the first one goes on */
    dev_connect(2, c);
    dev_post(2, c, uri, BODY(ANSWER), false);
    assert_int_equal(dev_response(2).code, 503);
    assert_int_equal(COUNT(session_parallel), 2);
    dev_post(0, c, uri, BODY(ANSWER), false);
    assert_int_equal(W.n_posts, 2);
}

static void cards_do_not_disturb_each_other(void **state)
{
    struct uuid a = begin(0, &W.card[0]), b = begin(1, &W.card[1]);
    char uri[ADMIN_URI_MAX];

    (void)state;
    assert_false(uuid_eq(&a, &b));
    memcpy(uri, serve(0, &a, 1, BODY(SCRIPT)), sizeof uri);
    assert_non_null(serve(1, &b, 1, BODY(SCRIPT)));
    dev_post(1, &W.card[1], uri, BODY(ANSWER), false);          /* the step of another card */
    assert_int_equal(dev_response(1).code, 404);
    assert_int_equal(W.n_posts, 2);
    dev_post(0, &W.card[0], uri, BODY(ANSWER), false);
    assert_int_equal(W.n_posts, 3);
    assert_true(posted_to(last_post(), &W.card[0]));
}

static void header_of_another_card(void **state)
{
    (void)state;
    dev_connect(0, &W.card[0]);
    dev_post_as(0, &W.card[1].e.eid, "/polling", NONE, false);
    assert_int_equal(dev_response(0).code, 400);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(channel_sessions(W.ch), 0);
}

/* --- steps that are not there --- */

static void wrong_places(void **state)
{
    static const char *const bad[] = {
        "/s/", "/s/1", "/s/%s", "/s/%s/", "/s/%s/0", "/s/%s/2", "/s/%s/01", "/s/%s/1x", "/s/%s/-1",
        "/s/%s/4294967297", "/s/%s/99999999999999999999", "/s/%s1/1", "/s/0%s/1", "/s/%s/1/1",
    };
    struct card *c = &W.card[0];

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct uuid id = begin(0, c);
        char hex[33], uri[128];

        assert_int_equal(hex_encode(span_of(id.b, 16), hex, sizeof hex), ERR_OK);
        assert_non_null(serve(0, &id, 1, BODY(SCRIPT)));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(uri, sizeof uri, bad[i], hex);
#pragma GCC diagnostic pop
        dev_post(0, c, uri, BODY(ANSWER), false);
        assert_int_equal(dev_response(0).code, 404);
        assert_int_equal(COUNT(session_unknown), i + 1);
        assert_int_equal(posts_of(IN_POST), i + 1);
        channel_session_close(W.ch, &(struct out_session_close){id});
    }
}

static void older_step(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    char one[ADMIN_URI_MAX], two[ADMIN_URI_MAX];

    (void)state;
    memcpy(one, serve(0, &id, 1, BODY(SCRIPT)), sizeof one);
    dev_post(0, c, one, BODY(ANSWER), false);
    memcpy(two, serve(0, &id, 2, BODY(SCRIPT)), sizeof two);
    dev_post(0, c, two, BODY(ANSWER), false);
    assert_non_null(serve(0, &id, 3, BODY(SCRIPT)));
    dev_post(0, c, one, BODY(ANSWER), false);
    assert_int_equal(dev_response(0).code, 404);
    assert_int_equal(posts_of(IN_POST), 3);
}

static void answer_before_the_step_left(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o = step_of(&id, 1, BODY(SCRIPT));

    (void)state;
    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    assert_int_equal(channel_step(W.ch, &o), ERR_STATE);
    o.session.b[0] ^= 1;
    assert_int_equal(channel_step(W.ch, &o), ERR_NOT_FOUND);
    assert_int_equal(COUNT(step_unexpected), 1);
}

/* --- nothing to do --- */

static void hold_runs_out(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id = begin(0, c);
    struct out_step o = step_of(&id, 1, BODY(SCRIPT));
    struct admin_response r;

    (void)state;
    pass(HOLD_MS - 1);
    assert_false(dev_has_response(0));
    pass(1);
    r = dev_response(0);
    assert_int_equal(r.code, 204);
    assert_string_equal(r.next_uri, "");
    assert_true(W.dev[0].closed);
    assert_int_equal(last_post()->in.kind, IN_SESSION_END);
    assert_true(uuid_eq(&last_post()->in.u.session_end.session, &id));
    assert_false(channel_held(W.ch, &c->e.eid, &id));
    assert_int_equal(channel_step(W.ch, &o), ERR_STATE);
    assert_int_equal(COUNT(session_held_out), 1);
    assert_false(uuid_eq(&id, &(struct uuid){{0}}));
    o.session = begin(1, c);                                    /* it may come again at once */
    assert_int_equal(posts_of(IN_SESSION_END), 1);
}

/* Something is under way by another way: the card is told to ask again, a few times. */
static void asked_to_come_again(void **state)
{
    struct card *c = &W.card[0];
    struct operation op = {0};
    struct uuid id, held;
    struct admin_response r;
    char expect[64], hex[33], last[64] = "/polling";

    (void)state;
    c->e.ops[0] = &op;
    c->e.n_ops = 1;
    id = begin(0, c);
    assert_int_equal(hex_encode(span_of(id.b, 16), hex, sizeof hex), ERR_OK);
    for (unsigned i = 1; i <= 3; i++) {
        pass(HOLD_MS);
        r = dev_response(0);
        snprintf(expect, sizeof expect, "/s/%s/w%u", hex, i);
        assert_int_equal(r.code, 204);
        assert_string_equal(r.next_uri, expect);
        assert_false(channel_held(W.ch, &c->e.eid, &held));
        dev_post(0, c, last, NONE, false);                  /* the same POST: the same response */
        assert_string_equal(dev_response(0).next_uri, expect);
        assert_int_equal(W.n_posts, i);
        dev_post(0, c, expect, NONE, false);
        assert_int_equal(W.n_posts, i + 1);
        assert_true(last_post()->in.u.post.first);          /* it answers no step */
        assert_true(uuid_eq(&last_post()->in.u.post.session, &id));
        assert_true(channel_held(W.ch, &c->e.eid, &held));
        memcpy(last, expect, sizeof last);
    }
    assert_string_equal(serve(0, &id, 7, BODY(SCRIPT)) + 36, "7");
    snprintf(expect, sizeof expect, "/s/%s/7", hex);
    dev_post(0, c, expect, BODY(ANSWER), false);
    assert_false(last_post()->in.u.post.first);
    pass(HOLD_MS);
    assert_string_equal(dev_response(0).next_uri, "");      /* and then no more */
    assert_int_equal(COUNT(session_waited), 3);
    assert_int_equal(last_post()->in.kind, IN_SESSION_END);
    c->e.n_ops = 0;
}

static void told_to_come_again_and_gone(void **state)
{
    struct card *c = &W.card[0];
    struct operation op = {0};
    char uri[ADMIN_URI_MAX];
    struct uuid id;

    (void)state;
    c->e.ops[0] = &op;
    c->e.n_ops = 1;
    id = begin(0, c);
    pass(HOLD_MS);
    memcpy(uri, dev_response(0).next_uri, sizeof uri);
    dev_connect(1, c);                                      /* a cut: it resumes */
    dev_post(1, c, uri, NONE, true);
    assert_int_equal(W.n_posts, 2);
    assert_int_equal(COUNT(session_resumed), 1);
    pass(HOLD_MS);
    dev_cut(1);
    pass(IDLE_MS);
    assert_int_equal(last_post()->in.kind, IN_SESSION_END);
    assert_true(uuid_eq(&last_post()->in.u.session_end.session, &id));
    assert_int_equal(channel_sessions(W.ch), 0);
    c->e.n_ops = 0;
}

static void closed_by_the_mailbox(void **state)
{
    struct card *c = &W.card[0];
    struct out_session_close o = {begin(0, c)};
    char uri[ADMIN_URI_MAX];

    (void)state;
    channel_session_close(W.ch, &o);                            /* a POST waits */
    assert_int_equal(dev_response(0).code, 204);
    assert_true(W.dev[0].closed);
    assert_int_equal(channel_sessions(W.ch), 0);
    channel_session_close(W.ch, &o);
    o.session = begin(1, c);
    memcpy(uri, serve(1, &o.session, 1, BODY(SCRIPT)), sizeof uri);
    channel_session_close(W.ch, &o);                            /* a step is out */
    assert_true(W.dev[1].closed);
    dev_connect(2, c);
    dev_post(2, c, uri, BODY(ANSWER), true);
    assert_int_equal(dev_response(2).code, 404);        /* that answer is refused for ever */
    assert_int_equal(posts_of(IN_SESSION_END), 0);
    assert_int_equal(posts_of(IN_POST), 2);
}

/* --- notifications in the first POST --- */

static void e1_hex(char dst[256], const struct eid *eid, const char *tail)
{
    char hex[33];

    assert_int_equal(hex_encode(span_of(eid->b, 16), hex, sizeof hex), ERR_OK);
    snprintf(dst, 256, "E12B4C10%s4D01024E0200092F10A0000005591010FFFFFFFF8900001300%s", hex, tail);
}

static void notification_first(void **state)
{
    struct card *c = &W.card[0];
    char hex[256], uri[400];

    (void)state;
    e1_hex(hex, &c->e.eid, "");
    hex[3] = 'b';                                               /* either case */
    memcpy(hex, "E12b", 4);
    snprintf(uri, sizeof uri, "/polling?x=1&msg=%s&y=2", hex);
    dev_connect(0, c);
    dev_post(0, c, uri, NONE, false);
    assert_int_equal(W.n_posts, 2);
    assert_int_equal(W.post[0]->in.kind, IN_NOTIFICATION);
    assert_int_equal(W.post[0]->in.u.notification.sequence, 9);
    assert_int_equal(W.post[0]->in.u.notification.kind, 2);
    assert_int_equal(W.post[0]->in.u.notification.bearer, BEARER_HTTPS);
    assert_int_equal(W.post[1]->in.kind, IN_POST);
    assert_true(uuid_eq(&W.post[0]->in.u.notification.session, &W.post[1]->in.u.post.session));
    dev_cut(0);
    dev_connect(1, c);
    dev_post(1, c, uri, NONE, true);                            /* the same POST: nothing new */
    assert_int_equal(W.n_posts, 2);
}

static void notification_bad(void **state)
{
    struct card *c = &W.card[0];
    char hex[256], uri[400];
    static const char *const bad[] = {"", "E", "E1", "E100", "zz", "E1024D02"};

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(uri, sizeof uri, "/polling?msg=%s", bad[i]);
        dev_connect(0, c);
        dev_post(0, c, uri, NONE, false);
        assert_int_equal(COUNT(notification_format), i + 1);
        assert_int_equal(posts_of(IN_POST), i + 1);             /* the session opens all the same */
        dev_cut(0);
    }
    e1_hex(hex, &W.card[1].e.eid, "");
    snprintf(uri, sizeof uri, "/polling?msg=%s", hex);
    dev_connect(0, c);
    dev_post(0, c, uri, NONE, false);
    assert_int_equal(COUNT(notification_foreign), 1);
    assert_int_equal(posts_of(IN_NOTIFICATION), 0);
}

static void close_the_session(struct world *w, const struct input *in)
{
    struct out_session_close o = {in->u.notification.session};

    if (in->kind == IN_NOTIFICATION)
        channel_session_close(w->ch, &o);
}

static void closed_within_the_notification(void **state)
{
    struct card *c = &W.card[0];
    char hex[256], uri[400];

    (void)state;
    e1_hex(hex, &c->e.eid, "");
    snprintf(uri, sizeof uri, "/polling?msg=%s", hex);
    W.on_post = close_the_session;
    dev_connect(0, c);
    dev_post(0, c, uri, NONE, false);
    assert_int_equal(posts_of(IN_POST), 0);
    assert_int_equal(dev_response(0).code, 204);
    assert_int_equal(channel_sessions(W.ch), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(whole_session), T(target_and_keep_alive), T(answered_within_the_input), T(big_bodies),
        T(carrier_full), T(parallel_session), T(cards_do_not_disturb_each_other),
        T(header_of_another_card), T(wrong_places), T(older_step), T(answer_before_the_step_left),
        T(hold_runs_out), T(asked_to_come_again), T(told_to_come_again_and_gone),
        T(closed_by_the_mailbox), T(notification_first), T(notification_bad),
        T(closed_within_the_notification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
