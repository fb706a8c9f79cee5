/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends of a CAT_TP connection and the air between them. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "common/base/rng.h"
#include "common/bearer/cattp_link.h"

#define WIRE_MAX 512

/* One end and what it heard: SDUs are numbered by their first two octets. */
struct end {
    struct cattp *c;
    struct world *w;
    unsigned opened, ended, sdus;
    uint8_t reason;
    bool by_peer, echo, wrong;
    size_t octets;
    uint8_t id[32];
    size_t id_n;
};

struct flight {
    int64_t at_ms;
    struct end *to;
    size_t n;
    uint8_t b[1100];
};

struct world {
    struct end card, server;
    struct rng rng;
    unsigned loss, twice, late, flip; /* of 100 */
    int64_t now;
    struct flight *wire[WIRE_MAX];
    unsigned n_wire;
    unsigned sent, dropped;
};

static inline void put(struct world *w, struct end *to, struct span pdu)
{
    struct flight *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_true(w->n_wire < WIRE_MAX && pdu.n <= sizeof f->b);
    memcpy(f->b, pdu.p, pdu.n);
    f->n = pdu.n;
    f->to = to;
    f->at_ms = w->now + 50;
    if (rng_below(&w->rng, 100) < w->late)
        f->at_ms += (int64_t)rng_below(&w->rng, 5000);
    if (rng_below(&w->rng, 100) < w->flip)
        f->b[rng_below(&w->rng, f->n)] ^= (uint8_t)(1u << rng_below(&w->rng, 8));
    w->wire[w->n_wire++] = f;
}

static inline void on_pdu(void *ctx, struct span pdu)
{
    struct end *e = ctx;
    struct world *w = e->w;
    struct end *to = e == &w->card ? &w->server : &w->card;

    w->sent++;
    if (rng_below(&w->rng, 100) < w->loss)
        return;
    put(w, to, pdu);
    if (rng_below(&w->rng, 100) < w->twice)
        put(w, to, pdu);
}

static inline void on_opened(void *ctx, struct span id)
{
    struct end *e = ctx;

    e->opened++;
    assert_true(id.n <= sizeof e->id);
    e->id_n = id.n;
    if (id.n)
        memcpy(e->id, id.p, id.n);
}

static inline void on_sdu(void *ctx, struct span sdu)
{
    struct end *e = ctx;
    unsigned number = (unsigned)(sdu.p[0] << 8 | sdu.p[1]);

    e->wrong = e->wrong || number != e->sdus;
    for (size_t i = 2; i < sdu.n; i++)
        e->wrong = e->wrong || sdu.p[i] != (uint8_t)(number + i);
    e->sdus++;
    e->octets += sdu.n;
    if (e->echo)
        assert_int_equal(cattp_send(e->c, sdu, e->w->now), ERR_OK);
}

static inline void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct end *e = ctx;

    e->ended++;
    e->reason = reason;
    e->by_peer = by_peer;
}

static inline void end_init(struct world *w, struct end *e, struct cattp_config cfg)
{
    struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, e};

    e->w = w;
    e->c = cattp_new(&cfg, &port);
    assert_non_null(e->c);
}

static inline struct cattp_config card_config(void)
{
    struct cattp_config cfg = cattp_config_default();

    cfg.local_port = 2001;
    cfg.remote_port = 1001;
    cfg.first_seq = 0xFFF8; /* wraps soon */
    return cfg;
}

static inline struct cattp_config server_config(void)
{
    struct cattp_config cfg = cattp_config_default();

    cfg.local_port = 1001;
    return cfg;
}

static inline void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    rng_init_seeded(&w->rng, seed);
    w->now = 1000;
    end_init(w, &w->card, card_config());
    end_init(w, &w->server, server_config());
}

static inline void world_fini(struct world *w)
{
    for (unsigned i = 0; i < w->n_wire; i++)
        free(w->wire[i]);
    cattp_free(w->card.c);
    cattp_free(w->server.c);
}

static inline int64_t earlier(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

/* The next thing that happens, at most until then; false: nothing does. */
static inline bool step(struct world *w, int64_t until)
{
    unsigned first = 0;
    int64_t timers = earlier(cattp_due(w->card.c), cattp_due(w->server.c));
    struct flight *f;

    for (unsigned i = 1; i < w->n_wire; i++)
        if (w->wire[i]->at_ms < w->wire[first]->at_ms)
            first = i;
    if (w->n_wire && (!timers || w->wire[first]->at_ms <= timers)) {
        f = w->wire[first];
        if (f->at_ms > until)
            return false;
        w->now = f->at_ms > w->now ? f->at_ms : w->now;
        memmove(&w->wire[first], &w->wire[first + 1],
                (--w->n_wire - first) * sizeof *w->wire);
        if (cattp_input(f->to->c, span_of(f->b, f->n), w->now))
            w->dropped++;
        free(f);
        return true;
    }
    if (!timers || timers > until)
        return false;
    w->now = timers > w->now ? timers : w->now;
    cattp_timer(w->card.c, w->now);
    cattp_timer(w->server.c, w->now);
    return true;
}

static inline void run(struct world *w, int64_t ms)
{
    int64_t until = w->now + ms;

    while (step(w, until))
        ;
    w->now = until;
}

static inline void open_both(struct world *w)
{
    assert_int_equal(cattp_listen(w->server.c), ERR_OK);
    assert_int_equal(cattp_connect(w->card.c, span_str("8944"), w->now), ERR_OK);
    run(w, 10000);
}

static inline int say(struct end *e, unsigned number, size_t n)
{
    static uint8_t b[70000];

    b[0] = (uint8_t)(number >> 8);
    b[1] = (uint8_t)number;
    for (size_t i = 2; i < n; i++)
        b[i] = (uint8_t)(number + i);
    return cattp_send(e->c, span_of(b, n), e->w->now);
}

/* --- PDUs by hand --- */
static inline int give(struct end *e, struct cattp_pdu p)
{
    uint8_t room[300];
    struct writer w = wr_init(room, sizeof room);

    if (!p.destination) {
        p.source = 2001;
        p.destination = 1001;
    }
    cattp_put(&w, &p);
    assert_false(w.failed);
    return cattp_input(e->c, wr_view(&w), e->w->now);
}

static inline const struct cattp_pdu *heard(struct world *w, struct cattp_pdu *p)
{
    struct flight *f;

    assert_true(w->n_wire > 0);
    f = w->wire[w->n_wire - 1];
    assert_int_equal(cattp_parse(span_of(f->b, f->n), p), ERR_OK);
    return p;
}

static inline void syn(struct world *w, struct cattp_pdu p)
{
    p.flags |= CATTP_SYN;
    p.seq = 9;
    p.window = 5;
    if (!p.max_sdu)
        p.max_sdu = 100;
    (void)give(&w->server, p);
}

static inline void half_open(struct world *w)
{
    world_init(w, 6);
    assert_int_equal(cattp_listen(w->server.c), ERR_OK);
    syn(w, (struct cattp_pdu){.max_pdu = 60, .max_sdu = 100});
    assert_int_equal(cattp_state(w->server.c), CATTP_SYN_RCVD);
}

static inline void wide_open(struct world *w)
{
    half_open(w);
    assert_int_equal(
        give(&w->server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 1, .window = 5}),
        ERR_OK);
    assert_int_equal(cattp_state(w->server.c), CATTP_OPEN);
}
