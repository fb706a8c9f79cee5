/* SPDX-License-Identifier: Apache-2.0 */
/* The card's end of an HTTPS stream over the in-memory carrier of channel_world.h. */
#pragma once

#include "test/unit/smsr/channel/channel_world.h"

static inline void dev_pump(unsigned i)
{
    struct device *d = &W.dev[i];

    for (unsigned round = 0; round < 400; round++) {
        uint8_t copy[700];
        struct span out = scp81_output(d->tls);
        struct buf in = d->in;
        size_t n = out.n < sizeof copy ? out.n : sizeof copy;
        int err = ERR_OK;

        if (!n && !in.n)
            return;
        buf_init(&d->in, 0);
        if (in.n)
            err = scp81_input(d->tls, buf_span(&in));
        (void)err;                  /* the tests look at what the device can still take */
        buf_fini(&in);
        if (n && !d->closed) {
            memcpy(copy, out.p, n);
            scp81_sent(d->tls, n);
            channel_stream_bytes(W.ch, i + 1, span_of(copy, n));
        } else if (n) {
            scp81_sent(d->tls, n);
        }
    }
}

static inline void dev_connect_as(unsigned i, const char *identity, struct key *psk)
{
    struct device *d = &W.dev[i];

    scp81_free(d->tls);
    buf_reset(&d->in);
    d->closed = false;
    d->open = true;
    d->tls = scp81_connect(W.client, identity, psk);
    assert_non_null(d->tls);
    channel_stream_open(W.ch, i + 1);
    dev_pump(i);
}

static inline void dev_connect(unsigned i, const struct card *c)
{
    char identity[SCP81_IDENTITY_TEXT];

    scp81_identity(&c->e.eid, PSK_KID, PSK_KVN, identity);
    dev_connect_as(i, identity, c->psk);
}

/* The network says that the connection is gone; the card forgets its TLS. */
static inline void dev_cut(unsigned i)
{
    channel_stream_closed(W.ch, i + 1);
    scp81_free(W.dev[i].tls);
    W.dev[i].tls = NULL;
    buf_reset(&W.dev[i].in);
}

static inline void dev_post_as(unsigned i, const struct eid *from, const char *uri,
                               struct span body, bool resume)
{
    struct admin_request r = {.body = body, .resume = resume, .from_eid = *from};

    assert_true(strlen(uri) < sizeof r.uri);
    memcpy(r.uri, uri, strlen(uri) + 1);
    r.from_aid = AID_ISD_R;
    r.status = body.n ? ADMIN_STATUS_OK : ADMIN_STATUS_NONE;
    assert_int_equal(scp81_post(W.dev[i].tls, &r, "smsr.example"), ERR_OK);
    dev_pump(i);
}

static inline void dev_post(unsigned i, const struct card *c, const char *uri, struct span body,
                            bool resume)
{
    dev_post_as(i, &c->e.eid, uri, body, resume);
}

static inline struct admin_response dev_response(unsigned i)
{
    struct admin_response r;

    dev_pump(i);
    assert_int_equal(scp81_response(W.dev[i].tls, &r), ERR_OK);
    return r;
}

static inline bool dev_has_response(unsigned i)
{
    struct admin_response r;

    dev_pump(i);
    return scp81_response(W.dev[i].tls, &r) == ERR_OK;
}

static inline struct out_step step_of(const struct uuid *session, uint32_t step, struct span body)
{
    struct out_step o = {.session = *session, .step = step, .body = body,
                         .code = body.n ? 200 : 204};

    return o;
}
