/* SPDX-License-Identifier: Apache-2.0 */
#include "common/capture/rows.h"

#include <stdio.h>

#define MORE "..."

/* Nothing of an emptied list is in the way. */
static size_t room(struct rows *r)
{
    if (r->n == 0)
        r->used = 0;
    return sizeof r->text - r->used;
}

static struct row *next(struct rows *r, unsigned depth, const char *name, const char *clause)
{
    struct row *row;

    if (r->n == ROWS_MAX)
        r->full = true;
    else
        r->n++;
    row = &r->v[r->n - 1];
    *row = (struct row){.depth = depth, .clause = clause, .value = ""};
    (void)snprintf(row->name, sizeof row->name, "%s", name);
    return row;
}

static const char *hex_text(struct rows *r, struct span s)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    size_t left = room(r), most = left < sizeof MORE ? 0 : (left - sizeof MORE) / 2;
    size_t n = s.n < most ? s.n : most;
    char *dst = r->text + r->used;

    if (left < sizeof MORE)
        return "";
    if (!r->wire && n > ROWS_SHORT / 2)
        n = ROWS_SHORT / 2;
    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = DIGITS[s.p[i] >> 4];
        dst[2 * i + 1] = DIGITS[s.p[i] & 15];
    }
    memcpy(dst + 2 * n, n < s.n ? MORE : "", n < s.n ? sizeof MORE : 1);
    r->used += 2 * n + (n < s.n ? sizeof MORE : 1);
    return dst;
}

struct row *rows_add(struct rows *r, unsigned depth, const char *name, struct span value,
                     const char *clause)
{
    const char *text = hex_text(r, value);
    struct row *row = next(r, depth, name, clause);

    row->value = text;
    return row;
}

struct row *rows_hide(struct rows *r, unsigned depth, const char *name, struct span value,
                      const char *clause)
{
    uint8_t digest[32];
    struct row *row;
    size_t left;
    char *text;
    int n;

    if (!r->wire || !value.n)
        return rows_add(r, depth, name, value, clause);
    sha256(r->wire, &value, 1, digest);
    left = room(r);
    text = r->text + r->used;
    n = snprintf(text, left, "<%zu octets, SHA-256 ", value.n);
    row = next(r, depth, name, clause);
    if (n < 0 || (size_t)n + 2 * sizeof digest + 2 > left)
        return row;
    for (size_t i = 0; i < sizeof digest; i++)
        n += snprintf(text + n, 3, "%02x", digest[i]);
    text[n] = '>';
    text[n + 1] = '\0';
    r->used += (size_t)n + 2;
    row->value = text;
    return row;
}

void row_say(struct row *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->meaning, sizeof r->meaning, fmt, args);
    va_end(args);
}

static void put(struct buf *out, const char *s)
{
    buf_add(out, s, strlen(s));
}

/* Readers cut long lines, Wireshark at 240 characters. */
static void put_long(struct buf *out, int indent, const char *value)
{
    char line[ROWS_SHORT + 120];

    for (size_t n = strlen(value); n; n = strlen(value)) {
        n = n < ROWS_SHORT ? n : ROWS_SHORT;
        (void)snprintf(line, sizeof line, "%*s%.*s\n", indent, "", (int)n, value);
        put(out, line);
        value += n;
    }
}

void rows_print(const struct rows *r, int indent, struct buf *out)
{
    const char *clause = "";

    for (unsigned i = 0; i < r->n; i++) {
        const struct row *row = &r->v[i];
        bool new_clause = row->clause && strcmp(row->clause, clause) != 0;
        bool is_long = strlen(row->value) > ROWS_SHORT + sizeof MORE;
        char front[120];

        (void)snprintf(front, sizeof front, "%*s%-12s ", indent + 2 * (int)row->depth, "",
                       row->name);
        put(out, front);
        if (!is_long)
            put(out, row->value);
        put(out, *row->value && !is_long && *row->meaning ? "  " : "");
        put(out, row->meaning);
        put(out, new_clause ? "  [" : "");
        put(out, new_clause ? row->clause : "");
        put(out, new_clause ? "]\n" : "\n");
        if (is_long)
            put_long(out, indent + 2 * (int)row->depth + 13, row->value);
        if (row->clause)
            clause = row->clause;
    }
    if (r->full) {
        char more[40];
        (void)snprintf(more, sizeof more, "%*s" MORE "\n", indent, "");
        put(out, more);
    }
}
