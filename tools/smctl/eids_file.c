/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of cards for bulk calls. A mistake anywhere stops before anything is sent. */
#include "tools/smctl/eids_file.h"

#include "common/base/map.h"
#include "tools/smctl/args.h"
#include "tools/smctl/input_file.h"

#include <stdlib.h>

static bool is_gap(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';';
}

/* The next word of the line, or an empty one. */
static struct span word(struct span *line)
{
    struct span w;
    size_t n = 0;

    while (line->n && is_gap(line->p[0]))
        *line = span_of(line->p + 1, line->n - 1);
    while (n < line->n && !is_gap(line->p[n]))
        n++;
    w = span_of(line->p, n);
    *line = span_of(line->p + n, line->n - n);
    return w;
}

static int row_parse(struct span line, bool with_iccid, struct eids_row *ret, struct errmsg *why)
{
    struct span eid = word(&line), iccid = word(&line);
    char text[40];
    int err;

    memset(ret, 0, sizeof *ret);
    if (eid.n >= sizeof text || iccid.n >= sizeof text)
        return errmsg_set(why, ERR_FORMAT, "a word is longer than any EID");
    if ((eid.n && memchr(eid.p, 0, eid.n)) || (iccid.n && memchr(iccid.p, 0, iccid.n)))
        return errmsg_set(why, ERR_FORMAT, "there is a NUL octet: this is no text file");
    if (with_iccid && !iccid.n)
        return errmsg_set(why, ERR_FORMAT, "the ICCID is missing: EID ICCID is expected");
    if (!with_iccid && iccid.n)
        return errmsg_set(why, ERR_FORMAT, "only the EID is expected");
    if (word(&line).n)
        return errmsg_set(why, ERR_FORMAT, "there are more words than EID ICCID");
    memcpy(text, eid.p, eid.n);
    text[eid.n] = '\0';
    err = text_eid(text, &ret->eid, why);
    if (!err && with_iccid) {
        memcpy(text, iccid.p, iccid.n);
        text[iccid.n] = '\0';
        err = text_iccid(text, &ret->iccid, why);
    }
    return err ? ERR_FORMAT : ERR_OK;
}

static int append(struct eids *e, size_t *cap, const struct eids_row *row)
{
    if (e->n == *cap) {
        size_t more = *cap ? *cap * 2 : 256;
        struct eids_row *rows = realloc(e->rows, more * sizeof *rows);
        if (!rows)
            return ERR_NOMEM;
        e->rows = rows;
        *cap = more;
    }
    e->rows[e->n++] = *row;
    return ERR_OK;
}

static struct span line_of(struct span *text)
{
    const uint8_t *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    size_t n = end ? (size_t)(end - text->p) : text->n;
    struct span line = span_of(text->p, n);
    const uint8_t *hash = n ? memchr(line.p, '#', n) : NULL;

    *text = span_of(text->p + n + (end ? 1 : 0), text->n - n - (end ? 1 : 0));
    if (hash)
        line.n = (size_t)(hash - line.p);
    while (line.n && is_gap(line.p[0]))
        line = span_of(line.p + 1, line.n - 1);
    return line;
}

/* One row into the list; seen holds each EID with its line number. */
static int row_add(struct span line, size_t number, bool with_iccid, struct eids *ret, size_t *cap,
                   struct map *seen, struct errmsg *why)
{
    struct errmsg inner = {""};
    struct eids_row row;
    int err = row_parse(line, with_iccid, &row, &inner);

    if (err)
        return errmsg_set(why, err, "line %zu: %.240s", number, inner.text);
    if (ret->n == EIDS_MAX)
        return errmsg_set(why, ERR_FULL, "line %zu: more than %u cards in one file", number,
                          EIDS_MAX);
    err = map_put(seen, span_of(row.eid.b, sizeof row.eid.b), (void *)(uintptr_t)number);
    if (err == ERR_EXISTS)
        return errmsg_set(why, err, "line %zu: this EID stands in line %zu already", number,
                          (size_t)(uintptr_t)map_get(seen, span_of(row.eid.b, sizeof row.eid.b)));
    if (!err)
        err = append(ret, cap, &row);
    return err ? errmsg_set(why, err, "%s", err_text(err)) : ERR_OK;
}

int eids_parse(struct span text, bool with_iccid, struct eids *ret, struct errmsg *why)
{
    struct map *seen = map_new(0);
    size_t cap = 0, number = 0;
    int err = seen ? ERR_OK : errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));

    *ret = (struct eids){NULL, 0};
    while (!err && text.n) {
        struct span line = line_of(&text);
        number++;
        if (line.n)
            err = row_add(line, number, with_iccid, ret, &cap, seen, why);
    }
    if (!err && ret->n == 0)
        err = errmsg_set(why, ERR_FORMAT, "no card is listed");
    map_free(seen);
    if (err)
        eids_fini(ret);
    return err;
}

int eids_read(const char *path, bool with_iccid, struct eids *ret, struct errmsg *why)
{
    struct errmsg inner = {""};
    struct input_file f;
    int err = input_open(path, &f, why);

    *ret = (struct eids){NULL, 0};
    if (err)
        return err;
    err = eids_parse(f.octets, with_iccid, ret, &inner);
    input_close(&f);
    return err ? errmsg_set(why, err, "%.100s: %.200s", path, inner.text) : ERR_OK;
}

void eids_fini(struct eids *e)
{
    free(e->rows);
    *e = (struct eids){NULL, 0};
}
