/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_engine remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/counter.h"

#include <stdio.h>

static int subscribe(struct cnt *w, unsigned party, uint64_t conn, uint64_t last)
{
    struct oid oid = cnt_party(party);
    return engine_subscribe(w->e, &oid, conn, last);
}

static uint64_t pending(struct cnt *w, unsigned party)
{
    struct oid oid = cnt_party(party);
    return engine_deliveries_pending(w->e, &oid);
}

static void numbers_follow_the_records(void **state)
{
    struct cnt *w = *state;

    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    assert_int_equal(subscribe(w, 2, 22, 0), ERR_OK);
    cnt_do(w, 1, "tell", 0);
    assert_int_equal(w->n_log, 0);
    cnt_turn(w);
    assert_int_equal(w->n_log, 3);
    /* Message 2 goes with the first record, message 1 with the second. */
    assert_string_equal(w->log[0], "deliver conn 11 no 1 message 2");
    assert_string_equal(w->log[1], "deliver conn 11 no 2 message 1");
    assert_string_equal(w->log[2], "deliver conn 22 no 1 message 3");
}

static void who_was_away_hears_it_all_in_order(void **state)
{
    struct cnt *w = *state;

    for (unsigned i = 1; i <= 3; i++) {
        cnt_do(w, i, "tell", 0);
        cnt_turn(w);
    }
    assert_int_equal(w->n_log, 0);
    assert_int_equal(pending(w, 1), 6);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    cnt_turn(w);
    assert_int_equal(w->n_log, 6);
    for (unsigned i = 0; i < 6; i++) {
        char want[80];
        (void)snprintf(want, sizeof want, "deliver conn 11 no %u message %u", i + 1,
                       i % 2 ? 1u : 2u);
        assert_string_equal(w->log[i], want);
    }
}

static void only_an_ack_ends_a_delivery(void **state)
{
    struct cnt *w = *state;

    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    cnt_do(w, 1, "tell", 0);
    cnt_turn(w);
    assert_int_equal(engine_delivery_ack(w->e, 11, 1), ERR_OK);
    assert_int_equal(pending(w, 1), 2); /* the ACK counts once it is a record */
    cnt_turn(w);
    assert_int_equal(pending(w, 1), 1);
    engine_unsubscribe(w->e, 11);
    w->n_log = 0;
    assert_int_equal(subscribe(w, 1, 12, 1), ERR_OK);
    cnt_turn(w);
    assert_int_equal(w->n_log, 1);
    assert_string_equal(w->log[0], "deliver conn 12 no 2 message 1");
}

static void a_hello_that_holds_more_acknowledges(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "tell", 0);
    cnt_turn(w);
    assert_int_equal(subscribe(w, 1, 11, 2), ERR_OK);
    cnt_turn(w);
    assert_int_equal(w->n_log, 0);
    assert_int_equal(pending(w, 1), 0);
}

static void deliveries_and_acks_survive_a_restart(void **state)
{
    struct cnt *w = *state;

    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    cnt_do(w, 1, "tell", 0);
    cnt_turn(w);
    assert_int_equal(engine_delivery_ack(w->e, 11, 1), ERR_OK);
    cnt_turn(w);
    for (unsigned flushed = 0; flushed < 2; flushed++) {
        if (flushed) /* the second time they stand in state.db */
            assert_int_equal(engine_flush(w->e), ERR_OK);
        memvfs_crash(w->m, MEMVFS_KEEP, NULL);
        cnt_close(w);
        cnt_open(w, NULL);
        w->n_log = 0;
        assert_int_equal(pending(w, 1), 1);
        assert_int_equal(subscribe(w, 1, 31, 1), ERR_OK);
        cnt_turn(w);
        assert_int_equal(w->n_log, 1);
        assert_string_equal(w->log[0], "deliver conn 31 no 2 message 1");
    }
    cnt_do(w, 2, "tell", 0); /* the numbers go on without a gap */
    cnt_turn(w);
    assert_string_equal(w->log[1], "deliver conn 31 no 3 message 2");
}

static void a_second_subscriber_is_refused(void **state)
{
    struct cnt *w = *state;

    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    assert_int_equal(subscribe(w, 1, 12, 0), ERR_BUSY);
    assert_true(engine_is_subscriber(w->e, &(struct oid){"1.3.6.1.4.1.99999.1"}, 11));
    assert_false(engine_is_subscriber(w->e, &(struct oid){"1.3.6.1.4.1.99999.1"}, 12));
    engine_unsubscribe(w->e, 11);
    assert_int_equal(subscribe(w, 1, 12, 0), ERR_OK);
}

static void numbers_never_given_are_refused(void **state)
{
    struct cnt *w = *state;

    assert_int_equal(subscribe(w, 1, 11, 1), ERR_INVAL);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    cnt_do(w, 1, "tell", 0);
    assert_int_equal(engine_delivery_ack(w->e, 11, 1), ERR_INVAL); /* not sent yet */
    cnt_turn(w);
    assert_int_equal(engine_delivery_ack(w->e, 11, 3), ERR_INVAL);
    assert_int_equal(engine_delivery_ack(w->e, 99, 1), ERR_DENIED);
    assert_int_equal(engine_delivery_ack(w->e, 11, 2), ERR_OK);
    assert_int_equal(engine_delivery_ack(w->e, 11, 1), ERR_OK); /* older: no effect */
    cnt_turn(w);
    assert_int_equal(pending(w, 1), 0);
}

static void at_most_a_window_is_on_its_way(void **state)
{
    struct cnt *w = *state;

    for (unsigned i = 0; i < 40; i++)
        cnt_do(w, 1, "tell", 0);
    cnt_turn(w);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    cnt_turn(w);
    assert_int_equal(w->n_log, 64);
    cnt_turn(w);
    assert_int_equal(w->n_log, 64);
    assert_int_equal(engine_delivery_ack(w->e, 11, 30), ERR_OK);
    cnt_turn(w);
    assert_int_equal(w->n_log, 80);
    assert_string_equal(w->log[79], "deliver conn 11 no 80 message 1");
}

static void tell(struct cnt *w, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        cnt_do(w, i % 7 + 1, "tell", 0);
        if (i % 100 == 99)
            cnt_turn(w);
    }
    cnt_turn(w);
}

static uint64_t held(struct cnt *w)
{
    struct engine_counters c;

    engine_get_counters(w->e, &c);
    return c.deliveries_held;
}

/* Hears all from a number on, in order, as a client does: window by window. */
static void hear_from(struct cnt *w, uint64_t conn, uint64_t from, uint64_t to)
{
    uint64_t next = from;

    while (next <= to) {
        w->n_log = 0;
        cnt_turn(w);
        assert_true(w->n_log > 0);
        for (unsigned i = 0; i < w->n_log; i++, next++) {
            char want[80];
            (void)snprintf(want, sizeof want, "deliver conn %u no %u message %u", (unsigned)conn,
                           (unsigned)next, next % 2 ? 2u : 1u);
            assert_string_equal(w->log[i], want);
        }
        assert_int_equal(engine_delivery_ack(w->e, conn, next - 1), ERR_OK);
    }
    cnt_turn(w);
}

/* Two parties that stay away: what they must hear waits in state.db, not in memory, and is heard
 * from there and on into what was decided meanwhile. */
static void a_party_that_stays_away_costs_no_memory(void **state)
{
    struct cnt *w = *state;

    for (unsigned i = 0; i < 3; i++) {
        tell(w, 6000);
        assert_true(held(w) <= 16384 + 3 * 700 + 2 * 4096); /* never more than is written behind */
        assert_int_equal(engine_flush(w->e), ERR_OK);
        assert_true(held(w) <= 2 * 4096);
    }
    assert_int_equal(pending(w, 1), 36000);
    assert_int_equal(pending(w, 2), 18000);
    memvfs_crash(w->m, MEMVFS_KEEP, NULL);
    cnt_close(w);
    cnt_open(w, NULL);
    assert_int_equal(held(w), 0);
    assert_int_equal(pending(w, 1), 36000);
    tell(w, 50); /* newer ones, in memory only */
    assert_int_equal(pending(w, 1), 36100);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    hear_from(w, 11, 1, 36100);
    assert_int_equal(pending(w, 1), 0);
    assert_int_equal(pending(w, 2), 18050);
    engine_unsubscribe(w->e, 11);
    tell(w, 3);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(subscribe(w, 1, 12, 0), ERR_OK);
    hear_from(w, 12, 36101, 36106);
}

static void a_delivery_that_is_not_there_stops_it(void **state)
{
    struct cnt *w = *state;

    tell(w, 6000);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(db_exec(engine_state(w->e), "DELETE FROM delivery WHERE number = 3"), ERR_OK);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    assert_int_not_equal(engine_turn_end(w->e), ERR_OK);
    assert_true(engine_failed(w->e));
    assert_non_null(strstr(engine_why(w->e), "state.db"));
}

/* The first one that is asked for: what the table has begins behind it. */
static void a_first_delivery_that_is_not_there_stops_it(void **state)
{
    struct cnt *w = *state;

    tell(w, 6000);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(db_exec(engine_state(w->e), "DELETE FROM delivery WHERE number < 3"), ERR_OK);
    assert_int_equal(subscribe(w, 1, 11, 0), ERR_OK);
    assert_int_not_equal(engine_turn_end(w->e), ERR_OK);
    assert_true(engine_failed(w->e));
    assert_non_null(strstr(engine_why(w->e), "delivery 1 "));
}

static void what_a_peer_told_is_acknowledged_after_its_record(void **state)
{
    struct cnt *w = *state;
    struct oid peer = cnt_party(9);

    assert_int_equal(engine_peer_last(w->e, &peer), 0);
    assert_int_equal(engine_peer_delivery(w->e, &peer, 1), ERR_OK);
    assert_int_equal(engine_peer_delivery(w->e, &peer, 2), ERR_OK);
    assert_int_equal(engine_peer_delivery(w->e, &peer, 2), ERR_EXISTS);
    assert_int_equal(w->n_log, 0);
    cnt_turn(w);
    assert_int_equal(w->n_log, 1);
    assert_string_equal(w->log[0], "ack 1.3.6.1.4.1.99999.9 2");
    memvfs_crash(w->m, MEMVFS_DROP, NULL);
    cnt_close(w);
    cnt_open(w, NULL);
    assert_int_equal(engine_peer_last(w->e, &peer), 2);
    /* Told again: dropped, but acknowledged, since our ACK was lost. */
    assert_int_equal(engine_peer_delivery(w->e, &peer, 1), ERR_EXISTS);
    cnt_turn(w);
    assert_int_equal(w->n_log, 2);
}

/* --- idempotency --- */

static int find(struct cnt *w, const char *fcid, uint8_t fill, struct engine_idem *ret)
{
    struct oid oid = cnt_party(1);
    uint8_t digest[32];

    memset(digest, fill, sizeof digest);
    return engine_idem_find(w->e, &oid, span_str(fcid), digest, ret);
}

static void a_repeat_finds_its_answer(void **state)
{
    struct cnt *w = *state;
    struct engine_idem idem;

    assert_int_equal(find(w, "call-1", 0x5A, &idem), ERR_NOT_FOUND);
    cnt_do(w, 1, "tell", 0);
    assert_int_equal(find(w, "call-1", 0x5A, &idem), ERR_OK); /* within the turn already */
    assert_true(idem.same_digest);
    assert_true(idem.answered);
    assert_true(span_eq(idem.answer, span_str("the answer")));
    assert_int_equal(idem.op.b[0], 7);
    assert_int_equal(find(w, "call-1", 0x5B, &idem), ERR_OK);
    assert_false(idem.same_digest);
    assert_int_equal(find(w, "call-2", 0x5A, &idem), ERR_NOT_FOUND);
}

static void repeats_are_known_after_flush_and_restart(void **state)
{
    struct cnt *w = *state;
    struct engine_idem idem;

    cnt_do(w, 1, "tell", 0);
    cnt_turn(w);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(find(w, "call-1", 0x5A, &idem), ERR_OK);
    assert_true(idem.same_digest && idem.answered);
    cnt_turn(w);
    memvfs_crash(w->m, MEMVFS_KEEP, NULL);
    cnt_close(w);
    cnt_open(w, NULL);
    assert_int_equal(find(w, "call-1", 0x5A, &idem), ERR_OK);
    assert_true(idem.same_digest && idem.answered);
    assert_true(span_eq(idem.answer, span_str("the answer")));
}

static void another_party_is_another_call(void **state)
{
    struct cnt *w = *state;
    struct oid other = cnt_party(2);
    struct engine_idem idem;
    uint8_t digest[32];

    memset(digest, 0x5A, sizeof digest);
    cnt_do(w, 1, "tell", 0);
    assert_int_equal(engine_idem_find(w->e, &other, span_str("call-1"), digest, &idem),
                     ERR_NOT_FOUND);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, cnt_setup, cnt_teardown)
    const struct CMUnitTest tests[] = {
        CASE(numbers_follow_the_records),
        CASE(who_was_away_hears_it_all_in_order),
        CASE(only_an_ack_ends_a_delivery),
        CASE(a_hello_that_holds_more_acknowledges),
        CASE(deliveries_and_acks_survive_a_restart),
        CASE(a_second_subscriber_is_refused),
        CASE(numbers_never_given_are_refused),
        CASE(at_most_a_window_is_on_its_way),
        CASE(a_party_that_stays_away_costs_no_memory),
        CASE(a_delivery_that_is_not_there_stops_it),
        CASE(a_first_delivery_that_is_not_there_stops_it),
        CASE(what_a_peer_told_is_acknowledged_after_its_record),
        CASE(a_repeat_finds_its_answer),
        CASE(repeats_are_known_after_flush_and_restart),
        CASE(another_party_is_another_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
