/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_engine remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/wire/wire.h"
#include "test/support/counter.h"

static void nothing_leaves_before_the_commit(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 4);
    cnt_do(w, 1, "add", 5);
    assert_int_equal(w->n_log, 0);
    assert_int_equal(engine_durable_lsn(w->e), 0);
    assert_int_equal(cnt_value(w, 1), 9); /* applied at once, before the commit */
    cnt_turn(w);
    assert_int_equal(w->n_log, 2);
    assert_string_equal(w->log[0], "out 1 4");
    assert_string_equal(w->log[1], "out 1 5");
}

static void one_commit_for_all_inputs_of_a_turn(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    for (unsigned i = 1; i <= 50; i++)
        cnt_do(w, i, "add", i);
    cnt_turn(w);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.commits, 1);
    assert_int_equal(c.records, 51); /* and admin.started */
    assert_int_equal(w->n_log, 50);
    assert_int_equal(w->house_records, 1);
}

static void a_turn_without_records_does_not_commit(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    cnt_turn(w);
    cnt_do(w, 1, "read", 3);
    cnt_turn(w);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.commits, 1);
    assert_string_equal(w->log[0], "out 2 3");
}

static void a_read_of_this_turns_record_waits_for_it(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_do(w, 1, "read", 2);
    assert_int_equal(w->n_log, 0);
    cnt_turn(w);
    assert_int_equal(w->n_log, 2);
}

static void a_refusal_is_counted_and_leaves_nothing(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    assert_int_equal(cnt_post(w, 1, "unheard", 0), ERR_STATE);
    cnt_turn(w);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.refused, 1);
    assert_int_equal(c.records, 1);
    assert_false(engine_failed(w->e));
}

static void a_wrong_record_spoils_the_whole_plan_and_nothing_else(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    assert_int_equal(cnt_post(w, 1, "bad", 0), ERR_INTERNAL);
    assert_false(engine_failed(w->e));
    assert_string_equal(engine_why(w->e), "operation.accepted: op is missing");
    cnt_turn(w);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.records, 1);
    assert_int_equal(cnt_value(w, 1), 0);
}

/* What follows from missing memory is missing memory: a refusal would be believed. */
static void a_decision_without_memory_says_so(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    assert_int_equal(cnt_post(w, 1, "starve", 0), ERR_NOMEM);
    assert_int_equal(cnt_post(w, 1, "starve and refuse", 0), ERR_NOMEM);
    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.refused, 0);
    assert_int_equal(cnt_value(w, 1), 1);
}

static void posts_inside_a_decision_belong_to_the_turn(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "post", 6);
    assert_int_equal(cnt_value(w, 2), 6);
    cnt_turn(w);
    assert_int_equal(w->n_log, 1);
}

static void posts_inside_a_release_are_committed_too(void **state)
{
    struct cnt *w = *state;
    struct engine_counters c;

    w->post_in_release = "add";
    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(cnt_value(w, 1), 6);
    assert_int_equal(w->n_log, 2);
    assert_string_equal(w->log[1], "out 1 5");
    engine_get_counters(w->e, &c);
    assert_int_equal(c.commits, 2);
}

static void the_armed_packet_stands_in_the_record(void **state)
{
    struct cnt *w = *state;
    struct journal_record rec;
    struct event ev;
    struct arena a;
    struct buf body;

    cnt_do(w, 1, "add", 41);
    cnt_do(w, 1, "arm", 0);
    cnt_turn(w);
    buf_init(&body, 0);
    arena_init(&a, 0);
    assert_int_equal(journal_get(engine_journal(w->e), 2, &rec, &body), ERR_OK);
    assert_string_equal(rec.type, "packet.armed");
    assert_int_equal(wire_event_decode(EV_PACKET_ARMED, buf_span(&body), &a, &ev, NULL), ERR_OK);
    assert_int_equal(ev.counter, 42);
    assert_true(span_eq(ev.data, span_str("packet of script")));
    arena_fini(&a);
    buf_fini(&body);
}

static void secrets_live_and_die_with_their_record(void **state)
{
    struct cnt *w = *state;
    struct buf sealed;

    buf_init(&sealed, 0);
    cnt_do(w, 1, "secret", 0);
    cnt_turn(w);
    assert_int_equal(journal_secret_get(engine_journal(w->e), span_str("key/1"), NULL, &sealed),
                     ERR_OK);
    assert_true(span_eq(buf_span(&sealed), span_str("sealed")));
    cnt_do(w, 1, "forget", 0);
    cnt_turn(w);
    assert_int_equal(journal_secret_get(engine_journal(w->e), span_str("key/1"), NULL, &sealed),
                     ERR_NOT_FOUND);
    cnt_do(w, 1, "forget", 0); /* gone already: no fault */
    cnt_turn(w);
    buf_fini(&sealed);
}

static void clean_and_idle_aggregates_go_dirty_ones_stay(void **state)
{
    struct cnt *w = *state;
    struct engine_config small = {.overlay_max = 8, .flush_dirty = 1000};

    cnt_close(w);
    cnt_open(w, &small);
    for (unsigned i = 1; i <= 20; i++)
        cnt_do(w, i, "add", i);
    assert_int_equal(w->saves, 0);
    cnt_turn(w); /* a full overlay is applied, then trimmed */
    assert_int_equal(w->saves, 20);
    w->loads = 0;
    assert_int_equal(cnt_value(w, 1), 1); /* gone, read again */
    assert_int_equal(cnt_value(w, 20), 20);
    assert_int_equal(w->loads, 1);
    cnt_do(w, 1, "add", 1);
    assert_int_equal(cnt_value(w, 1), 2);
}

static void a_running_aggregate_is_never_evicted(void **state)
{
    struct cnt *w = *state;
    struct engine_config small = {.overlay_max = 4, .flush_dirty = 1000};

    cnt_close(w);
    cnt_open(w, &small);
    cnt_do(w, 1, "wait", CNT_NOW + 5000);
    for (unsigned i = 2; i <= 30; i++)
        cnt_do(w, i, "add", i);
    cnt_turn(w);
    w->loads = 0;
    (void)cnt_value(w, 1);
    assert_int_equal(w->loads, 0);
}

static void write_behind_happens_in_batches(void **state)
{
    struct cnt *w = *state;
    struct engine_config batch = {.flush_dirty = 10};
    struct engine_counters c;

    cnt_close(w);
    cnt_open(w, &batch);
    for (unsigned i = 1; i <= 9; i++) {
        cnt_do(w, i, "add", i);
        cnt_turn(w);
    }
    assert_int_equal(w->saves, 0);
    cnt_do(w, 10, "add", 10);
    cnt_turn(w);
    assert_int_equal(w->saves, 10);
    engine_get_counters(w->e, &c);
    assert_int_equal(c.flushes, 1);
    assert_int_equal(engine_idle(w->e), ERR_OK); /* nothing left to write */
    engine_get_counters(w->e, &c);
    assert_int_equal(c.flushes, 1);
}

static void idle_writes_behind_and_empties_the_log(void **state)
{
    struct cnt *w = *state;

    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(engine_idle(w->e), ERR_OK);
    assert_int_equal(w->saves, 1);
    assert_int_equal(journal_wal_pages(engine_journal(w->e)), 0);
}

static bool no_space;

static int free_bytes(const void *ctx, uint64_t *ret)
{
    (void)ctx;
    *ret = no_space ? 10 : 1000;
    return ERR_OK;
}

static void room_is_asked_before_admission(void **state)
{
    struct cnt *w = *state;
    const struct space space = {free_bytes, NULL};
    struct engine_config cfg = {.space = &space, .min_free_bytes = 100};

    assert_true(engine_has_room(w->e)); /* nobody to ask */
    cnt_close(w);
    cnt_open(w, &cfg);
    no_space = false;
    assert_true(engine_has_room(w->e));
    no_space = true;
    assert_false(engine_has_room(w->e));
}

static void a_plan_from_outside_is_committed_like_any_other(void **state)
{
    struct cnt *w = *state;
    struct mbox house = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(w->e);
    struct event *ev = plan_record(p, EV_ADMIN_TENANT_ADDED);
    uint64_t n = 8;

    ev->number = 1;
    ev->text = span_str("acme");
    plan_out(p, 3, &n, sizeof n);
    assert_int_equal(engine_plan_end(w->e, p, &house), ERR_OK);
    assert_int_equal(w->n_log, 0);
    cnt_turn(w);
    assert_string_equal(w->log[0], "out 3 8");
    assert_int_equal(w->house_records, 2);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, cnt_setup, cnt_teardown)
    const struct CMUnitTest tests[] = {
        CASE(nothing_leaves_before_the_commit),
        CASE(one_commit_for_all_inputs_of_a_turn),
        CASE(a_turn_without_records_does_not_commit),
        CASE(a_read_of_this_turns_record_waits_for_it),
        CASE(a_refusal_is_counted_and_leaves_nothing),
        CASE(a_wrong_record_spoils_the_whole_plan_and_nothing_else),
        CASE(a_decision_without_memory_says_so),
        CASE(posts_inside_a_decision_belong_to_the_turn),
        CASE(posts_inside_a_release_are_committed_too),
        CASE(the_armed_packet_stands_in_the_record),
        CASE(secrets_live_and_die_with_their_record),
        CASE(clean_and_idle_aggregates_go_dirty_ones_stay),
        CASE(a_running_aggregate_is_never_evicted),
        CASE(write_behind_happens_in_batches),
        CASE(idle_writes_behind_and_empties_the_log),
        CASE(room_is_asked_before_admission),
        CASE(a_plan_from_outside_is_committed_like_any_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
