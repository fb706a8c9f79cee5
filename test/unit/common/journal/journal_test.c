/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/common/journal/journal_fix.h"

static int sum_lsn(void *ctx, const struct journal_record *r)
{
    *(uint64_t *)ctx += r->lsn;
    return 0;
}

static void numbers_have_no_gap_in_three_streams(void **state)
{
    static const uint32_t stream[] = {0, 7, 7, 4000000000u, 0, 7, 0, 4000000000u, 4000000000u};
    struct fix *f = *state;
    struct journal_record r;
    struct journal_head h;
    uint64_t seq[3] = {0};

    for (size_t i = 0; i < sizeof(stream) / sizeof(stream[0]); i++) {
        size_t s = stream[i] == 0 ? 0 : stream[i] == 7 ? 1 : 2;

        assert_int_equal(journal_begin(f->j), ERR_OK);
        assert_int_equal(fix_append(f->j, stream[i], &r), ERR_OK);
        assert_true(r.lsn == i + 1);
        assert_true(r.seq == ++seq[s]);
        assert_int_equal(r.epoch, 1);
        assert_true(journal_durable_lsn(f->j) == i);
        assert_true(journal_last_lsn(f->j) == i + 1);
        assert_int_equal(journal_commit(f->j), ERR_OK);
        assert_true(journal_durable_lsn(f->j) == i + 1);
    }
    assert_int_equal(journal_head(f->j, 7, &h), ERR_OK);
    assert_true(h.seq == 3 && h.lsn == 6);
    assert_int_equal(journal_head(f->j, 8, &h), ERR_NOT_FOUND);
}

struct seen {
    uint64_t next;
    int erased;
};

static int same_as_written(void *ctx, const struct journal_record *r)
{
    struct seen *s = ctx;
    uint8_t body[64];
    size_t n = fix_body(r->lsn, body);

    assert_true(r->lsn == s->next++);
    assert_int_equal(r->class_, r->lsn % 4);
    assert_true(r->at_ms == 1750000000000 + (int64_t)r->lsn);
    assert_string_equal(r->type, "operation.armed");
    assert_int_equal(eid_is_zero(&r->eid), r->lsn % 3 != 0);
    assert_int_equal(uuid_is_zero(&r->op), r->lsn % 2 != 0);
    if (r->body.p == NULL)
        s->erased++;
    else
        assert_true(span_eq(r->body, span_of(body, n)));
    return 0;
}

static void records_come_back_over_pages(void **state)
{
    struct fix *f = *state;
    struct seen s = {.next = 1};
    uint64_t sum = 0;

    for (int i = 0; i < 6; i++)
        assert_int_equal(fix_turn(f->j, (uint32_t)(i % 3), 100), ERR_OK);
    assert_int_equal(journal_read(f->j, 0, 0, same_as_written, &s), ERR_OK);
    assert_true(s.next == 601);
    s.next = 350;
    assert_int_equal(journal_read(f->j, 350, 0, same_as_written, &s), ERR_OK);
    assert_true(s.next == 601);
    s.next = 10;
    assert_int_equal(journal_read(f->j, 10, 300, same_as_written, &s), ERR_OK);
    assert_true(s.next == 310);
    assert_int_equal(journal_read(f->j, 601, 0, sum_lsn, &sum), ERR_OK);
    assert_true(sum == 0);
    assert_int_equal(journal_read(f->j, 600, 5, sum_lsn, &sum), ERR_OK);
    assert_true(sum == 600);
}

static void reopening_goes_on_where_it_was(void **state)
{
    struct fix *f = *state;
    struct journal_head before, after;
    struct journal_record r;
    struct journal_report rep;

    assert_int_equal(fix_turn(f->j, 3, 5), ERR_OK);
    assert_int_equal(fix_turn(f->j, 1, 2), ERR_OK);
    assert_int_equal(journal_head(f->j, 3, &before), ERR_OK);
    fix_close(f);
    fix_open(f);
    assert_int_equal(journal_head(f->j, 3, &after), ERR_OK);
    assert_memory_equal(&before, &after, sizeof(before));
    assert_true(journal_last_lsn(f->j) == 7 && journal_durable_lsn(f->j) == 7);
    assert_int_equal(journal_epoch(f->j), 2);
    assert_int_equal(journal_begin(f->j), ERR_OK);
    assert_int_equal(fix_append(f->j, 3, &r), ERR_OK);
    assert_true(r.lsn == 8 && r.seq == 6 && r.epoch == 2);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    fix_close(f);
    fix_open(f);
    assert_int_equal(journal_epoch(f->j), 3);
    fix_close(f);
    fix_open(f); /* nothing was recorded under 3, so it is used again */
    assert_int_equal(journal_epoch(f->j), 3);
    assert_int_equal(journal_verify(PATH, f->o.vfs, f->crypto, &before, 1, &rep), ERR_OK);
    assert_true(rep.records == 8 && rep.streams == 2 && rep.last_lsn == 8 && rep.epoch == 2);
}

static int on_head(void *ctx, const struct journal_head *h)
{
    uint64_t *last = ctx;

    assert_true(h->stream == *last);
    *last += 10;
    return 0;
}

static void heads_come_in_order_of_stream(void **state)
{
    struct fix *f = *state;
    uint64_t stream = 0;

    for (uint32_t s = 0; s < 40; s++)
        assert_int_equal(fix_turn(f->j, (s * 7 % 40) * 10, 1), ERR_OK);
    assert_int_equal(journal_heads(f->j, on_head, &stream), ERR_OK);
    assert_true(stream == 400);
    stream = 0;
    fix_close(f);
    fix_open(f);
    assert_int_equal(journal_heads(f->j, on_head, &stream), ERR_OK);
    assert_true(stream == 400);
}

static void one_body(void **state)
{
    struct fix *f = *state;
    struct journal_record r;
    struct buf b;
    uint8_t body[64];

    buf_init(&b, 0);
    assert_int_equal(fix_turn(f->j, 0, 8), ERR_OK);
    assert_int_equal(journal_get(f->j, 5, &r, &b), ERR_OK);
    assert_true(r.lsn == 5 && r.body.p == NULL);
    assert_true(span_eq(buf_span(&b), span_of(body, fix_body(5, body))));
    buf_reset(&b);
    assert_int_equal(journal_get(f->j, 7, NULL, &b), ERR_OK);
    assert_int_equal(b.n, 0);
    assert_int_equal(journal_get(f->j, 9, NULL, &b), ERR_NOT_FOUND);
    assert_int_equal(journal_get(f->j, 0, NULL, &b), ERR_NOT_FOUND);
    buf_fini(&b);
}

static void body_lengths(void **state)
{
    static const size_t n[] = {0, 1, 126, 127, 128, 255, 256, 65535, JOURNAL_BODY_MAX};
    struct fix *f = *state;
    uint8_t *big = calloc(1, JOURNAL_BODY_MAX + 1);
    struct journal_record r = {.type = "a"};
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(journal_begin(f->j), ERR_OK);
    for (size_t i = 0; i < sizeof(n) / sizeof(n[0]); i++) {
        r.body = span_of(big, n[i]);
        assert_int_equal(journal_append(f->j, &r), ERR_OK);
        buf_reset(&b);
        assert_int_equal(journal_get(f->j, r.lsn, NULL, &b), ERR_OK);
        assert_int_equal(b.n, n[i]);
    }
    r.body = span_of(big, JOURNAL_BODY_MAX + 1);
    assert_int_equal(journal_append(f->j, &r), ERR_INVAL);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    buf_fini(&b);
    free(big);
}

static void type_is_a_word(void **state)
{
    static const char *const bad[] = {"", "Upper", "a b", "a_b", "\xC3\xA9", "a\n"};
    struct fix *f = *state;
    struct journal_record r = {.type = "object.past-tense9"};

    assert_int_equal(journal_begin(f->j), ERR_OK);
    assert_int_equal(journal_append(f->j, &r), ERR_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(r.type, 0, sizeof(r.type));
        memcpy(r.type, bad[i], strlen(bad[i]));
        assert_int_equal(journal_append(f->j, &r), ERR_INVAL);
    }
    memset(r.type, 'a', 32); /* no end */
    assert_int_equal(journal_append(f->j, &r), ERR_INVAL);
    r.type[31] = 0;
    assert_int_equal(journal_append(f->j, &r), ERR_OK);
    assert_true(r.lsn == 2);
}

static void order_of_calls(void **state)
{
    struct fix *f = *state;
    struct journal_record r = {.type = "a"};

    assert_int_equal(journal_append(f->j, &r), ERR_STATE);
    assert_int_equal(journal_commit(f->j), ERR_STATE);
    assert_int_equal(journal_erase(f->j, 1), ERR_STATE);
    assert_int_equal(journal_begin(f->j), ERR_OK);
    assert_int_equal(journal_begin(f->j), ERR_STATE);
    assert_int_equal(journal_checkpoint(f->j, true), ERR_STATE);
    assert_int_equal(journal_append(f->j, &r), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    assert_false(journal_failed(f->j));
}

struct inside {
    struct journal *j;
    int calls;
};

static int write_inside(void *ctx, const struct journal_record *r)
{
    struct inside *in = ctx;

    (void)r;
    in->calls++;
    assert_int_equal(journal_begin(in->j), ERR_STATE);
    assert_int_equal(journal_secret_del(in->j, span_str("x")), ERR_STATE);
    assert_int_equal(journal_read(in->j, 1, 0, write_inside, in), ERR_STATE);
    return in->calls == 2 ? ERR_DENIED : ERR_OK;
}

static void callback_may_stop_but_not_write(void **state)
{
    struct fix *f = *state;
    struct inside in = {f->j, 0};

    assert_int_equal(fix_turn(f->j, 0, 5), ERR_OK);
    assert_int_equal(journal_read(f->j, 1, 0, write_inside, &in), ERR_DENIED);
    assert_int_equal(in.calls, 2);
    assert_int_equal(fix_turn(f->j, 0, 1), ERR_OK);
}

static void triggers_refuse_change_and_deletion(void **state)
{
    static const char *const sql[] = {
        "DELETE FROM journal WHERE lsn = 2",
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE lsn = 2",
        "UPDATE journal SET lsn = 99 WHERE lsn = 3",
        "UPDATE journal SET epoch = 9, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET stream = 9, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET seq = 99, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET at_ms = 9, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET type = 'b', body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET class = 9, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET op = NULL, body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET eid = x'00', body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET body = x'00' WHERE lsn = 2",
        "UPDATE journal SET salt = x'00' WHERE lsn = 2",
        "UPDATE journal SET body = NULL WHERE lsn = 2",
        "UPDATE journal SET salt = NULL WHERE lsn = 2",
        "UPDATE journal SET body_hash = x'00', body = NULL, salt = NULL WHERE lsn = 2",
        "UPDATE journal SET hash = x'00', body = NULL, salt = NULL WHERE lsn = 2",
    };
    struct fix *f = *state;
    struct journal_report rep;

    assert_int_equal(fix_turn(f->j, 0, 4), ERR_OK);
    for (size_t i = 0; i < sizeof(sql) / sizeof(sql[0]); i++)
        if (db_exec(f->j->db, sql[i]) != ERR_DENIED)
            fail_msg("accepted: %s", sql[i]);
    assert_int_equal(
        db_exec(f->j->db, "UPDATE journal SET body = NULL, salt = NULL WHERE lsn = 2"), ERR_OK);
    assert_int_equal(journal_verify(PATH, f->o.vfs, f->crypto, NULL, 0, &rep), ERR_OK);
    assert_true(rep.records == 4 && rep.erased == 1);
}

static void erased_body_leaves_the_chain(void **state)
{
    struct fix *f = *state;
    struct seen s = {.next = 1};
    struct buf b;

    buf_init(&b, 0);
    assert_int_equal(fix_turn(f->j, 0, 6), ERR_OK);
    assert_int_equal(journal_begin(f->j), ERR_OK);
    assert_int_equal(journal_erase(f->j, 6), ERR_OK);
    assert_int_equal(journal_erase(f->j, 6), ERR_OK);
    assert_int_equal(journal_erase(f->j, 77), ERR_NOT_FOUND);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    assert_int_equal(journal_get(f->j, 6, NULL, &b), ERR_EXPIRED);
    assert_int_equal(journal_read(f->j, 1, 0, same_as_written, &s), ERR_OK);
    assert_int_equal(s.erased, 1);
    fix_close(f);
    fix_open(f);
    assert_int_equal(fix_turn(f->j, 0, 1), ERR_OK);
    buf_fini(&b);
}

static void log_is_checkpointed_only_on_demand(void **state)
{
    struct fix *f = *state;
    uint64_t size = memvfs_size(f->m, PATH);

    for (int i = 0; i < 60; i++)
        assert_int_equal(fix_turn(f->j, 0, 50), ERR_OK);
    assert_true(memvfs_size(f->m, PATH) == size);
    assert_true(journal_wal_pages(f->j) > 200);
    assert_int_equal(journal_checkpoint(f->j, false), ERR_OK);
    assert_int_equal(journal_wal_pages(f->j), 0);
    assert_true(memvfs_size(f->m, PATH) > size);
}

static void reader_beside_the_writer(void **state)
{
    struct journal_options ro;
    struct journal *r = NULL;
    struct fix *f = *state;
    struct seen s = {.next = 1};

    assert_int_equal(fix_turn(f->j, 0, 3), ERR_OK);
    ro = f->o;
    ro.read_only = true;
    ro.rng = NULL;
    assert_int_equal(journal_open(PATH, &ro, f->crypto, &r, &f->why), ERR_OK);
    assert_int_equal(journal_epoch(r), 1);
    assert_int_equal(journal_begin(r), ERR_STATE);
    assert_int_equal(journal_secret_del(r, span_str("x")), ERR_STATE);
    assert_int_equal(journal_checkpoint(r, false), ERR_STATE);
    assert_int_equal(fix_turn(f->j, 0, 3), ERR_OK);
    assert_int_equal(journal_read(r, 1, 0, same_as_written, &s), ERR_OK);
    assert_true(s.next == 7);
    journal_close(r);
    assert_int_equal(fix_turn(f->j, 0, 1), ERR_OK);
}

static void read_only_needs_a_journal(void **state)
{
    struct fix *f = *state;
    struct journal_options ro = f->o;
    struct journal *r = NULL;

    ro.read_only = true;
    assert_int_equal(journal_open("/s/none.db", &ro, f->crypto, &r, &f->why), ERR_NOT_FOUND);
    assert_null(r);
}

static void salts_without_a_port_come_from_crypto(void **state)
{
    struct fix *f = *state;

    fix_close(f);
    f->o.rng = NULL;
    fix_open(f);
    assert_int_equal(fix_turn(f->j, 0, 100), ERR_OK);
}

static int check_row(void *ctx, const struct journal_row *row)
{
    struct fix *f = ctx;
    static uint8_t before[3][32];
    uint8_t body[32], leaf[32], hash[32];

    if (row->rec.seq == 1)
        memcpy(before[row->rec.stream], CHAIN_GENESIS, 32);
    if (row->salt.p != NULL) {
        chain_body_hash(f->crypto, row->salt.p, row->rec.body, body);
        assert_memory_equal(body, row->body_hash, 32);
    }
    chain_leaf(f->crypto, &row->rec, row->body_hash, leaf);
    chain_link(f->crypto, before[row->rec.stream], leaf, hash);
    assert_memory_equal(hash, row->hash, 32);
    memcpy(before[row->rec.stream], hash, 32);
    return row->rec.lsn == 9 ? ERR_CLOSED : ERR_OK;
}

static void rows_show_what_leaf_and_link_are_made_of(void **state)
{
    struct fix *f = *state;
    struct journal_record r;

    assert_int_equal(journal_begin(f->j), ERR_OK);
    for (uint32_t i = 0; i < 9; i++)
        assert_int_equal(fix_append(f->j, i % 3, &r), ERR_OK);
    assert_int_equal(journal_erase(f->j, 4), ERR_OK);
    assert_int_equal(journal_commit(f->j), ERR_OK);
    assert_int_equal(journal_read_rows(f->j, 1, 0, check_row, f), ERR_CLOSED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fix_setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        T(numbers_have_no_gap_in_three_streams),
        T(records_come_back_over_pages),
        T(reopening_goes_on_where_it_was),
        T(heads_come_in_order_of_stream),
        T(one_body),
        T(body_lengths),
        T(type_is_a_word),
        T(order_of_calls),
        T(callback_may_stop_but_not_write),
        T(triggers_refuse_change_and_deletion),
        T(erased_body_leaves_the_chain),
        T(log_is_checkpointed_only_on_demand),
        T(reader_beside_the_writer),
        T(read_only_needs_a_journal),
        T(salts_without_a_port_come_from_crypto),
        T(rows_show_what_leaf_and_link_are_made_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
