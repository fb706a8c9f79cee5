/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_engine remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/counter.h"

/* The machine dies: engine_close of what is left must not write. */
static void power_cut(struct cnt *w, enum memvfs_crash_mode mode)
{
    memvfs_crash(w->m, mode, NULL);
    cnt_close(w);
}

static void replay_equals_live(void **state)
{
    struct cnt *w = *state;

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 1; i <= 7; i++)
            cnt_do(w, i, "add", i * (round + 1));
        cnt_turn(w);
    }
    power_cut(w, MEMVFS_DROP); /* nothing was written behind */
    cnt_open(w, NULL);
    for (unsigned i = 1; i <= 7; i++)
        assert_int_equal(cnt_value(w, i), i * 15);
}

/* The wall clock was set while the process was away: an hour has not passed for that. */
static void time_goes_on_after_a_restart(void **state)
{
    static const int64_t STEPS[] = {3600000, -3600000};
    struct cnt *w = *state;

    for (unsigned i = 0; i < 2; i++) {
        int64_t before = clock_wall_ms(engine_clock(w->e));
        memvfs_crash(w->m, MEMVFS_KEEP, NULL);
        cnt_close(w);
        fake_clock_step(&w->clock, 2000);
        w->clock.wall_ms += STEPS[i];
        cnt_open(w, NULL);
        assert_int_equal(clock_wall_ms(engine_clock(w->e)), before + 2000);
    }
    cnt_close(w);
    w->clock.wall_ms += 3600000;
    w->clock.boot++; /* nothing else tells how long the machine was off */
    cnt_open(w, NULL);
    assert_int_equal(clock_wall_ms(engine_clock(w->e)), w->clock.wall_ms);
}

/* Its mark is the first thing a start writes: a disk that refuses is named. */
static void a_start_that_cannot_write_says_where(void **state)
{
    struct cnt *w = *state;

    cnt_close(w);
    memvfs_fail(w->m, MEMVFS_WRITE, 1);
    assert_int_not_equal(cnt_try(w, NULL), ERR_OK);
    assert_non_null(strstr(w->why.text, "state.db"));
    memvfs_fail(w->m, MEMVFS_WRITE, 0);
    cnt_open(w, NULL);
}

static void what_was_not_committed_is_gone(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    cnt_do(w, 1, "add", 100);
    power_cut(w, MEMVFS_DROP);
    cnt_open(w, NULL);
    assert_int_equal(cnt_value(w, 1), 1);
    assert_int_equal(w->n_log, 1);
}

static void replay_goes_on_where_state_db_ends(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    cnt_do(w, 1, "add", 2);
    cnt_turn(w);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    assert_int_equal(cnt_value(w, 1), 3);
}

static void a_rebuilt_state_is_the_same(void **state)
{
    struct cnt *w = *state;
    struct engine_config memory = {.state_path = ":memory:", .read_only = true};

    for (unsigned i = 1; i <= 40; i++)
        cnt_do(w, i % 5 + 1, "add", i);
    cnt_turn(w);
    cnt_close(w);
    cnt_open(w, &memory);
    assert_int_equal(cnt_value(w, 1), 5 + 10 + 15 + 20 + 25 + 30 + 35 + 40);
    cnt_close(w);
    memory.stop_at_lsn = 5; /* as far as a record is, and no further */
    cnt_open(w, &memory);
    assert_int_equal(engine_last_lsn(w->e), 5);
    assert_int_equal(cnt_value(w, 1), 5);
    assert_int_equal(cnt_value(w, 2), 1);
}

static void a_foreign_state_is_refused_and_left_alone(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    /* As if an older journal had been put beside it. */
    assert_int_equal(db_exec(engine_state(w->e), "UPDATE meta SET value = 99"), ERR_OK);
    power_cut(w, MEMVFS_KEEP);
    for (unsigned i = 0; i < 2;
         i++) { /* the refusal writes nothing: it is the same the next time */
        assert_int_equal(cnt_try(w, NULL), ERR_SCHEMA);
        assert_non_null(strstr(w->why.text, "has applied record 99"));
        assert_non_null(strstr(w->why.text, "rebuilt"));
        assert_null(w->e);
    }
}

static void an_erased_body_is_passed_over(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_do(w, 1, "add", 2);
    cnt_turn(w);
    assert_int_equal(journal_begin(engine_journal(w->e)), ERR_OK);
    assert_int_equal(journal_erase(engine_journal(w->e), 1), ERR_OK);
    assert_int_equal(journal_commit(engine_journal(w->e)), ERR_OK);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    assert_int_equal(cnt_value(w, 1), 2);
    assert_int_equal(engine_last_lsn(w->e), 3);
}

static void a_record_that_cannot_follow_stops_the_start(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    power_cut(w, MEMVFS_KEEP);
    w->apply_fails = true;
    assert_int_equal(cnt_try(w, NULL), ERR_CORRUPT);
    assert_non_null(strstr(w->why.text, "does not follow the state"));
    w->apply_fails = false;
    cnt_open(w, NULL);
}

static void live_mailboxes_get_one_restart_each(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 100);
    cnt_turn(w);
    assert_int_equal(engine_flush(w->e), ERR_OK); /* listed by state.db and changed after it */
    cnt_do(w, 1, "add", 1);
    cnt_do(w, 2, "wait", CNT_NOW + 200);
    cnt_do(w, 3, "add", 1);
    cnt_turn(w);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    assert_int_equal(engine_restart_all(w->e), ERR_OK);
    assert_int_equal(w->restarts, 2);
    assert_int_equal(engine_next_due(w->e), CNT_NOW + 100);
    assert_int_equal(engine_restart_all(w->e), ERR_OK);
    assert_int_equal(w->restarts, 2);
}

static void run_at(struct cnt *w, int64_t at)
{
    fake_clock_step(&w->clock, at - w->clock.wall_ms);
    assert_int_equal(engine_run_due(w->e, 100), ERR_OK);
    cnt_turn(w);
}

/* One mailbox that cannot be taken up keeps neither the others nor the start: it is told by name
 * and asked again, each time later, until it can be. */
static void one_mailbox_in_trouble_does_not_stop_the_start(void **state)
{
    struct cnt *w = *state;
    struct mbox one = cnt_mbox(1);
    int64_t again = CNT_NOW + 1000;

    cnt_do(w, 1, "wait", CNT_NOW + 4000000);
    cnt_do(w, 2, "wait", CNT_NOW + 200);
    cnt_turn(w);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    w->restart_fails = ERR_AUTH;
    assert_int_equal(engine_restart_all(w->e), ERR_OK);
    assert_int_equal(w->restarts, 2);
    assert_int_equal(w->troubles, 1);
    assert_memory_equal(w->troubled.id, one.id, sizeof one.id);
    run_at(w, CNT_NOW + 200);
    assert_int_equal(cnt_value(w, 2), 1000);
    for (unsigned i = 1; i <= 10; i++) {
        assert_int_equal(engine_next_due(w->e), again);
        run_at(w, again);
        assert_int_equal(w->restarts, 2 + i);
        assert_int_equal(w->troubles, 1 + i);
        again += i < 8 ? 1000 << i : 256000;
    }
    w->restart_fails = ERR_OK;
    run_at(w, again);
    assert_int_equal(w->troubles, 11);
    assert_int_equal(cnt_value(w, 1), 0);
    assert_int_equal(engine_next_due(w->e), CNT_NOW + 4000000); /* and its own time still holds */
    run_at(w, CNT_NOW + 4000000);
    assert_int_equal(cnt_value(w, 1), 1000);
}

static void a_disk_that_fails_stops_the_start(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "wait", CNT_NOW + 100);
    cnt_turn(w);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    w->restart_fails = ERR_IO;
    assert_int_equal(engine_restart_all(w->e), ERR_IO);
    assert_true(engine_failed(w->e));
    assert_int_equal(w->troubles, 0);
}

static void each_start_has_its_own_epoch(void **state)
{
    struct cnt *w = *state;

    cnt_turn(w);
    assert_int_equal(journal_epoch(engine_journal(w->e)), 1);
    cnt_close(w);
    cnt_open(w, NULL);
    cnt_turn(w);
    assert_int_equal(journal_epoch(engine_journal(w->e)), 2);
    assert_int_equal(engine_last_lsn(w->e), 2); /* two admin.started and nothing else */
}

/* Every place where the disk may stop: what was released is there afterwards, and nothing half. */
static void power_cuts_anywhere_keep_what_was_released(void **state)
{
    struct cnt *w = *state;

    for (uint64_t cut = 1; cut < 60; cut++) {
        uint64_t released = 0;
        bool alive = true;
        cnt_close(w);
        memvfs_free(w->m);
        w->m = memvfs_register("open", cut);
        cnt_open(w, NULL);
        w->n_log = 0;
        memvfs_cut_after(w->m, cut);
        for (unsigned i = 0; alive && i < 6; i++) {
            alive = !cnt_post(w, 1, "add", 1) && !engine_turn_end(w->e);
            released += alive;
            alive = alive && (i != 3 || !engine_flush(w->e));
        }
        power_cut(w, MEMVFS_ANY);
        cnt_open(w, NULL);
        assert_true(cnt_value(w, 1) >= released);
        assert_true(cnt_value(w, 1) <= released + 1);
        assert_true(w->n_log >= released);
    }
}

static void a_failed_write_stops_everything(void **state)
{
    static const enum memvfs_op OPS[] = {MEMVFS_WRITE, MEMVFS_SYNC};
    struct cnt *w = *state;

    for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++) {
        cnt_do(w, 1, "add", 1);
        cnt_turn(w);
        w->n_log = 0;
        cnt_do(w, 1, "add", 1);
        memvfs_fail(w->m, OPS[i], 1);
        assert_int_not_equal(engine_turn_end(w->e), ERR_OK);
        assert_true(engine_failed(w->e));
        assert_int_equal(w->n_log, 0); /* not released */
        assert_non_null(strstr(engine_why(w->e), "journal.db"));
        assert_int_equal(cnt_post(w, 1, "add", 1), ERR_IO);
        assert_int_equal(engine_turn_end(w->e), ERR_IO);
        assert_int_equal(engine_flush(w->e), ERR_IO);
        power_cut(w, MEMVFS_DROP);
        cnt_open(w, NULL);
        assert_int_equal(cnt_value(w, 1), i + 1);
    }
}

/* What is only read is read for a decision or an answer: the connection refuses from then on, so the
 * process must not go on and refuse everything for ever. */
static void a_failed_read_stops_everything(void **state)
{
    static const uint8_t DIGEST[32] = {1};
    struct cnt *w = *state;
    struct oid party = cnt_party(5);
    struct engine_idem idem;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(engine_flush(w->e), ERR_OK);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    cnt_turn(w);
    w->n_log = 0;
    memvfs_fail(w->m, MEMVFS_READ, 1);
    assert_int_equal(engine_idem_find(w->e, &party, span_str("call"), DIGEST, &idem), ERR_IO);
    assert_int_equal(engine_turn_end(w->e), ERR_IO);
    assert_true(engine_failed(w->e));
    assert_int_equal(w->n_log, 0); /* nothing more leaves */
    assert_non_null(strstr(engine_why(w->e), "state.db"));
    assert_null(strstr(engine_why(w->e), "full"));
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    assert_int_equal(cnt_value(w, 1), 1);
}

static void a_full_disk_stops_the_process(void **state)
{
    struct cnt *w = *state;
    bool failed = false;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    memvfs_set_limit(w->m, memvfs_used(w->m) + 4096);
    for (unsigned i = 0; i < 200 && !failed; i++)
        failed = cnt_post(w, 1, "add", 1) || engine_turn_end(w->e);
    assert_true(failed);
    assert_true(engine_failed(w->e));
    assert_non_null(strstr(engine_why(w->e), "the disk is full: make room"));
    memvfs_set_limit(w->m, 0);
    power_cut(w, MEMVFS_KEEP);
    cnt_open(w, NULL);
    assert_true(cnt_value(w, 1) >= w->n_log);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, cnt_setup, cnt_teardown)
    const struct CMUnitTest tests[] = {
        CASE(replay_equals_live),
        CASE(time_goes_on_after_a_restart),
        CASE(a_start_that_cannot_write_says_where),
        CASE(what_was_not_committed_is_gone),
        CASE(replay_goes_on_where_state_db_ends),
        CASE(a_rebuilt_state_is_the_same),
        CASE(a_foreign_state_is_refused_and_left_alone),
        CASE(an_erased_body_is_passed_over),
        CASE(a_record_that_cannot_follow_stops_the_start),
        CASE(live_mailboxes_get_one_restart_each),
        CASE(one_mailbox_in_trouble_does_not_stop_the_start),
        CASE(a_disk_that_fails_stops_the_start),
        CASE(each_start_has_its_own_epoch),
        CASE(power_cuts_anywhere_keep_what_was_released),
        CASE(a_failed_write_stops_everything),
        CASE(a_failed_read_stops_everything),
        CASE(a_full_disk_stops_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
