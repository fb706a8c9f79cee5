/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of decoded octets. */
#include "tools/smctl/rows.h"

#include "tools/smctl/out.h"

struct row *rows_add(struct rows *r, unsigned depth, const char *name, struct span value,
                     const char *clause)
{
    struct row *row;

    if (r->n == ROWS_MAX)
        r->full = true;
    else
        r->n++;
    row = &r->v[r->n - 1];
    *row = (struct row){.depth = depth, .clause = clause};
    (void)snprintf(row->name, sizeof row->name, "%s", name);
    text_hex(value, row->value, sizeof row->value);
    return row;
}

void row_say(struct row *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(r->meaning, sizeof r->meaning, fmt, args);
    va_end(args);
}
