/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/rng.h"
#include "common/bearer/cattp_link.h"

#include <stdlib.h>

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

static void put(struct world *w, struct end *to, struct span pdu)
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

static void on_pdu(void *ctx, struct span pdu)
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

static void on_opened(void *ctx, struct span id)
{
    struct end *e = ctx;

    e->opened++;
    assert_true(id.n <= sizeof e->id);
    e->id_n = id.n;
    if (id.n)
        memcpy(e->id, id.p, id.n);
}

static void on_sdu(void *ctx, struct span sdu)
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

static void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct end *e = ctx;

    e->ended++;
    e->reason = reason;
    e->by_peer = by_peer;
}

static void end_init(struct world *w, struct end *e, struct cattp_config cfg)
{
    struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, e};

    e->w = w;
    e->c = cattp_new(&cfg, &port);
    assert_non_null(e->c);
}

static struct cattp_config card_config(void)
{
    struct cattp_config cfg = cattp_config_default();

    cfg.local_port = 2001;
    cfg.remote_port = 1001;
    cfg.first_seq = 0xFFF8; /* wraps soon */
    return cfg;
}

static struct cattp_config server_config(void)
{
    struct cattp_config cfg = cattp_config_default();

    cfg.local_port = 1001;
    return cfg;
}

static void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    rng_init_seeded(&w->rng, seed);
    w->now = 1000;
    end_init(w, &w->card, card_config());
    end_init(w, &w->server, server_config());
}

static void world_fini(struct world *w)
{
    for (unsigned i = 0; i < w->n_wire; i++)
        free(w->wire[i]);
    cattp_free(w->card.c);
    cattp_free(w->server.c);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

/* The next thing that happens, at most until then; false: nothing does. */
static bool step(struct world *w, int64_t until)
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

static void run(struct world *w, int64_t ms)
{
    int64_t until = w->now + ms;

    while (step(w, until))
        ;
    w->now = until;
}

static void open_both(struct world *w)
{
    assert_int_equal(cattp_listen(w->server.c), ERR_OK);
    assert_int_equal(cattp_connect(w->card.c, span_str("8944"), w->now), ERR_OK);
    run(w, 10000);
}

static int say(struct end *e, unsigned number, size_t n)
{
    static uint8_t b[70000];

    b[0] = (uint8_t)(number >> 8);
    b[1] = (uint8_t)number;
    for (size_t i = 2; i < n; i++)
        b[i] = (uint8_t)(number + i);
    return cattp_send(e->c, span_of(b, n), e->w->now);
}

static void opens_carries_and_ends(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 1);
    open_both(&w);
    assert_int_equal(cattp_state(w.card.c), CATTP_OPEN);
    assert_int_equal(cattp_state(w.server.c), CATTP_OPEN);
    assert_int_equal(w.server.id_n, 4);
    assert_memory_equal(w.server.id, "8944", 4);
    assert_int_equal(w.card.id_n, 0);
    assert_int_equal(say(&w.server, 0, 50), ERR_OK);
    assert_int_equal(say(&w.server, 1, 65535), ERR_OK); /* 66 PDUs, more than the window */
    w.card.echo = true;
    assert_int_equal(say(&w.server, 2, 1006), ERR_OK);  /* exactly one PDU */
    run(&w, 60000);
    assert_int_equal(w.card.sdus, 3);
    assert_int_equal(w.server.sdus, 0 + 3);
    assert_false(w.card.wrong || w.server.wrong);
    cattp_close(w.server.c, w.now);
    run(&w, 1000);
    assert_true(w.card.ended == 1 && w.card.by_peer && w.card.reason == CATTP_NORMAL);
    assert_true(w.server.ended == 1 && !w.server.by_peer);
    assert_int_equal(cattp_send(w.card.c, span_str("x"), w.now), ERR_STATE);
    run(&w, 61000);
    assert_int_equal(cattp_state(w.card.c), CATTP_CLOSED);
    assert_int_equal(cattp_due(w.card.c), 0);
    open_both(&w); /* and once more */
    assert_int_equal(w.server.opened, 2);
    world_fini(&w);
}

static void what_may_be_sent(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 2);
    assert_int_equal(say(&w.server, 0, 10), ERR_STATE);
    open_both(&w);
    assert_int_equal(cattp_send(w.server.c, (struct span){NULL, 0}, w.now), ERR_INVAL);
    assert_int_equal(say(&w.server, 0, 65536), ERR_TOO_LARGE);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(say(&w.server, i, 65535), ERR_OK);
    assert_int_equal(say(&w.server, 3, 65535), ERR_FULL);
    run(&w, 60000);
    assert_int_equal(w.card.sdus, 3);
    assert_int_equal(say(&w.server, 3, 65535), ERR_OK);
    assert_int_equal(cattp_connect(w.card.c, span_str("1"), w.now), ERR_STATE);
    assert_int_equal(cattp_listen(w.server.c), ERR_STATE);
    world_fini(&w);
}

/* Loss, copies, disorder and wrong octets: every SDU comes once, in order, or the connection ended and
 * said so at the end that had something to lose. */
static void bad_air(void **state)
{
    unsigned carried = 0, ended = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct world w;
        unsigned n = 0, back = 0;
        world_init(&w, seed);
        w.loss = (unsigned)rng_below(&w.rng, 40);
        w.twice = (unsigned)rng_below(&w.rng, 50);
        w.late = (unsigned)rng_below(&w.rng, 60);
        w.flip = (unsigned)rng_below(&w.rng, 5);
        open_both(&w);
        for (unsigned i = 0; i < 20; i++) {
            size_t size = 2 + rng_below(&w.rng, rng_below(&w.rng, 4) ? 300 : 9000);
            if (say(&w.server, n, size) == ERR_OK)
                n++;
            if (say(&w.card, back, size / 2 + 2) == ERR_OK)
                back++;
            run(&w, (int64_t)rng_below(&w.rng, 20000));
        }
        run(&w, 600000);
        assert_false(w.card.wrong || w.server.wrong);
        assert_true(w.card.sdus <= n && w.server.sdus <= back);
        if (w.card.ended || w.server.ended)
            ended++;
        else
            assert_true(w.card.sdus == n && w.server.sdus == back);
        carried += w.card.sdus + w.server.sdus;
        run(&w, 3600000); /* nothing hangs: idle, or given up */
        assert_true(cattp_state(w.card.c) == CATTP_CLOSED);
        assert_true(cattp_state(w.server.c) == CATTP_CLOSED ||
                    cattp_state(w.server.c) == CATTP_LISTEN);
        assert_int_equal(w.card.ended, 1);
        world_fini(&w);
    }
    assert_true(carried > 14000);
    assert_true(ended < 40);
}

static void a_dead_line_is_given_up(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 3);
    open_both(&w);
    w.loss = 100;
    w.sent = 0;
    assert_int_equal(say(&w.server, 0, 10), ERR_OK);
    run(&w, 3600000);
    assert_int_equal(w.server.reason, CATTP_RETRIES);
    assert_false(w.server.by_peer);
    assert_int_equal(w.sent, 10 + 1 + 1); /* ten tries, RST 5, and the card's own end of the idle time */
    assert_int_equal(w.card.reason, CATTP_NORMAL);
    world_fini(&w);
}

static void nobody_is_there(void **state)
{
    struct world w;

    (void)state;
    world_init(&w, 4);
    w.loss = 100;
    assert_int_equal(cattp_connect(w.card.c, span_str("8944"), w.now), ERR_OK);
    run(&w, 3600000);
    assert_int_equal(w.card.ended, 1);
    assert_int_equal(w.card.opened, 0);
    assert_int_equal(w.card.reason, CATTP_RETRIES);
    world_fini(&w);
}

/* --- PDUs by hand --- */
static int give(struct end *e, struct cattp_pdu p)
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

static const struct cattp_pdu *heard(struct world *w, struct cattp_pdu *p)
{
    struct flight *f;

    assert_true(w->n_wire > 0);
    f = w->wire[w->n_wire - 1];
    assert_int_equal(cattp_parse(span_of(f->b, f->n), p), ERR_OK);
    return p;
}

static void syn(struct world *w, struct cattp_pdu p)
{
    p.flags |= CATTP_SYN;
    p.seq = 9;
    p.window = 5;
    if (!p.max_sdu)
        p.max_sdu = 100;
    (void)give(&w->server, p);
}

static void a_syn_nobody_can_answer(void **state)
{
    struct cattp_pdu p;
    struct world w;

    (void)state;
    world_init(&w, 5);
    assert_int_equal(cattp_listen(w.server.c), ERR_OK);
    syn(&w, (struct cattp_pdu){.max_pdu = CATTP_PDU_LEAST - 1});
    assert_int_equal(heard(&w, &p)->reason, CATTP_ILLEGAL);
    assert_int_equal(w.server.ended, 1);
    world_fini(&w);
    world_init(&w, 5);
    assert_int_equal(cattp_listen(w.server.c), ERR_OK);
    syn(&w, (struct cattp_pdu){.flags = 2, .max_pdu = 100});
    assert_int_equal(heard(&w, &p)->reason, CATTP_VERSION);
    assert_int_equal(cattp_state(w.server.c), CATTP_LISTEN);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 3}), ERR_STATE);
    assert_int_equal(heard(&w, &p)->reason, CATTP_UNEXPECTED);
    assert_int_equal(cattp_state(w.server.c), CATTP_LISTEN);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_SYN, .max_pdu = 100,
                                                        .source = 1, .destination = 77}),
                     ERR_NOT_FOUND);
    world_fini(&w);
}

static void half_open(struct world *w)
{
    world_init(w, 6);
    assert_int_equal(cattp_listen(w->server.c), ERR_OK);
    syn(w, (struct cattp_pdu){.max_pdu = 60, .max_sdu = 100});
    assert_int_equal(cattp_state(w->server.c), CATTP_SYN_RCVD);
}

static void wide_open(struct world *w)
{
    half_open(w);
    assert_int_equal(
        give(&w->server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 1, .window = 5}),
        ERR_OK);
    assert_int_equal(cattp_state(w->server.c), CATTP_OPEN);
}

static void a_copy_of_the_syn_is_answered_again(void **state)
{
    struct cattp_pdu p;
    struct world w;
    unsigned before;

    (void)state;
    half_open(&w);
    before = w.n_wire;
    syn(&w, (struct cattp_pdu){.max_pdu = 60});
    assert_int_equal(w.n_wire, before + 1);
    assert_int_equal(heard(&w, &p)->flags, CATTP_SYN | CATTP_ACK);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 1}), ERR_OK);
    syn(&w, (struct cattp_pdu){.max_pdu = 60}); /* late */
    assert_int_equal(heard(&w, &p)->flags, CATTP_ACK);
    assert_int_equal(cattp_state(w.server.c), CATTP_OPEN);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_SYN, .seq = 77, .max_pdu = 60}),
                     ERR_OK); /* another one */
    assert_int_equal(heard(&w, &p)->reason, CATTP_ILLEGAL);
    assert_int_equal(w.server.ended, 1);
    world_fini(&w);
}

static void what_fits_nothing_changes_nothing(void **state)
{
    struct world w;

    (void)state;
    half_open(&w);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 0}), ERR_STATE);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 2}), ERR_STATE);
    assert_int_equal(cattp_state(w.server.c), CATTP_SYN_RCVD);
    world_fini(&w);
    wide_open(&w);
    assert_int_equal(
        give(&w.server, (struct cattp_pdu){.flags = CATTP_RST, .seq = 3000, .ack = 1}), ERR_STATE);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .source = 2002,
                                                        .destination = 1001, .ack = 1, .seq = 10,
                                                        .data = span_str("x")}),
                     ERR_NOT_FOUND);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .ack = 7, .seq = 10,
                                                        .data = span_str("x")}),
                     ERR_STATE);
    assert_int_equal(w.server.sdus, 0);
    assert_int_equal(cattp_state(w.server.c), CATTP_OPEN);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_RST, .seq = 10, .ack = 1, .reason = 9}),
                     ERR_OK);
    assert_true(w.server.ended == 1 && w.server.by_peer && w.server.reason == 9);
    world_fini(&w);
}

static void an_sdu_beyond_what_we_take_is_illegal(void **state)
{
    struct cattp_config cfg = server_config();
    struct cattp_pdu p;
    struct world w;

    (void)state;
    world_init(&w, 7);
    cattp_free(w.server.c);
    cfg.max_sdu = 10;
    end_init(&w, &w.server, cfg);
    assert_int_equal(cattp_listen(w.server.c), ERR_OK);
    syn(&w, (struct cattp_pdu){.max_pdu = 60});
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK | CATTP_SEG, .seq = 10, .ack = 1,
                                                        .data = span_str("1234567")}),
                     ERR_OK);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 11, .ack = 1,
                                                        .data = span_str("8901")}),
                     ERR_OK);
    assert_int_equal(heard(&w, &p)->flags, CATTP_RST | CATTP_ACK);
    assert_int_equal(p.reason, CATTP_ILLEGAL);
    assert_int_equal(w.server.sdus, 0);
    world_fini(&w);
}

/* Who ended is asked again by whoever did not hear it. */
static void stragglers_are_told(void **state)
{
    struct cattp_pdu p;
    struct world w;
    unsigned before;

    (void)state;
    wide_open(&w);
    cattp_close(w.server.c, w.now);
    before = w.n_wire;
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 1,
                                                        .data = span_str("x")}),
                     ERR_STATE);
    assert_int_equal(w.n_wire, before + 1);
    assert_int_equal(heard(&w, &p)->flags, CATTP_RST | CATTP_ACK);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_RST, .seq = 10, .ack = 1}), ERR_STATE);
    assert_int_equal(w.n_wire, before + 1);
    world_fini(&w);
}

/* An EACK of what is still missing in front of it must not leave a connection that waits for ever. */
static void a_lying_eack_ends_by_the_idle_time(void **state)
{
    struct world w;

    (void)state;
    wide_open(&w);
    assert_int_equal(say(&w.server, 0, 10), ERR_OK);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK | CATTP_EACK, .seq = 10,
                                                        .ack = 1, .window = 5,
                                                        .eacks = span_of("\0\2", 2)}),
                     ERR_OK);
    w.loss = 100;
    run(&w, 25 * 60000);
    assert_int_equal(w.server.ended, 1);
    world_fini(&w);
}

static void a_closed_window_lets_one_through(void **state)
{
    struct world w;
    unsigned before;

    (void)state;
    half_open(&w);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 1, .window = 0}),
                     ERR_OK);
    before = w.n_wire;
    assert_int_equal(say(&w.server, 0, 100), ERR_OK); /* three PDUs */
    assert_int_equal(w.n_wire, before + 1);
    assert_int_equal(give(&w.server, (struct cattp_pdu){.flags = CATTP_ACK, .seq = 10, .ack = 2, .window = 5}),
                     ERR_OK);
    assert_int_equal(w.n_wire, before + 3);
    world_fini(&w);
}

static void a_configuration_without_sense(void **state)
{
    struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, NULL};
    struct cattp_config cfg = cattp_config_default();

    (void)state;
    cfg.max_pdu = CATTP_PDU_LEAST - 1;
    assert_null(cattp_new(&cfg, &port));
    cfg = cattp_config_default();
    cfg.window = 0;
    assert_null(cattp_new(&cfg, &port));
    cfg.window = CATTP_EACKS_MAX + 1;
    assert_null(cattp_new(&cfg, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_carries_and_ends),
        cmocka_unit_test(what_may_be_sent),
        cmocka_unit_test(bad_air),
        cmocka_unit_test(a_dead_line_is_given_up),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(a_syn_nobody_can_answer),
        cmocka_unit_test(a_copy_of_the_syn_is_answered_again),
        cmocka_unit_test(what_fits_nothing_changes_nothing),
        cmocka_unit_test(an_sdu_beyond_what_we_take_is_illegal),
        cmocka_unit_test(stragglers_are_told),
        cmocka_unit_test(a_lying_eack_ends_by_the_idle_time),
        cmocka_unit_test(a_closed_window_lets_one_through),
        cmocka_unit_test(a_configuration_without_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
