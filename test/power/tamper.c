/* SPDX-License-Identifier: Apache-2.0 */
#include "test/power/tamper.h"

#include "common/journal/journal_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX (2 * TAMPER_ROWS + 16)

/* Columns as they are stored: lsn epoch stream seq at_ms class are numbers, the others octets. */
enum { LSN, EPOCH, STREAM, SEQ, AT_MS, TYPE, CLASS, OP, EID, SALT, BODY, BODY_HASH, HASH, COLUMNS };
static bool is_number(unsigned c)
{
    return c <= AT_MS || c == CLASS;
}

struct column {
    int64_t n;
    struct span s; /* {NULL, 0}: NULL */
};
struct row {
    struct column c[COLUMNS];
};
struct log {
    struct row rows[ROWS_MAX];
    size_t n;
};

enum kind { FLIP, TAKE_OUT, CLOSE_UP, PUT_IN, MOVE, CUT_OFF, FORGE, KINDS };
const char *const TAMPER_KINDS[] = {"bits of a column", "deleted", "deleted and renumbered", "inserted",
                                    "reordered", "cut off", "forged with its chain", NULL};

struct tamper {
    struct memvfs *disk;
    struct crypto *crypto;
    struct rng rng;
    struct arena mem; /* of one change */
    struct journal_head heads[POWER_HEADS];
    size_t n_heads;
    struct log base, now;
    struct arena base_mem;
};

static size_t below(struct tamper *t, size_t n)
{
    return (size_t)rng_below(&t->rng, n);
}

/* --- the file --- */
static int open_file(struct tamper *t, struct db **ret)
{
    const struct db_options o = {.vfs = memvfs_name(t->disk), .application_id = JOURNAL_APPLICATION_ID,
                                 .sync = DB_SYNC_NORMAL};
    struct errmsg why;

    return db_open(POWER_JOURNAL, &o, ret, &why);
}

static int read_row(void *ctx, struct stmt *st)
{
    struct tamper *t = ctx;
    struct row *r = &t->base.rows[t->base.n++];

    for (unsigned c = 0; c < COLUMNS; c++) {
        struct span s;
        if (is_number(c)) {
            r->c[c].n = stmt_i64(st, (int)c);
            continue;
        }
        s = c == TYPE ? stmt_text(st, (int)c) : stmt_blob(st, (int)c);
        r->c[c].s = s.p ? span_of(arena_dup(&t->base_mem, s.p, s.n), s.n) : s;
    }
    return t->base.n < TAMPER_ROWS + 16 ? ERR_OK : ERR_FULL;
}

static int read_base(struct tamper *t)
{
    struct stmt_set *sql = NULL;
    struct errmsg why;
    struct db *db = NULL;
    int err = open_file(t, &db);

    if (!err)
        err = stmt_set_new(db, JOURNAL_SQL, SQL_COUNT, &sql, &why);
    if (!err) {
        stmt_bind_u64(stmt_at(sql, SQL_PAGE), 1, 1);
        stmt_bind_u64(stmt_at(sql, SQL_PAGE), 2, ROWS_MAX);
        err = stmt_each(stmt_at(sql, SQL_PAGE), read_row, t);
    }
    stmt_set_free(sql);
    db_close(db);
    return err;
}

static int insert(struct stmt *st, const struct row *r)
{
    for (unsigned c = 0; c < COLUMNS; c++) {
        if (is_number(c))
            stmt_bind_i64(st, (int)c + 1, r->c[c].n);
        else if (c == TYPE)
            stmt_bind_text(st, (int)c + 1, r->c[c].s);
        else
            stmt_bind_blob(st, (int)c + 1, r->c[c].s);
    }
    return stmt_run(st);
}

/* Triggers and checks are out of the way and put back. An error: no such table can be stored. */
static int write_log(struct tamper *t)
{
    const char *triggers = strstr(JOURNAL_STEPS[0], "CREATE TRIGGER");
    struct stmt_set *sql = NULL;
    struct errmsg why;
    struct db *db = NULL;
    int err = open_file(t, &db);

    if (!err)
        err = db_exec(db, "PRAGMA ignore_check_constraints=1; BEGIN IMMEDIATE; DROP TRIGGER journal_no_delete;"
                          "DROP TRIGGER journal_no_update; DELETE FROM journal");
    if (!err)
        err = stmt_set_new(db, &JOURNAL_SQL[SQL_INSERT], 1, &sql, &why);
    for (size_t i = 0; !err && i < t->now.n; i++)
        err = insert(stmt_at(sql, 0), &t->now.rows[i]);
    stmt_set_free(sql);
    if (!err)
        err = db_exec(db, triggers);
    if (!err)
        err = db_exec(db, "COMMIT");
    db_close(db);
    return err;
}

/* --- changes --- */
static void flip(struct tamper *t)
{
    struct row *r = &t->now.rows[below(t, t->now.n)];
    unsigned c = (unsigned)below(t, COLUMNS);
    uint8_t *p;

    if (is_number(c)) {
        r->c[c].n ^= INT64_C(1) << below(t, 63);
        return;
    }
    if (r->c[c].s.n == 0)
        return;
    p = arena_dup(&t->mem, r->c[c].s.p, r->c[c].s.n);
    for (size_t n = 1 + below(t, 8); n > 0; n--)
        p[below(t, r->c[c].s.n)] ^= (uint8_t)(1u << below(t, 8));
    r->c[c].s.p = p;
}

static void take_out(struct log *l, size_t at, size_t n)
{
    memmove(&l->rows[at], &l->rows[at + n], (l->n - at - n) * sizeof l->rows[0]);
    l->n -= n;
}

static void put_in(struct log *l, size_t at, const struct row *r)
{
    const struct row copy = *r;

    memmove(&l->rows[at + 1], &l->rows[at], (l->n - at) * sizeof l->rows[0]);
    l->rows[at] = copy;
    l->n++;
}

static void swap(struct tamper *t)
{
    struct row *a = &t->now.rows[below(t, t->now.n)], *b = &t->now.rows[below(t, t->now.n)];
    const struct row copy = *a;
    int64_t lsn = a->c[LSN].n, seq = a->c[SEQ].n;

    *a = *b;
    a->c[LSN].n = lsn;
    a->c[SEQ].n = seq;
    lsn = b->c[LSN].n;
    seq = b->c[SEQ].n;
    *b = copy;
    b->c[LSN].n = lsn;
    b->c[SEQ].n = seq;
}

/* lsn and seq without a gap in the order in which the rows stand. */
static void renumber(struct log *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct row *r = &l->rows[i];
        r->c[LSN].n = (int64_t)i + 1;
        r->c[SEQ].n = 1;
        for (size_t k = i; k-- > 0;)
            if (l->rows[k].c[STREAM].n == r->c[STREAM].n) {
                r->c[SEQ].n = l->rows[k].c[SEQ].n + 1;
                break;
            }
    }
}

static void change(struct tamper *t, enum kind k)
{
    struct log *l = &t->now;
    size_t at = below(t, l->n), n = 1 + below(t, 3);

    switch (k) {
    case FLIP: flip(t); break;
    case TAKE_OUT:
    case CLOSE_UP: take_out(l, at, at + n <= l->n ? n : 1); break;
    case PUT_IN: put_in(l, at, &l->rows[below(t, l->n)]); break;
    case MOVE: swap(t); break;
    case CUT_OFF: l->n -= 1 + below(t, l->n - 1); break;
    default: break;
    }
    if (k == CLOSE_UP || (k == PUT_IN && below(t, 2)))
        renumber(l);
}

/* All hashes anew: only a head that is kept elsewhere shows it. */
static void forge(struct tamper *t)
{
    for (size_t i = 0; i < t->now.n; i++) {
        struct row *r = &t->now.rows[i];
        struct journal_record rec = {
            .lsn = (uint64_t)r->c[LSN].n, .epoch = (uint32_t)r->c[EPOCH].n, .stream = (uint32_t)r->c[STREAM].n,
            .seq = (uint64_t)r->c[SEQ].n, .at_ms = r->c[AT_MS].n, .class_ = (uint8_t)r->c[CLASS].n};
        uint8_t *body_hash = arena_alloc(&t->mem, 32), *hash = arena_alloc(&t->mem, 32), leaf[32];
        const uint8_t *before = CHAIN_GENESIS;

        memcpy(rec.type, r->c[TYPE].s.p, r->c[TYPE].s.n < 31 ? r->c[TYPE].s.n : 31);
        if (r->c[EID].s.n == 16)
            memcpy(rec.eid.b, r->c[EID].s.p, 16);
        if (r->c[OP].s.n == 16)
            memcpy(rec.op.b, r->c[OP].s.p, 16);
        for (size_t k = 0; k < i; k++)
            if (t->now.rows[k].c[STREAM].n == r->c[STREAM].n)
                before = t->now.rows[k].c[HASH].s.p;
        chain_body_hash(t->crypto, r->c[SALT].s.p, r->c[BODY].s, body_hash);
        chain_leaf(t->crypto, &rec, body_hash, leaf);
        chain_link(t->crypto, before, leaf, hash);
        r->c[BODY_HASH].s = span_of(body_hash, 32);
        r->c[HASH].s = span_of(hash, 32);
    }
}

/* All of b stands at the beginning of a. */
static bool begins_with(const struct log *a, const struct log *b)
{
    if (a->n < b->n)
        return false;
    for (size_t i = 0; i < b->n; i++)
        for (unsigned c = 0; c < COLUMNS; c++)
            if (a->rows[i].c[c].n != b->rows[i].c[c].n || !span_eq(a->rows[i].c[c].s, b->rows[i].c[c].s))
                return false;
    return true;
}

/* Once in a while, how well a forger did: without the heads his log verifies. */
static int try_one(struct tamper *t, enum kind k, struct tamper_tally *tally)
{
    struct journal_report rep;
    int err;

    memcpy(&t->now, &t->base, sizeof t->now);
    change(t, k == FORGE ? (enum kind)below(t, FORGE) : k);
    if (k == FORGE) {
        renumber(&t->now);
        forge(t);
    }
    /* Nothing was changed, or it cannot be stored. A well made record behind the last head is one that any
     * daemon might have written: heads vouch for what is before them. */
    if ((begins_with(&t->now, &t->base) && (k == FORGE || t->now.n == t->base.n)) || write_log(t))
        return ERR_OK;
    tally->tried++;
    tally->kinds[k]++;
    err = journal_verify(POWER_JOURNAL, memvfs_name(t->disk), t->crypto, t->heads, t->n_heads, &rep);
    if (err == ERR_CORRUPT) {
        tally->found++;
        return ERR_OK;
    }
    tally->missed++;
    printf("not found (%s): %s\n", TAMPER_KINDS[k], err_text(err));
    return ERR_OK;
}

static int controls(struct tamper *t)
{
    struct journal_report rep;
    int err;

    memcpy(&t->now, &t->base, sizeof t->now);
    err = write_log(t); /* untouched: it must verify */
    if (!err)
        err = journal_verify(POWER_JOURNAL, memvfs_name(t->disk), t->crypto, t->heads, t->n_heads, &rep);
    if (err)
        printf("the untouched log does not verify: %s\n", rep.why.text);
    memcpy(&t->now, &t->base, sizeof t->now);
    t->now.n -= 2;
    forge(t);
    if (!err)
        err = write_log(t);
    if (!err) /* without the heads a good forgery cannot be seen: it is them that find it */
        err = journal_verify(POWER_JOURNAL, memvfs_name(t->disk), t->crypto, NULL, 0, &rep);
    return err;
}

int tamper_rows(const struct power_plan *p, uint64_t seed, uint64_t n, struct tamper_tally *tally)
{
    struct tamper *t = calloc(1, sizeof *t);
    int err;

    if (!t)
        return ERR_NOMEM;
    t->disk = memvfs_register("tamper", seed);
    t->crypto = crypto_new(NULL);
    rng_init_seeded(&t->rng, seed);
    arena_init(&t->mem, 0);
    arena_init(&t->base_mem, 0);
    power_write(p, t->disk, TAMPER_ROWS, t->heads, &t->n_heads);
    err = read_base(t);
    if (!err)
        err = controls(t);
    for (uint64_t i = 0; !err && tally->tried < n && i < 3 * n; i++) {
        err = try_one(t, (enum kind)below(t, KINDS), tally);
        arena_reset(&t->mem);
    }
    arena_fini(&t->mem);
    arena_fini(&t->base_mem);
    crypto_free(t->crypto);
    memvfs_free(t->disk);
    free(t);
    return err;
}
