/* SPDX-License-Identifier: Apache-2.0 */
/* Walks over the ledger file: visitors, and compaction into a new file under the old name. */
#include "tools/euiccsim/net/ledger_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

int ledger_file_more(struct ledger_file *f, uint64_t *at, const struct ledger_visitor *v)
{
    struct span payload;
    int rc = ERR_OK;

    if (!*at)
        *at = LEDGER_MAGIC_LEN;
    while (rc == ERR_OK) {
        rc = ledger_record_at(f, *at, &payload);
        if (rc == ERR_NOT_FOUND)
            return ERR_OK;
        if (rc == ERR_OK)
            rc = ledger_payload(payload, v);
        if (rc == ERR_OK)
            *at += LEDGER_HEAD + payload.n;
    }
    return rc;
}

int ledger_file_each(struct ledger_file *f, const struct ledger_visitor *v)
{
    uint64_t at = 0;

    return ledger_file_more(f, &at, v);
}

struct rows {
    struct card_ledger_row *at;
    unsigned n;
};

static int collect(void *ctx, const struct card_ledger_row *row)
{
    struct rows *r = ctx;

    r->at[r->n++] = *row;
    return ERR_OK;
}

/* What of a record at old is still wanted goes to the end of to. */
static int carry(struct ledger_file *from, struct ledger_file *to, uint64_t old,
                 struct span payload)
{
    const struct ledger_slot *s;
    struct rows rows = {0};
    const struct ledger_visitor v = {.row = collect, .ctx = &rows};
    struct eid eid;
    size_t at = 0, n = 0;
    unsigned count = 0;
    int rc = ledger_card_layout(payload, &eid, &at, &n, &count);

    if (rc != ERR_OK)
        return rc;
    s = map_get(from->slots, span_of(eid.b, sizeof(eid.b)));
    if (!s || s->image_at != old + at)
        n = 0;                        /* a newer image replaced it */
    if (n == 0 && count == 0)
        return ERR_OK;
    rows.at = calloc(count ? count : 1, sizeof(*rows.at));
    if (!rows.at)
        return ERR_NOMEM;
    rc = ledger_payload(payload, &v);
    if (rc == ERR_OK)
        rc = ledger_file_put_card(to, &eid, n ? span_of(payload.p + at, n) : (struct span){0},
                                  rows.at, rows.n);
    free(rows.at);
    return rc;
}

static int carry_attach(void *ctx, const struct attach_record *a)
{
    struct attach_record copy = *a;

    return ledger_file_put_attach(ctx, &copy);
}

static int carry_all(struct ledger_file *from, struct ledger_file *to)
{
    const struct ledger_visitor attaches = {.attach = carry_attach, .ctx = to};
    uint64_t at = LEDGER_MAGIC_LEN;
    struct span payload;
    int rc = ERR_OK;

    while (rc == ERR_OK) {
        rc = ledger_record_at(from, at, &payload);
        if (rc == ERR_NOT_FOUND)
            return ERR_OK;
        if (rc == ERR_OK && payload.p[0] == LEDGER_CARD)
            rc = carry(from, to, at + LEDGER_HEAD, payload);
        else if (rc == ERR_OK)
            rc = ledger_payload(payload, &attaches);
        at += LEDGER_HEAD + payload.n;
    }
    return rc;
}

/* to takes the place of from: the struct stays, its insides are exchanged. */
static void become(struct ledger_file *f, struct ledger_file *to)
{
    struct ledger_file old = *f;

    *f = *to;
    f->path = old.path;
    old.path = to->path;
    *to = old;
    ledger_file_close(to);
}

int ledger_file_compact(struct ledger_file *f)
{
    char path[PATH_MAX];
    struct ledger_file *to = NULL;
    int rc;

    if (f->failed || f->mode == LEDGER_READ)
        return f->failed ? ERR_IO : ERR_STATE;
    if (f->path) {
        int n = snprintf(path, sizeof(path), "%s.new", f->path);

        if (n < 0 || (size_t)n >= sizeof(path))
            return ERR_TOO_LARGE;
        if (unlink(path) != 0 && errno != ENOENT)
            return ERR_IO;
    }
    rc = ledger_file_open(f->path ? path : NULL, LEDGER_WRITE, &to, NULL);
    if (rc == ERR_OK)
        rc = carry_all(f, to);
    if (rc == ERR_OK && f->path && (fsync(to->fd) != 0 || rename(path, f->path) != 0))
        rc = ERR_IO;
    if (rc != ERR_OK) {
        ledger_file_close(to);
        return rc;
    }
    become(f, to);
    return ERR_OK;
}
