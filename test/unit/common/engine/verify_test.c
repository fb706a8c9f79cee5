/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_engine remora_wire */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/counter.h"

static int setup(void **state)
{
    struct oid one = cnt_party(1);
    struct cnt *w;

    (void)cnt_setup(state);
    w = *state;
    assert_int_equal(engine_subscribe(w->e, &one, 5, 0), ERR_OK);
    for (unsigned i = 1; i < 9; i++) {
        cnt_do(w, i % 3 + 1, i % 2 ? "add" : "tell", i);
        cnt_do(w, i, "wait", CNT_NOW + i);
        cnt_turn(w);
        if (i == 4)
            assert_int_equal(engine_delivery_ack(w->e, 5, 3), ERR_OK);
        if (i % 3 == 0)
            assert_int_equal(engine_flush(w->e), ERR_OK);
    }
    return 0;
}

static void a_state_that_was_never_written_has_nothing_to_compare(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;

    cnt_close(w);
    memvfs_free(w->m);
    w->m = memvfs_register("verify", 9);
    cnt_open(w, NULL);
    cnt_do(w, 1, "add", 1);
    cnt_turn(w);
    assert_int_equal(cnt_verify(w, &why), ERR_OK);
}

static void what_was_written_behind_is_what_a_rebuild_gives(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;

    for (unsigned i = 0; i < 2; i++) { /* as far as it is, then to the end; the daemon goes on */
        if (cnt_verify(w, &why))
            fail_msg("%s", why.text);
        cnt_do(w, 1, "add", 1);
        cnt_turn(w);
        assert_int_equal(engine_flush(w->e), ERR_OK);
    }
    cnt_close(w);
    assert_int_equal(cnt_verify(w, &why), ERR_OK);
}

static const struct { const char *sql, *table, *says;
} CHANGES[] = {
    {"UPDATE counter SET value = value + 1 WHERE eid = (SELECT max(eid) FROM counter)", "counter",
     "not what the journal gives"},
    {"DELETE FROM counter WHERE eid = (SELECT min(eid) FROM counter)", "counter", "row"},
    {"INSERT INTO counter VALUES(x'FF', 1, 1)", "counter", "should not be there"},
    {"UPDATE party SET acked_no = 0", "party", "not what"},
    {"DELETE FROM delivery WHERE number = (SELECT max(number) FROM delivery)", "delivery", "row"},
    {"DELETE FROM call", "call", "is missing"},
    {"INSERT INTO peer VALUES('1.2', 5)", "peer", "should not be there"},
};

static void every_change_is_found_and_named(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;

    assert_int_equal(engine_flush(w->e), ERR_OK);
    for (size_t i = 0; i < sizeof CHANGES / sizeof *CHANGES; i++) {
        struct db *db = engine_state(w->e);
        assert_int_equal(db_exec(db, "SAVEPOINT s"), ERR_OK);
        assert_int_equal(db_exec(db, CHANGES[i].sql), ERR_OK);
        assert_int_equal(db_exec(db, "RELEASE s"), ERR_OK);
        assert_int_equal(cnt_verify(w, &why), ERR_CORRUPT);
        if (!strstr(why.text, CHANGES[i].table) || !strstr(why.text, CHANGES[i].says))
            fail_msg("%s does not say %s", why.text, CHANGES[i].says);
        /* Back to nothing: the next start rebuilds it. */
        assert_int_equal(db_exec(engine_state(w->e), "DELETE FROM counter; DELETE FROM party;"
                                 "DELETE FROM delivery; DELETE FROM call; DELETE FROM peer;"
                                 "UPDATE meta SET value = 0"), ERR_OK);
        memvfs_crash(w->m, MEMVFS_KEEP, NULL);
        cnt_close(w);
        cnt_open(w, NULL);
        assert_int_equal(cnt_verify(w, &why), ERR_OK);
    }
}

static void a_state_ahead_of_its_journal_is_found(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;

    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(db_exec(engine_state(w->e), "UPDATE meta SET value = value + 9"), ERR_OK);
    assert_int_equal(cnt_verify(w, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "journal ends at"));
}

static void an_absent_state_is_said_so(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;

    cnt_close(w);
    memvfs_free(w->m);
    w->m = memvfs_register("verify", 9);
    assert_int_equal(cnt_verify(w, &why), ERR_NOT_FOUND);
}

/* The rows are right and an index over them is not: look-ups would go wrong. */
static void a_corrupt_index_is_found(void **state)
{
    struct cnt *w = *state;
    struct errmsg why;
    struct eid eid = fake_eid(3);
    const uint8_t *file;
    unsigned found = 0;
    size_t n = 0;

    assert_int_equal(engine_flush(w->e), ERR_OK);
    assert_int_equal(db_checkpoint(engine_state(w->e), true), ERR_OK);
    cnt_close(w);
    file = memvfs_content(w->m, CNT_STATE, &n);
    assert_non_null(file);
    for (size_t at = 0; at + sizeof eid.b <= n; at++) {
        if (memcmp(file + at, eid.b, sizeof eid.b) != 0)
            continue;
        assert_true(memvfs_flip(w->m, CNT_STATE, at + 15, 0x10));
        assert_int_equal(cnt_verify(w, &why), ERR_CORRUPT);
        assert_true(memvfs_flip(w->m, CNT_STATE, at + 15, 0x10));
        found++;
    }
    assert_int_equal(found, 2); /* the row, and its primary key */
    assert_int_equal(cnt_verify(w, &why), ERR_OK);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, cnt_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_state_that_was_never_written_has_nothing_to_compare),
        CASE(what_was_written_behind_is_what_a_rebuild_gives),
        CASE(every_change_is_found_and_named),
        CASE(a_state_ahead_of_its_journal_is_found),
        CASE(an_absent_state_is_said_so),
        CASE(a_corrupt_index_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
