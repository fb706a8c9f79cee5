/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/common/journal/journal_fix.h"

/* Power cuts under the journal as it is: what was acknowledged is there afterwards, what is there
 * verifies, and a secret is there exactly with its record. */
#define CUTS 2000

struct tally {
    unsigned cuts, lost, broken, split, acked;
};

static struct span secret_id(uint64_t lsn, uint8_t dst[8])
{
    struct writer w = wr_init(dst, 8);

    wr_u64(&w, lsn);
    return wr_view(&w);
}

/* Each record brings a secret, each fifth ends that of the record four before it. */
static bool has_secret(uint64_t lsn, uint64_t last)
{
    return lsn <= last && (lsn % 5 != 1 || lsn + 4 > last);
}

static int move_secrets(struct journal *j, uint64_t lsn)
{
    uint8_t id[8];
    int err = journal_secret_put(j, secret_id(lsn, id), 1, span_str("sealed"));

    if (err == ERR_OK && lsn % 5 == 0)
        err = journal_secret_del(j, secret_id(lsn - 4, id));
    return err;
}

/* One to three records in one commit, now and then a checkpoint after it. */
static int turn(struct journal *j, struct rng *rng, struct journal_head *ret)
{
    struct journal_record r = {0};
    uint64_t n = 1 + rng_below(rng, 3);
    int err = journal_begin(j);

    for (uint64_t i = 0; i < n && err == ERR_OK; i++) {
        err = fix_append(j, (uint32_t)rng_below(rng, 3), &r);
        if (err == ERR_OK)
            err = move_secrets(j, r.lsn);
    }
    if (err == ERR_OK)
        err = journal_commit(j);
    if (err == ERR_OK)
        err = journal_head(j, r.stream, ret);
    if (err == ERR_OK && rng_below(rng, 6) == 0)
        err = journal_checkpoint(j, rng_below(rng, 2) == 0);
    return err;
}

/* Until the power goes; the head of the newest acknowledged turn is what may not be lost. */
static uint64_t live(struct fix *f, enum db_sync sync, struct rng *rng, struct journal_head *ret)
{
    struct journal_head head = {0};
    uint64_t acked = 0;

    memvfs_cut_after(f->m, 1 + rng_below(rng, 150));
    if (journal_open_with(PATH, &f->o, sync, f->crypto, &f->j, &f->why) == ERR_OK) {
        while (!memvfs_is_cut(f->m)) {
            uint64_t before = journal_durable_lsn(f->j);
            int err = turn(f->j, rng, &head);

            if (journal_durable_lsn(f->j) > before) {
                acked = journal_durable_lsn(f->j);
                if (journal_head(f->j, head.stream, ret) != ERR_OK)
                    abort();
            }
            if (err != ERR_OK)
                break;
        }
    }
    fix_close(f);
    return acked;
}

static void check_after(struct fix *f, uint64_t acked, const struct journal_head *head,
                        struct tally *t)
{
    struct journal_report rep;
    uint8_t id[8];
    struct buf b;
    size_t n_heads;
    uint64_t last;

    t->cuts++;
    if (journal_open(PATH, &f->o, f->crypto, &f->j, &f->why) != ERR_OK) {
        t->broken++;
        return;
    }
    last = journal_last_lsn(f->j);
    t->acked += acked > 0;
    if (last < acked)
        t->lost++;
    buf_init(&b, 0);
    for (uint64_t lsn = 1; lsn <= last + 3; lsn++) {
        int err = journal_secret_get(f->j, secret_id(lsn, id), NULL, &b);

        if ((err == ERR_OK) != has_secret(lsn, last))
            t->split++;
    }
    buf_fini(&b);
    if (fix_turn(f->j, 1, 2) != ERR_OK)
        t->broken++;
    fix_close(f);
    n_heads = head != NULL && head->seq > 0 && last >= acked;
    if (journal_verify(PATH, f->o.vfs, f->crypto, head, n_heads, &rep) != ERR_OK ||
        rep.records != last + 2)
        t->broken++;
}

static struct tally cuts(enum db_sync sync, uint64_t from, uint64_t n)
{
    struct tally t = {0};

    for (uint64_t seed = from; seed < from + n; seed++) {
        struct journal_head head = {0};
        struct fix f;
        struct rng rng;
        uint64_t acked;

        fix_init(&f, "power", seed);
        rng_init_seeded(&rng, seed * 3 + 1);
        acked = live(&f, sync, &rng, &head);
        memvfs_crash(f.m, MEMVFS_ANY, NULL);
        check_after(&f, acked, &head, &t);
        fix_fini(&f);
    }
    return t;
}

static void full_loses_nothing(void **state)
{
    struct tally t = cuts(DB_SYNC_FULL, 1, CUTS);

    (void)state;
    print_message("%u cuts, %u after acknowledged turns: lost %u, broken %u, split %u\n", t.cuts,
                  t.acked, t.lost, t.broken, t.split);
    assert_int_equal(t.cuts, CUTS);
    assert_true(t.acked > CUTS / 2);
    assert_int_equal(t.lost, 0);
    assert_int_equal(t.broken, 0);
    assert_int_equal(t.split, 0);
}

/* The control: with NORMAL the same test must see losses, else it proves nothing above. */
static void normal_loses_and_is_caught(void **state)
{
    struct tally t = cuts(DB_SYNC_NORMAL, 1, CUTS / 4);

    (void)state;
    print_message("%u cuts: lost %u, broken %u, split %u\n", t.cuts, t.lost, t.broken, t.split);
    assert_true(t.lost > 20);
    assert_int_equal(t.broken, 0); /* it loses turns, never parts of them */
    assert_int_equal(t.split, 0);
}

/* A disk that ignores flushes is caught too. */
static void lying_disk_is_caught(void **state)
{
    unsigned lost = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct fix f;

        fix_init(&f, "liar", seed);
        fix_open(&f);
        assert_int_equal(journal_checkpoint(f.j, true), ERR_OK);
        memvfs_set_lying_sync(f.m, true);
        for (int i = 0; i < 5; i++)
            assert_int_equal(fix_turn(f.j, 0, 2), ERR_OK);
        memvfs_crash(f.m, MEMVFS_DROP, NULL);
        fix_close(&f);
        memvfs_set_lying_sync(f.m, false);
        fix_open(&f);
        lost += journal_last_lsn(f.j) < 10;
        fix_fini(&f);
    }
    assert_int_equal(lost, 20);
}

static void failing_commit_fails_the_journal(void **state)
{
    struct journal_report rep;
    struct buf b;
    struct fix f;

    (void)state;
    buf_init(&b, 0);
    fix_init(&f, "commit", 9);
    fix_open(&f);
    assert_int_equal(fix_turn(f.j, 0, 3), ERR_OK);
    assert_int_equal(journal_begin(f.j), ERR_OK);
    assert_int_equal(fix_append(f.j, 0, NULL), ERR_OK);
    assert_int_equal(journal_secret_put(f.j, span_str("id"), 1, span_str("sealed")), ERR_OK);
    memvfs_fail(f.m, MEMVFS_SYNC, 1);
    assert_int_equal(journal_commit(f.j), ERR_IO);
    assert_true(journal_failed(f.j));
    assert_true(journal_durable_lsn(f.j) == 3);
    assert_int_equal(journal_begin(f.j), ERR_IO);
    assert_int_equal(journal_commit(f.j), ERR_IO);
    assert_int_equal(journal_checkpoint(f.j, true), ERR_IO);
    assert_int_equal(journal_secret_put(f.j, span_str("id"), 1, span_str("sealed")), ERR_IO);
    fix_close(&f);
    memvfs_crash(f.m, MEMVFS_DROP, NULL);
    fix_open(&f);
    assert_true(journal_last_lsn(f.j) == 3);
    assert_int_equal(journal_secret_get(f.j, span_str("id"), NULL, &b), ERR_NOT_FOUND);
    fix_close(&f);
    assert_int_equal(journal_verify(PATH, f.o.vfs, f.crypto, NULL, 0, &rep), ERR_OK);
    buf_fini(&b);
    fix_fini(&f);
}

/* Every write and every sync of a run fails once in its turn: error or success, nothing between. */
static void each_io_error_is_clean(void **state)
{
    static const enum memvfs_op op[] = {MEMVFS_WRITE, MEMVFS_SYNC, MEMVFS_TRUNCATE, MEMVFS_READ};

    (void)state;
    for (size_t k = 0; k < sizeof(op) / sizeof(op[0]); k++) {
        bool hit = true;

        for (uint64_t n = 1; hit; n++) {
            struct journal_head head = {0};
            struct tally t = {0};
            struct rng rng;
            uint64_t acked = 0;
            struct fix f;

            fix_init(&f, "each", n);
            rng_init_seeded(&rng, 4);
            memvfs_fail(f.m, op[k], n);
            if (journal_open(PATH, &f.o, f.crypto, &f.j, &f.why) == ERR_OK) {
                for (int i = 0; i < 12 && turn(f.j, &rng, &head) == ERR_OK; i++)
                    acked = journal_durable_lsn(f.j);
                acked = journal_durable_lsn(f.j);
            }
            hit = memvfs_count(f.m, op[k]) >= n;
            memvfs_fail(f.m, op[k], 0);
            fix_close(&f);
            memvfs_crash(f.m, MEMVFS_ANY, NULL);
            check_after(&f, acked, NULL, &t);
            if (t.lost + t.broken + t.split > 0)
                fail_msg("operation %d, number %llu: lost %u broken %u split %u", (int)op[k],
                         (unsigned long long)n, t.lost, t.broken, t.split);
            fix_fini(&f);
        }
    }
}

static void full_disk_stops_and_room_heals(void **state)
{
    struct journal_report rep;
    uint64_t acked;
    struct fix f;
    int err = ERR_OK;

    (void)state;
    fix_init(&f, "fulldisk", 9);
    fix_open(&f);
    memvfs_set_limit(f.m, memvfs_used(f.m) + 40000);
    for (int i = 0; i < 1000 && err == ERR_OK; i++)
        err = fix_turn(f.j, 0, 4);
    assert_int_equal(err, ERR_IO);
    acked = journal_durable_lsn(f.j);
    assert_true(acked > 0);
    fix_close(&f);
    memvfs_set_limit(f.m, 0);
    fix_open(&f);
    assert_true(journal_last_lsn(f.j) == acked);
    assert_int_equal(fix_turn(f.j, 0, 4), ERR_OK);
    fix_close(&f);
    assert_int_equal(journal_verify(PATH, f.o.vfs, f.crypto, NULL, 0, &rep), ERR_OK);
    fix_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_loses_nothing),
        cmocka_unit_test(normal_loses_and_is_caught),
        cmocka_unit_test(lying_disk_is_caught),
        cmocka_unit_test(failing_commit_fails_the_journal),
        cmocka_unit_test(each_io_error_is_clean),
        cmocka_unit_test(full_disk_stops_and_room_heals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
