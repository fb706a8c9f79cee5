/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded octets as a list of rows: what explain prints and a capture holds. All zeros is an empty
 * list; n = 0 empties one. */
#pragma once

#include "common/base/mem.h"
#include "common/crypto/crypto.h"

#define ROWS_MAX   400u
#define ROWS_TEXT  65536u  /* characters of all values together */
#define ROWS_SHORT 96u     /* digits of a value unless it is shown whole */

struct row {
    unsigned depth;
    char name[40];     /* "CPL", "4F", "R-APDU 1" */
    const char *value; /* hexadecimal, cut with ...; lives until the list is emptied */
    char meaning[200];
    const char *clause; /* "SGP.02 4.1.1.2"; NULL = that of the row above it */
};
struct rows {
    struct row v[ROWS_MAX];
    unsigned n;
    bool full; /* there was more than fits */
    /* For the wire: values are shown whole, what is nobody's business as length and SHA-256. NULL:
     * every value is cut. */
    struct crypto *wire;
    char text[ROWS_TEXT];
    size_t used;
};
/* The next row, its value from the octets; never NULL: the last one when full. */
struct row *rows_add(struct rows *r, unsigned depth, const char *name, struct span value,
                     const char *clause);
/* The same of octets that the wire form does not show. */
struct row *rows_hide(struct rows *r, unsigned depth, const char *name, struct span value,
                      const char *clause);
void row_say(struct row *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A line each: name, value, meaning, and the clause where it changes; a value of more than
 * ROWS_SHORT digits follows in lines of its own. */
void rows_print(const struct rows *r, int indent, struct buf *out);
