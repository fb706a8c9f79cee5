/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/common/bearer/cattp_world.h"

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

/* Loss, copies, disorder and wrong octets: every SDU comes once, in order, or the connection ended
 * and said so at the end that had something to lose. */
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

/* An EACK of what is still missing in front of it must not leave a connection that waits for
 * ever. */
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

static void a_scale_divides_all_times(void **state)
{
    struct cattp_config one = cattp_config_default(), sixty = cattp_config_scaled(60);

    (void)state;
    assert_int_equal(sixty.rto_least_ms, one.rto_least_ms / 60);
    assert_int_equal(sixty.rto_most_ms, one.rto_most_ms / 60);
    assert_int_equal(sixty.idle_ms, one.idle_ms / 60);
    assert_int_equal(sixty.linger_ms, one.linger_ms / 60);
    assert_int_equal(sixty.tries, one.tries);
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
        cmocka_unit_test(a_scale_divides_all_times),
        cmocka_unit_test(opens_carries_and_ends),
        cmocka_unit_test(what_may_be_sent),
        cmocka_unit_test(bad_air),
        cmocka_unit_test(a_dead_line_is_given_up),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(a_lying_eack_ends_by_the_idle_time),
        cmocka_unit_test(a_closed_window_lets_one_through),
        cmocka_unit_test(a_configuration_without_sense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
