/* SPDX-License-Identifier: Apache-2.0 */
/* A channel between an application that only remembers and a carrier in memory, with cards built
 * from common/crypto and common/bearer at the far end. Included behind cmocka.h. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/bearer/scp81.h"
#include "common/codec/sms.h"
#include "common/crypto/scp80.h"
#include "smsr/channel/channel.h"
#include "test/support/fake.h"

#define CARDS 4u
#define DEVICES 6u
#define POSTS_MAX 64u
#define MT_MAX 256u
#define DATAGRAMS_MAX 64u
#define KVN 1u
#define KIC (KVN << 4 | 2u)
#define PSK_KVN 0x40
#define PSK_KID 0x01
#define HOLD_MS 20000
#define IDLE_MS 120000

struct card {
    struct euicc e;
    struct euicc_profile profile[2];
    struct key *kic, *kid, *psk;
    bool registered;
};
struct posted {                     /* one input, with its own copy of the bytes */
    struct input in;
    uint8_t data[70000];
    size_t n;
    char uri[128];
};
struct mt {
    char network[32], from[17];
    struct msisdn to;
    int64_t vp_s;
    uint64_t tag;
    uint8_t ud[SMS_UD_MAX];
    size_t n;
};
struct device {                     /* a card's end of a stream; slot i is conn i + 1 */
    struct scp81 *tls;
    struct buf in;
    bool open, closed;
};
struct datagram {                   /* what the channel sent and nobody fetched yet */
    uint64_t conn;
    size_t n;
    uint8_t b[1024];
};
struct world {
    struct rng rng;
    struct crypto *c;
    struct fake_clock clock;
    struct env env;
    struct route routes[3];
    struct channel *ch;
    struct scp81_ctx *client;
    struct card card[CARDS];
    struct posted *post[POSTS_MAX];
    unsigned n_posts;
    int post_result;
    struct mt mt[MT_MAX];
    unsigned n_mt;
    int mt_result;
    struct device dev[DEVICES];
    int send_result;
    unsigned n_closed;
    struct datagram out[DATAGRAMS_MAX];
    unsigned n_out, n_datagram_ends;
    uint64_t datagram_ended;
    struct buf packet;              /* what port->packet gives */
    /* answers a POST at once, as a turn that ends within the input does */
    void (*on_post)(struct world *w, const struct input *in);
};

static struct world W;

/* --- the application --- */

static inline const struct euicc *app_euicc(void *ctx, const struct eid *eid)
{
    (void)ctx;
    for (unsigned i = 0; i < CARDS; i++)
        if (W.card[i].registered && eid_eq(&W.card[i].e.eid, eid))
            return &W.card[i].e;
    return NULL;
}

static inline unsigned app_candidates(void *ctx, const struct msisdn *number, struct eid *ret,
                                      unsigned max)
{
    unsigned n = 0;

    (void)ctx;
    for (unsigned i = 0; i < CARDS; i++)
        for (unsigned k = 0; k < 2 && W.card[i].registered; k++)
            if (n < max && msisdn_eq(&W.card[i].profile[k].msisdn, number)) {
                ret[n++] = W.card[i].e.eid;
                break;
            }
    return n;
}

static inline int app_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    (void)ctx;
    for (unsigned i = 0; i < CARDS; i++)
        if (W.card[i].registered && eid_eq(&W.card[i].e.eid, eid)) {
            *ret = (struct isdr_keys){KVN,     W.card[i].kic, W.card[i].kid, 0,
                                      PSK_KVN, PSK_KID,       W.card[i].psk};
            return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

static inline int app_packet(void *ctx, uint64_t lsn, struct buf *out)
{
    (void)ctx;
    if (lsn != 77)
        return ERR_NOT_FOUND;
    buf_add_span(out, buf_span(&W.packet));
    return ERR_OK;
}

static inline void post_copy(struct posted *p, struct span *s)
{
    assert_true(s->n <= sizeof p->data);
    if (s->n)
        memcpy(p->data, s->p, s->n);
    p->n = s->n;
    *s = span_of(p->data, p->n);
}

static inline int app_post(void *ctx, const struct input *in)
{
    struct posted *p = calloc(1, sizeof *p);

    (void)ctx;
    assert_non_null(p);
    assert_true(W.n_posts < POSTS_MAX);
    p->in = *in;
    assert_int_equal(in->to.kind, MBOX_EUICC);
    if (in->kind == IN_POR) {
        post_copy(p, &p->in.u.por.data);
    } else if (in->kind == IN_POST) {
        post_copy(p, &p->in.u.post.body);
        assert_true(in->u.post.next_uri.n < sizeof p->uri);
        memcpy(p->uri, in->u.post.next_uri.p, in->u.post.next_uri.n);
    } else if (in->kind == IN_CARRIER) {
        post_copy(p, &p->in.u.carrier.text);
    } else if (in->kind == IN_NOTIFICATION) {
        post_copy(p, &p->in.u.notification.imei);
    }
    W.post[W.n_posts++] = p;
    if (W.on_post)
        W.on_post(&W, in);
    return W.post_result;
}

static inline const struct posted *last_post(void)
{
    assert_true(W.n_posts > 0);
    return W.post[W.n_posts - 1];
}

static inline unsigned posts_of(enum input_kind kind)
{
    unsigned n = 0;

    for (unsigned i = 0; i < W.n_posts; i++)
        n += W.post[i]->in.kind == kind;
    return n;
}

static inline bool posted_to(const struct posted *p, const struct card *c)
{
    return !memcmp(p->in.to.id, c->e.eid.b, 16);
}

/* --- the carrier --- */

static inline int mem_mt(void *ctx, const char *network, const struct msisdn *to, const char *from,
                         uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    struct mt *m = &W.mt[W.n_mt];

    (void)ctx;
    assert_int_equal(pid, 0x7F);
    assert_int_equal(dcs, 0xF6);
    assert_true(tp_ud.n > 0 && tp_ud.n <= SMS_UD_MAX);
    if (W.mt_result)
        return W.mt_result;
    assert_true(W.n_mt < MT_MAX);
    snprintf(m->network, sizeof m->network, "%s", network);
    snprintf(m->from, sizeof m->from, "%s", from);
    m->to = *to;
    m->vp_s = vp_s;
    m->tag = tag;
    memcpy(m->ud, tp_ud.p, tp_ud.n);
    m->n = tp_ud.n;
    W.n_mt++;
    return ERR_OK;
}

static inline int mem_send(void *ctx, uint64_t conn, struct span bytes)
{
    (void)ctx;
    assert_in_range(conn, 1, DEVICES);
    assert_in_range(bytes.n, 1, 16384);
    if (W.send_result)
        return W.send_result;
    buf_add_span(&W.dev[conn - 1].in, bytes);
    return ERR_OK;
}

static inline void mem_close(void *ctx, uint64_t conn)
{
    (void)ctx;
    W.n_closed++;
    if (conn >= 1 && conn <= DEVICES)
        W.dev[conn - 1].closed = true;
}

static inline int mem_datagram(void *ctx, uint64_t conn, struct span pdu)
{
    struct datagram *d = &W.out[W.n_out];

    (void)ctx;
    assert_true(W.n_out < DATAGRAMS_MAX && pdu.n <= sizeof d->b);
    d->conn = conn;
    d->n = pdu.n;
    memcpy(d->b, pdu.p, pdu.n);
    W.n_out++;
    return ERR_OK;
}

static inline void mem_datagram_end(void *ctx, uint64_t conn)
{
    (void)ctx;
    W.datagram_ended = conn;
    W.n_datagram_ends++;
}

/* --- life --- */

static inline struct key *key_of(enum key_type type, uint8_t first)
{
    uint8_t b[16];
    struct key *k = NULL;

    for (unsigned i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(first + i);
    assert_int_equal(key_new(type, span_of(b, sizeof b), &k), ERR_OK);
    return k;
}

static inline void profile_set(struct euicc_profile *p, const char *iccid, const char *type,
                               const char *msisdn)
{
    memset(p, 0, sizeof *p);
    assert_int_equal(iccid_parse(span_str(iccid), &p->iccid), ERR_OK);
    assert_int_equal(oid_parse(span_str("1.3.6.1.4.1.99999.10"), &p->mno), ERR_OK);
    assert_int_equal(msisdn_parse(span_str(msisdn), &p->msisdn), ERR_OK);
    snprintf(p->profile_type, sizeof p->profile_type, "%s", type);
}

/* Card i has the numbers 49170000i0 (network a) and 49170000i1 (network b). */
static inline void card_new(struct card *c, unsigned i)
{
    char digits[64];

    memset(c, 0, sizeof *c);
    snprintf(digits, sizeof digits, "8904404500000000000000000000%02u", i);
    assert_int_equal(eid_make(digits, &c->e.eid), ERR_OK);
    snprintf(digits, sizeof digits, "49170000%u0", i);
    profile_set(&c->profile[0], "8949010000000000001", "boot", digits);
    snprintf(digits, sizeof digits, "49170000%u1", i);
    profile_set(&c->profile[1], "8949010000000000002", "meter", digits);
    c->e.profiles = c->profile;
    c->e.n_profiles = 2;
    c->e.scp80_kvn = KVN;
    c->kic = key_of(KEY_AES, (uint8_t)(0x10 + i * 0x30));
    c->kid = key_of(KEY_AES, (uint8_t)(0x20 + i * 0x30));
    c->psk = key_of(KEY_PSK, (uint8_t)(0x30 + i * 0x30));
    c->registered = true;
}

static inline void route_set(struct route *r, const char *type, const char *network,
                             const char *source)
{
    memset(r, 0, sizeof *r);
    assert_int_equal(oid_parse(span_str("1.3.6.1.4.1.99999.10"), &r->mno), ERR_OK);
    snprintf(r->profile_type, sizeof r->profile_type, "%s", type);
    snprintf(r->network, sizeof r->network, "%s", network);
    snprintf(r->source, sizeof r->source, "%s", source);
    r->sms = r->https = true;
}

static inline void card_open_packet(struct card *c, uint64_t counter)
{
    assert_true(c->e.n_packets < EUICC_PACKETS_MAX);
    c->e.packets[c->e.n_packets].kvn = KVN;
    c->e.packets[c->e.n_packets++].counter = counter;
}

static inline int setup(void **state)
{
    static const struct channel_port PORT = {.euicc = app_euicc, .candidates = app_candidates,
                                             .keys = app_keys, .packet = app_packet, .post = app_post};
    static const struct carrier CARRIER = {mem_mt,       mem_send,         mem_close,
                                           mem_datagram, mem_datagram_end, NULL};

    memset(&W, 0, sizeof W);
    fake_rng_init(&W.rng, 7);
    fake_clock_init(&W.clock, 1700000000000);
    W.c = crypto_new(&W.rng);
    timers_default(W.env.timer_ms, 1);
    W.env.time_scale = 1;
    assert_int_equal(W.env.timer_ms[TIMER_SESSION_HOLD], HOLD_MS);
    assert_int_equal(W.env.timer_ms[TIMER_SESSION_IDLE], IDLE_MS);
    route_set(&W.routes[0], "boot", "a", "4917100");
    route_set(&W.routes[1], "meter", "b", "4917200");
    W.env.routes = W.routes;
    W.env.n_routes = 2;
    for (unsigned i = 0; i < CARDS; i++)
        card_new(&W.card[i], i);
    buf_init(&W.packet, 0);
    for (unsigned i = 0; i < DEVICES; i++)
        buf_init(&W.dev[i].in, 0);
    W.client = scp81_client_ctx(W.c);
    W.ch = channel_new(&PORT, &CARRIER, W.c, &W.clock.port, &W.env);
    assert_true(W.client && W.ch);
    *state = &W;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    channel_free(W.ch);
    for (unsigned i = 0; i < DEVICES; i++) {
        scp81_free(W.dev[i].tls);
        buf_fini(&W.dev[i].in);
    }
    scp81_ctx_free(W.client);
    for (unsigned i = 0; i < CARDS; i++) {
        key_free(W.card[i].kic);
        key_free(W.card[i].kid);
        key_free(W.card[i].psk);
    }
    for (unsigned i = 0; i < W.n_posts; i++)
        free(W.post[i]);
    buf_fini(&W.packet);
    crypto_free(W.c);
    return 0;
}

/* Time passes; what is due by then runs, in steps so that nothing is late by more than a second. */
static inline void pass(int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms < 1000 ? ms : 1000;
        fake_clock_step(&W.clock, step);
        channel_timer(W.ch);
        ms -= step;
    }
}

#define COUNT(name) (channel_get_counters(W.ch)->name)
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
