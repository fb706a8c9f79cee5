/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning and serving administration sessions. Included behind cmocka.h. */
#pragma once

#include "test/unit/smsr/channel/device.h"

static const char SCRIPT[] = "\xAE\x80\x22\x02\x80\xF2\x00\x00";
static const char ANSWER[] = "\xAF\x80\x23\x02\x90\x00\x00\x00";
#define NONE span_of("", 0)
#define BODY(s) span_of(s, sizeof(s) - 1)

/* Opens stream i with its first POST and gives the session. */
static inline struct uuid begin(unsigned i, const struct card *c)
{
    unsigned before = W.n_posts;
    struct uuid held;

    dev_connect(i, c);
    dev_post(i, c, "/polling", NONE, false);
    assert_int_equal(W.n_posts, before + 1);
    assert_int_equal(last_post()->in.kind, IN_POST);
    assert_true(posted_to(last_post(), c));
    assert_true(last_post()->in.u.post.first);
    assert_string_equal(last_post()->uri, "");
    assert_true(channel_held(W.ch, &c->e.eid, &held));
    assert_true(uuid_eq(&held, &last_post()->in.u.post.session));
    return held;
}

/* The response of a step as the card sees it; returns its Next-URI. */
static inline const char *serve(unsigned i, const struct uuid *id, uint32_t step, struct span body)
{
    static char uri[ADMIN_URI_MAX];
    struct out_step o = step_of(id, step, body);
    struct admin_response r;
    struct uuid held;

    assert_int_equal(channel_step(W.ch, &o), ERR_OK);
    r = dev_response(i);
    assert_int_equal(r.code, body.n ? 200 : 204);
    assert_true(span_eq(r.body, body));
    memcpy(uri, r.next_uri, sizeof uri);
    for (unsigned c = 0; c < CARDS; c++)
        if (channel_held(W.ch, &W.card[c].e.eid, &held))
            assert_false(uuid_eq(&held, id));
    return uri;
}
