/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of SCP81 in memory, for the tests of scp81. Included behind cmocka.h. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "common/bearer/scp81.h"
#include "test/support/fake.h"

#define KID 0x01
#define KVN 0x40
#define HOST "10.8.40.125"

/* Two ends and what travelled between them. */
struct world {
    struct rng rng;
    struct crypto *c;
    struct scp81_ctx *server_ctx, *client_ctx;
    struct scp81 *server, *client;
    struct key *key, *wrong;
    struct eid eid, unknown;
    struct buf to_server, to_client;    /* everything sent so far */
};

static const uint8_t PSK[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline struct key *find_key(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    struct world *w = ctx;

    return eid_eq(eid, &w->eid) && kid == KID && kvn == KVN ? w->key : NULL;
}

static inline int setup(void **state)
{
    static struct world w;

    memset(&w, 0, sizeof(w));
    fake_rng_init(&w.rng, 81);
    w.c = crypto_new(&w.rng);
    assert_int_equal(key_new(KEY_PSK, span_of(PSK, 16), &w.key), ERR_OK);
    assert_int_equal(key_new(KEY_PSK, span_of("another key of 16", 16), &w.wrong), ERR_OK);
    assert_int_equal(eid_make("890440450000000000000000000000", &w.eid), ERR_OK);
    assert_int_equal(eid_make("890440450000000000000000000001", &w.unknown), ERR_OK);
    w.server_ctx = scp81_server_ctx(w.c, find_key, &w);
    w.client_ctx = scp81_client_ctx(w.c);
    assert_true(w.server_ctx && w.client_ctx);
    buf_init(&w.to_server, 0);
    buf_init(&w.to_client, 0);
    *state = &w;
    return 0;
}

static inline void ends_free(struct world *w)
{
    scp81_free(w->server);
    scp81_free(w->client);
    w->server = w->client = NULL;
    buf_reset(&w->to_server);
    buf_reset(&w->to_client);
}

static inline int teardown(void **state)
{
    struct world *w = *state;

    ends_free(w);
    scp81_ctx_free(w->server_ctx);
    scp81_ctx_free(w->client_ctx);
    key_free(w->key);
    key_free(w->wrong);
    crypto_free(w->c);
    buf_fini(&w->to_server);
    buf_fini(&w->to_client);
    return 0;
}

static inline void open_as(struct world *w, const char *identity, struct key *key)
{
    ends_free(w);
    w->server = scp81_accept(w->server_ctx);
    w->client = scp81_connect(w->client_ctx, identity, key);
    assert_true(w->server && w->client);
}

static inline void open_good(struct world *w)
{
    char identity[SCP81_IDENTITY_TEXT];

    scp81_identity(&w->eid, KID, KVN, identity);
    open_as(w, identity, w->key);
}

/* Moves what from has to say, in pieces; the first error of the receiver is returned. */
static inline int move(struct scp81 *from, struct scp81 *to, size_t piece, struct buf *log)
{
    int rc = ERR_OK;

    for (;;) {
        uint8_t copy[512];
        struct span out = scp81_output(from);
        size_t n = out.n < piece ? out.n : piece;
        if (n == 0)
            return rc;
        memcpy(copy, out.p, n);
        scp81_sent(from, n);
        buf_add(log, copy, n);
        if (rc == ERR_OK)
            rc = scp81_input(to, span_of(copy, n));
    }
}

static inline int pump_by(struct world *w, size_t piece)
{
    int rc = ERR_OK;

    for (int i = 0; i < 20 && rc == ERR_OK; i++) {
        rc = move(w->client, w->server, piece, &w->to_server);
        if (rc == ERR_OK)
            rc = move(w->server, w->client, piece, &w->to_client);
        if (scp81_output(w->client).n == 0 && scp81_output(w->server).n == 0)
            break;
    }
    return rc;
}

static inline int pump(struct world *w)
{
    return pump_by(w, 512);
}

static inline void handshaken(struct world *w)
{
    open_good(w);
    assert_int_equal(pump(w), ERR_OK);
    assert_true(scp81_ready(w->server) && scp81_ready(w->client));
}

static inline struct admin_request request_of(const char *uri, struct span body)
{
    struct admin_request r = {.body = body};

    memcpy(r.uri, uri, strlen(uri) + 1);
    r.from_aid = AID_ISD_R;
    r.status = body.n > 0 ? ADMIN_STATUS_OK : ADMIN_STATUS_NONE;
    return r;
}

static inline struct admin_response response_of(const char *next, struct span body)
{
    struct admin_response r = {.code = body.n > 0 ? 200 : 204, .body = body};

    memcpy(r.next_uri, next, strlen(next) + 1);
    return r;
}

static inline void exchange(struct world *w, size_t piece, struct span up, struct span down)
{
    struct admin_request post = request_of("/polling", up), req;
    struct admin_response answer = response_of("/next?1", down), rsp;

    post.from_eid = w->eid;
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_OK);
    assert_int_equal(scp81_post(w->client, &post, HOST), ERR_STATE);
    assert_int_equal(scp81_request(w->server, &req), ERR_NOT_FOUND);
    assert_int_equal(pump_by(w, piece), ERR_OK);
    assert_int_equal(scp81_request(w->server, &req), ERR_OK);
    assert_string_equal(req.uri, "/polling");
    assert_true(eid_eq(&req.from_eid, &w->eid));
    assert_true(span_eq(req.body, up));
    assert_int_equal(scp81_request(w->server, &req), ERR_NOT_FOUND);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_OK);
    assert_int_equal(scp81_respond(w->server, &answer), ERR_STATE);
    assert_int_equal(scp81_response(w->client, &rsp), ERR_NOT_FOUND);
    assert_int_equal(pump_by(w, piece), ERR_OK);
    assert_int_equal(scp81_response(w->client, &rsp), ERR_OK);
    assert_int_equal(rsp.code, answer.code);
    assert_string_equal(rsp.next_uri, "/next?1");
    assert_true(span_eq(rsp.body, down));
    assert_int_equal(scp81_response(w->client, &rsp), ERR_NOT_FOUND);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
