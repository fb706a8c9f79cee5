/* SPDX-License-Identifier: Apache-2.0 */
#include "test/unit/common/bearer/cattp_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_syn_nobody_can_answer),
        cmocka_unit_test(a_copy_of_the_syn_is_answered_again),
        cmocka_unit_test(what_fits_nothing_changes_nothing),
        cmocka_unit_test(an_sdu_beyond_what_we_take_is_illegal),
        cmocka_unit_test(stragglers_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
