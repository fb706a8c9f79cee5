/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/unit/common/journal/journal_fix.h"

#define N_RECORDS 30
#define SECRETS_PAGE 64u /* as secret.c lists them */

static int setup(void **state)
{
    struct fix *f = malloc(sizeof(*f));

    fix_init(f, "verify", 5);
    fix_open(f);
    for (uint32_t i = 0; i < N_RECORDS; i++)
        if (fix_turn(f->j, i % 3, 1) != ERR_OK)
            return 1;
    *state = f;
    return 0;
}

/* The hand of somebody who owns the file: triggers and checks are out of his way, and put back. */
static void tamper(struct fix *f, const char *sql)
{
    const char *triggers = strstr(JOURNAL_STEPS[0], "CREATE TRIGGER");
    const struct db_options o = {
        .vfs = f->o.vfs, .application_id = JOURNAL_APPLICATION_ID, .sync = DB_SYNC_FULL};
    struct db *db = NULL;

    fix_close(f);
    assert_int_equal(db_open(PATH, &o, &db, &f->why), ERR_OK);
    assert_int_equal(db_exec(db, "PRAGMA ignore_check_constraints=1;"
                                 "DROP TRIGGER journal_no_delete;"
                                 "DROP TRIGGER journal_no_update"),
                     ERR_OK);
    if (db_exec(db, sql) != ERR_OK)
        fail_msg("does not run: %s", sql);
    assert_int_equal(db_exec(db, triggers), ERR_OK);
    db_close(db);
}

static int verify(struct fix *f, struct journal_report *rep)
{
    return journal_verify(PATH, f->o.vfs, f->crypto, NULL, 0, rep);
}

static void detected(struct fix *f, const char *sql, uint64_t lsn)
{
    struct journal_report rep;

    tamper(f, sql);
    if (verify(f, &rep) != ERR_CORRUPT)
        fail_msg("not detected: %s", sql);
    if (rep.first_bad_lsn != lsn)
        fail_msg("%s: lsn %llu is blamed (%s)", sql, (unsigned long long)rep.first_bad_lsn,
                 rep.why.text);
    assert_true(rep.why.text[0] != '\0');
    assert_true(lsn == 0 || rep.records == lsn - 1);
}

static void untouched_journal_verifies(void **state)
{
    struct fix *f = *state;
    struct journal_report rep;

    assert_int_equal(verify(f, &rep), ERR_OK); /* beside the open writer */
    tamper(f, "SELECT 1");
    assert_int_equal(verify(f, &rep), ERR_OK);
    assert_true(rep.records == N_RECORDS && rep.streams == 3 && rep.first_bad_lsn == 0);
    assert_string_equal(rep.why.text, "");
}

/* Record 12 has an op and an EID and a body, record 13 only a body. */
static void every_column(void **state)
{
    static const struct {
        const char *sql;
        uint64_t lsn;
    } row[] = {
        {"UPDATE journal SET epoch = 2 WHERE lsn = 12", 12},
        {"UPDATE journal SET stream = 9 WHERE lsn = 12", 12},
        {"UPDATE journal SET seq = 1000 WHERE lsn = 12", 12},
        {"UPDATE journal SET at_ms = at_ms + 1 WHERE lsn = 12", 12},
        {"UPDATE journal SET type = 'operation.arme' WHERE lsn = 12", 12},
        {"UPDATE journal SET class = class + 1 WHERE lsn = 12", 12},
        {"UPDATE journal SET class = class + 256 WHERE lsn = 12", 12},
        {"UPDATE journal SET op = randomblob(16) WHERE lsn = 12", 12},
        {"UPDATE journal SET op = NULL WHERE lsn = 12", 12},
        {"UPDATE journal SET op = zeroblob(16) WHERE lsn = 13", 13},
        {"UPDATE journal SET op = zeroblob(15) WHERE lsn = 12", 12},
        {"UPDATE journal SET eid = randomblob(16) WHERE lsn = 12", 12},
        {"UPDATE journal SET eid = NULL WHERE lsn = 12", 12},
        {"UPDATE journal SET eid = zeroblob(16) WHERE lsn = 13", 13},
        {"UPDATE journal SET salt = randomblob(16) WHERE lsn = 12", 12},
        {"UPDATE journal SET salt = zeroblob(15) WHERE lsn = 12", 12},
        {"UPDATE journal SET salt = NULL WHERE lsn = 12", 12},
        {"UPDATE journal SET body = NULL WHERE lsn = 12", 12},
        {"UPDATE journal SET body = x'' WHERE lsn = 12", 12},
        {"UPDATE journal SET body = randomblob(10) WHERE lsn = 12", 12},
        {"UPDATE journal SET body_hash = randomblob(32) WHERE lsn = 12", 12},
        {"UPDATE journal SET body_hash = zeroblob(31) WHERE lsn = 12", 12},
        {"UPDATE journal SET hash = randomblob(32) WHERE lsn = 12", 12},
        {"UPDATE journal SET hash = randomblob(32) WHERE lsn = 30", 30},
        {"UPDATE journal SET lsn = 31 WHERE lsn = 30", 30},
        {"UPDATE journal SET lsn = 1000 WHERE lsn = 12", 12},
        {"UPDATE journal SET lsn = -12 WHERE lsn = 12", 12},
    };

    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        detected(*state, row[i].sql, row[i].lsn);
        assert_int_equal(fix_teardown(state), 0);
        assert_int_equal(setup(state), 0);
    }
}

static void deletion(void **state)
{
    detected(*state, "DELETE FROM journal WHERE lsn = 12", 12);
}

static void deletion_of_the_first(void **state)
{
    detected(*state, "DELETE FROM journal WHERE lsn = 1", 1);
}

/* Numbers closed up again: the hashes still name the old ones. */
static void deletion_with_renumbering(void **state)
{
    detected(*state,
             "DELETE FROM journal WHERE lsn = 12;"
             "UPDATE journal SET lsn = -lsn, seq = seq - (stream = (12 - 1) % 3) WHERE lsn > 12;"
             "UPDATE journal SET lsn = -lsn - 1 WHERE lsn < 0",
             12);
}

static void truncation_within(void **state)
{
    detected(*state, "DELETE FROM journal WHERE lsn BETWEEN 10 AND 20", 10);
}

static void truncation_of_one_stream(void **state)
{
    detected(*state, "DELETE FROM journal WHERE stream = 1 AND lsn > 14", 17);
}

static void reordering(void **state)
{
    detected(*state,
             "UPDATE journal SET lsn = 1000 WHERE lsn = 12;"
             "UPDATE journal SET lsn = 12 WHERE lsn = 13;"
             "UPDATE journal SET lsn = 13 WHERE lsn = 1000",
             12);
}

static void reordering_within_a_stream(void **state)
{
    detected(*state,
             "UPDATE journal SET lsn = 1000, seq = 1000 WHERE lsn = 12;"
             "UPDATE journal SET lsn = 12, seq = seq - 1 WHERE lsn = 15;"
             "UPDATE journal SET lsn = 15, seq = (SELECT seq + 1 FROM journal WHERE lsn = 12)"
             " WHERE lsn = 1000",
             12);
}

static void insertion_at_the_end(void **state)
{
    detected(*state,
             "INSERT INTO journal SELECT lsn + 1, epoch, stream, seq + 1, at_ms, type, class, op,"
             " eid, salt, body, body_hash, hash FROM journal WHERE lsn = 30",
             31);
}

static void insertion_within(void **state)
{
    detected(*state,
             "UPDATE journal SET lsn = -lsn WHERE lsn > 12;"
             "UPDATE journal SET lsn = -lsn + 1 WHERE lsn < 0;"
             "INSERT INTO journal SELECT 13, epoch, 9, 1, at_ms, type, class, op, eid, salt, body,"
             " body_hash, hash FROM journal WHERE lsn = 12",
             13);
}

/* The index by which a start finds the streams leads in a circle: the last entry of stream 2, record 30,
 * has become a text, which is above every number and reads as 0. */
static void a_corrupt_index_of_streams_is_refused(void **state)
{
    static const uint8_t entry[] = {4, 1, 1, 1, 2, 10, 30};
    struct fix *f = *state;
    struct journal_report rep;
    const uint8_t *file;
    unsigned found = 0;
    size_t n = 0;

    assert_int_equal(journal_checkpoint(f->j, true), ERR_OK);
    fix_close(f);
    file = memvfs_content(f->m, PATH, &n);
    assert_non_null(file);
    for (size_t at = 0; at + sizeof entry <= n; at++)
        if (memcmp(file + at, entry, sizeof entry) == 0 && found++ == 0)
            assert_true(memvfs_flip(f->m, PATH, at + 1, 0x0E));
    assert_int_equal(found, 1);
    assert_int_equal(journal_open(PATH, &f->o, f->crypto, &f->j, &f->why), ERR_CORRUPT);
    assert_non_null(strstr(f->why.text, "streams"));
    assert_int_equal(verify(f, &rep), ERR_CORRUPT);
}

static int count_secret(void *ctx, struct span id, uint32_t kek_version)
{
    (void)id;
    (void)kek_version;
    return ++*(unsigned *)ctx > 10000 ? ERR_FULL : ERR_OK;
}

/* A listing goes on behind the last id of its page: an index in which that one has become the least of all would
 * lead it back to the first. */
static void a_corrupt_index_of_secrets_is_refused(void **state)
{
    struct fix *f = *state;
    const uint8_t *file;
    unsigned found = 0, refused = 0;
    size_t n = 0;
    char id[16];

    assert_int_equal(journal_begin(f->j), ERR_OK);
    for (unsigned i = 0; i < 3 * SECRETS_PAGE; i++) {
        (void)snprintf(id, sizeof id, "secret-%04u", i);
        assert_int_equal(journal_secret_put(f->j, span_str(id), 1, span_str("sealed")), ERR_OK);
    }
    assert_int_equal(journal_commit(f->j), ERR_OK);
    assert_int_equal(journal_checkpoint(f->j, true), ERR_OK);
    fix_close(f);
    (void)snprintf(id, sizeof id, "secret-%04u", SECRETS_PAGE - 1);
    file = memvfs_content(f->m, PATH, &n);
    assert_non_null(file);
    for (size_t at = 0; at + 11 <= n; at++) {
        unsigned listed = 0;
        if (memcmp(file + at, id, 11) != 0)
            continue;
        found++;
        assert_true(memvfs_flip(f->m, PATH, at, 0x70));
        fix_open(f);
        refused += journal_secret_each(f->j, count_secret, &listed) == ERR_CORRUPT;
        assert_true(listed <= 3 * SECRETS_PAGE);
        fix_close(f);
        assert_true(memvfs_flip(f->m, PATH, at, 0x70));
    }
    assert_true(found >= 1);
    assert_int_equal(refused, 1); /* in the index; in the table it is a name */
}

static void missing_trigger(void **state)
{
    struct fix *f = *state;
    struct journal_report rep;

    tamper(f, "SELECT 1");
    assert_int_equal(verify(f, &rep), ERR_OK);
    {
        const struct db_options o = {
            .vfs = f->o.vfs, .application_id = JOURNAL_APPLICATION_ID, .sync = DB_SYNC_FULL};
        struct db *db = NULL;

        assert_int_equal(db_open(PATH, &o, &db, &f->why), ERR_OK);
        assert_int_equal(db_exec(db, "DROP TRIGGER journal_no_update"), ERR_OK);
        assert_int_equal(verify(f, &rep), ERR_CORRUPT);
        assert_non_null(strstr(rep.why.text, "journal_no_update"));
        assert_int_equal(db_exec(db, "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"
                                     " WHEN 0 BEGIN SELECT 1; END"),
                         ERR_OK);
        assert_int_equal(verify(f, &rep), ERR_CORRUPT);
        db_close(db);
    }
    /* Nor does the daemon write to such a file. */
    assert_int_equal(journal_open(PATH, &f->o, f->crypto, &f->j, &f->why), ERR_CORRUPT);
    assert_non_null(strstr(f->why.text, "journal_no_update"));
}

static void foreign_object_in_the_schema(void **state)
{
    detected(*state, "CREATE TABLE zzz(a)", 0);
}

static void missing_table(void **state)
{
    detected(*state, "DROP TABLE secret", 0);
}

/* What the file alone cannot show: the tail cut off cleanly. A head kept elsewhere does. */
static void cut_tail_needs_a_head(void **state)
{
    struct fix *f = *state;
    struct journal_head head[3];
    struct journal_report rep;

    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(journal_head(f->j, i, &head[i]), ERR_OK);
    tamper(f, "SELECT 1");
    assert_int_equal(journal_verify(PATH, f->o.vfs, f->crypto, head, 3, &rep), ERR_OK);
    tamper(f, "DELETE FROM journal WHERE lsn > 27");
    assert_int_equal(verify(f, &rep), ERR_OK);
    assert_true(rep.records == 27);
    assert_int_equal(journal_verify(PATH, f->o.vfs, f->crypto, head, 3, &rep), ERR_CORRUPT);
    assert_true(rep.first_bad_lsn == head[0].lsn);
}

static void rewritten_tail_needs_a_head(void **state)
{
    struct fix *f = *state;
    struct journal_head head;
    struct journal_report rep;

    assert_int_equal(journal_head(f->j, 0, &head), ERR_OK);
    tamper(f, "DELETE FROM journal WHERE lsn > 27");
    fix_open(f);
    assert_int_equal(fix_turn(f->j, 0, 3), ERR_OK);
    assert_int_equal(verify(f, &rep), ERR_OK);
    assert_int_equal(journal_verify(PATH, f->o.vfs, f->crypto, &head, 1, &rep), ERR_CORRUPT);
}

static int ignore(void *ctx, const struct journal_record *r)
{
    *(uint64_t *)ctx = r->lsn;
    return 0;
}

static void reading_stops_before_the_first_lie(void **state)
{
    struct fix *f = *state;
    struct buf b;
    uint64_t last = 0;

    buf_init(&b, 0);
    tamper(f, "UPDATE journal SET body = x'00' WHERE lsn = 12;"
              "UPDATE journal SET at_ms = 0 WHERE lsn = 20");
    fix_open(f);
    assert_int_equal(journal_get(f->j, 12, NULL, &b), ERR_CORRUPT);
    assert_int_equal(b.n, 0);
    assert_int_equal(journal_read(f->j, 1, 0, ignore, &last), ERR_CORRUPT);
    assert_true(last == 11);
    assert_int_equal(journal_read(f->j, 13, 0, ignore, &last), ERR_CORRUPT);
    assert_true(last == 19);
    assert_int_equal(journal_read(f->j, 21, 0, ignore, &last), ERR_OK);
    assert_true(last == 30);
    buf_fini(&b);
}

static void broken_tail_is_not_built_on(void **state)
{
    struct fix *f = *state;

    tamper(f, "UPDATE journal SET at_ms = 0 WHERE lsn = 29");
    assert_int_equal(journal_open(PATH, &f->o, f->crypto, &f->j, &f->why), ERR_CORRUPT);
    assert_non_null(strstr(f->why.text, "lsn 29"));
}

/* Any octet of the file: an error or the written records, never something else. */
static void flipped_bits_never_lie(void **state)
{
    struct fix *f = *state;
    struct journal_report rep;
    struct rng rng;
    unsigned found = 0;
    uint64_t size;

    tamper(f, "SELECT 1");
    size = memvfs_size(f->m, PATH);
    rng_init_seeded(&rng, 77);
    for (int i = 0; i < 3000; i++) {
        uint64_t at = rng_below(&rng, size);
        uint8_t mask = (uint8_t)(1u << rng_below(&rng, 8));
        int err;

        assert_true(memvfs_flip(f->m, PATH, at, mask));
        err = verify(f, &rep);
        found += err != ERR_OK;
        /* Unused octets of a page and the counters of the file header carry nothing. */
        if (err == ERR_OK)
            assert_true(rep.records == N_RECORDS && rep.streams == 3 && rep.erased == 0);
        assert_true(memvfs_flip(f->m, PATH, at, mask));
    }
    assert_int_equal(verify(f, &rep), ERR_OK);
    print_message("%u of 3000 flips were seen, the others hit nothing that counts\n", found);
    assert_true(found > 500);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fix_teardown)
    const struct CMUnitTest tests[] = {
        T(untouched_journal_verifies),
        T(every_column),
        T(deletion),
        T(deletion_of_the_first),
        T(deletion_with_renumbering),
        T(truncation_within),
        T(truncation_of_one_stream),
        T(reordering),
        T(reordering_within_a_stream),
        T(insertion_at_the_end),
        T(insertion_within),
        T(a_corrupt_index_of_streams_is_refused),
        T(a_corrupt_index_of_secrets_is_refused),
        T(missing_trigger),
        T(foreign_object_in_the_schema),
        T(missing_table),
        T(cut_tail_needs_a_head),
        T(rewritten_tail_needs_a_head),
        T(reading_stops_before_the_first_lie),
        T(broken_tail_is_not_built_on),
        T(flipped_bits_never_lie),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
