/* SPDX-License-Identifier: Apache-2.0 */
/* Bits of the files turned over, as a bad disk or hand does it: either somebody says corrupt, or what is
 * read is what was written. */
#include "common/crypto/keystore.h"
#include "common/journal/journal_int.h"
#include "test/power/mirror.h"
#include "test/power/tamper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 4u
static const char *const FILE_OF[FILES] = {POWER_JOURNAL, POWER_JOURNAL "-wal", POWER_STATE, POWER_STATE "-wal"};

struct image {
    uint8_t *p;
    size_t n;
};
struct known { /* a record as it was written */
    uint8_t hash[32];
    struct span body;
};
struct sealed { /* a secret as it was sealed; what is in it follows from its place */
    char id[SCRIPT_SECRET];
    struct secret_place at;
    struct buf octets;
};
struct flips {
    const struct power_plan *p;
    struct memvfs *disk;
    struct crypto *crypto;
    struct clock clock;
    struct rng rng;
    struct arena mem;
    struct image file[FILES];
    struct journal_head heads[POWER_HEADS];
    size_t n_heads;
    struct known known[TAMPER_ROWS + 64];
    size_t n_known;
    struct keystore *keys;
    struct sealed sealed[TAMPER_ROWS + 64];
    size_t n_sealed;
    bool wrong;
};

static int keep_record(void *ctx, const struct journal_row *row)
{
    struct flips *f = ctx;
    struct known *k = &f->known[f->n_known++];

    memcpy(k->hash, row->hash, 32);
    k->body = span_of(arena_dup(&f->mem, row->rec.body.p, row->rec.body.n), row->rec.body.n);
    return f->n_known < TAMPER_ROWS + 64 ? ERR_OK : ERR_FULL;
}

static int compare_record(void *ctx, const struct journal_row *row)
{
    struct flips *f = ctx;

    if (row->rec.lsn == 0 || row->rec.lsn > f->n_known)
        f->wrong = true;
    else if (memcmp(f->known[row->rec.lsn - 1].hash, row->hash, 32) != 0 ||
             !span_eq(f->known[row->rec.lsn - 1].body, row->rec.body))
        f->wrong = true;
    return ERR_OK;
}

/* --- secrets --- */
static int list_secret(void *ctx, struct span id, uint32_t kek_version)
{
    struct flips *f = ctx;
    struct sealed *s = &f->sealed[f->n_sealed++];

    (void)kek_version;
    memcpy(s->id, id.p, id.n < sizeof s->id - 1 ? id.n : 0);
    s->at = (struct secret_place){.tenant = 1, .purpose = "esk"};
    s->at.id[0] = (uint8_t)f->n_sealed;
    buf_init(&s->octets, 0);
    return f->n_sealed < TAMPER_ROWS + 64 ? ERR_OK : ERR_FULL;
}

static struct span plain_of(const struct sealed *s)
{
    return span_of(s->at.id, sizeof s->at.id);
}

/* The secrets of the script are dummies: real ones take their places. */
static int seal_secrets(struct flips *f)
{
    const struct journal_options o = {.vfs = memvfs_name(f->disk)};
    uint8_t kek[32] = {7};
    struct journal *j = NULL;
    struct errmsg why;
    int err = keystore_new(f->crypto, span_of(kek, sizeof kek), 1, &f->keys);

    if (!err)
        err = journal_open(POWER_JOURNAL, &o, f->crypto, &j, &why);
    if (!err)
        err = journal_secret_each(j, list_secret, f);
    for (size_t i = 0; !err && i < f->n_sealed; i++) {
        struct sealed *s = &f->sealed[i];
        err = keystore_seal(f->keys, &s->at, plain_of(s), &s->octets);
        if (!err)
            err = journal_secret_rewrap(j, span_str(s->id), 1, buf_span(&s->octets));
    }
    memvfs_crash(f->disk, MEMVFS_KEEP, NULL);
    journal_close(j);
    return err;
}

/* A secret is absent, or it does not open, or it is the one that was sealed. */
static void read_secrets(struct flips *f, struct journal *j)
{
    for (size_t i = 0; i < f->n_sealed; i++) {
        struct sealed *s = &f->sealed[i];
        struct buf got, plain;
        buf_init(&got, 0);
        buf_init(&plain, 0);
        if (!journal_secret_get(j, span_str(s->id), NULL, &got) &&
            !keystore_open(f->keys, &s->at, buf_span(&got), &plain) &&
            !span_eq(buf_span(&plain), plain_of(s)))
            f->wrong = true;
        buf_fini(&got);
        buf_fini(&plain);
    }
}

/* Reads as a starting daemon does. */
static int read_log(struct flips *f, journal_row_fn fn)
{
    const struct journal_options o = {.vfs = memvfs_name(f->disk), .read_only = true};
    struct errmsg why;
    struct journal *j = NULL;
    int err = journal_open(POWER_JOURNAL, &o, f->crypto, &j, &why);

    if (!err)
        err = journal_read_rows(j, 1, 0, fn, f);
    if (j)
        read_secrets(f, j);
    journal_close(j);
    return err;
}

static void restore(struct flips *f)
{
    for (unsigned i = 0; i < FILES; i++)
        if (f->file[i].p)
            memvfs_put(f->disk, FILE_OF[i], f->file[i].p, f->file[i].n);
}

/* Half of them few: many are seen anyway. */
static void turn_over(struct flips *f, unsigned first)
{
    uint64_t bits = 1 + rng_below(&f->rng, rng_below(&f->rng, 2) ? 4 : 64);

    while (bits-- > 0) {
        unsigned i = first + (f->file[first + 1].n > 0 && rng_below(&f->rng, 2));
        uint8_t mask = (uint8_t)(1u << rng_below(&f->rng, 8));
        (void)memvfs_flip(f->disk, FILE_OF[i], rng_below(&f->rng, f->file[i].n), mask);
    }
}

/* Whatever verify says, reading never hands out a record that was not written so. */
static void try_journal(struct flips *f, struct tamper_tally *t)
{
    struct journal_report rep;
    int read, plain, err;

    f->wrong = false;
    read = read_log(f, compare_record);
    err = journal_verify(POWER_JOURNAL, memvfs_name(f->disk), f->crypto, f->heads, f->n_heads, &rep);
    plain = err ? journal_verify(POWER_JOURNAL, memvfs_name(f->disk), f->crypto, NULL, 0, &rep) : ERR_OK;
    if (f->wrong || (!err && read)) {
        t->missed++;
        printf("a record that was not written is read (%s)\n", f->wrong ? "accepted" : err_text(read));
    } else if (err) {
        t->found++;
        t->heads_only += !plain;
    } else {
        t->harmless++;
    }
}

static int index_check(struct flips *f, uint32_t application_id)
{
    const struct db_options o = {.vfs = memvfs_name(f->disk), .application_id = application_id,
                                 .sync = DB_SYNC_NORMAL, .read_only = true};
    struct errmsg why;
    struct db *db = NULL;
    int err = db_open(POWER_STATE, &o, &db, &why);

    if (!err)
        err = db_check(db, true, &why);
    db_close(db);
    return err;
}

/* Tables are compared row by row, so what is left to doubt are the indexes. */
static void try_state(struct flips *f, const struct daemon *d, struct tamper_tally *t)
{
    struct errmsg why = {""};
    int err = d->verify_state(memvfs_name(f->disk), POWER_JOURNAL, POWER_STATE, &why);

    if (err) {
        t->found++;
    } else if (index_check(f, d->app.application_id)) {
        t->missed++;
        printf("state.db is corrupt and said to be right\n");
    } else {
        t->harmless++;
    }
}

static int prepare(struct flips *f, uint64_t seed, const struct power_plan *p)
{
    f->p = p;
    f->disk = memvfs_register("flips", seed);
    f->crypto = crypto_new(NULL);
    rng_init_seeded(&f->rng, seed);
    arena_init(&f->mem, 0);
    power_write(p, f->disk, TAMPER_ROWS, f->heads, &f->n_heads);
    if (seal_secrets(f))
        return ERR_INTERNAL;
    for (unsigned i = 0; i < FILES; i++) {
        size_t n = 0;
        const uint8_t *c = memvfs_content(f->disk, FILE_OF[i], &n);
        if (n == 0)
            continue;
        f->file[i].p = malloc(n);
        if (!f->file[i].p)
            return ERR_NOMEM;
        memcpy(f->file[i].p, c, n);
        f->file[i].n = n;
    }
    return read_log(f, keep_record);
}

int tamper_bits(const struct power_plan *p, uint64_t seed, uint64_t n, struct tamper_tally *t)
{
    struct flips *f = calloc(1, sizeof *f);
    struct daemon d = {0};
    int err;

    if (!f)
        return ERR_NOMEM;
    err = prepare(f, seed, p);
    if (!err)
        err = p->make(f->crypto, &d);
    for (uint64_t i = 0; !err && i < n; i++) {
        unsigned first = i % 2 ? 2 : 0;
        restore(f);
        turn_over(f, first);
        t->tried++;
        if (first)
            try_state(f, &d, t);
        else
            try_journal(f, t);
    }
    daemon_fini(&d);
    for (size_t i = 0; i < f->n_sealed; i++)
        buf_fini(&f->sealed[i].octets);
    keystore_free(f->keys);
    for (unsigned i = 0; i < FILES; i++)
        free(f->file[i].p);
    arena_fini(&f->mem);
    crypto_free(f->crypto);
    memvfs_free(f->disk);
    free(f);
    return err;
}
