/* SPDX-License-Identifier: Apache-2.0 */
/* Files of cards: one row a file and party that imported it, over all its runs. */
#include "smsr/store/store_int.h"

#include <stdlib.h>

/* Rows of one file that are newer than the table: one a party, so very few. */
struct node {
    struct batch_row row;
    struct node *next;
};

static struct node *find(struct store *s, const struct oid *party, const uint8_t batch[32])
{
    struct node *m = map_get(s->batches, span_of(batch, 32));

    while (m && !oid_eq(&m->row.party, party))
        m = m->next;
    return m;
}

static void copy_text(char *dst, size_t cap, struct span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;

    memset(dst, 0, cap);
    if (n)
        memcpy(dst, s.p, n);
}

static void read_row(struct stmt *st, struct batch_row *r)
{
    memset(r, 0, sizeof *r);
    copy_text(r->party.s, sizeof r->party.s, stmt_text(st, 0));
    stmt_copy(st, 1, r->batch, sizeof r->batch);
    copy_text(r->order_reference, sizeof r->order_reference, stmt_text(st, 2));
    r->rows = stmt_u32(st, 3);
    r->accepted = stmt_u32(st, 4);
    r->refused = stmt_u32(st, 5);
    r->first_ms = stmt_i64(st, 6);
    r->last_ms = stmt_i64(st, 7);
}

int store_batch(struct store *s, const struct oid *party, const uint8_t batch[32],
                struct batch_row *ret)
{
    const struct node *m = find(s, party, batch);
    struct stmt *st = stmt_at(s->sql, SQ_BATCH_GET);
    int err;

    if (m) {
        *ret = m->row;
        return ERR_OK;
    }
    stmt_bind_blob(st, 1, span_of(batch, 32));
    stmt_bind_text(st, 2, span_str(party->s));
    err = stmt_row(st);
    if (!err)
        read_row(st, ret);
    return stmt_end(st, err);
}

static int keep_row(struct store *s, const struct batch_row *r)
{
    struct span key = span_of(r->batch, sizeof r->batch);
    struct node *m = find(s, &r->party, r->batch), *first = map_get(s->batches, key);
    int err;

    if (m) {
        m->row = *r;
        return ERR_OK;
    }
    m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    m->row = *r;
    if (first) {
        m->next = first->next;
        first->next = m;
        return ERR_OK;
    }
    err = map_put(s->batches, key, m);
    if (err)
        free(m);
    return err;
}

int store_apply_batch(struct store *s, int64_t at_ms, const struct event *ev)
{
    struct batch_row r;
    int err = store_batch(s, &ev->party, ev->batch, &r);

    if (err == ERR_NOT_FOUND) {
        memset(&r, 0, sizeof r);
        r.party = ev->party;
        memcpy(r.batch, ev->batch, sizeof r.batch);
        r.rows = (uint32_t)ev->number;
        r.first_ms = at_ms;
    } else if (err) {
        return err;
    }
    if (ev->number != r.rows || r.accepted > r.rows - ev->rows_accepted ||
        (uint64_t)ev->rows_accepted + ev->rows_refused + ev->rows_known != ev->number)
        return ERR_CORRUPT;
    if (ev->text.n)
        copy_text(r.order_reference, sizeof r.order_reference, ev->text);
    r.accepted += ev->rows_accepted;
    r.refused = ev->rows_refused;
    r.last_ms = at_ms;
    return keep_row(s, &r);
}

static int write_row(struct store *s, const struct batch_row *r)
{
    struct stmt *st = stmt_at(s->sql, SQ_BATCH_PUT);

    stmt_bind_text(st, 1, span_str(r->party.s));
    stmt_bind_blob(st, 2, span_of(r->batch, sizeof r->batch));
    stmt_bind_text(st, 3, span_str(r->order_reference));
    stmt_bind_u64(st, 4, r->rows);
    stmt_bind_u64(st, 5, r->accepted);
    stmt_bind_u64(st, 6, r->refused);
    stmt_bind_i64(st, 7, r->first_ms);
    stmt_bind_i64(st, 8, r->last_ms);
    return stmt_run(st);
}

int batches_save(struct store *s)
{
    void *cursor = NULL;
    void *value;
    int err = ERR_OK;

    while (!err && map_next(s->batches, &cursor, NULL, &value))
        for (const struct node *m = value; !err && m; m = m->next)
            err = write_row(s, &m->row);
    return err;
}

void batches_clear(struct store *s)
{
    void *cursor = NULL;
    void *value;

    while (map_next(s->batches, &cursor, NULL, &value))
        for (struct node *m = value, *next; m; m = next) {
            next = m->next;
            free(m);
        }
    map_clear(s->batches);
}

/* --- the list --- */
static int compare(const uint8_t a[32], const struct oid *pa, const uint8_t b[32],
                   const struct oid *pb)
{
    int c = memcmp(a, b, 32);

    return c ? c : strcmp(pa->s, pb->s);
}

/* Into the ordered list of at most max; a newer row takes the place of the one from the table. */
static void insert(struct batch_row *at, unsigned *n, unsigned max, const struct batch_row *r)
{
    unsigned i = 0;

    while (i < *n && compare(at[i].batch, &at[i].party, r->batch, &r->party) < 0)
        i++;
    if (i == max)
        return;
    if (i < *n && !compare(at[i].batch, &at[i].party, r->batch, &r->party)) {
        at[i] = *r;
        return;
    }
    if (*n == max)
        (*n)--;
    memmove(&at[i + 1], &at[i], (*n - i) * sizeof *at);
    at[i] = *r;
    (*n)++;
}

int store_batches(struct store *s, const struct oid *party, const uint8_t after[32],
                  const struct oid *after_party, struct batch_row *ret, unsigned max,
                  unsigned *ret_n)
{
    struct stmt *st = stmt_at(s->sql, SQ_BATCH_ALL);
    void *cursor = NULL;
    void *value;
    struct batch_row r;
    unsigned n = 0;
    int err = ERR_OK;

    stmt_bind_blob(st, 1, span_of(after, 32));
    stmt_bind_text(st, 2, span_str(after_party->s));
    while (n < max && (err = stmt_row(st)) == ERR_OK) {
        read_row(st, &r);
        if (!party->s[0] || oid_eq(&r.party, party))
            ret[n++] = r;
    }
    err = stmt_end(st, err == ERR_NOT_FOUND ? ERR_OK : err);
    while (!err && map_next(s->batches, &cursor, NULL, &value))
        for (const struct node *m = value; m; m = m->next)
            if (compare(m->row.batch, &m->row.party, after, after_party) > 0 &&
                (!party->s[0] || oid_eq(&m->row.party, party)))
                insert(ret, &n, max, &m->row);
    *ret_n = n;
    return err;
}
